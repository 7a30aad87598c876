-- The coaching system: calls from HubSpot and Fathom, their analysis, and what managers make of it. This is the full version:
-- foreign keys, roles, teams, and the link from an activity to its analysis are all here.
--
-- What all tables of this schema have in common:
--   * account_id is the tenant. It is never null, has no default, and never changes.
--   * A reference inside an account is the pair (parent_id, account_id), so that no row ever points into another account.
--   * user_id is the rep whom a row is about, team_id the team they were in at the time; null where nobody was found.
--   * What is in HubSpot or Fathom is named by its id there, as text.
--   * Deleting an account deletes all it holds. Deleting a person (auth.users) deletes their roles; what they did stays, without
--     a name. An account's owner cannot be deleted before the account has another one.
--   * The schema's name stands only before a dot and after the word "schema", so that it can be replaced (docs/apps/README.md).
--
-- Who may do what is not decided here: it is generated from policies/coaching.policy into a later file.

set local lock_timeout = '5s';
set local statement_timeout = '60s';

create schema if not exists coaching;
comment on schema coaching is 'Sales coaching on HubSpot and Fathom: accounts, teams, calls, analyses, messages, outcomes.';

-- Functions that the API must never offer. The generated policies keep their helpers here as well.
create schema if not exists countersign;
revoke all on schema countersign from public, anon;
grant usage on schema countersign to authenticated;

create schema if not exists extensions;
grant usage on schema extensions to anon, authenticated, service_role;

-- Retrieving similar outcomes is part of the product. An extension that is already installed stays where it is.
do $$
begin
  if not exists (select from pg_catalog.pg_available_extensions where name = 'vector') then
    raise exception using
      errcode = 'feature_not_supported',
      message = 'this server has no "vector" extension',
      detail  = 'coaching outcomes are found by their embedding',
      hint    = 'install pgvector 0.8 or newer (package postgresql-NN-pgvector; on Supabase it is present), then apply this file again';
  end if;
  create extension if not exists vector schema extensions;
end $$;

create function coaching.update_updated_at() returns trigger
  language plpgsql
  set search_path = ''
as $$
begin
  new.updated_at = now();
  return new;
end $$;
revoke execute on function coaching.update_updated_at() from public, anon, authenticated;
comment on function coaching.update_updated_at() is 'Stamps updated_at with the time of the transaction.';

create table coaching."Accounts" (
  id            uuid primary key default gen_random_uuid(),
  name          text not null check (btrim(name) <> ''),
  owner_user_id uuid not null default auth.uid() references auth.users (id) on delete restrict,
  created_at    timestamptz not null default now(),
  updated_at    timestamptz not null default now()
);
create index "Accounts_owner_user_id_id_idx" on coaching."Accounts" (owner_user_id, id);
create trigger "update_Accounts_updated_at" before update on coaching."Accounts"
  for each row execute function coaching.update_updated_at();
comment on table coaching."Accounts" is 'The tenant. Every other table belongs to one.';
comment on column coaching."Accounts".owner_user_id is 'Its owner, who has the top role by this column alone. Handed over by transfer_account.';

create table coaching."Teams" (
  id         uuid primary key default gen_random_uuid(),
  account_id uuid not null references coaching."Accounts" (id) on delete cascade,
  name       text not null check (btrim(name) <> ''),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (id, account_id),
  unique (account_id, name)
);
create trigger "update_Teams_updated_at" before update on coaching."Teams"
  for each row execute function coaching.update_updated_at();
comment on table coaching."Teams" is 'A team of reps.';

create table coaching."User_Roles" (
  id         uuid primary key default gen_random_uuid(),
  account_id uuid not null references coaching."Accounts" (id) on delete cascade,
  user_id    uuid not null references auth.users (id) on delete cascade,
  role       text not null check (role in ('manager', 'rep')),
  team_id    uuid,
  status     text not null default 'active' check (status in ('invited', 'active')),
  invited_by uuid default auth.uid() references auth.users (id) on delete set null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (account_id, user_id),
  foreign key (team_id, account_id) references coaching."Teams" (id, account_id) on delete set null (team_id)
);
create index "User_Roles_user_id_account_id_idx" on coaching."User_Roles" (user_id, account_id);
create index "User_Roles_account_id_team_id_idx" on coaching."User_Roles" (account_id, team_id);
create index "User_Roles_invited_by_idx" on coaching."User_Roles" (invited_by);
create trigger "update_User_Roles_updated_at" before update on coaching."User_Roles"
  for each row execute function coaching.update_updated_at();
