-- Who may do what in agency: row-level security generated from policies/agency.policy.
-- Not for editing: change the policy and run `countersign generate --app agency`, which writes a file with what changed.
-- Each section can be applied again, alone. How to read it: docs/policy-to-sql.md
-- countersign:file app=agency schema=agency state=60c07a7ffd3ab5d3b2fac9ba27e27ba275ee6bf1c397a177c0035eaef3aac6de

set local lock_timeout = '5s';
set local statement_timeout = '60s';


-- countersign:section table.organizations b843c5ecbc09d882761cbe6d946b4af734dcb099de6496abc3d4f3ada21a1cba
--
--   on organizations {
--     user:    insert (id, name);
--     viewer:  select;
--     owner:   update (name, settings, guest_wizard, ai_monthly_budget_cents);
--     service: select (id, ai_monthly_budget_cents);  -- what is embedded by the schedule is within it
--   }

revoke all on agency.organizations from public, anon, authenticated, service_role, countersign_edge;
grant select (id, name, ai_monthly_budget_cents, guest_wizard, settings, created_by, created_at, updated_at),
      insert (id, name),
      update (name, ai_monthly_budget_cents, guest_wizard, settings)
  on agency.organizations to authenticated;
grant select (id, ai_monthly_budget_cents)
  on agency.organizations to countersign_edge;
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

drop policy if exists countersign_select_edge on agency.organizations;
create policy countersign_select_edge on agency.organizations for select to countersign_edge
  using (true);
comment on policy countersign_select_edge on agency.organizations is 'service: select (id, ai_monthly_budget_cents) [14fbe99e]';

alter table agency.organizations enable row level security;
