-- Storing webhooks: each event once, however often it comes, in one statement for a whole delivery.

set local lock_timeout = '5s';
set local statement_timeout = '60s';

create function countersign_edge.store_webhooks(p_app text, p_source text, p_events jsonb) returns bigint
  language sql
  set search_path = ''
as $$
  with stored as (
    insert into countersign_edge.webhook_inbox (app, source, event_id, tenant_id, event_type, payload)
    select p_app, p_source, e ->> 'event_id', e ->> 'tenant_id', e ->> 'event_type', e -> 'payload'
    from jsonb_array_elements(p_events) as e
    on conflict (app, source, event_id) do nothing
    returning 1
  )
  select count(*) from stored
$$;
comment on function countersign_edge.store_webhooks(text, text, jsonb) is
  'Stores the events of a delivery that are not stored yet, and says how many those were.';
revoke all on function countersign_edge.store_webhooks(text, text, jsonb) from public, anon, authenticated, service_role;
grant execute on function countersign_edge.store_webhooks(text, text, jsonb) to countersign_edge;
