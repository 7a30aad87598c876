-- Who may do what in assistant: row-level security generated from policies/assistant.policy.
-- Not for editing: change the policy and run `countersign generate --app assistant`, which writes a file with what changed.
-- Each section can be applied again, alone. How to read it: docs/policy-to-sql.md
-- countersign:file app=assistant schema=assistant state=088bcea9507f2a5bdbf931965308675ccd5b2725b94f663a28aa42d21ae38863

set local lock_timeout = '5s';
set local statement_timeout = '60s';

-- Permissive policies add up. One that is already there, made by hand or by another tool, would go on opening
-- what these close; so it stops the file, by name.
do $$
declare
  found text;
begin
  select string_agg(format('%I on %I.%I', p.policyname, p.schemaname, p.tablename), ', ' order by p.tablename, p.policyname)
  into found
  from pg_catalog.pg_policies p
  where p.schemaname = 'assistant' and p.permissive = 'PERMISSIVE' and p.policyname not like 'countersign\_%'
    and p.roles && array['public', 'anon', 'authenticated', 'countersign_edge']::name[];
  if found is not null then
    raise exception using
      message = 'policies that Countersign does not know: ' || found,
      hint = 'Drop them in a migration before this one, or move what they allow into the policy.';
  end if;
end $$;


-- countersign:section callers cf03b1acef9bb7992c66579b46a95642b59622562121e5fdfa266cd4d6d40737
--
--   Who is asking

create schema if not exists countersign;
revoke all on schema countersign from public, anon;
grant usage on schema countersign to authenticated;

-- The caller's id. Only the 36 characters of a uuid count: any other subject is nobody, and never an error.
create or replace function countersign.caller_id() returns uuid
  language plpgsql stable parallel safe
  set search_path = ''
as $$
declare
  sub text := coalesce(
    nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub',
    nullif(current_setting('request.jwt.claim.sub', true), ''));
begin
  if sub ~ '^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}$' then
    return sub::uuid;
  end if;
  return null;
end $$;
revoke execute on function countersign.caller_id() from public, anon;
grant execute on function countersign.caller_id() to authenticated;

-- Whether the caller signed in with an identity; an anonymous sign-in is a guest.
create or replace function countersign.caller_is_user() returns boolean
  language plpgsql stable parallel safe
  set search_path = ''
as $$
begin
  return countersign.caller_id() is not null
    and (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'is_anonymous') is distinct from 'true';
end $$;
revoke execute on function countersign.caller_is_user() from public, anon;
grant execute on function countersign.caller_is_user() to authenticated;


-- countersign:section schema 3497a509540ec7f54c34ccbfce3c80e163814ea84a4226ab4a70221e151d181a
--
--   The schema assistant

-- PUBLIC stands for every role of the server, so nothing is left to it.
revoke all on schema assistant from public, anon, authenticated, service_role, countersign_edge;
grant usage on schema assistant to authenticated, countersign_edge, service_role;

revoke all on all sequences in schema assistant from public, anon, authenticated, service_role, countersign_edge;

-- What is created later starts closed. For functions only this form works: PUBLIC has EXECUTE by a default that belongs to
-- no schema, and a revoke within one does not touch it.
alter default privileges revoke execute on functions from public;
alter default privileges in schema assistant revoke all on tables from anon, authenticated;
alter default privileges in schema assistant revoke all on sequences from anon, authenticated;
alter default privileges in schema assistant revoke execute on functions from anon, authenticated;


-- countersign:section table.sessions b300ae24826127c9b6a9b74a87e218e4d1ffd5e40772901c08ad71ae0952536f
--
--   on sessions {
--     self user_id: select, insert, update (metadata, expires_at), delete;
--     service: select, delete;
--   }

revoke all on assistant.sessions from public, anon, authenticated, service_role, countersign_edge;
grant select (id, user_id, metadata, expires_at, created_at, updated_at),
      insert (id, user_id, metadata, expires_at),
      update (metadata, expires_at),
      delete
  on assistant.sessions to authenticated;
grant select (id, user_id, metadata, expires_at, created_at, updated_at),
      delete
  on assistant.sessions to countersign_edge;
grant select, insert, update, delete on assistant.sessions to service_role;

