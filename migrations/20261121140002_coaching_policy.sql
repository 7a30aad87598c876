-- Who may do what in coaching: row-level security generated from policies/coaching.policy.
-- Not for editing: change the policy and run `countersign generate --app coaching`, which writes a file with what changed.
-- Each section can be applied again, alone. How to read it: docs/policy-to-sql.md
-- countersign:file app=coaching schema=coaching state=e638a7663234adf70e911f6771b464684b2ccfaa5ff2a24c4078a6e0cadf2c0d

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
  where p.schemaname = 'coaching' and p.permissive = 'PERMISSIVE' and p.policyname not like 'countersign\_%'
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


-- countersign:section roles 8bf6f5d5e6040470fe23f40c4518d7c481930d81a73426e34571f372bb79547d
--
--   tenant "Accounts" (id) found by owner_user_id stamped created_at
--     members "Accounts" (id, owner_user_id) as owner
--     members "User_Roles" (account_id, user_id, team_id) as manager
--       where status = 'active' and role = 'manager' and team_id is null
--     members "User_Roles" (account_id, user_id, team_id) as lead
--       where status = 'active' and role = 'manager' and team_id is not null
--     members "User_Roles" (account_id, user_id, team_id) as rep
--       where status = 'active' and role = 'rep'
--     roles owner > manager > lead > rep
--     keep at least one owner;

-- Where the caller is rep or above.
create or replace function countersign.coaching_rep() returns setof uuid
  language plpgsql stable parallel safe security definer rows 10
  set search_path = ''
as $$
begin
  return query
    select m.id from coaching."Accounts" m
    where m.owner_user_id = countersign.caller_id()
    union
    select m.account_id from coaching."User_Roles" m
    where m.user_id = countersign.caller_id()
      and m.status = 'active' and m.role = 'manager' and m.team_id is null
    union
    select m.account_id from coaching."User_Roles" m
    where m.user_id = countersign.caller_id()
      and m.status = 'active' and m.role = 'manager' and m.team_id is not null
    union
    select m.account_id from coaching."User_Roles" m
    where m.user_id = countersign.caller_id()
      and m.status = 'active' and m.role = 'rep';
end $$;
revoke execute on function countersign.coaching_rep() from public, anon;
grant execute on function countersign.coaching_rep() to authenticated;

-- Where the caller is lead or above.
create or replace function countersign.coaching_lead() returns setof uuid
  language plpgsql stable parallel safe security definer rows 10
  set search_path = ''
as $$
begin
  return query
    select m.id from coaching."Accounts" m
    where m.owner_user_id = countersign.caller_id()
    union
    select m.account_id from coaching."User_Roles" m
    where m.user_id = countersign.caller_id()
      and m.status = 'active' and m.role = 'manager' and m.team_id is null
    union
    select m.account_id from coaching."User_Roles" m
    where m.user_id = countersign.caller_id()
      and m.status = 'active' and m.role = 'manager' and m.team_id is not null;
end $$;
revoke execute on function countersign.coaching_lead() from public, anon;
grant execute on function countersign.coaching_lead() to authenticated;

-- Where the caller is manager or above.
create or replace function countersign.coaching_manager() returns setof uuid
  language plpgsql stable parallel safe security definer rows 10
  set search_path = ''
as $$
begin
  return query
    select m.id from coaching."Accounts" m
    where m.owner_user_id = countersign.caller_id()
    union
    select m.account_id from coaching."User_Roles" m
    where m.user_id = countersign.caller_id()
      and m.status = 'active' and m.role = 'manager' and m.team_id is null;
end $$;
revoke execute on function countersign.coaching_manager() from public, anon;
grant execute on function countersign.coaching_manager() to authenticated;

-- Where the caller is owner.
create or replace function countersign.coaching_owner() returns setof uuid
  language plpgsql stable parallel safe security definer rows 10
  set search_path = ''
as $$
begin
  return query
    select m.id from coaching."Accounts" m
    where m.owner_user_id = countersign.caller_id();
end $$;
revoke execute on function countersign.coaching_owner() from public, anon;
grant execute on function countersign.coaching_owner() to authenticated;

-- Where the caller is lead or above, with the team_id of that membership.
create or replace function countersign.coaching_lead_by_team_id() returns table (tenant uuid, value uuid)
  language plpgsql stable parallel safe security definer rows 10
  set search_path = ''
as $$
begin
  return query
    select m.account_id, m.team_id from coaching."User_Roles" m
    where m.user_id = countersign.caller_id()
      and m.team_id is not null
      and m.status = 'active' and m.role = 'manager' and m.team_id is null
    union
    select m.account_id, m.team_id from coaching."User_Roles" m
    where m.user_id = countersign.caller_id()
      and m.team_id is not null
      and m.status = 'active' and m.role = 'manager' and m.team_id is not null;
end $$;
revoke execute on function countersign.coaching_lead_by_team_id() from public, anon;
grant execute on function countersign.coaching_lead_by_team_id() to authenticated;

-- The helpers read memberships as their owner. Were the owner bound by row-level security, they would find none,
-- and nobody would see anything; so the membership tables must not FORCE it either.
do $$
begin
  if exists (
    select from pg_catalog.pg_proc p
    join pg_catalog.pg_roles o on o.oid = p.proowner
    join pg_catalog.pg_class t on t.oid in ('coaching."Accounts"'::regclass, 'coaching."User_Roles"'::regclass)
    where p.oid in (
      'countersign.coaching_rep()'::regprocedure,
      'countersign.coaching_lead()'::regprocedure,
      'countersign.coaching_manager()'::regprocedure,
      'countersign.coaching_owner()'::regprocedure,
      'countersign.coaching_lead_by_team_id()'::regprocedure)
      and not (o.rolsuper or o.rolbypassrls
        or (pg_catalog.pg_has_role(o.oid, t.relowner, 'usage') and not t.relforcerowsecurity))
  ) then
    raise exception using
      message = 'row-level security would bind the helpers in schema countersign',
      hint = 'Apply this file as the owner of the membership tables or as a role with BYPASSRLS, and do not FORCE row-level security there.';
  end if;
