-- The advisory system: wealth advisers' meetings. Clients, households, accounts, positions and transactions live in a CRM
-- that talks to Schwab; here are firms, people, the link to the CRM, meetings, and copies with the time they were fetched.
--
-- What all tables of this schema have in common:
--   * firm_id is the tenant. It is never null, has no default, and never changes.
--   * A reference inside a firm is the pair (parent_id, firm_id), so that no row ever points into another firm.
--   * What is in the CRM or at Schwab is named by its id there, as text.
--   * owner_id says that a row came through somebody's personal connection. Null: through the firm's.
--   * Money is whole cents in bigint beside an ISO 4217 code; quantities and prices are numeric.
--   * Deleting a firm deletes all it holds. Deleting a person (auth.users) deletes their profile, their personal connections
--     and what came through these; meetings and their records stay, without a name. The last adviser of a firm cannot be
--     deleted before there is another one (a trigger generated from the policy).
--   * The schema's name stands only before a dot and after the word "schema", so that it can be replaced (docs/apps/README.md).
--
-- Who may do what is not decided here: it is generated from policies/advisory.policy into a later file.

set local lock_timeout = '5s';
set local statement_timeout = '60s';

create schema if not exists advisory;
comment on schema advisory is 'Wealth advisers'' meetings: firms, people, the link to the CRM, meetings, copies of CRM and Schwab data.';

-- Functions that the API must never offer. The generated policies keep their helpers here as well.
create schema if not exists countersign;
revoke all on schema countersign from public, anon;
grant usage on schema countersign to authenticated;

create function advisory.update_updated_at() returns trigger
  language plpgsql
  set search_path = ''
as $$
begin
  new.updated_at = now();
  return new;
end $$;
revoke execute on function advisory.update_updated_at() from public, anon, authenticated;
comment on function advisory.update_updated_at() is 'Stamps updated_at with the time of the transaction.';

