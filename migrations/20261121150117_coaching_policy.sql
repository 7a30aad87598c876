-- Who may do what in coaching: row-level security generated from policies/coaching.policy.
-- Not for editing: change the policy and run `countersign generate --app coaching`, which writes a file with what changed.
-- Each section can be applied again, alone. How to read it: docs/policy-to-sql.md
-- countersign:file app=coaching schema=coaching state=adc5e346e1606eec56813ff04f7f2f7e3cde0a4adf95c5b8ce167db87555a7b1

set local lock_timeout = '5s';
set local statement_timeout = '60s';


-- countersign:section callers 318d5c5d0f487d5e8ef805d3388051102beac5cb2d80d914094c0ebe6a2b11ad
--
--   Who is asking

create schema if not exists countersign;
revoke all on schema countersign from public, anon;
grant usage on schema countersign to authenticated;

-- The caller's id. Only the 36 characters of a uuid count: any other subject is nobody, and never an error.
-- Three plain tests, because one regular expression that counts takes twice as long, in every statement.
create or replace function countersign.caller_id() returns uuid
  language plpgsql stable parallel safe
  set search_path = ''
as $$
declare
  sub text := coalesce(
    nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub',
    current_setting('request.jwt.claim.sub', true));
begin
  if sub like '________-____-____-____-____________'
    and length(replace(sub, '-', '')) = 32
    and sub !~ '[^0-9A-Fa-f-]'
  then
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


-- countersign:section table.Teams 6ecef0b0f4807dd58620625fbd4deaadf86ed81ab08b84eb56333958f8419521
--
--   on "Teams" tenant account_id {
--     rep:     select;
--     manager: insert, update (name), delete;
--   }

revoke all on coaching."Teams" from public, anon, authenticated, service_role, countersign_edge;
grant select (id, account_id, name, created_at, updated_at),
      insert (id, account_id, name),
      update (name),
      delete
  on coaching."Teams" to authenticated;
grant select, insert, update, delete on coaching."Teams" to service_role;

drop policy if exists countersign_fence on coaching."Teams";
create policy countersign_fence on coaching."Teams"
  as restrictive for all to authenticated
  using ("Teams".account_id = any (array(select countersign.coaching_rep())))
  with check ("Teams".account_id = any (array(select countersign.coaching_rep())));
comment on policy countersign_fence on coaching."Teams" is 'the tenant fence [cd59e5bd]';

drop policy if exists countersign_fence_anon on coaching."Teams";
create policy countersign_fence_anon on coaching."Teams"
  as restrictive for all to anon
  using (false)
  with check (false);
comment on policy countersign_fence_anon on coaching."Teams" is 'nothing here is for anon [56074fa8]';

drop policy if exists countersign_select on coaching."Teams";
create policy countersign_select on coaching."Teams" for select to authenticated
  using ("Teams".account_id is not null);
comment on policy countersign_select on coaching."Teams" is 'rep: select [8031e55e]';

drop policy if exists countersign_insert on coaching."Teams";
create policy countersign_insert on coaching."Teams" for insert to authenticated
  with check (coalesce("Teams".account_id = any (array(select countersign.coaching_manager())), false));
comment on policy countersign_insert on coaching."Teams" is 'manager: insert [dec6db6d]';

drop policy if exists countersign_update on coaching."Teams";
create policy countersign_update on coaching."Teams" for update to authenticated
  using (coalesce("Teams".account_id = any (array(select countersign.coaching_manager())), false))
  with check (coalesce("Teams".account_id = any (array(select countersign.coaching_manager())), false));
comment on policy countersign_update on coaching."Teams" is 'manager: update (name) [15db3b20]';

drop policy if exists countersign_delete on coaching."Teams";
create policy countersign_delete on coaching."Teams" for delete to authenticated
  using (coalesce("Teams".account_id = any (array(select countersign.coaching_manager())), false));
comment on policy countersign_delete on coaching."Teams" is 'manager: delete [9fddfadd]';