end $$;


-- countersign:section schema 9beadaee7b2d252ba31cd433c2d8700a20fc3ea5acd877fbbe9862fc5c95ce78
--
--   The schema coaching

-- PUBLIC stands for every role of the server, so nothing is left to it.
revoke all on schema coaching from public, anon, authenticated, service_role, countersign_edge;
grant usage on schema coaching to authenticated, countersign_edge, service_role;

revoke all on all sequences in schema coaching from public, anon, authenticated, service_role, countersign_edge;

-- What is created later starts closed. For functions only this form works: PUBLIC has EXECUTE by a default that belongs to
-- no schema, and a revoke within one does not touch it.
alter default privileges revoke execute on functions from public;
alter default privileges in schema coaching revoke all on tables from anon, authenticated;
alter default privileges in schema coaching revoke all on sequences from anon, authenticated;
alter default privileges in schema coaching revoke execute on functions from anon, authenticated;


-- countersign:section table.Accounts 0dc1a1822457b7dfeb5d284193dd68549de5b159e1796c2626f82700774cdb2b
--
--   on "Accounts" {
--     user:  insert (id, name);
--     rep:   select;
--     owner: update (name);                          -- handing it over is done by transfer_account
--   }

revoke all on coaching."Accounts" from public, anon, authenticated, service_role, countersign_edge;
grant select (id, name, owner_user_id, created_at, updated_at),
      insert (id, name),
      update (name)
  on coaching."Accounts" to authenticated;
grant select, insert, update, delete on coaching."Accounts" to service_role;

-- A tenant keeps one owner. The lock makes two who leave at once wait for each other. Where the tenant itself
-- is being deleted there is no row to lock, and nothing to keep.
create or replace function countersign."coaching_Accounts_keep"() returns trigger
  language plpgsql
  security definer
  set search_path = ''
as $$
begin
  perform 1 from coaching."Accounts" t where t.id = old.id for no key update;
  if found
    and not exists (select 1 from coaching."Accounts" m where m.id = old.id and true)
  then
    raise exception using
      errcode = 'check_violation',
      message = 'the last owner cannot leave',
      hint = 'Make somebody else owner first, or delete the Accounts row.';
  end if;
  return null;
end $$;
revoke execute on function countersign."coaching_Accounts_keep"() from public, anon, authenticated, service_role, countersign_edge;
drop trigger if exists zz_countersign_keep on coaching."Accounts";
create constraint trigger zz_countersign_keep after update or delete on coaching."Accounts"
  for each row when (true)
  execute function countersign."coaching_Accounts_keep"();

drop policy if exists countersign_fence_select on coaching."Accounts";
create policy countersign_fence_select on coaching."Accounts"
  as restrictive for select to authenticated
  using (
    "Accounts".id = any (array(select countersign.coaching_rep()))
    or (select countersign.caller_is_user())
        and "Accounts".owner_user_id = (select countersign.caller_id())
        and "Accounts".created_at = now()
  );
comment on policy countersign_fence_select on coaching."Accounts" is 'the tenant fence [c03b7f5b]';

drop policy if exists countersign_fence_update on coaching."Accounts";
create policy countersign_fence_update on coaching."Accounts"
  as restrictive for update to authenticated
  using ("Accounts".id = any (array(select countersign.coaching_rep())))
  with check ("Accounts".id = any (array(select countersign.coaching_rep())));
comment on policy countersign_fence_update on coaching."Accounts" is 'the tenant fence [3794dace]';

drop policy if exists countersign_fence_delete on coaching."Accounts";
create policy countersign_fence_delete on coaching."Accounts"
  as restrictive for delete to authenticated
  using ("Accounts".id = any (array(select countersign.coaching_rep())));
comment on policy countersign_fence_delete on coaching."Accounts" is 'the tenant fence [a7dc9259]';

drop policy if exists countersign_fence_anon on coaching."Accounts";
create policy countersign_fence_anon on coaching."Accounts"
  as restrictive for all to anon
  using (false)
  with check (false);
comment on policy countersign_fence_anon on coaching."Accounts" is 'nothing here is for anon [6f9299d3]';

drop policy if exists countersign_select on coaching."Accounts";
create policy countersign_select on coaching."Accounts" for select to authenticated
  using (
    "Accounts".id = any (array(select countersign.coaching_rep()))
    or (select countersign.caller_is_user())
        and "Accounts".owner_user_id = (select countersign.caller_id())
        and "Accounts".created_at = now()
  );
comment on policy countersign_select on coaching."Accounts" is 'rep: select [7eb4c518]';

drop policy if exists countersign_insert on coaching."Accounts";
create policy countersign_insert on coaching."Accounts" for insert to authenticated
  with check (
    (select countersign.caller_is_user())
    and "Accounts".owner_user_id = (select countersign.caller_id())
  );
comment on policy countersign_insert on coaching."Accounts" is 'user: insert (id, name) [340dd80d]';

drop policy if exists countersign_update on coaching."Accounts";
create policy countersign_update on coaching."Accounts" for update to authenticated
  using (coalesce("Accounts".id = any (array(select countersign.coaching_owner())), false))
  with check (coalesce("Accounts".id = any (array(select countersign.coaching_owner())), false));
comment on policy countersign_update on coaching."Accounts" is 'owner: update (name) [e3bfa982]';

-- Not FORCE: the helpers read memberships as this table's owner.
alter table coaching."Accounts" enable row level security;


-- countersign:section table.Teams abf9a2cc9f4c0646fbfe497ff4d292ef4940a01f2eaa81e8993738e8b4242007
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
  using ((select countersign.caller_id()) is not null);
comment on policy countersign_select on coaching."Teams" is 'rep: select [2ed7276c]';

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


