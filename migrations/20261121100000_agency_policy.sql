-- Who may do what in agency: row-level security generated from policies/agency.policy.
-- Not for editing: change the policy and run `countersign generate --app agency`, which writes a file with what changed.
-- Each section can be applied again, alone. How to read it: docs/policy-to-sql.md
-- countersign:file app=agency schema=agency state=b94048d96f9949d0f5e7bba1668f45b0fa1973a089e17e0164c18a6993cd715b

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
  where p.schemaname = 'agency' and p.permissive = 'PERMISSIVE' and p.policyname not like 'countersign\_%'
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


-- countersign:section roles 7f16daa0c823a2c59815bc7020e26dd329d44674690323c0fd9873a43c9600ac
--
--   tenant organizations (id) found by created_by stamped created_at
--     members team_members (org_id, user_id, role) where status = 'active'
--     roles owner > admin > member > viewer
--     keep at least one owner;

-- Where the caller is viewer or above.
create or replace function countersign.agency_viewer() returns setof uuid
  language plpgsql stable parallel safe security definer rows 10
  set search_path = ''
as $$
begin
  return query
    select m.org_id from agency.team_members m
    where m.user_id = countersign.caller_id()
      and m.role in ('owner', 'admin', 'member', 'viewer')
      and m.status = 'active';
end $$;
revoke execute on function countersign.agency_viewer() from public, anon;
grant execute on function countersign.agency_viewer() to authenticated;

-- Where the caller is member or above.
create or replace function countersign.agency_member() returns setof uuid
  language plpgsql stable parallel safe security definer rows 10
  set search_path = ''
as $$
begin
  return query
    select m.org_id from agency.team_members m
    where m.user_id = countersign.caller_id()
      and m.role in ('owner', 'admin', 'member')
      and m.status = 'active';
end $$;
revoke execute on function countersign.agency_member() from public, anon;
grant execute on function countersign.agency_member() to authenticated;

-- Where the caller is admin or above.
create or replace function countersign.agency_admin() returns setof uuid
  language plpgsql stable parallel safe security definer rows 10
  set search_path = ''
as $$
begin
  return query
    select m.org_id from agency.team_members m
    where m.user_id = countersign.caller_id()
      and m.role in ('owner', 'admin')
      and m.status = 'active';
end $$;
revoke execute on function countersign.agency_admin() from public, anon;
grant execute on function countersign.agency_admin() to authenticated;

-- Where the caller is owner.
create or replace function countersign.agency_owner() returns setof uuid
  language plpgsql stable parallel safe security definer rows 10
  set search_path = ''
as $$
begin
  return query
    select m.org_id from agency.team_members m
    where m.user_id = countersign.caller_id()
      and m.role in ('owner')
      and m.status = 'active';
end $$;
revoke execute on function countersign.agency_owner() from public, anon;
grant execute on function countersign.agency_owner() to authenticated;

-- The helpers read memberships as their owner. Were the owner bound by row-level security, they would find none,
-- and nobody would see anything; so the membership tables must not FORCE it either.
do $$
begin
  if exists (
    select from pg_catalog.pg_proc p
    join pg_catalog.pg_roles o on o.oid = p.proowner
    join pg_catalog.pg_class t on t.oid in ('agency.team_members'::regclass)
    where p.oid in (
      'countersign.agency_viewer()'::regprocedure,
      'countersign.agency_member()'::regprocedure,
      'countersign.agency_admin()'::regprocedure,
      'countersign.agency_owner()'::regprocedure)
      and not (o.rolsuper or o.rolbypassrls
        or (pg_catalog.pg_has_role(o.oid, t.relowner, 'usage') and not t.relforcerowsecurity))
  ) then
    raise exception using
      message = 'row-level security would bind the helpers in schema countersign',
      hint = 'Apply this file as the owner of the membership tables or as a role with BYPASSRLS, and do not FORCE row-level security there.';
  end if;
end $$;


-- countersign:section schema 59a6e2909cd7e091a4e6d18b42f2e5524d16dbdb1a5c8f87ef5ea83207e87d98
--
--   The schema agency

-- PUBLIC stands for every role of the server, so nothing is left to it.
revoke all on schema agency from public, anon, authenticated, service_role, countersign_edge;
grant usage on schema agency to authenticated, countersign_edge, service_role;

revoke all on all sequences in schema agency from public, anon, authenticated, service_role, countersign_edge;

-- What is created later starts closed. For functions only this form works: PUBLIC has EXECUTE by a default that belongs to
-- no schema, and a revoke within one does not touch it.
alter default privileges revoke execute on functions from public;
alter default privileges in schema agency revoke all on tables from anon, authenticated;
alter default privileges in schema agency revoke all on sequences from anon, authenticated;
alter default privileges in schema agency revoke execute on functions from anon, authenticated;


-- countersign:section table.organizations 97a3e73974261ab26901ab055720f3fa96451530a83339396158accd183af1cc
--
--   on organizations {
--     user:   insert (id, name);
--     viewer: select;
--     owner:  update (name, settings, guest_wizard, ai_monthly_budget_cents);
--   }

revoke all on agency.organizations from public, anon, authenticated, service_role, countersign_edge;
grant select (id, name, ai_monthly_budget_cents, guest_wizard, settings, created_by, created_at, updated_at),
      insert (id, name),
      update (name, ai_monthly_budget_cents, guest_wizard, settings)
  on agency.organizations to authenticated;
grant select, insert, update, delete on agency.organizations to service_role;

-- Whoever creates a tenant becomes its first owner. As definer: nobody else may add the first member.
create or replace function countersign.agency_found() returns trigger
  language plpgsql
  security definer
  set search_path = ''
as $$
begin
  insert into agency.team_members (org_id, user_id, role, status)
  values (new.id, new.created_by, 'owner', 'active');
  return null;
end $$;
revoke execute on function countersign.agency_found() from public, anon, authenticated, service_role, countersign_edge;
drop trigger if exists zz_countersign_found on agency.organizations;
create trigger zz_countersign_found after insert on agency.organizations
  for each row when (new.created_by is not null)
  execute function countersign.agency_found();

drop policy if exists countersign_fence_select on agency.organizations;
create policy countersign_fence_select on agency.organizations
  as restrictive for select to authenticated
  using (
    organizations.id = any (array(select countersign.agency_viewer()))
    or (select countersign.caller_is_user())
        and organizations.created_by = (select countersign.caller_id())
        and organizations.created_at = now()
  );
comment on policy countersign_fence_select on agency.organizations is 'the tenant fence [4e7b58cf]';

drop policy if exists countersign_fence_update on agency.organizations;
create policy countersign_fence_update on agency.organizations
  as restrictive for update to authenticated
  using (organizations.id = any (array(select countersign.agency_viewer())))
  with check (organizations.id = any (array(select countersign.agency_viewer())));
comment on policy countersign_fence_update on agency.organizations is 'the tenant fence [48c03efd]';

drop policy if exists countersign_fence_delete on agency.organizations;
create policy countersign_fence_delete on agency.organizations
  as restrictive for delete to authenticated
  using (organizations.id = any (array(select countersign.agency_viewer())));
comment on policy countersign_fence_delete on agency.organizations is 'the tenant fence [40f89290]';

drop policy if exists countersign_fence_anon on agency.organizations;
create policy countersign_fence_anon on agency.organizations
  as restrictive for all to anon
  using (false)
  with check (false);
comment on policy countersign_fence_anon on agency.organizations is 'nothing here is for anon [d546b5cb]';

drop policy if exists countersign_select on agency.organizations;
create policy countersign_select on agency.organizations for select to authenticated
  using (
    organizations.id = any (array(select countersign.agency_viewer()))
    or (select countersign.caller_is_user())
        and organizations.created_by = (select countersign.caller_id())
        and organizations.created_at = now()
  );
comment on policy countersign_select on agency.organizations is 'viewer: select [d01390db]';

drop policy if exists countersign_insert on agency.organizations;
create policy countersign_insert on agency.organizations for insert to authenticated
  with check (
    (select countersign.caller_is_user())
    and organizations.created_by = (select countersign.caller_id())
  );
comment on policy countersign_insert on agency.organizations is 'user: insert (id, name) [70f5e53d]';

drop policy if exists countersign_update on agency.organizations;
create policy countersign_update on agency.organizations for update to authenticated
  using (coalesce(organizations.id = any (array(select countersign.agency_owner())), false))
  with check (coalesce(organizations.id = any (array(select countersign.agency_owner())), false));
comment on policy countersign_update on agency.organizations is 'owner: update (name, settings, guest_wizard, ai_monthly_budget_cents) [c6e90fc8]';

alter table agency.organizations enable row level security;


-- countersign:section table.profiles ba5a0753243e5682d679d6a0f06d2ae0c5cdbab0ac7620a3f44961ee5275c78d
--
--   on profiles via id in team_members (user_id) {   -- people see those with whom they share an organization
--     managed email;
--     self id: select, insert, upsert, update (display_name, avatar_url, timezone);
--   }

revoke all on agency.profiles from public, anon, authenticated, service_role, countersign_edge;
grant select (id, display_name, avatar_url, email, timezone, created_at, updated_at),
      insert (id, display_name, avatar_url, timezone),
      update (id, display_name, avatar_url, timezone)
  on agency.profiles to authenticated;
grant select, insert, update, delete on agency.profiles to service_role;

create or replace function countersign.agency_profiles_update() returns trigger
  language plpgsql stable
  set search_path = ''
as $$
declare
  allowed boolean;
  changes_id boolean := new.id is distinct from old.id;
begin
  allowed :=
    -- self id: update (display_name, avatar_url, timezone)
       (not changes_id and old.id = countersign.caller_id() and new.id = countersign.caller_id());
  if allowed is not true then
    raise exception using
      errcode = 'insufficient_privilege',
      message = 'no rule of agency.profiles allows this change',
      hint = 'One rule must allow the old row, the new row and the changed columns together: self id: update (display_name, avatar_url, timezone).';
  end if;
  return new;
end $$;
revoke execute on function countersign.agency_profiles_update() from public, anon, authenticated, service_role, countersign_edge;
-- Named to run after all others, and bound to exactly whom row-level security binds.
drop trigger if exists zz_countersign on agency.profiles;
create trigger zz_countersign before update on agency.profiles
  for each row when (row_security_active('agency.profiles'))
  execute function countersign.agency_profiles_update();

drop policy if exists countersign_fence_anon on agency.profiles;
create policy countersign_fence_anon on agency.profiles
  as restrictive for all to anon
  using (false)
  with check (false);
comment on policy countersign_fence_anon on agency.profiles is 'nothing here is for anon [d5c786a0]';

drop policy if exists countersign_select on agency.profiles;
create policy countersign_select on agency.profiles for select to authenticated
  using (
    profiles.id = (select countersign.caller_id())
    or exists (select 1 from agency.team_members peer where peer.user_id = profiles.id)
  );
comment on policy countersign_select on agency.profiles is 'self id: select; via id in team_members (user_id): select [966e12a6]';

drop policy if exists countersign_insert on agency.profiles;
create policy countersign_insert on agency.profiles for insert to authenticated
  with check (profiles.id = (select countersign.caller_id()));
comment on policy countersign_insert on agency.profiles is 'self id: insert [e39a55a8]';

drop policy if exists countersign_update on agency.profiles;
create policy countersign_update on agency.profiles for update to authenticated
  using (profiles.id = (select countersign.caller_id()))
  with check (profiles.id = (select countersign.caller_id()));
comment on policy countersign_update on agency.profiles is 'self id: update (display_name, avatar_url, timezone) [a19196d4]';

alter table agency.profiles enable row level security;


-- countersign:section table.team_members 0174dc9e01ff37e11b6b5911ea0b0e6b783ccbc834eeb8e75a4797d2dcde7d73
--
--   on team_members tenant org_id {
--     managed invited_by;
--     viewer: select;
--     owner:  insert check status = 'invited',       -- nobody becomes a member without accepting
--             update (role, display_name),
--             update (role, status) where status <> 'active' check status = 'invited',
--             update (status) check status = 'removed',
--             delete;
--     self user_id: update (display_name) where status = 'active';
--     outside self user_id:                          -- an invitation comes before membership
--       select,
--       update (status) where status = 'invited' check status = 'active',
--       delete where status <> 'removed';
--   }

revoke all on agency.team_members from public, anon, authenticated, service_role, countersign_edge;
grant select (id, org_id, user_id, role, status, display_name, invited_by, created_at, updated_at),
      insert (id, org_id, user_id, role, status, display_name),
      update (role, status, display_name),
      delete
  on agency.team_members to authenticated;
grant select, insert, update, delete on agency.team_members to service_role;

create or replace function countersign.agency_team_members_update() returns trigger
  language plpgsql stable
  set search_path = ''
as $$
declare
  allowed boolean;
  changes_role boolean := new.role is distinct from old.role;
  changes_status boolean := new.status is distinct from old.status;
  changes_display_name boolean := new.display_name is distinct from old.display_name;
begin
  allowed :=
    -- owner: update (role, display_name)
       (not changes_status and old.org_id = any (array(select countersign.agency_owner())))
    -- owner: update (role, status) where status <> 'active' check status = 'invited'
    or (
         not changes_display_name
         and old.org_id = any (array(select countersign.agency_owner()))
         and old.status <> 'active'
         and new.status = 'invited'
       )
    -- owner: update (status) check status = 'removed'
    or (
         not changes_role
         and not changes_display_name
         and old.org_id = any (array(select countersign.agency_owner()))
         and new.status = 'removed'
       )
    -- self user_id: update (display_name) where status = 'active'
    or (
         not changes_role
         and not changes_status
         and old.org_id = any (array(select countersign.agency_viewer()))
         and old.user_id = countersign.caller_id()
         and old.status = 'active'
         and new.status = 'active'
       )
    -- outside self user_id: update (status) where status = 'invited' check status = 'active'
    or (
         not changes_role
         and not changes_display_name
         and old.user_id = countersign.caller_id()
         and old.status = 'invited'
         and new.status = 'active'
       );
  if allowed is not true then
    raise exception using
      errcode = 'insufficient_privilege',
      message = 'no rule of agency.team_members allows this change',
      hint = 'One rule must allow the old row, the new row and the changed columns together: owner: update (role, display_name); owner: update (role, status) where status <> ''active'' check status = ''invited''; owner: update (status) check status = ''removed''; self user_id: update (display_name) where status = ''active''; outside self user_id: update (status) where status = ''invited'' check status = ''active''.';
  end if;
  return new;
end $$;
revoke execute on function countersign.agency_team_members_update() from public, anon, authenticated, service_role, countersign_edge;
-- Named to run after all others, and bound to exactly whom row-level security binds.
drop trigger if exists zz_countersign on agency.team_members;
create trigger zz_countersign before update on agency.team_members
  for each row when (row_security_active('agency.team_members'))
  execute function countersign.agency_team_members_update();

-- A tenant keeps one owner. The lock makes two who leave at once wait for each other. Where the tenant itself
-- is being deleted there is no row to lock, and nothing to keep.
create or replace function countersign.agency_team_members_keep() returns trigger
  language plpgsql
  security definer
  set search_path = ''
as $$
begin
  perform 1 from agency.organizations t where t.id = old.org_id for no key update;
  if found
    and not exists (select 1 from agency.team_members m where m.org_id = old.org_id and m.role = 'owner' and m.status = 'active')
  then
    raise exception using
      errcode = 'check_violation',
      message = 'the last owner cannot leave',
      hint = 'Make somebody else owner first, or delete the organizations row.';
  end if;
  return null;
end $$;
revoke execute on function countersign.agency_team_members_keep() from public, anon, authenticated, service_role, countersign_edge;
drop trigger if exists zz_countersign_keep on agency.team_members;
create constraint trigger zz_countersign_keep after update or delete on agency.team_members
  for each row when (old.role = 'owner' and old.status = 'active')
  execute function countersign.agency_team_members_keep();