drop policy if exists countersign_fence_anon on assistant.sessions;
create policy countersign_fence_anon on assistant.sessions
  as restrictive for all to anon
  using (false)
  with check (false);
comment on policy countersign_fence_anon on assistant.sessions is 'nothing here is for anon [4e9c3e75]';

drop policy if exists countersign_select on assistant.sessions;
create policy countersign_select on assistant.sessions for select to authenticated
  using (sessions.user_id = (select countersign.caller_id()));
comment on policy countersign_select on assistant.sessions is 'self user_id: select [f25f2830]';

drop policy if exists countersign_insert on assistant.sessions;
create policy countersign_insert on assistant.sessions for insert to authenticated
  with check (sessions.user_id = (select countersign.caller_id()));
comment on policy countersign_insert on assistant.sessions is 'self user_id: insert [63b9ed1e]';

drop policy if exists countersign_update on assistant.sessions;
create policy countersign_update on assistant.sessions for update to authenticated
  using (sessions.user_id = (select countersign.caller_id()))
  with check (sessions.user_id = (select countersign.caller_id()));
comment on policy countersign_update on assistant.sessions is 'self user_id: update (metadata, expires_at) [584d8aef]';

drop policy if exists countersign_delete on assistant.sessions;
create policy countersign_delete on assistant.sessions for delete to authenticated
  using (sessions.user_id = (select countersign.caller_id()));
comment on policy countersign_delete on assistant.sessions is 'self user_id: delete [58f5f3f1]';

drop policy if exists countersign_select_edge on assistant.sessions;
create policy countersign_select_edge on assistant.sessions for select to countersign_edge
  using (true);
comment on policy countersign_select_edge on assistant.sessions is 'service: select [d7057fba]';

drop policy if exists countersign_delete_edge on assistant.sessions;
create policy countersign_delete_edge on assistant.sessions for delete to countersign_edge
  using (true);
comment on policy countersign_delete_edge on assistant.sessions is 'service: delete [a54d771d]';

alter table assistant.sessions enable row level security;


-- countersign:section table.ai_processing_logs 9fa0d0ee8adfc5276f8748c8692567c14f0b39c516c22047747632bb73c95a64
--
--   on ai_processing_logs {
--     self user_id: select;
--     service: select, insert, update;
--   }

revoke all on assistant.ai_processing_logs from public, anon, authenticated, service_role, countersign_edge;
grant select (id, user_id, activity_id, activity_type, activity_updated_at, input_notes, status,
              processed_at, confidence_scores, model, error_code, created_at, updated_at)
  on assistant.ai_processing_logs to authenticated;
grant select (id, user_id, activity_id, activity_type, activity_updated_at, input_notes, status,
              processed_at, confidence_scores, model, error_code, created_at, updated_at),
      insert (id, user_id, activity_id, activity_type, activity_updated_at, input_notes, status,
              processed_at, confidence_scores, model, error_code, created_at, updated_at),
      update (user_id, activity_id, activity_type, activity_updated_at, input_notes, status, processed_at,
              confidence_scores, model, error_code, created_at, updated_at)
  on assistant.ai_processing_logs to countersign_edge;
grant select, insert, update, delete on assistant.ai_processing_logs to service_role;

drop policy if exists countersign_fence_anon on assistant.ai_processing_logs;
create policy countersign_fence_anon on assistant.ai_processing_logs
  as restrictive for all to anon
  using (false)
  with check (false);
comment on policy countersign_fence_anon on assistant.ai_processing_logs is 'nothing here is for anon [d667ef40]';

drop policy if exists countersign_select on assistant.ai_processing_logs;
create policy countersign_select on assistant.ai_processing_logs for select to authenticated
  using (ai_processing_logs.user_id = (select countersign.caller_id()));
comment on policy countersign_select on assistant.ai_processing_logs is 'self user_id: select [a1142f78]';

drop policy if exists countersign_select_edge on assistant.ai_processing_logs;
create policy countersign_select_edge on assistant.ai_processing_logs for select to countersign_edge
  using (true);
comment on policy countersign_select_edge on assistant.ai_processing_logs is 'service: select [e19d9438]';

drop policy if exists countersign_insert_edge on assistant.ai_processing_logs;
create policy countersign_insert_edge on assistant.ai_processing_logs for insert to countersign_edge
  with check (true);