-- countersign:section table.User_Roles 23417c8f85553a13de1a4ce24bacc9871a1c44c2e6ad69c2a4c0db2afbfde886
--
--   on "User_Roles" tenant account_id {
--     managed invited_by;
--     manager: select,
--              insert check status = 'invited',      -- nobody becomes a member without accepting
--              update (role, team_id),
--              delete;
--     lead in same team_id: select;
--     outside self user_id: select, delete;          -- accepting is done by accept_invitation
--   }

revoke all on coaching."User_Roles" from public, anon, authenticated, service_role, countersign_edge;
grant select (id, account_id, user_id, role, team_id, status, invited_by, created_at, updated_at),
      insert (id, account_id, user_id, role, team_id, status),
      update (role, team_id),
      delete
  on coaching."User_Roles" to authenticated;
grant select, insert, update, delete on coaching."User_Roles" to service_role;

drop policy if exists countersign_fence on coaching."User_Roles";
create policy countersign_fence on coaching."User_Roles"
  as restrictive for all to authenticated
  using (
    "User_Roles".account_id = any (array(select countersign.coaching_lead()))
    or "User_Roles".user_id = (select countersign.caller_id())
  )
  with check ("User_Roles".account_id = any (array(select countersign.coaching_lead())));
comment on policy countersign_fence on coaching."User_Roles" is 'the tenant fence [e716f454]';

drop policy if exists countersign_fence_anon on coaching."User_Roles";
create policy countersign_fence_anon on coaching."User_Roles"
  as restrictive for all to anon
  using (false)
  with check (false);
comment on policy countersign_fence_anon on coaching."User_Roles" is 'nothing here is for anon [af3be75c]';

drop policy if exists countersign_select on coaching."User_Roles";
create policy countersign_select on coaching."User_Roles" for select to authenticated
  using (
    "User_Roles".account_id = any (array(select countersign.coaching_manager()))
    or "User_Roles".team_id = any (array(select h.value from countersign.coaching_lead_by_team_id() h))
        and ("User_Roles".account_id, "User_Roles".team_id) in (select h.tenant, h.value from countersign.coaching_lead_by_team_id() h)
    or "User_Roles".user_id = (select countersign.caller_id())
  );
comment on policy countersign_select on coaching."User_Roles" is 'manager: select; lead in same team_id: select; outside self user_id: select [3509edd3]';

drop policy if exists countersign_insert on coaching."User_Roles";
create policy countersign_insert on coaching."User_Roles" for insert to authenticated
  with check (
    coalesce("User_Roles".account_id = any (array(select countersign.coaching_manager())), false)
    and "User_Roles".status = 'invited'
  );
comment on policy countersign_insert on coaching."User_Roles" is 'manager: insert check status = ''invited'' [1a49a296]';

drop policy if exists countersign_update on coaching."User_Roles";
create policy countersign_update on coaching."User_Roles" for update to authenticated
  using (coalesce("User_Roles".account_id = any (array(select countersign.coaching_manager())), false))
  with check (coalesce("User_Roles".account_id = any (array(select countersign.coaching_manager())), false));
comment on policy countersign_update on coaching."User_Roles" is 'manager: update (role, team_id) [bf36ba5d]';

drop policy if exists countersign_delete on coaching."User_Roles";
create policy countersign_delete on coaching."User_Roles" for delete to authenticated
  using (
    "User_Roles".account_id = any (array(select countersign.coaching_manager()))
    or "User_Roles".user_id = (select countersign.caller_id())
  );
comment on policy countersign_delete on coaching."User_Roles" is 'manager: delete; outside self user_id: delete [06d28703]';

-- Not FORCE: the helpers read memberships as this table's owner.
alter table coaching."User_Roles" enable row level security;


-- countersign:section table.API_Connections 55462a97886c37028d8c59ea0dcad4281da52e51f49705f52f7964bce943ca36
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
  using ((select countersign.caller_id()) is not null);
comment on policy countersign_select on coaching."API_Connections" is 'manager: select [2ec0aa1d]';

drop policy if exists countersign_insert on coaching."API_Connections";
create policy countersign_insert on coaching."API_Connections" for insert to authenticated
  with check ((select countersign.caller_id()) is not null);
comment on policy countersign_insert on coaching."API_Connections" is 'manager: insert (id, account_id, provider, external_account_id, scopes) [afba05e4]';

drop policy if exists countersign_update on coaching."API_Connections";
create policy countersign_update on coaching."API_Connections" for update to authenticated
  using ((select countersign.caller_id()) is not null)
  with check ("API_Connections".status = 'pending');
comment on policy countersign_update on coaching."API_Connections" is 'manager: update (external_account_id, scopes, status) check status = ''pending'' [4cd3a6da]';

drop policy if exists countersign_delete on coaching."API_Connections";
create policy countersign_delete on coaching."API_Connections" for delete to authenticated
  using ((select countersign.caller_id()) is not null);
comment on policy countersign_delete on coaching."API_Connections" is 'manager: delete [5aa33272]';

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


-- countersign:section table.API_Connection_Secrets d7f9eaf565a8f7dd9097fd264c830f4b74242be78865e4e6c4d390b98f23fec2
--
--   on "API_Connection_Secrets" tenant account_id {
--     service: select, insert, update, delete;
--   }

revoke all on coaching."API_Connection_Secrets" from public, anon, authenticated, service_role, countersign_edge;
grant select (id, account_id, connection_id, access_token, refresh_token, webhook_secret, key_id,
              created_at, updated_at),
      insert (id, account_id, connection_id, access_token, refresh_token, webhook_secret, key_id,
              created_at, updated_at),
      update (connection_id, access_token, refresh_token, webhook_secret, key_id, created_at, updated_at),
      delete
  on coaching."API_Connection_Secrets" to countersign_edge;
grant select, insert, update, delete on coaching."API_Connection_Secrets" to service_role;

drop policy if exists countersign_fence on coaching."API_Connection_Secrets";
create policy countersign_fence on coaching."API_Connection_Secrets"
  as restrictive for all to authenticated
  using (false)
  with check (false);