alter table coaching."Teams" enable row level security;


-- countersign:section table.API_Connections eba3d348e0e975a14786c3a128201b130ec1908af726e236313999e5b228cca0
--
--   on "API_Connections" tenant account_id {
--     managed connected_by;
--     manager: select,
--              insert (id, account_id, provider, external_account_id, scopes),
--              update (external_account_id, scopes, status) check status = 'pending',
--              delete;
--     service: select, insert, update, delete;
--   }

revoke all on coaching."API_Connections" from public, anon, authenticated, service_role, countersign_edge;
grant select (id, account_id, provider, external_account_id, scopes, status, token_expires_at, sync_cursor,
              last_synced_at, last_error, connected_by, created_at, updated_at),
      insert (id, account_id, provider, external_account_id, scopes),
      update (external_account_id, scopes, status),
      delete
  on coaching."API_Connections" to authenticated;
grant select (id, account_id, provider, external_account_id, scopes, status, token_expires_at, sync_cursor,
              last_synced_at, last_error, connected_by, created_at, updated_at),
      insert (id, account_id, provider, external_account_id, scopes, status, token_expires_at, sync_cursor,
              last_synced_at, last_error, connected_by, created_at, updated_at),
      update (provider, external_account_id, scopes, status, token_expires_at, sync_cursor, last_synced_at,
              last_error, connected_by, created_at, updated_at),
      delete
  on coaching."API_Connections" to countersign_edge;
grant select, insert, update, delete on coaching."API_Connections" to service_role;

drop policy if exists countersign_fence on coaching."API_Connections";
create policy countersign_fence on coaching."API_Connections"
  as restrictive for all to authenticated
  using ("API_Connections".account_id = any (array(select countersign.coaching_manager())))
  with check ("API_Connections".account_id = any (array(select countersign.coaching_manager())));
comment on policy countersign_fence on coaching."API_Connections" is 'the tenant fence [7446d440]';

drop policy if exists countersign_fence_anon on coaching."API_Connections";
create policy countersign_fence_anon on coaching."API_Connections"
  as restrictive for all to anon
  using (false)
  with check (false);
comment on policy countersign_fence_anon on coaching."API_Connections" is 'nothing here is for anon [a7b98520]';

drop policy if exists countersign_select on coaching."API_Connections";
create policy countersign_select on coaching."API_Connections" for select to authenticated
  using ("API_Connections".account_id is not null);
comment on policy countersign_select on coaching."API_Connections" is 'manager: select [752ffbcf]';

drop policy if exists countersign_insert on coaching."API_Connections";
create policy countersign_insert on coaching."API_Connections" for insert to authenticated
  with check ("API_Connections".account_id is not null);
comment on policy countersign_insert on coaching."API_Connections" is 'manager: insert (id, account_id, provider, external_account_id, scopes) [5ad6235a]';

drop policy if exists countersign_update on coaching."API_Connections";
create policy countersign_update on coaching."API_Connections" for update to authenticated
  using ("API_Connections".account_id is not null)
  with check ("API_Connections".status = 'pending');
comment on policy countersign_update on coaching."API_Connections" is 'manager: update (external_account_id, scopes, status) check status = ''pending'' [5c491beb]';

drop policy if exists countersign_delete on coaching."API_Connections";
create policy countersign_delete on coaching."API_Connections" for delete to authenticated
  using ("API_Connections".account_id is not null);
comment on policy countersign_delete on coaching."API_Connections" is 'manager: delete [3775798b]';

drop policy if exists countersign_select_edge on coaching."API_Connections";
create policy countersign_select_edge on coaching."API_Connections" for select to countersign_edge
  using (true);
comment on policy countersign_select_edge on coaching."API_Connections" is 'service: select [b9d550e9]';

drop policy if exists countersign_insert_edge on coaching."API_Connections";
create policy countersign_insert_edge on coaching."API_Connections" for insert to countersign_edge
  with check (true);