comment on policy countersign_insert_edge on assistant.ai_processing_logs is 'service: insert [1283dd95]';

drop policy if exists countersign_update_edge on assistant.ai_processing_logs;
create policy countersign_update_edge on assistant.ai_processing_logs for update to countersign_edge
  using (true)
  with check (true);
comment on policy countersign_update_edge on assistant.ai_processing_logs is 'service: update [42c56029]';

alter table assistant.ai_processing_logs enable row level security;


-- countersign:section table.ai_generated_drafts 9a62baf521b88d47adb87311a5eea458518ee0bf08e8c091f694429b82928966
--
--   on ai_generated_drafts via log_id in ai_processing_logs {
--     guest:   select, update (selected);            -- of their own runs, since those are all they see
--     service: select, insert, update (selected, applied_at);
--   }

revoke all on assistant.ai_generated_drafts from public, anon, authenticated, service_role, countersign_edge;
grant select (id, log_id, activity_id, activity_type, draft_text, tone, confidence, selected, applied_at,
              created_at, updated_at),
      update (selected)
  on assistant.ai_generated_drafts to authenticated;
grant select (id, log_id, activity_id, activity_type, draft_text, tone, confidence, selected, applied_at,
              created_at, updated_at),
      insert (id, log_id, activity_id, activity_type, draft_text, tone, confidence, selected, applied_at,
              created_at, updated_at),
      update (selected, applied_at)
  on assistant.ai_generated_drafts to countersign_edge;
grant select, insert, update, delete on assistant.ai_generated_drafts to service_role;

drop policy if exists countersign_fence_anon on assistant.ai_generated_drafts;
create policy countersign_fence_anon on assistant.ai_generated_drafts
  as restrictive for all to anon
  using (false)
  with check (false);
comment on policy countersign_fence_anon on assistant.ai_generated_drafts is 'nothing here is for anon [80e2c4b5]';

drop policy if exists countersign_select on assistant.ai_generated_drafts;
create policy countersign_select on assistant.ai_generated_drafts for select to authenticated
  using (
    (select countersign.caller_id()) is not null
    and exists (select 1 from assistant.ai_processing_logs parent
        where parent.id = ai_generated_drafts.log_id)
  );
comment on policy countersign_select on assistant.ai_generated_drafts is 'guest: select [110b718b]';

drop policy if exists countersign_update on assistant.ai_generated_drafts;
create policy countersign_update on assistant.ai_generated_drafts for update to authenticated
  using (
    (select countersign.caller_id()) is not null
    and exists (select 1 from assistant.ai_processing_logs parent
        where parent.id = ai_generated_drafts.log_id)
  )
  with check (
    (select countersign.caller_id()) is not null
    and exists (select 1 from assistant.ai_processing_logs parent
        where parent.id = ai_generated_drafts.log_id)
  );
comment on policy countersign_update on assistant.ai_generated_drafts is 'guest: update (selected) [bba5cddf]';

drop policy if exists countersign_select_edge on assistant.ai_generated_drafts;
create policy countersign_select_edge on assistant.ai_generated_drafts for select to countersign_edge
  using (true);
comment on policy countersign_select_edge on assistant.ai_generated_drafts is 'service: select [b981296f]';

drop policy if exists countersign_insert_edge on assistant.ai_generated_drafts;
create policy countersign_insert_edge on assistant.ai_generated_drafts for insert to countersign_edge
  with check (true);
comment on policy countersign_insert_edge on assistant.ai_generated_drafts is 'service: insert [738e2474]';

drop policy if exists countersign_update_edge on assistant.ai_generated_drafts;
create policy countersign_update_edge on assistant.ai_generated_drafts for update to countersign_edge
  using (true)
  with check (true);
comment on policy countersign_update_edge on assistant.ai_generated_drafts is 'service: update (selected, applied_at) [13bbb74a]';

alter table assistant.ai_generated_drafts enable row level security;


-- countersign:section table.touch_date_recommendations 54963670fc7e07599315eb7ecb730166c885090b8f028d3530f8cbeb70464729
--
--   on touch_date_recommendations via log_id in ai_processing_logs {
--     guest:   select;
--     service: select, insert, update (applied, applied_at);
--   }

