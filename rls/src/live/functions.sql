-- Functions and procedures of every schema but the server's own and what extensions brought.
select n.nspname as schema, p.proname as name,
  array(select format_type(a.type, null) from unnest(p.proargtypes::oid[]) with ordinality a (type, position)
        order by a.position) as arguments,
  -- As the catalogue has them: without the schema, which is where an extension happens to live.
  array(select case when starts_with(format_type(y.oid, null), quote_ident(yn.nspname) || '.')
                    then substr(format_type(y.oid, null), length(quote_ident(yn.nspname)) + 2)
                    else format_type(y.oid, null) end
        from unnest(p.proargtypes::oid[]) with ordinality a (type, position)
        join pg_type y on y.oid = a.type join pg_namespace yn on yn.oid = y.typnamespace
        order by a.position) as argument_types,
  coalesce(pg_get_function_result(p.oid), 'void') as returns,
  case p.prokind when 'p' then 'procedure' when 'a' then 'aggregate' when 'w' then 'window' else 'function' end as kind,
  l.lanname as language, p.prosecdef as security_definer,
  case p.provolatile when 'i' then 'immutable' when 's' then 'stable' else 'volatile' end as volatility,
  case p.proparallel when 's' then 'safe' when 'r' then 'restricted' else 'unsafe' end as parallel,
  coalesce(p.proconfig, '{}') as settings,
  coalesce(case when p.prokind <> 'a' then pg_get_function_sqlbody(p.oid) end, p.prosrc) as body,
  p.prorettype in ('trigger'::regtype, 'event_trigger'::regtype) as is_trigger,
  pg_get_userbyid(p.proowner) as owner,
  obj_description(p.oid, 'pg_proc') as comment,
  (select coalesce(jsonb_agg(g order by g.grantee collate "C", g.privilege), '[]')
    from (select coalesce(r.rolname, 'public') as grantee, lower(e.privilege_type) as privilege,
            null::name as column_name, e.is_grantable as grantable
          from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) e
          left join pg_roles r on r.oid = e.grantee) g) as grants
from pg_proc p
join pg_namespace n on n.oid = p.pronamespace
join pg_language l on l.oid = p.prolang
where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
  and not exists (select from pg_depend d
                  where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')
order by n.nspname collate "C", p.proname collate "C", pg_get_function_identity_arguments(p.oid) collate "C"
