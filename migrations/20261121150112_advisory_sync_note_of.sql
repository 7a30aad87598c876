-- A run notes nothing on a connection that leads to another CRM by now.

set local lock_timeout = '5s';
set local statement_timeout = '60s';

-- Beside the older one: the Worker that is deployed calls that until the next one is.
create function countersign_edge.advisory_note_sync(
  p_connection uuid, p_began timestamptz, p_times jsonb, p_synced boolean, p_judged boolean, p_error text, p_provider text, p_config jsonb
) returns boolean
  language plpgsql
  set search_path = ''
as $$
begin
  update advisory.crm_connections c
  set config = c.config || p_times,
      last_synced_at = case when p_synced then p_began else c.last_synced_at end,
      last_error = case when p_judged then p_error else c.last_error end
  where c.id = p_connection and c.provider = p_provider
    and c.config -> 'firm' is not distinct from p_config -> 'firm';
  return found;
end $$;
comment on function countersign_edge.advisory_note_sync(uuid, timestamptz, jsonb, boolean, boolean, text, text, jsonb) is
  'Notes a run that began then, with the connection''s provider and config as they were: false if it leads elsewhere by now, and nothing is noted. Times are put into config beside what is there; p_synced says that the copies are all there are, p_judged that p_error, or null, is how it went.';

revoke all on function countersign_edge.advisory_note_sync(uuid, timestamptz, jsonb, boolean, boolean, text, text, jsonb) from public, anon, authenticated, service_role;
grant execute on function countersign_edge.advisory_note_sync(uuid, timestamptz, jsonb, boolean, boolean, text, text, jsonb) to countersign_edge;
