-- The agency system: organizations, people, clients, projects.
--
-- What all tables of this schema have in common:
--   * org_id is the tenant. It is never null, has no default, and never changes.
--   * A reference inside an organization is the pair (parent_id, org_id) to the parent's (id, org_id). The key itself keeps
--     a child in its parent's organization, whatever wrote the row. Where a row names two related parents, the key holds
--     the third column too: a project named beside a client is a project of that client.
--   * record_status is the life of the row (soft delete). It is apart from status, which is the state of the work.
--   * Money is whole cents in bigint beside an ISO 4217 code.
--   * Deleting an organization deletes all it holds. Each table hangs on organizations directly with ON DELETE CASCADE.
--     Append-only tables (payments, ai_run_logs, activities) refer to their other parents with NO ACTION, so that no
--     client, project or invoice with a history can be deleted from under it. NO ACTION, not RESTRICT: it is checked at
--     the end of the statement, when the cascade from organizations has taken the history too.
--   * Deleting a person (auth.users) deletes their profile and memberships; what they wrote stays, without its author.
--     The last owner of an organization cannot be deleted before it has another one (a trigger generated from the policy).

set local lock_timeout = '5s';
set local statement_timeout = '60s';

create table agency.organizations (
  id                      uuid primary key default gen_random_uuid(),
  name                    text not null check (btrim(name) <> ''),
  ai_monthly_budget_cents bigint not null default 5000 check (ai_monthly_budget_cents >= 0),
  guest_wizard            boolean not null default false,
  settings                jsonb not null default '{}' check (jsonb_typeof(settings) = 'object'),
  created_by              uuid default auth.uid() references auth.users (id) on delete set null,
  created_at              timestamptz not null default now(),
  updated_at              timestamptz not null default now()
);
create index organizations_created_by_idx on agency.organizations (created_by);
create trigger update_organizations_updated_at before update on agency.organizations
  for each row execute function agency.update_updated_at();
comment on table agency.organizations is 'The tenant. Every other table but profiles belongs to one.';
comment on column agency.organizations.ai_monthly_budget_cents is 'What LLM calls may cost per calendar month (UTC). 0 switches them off.';
comment on column agency.organizations.guest_wizard is 'Whether people without an account may start a wizard session here.';
comment on column agency.organizations.created_by is 'Who founded it. Grants nothing by itself: access comes from team_members.';

create table agency.profiles (
  id           uuid primary key default auth.uid() references auth.users (id) on delete cascade,
  display_name text,
  avatar_url   text,
  email        text default (auth.jwt() ->> 'email'),
  timezone     text not null default 'UTC',
  created_at   timestamptz not null default now(),
  updated_at   timestamptz not null default now()
);
create trigger update_profiles_updated_at before update on agency.profiles
  for each row execute function agency.update_updated_at();
comment on table agency.profiles is 'A person as the others see them, in whichever organizations. Written by that person.';
comment on column agency.profiles.id is 'The person''s id in auth.users.';
comment on column agency.profiles.email is 'For display: the address in the token with which the profile was created. Decides nothing.';

create table agency.team_members (
  id           uuid primary key default gen_random_uuid(),
  org_id       uuid not null references agency.organizations (id) on delete cascade,
  user_id      uuid not null references auth.users (id) on delete cascade,
  role         text not null check (role in ('owner', 'admin', 'member', 'viewer')),
  status       text not null default 'active' check (status in ('invited', 'active', 'removed')),
  display_name text,
  invited_by   uuid default auth.uid() references auth.users (id) on delete set null,
  created_at   timestamptz not null default now(),
  updated_at   timestamptz not null default now(),
  unique (org_id, user_id),
  unique (user_id, org_id)
);
create index team_members_invited_by_idx on agency.team_members (invited_by);
create trigger update_team_members_updated_at before update on agency.team_members
  for each row execute function agency.update_updated_at();
comment on table agency.team_members is 'Who belongs to which organization, as what. Only active rows grant anything.';
comment on column agency.team_members.status is 'invited: not yet accepted. removed: kept, so that a later invitation is a decision, not an accident.';
comment on constraint team_members_user_id_org_id_key on agency.team_members is
  'The same pair from the person''s side: how access is looked up, and what a task''s assignee refers to.';