drop policy if exists countersign_fence on agency.team_members;
create policy countersign_fence on agency.team_members
  as restrictive for all to authenticated
  using (
    team_members.org_id = any (array(select countersign.agency_viewer()))
    or team_members.user_id = (select countersign.caller_id())
  )
  with check (
    team_members.org_id = any (array(select countersign.agency_viewer()))
    or team_members.user_id = (select countersign.caller_id()) and team_members.status = 'active'
  );
comment on policy countersign_fence on agency.team_members is 'the tenant fence [60e7cca5]';

drop policy if exists countersign_fence_anon on agency.team_members;
create policy countersign_fence_anon on agency.team_members
  as restrictive for all to anon
  using (false)
  with check (false);
comment on policy countersign_fence_anon on agency.team_members is 'nothing here is for anon [67b7f9c3]';

drop policy if exists countersign_select on agency.team_members;
create policy countersign_select on agency.team_members for select to authenticated
  using (
    team_members.org_id = any (array(select countersign.agency_viewer()))
    or team_members.user_id = (select countersign.caller_id())
  );
comment on policy countersign_select on agency.team_members is 'viewer: select; outside self user_id: select [5479f994]';

drop policy if exists countersign_insert on agency.team_members;
create policy countersign_insert on agency.team_members for insert to authenticated
  with check (
    coalesce(team_members.org_id = any (array(select countersign.agency_owner())), false)
    and team_members.status = 'invited'
  );
comment on policy countersign_insert on agency.team_members is 'owner: insert check status = ''invited'' [ad05dece]';

drop policy if exists countersign_update on agency.team_members;
create policy countersign_update on agency.team_members for update to authenticated
  using (
    team_members.org_id = any (array(select countersign.agency_owner()))
    or coalesce(team_members.org_id = any (array(select countersign.agency_viewer())), false)
        and team_members.user_id = (select countersign.caller_id())
        and team_members.status = 'active'
    or team_members.user_id = (select countersign.caller_id()) and team_members.status = 'invited'
  )
  with check (
    team_members.org_id = any (array(select countersign.agency_owner()))
    or team_members.user_id = (select countersign.caller_id()) and team_members.status = 'active'
  );
comment on policy countersign_update on agency.team_members is 'owner: update (role, display_name); owner: update (role, status) where status <> ''active'' check status = ''invited''; owner: update (status) check status = ''removed''; self user_id: update (display_name) where status = ''active''; outside self user_id: update (status) where status = ''invited'' check status = ''active'' [63e387a6]';

drop policy if exists countersign_delete on agency.team_members;
create policy countersign_delete on agency.team_members for delete to authenticated
  using (
    team_members.org_id = any (array(select countersign.agency_owner()))
    or team_members.user_id = (select countersign.caller_id()) and team_members.status <> 'removed'
  );
comment on policy countersign_delete on agency.team_members is 'owner: delete; outside self user_id: delete where status <> ''removed'' [25f22721]';

-- Not FORCE: the helpers read memberships as this table's owner.
alter table agency.team_members enable row level security;


-- countersign:section table.clients 8641983f9461988e9e230b26a35596518c044a02ece8db4287fba94c10733823
--
--   on clients tenant org_id {
--     managed (classification, classified_at, last_contact_at, last_sentiment, last_sentiment_at);
--     viewer: select;
--     admin:  insert, update;
--     retire record_status = 'deleted' by admin, seen by admin, stamped updated_at;
--   }

revoke all on agency.clients from public, anon, authenticated, service_role, countersign_edge;
grant select (id, org_id, name, company, email, phone, website, industry, status, owner_id, notes,
              classification, classified_at, last_contact_at, last_sentiment, last_sentiment_at,
              external_source, external_id, metadata, record_status, created_by, created_at, updated_at),
      insert (id, org_id, name, company, email, phone, website, industry, status, owner_id, notes,
              external_source, external_id, metadata, record_status),
      update (name, company, email, phone, website, industry, status, owner_id, notes, external_source,
              external_id, metadata, record_status)
  on agency.clients to authenticated;
grant select, insert, update, delete on agency.clients to service_role;

drop policy if exists countersign_fence on agency.clients;
create policy countersign_fence on agency.clients
  as restrictive for all to authenticated
  using (clients.org_id = any (array(select countersign.agency_viewer())))
  with check (clients.org_id = any (array(select countersign.agency_viewer())));
comment on policy countersign_fence on agency.clients is 'the tenant fence [606e09e2]';

drop policy if exists countersign_fence_anon on agency.clients;
create policy countersign_fence_anon on agency.clients
  as restrictive for all to anon
  using (false)
  with check (false);
comment on policy countersign_fence_anon on agency.clients is 'nothing here is for anon [7001d43a]';

drop policy if exists countersign_select on agency.clients;
create policy countersign_select on agency.clients for select to authenticated
  using (
    clients.record_status <> 'deleted'
    or clients.org_id = any (array(select countersign.agency_admin()))
  );
comment on policy countersign_select on agency.clients is 'viewer: select [b0cd11f5]';

drop policy if exists countersign_insert on agency.clients;
create policy countersign_insert on agency.clients for insert to authenticated
  with check (coalesce(clients.org_id = any (array(select countersign.agency_admin())), false));
comment on policy countersign_insert on agency.clients is 'admin: insert [9bde3c1b]';

drop policy if exists countersign_update on agency.clients;
create policy countersign_update on agency.clients for update to authenticated
  using (coalesce(clients.org_id = any (array(select countersign.agency_admin())), false))
  with check (coalesce(clients.org_id = any (array(select countersign.agency_admin())), false));
comment on policy countersign_update on agency.clients is 'admin: update [7e67132a]';

alter table agency.clients enable row level security;


-- countersign:section table.projects ab331d7b8d592f43f6d9fffb2885ca68bd4be2957f08a1e69af98d82f42a1f67
--
--   on projects tenant org_id via client_id in clients {
--     managed activated_at;
--     inherit select;
--     member: insert, update (name, description, status, priority, lead_id, starts_on, due_on, metadata)
--               where record_status = 'active';
--     admin:  update;
--     retire record_status = 'deleted' by admin, seen by admin, stamped updated_at;
--   }

revoke all on agency.projects from public, anon, authenticated, service_role, countersign_edge;
grant select (id, org_id, client_id, name, description, status, priority, lead_id, starts_on, due_on,
              activated_at, budget_cents, currency, metadata, record_status, created_by, created_at,
              updated_at),
      insert (id, org_id, client_id, name, description, status, priority, lead_id, starts_on, due_on,
              budget_cents, currency, metadata, record_status),
      update (client_id, name, description, status, priority, lead_id, starts_on, due_on, budget_cents,
              currency, metadata, record_status)
  on agency.projects to authenticated;
grant select, insert, update, delete on agency.projects to service_role;

create or replace function countersign.agency_projects_update() returns trigger
  language plpgsql stable
  set search_path = ''
as $$
declare
  allowed boolean;
  changes_client_id_or_more boolean :=
    (new.client_id, new.budget_cents, new.currency, new.record_status)
    is distinct from
    (old.client_id, old.budget_cents, old.currency, old.record_status);
begin
  allowed :=
    -- member: update (name, description, status, priority, lead_id, starts_on, due_on, metadata) where record_status = 'active'
       (
         not changes_client_id_or_more
         and old.org_id = any (array(select countersign.agency_member()))
         and old.record_status = 'active'
         and new.record_status = 'active'
       )
    -- admin: update
    or (old.org_id = any (array(select countersign.agency_admin())));
  if allowed is not true then
    raise exception using
      errcode = 'insufficient_privilege',
      message = 'no rule of agency.projects allows this change',
      hint = 'One rule must allow the old row, the new row and the changed columns together: member: update (name, description, status, priority, lead_id, starts_on, due_on, metadata) where record_status = ''active''; admin: update.';
  end if;
  return new;
end $$;
revoke execute on function countersign.agency_projects_update() from public, anon, authenticated, service_role, countersign_edge;
-- Named to run after all others, and bound to exactly whom row-level security binds.
drop trigger if exists zz_countersign on agency.projects;
create trigger zz_countersign before update on agency.projects
  for each row when (row_security_active('agency.projects'))
  execute function countersign.agency_projects_update();

drop policy if exists countersign_fence on agency.projects;
create policy countersign_fence on agency.projects
  as restrictive for all to authenticated
  using (projects.org_id = any (array(select countersign.agency_viewer())))
  with check (projects.org_id = any (array(select countersign.agency_viewer())));
comment on policy countersign_fence on agency.projects is 'the tenant fence [e46b2aaf]';

drop policy if exists countersign_fence_anon on agency.projects;
create policy countersign_fence_anon on agency.projects
  as restrictive for all to anon
  using (false)
  with check (false);
comment on policy countersign_fence_anon on agency.projects is 'nothing here is for anon [21e50311]';

drop policy if exists countersign_select on agency.projects;
create policy countersign_select on agency.projects for select to authenticated
  using (
    exists (select 1 from agency.clients parent
        where parent.id = projects.client_id and parent.org_id = projects.org_id)
    and (
      projects.record_status <> 'deleted'
      or projects.org_id = any (array(select countersign.agency_admin()))
    )
  );
comment on policy countersign_select on agency.projects is 'inherit select from clients: viewer: select [2bab9897]';

drop policy if exists countersign_insert on agency.projects;
create policy countersign_insert on agency.projects for insert to authenticated
  with check (
    coalesce(projects.org_id = any (array(select countersign.agency_member())), false)
    and exists (select 1 from agency.clients parent
        where parent.id = projects.client_id and parent.org_id = projects.org_id)
    and (
      projects.record_status <> 'deleted'
      or projects.org_id = any (array(select countersign.agency_admin()))
    )
  );
comment on policy countersign_insert on agency.projects is 'member: insert [30b4470a]';

drop policy if exists countersign_update on agency.projects;
create policy countersign_update on agency.projects for update to authenticated
  using (
    exists (select 1 from agency.clients parent
        where parent.id = projects.client_id and parent.org_id = projects.org_id)
    and (
      projects.record_status <> 'deleted'
      or projects.org_id = any (array(select countersign.agency_admin()))
    )
    and (
      coalesce(projects.org_id = any (array(select countersign.agency_member())), false)
          and projects.record_status = 'active'
      or projects.org_id = any (array(select countersign.agency_admin()))
    )
  )
  with check (
    exists (select 1 from agency.clients parent
        where parent.id = projects.client_id and parent.org_id = projects.org_id)
    and (
      projects.record_status <> 'deleted'
      or projects.org_id = any (array(select countersign.agency_admin()))
    )
    and (
      coalesce(projects.org_id = any (array(select countersign.agency_member())), false)
          and projects.record_status = 'active'
      or projects.org_id = any (array(select countersign.agency_admin()))
    )
  );
comment on policy countersign_update on agency.projects is 'member: update (name, description, status, priority, lead_id, starts_on, due_on, metadata) where record_status = ''active''; admin: update [aab9d756]';

alter table agency.projects enable row level security;


-- countersign:section table.wizard_sessions 7ffba21e54b17ed74339fb17b038f3ac6244eba82e4ccf0f7eea21238802218b
--
--   on wizard_sessions tenant org_id {
--     viewer: select;
--     member: insert, update (project_id, status, current_step, claimed_at, metadata);
--     outside self created_by:                       -- a guest fills in the wizard before signing up
--       select where guest,
--       insert check guest and project_id is null,
--       update (status, current_step, metadata) where guest;
--   }

revoke all on agency.wizard_sessions from public, anon, authenticated, service_role, countersign_edge;
grant select (id, org_id, project_id, status, current_step, guest, claimed_at, metadata, created_by,
              created_at, updated_at),
      insert (id, org_id, project_id, status, current_step, guest, claimed_at, metadata),
      update (project_id, status, current_step, claimed_at, metadata)
  on agency.wizard_sessions to authenticated;
grant select, insert, update, delete on agency.wizard_sessions to service_role;

create or replace function countersign.agency_wizard_sessions_update() returns trigger
  language plpgsql stable
  set search_path = ''
as $$
declare
  allowed boolean;
  changes_project_id_or_more boolean :=
    (new.project_id, new.claimed_at)
    is distinct from
    (old.project_id, old.claimed_at);
begin
  allowed :=
    -- member: update (project_id, status, current_step, claimed_at, metadata)
       (old.org_id = any (array(select countersign.agency_member())))
    -- outside self created_by: update (status, current_step, metadata) where guest
    or (not changes_project_id_or_more and old.created_by = countersign.caller_id() and old.guest);
  if allowed is not true then
    raise exception using
      errcode = 'insufficient_privilege',
      message = 'no rule of agency.wizard_sessions allows this change',
      hint = 'One rule must allow the old row, the new row and the changed columns together: member: update (project_id, status, current_step, claimed_at, metadata); outside self created_by: update (status, current_step, metadata) where guest.';
  end if;
  return new;
end $$;
revoke execute on function countersign.agency_wizard_sessions_update() from public, anon, authenticated, service_role, countersign_edge;
-- Named to run after all others, and bound to exactly whom row-level security binds.
drop trigger if exists zz_countersign on agency.wizard_sessions;
create trigger zz_countersign before update on agency.wizard_sessions
  for each row when (row_security_active('agency.wizard_sessions'))
  execute function countersign.agency_wizard_sessions_update();

drop policy if exists countersign_fence on agency.wizard_sessions;
create policy countersign_fence on agency.wizard_sessions
  as restrictive for all to authenticated
  using (
    wizard_sessions.org_id = any (array(select countersign.agency_viewer()))
    or wizard_sessions.created_by = (select countersign.caller_id()) and wizard_sessions.guest
  )
  with check (
    wizard_sessions.org_id = any (array(select countersign.agency_viewer()))
    or wizard_sessions.created_by = (select countersign.caller_id()) and wizard_sessions.guest
  );
comment on policy countersign_fence on agency.wizard_sessions is 'the tenant fence [a685577b]';

drop policy if exists countersign_fence_anon on agency.wizard_sessions;
create policy countersign_fence_anon on agency.wizard_sessions
  as restrictive for all to anon
  using (false)
  with check (false);
comment on policy countersign_fence_anon on agency.wizard_sessions is 'nothing here is for anon [bff793e4]';

drop policy if exists countersign_select on agency.wizard_sessions;
create policy countersign_select on agency.wizard_sessions for select to authenticated
  using (
    wizard_sessions.org_id = any (array(select countersign.agency_viewer()))
    or wizard_sessions.created_by = (select countersign.caller_id()) and wizard_sessions.guest
  );
comment on policy countersign_select on agency.wizard_sessions is 'viewer: select; outside self created_by: select where guest [f9189bdc]';

drop policy if exists countersign_insert on agency.wizard_sessions;
create policy countersign_insert on agency.wizard_sessions for insert to authenticated
  with check (
    wizard_sessions.org_id = any (array(select countersign.agency_member()))
    or wizard_sessions.created_by = (select countersign.caller_id())
        and wizard_sessions.guest
        and wizard_sessions.project_id is null
  );
comment on policy countersign_insert on agency.wizard_sessions is 'member: insert; outside self created_by: insert check guest and project_id is null [cb8d87c1]';

drop policy if exists countersign_update on agency.wizard_sessions;
create policy countersign_update on agency.wizard_sessions for update to authenticated
  using (
    wizard_sessions.org_id = any (array(select countersign.agency_member()))
    or wizard_sessions.created_by = (select countersign.caller_id()) and wizard_sessions.guest
  )
  with check (
    wizard_sessions.org_id = any (array(select countersign.agency_member()))
    or wizard_sessions.created_by = (select countersign.caller_id()) and wizard_sessions.guest
  );
