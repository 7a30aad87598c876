-- Who may do what in advisory: row-level security generated from policies/advisory.policy.
-- Not for editing: change the policy and run `countersign generate --app advisory`, which writes a file with what changed.
-- Each section can be applied again, alone. How to read it: docs/policy-to-sql.md
-- countersign:file app=advisory schema=advisory state=7bcbe77c4af313695d7fdb2a7b2dc03fc0309b88d3967136006e8a1ac9f19ad6

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
  where p.schemaname = 'advisory' and p.permissive = 'PERMISSIVE' and p.policyname not like 'countersign\_%'
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


-- countersign:section roles ba09ba116458012d669f0a14a230e4a6bddb7f08cc26d4efee33fcf20171176f
--
--   tenant firms (id) found by created_by stamped created_at
--     members profiles (firm_id, id, role)
--     roles advisor > analyst
--     keep at least one advisor;

-- Where the caller is analyst or above.
create or replace function countersign.advisory_analyst() returns setof uuid
  language plpgsql stable parallel safe security definer rows 10
  set search_path = ''
as $$
begin
  return query
    select m.firm_id from advisory.profiles m
    where m.id = countersign.caller_id()
      and m.role in ('advisor', 'analyst');
end $$;
revoke execute on function countersign.advisory_analyst() from public, anon;
grant execute on function countersign.advisory_analyst() to authenticated;

-- Where the caller is advisor.
create or replace function countersign.advisory_advisor() returns setof uuid
  language plpgsql stable parallel safe security definer rows 10
  set search_path = ''
as $$
begin
  return query
    select m.firm_id from advisory.profiles m
    where m.id = countersign.caller_id()
      and m.role in ('advisor');
end $$;
revoke execute on function countersign.advisory_advisor() from public, anon;
grant execute on function countersign.advisory_advisor() to authenticated;

-- The helpers read memberships as their owner. Were the owner bound by row-level security, they would find none,
-- and nobody would see anything; so the membership tables must not FORCE it either.
do $$
begin
  if exists (
    select from pg_catalog.pg_proc p
    join pg_catalog.pg_roles o on o.oid = p.proowner
    join pg_catalog.pg_class t on t.oid in ('advisory.profiles'::regclass)
    where p.oid in (
      'countersign.advisory_analyst()'::regprocedure,
      'countersign.advisory_advisor()'::regprocedure)
      and not (o.rolsuper or o.rolbypassrls
        or (pg_catalog.pg_has_role(o.oid, t.relowner, 'usage') and not t.relforcerowsecurity))
  ) then
    raise exception using
      message = 'row-level security would bind the helpers in schema countersign',
      hint = 'Apply this file as the owner of the membership tables or as a role with BYPASSRLS, and do not FORCE row-level security there.';
  end if;
end $$;


-- countersign:section schema 2635aa3ac24216b89837bb4e112edeeec8bcbaeb0001fd083803b3992ccdf2b3
--
--   The schema advisory

-- PUBLIC stands for every role of the server, so nothing is left to it.
revoke all on schema advisory from public, anon, authenticated, service_role, countersign_edge;
grant usage on schema advisory to authenticated, countersign_edge, service_role;

revoke all on all sequences in schema advisory from public, anon, authenticated, service_role, countersign_edge;

-- What is created later starts closed. For functions only this form works: PUBLIC has EXECUTE by a default that belongs to
-- no schema, and a revoke within one does not touch it.
alter default privileges revoke execute on functions from public;
alter default privileges in schema advisory revoke all on tables from anon, authenticated;
alter default privileges in schema advisory revoke all on sequences from anon, authenticated;
alter default privileges in schema advisory revoke execute on functions from anon, authenticated;


-- countersign:section table.firms 3adcb938e697ae0c1f0a52388c8a4440ba7b35ae7dee1f53f9ce6bd5e0e6b826
--
--   on firms {
--     user:    insert (id, name);
--     analyst: select;
--     advisor: update (name);
--   }

revoke all on advisory.firms from public, anon, authenticated, service_role, countersign_edge;
grant select (id, name, created_by, created_at, updated_at),
      insert (id, name),
      update (name)
  on advisory.firms to authenticated;
grant select, insert, update, delete on advisory.firms to service_role;

-- Whoever creates a tenant becomes its first advisor. As definer: nobody else may add the first member.
create or replace function countersign.advisory_found() returns trigger
  language plpgsql
  security definer
  set search_path = ''
as $$
begin
  insert into advisory.profiles (firm_id, id, role)
  values (new.id, new.created_by, 'advisor');
  return null;
end $$;
revoke execute on function countersign.advisory_found() from public, anon, authenticated, service_role, countersign_edge;
drop trigger if exists zz_countersign_found on advisory.firms;
create trigger zz_countersign_found after insert on advisory.firms
  for each row when (new.created_by is not null)
  execute function countersign.advisory_found();

drop policy if exists countersign_fence_select on advisory.firms;
create policy countersign_fence_select on advisory.firms
  as restrictive for select to authenticated
  using (
    firms.id = any (array(select countersign.advisory_analyst()))
    or (select countersign.caller_is_user())
        and firms.created_by = (select countersign.caller_id())
        and firms.created_at = now()
  );
comment on policy countersign_fence_select on advisory.firms is 'the tenant fence [90c165de]';

drop policy if exists countersign_fence_update on advisory.firms;
create policy countersign_fence_update on advisory.firms
  as restrictive for update to authenticated
  using (firms.id = any (array(select countersign.advisory_analyst())))
  with check (firms.id = any (array(select countersign.advisory_analyst())));
comment on policy countersign_fence_update on advisory.firms is 'the tenant fence [151d0282]';

