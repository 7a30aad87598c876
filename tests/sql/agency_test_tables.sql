-- What is true of every table of the agency system, asked of the catalogue. Needs the migrations; changes nothing.

begin;

create function pg_temp.none(fault text, places text) returns void language plpgsql as $$
begin
  if places is not null then raise exception '%: %', fault, places; end if;
end $$;

create temporary view pg_temp.tables as
select c.oid, c.relname from pg_catalog.pg_class c
where c.relnamespace = 'agency'::regnamespace and c.relkind in ('r', 'p');

-- Foreign keys, with the names of their columns in order.
create temporary view pg_temp.keys as
select k.*, t.relname as child,
  array(select a.attname::text from unnest(k.conkey) with ordinality u (n, i) join pg_catalog.pg_attribute a on a.attrelid = k.conrelid and a.attnum = u.n order by u.i) as columns,
  array(select a.attname::text from unnest(k.confkey) with ordinality u (n, i) join pg_catalog.pg_attribute a on a.attrelid = k.confrelid and a.attnum = u.n order by u.i) as parent_columns
from pg_catalog.pg_constraint k
join pg_temp.tables t on t.oid = k.conrelid
where k.contype = 'f';

select pg_temp.none('not the 32 tables of the description', (
  select string_agg(coalesce(t.relname, 'missing: ' || s.name), ', ')
  from pg_temp.tables t
  full join unnest(array[
    'organizations', 'profiles', 'team_members', 'clients', 'projects', 'wizard_sessions', 'wizard_answers', 'context_snapshots',
    'roadmaps', 'roadmap_phases', 'tasks', 'ai_run_logs', 'ai_cache', 'analytics', 'services', 'systems', 'system_services',
    'project_systems', 'project_services', 'documents', 'briefs', 'brief_versions', 'deliverables', 'milestones', 'invoices',
    'payments', 'crm_pipelines', 'crm_stages', 'crm_contacts', 'crm_deals', 'crm_interactions', 'activities'
  ]) as s (name) on s.name = t.relname
  where t.relname is null or s.name is null));

select pg_temp.none('no uuid primary key "id" with a default', (
  select string_agg(t.relname, ', ') from pg_temp.tables t
  where not exists (
    select from pg_catalog.pg_constraint k
    join pg_catalog.pg_attribute a on a.attrelid = t.oid and k.conkey = array[a.attnum]
    where k.conrelid = t.oid and k.contype = 'p' and a.attname = 'id' and a.atttypid = 'uuid'::regtype and a.atthasdef)));

select pg_temp.none('org_id is nullable, missing, has a default, or does not cascade from organizations', (
  select string_agg(t.relname, ', ') from pg_temp.tables t
  where t.relname not in ('organizations', 'profiles') and not exists (
    select from pg_temp.keys k
    join pg_catalog.pg_attribute a on a.attrelid = t.oid and a.attname = 'org_id' and a.attnotnull and not a.atthasdef
    where k.conrelid = t.oid and k.columns = array['org_id'] and k.confrelid = 'agency.organizations'::regclass and k.confdeltype = 'c')));

select pg_temp.none('created_at or updated_at is not timestamptz not null default now()', (
  select string_agg(t.relname || '.' || c.name, ', ') from pg_temp.tables t cross join (values ('created_at'), ('updated_at')) c (name)
  where not exists (
    select from pg_catalog.pg_attribute a join pg_catalog.pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    where a.attrelid = t.oid and a.attname = c.name and a.atttypid = 'timestamptz'::regtype and a.attnotnull
      and pg_get_expr(d.adbin, d.adrelid) = 'now()')));

select pg_temp.none('no trigger stamps updated_at', (
  select string_agg(t.relname, ', ') from pg_temp.tables t
  where not exists (
    select from pg_catalog.pg_trigger g where g.tgrelid = t.oid and g.tgfoid = 'agency.update_updated_at()'::regprocedure
      and g.tgname = 'update_' || t.relname || '_updated_at')));

select pg_temp.none('a reference inside an organization that does not carry org_id, parent first, tenant second', (
  select string_agg(k.child || '.' || k.conname, ', ') from pg_temp.keys k
  where k.confrelid in (select oid from pg_temp.tables where relname not in ('organizations', 'profiles'))
    and not (k.columns[2] = 'org_id' and k.parent_columns[2] = 'org_id' and k.parent_columns[1] in ('id', 'user_id'))));

select pg_temp.none('two foreign keys over the same column', (
  select string_agg(distinct k.child || '.' || k.columns[1], ', ') from pg_temp.keys k join pg_temp.keys l
    on l.conrelid = k.conrelid and l.columns[1] = k.columns[1] and l.oid > k.oid));

select pg_temp.none('deleting the parent would null more than the reference', (
  select string_agg(k.child || '.' || k.conname, ', ') from pg_temp.keys k
  where k.confdeltype = 'n' and cardinality(k.conkey) > 1 and k.confdelsetcols is distinct from array[k.conkey[1]]));

