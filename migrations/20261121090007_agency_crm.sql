-- The agency system: pipelines, contacts, deals, interactions, and the timeline.

set local lock_timeout = '5s';
set local statement_timeout = '60s';

-- Where the type "vector" lives: see agency_content.
select set_config('search_path', (select quote_ident(n.nspname) from pg_catalog.pg_extension e
  join pg_catalog.pg_namespace n on n.oid = e.extnamespace where e.extname = 'vector'), true);

create table agency.crm_pipelines (
  id            uuid primary key default gen_random_uuid(),
  org_id        uuid not null references agency.organizations (id) on delete cascade,
  name          text not null check (btrim(name) <> ''),
  is_default    boolean not null default false,
  record_status text not null default 'active' check (record_status in ('active', 'archived', 'deleted')),
  created_at    timestamptz not null default now(),
  updated_at    timestamptz not null default now(),
  unique (id, org_id),
  check (record_status = 'active' or not is_default)
);
create index crm_pipelines_org_id_idx on agency.crm_pipelines (org_id);
create unique index crm_pipelines_one_default_idx on agency.crm_pipelines (org_id) where is_default;
create trigger update_crm_pipelines_updated_at before update on agency.crm_pipelines
  for each row execute function agency.update_updated_at();
comment on table agency.crm_pipelines is 'The ways a deal can go. At most one is the default, which new clients enter.';

create table agency.crm_stages (
  id          uuid primary key default gen_random_uuid(),
  org_id      uuid not null references agency.organizations (id) on delete cascade,
  pipeline_id uuid not null,
  name        text not null check (btrim(name) <> ''),
  position    bigint not null,
  outcome     text not null default 'open' check (outcome in ('open', 'won', 'lost')),
  created_at  timestamptz not null default now(),
  updated_at  timestamptz not null default now(),
  unique (id, org_id, pipeline_id),
  unique (pipeline_id, name),
  foreign key (pipeline_id, org_id) references agency.crm_pipelines (id, org_id) on delete cascade
);
create index crm_stages_org_id_idx on agency.crm_stages (org_id);
create index crm_stages_pipeline_id_org_id_idx on agency.crm_stages (pipeline_id, org_id);
create trigger update_crm_stages_updated_at before update on agency.crm_stages
  for each row execute function agency.update_updated_at();
comment on table agency.crm_stages is 'The stages of a pipeline, in the order of position.';
comment on column agency.crm_stages.position is 'Not unique, so that two stages can change places one after the other.';

create table agency.crm_contacts (
  id                uuid primary key default gen_random_uuid(),
  org_id            uuid not null references agency.organizations (id) on delete cascade,
  client_id         uuid,
  first_name        text,
  last_name         text,
  email             text,
  phone             text,
  job_title         text,
  is_primary        boolean not null default false,
  last_contacted_at timestamptz,
  external_source   text,
  external_id       text,
  properties        jsonb not null default '{}' check (jsonb_typeof(properties) = 'object'),
  record_status     text not null default 'active' check (record_status in ('active', 'archived', 'deleted')),
  created_at        timestamptz not null default now(),
  updated_at        timestamptz not null default now(),
  unique (id, org_id),
  unique (org_id, external_source, external_id),
  check ((external_source is null) = (external_id is null)),
  foreign key (client_id, org_id) references agency.clients (id, org_id) on delete set null (client_id)
);
create index crm_contacts_org_id_email_idx on agency.crm_contacts (org_id, email);
create index crm_contacts_client_id_org_id_idx on agency.crm_contacts (client_id, org_id);
create index crm_contacts_properties_idx on agency.crm_contacts using gin (properties jsonb_path_ops);
create trigger update_crm_contacts_updated_at before update on agency.crm_contacts
  for each row execute function agency.update_updated_at();
comment on table agency.crm_contacts is 'People at clients.';
comment on column agency.crm_contacts.client_id is 'Null for an imported person whose company nobody has taken up yet.';
comment on column agency.crm_contacts.last_contacted_at is 'Written by handle_new_crm_interaction().';
comment on column agency.crm_contacts.external_id is 'The id in external_source, with which an import finds its row again.';
comment on column agency.crm_contacts.properties is 'Further properties, as the other system names them.';

create table agency.crm_deals (
  id                uuid primary key default gen_random_uuid(),
  org_id            uuid not null references agency.organizations (id) on delete cascade,
  client_id         uuid,
  contact_id        uuid,
  pipeline_id       uuid not null,
  stage_id          uuid not null,
  title             text not null check (btrim(title) <> ''),
  status            text not null default 'open' check (status in ('open', 'won', 'lost')),
  amount_cents      bigint check (amount_cents >= 0),
  currency          text not null default 'USD' check (currency ~ '^[A-Z]{3}$'),
  expected_close_on date,
  closed_at         timestamptz,
  owner_id          uuid,
  last_activity_at  timestamptz,
  external_source   text,
  external_id       text,
  record_status     text not null default 'active' check (record_status in ('active', 'archived', 'deleted')),
  created_at        timestamptz not null default now(),
  updated_at        timestamptz not null default now(),
  unique (id, org_id),
  unique (org_id, external_source, external_id),
  check ((external_source is null) = (external_id is null)),
  foreign key (client_id, org_id) references agency.clients (id, org_id) on delete set null (client_id),
  foreign key (contact_id, org_id) references agency.crm_contacts (id, org_id) on delete set null (contact_id),
  foreign key (pipeline_id, org_id) references agency.crm_pipelines (id, org_id),
  foreign key (stage_id, org_id, pipeline_id) references agency.crm_stages (id, org_id, pipeline_id),
  foreign key (owner_id, org_id) references agency.team_members (user_id, org_id) on delete set null (owner_id)
);
create index crm_deals_org_id_status_idx on agency.crm_deals (org_id, status, expected_close_on);
create index crm_deals_client_id_org_id_idx on agency.crm_deals (client_id, org_id);
create index crm_deals_contact_id_org_id_idx on agency.crm_deals (contact_id, org_id);
create index crm_deals_pipeline_id_org_id_idx on agency.crm_deals (pipeline_id, org_id);
create index crm_deals_stage_id_org_id_pipeline_id_idx on agency.crm_deals (stage_id, org_id, pipeline_id);
create index crm_deals_owner_id_org_id_idx on agency.crm_deals (owner_id, org_id);
create trigger update_crm_deals_updated_at before update on agency.crm_deals
  for each row execute function agency.update_updated_at();
