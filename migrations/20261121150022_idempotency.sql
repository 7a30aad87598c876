-- Requests with an Idempotency-Key: who is first, what the others are told, and how the first one ends.

set local lock_timeout = '5s';
set local statement_timeout = '60s';

create function countersign_edge.begin_request(p_app text, p_caller text, p_key text, p_hash text, p_seconds integer)
  returns jsonb
  language plpgsql
  set search_path = ''
as $$
declare
  v_found countersign_edge.idempotency_keys;
begin
  -- The first may give its key up between the two statements, and then this one is the first.
  for attempt in 1..3 loop
    insert into countersign_edge.idempotency_keys as k (app, caller, key, request_hash)
    values (p_app, p_caller, p_key, p_hash)
    on conflict (app, caller, key) do update
    set request_hash = excluded.request_hash, status = 'running', http_status = null, response = null,
        created_at = now(), expires_at = excluded.expires_at
    where k.expires_at <= now();
    if found then
      return '{"state": "first"}';
    end if;
    select * into v_found from countersign_edge.idempotency_keys k
    where k.app = p_app and k.caller = p_caller and k.key = p_key;
    if found then
      return case
        when v_found.request_hash <> p_hash then '{"state": "other"}'::jsonb
        when v_found.status = 'done' then
          jsonb_build_object('state', 'done', 'status', v_found.http_status, 'response', v_found.response)
        when v_found.created_at < now() - make_interval(secs => p_seconds) then '{"state": "lost"}'
        else '{"state": "running"}'
      end;
    end if;
  end loop;
  return '{"state": "running"}';
end $$;
comment on function countersign_edge.begin_request(text, text, text, text, integer) is
  'first: do it. done: the answer that it had. other: the key is another request''s. running: it is under way. lost: it has been, for longer than so many seconds.';

create function countersign_edge.finish_request(p_app text, p_caller text, p_key text, p_hash text, p_status integer, p_response jsonb)
  returns void
  language sql
  set search_path = ''
as $$
  update countersign_edge.idempotency_keys k set status = 'done', http_status = p_status, response = p_response
  where k.app = p_app and k.caller = p_caller and k.key = p_key and k.request_hash = p_hash and k.status = 'running'
$$;
comment on function countersign_edge.finish_request(text, text, text, text, integer, jsonb) is 'Keeps the answer of the first.';

create function countersign_edge.forget_request(p_app text, p_caller text, p_key text, p_hash text) returns void
  language sql
  set search_path = ''
as $$
  delete from countersign_edge.idempotency_keys k
  where k.app = p_app and k.caller = p_caller and k.key = p_key and k.request_hash = p_hash and k.status = 'running'
$$;
comment on function countersign_edge.forget_request(text, text, text, text) is 'The first did nothing: its key is free again.';

do $$
declare
  made text;
begin
  foreach made in array array['begin_request(text, text, text, text, integer)',
    'finish_request(text, text, text, text, integer, jsonb)', 'forget_request(text, text, text, text)'] loop
    execute format('revoke all on function countersign_edge.%s from public, anon, authenticated, service_role', made);
    execute format('grant execute on function countersign_edge.%s to countersign_edge', made);
  end loop;
end $$;
