-- An organization's link to HubSpot, from which contacts and deals are imported. It is the Worker's own matter, and lies in
-- its own schema: nobody else has anything there, and the agency's tables stay those that they are.

set local lock_timeout = '5s';
set local statement_timeout = '60s';

create table countersign_edge.agency_connections (
  id               uuid primary key default gen_random_uuid(),
  org_id           uuid not null references agency.organizations (id) on delete cascade,
  provider         text not null check (provider = 'hubspot'),
  portal_id        text check (portal_id <> ''),
  scopes           text[] not null default '{}',
  status           text not null default 'pending' check (status in ('pending', 'active', 'expired', 'revoked')),
  token_expires_at timestamptz,
  last_error       text,
  connected_by     uuid references auth.users (id) on delete set null,
  created_at       timestamptz not null default now(),
  updated_at       timestamptz not null default now(),
  unique (id, org_id),
  unique (org_id, provider)
);
create index agency_connections_connected_by_idx on countersign_edge.agency_connections (connected_by);
create trigger update_agency_connections_updated_at before update on countersign_edge.agency_connections
  for each row execute function agency.update_updated_at();
comment on table countersign_edge.agency_connections is
  'An organization''s link to a HubSpot portal. Its tokens are in agency_connection_secrets. Retention: as long as the organization.';
comment on column countersign_edge.agency_connections.status is 'pending: consented to, and its tokens not yet kept. expired: connect again. revoked: somebody ended it.';
comment on column countersign_edge.agency_connections.last_error is 'A code. Never a token, never a body.';

create table countersign_edge.agency_connection_secrets (
  id            uuid primary key default gen_random_uuid(),
  org_id        uuid not null,
  connection_id uuid not null,
  access_token  text not null,
  refresh_token text,
  key_id        text not null,
  created_at    timestamptz not null default now(),
  updated_at    timestamptz not null default now(),
  unique (connection_id, org_id),
  foreign key (connection_id, org_id) references countersign_edge.agency_connections (id, org_id) on delete cascade
);
create trigger update_agency_connection_secrets_updated_at before update on countersign_edge.agency_connection_secrets
  for each row execute function agency.update_updated_at();
comment on table countersign_edge.agency_connection_secrets is
  'The tokens of a connection, sealed by the Worker before they come here. Retention: as long as the connection.';
comment on column countersign_edge.agency_connection_secrets.access_token is 'Sealed, bound to its connection: of no use in another row.';
comment on column countersign_edge.agency_connection_secrets.key_id is 'Which of the Worker''s keys opens it.';

revoke all on table countersign_edge.agency_connections, countersign_edge.agency_connection_secrets from public, anon, authenticated, service_role;
grant select, insert, update, delete on table countersign_edge.agency_connections, countersign_edge.agency_connection_secrets to countersign_edge;
create policy worker on countersign_edge.agency_connections to countersign_edge using (true) with check (true);
create policy worker on countersign_edge.agency_connection_secrets to countersign_edge using (true) with check (true);
alter table countersign_edge.agency_connections enable row level security;
alter table countersign_edge.agency_connection_secrets enable row level security;