comment on policy countersign_fence on coaching."API_Connection_Secrets" is 'the tenant fence [e787fc93]';

drop policy if exists countersign_fence_anon on coaching."API_Connection_Secrets";
create policy countersign_fence_anon on coaching."API_Connection_Secrets"
  as restrictive for all to anon
  using (false)
  with check (false);
comment on policy countersign_fence_anon on coaching."API_Connection_Secrets" is 'nothing here is for anon [d763e2d3]';

drop policy if exists countersign_select_edge on coaching."API_Connection_Secrets";
create policy countersign_select_edge on coaching."API_Connection_Secrets" for select to countersign_edge
  using (true);
comment on policy countersign_select_edge on coaching."API_Connection_Secrets" is 'service: select [52a73856]';

drop policy if exists countersign_insert_edge on coaching."API_Connection_Secrets";
create policy countersign_insert_edge on coaching."API_Connection_Secrets" for insert to countersign_edge
  with check (true);
comment on policy countersign_insert_edge on coaching."API_Connection_Secrets" is 'service: insert [3b81f8f3]';

drop policy if exists countersign_update_edge on coaching."API_Connection_Secrets";
create policy countersign_update_edge on coaching."API_Connection_Secrets" for update to countersign_edge
  using (true)
  with check (true);
comment on policy countersign_update_edge on coaching."API_Connection_Secrets" is 'service: update [7401e82c]';

drop policy if exists countersign_delete_edge on coaching."API_Connection_Secrets";
create policy countersign_delete_edge on coaching."API_Connection_Secrets" for delete to countersign_edge
  using (true);
comment on policy countersign_delete_edge on coaching."API_Connection_Secrets" is 'service: delete [d58dcfad]';

alter table coaching."API_Connection_Secrets" enable row level security;


-- countersign:section table.Sync_Logs f0765376f09e6d7f0f04b908a61eb49ef7409fe118df32db04e22ac58f124b99
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
  using ((select countersign.caller_id()) is not null);
comment on policy countersign_select on coaching."Sync_Logs" is 'manager: select [45086d5b]';

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


-- countersign:section table.Synced_Activities 72459dd580c68edb8788a9ce8a4997203b5f944be6c89998708e5038d70df586
--
--   on "Synced_Activities" tenant account_id from hubspot {
--     manager: select;
--     lead in same team_id: select;
--     self user_id: select;
--     service: select, insert, update, delete;
--   }

revoke all on coaching."Synced_Activities" from public, anon, authenticated, service_role, countersign_edge;
grant select (id, account_id, user_id, team_id, provider, external_id, activity_type, subject, properties,
              occurred_at, conversation_analysis_id, fetched_at, created_at, updated_at)
  on coaching."Synced_Activities" to authenticated;
grant select (id, account_id, user_id, team_id, provider, external_id, activity_type, subject, properties,
              occurred_at, conversation_analysis_id, fetched_at, created_at, updated_at),
      insert (id, account_id, user_id, team_id, provider, external_id, activity_type, subject, properties,
              occurred_at, conversation_analysis_id, fetched_at, created_at, updated_at),
      update (user_id, team_id, provider, external_id, activity_type, subject, properties, occurred_at,
              conversation_analysis_id, fetched_at, created_at, updated_at),
      delete
  on coaching."Synced_Activities" to countersign_edge;
grant select, insert, update, delete on coaching."Synced_Activities" to service_role;

drop policy if exists countersign_fence on coaching."Synced_Activities";
create policy countersign_fence on coaching."Synced_Activities"
  as restrictive for all to authenticated
  using ("Synced_Activities".account_id = any (array(select countersign.coaching_rep())))
  with check ("Synced_Activities".account_id = any (array(select countersign.coaching_rep())));
comment on policy countersign_fence on coaching."Synced_Activities" is 'the tenant fence [246d14ce]';

drop policy if exists countersign_fence_anon on coaching."Synced_Activities";
create policy countersign_fence_anon on coaching."Synced_Activities"
  as restrictive for all to anon
  using (false)
  with check (false);
comment on policy countersign_fence_anon on coaching."Synced_Activities" is 'nothing here is for anon [affbd733]';

drop policy if exists countersign_select on coaching."Synced_Activities";
create policy countersign_select on coaching."Synced_Activities" for select to authenticated
  using (
    "Synced_Activities".account_id = any (array(select countersign.coaching_manager()))
    or "Synced_Activities".team_id = any (array(select h.value from countersign.coaching_lead_by_team_id() h))
        and ("Synced_Activities".account_id, "Synced_Activities".team_id) in (select h.tenant, h.value from countersign.coaching_lead_by_team_id() h)
    or "Synced_Activities".user_id = (select countersign.caller_id())
  );
comment on policy countersign_select on coaching."Synced_Activities" is 'manager: select; lead in same team_id: select; self user_id: select [4b38d4b0]';

drop policy if exists countersign_select_edge on coaching."Synced_Activities";
create policy countersign_select_edge on coaching."Synced_Activities" for select to countersign_edge
  using (true);
comment on policy countersign_select_edge on coaching."Synced_Activities" is 'service: select [4a9965b0]';

drop policy if exists countersign_insert_edge on coaching."Synced_Activities";
create policy countersign_insert_edge on coaching."Synced_Activities" for insert to countersign_edge
  with check (true);
comment on policy countersign_insert_edge on coaching."Synced_Activities" is 'service: insert [94ef19d1]';

drop policy if exists countersign_update_edge on coaching."Synced_Activities";
create policy countersign_update_edge on coaching."Synced_Activities" for update to countersign_edge
  using (true)
  with check (true);
comment on policy countersign_update_edge on coaching."Synced_Activities" is 'service: update [52de3325]';

drop policy if exists countersign_delete_edge on coaching."Synced_Activities";
create policy countersign_delete_edge on coaching."Synced_Activities" for delete to countersign_edge
  using (true);
