-- Who may do what in coaching: row-level security generated from policies/coaching.policy.
-- Not for editing: change the policy and run `countersign generate --app coaching`, which writes a file with what changed.
-- Each section can be applied again, alone. How to read it: docs/policy-to-sql.md
-- countersign:file app=coaching schema=coaching state=8a54841bf7d6c798a8d3f55c2b0752a4c44c01a446a639b09f008e3917cd2fb1

set local lock_timeout = '5s';
set local statement_timeout = '60s';


-- countersign:section table.Accounts a4e78304e199699d584e5af31dbe4b3dc1210803e8d16c925c36f9f92f7a5749
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


-- countersign:drops
--
--   No longer in the policy

drop trigger if exists zz_countersign_keep on coaching."Accounts";
drop function if exists countersign."coaching_Accounts_keep"();
