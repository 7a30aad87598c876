-- The queries that coaching's indexes are there for, beyond those of keys. Each names its index; EXPLAIN shows it at work.
-- "$1" is the account unless a comment says otherwise.

-- name: list_my_roles
-- index: User_Roles_user_id_account_id_idx
-- $1: the person
select account_id, role, team_id from coaching."User_Roles" where user_id = $1::uuid and status = 'active';

-- name: list_team
-- index: User_Roles_account_id_team_id_idx
-- $2: the team
select user_id, role from coaching."User_Roles" where team_id = $2::uuid and account_id = $1::uuid;

-- name: find_connection_of_event
-- index: API_Connections_provider_external_account_id_idx
-- For an event. $1: the portal or workspace it names
select id, account_id from coaching."API_Connections" where provider = 'hubspot' and external_account_id = $1::text;

-- name: open_connection
-- index: API_Connection_Secrets_connection_id_account_id_key
-- $1: the connection
select access_token, refresh_token, key_id from coaching."API_Connection_Secrets" where connection_id = $1::uuid;

-- name: list_syncs
-- index: Sync_Logs_account_id_started_at_idx
select id, provider, status, added, changed, started_at from coaching."Sync_Logs"
where account_id = $1::uuid
order by started_at desc
limit 20;

-- name: list_calls
-- index: Conversations_account_id_started_at_idx
select id, title, user_id, started_at from coaching."Conversations"
where account_id = $1::uuid
order by started_at desc
limit 50;

-- name: list_my_calls
-- index: Conversations_user_id_started_at_idx
-- $1: the person
select id, title, started_at from coaching."Conversations"
where user_id = $1::uuid
order by started_at desc
limit 50;

-- name: find_call
-- index: Conversations_account_id_provider_external_id_key
-- $2: the call's id there
select id from coaching."Conversations" where account_id = $1::uuid and provider = 'fathom' and external_id = $2::text;

-- name: list_analyses
-- index: Conversation_Analyses_account_id_analysed_at_idx
select id, conversation_id, summary, scores from coaching."Conversation_Analyses"
where account_id = $1::uuid
order by analysed_at desc
limit 50;

-- name: list_my_analyses
-- index: Conversation_Analyses_user_id_analysed_at_idx
-- $1: the person
select id, conversation_id, summary, scores from coaching."Conversation_Analyses"
where user_id = $1::uuid
order by analysed_at desc
limit 50;

-- name: read_analyses_of_call
-- index: Conversation_Analyses_conversation_id_account_id_idx
-- $2: the call
select id, status, summary from coaching."Conversation_Analyses" where conversation_id = $2::uuid and account_id = $1::uuid;

-- name: list_activities
-- index: Synced_Activities_account_id_occurred_at_idx
select id, activity_type, subject, user_id, occurred_at from coaching."Synced_Activities"
where account_id = $1::uuid
order by occurred_at desc
limit 50;

-- name: list_my_activities
-- index: Synced_Activities_user_id_occurred_at_idx
-- $1: the person
select id, activity_type, subject, occurred_at from coaching."Synced_Activities"
where user_id = $1::uuid
order by occurred_at desc
limit 50;

-- name: list_activities_of_analysis
-- index: Synced_Activities_conversation_analysis_id_account_id_idx
-- $2: the analysis
select id, subject from coaching."Synced_Activities" where conversation_analysis_id = $2::uuid and account_id = $1::uuid;

-- name: list_messages
-- index: Coaching_Messages_account_id_created_at_idx
select id, user_id, status, created_at from coaching."Coaching_Messages"
where account_id = $1::uuid
order by created_at desc
limit 50;

-- name: list_my_messages
-- index: Coaching_Messages_user_id_status_idx
-- $1: the person
select id, body, sent_at from coaching."Coaching_Messages" where user_id = $1::uuid and status = 'sent';

-- name: list_outcomes
-- index: Coaching_Outcomes_account_id_created_at_idx
select id, situation, outcome, rating from coaching."Coaching_Outcomes"
where account_id = $1::uuid
order by created_at desc
limit 50;

-- name: match_many_outcomes
-- index: Coaching_Outcomes_embedding_idx
-- What match_coaching_outcomes() runs once the caller sees more than 10,000 rows. $1: the question, as text.
select id, situation from coaching."Coaching_Outcomes"
where embedding is not null
order by embedding operator(extensions.<=>) $1::extensions.vector
limit 10;

-- name: end_lost_analyses
-- index: Conversation_Analyses_running_idx
-- What the schedule ends. No parameter
select id from coaching."Conversation_Analyses" where status = 'running' and created_at < now() - interval '10 minutes';

-- name: list_bare_outcomes
-- index: Coaching_Outcomes_bare_idx
-- What has no vector of its text
select id, updated_at, situation, outcome from coaching."Coaching_Outcomes"
where account_id = $1::uuid and embedding is null
order by created_at, id
limit 20;

-- name: find_gone_activity
-- index: gone_coaching_activities_pkey
-- What storing an activity looks for
select gone_at from countersign_edge.gone_coaching_activities
where account_id = $1::uuid and provider = 'hubspot' and external_id = 'x';

-- name: purge_gone_activities
-- index: gone_coaching_activities_noted_at_idx
-- What the schedule forgets. No parameter
delete from countersign_edge.gone_coaching_activities where noted_at < now() - interval '2 days';
