-- Undoes the migration of the same name: what it changed is as before, what it made is gone.
-- Row-level security stays on: a table without policies is closed, not open. Policies of coaching.

set local lock_timeout = '5s';
set local statement_timeout = '60s';


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