comment on column agency.team_members.invited_by is 'Who added the row. Founders added themselves.';

create table agency.clients (
  id                uuid primary key default gen_random_uuid(),
  org_id            uuid not null references agency.organizations (id) on delete cascade,
  name              text not null check (btrim(name) <> ''),
  company           text,
  email             text,
  phone             text,
  website           text,
  industry          text,
  status            text not null default 'onboarding' check (status in ('prospective', 'onboarding', 'active', 'paused', 'closed')),
  owner_id          uuid,
  notes             text,
  classification    text not null default 'lead' check (classification in ('lead', 'prospect', 'active', 'at_risk', 'lost')),
  classified_at     timestamptz,
  last_contact_at   timestamptz,
  last_sentiment    agency.crm_sentiment,
  last_sentiment_at timestamptz,
  external_source   text,
  external_id       text,
  metadata          jsonb not null default '{}' check (jsonb_typeof(metadata) = 'object'),
  record_status     text not null default 'active' check (record_status in ('active', 'archived', 'deleted')),
  created_by        uuid default auth.uid() references auth.users (id) on delete set null,
  created_at        timestamptz not null default now(),
  updated_at        timestamptz not null default now(),
  unique (id, org_id),
  unique (org_id, external_source, external_id),
  check ((external_source is null) = (external_id is null)),
  foreign key (owner_id, org_id) references agency.team_members (user_id, org_id) on delete set null (owner_id)
);
create index clients_org_id_classification_idx on agency.clients (org_id, classification);
create index clients_owner_id_org_id_idx on agency.clients (owner_id, org_id);
create index clients_created_by_idx on agency.clients (created_by);
create trigger update_clients_updated_at before update on agency.clients
  for each row execute function agency.update_updated_at();
comment on table agency.clients is 'Clients and leads.';
comment on column agency.clients.status is 'Entering onboarding, also by being created so, starts handle_client_onboarding().';
comment on column agency.clients.owner_id is 'The team member who looks after the client; null once they leave.';
comment on column agency.clients.classification is 'As of classified_at, written by handle_new_crm_interaction(); get_client_classification() has the rules and today''s value.';
comment on column agency.clients.last_contact_at is 'Written by handle_new_crm_interaction(), as are the two sentiment columns.';
comment on column agency.clients.external_id is 'The id in external_source (hubspot: the company), with which an import finds its row again.';

create table agency.projects (
  id            uuid primary key default gen_random_uuid(),
  org_id        uuid not null references agency.organizations (id) on delete cascade,
  client_id     uuid not null,
  name          text not null check (btrim(name) <> ''),
  description   text,
  status        text not null default 'draft' check (status in ('draft', 'planned', 'active', 'on_hold', 'completed', 'cancelled')),
  priority      text not null default 'normal' check (priority in ('low', 'normal', 'high', 'urgent')),
  lead_id       uuid,
  starts_on     date,
  due_on        date,
  activated_at  timestamptz,
  budget_cents  bigint check (budget_cents >= 0),
  currency      text not null default 'USD' check (currency ~ '^[A-Z]{3}$'),
  metadata      jsonb not null default '{}' check (jsonb_typeof(metadata) = 'object'),
  record_status text not null default 'active' check (record_status in ('active', 'archived', 'deleted')),
  created_by    uuid default auth.uid() references auth.users (id) on delete set null,
  created_at    timestamptz not null default now(),
  updated_at    timestamptz not null default now(),
  unique (id, org_id),
  unique (id, org_id, client_id),
  check (due_on >= starts_on),
  foreign key (client_id, org_id) references agency.clients (id, org_id),
  foreign key (lead_id, org_id) references agency.team_members (user_id, org_id) on delete set null (lead_id)
);
create index projects_org_id_status_idx on agency.projects (org_id, status);
create index projects_client_id_org_id_idx on agency.projects (client_id, org_id);
create index projects_lead_id_org_id_idx on agency.projects (lead_id, org_id);
create index projects_created_by_idx on agency.projects (created_by);
create trigger update_projects_updated_at before update on agency.projects
  for each row execute function agency.update_updated_at();
comment on table agency.projects is 'Work for a client.';
comment on column agency.projects.activated_at is 'When its first roadmap was approved; written by handle_dashboard_activation().';
