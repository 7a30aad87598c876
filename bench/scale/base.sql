-- A thousand tenants, ten thousand projects, a hundred thousand phases, a million tasks.
create schema scale;
grant usage on schema scale to anon, authenticated, service_role;

create table scale.organizations (
  id   uuid primary key,
  name text not null
);
create table scale.team_members (
  org_id  uuid not null references scale.organizations (id) on delete cascade,
  user_id uuid not null,
  role    text not null check (role in ('admin', 'member', 'viewer')),
  status  text not null default 'active',
  primary key (org_id, user_id)
);
create index team_members_user_id_idx on scale.team_members (user_id);
create table scale.projects (
  id     uuid primary key,
  org_id uuid not null references scale.organizations (id) on delete cascade,
  name   text not null,
  unique (id, org_id)
);
create index projects_org_id_idx on scale.projects (org_id);
create table scale.phases (
  id         uuid primary key,
  org_id     uuid not null,
  project_id uuid not null,
  name       text not null,
  hidden     boolean not null default false,
  foreign key (project_id, org_id) references scale.projects (id, org_id) on delete cascade,
  unique (id, org_id)
);
create index phases_project_idx on scale.phases (project_id, org_id);
create index phases_org_id_idx on scale.phases (org_id);
create table scale.tasks (
  id         uuid primary key,
  org_id     uuid not null references scale.organizations (id) on delete cascade,
  phase_id   uuid not null,
  title      text not null,
  status     text not null,
  created_at timestamptz not null,
  foreign key (phase_id, org_id) references scale.phases (id, org_id) on delete cascade
);
-- The same rows once more, seen only by whoever sees their phase.
create table scale.steps (
  id         uuid primary key,
  org_id     uuid not null references scale.organizations (id) on delete cascade,
  phase_id   uuid not null,
  title      text not null,
  status     text not null,
  created_at timestamptz not null,
  foreign key (phase_id, org_id) references scale.phases (id, org_id) on delete cascade
);
