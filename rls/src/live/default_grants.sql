-- What objects start with when a role creates them, where that is not what the server would give.
select pg_get_userbyid(d.defaclrole) as owner, n.nspname as schema,
  case d.defaclobjtype when 'r' then 'tables' when 'S' then 'sequences' when 'f' then 'functions'
                       when 'T' then 'types' when 'n' then 'schemas' else 'large objects' end as kind,
  (select coalesce(jsonb_agg(g order by g.grantee collate "C", g.privilege), '[]')
    from (select coalesce(r.rolname, 'public') as grantee, lower(e.privilege_type) as privilege,
            null::name as column_name, e.is_grantable as grantable
          from aclexplode(d.defaclacl) e
          left join pg_roles r on r.oid = e.grantee) g) as grants
from pg_default_acl d left join pg_namespace n on n.oid = d.defaclnamespace
order by 1, n.nspname collate "C" nulls first, 3
