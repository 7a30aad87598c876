-- The agency system: documents, briefs, deliverables, milestones.

set local lock_timeout = '5s';
set local statement_timeout = '60s';

-- The type "vector" lives where its extension was installed: "extensions" on Supabase, "public" in many older projects.
-- It and its operator class are the only unqualified names below; columns and indexes keep what they stand for now.
select set_config('search_path', (select quote_ident(n.nspname) from pg_catalog.pg_extension e
  join pg_catalog.pg_namespace n on n.oid = e.extnamespace where e.extname = 'vector'), true);

create table agency.documents (
  id              uuid primary key default gen_random_uuid(),
  org_id          uuid not null references agency.organizations (id) on delete cascade,
  project_id      uuid,
  title           text not null check (btrim(title) <> ''),
  kind            text not null default 'note' check (kind in ('note', 'proposal', 'contract', 'report', 'transcript', 'other')),
  content         text not null default '',
  storage_path    text,
  mime_type       text,
  embedding       vector(768),
  embedding_model text,
  metadata        jsonb not null default '{}' check (jsonb_typeof(metadata) = 'object'),
  record_status   text not null default 'active' check (record_status in ('active', 'archived', 'deleted')),
  created_by      uuid default auth.uid() references auth.users (id) on delete set null,
  created_at      timestamptz not null default now(),
  updated_at      timestamptz not null default now(),
  unique (id, org_id),
  foreign key (project_id, org_id) references agency.projects (id, org_id) on delete set null (project_id)
);
create index documents_org_id_created_at_idx on agency.documents (org_id, created_at desc);
create index documents_project_id_org_id_idx on agency.documents (project_id, org_id);
create index documents_created_by_idx on agency.documents (created_by);
create index documents_metadata_idx on agency.documents using gin (metadata jsonb_path_ops);
create index documents_embedding_idx on agency.documents using hnsw (embedding vector_cosine_ops);
create trigger update_documents_updated_at before update on agency.documents
  for each row execute function agency.update_updated_at();
comment on table agency.documents is 'Texts and files, found by meaning through match_documents().';
comment on column agency.documents.project_id is 'Null for what belongs to the organization as a whole.';
comment on column agency.documents.embedding is 'Of title and content, by embedding_model. Null until it has been computed: the row is then not found by meaning.';

create table agency.briefs (
  id            uuid primary key default gen_random_uuid(),
  org_id        uuid not null references agency.organizations (id) on delete cascade,
  client_id     uuid not null,
  project_id    uuid,
  title         text not null check (btrim(title) <> ''),
  status        text not null default 'draft' check (status in ('draft', 'in_review', 'approved')),
  record_status text not null default 'active' check (record_status in ('active', 'archived', 'deleted')),
  created_by    uuid default auth.uid() references auth.users (id) on delete set null,
  created_at    timestamptz not null default now(),
  updated_at    timestamptz not null default now(),
  unique (id, org_id),
  foreign key (client_id, org_id) references agency.clients (id, org_id),
  foreign key (project_id, org_id, client_id)
    references agency.projects (id, org_id, client_id) on delete set null (project_id)
);
create index briefs_org_id_status_idx on agency.briefs (org_id, status);
create index briefs_client_id_org_id_idx on agency.briefs (client_id, org_id);
create index briefs_project_id_org_id_client_id_idx on agency.briefs (project_id, org_id, client_id);
create index briefs_created_by_idx on agency.briefs (created_by);
create trigger update_briefs_updated_at before update on agency.briefs
  for each row execute function agency.update_updated_at();
comment on table agency.briefs is 'What a client asked for. The text is in brief_versions.';

create table agency.brief_versions (
  id          uuid primary key default gen_random_uuid(),
  org_id      uuid not null references agency.organizations (id) on delete cascade,
  brief_id    uuid not null,
  version     bigint not null check (version > 0),
  body        text not null default '',
  content     jsonb not null default '{}' check (jsonb_typeof(content) = 'object'),
  change_note text,
  created_by  uuid default auth.uid() references auth.users (id) on delete set null,
  created_at  timestamptz not null default now(),
  updated_at  timestamptz not null default now(),
  unique (brief_id, version),
  foreign key (brief_id, org_id) references agency.briefs (id, org_id) on delete cascade
);
create index brief_versions_org_id_idx on agency.brief_versions (org_id);
create index brief_versions_brief_id_org_id_idx on agency.brief_versions (brief_id, org_id);
create index brief_versions_created_by_idx on agency.brief_versions (created_by);
create trigger update_brief_versions_updated_at before update on agency.brief_versions
  for each row execute function agency.update_updated_at();
comment on table agency.brief_versions is 'The history of a brief; the highest version is the current text.';

create table agency.deliverables (
  id            uuid primary key default gen_random_uuid(),
  org_id        uuid not null references agency.organizations (id) on delete cascade,
  project_id    uuid not null,
  phase_id      uuid,
  document_id   uuid,
  title         text not null check (btrim(title) <> ''),
  description   text,
  status        text not null default 'planned' check (status in ('planned', 'in_progress', 'in_review', 'approved', 'delivered')),
  due_on        date,
  delivered_at  timestamptz,
  record_status text not null default 'active' check (record_status in ('active', 'archived', 'deleted')),
  created_at    timestamptz not null default now(),
  updated_at    timestamptz not null default now(),
  foreign key (project_id, org_id) references agency.projects (id, org_id) on delete cascade,
  foreign key (phase_id, org_id, project_id)
    references agency.roadmap_phases (id, org_id, project_id) on delete set null (phase_id),
  foreign key (document_id, org_id) references agency.documents (id, org_id) on delete set null (document_id)
);
create index deliverables_org_id_status_idx on agency.deliverables (org_id, status, due_on);
create index deliverables_project_id_org_id_idx on agency.deliverables (project_id, org_id);
create index deliverables_phase_id_org_id_project_id_idx on agency.deliverables (phase_id, org_id, project_id);
create index deliverables_document_id_org_id_idx on agency.deliverables (document_id, org_id);
create trigger update_deliverables_updated_at before update on agency.deliverables
  for each row execute function agency.update_updated_at();
comment on table agency.deliverables is 'What the client is to receive.';

create table agency.milestones (
  id            uuid primary key default gen_random_uuid(),
  org_id        uuid not null references agency.organizations (id) on delete cascade,
  project_id    uuid not null,
  phase_id      uuid,
  title         text not null check (btrim(title) <> ''),
  status        text not null default 'planned' check (status in ('planned', 'reached', 'missed')),
  due_on        date,
  reached_on    date,
  record_status text not null default 'active' check (record_status in ('active', 'archived', 'deleted')),
  created_at    timestamptz not null default now(),
  updated_at    timestamptz not null default now(),
  foreign key (project_id, org_id) references agency.projects (id, org_id) on delete cascade,
  foreign key (phase_id, org_id, project_id)
    references agency.roadmap_phases (id, org_id, project_id) on delete set null (phase_id)
);
create index milestones_org_id_due_on_idx on agency.milestones (org_id, due_on);
create index milestones_project_id_org_id_idx on agency.milestones (project_id, org_id);
create index milestones_phase_id_org_id_project_id_idx on agency.milestones (phase_id, org_id, project_id);
create trigger update_milestones_updated_at before update on agency.milestones
  for each row execute function agency.update_updated_at();
comment on table agency.milestones is 'Dates by which a project must have reached something.';
