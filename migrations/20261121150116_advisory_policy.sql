-- Who may do what in advisory: row-level security generated from policies/advisory.policy.
-- Not for editing: change the policy and run `countersign generate --app advisory`, which writes a file with what changed.
-- Each section can be applied again, alone. How to read it: docs/policy-to-sql.md
-- countersign:file app=advisory schema=advisory state=3d3b4ddac9d0a4f680b4efa89df85a7d576b42b15da6410e2ac10c608ea90454

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


-- countersign:section table.profiles f5a281f659dec5d45f833d15f29a1ad7221e27a57db80d34e2f6ece6e17c91d3
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
  using (profiles.firm_id is not null);
comment on policy countersign_select on advisory.profiles is 'analyst: select [691576ed]';

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


-- countersign:section table.sessions fddd4f4725ac7832b5b6bc590a4ae47de41975d300bfbb9b69f9cb42ae7a37e6
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
  using (sessions.firm_id is not null);
comment on policy countersign_select on advisory.sessions is 'analyst: select [41ab6708]';

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


-- countersign:section table.meeting_records 5d4db90f6f366054e519b8b46dee0afe1e0c268baf7afe673c1594e78f3b4f3f
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
  using (meeting_records.firm_id is not null);
comment on policy countersign_select on advisory.meeting_records is 'inherit select from sessions: analyst: select [dc74204f]';

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
