-- The member portal: accounts and sign-in by Better Auth. All business data lives in Baserow; nothing of it is kept here.
--
-- The four tables are Better Auth's. Their names and columns are what its own migration makes (version 1.6.0; the output is
-- kept in tests/auth/better-auth-1.6.0.sql) under one field mapping, account.accessTokenExpiresAt -> "expiresAt"; with
-- "baserowMemberId" as an additional field. Better Auth finds nothing to add. On top of what it makes:
--   * accounts are unique per provider, addresses are in lower case, and no two people share a Baserow member,
--   * ids and times have defaults, each foreign key has its index, "updatedAt" is stamped by the database.
-- No other table. Were the JWT plugin switched on, Better Auth would add its key table, jwks: it starts closed.
--
-- Better Auth writes as the owner of these tables, over a database connection of its own. Who may do what through the API
-- is generated from policies/portal.policy into a later file. The schema's name stands only before a dot and after the word
-- "schema", so that it can be replaced (docs/apps/README.md).

set local lock_timeout = '5s';
set local statement_timeout = '60s';

create schema if not exists portal;
comment on schema portal is 'Member portal: Better Auth''s tables and the link to Baserow. No business data.';

create function portal.update_updated_at() returns trigger
  language plpgsql
  set search_path = ''
as $$
begin
  new."updatedAt" = now();
  return new;
end $$;
revoke execute on function portal.update_updated_at() from public, anon, authenticated;
comment on function portal.update_updated_at() is 'Stamps "updatedAt" with the time of the transaction.';

create table portal."user" (
  id                text primary key default gen_random_uuid()::text,
  name              text,
  email             text not null unique check (email = lower(email)),
  "emailVerified"   boolean not null default false,
  image             text,
  "baserowMemberId" text unique check ("baserowMemberId" <> ''),
  "createdAt"       timestamptz not null default now(),
  "updatedAt"       timestamptz not null default now()
);
create trigger "update_user_updatedAt" before update on portal."user"
  for each row execute function portal.update_updated_at();
comment on table portal."user" is 'People who can sign in. What is known of them as members is in Baserow.';
comment on column portal."user".email is 'Finds the member in Baserow at the first sign-in, if it is verified.';
comment on column portal."user"."baserowMemberId" is 'The row in Baserow''s Members table; null until the first sign-in, and after that row was deleted.';

create table portal.session (
  id          text primary key default gen_random_uuid()::text,
  "userId"    text not null references portal."user" (id) on delete cascade,
  token       text not null unique,
  "expiresAt" timestamptz not null,
  "ipAddress" text,
  "userAgent" text,
  "createdAt" timestamptz not null default now(),
  "updatedAt" timestamptz not null default now()
);
create index "session_userId_idx" on portal.session ("userId");
create trigger "update_session_updatedAt" before update on portal.session
  for each row execute function portal.update_updated_at();
comment on table portal.session is 'Who is signed in where.';
comment on column portal.session.token is 'As good as a password until "expiresAt". No client reads it.';

create table portal.account (
  id                      text primary key default gen_random_uuid()::text,
  "userId"                text not null references portal."user" (id) on delete cascade,
  "providerId"            text not null,
  "accountId"             text not null,
  "accessToken"           text,
  "refreshToken"          text,
  "idToken"               text,
  "expiresAt"             timestamptz,
  "refreshTokenExpiresAt" timestamptz,
  scope                   text,
  password                text,
  "createdAt"             timestamptz not null default now(),
  "updatedAt"             timestamptz not null default now(),
  unique ("providerId", "accountId")
);
create index "account_userId_idx" on portal.account ("userId");
create trigger "update_account_updatedAt" before update on portal.account
  for each row execute function portal.update_updated_at();
comment on table portal.account is 'Ways to sign in: OAuth providers, and passwords as provider "credential". Closed to clients.';
comment on column portal.account."expiresAt" is 'When the access token ends; Better Auth calls the field accessTokenExpiresAt.';
comment on column portal.account.password is 'A scrypt hash, of provider "credential" only.';

create table portal.verification (
  id          text primary key default gen_random_uuid()::text,
  identifier  text not null,
  value       text not null,
  "expiresAt" timestamptz not null,
  "createdAt" timestamptz not null default now(),
  "updatedAt" timestamptz not null default now()
);
create index verification_identifier_idx on portal.verification (identifier);
create trigger "update_verification_updatedAt" before update on portal.verification
  for each row execute function portal.update_updated_at();
comment on table portal.verification is 'Confirmations under way: e-mail addresses, password resets, OAuth states. Closed to clients.';
