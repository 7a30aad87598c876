-- How an analysis begins and ends, and what keeps the vectors of outcomes true.

set local lock_timeout = '5s';
set local statement_timeout = '60s';

-- The Worker has the conversation to itself, by a lease, when it calls this: an analysis that is still under way is one whose
-- request died.
create function countersign_edge.begin_coaching_analysis(p_account uuid, p_conversation uuid, p_model text, p_fresh boolean)
  returns jsonb
  language plpgsql
  set search_path = ''
as $$
declare
  v_id uuid;
begin
  update coaching."Conversation_Analyses" a
  set status = 'failed', error_code = 'INTERRUPTED', analysed_at = now()
  where a.account_id = p_account and a.conversation_id = p_conversation and a.status = 'running';

  if not p_fresh then
    select a.id into v_id
    from coaching."Conversation_Analyses" a
    join coaching."Conversations" c on c.id = a.conversation_id and c.account_id = a.account_id
    where a.account_id = p_account and a.conversation_id = p_conversation and a.status = 'succeeded' and a.created_at >= c.updated_at
    order by a.created_at desc, a.id
    limit 1;
    if found then
      return jsonb_build_object('id', v_id, 'made', false);
    end if;
  end if;

  insert into coaching."Conversation_Analyses" (account_id, user_id, team_id, conversation_id, status, model)
  select c.account_id, c.user_id, c.team_id, c.id, 'running', p_model
  from coaching."Conversations" c
  where c.id = p_conversation and c.account_id = p_account
  returning id into v_id;
  if not found then
    raise exception 'there is no such conversation' using errcode = 'no_data_found';
  end if;
  return jsonb_build_object('id', v_id, 'made', true);
end $$;
comment on function countersign_edge.begin_coaching_analysis(uuid, uuid, text, boolean) is
  'The analysis of a conversation as it is now, if there is one and no fresh one is asked for; else a new one, under way.';

-- The analysis and its link to the activity of the same call, in one transaction. They are brought together by the
-- provider's id: Fathom's of the recording, which HubSpot keeps as the call's external id where Fathom logged it there.
create function countersign_edge.finish_coaching_analysis(p_analysis uuid, p_model text, p_summary text, p_scores jsonb)
  returns bigint
  language plpgsql
  set search_path = ''
as $$
declare
  v_account  uuid;
  v_provider text;
  v_external text;
  v_linked   bigint;
begin
  update coaching."Conversation_Analyses" a
  set status = 'succeeded', model = p_model, summary = p_summary, scores = p_scores, error_code = null, analysed_at = now()
  where a.id = p_analysis and a.status = 'running'
  returning a.account_id into v_account;
  if not found then
    raise exception 'there is no such analysis, or it has ended' using errcode = 'no_data_found';
  end if;
  select c.provider, c.external_id into v_provider, v_external
  from coaching."Conversation_Analyses" a
  join coaching."Conversations" c on c.id = a.conversation_id and c.account_id = a.account_id
  where a.id = p_analysis;

  update coaching."Synced_Activities" s
  set conversation_analysis_id = p_analysis
  where s.account_id = v_account
    and ((s.provider = v_provider and s.external_id = v_external)
         or (v_provider = 'fathom' and s.provider = 'hubspot' and s.properties ->> 'hs_call_external_id' = v_external));
  get diagnostics v_linked = row_count;
  return v_linked;
end $$;
comment on function countersign_edge.finish_coaching_analysis(uuid, text, text, jsonb) is
  'Ends an analysis that is under way, well, and links it to the activities of the same call. How many those are.';

create or replace function countersign_edge.tidy_coaching() returns void
  language sql
  set search_path = ''
as $$
  delete from coaching."Sync_Logs" l where l.started_at < now() - interval '90 days';
  -- No request takes as long: whoever began it died, and nobody has asked again.
  update coaching."Conversation_Analyses" a
  set status = 'failed', error_code = 'INTERRUPTED', analysed_at = now()
  where a.status = 'running' and a.created_at < now() - interval '10 minutes';
$$;
comment on function countersign_edge.tidy_coaching() is
  'Deletes logs of synchronisation past their retention, and ends analyses whose request died; for the scheduled run.';

-- Not concurrently: the file is one transaction, no longer than its timeout, and few rows are of this kind.
-- squawk-ignore require-concurrent-index-creation
create index "Conversation_Analyses_running_idx" on coaching."Conversation_Analyses" (created_at) where status = 'running';