comment on policy countersign_delete_edge on coaching."Synced_Activities" is 'service: delete [671104cd]';

alter table coaching."Synced_Activities" enable row level security;


-- countersign:section table.Conversations 924ca649dbb4b63da938e5b00f27be545b6c5afe78c6498d90fbe2602fdef6a7
--
--   on "Conversations" tenant account_id from fathom {
--     manager: select;
--     lead in same team_id: select;
--     self user_id: select;
--     service: select, insert, update, delete;
--   }

revoke all on coaching."Conversations" from public, anon, authenticated, service_role, countersign_edge;
grant select (id, account_id, user_id, team_id, provider, external_id, title, participants, transcript,
              started_at, duration_seconds, created_at, updated_at)
  on coaching."Conversations" to authenticated;
grant select (id, account_id, user_id, team_id, provider, external_id, title, participants, transcript,
              started_at, duration_seconds, created_at, updated_at),
      insert (id, account_id, user_id, team_id, provider, external_id, title, participants, transcript,
              started_at, duration_seconds, created_at, updated_at),
      update (user_id, team_id, provider, external_id, title, participants, transcript, started_at,
              duration_seconds, created_at, updated_at),
      delete
  on coaching."Conversations" to countersign_edge;
grant select, insert, update, delete on coaching."Conversations" to service_role;

drop policy if exists countersign_fence on coaching."Conversations";
create policy countersign_fence on coaching."Conversations"
  as restrictive for all to authenticated
  using ("Conversations".account_id = any (array(select countersign.coaching_rep())))
  with check ("Conversations".account_id = any (array(select countersign.coaching_rep())));
comment on policy countersign_fence on coaching."Conversations" is 'the tenant fence [e178ae85]';

drop policy if exists countersign_fence_anon on coaching."Conversations";
create policy countersign_fence_anon on coaching."Conversations"
  as restrictive for all to anon
  using (false)
  with check (false);
comment on policy countersign_fence_anon on coaching."Conversations" is 'nothing here is for anon [ddd90a8a]';

drop policy if exists countersign_select on coaching."Conversations";
create policy countersign_select on coaching."Conversations" for select to authenticated
  using (
    "Conversations".account_id = any (array(select countersign.coaching_manager()))
    or "Conversations".team_id = any (array(select h.value from countersign.coaching_lead_by_team_id() h))
        and ("Conversations".account_id, "Conversations".team_id) in (select h.tenant, h.value from countersign.coaching_lead_by_team_id() h)
    or "Conversations".user_id = (select countersign.caller_id())
  );
comment on policy countersign_select on coaching."Conversations" is 'manager: select; lead in same team_id: select; self user_id: select [e88403fa]';

drop policy if exists countersign_select_edge on coaching."Conversations";
create policy countersign_select_edge on coaching."Conversations" for select to countersign_edge
  using (true);
comment on policy countersign_select_edge on coaching."Conversations" is 'service: select [84ae2e6c]';

drop policy if exists countersign_insert_edge on coaching."Conversations";
create policy countersign_insert_edge on coaching."Conversations" for insert to countersign_edge
  with check (true);
comment on policy countersign_insert_edge on coaching."Conversations" is 'service: insert [5a03f026]';

drop policy if exists countersign_update_edge on coaching."Conversations";
create policy countersign_update_edge on coaching."Conversations" for update to countersign_edge
  using (true)
  with check (true);
comment on policy countersign_update_edge on coaching."Conversations" is 'service: update [ff692865]';

drop policy if exists countersign_delete_edge on coaching."Conversations";
create policy countersign_delete_edge on coaching."Conversations" for delete to countersign_edge
  using (true);
comment on policy countersign_delete_edge on coaching."Conversations" is 'service: delete [f017f6f8]';

alter table coaching."Conversations" enable row level security;


-- countersign:section table.Conversation_Analyses 1abbca234e22520e461e53f10085bd99e925b7694be8ce809c1115e628d7c4c3
--
--   on "Conversation_Analyses" tenant account_id {
--     manager: select;
--     lead in same team_id: select;
--     self user_id: select;
--     service: select, insert, update;
--   }

revoke all on coaching."Conversation_Analyses" from public, anon, authenticated, service_role, countersign_edge;
grant select (id, account_id, user_id, team_id, conversation_id, status, model, summary, scores, error_code,
              analysed_at, created_at, updated_at)
  on coaching."Conversation_Analyses" to authenticated;
grant select (id, account_id, user_id, team_id, conversation_id, status, model, summary, scores, error_code,
              analysed_at, created_at, updated_at),
      insert (id, account_id, user_id, team_id, conversation_id, status, model, summary, scores, error_code,
              analysed_at, created_at, updated_at),
      update (user_id, team_id, conversation_id, status, model, summary, scores, error_code, analysed_at,
              created_at, updated_at)
  on coaching."Conversation_Analyses" to countersign_edge;
grant select, insert, update, delete on coaching."Conversation_Analyses" to service_role;

drop policy if exists countersign_fence on coaching."Conversation_Analyses";
create policy countersign_fence on coaching."Conversation_Analyses"
  as restrictive for all to authenticated
  using ("Conversation_Analyses".account_id = any (array(select countersign.coaching_rep())))
  with check ("Conversation_Analyses".account_id = any (array(select countersign.coaching_rep())));
comment on policy countersign_fence on coaching."Conversation_Analyses" is 'the tenant fence [706153a3]';

drop policy if exists countersign_fence_anon on coaching."Conversation_Analyses";
create policy countersign_fence_anon on coaching."Conversation_Analyses"
  as restrictive for all to anon
  using (false)
  with check (false);
comment on policy countersign_fence_anon on coaching."Conversation_Analyses" is 'nothing here is for anon [3b7d0d94]';

