-- What the Worker does when nobody waits: effects and events are taken, worked on and ended by one statement each, so
-- that a run that dies in between leaves nothing half said. Who takes one is known by the number of the attempt: whoever
-- overslept ends nothing any more.

set local lock_timeout = '5s';
set local statement_timeout = '60s';

-- A Worker that serves some of the apps takes what is theirs, and leaves the rest to the Worker that serves it.
drop function countersign_edge.claim_webhooks(integer, integer);
drop function countersign_edge.claim_outbox(integer, integer);

create function countersign_edge.claim_webhooks(p_limit integer, p_seconds integer, p_apps jsonb default null)
  returns setof countersign_edge.webhook_inbox
  language sql
  set search_path = ''
as $$
  with due as materialized (
    select d.id from countersign_edge.webhook_inbox d
    where d.status in ('received', 'processing', 'failed') and d.next_attempt_at <= now()
      and (p_apps is null or p_apps ? d.app)
    order by d.next_attempt_at
    limit least(greatest(p_limit, 0), 100)
    for update skip locked
  )
  update countersign_edge.webhook_inbox w
  set status = 'processing', attempts = w.attempts + 1, next_attempt_at = now() + make_interval(secs => p_seconds)
  from due
  where w.id = due.id
  returning w.*
$$;
comment on function countersign_edge.claim_webhooks(integer, integer, jsonb) is
  'Takes the events of these apps that are due, for so many seconds: whoever asks meanwhile gets others, and unfinished ones come back afterwards.';

create function countersign_edge.finish_webhooks(p_results jsonb) returns bigint
  language sql
  set search_path = ''
as $$
  with finished as (
    update countersign_edge.webhook_inbox w
    set status = r.status,
        last_error = r.error,
        -- Whoever was let wait for another has not tried.
        attempts = w.attempts - case r.status when 'received' then 1 else 0 end,
        next_attempt_at = now() + make_interval(secs => r.seconds),
        finished_at = case when r.status in ('done', 'dead') then now() end
    from jsonb_to_recordset(p_results) as r(id uuid, attempt bigint, status text, error text, seconds integer)
    where w.id = r.id and w.attempts = r.attempt and w.status = 'processing'
    returning 1
  )
  select count(*) from finished
$$;
comment on function countersign_edge.finish_webhooks(jsonb) is
  'Says what became of events that were taken: done, dead, failed (again after so many seconds), or received (not tried). How many still were whoever''s who says so.';

create function countersign_edge.claim_outbox(p_limit integer, p_seconds integer, p_apps jsonb default null)
  returns setof countersign_edge.outbox
  language sql
  set search_path = ''
as $$
  with due as materialized (
    select d.id from countersign_edge.outbox d
    where d.status in ('pending', 'sending', 'failed') and d.next_attempt_at <= now()
      and (p_apps is null or p_apps ? d.app)
    order by d.next_attempt_at
    limit least(greatest(p_limit, 0), 100)
    for update skip locked
  )
  update countersign_edge.outbox o
  set status = 'sending', attempts = o.attempts + 1, next_attempt_at = now() + make_interval(secs => p_seconds)
  from due
  where o.id = due.id
  returning o.*
$$;
comment on function countersign_edge.claim_outbox(integer, integer, jsonb) is
  'Takes the effects of these apps that are due, like claim_webhooks. From the second attempt on: look it up before repeating it.';

create function countersign_edge.record_effect(
    p_app text, p_provider text, p_operation text, p_effect_key text, p_tenant text, p_user text, p_request jsonb,
    p_seconds integer)
  returns setof countersign_edge.outbox
  language sql
  set search_path = ''
as $$
  insert into countersign_edge.outbox as o
    (app, provider, operation, effect_key, tenant_id, user_id, request, status, attempts, next_attempt_at)
  values (p_app, p_provider, p_operation, p_effect_key, p_tenant, p_user, p_request, 'sending', 1,
          now() + make_interval(secs => p_seconds))
  on conflict (app, provider, effect_key) do update
    set status = 'sending',
        -- Never 1 again: from 2 on it is looked for before it is repeated.
        attempts = case when o.status in ('dead', 'uncertain') then 2 else o.attempts + 1 end,
        request = case when o.status in ('dead', 'uncertain') then excluded.request else o.request end,
        next_attempt_at = excluded.next_attempt_at, finished_at = null
    where o.status in ('pending', 'failed', 'dead', 'uncertain') or (o.status = 'sending' and o.next_attempt_at <= now())
  returning o.*
$$;
comment on function countersign_edge.record_effect(text, text, text, text, text, text, jsonb, integer) is
  'Records an effect and takes it at once, for so many seconds. One that is recorded already is taken, unless it is done or somebody is at it: then nothing is returned.';

create function countersign_edge.finish_effect(
    p_id uuid, p_attempt bigint, p_status text, p_error text, p_seconds integer, p_external_id text)
  returns bigint
  language sql
  set search_path = ''
as $$
  with finished as (
    update countersign_edge.outbox o
    set status = p_status, last_error = p_error, external_id = coalesce(p_external_id, o.external_id),
        next_attempt_at = now() + make_interval(secs => p_seconds),
        finished_at = case when p_status in ('done', 'dead', 'uncertain') then now() end,
        -- What was sent may be personal, and is of no more use.
        request = case when p_status = 'done' then '{}' else o.request end
    where o.id = p_id and o.attempts = p_attempt and o.status = 'sending'
    returning 1
  )
  select count(*) from finished
$$;
comment on function countersign_edge.finish_effect(uuid, bigint, text, text, integer, text) is
  'Says what became of an effect that was taken. 0 if it is not whoever''s who says so any more.';

comment on table countersign_edge.outbox is
  'Effects outside the database, recorded before they are tried. Unique per effect: it is asked for once. What was sent is kept until it is done. Retention: done 30 days, dead 90; uncertain until somebody has looked.';

revoke all on all functions in schema countersign_edge from public, anon, authenticated, service_role;
grant execute on all functions in schema countersign_edge to countersign_edge;
