-- The agency system as it was in its MVP: 32 tables in public, with data.
--
-- Not a migration of Countersign, and nothing applies it but the tests: it rebuilds a database that somebody has in
-- production, so that `countersign audit` and `countersign diff` have something real to find and to mend. What is wrong
-- here is wrong on purpose, and is what the old schema's own notes admit:
--
--   1 seven permissive temp_anon_* policies, for the wizard of people who have not signed up
--   2 a view that shows every organization's clients to everybody (client_crm_status, run as its owner)
--   3 money in integer cents, which ends at 21 million
--   4 a hundred indexes nobody uses, some of them twice
--   5 foreign keys that hold a row in a parent, not in its organization; a few are missing
--   and verify_jwt = false on every Edge Function (agency_mvp.supabase/config.toml).
--
-- Needs what Supabase has before the first migration (tests/sql/supabase_stub.sql) and pgvector.

set local lock_timeout = '5s';
set local statement_timeout = '60s';

create schema if not exists extensions;
create extension if not exists vector schema extensions;

-- What Supabase grants by default on everything in public.
grant usage on schema public to anon, authenticated, service_role;
alter default privileges in schema public grant all on tables to anon, authenticated, service_role;
alter default privileges in schema public grant all on sequences to anon, authenticated, service_role;
alter default privileges in schema public grant all on functions to anon, authenticated, service_role;

create type public.crm_interaction_type as enum ('email', 'call', 'meeting', 'message', 'note');
create type public.crm_sentiment as enum ('negative', 'neutral', 'positive');

create function public.update_updated_at() returns trigger
  language plpgsql
as $$
begin
  new.updated_at = now();
  return new;
end $$;

