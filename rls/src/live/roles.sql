-- Roles but for those that PostgreSQL brings.
select r.rolname as name, r.rolsuper as superuser, r.rolbypassrls as bypass_rls, r.rolcanlogin as login,
  r.rolinherit as inherit, r.rolcreaterole as create_role,
  array(select g.rolname from pg_auth_members m join pg_roles g on g.oid = m.roleid
        where m.member = r.oid group by g.rolname order by g.rolname collate "C") as member_of
from pg_roles r
where r.rolname !~ '^pg_'
order by r.rolname collate "C"
