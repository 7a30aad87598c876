-- What the notes of the simple coaching schema admit, held against the database that migrations/legacy/coaching_simple.sql
-- makes: raises with the names of the faults that are not there.

do $$
declare
  v_missing text;
begin
  select string_agg(f.fault, '; ') into v_missing
  from (values
    ('no foreign keys at all',
      not exists (select from pg_constraint c join pg_class t on t.oid = c.conrelid
        where t.relnamespace = 'public'::regnamespace and c.contype = 'f')),
    ('no row-level security on any table',
      not exists (select from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and c.relrowsecurity)),
    ('every table open to anon and authenticated, TRUNCATE included',
      (select bool_and(has_table_privilege(r.role, c.oid, p.privilege))
        from pg_class c, unnest(array['anon', 'authenticated']) r (role),
          unnest(array['select', 'insert', 'update', 'delete', 'truncate']) p (privilege)
        where c.relnamespace = 'public'::regnamespace and c.relkind = 'r')),
    ('four RPCs that take the first account, as their owner, with the caller''s search path',
      (select count(*) = 4 from pg_proc p
        where p.pronamespace = 'public'::regnamespace and p.prosecdef and p.proconfig is null
          and p.prosrc like '%SELECT id FROM "Accounts" LIMIT 1%')),
    ('no account_id on "User_Roles"',
      not exists (select from information_schema.columns where table_schema = 'public' and table_name = 'User_Roles' and column_name = 'account_id')),
    ('no link from an activity to its analysis',
      not exists (select from information_schema.columns where table_schema = 'public' and column_name = 'conversation_analysis_id')),
    ('no teams',
      to_regclass('public."Teams"') is null),
    ('a constant default on a tenant column',
      (select count(*) = 2 from information_schema.columns
        where table_schema = 'public' and column_name = 'account_id'
          and column_default = '''00000000-0000-0000-0000-000000000001''::uuid')),
    ('tokens in plain text, which everybody may read',
      has_column_privilege('anon', 'public."API_Connections"', 'access_token', 'select')
        and (select count(*) = 4 from public."API_Connections" where access_token like 'legacy-%')),
    ('three accounts, where the code knows one',
      (select count(*) = 3 from public."Accounts")),
    ('rows of an account that is gone, in six tables',
      (select count(*) = 6 from (
        select account_id from public."API_Connections" union all select account_id from public."Synced_Activities"
        union all select account_id from public."Conversations" union all select account_id from public."Sync_Logs"
        union all select account_id from public."Coaching_Messages" union all select account_id from public."Coaching_Outcomes") x
        where account_id is not null and account_id not in (select id from public."Accounts"))),
    ('rows without an account',
      (select count(*) = 2 from public."Coaching_Outcomes" where account_id is null)),
    ('roles of nobody, and of somebody who is gone',
      (select count(*) = 2 from public."User_Roles" r where not exists (select from auth.users u where u.id = r.user_id))),
    ('an outcome that points into another account',
      exists (select from public."Coaching_Outcomes" o join public."Coaching_Messages" m on m.id = o.coaching_message_id
        where m.account_id <> o.account_id)),
    ('a person who works in two accounts, with one role and no account',
      (select count(distinct c.account_id) = 2 from (
          select account_id, user_id from public."Conversations" union select account_id, user_id from public."Synced_Activities") c
        where c.user_id = 'c0a10000-0000-4000-8000-000000000007')
      and (select count(*) = 1 from public."User_Roles" where user_id = 'c0a10000-0000-4000-8000-000000000007')),
    ('two pairs of indexes that are the same',
      (select count(*) = 2 from pg_index a join pg_index b on a.indrelid = b.indrelid and a.indexrelid < b.indexrelid
          and a.indkey::text = b.indkey::text and a.indclass::text = b.indclass::text
        join pg_class t on t.oid = a.indrelid where t.relnamespace = 'public'::regnamespace))
  ) as f (fault, is_there)
  where f.is_there is not true;
  if v_missing is not null then
    raise exception 'not there: %', v_missing;
  end if;
end $$;

-- Whoever signs in gets the first account's token.
begin;
set local role authenticated;
select set_config('request.jwt.claims', '{"sub": "c0a10000-0000-4000-8000-000000000008", "role": "authenticated"}', true);
do $$
begin
  if (select access_token from public.get_hubspot_connection()) is distinct from 'legacy-hubspot-access-A' then
    raise exception 'not there: Victor of Hale gets Marsh''s token';
  end if;
end $$;
rollback;
