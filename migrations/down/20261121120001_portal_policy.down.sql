-- Undoes the migration of the same name: what it changed is as before, what it made is gone.
-- Row-level security stays on: a table without policies is closed, not open. Policies of portal.

set local lock_timeout = '5s';
set local statement_timeout = '60s';


-- countersign:drops
--
--   Not there before

drop policy if exists countersign_fence_anon on portal."user";
drop policy if exists countersign_select on portal."user";
drop policy if exists countersign_select_edge on portal."user";
drop policy if exists countersign_update on portal."user";
drop policy if exists countersign_update_edge on portal."user";
drop policy if exists countersign_fence_anon on portal.account;
drop policy if exists countersign_fence_anon on portal.session;
drop policy if exists countersign_select on portal.session;
drop policy if exists countersign_select_edge on portal.session;
drop policy if exists countersign_fence_anon on portal.verification;
