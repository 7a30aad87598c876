-- The agency system: wizard, context snapshots, roadmaps, phases, tasks.

set local lock_timeout = '5s';
set local statement_timeout = '60s';

create table agency.wizard_sessions (
  id           uuid primary key default gen_random_uuid(),
  org_id       uuid not null references agency.organizations (id) on delete cascade,
  project_id   uuid,
  status       text not null default 'in_progress' check (status in ('in_progress', 'completed', 'abandoned')),
  current_step text,
  guest        boolean not null default false,
  claimed_at   timestamptz,
  metadata     jsonb not null default '{}' check (jsonb_typeof(metadata) = 'object'),
  created_by   uuid default auth.uid() references auth.users (id) on delete set null,
  created_at   timestamptz not null default now(),
  updated_at   timestamptz not null default now(),
  unique (id, org_id),
  foreign key (project_id, org_id) references agency.projects (id, org_id) on delete set null (project_id)
);
create index wizard_sessions_org_id_created_at_idx on agency.wizard_sessions (org_id, created_at desc);
create index wizard_sessions_project_id_org_id_idx on agency.wizard_sessions (project_id, org_id);
create index wizard_sessions_created_by_idx on agency.wizard_sessions (created_by);
create trigger update_wizard_sessions_updated_at before update on agency.wizard_sessions
  for each row execute function agency.update_updated_at();
comment on table agency.wizard_sessions is 'One run through the wizard. It completes once; a second round is a new session.';
comment on column agency.wizard_sessions.project_id is 'Null while a guest''s session has not been taken up as a project.';
comment on column agency.wizard_sessions.guest is 'Started by an anonymous sign-in, in an organization that allows it (organizations.guest_wizard).';
comment on column agency.wizard_sessions.claimed_at is 'When the guest signed up and the session became theirs.';

create table agency.wizard_answers (
  id         uuid primary key default gen_random_uuid(),
  org_id     uuid not null references agency.organizations (id) on delete cascade,
  session_id uuid not null,
  step_key   text not null check (btrim(step_key) <> ''),
  answer     jsonb not null default '{}' check (jsonb_typeof(answer) = 'object'),
  created_by uuid default auth.uid() references auth.users (id) on delete set null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (session_id, step_key),
  foreign key (session_id, org_id) references agency.wizard_sessions (id, org_id) on delete cascade
);
create index wizard_answers_org_id_idx on agency.wizard_answers (org_id);
create index wizard_answers_session_id_org_id_idx on agency.wizard_answers (session_id, org_id);
create index wizard_answers_created_by_idx on agency.wizard_answers (created_by);
create trigger update_wizard_answers_updated_at before update on agency.wizard_answers
  for each row execute function agency.update_updated_at();
comment on table agency.wizard_answers is 'The answer to one step; answering again replaces it (upsert on session_id, step_key).';

create table agency.context_snapshots (
  id         uuid primary key default gen_random_uuid(),
  org_id     uuid not null references agency.organizations (id) on delete cascade,
  project_id uuid not null,
  session_id uuid,
  version    bigint not null check (version > 0),
  summary    text not null default '',
  metrics    jsonb not null default '{}' check (jsonb_typeof(metrics) = 'object'),
  created_by uuid default auth.uid() references auth.users (id) on delete set null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (id, org_id, project_id),
  unique (project_id, version),
  unique (session_id, org_id),
  foreign key (project_id, org_id) references agency.projects (id, org_id) on delete cascade,
  foreign key (session_id, org_id) references agency.wizard_sessions (id, org_id) on delete set null (session_id)
);
create index context_snapshots_org_id_idx on agency.context_snapshots (org_id);
create index context_snapshots_project_id_org_id_idx on agency.context_snapshots (project_id, org_id);
create index context_snapshots_created_by_idx on agency.context_snapshots (created_by);
create index context_snapshots_metrics_idx on agency.context_snapshots using gin (metrics jsonb_path_ops);
create trigger update_context_snapshots_updated_at before update on agency.context_snapshots
  for each row execute function agency.update_updated_at();
comment on table agency.context_snapshots is 'What was known about a client''s business at one time, numbered per project.';
comment on column agency.context_snapshots.session_id is 'The wizard session it was drawn from. Unique: a session yields one snapshot, however often it completes.';