drop policy if exists countersign_fence_delete on advisory.firms;
create policy countersign_fence_delete on advisory.firms
  as restrictive for delete to authenticated
  using (firms.id = any (array(select countersign.advisory_analyst())));
comment on policy countersign_fence_delete on advisory.firms is 'the tenant fence [0eb1141d]';

drop policy if exists countersign_fence_anon on advisory.firms;
create policy countersign_fence_anon on advisory.firms
  as restrictive for all to anon
  using (false)
  with check (false);
comment on policy countersign_fence_anon on advisory.firms is 'nothing here is for anon [e7fe9cb7]';

drop policy if exists countersign_select on advisory.firms;
create policy countersign_select on advisory.firms for select to authenticated
  using (
    firms.id = any (array(select countersign.advisory_analyst()))
    or (select countersign.caller_is_user())
        and firms.created_by = (select countersign.caller_id())
        and firms.created_at = now()
  );
comment on policy countersign_select on advisory.firms is 'analyst: select [ec47a1b0]';

drop policy if exists countersign_insert on advisory.firms;
create policy countersign_insert on advisory.firms for insert to authenticated
  with check ((select countersign.caller_is_user()) and firms.created_by = (select countersign.caller_id()));
comment on policy countersign_insert on advisory.firms is 'user: insert (id, name) [947f6545]';

drop policy if exists countersign_update on advisory.firms;
create policy countersign_update on advisory.firms for update to authenticated
  using (coalesce(firms.id = any (array(select countersign.advisory_advisor())), false))
  with check (coalesce(firms.id = any (array(select countersign.advisory_advisor())), false));
comment on policy countersign_update on advisory.firms is 'advisor: update (name) [c2a27245]';

alter table advisory.firms enable row level security;


-- countersign:section table.profiles 4e64416e4dd5c82852c6a166da304a6672b5e7040bf0c1ff57ecda40cda3b5fc
--
--   on profiles tenant firm_id {
--     managed email;
--     analyst: select;
--     advisor: update (role), delete;
--     self id: update (display_name, avatar_url), delete;  -- leaving is one's own decision
--   }

revoke all on advisory.profiles from public, anon, authenticated, service_role, countersign_edge;
grant select (id, firm_id, role, email, display_name, avatar_url, created_at, updated_at),
      update (role, display_name, avatar_url),
      delete
  on advisory.profiles to authenticated;
grant select, insert, update, delete on advisory.profiles to service_role;

create or replace function countersign.advisory_profiles_update() returns trigger
  language plpgsql stable
  set search_path = ''
as $$
declare
  allowed boolean;
  changes_role boolean := new.role is distinct from old.role;
  changes_display_name_or_more boolean :=
    (new.display_name, new.avatar_url)
    is distinct from
    (old.display_name, old.avatar_url);
begin
  allowed :=
    -- advisor: update (role)
       (not changes_display_name_or_more and old.firm_id = any (array(select countersign.advisory_advisor())))
    -- self id: update (display_name, avatar_url)
    or (
         not changes_role
         and old.firm_id = any (array(select countersign.advisory_analyst()))
         and old.id = countersign.caller_id()
       );
  if allowed is not true then
    raise exception using
      errcode = 'insufficient_privilege',
      message = 'no rule of advisory.profiles allows this change',
      hint = 'One rule must allow the old row, the new row and the changed columns together: advisor: update (role); self id: update (display_name, avatar_url).';
  end if;
  return new;
end $$;
revoke execute on function countersign.advisory_profiles_update() from public, anon, authenticated, service_role, countersign_edge;
-- Named to run after all others, and bound to exactly whom row-level security binds.
drop trigger if exists zz_countersign on advisory.profiles;
create trigger zz_countersign before update on advisory.profiles
  for each row when (row_security_active('advisory.profiles'))
  execute function countersign.advisory_profiles_update();

-- A tenant keeps one advisor. The lock makes two who leave at once wait for each other. Where the tenant itself
-- is being deleted there is no row to lock, and nothing to keep.
create or replace function countersign.advisory_profiles_keep() returns trigger
  language plpgsql
  security definer
  set search_path = ''
as $$
begin
  perform 1 from advisory.firms t where t.id = old.firm_id for no key update;
  if found
    and not exists (select 1 from advisory.profiles m where m.firm_id = old.firm_id and m.role = 'advisor')
  then
    raise exception using
      errcode = 'check_violation',
      message = 'the last advisor cannot leave',
      hint = 'Make somebody else advisor first, or delete the firms row.';
  end if;
  return null;
end $$;
revoke execute on function countersign.advisory_profiles_keep() from public, anon, authenticated, service_role, countersign_edge;
drop trigger if exists zz_countersign_keep on advisory.profiles;
create constraint trigger zz_countersign_keep after update or delete on advisory.profiles
  for each row when (old.role = 'advisor')
  execute function countersign.advisory_profiles_keep();

drop policy if exists countersign_fence on advisory.profiles;
create policy countersign_fence on advisory.profiles
  as restrictive for all to authenticated
  using (profiles.firm_id = any (array(select countersign.advisory_analyst())))
  with check (profiles.firm_id = any (array(select countersign.advisory_analyst())));
comment on policy countersign_fence on advisory.profiles is 'the tenant fence [17685560]';

drop policy if exists countersign_fence_anon on advisory.profiles;
create policy countersign_fence_anon on advisory.profiles
  as restrictive for all to anon
  using (false)
  with check (false);
comment on policy countersign_fence_anon on advisory.profiles is 'nothing here is for anon [4cc44a80]';

drop policy if exists countersign_select on advisory.profiles;
create policy countersign_select on advisory.profiles for select to authenticated
  using ((select countersign.caller_id()) is not null);
