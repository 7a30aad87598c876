-- The agency system: search by meaning, under row-level security.
--
-- An HNSW index knows nothing of tenants: it yields neighbours from everywhere, and row-level security throws away those
-- of others. An organization with few rows among many would find little or nothing. So:
--   * A caller who can see at most 10,000 rows gets an exact search of just these: complete, and tens of milliseconds.
--   * Beyond that the index is used, and iterates until enough visible rows have turned up (pgvector 0.8). Sorting is
--     discouraged (enable_sort), since the planner takes a distance for a cheap operator and would compute all of them.
--     Up to PostgreSQL 17 that is done by a huge cost, which must not wake the JIT compiler.

set local lock_timeout = '5s';
set local statement_timeout = '60s';

-- Where the type "vector" lives: see agency_content. The functions keep this search path (SET search_path FROM CURRENT)
-- for the operator <=>; everything else in them is qualified.
select set_config('search_path', (select quote_ident(n.nspname) from pg_catalog.pg_extension e
  join pg_catalog.pg_namespace n on n.oid = e.extnamespace where e.extname = 'vector'), true);

-- The hnsw.* settings exist only once the library is loaded, which any use of the type does.
select '[0]'::vector;

create function agency.match_documents(query_embedding vector, match_count integer default 10, match_org_id uuid default null)
  returns table (id uuid, org_id uuid, project_id uuid, title text, content text, similarity double precision)
  language plpgsql
  stable
  rows 10
  set search_path from current
  set plan_cache_mode = 'force_custom_plan'
  set enable_sort = off
  set jit = off
  set hnsw.iterative_scan = 'strict_order'
  set hnsw.ef_search = 400
  set hnsw.max_scan_tuples = 200000
as $$
declare
  v_count constant integer := least(greatest(coalesce(match_count, 10), 1), 100);
  v_few   boolean;
begin
  select count(*) <= 10000 into v_few
  from (select from agency.documents d where match_org_id is null or d.org_id = match_org_id limit 10001) visible;

  if v_few then
    -- The "+ 0" keeps the index out of it.
    return query
      select d.id, d.org_id, d.project_id, d.title, d.content, 1 - (d.embedding <=> query_embedding)
      from agency.documents d
      where d.record_status = 'active' and d.embedding is not null
        and (match_org_id is null or d.org_id = match_org_id)
      order by (d.embedding <=> query_embedding) + 0
      limit v_count;
  else
    return query
      select d.id, d.org_id, d.project_id, d.title, d.content, 1 - (d.embedding <=> query_embedding)
      from agency.documents d
      where d.record_status = 'active' and d.embedding is not null
        and (match_org_id is null or d.org_id = match_org_id)
      order by d.embedding <=> query_embedding
      limit v_count;
  end if;
end $$;
comment on function agency.match_documents is
  'The active documents nearest in meaning (cosine) among those the caller may see, of one organization or of all of theirs. At most 100.';

create function agency.match_interactions(query_embedding vector, match_count integer default 10, match_org_id uuid default null)
  returns table (id uuid, org_id uuid, client_id uuid, subject text, summary text, occurred_at timestamptz, similarity double precision)
  language plpgsql
  stable
  rows 10
  set search_path from current
  set plan_cache_mode = 'force_custom_plan'
  set enable_sort = off
  set jit = off
  set hnsw.iterative_scan = 'strict_order'
  set hnsw.ef_search = 400
  set hnsw.max_scan_tuples = 200000
as $$
declare
  v_count constant integer := least(greatest(coalesce(match_count, 10), 1), 100);
  v_few   boolean;
begin
  select count(*) <= 10000 into v_few
  from (select from agency.crm_interactions i where match_org_id is null or i.org_id = match_org_id limit 10001) visible;

  if v_few then
    return query
      select i.id, i.org_id, i.client_id, i.subject, i.summary, i.occurred_at, 1 - (i.embedding <=> query_embedding)
      from agency.crm_interactions i
      where i.record_status = 'active' and i.embedding is not null
        and (match_org_id is null or i.org_id = match_org_id)
      order by (i.embedding <=> query_embedding) + 0
      limit v_count;
  else
    return query
      select i.id, i.org_id, i.client_id, i.subject, i.summary, i.occurred_at, 1 - (i.embedding <=> query_embedding)
      from agency.crm_interactions i
      where i.record_status = 'active' and i.embedding is not null
        and (match_org_id is null or i.org_id = match_org_id)
      order by i.embedding <=> query_embedding
      limit v_count;
  end if;
end $$;
comment on function agency.match_interactions is
  'The active interactions nearest in meaning (cosine) among those the caller may see, of one organization or of all of theirs. At most 100.';
