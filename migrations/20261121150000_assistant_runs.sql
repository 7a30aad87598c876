-- How a run of the assistant's AI ends: its drafts, its dates and its own end in one transaction, so that
-- nobody ever sees half of it. The function lies in the Worker's own schema and runs as whoever calls it, which is nobody
-- but the Worker's role; what that may do is decided by the policy as ever.

set local lock_timeout = '5s';
set local statement_timeout = '60s';

create function countersign_edge.finish_assistant_run(p_log uuid, p_model text, p_scores jsonb, p_drafts jsonb, p_dates jsonb)
  returns void
  language plpgsql
  set search_path = ''
as $$
declare
  v_id   text;
  v_type text;
begin
  update assistant.ai_processing_logs l
  set status = 'succeeded', processed_at = now(), model = p_model, confidence_scores = p_scores, error_code = null
  where l.id = p_log and l.status = 'running'
  returning l.activity_id, l.activity_type into v_id, v_type;
  if not found then
    raise exception 'there is no such run, or it has ended' using errcode = 'no_data_found';
  end if;
  insert into assistant.ai_generated_drafts (log_id, activity_id, activity_type, draft_text, tone, confidence)
  select p_log, v_id, v_type, d ->> 'text', d ->> 'tone', (d ->> 'confidence')::numeric
  from jsonb_array_elements(p_drafts) as d;
  insert into assistant.touch_date_recommendations (log_id, activity_id, activity_type, recommended_start, recommended_due, confidence)
  select p_log, v_id, v_type, (d ->> 'start')::timestamptz, (d ->> 'due')::timestamptz, (d ->> 'confidence')::numeric
  from jsonb_array_elements(p_dates) as d;
end $$;
comment on function countersign_edge.finish_assistant_run(uuid, text, jsonb, jsonb, jsonb) is
  'Ends a run that is under way, well, with what it proposes. An error leaves it as it was.';
revoke all on function countersign_edge.finish_assistant_run(uuid, text, jsonb, jsonb, jsonb) from public, anon, authenticated, service_role;
grant execute on function countersign_edge.finish_assistant_run(uuid, text, jsonb, jsonb, jsonb) to countersign_edge;