comment on policy countersign_select on advisory.profiles is 'analyst: select [fd53c4ab]';

drop policy if exists countersign_update on advisory.profiles;
create policy countersign_update on advisory.profiles for update to authenticated
  using (
    profiles.firm_id = any (array(select countersign.advisory_advisor()))
    or profiles.id = (select countersign.caller_id())
  )
  with check (
    profiles.firm_id = any (array(select countersign.advisory_advisor()))
    or profiles.id = (select countersign.caller_id())
  );
comment on policy countersign_update on advisory.profiles is 'advisor: update (role); self id: update (display_name, avatar_url) [7fe60a5c]';

drop policy if exists countersign_delete on advisory.profiles;
create policy countersign_delete on advisory.profiles for delete to authenticated
  using (
    profiles.firm_id = any (array(select countersign.advisory_advisor()))
    or profiles.id = (select countersign.caller_id())
  );
comment on policy countersign_delete on advisory.profiles is 'advisor: delete; self id: delete [aa9aa457]';

-- Not FORCE: the helpers read memberships as this table's owner.
alter table advisory.profiles enable row level security;


-- countersign:section table.firm_invitations df9d126b461873347651dc7fcbee02c07220430d18a25c65b5c0a71c1dcdc968
--
--   on firm_invitations tenant firm_id {
--     managed invited_by;
--     analyst: select;
--     advisor: insert, update (role), delete;
--     outside self user_id: select, delete;          -- accepting is done by accept_invitation
--   }

revoke all on advisory.firm_invitations from public, anon, authenticated, service_role, countersign_edge;
grant select (id, firm_id, user_id, role, invited_by, created_at, updated_at),
      insert (id, firm_id, user_id, role),
      update (role),
      delete
  on advisory.firm_invitations to authenticated;
grant select, insert, update, delete on advisory.firm_invitations to service_role;

drop policy if exists countersign_fence on advisory.firm_invitations;
create policy countersign_fence on advisory.firm_invitations
  as restrictive for all to authenticated
  using (
    firm_invitations.firm_id = any (array(select countersign.advisory_analyst()))
    or firm_invitations.user_id = (select countersign.caller_id())
  )
  with check (firm_invitations.firm_id = any (array(select countersign.advisory_analyst())));
comment on policy countersign_fence on advisory.firm_invitations is 'the tenant fence [6b4b33a2]';

drop policy if exists countersign_fence_anon on advisory.firm_invitations;
create policy countersign_fence_anon on advisory.firm_invitations
  as restrictive for all to anon
  using (false)
  with check (false);
comment on policy countersign_fence_anon on advisory.firm_invitations is 'nothing here is for anon [6cd1650f]';

drop policy if exists countersign_select on advisory.firm_invitations;
create policy countersign_select on advisory.firm_invitations for select to authenticated
  using (
    firm_invitations.firm_id = any (array(select countersign.advisory_analyst()))
    or firm_invitations.user_id = (select countersign.caller_id())
  );
comment on policy countersign_select on advisory.firm_invitations is 'analyst: select; outside self user_id: select [fd4fd272]';

drop policy if exists countersign_insert on advisory.firm_invitations;
create policy countersign_insert on advisory.firm_invitations for insert to authenticated
  with check (coalesce(firm_invitations.firm_id = any (array(select countersign.advisory_advisor())), false));
comment on policy countersign_insert on advisory.firm_invitations is 'advisor: insert [1b7ef194]';

drop policy if exists countersign_update on advisory.firm_invitations;
create policy countersign_update on advisory.firm_invitations for update to authenticated
  using (coalesce(firm_invitations.firm_id = any (array(select countersign.advisory_advisor())), false))
  with check (coalesce(firm_invitations.firm_id = any (array(select countersign.advisory_advisor())), false));
comment on policy countersign_update on advisory.firm_invitations is 'advisor: update (role) [ffb552ed]';

drop policy if exists countersign_delete on advisory.firm_invitations;
create policy countersign_delete on advisory.firm_invitations for delete to authenticated
  using (
    firm_invitations.firm_id = any (array(select countersign.advisory_advisor()))
    or firm_invitations.user_id = (select countersign.caller_id())
  );
comment on policy countersign_delete on advisory.firm_invitations is 'advisor: delete; outside self user_id: delete [447e5126]';

alter table advisory.firm_invitations enable row level security;


-- countersign:section table.crm_connections 13b3034b31dec4839bc391dfdeffd969f90d529ae34c0101185dd74723ae6747
--
--   on crm_connections tenant firm_id {
--     analyst: select where owner_id is null;
--     advisor: update (config) where owner_id is null,
--              delete where owner_id is null;
--     self owner_id: select, update (config), delete;
--     service: select, insert, update, delete;       -- after checking with the provider
--   }

revoke all on advisory.crm_connections from public, anon, authenticated, service_role, countersign_edge;
grant select (id, firm_id, owner_id, provider, config, status, last_synced_at, last_error, created_at,
              updated_at),
      update (config),
      delete
  on advisory.crm_connections to authenticated;
grant select (id, firm_id, owner_id, provider, config, status, last_synced_at, last_error, created_at,
              updated_at),
      insert (id, firm_id, owner_id, provider, config, status, last_synced_at, last_error, created_at,
              updated_at),
      update (owner_id, provider, config, status, last_synced_at, last_error, created_at, updated_at),
      delete
  on advisory.crm_connections to countersign_edge;
grant select, insert, update, delete on advisory.crm_connections to service_role;

drop policy if exists countersign_fence on advisory.crm_connections;
create policy countersign_fence on advisory.crm_connections
  as restrictive for all to authenticated
  using (crm_connections.firm_id = any (array(select countersign.advisory_analyst())))
  with check (crm_connections.firm_id = any (array(select countersign.advisory_analyst())));