comment on policy countersign_update on agency.wizard_sessions is 'member: update (project_id, status, current_step, claimed_at, metadata); outside self created_by: update (status, current_step, metadata) where guest [ce32b7eb]';

alter table agency.wizard_sessions enable row level security;


-- countersign:section table.wizard_answers 00d44e208bbc633c561c2e88634a234ac922522443c4b96bb4a9ea187f598b44
--
--   on wizard_answers tenant org_id via session_id in wizard_sessions {
--     viewer: select;
--     member: insert, upsert, update (answer);
--     outside self created_by: select, insert, upsert, update (answer);
--   }

revoke all on agency.wizard_answers from public, anon, authenticated, service_role, countersign_edge;
grant select (id, org_id, session_id, step_key, answer, created_by, created_at, updated_at),
      insert (id, org_id, session_id, step_key, answer),
      update (id, org_id, session_id, step_key, answer)
  on agency.wizard_answers to authenticated;
grant select, insert, update, delete on agency.wizard_answers to service_role;

create or replace function countersign.agency_wizard_answers_update() returns trigger
  language plpgsql stable
  set search_path = ''
as $$
declare
  allowed boolean;
  changes_id_or_more boolean :=
    (new.id, new.org_id, new.session_id, new.step_key)
    is distinct from
    (old.id, old.org_id, old.session_id, old.step_key);
begin
  allowed :=
    -- member: update (answer)
       (not changes_id_or_more and old.org_id = any (array(select countersign.agency_member())))
    -- outside self created_by: update (answer)
    or (not changes_id_or_more and old.created_by = countersign.caller_id());
  if allowed is not true then
    raise exception using
      errcode = 'insufficient_privilege',
      message = 'no rule of agency.wizard_answers allows this change',
      hint = 'One rule must allow the old row, the new row and the changed columns together: member: update (answer); outside self created_by: update (answer).';
  end if;
  return new;
end $$;
revoke execute on function countersign.agency_wizard_answers_update() from public, anon, authenticated, service_role, countersign_edge;
-- Named to run after all others, and bound to exactly whom row-level security binds.
drop trigger if exists zz_countersign on agency.wizard_answers;
create trigger zz_countersign before update on agency.wizard_answers
  for each row when (row_security_active('agency.wizard_answers'))
  execute function countersign.agency_wizard_answers_update();

drop policy if exists countersign_fence on agency.wizard_answers;
create policy countersign_fence on agency.wizard_answers
  as restrictive for all to authenticated
  using (
    wizard_answers.org_id = any (array(select countersign.agency_viewer()))
    or wizard_answers.created_by = (select countersign.caller_id())
  )
  with check (
    wizard_answers.org_id = any (array(select countersign.agency_viewer()))
    or wizard_answers.created_by = (select countersign.caller_id())
  );
comment on policy countersign_fence on agency.wizard_answers is 'the tenant fence [649db969]';

drop policy if exists countersign_fence_anon on agency.wizard_answers;
create policy countersign_fence_anon on agency.wizard_answers
  as restrictive for all to anon
  using (false)
  with check (false);
comment on policy countersign_fence_anon on agency.wizard_answers is 'nothing here is for anon [a80bfd48]';

drop policy if exists countersign_select on agency.wizard_answers;
create policy countersign_select on agency.wizard_answers for select to authenticated
  using (
    (
      wizard_answers.org_id = any (array(select countersign.agency_viewer()))
      or wizard_answers.created_by = (select countersign.caller_id())
    )
    and exists (select 1 from agency.wizard_sessions parent
        where parent.id = wizard_answers.session_id and parent.org_id = wizard_answers.org_id)
  );
comment on policy countersign_select on agency.wizard_answers is 'viewer: select; outside self created_by: select [f2e262df]';

drop policy if exists countersign_insert on agency.wizard_answers;
create policy countersign_insert on agency.wizard_answers for insert to authenticated
  with check (
    (
      wizard_answers.org_id = any (array(select countersign.agency_member()))
      or wizard_answers.created_by = (select countersign.caller_id())
    )
    and exists (select 1 from agency.wizard_sessions parent
        where parent.id = wizard_answers.session_id and parent.org_id = wizard_answers.org_id)
  );
comment on policy countersign_insert on agency.wizard_answers is 'member: insert; outside self created_by: insert [e5145714]';

drop policy if exists countersign_update on agency.wizard_answers;
create policy countersign_update on agency.wizard_answers for update to authenticated
  using (
    exists (select 1 from agency.wizard_sessions parent
        where parent.id = wizard_answers.session_id and parent.org_id = wizard_answers.org_id)
    and (
      wizard_answers.org_id = any (array(select countersign.agency_member()))
      or wizard_answers.created_by = (select countersign.caller_id())
    )
  )
  with check (
    exists (select 1 from agency.wizard_sessions parent
        where parent.id = wizard_answers.session_id and parent.org_id = wizard_answers.org_id)
    and (
      wizard_answers.org_id = any (array(select countersign.agency_member()))
      or wizard_answers.created_by = (select countersign.caller_id())
    )
  );
comment on policy countersign_update on agency.wizard_answers is 'member: update (answer); outside self created_by: update (answer) [b70acd07]';

alter table agency.wizard_answers enable row level security;


-- countersign:section table.context_snapshots 1ab001909dd8eee4c8a065b044e01e04eeeddebf740f311e2d121d59a49dbffb
--
--   on context_snapshots tenant org_id via project_id in projects {
--     inherit select;
--     member: insert;
--   }

revoke all on agency.context_snapshots from public, anon, authenticated, service_role, countersign_edge;
grant select (id, org_id, project_id, session_id, version, summary, metrics, created_by, created_at,
              updated_at),
      insert (id, org_id, project_id, session_id, version, summary, metrics)
  on agency.context_snapshots to authenticated;
grant select, insert, update, delete on agency.context_snapshots to service_role;

drop policy if exists countersign_fence on agency.context_snapshots;
create policy countersign_fence on agency.context_snapshots
  as restrictive for all to authenticated
  using (context_snapshots.org_id = any (array(select countersign.agency_viewer())))
  with check (context_snapshots.org_id = any (array(select countersign.agency_viewer())));
comment on policy countersign_fence on agency.context_snapshots is 'the tenant fence [241630d0]';

drop policy if exists countersign_fence_anon on agency.context_snapshots;
create policy countersign_fence_anon on agency.context_snapshots
  as restrictive for all to anon
  using (false)
  with check (false);
comment on policy countersign_fence_anon on agency.context_snapshots is 'nothing here is for anon [7511aa59]';

drop policy if exists countersign_select on agency.context_snapshots;
create policy countersign_select on agency.context_snapshots for select to authenticated
  using (
    exists (select 1 from agency.projects parent
        where parent.id = context_snapshots.project_id and parent.org_id = context_snapshots.org_id)
  );
comment on policy countersign_select on agency.context_snapshots is 'inherit select from projects: inherit select from clients: viewer: select [c6eb3f98]';

drop policy if exists countersign_insert on agency.context_snapshots;
create policy countersign_insert on agency.context_snapshots for insert to authenticated
  with check (
    coalesce(context_snapshots.org_id = any (array(select countersign.agency_member())), false)
    and exists (select 1 from agency.projects parent
        where parent.id = context_snapshots.project_id and parent.org_id = context_snapshots.org_id)
  );
comment on policy countersign_insert on agency.context_snapshots is 'member: insert [89ccda1e]';

alter table agency.context_snapshots enable row level security;


-- countersign:section table.roadmaps 4f07bbfccba5ebb759bbc8e0401707e05706abf7cbc02775df8421d0bff74354
--
--   on roadmaps tenant org_id via project_id in projects {
--     managed (approved_at, approved_by);
--     fixed project_id;
--     inherit select;
--     member: insert check status <> 'approved',
--             update where status in ('draft', 'in_review');
--     admin:  update;                                -- approving is the admin's
--     retire record_status = 'deleted' by admin, seen by admin, stamped updated_at;
--   }

revoke all on agency.roadmaps from public, anon, authenticated, service_role, countersign_edge;
grant select (id, org_id, project_id, snapshot_id, version, title, summary, status, starts_on, approved_at,
              approved_by, record_status, created_at, updated_at),
      insert (id, org_id, project_id, snapshot_id, version, title, summary, status, starts_on, record_status),
      update (snapshot_id, version, title, summary, status, starts_on, record_status)
  on agency.roadmaps to authenticated;
grant select, insert, update, delete on agency.roadmaps to service_role;

drop policy if exists countersign_fence on agency.roadmaps;
create policy countersign_fence on agency.roadmaps
  as restrictive for all to authenticated
  using (roadmaps.org_id = any (array(select countersign.agency_viewer())))
  with check (roadmaps.org_id = any (array(select countersign.agency_viewer())));
comment on policy countersign_fence on agency.roadmaps is 'the tenant fence [3ef48441]';

drop policy if exists countersign_fence_anon on agency.roadmaps;
create policy countersign_fence_anon on agency.roadmaps
  as restrictive for all to anon
  using (false)
  with check (false);
comment on policy countersign_fence_anon on agency.roadmaps is 'nothing here is for anon [1cd2c69e]';

drop policy if exists countersign_select on agency.roadmaps;
create policy countersign_select on agency.roadmaps for select to authenticated
  using (
    exists (select 1 from agency.projects parent
        where parent.id = roadmaps.project_id and parent.org_id = roadmaps.org_id)
    and (
      roadmaps.record_status <> 'deleted'
      or roadmaps.org_id = any (array(select countersign.agency_admin()))
    )
  );
comment on policy countersign_select on agency.roadmaps is 'inherit select from projects: inherit select from clients: viewer: select [861675b6]';

drop policy if exists countersign_insert on agency.roadmaps;
create policy countersign_insert on agency.roadmaps for insert to authenticated
  with check (
    coalesce(roadmaps.org_id = any (array(select countersign.agency_member())), false)
    and roadmaps.status <> 'approved'
    and exists (select 1 from agency.projects parent
        where parent.id = roadmaps.project_id and parent.org_id = roadmaps.org_id)
    and (
      roadmaps.record_status <> 'deleted'
      or roadmaps.org_id = any (array(select countersign.agency_admin()))
    )
  );
comment on policy countersign_insert on agency.roadmaps is 'member: insert check status <> ''approved'' [3fb98925]';

drop policy if exists countersign_update on agency.roadmaps;
create policy countersign_update on agency.roadmaps for update to authenticated
  using (
    exists (select 1 from agency.projects parent
        where parent.id = roadmaps.project_id and parent.org_id = roadmaps.org_id)
    and (
      roadmaps.record_status <> 'deleted'
      or roadmaps.org_id = any (array(select countersign.agency_admin()))
    )
    and (
      coalesce(roadmaps.org_id = any (array(select countersign.agency_member())), false)
          and roadmaps.status in ('draft', 'in_review')
      or roadmaps.org_id = any (array(select countersign.agency_admin()))
    )
  )
  with check (
    exists (select 1 from agency.projects parent
        where parent.id = roadmaps.project_id and parent.org_id = roadmaps.org_id)
    and (
      roadmaps.record_status <> 'deleted'
      or roadmaps.org_id = any (array(select countersign.agency_admin()))
    )
    and (
      coalesce(roadmaps.org_id = any (array(select countersign.agency_member())), false)
          and roadmaps.status in ('draft', 'in_review')
      or roadmaps.org_id = any (array(select countersign.agency_admin()))
    )
  );
comment on policy countersign_update on agency.roadmaps is 'member: update where status in (''draft'', ''in_review''); admin: update [c0cbf67a]';

alter table agency.roadmaps enable row level security;


-- countersign:section table.roadmap_phases 14815f361fa3f236f379a3dc974bb9dbdc97c4b59e5cc9b2a33eb6a28da26d91
--
--   on roadmap_phases tenant org_id via roadmap_id in roadmaps {
--     fixed (project_id, roadmap_id);
--     inherit select;
--     member: insert, update;
--     retire record_status = 'deleted' by admin, seen by admin, stamped updated_at;
--   }

revoke all on agency.roadmap_phases from public, anon, authenticated, service_role, countersign_edge;
grant select (id, org_id, project_id, roadmap_id, phase_number, title, objective, status, duration_days,
              starts_on, ends_on, record_status, created_at, updated_at),
      insert (id, org_id, project_id, roadmap_id, phase_number, title, objective, status, duration_days,
              starts_on, ends_on, record_status),
      update (phase_number, title, objective, status, duration_days, starts_on, ends_on, record_status)
  on agency.roadmap_phases to authenticated;
grant select, insert, update, delete on agency.roadmap_phases to service_role;

drop policy if exists countersign_fence on agency.roadmap_phases;
create policy countersign_fence on agency.roadmap_phases
  as restrictive for all to authenticated
  using (roadmap_phases.org_id = any (array(select countersign.agency_viewer())))
  with check (roadmap_phases.org_id = any (array(select countersign.agency_viewer())));
comment on policy countersign_fence on agency.roadmap_phases is 'the tenant fence [8f1d47c9]';

drop policy if exists countersign_fence_anon on agency.roadmap_phases;
create policy countersign_fence_anon on agency.roadmap_phases
  as restrictive for all to anon
  using (false)
  with check (false);
comment on policy countersign_fence_anon on agency.roadmap_phases is 'nothing here is for anon [49fdeb05]';

drop policy if exists countersign_select on agency.roadmap_phases;
create policy countersign_select on agency.roadmap_phases for select to authenticated
  using (
    exists (select 1 from agency.roadmaps parent
        where parent.id = roadmap_phases.roadmap_id and parent.org_id = roadmap_phases.org_id)
    and (
      roadmap_phases.record_status <> 'deleted'
      or roadmap_phases.org_id = any (array(select countersign.agency_admin()))
    )
  );
comment on policy countersign_select on agency.roadmap_phases is 'inherit select from roadmaps: inherit select from projects: inherit select from clients: viewer: select [909d764a]';

drop policy if exists countersign_insert on agency.roadmap_phases;
create policy countersign_insert on agency.roadmap_phases for insert to authenticated
  with check (
    coalesce(roadmap_phases.org_id = any (array(select countersign.agency_member())), false)
    and exists (select 1 from agency.roadmaps parent
        where parent.id = roadmap_phases.roadmap_id and parent.org_id = roadmap_phases.org_id)
    and (
      roadmap_phases.record_status <> 'deleted'
      or roadmap_phases.org_id = any (array(select countersign.agency_admin()))
    )
  );
comment on policy countersign_insert on agency.roadmap_phases is 'member: insert [340e5dfe]';

drop policy if exists countersign_update on agency.roadmap_phases;
create policy countersign_update on agency.roadmap_phases for update to authenticated
  using (
    exists (select 1 from agency.roadmaps parent
        where parent.id = roadmap_phases.roadmap_id and parent.org_id = roadmap_phases.org_id)
    and (
      roadmap_phases.record_status <> 'deleted'
      or roadmap_phases.org_id = any (array(select countersign.agency_admin()))
    )
    and coalesce(roadmap_phases.org_id = any (array(select countersign.agency_member())), false)
  )
  with check (
    exists (select 1 from agency.roadmaps parent
        where parent.id = roadmap_phases.roadmap_id and parent.org_id = roadmap_phases.org_id)
    and (
      roadmap_phases.record_status <> 'deleted'
      or roadmap_phases.org_id = any (array(select countersign.agency_admin()))
    )
    and coalesce(roadmap_phases.org_id = any (array(select countersign.agency_member())), false)
  );
comment on policy countersign_update on agency.roadmap_phases is 'member: update [26b22f5c]';

alter table agency.roadmap_phases enable row level security;


-- countersign:section table.tasks 03ab8133a92bc297848ed5341d94ec9b417f0c8d7796cb009b53f6c447e45417
--
--   on tasks tenant org_id via project_id in projects {
--     managed template_key;
--     inherit select;
--     member: insert, upsert, update;
--     retire record_status = 'deleted' by admin, seen by admin, stamped updated_at;
--   }