create table advisory.firms (
  id         uuid primary key default gen_random_uuid(),
  name       text not null check (btrim(name) <> ''),
  created_by uuid default auth.uid() references auth.users (id) on delete set null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index firms_created_by_idx on advisory.firms (created_by);
create trigger update_firms_updated_at before update on advisory.firms
  for each row execute function advisory.update_updated_at();
comment on table advisory.firms is 'The tenant. Every other table belongs to one.';
comment on column advisory.firms.created_by is 'Who founded it. Grants nothing by itself: access comes from profiles.';

create table advisory.profiles (
  id           uuid primary key references auth.users (id) on delete cascade,
  firm_id      uuid not null references advisory.firms (id) on delete cascade,
  role         text not null check (role in ('advisor', 'analyst')),
  -- A definer's trigger adds founders, under the claims of whoever founds.
  email        text default (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'email'),
  display_name text,
  avatar_url   text,
  created_at   timestamptz not null default now(),
  updated_at   timestamptz not null default now(),
  unique (id, firm_id)
);
create index profiles_firm_id_role_idx on advisory.profiles (firm_id, role);
create trigger update_profiles_updated_at before update on advisory.profiles
  for each row execute function advisory.update_updated_at();
comment on table advisory.profiles is 'A person and the one firm they belong to. Who has no row belongs to none.';
comment on column advisory.profiles.id is 'The person''s id in auth.users.';
comment on column advisory.profiles.email is 'For display: the address in the token with which they joined. Decides nothing.';

create table advisory.firm_invitations (
  id         uuid primary key default gen_random_uuid(),
  firm_id    uuid not null references advisory.firms (id) on delete cascade,
  user_id    uuid not null references auth.users (id) on delete cascade,
  role       text not null check (role in ('advisor', 'analyst')),
  invited_by uuid default auth.uid() references auth.users (id) on delete set null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (firm_id, user_id)
);
create index firm_invitations_user_id_idx on advisory.firm_invitations (user_id);
create index firm_invitations_invited_by_idx on advisory.firm_invitations (invited_by);
create trigger update_firm_invitations_updated_at before update on advisory.firm_invitations
  for each row execute function advisory.update_updated_at();
comment on table advisory.firm_invitations is 'Who was asked to join, and has not answered. Grants nothing.';

create table advisory.crm_connections (
  id             uuid primary key default gen_random_uuid(),
  firm_id        uuid not null references advisory.firms (id) on delete cascade,
  owner_id       uuid,
  provider       text not null check (provider in ('bridge', 'wealthbox')),
  config         jsonb not null default '{}' check (jsonb_typeof(config) = 'object'),
  status         text not null default 'active' check (status in ('active', 'expired', 'revoked')),
  last_synced_at timestamptz,
  last_error     text,
  created_at     timestamptz not null default now(),
  updated_at     timestamptz not null default now(),
  unique (id, firm_id),
  unique nulls not distinct (firm_id, owner_id),
  foreign key (owner_id, firm_id) references advisory.profiles (id, firm_id) on delete cascade
);
create index crm_connections_owner_id_firm_id_idx on advisory.crm_connections (owner_id, firm_id);
create index crm_connections_status_last_synced_at_idx on advisory.crm_connections (status, last_synced_at);
create trigger update_crm_connections_updated_at before update on advisory.crm_connections
  for each row execute function advisory.update_updated_at();
comment on table advisory.crm_connections is
  'The link to the CRM, which talks to Schwab: one of the firm, and one of each person at most. Its secret is in crm_connection_secrets.';
comment on column advisory.crm_connections.owner_id is 'Whose personal connection it is; null for the firm''s.';
comment on column advisory.crm_connections.config is 'What is not secret: the Schwab environment, the bridge''s address, the cursor of the refresh.';
comment on column advisory.crm_connections.last_error is 'A code. Never a token, never a body.';

create table advisory.crm_connection_secrets (
  id               uuid primary key default gen_random_uuid(),
  firm_id          uuid not null references advisory.firms (id) on delete cascade,
  connection_id    uuid not null,
  secret           text not null,
  refresh_token    text,
  token_expires_at timestamptz,
  key_id           text not null,
  created_at       timestamptz not null default now(),
  updated_at       timestamptz not null default now(),
  unique (connection_id, firm_id),
  foreign key (connection_id, firm_id) references advisory.crm_connections (id, firm_id) on delete cascade
);
create index crm_connection_secrets_firm_id_idx on advisory.crm_connection_secrets (firm_id);
create trigger update_crm_connection_secrets_updated_at before update on advisory.crm_connection_secrets
  for each row execute function advisory.update_updated_at();
comment on table advisory.crm_connection_secrets is
  'What opens a connection, sealed by the Worker before it comes here. No client has any grant on this table.';
comment on column advisory.crm_connection_secrets.secret is 'The API key or access token, sealed and bound to its connection.';
comment on column advisory.crm_connection_secrets.key_id is 'Which of the Worker''s keys opens it.';

-- Copies of CRM and Schwab data. Only the Worker writes them; fetched_at says how old they are.

create table advisory.households (
  id          uuid primary key default gen_random_uuid(),
  firm_id     uuid not null references advisory.firms (id) on delete cascade,
  owner_id    uuid,
  external_id text not null check (external_id <> ''),
  name        text not null,
  status      text,
  fetched_at  timestamptz not null,
  created_at  timestamptz not null default now(),
  updated_at  timestamptz not null default now(),
  unique (id, firm_id),
  unique nulls not distinct (firm_id, owner_id, external_id),
  foreign key (owner_id, firm_id) references advisory.profiles (id, firm_id) on delete cascade
);
create index households_owner_id_firm_id_idx on advisory.households (owner_id, firm_id);
create index households_firm_id_name_idx on advisory.households (firm_id, name);
create trigger update_households_updated_at before update on advisory.households
  for each row execute function advisory.update_updated_at();
comment on table advisory.households is 'A copy of the CRM''s households.';
comment on column advisory.households.external_id is 'The household''s id in the CRM.';

create table advisory.accounts (
  id                 uuid primary key default gen_random_uuid(),
  firm_id            uuid not null references advisory.firms (id) on delete cascade,
  owner_id           uuid,
  household_id       uuid,
  external_id        text not null check (external_id <> ''),
  crm_client_id      text not null check (crm_client_id <> ''),
  name               text,
  number_ending      text check (length(number_ending) <= 4),
  kind               text,
  currency           text not null default 'USD' check (currency ~ '^[A-Z]{3}$'),
  market_value_cents bigint,
  cash_cents         bigint,
  as_of              timestamptz,
  fetched_at         timestamptz not null,
  created_at         timestamptz not null default now(),
  updated_at         timestamptz not null default now(),
  unique (id, firm_id),
  unique nulls not distinct (firm_id, owner_id, external_id),
  foreign key (owner_id, firm_id) references advisory.profiles (id, firm_id) on delete cascade,
  foreign key (household_id, firm_id) references advisory.households (id, firm_id) on delete set null (household_id)
);
create index accounts_owner_id_firm_id_idx on advisory.accounts (owner_id, firm_id);
create index accounts_household_id_firm_id_idx on advisory.accounts (household_id, firm_id);
create index accounts_firm_id_crm_client_id_idx on advisory.accounts (firm_id, crm_client_id);
create trigger update_accounts_updated_at before update on advisory.accounts
  for each row execute function advisory.update_updated_at();
comment on table advisory.accounts is 'A copy of the accounts at Schwab.';
comment on column advisory.accounts.external_id is 'Schwab''s hash of the account, as the bridge passes it on. Never the account''s number.';
comment on column advisory.accounts.number_ending is 'The number''s last digits, four at most, for people to tell accounts apart.';
comment on column advisory.accounts.as_of is 'Of when the figures are, by the source''s own words.';

create table advisory.positions (
  id                 uuid primary key default gen_random_uuid(),
  firm_id            uuid not null references advisory.firms (id) on delete cascade,
  owner_id           uuid,
  account_id         uuid not null,
  external_id        text not null check (external_id <> ''),
  symbol             text,
  description        text,
  quantity           numeric(24, 8) not null,
  price              numeric(24, 8),
  currency           text not null default 'USD' check (currency ~ '^[A-Z]{3}$'),
  market_value_cents bigint,
  as_of              timestamptz,
  fetched_at         timestamptz not null,
  created_at         timestamptz not null default now(),
  updated_at         timestamptz not null default now(),
  unique (account_id, external_id),
  foreign key (owner_id, firm_id) references advisory.profiles (id, firm_id) on delete cascade,
  foreign key (account_id, firm_id) references advisory.accounts (id, firm_id) on delete cascade
);
create index positions_firm_id_symbol_idx on advisory.positions (firm_id, symbol);
create index positions_owner_id_firm_id_idx on advisory.positions (owner_id, firm_id);
create index positions_account_id_firm_id_idx on advisory.positions (account_id, firm_id);
create trigger update_positions_updated_at before update on advisory.positions
  for each row execute function advisory.update_updated_at();
comment on table advisory.positions is 'A copy of what the accounts hold.';
comment on column advisory.positions.external_id is 'The instrument''s id at Schwab (CUSIP, or its symbol where it has none).';

create table advisory.transactions (
  id           uuid primary key default gen_random_uuid(),
  firm_id      uuid not null references advisory.firms (id) on delete cascade,
  owner_id     uuid,
  account_id   uuid not null,
  external_id  text not null check (external_id <> ''),
  kind         text not null,
  symbol       text,
  description  text,
  quantity     numeric(24, 8),
  amount_cents bigint not null,
  currency     text not null default 'USD' check (currency ~ '^[A-Z]{3}$'),
  occurred_at  timestamptz not null,
  fetched_at   timestamptz not null,
  created_at   timestamptz not null default now(),
  updated_at   timestamptz not null default now(),
  unique (account_id, external_id),
  foreign key (owner_id, firm_id) references advisory.profiles (id, firm_id) on delete cascade,
  foreign key (account_id, firm_id) references advisory.accounts (id, firm_id) on delete cascade
);
create index transactions_firm_id_occurred_at_idx on advisory.transactions (firm_id, occurred_at);
create index transactions_owner_id_firm_id_idx on advisory.transactions (owner_id, firm_id);
create index transactions_account_id_firm_id_occurred_at_idx on advisory.transactions (account_id, firm_id, occurred_at);
create trigger update_transactions_updated_at before update on advisory.transactions
  for each row execute function advisory.update_updated_at();
comment on table advisory.transactions is 'A copy of what happened in the accounts.';

create table advisory.client_data_cache (
  id            uuid primary key default gen_random_uuid(),
  firm_id       uuid not null references advisory.firms (id) on delete cascade,
  owner_id      uuid,
  crm_client_id text not null check (crm_client_id <> ''),
  data          jsonb not null check (jsonb_typeof(data) = 'object'),
  fetched_at    timestamptz not null,
  created_at    timestamptz not null default now(),
  updated_at    timestamptz not null default now(),
  unique nulls not distinct (firm_id, owner_id, crm_client_id),
  foreign key (owner_id, firm_id) references advisory.profiles (id, firm_id) on delete cascade
);
create index client_data_cache_owner_id_firm_id_idx on advisory.client_data_cache (owner_id, firm_id);
create index client_data_cache_fetched_at_idx on advisory.client_data_cache (fetched_at);
create trigger update_client_data_cache_updated_at before update on advisory.client_data_cache
  for each row execute function advisory.update_updated_at();
comment on table advisory.client_data_cache is
  'The CRM''s answers about a client, as they came: the other form of the copy, for installations that do not query it.';
comment on column advisory.client_data_cache.crm_client_id is 'The client''s id in the CRM. One copy of the firm''s, and one of each personal connection.';

-- Meetings: the app's own data.

create table advisory.sessions (
  id               uuid primary key default gen_random_uuid(),
  firm_id          uuid not null references advisory.firms (id) on delete cascade,
  advisor_id       uuid default auth.uid() references auth.users (id) on delete set null,
  crm_client_id    text not null check (crm_client_id <> ''),
  crm_household_id text,
  household_id     uuid,
  started_at       timestamptz not null default now(),
  ended_at         timestamptz,
  created_at       timestamptz not null default now(),
  updated_at       timestamptz not null default now(),
  unique (id, firm_id),
  check (ended_at >= started_at),
  foreign key (household_id, firm_id) references advisory.households (id, firm_id) on delete set null (household_id)
);
create index sessions_firm_id_started_at_idx on advisory.sessions (firm_id, started_at);
create index sessions_firm_id_crm_client_id_idx on advisory.sessions (firm_id, crm_client_id);
create index sessions_advisor_id_idx on advisory.sessions (advisor_id);
create index sessions_household_id_firm_id_idx on advisory.sessions (household_id, firm_id);
create trigger update_sessions_updated_at before update on advisory.sessions
  for each row execute function advisory.update_updated_at();
comment on table advisory.sessions is 'A meeting with a client. Signing in is Supabase Auth''s matter.';
comment on column advisory.sessions.crm_client_id is 'The client''s id in the CRM, which owns the client.';
comment on column advisory.sessions.household_id is 'The household in the copy, if there is one; it may go, and the meeting stays.';

create table advisory.meeting_records (
  id         uuid primary key default gen_random_uuid(),
  firm_id    uuid not null references advisory.firms (id) on delete cascade,
  session_id uuid not null,
  author_id  uuid default auth.uid() references auth.users (id) on delete set null,
  notes      text,
  outcomes   text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  foreign key (session_id, firm_id) references advisory.sessions (id, firm_id) on delete cascade
);
create index meeting_records_firm_id_created_at_idx on advisory.meeting_records (firm_id, created_at);
create index meeting_records_session_id_firm_id_idx on advisory.meeting_records (session_id, firm_id);
create index meeting_records_author_id_idx on advisory.meeting_records (author_id);
create trigger update_meeting_records_updated_at before update on advisory.meeting_records
  for each row execute function advisory.update_updated_at();
comment on table advisory.meeting_records is 'What was noted and agreed in a meeting.';