comment on policy countersign_fence on advisory.crm_connections is 'the tenant fence [e0020387]';

drop policy if exists countersign_fence_anon on advisory.crm_connections;
create policy countersign_fence_anon on advisory.crm_connections
  as restrictive for all to anon
  using (false)
  with check (false);
comment on policy countersign_fence_anon on advisory.crm_connections is 'nothing here is for anon [f40175c5]';

drop policy if exists countersign_select on advisory.crm_connections;
create policy countersign_select on advisory.crm_connections for select to authenticated
  using (crm_connections.owner_id is null or crm_connections.owner_id = (select countersign.caller_id()));
comment on policy countersign_select on advisory.crm_connections is 'analyst: select where owner_id is null; self owner_id: select [73d45337]';

drop policy if exists countersign_update on advisory.crm_connections;
create policy countersign_update on advisory.crm_connections for update to authenticated
  using (
    coalesce(crm_connections.firm_id = any (array(select countersign.advisory_advisor())), false)
        and crm_connections.owner_id is null
    or crm_connections.owner_id = (select countersign.caller_id())
  )
  with check (
    coalesce(crm_connections.firm_id = any (array(select countersign.advisory_advisor())), false)
        and crm_connections.owner_id is null
    or crm_connections.owner_id = (select countersign.caller_id())
  );
comment on policy countersign_update on advisory.crm_connections is 'advisor: update (config) where owner_id is null; self owner_id: update (config) [7743b90b]';

drop policy if exists countersign_delete on advisory.crm_connections;
create policy countersign_delete on advisory.crm_connections for delete to authenticated
  using (
    coalesce(crm_connections.firm_id = any (array(select countersign.advisory_advisor())), false)
        and crm_connections.owner_id is null
    or crm_connections.owner_id = (select countersign.caller_id())
  );
comment on policy countersign_delete on advisory.crm_connections is 'advisor: delete where owner_id is null; self owner_id: delete [11eba3d6]';

drop policy if exists countersign_select_edge on advisory.crm_connections;
create policy countersign_select_edge on advisory.crm_connections for select to countersign_edge
  using (true);
comment on policy countersign_select_edge on advisory.crm_connections is 'service: select [71dd8076]';

drop policy if exists countersign_insert_edge on advisory.crm_connections;
create policy countersign_insert_edge on advisory.crm_connections for insert to countersign_edge
  with check (true);
comment on policy countersign_insert_edge on advisory.crm_connections is 'service: insert [45b0e75b]';

drop policy if exists countersign_update_edge on advisory.crm_connections;
create policy countersign_update_edge on advisory.crm_connections for update to countersign_edge
  using (true)
  with check (true);
comment on policy countersign_update_edge on advisory.crm_connections is 'service: update [5e44a91c]';

drop policy if exists countersign_delete_edge on advisory.crm_connections;
create policy countersign_delete_edge on advisory.crm_connections for delete to countersign_edge
  using (true);
comment on policy countersign_delete_edge on advisory.crm_connections is 'service: delete [244eac8e]';

alter table advisory.crm_connections enable row level security;


-- countersign:section table.crm_connection_secrets 26b24818ebbf06ff4c5b06d8098d6a8313d7a8abed79528e266cfb7a3db28fef
--
--   on crm_connection_secrets tenant firm_id {
--     service: select, insert, update, delete;
--   }

revoke all on advisory.crm_connection_secrets from public, anon, authenticated, service_role, countersign_edge;
grant select (id, firm_id, connection_id, secret, refresh_token, token_expires_at, key_id, created_at,
              updated_at),
      insert (id, firm_id, connection_id, secret, refresh_token, token_expires_at, key_id, created_at,
              updated_at),
      update (connection_id, secret, refresh_token, token_expires_at, key_id, created_at, updated_at),
      delete
  on advisory.crm_connection_secrets to countersign_edge;
grant select, insert, update, delete on advisory.crm_connection_secrets to service_role;

drop policy if exists countersign_fence on advisory.crm_connection_secrets;
create policy countersign_fence on advisory.crm_connection_secrets
  as restrictive for all to authenticated
  using (false)
  with check (false);
comment on policy countersign_fence on advisory.crm_connection_secrets is 'the tenant fence [c1bd41e9]';

drop policy if exists countersign_fence_anon on advisory.crm_connection_secrets;
create policy countersign_fence_anon on advisory.crm_connection_secrets
  as restrictive for all to anon
  using (false)
  with check (false);
comment on policy countersign_fence_anon on advisory.crm_connection_secrets is 'nothing here is for anon [863f76e5]';

drop policy if exists countersign_select_edge on advisory.crm_connection_secrets;
create policy countersign_select_edge on advisory.crm_connection_secrets for select to countersign_edge
  using (true);
comment on policy countersign_select_edge on advisory.crm_connection_secrets is 'service: select [6c67c31d]';

drop policy if exists countersign_insert_edge on advisory.crm_connection_secrets;
create policy countersign_insert_edge on advisory.crm_connection_secrets for insert to countersign_edge
  with check (true);
comment on policy countersign_insert_edge on advisory.crm_connection_secrets is 'service: insert [60c65625]';

drop policy if exists countersign_update_edge on advisory.crm_connection_secrets;
create policy countersign_update_edge on advisory.crm_connection_secrets for update to countersign_edge
  using (true)
  with check (true);
comment on policy countersign_update_edge on advisory.crm_connection_secrets is 'service: update [8121c37a]';

drop policy if exists countersign_delete_edge on advisory.crm_connection_secrets;
create policy countersign_delete_edge on advisory.crm_connection_secrets for delete to countersign_edge
  using (true);