revoke all on agency.tasks from public, anon, authenticated, service_role, countersign_edge;
grant select (id, org_id, project_id, phase_id, title, description, status, priority, "position",
              assignee_id, due_on, completed_at, template_key, record_status, created_by, created_at,
              updated_at),
      insert (id, org_id, project_id, phase_id, title, description, status, priority, "position",
              assignee_id, due_on, completed_at, record_status),
      update (id, org_id, project_id, phase_id, title, description, status, priority, "position",
              assignee_id, due_on, completed_at, record_status)
  on agency.tasks to authenticated;
grant select, insert, update, delete on agency.tasks to service_role;

create or replace function countersign.agency_tasks_update() returns trigger
  language plpgsql stable
  set search_path = ''
as $$
declare
  allowed boolean;
  changes_id_or_more boolean :=
    (new.id, new.org_id)
    is distinct from
    (old.id, old.org_id);
begin
  allowed :=
    -- member: update
       (not changes_id_or_more and old.org_id = any (array(select countersign.agency_member())));
  if allowed is not true then
    raise exception using
      errcode = 'insufficient_privilege',
      message = 'no rule of agency.tasks allows this change',
      hint = 'One rule must allow the old row, the new row and the changed columns together: member: update.';
  end if;
  return new;
end $$;
revoke execute on function countersign.agency_tasks_update() from public, anon, authenticated, service_role, countersign_edge;
-- Named to run after all others, and bound to exactly whom row-level security binds.
drop trigger if exists zz_countersign on agency.tasks;
create trigger zz_countersign before update on agency.tasks
  for each row when (row_security_active('agency.tasks'))
  execute function countersign.agency_tasks_update();

drop policy if exists countersign_fence on agency.tasks;
create policy countersign_fence on agency.tasks
  as restrictive for all to authenticated
  using (tasks.org_id = any (array(select countersign.agency_viewer())))
  with check (tasks.org_id = any (array(select countersign.agency_viewer())));
comment on policy countersign_fence on agency.tasks is 'the tenant fence [3b47e7bf]';

drop policy if exists countersign_fence_anon on agency.tasks;
create policy countersign_fence_anon on agency.tasks
  as restrictive for all to anon
  using (false)
  with check (false);
comment on policy countersign_fence_anon on agency.tasks is 'nothing here is for anon [70eaa792]';

drop policy if exists countersign_select on agency.tasks;
create policy countersign_select on agency.tasks for select to authenticated
  using (
    exists (select 1 from agency.projects parent
        where parent.id = tasks.project_id and parent.org_id = tasks.org_id)
    and (tasks.record_status <> 'deleted' or tasks.org_id = any (array(select countersign.agency_admin())))
  );
comment on policy countersign_select on agency.tasks is 'inherit select from projects: inherit select from clients: viewer: select [f027c5db]';

drop policy if exists countersign_insert on agency.tasks;
create policy countersign_insert on agency.tasks for insert to authenticated
  with check (
    coalesce(tasks.org_id = any (array(select countersign.agency_member())), false)
    and exists (select 1 from agency.projects parent
        where parent.id = tasks.project_id and parent.org_id = tasks.org_id)
    and (tasks.record_status <> 'deleted' or tasks.org_id = any (array(select countersign.agency_admin())))
  );
comment on policy countersign_insert on agency.tasks is 'member: insert [39022420]';

drop policy if exists countersign_update on agency.tasks;
create policy countersign_update on agency.tasks for update to authenticated
  using (
    exists (select 1 from agency.projects parent
        where parent.id = tasks.project_id and parent.org_id = tasks.org_id)
    and (tasks.record_status <> 'deleted' or tasks.org_id = any (array(select countersign.agency_admin())))
    and coalesce(tasks.org_id = any (array(select countersign.agency_member())), false)
  )
  with check (
    exists (select 1 from agency.projects parent
        where parent.id = tasks.project_id and parent.org_id = tasks.org_id)
    and (tasks.record_status <> 'deleted' or tasks.org_id = any (array(select countersign.agency_admin())))
    and coalesce(tasks.org_id = any (array(select countersign.agency_member())), false)
  );
comment on policy countersign_update on agency.tasks is 'member: update [45e1a4b6]';

alter table agency.tasks enable row level security;


-- countersign:section table.ai_run_logs 2457a1a9239abe8f207c43c763c50f9fb12098405e687339cf3592d5ff64a618
--
--   on ai_run_logs tenant org_id append {
--     viewer:  select;
--     service: select, insert;
--   }

revoke all on agency.ai_run_logs from public, anon, authenticated, service_role, countersign_edge;
grant select (id, org_id, project_id, user_id, purpose, provider, model, status, prompt_tokens,
              completion_tokens, cost_cents, duration_ms, error_code, request_id, metadata, created_at,
              updated_at)
  on agency.ai_run_logs to authenticated;
grant select (id, org_id, project_id, user_id, purpose, provider, model, status, prompt_tokens,
              completion_tokens, cost_cents, duration_ms, error_code, request_id, metadata, created_at,
              updated_at),
      insert (id, org_id, project_id, user_id, purpose, provider, model, status, prompt_tokens,
              completion_tokens, cost_cents, duration_ms, error_code, request_id, metadata, created_at,
              updated_at)
  on agency.ai_run_logs to countersign_edge;
grant select, insert on agency.ai_run_logs to service_role;

drop policy if exists countersign_fence on agency.ai_run_logs;
create policy countersign_fence on agency.ai_run_logs
  as restrictive for all to authenticated
  using (ai_run_logs.org_id = any (array(select countersign.agency_viewer())))
  with check (ai_run_logs.org_id = any (array(select countersign.agency_viewer())));
comment on policy countersign_fence on agency.ai_run_logs is 'the tenant fence [0b368a11]';

drop policy if exists countersign_fence_anon on agency.ai_run_logs;
create policy countersign_fence_anon on agency.ai_run_logs
  as restrictive for all to anon
  using (false)
  with check (false);
comment on policy countersign_fence_anon on agency.ai_run_logs is 'nothing here is for anon [33e80e4d]';

drop policy if exists countersign_select on agency.ai_run_logs;
create policy countersign_select on agency.ai_run_logs for select to authenticated
  using ((select countersign.caller_id()) is not null);
comment on policy countersign_select on agency.ai_run_logs is 'viewer: select [789097af]';

drop policy if exists countersign_select_edge on agency.ai_run_logs;
create policy countersign_select_edge on agency.ai_run_logs for select to countersign_edge
  using (true);
comment on policy countersign_select_edge on agency.ai_run_logs is 'service: select [44fb928a]';

drop policy if exists countersign_insert_edge on agency.ai_run_logs;
create policy countersign_insert_edge on agency.ai_run_logs for insert to countersign_edge
  with check (true);
comment on policy countersign_insert_edge on agency.ai_run_logs is 'service: insert [e8f5ef08]';

alter table agency.ai_run_logs enable row level security;


-- countersign:section table.ai_cache 61df532ba78f24bdf235cb5eecc4b5067dd8e2b1400a52588f535af00c4bab9c
--
--   on ai_cache tenant org_id {
--     service: select, insert, update, delete;
--   }

revoke all on agency.ai_cache from public, anon, authenticated, service_role, countersign_edge;
grant select (id, org_id, cache_key, purpose, model, response, prompt_tokens, completion_tokens, hits,
              expires_at, created_at, updated_at),
      insert (id, org_id, cache_key, purpose, model, response, prompt_tokens, completion_tokens, hits,
              expires_at, created_at, updated_at),
      update (cache_key, purpose, model, response, prompt_tokens, completion_tokens, hits, expires_at,
              created_at, updated_at),
      delete
  on agency.ai_cache to countersign_edge;
grant select, insert, update, delete on agency.ai_cache to service_role;

drop policy if exists countersign_fence on agency.ai_cache;
create policy countersign_fence on agency.ai_cache
  as restrictive for all to authenticated
  using (false)
  with check (false);
comment on policy countersign_fence on agency.ai_cache is 'the tenant fence [b05374ea]';

drop policy if exists countersign_fence_anon on agency.ai_cache;
create policy countersign_fence_anon on agency.ai_cache
  as restrictive for all to anon
  using (false)
  with check (false);
comment on policy countersign_fence_anon on agency.ai_cache is 'nothing here is for anon [dc7e3cc1]';

drop policy if exists countersign_select_edge on agency.ai_cache;
create policy countersign_select_edge on agency.ai_cache for select to countersign_edge
  using (true);
comment on policy countersign_select_edge on agency.ai_cache is 'service: select [2685a6eb]';

drop policy if exists countersign_insert_edge on agency.ai_cache;
create policy countersign_insert_edge on agency.ai_cache for insert to countersign_edge
  with check (true);
comment on policy countersign_insert_edge on agency.ai_cache is 'service: insert [39417c29]';

drop policy if exists countersign_update_edge on agency.ai_cache;
create policy countersign_update_edge on agency.ai_cache for update to countersign_edge
  using (true)
  with check (true);
comment on policy countersign_update_edge on agency.ai_cache is 'service: update [f0ea80e1]';

drop policy if exists countersign_delete_edge on agency.ai_cache;
create policy countersign_delete_edge on agency.ai_cache for delete to countersign_edge
  using (true);
comment on policy countersign_delete_edge on agency.ai_cache is 'service: delete [d187d47d]';

alter table agency.ai_cache enable row level security;


-- countersign:section table.analytics 7b03adea2e7be12832f9a40991a1089ed55483d9a9a8856e1aa4861e6d8599ba
--
--   on analytics tenant org_id {
--     viewer:  select;
--     service: select, insert, update, delete;
--   }

revoke all on agency.analytics from public, anon, authenticated, service_role, countersign_edge;
grant select (id, org_id, project_id, metric, period, period_start, value, dimensions, created_at,
              updated_at)
  on agency.analytics to authenticated;
grant select (id, org_id, project_id, metric, period, period_start, value, dimensions, created_at,
              updated_at),
      insert (id, org_id, project_id, metric, period, period_start, value, dimensions, created_at,
              updated_at),
      update (project_id, metric, period, period_start, value, dimensions, created_at, updated_at),
      delete
  on agency.analytics to countersign_edge;
grant select, insert, update, delete on agency.analytics to service_role;

drop policy if exists countersign_fence on agency.analytics;
create policy countersign_fence on agency.analytics
  as restrictive for all to authenticated
  using (analytics.org_id = any (array(select countersign.agency_viewer())))
  with check (analytics.org_id = any (array(select countersign.agency_viewer())));
comment on policy countersign_fence on agency.analytics is 'the tenant fence [13b46eae]';

drop policy if exists countersign_fence_anon on agency.analytics;
create policy countersign_fence_anon on agency.analytics
  as restrictive for all to anon
  using (false)
  with check (false);
comment on policy countersign_fence_anon on agency.analytics is 'nothing here is for anon [424c870a]';

drop policy if exists countersign_select on agency.analytics;
create policy countersign_select on agency.analytics for select to authenticated
  using ((select countersign.caller_id()) is not null);
comment on policy countersign_select on agency.analytics is 'viewer: select [fcbba07b]';

drop policy if exists countersign_select_edge on agency.analytics;
create policy countersign_select_edge on agency.analytics for select to countersign_edge
  using (true);
comment on policy countersign_select_edge on agency.analytics is 'service: select [49ac2b48]';

drop policy if exists countersign_insert_edge on agency.analytics;
create policy countersign_insert_edge on agency.analytics for insert to countersign_edge
  with check (true);
comment on policy countersign_insert_edge on agency.analytics is 'service: insert [fe83ef86]';

drop policy if exists countersign_update_edge on agency.analytics;
create policy countersign_update_edge on agency.analytics for update to countersign_edge
  using (true)
  with check (true);
comment on policy countersign_update_edge on agency.analytics is 'service: update [b4ae7c56]';

drop policy if exists countersign_delete_edge on agency.analytics;
create policy countersign_delete_edge on agency.analytics for delete to countersign_edge
  using (true);
comment on policy countersign_delete_edge on agency.analytics is 'service: delete [11ed0460]';

alter table agency.analytics enable row level security;


-- countersign:section table.services 2ec665f80d2f675ecd9819f1c72ee54c3a882980de8cc91251250d08a361f7d3
--
--   on services tenant org_id {
--     viewer: select;
--     admin:  insert, update;
--     retire record_status = 'deleted' by admin, seen by admin, stamped updated_at;
--   }

revoke all on agency.services from public, anon, authenticated, service_role, countersign_edge;
grant select (id, org_id, name, description, category, status, price_cents, currency, billing,
              record_status, created_at, updated_at),
      insert (id, org_id, name, description, category, status, price_cents, currency, billing, record_status),
      update (name, description, category, status, price_cents, currency, billing, record_status)
  on agency.services to authenticated;
grant select, insert, update, delete on agency.services to service_role;

drop policy if exists countersign_fence on agency.services;
create policy countersign_fence on agency.services
  as restrictive for all to authenticated
  using (services.org_id = any (array(select countersign.agency_viewer())))
  with check (services.org_id = any (array(select countersign.agency_viewer())));
comment on policy countersign_fence on agency.services is 'the tenant fence [8d61527d]';

drop policy if exists countersign_fence_anon on agency.services;
create policy countersign_fence_anon on agency.services
  as restrictive for all to anon
  using (false)
  with check (false);
comment on policy countersign_fence_anon on agency.services is 'nothing here is for anon [25636957]';

drop policy if exists countersign_select on agency.services;
create policy countersign_select on agency.services for select to authenticated
  using (
    services.record_status <> 'deleted'
    or services.org_id = any (array(select countersign.agency_admin()))
  );
comment on policy countersign_select on agency.services is 'viewer: select [edaa4a7c]';

drop policy if exists countersign_insert on agency.services;
create policy countersign_insert on agency.services for insert to authenticated
  with check (coalesce(services.org_id = any (array(select countersign.agency_admin())), false));
comment on policy countersign_insert on agency.services is 'admin: insert [9b06f369]';

drop policy if exists countersign_update on agency.services;
create policy countersign_update on agency.services for update to authenticated
  using (coalesce(services.org_id = any (array(select countersign.agency_admin())), false))
  with check (coalesce(services.org_id = any (array(select countersign.agency_admin())), false));
comment on policy countersign_update on agency.services is 'admin: update [720d2b65]';

alter table agency.services enable row level security;


-- countersign:section table.systems d7f017a90195944e49a48037596c25c7bd9e1b0a41307567b9ed765fd08ffb34
--
--   on systems tenant org_id {
--     viewer: select;
--     admin:  insert, update;
--     retire record_status = 'deleted' by admin, seen by admin, stamped updated_at;
--   }

revoke all on agency.systems from public, anon, authenticated, service_role, countersign_edge;
grant select (id, org_id, name, description, category, status, capabilities, record_status, created_at,
              updated_at),
      insert (id, org_id, name, description, category, status, capabilities, record_status),
      update (name, description, category, status, capabilities, record_status)
  on agency.systems to authenticated;
grant select, insert, update, delete on agency.systems to service_role;

drop policy if exists countersign_fence on agency.systems;
create policy countersign_fence on agency.systems
  as restrictive for all to authenticated
  using (systems.org_id = any (array(select countersign.agency_viewer())))
  with check (systems.org_id = any (array(select countersign.agency_viewer())));
comment on policy countersign_fence on agency.systems is 'the tenant fence [ebf7265b]';

drop policy if exists countersign_fence_anon on agency.systems;
create policy countersign_fence_anon on agency.systems
  as restrictive for all to anon
  using (false)
  with check (false);
comment on policy countersign_fence_anon on agency.systems is 'nothing here is for anon [deab23d4]';