revoke all on assistant.touch_date_recommendations from public, anon, authenticated, service_role, countersign_edge;
grant select (id, log_id, activity_id, activity_type, recommended_start, recommended_due, confidence,
              applied, applied_at, created_at, updated_at)
  on assistant.touch_date_recommendations to authenticated;
grant select (id, log_id, activity_id, activity_type, recommended_start, recommended_due, confidence,
              applied, applied_at, created_at, updated_at),
      insert (id, log_id, activity_id, activity_type, recommended_start, recommended_due, confidence,
              applied, applied_at, created_at, updated_at),
      update (applied, applied_at)
  on assistant.touch_date_recommendations to countersign_edge;
grant select, insert, update, delete on assistant.touch_date_recommendations to service_role;

drop policy if exists countersign_fence_anon on assistant.touch_date_recommendations;
create policy countersign_fence_anon on assistant.touch_date_recommendations
  as restrictive for all to anon
  using (false)
  with check (false);
comment on policy countersign_fence_anon on assistant.touch_date_recommendations is 'nothing here is for anon [ab0536db]';

drop policy if exists countersign_select on assistant.touch_date_recommendations;
create policy countersign_select on assistant.touch_date_recommendations for select to authenticated
  using (
    (select countersign.caller_id()) is not null
    and exists (select 1 from assistant.ai_processing_logs parent
        where parent.id = touch_date_recommendations.log_id)
  );
comment on policy countersign_select on assistant.touch_date_recommendations is 'guest: select [7125bdaa]';

drop policy if exists countersign_select_edge on assistant.touch_date_recommendations;
create policy countersign_select_edge on assistant.touch_date_recommendations for select to countersign_edge
  using (true);
comment on policy countersign_select_edge on assistant.touch_date_recommendations is 'service: select [6a30f686]';

drop policy if exists countersign_insert_edge on assistant.touch_date_recommendations;
create policy countersign_insert_edge on assistant.touch_date_recommendations for insert to countersign_edge
  with check (true);
comment on policy countersign_insert_edge on assistant.touch_date_recommendations is 'service: insert [4948a004]';

drop policy if exists countersign_update_edge on assistant.touch_date_recommendations;
create policy countersign_update_edge on assistant.touch_date_recommendations for update to countersign_edge
  using (true)
  with check (true);
comment on policy countersign_update_edge on assistant.touch_date_recommendations is 'service: update (applied, applied_at) [48783a1f]';

alter table assistant.touch_date_recommendations enable row level security;


-- countersign:section table.opportunities 731da9124c0b4e5f2edc768bb0961fb6e73cea33633e3bf5ec1e7f4053fbe06f
--
--   on opportunities {
--     self user_id:
--       select,
--       insert (id, user_id, hubspot_activity_id, hubspot_activity_type, name, probability, status, amount_cents, currency),
--       update (hubspot_activity_id, hubspot_activity_type, name, probability, status, amount_cents, currency)
--         where hubspot_deal_id is null,
--       delete where hubspot_deal_id is null;
--     service: select, insert, update, delete;
--   }

revoke all on assistant.opportunities from public, anon, authenticated, service_role, countersign_edge;
grant select (id, user_id, hubspot_activity_id, hubspot_activity_type, hubspot_deal_id, name, probability,
              status, amount_cents, currency, fetched_at, created_at, updated_at),
      insert (id, user_id, hubspot_activity_id, hubspot_activity_type, name, probability, status,
              amount_cents, currency),
      update (hubspot_activity_id, hubspot_activity_type, name, probability, status, amount_cents, currency),
      delete
  on assistant.opportunities to authenticated;
grant select (id, user_id, hubspot_activity_id, hubspot_activity_type, hubspot_deal_id, name, probability,
              status, amount_cents, currency, fetched_at, created_at, updated_at),
      insert (id, user_id, hubspot_activity_id, hubspot_activity_type, hubspot_deal_id, name, probability,
              status, amount_cents, currency, fetched_at, created_at, updated_at),
      update (user_id, hubspot_activity_id, hubspot_activity_type, hubspot_deal_id, name, probability,
              status, amount_cents, currency, fetched_at, created_at, updated_at),
      delete
  on assistant.opportunities to countersign_edge;
grant select, insert, update, delete on assistant.opportunities to service_role;

