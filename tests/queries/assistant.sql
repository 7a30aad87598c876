-- The queries that the assistant's indexes are there for, beyond those of keys. Each names its index; EXPLAIN shows it at
-- work. "$1" is the person unless a comment says otherwise.

-- name: restore_session
-- index: sessions_user_id_created_at_idx
select id, metadata, expires_at from assistant.sessions
where user_id = $1::uuid and expires_at > now()
order by created_at desc
limit 1;

-- name: purge_sessions
-- index: sessions_expires_at_idx
-- For the scheduled run, over all people.
delete from assistant.sessions where expires_at < now();

-- name: list_recent_runs
-- index: ai_processing_logs_user_id_created_at_idx
select id, activity_id, activity_type, status, processed_at from assistant.ai_processing_logs
where user_id = $1::uuid
order by created_at desc
limit 20;

-- name: list_runs_of_activity
-- index: ai_processing_logs_user_id_activity_id_idx
-- $2: the activity's id in HubSpot
select id, activity_type, status, processed_at from assistant.ai_processing_logs
where user_id = $1::uuid and activity_id = $2::text;

-- name: list_drafts_of_run
-- index: ai_generated_drafts_log_id_activity_type_activity_id_idx
-- $1: the run
select id, draft_text, tone, confidence, selected, applied_at from assistant.ai_generated_drafts
where log_id = $1::uuid
order by confidence desc;

-- name: list_dates_of_run
-- index: touch_date_recommendations_log_id_activity_type_activity_id_idx
-- $1: the run
select id, recommended_start, recommended_due, confidence, applied from assistant.touch_date_recommendations
where log_id = $1::uuid
order by confidence desc;

-- name: list_opportunities
-- index: opportunities_user_id_status_idx
select id, name, probability, amount_cents, currency, hubspot_deal_id, fetched_at from assistant.opportunities
where user_id = $1::uuid and status = 'open';

-- name: find_mirrored_deal
-- index: opportunities_user_id_hubspot_deal_id_key
-- $2: the deal's id in HubSpot
select id, fetched_at from assistant.opportunities
where user_id = $1::uuid and hubspot_deal_id = $2::text;

-- name: find_connection
-- index: hubspot_connections_user_id_portal_id_key
select id, portal_id, scopes, status, token_expires_at from assistant.hubspot_connections where user_id = $1::uuid;

-- name: find_connections_of_portal
-- index: hubspot_connections_portal_id_idx
-- For an event. $1: the portal's id in HubSpot
select id, user_id from assistant.hubspot_connections where portal_id = $1::text and status = 'active';

-- name: open_connection
-- index: hubspot_connection_secrets_connection_id_key
-- $1: the connection
select access_token, refresh_token, key_id from assistant.hubspot_connection_secrets where connection_id = $1::uuid;
