-- Undoes the migration of the same name: what it changed is as before, what it made is gone.
-- Row-level security stays on: a table without policies is closed, not open. Policies of coaching.

set local lock_timeout = '5s';
set local statement_timeout = '60s';


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