drop policy if exists countersign_fence_anon on assistant.opportunities;
create policy countersign_fence_anon on assistant.opportunities
  as restrictive for all to anon
  using (false)
  with check (false);
comment on policy countersign_fence_anon on assistant.opportunities is 'nothing here is for anon [9ae0bc44]';

drop policy if exists countersign_select on assistant.opportunities;
create policy countersign_select on assistant.opportunities for select to authenticated
  using (opportunities.user_id = (select countersign.caller_id()));
comment on policy countersign_select on assistant.opportunities is 'self user_id: select [9c7ef07a]';

drop policy if exists countersign_insert on assistant.opportunities;
create policy countersign_insert on assistant.opportunities for insert to authenticated
  with check (opportunities.user_id = (select countersign.caller_id()));
comment on policy countersign_insert on assistant.opportunities is 'self user_id: insert (id, user_id, hubspot_activity_id, hubspot_activity_type, name, probability, status, amount_cents, currency) [754f5c75]';

drop policy if exists countersign_update on assistant.opportunities;
create policy countersign_update on assistant.opportunities for update to authenticated
  using (opportunities.user_id = (select countersign.caller_id()) and opportunities.hubspot_deal_id is null)
  with check (
    opportunities.user_id = (select countersign.caller_id())
    and opportunities.hubspot_deal_id is null
  );
comment on policy countersign_update on assistant.opportunities is 'self user_id: update (hubspot_activity_id, hubspot_activity_type, name, probability, status, amount_cents, currency) where hubspot_deal_id is null [299595c7]';

drop policy if exists countersign_delete on assistant.opportunities;
create policy countersign_delete on assistant.opportunities for delete to authenticated
  using (opportunities.user_id = (select countersign.caller_id()) and opportunities.hubspot_deal_id is null);
comment on policy countersign_delete on assistant.opportunities is 'self user_id: delete where hubspot_deal_id is null [0c77e7e5]';

drop policy if exists countersign_select_edge on assistant.opportunities;
create policy countersign_select_edge on assistant.opportunities for select to countersign_edge
  using (true);
comment on policy countersign_select_edge on assistant.opportunities is 'service: select [05995798]';

drop policy if exists countersign_insert_edge on assistant.opportunities;
create policy countersign_insert_edge on assistant.opportunities for insert to countersign_edge
  with check (true);
comment on policy countersign_insert_edge on assistant.opportunities is 'service: insert [89213124]';

drop policy if exists countersign_update_edge on assistant.opportunities;
create policy countersign_update_edge on assistant.opportunities for update to countersign_edge
  using (true)
  with check (true);
comment on policy countersign_update_edge on assistant.opportunities is 'service: update [33e9d81a]';

drop policy if exists countersign_delete_edge on assistant.opportunities;
create policy countersign_delete_edge on assistant.opportunities for delete to countersign_edge
  using (true);
comment on policy countersign_delete_edge on assistant.opportunities is 'service: delete [69ac71b1]';

alter table assistant.opportunities enable row level security;


-- countersign:section table.hubspot_connections 96f7c16c08b5fed45838c5332cf6570331aa860a9ab450b3ba284b0ecc9d7ca7
--
--   on hubspot_connections {
--     self user_id: select;
--     service: select, insert, update, delete;
--   }

revoke all on assistant.hubspot_connections from public, anon, authenticated, service_role, countersign_edge;
grant select (id, user_id, portal_id, hubspot_user_id, scopes, status, token_expires_at, last_error,
              created_at, updated_at)
  on assistant.hubspot_connections to authenticated;
grant select (id, user_id, portal_id, hubspot_user_id, scopes, status, token_expires_at, last_error,
              created_at, updated_at),
      insert (id, user_id, portal_id, hubspot_user_id, scopes, status, token_expires_at, last_error,
              created_at, updated_at),
      update (user_id, portal_id, hubspot_user_id, scopes, status, token_expires_at, last_error, created_at,
              updated_at),
      delete
  on assistant.hubspot_connections to countersign_edge;
grant select, insert, update, delete on assistant.hubspot_connections to service_role;

drop policy if exists countersign_fence_anon on assistant.hubspot_connections;
create policy countersign_fence_anon on assistant.hubspot_connections
  as restrictive for all to anon
  using (false)
  with check (false);