select pg_temp.none('an append-only row would go or change with a row it refers to', (
  select string_agg(k.child || '.' || k.conname, ', ') from pg_temp.keys k
  where k.child in ('payments', 'ai_run_logs', 'activities') and k.columns <> array['org_id']
    and k.confrelid <> 'auth.users'::regclass and k.confdeltype <> 'a'));

select pg_temp.none('a foreign key without an index that begins with its columns', (
  select string_agg(k.child || '.' || k.conname, ', ') from pg_temp.keys k
  where not exists (
    select from pg_catalog.pg_index i
    where i.indrelid = k.conrelid and i.indpred is null
      and (select array_agg(x.n order by x.i) from unnest(i.indkey::int2[]) with ordinality x (n, i) where x.i <= cardinality(k.conkey))
        = k.conkey)));

select pg_temp.none('two indexes alike, or one that another one begins with', (
  select string_agg(i.indexrelid::regclass || ' in ' || j.indexrelid::regclass, ', ')
  from pg_catalog.pg_index i join pg_catalog.pg_index j on j.indrelid = i.indrelid and j.indexrelid <> i.indexrelid
  join pg_temp.tables t on t.oid = i.indrelid
  where not i.indisunique and i.indpred is null and j.indpred is null
    and j.indkey::text || ' ' like i.indkey::text || ' %'));

select pg_temp.none('a type on which comparison is not total, or not the same everywhere', (
  select string_agg(t.relname || '.' || a.attname, ', ') from pg_temp.tables t
  join pg_catalog.pg_attribute a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
  join pg_catalog.pg_type y on y.oid = a.atttypid
  where y.typname in ('float4', 'float8', 'money', 'bpchar', 'varchar', 'citext', 'timestamp', 'timetz')));

select pg_temp.none('money that is not bigint', (
  select string_agg(t.relname || '.' || a.attname, ', ') from pg_temp.tables t
  join pg_catalog.pg_attribute a on a.attrelid = t.oid and a.attnum > 0 and a.attname like '%\_cents'
  where a.atttypid <> 'bigint'::regtype and (t.relname, a.attname) <> ('ai_run_logs', 'cost_cents')));

select pg_temp.none('a table without a comment', (
  select string_agg(t.relname, ', ') from pg_temp.tables t where obj_description(t.oid, 'pg_class') is null));

select pg_temp.none('record_status that allows something else', (
  select string_agg(t.relname, ', ') from pg_temp.tables t
  join pg_catalog.pg_attribute a on a.attrelid = t.oid and a.attname = 'record_status'
  where not a.attnotnull or not exists (
    select from pg_catalog.pg_constraint k where k.conrelid = t.oid and k.contype = 'c' and k.conkey = array[a.attnum]
      and pg_get_constraintdef(k.oid) like '%active%archived%deleted%')));

select pg_temp.none('a function without a fixed search path', (
  select string_agg(p.oid::regprocedure::text, ', ') from pg_catalog.pg_proc p
  where p.pronamespace = 'agency'::regnamespace
    and not exists (select from unnest(p.proconfig) s where s like 'search\_path=%')));

select pg_temp.none('a SECURITY DEFINER function that the API could call, or none where a handler needs it', (
  select string_agg(p.oid::regprocedure::text, ', ') from pg_catalog.pg_proc p
  where p.pronamespace = 'agency'::regnamespace and p.prosecdef <> (p.proname like 'handle\_%')));

select pg_temp.none('a trigger function that somebody may call', (
  select string_agg(p.oid::regprocedure || ' by ' || r.name, ', ')
  from pg_catalog.pg_proc p cross join (values ('anon'), ('authenticated')) r (name)
  where p.pronamespace in ('agency'::regnamespace, 'countersign'::regnamespace) and p.prorettype = 'trigger'::regtype
    and has_function_privilege(r.name, p.oid, 'execute')));

select pg_temp.none('a view that does not ask as the caller', (
  select string_agg(c.relname, ', ') from pg_catalog.pg_class c
  where c.relnamespace = 'agency'::regnamespace and c.relkind = 'v'
    and not coalesce(c.reloptions, '{}') && array['security_invoker=true', 'security_invoker=on']));

select pg_temp.none('embeddings are not as wide as their models, or not indexed for cosine distance', (
  select string_agg(e.name, ', ') from (values ('documents', 768), ('crm_interactions', 1536)) e (name, width)
  where not exists (
    select from pg_catalog.pg_attribute a
    join pg_catalog.pg_index i on i.indrelid = a.attrelid and i.indkey::text = a.attnum::text
    where a.attrelid = ('agency.' || e.name)::regclass and a.attname = 'embedding' and a.atttypmod = e.width
      and pg_get_indexdef(i.indexrelid) like '%hnsw%vector_cosine_ops%')));

rollback;
