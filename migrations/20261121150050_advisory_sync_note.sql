-- Advisory: what a run that renews copies notes at its connection. It writes its own keys of config and no others, so that
-- what people set while it runs stays.

set local lock_timeout = '5s';
set local statement_timeout = '60s';

comment on column advisory.crm_connections.config is
  'What is not secret: the Schwab environment, whether there are holdings, and from when the next refresh asks (synced_from, listed_from). Where a CRM answers is the Worker''s setting, and never stands here.';

create function countersign_edge.advisory_note_sync(
  p_connection uuid, p_began timestamptz, p_times jsonb, p_synced boolean, p_judged boolean, p_error text
) returns void
  language sql
  set search_path = ''
as $$
  update advisory.crm_connections c
  set config = c.config || p_times,
      last_synced_at = case when p_synced then p_began else c.last_synced_at end,
      last_error = case when p_judged then p_error else c.last_error end
  where c.id = p_connection;
$$;
comment on function countersign_edge.advisory_note_sync(uuid, timestamptz, jsonb, boolean, boolean, text) is
  'Notes a run that began then: its times are put into config beside what is there; p_synced says that the copies are all there are, p_judged that p_error, or null, is how it went.';

revoke all on function countersign_edge.advisory_note_sync(uuid, timestamptz, jsonb, boolean, boolean, text) from public, anon, authenticated, service_role;
grant execute on function countersign_edge.advisory_note_sync(uuid, timestamptz, jsonb, boolean, boolean, text) to countersign_edge;
