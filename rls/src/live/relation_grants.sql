-- The privileges on relation c and on its columns, those of its owner included.
(select coalesce(jsonb_agg(g order by g.grantee collate "C", g.privilege, g.column_name collate "C" nulls first), '[]')
  from (select coalesce(r.rolname, 'public') as grantee, lower(e.privilege_type) as privilege,
          null::name as column_name, e.is_grantable as grantable
        from aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) e
        left join pg_roles r on r.oid = e.grantee
        union all
        select coalesce(r.rolname, 'public'), lower(e.privilege_type), a.attname, e.is_grantable
        from pg_attribute a cross join aclexplode(a.attacl) e
        left join pg_roles r on r.oid = e.grantee
        where a.attrelid = c.oid and not a.attisdropped) g)
