-- Who may do what in portal: row-level security generated from policies/portal.policy.
-- Not for editing: change the policy and run `countersign generate --app portal`, which writes a file with what changed.
-- Each section can be applied again, alone. How to read it: docs/policy-to-sql.md
-- countersign:file app=portal schema=portal state=0bb193a9052e038870d908e45b92d9fbba627b285bf3f14a38edde80684494ea

set local lock_timeout = '5s';
set local statement_timeout = '60s';

-- Permissive policies add up. One that is already there, made by hand or by another tool, would go on opening
-- what these close; so it stops the file, by name.
do $$
declare
  found text;
begin
  select string_agg(format('%I on %I.%I', p.policyname, p.schemaname, p.tablename), ', ' order by p.tablename, p.policyname)
  into found
  from pg_catalog.pg_policies p
  where p.schemaname = 'portal' and p.permissive = 'PERMISSIVE' and p.policyname not like 'countersign\_%'
    and p.roles && array['public', 'anon', 'authenticated', 'countersign_edge']::name[];
  if found is not null then
    raise exception using
      message = 'policies that Countersign does not know: ' || found,
      hint = 'Drop them in a migration before this one, or move what they allow into the policy.';
  end if;
end $$;


-- countersign:section callers 6dccae9634e2d9475cf1fbbf2d17456d77968cc5b5352420e7cbcc11d157435a
--
--   Who is asking

create schema if not exists countersign;
revoke all on schema countersign from public, anon;
grant usage on schema countersign to authenticated;

-- The caller's id, in apps whose ids are text.
create or replace function countersign.caller_text_id() returns text
  language plpgsql stable parallel safe
  set search_path = ''
as $$
begin
  return nullif(coalesce(
    nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub',
    current_setting('request.jwt.claim.sub', true)), '');
end $$;
revoke execute on function countersign.caller_text_id() from public, anon;
grant execute on function countersign.caller_text_id() to authenticated;

-- Whether the caller signed in with an identity; an anonymous sign-in is a guest.
create or replace function countersign.caller_text_is_user() returns boolean
  language plpgsql stable parallel safe
  set search_path = ''
as $$
begin
  return countersign.caller_text_id() is not null
    and (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'is_anonymous') is distinct from 'true';
end $$;
revoke execute on function countersign.caller_text_is_user() from public, anon;
grant execute on function countersign.caller_text_is_user() to authenticated;


-- countersign:section schema 5ff0bb14ea6b96da8286b7016348c4089294a5b236a770e7aed3ae5bb9d896a9
--
--   The schema portal

-- PUBLIC stands for every role of the server, so nothing is left to it.
revoke all on schema portal from public, anon, authenticated, service_role, countersign_edge;
grant usage on schema portal to authenticated, countersign_edge, service_role;

revoke all on all sequences in schema portal from public, anon, authenticated, service_role, countersign_edge;

-- What is created later starts closed. For functions only this form works: PUBLIC has EXECUTE by a default that belongs to
-- no schema, and a revoke within one does not touch it.
alter default privileges revoke execute on functions from public;
alter default privileges in schema portal revoke all on tables from anon, authenticated;
alter default privileges in schema portal revoke all on sequences from anon, authenticated;
alter default privileges in schema portal revoke execute on functions from anon, authenticated;


-- countersign:section table.user 4efa4133c2ff2eb5ced2b4047cccc0d54cf9cd1982e581246a519cc0ed9cad79
--
--   on "user" {
--     self id: select, update (name, image);
--     service: select, update ("baserowMemberId");   -- links the account to the member in Baserow
--   }

revoke all on portal."user" from public, anon, authenticated, service_role, countersign_edge;
grant select (id, name, email, "emailVerified", image, "baserowMemberId", "createdAt", "updatedAt"),
      update (name, image)
  on portal."user" to authenticated;
grant select (id, name, email, "emailVerified", image, "baserowMemberId", "createdAt", "updatedAt"),
      update ("baserowMemberId")
  on portal."user" to countersign_edge;
grant select, insert, update, delete on portal."user" to service_role;

drop policy if exists countersign_fence_anon on portal."user";
create policy countersign_fence_anon on portal."user"
  as restrictive for all to anon
  using (false)
  with check (false);
