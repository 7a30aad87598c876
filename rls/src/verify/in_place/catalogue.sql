select json_build_object(
  'triggers', (select coalesce(json_agg(json_build_object(
      'table', g.tgrelid::bigint, 'name', g.tgname, 'function', g.tgfoid::bigint,
      'deferred', g.tginitdeferred)), '[]')
    from pg_catalog.pg_trigger g where not g.tgisinternal and g.tgenabled <> 'D'),
  'tables', (select coalesce(json_agg(json_build_object(
      'id', c.oid::bigint, 'schema', n.nspname, 'name', c.relname, 'foreign', c.relkind = 'f',
      'awkward', (select string_agg(i.relname, ', ' order by i.relname)
        from pg_catalog.pg_index k join pg_catalog.pg_class i on i.oid = k.indexrelid
        where k.indrelid = c.oid and (k.indisunique and (k.indexprs is not null or k.indnullsnotdistinct) or k.indisexclusion)))), '[]')
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'f', 'v') and n.nspname not like 'pg\_%' and n.nspname <> 'information_schema'),
  'references', (select coalesce(json_agg(json_build_array(k.conrelid::bigint, k.confrelid::bigint)), '[]')
    from pg_catalog.pg_constraint k where k.contype = 'f'),
  'functions', (select coalesce(json_agg(json_build_object(
      'id', p.oid::bigint, 'schema', n.nspname, 'name', p.proname, 'language', l.lanname,
      'trusted', l.lanpltrusted,
      'source', coalesce(pg_catalog.pg_get_function_sqlbody(p.oid), p.prosrc, ''),
      'extension', (select e.extname from pg_catalog.pg_depend d
        join pg_catalog.pg_extension e on e.oid = d.refobjid
        where d.classid = 'pg_catalog.pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e'
          and d.refclassid = 'pg_catalog.pg_extension'::regclass limit 1))), '[]')
    from pg_catalog.pg_proc p
    join pg_catalog.pg_namespace n on n.oid = p.pronamespace
    join pg_catalog.pg_language l on l.oid = p.prolang
    where n.nspname not in ('pg_catalog', 'information_schema') and p.prokind in ('f', 'p')
      or p.oid in (select g.tgfoid from pg_catalog.pg_trigger g where not g.tgisinternal)),
  'expressions', (select coalesce(json_agg(json_build_object('table', x.id::bigint, 'what', x.what, 'source', x.source)), '[]')
    from (
      select d.adrelid as id, 'default of ' || a.attname as what, pg_get_expr(d.adbin, d.adrelid) as source
        from pg_catalog.pg_attrdef d
        join pg_catalog.pg_attribute a on a.attrelid = d.adrelid and a.attnum = d.adnum
      union all
      select k.conrelid, 'check ' || k.conname, pg_get_constraintdef(k.oid)
        from pg_catalog.pg_constraint k where k.contype = 'c' and k.conrelid <> 0
      union all
      select l.polrelid, 'policy ' || l.polname,
        concat_ws(' ', pg_get_expr(l.polqual, l.polrelid), pg_get_expr(l.polwithcheck, l.polrelid))
        from pg_catalog.pg_policy l
      union all
      select g.tgrelid, 'condition of ' || g.tgname, pg_get_triggerdef(g.oid)
        from pg_catalog.pg_trigger g where not g.tgisinternal and g.tgqual is not null
    ) x),
  'sequences', (select coalesce(json_agg(json_build_object(
      'name', n.nspname || '.' || c.relname,
      'tables', (select coalesce(json_agg(distinct coalesce(a.adrelid, d.refobjid)::bigint), '[]')
        from pg_catalog.pg_depend d
        left join pg_catalog.pg_attrdef a on d.classid = 'pg_catalog.pg_attrdef'::regclass and a.oid = d.objid
        where d.classid = 'pg_catalog.pg_class'::regclass and d.objid = c.oid and d.deptype in ('a', 'i')
           or d.refclassid = 'pg_catalog.pg_class'::regclass and d.refobjid = c.oid and a.oid is not null),
      'word', c.relname) order by n.nspname, c.relname), '[]')
    from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.relkind = 'S')
)