comment on policy countersign_insert_edge on coaching."API_Connections" is 'service: insert [3151d1e1]';

drop policy if exists countersign_update_edge on coaching."API_Connections";
create policy countersign_update_edge on coaching."API_Connections" for update to countersign_edge
  using (true)
  with check (true);
comment on policy countersign_update_edge on coaching."API_Connections" is 'service: update [88a0540c]';

drop policy if exists countersign_delete_edge on coaching."API_Connections";
create policy countersign_delete_edge on coaching."API_Connections" for delete to countersign_edge
  using (true);
comment on policy countersign_delete_edge on coaching."API_Connections" is 'service: delete [411f256d]';

alter table coaching."API_Connections" enable row level security;


-- countersign:section table.Sync_Logs e393e3f5acc69812708e0be4cedb2feb663857862500e4abb9c5860cce439f8a
--
--   on "Sync_Logs" tenant account_id {
--     manager: select;
--     service: select, insert, update, delete;
--   }

revoke all on coaching."Sync_Logs" from public, anon, authenticated, service_role, countersign_edge;
grant select (id, account_id, connection_id, provider, status, added, changed, error_code, started_at,
              finished_at, created_at, updated_at)
  on coaching."Sync_Logs" to authenticated;
grant select (id, account_id, connection_id, provider, status, added, changed, error_code, started_at,
              finished_at, created_at, updated_at),
      insert (id, account_id, connection_id, provider, status, added, changed, error_code, started_at,
              finished_at, created_at, updated_at),
      update (connection_id, provider, status, added, changed, error_code, started_at, finished_at,
              created_at, updated_at),
      delete
  on coaching."Sync_Logs" to countersign_edge;
grant select, insert, update, delete on coaching."Sync_Logs" to service_role;

drop policy if exists countersign_fence on coaching."Sync_Logs";
create policy countersign_fence on coaching."Sync_Logs"
  as restrictive for all to authenticated
  using ("Sync_Logs".account_id = any (array(select countersign.coaching_manager())))
  with check ("Sync_Logs".account_id = any (array(select countersign.coaching_manager())));
comment on policy countersign_fence on coaching."Sync_Logs" is 'the tenant fence [36006c71]';

drop policy if exists countersign_fence_anon on coaching."Sync_Logs";
create policy countersign_fence_anon on coaching."Sync_Logs"
  as restrictive for all to anon
  using (false)
  with check (false);
comment on policy countersign_fence_anon on coaching."Sync_Logs" is 'nothing here is for anon [3d9847d4]';

drop policy if exists countersign_select on coaching."Sync_Logs";
create policy countersign_select on coaching."Sync_Logs" for select to authenticated
  using ("Sync_Logs".account_id is not null);
comment on policy countersign_select on coaching."Sync_Logs" is 'manager: select [3332ec90]';

drop policy if exists countersign_select_edge on coaching."Sync_Logs";
create policy countersign_select_edge on coaching."Sync_Logs" for select to countersign_edge
  using (true);
comment on policy countersign_select_edge on coaching."Sync_Logs" is 'service: select [b61cd747]';

drop policy if exists countersign_insert_edge on coaching."Sync_Logs";
create policy countersign_insert_edge on coaching."Sync_Logs" for insert to countersign_edge
  with check (true);
comment on policy countersign_insert_edge on coaching."Sync_Logs" is 'service: insert [213e7f37]';

drop policy if exists countersign_update_edge on coaching."Sync_Logs";
create policy countersign_update_edge on coaching."Sync_Logs" for update to countersign_edge
  using (true)
  with check (true);
comment on policy countersign_update_edge on coaching."Sync_Logs" is 'service: update [9c10d517]';

drop policy if exists countersign_delete_edge on coaching."Sync_Logs";
create policy countersign_delete_edge on coaching."Sync_Logs" for delete to countersign_edge
  using (true);
comment on policy countersign_delete_edge on coaching."Sync_Logs" is 'service: delete [68a44f1d]';

alter table coaching."Sync_Logs" enable row level security;