-- Accounts by lot: one whose budget is spent, or whose texts no model takes, keeps nobody else waiting for good.
create function countersign_edge.due_coaching_outcomes(p_accounts integer)
  returns table (id uuid, account_id uuid, updated_at timestamptz, situation text, outcome text)
  language sql
  volatile
  set search_path = ''
as $$
  select o.id, o.account_id, o.updated_at, o.situation, o.outcome
  from (
    select d.account_id
    from (select distinct w.account_id from coaching."Coaching_Outcomes" w where w.embedding is null) d
    order by random()
    limit least(greatest(p_accounts, 0), 20)
  ) drawn
  cross join lateral (
    select w.id, w.account_id, w.updated_at, w.situation, w.outcome
    from coaching."Coaching_Outcomes" w
    where w.account_id = drawn.account_id and w.embedding is null
    order by w.created_at, w.id
    limit 20
  ) o
  order by o.account_id, o.id
$$;
comment on function countersign_edge.due_coaching_outcomes(integer) is
  'Outcomes without a vector of their text: the oldest of some accounts, one account after the other.';

-- Where the type "vector" lives; whoever cannot use that schema cannot name it.
select set_config('search_path', (select quote_ident(n.nspname) from pg_catalog.pg_extension e
  join pg_catalog.pg_namespace n on n.oid = e.extnamespace where e.extname = 'vector'), true);
do $$
declare
  v_schema constant name := (select n.nspname from pg_catalog.pg_extension e
    join pg_catalog.pg_namespace n on n.oid = e.extnamespace where e.extname = 'vector');
begin
  if not has_schema_privilege('countersign_edge', v_schema, 'usage') then
    execute format('grant usage on schema %I to countersign_edge', v_schema);
  end if;
end $$;

-- One that was changed after it was read has another text by now, and is embedded anew.
create function countersign_edge.store_coaching_embeddings(p_model text, p_rows jsonb) returns bigint
  language plpgsql
  set search_path from current
as $$
declare
  v_count bigint;
begin
  update coaching."Coaching_Outcomes" o
  set embedding = r.vector::vector, embedding_model = p_model
  from jsonb_to_recordset(p_rows) as r(id uuid, updated_at timestamptz, vector text)
  where o.id = r.id and o.updated_at = r.updated_at;
  get diagnostics v_count = row_count;
  return v_count;
end $$;
comment on function countersign_edge.store_coaching_embeddings(text, jsonb) is
  'Stores vectors of outcomes that are still as they were read. How many those were.';

-- Not concurrently: the file is one transaction, no longer than its timeout, and few rows are of this kind.
-- squawk-ignore require-concurrent-index-creation
create index "Coaching_Outcomes_bare_idx" on coaching."Coaching_Outcomes" (account_id, created_at, id) where embedding is null;

revoke all on function countersign_edge.begin_coaching_analysis(uuid, uuid, text, boolean) from public, anon, authenticated, service_role;
revoke all on function countersign_edge.finish_coaching_analysis(uuid, text, text, jsonb) from public, anon, authenticated, service_role;
revoke all on function countersign_edge.due_coaching_outcomes(integer) from public, anon, authenticated, service_role;
revoke all on function countersign_edge.store_coaching_embeddings(text, jsonb) from public, anon, authenticated, service_role;
grant execute on function countersign_edge.begin_coaching_analysis(uuid, uuid, text, boolean) to countersign_edge;
grant execute on function countersign_edge.finish_coaching_analysis(uuid, text, text, jsonb) to countersign_edge;
grant execute on function countersign_edge.due_coaching_outcomes(integer) to countersign_edge;
grant execute on function countersign_edge.store_coaching_embeddings(text, jsonb) to countersign_edge;

-- A vector is of a text: whoever changes that takes it away, and the Worker makes another.
create function coaching.handle_outcome_text() returns trigger
  language plpgsql
  set search_path = ''
as $$
begin
  if (new.situation, new.outcome) is distinct from (old.situation, old.outcome) then
    new.embedding = null;
    new.embedding_model = null;
  end if;
  return new;
end $$;
revoke execute on function coaching.handle_outcome_text() from public, anon, authenticated;
comment on function coaching.handle_outcome_text() is 'Takes away the embedding of a text that is another now.';
create trigger handle_outcome_text before update on coaching."Coaching_Outcomes"
  for each row execute function coaching.handle_outcome_text();
