-- Who may do what in assistant: row-level security generated from policies/assistant.policy.
-- Not for editing: change the policy and run `countersign generate --app assistant`, which writes a file with what changed.
-- Each section can be applied again, alone. How to read it: docs/policy-to-sql.md
-- countersign:file app=assistant schema=assistant state=f53c060db8ea295c9627f2ad90c678477a1ddb1328eeae142fbb2ae8aa51be56

set local lock_timeout = '5s';
set local statement_timeout = '60s';


-- countersign:section callers 318d5c5d0f487d5e8ef805d3388051102beac5cb2d80d914094c0ebe6a2b11ad
--
--   Who is asking

create schema if not exists countersign;
revoke all on schema countersign from public, anon;
grant usage on schema countersign to authenticated;

-- The caller's id. Only the 36 characters of a uuid count: any other subject is nobody, and never an error.
-- Three plain tests, because one regular expression that counts takes twice as long, in every statement.
create or replace function countersign.caller_id() returns uuid
  language plpgsql stable parallel safe
  set search_path = ''
as $$
declare
  sub text := coalesce(
    nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub',
    current_setting('request.jwt.claim.sub', true));
begin
  if sub like '________-____-____-____-____________'
    and length(replace(sub, '-', '')) = 32
    and sub !~ '[^0-9A-Fa-f-]'
  then
    return sub::uuid;
  end if;
  return null;
end $$;
revoke execute on function countersign.caller_id() from public, anon;
grant execute on function countersign.caller_id() to authenticated;

-- Whether the caller signed in with an identity; an anonymous sign-in is a guest.
create or replace function countersign.caller_is_user() returns boolean
  language plpgsql stable parallel safe
  set search_path = ''
as $$
begin
  return countersign.caller_id() is not null
    and (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'is_anonymous') is distinct from 'true';
end $$;
revoke execute on function countersign.caller_is_user() from public, anon;
grant execute on function countersign.caller_is_user() to authenticated;