comment on policy countersign_fence_anon on assistant.hubspot_connections is 'nothing here is for anon [09f02857]';

drop policy if exists countersign_select on assistant.hubspot_connections;
create policy countersign_select on assistant.hubspot_connections for select to authenticated
  using (hubspot_connections.user_id = (select countersign.caller_id()));
comment on policy countersign_select on assistant.hubspot_connections is 'self user_id: select [c5e14e87]';

drop policy if exists countersign_select_edge on assistant.hubspot_connections;
create policy countersign_select_edge on assistant.hubspot_connections for select to countersign_edge
  using (true);
comment on policy countersign_select_edge on assistant.hubspot_connections is 'service: select [33608a55]';

drop policy if exists countersign_insert_edge on assistant.hubspot_connections;
create policy countersign_insert_edge on assistant.hubspot_connections for insert to countersign_edge
  with check (true);
comment on policy countersign_insert_edge on assistant.hubspot_connections is 'service: insert [e319adc7]';

drop policy if exists countersign_update_edge on assistant.hubspot_connections;
create policy countersign_update_edge on assistant.hubspot_connections for update to countersign_edge
  using (true)
  with check (true);
comment on policy countersign_update_edge on assistant.hubspot_connections is 'service: update [be5102f9]';

drop policy if exists countersign_delete_edge on assistant.hubspot_connections;
create policy countersign_delete_edge on assistant.hubspot_connections for delete to countersign_edge
  using (true);
comment on policy countersign_delete_edge on assistant.hubspot_connections is 'service: delete [b6f27c0b]';

alter table assistant.hubspot_connections enable row level security;


-- countersign:section table.hubspot_connection_secrets 9806fbb0c6148308224548681bf1d69b7f5c915074e6b19ea48a8eee2708a3db
--
--   on hubspot_connection_secrets {
--     service: select, insert, update, delete;
--   }

revoke all on assistant.hubspot_connection_secrets from public, anon, authenticated, service_role, countersign_edge;
grant select (id, connection_id, access_token, refresh_token, key_id, created_at, updated_at),
      insert (id, connection_id, access_token, refresh_token, key_id, created_at, updated_at),
      update (connection_id, access_token, refresh_token, key_id, created_at, updated_at),
      delete
  on assistant.hubspot_connection_secrets to countersign_edge;
grant select, insert, update, delete on assistant.hubspot_connection_secrets to service_role;

drop policy if exists countersign_fence_anon on assistant.hubspot_connection_secrets;
create policy countersign_fence_anon on assistant.hubspot_connection_secrets
  as restrictive for all to anon
  using (false)
  with check (false);
comment on policy countersign_fence_anon on assistant.hubspot_connection_secrets is 'nothing here is for anon [10af9faf]';

drop policy if exists countersign_select_edge on assistant.hubspot_connection_secrets;
create policy countersign_select_edge on assistant.hubspot_connection_secrets for select to countersign_edge
  using (true);
comment on policy countersign_select_edge on assistant.hubspot_connection_secrets is 'service: select [7d7b7c2b]';

drop policy if exists countersign_insert_edge on assistant.hubspot_connection_secrets;
create policy countersign_insert_edge on assistant.hubspot_connection_secrets for insert to countersign_edge
  with check (true);
comment on policy countersign_insert_edge on assistant.hubspot_connection_secrets is 'service: insert [882043cc]';

drop policy if exists countersign_update_edge on assistant.hubspot_connection_secrets;
create policy countersign_update_edge on assistant.hubspot_connection_secrets for update to countersign_edge
  using (true)
  with check (true);
comment on policy countersign_update_edge on assistant.hubspot_connection_secrets is 'service: update [599fa80b]';

drop policy if exists countersign_delete_edge on assistant.hubspot_connection_secrets;
create policy countersign_delete_edge on assistant.hubspot_connection_secrets for delete to countersign_edge
  using (true);
comment on policy countersign_delete_edge on assistant.hubspot_connection_secrets is 'service: delete [cf9c3935]';

alter table assistant.hubspot_connection_secrets enable row level security;


-- countersign:section functions 1cd58fa2995edc77711aa2005575e626fd287b9ee5eba1d82cccde996d6a3acc
--
--   Functions

revoke execute on all routines in schema assistant from public, anon, authenticated, service_role, countersign_edge;