comment on table agency.crm_deals is 'Deals, each in a stage of its own pipeline.';
comment on column agency.crm_deals.last_activity_at is 'Written by handle_new_crm_interaction().';
comment on column agency.crm_deals.external_id is 'The id in external_source, with which an import finds its row again.';

create table agency.crm_interactions (
  id              uuid primary key default gen_random_uuid(),
  org_id          uuid not null references agency.organizations (id) on delete cascade,
  client_id       uuid not null,
  contact_id      uuid,
  deal_id         uuid,
  type            agency.crm_interaction_type not null,
  sentiment       agency.crm_sentiment,
  direction       text check (direction in ('inbound', 'outbound')),
  subject         text,
  summary         text not null default '',
  occurred_at     timestamptz not null default now(),
  embedding       vector(1536),
  embedding_model text,
  external_source text,
  external_id     text,
  metadata        jsonb not null default '{}' check (jsonb_typeof(metadata) = 'object'),
  record_status   text not null default 'active' check (record_status in ('active', 'archived', 'deleted')),
  created_by      uuid default auth.uid() references auth.users (id) on delete set null,
  created_at      timestamptz not null default now(),
  updated_at      timestamptz not null default now(),
  unique (org_id, external_source, external_id),
  check ((external_source is null) = (external_id is null)),
  foreign key (client_id, org_id) references agency.clients (id, org_id) on delete cascade,
  foreign key (contact_id, org_id) references agency.crm_contacts (id, org_id) on delete set null (contact_id),
  foreign key (deal_id, org_id) references agency.crm_deals (id, org_id) on delete set null (deal_id)
);
create index crm_interactions_org_id_occurred_at_idx on agency.crm_interactions (org_id, occurred_at desc);
create index crm_interactions_client_id_org_id_idx on agency.crm_interactions (client_id, org_id, occurred_at desc);
create index crm_interactions_contact_id_org_id_idx on agency.crm_interactions (contact_id, org_id);
create index crm_interactions_deal_id_org_id_idx on agency.crm_interactions (deal_id, org_id);
create index crm_interactions_created_by_idx on agency.crm_interactions (created_by);
create index crm_interactions_embedding_idx on agency.crm_interactions using hnsw (embedding vector_cosine_ops);
create trigger update_crm_interactions_updated_at before update on agency.crm_interactions
  for each row execute function agency.update_updated_at();
comment on table agency.crm_interactions is 'What passed between the agency and a client, found by meaning through match_interactions().';
comment on column agency.crm_interactions.embedding is 'Of subject and summary, by embedding_model. Null until it has been computed: the row is then not found by meaning.';

create table agency.activities (
  id          uuid primary key default gen_random_uuid(),
  org_id      uuid not null references agency.organizations (id) on delete cascade,
  client_id   uuid,
  project_id  uuid,
  deal_id     uuid,
  -- The Worker's own role adds rows here too, and it cannot reach schema auth: so the claim itself.
  actor_id    uuid default (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub')::uuid references auth.users (id) on delete set null,
  kind        text not null check (btrim(kind) <> ''),
  summary     text not null,
  data        jsonb not null default '{}' check (jsonb_typeof(data) = 'object'),
  event_key   text,
  occurred_at timestamptz not null default now(),
  created_at  timestamptz not null default now(),
  updated_at  timestamptz not null default now(),
  unique (org_id, event_key),
  foreign key (client_id, org_id) references agency.clients (id, org_id),
  foreign key (project_id, org_id) references agency.projects (id, org_id),
  foreign key (deal_id, org_id) references agency.crm_deals (id, org_id)
);
create index activities_org_id_occurred_at_idx on agency.activities (org_id, occurred_at desc);
create index activities_client_id_org_id_idx on agency.activities (client_id, org_id);
create index activities_project_id_org_id_idx on agency.activities (project_id, org_id);
create index activities_deal_id_org_id_idx on agency.activities (deal_id, org_id);
create index activities_actor_id_idx on agency.activities (actor_id);
create trigger update_activities_updated_at before update on agency.activities
  for each row execute function agency.update_updated_at();
comment on table agency.activities is 'The timeline. Append-only.';
comment on column agency.activities.actor_id is 'Who did it; null for what the system did by itself, or once the person is gone.';
comment on column agency.activities.event_key is 'Names the event that the entry tells of, where it may be told more than once: the second telling is dropped.';