create table public.organizations (
  id         uuid primary key default gen_random_uuid(),
  name       text not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create table public.profiles (
  id           uuid primary key references auth.users (id) on delete cascade,
  display_name text,
  avatar_url   text,
  email        text,
  timezone     text not null default 'UTC',
  created_at   timestamptz not null default now(),
  updated_at   timestamptz not null default now()
);

create table public.team_members (
  id         uuid primary key default gen_random_uuid(),
  org_id     uuid not null references public.organizations (id) on delete cascade,
  user_id    uuid not null references auth.users (id) on delete cascade,
  role       text not null check (role in ('owner', 'admin', 'member', 'viewer')),
  status     text not null default 'active' check (status in ('invited', 'active', 'removed')),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (org_id, user_id)
);

create table public.clients (
  id              uuid primary key default gen_random_uuid(),
  org_id          uuid not null references public.organizations (id) on delete cascade,
  name            text not null,
  company         text,
  email           text,
  phone           text,
  website         text,
  industry        text,
  status          text not null default 'onboarding' check (status in ('prospective', 'onboarding', 'active', 'paused', 'closed')),
  owner_id        uuid references auth.users (id) on delete set null,
  notes           text,
  classification  text not null default 'lead' check (classification in ('lead', 'prospect', 'active', 'at_risk', 'lost')),
  last_contact_at timestamptz,
  last_sentiment  public.crm_sentiment,
  external_source text,
  external_id     text,
  metadata        jsonb not null default '{}',
  record_status   text not null default 'active' check (record_status in ('active', 'archived', 'deleted')),
  created_by      uuid references auth.users (id) on delete set null,
  created_at      timestamptz not null default now(),
  updated_at      timestamptz not null default now()
);

create table public.projects (
  id            uuid primary key default gen_random_uuid(),
  org_id        uuid not null references public.organizations (id) on delete cascade,
  client_id     uuid not null references public.clients (id) on delete cascade,
  name          text not null,
  description   text,
  status        text not null default 'draft' check (status in ('draft', 'planned', 'active', 'on_hold', 'completed', 'cancelled')),
  priority      text not null default 'normal' check (priority in ('low', 'normal', 'high', 'urgent')),
  lead_id       uuid references auth.users (id) on delete set null,
  starts_on     date,
  due_on        date,
  budget_cents  integer,
  currency      text not null default 'USD',
  metadata      jsonb not null default '{}',
  record_status text not null default 'active' check (record_status in ('active', 'archived', 'deleted')),
  created_by    uuid references auth.users (id) on delete set null,
  created_at    timestamptz not null default now(),
  updated_at    timestamptz not null default now()
);

create table public.wizard_sessions (
  id           uuid primary key default gen_random_uuid(),
  org_id       uuid not null references public.organizations (id) on delete cascade,
  project_id   uuid references public.projects (id) on delete set null,
  status       text not null default 'in_progress' check (status in ('in_progress', 'completed', 'abandoned')),
  current_step text,
  metadata     jsonb not null default '{}',
  created_by   uuid references auth.users (id) on delete set null,
  created_at   timestamptz not null default now(),
  updated_at   timestamptz not null default now()
);

create table public.wizard_answers (
  id         uuid primary key default gen_random_uuid(),
  org_id     uuid not null references public.organizations (id) on delete cascade,
  session_id uuid not null references public.wizard_sessions (id) on delete cascade,
  step_key   text not null,
  answer     jsonb not null default '{}',
  created_by uuid references auth.users (id) on delete set null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (session_id, step_key)
);

create table public.context_snapshots (
  id         uuid primary key default gen_random_uuid(),
  org_id     uuid not null references public.organizations (id) on delete cascade,
  project_id uuid not null references public.projects (id) on delete cascade,
  session_id uuid references public.wizard_sessions (id) on delete set null,
  version    bigint not null,
  summary    text not null default '',
  metrics    jsonb not null default '{}',
  created_by uuid references auth.users (id) on delete set null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (project_id, version)
);

create table public.roadmaps (
  id            uuid primary key default gen_random_uuid(),
  org_id        uuid not null references public.organizations (id) on delete cascade,
  project_id    uuid not null references public.projects (id) on delete cascade,
  snapshot_id   uuid references public.context_snapshots (id) on delete set null,
  version       bigint not null,
  title         text not null,
  summary       text,
  status        text not null default 'draft' check (status in ('draft', 'in_review', 'approved', 'superseded')),
  starts_on     date,
  approved_at   timestamptz,
  approved_by   uuid references auth.users (id) on delete set null,
  record_status text not null default 'active' check (record_status in ('active', 'archived', 'deleted')),
  created_at    timestamptz not null default now(),
  updated_at    timestamptz not null default now(),
  unique (project_id, version)
);

create table public.roadmap_phases (
  id            uuid primary key default gen_random_uuid(),
  org_id        uuid not null references public.organizations (id) on delete cascade,
  roadmap_id    uuid not null references public.roadmaps (id) on delete cascade,
  phase_number  bigint not null,
  title         text not null,
  objective     text,
  status        text not null default 'planned' check (status in ('planned', 'scheduled', 'active', 'completed')),
  duration_days bigint not null default 30,
  starts_on     date,
  ends_on       date,
  record_status text not null default 'active' check (record_status in ('active', 'archived', 'deleted')),
  created_at    timestamptz not null default now(),
  updated_at    timestamptz not null default now(),
  unique (roadmap_id, phase_number)
);

create table public.tasks (
  id            uuid primary key default gen_random_uuid(),
  org_id        uuid not null references public.organizations (id) on delete cascade,
  project_id    uuid not null references public.projects (id) on delete cascade,
  phase_id      uuid references public.roadmap_phases (id) on delete set null,
  title         text not null,
  description   text,
  status        text not null default 'backlog' check (status in ('backlog', 'open', 'in_progress', 'blocked', 'done', 'cancelled')),
  priority      text not null default 'normal' check (priority in ('low', 'normal', 'high', 'urgent')),
  position      bigint not null default 0,
  assignee_id   uuid references auth.users (id) on delete set null,
  due_on        date,
  completed_at  timestamptz,
  record_status text not null default 'active' check (record_status in ('active', 'archived', 'deleted')),
  created_by    uuid references auth.users (id) on delete set null,
  created_at    timestamptz not null default now(),
  updated_at    timestamptz not null default now()
);

create table public.ai_run_logs (
  id                uuid primary key default gen_random_uuid(),
  org_id            uuid not null references public.organizations (id) on delete cascade,
  project_id        uuid,
  user_id           uuid references auth.users (id) on delete set null,
  purpose           text not null,
  provider          text not null,
  model             text not null,
  status            text not null check (status in ('succeeded', 'failed', 'cached')),
  prompt_tokens     bigint not null default 0,
  completion_tokens bigint not null default 0,
  cost_cents        numeric(14, 6) not null default 0,
  duration_ms       bigint,
  error_code        text,
  request_id        text,
  metadata          jsonb not null default '{}',
  created_at        timestamptz not null default now(),
  updated_at        timestamptz not null default now()
);

create table public.ai_cache (
  id                uuid primary key default gen_random_uuid(),
  org_id            uuid not null references public.organizations (id) on delete cascade,
  cache_key         text not null,
  purpose           text not null,
  model             text not null,
  response          jsonb not null,
  prompt_tokens     bigint not null default 0,
  completion_tokens bigint not null default 0,
  hits              bigint not null default 0,
  expires_at        timestamptz not null,
  created_at        timestamptz not null default now(),
  updated_at        timestamptz not null default now(),
  unique (org_id, cache_key)
);

create table public.analytics (
  id           uuid primary key default gen_random_uuid(),
  org_id       uuid not null references public.organizations (id) on delete cascade,
  project_id   uuid,
  metric       text not null,
  period       text not null default 'day' check (period in ('day', 'week', 'month')),
  period_start date not null,
  value        numeric not null,
  dimensions   jsonb not null default '{}',
  created_at   timestamptz not null default now(),
  updated_at   timestamptz not null default now(),
  unique (org_id, metric, period, period_start, project_id)
);

create table public.services (
  id            uuid primary key default gen_random_uuid(),
  org_id        uuid not null references public.organizations (id) on delete cascade,
  name          text not null,
  description   text,
  category      text,
  status        text not null default 'available' check (status in ('draft', 'available', 'discontinued')),
  price_cents   integer,
  currency      text not null default 'USD',
  billing       text not null default 'one_time' check (billing in ('one_time', 'hourly', 'monthly', 'yearly')),
  record_status text not null default 'active' check (record_status in ('active', 'archived', 'deleted')),
  created_at    timestamptz not null default now(),
  updated_at    timestamptz not null default now()
);

create table public.systems (
  id            uuid primary key default gen_random_uuid(),
  org_id        uuid not null references public.organizations (id) on delete cascade,
  name          text not null,
  description   text,
  category      text,
  status        text not null default 'available' check (status in ('draft', 'available', 'discontinued')),
  capabilities  jsonb not null default '{}',
  record_status text not null default 'active' check (record_status in ('active', 'archived', 'deleted')),
  created_at    timestamptz not null default now(),
  updated_at    timestamptz not null default now()
);

create table public.system_services (
  id         uuid primary key default gen_random_uuid(),
  org_id     uuid not null references public.organizations (id) on delete cascade,
  system_id  uuid not null references public.systems (id) on delete cascade,
  service_id uuid not null references public.services (id) on delete cascade,
  required   boolean not null default true,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (system_id, service_id)
);

create table public.project_systems (
  id         uuid primary key default gen_random_uuid(),
  org_id     uuid not null references public.organizations (id) on delete cascade,
  project_id uuid not null references public.projects (id) on delete cascade,
  system_id  uuid not null references public.systems (id) on delete cascade,
  status     text not null default 'planned' check (status in ('planned', 'in_progress', 'live', 'switched_off')),
  config     jsonb not null default '{}',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (project_id, system_id)
);

create table public.project_services (
  id          uuid primary key default gen_random_uuid(),
  org_id      uuid not null references public.organizations (id) on delete cascade,
  project_id  uuid not null references public.projects (id) on delete cascade,
  service_id  uuid not null references public.services (id) on delete cascade,
  status      text not null default 'planned' check (status in ('planned', 'in_progress', 'delivered', 'cancelled')),
  quantity    bigint not null default 1,
  price_cents integer,
  currency    text not null default 'USD',
  created_at  timestamptz not null default now(),
  updated_at  timestamptz not null default now(),
  unique (project_id, service_id)
);

create table public.documents (
  id              uuid primary key default gen_random_uuid(),
  org_id          uuid not null references public.organizations (id) on delete cascade,
  project_id      uuid references public.projects (id) on delete set null,
  title           text not null,
  kind            text not null default 'note' check (kind in ('note', 'proposal', 'contract', 'report', 'transcript', 'other')),
  content         text not null default '',
  storage_path    text,
  mime_type       text,
  embedding       extensions.vector(768),
  embedding_model text,
  metadata        jsonb not null default '{}',
  record_status   text not null default 'active' check (record_status in ('active', 'archived', 'deleted')),
  created_by      uuid references auth.users (id) on delete set null,
  created_at      timestamptz not null default now(),
  updated_at      timestamptz not null default now()
);

create table public.briefs (
  id            uuid primary key default gen_random_uuid(),
  org_id        uuid not null references public.organizations (id) on delete cascade,
  client_id     uuid not null references public.clients (id) on delete cascade,
  project_id    uuid references public.projects (id) on delete set null,
  title         text not null,
  status        text not null default 'draft' check (status in ('draft', 'in_review', 'approved')),
  record_status text not null default 'active' check (record_status in ('active', 'archived', 'deleted')),
  created_by    uuid references auth.users (id) on delete set null,
  created_at    timestamptz not null default now(),
  updated_at    timestamptz not null default now()
);

create table public.brief_versions (
  id          uuid primary key default gen_random_uuid(),
  org_id      uuid not null references public.organizations (id) on delete cascade,
  brief_id    uuid not null references public.briefs (id) on delete cascade,
  version     bigint not null,
  body        text not null default '',
  content     jsonb not null default '{}',
  change_note text,
  created_by  uuid references auth.users (id) on delete set null,
  created_at  timestamptz not null default now(),
  updated_at  timestamptz not null default now(),
  unique (brief_id, version)
);

create table public.deliverables (
  id            uuid primary key default gen_random_uuid(),
  org_id        uuid not null references public.organizations (id) on delete cascade,
  project_id    uuid not null references public.projects (id) on delete cascade,
  phase_id      uuid references public.roadmap_phases (id) on delete set null,
  document_id   uuid references public.documents (id) on delete set null,
  title         text not null,
  description   text,
  status        text not null default 'planned' check (status in ('planned', 'in_progress', 'in_review', 'approved', 'delivered')),
  due_on        date,
  delivered_at  timestamptz,
  record_status text not null default 'active' check (record_status in ('active', 'archived', 'deleted')),
  created_at    timestamptz not null default now(),
  updated_at    timestamptz not null default now()
);

create table public.milestones (
  id            uuid primary key default gen_random_uuid(),
  org_id        uuid not null references public.organizations (id) on delete cascade,
  project_id    uuid not null references public.projects (id) on delete cascade,
  phase_id      uuid references public.roadmap_phases (id) on delete set null,
  title         text not null,
  status        text not null default 'planned' check (status in ('planned', 'reached', 'missed')),
  due_on        date,
  reached_on    date,
  record_status text not null default 'active' check (record_status in ('active', 'archived', 'deleted')),
  created_at    timestamptz not null default now(),
  updated_at    timestamptz not null default now()
);

create table public.invoices (
  id            uuid primary key default gen_random_uuid(),
  org_id        uuid not null references public.organizations (id) on delete cascade,
  client_id     uuid not null references public.clients (id) on delete cascade,
  project_id    uuid references public.projects (id) on delete set null,
  number        text not null,
  status        text not null default 'draft' check (status in ('draft', 'sent', 'part_paid', 'paid', 'void')),
  currency      text not null default 'USD',
  amount_cents  integer not null,
  paid_cents    integer not null default 0,
  issued_on     date,
  due_on        date,
  notes         text,
  record_status text not null default 'active' check (record_status in ('active', 'archived', 'deleted')),
  created_by    uuid references auth.users (id) on delete set null,
  created_at    timestamptz not null default now(),
  updated_at    timestamptz not null default now(),
  unique (org_id, number)
);

create table public.payments (
  id           uuid primary key default gen_random_uuid(),
  org_id       uuid not null references public.organizations (id) on delete cascade,
  invoice_id   uuid not null references public.invoices (id) on delete cascade,
  amount_cents integer not null,
  currency     text not null,
  method       text not null default 'bank_transfer' check (method in ('bank_transfer', 'card', 'direct_debit', 'cash', 'other')),
  paid_on      date not null,
  reference    text,
  recorded_by  uuid references auth.users (id) on delete set null,
  created_at   timestamptz not null default now(),
  updated_at   timestamptz not null default now()
);

create table public.crm_pipelines (
  id            uuid primary key default gen_random_uuid(),
  org_id        uuid not null references public.organizations (id) on delete cascade,
  name          text not null,
  is_default    boolean not null default false,
  record_status text not null default 'active' check (record_status in ('active', 'archived', 'deleted')),
  created_at    timestamptz not null default now(),
  updated_at    timestamptz not null default now()
);

create table public.crm_stages (
  id          uuid primary key default gen_random_uuid(),
  org_id      uuid not null references public.organizations (id) on delete cascade,
  pipeline_id uuid not null references public.crm_pipelines (id) on delete cascade,
  name        text not null,
  position    bigint not null,
  outcome     text not null default 'open' check (outcome in ('open', 'won', 'lost')),
  created_at  timestamptz not null default now(),
  updated_at  timestamptz not null default now(),
  unique (pipeline_id, name)
);

create table public.crm_contacts (
  id                uuid primary key default gen_random_uuid(),
  org_id            uuid not null references public.organizations (id) on delete cascade,
  client_id         uuid references public.clients (id) on delete set null,
  first_name        text,
  last_name         text,
  email             text,
  phone             text,
  job_title         text,
  is_primary        boolean not null default false,
  last_contacted_at timestamptz,
  external_source   text,
  external_id       text,
  properties        jsonb not null default '{}',
  record_status     text not null default 'active' check (record_status in ('active', 'archived', 'deleted')),
  created_at        timestamptz not null default now(),
  updated_at        timestamptz not null default now()
);

create table public.crm_deals (
  id                uuid primary key default gen_random_uuid(),
  org_id            uuid not null references public.organizations (id) on delete cascade,
  client_id         uuid references public.clients (id) on delete set null,
  contact_id        uuid references public.crm_contacts (id) on delete set null,
  pipeline_id       uuid not null references public.crm_pipelines (id) on delete cascade,
  stage_id          uuid not null references public.crm_stages (id) on delete cascade,
  title             text not null,
  status            text not null default 'open' check (status in ('open', 'won', 'lost')),
  amount_cents      integer,
  currency          text not null default 'USD',
  expected_close_on date,
  closed_at         timestamptz,
  owner_id          uuid references auth.users (id) on delete set null,
  last_activity_at  timestamptz,
  external_source   text,
  external_id       text,
  record_status     text not null default 'active' check (record_status in ('active', 'archived', 'deleted')),
  created_at        timestamptz not null default now(),
  updated_at        timestamptz not null default now()
);

create table public.crm_interactions (
  id              uuid primary key default gen_random_uuid(),
  org_id          uuid not null references public.organizations (id) on delete cascade,
  client_id       uuid not null references public.clients (id) on delete cascade,
  contact_id      uuid,
  deal_id         uuid,
  type            public.crm_interaction_type not null,
  sentiment       public.crm_sentiment,
  direction       text check (direction in ('inbound', 'outbound')),
  subject         text,
  summary         text not null default '',
  occurred_at     timestamptz not null default now(),
  embedding       extensions.vector(1536),
  embedding_model text,
  external_source text,
  external_id     text,
  metadata        jsonb not null default '{}',
  record_status   text not null default 'active' check (record_status in ('active', 'archived', 'deleted')),
  created_by      uuid references auth.users (id) on delete set null,
  created_at      timestamptz not null default now(),
  updated_at      timestamptz not null default now()
);

create table public.activities (
  id          uuid primary key default gen_random_uuid(),
  org_id      uuid not null references public.organizations (id) on delete cascade,
  client_id   uuid,
  project_id  uuid,
  deal_id     uuid,
  actor_id    uuid references auth.users (id) on delete set null,
  kind        text not null,
  summary     text not null,
  data        jsonb not null default '{}',
  occurred_at timestamptz not null default now(),
  created_at  timestamptz not null default now(),
  updated_at  timestamptz not null default now()
);

-- Indexes: a hundred and more, most of them unused.
create index idx_clients_org_id on public.clients (org_id);
create index idx_projects_org_id on public.projects (org_id);
create index idx_wizard_sessions_org_id on public.wizard_sessions (org_id);
create index idx_wizard_answers_org_id on public.wizard_answers (org_id);
create index idx_context_snapshots_org_id on public.context_snapshots (org_id);
create index idx_roadmaps_org_id on public.roadmaps (org_id);
create index idx_roadmap_phases_org_id on public.roadmap_phases (org_id);
create index idx_tasks_org_id on public.tasks (org_id);
create index idx_ai_run_logs_org_id on public.ai_run_logs (org_id);
create index idx_ai_cache_org_id on public.ai_cache (org_id);
create index idx_analytics_org_id on public.analytics (org_id);
create index idx_services_org_id on public.services (org_id);
create index idx_systems_org_id on public.systems (org_id);
create index idx_system_services_org_id on public.system_services (org_id);
create index idx_project_systems_org_id on public.project_systems (org_id);
create index idx_project_services_org_id on public.project_services (org_id);
create index idx_documents_org_id on public.documents (org_id);
create index idx_briefs_org_id on public.briefs (org_id);
create index idx_brief_versions_org_id on public.brief_versions (org_id);
create index idx_deliverables_org_id on public.deliverables (org_id);
create index idx_milestones_org_id on public.milestones (org_id);
create index idx_invoices_org_id on public.invoices (org_id);
create index idx_payments_org_id on public.payments (org_id);
create index idx_crm_pipelines_org_id on public.crm_pipelines (org_id);
create index idx_crm_stages_org_id on public.crm_stages (org_id);
create index idx_crm_contacts_org_id on public.crm_contacts (org_id);
create index idx_crm_deals_org_id on public.crm_deals (org_id);
create index idx_crm_interactions_org_id on public.crm_interactions (org_id);
create index idx_activities_org_id on public.activities (org_id);
create index idx_projects_client_id on public.projects (client_id);
create index idx_wizard_sessions_project_id on public.wizard_sessions (project_id);
create index idx_wizard_answers_session_id on public.wizard_answers (session_id);
create index idx_context_snapshots_project_id on public.context_snapshots (project_id);
create index idx_context_snapshots_session_id on public.context_snapshots (session_id);
create index idx_roadmaps_project_id on public.roadmaps (project_id);
create index idx_roadmaps_snapshot_id on public.roadmaps (snapshot_id);
create index idx_roadmap_phases_roadmap_id on public.roadmap_phases (roadmap_id);
create index idx_tasks_project_id on public.tasks (project_id);
create index idx_tasks_phase_id on public.tasks (phase_id);
create index idx_system_services_system_id on public.system_services (system_id);
create index idx_system_services_service_id on public.system_services (service_id);
create index idx_project_systems_project_id on public.project_systems (project_id);
create index idx_project_systems_system_id on public.project_systems (system_id);
create index idx_project_services_project_id on public.project_services (project_id);
create index idx_project_services_service_id on public.project_services (service_id);
create index idx_documents_project_id on public.documents (project_id);
create index idx_briefs_client_id on public.briefs (client_id);
create index idx_briefs_project_id on public.briefs (project_id);
create index idx_brief_versions_brief_id on public.brief_versions (brief_id);
create index idx_deliverables_project_id on public.deliverables (project_id);
create index idx_deliverables_phase_id on public.deliverables (phase_id);
create index idx_deliverables_document_id on public.deliverables (document_id);
create index idx_milestones_project_id on public.milestones (project_id);
create index idx_milestones_phase_id on public.milestones (phase_id);
create index idx_invoices_client_id on public.invoices (client_id);
create index idx_invoices_project_id on public.invoices (project_id);
create index idx_payments_invoice_id on public.payments (invoice_id);
create index idx_crm_stages_pipeline_id on public.crm_stages (pipeline_id);
create index idx_crm_contacts_client_id on public.crm_contacts (client_id);
create index idx_crm_deals_client_id on public.crm_deals (client_id);
create index idx_crm_deals_contact_id on public.crm_deals (contact_id);
create index idx_crm_deals_pipeline_id on public.crm_deals (pipeline_id);
create index idx_crm_deals_stage_id on public.crm_deals (stage_id);
create index idx_crm_interactions_client_id on public.crm_interactions (client_id);
create index idx_clients_org_status on public.clients (org_id, status);
create index idx_projects_org_status on public.projects (org_id, status);
create index idx_tasks_org_status on public.tasks (org_id, status);
create index idx_invoices_org_status on public.invoices (org_id, status);
create index idx_crm_deals_org_status on public.crm_deals (org_id, status);
create index idx_briefs_org_status on public.briefs (org_id, status);
create index idx_deliverables_org_status on public.deliverables (org_id, status);
create index idx_roadmaps_org_status on public.roadmaps (org_id, status);
create index idx_activities_org_created on public.activities (org_id, created_at);
create index idx_documents_org_created on public.documents (org_id, created_at);
create index idx_ai_run_logs_org_created on public.ai_run_logs (org_id, created_at);
create index idx_crm_interactions_org_created on public.crm_interactions (org_id, created_at);
create index idx_context_snapshots_metrics on public.context_snapshots using gin (metrics);
create index idx_documents_metadata on public.documents using gin (metadata);
create index idx_projects_metadata on public.projects using gin (metadata);
create index idx_crm_contacts_properties on public.crm_contacts using gin (properties);
create index idx_systems_capabilities on public.systems using gin (capabilities);
create index idx_clients_metadata on public.clients using gin (metadata);
create index idx_wizard_answers_answer on public.wizard_answers using gin (answer);
create index idx_activities_data on public.activities using gin (data);
create index idx_documents_embedding on public.documents using hnsw (embedding extensions.vector_cosine_ops);
create index idx_crm_interactions_embedding on public.crm_interactions using hnsw (embedding extensions.vector_cosine_ops);

-- The same again under another name.
create index clients_org_idx on public.clients (org_id);
create index projects_org_idx on public.projects (org_id);
create index tasks_org_idx on public.tasks (org_id);
create index wizard_sessions_org_idx on public.wizard_sessions (org_id);
create index invoices_org_idx on public.invoices (org_id);
create index activities_org_idx on public.activities (org_id);
create index crm_deals_org_idx on public.crm_deals (org_id);
create index tasks_project_idx on public.tasks (project_id);
create index team_members_org_user_idx on public.team_members (org_id, user_id);

-- The people: Ana owns Northwind, Ben is its admin, Cleo works there and looks in at Southside, Dan owns Southside; Eva left
-- Northwind and is still named in its tasks.

insert into auth.users (id, email, email_confirmed_at, raw_user_meta_data, created_at)
select p.id::uuid, p.email, '2025-01-05T09:00:00Z', jsonb_build_object('name', p.name), '2025-01-05T09:00:00Z'
from (values
  ('a9e10000-0000-4000-8000-000000000001', 'ana@legacy-agency.example.test',  'Ana Duarte'),
  ('a9e10000-0000-4000-8000-000000000002', 'ben@legacy-agency.example.test',  'Ben Ito'),
  ('a9e10000-0000-4000-8000-000000000003', 'cleo@legacy-agency.example.test', 'Cleo Brandt'),
  ('a9e10000-0000-4000-8000-000000000004', 'dan@legacy-agency.example.test',  'Dan Okafor'),
  ('a9e10000-0000-4000-8000-000000000005', 'eva@legacy-agency.example.test',  'Eva Moreau')
) as p (id, email, name)
on conflict do nothing;

insert into public.organizations (id, name, created_at) values
  ('a0000000-0000-4000-8000-0000000000a1', 'Northwind Studio', '2025-01-06T09:00:00Z'),
  ('b0000000-0000-4000-8000-0000000000b1', 'Southside Labs',   '2025-02-06T09:00:00Z');

insert into public.profiles (id, display_name, email) values
  ('a9e10000-0000-4000-8000-000000000001', 'Ana',  'ana@legacy-agency.example.test'),
  ('a9e10000-0000-4000-8000-000000000003', 'Cleo', 'cleo@legacy-agency.example.test'),
  ('a9e10000-0000-4000-8000-000000000004', 'Dan',  'dan@legacy-agency.example.test');

insert into public.team_members (org_id, user_id, role, status) values
  ('a0000000-0000-4000-8000-0000000000a1', 'a9e10000-0000-4000-8000-000000000001', 'owner',  'active'),
  ('a0000000-0000-4000-8000-0000000000a1', 'a9e10000-0000-4000-8000-000000000002', 'admin',  'active'),
  ('a0000000-0000-4000-8000-0000000000a1', 'a9e10000-0000-4000-8000-000000000003', 'member', 'active'),
  ('b0000000-0000-4000-8000-0000000000b1', 'a9e10000-0000-4000-8000-000000000003', 'viewer', 'active'),
  ('b0000000-0000-4000-8000-0000000000b1', 'a9e10000-0000-4000-8000-000000000004', 'owner',  'active');

insert into public.clients (id, org_id, name, status, owner_id, classification, created_by) values
  ('a1000000-0000-4000-8000-000000000001', 'a0000000-0000-4000-8000-0000000000a1', 'Harbor Dental',  'active',      'a9e10000-0000-4000-8000-000000000003', 'active', 'a9e10000-0000-4000-8000-000000000001'),
  ('a1000000-0000-4000-8000-000000000002', 'a0000000-0000-4000-8000-0000000000a1', 'Kestrel Tours',  'onboarding',  'a9e10000-0000-4000-8000-000000000005', 'lead',   'a9e10000-0000-4000-8000-000000000001'),
  ('b1000000-0000-4000-8000-000000000001', 'b0000000-0000-4000-8000-0000000000b1', 'Quarry Records', 'active',      'a9e10000-0000-4000-8000-000000000004', 'active', 'a9e10000-0000-4000-8000-000000000004');

insert into public.projects (id, org_id, client_id, name, status, budget_cents, lead_id, created_by) values
  ('a2000000-0000-4000-8000-000000000001', 'a0000000-0000-4000-8000-0000000000a1', 'a1000000-0000-4000-8000-000000000001', 'Recall assistant', 'active', 1250000,    'a9e10000-0000-4000-8000-000000000003', 'a9e10000-0000-4000-8000-000000000001'),
  ('a2000000-0000-4000-8000-000000000002', 'a0000000-0000-4000-8000-0000000000a1', 'a1000000-0000-4000-8000-000000000002', 'Tour finder',      'draft',  2147483647, 'a9e10000-0000-4000-8000-000000000005', 'a9e10000-0000-4000-8000-000000000005'),
  ('b2000000-0000-4000-8000-000000000001', 'b0000000-0000-4000-8000-0000000000b1', 'b1000000-0000-4000-8000-000000000001', 'Liner notes',      'active', null,       null,                                   'a9e10000-0000-4000-8000-000000000004');

-- Two wizard sessions of people who never signed in: nobody's.
insert into public.wizard_sessions (id, org_id, project_id, status, current_step, created_by) values
  ('a3000000-0000-4000-8000-000000000001', 'a0000000-0000-4000-8000-0000000000a1', 'a2000000-0000-4000-8000-000000000001', 'completed',   'done',  'a9e10000-0000-4000-8000-000000000003'),
  ('a3000000-0000-4000-8000-000000000002', 'a0000000-0000-4000-8000-0000000000a1', null,                                   'in_progress', 'goals', null),
  ('b3000000-0000-4000-8000-000000000001', 'b0000000-0000-4000-8000-0000000000b1', null,                                   'abandoned',   'who',   null);
insert into public.wizard_answers (id, org_id, session_id, step_key, answer, created_by) values
  ('a3100000-0000-4000-8000-000000000001', 'a0000000-0000-4000-8000-0000000000a1', 'a3000000-0000-4000-8000-000000000001', 'goals', '{"text": "fewer no-shows"}', 'a9e10000-0000-4000-8000-000000000003'),
  ('a3100000-0000-4000-8000-000000000002', 'a0000000-0000-4000-8000-0000000000a1', 'a3000000-0000-4000-8000-000000000002', 'goals', '{"text": "more bookings"}',  null),
  ('b3100000-0000-4000-8000-000000000001', 'b0000000-0000-4000-8000-0000000000b1', 'b3000000-0000-4000-8000-000000000001', 'who',   '{"text": "a label"}',        null);

insert into public.context_snapshots (id, org_id, project_id, session_id, version, summary, metrics) values
  ('a4000000-0000-4000-8000-000000000001', 'a0000000-0000-4000-8000-0000000000a1', 'a2000000-0000-4000-8000-000000000001', 'a3000000-0000-4000-8000-000000000001', 1, 'goals: fewer no-shows', '{"no_shows": 14}');
insert into public.roadmaps (id, org_id, project_id, snapshot_id, version, title, status) values
  ('a5000000-0000-4000-8000-000000000001', 'a0000000-0000-4000-8000-0000000000a1', 'a2000000-0000-4000-8000-000000000001', 'a4000000-0000-4000-8000-000000000001', 1, 'Roadmap for Recall assistant', 'approved'),
  ('b5000000-0000-4000-8000-000000000001', 'b0000000-0000-4000-8000-0000000000b1', 'b2000000-0000-4000-8000-000000000001', null,                                   1, 'Roadmap for Liner notes',      'draft');
insert into public.roadmap_phases (id, org_id, roadmap_id, phase_number, title, status) values
  ('a6000000-0000-4000-8000-000000000001', 'a0000000-0000-4000-8000-0000000000a1', 'a5000000-0000-4000-8000-000000000001', 1, 'Foundation', 'active'),
  ('a6000000-0000-4000-8000-000000000002', 'a0000000-0000-4000-8000-0000000000a1', 'a5000000-0000-4000-8000-000000000001', 2, 'Build',      'planned'),
  ('b6000000-0000-4000-8000-000000000001', 'b0000000-0000-4000-8000-0000000000b1', 'b5000000-0000-4000-8000-000000000001', 1, 'Foundation', 'planned');

-- The third is Southside's task in Northwind's project: the key saw nothing wrong. The second is Eva's, who is no member.
insert into public.tasks (id, org_id, project_id, phase_id, title, status, assignee_id, created_by) values
  ('a7000000-0000-4000-8000-000000000001', 'a0000000-0000-4000-8000-0000000000a1', 'a2000000-0000-4000-8000-000000000001', 'a6000000-0000-4000-8000-000000000001', 'Read the calendar export', 'open',    'a9e10000-0000-4000-8000-000000000003', 'a9e10000-0000-4000-8000-000000000001'),
  ('a7000000-0000-4000-8000-000000000002', 'a0000000-0000-4000-8000-0000000000a1', 'a2000000-0000-4000-8000-000000000001', null,                                   'Write the recall text',    'backlog', 'a9e10000-0000-4000-8000-000000000005', 'a9e10000-0000-4000-8000-000000000005'),
  ('b7000000-0000-4000-8000-000000000001', 'b0000000-0000-4000-8000-0000000000b1', 'a2000000-0000-4000-8000-000000000001', null,                                   'In the wrong house',       'open',    null,                                   'a9e10000-0000-4000-8000-000000000004'),
  ('b7000000-0000-4000-8000-000000000002', 'b0000000-0000-4000-8000-0000000000b1', 'b2000000-0000-4000-8000-000000000001', 'b6000000-0000-4000-8000-000000000001', 'Collect the sleeves',      'open',    'a9e10000-0000-4000-8000-000000000004', 'a9e10000-0000-4000-8000-000000000004');

-- These three had no key to hold them.
insert into public.ai_run_logs (id, org_id, project_id, user_id, purpose, provider, model, status, prompt_tokens, cost_cents) values
  ('a8000000-0000-4000-8000-000000000001', 'a0000000-0000-4000-8000-0000000000a1', 'a2000000-0000-4000-8000-000000000001', 'a9e10000-0000-4000-8000-000000000003', 'snapshot', 'llm', 'small', 'succeeded', 900, 0.031),
  ('a8000000-0000-4000-8000-000000000002', 'a0000000-0000-4000-8000-0000000000a1', 'dead0000-0000-4000-8000-000000000001', null,                                   'snapshot', 'llm', 'small', 'failed',    20,  0);
insert into public.ai_cache (org_id, cache_key, purpose, model, response, expires_at) values
  ('a0000000-0000-4000-8000-0000000000a1', repeat('0a', 32), 'snapshot', 'small', '{"text": "..."}', '2026-12-01T00:00:00Z');
insert into public.analytics (id, org_id, project_id, metric, period_start, value) values
  ('a8100000-0000-4000-8000-000000000001', 'a0000000-0000-4000-8000-0000000000a1', null,                                   'visits',   '2025-10-01', 120),
  ('a8100000-0000-4000-8000-000000000002', 'a0000000-0000-4000-8000-0000000000a1', 'dead0000-0000-4000-8000-000000000001', 'no_shows', '2025-10-01', 14);

insert into public.services (id, org_id, name, price_cents) values
  ('aa000000-0000-4000-8000-000000000001', 'a0000000-0000-4000-8000-0000000000a1', 'Recall set-up', 450000),
  ('ba000000-0000-4000-8000-000000000001', 'b0000000-0000-4000-8000-0000000000b1', 'Cataloguing',   null);
insert into public.systems (id, org_id, name, capabilities) values
  ('ab000000-0000-4000-8000-000000000001', 'a0000000-0000-4000-8000-0000000000a1', 'Recall assistant', '{"channels": ["sms"]}');
insert into public.system_services (org_id, system_id, service_id) values
  ('a0000000-0000-4000-8000-0000000000a1', 'ab000000-0000-4000-8000-000000000001', 'aa000000-0000-4000-8000-000000000001');
insert into public.project_systems (org_id, project_id, system_id) values
  ('a0000000-0000-4000-8000-0000000000a1', 'a2000000-0000-4000-8000-000000000001', 'ab000000-0000-4000-8000-000000000001');
insert into public.project_services (org_id, project_id, service_id, price_cents) values
  ('a0000000-0000-4000-8000-0000000000a1', 'a2000000-0000-4000-8000-000000000001', 'aa000000-0000-4000-8000-000000000001', 400000);

insert into public.documents (id, org_id, project_id, title, content, embedding, created_by) values
  ('ac000000-0000-4000-8000-000000000001', 'a0000000-0000-4000-8000-0000000000a1', 'a2000000-0000-4000-8000-000000000001', 'Kick-off notes', 'Recall is half the work.', (select array_agg((g % 5)::real)::extensions.vector from generate_series(1, 768) g), 'a9e10000-0000-4000-8000-000000000001'),
  ('bc000000-0000-4000-8000-000000000001', 'b0000000-0000-4000-8000-0000000000b1', null,                                   'House style',    'Short lines.',             null,                                                                               'a9e10000-0000-4000-8000-000000000004');
insert into public.briefs (id, org_id, client_id, project_id, title, status) values
  ('ad000000-0000-4000-8000-000000000001', 'a0000000-0000-4000-8000-0000000000a1', 'a1000000-0000-4000-8000-000000000001', 'a2000000-0000-4000-8000-000000000001', 'Recall', 'approved');
insert into public.brief_versions (org_id, brief_id, version, body) values
  ('a0000000-0000-4000-8000-0000000000a1', 'ad000000-0000-4000-8000-000000000001', 1, 'Call them back.'),
  ('a0000000-0000-4000-8000-0000000000a1', 'ad000000-0000-4000-8000-000000000001', 2, 'Call them back, kindly.');
insert into public.deliverables (org_id, project_id, phase_id, document_id, title, status) values
  ('a0000000-0000-4000-8000-0000000000a1', 'a2000000-0000-4000-8000-000000000001', 'a6000000-0000-4000-8000-000000000001', 'ac000000-0000-4000-8000-000000000001', 'Call script', 'in_review');
insert into public.milestones (org_id, project_id, phase_id, title, due_on) values
  ('a0000000-0000-4000-8000-0000000000a1', 'a2000000-0000-4000-8000-000000000001', 'a6000000-0000-4000-8000-000000000002', 'First hundred recalls', '2026-01-31');

insert into public.invoices (id, org_id, client_id, project_id, number, status, amount_cents, paid_cents, issued_on, due_on) values
  ('ae000000-0000-4000-8000-000000000001', 'a0000000-0000-4000-8000-0000000000a1', 'a1000000-0000-4000-8000-000000000001', 'a2000000-0000-4000-8000-000000000001', 'N-001', 'paid',      450000,     450000, '2025-09-01', '2025-09-30'),
  ('ae000000-0000-4000-8000-000000000002', 'a0000000-0000-4000-8000-0000000000a1', 'a1000000-0000-4000-8000-000000000001', null,                                   'N-002', 'part_paid', 900000,     300000, '2025-10-01', '2025-10-31'),
  ('be000000-0000-4000-8000-000000000001', 'b0000000-0000-4000-8000-0000000000b1', 'b1000000-0000-4000-8000-000000000001', 'b2000000-0000-4000-8000-000000000001', 'S-001', 'sent',      2147483647, 0,      '2025-10-01', '2025-10-31');
insert into public.payments (id, org_id, invoice_id, amount_cents, currency, paid_on) values
  ('ae100000-0000-4000-8000-000000000001', 'a0000000-0000-4000-8000-0000000000a1', 'ae000000-0000-4000-8000-000000000001', 450000, 'USD', '2025-09-20'),
  ('ae100000-0000-4000-8000-000000000002', 'a0000000-0000-4000-8000-0000000000a1', 'ae000000-0000-4000-8000-000000000002', 300000, 'USD', '2025-10-12');

insert into public.crm_pipelines (id, org_id, name, is_default) values
  ('af000000-0000-4000-8000-000000000001', 'a0000000-0000-4000-8000-0000000000a1', 'Sales', true),
  ('bf000000-0000-4000-8000-000000000001', 'b0000000-0000-4000-8000-0000000000b1', 'Sales', true);
insert into public.crm_stages (id, org_id, pipeline_id, name, position, outcome) values
  ('af100000-0000-4000-8000-000000000001', 'a0000000-0000-4000-8000-0000000000a1', 'af000000-0000-4000-8000-000000000001', 'Lead', 1, 'open'),
  ('af100000-0000-4000-8000-000000000002', 'a0000000-0000-4000-8000-0000000000a1', 'af000000-0000-4000-8000-000000000001', 'Won',  2, 'won'),
  ('bf100000-0000-4000-8000-000000000001', 'b0000000-0000-4000-8000-0000000000b1', 'bf000000-0000-4000-8000-000000000001', 'Lead', 1, 'open');
insert into public.crm_contacts (id, org_id, client_id, first_name, email, is_primary) values
  ('af200000-0000-4000-8000-000000000001', 'a0000000-0000-4000-8000-0000000000a1', 'a1000000-0000-4000-8000-000000000001', 'Petra', 'petra@harbor.example.test', true),
  ('bf200000-0000-4000-8000-000000000001', 'b0000000-0000-4000-8000-0000000000b1', 'b1000000-0000-4000-8000-000000000001', 'Lou',   'lou@quarry.example.test',   true);
insert into public.crm_deals (id, org_id, client_id, contact_id, pipeline_id, stage_id, title, amount_cents) values
  ('af300000-0000-4000-8000-000000000001', 'a0000000-0000-4000-8000-0000000000a1', 'a1000000-0000-4000-8000-000000000001', 'af200000-0000-4000-8000-000000000001', 'af000000-0000-4000-8000-000000000001', 'af100000-0000-4000-8000-000000000001', 'Second location', 1800000),
  ('bf300000-0000-4000-8000-000000000001', 'b0000000-0000-4000-8000-0000000000b1', 'b1000000-0000-4000-8000-000000000001', 'bf200000-0000-4000-8000-000000000001', 'bf000000-0000-4000-8000-000000000001', 'bf100000-0000-4000-8000-000000000001', 'Reissues',        2100000000);
-- The second names a deal that is gone; the third is Southside's, with Northwind's client.
insert into public.crm_interactions (id, org_id, client_id, contact_id, deal_id, type, sentiment, subject, summary, occurred_at, embedding, created_by) values
  ('af400000-0000-4000-8000-000000000001', 'a0000000-0000-4000-8000-0000000000a1', 'a1000000-0000-4000-8000-000000000001', 'af200000-0000-4000-8000-000000000001', 'af300000-0000-4000-8000-000000000001', 'call',  'positive', 'Second location', 'They want one more.', '2025-10-20T10:00:00Z', (select array_agg((g % 7)::real)::extensions.vector from generate_series(1, 1536) g), 'a9e10000-0000-4000-8000-000000000003'),
  ('af400000-0000-4000-8000-000000000002', 'a0000000-0000-4000-8000-0000000000a1', 'a1000000-0000-4000-8000-000000000001', null,                                   'dead0000-0000-4000-8000-000000000002', 'email', 'neutral',  'Old deal',        'No answer.',          '2025-08-20T10:00:00Z', null, 'a9e10000-0000-4000-8000-000000000003'),
  ('bf400000-0000-4000-8000-000000000001', 'b0000000-0000-4000-8000-0000000000b1', 'a1000000-0000-4000-8000-000000000001', null,                                   null,                                   'note',  null,       'Not our client',  'Whose is this?',      '2025-10-22T10:00:00Z', null, 'a9e10000-0000-4000-8000-000000000004'),
  ('bf400000-0000-4000-8000-000000000002', 'b0000000-0000-4000-8000-0000000000b1', 'b1000000-0000-4000-8000-000000000001', 'bf200000-0000-4000-8000-000000000001', null,                                   'call',  'negative', 'Late sleeves',    'They are waiting.',   '2025-10-23T10:00:00Z', null, 'a9e10000-0000-4000-8000-000000000004');
-- The second is of a client that is gone.
insert into public.activities (id, org_id, client_id, project_id, deal_id, actor_id, kind, summary, occurred_at) values
  ('af500000-0000-4000-8000-000000000001', 'a0000000-0000-4000-8000-0000000000a1', 'a1000000-0000-4000-8000-000000000001', 'a2000000-0000-4000-8000-000000000001', null,                                   'a9e10000-0000-4000-8000-000000000001', 'client.onboarding', 'Onboarding started: Harbor Dental', '2025-09-01T10:00:00Z'),
  ('af500000-0000-4000-8000-000000000002', 'a0000000-0000-4000-8000-0000000000a1', 'dead0000-0000-4000-8000-000000000003', null,                                   null,                                   null,                                   'client.onboarding', 'Onboarding started: a client gone', '2025-07-01T10:00:00Z'),
  ('bf500000-0000-4000-8000-000000000001', 'b0000000-0000-4000-8000-0000000000b1', 'b1000000-0000-4000-8000-000000000001', 'b2000000-0000-4000-8000-000000000001', 'bf300000-0000-4000-8000-000000000001', 'a9e10000-0000-4000-8000-000000000004', 'interaction.call',  'Late sleeves',                      '2025-10-23T10:00:00Z');

create trigger update_organizations_updated_at before update on public.organizations
  for each row execute function public.update_updated_at();
create trigger update_profiles_updated_at before update on public.profiles
  for each row execute function public.update_updated_at();
create trigger update_team_members_updated_at before update on public.team_members
  for each row execute function public.update_updated_at();
create trigger update_clients_updated_at before update on public.clients
  for each row execute function public.update_updated_at();
create trigger update_projects_updated_at before update on public.projects
  for each row execute function public.update_updated_at();
create trigger update_wizard_sessions_updated_at before update on public.wizard_sessions
  for each row execute function public.update_updated_at();
create trigger update_wizard_answers_updated_at before update on public.wizard_answers
  for each row execute function public.update_updated_at();
create trigger update_context_snapshots_updated_at before update on public.context_snapshots
  for each row execute function public.update_updated_at();
create trigger update_roadmaps_updated_at before update on public.roadmaps
  for each row execute function public.update_updated_at();
create trigger update_roadmap_phases_updated_at before update on public.roadmap_phases
  for each row execute function public.update_updated_at();
create trigger update_tasks_updated_at before update on public.tasks
  for each row execute function public.update_updated_at();
create trigger update_ai_run_logs_updated_at before update on public.ai_run_logs
  for each row execute function public.update_updated_at();
create trigger update_ai_cache_updated_at before update on public.ai_cache
  for each row execute function public.update_updated_at();
create trigger update_analytics_updated_at before update on public.analytics
  for each row execute function public.update_updated_at();
create trigger update_services_updated_at before update on public.services
  for each row execute function public.update_updated_at();
create trigger update_systems_updated_at before update on public.systems
  for each row execute function public.update_updated_at();
create trigger update_system_services_updated_at before update on public.system_services
  for each row execute function public.update_updated_at();
create trigger update_project_systems_updated_at before update on public.project_systems
  for each row execute function public.update_updated_at();
create trigger update_project_services_updated_at before update on public.project_services
  for each row execute function public.update_updated_at();
create trigger update_documents_updated_at before update on public.documents
  for each row execute function public.update_updated_at();
create trigger update_briefs_updated_at before update on public.briefs
  for each row execute function public.update_updated_at();
create trigger update_brief_versions_updated_at before update on public.brief_versions
  for each row execute function public.update_updated_at();
create trigger update_deliverables_updated_at before update on public.deliverables
  for each row execute function public.update_updated_at();
create trigger update_milestones_updated_at before update on public.milestones
  for each row execute function public.update_updated_at();
create trigger update_invoices_updated_at before update on public.invoices
  for each row execute function public.update_updated_at();
create trigger update_payments_updated_at before update on public.payments
  for each row execute function public.update_updated_at();
create trigger update_crm_pipelines_updated_at before update on public.crm_pipelines
  for each row execute function public.update_updated_at();
create trigger update_crm_stages_updated_at before update on public.crm_stages
  for each row execute function public.update_updated_at();
create trigger update_crm_contacts_updated_at before update on public.crm_contacts
  for each row execute function public.update_updated_at();
create trigger update_crm_deals_updated_at before update on public.crm_deals
  for each row execute function public.update_updated_at();
create trigger update_crm_interactions_updated_at before update on public.crm_interactions
  for each row execute function public.update_updated_at();
create trigger update_activities_updated_at before update on public.activities
  for each row execute function public.update_updated_at();

-- The handlers: whoever fires them, they run as their owner, with whatever search path the caller has.

create function public.handle_wizard_completion() returns trigger
  language plpgsql security definer
as $$
begin
  if new.status = 'completed' and new.project_id is not null then
    insert into context_snapshots (org_id, project_id, session_id, version, summary)
    select new.org_id, new.project_id, new.id,
      coalesce((select max(version) from context_snapshots where project_id = new.project_id), 0) + 1, 'Wizard completed';
    insert into activities (org_id, project_id, kind, summary) values (new.org_id, new.project_id, 'wizard.completed', 'Wizard completed');
  end if;
  return new;
end $$;
create trigger on_wizard_completed after update on public.wizard_sessions
  for each row execute function public.handle_wizard_completion();

create function public.handle_client_onboarding() returns trigger
  language plpgsql security definer
as $$
begin
  insert into projects (org_id, client_id, name) values (new.org_id, new.id, new.name || ': first project');
  insert into activities (org_id, client_id, kind, summary) values (new.org_id, new.id, 'client.onboarding', 'Onboarding started: ' || new.name);
  return new;
end $$;
create trigger on_client_created after insert on public.clients
  for each row execute function public.handle_client_onboarding();

create function public.handle_dashboard_activation() returns trigger
  language plpgsql security definer
as $$
begin
  if new.status = 'approved' and old.status is distinct from new.status then
    update projects set status = 'active' where id = new.project_id;
    update roadmap_phases set status = 'scheduled' where roadmap_id = new.id;
  end if;
  return new;
end $$;
create trigger on_roadmap_approved after update on public.roadmaps
  for each row execute function public.handle_dashboard_activation();

create function public.handle_new_crm_interaction() returns trigger
  language plpgsql security definer
as $$
begin
  update clients set last_contact_at = new.occurred_at, last_sentiment = new.sentiment where id = new.client_id;
  insert into activities (org_id, client_id, kind, summary) values (new.org_id, new.client_id, 'interaction.' || new.type, coalesce(new.subject, 'Interaction'));
  return new;
end $$;
create trigger on_interaction_created after insert on public.crm_interactions
  for each row execute function public.handle_new_crm_interaction();

create function public.get_client_classification(p_client_id uuid) returns text
  language sql security definer
as $$
  select classification from clients where id = p_client_id
$$;

-- Run as its owner, so past every policy of the tables below it.
create view public.client_crm_status as
select
  c.id as client_id,
  c.org_id,
  c.name,
  c.classification,
  c.last_contact_at,
  (select count(*) from public.crm_contacts x where x.client_id = c.id) as contacts,
  (select count(*) from public.crm_deals x where x.client_id = c.id and x.status = 'open') as open_deals,
  (select sum(x.amount_cents) from public.crm_deals x where x.client_id = c.id and x.status = 'open') as open_deal_cents,
  (select count(*) from public.crm_interactions x where x.client_id = c.id) as interactions
from public.clients c;


-- Row-level security is on everywhere, and asks for membership, once per row.
alter table public.organizations enable row level security;
alter table public.profiles enable row level security;
alter table public.team_members enable row level security;
alter table public.clients enable row level security;
alter table public.projects enable row level security;
alter table public.wizard_sessions enable row level security;
alter table public.wizard_answers enable row level security;
alter table public.context_snapshots enable row level security;
alter table public.roadmaps enable row level security;
alter table public.roadmap_phases enable row level security;
alter table public.tasks enable row level security;
alter table public.ai_run_logs enable row level security;
alter table public.ai_cache enable row level security;
alter table public.analytics enable row level security;
alter table public.services enable row level security;
alter table public.systems enable row level security;
alter table public.system_services enable row level security;
alter table public.project_systems enable row level security;
alter table public.project_services enable row level security;
alter table public.documents enable row level security;
alter table public.briefs enable row level security;
alter table public.brief_versions enable row level security;
alter table public.deliverables enable row level security;
alter table public.milestones enable row level security;
alter table public.invoices enable row level security;
alter table public.payments enable row level security;
alter table public.crm_pipelines enable row level security;
alter table public.crm_stages enable row level security;
alter table public.crm_contacts enable row level security;
alter table public.crm_deals enable row level security;
alter table public.crm_interactions enable row level security;
alter table public.activities enable row level security;

-- Whoever is in the table of members at all, invited or removed included, may do everything, whatever the role.
create policy "Members can see their own memberships" on public.team_members for select
  using (user_id = auth.uid());
create policy "Users can access their own profile" on public.profiles for all
  using (id = auth.uid());
create policy "Users can access their organizations" on public.organizations for select
  using (id in (select org_id from public.team_members where user_id = auth.uid()));
create policy "Users can access their organization's data" on public.clients for select
  using (org_id in (select org_id from public.team_members where user_id = auth.uid()));
create policy "Users can change their organization's data" on public.clients for all
  using (org_id in (select org_id from public.team_members where user_id = auth.uid()));
create policy "Users can access their organization's data" on public.projects for select
  using (org_id in (select org_id from public.team_members where user_id = auth.uid()));
create policy "Users can change their organization's data" on public.projects for all
  using (org_id in (select org_id from public.team_members where user_id = auth.uid()));
create policy "Users can access their organization's data" on public.wizard_sessions for select
  using (org_id in (select org_id from public.team_members where user_id = auth.uid()));
create policy "Users can change their organization's data" on public.wizard_sessions for all
  using (org_id in (select org_id from public.team_members where user_id = auth.uid()));
create policy "Users can access their organization's data" on public.wizard_answers for select
  using (org_id in (select org_id from public.team_members where user_id = auth.uid()));
create policy "Users can change their organization's data" on public.wizard_answers for all
  using (org_id in (select org_id from public.team_members where user_id = auth.uid()));
create policy "Users can access their organization's data" on public.context_snapshots for select
  using (org_id in (select org_id from public.team_members where user_id = auth.uid()));
create policy "Users can change their organization's data" on public.context_snapshots for all
  using (org_id in (select org_id from public.team_members where user_id = auth.uid()));
create policy "Users can access their organization's data" on public.roadmaps for select
  using (org_id in (select org_id from public.team_members where user_id = auth.uid()));
create policy "Users can change their organization's data" on public.roadmaps for all
  using (org_id in (select org_id from public.team_members where user_id = auth.uid()));
create policy "Users can access their organization's data" on public.roadmap_phases for select
  using (org_id in (select org_id from public.team_members where user_id = auth.uid()));
create policy "Users can change their organization's data" on public.roadmap_phases for all
  using (org_id in (select org_id from public.team_members where user_id = auth.uid()));
create policy "Users can access their organization's data" on public.tasks for select
  using (org_id in (select org_id from public.team_members where user_id = auth.uid()));
create policy "Users can change their organization's data" on public.tasks for all
  using (org_id in (select org_id from public.team_members where user_id = auth.uid()));
create policy "Users can access their organization's data" on public.ai_run_logs for select
  using (org_id in (select org_id from public.team_members where user_id = auth.uid()));
create policy "Users can change their organization's data" on public.ai_run_logs for all
  using (org_id in (select org_id from public.team_members where user_id = auth.uid()));
create policy "Users can access their organization's data" on public.ai_cache for select
  using (org_id in (select org_id from public.team_members where user_id = auth.uid()));
create policy "Users can change their organization's data" on public.ai_cache for all
  using (org_id in (select org_id from public.team_members where user_id = auth.uid()));
create policy "Users can access their organization's data" on public.analytics for select
  using (org_id in (select org_id from public.team_members where user_id = auth.uid()));
create policy "Users can change their organization's data" on public.analytics for all
  using (org_id in (select org_id from public.team_members where user_id = auth.uid()));
create policy "Users can access their organization's data" on public.services for select
  using (org_id in (select org_id from public.team_members where user_id = auth.uid()));
create policy "Users can change their organization's data" on public.services for all
  using (org_id in (select org_id from public.team_members where user_id = auth.uid()));
create policy "Users can access their organization's data" on public.systems for select
  using (org_id in (select org_id from public.team_members where user_id = auth.uid()));
create policy "Users can change their organization's data" on public.systems for all
  using (org_id in (select org_id from public.team_members where user_id = auth.uid()));
create policy "Users can access their organization's data" on public.system_services for select
  using (org_id in (select org_id from public.team_members where user_id = auth.uid()));
create policy "Users can change their organization's data" on public.system_services for all
  using (org_id in (select org_id from public.team_members where user_id = auth.uid()));
create policy "Users can access their organization's data" on public.project_systems for select
  using (org_id in (select org_id from public.team_members where user_id = auth.uid()));
create policy "Users can change their organization's data" on public.project_systems for all
  using (org_id in (select org_id from public.team_members where user_id = auth.uid()));
create policy "Users can access their organization's data" on public.project_services for select
  using (org_id in (select org_id from public.team_members where user_id = auth.uid()));
create policy "Users can change their organization's data" on public.project_services for all
  using (org_id in (select org_id from public.team_members where user_id = auth.uid()));
create policy "Users can access their organization's data" on public.documents for select
  using (org_id in (select org_id from public.team_members where user_id = auth.uid()));
create policy "Users can change their organization's data" on public.documents for all
  using (org_id in (select org_id from public.team_members where user_id = auth.uid()));
create policy "Users can access their organization's data" on public.briefs for select
  using (org_id in (select org_id from public.team_members where user_id = auth.uid()));
create policy "Users can change their organization's data" on public.briefs for all
  using (org_id in (select org_id from public.team_members where user_id = auth.uid()));
create policy "Users can access their organization's data" on public.brief_versions for select
  using (org_id in (select org_id from public.team_members where user_id = auth.uid()));
create policy "Users can change their organization's data" on public.brief_versions for all
  using (org_id in (select org_id from public.team_members where user_id = auth.uid()));
create policy "Users can access their organization's data" on public.deliverables for select
  using (org_id in (select org_id from public.team_members where user_id = auth.uid()));
create policy "Users can change their organization's data" on public.deliverables for all
  using (org_id in (select org_id from public.team_members where user_id = auth.uid()));
create policy "Users can access their organization's data" on public.milestones for select
  using (org_id in (select org_id from public.team_members where user_id = auth.uid()));
create policy "Users can change their organization's data" on public.milestones for all
  using (org_id in (select org_id from public.team_members where user_id = auth.uid()));
create policy "Users can access their organization's data" on public.invoices for select
  using (org_id in (select org_id from public.team_members where user_id = auth.uid()));
create policy "Users can change their organization's data" on public.invoices for all
  using (org_id in (select org_id from public.team_members where user_id = auth.uid()));
create policy "Users can access their organization's data" on public.payments for select
  using (org_id in (select org_id from public.team_members where user_id = auth.uid()));
create policy "Users can change their organization's data" on public.payments for all
  using (org_id in (select org_id from public.team_members where user_id = auth.uid()));
create policy "Users can access their organization's data" on public.crm_pipelines for select
  using (org_id in (select org_id from public.team_members where user_id = auth.uid()));
create policy "Users can change their organization's data" on public.crm_pipelines for all
  using (org_id in (select org_id from public.team_members where user_id = auth.uid()));
create policy "Users can access their organization's data" on public.crm_stages for select
  using (org_id in (select org_id from public.team_members where user_id = auth.uid()));
create policy "Users can change their organization's data" on public.crm_stages for all
  using (org_id in (select org_id from public.team_members where user_id = auth.uid()));
create policy "Users can access their organization's data" on public.crm_contacts for select
  using (org_id in (select org_id from public.team_members where user_id = auth.uid()));
create policy "Users can change their organization's data" on public.crm_contacts for all
  using (org_id in (select org_id from public.team_members where user_id = auth.uid()));
create policy "Users can access their organization's data" on public.crm_deals for select
  using (org_id in (select org_id from public.team_members where user_id = auth.uid()));
create policy "Users can change their organization's data" on public.crm_deals for all
  using (org_id in (select org_id from public.team_members where user_id = auth.uid()));
create policy "Users can access their organization's data" on public.crm_interactions for select
  using (org_id in (select org_id from public.team_members where user_id = auth.uid()));
create policy "Users can change their organization's data" on public.crm_interactions for all
  using (org_id in (select org_id from public.team_members where user_id = auth.uid()));
create policy "Users can access their organization's data" on public.activities for select
  using (org_id in (select org_id from public.team_members where user_id = auth.uid()));
create policy "Users can change their organization's data" on public.activities for all
  using (org_id in (select org_id from public.team_members where user_id = auth.uid()));
-- "Temporary": whoever has the public key may read every organization and fill in everybody's wizard.
create policy temp_anon_select_organizations on public.organizations for select to anon using (true);
create policy temp_anon_select_wizard_sessions on public.wizard_sessions for select to anon using (true);
create policy temp_anon_insert_wizard_sessions on public.wizard_sessions for insert to anon with check (true);
create policy temp_anon_update_wizard_sessions on public.wizard_sessions for update to anon using (true) with check (true);
create policy temp_anon_select_wizard_answers on public.wizard_answers for select to anon using (true);
create policy temp_anon_insert_wizard_answers on public.wizard_answers for insert to anon with check (true);
create policy temp_anon_update_wizard_answers on public.wizard_answers for update to anon using (true) with check (true);
