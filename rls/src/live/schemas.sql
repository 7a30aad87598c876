-- Every schema but the server's own.
select n.nspname as name, pg_get_userbyid(n.nspowner) as owner,
  obj_description(n.oid, 'pg_namespace') as comment,
  (select coalesce(jsonb_agg(g order by g.grantee collate "C", g.privilege), '[]')
    from (select coalesce(r.rolname, 'public') as grantee, lower(e.privilege_type) as privilege,
            null::name as column_name, e.is_grantable as grantable
          from aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) e
          left join pg_roles r on r.oid = e.grantee) g) as grants
from pg_namespace n
where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
order by n.nspname collate "C"
