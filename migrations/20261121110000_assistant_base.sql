-- The assistant system: an AI wrapper over HubSpot. Contacts, companies, deals, tasks and activities live in HubSpot; here
-- is what the application itself makes: session metadata, AI runs and what they produced, and the link to HubSpot.
--
-- What all tables of this schema have in common:
--   * There is no tenant. Each row is one person's: user_id, or the run that log_id names.
--   * What is in HubSpot is named by HubSpot's id, as text, beside the kind of activity that HubSpot's paths need.
--   * Deleting a person (auth.users) deletes all of it. Nobody else has a claim on it.
--   * The schema's name stands only before a dot and after the word "schema", so that it can be replaced (docs/apps/README.md).
--
-- Who may do what is not decided here: it is generated from policies/assistant.policy into a later file.

set local lock_timeout = '5s';
set local statement_timeout = '60s';

create schema if not exists assistant;
comment on schema assistant is 'AI wrapper over HubSpot: session metadata, AI runs, drafts, date recommendations, opportunities.';

create function assistant.update_updated_at() returns trigger
  language plpgsql
  set search_path = ''
as $$
begin
  new.updated_at = now();
  return new;
end $$;
revoke execute on function assistant.update_updated_at() from public, anon, authenticated;
comment on function assistant.update_updated_at() is 'Stamps updated_at with the time of the transaction.';

