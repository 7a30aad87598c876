-- Vectors of documents and interactions: stored by the Worker, many at once, and gone when the text changes.

set local lock_timeout = '5s';
set local statement_timeout = '60s';

-- Where the type "vector" lives: see agency_content.
select set_config('search_path', (select quote_ident(n.nspname) from pg_catalog.pg_extension e
  join pg_catalog.pg_namespace n on n.oid = e.extnamespace where e.extname = 'vector'), true);

-- Who cannot use the schema cannot name the type. Everybody can where it is "public" or Supabase's "extensions".
do $$
declare
  v_schema constant name := (select n.nspname from pg_catalog.pg_extension e
    join pg_catalog.pg_namespace n on n.oid = e.extnamespace where e.extname = 'vector');
begin
  if not has_schema_privilege('countersign_edge', v_schema, 'usage') then
    execute format('grant usage on schema %I to countersign_edge', v_schema);
  end if;
end $$;

create function agency.forget_embedding() returns trigger
  language plpgsql
  set search_path = ''
as $$
begin
  new.embedding := null;
  new.embedding_model := null;
  return new;
end $$;
comment on function agency.forget_embedding() is 'A text that changed is not found by what it said before: it waits for its new vector.';
revoke execute on function agency.forget_embedding() from public, anon, authenticated;

create trigger forget_documents_embedding before update of title, content on agency.documents
  for each row when (old.title is distinct from new.title or old.content is distinct from new.content)
  execute function agency.forget_embedding();
create trigger forget_crm_interactions_embedding before update of subject, summary on agency.crm_interactions
  for each row when (old.subject is distinct from new.subject or old.summary is distinct from new.summary)
  execute function agency.forget_embedding();

create function countersign_edge.store_agency_embeddings(p_org uuid, p_table text, p_model text, p_rows jsonb) returns bigint
  language plpgsql
  set search_path from current
as $$
declare
  v_count bigint;
begin
  if p_table = 'documents' then
    update agency.documents d set embedding = (r.value ->> 'vector')::vector, embedding_model = p_model
    from jsonb_array_elements(p_rows) as r
    where d.id = (r.value ->> 'id')::uuid and d.org_id = p_org and d.updated_at = (r.value ->> 'updated_at')::timestamptz;
  elsif p_table = 'crm_interactions' then
    update agency.crm_interactions i set embedding = (r.value ->> 'vector')::vector, embedding_model = p_model
    from jsonb_array_elements(p_rows) as r
    where i.id = (r.value ->> 'id')::uuid and i.org_id = p_org and i.updated_at = (r.value ->> 'updated_at')::timestamptz;
  else
    raise exception 'the table % has no vectors', p_table using errcode = 'invalid_parameter_value';
  end if;
  get diagnostics v_count = row_count;
  return v_count;
end $$;
comment on function countersign_edge.store_agency_embeddings(uuid, text, text, jsonb) is
  'Stores vectors of an organization''s rows that have not changed since they were read, and says how many those were.';
revoke all on function countersign_edge.store_agency_embeddings(uuid, text, text, jsonb) from public, anon, authenticated, service_role;
grant execute on function countersign_edge.store_agency_embeddings(uuid, text, text, jsonb) to countersign_edge;