drop policy if exists countersign_select on coaching."Conversation_Analyses";
create policy countersign_select on coaching."Conversation_Analyses" for select to authenticated
  using (
    "Conversation_Analyses".account_id = any (array(select countersign.coaching_manager()))
    or "Conversation_Analyses".team_id = any (array(select h.value from countersign.coaching_lead_by_team_id() h))
        and ("Conversation_Analyses".account_id, "Conversation_Analyses".team_id) in (select h.tenant, h.value from countersign.coaching_lead_by_team_id() h)
    or "Conversation_Analyses".user_id = (select countersign.caller_id())
  );
comment on policy countersign_select on coaching."Conversation_Analyses" is 'manager: select; lead in same team_id: select; self user_id: select [fb751dc0]';

drop policy if exists countersign_select_edge on coaching."Conversation_Analyses";
create policy countersign_select_edge on coaching."Conversation_Analyses" for select to countersign_edge
  using (true);
comment on policy countersign_select_edge on coaching."Conversation_Analyses" is 'service: select [514ef16f]';

drop policy if exists countersign_insert_edge on coaching."Conversation_Analyses";
create policy countersign_insert_edge on coaching."Conversation_Analyses" for insert to countersign_edge
  with check (true);
comment on policy countersign_insert_edge on coaching."Conversation_Analyses" is 'service: insert [7399ce33]';

drop policy if exists countersign_update_edge on coaching."Conversation_Analyses";
create policy countersign_update_edge on coaching."Conversation_Analyses" for update to countersign_edge
  using (true)
  with check (true);
comment on policy countersign_update_edge on coaching."Conversation_Analyses" is 'service: update [4c97665c]';

alter table coaching."Conversation_Analyses" enable row level security;


-- countersign:section table.Coaching_Messages 39322dcb583ab8460de794e83953e535aabee23803f6d5d262f9438ce8acc318
--
--   on "Coaching_Messages" tenant account_id {
--     managed (author_id, sent_at, acknowledged_at);
--     fixed (user_id, team_id);
--     manager: select,
--              insert check status in ('draft', 'sent'),
--              update (body, status) where status = 'draft' check status in ('draft', 'sent'),
--              delete where status = 'draft';
--     lead in same team_id:
--       select,
--       insert check status in ('draft', 'sent'),
--       update (body, status) where status = 'draft' check status in ('draft', 'sent'),
--       delete where status = 'draft';
--     self user_id:
--       select where status <> 'draft',
--       update (status) where status = 'sent' check status <> 'draft' and status = 'acknowledged';
--   }

revoke all on coaching."Coaching_Messages" from public, anon, authenticated, service_role, countersign_edge;
grant select (id, account_id, user_id, team_id, author_id, conversation_analysis_id, body, status, sent_at,
              acknowledged_at, created_at, updated_at),
      insert (id, account_id, user_id, team_id, conversation_analysis_id, body, status),
      update (body, status),
      delete
  on coaching."Coaching_Messages" to authenticated;
grant select, insert, update, delete on coaching."Coaching_Messages" to service_role;

create or replace function countersign."coaching_Coaching_Messages_update"() returns trigger
  language plpgsql stable
  set search_path = ''
as $$
declare
  allowed boolean;
  changes_body boolean := new.body is distinct from old.body;
begin
  allowed :=
    -- manager: update (body, status) where status = 'draft' check status in ('draft', 'sent')
       (
         old.account_id = any (array(select countersign.coaching_manager()))
         and old.status = 'draft'
         and new.status in ('draft', 'sent')
       )
    -- lead in same team_id: update (body, status) where status = 'draft' check status in ('draft', 'sent')
    or (
         old.team_id = any (array(select h.value from countersign.coaching_lead_by_team_id() h))
         and (old.account_id, old.team_id) in (select h.tenant, h.value from countersign.coaching_lead_by_team_id() h)
         and old.status = 'draft'
         and new.status in ('draft', 'sent')
       )
    -- self user_id: update (status) where status = 'sent' check status <> 'draft' and status = 'acknowledged'
    or (
         not changes_body
         and old.account_id = any (array(select countersign.coaching_rep()))
         and old.user_id = countersign.caller_id()
         and old.status = 'sent'
         and new.status <> 'draft'
         and new.status = 'acknowledged'
       );
  if allowed is not true then
    raise exception using
      errcode = 'insufficient_privilege',
      message = 'no rule of coaching.Coaching_Messages allows this change',
      hint = 'One rule must allow the old row, the new row and the changed columns together: manager: update (body, status) where status = ''draft'' check status in (''draft'', ''sent''); lead in same team_id: update (body, status) where status = ''draft'' check status in (''draft'', ''sent''); self user_id: update (status) where status = ''sent'' check status <> ''draft'' and status = ''acknowledged''.';
  end if;
  return new;
end $$;
revoke execute on function countersign."coaching_Coaching_Messages_update"() from public, anon, authenticated, service_role, countersign_edge;
-- Named to run after all others, and bound to exactly whom row-level security binds.
drop trigger if exists zz_countersign on coaching."Coaching_Messages";
create trigger zz_countersign before update on coaching."Coaching_Messages"
  for each row when (row_security_active('coaching."Coaching_Messages"'))
  execute function countersign."coaching_Coaching_Messages_update"();

drop policy if exists countersign_fence on coaching."Coaching_Messages";
create policy countersign_fence on coaching."Coaching_Messages"
  as restrictive for all to authenticated
  using ("Coaching_Messages".account_id = any (array(select countersign.coaching_rep())))
  with check ("Coaching_Messages".account_id = any (array(select countersign.coaching_rep())));
comment on policy countersign_fence on coaching."Coaching_Messages" is 'the tenant fence [451575d2]';

drop policy if exists countersign_fence_anon on coaching."Coaching_Messages";
create policy countersign_fence_anon on coaching."Coaching_Messages"
  as restrictive for all to anon
  using (false)
  with check (false);
comment on policy countersign_fence_anon on coaching."Coaching_Messages" is 'nothing here is for anon [3d90f8d1]';

