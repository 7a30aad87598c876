-- Tables of schema $1 with everything that hangs on them.
select n.nspname as schema, c.relname as name,
  case c.relkind when 'p' then 'partitioned' when 'f' then 'foreign' else 'table' end as kind,
  pg_get_userbyid(c.relowner) as owner,
  obj_description(c.oid, 'pg_class') as comment,
  c.relrowsecurity as row_security, c.relforcerowsecurity as forced,
  c.relispartition or c.relkind = 'p'
    or exists (select from pg_inherits i where c.oid in (i.inhrelid, i.inhparent)) as inherits,
  exists (select from pg_rewrite r where r.ev_class = c.oid) as has_rules,
  nullif(c.reltuples, -1)::bigint as estimate, c.relpages::bigint as pages,
  coalesce(s.seq_scan, 0) + coalesce(s.idx_scan, 0) as scans,
  (select coalesce(jsonb_agg(jsonb_build_object(
      'name', a.attname,
      'data_type', format_type(a.atttypid, a.atttypmod),
      'not_null', a.attnotnull,
      'default', case when a.attgenerated = '' then pg_get_expr(d.adbin, d.adrelid) end,
      'generated', case when a.attgenerated <> '' then pg_get_expr(d.adbin, d.adrelid) end,
      'identity', case a.attidentity when 'a' then 'always' when 'd' then 'by default' end,
      'comment', col_description(c.oid, a.attnum)) order by a.attnum), '[]')
    from pg_attribute a left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
    where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns,
  (select coalesce(jsonb_agg(jsonb_build_object(
      'name', k.conname,
      'kind', case k.contype when 'p' then 'primary-key' when 'u' then 'unique' when 'f' then 'foreign-key'
                             when 'c' then 'check' else 'exclusion' end,
      'definition', pg_get_constraintdef(k.oid),
      'validated', k.convalidated,
      'deferrable', k.condeferrable,
      'columns', array(select a.attname from unnest(k.conkey) with ordinality u (attnum, position)
                       join pg_attribute a on a.attrelid = k.conrelid and a.attnum = u.attnum order by u.position),
      'reference', (select jsonb_build_object(
          'schema', pn.nspname, 'table', p.relname,
          'columns', array(select a.attname from unnest(k.confkey) with ordinality u (attnum, position)
                           join pg_attribute a on a.attrelid = k.confrelid and a.attnum = u.attnum order by u.position),
          'on_delete', case k.confdeltype when 'r' then 'restrict' when 'c' then 'cascade' when 'n' then 'set null'
                                          when 'd' then 'set default' else 'no action' end
            || coalesce(' (' || (select string_agg(a.attname, ', ' order by a.attnum) from pg_attribute a
                                 where a.attrelid = k.conrelid and a.attnum = any (k.confdelsetcols)) || ')', ''))
        from pg_class p join pg_namespace pn on pn.oid = p.relnamespace
        where k.contype = 'f' and p.oid = k.confrelid)) order by k.conname collate "C"), '[]')
    from pg_constraint k
    where k.conrelid = c.oid and k.contype in ('p', 'u', 'f', 'c', 'x')) as constraints,
  (select coalesce(jsonb_agg(jsonb_build_object(
      'name', x.relname,
      'definition', pg_get_indexdef(x.oid),
      'method', m.amname,
      'primary', i.indisprimary, 'unique', i.indisunique, 'valid', i.indisvalid,
      'constraint', exists (select from pg_constraint k where k.conindid = x.oid and k.contype in ('p', 'u', 'x')),
      'predicate', pg_get_expr(i.indpred, i.indrelid),
      'columns', array(select a.attname from unnest(i.indkey::smallint[]) with ordinality k (attnum, position)
                       join pg_attribute a on a.attrelid = c.oid and a.attnum = k.attnum
                       where k.position <= i.indnkeyatts
                         and k.position < coalesce((select min(e.position)
                               from unnest(i.indkey::smallint[]) with ordinality e (attnum, position)
                               where e.attnum = 0), 32767)
                       order by k.position),
      -- Equal for indexes that differ in nothing but name and uniqueness.
      'shape', concat_ws(' ', m.amname, i.indnkeyatts, i.indkey, i.indclass, i.indcollation, i.indoption,
                         pg_get_expr(i.indexprs, i.indrelid), pg_get_expr(i.indpred, i.indrelid)),
      'scans', coalesce(t.idx_scan, 0),
      'pages', x.relpages) order by x.relname collate "C"), '[]')
    from pg_index i
    join pg_class x on x.oid = i.indexrelid
    join pg_am m on m.oid = x.relam
    left join pg_stat_user_indexes t on t.indexrelid = i.indexrelid
    where i.indrelid = c.oid) as indexes,
  (select coalesce(jsonb_agg(jsonb_build_object(
      'name', l.polname,
      'permissive', l.polpermissive,
      'command', case l.polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update'
                               when 'd' then 'delete' else 'all' end,
      'roles', array(select coalesce(r.rolname, 'public') from unnest(l.polroles) o (oid)
                     left join pg_roles r on r.oid = o.oid order by 1),
      'using', pg_get_expr(l.polqual, l.polrelid),
      'check', pg_get_expr(l.polwithcheck, l.polrelid),
      'comment', obj_description(l.oid, 'pg_policy')) order by l.polname collate "C"), '[]')
    from pg_policy l where l.polrelid = c.oid) as policies,
  (select coalesce(jsonb_agg(jsonb_build_object(
      'name', g.tgname,
      'definition', pg_get_triggerdef(g.oid),
      'function', (select quote_ident(pn.nspname) || '.' || quote_ident(p.proname)
                   from pg_proc p join pg_namespace pn on pn.oid = p.pronamespace where p.oid = g.tgfoid),
      'enabled', case g.tgenabled when 'O' then 'origin' when 'D' then 'disabled' when 'R' then 'replica' else 'always' end)
      order by g.tgname collate "C"), '[]')
    from pg_trigger g where g.tgrelid = c.oid and not g.tgisinternal) as triggers,
  {relation_grants} as grants
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
left join pg_stat_user_tables s on s.relid = c.oid
where n.nspname = $1 and c.relkind in ('r', 'p', 'f')
  and not exists (select from pg_depend d
                  where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
order by c.relname collate "C"