comment on policy countersign_delete_edge on advisory.crm_connection_secrets is 'service: delete [3b78ef53]';

alter table advisory.crm_connection_secrets enable row level security;


-- countersign:section table.households 7b0f63d6db45ea0ec514949cf55ed3fffb0a281ec682c16016c2812b8e96c5c4
--
--   on households tenant firm_id from crm ttl 15 minutes {
--     analyst: select where owner_id is null;
--     self owner_id: select;
--     service: select, insert, update, delete;
--   }

revoke all on advisory.households from public, anon, authenticated, service_role, countersign_edge;
grant select (id, firm_id, owner_id, external_id, name, status, fetched_at, created_at, updated_at)
  on advisory.households to authenticated;
grant select (id, firm_id, owner_id, external_id, name, status, fetched_at, created_at, updated_at),
      insert (id, firm_id, owner_id, external_id, name, status, fetched_at, created_at, updated_at),
      update (owner_id, external_id, name, status, fetched_at, created_at, updated_at),
      delete
  on advisory.households to countersign_edge;
grant select, insert, update, delete on advisory.households to service_role;

drop policy if exists countersign_fence on advisory.households;
create policy countersign_fence on advisory.households
  as restrictive for all to authenticated
  using (households.firm_id = any (array(select countersign.advisory_analyst())))
  with check (households.firm_id = any (array(select countersign.advisory_analyst())));
comment on policy countersign_fence on advisory.households is 'the tenant fence [cbe71e2c]';

drop policy if exists countersign_fence_anon on advisory.households;
create policy countersign_fence_anon on advisory.households
  as restrictive for all to anon
  using (false)
  with check (false);
comment on policy countersign_fence_anon on advisory.households is 'nothing here is for anon [d227aaaf]';

drop policy if exists countersign_select on advisory.households;
create policy countersign_select on advisory.households for select to authenticated
  using (households.owner_id is null or households.owner_id = (select countersign.caller_id()));
comment on policy countersign_select on advisory.households is 'analyst: select where owner_id is null; self owner_id: select [47f4043a]';

drop policy if exists countersign_select_edge on advisory.households;
create policy countersign_select_edge on advisory.households for select to countersign_edge
  using (true);
comment on policy countersign_select_edge on advisory.households is 'service: select [74b0b3d4]';

drop policy if exists countersign_insert_edge on advisory.households;
create policy countersign_insert_edge on advisory.households for insert to countersign_edge
  with check (true);
comment on policy countersign_insert_edge on advisory.households is 'service: insert [6c1f89bf]';

drop policy if exists countersign_update_edge on advisory.households;
create policy countersign_update_edge on advisory.households for update to countersign_edge
  using (true)
  with check (true);
comment on policy countersign_update_edge on advisory.households is 'service: update [83160276]';

drop policy if exists countersign_delete_edge on advisory.households;
create policy countersign_delete_edge on advisory.households for delete to countersign_edge
  using (true);
comment on policy countersign_delete_edge on advisory.households is 'service: delete [d010a5eb]';

alter table advisory.households enable row level security;


-- countersign:section table.accounts 2b1078c991bca40d0527e2a13cbdc71b89d6b8337d8bc35836333549986eadb4
--
--   on accounts tenant firm_id from crm ttl 15 minutes {
--     analyst: select where owner_id is null;
--     self owner_id: select;
--     service: select, insert, update, delete;
--   }

revoke all on advisory.accounts from public, anon, authenticated, service_role, countersign_edge;
grant select (id, firm_id, owner_id, household_id, external_id, crm_client_id, name, number_ending, kind,
              currency, market_value_cents, cash_cents, as_of, fetched_at, created_at, updated_at)
  on advisory.accounts to authenticated;
grant select (id, firm_id, owner_id, household_id, external_id, crm_client_id, name, number_ending, kind,
              currency, market_value_cents, cash_cents, as_of, fetched_at, created_at, updated_at),
      insert (id, firm_id, owner_id, household_id, external_id, crm_client_id, name, number_ending, kind,
              currency, market_value_cents, cash_cents, as_of, fetched_at, created_at, updated_at),
      update (owner_id, household_id, external_id, crm_client_id, name, number_ending, kind, currency,
              market_value_cents, cash_cents, as_of, fetched_at, created_at, updated_at),
      delete
  on advisory.accounts to countersign_edge;
grant select, insert, update, delete on advisory.accounts to service_role;

drop policy if exists countersign_fence on advisory.accounts;
create policy countersign_fence on advisory.accounts
  as restrictive for all to authenticated
  using (accounts.firm_id = any (array(select countersign.advisory_analyst())))
  with check (accounts.firm_id = any (array(select countersign.advisory_analyst())));
comment on policy countersign_fence on advisory.accounts is 'the tenant fence [c86d101d]';

drop policy if exists countersign_fence_anon on advisory.accounts;
create policy countersign_fence_anon on advisory.accounts
  as restrictive for all to anon
  using (false)
  with check (false);
comment on policy countersign_fence_anon on advisory.accounts is 'nothing here is for anon [49663389]';

drop policy if exists countersign_select on advisory.accounts;
create policy countersign_select on advisory.accounts for select to authenticated
  using (accounts.owner_id is null or accounts.owner_id = (select countersign.caller_id()));
comment on policy countersign_select on advisory.accounts is 'analyst: select where owner_id is null; self owner_id: select [340ad489]';

drop policy if exists countersign_select_edge on advisory.accounts;
create policy countersign_select_edge on advisory.accounts for select to countersign_edge
  using (true);
comment on policy countersign_select_edge on advisory.accounts is 'service: select [6254e433]';