drop policy if exists countersign_select on coaching."Coaching_Messages";
create policy countersign_select on coaching."Coaching_Messages" for select to authenticated
  using (
    "Coaching_Messages".account_id = any (array(select countersign.coaching_manager()))
    or "Coaching_Messages".team_id = any (array(select h.value from countersign.coaching_lead_by_team_id() h))
        and ("Coaching_Messages".account_id, "Coaching_Messages".team_id) in (select h.tenant, h.value from countersign.coaching_lead_by_team_id() h)
    or "Coaching_Messages".user_id = (select countersign.caller_id())
        and "Coaching_Messages".status <> 'draft'
  );
comment on policy countersign_select on coaching."Coaching_Messages" is 'manager: select; lead in same team_id: select; self user_id: select where status <> ''draft'' [61d8183b]';

drop policy if exists countersign_insert on coaching."Coaching_Messages";
create policy countersign_insert on coaching."Coaching_Messages" for insert to authenticated
  with check (
    coalesce("Coaching_Messages".account_id = any (array(select countersign.coaching_manager())), false)
        and "Coaching_Messages".status in ('draft', 'sent')
    or "Coaching_Messages".team_id = any (array(select h.value from countersign.coaching_lead_by_team_id() h))
        and ("Coaching_Messages".account_id, "Coaching_Messages".team_id) in (select h.tenant, h.value from countersign.coaching_lead_by_team_id() h)
        and "Coaching_Messages".status in ('draft', 'sent')
  );
comment on policy countersign_insert on coaching."Coaching_Messages" is 'manager: insert check status in (''draft'', ''sent''); lead in same team_id: insert check status in (''draft'', ''sent'') [d81665e1]';

drop policy if exists countersign_update on coaching."Coaching_Messages";
create policy countersign_update on coaching."Coaching_Messages" for update to authenticated
  using (
    (
      "Coaching_Messages".account_id = any (array(select countersign.coaching_manager()))
      or "Coaching_Messages".team_id = any (array(select h.value from countersign.coaching_lead_by_team_id() h))
          and ("Coaching_Messages".account_id, "Coaching_Messages".team_id) in (select h.tenant, h.value from countersign.coaching_lead_by_team_id() h)
      or "Coaching_Messages".user_id = (select countersign.caller_id())
          and "Coaching_Messages".status <> 'draft'
    )
    and (
      coalesce("Coaching_Messages".account_id = any (array(select countersign.coaching_manager())), false)
          and "Coaching_Messages".status = 'draft'
      or "Coaching_Messages".team_id = any (array(select h.value from countersign.coaching_lead_by_team_id() h))
          and ("Coaching_Messages".account_id, "Coaching_Messages".team_id) in (select h.tenant, h.value from countersign.coaching_lead_by_team_id() h)
          and "Coaching_Messages".status = 'draft'
      or "Coaching_Messages".user_id = (select countersign.caller_id())
          and "Coaching_Messages".status = 'sent'
    )
  )
  with check (
    coalesce("Coaching_Messages".account_id = any (array(select countersign.coaching_manager())), false)
        and "Coaching_Messages".status in ('draft', 'sent')
    or "Coaching_Messages".team_id = any (array(select h.value from countersign.coaching_lead_by_team_id() h))
        and ("Coaching_Messages".account_id, "Coaching_Messages".team_id) in (select h.tenant, h.value from countersign.coaching_lead_by_team_id() h)
        and "Coaching_Messages".status in ('draft', 'sent')
    or "Coaching_Messages".user_id = (select countersign.caller_id())
        and "Coaching_Messages".status <> 'draft'
        and "Coaching_Messages".status = 'acknowledged'
  );
comment on policy countersign_update on coaching."Coaching_Messages" is 'manager: update (body, status) where status = ''draft'' check status in (''draft'', ''sent''); lead in same team_id: update (body, status) where status = ''draft'' check status in (''draft'', ''sent''); self user_id: update (status) where status = ''sent'' check status <> ''draft'' and status = ''acknowledged'' [b654302e]';

drop policy if exists countersign_delete on coaching."Coaching_Messages";
create policy countersign_delete on coaching."Coaching_Messages" for delete to authenticated
  using (
    coalesce("Coaching_Messages".account_id = any (array(select countersign.coaching_manager())), false)
        and "Coaching_Messages".status = 'draft'
    or "Coaching_Messages".team_id = any (array(select h.value from countersign.coaching_lead_by_team_id() h))
        and ("Coaching_Messages".account_id, "Coaching_Messages".team_id) in (select h.tenant, h.value from countersign.coaching_lead_by_team_id() h)
        and "Coaching_Messages".status = 'draft'
  );
comment on policy countersign_delete on coaching."Coaching_Messages" is 'manager: delete where status = ''draft''; lead in same team_id: delete where status = ''draft'' [428d9058]';

alter table coaching."Coaching_Messages" enable row level security;


-- countersign:section table.Coaching_Outcomes a12a45a229cf78cf22f36b74158b93567e3bdf8f66fec6bae2a15ec032e2c296
--
--   on "Coaching_Outcomes" tenant account_id {
--     managed (embedding, embedding_model);
--     fixed team_id;
--     manager: select, insert, update, delete;
--     lead in same team_id: select, insert, update, delete;
--     service: select, update (embedding, embedding_model);
--   }

revoke all on coaching."Coaching_Outcomes" from public, anon, authenticated, service_role, countersign_edge;
grant select (id, account_id, user_id, team_id, coaching_message_id, situation, outcome, rating, embedding,
              embedding_model, created_at, updated_at),
      insert (id, account_id, user_id, team_id, coaching_message_id, situation, outcome, rating),
      update (user_id, coaching_message_id, situation, outcome, rating),
      delete
  on coaching."Coaching_Outcomes" to authenticated;
grant select (id, account_id, user_id, team_id, coaching_message_id, situation, outcome, rating, embedding,
              embedding_model, created_at, updated_at),
      update (embedding, embedding_model)
  on coaching."Coaching_Outcomes" to countersign_edge;
