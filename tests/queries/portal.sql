-- The queries that the portal's indexes are there for. Each names its index; EXPLAIN shows it at work.

-- name: check_session
-- index: session_token_key
-- $1: the token of a member's cookie
select s.id, s."userId", s."expiresAt", u.email, u."emailVerified", u."baserowMemberId"
from portal.session s
join portal."user" u on u.id = s."userId"
where s.token = $1::text and s."expiresAt" > now();

-- name: list_sessions
-- index: session_userId_idx
-- $1: the member
select id, "userAgent", "createdAt", "expiresAt" from portal.session where "userId" = $1::text;

-- name: sign_in
-- index: user_email_key
-- $1: the address, in lower case
select id, name, "emailVerified" from portal."user" where email = $1::text;

-- name: list_accounts
-- index: account_userId_idx
-- $1: the member
select id, "providerId" from portal.account where "userId" = $1::text;

-- name: sign_in_with_provider
-- index: account_providerId_accountId_key
-- $1: the provider, $2: its id of the person
select "userId" from portal.account where "providerId" = $1::text and "accountId" = $2::text;

-- name: confirm
-- index: verification_identifier_idx
-- $1: the address, or what else is to be confirmed
select id, value, "expiresAt" from portal.verification where identifier = $1::text;

-- name: unlink_member
-- index: user_baserowMemberId_key
-- For an event. $1: the row of a member that Baserow deleted
update portal."user" set "baserowMemberId" = null where "baserowMemberId" = $1::text;