drop policy if exists countersign_insert_edge on advisory.accounts;
create policy countersign_insert_edge on advisory.accounts for insert to countersign_edge
  with check (true);
comment on policy countersign_insert_edge on advisory.accounts is 'service: insert [32267f4c]';

drop policy if exists countersign_update_edge on advisory.accounts;
create policy countersign_update_edge on advisory.accounts for update to countersign_edge
  using (true)
  with check (true);
comment on policy countersign_update_edge on advisory.accounts is 'service: update [d4a4de78]';

drop policy if exists countersign_delete_edge on advisory.accounts;
create policy countersign_delete_edge on advisory.accounts for delete to countersign_edge
  using (true);
comment on policy countersign_delete_edge on advisory.accounts is 'service: delete [18fbbe93]';

alter table advisory.accounts enable row level security;


-- countersign:section table.positions 7268e4538e3176d41ef1dfd8616ac67d3949786fddbd202cb1697229f0d3bd32
--
--   on positions tenant firm_id from crm ttl 15 minutes {
--     analyst: select where owner_id is null;
--     self owner_id: select;
--     service: select, insert, update, delete;
--   }

revoke all on advisory.positions from public, anon, authenticated, service_role, countersign_edge;
grant select (id, firm_id, owner_id, account_id, external_id, symbol, description, quantity, price,
              currency, market_value_cents, as_of, fetched_at, created_at, updated_at)
  on advisory.positions to authenticated;
grant select (id, firm_id, owner_id, account_id, external_id, symbol, description, quantity, price,
              currency, market_value_cents, as_of, fetched_at, created_at, updated_at),
      insert (id, firm_id, owner_id, account_id, external_id, symbol, description, quantity, price,
              currency, market_value_cents, as_of, fetched_at, created_at, updated_at),
      update (owner_id, account_id, external_id, symbol, description, quantity, price, currency,
              market_value_cents, as_of, fetched_at, created_at, updated_at),
      delete
  on advisory.positions to countersign_edge;
grant select, insert, update, delete on advisory.positions to service_role;

drop policy if exists countersign_fence on advisory.positions;
create policy countersign_fence on advisory.positions
  as restrictive for all to authenticated
  using (positions.firm_id = any (array(select countersign.advisory_analyst())))
  with check (positions.firm_id = any (array(select countersign.advisory_analyst())));
comment on policy countersign_fence on advisory.positions is 'the tenant fence [29314690]';

drop policy if exists countersign_fence_anon on advisory.positions;
create policy countersign_fence_anon on advisory.positions
  as restrictive for all to anon
  using (false)
  with check (false);
comment on policy countersign_fence_anon on advisory.positions is 'nothing here is for anon [827f7596]';

drop policy if exists countersign_select on advisory.positions;
create policy countersign_select on advisory.positions for select to authenticated
  using (positions.owner_id is null or positions.owner_id = (select countersign.caller_id()));
comment on policy countersign_select on advisory.positions is 'analyst: select where owner_id is null; self owner_id: select [dfd8951d]';

drop policy if exists countersign_select_edge on advisory.positions;
create policy countersign_select_edge on advisory.positions for select to countersign_edge
  using (true);
comment on policy countersign_select_edge on advisory.positions is 'service: select [6ad8be2a]';

drop policy if exists countersign_insert_edge on advisory.positions;
create policy countersign_insert_edge on advisory.positions for insert to countersign_edge
  with check (true);
comment on policy countersign_insert_edge on advisory.positions is 'service: insert [0715f907]';

drop policy if exists countersign_update_edge on advisory.positions;
create policy countersign_update_edge on advisory.positions for update to countersign_edge
  using (true)
  with check (true);
comment on policy countersign_update_edge on advisory.positions is 'service: update [ee96942a]';

drop policy if exists countersign_delete_edge on advisory.positions;
create policy countersign_delete_edge on advisory.positions for delete to countersign_edge
  using (true);
comment on policy countersign_delete_edge on advisory.positions is 'service: delete [3ddd2488]';

alter table advisory.positions enable row level security;


-- countersign:section table.transactions 7423f12c6ac3ad21f02a65fad909c79e95ba96061803e6cfcb24fae7b7c58ef5
--
--   on transactions tenant firm_id from crm ttl 15 minutes {
--     analyst: select where owner_id is null;
--     self owner_id: select;
--     service: select, insert, update, delete;
--   }

revoke all on advisory.transactions from public, anon, authenticated, service_role, countersign_edge;
grant select (id, firm_id, owner_id, account_id, external_id, kind, symbol, description, quantity,
              amount_cents, currency, occurred_at, fetched_at, created_at, updated_at)
  on advisory.transactions to authenticated;
grant select (id, firm_id, owner_id, account_id, external_id, kind, symbol, description, quantity,
              amount_cents, currency, occurred_at, fetched_at, created_at, updated_at),
      insert (id, firm_id, owner_id, account_id, external_id, kind, symbol, description, quantity,
              amount_cents, currency, occurred_at, fetched_at, created_at, updated_at),
      update (owner_id, account_id, external_id, kind, symbol, description, quantity, amount_cents,
              currency, occurred_at, fetched_at, created_at, updated_at),
      delete
  on advisory.transactions to countersign_edge;
grant select, insert, update, delete on advisory.transactions to service_role;

drop policy if exists countersign_fence on advisory.transactions;
create policy countersign_fence on advisory.transactions
  as restrictive for all to authenticated
  using (transactions.firm_id = any (array(select countersign.advisory_analyst())))
  with check (transactions.firm_id = any (array(select countersign.advisory_analyst())));
comment on policy countersign_fence on advisory.transactions is 'the tenant fence [e1ee0d13]';

