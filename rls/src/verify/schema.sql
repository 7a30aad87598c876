select coalesce(json_agg(r order by r.schema, r.name), '[]') from (
  select
    n.nspname as schema,
    c.relname as name,
    (select json_agg(json_build_object(
        'name', a.attname,
        'type', format_type(a.atttypid, a.atttypmod),
        'base', coalesce(b.typname, t.typname),
        'not_null', a.attnotnull or t.typnotnull,
        'generated', a.attgenerated <> '' or a.attidentity = 'a',
        'identity', a.attidentity = 'a',
        'default', case when a.attgenerated = '' then pg_get_expr(d.adbin, d.adrelid) end,
        'labels', coalesce((select json_agg(e.enumlabel order by e.enumsortorder)
          from pg_catalog.pg_enum e where e.enumtypid = coalesce(b.oid, t.oid)), '[]')
      ) order by a.attnum)
     from pg_catalog.pg_attribute a
     join pg_catalog.pg_type t on t.oid = a.atttypid
     left join pg_catalog.pg_type b on b.oid = t.typbasetype
     left join pg_catalog.pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
     where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns,
    (select coalesce(json_agg(json_build_object(
        'name', k.conname,
        'columns', names.own,
        'schema', fn.nspname,
        'target', f.relname,
        'references', names.other
      ) order by k.conname), '[]')
     from pg_catalog.pg_constraint k
     join pg_catalog.pg_class f on f.oid = k.confrelid
     join pg_catalog.pg_namespace fn on fn.oid = f.relnamespace
     cross join lateral (
       select array_agg(x.attname order by u.at) as own, array_agg(y.attname order by u.at) as other
       from unnest(k.conkey, k.confkey) with ordinality u (own, other, at)
       join pg_catalog.pg_attribute x on x.attrelid = k.conrelid and x.attnum = u.own
       join pg_catalog.pg_attribute y on y.attrelid = k.confrelid and y.attnum = u.other
     ) names
     where k.conrelid = c.oid and k.contype = 'f') as foreign_keys,
    (select coalesce(json_agg(json_build_object(
        'name', k.conname,
        'columns', (select coalesce(array_agg(x.attname), '{}') from pg_catalog.pg_attribute x
          where x.attrelid = k.conrelid and x.attnum = any (k.conkey)),
        'definition', pg_get_constraintdef(k.oid)
      ) order by k.conname), '[]')
     from pg_catalog.pg_constraint k
     where k.conrelid = c.oid and k.contype = 'c') as checks,
    (select coalesce(json_agg(json_build_object(
        'name', i.relname,
        'columns', (select array_agg(x.attname order by u.at)
          from unnest(k.indkey::smallint[]) with ordinality u (own, at)
          join pg_catalog.pg_attribute x on x.attrelid = k.indrelid and x.attnum = u.own),
        'partial', k.indpred is not null
      ) order by not k.indisprimary, i.relname), '[]')
     from pg_catalog.pg_index k
     join pg_catalog.pg_class i on i.oid = k.indexrelid
     where k.indrelid = c.oid and k.indisunique and k.indexprs is null) as uniques
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p') and n.nspname not like 'pg\_%' and n.nspname <> 'information_schema'
) r
