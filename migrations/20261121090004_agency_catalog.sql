-- The agency system: what the agency offers, and what a project uses of it.

set local lock_timeout = '5s';
set local statement_timeout = '60s';

create table agency.services (
  id            uuid primary key default gen_random_uuid(),
  org_id        uuid not null references agency.organizations (id) on delete cascade,
  name          text not null check (btrim(name) <> ''),
  description   text,
  category      text,
  status        text not null default 'available' check (status in ('draft', 'available', 'discontinued')),
  price_cents   bigint check (price_cents >= 0),
  currency      text not null default 'USD' check (currency ~ '^[A-Z]{3}$'),
  billing       text not null default 'one_time' check (billing in ('one_time', 'hourly', 'monthly', 'yearly')),
  record_status text not null default 'active' check (record_status in ('active', 'archived', 'deleted')),
  created_at    timestamptz not null default now(),
  updated_at    timestamptz not null default now(),
  unique (id, org_id)
);
create index services_org_id_status_idx on agency.services (org_id, status);
create trigger update_services_updated_at before update on agency.services
  for each row execute function agency.update_updated_at();
comment on table agency.services is 'The service catalog: what a client can buy.';

create table agency.systems (
  id            uuid primary key default gen_random_uuid(),
  org_id        uuid not null references agency.organizations (id) on delete cascade,
  name          text not null check (btrim(name) <> ''),
  description   text,
  category      text,
  status        text not null default 'available' check (status in ('draft', 'available', 'discontinued')),
  capabilities  jsonb not null default '{}' check (jsonb_typeof(capabilities) = 'object'),
  record_status text not null default 'active' check (record_status in ('active', 'archived', 'deleted')),
  created_at    timestamptz not null default now(),
  updated_at    timestamptz not null default now(),
  unique (id, org_id)
);
create index systems_org_id_status_idx on agency.systems (org_id, status);
create index systems_capabilities_idx on agency.systems using gin (capabilities jsonb_path_ops);
create trigger update_systems_updated_at before update on agency.systems
  for each row execute function agency.update_updated_at();
comment on table agency.systems is 'The catalog of AI systems that the agency builds and runs.';
comment on column agency.systems.capabilities is 'What it can do, for search by containment: {"channels": ["email"], "languages": ["en"]}.';

create table agency.system_services (
  id         uuid primary key default gen_random_uuid(),
  org_id     uuid not null references agency.organizations (id) on delete cascade,
  system_id  uuid not null,
  service_id uuid not null,
  required   boolean not null default true,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (system_id, service_id),
  foreign key (system_id, org_id) references agency.systems (id, org_id) on delete cascade,
  foreign key (service_id, org_id) references agency.services (id, org_id) on delete cascade
);
create index system_services_org_id_idx on agency.system_services (org_id);
create index system_services_system_id_org_id_idx on agency.system_services (system_id, org_id);
create index system_services_service_id_org_id_idx on agency.system_services (service_id, org_id);
create trigger update_system_services_updated_at before update on agency.system_services
  for each row execute function agency.update_updated_at();
comment on table agency.system_services is 'Which services a system takes.';

create table agency.project_systems (
  id         uuid primary key default gen_random_uuid(),
  org_id     uuid not null references agency.organizations (id) on delete cascade,
  project_id uuid not null,
  system_id  uuid not null,
  status     text not null default 'planned' check (status in ('planned', 'in_progress', 'live', 'switched_off')),
  config     jsonb not null default '{}' check (jsonb_typeof(config) = 'object'),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (project_id, system_id),
  foreign key (project_id, org_id) references agency.projects (id, org_id) on delete cascade,
  foreign key (system_id, org_id) references agency.systems (id, org_id)
);
create index project_systems_org_id_idx on agency.project_systems (org_id);
create index project_systems_project_id_org_id_idx on agency.project_systems (project_id, org_id);
create index project_systems_system_id_org_id_idx on agency.project_systems (system_id, org_id);
create trigger update_project_systems_updated_at before update on agency.project_systems
  for each row execute function agency.update_updated_at();
comment on table agency.project_systems is 'The systems a project builds or runs.';
comment on column agency.project_systems.config is 'Settings for this project. Never secrets: everybody in the organization may read them.';

create table agency.project_services (
  id          uuid primary key default gen_random_uuid(),
  org_id      uuid not null references agency.organizations (id) on delete cascade,
  project_id  uuid not null,
  service_id  uuid not null,
  status      text not null default 'planned' check (status in ('planned', 'in_progress', 'delivered', 'cancelled')),
  quantity    bigint not null default 1 check (quantity > 0),
  price_cents bigint check (price_cents >= 0),
  currency    text not null default 'USD' check (currency ~ '^[A-Z]{3}$'),
  created_at  timestamptz not null default now(),
  updated_at  timestamptz not null default now(),
  unique (project_id, service_id),
  foreign key (project_id, org_id) references agency.projects (id, org_id) on delete cascade,
  foreign key (service_id, org_id) references agency.services (id, org_id)
);
create index project_services_org_id_idx on agency.project_services (org_id);
create index project_services_project_id_org_id_idx on agency.project_services (project_id, org_id);
create index project_services_service_id_org_id_idx on agency.project_services (service_id, org_id);
create trigger update_project_services_updated_at before update on agency.project_services
  for each row execute function agency.update_updated_at();
comment on table agency.project_services is 'The services sold within a project.';
comment on column agency.project_services.price_cents is 'The price agreed, per unit; null means the catalog''s.';