create table agency.roadmaps (
  id            uuid primary key default gen_random_uuid(),
  org_id        uuid not null references agency.organizations (id) on delete cascade,
  project_id    uuid not null,
  snapshot_id   uuid,
  version       bigint not null check (version > 0),
  title         text not null check (btrim(title) <> ''),
  summary       text,
  status        text not null default 'draft' check (status in ('draft', 'in_review', 'approved', 'superseded')),
  starts_on     date,
  approved_at   timestamptz,
  approved_by   uuid references auth.users (id) on delete set null,
  record_status text not null default 'active' check (record_status in ('active', 'archived', 'deleted')),
  created_at    timestamptz not null default now(),
  updated_at    timestamptz not null default now(),
  unique (id, org_id, project_id),
  unique (project_id, version),
  unique (snapshot_id, org_id, project_id),
  foreign key (project_id, org_id) references agency.projects (id, org_id) on delete cascade,
  foreign key (snapshot_id, org_id, project_id)
    references agency.context_snapshots (id, org_id, project_id) on delete set null (snapshot_id)
);
create index roadmaps_org_id_status_idx on agency.roadmaps (org_id, status);
create index roadmaps_project_id_org_id_idx on agency.roadmaps (project_id, org_id);
create index roadmaps_approved_by_idx on agency.roadmaps (approved_by);
create trigger update_roadmaps_updated_at before update on agency.roadmaps
  for each row execute function agency.update_updated_at();
comment on table agency.roadmaps is 'A strategy for a project, numbered per project. Approving one sets the project going.';
comment on column agency.roadmaps.snapshot_id is 'What it was drawn up from. Unique: a snapshot yields one roadmap.';
comment on column agency.roadmaps.starts_on is 'When its first phase is to begin; the day of approval if nobody said.';
comment on column agency.roadmaps.approved_at is 'Written by handle_dashboard_activation(), as is approved_by.';

create table agency.roadmap_phases (
  id            uuid primary key default gen_random_uuid(),
  org_id        uuid not null references agency.organizations (id) on delete cascade,
  project_id    uuid not null,
  roadmap_id    uuid not null,
  phase_number  bigint not null check (phase_number between 1 and 3),
  title         text not null check (btrim(title) <> ''),
  objective     text,
  status        text not null default 'planned' check (status in ('planned', 'scheduled', 'active', 'completed')),
  duration_days bigint not null default 30 check (duration_days between 1 and 3650),
  starts_on     date,
  ends_on       date,
  record_status text not null default 'active' check (record_status in ('active', 'archived', 'deleted')),
  created_at    timestamptz not null default now(),
  updated_at    timestamptz not null default now(),
  unique (id, org_id, project_id),
  unique (roadmap_id, phase_number),
  check (ends_on >= starts_on),
  foreign key (roadmap_id, org_id, project_id) references agency.roadmaps (id, org_id, project_id) on delete cascade
);
create index roadmap_phases_org_id_idx on agency.roadmap_phases (org_id);
create index roadmap_phases_roadmap_id_org_id_project_id_idx on agency.roadmap_phases (roadmap_id, org_id, project_id);
create trigger update_roadmap_phases_updated_at before update on agency.roadmap_phases
  for each row execute function agency.update_updated_at();
comment on table agency.roadmap_phases is 'The three phases of a roadmap.';
comment on column agency.roadmap_phases.project_id is 'The roadmap''s project, held equal by the key, so that a task''s phase can be of the task''s own project.';

create table agency.tasks (
  id            uuid primary key default gen_random_uuid(),
  org_id        uuid not null references agency.organizations (id) on delete cascade,
  project_id    uuid not null,
  phase_id      uuid,
  title         text not null check (btrim(title) <> ''),
  description   text,
  status        text not null default 'backlog' check (status in ('backlog', 'open', 'in_progress', 'blocked', 'done', 'cancelled')),
  priority      text not null default 'normal' check (priority in ('low', 'normal', 'high', 'urgent')),
  position      bigint not null default 0,
  assignee_id   uuid,
  due_on        date,
  completed_at  timestamptz,
  template_key  text,
  record_status text not null default 'active' check (record_status in ('active', 'archived', 'deleted')),
  created_by    uuid default auth.uid() references auth.users (id) on delete set null,
  created_at    timestamptz not null default now(),
  updated_at    timestamptz not null default now(),
  unique (project_id, template_key),
  foreign key (project_id, org_id) references agency.projects (id, org_id) on delete cascade,
  foreign key (phase_id, org_id, project_id)
    references agency.roadmap_phases (id, org_id, project_id) on delete set null (phase_id),
  foreign key (assignee_id, org_id) references agency.team_members (user_id, org_id) on delete set null (assignee_id)
);
create index tasks_org_id_status_idx on agency.tasks (org_id, status, due_on);
create index tasks_project_id_org_id_idx on agency.tasks (project_id, org_id);
create index tasks_phase_id_org_id_project_id_idx on agency.tasks (phase_id, org_id, project_id);
create index tasks_assignee_id_org_id_idx on agency.tasks (assignee_id, org_id);
create index tasks_created_by_idx on agency.tasks (created_by);
create trigger update_tasks_updated_at before update on agency.tasks
  for each row execute function agency.update_updated_at();
comment on table agency.tasks is 'Work to be done in a project, usually in one of its phases.';
comment on column agency.tasks.phase_id is 'Null for work outside the roadmap, such as welcoming a client.';
comment on column agency.tasks.template_key is 'Names a task that a function creates (welcome, phase-1-plan), once per project.';