drop policy if exists countersign_select on agency.systems;
create policy countersign_select on agency.systems for select to authenticated
  using (
    systems.record_status <> 'deleted'
    or systems.org_id = any (array(select countersign.agency_admin()))
  );
comment on policy countersign_select on agency.systems is 'viewer: select [96216697]';

drop policy if exists countersign_insert on agency.systems;
create policy countersign_insert on agency.systems for insert to authenticated
  with check (coalesce(systems.org_id = any (array(select countersign.agency_admin())), false));
comment on policy countersign_insert on agency.systems is 'admin: insert [dcfb5ee4]';

drop policy if exists countersign_update on agency.systems;
create policy countersign_update on agency.systems for update to authenticated
  using (coalesce(systems.org_id = any (array(select countersign.agency_admin())), false))
  with check (coalesce(systems.org_id = any (array(select countersign.agency_admin())), false));
comment on policy countersign_update on agency.systems is 'admin: update [2715cad0]';

alter table agency.systems enable row level security;


-- countersign:section table.system_services bd54682c1bf4c18bf4d3f2b9baf5bcf44bd824600e2e9b79fb1b0fd889614fc3
--
--   on system_services tenant org_id via system_id in systems and service_id in services {
--     inherit select;
--     admin: insert, update (required), delete;
--   }

revoke all on agency.system_services from public, anon, authenticated, service_role, countersign_edge;
grant select (id, org_id, system_id, service_id, required, created_at, updated_at),
      insert (id, org_id, system_id, service_id, required),
      update (required),
      delete
  on agency.system_services to authenticated;
grant select, insert, update, delete on agency.system_services to service_role;

drop policy if exists countersign_fence on agency.system_services;
create policy countersign_fence on agency.system_services
  as restrictive for all to authenticated
  using (system_services.org_id = any (array(select countersign.agency_viewer())))
  with check (system_services.org_id = any (array(select countersign.agency_viewer())));
comment on policy countersign_fence on agency.system_services is 'the tenant fence [78dde5dc]';

drop policy if exists countersign_fence_anon on agency.system_services;
create policy countersign_fence_anon on agency.system_services
  as restrictive for all to anon
  using (false)
  with check (false);
comment on policy countersign_fence_anon on agency.system_services is 'nothing here is for anon [7542d340]';

drop policy if exists countersign_select on agency.system_services;
create policy countersign_select on agency.system_services for select to authenticated
  using (
    exists (select 1 from agency.systems parent
        where parent.id = system_services.system_id and parent.org_id = system_services.org_id)
    and exists (select 1 from agency.services parent
        where parent.id = system_services.service_id and parent.org_id = system_services.org_id)
  );
comment on policy countersign_select on agency.system_services is 'inherit select from systems: viewer: select [0662e78b]';

drop policy if exists countersign_insert on agency.system_services;
create policy countersign_insert on agency.system_services for insert to authenticated
  with check (
    coalesce(system_services.org_id = any (array(select countersign.agency_admin())), false)
    and exists (select 1 from agency.systems parent
        where parent.id = system_services.system_id and parent.org_id = system_services.org_id)
    and exists (select 1 from agency.services parent
        where parent.id = system_services.service_id and parent.org_id = system_services.org_id)
  );
comment on policy countersign_insert on agency.system_services is 'admin: insert [476f4479]';

drop policy if exists countersign_update on agency.system_services;
create policy countersign_update on agency.system_services for update to authenticated
  using (
    exists (select 1 from agency.systems parent
        where parent.id = system_services.system_id and parent.org_id = system_services.org_id)
    and exists (select 1 from agency.services parent
        where parent.id = system_services.service_id and parent.org_id = system_services.org_id)
    and coalesce(system_services.org_id = any (array(select countersign.agency_admin())), false)
  )
  with check (
    exists (select 1 from agency.systems parent
        where parent.id = system_services.system_id and parent.org_id = system_services.org_id)
    and exists (select 1 from agency.services parent
        where parent.id = system_services.service_id and parent.org_id = system_services.org_id)
    and coalesce(system_services.org_id = any (array(select countersign.agency_admin())), false)
  );
comment on policy countersign_update on agency.system_services is 'admin: update (required) [5473fe9d]';

drop policy if exists countersign_delete on agency.system_services;
create policy countersign_delete on agency.system_services for delete to authenticated
  using (
    exists (select 1 from agency.systems parent
        where parent.id = system_services.system_id and parent.org_id = system_services.org_id)
    and exists (select 1 from agency.services parent
        where parent.id = system_services.service_id and parent.org_id = system_services.org_id)
    and coalesce(system_services.org_id = any (array(select countersign.agency_admin())), false)
  );
comment on policy countersign_delete on agency.system_services is 'admin: delete [f7065504]';

alter table agency.system_services enable row level security;


-- countersign:section table.project_systems 633f67a32537341e1bb2e7ea94cb5f67cc882e2901a722d6f3298d2d057fa154
--
--   on project_systems tenant org_id via project_id in projects and system_id in systems {
--     inherit select;
--     member: insert, update (status, config), delete;
--   }

revoke all on agency.project_systems from public, anon, authenticated, service_role, countersign_edge;
grant select (id, org_id, project_id, system_id, status, config, created_at, updated_at),
      insert (id, org_id, project_id, system_id, status, config),
      update (status, config),
      delete
  on agency.project_systems to authenticated;
grant select, insert, update, delete on agency.project_systems to service_role;

drop policy if exists countersign_fence on agency.project_systems;
create policy countersign_fence on agency.project_systems
  as restrictive for all to authenticated
  using (project_systems.org_id = any (array(select countersign.agency_viewer())))
  with check (project_systems.org_id = any (array(select countersign.agency_viewer())));
comment on policy countersign_fence on agency.project_systems is 'the tenant fence [345be275]';

drop policy if exists countersign_fence_anon on agency.project_systems;
create policy countersign_fence_anon on agency.project_systems
  as restrictive for all to anon
  using (false)
  with check (false);
comment on policy countersign_fence_anon on agency.project_systems is 'nothing here is for anon [8179f878]';

drop policy if exists countersign_select on agency.project_systems;
create policy countersign_select on agency.project_systems for select to authenticated
  using (
    exists (select 1 from agency.projects parent
        where parent.id = project_systems.project_id and parent.org_id = project_systems.org_id)
    and exists (select 1 from agency.systems parent
        where parent.id = project_systems.system_id and parent.org_id = project_systems.org_id)
  );
comment on policy countersign_select on agency.project_systems is 'inherit select from projects: inherit select from clients: viewer: select [5491cb0c]';

drop policy if exists countersign_insert on agency.project_systems;
create policy countersign_insert on agency.project_systems for insert to authenticated
  with check (
    coalesce(project_systems.org_id = any (array(select countersign.agency_member())), false)
    and exists (select 1 from agency.projects parent
        where parent.id = project_systems.project_id and parent.org_id = project_systems.org_id)
    and exists (select 1 from agency.systems parent
        where parent.id = project_systems.system_id and parent.org_id = project_systems.org_id)
  );
comment on policy countersign_insert on agency.project_systems is 'member: insert [be0a9f00]';

drop policy if exists countersign_update on agency.project_systems;
create policy countersign_update on agency.project_systems for update to authenticated
  using (
    exists (select 1 from agency.projects parent
        where parent.id = project_systems.project_id and parent.org_id = project_systems.org_id)
    and exists (select 1 from agency.systems parent
        where parent.id = project_systems.system_id and parent.org_id = project_systems.org_id)
    and coalesce(project_systems.org_id = any (array(select countersign.agency_member())), false)
  )
  with check (
    exists (select 1 from agency.projects parent
        where parent.id = project_systems.project_id and parent.org_id = project_systems.org_id)
    and exists (select 1 from agency.systems parent
        where parent.id = project_systems.system_id and parent.org_id = project_systems.org_id)
    and coalesce(project_systems.org_id = any (array(select countersign.agency_member())), false)
  );
comment on policy countersign_update on agency.project_systems is 'member: update (status, config) [e91e1933]';

drop policy if exists countersign_delete on agency.project_systems;
create policy countersign_delete on agency.project_systems for delete to authenticated
  using (
    exists (select 1 from agency.projects parent
        where parent.id = project_systems.project_id and parent.org_id = project_systems.org_id)
    and exists (select 1 from agency.systems parent
        where parent.id = project_systems.system_id and parent.org_id = project_systems.org_id)
    and coalesce(project_systems.org_id = any (array(select countersign.agency_member())), false)
  );
comment on policy countersign_delete on agency.project_systems is 'member: delete [3e45a4c6]';

alter table agency.project_systems enable row level security;


-- countersign:section table.project_services eedf0c230f926a35eca0ad7a8b35a200489e8d9dfa99c1bf674d17bb6723fff6
--
--   on project_services tenant org_id via project_id in projects and service_id in services {
--     inherit select;
--     admin: insert, update (status, quantity, price_cents, currency), delete;
--   }

revoke all on agency.project_services from public, anon, authenticated, service_role, countersign_edge;
grant select (id, org_id, project_id, service_id, status, quantity, price_cents, currency, created_at,
              updated_at),
      insert (id, org_id, project_id, service_id, status, quantity, price_cents, currency),
      update (status, quantity, price_cents, currency),
      delete
  on agency.project_services to authenticated;
grant select, insert, update, delete on agency.project_services to service_role;

drop policy if exists countersign_fence on agency.project_services;
create policy countersign_fence on agency.project_services
  as restrictive for all to authenticated
  using (project_services.org_id = any (array(select countersign.agency_viewer())))
  with check (project_services.org_id = any (array(select countersign.agency_viewer())));
comment on policy countersign_fence on agency.project_services is 'the tenant fence [f75fb549]';

drop policy if exists countersign_fence_anon on agency.project_services;
create policy countersign_fence_anon on agency.project_services
  as restrictive for all to anon
  using (false)
  with check (false);
comment on policy countersign_fence_anon on agency.project_services is 'nothing here is for anon [b6218d97]';

drop policy if exists countersign_select on agency.project_services;
create policy countersign_select on agency.project_services for select to authenticated
  using (
    exists (select 1 from agency.projects parent
        where parent.id = project_services.project_id and parent.org_id = project_services.org_id)
    and exists (select 1 from agency.services parent
        where parent.id = project_services.service_id and parent.org_id = project_services.org_id)
  );
comment on policy countersign_select on agency.project_services is 'inherit select from projects: inherit select from clients: viewer: select [857ea08e]';

drop policy if exists countersign_insert on agency.project_services;
create policy countersign_insert on agency.project_services for insert to authenticated
  with check (
    coalesce(project_services.org_id = any (array(select countersign.agency_admin())), false)
    and exists (select 1 from agency.projects parent
        where parent.id = project_services.project_id and parent.org_id = project_services.org_id)
    and exists (select 1 from agency.services parent
        where parent.id = project_services.service_id and parent.org_id = project_services.org_id)
  );
comment on policy countersign_insert on agency.project_services is 'admin: insert [287e07aa]';

drop policy if exists countersign_update on agency.project_services;
create policy countersign_update on agency.project_services for update to authenticated
  using (
    exists (select 1 from agency.projects parent
        where parent.id = project_services.project_id and parent.org_id = project_services.org_id)
    and exists (select 1 from agency.services parent
        where parent.id = project_services.service_id and parent.org_id = project_services.org_id)
    and coalesce(project_services.org_id = any (array(select countersign.agency_admin())), false)
  )
  with check (
    exists (select 1 from agency.projects parent
        where parent.id = project_services.project_id and parent.org_id = project_services.org_id)
    and exists (select 1 from agency.services parent
        where parent.id = project_services.service_id and parent.org_id = project_services.org_id)
    and coalesce(project_services.org_id = any (array(select countersign.agency_admin())), false)
  );
comment on policy countersign_update on agency.project_services is 'admin: update (status, quantity, price_cents, currency) [54a7c9a1]';

drop policy if exists countersign_delete on agency.project_services;
create policy countersign_delete on agency.project_services for delete to authenticated
  using (
    exists (select 1 from agency.projects parent
        where parent.id = project_services.project_id and parent.org_id = project_services.org_id)
    and exists (select 1 from agency.services parent
        where parent.id = project_services.service_id and parent.org_id = project_services.org_id)
    and coalesce(project_services.org_id = any (array(select countersign.agency_admin())), false)
  );
comment on policy countersign_delete on agency.project_services is 'admin: delete [2e5b4bdc]';

alter table agency.project_services enable row level security;


-- countersign:section table.documents 04105fa4bdfa62cb95a2aa78c0ccc8d9b54f61d61fd2f1e2573d6b7b35b95ae3
--
--   on documents tenant org_id {
--     managed (embedding, embedding_model);
--     viewer:  select;
--     member:  insert, update;
--     service: select, update (embedding, embedding_model);
--     retire record_status = 'deleted' by admin, seen by admin, stamped updated_at;
--   }

revoke all on agency.documents from public, anon, authenticated, service_role, countersign_edge;
grant select (id, org_id, project_id, title, kind, content, storage_path, mime_type, embedding,
              embedding_model, metadata, record_status, created_by, created_at, updated_at),
      insert (id, org_id, project_id, title, kind, content, storage_path, mime_type, metadata, record_status),
      update (project_id, title, kind, content, storage_path, mime_type, metadata, record_status)
  on agency.documents to authenticated;
grant select (id, org_id, project_id, title, kind, content, storage_path, mime_type, embedding,
              embedding_model, metadata, record_status, created_by, created_at, updated_at),
      update (embedding, embedding_model)
  on agency.documents to countersign_edge;
grant select, insert, update, delete on agency.documents to service_role;

drop policy if exists countersign_fence on agency.documents;
create policy countersign_fence on agency.documents
  as restrictive for all to authenticated
  using (documents.org_id = any (array(select countersign.agency_viewer())))
  with check (documents.org_id = any (array(select countersign.agency_viewer())));
comment on policy countersign_fence on agency.documents is 'the tenant fence [de93da9e]';

drop policy if exists countersign_fence_anon on agency.documents;
create policy countersign_fence_anon on agency.documents
  as restrictive for all to anon
  using (false)
  with check (false);
comment on policy countersign_fence_anon on agency.documents is 'nothing here is for anon [3db6e35b]';

drop policy if exists countersign_select on agency.documents;
create policy countersign_select on agency.documents for select to authenticated
  using (
    documents.record_status <> 'deleted'
    or documents.org_id = any (array(select countersign.agency_admin()))
  );
comment on policy countersign_select on agency.documents is 'viewer: select [c2094bd8]';

drop policy if exists countersign_insert on agency.documents;
create policy countersign_insert on agency.documents for insert to authenticated
  with check (
    coalesce(documents.org_id = any (array(select countersign.agency_member())), false)
    and (
      documents.record_status <> 'deleted'
      or documents.org_id = any (array(select countersign.agency_admin()))
    )
  );
comment on policy countersign_insert on agency.documents is 'member: insert [7f5fd3ea]';

drop policy if exists countersign_update on agency.documents;
create policy countersign_update on agency.documents for update to authenticated
  using (
    (
      documents.record_status <> 'deleted'
      or documents.org_id = any (array(select countersign.agency_admin()))
    )
    and coalesce(documents.org_id = any (array(select countersign.agency_member())), false)
  )
  with check (
    (
      documents.record_status <> 'deleted'
      or documents.org_id = any (array(select countersign.agency_admin()))
    )
    and coalesce(documents.org_id = any (array(select countersign.agency_member())), false)
  );
comment on policy countersign_update on agency.documents is 'member: update [370614fd]';

drop policy if exists countersign_select_edge on agency.documents;
create policy countersign_select_edge on agency.documents for select to countersign_edge
  using (true);
comment on policy countersign_select_edge on agency.documents is 'service: select [7fbf378f]';

