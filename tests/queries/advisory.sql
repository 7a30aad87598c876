-- The queries that advisory's indexes are there for, beyond those of keys. Each names its index; EXPLAIN shows it at work.
-- "$1" is the firm unless a comment says otherwise.

-- name: list_people
-- index: profiles_firm_id_role_idx
select id, display_name, email from advisory.profiles where firm_id = $1::uuid and role = 'advisor';

-- name: list_my_invitations
-- index: firm_invitations_user_id_idx
-- $1: the person
select id, firm_id, role from advisory.firm_invitations where user_id = $1::uuid;

-- name: list_due_connections
-- index: crm_connections_status_last_synced_at_idx
-- For the scheduled run, over all firms.
select id, firm_id, provider, config from advisory.crm_connections
where status = 'active' and last_synced_at < now() - interval '15 minutes'
order by last_synced_at
limit 20;

-- name: open_connection
-- index: crm_connection_secrets_connection_id_firm_id_key
-- $1: the connection
select secret, refresh_token, key_id from advisory.crm_connection_secrets where connection_id = $1::uuid;

-- name: search_households
-- index: households_firm_id_name_idx
select id, name, status, fetched_at from advisory.households where firm_id = $1::uuid order by name limit 50;

-- name: find_household
-- index: households_firm_id_owner_id_external_id_key
-- $2: its id in the CRM
select id, fetched_at from advisory.households where firm_id = $1::uuid and owner_id is null and external_id = $2::text;

-- name: list_accounts_of_client
-- index: accounts_firm_id_crm_client_id_idx
-- $2: the client's id in the CRM
select id, name, number_ending, market_value_cents, currency, as_of, fetched_at from advisory.accounts
where firm_id = $1::uuid and crm_client_id = $2::text;

-- name: list_accounts_of_household
-- index: accounts_household_id_firm_id_idx
-- $2: the household
select id, name, market_value_cents from advisory.accounts where household_id = $2::uuid and firm_id = $1::uuid;

-- name: list_positions
-- index: positions_account_id_firm_id_idx
-- $2: the account
select symbol, quantity, price, market_value_cents, as_of from advisory.positions where account_id = $2::uuid and firm_id = $1::uuid;

-- name: who_holds
-- index: positions_firm_id_symbol_idx
-- $2: the symbol
select account_id, quantity, market_value_cents from advisory.positions where firm_id = $1::uuid and symbol = $2::text;

-- name: read_account_history
-- index: transactions_account_id_firm_id_occurred_at_idx
-- $2: the account
select kind, symbol, quantity, amount_cents, occurred_at from advisory.transactions
where account_id = $2::uuid and firm_id = $1::uuid
order by occurred_at desc
limit 50;

-- name: read_firm_history
-- index: transactions_firm_id_occurred_at_idx
select account_id, kind, amount_cents, occurred_at from advisory.transactions
where firm_id = $1::uuid
order by occurred_at desc
limit 50;

-- name: read_cached_client
-- index: client_data_cache_firm_id_owner_id_crm_client_id_key
-- $2: the client's id in the CRM
select data, fetched_at from advisory.client_data_cache where firm_id = $1::uuid and owner_id is null and crm_client_id = $2::text;

-- name: list_stale_cache
-- index: client_data_cache_fetched_at_idx
-- For the scheduled run, over all firms.
select id, firm_id, crm_client_id from advisory.client_data_cache
where fetched_at < now() - interval '15 minutes'
order by fetched_at
limit 50;

-- name: list_meetings
-- index: sessions_firm_id_started_at_idx
select id, crm_client_id, advisor_id, started_at, ended_at from advisory.sessions
where firm_id = $1::uuid
order by started_at desc
limit 50;

-- name: list_meetings_of_client
-- index: sessions_firm_id_crm_client_id_idx
-- $2: the client's id in the CRM
select id, started_at, ended_at from advisory.sessions where firm_id = $1::uuid and crm_client_id = $2::text;

-- name: read_records_of_meeting
-- index: meeting_records_session_id_firm_id_idx
-- $2: the meeting
select notes, outcomes, author_id, created_at from advisory.meeting_records where session_id = $2::uuid and firm_id = $1::uuid;

-- name: list_recent_records
-- index: meeting_records_firm_id_created_at_idx
select id, session_id, author_id, created_at from advisory.meeting_records
where firm_id = $1::uuid
order by created_at desc
limit 20;
