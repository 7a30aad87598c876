-- Everybody's account, as the mapping file has it; a person in several has a role in each. The owner of an account is a manager.
-- Whoever is not in the mapping keeps a row without an account, which the quarantine takes.
-- phase: backfill
-- if open: "User_Roles".account_id
-- lock: ROW EXCLUSIVE on "User_Roles"

update coaching."User_Roles" r
set account_id = p.tenant_id, role = coalesce(p.role, r.role)
from countersign.upgrade_people p
where r.account_id is null and p.user_id = r.user_id
  and p.position = (select min(q.position) from countersign.upgrade_people q where q.user_id = r.user_id)
  -- Of two rows of one person the older one.
  and not exists (select from coaching."User_Roles" o
    where o.user_id = r.user_id and (o.created_at, o.id) < (r.created_at, r.id));

insert into coaching."User_Roles" (user_id, account_id, role)
select p.user_id, p.tenant_id,
  coalesce(p.role, (select o.role from coaching."User_Roles" o where o.user_id = p.user_id order by o.created_at, o.id limit 1), 'rep')
from countersign.upgrade_people p
where not exists (select from coaching."User_Roles" r where r.user_id = p.user_id and r.account_id = p.tenant_id);

insert into coaching."User_Roles" (user_id, account_id, role)
select a.owner_user_id, a.id, 'manager'
from coaching."Accounts" a
join auth.users u on u.id = a.owner_user_id
where not exists (select from coaching."User_Roles" r where r.user_id = a.owner_user_id and r.account_id = a.id);

update coaching."User_Roles" r set role = 'manager'
from coaching."Accounts" a
where a.id = r.account_id and a.owner_user_id = r.user_id and r.role <> 'manager';