drop policy if exists countersign_update_edge on agency.documents;
create policy countersign_update_edge on agency.documents for update to countersign_edge
  using (true)
  with check (true);
comment on policy countersign_update_edge on agency.documents is 'service: update (embedding, embedding_model) [66d35dc8]';

alter table agency.documents enable row level security;


-- countersign:section table.briefs 0908d671829acdad62c816a61bcde5a68abe6f5578818a0f1a8cfa37713e6d37
--
--   on briefs tenant org_id via client_id in clients {
--     inherit select;
--     member: insert check status <> 'approved',
--             update where status <> 'approved';     -- an approved brief stands until an admin reopens it
--     admin:  update;
--     retire record_status = 'deleted' by admin, seen by admin, stamped updated_at;
--   }

revoke all on agency.briefs from public, anon, authenticated, service_role, countersign_edge;
grant select (id, org_id, client_id, project_id, title, status, record_status, created_by, created_at,
              updated_at),
      insert (id, org_id, client_id, project_id, title, status, record_status),
      update (client_id, project_id, title, status, record_status)
  on agency.briefs to authenticated;
grant select, insert, update, delete on agency.briefs to service_role;

drop policy if exists countersign_fence on agency.briefs;
create policy countersign_fence on agency.briefs
  as restrictive for all to authenticated
  using (briefs.org_id = any (array(select countersign.agency_viewer())))
  with check (briefs.org_id = any (array(select countersign.agency_viewer())));
comment on policy countersign_fence on agency.briefs is 'the tenant fence [05db2b20]';

drop policy if exists countersign_fence_anon on agency.briefs;
create policy countersign_fence_anon on agency.briefs
  as restrictive for all to anon
  using (false)
  with check (false);
comment on policy countersign_fence_anon on agency.briefs is 'nothing here is for anon [85b687c7]';

drop policy if exists countersign_select on agency.briefs;
create policy countersign_select on agency.briefs for select to authenticated
  using (
    exists (select 1 from agency.clients parent
        where parent.id = briefs.client_id and parent.org_id = briefs.org_id)
    and (briefs.record_status <> 'deleted' or briefs.org_id = any (array(select countersign.agency_admin())))
  );
comment on policy countersign_select on agency.briefs is 'inherit select from clients: viewer: select [2ccb0517]';

drop policy if exists countersign_insert on agency.briefs;
create policy countersign_insert on agency.briefs for insert to authenticated
  with check (
    coalesce(briefs.org_id = any (array(select countersign.agency_member())), false)
    and briefs.status <> 'approved'
    and exists (select 1 from agency.clients parent
        where parent.id = briefs.client_id and parent.org_id = briefs.org_id)
    and (briefs.record_status <> 'deleted' or briefs.org_id = any (array(select countersign.agency_admin())))
  );
comment on policy countersign_insert on agency.briefs is 'member: insert check status <> ''approved'' [038450f2]';

drop policy if exists countersign_update on agency.briefs;
create policy countersign_update on agency.briefs for update to authenticated
  using (
    exists (select 1 from agency.clients parent
        where parent.id = briefs.client_id and parent.org_id = briefs.org_id)
    and (briefs.record_status <> 'deleted' or briefs.org_id = any (array(select countersign.agency_admin())))
    and (
      coalesce(briefs.org_id = any (array(select countersign.agency_member())), false)
          and briefs.status <> 'approved'
      or briefs.org_id = any (array(select countersign.agency_admin()))
    )
  )
  with check (
    exists (select 1 from agency.clients parent
        where parent.id = briefs.client_id and parent.org_id = briefs.org_id)
    and (briefs.record_status <> 'deleted' or briefs.org_id = any (array(select countersign.agency_admin())))
    and (
      coalesce(briefs.org_id = any (array(select countersign.agency_member())), false)
          and briefs.status <> 'approved'
      or briefs.org_id = any (array(select countersign.agency_admin()))
    )
  );
comment on policy countersign_update on agency.briefs is 'member: update where status <> ''approved''; admin: update [5ee66ef1]';

alter table agency.briefs enable row level security;


-- countersign:section table.brief_versions 5d2ea01bf0b9a12580d51714e16781eeddff67ca394c78509782b3fff59390d7
--
--   on brief_versions tenant org_id via brief_id in briefs {
--     inherit select;
--     member: insert;
--   }

revoke all on agency.brief_versions from public, anon, authenticated, service_role, countersign_edge;
grant select (id, org_id, brief_id, version, body, content, change_note, created_by, created_at, updated_at),
      insert (id, org_id, brief_id, version, body, content, change_note)
  on agency.brief_versions to authenticated;
grant select, insert, update, delete on agency.brief_versions to service_role;

drop policy if exists countersign_fence on agency.brief_versions;
create policy countersign_fence on agency.brief_versions
  as restrictive for all to authenticated
  using (brief_versions.org_id = any (array(select countersign.agency_viewer())))
  with check (brief_versions.org_id = any (array(select countersign.agency_viewer())));
comment on policy countersign_fence on agency.brief_versions is 'the tenant fence [f6d12c15]';

drop policy if exists countersign_fence_anon on agency.brief_versions;
create policy countersign_fence_anon on agency.brief_versions
  as restrictive for all to anon
  using (false)
  with check (false);
comment on policy countersign_fence_anon on agency.brief_versions is 'nothing here is for anon [65fb7062]';

drop policy if exists countersign_select on agency.brief_versions;
create policy countersign_select on agency.brief_versions for select to authenticated
  using (
    exists (select 1 from agency.briefs parent
        where parent.id = brief_versions.brief_id and parent.org_id = brief_versions.org_id)
  );
comment on policy countersign_select on agency.brief_versions is 'inherit select from briefs: inherit select from clients: viewer: select [d04829c8]';

drop policy if exists countersign_insert on agency.brief_versions;
create policy countersign_insert on agency.brief_versions for insert to authenticated
  with check (
    coalesce(brief_versions.org_id = any (array(select countersign.agency_member())), false)
    and exists (select 1 from agency.briefs parent
        where parent.id = brief_versions.brief_id and parent.org_id = brief_versions.org_id)
  );
comment on policy countersign_insert on agency.brief_versions is 'member: insert [8ea78673]';

alter table agency.brief_versions enable row level security;


-- countersign:section table.deliverables eefd54874d1ecc50dfc7d5ab55209bfcbbcc3d80c3b482a83ae097e753f12bc5
--
--   on deliverables tenant org_id via project_id in projects {
--     inherit select;
--     member: insert, update;
--     retire record_status = 'deleted' by admin, seen by admin, stamped updated_at;
--     never update where status = 'delivered' and delivered_at is not null;
--   }

revoke all on agency.deliverables from public, anon, authenticated, service_role, countersign_edge;
grant select (id, org_id, project_id, phase_id, document_id, title, description, status, due_on,
              delivered_at, record_status, created_at, updated_at),
      insert (id, org_id, project_id, phase_id, document_id, title, description, status, due_on,
              delivered_at, record_status),
      update (project_id, phase_id, document_id, title, description, status, due_on, delivered_at,
              record_status)
  on agency.deliverables to authenticated;
grant select, insert, update, delete on agency.deliverables to service_role;

drop policy if exists countersign_fence on agency.deliverables;
create policy countersign_fence on agency.deliverables
  as restrictive for all to authenticated
  using (deliverables.org_id = any (array(select countersign.agency_viewer())))
  with check (deliverables.org_id = any (array(select countersign.agency_viewer())));
comment on policy countersign_fence on agency.deliverables is 'the tenant fence [6b4e2235]';

drop policy if exists countersign_fence_anon on agency.deliverables;
create policy countersign_fence_anon on agency.deliverables
  as restrictive for all to anon
  using (false)
  with check (false);
comment on policy countersign_fence_anon on agency.deliverables is 'nothing here is for anon [9433a051]';

drop policy if exists countersign_never_update on agency.deliverables;
create policy countersign_never_update on agency.deliverables
  as restrictive for update to authenticated
  using ((deliverables.status = 'delivered' and deliverables.delivered_at is not null) is false)
  with check (true);
comment on policy countersign_never_update on agency.deliverables is 'never update where status = ''delivered'' and delivered_at is not null [360f66f4]';

drop policy if exists countersign_select on agency.deliverables;
create policy countersign_select on agency.deliverables for select to authenticated
  using (
    exists (select 1 from agency.projects parent
        where parent.id = deliverables.project_id and parent.org_id = deliverables.org_id)
    and (
      deliverables.record_status <> 'deleted'
      or deliverables.org_id = any (array(select countersign.agency_admin()))
    )
  );
comment on policy countersign_select on agency.deliverables is 'inherit select from projects: inherit select from clients: viewer: select [311af70e]';

drop policy if exists countersign_insert on agency.deliverables;
create policy countersign_insert on agency.deliverables for insert to authenticated
  with check (
    coalesce(deliverables.org_id = any (array(select countersign.agency_member())), false)
    and exists (select 1 from agency.projects parent
        where parent.id = deliverables.project_id and parent.org_id = deliverables.org_id)
    and (
      deliverables.record_status <> 'deleted'
      or deliverables.org_id = any (array(select countersign.agency_admin()))
    )
  );
comment on policy countersign_insert on agency.deliverables is 'member: insert [3c115a43]';

drop policy if exists countersign_update on agency.deliverables;
create policy countersign_update on agency.deliverables for update to authenticated
  using (
    exists (select 1 from agency.projects parent
        where parent.id = deliverables.project_id and parent.org_id = deliverables.org_id)
    and (
      deliverables.record_status <> 'deleted'
      or deliverables.org_id = any (array(select countersign.agency_admin()))
    )
    and coalesce(deliverables.org_id = any (array(select countersign.agency_member())), false)
  )
  with check (
    exists (select 1 from agency.projects parent
        where parent.id = deliverables.project_id and parent.org_id = deliverables.org_id)
    and (
      deliverables.record_status <> 'deleted'
      or deliverables.org_id = any (array(select countersign.agency_admin()))
    )
    and coalesce(deliverables.org_id = any (array(select countersign.agency_member())), false)
  );
comment on policy countersign_update on agency.deliverables is 'member: update [fed51ef3]';

alter table agency.deliverables enable row level security;


-- countersign:section table.milestones 84d6390ce5ef50616a11a75be554223477304f88ac986cbca24c8417e4bcf885
--
--   on milestones tenant org_id via project_id in projects {
--     inherit select;
--     member: insert, update;
--     retire record_status = 'deleted' by admin, seen by admin, stamped updated_at;
--   }

revoke all on agency.milestones from public, anon, authenticated, service_role, countersign_edge;
grant select (id, org_id, project_id, phase_id, title, status, due_on, reached_on, record_status,
              created_at, updated_at),
      insert (id, org_id, project_id, phase_id, title, status, due_on, reached_on, record_status),
      update (project_id, phase_id, title, status, due_on, reached_on, record_status)
  on agency.milestones to authenticated;
grant select, insert, update, delete on agency.milestones to service_role;

drop policy if exists countersign_fence on agency.milestones;
create policy countersign_fence on agency.milestones
  as restrictive for all to authenticated
  using (milestones.org_id = any (array(select countersign.agency_viewer())))
  with check (milestones.org_id = any (array(select countersign.agency_viewer())));
comment on policy countersign_fence on agency.milestones is 'the tenant fence [194920e3]';

drop policy if exists countersign_fence_anon on agency.milestones;
create policy countersign_fence_anon on agency.milestones
  as restrictive for all to anon
  using (false)
  with check (false);
comment on policy countersign_fence_anon on agency.milestones is 'nothing here is for anon [db475a97]';

drop policy if exists countersign_select on agency.milestones;
create policy countersign_select on agency.milestones for select to authenticated
  using (
    exists (select 1 from agency.projects parent
        where parent.id = milestones.project_id and parent.org_id = milestones.org_id)
    and (
      milestones.record_status <> 'deleted'
      or milestones.org_id = any (array(select countersign.agency_admin()))
    )
  );
comment on policy countersign_select on agency.milestones is 'inherit select from projects: inherit select from clients: viewer: select [437fbb7b]';

drop policy if exists countersign_insert on agency.milestones;
create policy countersign_insert on agency.milestones for insert to authenticated
  with check (
    coalesce(milestones.org_id = any (array(select countersign.agency_member())), false)
    and exists (select 1 from agency.projects parent
        where parent.id = milestones.project_id and parent.org_id = milestones.org_id)
    and (
      milestones.record_status <> 'deleted'
      or milestones.org_id = any (array(select countersign.agency_admin()))
    )
  );
comment on policy countersign_insert on agency.milestones is 'member: insert [2c0762af]';

drop policy if exists countersign_update on agency.milestones;
create policy countersign_update on agency.milestones for update to authenticated
  using (
    exists (select 1 from agency.projects parent
        where parent.id = milestones.project_id and parent.org_id = milestones.org_id)
    and (
      milestones.record_status <> 'deleted'
      or milestones.org_id = any (array(select countersign.agency_admin()))
    )
    and coalesce(milestones.org_id = any (array(select countersign.agency_member())), false)
  )
  with check (
    exists (select 1 from agency.projects parent
        where parent.id = milestones.project_id and parent.org_id = milestones.org_id)
    and (
      milestones.record_status <> 'deleted'
      or milestones.org_id = any (array(select countersign.agency_admin()))
    )
    and coalesce(milestones.org_id = any (array(select countersign.agency_member())), false)
  );
comment on policy countersign_update on agency.milestones is 'member: update [ee3579c1]';

alter table agency.milestones enable row level security;


-- countersign:section table.invoices 95f0379c2a21d0696c3f38bc006f2a221a8eac6e92648c72b6aa33413a49436c
--
--   on invoices tenant org_id via client_id in clients {
--     managed paid_cents;
--     fixed client_id;
--     inherit select;
--     admin: insert check status = 'draft',
--            update (number, currency, amount_cents, project_id, issued_on) where status = 'draft',
--            update (status) where status in ('draft', 'sent') check status in ('sent', 'void'),
--            update (due_on, notes, record_status);
--     retire record_status = 'deleted' by admin, seen by admin, stamped updated_at;
--   }

revoke all on agency.invoices from public, anon, authenticated, service_role, countersign_edge;
grant select (id, org_id, client_id, project_id, number, status, currency, amount_cents, paid_cents,
              issued_on, due_on, notes, record_status, created_by, created_at, updated_at),
      insert (id, org_id, client_id, project_id, number, status, currency, amount_cents, issued_on, due_on,
              notes, record_status),
      update (project_id, number, status, currency, amount_cents, issued_on, due_on, notes, record_status)
  on agency.invoices to authenticated;
grant select, insert, update, delete on agency.invoices to service_role;

create or replace function countersign.agency_invoices_update() returns trigger
  language plpgsql stable
  set search_path = ''
as $$
declare
  allowed boolean;
  changes_project_id_or_more boolean :=
    (new.project_id, new.number, new.currency, new.amount_cents, new.issued_on)
    is distinct from
    (old.project_id, old.number, old.currency, old.amount_cents, old.issued_on);
  changes_status boolean := new.status is distinct from old.status;
  changes_due_on_or_more boolean :=
    (new.due_on, new.notes, new.record_status)
    is distinct from
    (old.due_on, old.notes, old.record_status);
