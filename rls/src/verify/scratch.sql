-- What a migration may expect of Supabase: the API's roles, and the caller's claims in schema auth.
do $$
declare
  wanted record;
begin
  for wanted in
    select * from (values ('anon', ''), ('authenticated', ''), ('service_role', 'bypassrls'),
      ('supabase_auth_admin', ''), ('authenticator', '')) as w (name, more)
  loop
    if not exists (select from pg_catalog.pg_roles r where r.rolname = wanted.name) then
      begin
        execute format('create role %I nologin noinherit %s', wanted.name, wanted.more);
      exception when duplicate_object or unique_violation then
        null;  -- another run on this server was faster
      end;
    end if;
  end loop;
end $$;

create schema if not exists extensions;
create schema if not exists auth;
grant usage on schema auth, extensions to anon, authenticated, service_role;

create table if not exists auth.users (
  id                 uuid primary key,
  email              text unique,
  is_anonymous       boolean not null default false,
  raw_user_meta_data jsonb,
  created_at         timestamptz not null default now()
);

-- As Supabase has them: a claim in a setting of its own comes first.
create or replace function auth.jwt() returns jsonb language sql stable as $$
  select coalesce(nullif(current_setting('request.jwt.claim', true), ''),
    nullif(current_setting('request.jwt.claims', true), ''))::jsonb
$$;
create or replace function auth.uid() returns uuid language sql stable as $$
  select coalesce(nullif(current_setting('request.jwt.claim.sub', true), ''),
    nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub')::uuid
$$;
create or replace function auth.role() returns text language sql stable as $$
  select coalesce(nullif(current_setting('request.jwt.claim.role', true), ''),
    nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'role')
$$;
-- Said, since the database's default privileges may be others than PostgreSQL's own.
grant execute on function auth.jwt(), auth.uid(), auth.role() to public;
