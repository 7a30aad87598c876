-- Undoes the migration of the same name: what it changed is as before, what it made is gone.
-- Row-level security stays on: a table without policies is closed, not open. Policies of coaching.

set local lock_timeout = '5s';
set local statement_timeout = '60s';


-- countersign:drops
--
--   Not there before

drop policy if exists countersign_delete_edge on coaching."API_Connection_Secrets";
drop policy if exists countersign_fence on coaching."API_Connection_Secrets";
drop policy if exists countersign_fence_anon on coaching."API_Connection_Secrets";
drop policy if exists countersign_insert_edge on coaching."API_Connection_Secrets";
drop policy if exists countersign_select_edge on coaching."API_Connection_Secrets";
drop policy if exists countersign_update_edge on coaching."API_Connection_Secrets";
drop policy if exists countersign_delete on coaching."API_Connections";
drop policy if exists countersign_delete_edge on coaching."API_Connections";
drop policy if exists countersign_fence on coaching."API_Connections";
drop policy if exists countersign_fence_anon on coaching."API_Connections";
drop policy if exists countersign_insert on coaching."API_Connections";
drop policy if exists countersign_insert_edge on coaching."API_Connections";
drop policy if exists countersign_select on coaching."API_Connections";
drop policy if exists countersign_select_edge on coaching."API_Connections";
drop policy if exists countersign_update on coaching."API_Connections";
drop policy if exists countersign_update_edge on coaching."API_Connections";
drop policy if exists countersign_fence_anon on coaching."Accounts";
drop policy if exists countersign_fence_delete on coaching."Accounts";
drop policy if exists countersign_fence_select on coaching."Accounts";
drop policy if exists countersign_fence_update on coaching."Accounts";
drop policy if exists countersign_insert on coaching."Accounts";
drop policy if exists countersign_select on coaching."Accounts";
drop policy if exists countersign_update on coaching."Accounts";
drop policy if exists countersign_delete on coaching."Coaching_Messages";
drop policy if exists countersign_fence on coaching."Coaching_Messages";
drop policy if exists countersign_fence_anon on coaching."Coaching_Messages";
drop policy if exists countersign_insert on coaching."Coaching_Messages";
drop policy if exists countersign_select on coaching."Coaching_Messages";
drop policy if exists countersign_update on coaching."Coaching_Messages";
drop policy if exists countersign_delete on coaching."Coaching_Outcomes";
drop policy if exists countersign_fence on coaching."Coaching_Outcomes";
drop policy if exists countersign_fence_anon on coaching."Coaching_Outcomes";
drop policy if exists countersign_insert on coaching."Coaching_Outcomes";
drop policy if exists countersign_select on coaching."Coaching_Outcomes";
drop policy if exists countersign_select_edge on coaching."Coaching_Outcomes";
drop policy if exists countersign_update on coaching."Coaching_Outcomes";
drop policy if exists countersign_update_edge on coaching."Coaching_Outcomes";
drop policy if exists countersign_fence on coaching."Conversation_Analyses";
drop policy if exists countersign_fence_anon on coaching."Conversation_Analyses";
drop policy if exists countersign_insert_edge on coaching."Conversation_Analyses";
drop policy if exists countersign_select on coaching."Conversation_Analyses";
drop policy if exists countersign_select_edge on coaching."Conversation_Analyses";
drop policy if exists countersign_update_edge on coaching."Conversation_Analyses";
drop policy if exists countersign_delete_edge on coaching."Conversations";
drop policy if exists countersign_fence on coaching."Conversations";
drop policy if exists countersign_fence_anon on coaching."Conversations";
drop policy if exists countersign_insert_edge on coaching."Conversations";
drop policy if exists countersign_select on coaching."Conversations";
drop policy if exists countersign_select_edge on coaching."Conversations";
drop policy if exists countersign_update_edge on coaching."Conversations";
drop policy if exists countersign_delete_edge on coaching."Sync_Logs";
drop policy if exists countersign_fence on coaching."Sync_Logs";
drop policy if exists countersign_fence_anon on coaching."Sync_Logs";
drop policy if exists countersign_insert_edge on coaching."Sync_Logs";
drop policy if exists countersign_select on coaching."Sync_Logs";
drop policy if exists countersign_select_edge on coaching."Sync_Logs";
drop policy if exists countersign_update_edge on coaching."Sync_Logs";
drop policy if exists countersign_delete_edge on coaching."Synced_Activities";
drop policy if exists countersign_fence on coaching."Synced_Activities";
drop policy if exists countersign_fence_anon on coaching."Synced_Activities";
drop policy if exists countersign_insert_edge on coaching."Synced_Activities";
drop policy if exists countersign_select on coaching."Synced_Activities";
drop policy if exists countersign_select_edge on coaching."Synced_Activities";
drop policy if exists countersign_update_edge on coaching."Synced_Activities";
drop policy if exists countersign_delete on coaching."Teams";
drop policy if exists countersign_fence on coaching."Teams";
drop policy if exists countersign_fence_anon on coaching."Teams";
drop policy if exists countersign_insert on coaching."Teams";
drop policy if exists countersign_select on coaching."Teams";
drop policy if exists countersign_update on coaching."Teams";
drop policy if exists countersign_delete on coaching."User_Roles";
drop policy if exists countersign_fence on coaching."User_Roles";
drop policy if exists countersign_fence_anon on coaching."User_Roles";
drop policy if exists countersign_insert on coaching."User_Roles";
drop policy if exists countersign_select on coaching."User_Roles";
drop policy if exists countersign_update on coaching."User_Roles";
drop trigger if exists zz_countersign_keep on coaching."Accounts";
drop trigger if exists zz_countersign on coaching."Coaching_Messages";
drop function if exists countersign."coaching_Accounts_keep"();
drop function if exists countersign."coaching_Coaching_Messages_update"();
drop function if exists countersign.coaching_lead();
drop function if exists countersign.coaching_lead_by_team_id();
drop function if exists countersign.coaching_manager();
drop function if exists countersign.coaching_owner();
drop function if exists countersign.coaching_rep();