comment on policy countersign_fence_anon on portal."user" is 'nothing here is for anon [474e2228]';

drop policy if exists countersign_select on portal."user";
create policy countersign_select on portal."user" for select to authenticated
  using ("user".id = (select countersign.caller_text_id()));
comment on policy countersign_select on portal."user" is 'self id: select [9b6f8480]';

drop policy if exists countersign_update on portal."user";
create policy countersign_update on portal."user" for update to authenticated
  using ("user".id = (select countersign.caller_text_id()))
  with check ("user".id = (select countersign.caller_text_id()));
comment on policy countersign_update on portal."user" is 'self id: update (name, image) [4b8ca37c]';

drop policy if exists countersign_select_edge on portal."user";
create policy countersign_select_edge on portal."user" for select to countersign_edge
  using (true);
comment on policy countersign_select_edge on portal."user" is 'service: select [fa7cbf2e]';

drop policy if exists countersign_update_edge on portal."user";
create policy countersign_update_edge on portal."user" for update to countersign_edge
  using (true)
  with check (true);
comment on policy countersign_update_edge on portal."user" is 'service: update ("baserowMemberId") [b2ff6466]';

alter table portal."user" enable row level security;


-- countersign:section table.session 3f9fbb7be458be226e8ac0e5fcbcc5183fac7e9325fc8d389f1230385a878171
--
--   on session {
--     hidden token;                                  -- whoever has it is signed in
--     self "userId": select;
--     service: select;                               -- checks a member's cookie or bearer token
--   }

revoke all on portal.session from public, anon, authenticated, service_role, countersign_edge;
grant select (id, "userId", "expiresAt", "ipAddress", "userAgent", "createdAt", "updatedAt")
  on portal.session to authenticated;
grant select (id, "userId", token, "expiresAt", "ipAddress", "userAgent", "createdAt", "updatedAt")
  on portal.session to countersign_edge;
grant select, insert, update, delete on portal.session to service_role;

drop policy if exists countersign_fence_anon on portal.session;
create policy countersign_fence_anon on portal.session
  as restrictive for all to anon
  using (false)
  with check (false);
comment on policy countersign_fence_anon on portal.session is 'nothing here is for anon [254d5c69]';

drop policy if exists countersign_select on portal.session;
create policy countersign_select on portal.session for select to authenticated
  using (session."userId" = (select countersign.caller_text_id()));
comment on policy countersign_select on portal.session is 'self "userId": select [60c4cc50]';

drop policy if exists countersign_select_edge on portal.session;
create policy countersign_select_edge on portal.session for select to countersign_edge
  using (true);
comment on policy countersign_select_edge on portal.session is 'service: select [4b0d82b3]';

alter table portal.session enable row level security;


-- countersign:section table.account ab66bf299c46f951d2e652a65ac6bfd5b028478228883d9f80215836f778e8ca
--
--   on account;

revoke all on portal.account from public, anon, authenticated, service_role, countersign_edge;
grant select, insert, update, delete on portal.account to service_role;

drop policy if exists countersign_fence_anon on portal.account;
create policy countersign_fence_anon on portal.account
  as restrictive for all to anon
  using (false)
  with check (false);
comment on policy countersign_fence_anon on portal.account is 'nothing here is for anon [13a30c43]';

alter table portal.account enable row level security;


-- countersign:section table.verification 3b104341b40e69c8177f014f38f4183e04034f11004f04bc45d72b28979ea6d4
--
--   on verification;

revoke all on portal.verification from public, anon, authenticated, service_role, countersign_edge;
grant select, insert, update, delete on portal.verification to service_role;

drop policy if exists countersign_fence_anon on portal.verification;
create policy countersign_fence_anon on portal.verification
  as restrictive for all to anon
  using (false)
  with check (false);
comment on policy countersign_fence_anon on portal.verification is 'nothing here is for anon [6e586962]';

alter table portal.verification enable row level security;


-- countersign:section functions ce1ccfdcb27dee65bc53227de366008c94841fb60bf6014331582929770a4bdf
--
--   Functions

revoke execute on all routines in schema portal from public, anon, authenticated, service_role, countersign_edge;
