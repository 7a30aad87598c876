-- Sequences of schema $1.
select n.nspname as schema, c.relname as name, pg_get_userbyid(c.relowner) as owner,
  (select coalesce(jsonb_agg(g order by g.grantee collate "C", g.privilege), '[]')
    from (select coalesce(r.rolname, 'public') as grantee, lower(e.privilege_type) as privilege,
            null::name as column_name, e.is_grantable as grantable
          from aclexplode(coalesce(c.relacl, acldefault('s', c.relowner))) e
          left join pg_roles r on r.oid = e.grantee) g) as grants
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname = $1 and c.relkind = 'S'
order by c.relname collate "C"