begin
  allowed :=
    -- admin: update (number, currency, amount_cents, project_id, issued_on) where status = 'draft'
       (
         not changes_status
         and not changes_due_on_or_more
         and old.org_id = any (array(select countersign.agency_admin()))
         and old.status = 'draft'
         and new.status = 'draft'
       )
    -- admin: update (status) where status in ('draft', 'sent') check status in ('sent', 'void')
    or (
         not changes_project_id_or_more
         and not changes_due_on_or_more
         and old.org_id = any (array(select countersign.agency_admin()))
         and old.status in ('draft', 'sent')
         and new.status in ('sent', 'void')
       )
    -- admin: update (due_on, notes, record_status)
    or (
         not changes_project_id_or_more
         and not changes_status
         and old.org_id = any (array(select countersign.agency_admin()))
       );
  if allowed is not true then
    raise exception using
      errcode = 'insufficient_privilege',
      message = 'no rule of agency.invoices allows this change',
      hint = 'One rule must allow the old row, the new row and the changed columns together: admin: update (number, currency, amount_cents, project_id, issued_on) where status = ''draft''; admin: update (status) where status in (''draft'', ''sent'') check status in (''sent'', ''void''); admin: update (due_on, notes, record_status).';
  end if;
  return new;
end $$;
revoke execute on function countersign.agency_invoices_update() from public, anon, authenticated, service_role, countersign_edge;
-- Named to run after all others, and bound to exactly whom row-level security binds.
drop trigger if exists zz_countersign on agency.invoices;
create trigger zz_countersign before update on agency.invoices
  for each row when (row_security_active('agency.invoices'))
  execute function countersign.agency_invoices_update();

drop policy if exists countersign_fence on agency.invoices;
create policy countersign_fence on agency.invoices
  as restrictive for all to authenticated
  using (invoices.org_id = any (array(select countersign.agency_viewer())))
  with check (invoices.org_id = any (array(select countersign.agency_viewer())));
comment on policy countersign_fence on agency.invoices is 'the tenant fence [a652b477]';

drop policy if exists countersign_fence_anon on agency.invoices;
create policy countersign_fence_anon on agency.invoices
  as restrictive for all to anon
  using (false)
  with check (false);
comment on policy countersign_fence_anon on agency.invoices is 'nothing here is for anon [a988685a]';

drop policy if exists countersign_select on agency.invoices;
create policy countersign_select on agency.invoices for select to authenticated
  using (
    exists (select 1 from agency.clients parent
        where parent.id = invoices.client_id and parent.org_id = invoices.org_id)
    and (
      invoices.record_status <> 'deleted'
      or invoices.org_id = any (array(select countersign.agency_admin()))
    )
  );
comment on policy countersign_select on agency.invoices is 'inherit select from clients: viewer: select [a5795059]';

drop policy if exists countersign_insert on agency.invoices;
create policy countersign_insert on agency.invoices for insert to authenticated
  with check (
    coalesce(invoices.org_id = any (array(select countersign.agency_admin())), false)
    and invoices.status = 'draft'
    and exists (select 1 from agency.clients parent
        where parent.id = invoices.client_id and parent.org_id = invoices.org_id)
  );
comment on policy countersign_insert on agency.invoices is 'admin: insert check status = ''draft'' [bb7ddb41]';

drop policy if exists countersign_update on agency.invoices;
create policy countersign_update on agency.invoices for update to authenticated
  using (
    exists (select 1 from agency.clients parent
        where parent.id = invoices.client_id and parent.org_id = invoices.org_id)
    and coalesce(invoices.org_id = any (array(select countersign.agency_admin())), false)
  )
  with check (
    exists (select 1 from agency.clients parent
        where parent.id = invoices.client_id and parent.org_id = invoices.org_id)
    and coalesce(invoices.org_id = any (array(select countersign.agency_admin())), false)
  );
comment on policy countersign_update on agency.invoices is 'admin: update (number, currency, amount_cents, project_id, issued_on) where status = ''draft''; admin: update (status) where status in (''draft'', ''sent'') check status in (''sent'', ''void''); admin: update (due_on, notes, record_status) [a643e987]';

alter table agency.invoices enable row level security;


-- countersign:section table.payments 46cc8a191c4fff05fc0e3f37cfaa0c9f2c6816dd4964bf5f91364bf5530f7991
--
--   on payments tenant org_id via invoice_id in invoices append {
--     managed recorded_by;
--     inherit select;
--     admin:   insert;
--     service: select, insert;
--   }

revoke all on agency.payments from public, anon, authenticated, service_role, countersign_edge;
grant select (id, org_id, invoice_id, amount_cents, currency, method, paid_on, reference, external_source,
              external_id, recorded_by, created_at, updated_at),
      insert (id, org_id, invoice_id, amount_cents, currency, method, paid_on, reference, external_source,
              external_id)
  on agency.payments to authenticated;
grant select (id, org_id, invoice_id, amount_cents, currency, method, paid_on, reference, external_source,
              external_id, recorded_by, created_at, updated_at),
      insert (id, org_id, invoice_id, amount_cents, currency, method, paid_on, reference, external_source,
              external_id, recorded_by, created_at, updated_at)
  on agency.payments to countersign_edge;
grant select, insert on agency.payments to service_role;

drop policy if exists countersign_fence on agency.payments;
create policy countersign_fence on agency.payments
  as restrictive for all to authenticated
  using (payments.org_id = any (array(select countersign.agency_viewer())))
  with check (payments.org_id = any (array(select countersign.agency_viewer())));
comment on policy countersign_fence on agency.payments is 'the tenant fence [43d17d15]';

drop policy if exists countersign_fence_anon on agency.payments;
create policy countersign_fence_anon on agency.payments
  as restrictive for all to anon
  using (false)
  with check (false);
comment on policy countersign_fence_anon on agency.payments is 'nothing here is for anon [f62a9f6a]';

drop policy if exists countersign_select on agency.payments;
create policy countersign_select on agency.payments for select to authenticated
  using (
    exists (select 1 from agency.invoices parent
        where parent.id = payments.invoice_id and parent.org_id = payments.org_id)
  );
comment on policy countersign_select on agency.payments is 'inherit select from invoices: inherit select from clients: viewer: select [b2dda28e]';

drop policy if exists countersign_insert on agency.payments;
create policy countersign_insert on agency.payments for insert to authenticated
  with check (
    coalesce(payments.org_id = any (array(select countersign.agency_admin())), false)
    and exists (select 1 from agency.invoices parent
        where parent.id = payments.invoice_id and parent.org_id = payments.org_id)
  );
comment on policy countersign_insert on agency.payments is 'admin: insert [e39189c1]';

drop policy if exists countersign_select_edge on agency.payments;
create policy countersign_select_edge on agency.payments for select to countersign_edge
  using (true);
comment on policy countersign_select_edge on agency.payments is 'service: select [049b16fb]';

drop policy if exists countersign_insert_edge on agency.payments;
create policy countersign_insert_edge on agency.payments for insert to countersign_edge
  with check (true);
comment on policy countersign_insert_edge on agency.payments is 'service: insert [ae358197]';

alter table agency.payments enable row level security;


-- countersign:section table.crm_pipelines 796fcb1fb6edc16805aed276f871e944778ec69935371f275e5dd6f8c864f885
--
--   on crm_pipelines tenant org_id {
--     viewer: select;
--     admin:  insert, update;
--     retire record_status = 'deleted' by admin, seen by admin, stamped updated_at;
--   }

revoke all on agency.crm_pipelines from public, anon, authenticated, service_role, countersign_edge;
grant select (id, org_id, name, is_default, record_status, created_at, updated_at),
      insert (id, org_id, name, is_default, record_status),
      update (name, is_default, record_status)
  on agency.crm_pipelines to authenticated;
grant select, insert, update, delete on agency.crm_pipelines to service_role;

drop policy if exists countersign_fence on agency.crm_pipelines;
create policy countersign_fence on agency.crm_pipelines
  as restrictive for all to authenticated
  using (crm_pipelines.org_id = any (array(select countersign.agency_viewer())))
  with check (crm_pipelines.org_id = any (array(select countersign.agency_viewer())));
comment on policy countersign_fence on agency.crm_pipelines is 'the tenant fence [3106fc5c]';

drop policy if exists countersign_fence_anon on agency.crm_pipelines;
create policy countersign_fence_anon on agency.crm_pipelines
  as restrictive for all to anon
  using (false)
  with check (false);
comment on policy countersign_fence_anon on agency.crm_pipelines is 'nothing here is for anon [47ea231b]';

drop policy if exists countersign_select on agency.crm_pipelines;
create policy countersign_select on agency.crm_pipelines for select to authenticated
  using (
    crm_pipelines.record_status <> 'deleted'
    or crm_pipelines.org_id = any (array(select countersign.agency_admin()))
  );
comment on policy countersign_select on agency.crm_pipelines is 'viewer: select [9cde0315]';

drop policy if exists countersign_insert on agency.crm_pipelines;
create policy countersign_insert on agency.crm_pipelines for insert to authenticated
  with check (coalesce(crm_pipelines.org_id = any (array(select countersign.agency_admin())), false));
comment on policy countersign_insert on agency.crm_pipelines is 'admin: insert [c581ba15]';

drop policy if exists countersign_update on agency.crm_pipelines;
create policy countersign_update on agency.crm_pipelines for update to authenticated
  using (coalesce(crm_pipelines.org_id = any (array(select countersign.agency_admin())), false))
  with check (coalesce(crm_pipelines.org_id = any (array(select countersign.agency_admin())), false));
comment on policy countersign_update on agency.crm_pipelines is 'admin: update [50cb6b55]';

alter table agency.crm_pipelines enable row level security;


-- countersign:section table.crm_stages d0125d5733186ef05e36db8654f649f1e0c32cd7a252e275ab9dbbcd8b222e34
--
--   on crm_stages tenant org_id via pipeline_id in crm_pipelines {
--     fixed pipeline_id;
--     inherit select;
--     admin: insert, update, delete;
--   }

revoke all on agency.crm_stages from public, anon, authenticated, service_role, countersign_edge;
grant select (id, org_id, pipeline_id, name, "position", outcome, created_at, updated_at),
      insert (id, org_id, pipeline_id, name, "position", outcome),
      update (name, "position", outcome),
      delete
  on agency.crm_stages to authenticated;
grant select, insert, update, delete on agency.crm_stages to service_role;

drop policy if exists countersign_fence on agency.crm_stages;
create policy countersign_fence on agency.crm_stages
  as restrictive for all to authenticated
  using (crm_stages.org_id = any (array(select countersign.agency_viewer())))
  with check (crm_stages.org_id = any (array(select countersign.agency_viewer())));
comment on policy countersign_fence on agency.crm_stages is 'the tenant fence [7c313410]';

drop policy if exists countersign_fence_anon on agency.crm_stages;
create policy countersign_fence_anon on agency.crm_stages
  as restrictive for all to anon
  using (false)
  with check (false);
comment on policy countersign_fence_anon on agency.crm_stages is 'nothing here is for anon [f102b3e8]';

drop policy if exists countersign_select on agency.crm_stages;
create policy countersign_select on agency.crm_stages for select to authenticated
  using (
    exists (select 1 from agency.crm_pipelines parent
        where parent.id = crm_stages.pipeline_id and parent.org_id = crm_stages.org_id)
  );
comment on policy countersign_select on agency.crm_stages is 'inherit select from crm_pipelines: viewer: select [1b62e30d]';

drop policy if exists countersign_insert on agency.crm_stages;
create policy countersign_insert on agency.crm_stages for insert to authenticated
  with check (
    coalesce(crm_stages.org_id = any (array(select countersign.agency_admin())), false)
    and exists (select 1 from agency.crm_pipelines parent
        where parent.id = crm_stages.pipeline_id and parent.org_id = crm_stages.org_id)
  );
comment on policy countersign_insert on agency.crm_stages is 'admin: insert [309005f4]';

drop policy if exists countersign_update on agency.crm_stages;
create policy countersign_update on agency.crm_stages for update to authenticated
  using (
    exists (select 1 from agency.crm_pipelines parent
        where parent.id = crm_stages.pipeline_id and parent.org_id = crm_stages.org_id)
    and coalesce(crm_stages.org_id = any (array(select countersign.agency_admin())), false)
  )
  with check (
    exists (select 1 from agency.crm_pipelines parent
        where parent.id = crm_stages.pipeline_id and parent.org_id = crm_stages.org_id)
    and coalesce(crm_stages.org_id = any (array(select countersign.agency_admin())), false)
  );
comment on policy countersign_update on agency.crm_stages is 'admin: update [c683a973]';

drop policy if exists countersign_delete on agency.crm_stages;
create policy countersign_delete on agency.crm_stages for delete to authenticated
  using (
    exists (select 1 from agency.crm_pipelines parent
        where parent.id = crm_stages.pipeline_id and parent.org_id = crm_stages.org_id)
    and coalesce(crm_stages.org_id = any (array(select countersign.agency_admin())), false)
  );
comment on policy countersign_delete on agency.crm_stages is 'admin: delete [3ec40718]';

alter table agency.crm_stages enable row level security;


-- countersign:section table.crm_contacts d6896794f3d99b0457f2b35091b99d426a9c9a40216312ad0b6e1b68b1904161
--
--   on crm_contacts tenant org_id {
--     managed last_contacted_at;
--     viewer: select;
--     member: insert, upsert, update;
--     retire record_status = 'deleted' by admin, seen by admin, stamped updated_at;
--   }

revoke all on agency.crm_contacts from public, anon, authenticated, service_role, countersign_edge;
grant select (id, org_id, client_id, first_name, last_name, email, phone, job_title, is_primary,
              last_contacted_at, external_source, external_id, properties, record_status, created_at,
              updated_at),
      insert (id, org_id, client_id, first_name, last_name, email, phone, job_title, is_primary,
              external_source, external_id, properties, record_status),
      update (id, org_id, client_id, first_name, last_name, email, phone, job_title, is_primary,
              external_source, external_id, properties, record_status)
  on agency.crm_contacts to authenticated;
grant select, insert, update, delete on agency.crm_contacts to service_role;

create or replace function countersign.agency_crm_contacts_update() returns trigger
  language plpgsql stable
  set search_path = ''
as $$
declare
  allowed boolean;
  changes_id_or_more boolean :=
    (new.id, new.org_id)
    is distinct from
    (old.id, old.org_id);
begin
  allowed :=
    -- member: update
       (not changes_id_or_more and old.org_id = any (array(select countersign.agency_member())));
  if allowed is not true then
    raise exception using
      errcode = 'insufficient_privilege',
      message = 'no rule of agency.crm_contacts allows this change',
      hint = 'One rule must allow the old row, the new row and the changed columns together: member: update.';
  end if;
  return new;
end $$;
revoke execute on function countersign.agency_crm_contacts_update() from public, anon, authenticated, service_role, countersign_edge;
-- Named to run after all others, and bound to exactly whom row-level security binds.
drop trigger if exists zz_countersign on agency.crm_contacts;
create trigger zz_countersign before update on agency.crm_contacts
  for each row when (row_security_active('agency.crm_contacts'))
  execute function countersign.agency_crm_contacts_update();

drop policy if exists countersign_fence on agency.crm_contacts;
create policy countersign_fence on agency.crm_contacts
  as restrictive for all to authenticated
  using (crm_contacts.org_id = any (array(select countersign.agency_viewer())))
  with check (crm_contacts.org_id = any (array(select countersign.agency_viewer())));
comment on policy countersign_fence on agency.crm_contacts is 'the tenant fence [8615dee9]';

drop policy if exists countersign_fence_anon on agency.crm_contacts;
create policy countersign_fence_anon on agency.crm_contacts
  as restrictive for all to anon
  using (false)
  with check (false);
comment on policy countersign_fence_anon on agency.crm_contacts is 'nothing here is for anon [d3384b1e]';

drop policy if exists countersign_select on agency.crm_contacts;
create policy countersign_select on agency.crm_contacts for select to authenticated
  using (
    crm_contacts.record_status <> 'deleted'
    or crm_contacts.org_id = any (array(select countersign.agency_admin()))
  );
comment on policy countersign_select on agency.crm_contacts is 'viewer: select [783a0d55]';