drop policy if exists countersign_fence_anon on advisory.transactions;
create policy countersign_fence_anon on advisory.transactions
  as restrictive for all to anon
  using (false)
  with check (false);
comment on policy countersign_fence_anon on advisory.transactions is 'nothing here is for anon [334119f9]';

drop policy if exists countersign_select on advisory.transactions;
create policy countersign_select on advisory.transactions for select to authenticated
  using (transactions.owner_id is null or transactions.owner_id = (select countersign.caller_id()));
comment on policy countersign_select on advisory.transactions is 'analyst: select where owner_id is null; self owner_id: select [0f22d2db]';

drop policy if exists countersign_select_edge on advisory.transactions;
create policy countersign_select_edge on advisory.transactions for select to countersign_edge
  using (true);
comment on policy countersign_select_edge on advisory.transactions is 'service: select [91de6b1d]';

drop policy if exists countersign_insert_edge on advisory.transactions;
create policy countersign_insert_edge on advisory.transactions for insert to countersign_edge
  with check (true);
comment on policy countersign_insert_edge on advisory.transactions is 'service: insert [ea1aed03]';

drop policy if exists countersign_update_edge on advisory.transactions;
create policy countersign_update_edge on advisory.transactions for update to countersign_edge
  using (true)
  with check (true);
comment on policy countersign_update_edge on advisory.transactions is 'service: update [2e9c9b36]';

drop policy if exists countersign_delete_edge on advisory.transactions;
create policy countersign_delete_edge on advisory.transactions for delete to countersign_edge
  using (true);
comment on policy countersign_delete_edge on advisory.transactions is 'service: delete [e45a7002]';

alter table advisory.transactions enable row level security;


-- countersign:section table.client_data_cache 85ec9108ed65d7a495a0f613a0d88c0ba46480974338419e04948b83ecdfbef9
--
--   on client_data_cache tenant firm_id from crm ttl 15 minutes {
--     analyst: select where owner_id is null;
--     self owner_id: select;
--     service: select, insert, update, delete;
--   }

revoke all on advisory.client_data_cache from public, anon, authenticated, service_role, countersign_edge;
grant select (id, firm_id, owner_id, crm_client_id, data, fetched_at, created_at, updated_at)
  on advisory.client_data_cache to authenticated;
grant select (id, firm_id, owner_id, crm_client_id, data, fetched_at, created_at, updated_at),
      insert (id, firm_id, owner_id, crm_client_id, data, fetched_at, created_at, updated_at),
      update (owner_id, crm_client_id, data, fetched_at, created_at, updated_at),
      delete
  on advisory.client_data_cache to countersign_edge;
grant select, insert, update, delete on advisory.client_data_cache to service_role;

drop policy if exists countersign_fence on advisory.client_data_cache;
create policy countersign_fence on advisory.client_data_cache
  as restrictive for all to authenticated
  using (client_data_cache.firm_id = any (array(select countersign.advisory_analyst())))
  with check (client_data_cache.firm_id = any (array(select countersign.advisory_analyst())));
comment on policy countersign_fence on advisory.client_data_cache is 'the tenant fence [972349f4]';

drop policy if exists countersign_fence_anon on advisory.client_data_cache;
create policy countersign_fence_anon on advisory.client_data_cache
  as restrictive for all to anon
  using (false)
  with check (false);
comment on policy countersign_fence_anon on advisory.client_data_cache is 'nothing here is for anon [77b6488b]';

drop policy if exists countersign_select on advisory.client_data_cache;
create policy countersign_select on advisory.client_data_cache for select to authenticated
  using (client_data_cache.owner_id is null or client_data_cache.owner_id = (select countersign.caller_id()));
comment on policy countersign_select on advisory.client_data_cache is 'analyst: select where owner_id is null; self owner_id: select [38cfd03e]';

drop policy if exists countersign_select_edge on advisory.client_data_cache;
create policy countersign_select_edge on advisory.client_data_cache for select to countersign_edge
  using (true);
comment on policy countersign_select_edge on advisory.client_data_cache is 'service: select [0a26a70c]';

drop policy if exists countersign_insert_edge on advisory.client_data_cache;
create policy countersign_insert_edge on advisory.client_data_cache for insert to countersign_edge
  with check (true);
comment on policy countersign_insert_edge on advisory.client_data_cache is 'service: insert [f3e94121]';

drop policy if exists countersign_update_edge on advisory.client_data_cache;
create policy countersign_update_edge on advisory.client_data_cache for update to countersign_edge
  using (true)
  with check (true);
comment on policy countersign_update_edge on advisory.client_data_cache is 'service: update [0576e4aa]';

drop policy if exists countersign_delete_edge on advisory.client_data_cache;
create policy countersign_delete_edge on advisory.client_data_cache for delete to countersign_edge
  using (true);
comment on policy countersign_delete_edge on advisory.client_data_cache is 'service: delete [12eb7d48]';

alter table advisory.client_data_cache enable row level security;


-- countersign:section table.sessions 9b7bd37cfe15213c404c25584da3d08c61d0b856a338eff11adddaef6e9579a1
--
--   on sessions tenant firm_id {
--     fixed advisor_id;
--     analyst: select;
--     advisor: insert check advisor_id = caller.id,
--              update (crm_household_id, household_id, ended_at) where advisor_id = caller.id;
--   }

revoke all on advisory.sessions from public, anon, authenticated, service_role, countersign_edge;
grant select (id, firm_id, advisor_id, crm_client_id, crm_household_id, household_id, started_at, ended_at,
              created_at, updated_at),
      insert (id, firm_id, advisor_id, crm_client_id, crm_household_id, household_id, started_at, ended_at),
      update (crm_household_id, household_id, ended_at)
  on advisory.sessions to authenticated;