create table assistant.sessions (
  id         uuid primary key default gen_random_uuid(),
  user_id    uuid not null default auth.uid() references auth.users (id) on delete cascade,
  metadata   jsonb not null default '{}' check (jsonb_typeof(metadata) = 'object'),
  expires_at timestamptz not null default now() + interval '30 days',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index sessions_user_id_created_at_idx on assistant.sessions (user_id, created_at);
create index sessions_expires_at_idx on assistant.sessions (expires_at);
create trigger update_sessions_updated_at before update on assistant.sessions
  for each row execute function assistant.update_updated_at();
comment on table assistant.sessions is 'What the application remembers of a visit. Signing in and its tokens are Supabase Auth''s.';
comment on column assistant.sessions.metadata is 'Preferences, what was viewed last, filters. No tokens, no CRM records.';
comment on column assistant.sessions.expires_at is 'From then on the session is not restored; the scheduled run deletes it.';

create table assistant.ai_processing_logs (
  id                  uuid primary key default gen_random_uuid(),
  user_id             uuid not null references auth.users (id) on delete cascade,
  activity_id         text not null check (activity_id <> ''),
  activity_type       text not null check (activity_type in ('emails', 'calls', 'meetings', 'notes', 'tasks')),
  activity_updated_at timestamptz,
  input_notes         text,
  status              text not null default 'running' check (status in ('running', 'succeeded', 'failed')),
  processed_at        timestamptz,
  confidence_scores   jsonb not null default '{}' check (jsonb_typeof(confidence_scores) = 'object'),
  model               text,
  error_code          text,
  created_at          timestamptz not null default now(),
  updated_at          timestamptz not null default now(),
  unique (id, activity_type, activity_id)
);
create index ai_processing_logs_user_id_created_at_idx on assistant.ai_processing_logs (user_id, created_at);
create index ai_processing_logs_user_id_activity_id_idx on assistant.ai_processing_logs (user_id, activity_id);
create trigger update_ai_processing_logs_updated_at before update on assistant.ai_processing_logs
  for each row execute function assistant.update_updated_at();
comment on table assistant.ai_processing_logs is 'One run of the AI on one activity. Written by the Worker.';
comment on column assistant.ai_processing_logs.activity_id is 'The activity''s id in HubSpot. The activity itself stays there.';
comment on column assistant.ai_processing_logs.activity_type is 'Which of HubSpot''s objects the id is of: the plural that its paths use.';
comment on column assistant.ai_processing_logs.activity_updated_at is 'When HubSpot last changed the activity, as of the run. Another time at apply is a conflict.';
comment on column assistant.ai_processing_logs.input_notes is 'What the run was given to read.';
comment on column assistant.ai_processing_logs.processed_at is 'When the run ended, well or not; null while it goes on.';
comment on column assistant.ai_processing_logs.confidence_scores is 'From 0 to 1, by what they are about.';
comment on column assistant.ai_processing_logs.error_code is 'Why it failed: a code, never a provider''s text.';

create table assistant.ai_generated_drafts (
  id            uuid primary key default gen_random_uuid(),
  log_id        uuid not null,
  activity_id   text not null,
  activity_type text not null,
  draft_text    text not null check (draft_text <> ''),
  tone          text not null,
  confidence    numeric(4, 3) not null check (confidence between 0 and 1),
  selected      boolean not null default false,
  applied_at    timestamptz,
  created_at    timestamptz not null default now(),
  updated_at    timestamptz not null default now(),
  foreign key (log_id, activity_type, activity_id)
    references assistant.ai_processing_logs (id, activity_type, activity_id) on delete cascade
);
create index ai_generated_drafts_log_id_activity_type_activity_id_idx
  on assistant.ai_generated_drafts (log_id, activity_type, activity_id);
create trigger update_ai_generated_drafts_updated_at before update on assistant.ai_generated_drafts
  for each row execute function assistant.update_updated_at();
comment on table assistant.ai_generated_drafts is 'Texts that a run proposes for its activity. Whose they are is the run''s matter.';
comment on column assistant.ai_generated_drafts.activity_id is 'The run''s activity: the foreign key holds all three columns.';
comment on column assistant.ai_generated_drafts.selected is 'Whether the person chose it. The only thing a person changes.';
comment on column assistant.ai_generated_drafts.applied_at is 'When it was written into HubSpot; null if it was not.';

create table assistant.touch_date_recommendations (
  id                uuid primary key default gen_random_uuid(),
  log_id            uuid not null,
  activity_id       text not null,
  activity_type     text not null,
  recommended_start timestamptz,
  recommended_due   timestamptz,
  confidence        numeric(4, 3) not null check (confidence between 0 and 1),
  applied           boolean not null default false,
  applied_at        timestamptz,
  created_at        timestamptz not null default now(),
  updated_at        timestamptz not null default now(),
  check (num_nonnulls(recommended_start, recommended_due) > 0),
  check (recommended_due >= recommended_start),
  check (applied = (applied_at is not null)),
  foreign key (log_id, activity_type, activity_id)
    references assistant.ai_processing_logs (id, activity_type, activity_id) on delete cascade
);
create index touch_date_recommendations_log_id_activity_type_activity_id_idx
  on assistant.touch_date_recommendations (log_id, activity_type, activity_id);
create trigger update_touch_date_recommendations_updated_at before update on assistant.touch_date_recommendations
  for each row execute function assistant.update_updated_at();
comment on table assistant.touch_date_recommendations is 'Start and due dates that a run proposes for its activity.';
comment on column assistant.touch_date_recommendations.applied is 'Whether the dates were written into HubSpot. Set by the Worker once they were.';

create table assistant.opportunities (
  id                    uuid primary key default gen_random_uuid(),
  -- The Worker's own role adds rows here too, and it cannot reach schema auth: so the claim itself.
  user_id               uuid not null default (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub')::uuid references auth.users (id) on delete cascade,
  hubspot_activity_id   text,
  hubspot_activity_type text check (hubspot_activity_type in ('emails', 'calls', 'meetings', 'notes', 'tasks')),
  hubspot_deal_id       text check (hubspot_deal_id <> ''),
  name                  text,
  probability           numeric(4, 3) check (probability between 0 and 1),
  status                text not null default 'open' check (status in ('open', 'won', 'lost')),
  amount_cents          bigint check (amount_cents >= 0),
  currency              text not null default 'USD' check (currency ~ '^[A-Z]{3}$'),
  fetched_at            timestamptz,
  created_at            timestamptz not null default now(),
  updated_at            timestamptz not null default now(),
  unique (user_id, hubspot_deal_id),
  check ((hubspot_activity_id is null) = (hubspot_activity_type is null)),
  check ((hubspot_deal_id is null) = (fetched_at is null))
);
create index opportunities_user_id_status_idx on assistant.opportunities (user_id, status);
create trigger update_opportunities_updated_at before update on assistant.opportunities
  for each row execute function assistant.update_updated_at();
comment on table assistant.opportunities is
  'The pipeline. A row without hubspot_deal_id is the person''s own; a row with one mirrors a HubSpot deal, which is the truth.';
comment on column assistant.opportunities.hubspot_deal_id is 'The deal that the row mirrors. Only the Worker writes such rows.';
comment on column assistant.opportunities.probability is 'From 0 to 1.';
comment on column assistant.opportunities.fetched_at is 'When the deal was read last.';

create table assistant.hubspot_connections (
  id               uuid primary key default gen_random_uuid(),
  user_id          uuid not null references auth.users (id) on delete cascade,
  portal_id        text not null check (portal_id <> ''),
  hubspot_user_id  text,
  scopes           text[] not null default '{}',
  status           text not null default 'active' check (status in ('active', 'expired', 'revoked')),
  token_expires_at timestamptz not null,
  last_error       text,
  created_at       timestamptz not null default now(),
  updated_at       timestamptz not null default now(),
  unique (user_id, portal_id)
);
create index hubspot_connections_portal_id_idx on assistant.hubspot_connections (portal_id);
create trigger update_hubspot_connections_updated_at before update on assistant.hubspot_connections
  for each row execute function assistant.update_updated_at();
comment on table assistant.hubspot_connections is 'A person''s link to a HubSpot portal. Its tokens are in hubspot_connection_secrets.';
comment on column assistant.hubspot_connections.portal_id is 'HubSpot''s id of the portal. Two people may be linked to one: an event concerns each of them.';
comment on column assistant.hubspot_connections.status is 'expired: refreshing failed for good, connect again. revoked: HubSpot or the person ended it.';
comment on column assistant.hubspot_connections.token_expires_at is 'When the access token ends. The Worker refreshes it before.';
comment on column assistant.hubspot_connections.last_error is 'A code. Never a token, never a body.';

create table assistant.hubspot_connection_secrets (
  id            uuid primary key default gen_random_uuid(),
  connection_id uuid not null unique references assistant.hubspot_connections (id) on delete cascade,
  access_token  text not null,
  refresh_token text not null,
  key_id        text not null,
  created_at    timestamptz not null default now(),
  updated_at    timestamptz not null default now()
);
create trigger update_hubspot_connection_secrets_updated_at before update on assistant.hubspot_connection_secrets
  for each row execute function assistant.update_updated_at();
comment on table assistant.hubspot_connection_secrets is
  'The tokens of a connection, sealed by the Worker before they come here. No client has any grant on this table.';
comment on column assistant.hubspot_connection_secrets.access_token is 'Sealed, bound to its connection: of no use in another row.';
comment on column assistant.hubspot_connection_secrets.key_id is 'Which of the Worker''s keys opens it.';