grant select, insert, update, delete on coaching."Coaching_Outcomes" to service_role;

drop policy if exists countersign_fence on coaching."Coaching_Outcomes";
create policy countersign_fence on coaching."Coaching_Outcomes"
  as restrictive for all to authenticated
  using ("Coaching_Outcomes".account_id = any (array(select countersign.coaching_lead())))
  with check ("Coaching_Outcomes".account_id = any (array(select countersign.coaching_lead())));
comment on policy countersign_fence on coaching."Coaching_Outcomes" is 'the tenant fence [37a32553]';

drop policy if exists countersign_fence_anon on coaching."Coaching_Outcomes";
create policy countersign_fence_anon on coaching."Coaching_Outcomes"
  as restrictive for all to anon
  using (false)
  with check (false);
comment on policy countersign_fence_anon on coaching."Coaching_Outcomes" is 'nothing here is for anon [11f78aa5]';

drop policy if exists countersign_select on coaching."Coaching_Outcomes";
create policy countersign_select on coaching."Coaching_Outcomes" for select to authenticated
  using (
    "Coaching_Outcomes".account_id = any (array(select countersign.coaching_manager()))
    or "Coaching_Outcomes".team_id = any (array(select h.value from countersign.coaching_lead_by_team_id() h))
        and ("Coaching_Outcomes".account_id, "Coaching_Outcomes".team_id) in (select h.tenant, h.value from countersign.coaching_lead_by_team_id() h)
  );
comment on policy countersign_select on coaching."Coaching_Outcomes" is 'manager: select; lead in same team_id: select [04dcd8d3]';

drop policy if exists countersign_insert on coaching."Coaching_Outcomes";
create policy countersign_insert on coaching."Coaching_Outcomes" for insert to authenticated
  with check (
    "Coaching_Outcomes".account_id = any (array(select countersign.coaching_manager()))
    or "Coaching_Outcomes".team_id = any (array(select h.value from countersign.coaching_lead_by_team_id() h))
        and ("Coaching_Outcomes".account_id, "Coaching_Outcomes".team_id) in (select h.tenant, h.value from countersign.coaching_lead_by_team_id() h)
  );
comment on policy countersign_insert on coaching."Coaching_Outcomes" is 'manager: insert; lead in same team_id: insert [62607952]';

drop policy if exists countersign_update on coaching."Coaching_Outcomes";
create policy countersign_update on coaching."Coaching_Outcomes" for update to authenticated
  using (
    "Coaching_Outcomes".account_id = any (array(select countersign.coaching_manager()))
    or "Coaching_Outcomes".team_id = any (array(select h.value from countersign.coaching_lead_by_team_id() h))
        and ("Coaching_Outcomes".account_id, "Coaching_Outcomes".team_id) in (select h.tenant, h.value from countersign.coaching_lead_by_team_id() h)
  )
  with check (
    "Coaching_Outcomes".account_id = any (array(select countersign.coaching_manager()))
    or "Coaching_Outcomes".team_id = any (array(select h.value from countersign.coaching_lead_by_team_id() h))
        and ("Coaching_Outcomes".account_id, "Coaching_Outcomes".team_id) in (select h.tenant, h.value from countersign.coaching_lead_by_team_id() h)
  );
comment on policy countersign_update on coaching."Coaching_Outcomes" is 'manager: update; lead in same team_id: update [9ad11212]';

drop policy if exists countersign_delete on coaching."Coaching_Outcomes";
create policy countersign_delete on coaching."Coaching_Outcomes" for delete to authenticated
  using (
    "Coaching_Outcomes".account_id = any (array(select countersign.coaching_manager()))
    or "Coaching_Outcomes".team_id = any (array(select h.value from countersign.coaching_lead_by_team_id() h))
        and ("Coaching_Outcomes".account_id, "Coaching_Outcomes".team_id) in (select h.tenant, h.value from countersign.coaching_lead_by_team_id() h)
  );
comment on policy countersign_delete on coaching."Coaching_Outcomes" is 'manager: delete; lead in same team_id: delete [0035adfa]';

drop policy if exists countersign_select_edge on coaching."Coaching_Outcomes";
create policy countersign_select_edge on coaching."Coaching_Outcomes" for select to countersign_edge
  using (true);
comment on policy countersign_select_edge on coaching."Coaching_Outcomes" is 'service: select [23bd73e2]';

drop policy if exists countersign_update_edge on coaching."Coaching_Outcomes";
create policy countersign_update_edge on coaching."Coaching_Outcomes" for update to countersign_edge
  using (true)
  with check (true);
comment on policy countersign_update_edge on coaching."Coaching_Outcomes" is 'service: update (embedding, embedding_model) [11c12f2d]';

alter table coaching."Coaching_Outcomes" enable row level security;


-- countersign:section functions bf764832ce216c1ebc987e53201aa5575feda0b5e47b0c6f3364c58d9305dea4
--
--   Functions

revoke execute on all routines in schema coaching from public, anon, authenticated, service_role, countersign_edge;
grant execute on function coaching.accept_invitation to authenticated, service_role;
grant execute on function coaching.change_role to authenticated, service_role;
grant execute on function coaching.create_account to authenticated, service_role;
grant execute on function coaching.current_account to authenticated, service_role;
grant execute on function coaching.decline_invitation to authenticated, service_role;
grant execute on function coaching.get_fathom_connection to authenticated, service_role;
grant execute on function coaching.get_hubspot_connection to authenticated, service_role;
grant execute on function coaching.invite_member to authenticated, service_role;
grant execute on function coaching.leave_account to authenticated, service_role;
grant execute on function coaching.match_coaching_outcomes to authenticated, service_role;
grant execute on function coaching.remove_member to authenticated, service_role;
grant execute on function coaching.save_fathom_connection to authenticated, service_role;
grant execute on function coaching.save_hubspot_connection to authenticated, service_role;
grant execute on function coaching.transfer_account to authenticated, service_role;
