-- The portal's connection to Baserow: one, the operator's, since the portal has no tenants. `countersign connect` writes it,
-- with the token sealed, and the Worker reads it where BASEROW_TOKEN is not set.

set local lock_timeout = '5s';
set local statement_timeout = '60s';

create table countersign_edge.portal_connections (
  id           uuid primary key default gen_random_uuid(),
  app          text not null default 'portal' check (app = 'portal'),
  provider     text not null unique check (provider = 'baserow'),
  connected_at timestamptz not null default now()
);
comment on table countersign_edge.portal_connections is
  'What the operator has connected for the portal. `app` stands where other apps have a tenant: a sealed token is bound to it. Retention: until the operator ends it.';

create table countersign_edge.portal_connection_secrets (
  id            uuid primary key default gen_random_uuid(),
  connection_id uuid not null unique references countersign_edge.portal_connections (id) on delete cascade,
  access_token  text not null,
  key_id        text not null,
  updated_at    timestamptz not null default now()
);
comment on table countersign_edge.portal_connection_secrets is
  'The token of each connection, sealed before it comes here. Retention: as long as the connection.';
comment on column countersign_edge.portal_connection_secrets.access_token is 'Sealed, bound to its connection: of no use in another row.';
comment on column countersign_edge.portal_connection_secrets.key_id is 'Which of the Worker''s keys opens it.';

revoke all on table countersign_edge.portal_connections, countersign_edge.portal_connection_secrets
  from public, anon, authenticated, service_role;
grant select, insert, update, delete on table countersign_edge.portal_connections, countersign_edge.portal_connection_secrets
  to countersign_edge;
create policy worker on countersign_edge.portal_connections to countersign_edge using (true) with check (true);
create policy worker on countersign_edge.portal_connection_secrets to countersign_edge using (true) with check (true);
alter table countersign_edge.portal_connections enable row level security;
alter table countersign_edge.portal_connection_secrets enable row level security;
