-- What is true of every table of advisory, assistant, coaching and portal, asked of the catalogue. (The agency system's
-- tables have a script of their own.) Needs the migrations; changes nothing.

begin;

create function pg_temp.none(fault text, places text) returns void language plpgsql as $$
begin
  if places is not null then raise exception '%: %', fault, places; end if;
end $$;

create temporary view pg_temp.systems as
select n.oid, n.nspname,
  -- Better Auth's columns are in camel case, and its ids are text.
  case n.nspname when 'portal' then 'createdAt' else 'created_at' end as created,
  case n.nspname when 'portal' then 'updatedAt' else 'updated_at' end as updated,
  case n.nspname when 'portal' then 'text' else 'uuid' end::regtype as key_type,
  case n.nspname when 'advisory' then 'firm_id' when 'coaching' then 'account_id' end as tenant,
  case n.nspname when 'advisory' then 'firms' when 'coaching' then 'Accounts' end as root
from pg_catalog.pg_namespace n
where n.nspname in ('advisory', 'assistant', 'coaching', 'portal');

create temporary view pg_temp.tables as
select c.oid, s.nspname as system, c.relname, s.created, s.updated, s.key_type, s.tenant, s.root
from pg_catalog.pg_class c join pg_temp.systems s on s.oid = c.relnamespace
where c.relkind in ('r', 'p');

-- Foreign keys, with the names of their columns in order.
create temporary view pg_temp.keys as
select k.*, t.system, t.relname as child, t.tenant, t.root,
  array(select a.attname::text from unnest(k.conkey) with ordinality u (n, i) join pg_catalog.pg_attribute a on a.attrelid = k.conrelid and a.attnum = u.n order by u.i) as columns,
  array(select a.attname::text from unnest(k.confkey) with ordinality u (n, i) join pg_catalog.pg_attribute a on a.attrelid = k.confrelid and a.attnum = u.n order by u.i) as parent_columns
from pg_catalog.pg_constraint k
join pg_temp.tables t on t.oid = k.conrelid
where k.contype = 'f';

select pg_temp.none('not the tables of the descriptions', (
  select string_agg(coalesce(t.system || '.' || t.relname, 'missing: ' || s.name), ', ')
  from pg_temp.tables t
  full join unnest(array[
    'assistant.sessions', 'assistant.ai_processing_logs', 'assistant.ai_generated_drafts', 'assistant.touch_date_recommendations',
    'assistant.opportunities', 'assistant.hubspot_connections', 'assistant.hubspot_connection_secrets',
    'portal.user', 'portal.session', 'portal.account', 'portal.verification',
    'advisory.firms', 'advisory.profiles', 'advisory.firm_invitations', 'advisory.crm_connections', 'advisory.crm_connection_secrets',
    'advisory.households', 'advisory.accounts', 'advisory.positions', 'advisory.transactions', 'advisory.client_data_cache',
    'advisory.sessions', 'advisory.meeting_records',
    'coaching.Accounts', 'coaching.Teams', 'coaching.User_Roles', 'coaching.API_Connections', 'coaching.API_Connection_Secrets',
    'coaching.Synced_Activities', 'coaching.Conversations', 'coaching.Conversation_Analyses', 'coaching.Sync_Logs',
    'coaching.Coaching_Messages', 'coaching.Coaching_Outcomes'
  ]) as s (name) on s.name = t.system || '.' || t.relname
  where t.relname is null or s.name is null));

select pg_temp.none('no primary key "id" of the system''s type with a default', (
  select string_agg(t.oid::regclass::text, ', ') from pg_temp.tables t
  where not exists (
    select from pg_catalog.pg_constraint k
    join pg_catalog.pg_attribute a on a.attrelid = t.oid and k.conkey = array[a.attnum]
    where k.conrelid = t.oid and k.contype = 'p' and a.attname = 'id' and a.atttypid = t.key_type
      -- An adviser's profile has the id of its person.
      and (a.atthasdef or t.oid::regclass::text = 'advisory.profiles'))));

select pg_temp.none('the time of creation or of the last change is not timestamptz not null default now()', (
  select string_agg(t.oid::regclass || '.' || c.name, ', ')
  from pg_temp.tables t cross join lateral (values (t.created), (t.updated)) c (name)
  where not exists (
    select from pg_catalog.pg_attribute a join pg_catalog.pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    where a.attrelid = t.oid and a.attname = c.name and a.atttypid = 'timestamptz'::regtype and a.attnotnull
      and pg_get_expr(d.adbin, d.adrelid) = 'now()')));

select pg_temp.none('no trigger stamps the last change', (
  select string_agg(t.oid::regclass::text, ', ') from pg_temp.tables t
  where not exists (
    select from pg_catalog.pg_trigger g where g.tgrelid = t.oid and g.tgfoid = (t.system || '.update_updated_at()')::regprocedure
      and g.tgname = 'update_' || t.relname || '_' || t.updated)));

select pg_temp.none('a tenant column with a default', (
  select string_agg(t.oid::regclass::text, ', ') from pg_temp.tables t
  join pg_catalog.pg_attribute a on a.attrelid = t.oid and a.attname = t.tenant and a.atthasdef));

select pg_temp.none('a tenant column that does not refer to the tenant, or not cascading', (
  select string_agg(t.oid::regclass::text, ', ') from pg_temp.tables t
  join pg_catalog.pg_attribute a on a.attrelid = t.oid and a.attname = t.tenant
  where not exists (
    select from pg_temp.keys k where k.conrelid = t.oid and k.columns = array[t.tenant]
      and k.confrelid = format('%I.%I', t.system, t.root)::regclass and k.confdeltype in ('c', 'n'))));