grant select, insert, update, delete on advisory.sessions to service_role;

drop policy if exists countersign_fence on advisory.sessions;
create policy countersign_fence on advisory.sessions
  as restrictive for all to authenticated
  using (sessions.firm_id = any (array(select countersign.advisory_analyst())))
  with check (sessions.firm_id = any (array(select countersign.advisory_analyst())));
comment on policy countersign_fence on advisory.sessions is 'the tenant fence [0b6fdcdf]';

drop policy if exists countersign_fence_anon on advisory.sessions;
create policy countersign_fence_anon on advisory.sessions
  as restrictive for all to anon
  using (false)
  with check (false);
comment on policy countersign_fence_anon on advisory.sessions is 'nothing here is for anon [501bcb8d]';

drop policy if exists countersign_select on advisory.sessions;
create policy countersign_select on advisory.sessions for select to authenticated
  using ((select countersign.caller_id()) is not null);
comment on policy countersign_select on advisory.sessions is 'analyst: select [d11dec6e]';

drop policy if exists countersign_insert on advisory.sessions;
create policy countersign_insert on advisory.sessions for insert to authenticated
  with check (
    coalesce(sessions.firm_id = any (array(select countersign.advisory_advisor())), false)
    and sessions.advisor_id = (select countersign.caller_id())
  );
comment on policy countersign_insert on advisory.sessions is 'advisor: insert check advisor_id = caller.id [077ec652]';

drop policy if exists countersign_update on advisory.sessions;
create policy countersign_update on advisory.sessions for update to authenticated
  using (
    coalesce(sessions.firm_id = any (array(select countersign.advisory_advisor())), false)
    and sessions.advisor_id = (select countersign.caller_id())
  )
  with check (
    coalesce(sessions.firm_id = any (array(select countersign.advisory_advisor())), false)
    and sessions.advisor_id = (select countersign.caller_id())
  );
comment on policy countersign_update on advisory.sessions is 'advisor: update (crm_household_id, household_id, ended_at) where advisor_id = caller.id [4cf5e07f]';

alter table advisory.sessions enable row level security;


-- countersign:section table.meeting_records 02c295fb98f3a60782175c9d94a4e46e872a350a4c47f07e7203971054878fb2
--
--   on meeting_records tenant firm_id via session_id in sessions {
--     fixed (session_id, author_id);
--     inherit select;
--     advisor: insert check author_id = caller.id,
--              update (notes, outcomes) where author_id = caller.id;
--   }

revoke all on advisory.meeting_records from public, anon, authenticated, service_role, countersign_edge;
grant select (id, firm_id, session_id, author_id, notes, outcomes, created_at, updated_at),
      insert (id, firm_id, session_id, author_id, notes, outcomes),
      update (notes, outcomes)
  on advisory.meeting_records to authenticated;
grant select, insert, update, delete on advisory.meeting_records to service_role;

drop policy if exists countersign_fence on advisory.meeting_records;
create policy countersign_fence on advisory.meeting_records
  as restrictive for all to authenticated
  using (meeting_records.firm_id = any (array(select countersign.advisory_analyst())))
  with check (meeting_records.firm_id = any (array(select countersign.advisory_analyst())));
comment on policy countersign_fence on advisory.meeting_records is 'the tenant fence [fbc50d4f]';

drop policy if exists countersign_fence_anon on advisory.meeting_records;
create policy countersign_fence_anon on advisory.meeting_records
  as restrictive for all to anon
  using (false)
  with check (false);
comment on policy countersign_fence_anon on advisory.meeting_records is 'nothing here is for anon [ab210e60]';

drop policy if exists countersign_select on advisory.meeting_records;
create policy countersign_select on advisory.meeting_records for select to authenticated
  using ((select countersign.caller_id()) is not null);
comment on policy countersign_select on advisory.meeting_records is 'inherit select from sessions: analyst: select [bdd26943]';

drop policy if exists countersign_insert on advisory.meeting_records;
create policy countersign_insert on advisory.meeting_records for insert to authenticated
  with check (
    coalesce(meeting_records.firm_id = any (array(select countersign.advisory_advisor())), false)
    and meeting_records.author_id = (select countersign.caller_id())
  );
comment on policy countersign_insert on advisory.meeting_records is 'advisor: insert check author_id = caller.id [5566ded8]';

drop policy if exists countersign_update on advisory.meeting_records;
create policy countersign_update on advisory.meeting_records for update to authenticated
  using (
    coalesce(meeting_records.firm_id = any (array(select countersign.advisory_advisor())), false)
    and meeting_records.author_id = (select countersign.caller_id())
  )
  with check (
    coalesce(meeting_records.firm_id = any (array(select countersign.advisory_advisor())), false)
    and meeting_records.author_id = (select countersign.caller_id())
  );
comment on policy countersign_update on advisory.meeting_records is 'advisor: update (notes, outcomes) where author_id = caller.id [b6ccdc8c]';

alter table advisory.meeting_records enable row level security;


-- countersign:section functions cdcfd4ead809586521c5b455b121fa7349f81cfe186943a278cb1e3ae0f5b8a3
--
--   Functions

revoke execute on all routines in schema advisory from public, anon, authenticated, service_role, countersign_edge;
grant execute on function advisory.accept_invitation to authenticated, service_role;
grant execute on function advisory.change_role to authenticated, service_role;
grant execute on function advisory.create_firm to authenticated, service_role;
grant execute on function advisory.decline_invitation to authenticated, service_role;
grant execute on function advisory.invite_person to authenticated, service_role;
grant execute on function advisory.leave_firm to authenticated, service_role;
grant execute on function advisory.remove_person to authenticated, service_role;
