-- Views and materialized views of schema $1, and those elsewhere that read one of its tables.
select n.nspname as schema, c.relname as name,
  case c.relkind when 'm' then 'materialized' else 'view' end as kind,
  pg_get_userbyid(c.relowner) as owner,
  obj_description(c.oid, 'pg_class') as comment,
  coalesce((select o.option_value::boolean from pg_options_to_table(c.reloptions) o
            where o.option_name = 'security_invoker'), false) as security_invoker,
  coalesce((select o.option_value::boolean from pg_options_to_table(c.reloptions) o
            where o.option_name = 'security_barrier'), false) as security_barrier,
  pg_get_viewdef(c.oid) as definition,
  (select coalesce(jsonb_agg(distinct jsonb_build_object('schema', tn.nspname, 'name', t.relname)), '[]')
    from pg_rewrite r
    join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid and d.refclassid = 'pg_class'::regclass
    join pg_class t on t.oid = d.refobjid and t.oid <> c.oid
    join pg_namespace tn on tn.oid = t.relnamespace
    where r.ev_class = c.oid) as reads,
  {relation_grants} as grants
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('v', 'm')
  and (n.nspname = $1
    or exists (select from pg_rewrite r
               join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid
                and d.refclassid = 'pg_class'::regclass
               join pg_class t on t.oid = d.refobjid and t.oid <> c.oid
               join pg_namespace tn on tn.oid = t.relnamespace
               where r.ev_class = c.oid and tn.nspname = $1))
  and not exists (select from pg_depend d
                  where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
order by n.nspname collate "C", c.relname collate "C"
