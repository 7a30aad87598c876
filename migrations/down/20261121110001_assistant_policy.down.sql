-- Undoes the migration of the same name: what it changed is as before, what it made is gone.
-- Row-level security stays on: a table without policies is closed, not open. Policies of assistant.

set local lock_timeout = '5s';
set local statement_timeout = '60s';


-- countersign:drops
--
--   Not there before

drop policy if exists countersign_fence_anon on assistant.ai_generated_drafts;
drop policy if exists countersign_insert_edge on assistant.ai_generated_drafts;
drop policy if exists countersign_select on assistant.ai_generated_drafts;
drop policy if exists countersign_select_edge on assistant.ai_generated_drafts;
drop policy if exists countersign_update on assistant.ai_generated_drafts;
drop policy if exists countersign_update_edge on assistant.ai_generated_drafts;
drop policy if exists countersign_fence_anon on assistant.ai_processing_logs;
drop policy if exists countersign_insert_edge on assistant.ai_processing_logs;
drop policy if exists countersign_select on assistant.ai_processing_logs;
drop policy if exists countersign_select_edge on assistant.ai_processing_logs;
drop policy if exists countersign_update_edge on assistant.ai_processing_logs;
drop policy if exists countersign_delete_edge on assistant.hubspot_connection_secrets;
drop policy if exists countersign_fence_anon on assistant.hubspot_connection_secrets;
drop policy if exists countersign_insert_edge on assistant.hubspot_connection_secrets;
drop policy if exists countersign_select_edge on assistant.hubspot_connection_secrets;
drop policy if exists countersign_update_edge on assistant.hubspot_connection_secrets;
drop policy if exists countersign_delete_edge on assistant.hubspot_connections;
drop policy if exists countersign_fence_anon on assistant.hubspot_connections;
drop policy if exists countersign_insert_edge on assistant.hubspot_connections;
drop policy if exists countersign_select on assistant.hubspot_connections;
drop policy if exists countersign_select_edge on assistant.hubspot_connections;
drop policy if exists countersign_update_edge on assistant.hubspot_connections;
drop policy if exists countersign_delete on assistant.opportunities;
drop policy if exists countersign_delete_edge on assistant.opportunities;
drop policy if exists countersign_fence_anon on assistant.opportunities;
drop policy if exists countersign_insert on assistant.opportunities;
drop policy if exists countersign_insert_edge on assistant.opportunities;
drop policy if exists countersign_select on assistant.opportunities;
drop policy if exists countersign_select_edge on assistant.opportunities;
drop policy if exists countersign_update on assistant.opportunities;
drop policy if exists countersign_update_edge on assistant.opportunities;
drop policy if exists countersign_delete on assistant.sessions;
drop policy if exists countersign_delete_edge on assistant.sessions;
drop policy if exists countersign_fence_anon on assistant.sessions;
drop policy if exists countersign_insert on assistant.sessions;
drop policy if exists countersign_select on assistant.sessions;
drop policy if exists countersign_select_edge on assistant.sessions;
drop policy if exists countersign_update on assistant.sessions;
drop policy if exists countersign_fence_anon on assistant.touch_date_recommendations;
drop policy if exists countersign_insert_edge on assistant.touch_date_recommendations;
drop policy if exists countersign_select on assistant.touch_date_recommendations;
drop policy if exists countersign_select_edge on assistant.touch_date_recommendations;
drop policy if exists countersign_update_edge on assistant.touch_date_recommendations;