comment on table coaching."User_Roles" is 'Who belongs to which account, as what. Only active rows grant anything.';
comment on column coaching."User_Roles".team_id is 'A manager with a team leads that team; a manager without one has the whole account.';

create table coaching."API_Connections" (
  id                  uuid primary key default gen_random_uuid(),
  account_id          uuid not null references coaching."Accounts" (id) on delete cascade,
  provider            text not null check (provider in ('hubspot', 'fathom')),
  external_account_id text,
  scopes              text[] not null default '{}',
  status              text not null default 'pending' check (status in ('pending', 'active', 'expired', 'revoked')),
  token_expires_at    timestamptz,
  sync_cursor         jsonb not null default '{}' check (jsonb_typeof(sync_cursor) = 'object'),
  last_synced_at      timestamptz,
  last_error          text,
  connected_by        uuid default (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub')::uuid references auth.users (id) on delete set null,
  created_at          timestamptz not null default now(),
  updated_at          timestamptz not null default now(),
  unique (id, account_id),
  unique (account_id, provider)
);
create index "API_Connections_provider_external_account_id_idx" on coaching."API_Connections" (provider, external_account_id);
create index "API_Connections_connected_by_idx" on coaching."API_Connections" (connected_by);
create trigger "update_API_Connections_updated_at" before update on coaching."API_Connections"
  for each row execute function coaching.update_updated_at();
comment on table coaching."API_Connections" is 'An account''s link to HubSpot or Fathom. Its tokens are in "API_Connection_Secrets".';
comment on column coaching."API_Connections".external_account_id is 'The portal or workspace there. An event names it.';
comment on column coaching."API_Connections".status is 'pending: saved, and not yet opened by the Worker.';
comment on column coaching."API_Connections".last_error is 'A code. Never a token, never a body.';

create table coaching."API_Connection_Secrets" (
  id             uuid primary key default gen_random_uuid(),
  account_id     uuid not null references coaching."Accounts" (id) on delete cascade,
  connection_id  uuid not null,
  access_token   text not null,
  refresh_token  text,
  webhook_secret text,
  key_id         text not null,
  created_at     timestamptz not null default now(),
  updated_at     timestamptz not null default now(),
  unique (connection_id, account_id),
  foreign key (connection_id, account_id) references coaching."API_Connections" (id, account_id) on delete cascade
);
create index "API_Connection_Secrets_account_id_idx" on coaching."API_Connection_Secrets" (account_id);
create trigger "update_API_Connection_Secrets_updated_at" before update on coaching."API_Connection_Secrets"
  for each row execute function coaching.update_updated_at();
comment on table coaching."API_Connection_Secrets" is
  'The tokens of a connection, sealed by the Worker before they come here. No client has any grant on this table.';
comment on column coaching."API_Connection_Secrets".key_id is 'Which of the Worker''s keys opens it.';

-- Calls, and what is made of them. HubSpot and Fathom have the truth; the Worker writes.

create table coaching."Conversations" (
  id               uuid primary key default gen_random_uuid(),
  account_id       uuid not null references coaching."Accounts" (id) on delete cascade,
  user_id          uuid references auth.users (id) on delete set null,
  team_id          uuid,
  provider         text not null check (provider in ('hubspot', 'fathom')),
  external_id      text not null check (external_id <> ''),
  title            text,
  participants     jsonb not null default '[]' check (jsonb_typeof(participants) = 'array'),
  transcript       text,
  started_at       timestamptz,
  duration_seconds bigint check (duration_seconds >= 0),
  created_at       timestamptz not null default now(),
  updated_at       timestamptz not null default now(),
  unique (id, account_id),
  unique (account_id, provider, external_id),
  foreign key (team_id, account_id) references coaching."Teams" (id, account_id) on delete set null (team_id)
);
create index "Conversations_account_id_started_at_idx" on coaching."Conversations" (account_id, started_at);
create index "Conversations_user_id_started_at_idx" on coaching."Conversations" (user_id, started_at);
create index "Conversations_account_id_team_id_idx" on coaching."Conversations" (account_id, team_id);
create trigger "update_Conversations_updated_at" before update on coaching."Conversations"
  for each row execute function coaching.update_updated_at();
comment on table coaching."Conversations" is 'A recorded call with its full transcript.';

create table coaching."Conversation_Analyses" (
  id              uuid primary key default gen_random_uuid(),
  account_id      uuid not null references coaching."Accounts" (id) on delete cascade,
  user_id         uuid references auth.users (id) on delete set null,
  team_id         uuid,
  conversation_id uuid not null,
  status          text not null default 'running' check (status in ('running', 'succeeded', 'failed')),
  model           text,
  summary         text,
  scores          jsonb not null default '{}' check (jsonb_typeof(scores) = 'object'),
  error_code      text,
  analysed_at     timestamptz,
  created_at      timestamptz not null default now(),
  updated_at      timestamptz not null default now(),
  unique (id, account_id),
  foreign key (team_id, account_id) references coaching."Teams" (id, account_id) on delete set null (team_id),
  foreign key (conversation_id, account_id) references coaching."Conversations" (id, account_id) on delete cascade
);
create index "Conversation_Analyses_account_id_analysed_at_idx" on coaching."Conversation_Analyses" (account_id, analysed_at);
create index "Conversation_Analyses_user_id_analysed_at_idx" on coaching."Conversation_Analyses" (user_id, analysed_at);
create index "Conversation_Analyses_account_id_team_id_idx" on coaching."Conversation_Analyses" (account_id, team_id);
create index "Conversation_Analyses_conversation_id_account_id_idx" on coaching."Conversation_Analyses" (conversation_id, account_id);
create trigger "update_Conversation_Analyses_updated_at" before update on coaching."Conversation_Analyses"
  for each row execute function coaching.update_updated_at();
comment on table coaching."Conversation_Analyses" is 'What the AI found in a conversation.';

create table coaching."Synced_Activities" (
  id                       uuid primary key default gen_random_uuid(),
  account_id               uuid not null references coaching."Accounts" (id) on delete cascade,
  user_id                  uuid references auth.users (id) on delete set null,
  team_id                  uuid,
  provider                 text not null check (provider in ('hubspot', 'fathom')),
  external_id              text not null check (external_id <> ''),
  activity_type            text not null check (activity_type in ('calls', 'meetings', 'emails', 'notes', 'tasks')),
  subject                  text,
  properties               jsonb not null default '{}' check (jsonb_typeof(properties) = 'object'),
  occurred_at              timestamptz,
  conversation_analysis_id uuid,
  fetched_at               timestamptz not null default now(),
  created_at               timestamptz not null default now(),
  updated_at               timestamptz not null default now(),
  unique (account_id, provider, external_id),
  foreign key (team_id, account_id) references coaching."Teams" (id, account_id) on delete set null (team_id),
  foreign key (conversation_analysis_id, account_id)
    references coaching."Conversation_Analyses" (id, account_id) on delete set null (conversation_analysis_id)
);
create index "Synced_Activities_account_id_occurred_at_idx" on coaching."Synced_Activities" (account_id, occurred_at);
create index "Synced_Activities_user_id_occurred_at_idx" on coaching."Synced_Activities" (user_id, occurred_at);
create index "Synced_Activities_account_id_team_id_idx" on coaching."Synced_Activities" (account_id, team_id);
create index "Synced_Activities_conversation_analysis_id_account_id_idx"
  on coaching."Synced_Activities" (conversation_analysis_id, account_id);
create trigger "update_Synced_Activities_updated_at" before update on coaching."Synced_Activities"
  for each row execute function coaching.update_updated_at();
comment on table coaching."Synced_Activities" is 'A copy of an activity in HubSpot or Fathom.';
comment on column coaching."Synced_Activities".conversation_analysis_id is 'The analysis of the same call, once the provider''s ids have brought them together.';

create table coaching."Sync_Logs" (
  id            uuid primary key default gen_random_uuid(),
  account_id    uuid not null references coaching."Accounts" (id) on delete cascade,
  connection_id uuid,
  provider      text not null check (provider in ('hubspot', 'fathom')),
  status        text not null default 'running' check (status in ('running', 'succeeded', 'failed')),
  added         bigint not null default 0 check (added >= 0),
  changed       bigint not null default 0 check (changed >= 0),
  error_code    text,
  started_at    timestamptz not null default now(),
  finished_at   timestamptz,
  created_at    timestamptz not null default now(),
  updated_at    timestamptz not null default now(),
  foreign key (connection_id, account_id) references coaching."API_Connections" (id, account_id) on delete set null (connection_id)
);
create index "Sync_Logs_account_id_started_at_idx" on coaching."Sync_Logs" (account_id, started_at);
create index "Sync_Logs_connection_id_account_id_idx" on coaching."Sync_Logs" (connection_id, account_id);
create trigger "update_Sync_Logs_updated_at" before update on coaching."Sync_Logs"
  for each row execute function coaching.update_updated_at();
comment on table coaching."Sync_Logs" is 'One run of the synchronisation. Retention: 90 days.';

-- Coaching: the app's own data.

create table coaching."Coaching_Messages" (
  id                       uuid primary key default gen_random_uuid(),
  account_id               uuid not null references coaching."Accounts" (id) on delete cascade,
  user_id                  uuid not null references auth.users (id) on delete cascade,
  team_id                  uuid,
  author_id                uuid default auth.uid() references auth.users (id) on delete set null,
  conversation_analysis_id uuid,
  body                     text not null check (btrim(body) <> ''),
  status                   text not null default 'draft' check (status in ('draft', 'sent', 'acknowledged')),
  sent_at                  timestamptz,
  acknowledged_at          timestamptz,
  created_at               timestamptz not null default now(),
  updated_at               timestamptz not null default now(),
  unique (id, account_id),
  foreign key (team_id, account_id) references coaching."Teams" (id, account_id) on delete set null (team_id),
  foreign key (conversation_analysis_id, account_id)
    references coaching."Conversation_Analyses" (id, account_id) on delete set null (conversation_analysis_id)
);
create index "Coaching_Messages_account_id_created_at_idx" on coaching."Coaching_Messages" (account_id, created_at);
create index "Coaching_Messages_user_id_status_idx" on coaching."Coaching_Messages" (user_id, status);
create index "Coaching_Messages_account_id_team_id_idx" on coaching."Coaching_Messages" (account_id, team_id);
create index "Coaching_Messages_author_id_idx" on coaching."Coaching_Messages" (author_id);
create index "Coaching_Messages_conversation_analysis_id_account_id_idx"
  on coaching."Coaching_Messages" (conversation_analysis_id, account_id);
create trigger "update_Coaching_Messages_updated_at" before update on coaching."Coaching_Messages"
  for each row execute function coaching.update_updated_at();
comment on table coaching."Coaching_Messages" is 'What a manager tells a rep: drafted, sent, acknowledged, in this order.';
comment on column coaching."Coaching_Messages".user_id is 'Whom it is for. They see it once it is sent.';

create table coaching."Coaching_Outcomes" (
  id                       uuid primary key default gen_random_uuid(),
  account_id               uuid not null references coaching."Accounts" (id) on delete cascade,
  user_id                  uuid references auth.users (id) on delete set null,
  team_id                  uuid,
  coaching_message_id      uuid,
  situation                text not null,
  outcome                  text not null,
  rating                   bigint check (rating between 1 and 5),
  embedding                extensions.vector(1536),
  embedding_model          text,
  created_at               timestamptz not null default now(),
  updated_at               timestamptz not null default now(),
  foreign key (team_id, account_id) references coaching."Teams" (id, account_id) on delete set null (team_id),
  foreign key (coaching_message_id, account_id)
    references coaching."Coaching_Messages" (id, account_id) on delete set null (coaching_message_id)
);
create index "Coaching_Outcomes_account_id_created_at_idx" on coaching."Coaching_Outcomes" (account_id, created_at);
create index "Coaching_Outcomes_user_id_idx" on coaching."Coaching_Outcomes" (user_id);
create index "Coaching_Outcomes_account_id_team_id_idx" on coaching."Coaching_Outcomes" (account_id, team_id);
create index "Coaching_Outcomes_coaching_message_id_account_id_idx" on coaching."Coaching_Outcomes" (coaching_message_id, account_id);
create index "Coaching_Outcomes_embedding_idx" on coaching."Coaching_Outcomes" using hnsw (embedding extensions.vector_cosine_ops);
create trigger "update_Coaching_Outcomes_updated_at" before update on coaching."Coaching_Outcomes"
  for each row execute function coaching.update_updated_at();
comment on table coaching."Coaching_Outcomes" is 'What came of coaching, to learn from: similar ones are found by their embedding for the next coaching.';
comment on column coaching."Coaching_Outcomes".embedding is 'Of situation and outcome. Null until the Worker has embedded them.';

-- The two times of a message are the moments of its steps, whoever takes them.
create function coaching.handle_message_step() returns trigger
  language plpgsql
  set search_path = ''
as $$
begin
  if new.status in ('sent', 'acknowledged') and new.sent_at is null then
    new.sent_at = now();
  end if;
  if new.status = 'acknowledged' and new.acknowledged_at is null then
    new.acknowledged_at = now();
  end if;
  return new;
end $$;
revoke execute on function coaching.handle_message_step() from public, anon, authenticated;
comment on function coaching.handle_message_step() is 'Notes when a message was sent and when it was acknowledged.';
create trigger handle_message_step before insert or update on coaching."Coaching_Messages"
  for each row execute function coaching.handle_message_step();