select pg_temp.none('a reference inside a tenant that does not carry the tenant, parent first, tenant second', (
  select string_agg(k.conrelid::regclass || '.' || k.conname, ', ') from pg_temp.keys k
  join pg_catalog.pg_attribute a on a.attrelid = k.confrelid and a.attname = k.tenant
  where not (k.columns[2] = k.tenant and k.parent_columns[2] = k.tenant)));

select pg_temp.none('two foreign keys over the same column', (
  select string_agg(distinct k.conrelid::regclass || '.' || k.columns[1], ', ') from pg_temp.keys k join pg_temp.keys l
    on l.conrelid = k.conrelid and l.columns[1] = k.columns[1] and l.oid > k.oid));

select pg_temp.none('deleting the parent would null more than the reference', (
  select string_agg(k.conrelid::regclass || '.' || k.conname, ', ') from pg_temp.keys k
  where k.confdeltype = 'n' and cardinality(k.conkey) > 1 and k.confdelsetcols is distinct from array[k.conkey[1]]));

select pg_temp.none('deleting a person is left to chance', (
  select string_agg(k.conrelid::regclass || '.' || k.conname, ', ') from pg_temp.keys k
  where k.confrelid = 'auth.users'::regclass and k.confdeltype not in ('c', 'n', 'r')));

select pg_temp.none('a foreign key without an index that begins with its columns', (
  select string_agg(k.conrelid::regclass || '.' || k.conname, ', ') from pg_temp.keys k
  where not exists (
    select from pg_catalog.pg_index i
    where i.indrelid = k.conrelid and i.indpred is null
      and (select array_agg(x.n order by x.n) from unnest(i.indkey::int2[]) with ordinality x (n, i) where x.i <= cardinality(k.conkey))
        = (select array_agg(u.n order by u.n) from unnest(k.conkey) u (n)))));

select pg_temp.none('two indexes alike, or one that another one begins with', (
  select string_agg(i.indexrelid::regclass || ' in ' || j.indexrelid::regclass, ', ')
  from pg_catalog.pg_index i join pg_catalog.pg_index j on j.indrelid = i.indrelid and j.indexrelid <> i.indexrelid
  join pg_temp.tables t on t.oid = i.indrelid
  where not i.indisunique and i.indpred is null and j.indpred is null
    and j.indkey::text || ' ' like i.indkey::text || ' %'));

select pg_temp.none('a type on which comparison is not total, or not the same everywhere', (
  select string_agg(t.oid::regclass || '.' || a.attname, ', ') from pg_temp.tables t
  join pg_catalog.pg_attribute a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
  join pg_catalog.pg_type y on y.oid = a.atttypid
  where y.typname in ('float4', 'float8', 'money', 'bpchar', 'varchar', 'citext', 'timestamp', 'timetz')));

select pg_temp.none('money that is not bigint', (
  select string_agg(t.oid::regclass || '.' || a.attname, ', ') from pg_temp.tables t
  join pg_catalog.pg_attribute a on a.attrelid = t.oid and a.attnum > 0 and a.attname like '%\_cents'
  where a.atttypid <> 'bigint'::regtype));

select pg_temp.none('an id of another system that is not text', (
  select string_agg(t.oid::regclass || '.' || a.attname, ', ') from pg_temp.tables t
  join pg_catalog.pg_attribute a on a.attrelid = t.oid and a.attnum > 0
  where a.attname in ('activity_id', 'external_id', 'portal_id', 'crm_client_id', 'crm_household_id', 'baserowMemberId', 'hubspot_deal_id')
    and a.atttypid <> 'text'::regtype));

select pg_temp.none('a table without a comment', (
  select string_agg(t.oid::regclass::text, ', ') from pg_temp.tables t where obj_description(t.oid, 'pg_class') is null));

-- Secrets: nobody but the Worker and the owner has them. account and session are Better Auth's own.
select pg_temp.none('a secret within reach of a client', (
  select string_agg(t.oid::regclass || '.' || a.attname || ' for ' || r.name, ', ')
  from pg_temp.tables t
  join pg_catalog.pg_attribute a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
  cross join (values ('anon'), ('authenticated')) r (name)
  where (t.relname ~* '_secrets$' or a.attname ~* '^(access_?token|refresh_?token|id_?token|token|password|value)$')
    and has_column_privilege(r.name, t.oid, a.attnum, 'select, insert, update')));

select pg_temp.none('row-level security is off', (
  select string_agg(c.oid::regclass::text, ', ') from pg_temp.tables t join pg_catalog.pg_class c on c.oid = t.oid where not c.relrowsecurity));

select pg_temp.none('a function without a fixed search path', (
  select string_agg(p.oid::regprocedure::text, ', ') from pg_catalog.pg_proc p join pg_temp.systems s on s.oid = p.pronamespace
  where not exists (select from unnest(p.proconfig) c where c like 'search\_path=%')));

select pg_temp.none('a SECURITY DEFINER function that the API could call', (
  select string_agg(p.oid::regprocedure::text, ', ') from pg_catalog.pg_proc p join pg_temp.systems s on s.oid = p.pronamespace
  where p.prosecdef));

select pg_temp.none('a trigger function that somebody may call', (
  select string_agg(p.oid::regprocedure || ' by ' || r.name, ', ')
  from pg_catalog.pg_proc p join pg_temp.systems s on s.oid = p.pronamespace
  cross join (values ('anon'), ('authenticated')) r (name)
  where p.prorettype = 'trigger'::regtype and has_function_privilege(r.name, p.oid, 'execute')));

rollback;
