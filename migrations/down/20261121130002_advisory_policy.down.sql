-- Undoes the migration of the same name: what it changed is as before, what it made is gone.
-- Row-level security stays on: a table without policies is closed, not open. Policies of advisory.

set local lock_timeout = '5s';
set local statement_timeout = '60s';


-- countersign:drops
--
--   Not there before

drop policy if exists countersign_delete_edge on advisory.accounts;
drop policy if exists countersign_fence on advisory.accounts;
drop policy if exists countersign_fence_anon on advisory.accounts;
drop policy if exists countersign_insert_edge on advisory.accounts;
drop policy if exists countersign_select on advisory.accounts;
drop policy if exists countersign_select_edge on advisory.accounts;
drop policy if exists countersign_update_edge on advisory.accounts;
drop policy if exists countersign_delete_edge on advisory.client_data_cache;
drop policy if exists countersign_fence on advisory.client_data_cache;
drop policy if exists countersign_fence_anon on advisory.client_data_cache;
drop policy if exists countersign_insert_edge on advisory.client_data_cache;
drop policy if exists countersign_select on advisory.client_data_cache;
drop policy if exists countersign_select_edge on advisory.client_data_cache;
drop policy if exists countersign_update_edge on advisory.client_data_cache;
drop policy if exists countersign_delete_edge on advisory.crm_connection_secrets;
drop policy if exists countersign_fence on advisory.crm_connection_secrets;
drop policy if exists countersign_fence_anon on advisory.crm_connection_secrets;
drop policy if exists countersign_insert_edge on advisory.crm_connection_secrets;
drop policy if exists countersign_select_edge on advisory.crm_connection_secrets;
drop policy if exists countersign_update_edge on advisory.crm_connection_secrets;
drop policy if exists countersign_delete on advisory.crm_connections;
drop policy if exists countersign_delete_edge on advisory.crm_connections;
drop policy if exists countersign_fence on advisory.crm_connections;
drop policy if exists countersign_fence_anon on advisory.crm_connections;
drop policy if exists countersign_insert_edge on advisory.crm_connections;
drop policy if exists countersign_select on advisory.crm_connections;
drop policy if exists countersign_select_edge on advisory.crm_connections;
drop policy if exists countersign_update on advisory.crm_connections;
drop policy if exists countersign_update_edge on advisory.crm_connections;
drop policy if exists countersign_delete on advisory.firm_invitations;
drop policy if exists countersign_fence on advisory.firm_invitations;
drop policy if exists countersign_fence_anon on advisory.firm_invitations;
drop policy if exists countersign_insert on advisory.firm_invitations;
drop policy if exists countersign_select on advisory.firm_invitations;
drop policy if exists countersign_update on advisory.firm_invitations;
drop policy if exists countersign_fence_anon on advisory.firms;
drop policy if exists countersign_fence_delete on advisory.firms;
drop policy if exists countersign_fence_select on advisory.firms;
drop policy if exists countersign_fence_update on advisory.firms;
drop policy if exists countersign_insert on advisory.firms;
drop policy if exists countersign_select on advisory.firms;
drop policy if exists countersign_update on advisory.firms;
drop policy if exists countersign_delete_edge on advisory.households;
drop policy if exists countersign_fence on advisory.households;
drop policy if exists countersign_fence_anon on advisory.households;
drop policy if exists countersign_insert_edge on advisory.households;
drop policy if exists countersign_select on advisory.households;
drop policy if exists countersign_select_edge on advisory.households;
drop policy if exists countersign_update_edge on advisory.households;
drop policy if exists countersign_fence on advisory.meeting_records;
drop policy if exists countersign_fence_anon on advisory.meeting_records;
drop policy if exists countersign_insert on advisory.meeting_records;
drop policy if exists countersign_select on advisory.meeting_records;
drop policy if exists countersign_update on advisory.meeting_records;
drop policy if exists countersign_delete_edge on advisory.positions;
drop policy if exists countersign_fence on advisory.positions;
drop policy if exists countersign_fence_anon on advisory.positions;
drop policy if exists countersign_insert_edge on advisory.positions;
drop policy if exists countersign_select on advisory.positions;
drop policy if exists countersign_select_edge on advisory.positions;
drop policy if exists countersign_update_edge on advisory.positions;
drop policy if exists countersign_delete on advisory.profiles;
drop policy if exists countersign_fence on advisory.profiles;
drop policy if exists countersign_fence_anon on advisory.profiles;
drop policy if exists countersign_select on advisory.profiles;
drop policy if exists countersign_update on advisory.profiles;
drop policy if exists countersign_fence on advisory.sessions;
drop policy if exists countersign_fence_anon on advisory.sessions;
drop policy if exists countersign_insert on advisory.sessions;
drop policy if exists countersign_select on advisory.sessions;
drop policy if exists countersign_update on advisory.sessions;
drop policy if exists countersign_delete_edge on advisory.transactions;
drop policy if exists countersign_fence on advisory.transactions;
drop policy if exists countersign_fence_anon on advisory.transactions;
drop policy if exists countersign_insert_edge on advisory.transactions;
drop policy if exists countersign_select on advisory.transactions;
drop policy if exists countersign_select_edge on advisory.transactions;
drop policy if exists countersign_update_edge on advisory.transactions;
drop trigger if exists zz_countersign_found on advisory.firms;
drop trigger if exists zz_countersign on advisory.profiles;
drop trigger if exists zz_countersign_keep on advisory.profiles;
drop function if exists countersign.advisory_advisor();
drop function if exists countersign.advisory_analyst();
drop function if exists countersign.advisory_found();
drop function if exists countersign.advisory_profiles_keep();
drop function if exists countersign.advisory_profiles_update();