drop policy if exists countersign_insert on agency.crm_contacts;
create policy countersign_insert on agency.crm_contacts for insert to authenticated
  with check (
    coalesce(crm_contacts.org_id = any (array(select countersign.agency_member())), false)
    and (
      crm_contacts.record_status <> 'deleted'
      or crm_contacts.org_id = any (array(select countersign.agency_admin()))
    )
  );
comment on policy countersign_insert on agency.crm_contacts is 'member: insert [a20c4863]';

drop policy if exists countersign_update on agency.crm_contacts;
create policy countersign_update on agency.crm_contacts for update to authenticated
  using (
    (
      crm_contacts.record_status <> 'deleted'
      or crm_contacts.org_id = any (array(select countersign.agency_admin()))
    )
    and coalesce(crm_contacts.org_id = any (array(select countersign.agency_member())), false)
  )
  with check (
    (
      crm_contacts.record_status <> 'deleted'
      or crm_contacts.org_id = any (array(select countersign.agency_admin()))
    )
    and coalesce(crm_contacts.org_id = any (array(select countersign.agency_member())), false)
  );
comment on policy countersign_update on agency.crm_contacts is 'member: update [06fd0ec7]';

alter table agency.crm_contacts enable row level security;


-- countersign:section table.crm_deals bb9963ff19c4e77c2cffa079afd5f639f1bd7ed951a96b46efe6e2da4cfcb43c
--
--   on crm_deals tenant org_id via pipeline_id in crm_pipelines {
--     managed last_activity_at;
--     inherit select;
--     member: insert, update;
--     retire record_status = 'deleted' by admin, seen by admin, stamped updated_at;
--   }

revoke all on agency.crm_deals from public, anon, authenticated, service_role, countersign_edge;
grant select (id, org_id, client_id, contact_id, pipeline_id, stage_id, title, status, amount_cents,
              currency, expected_close_on, closed_at, owner_id, last_activity_at, external_source,
              external_id, record_status, created_at, updated_at),
      insert (id, org_id, client_id, contact_id, pipeline_id, stage_id, title, status, amount_cents,
              currency, expected_close_on, closed_at, owner_id, external_source, external_id, record_status),
      update (client_id, contact_id, pipeline_id, stage_id, title, status, amount_cents, currency,
              expected_close_on, closed_at, owner_id, external_source, external_id, record_status)
  on agency.crm_deals to authenticated;
grant select, insert, update, delete on agency.crm_deals to service_role;

drop policy if exists countersign_fence on agency.crm_deals;
create policy countersign_fence on agency.crm_deals
  as restrictive for all to authenticated
  using (crm_deals.org_id = any (array(select countersign.agency_viewer())))
  with check (crm_deals.org_id = any (array(select countersign.agency_viewer())));
comment on policy countersign_fence on agency.crm_deals is 'the tenant fence [ba991776]';

drop policy if exists countersign_fence_anon on agency.crm_deals;
create policy countersign_fence_anon on agency.crm_deals
  as restrictive for all to anon
  using (false)
  with check (false);
comment on policy countersign_fence_anon on agency.crm_deals is 'nothing here is for anon [ec3ba934]';

drop policy if exists countersign_select on agency.crm_deals;
create policy countersign_select on agency.crm_deals for select to authenticated
  using (
    exists (select 1 from agency.crm_pipelines parent
        where parent.id = crm_deals.pipeline_id and parent.org_id = crm_deals.org_id)
    and (
      crm_deals.record_status <> 'deleted'
      or crm_deals.org_id = any (array(select countersign.agency_admin()))
    )
  );
comment on policy countersign_select on agency.crm_deals is 'inherit select from crm_pipelines: viewer: select [4a5834a1]';

drop policy if exists countersign_insert on agency.crm_deals;
create policy countersign_insert on agency.crm_deals for insert to authenticated
  with check (
    coalesce(crm_deals.org_id = any (array(select countersign.agency_member())), false)
    and exists (select 1 from agency.crm_pipelines parent
        where parent.id = crm_deals.pipeline_id and parent.org_id = crm_deals.org_id)
    and (
      crm_deals.record_status <> 'deleted'
      or crm_deals.org_id = any (array(select countersign.agency_admin()))
    )
  );
comment on policy countersign_insert on agency.crm_deals is 'member: insert [f177bbe9]';

drop policy if exists countersign_update on agency.crm_deals;
create policy countersign_update on agency.crm_deals for update to authenticated
  using (
    exists (select 1 from agency.crm_pipelines parent
        where parent.id = crm_deals.pipeline_id and parent.org_id = crm_deals.org_id)
    and (
      crm_deals.record_status <> 'deleted'
      or crm_deals.org_id = any (array(select countersign.agency_admin()))
    )
    and coalesce(crm_deals.org_id = any (array(select countersign.agency_member())), false)
  )
  with check (
    exists (select 1 from agency.crm_pipelines parent
        where parent.id = crm_deals.pipeline_id and parent.org_id = crm_deals.org_id)
    and (
      crm_deals.record_status <> 'deleted'
      or crm_deals.org_id = any (array(select countersign.agency_admin()))
    )
    and coalesce(crm_deals.org_id = any (array(select countersign.agency_member())), false)
  );
comment on policy countersign_update on agency.crm_deals is 'member: update [d0ccc492]';

alter table agency.crm_deals enable row level security;


-- countersign:section table.crm_interactions 886c6abfb2ebb7a2f98b96ce588e8d6ebcc27fc9c2889eb86cd041040eb2e757
--
--   on crm_interactions tenant org_id via client_id in clients {
--     managed (embedding, embedding_model);
--     fixed client_id;
--     inherit select;
--     member: insert;
--     self created_by: update (type, sentiment, direction, subject, summary, occurred_at);
--     admin:  update;
--     service: select, update (embedding, embedding_model);
--     retire record_status = 'deleted' by admin, seen by admin, stamped updated_at;
--   }

revoke all on agency.crm_interactions from public, anon, authenticated, service_role, countersign_edge;
grant select (id, org_id, client_id, contact_id, deal_id, type, sentiment, direction, subject, summary,
              occurred_at, embedding, embedding_model, external_source, external_id, metadata,
              record_status, created_by, created_at, updated_at),
      insert (id, org_id, client_id, contact_id, deal_id, type, sentiment, direction, subject, summary,
              occurred_at, external_source, external_id, metadata, record_status),
      update (contact_id, deal_id, type, sentiment, direction, subject, summary, occurred_at,
              external_source, external_id, metadata, record_status)
  on agency.crm_interactions to authenticated;
grant select (id, org_id, client_id, contact_id, deal_id, type, sentiment, direction, subject, summary,
              occurred_at, embedding, embedding_model, external_source, external_id, metadata,
              record_status, created_by, created_at, updated_at),
      update (embedding, embedding_model)
  on agency.crm_interactions to countersign_edge;
grant select, insert, update, delete on agency.crm_interactions to service_role;

create or replace function countersign.agency_crm_interactions_update() returns trigger
  language plpgsql stable
  set search_path = ''
as $$
declare
  allowed boolean;
  changes_contact_id_or_more boolean :=
    (new.contact_id, new.deal_id, new.external_source, new.external_id, new.metadata, new.record_status)
    is distinct from
    (old.contact_id, old.deal_id, old.external_source, old.external_id, old.metadata, old.record_status);
begin
  if current_user = 'countersign_edge' then
    allowed :=
      -- service: update (embedding, embedding_model)
         (true);
  else
    allowed :=
      -- self created_by: update (type, sentiment, direction, subject, summary, occurred_at)
         (
           not changes_contact_id_or_more
           and old.org_id = any (array(select countersign.agency_viewer()))
           and old.created_by = countersign.caller_id()
         )
      -- admin: update
      or (old.org_id = any (array(select countersign.agency_admin())));
  end if;
  if allowed is not true then
    raise exception using
      errcode = 'insufficient_privilege',
      message = 'no rule of agency.crm_interactions allows this change',
      hint = 'One rule must allow the old row, the new row and the changed columns together: self created_by: update (type, sentiment, direction, subject, summary, occurred_at); admin: update.';
  end if;
  return new;
end $$;
revoke execute on function countersign.agency_crm_interactions_update() from public, anon, authenticated, service_role, countersign_edge;
-- Named to run after all others, and bound to exactly whom row-level security binds.
drop trigger if exists zz_countersign on agency.crm_interactions;
create trigger zz_countersign before update on agency.crm_interactions
  for each row when (row_security_active('agency.crm_interactions'))
  execute function countersign.agency_crm_interactions_update();

drop policy if exists countersign_fence on agency.crm_interactions;
create policy countersign_fence on agency.crm_interactions
  as restrictive for all to authenticated
  using (crm_interactions.org_id = any (array(select countersign.agency_viewer())))
  with check (crm_interactions.org_id = any (array(select countersign.agency_viewer())));
comment on policy countersign_fence on agency.crm_interactions is 'the tenant fence [a9cc4ee9]';

drop policy if exists countersign_fence_anon on agency.crm_interactions;
create policy countersign_fence_anon on agency.crm_interactions
  as restrictive for all to anon
  using (false)
  with check (false);
comment on policy countersign_fence_anon on agency.crm_interactions is 'nothing here is for anon [69817b2b]';

drop policy if exists countersign_select on agency.crm_interactions;
create policy countersign_select on agency.crm_interactions for select to authenticated
  using (
    exists (select 1 from agency.clients parent
        where parent.id = crm_interactions.client_id and parent.org_id = crm_interactions.org_id)
    and (
      crm_interactions.record_status <> 'deleted'
      or crm_interactions.org_id = any (array(select countersign.agency_admin()))
    )
  );
comment on policy countersign_select on agency.crm_interactions is 'inherit select from clients: viewer: select [131b008a]';

drop policy if exists countersign_insert on agency.crm_interactions;
create policy countersign_insert on agency.crm_interactions for insert to authenticated
  with check (
    coalesce(crm_interactions.org_id = any (array(select countersign.agency_member())), false)
    and exists (select 1 from agency.clients parent
        where parent.id = crm_interactions.client_id and parent.org_id = crm_interactions.org_id)
    and (
      crm_interactions.record_status <> 'deleted'
      or crm_interactions.org_id = any (array(select countersign.agency_admin()))
    )
  );
comment on policy countersign_insert on agency.crm_interactions is 'member: insert [1d9d7c92]';

drop policy if exists countersign_update on agency.crm_interactions;
create policy countersign_update on agency.crm_interactions for update to authenticated
  using (
    exists (select 1 from agency.clients parent
        where parent.id = crm_interactions.client_id and parent.org_id = crm_interactions.org_id)
    and (
      crm_interactions.record_status <> 'deleted'
      or crm_interactions.org_id = any (array(select countersign.agency_admin()))
    )
    and (
      crm_interactions.created_by = (select countersign.caller_id())
      or crm_interactions.org_id = any (array(select countersign.agency_admin()))
    )
  )
  with check (
    exists (select 1 from agency.clients parent
        where parent.id = crm_interactions.client_id and parent.org_id = crm_interactions.org_id)
    and (
      crm_interactions.record_status <> 'deleted'
      or crm_interactions.org_id = any (array(select countersign.agency_admin()))
    )
    and (
      crm_interactions.created_by = (select countersign.caller_id())
      or crm_interactions.org_id = any (array(select countersign.agency_admin()))
    )
  );
comment on policy countersign_update on agency.crm_interactions is 'self created_by: update (type, sentiment, direction, subject, summary, occurred_at); admin: update [779070fb]';

drop policy if exists countersign_select_edge on agency.crm_interactions;
create policy countersign_select_edge on agency.crm_interactions for select to countersign_edge
  using (true);
comment on policy countersign_select_edge on agency.crm_interactions is 'service: select [9e30c19a]';

drop policy if exists countersign_update_edge on agency.crm_interactions;
create policy countersign_update_edge on agency.crm_interactions for update to countersign_edge
  using (true)
  with check (true);
comment on policy countersign_update_edge on agency.crm_interactions is 'service: update (embedding, embedding_model) [4ea48e9a]';

alter table agency.crm_interactions enable row level security;


-- countersign:section table.activities 2427ddebb56b9ae835521a7947c4b715f27117f49aa56bb78d723900d5d104cd
--
--   on activities tenant org_id append {
--     managed actor_id;
--     viewer:  select;
--     member:  insert;
--     service: select, insert;
--   }

revoke all on agency.activities from public, anon, authenticated, service_role, countersign_edge;
grant select (id, org_id, client_id, project_id, deal_id, actor_id, kind, summary, data, event_key,
              occurred_at, created_at, updated_at),
      insert (id, org_id, client_id, project_id, deal_id, kind, summary, data, event_key, occurred_at)
  on agency.activities to authenticated;
grant select (id, org_id, client_id, project_id, deal_id, actor_id, kind, summary, data, event_key,
              occurred_at, created_at, updated_at),
      insert (id, org_id, client_id, project_id, deal_id, actor_id, kind, summary, data, event_key,
              occurred_at, created_at, updated_at)
  on agency.activities to countersign_edge;
grant select, insert on agency.activities to service_role;

drop policy if exists countersign_fence on agency.activities;
create policy countersign_fence on agency.activities
  as restrictive for all to authenticated
  using (activities.org_id = any (array(select countersign.agency_viewer())))
  with check (activities.org_id = any (array(select countersign.agency_viewer())));
comment on policy countersign_fence on agency.activities is 'the tenant fence [11e5d4b1]';

drop policy if exists countersign_fence_anon on agency.activities;
create policy countersign_fence_anon on agency.activities
  as restrictive for all to anon
  using (false)
  with check (false);
comment on policy countersign_fence_anon on agency.activities is 'nothing here is for anon [cbcf49a3]';

drop policy if exists countersign_select on agency.activities;
create policy countersign_select on agency.activities for select to authenticated
  using ((select countersign.caller_id()) is not null);
comment on policy countersign_select on agency.activities is 'viewer: select [aa920ffe]';

drop policy if exists countersign_insert on agency.activities;
create policy countersign_insert on agency.activities for insert to authenticated
  with check (coalesce(activities.org_id = any (array(select countersign.agency_member())), false));
comment on policy countersign_insert on agency.activities is 'member: insert [185dace2]';

drop policy if exists countersign_select_edge on agency.activities;
create policy countersign_select_edge on agency.activities for select to countersign_edge
  using (true);
comment on policy countersign_select_edge on agency.activities is 'service: select [e9c3a257]';

drop policy if exists countersign_insert_edge on agency.activities;
create policy countersign_insert_edge on agency.activities for insert to countersign_edge
  with check (true);
comment on policy countersign_insert_edge on agency.activities is 'service: insert [2be317ce]';

alter table agency.activities enable row level security;


-- countersign:section views 9ffe12bedfbc2fa7c7aaafe4435696a5e0d1ace0ff1f257f125a200b429b27b8
--
--   Views

revoke all on agency.client_crm_status from public, anon, authenticated, service_role, countersign_edge;
grant select on agency.client_crm_status to authenticated, service_role;


-- countersign:section functions 0d07b6131b281851bfd368c96db23e431d15b71fdd6eb245a22c010b99342958
--
--   Functions

revoke execute on all routines in schema agency from public, anon, authenticated, service_role, countersign_edge;
grant execute on function agency.accept_invitation to authenticated, service_role;
grant execute on function agency.change_role to authenticated, service_role;
grant execute on function agency.create_organization to authenticated, service_role;
grant execute on function agency.decline_invitation to authenticated, service_role;
grant execute on function agency.get_ai_spend to authenticated, countersign_edge, service_role;
grant execute on function agency.get_client_classification to authenticated, service_role;
grant execute on function agency.invite_member to authenticated, service_role;
grant execute on function agency.leave_organization to authenticated, service_role;
grant execute on function agency.match_documents to authenticated, service_role;
grant execute on function agency.match_interactions to authenticated, service_role;
grant execute on function agency.remove_member to authenticated, service_role;
