-- Whose a Better Auth session is. The token goes into the body of a call, and not into an address as a filter would: addresses
-- stand in logs, and a session's token is as good as a password. The function lies in the Worker's own schema and runs as
-- whoever calls it, which is nobody but the Worker's role; what that may read is decided by the policy as ever.

set local lock_timeout = '5s';
set local statement_timeout = '60s';

create function countersign_edge.portal_session(p_token text) returns table (user_id text, expires_at timestamptz)
  language sql
  stable
  set search_path = ''
as $$
  select s."userId", s."expiresAt" from portal.session s where s.token = p_token and s."expiresAt" > now()
$$;
comment on function countersign_edge.portal_session(text) is 'The holder of a session that has not ended, and when it will.';
revoke all on function countersign_edge.portal_session(text) from public, anon, authenticated, service_role;
grant execute on function countersign_edge.portal_session(text) to countersign_edge;
