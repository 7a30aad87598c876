-- The agency's calls of a language model: their log, their cache, and vectors. Needs the seed; leaves nothing behind.

begin;
set local role countersign_edge;

create temporary table asked on commit drop as
select 'a0000000-0000-4000-8000-000000000001'::uuid as org, repeat('ab', 32) as key,
  '{"purpose": "probe", "provider": "p", "model": "m", "status": "succeeded", "prompt_tokens": 10, "completion_tokens": 5,
    "cost_cents": 0.000123, "duration_ms": 7, "request_id": "r"}'::jsonb as run;
create temporary table logged on commit drop as
select countersign_edge.finish_agency_run(org, run, key, '{"text": "one"}', 30) as id from asked;
select pg_temp.holds('a run is logged, to the millionth', (
  select l.cost_cents = 0.000123 and l.status = 'succeeded' and l.prompt_tokens = 10 from agency.ai_run_logs l join logged using (id)));

select pg_temp.holds('the same again is answered from the cache', (
  select f.response = '{"text": "one"}' and f.model = 'm' from asked, countersign_edge.find_agency_answer(org, key, run) f));
select pg_temp.holds('and logged as that, for nothing', (
  select count(*) = 1 and bool_and(l.status = 'cached' and l.cost_cents = 0 and l.prompt_tokens = 0)
  from agency.ai_run_logs l where l.purpose = 'probe' and l.id not in (select id from logged)));
select pg_temp.holds('and counted', (select c.hits = 1 from agency.ai_cache c, asked where c.cache_key = key and c.org_id = org));
select pg_temp.holds('another organization is not', not exists (
  select from asked, countersign_edge.find_agency_answer('b0000000-0000-4000-8000-000000000001', key, run) f));
select pg_temp.holds('nor is another question', not exists (
  select from asked, countersign_edge.find_agency_answer(org, repeat('cd', 32), run) f));

select countersign_edge.finish_agency_run(org, run, key, '{"text": "two"}', 30) from asked;
select pg_temp.holds('a newer answer replaces it', (
  select f.response = '{"text": "two"}' from asked, countersign_edge.find_agency_answer(org, key, run) f));
update agency.ai_cache c set expires_at = now() from asked where c.cache_key = key and c.org_id = org;
select pg_temp.holds('what has expired is none', not exists (select from asked, countersign_edge.find_agency_answer(org, key, run) f));
select countersign_edge.finish_agency_run(org, run, repeat('ef', 32), '{}', 30) from asked;
select pg_temp.holds('and goes with the next', not exists (select from agency.ai_cache c, asked where c.cache_key = key and c.org_id = org));
select countersign_edge.finish_agency_run(org, run || '{"status": "failed", "error_code": "X"}', repeat('01', 32), null, 30) from asked;
select pg_temp.holds('a failure is not remembered', not exists (select from agency.ai_cache where cache_key = repeat('01', 32)));
select pg_temp.fails('42501', $$update agency.ai_run_logs set cost_cents = 0$$);

-- Vectors.
create temporary table texts on commit drop as
select d.id, d.updated_at, '[1' || repeat(',0', 767) || ']' as vector from agency.documents d
where d.org_id = 'a0000000-0000-4000-8000-000000000001' and d.record_status = 'active';
create temporary table stored on commit drop as
select countersign_edge.store_agency_embeddings('a0000000-0000-4000-8000-000000000001', 'documents', 'm', jsonb_agg(to_jsonb(t))) as many
from texts t;
select pg_temp.holds('vectors are stored', (select many = (select count(*) from texts) and many > 0 from stored));
select pg_temp.holds('with their model', (select bool_and(d.embedding is not null and d.embedding_model = 'm') from agency.documents d join texts using (id)));
select pg_temp.holds('not those of another organization', (
  select countersign_edge.store_agency_embeddings('b0000000-0000-4000-8000-000000000001', 'documents', 'm', jsonb_agg(to_jsonb(t))) = 0 from texts t));
select pg_temp.holds('nor of what has changed', (
  select countersign_edge.store_agency_embeddings('a0000000-0000-4000-8000-000000000001', 'documents', 'm',
    jsonb_agg(to_jsonb(t) || '{"updated_at": "2020-01-01T00:00:00Z"}')) = 0 from texts t));
select pg_temp.fails('22023', $$select countersign_edge.store_agency_embeddings('a0000000-0000-4000-8000-000000000001', 'clients', 'm', '[]')$$);
reset role;
update agency.documents d set project_id = d.project_id from texts t where t.id = d.id;
select pg_temp.holds('a vector stays as long as its text', (select bool_and(d.embedding is not null) from agency.documents d join texts using (id)));
update agency.documents d set content = d.content || ' changed' from texts t where t.id = d.id;
select pg_temp.holds('and no longer', (
  select bool_and(d.embedding is null and d.embedding_model is null) from agency.documents d join texts using (id)));

rollback;
