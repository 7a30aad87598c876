-- The coaching system as it was when it "worked now": the simple integration schema, in public, with data.
--
-- Not a migration of Countersign, and nothing applies it but the tests: it rebuilds a database that somebody has in
-- production, so that `countersign audit` and `countersign diff` have something real to find and to mend. What is wrong
-- here is wrong on purpose, and is what the old schema's own notes admit:
--
--   1 no foreign keys: rows point to accounts, people and messages that are gone
--   2 the RPCs take the first account there is (SELECT id FROM "Accounts" LIMIT 1), whoever calls
--   3 no row-level security, and every table is granted to everybody
--   4 no link from an activity to its analysis, and no table of analyses
--   5 no account on "User_Roles", no teams: nobody can say who belongs where
--   6 a constant default on account_id
--   and OAuth tokens in plain text, readable by all.
--
-- Needs what Supabase has before the first migration (tests/sql/supabase_stub.sql) and pgvector.

set local lock_timeout = '5s';
set local statement_timeout = '60s';

create schema if not exists extensions;
create extension if not exists vector schema extensions;

-- What Supabase grants by default on everything in public.
grant usage on schema public to anon, authenticated, service_role;
alter default privileges in schema public grant all on tables to anon, authenticated, service_role;
alter default privileges in schema public grant all on sequences to anon, authenticated, service_role;
alter default privileges in schema public grant all on functions to anon, authenticated, service_role;

create table public."Accounts" (
  id            uuid primary key default gen_random_uuid(),
  name          text not null,
  owner_user_id uuid,
  created_at    timestamptz not null default now(),
  updated_at    timestamptz not null default now()
);

create table public."User_Roles" (
  id         uuid primary key default gen_random_uuid(),
  user_id    uuid,
  role       text not null,
  created_at timestamptz not null default now()
);

create table public."API_Connections" (
  id                  uuid primary key default gen_random_uuid(),
  account_id          uuid not null,
  user_id             uuid,
  provider            text not null,
  external_account_id text,
  access_token        text,
  refresh_token       text,
  token_expires_at    timestamptz,
  scopes              text[] default '{}',
  status              text default 'active',
  created_at          timestamptz not null default now(),
  updated_at          timestamptz not null default now(),
  unique (account_id, provider)
);

create table public."Synced_Activities" (
  id            uuid primary key default gen_random_uuid(),
  account_id    uuid not null default '00000000-0000-0000-0000-000000000001',
  user_id       uuid,
  provider      text not null,
  external_id   text not null,
  activity_type text not null,
  subject       text,
  properties    jsonb default '{}',
  occurred_at   timestamptz,
  created_at    timestamptz not null default now(),
  updated_at    timestamptz not null default now(),
  unique (account_id, provider, external_id)
);

create table public."Conversations" (
  id               uuid primary key default gen_random_uuid(),
  account_id       uuid not null,
  user_id          uuid,
  provider         text not null,
  external_id      text not null,
  title            text,
  participants     jsonb default '[]',
  transcript       text,
  started_at       timestamptz,
  duration_seconds integer,
  created_at       timestamptz not null default now(),
  updated_at       timestamptz not null default now(),
  unique (account_id, provider, external_id)
);

create table public."Sync_Logs" (
  id            uuid primary key default gen_random_uuid(),
  account_id    uuid not null default '00000000-0000-0000-0000-000000000001',
  connection_id uuid,
  provider      text not null,
  status        text not null default 'running',
  added         integer default 0,
  changed       integer default 0,
  error_code    text,
  started_at    timestamptz not null default now(),
  finished_at   timestamptz
);

create table public."Coaching_Messages" (
  id              uuid primary key default gen_random_uuid(),
  account_id      uuid not null,
  user_id         uuid,
  author_id       uuid,
  body            text not null,
  status          text not null default 'draft',
  sent_at         timestamptz,
  acknowledged_at timestamptz,
  created_at      timestamptz not null default now(),
  updated_at      timestamptz not null default now()
);

create table public."Coaching_Outcomes" (
  id                  uuid primary key default gen_random_uuid(),
  account_id          uuid,
  user_id             uuid,
  coaching_message_id uuid,
  situation           text not null,
  outcome             text not null,
  rating              integer,
  embedding           extensions.vector(1536),
  created_at          timestamptz not null default now(),
  updated_at          timestamptz not null default now()
);

-- "All indexes, performance optimized": two of them twice, one of them for nobody.
create index idx_api_connections_account on public."API_Connections" (account_id);
create index idx_activities_account on public."Synced_Activities" (account_id);
create index idx_activities_account_id on public."Synced_Activities" (account_id);
create index idx_activities_user on public."Synced_Activities" (user_id);
create index idx_conversations_account on public."Conversations" (account_id);
create index idx_conversations_account_id on public."Conversations" (account_id);
create index idx_conversations_title on public."Conversations" (title);
create index idx_messages_account on public."Coaching_Messages" (account_id);

-- The RPCs. They run as their owner, past everything, for anyone who calls; and the account is whichever comes first.

create function public.save_hubspot_connection(
  p_access_token text, p_refresh_token text, p_expires_at timestamptz, p_external_account_id text default null
) returns uuid
  language plpgsql security definer
as $$
declare
  v_account_id uuid;
  v_id uuid;
begin
  SELECT id FROM "Accounts" LIMIT 1 INTO v_account_id;
  insert into "API_Connections" (account_id, user_id, provider, external_account_id, access_token, refresh_token, token_expires_at)
  values (v_account_id, auth.uid(), 'hubspot', p_external_account_id, p_access_token, p_refresh_token, p_expires_at)
  on conflict (account_id, provider) do update
    set access_token = excluded.access_token, refresh_token = excluded.refresh_token,
        token_expires_at = excluded.token_expires_at, external_account_id = excluded.external_account_id, status = 'active', updated_at = now()
  returning id into v_id;
  return v_id;
end $$;

create function public.get_hubspot_connection()
  returns table (id uuid, access_token text, refresh_token text, token_expires_at timestamptz, status text)
  language sql security definer
as $$
  select c.id, c.access_token, c.refresh_token, c.token_expires_at, c.status
  from "API_Connections" c
  where c.account_id = (SELECT id FROM "Accounts" LIMIT 1) and c.provider = 'hubspot'
$$;

create function public.save_fathom_connection(
  p_access_token text, p_refresh_token text, p_expires_at timestamptz, p_external_account_id text default null
) returns uuid
  language plpgsql security definer
as $$
declare
  v_account_id uuid;
  v_id uuid;
begin
  SELECT id FROM "Accounts" LIMIT 1 INTO v_account_id;
  insert into "API_Connections" (account_id, user_id, provider, external_account_id, access_token, refresh_token, token_expires_at)
  values (v_account_id, auth.uid(), 'fathom', p_external_account_id, p_access_token, p_refresh_token, p_expires_at)
  on conflict (account_id, provider) do update
    set access_token = excluded.access_token, refresh_token = excluded.refresh_token,
        token_expires_at = excluded.token_expires_at, external_account_id = excluded.external_account_id, status = 'active', updated_at = now()
  returning id into v_id;
  return v_id;
end $$;

create function public.get_fathom_connection()
  returns table (id uuid, access_token text, refresh_token text, token_expires_at timestamptz, status text)
  language sql security definer
as $$
  select c.id, c.access_token, c.refresh_token, c.token_expires_at, c.status
  from "API_Connections" c
  where c.account_id = (SELECT id FROM "Accounts" LIMIT 1) and c.provider = 'fathom'
$$;

-- The people: nine who belong, one who left before anybody was told (yusuf), one who signed up and does nothing (zora).

insert into auth.users (id, email, email_confirmed_at, raw_user_meta_data, created_at)
select p.id::uuid, p.email, '2025-01-05T09:00:00Z', jsonb_build_object('name', p.name), '2025-01-05T09:00:00Z'
from (values
  ('c0a10000-0000-4000-8000-000000000001', 'olivia@legacy-coaching.example.test', 'Olivia Marsh'),
  ('c0a10000-0000-4000-8000-000000000002', 'pablo@legacy-coaching.example.test',  'Pablo Ruiz'),
  ('c0a10000-0000-4000-8000-000000000003', 'quinn@legacy-coaching.example.test',  'Quinn Abara'),
  ('c0a10000-0000-4000-8000-000000000004', 'rosa@legacy-coaching.example.test',   'Rosa Lind'),
  ('c0a10000-0000-4000-8000-000000000005', 'sam@legacy-coaching.example.test',    'Sam Whitaker'),
  ('c0a10000-0000-4000-8000-000000000006', 'tara@legacy-coaching.example.test',   'Tara Singh'),
  ('c0a10000-0000-4000-8000-000000000007', 'uma@legacy-coaching.example.test',    'Uma Castellanos'),
  ('c0a10000-0000-4000-8000-000000000008', 'victor@legacy-coaching.example.test', 'Victor Hale'),
  ('c0a10000-0000-4000-8000-000000000009', 'xenia@legacy-coaching.example.test',  'Xenia Ironwood'),
  ('c0a10000-0000-4000-8000-000000000010', 'yusuf@legacy-coaching.example.test',  'Yusuf Demir'),
  ('c0a10000-0000-4000-8000-000000000011', 'zora@legacy-coaching.example.test',   'Zora Pike')
) as p (id, email, name)
on conflict do nothing;

-- Three accounts; the first is the one of every constant default and of every LIMIT 1.
insert into public."Accounts" (id, name, owner_user_id, created_at) values
  ('00000000-0000-0000-0000-000000000001', 'Marsh Franchise Group', 'c0a10000-0000-4000-8000-000000000001', '2025-01-06T09:00:00Z'),
  ('b0000000-0000-4000-8000-000000000002', 'Hale Outfitters',       'c0a10000-0000-4000-8000-000000000008', '2025-03-01T09:00:00Z'),
  ('c0000000-0000-4000-8000-000000000003', 'Ironwood Fitness',      'c0a10000-0000-4000-8000-000000000009', '2025-06-15T09:00:00Z');

-- Roles without an account. Uma sells for two of them, which nothing here can say. One row has no person, one a person who is gone.
insert into public."User_Roles" (id, user_id, role, created_at) values
  ('30000000-0000-4000-8000-000000000001', 'c0a10000-0000-4000-8000-000000000001', 'manager', '2025-01-06T09:00:00Z'),
  ('30000000-0000-4000-8000-000000000002', 'c0a10000-0000-4000-8000-000000000002', 'manager', '2025-01-07T09:00:00Z'),
  ('30000000-0000-4000-8000-000000000003', 'c0a10000-0000-4000-8000-000000000003', 'manager', '2025-01-07T09:00:00Z'),
  ('30000000-0000-4000-8000-000000000004', 'c0a10000-0000-4000-8000-000000000004', 'rep',     '2025-01-08T09:00:00Z'),
  ('30000000-0000-4000-8000-000000000005', 'c0a10000-0000-4000-8000-000000000005', 'rep',     '2025-01-08T09:00:00Z'),
  ('30000000-0000-4000-8000-000000000006', 'c0a10000-0000-4000-8000-000000000006', 'rep',     '2025-01-08T09:00:00Z'),
  ('30000000-0000-4000-8000-000000000007', 'c0a10000-0000-4000-8000-000000000007', 'rep',     '2025-02-01T09:00:00Z'),
  ('30000000-0000-4000-8000-000000000008', 'c0a10000-0000-4000-8000-000000000008', 'manager', '2025-03-01T09:00:00Z'),
  ('30000000-0000-4000-8000-000000000009', 'c0a10000-0000-4000-8000-000000000010', 'rep',     '2025-03-02T09:00:00Z'),
  ('30000000-0000-4000-8000-000000000010', null,                                   'rep',     '2025-03-03T09:00:00Z'),
  ('30000000-0000-4000-8000-000000000011', 'dead0000-0000-4000-8000-000000000001', 'rep',     '2025-03-04T09:00:00Z');

-- Tokens as they came. The last connection's account was deleted.
insert into public."API_Connections" (id, account_id, user_id, provider, external_account_id, access_token, refresh_token, token_expires_at, scopes, status) values
  ('40000000-0000-4000-8000-000000000001', '00000000-0000-0000-0000-000000000001', 'c0a10000-0000-4000-8000-000000000001', 'hubspot', '24680135', 'legacy-hubspot-access-A',  'legacy-hubspot-refresh-A', '2026-01-01T00:00:00Z', '{oauth,crm.objects.contacts.read}', 'active'),
  ('40000000-0000-4000-8000-000000000002', '00000000-0000-0000-0000-000000000001', 'dead0000-0000-4000-8000-000000000001', 'fathom',  'fw-311',   'legacy-fathom-access-A',   null,                       null,                   '{}',                               'active'),
  ('40000000-0000-4000-8000-000000000003', 'b0000000-0000-4000-8000-000000000002', 'c0a10000-0000-4000-8000-000000000008', 'hubspot', '97531086', 'legacy-hubspot-access-B',  'legacy-hubspot-refresh-B', '2026-01-01T00:00:00Z', null,                               'expired'),
  ('40000000-0000-4000-8000-000000000004', 'c0000000-0000-4000-8000-000000000003', 'c0a10000-0000-4000-8000-000000000009', 'fathom',  'fw-400',   null,                       null,                       null,                   '{}',                               null),
  ('40000000-0000-4000-8000-000000000005', 'dead0000-0000-4000-8000-00000000000a', 'c0a10000-0000-4000-8000-000000000010', 'hubspot', '11111111', 'legacy-hubspot-access-X',  'legacy-hubspot-refresh-X', '2025-02-01T00:00:00Z', '{oauth}',                          'revoked');

insert into public."Sync_Logs" (id, account_id, connection_id, provider, status, added, changed, error_code, started_at, finished_at) values
  ('60000000-0000-4000-8000-000000000001', '00000000-0000-0000-0000-000000000001', '40000000-0000-4000-8000-000000000001', 'hubspot', 'succeeded', 4, 11,   null,                '2025-11-01T10:00:00Z', '2025-11-01T10:00:12Z'),
  ('60000000-0000-4000-8000-000000000002', 'b0000000-0000-4000-8000-000000000002', '40000000-0000-4000-8000-000000000003', 'hubspot', 'failed',    0, null, 'BAD_REFRESH_TOKEN', '2025-11-01T11:00:00Z', '2025-11-01T11:00:02Z'),
  ('60000000-0000-4000-8000-000000000003', '00000000-0000-0000-0000-000000000001', '40000000-0000-4000-8000-0000000000ff', 'fathom',  'succeeded', 2, 0,    null,                '2025-11-01T12:00:00Z', '2025-11-01T12:00:09Z'),
  ('60000000-0000-4000-8000-000000000004', 'dead0000-0000-4000-8000-00000000000a', '40000000-0000-4000-8000-000000000005', 'hubspot', 'succeeded', 1, 0,    null,                '2025-02-01T10:00:00Z', '2025-02-01T10:00:09Z');

insert into public."Conversations" (id, account_id, user_id, provider, external_id, title, participants, transcript, started_at, duration_seconds) values
  ('70000000-0000-4000-8000-000000000001', '00000000-0000-0000-0000-000000000001', 'c0a10000-0000-4000-8000-000000000004', 'fathom', 'fc-9001', 'Discovery: Lakeside Gym',   '[]', 'Rosa: What made you look for something new? ...',  '2025-10-20T10:00:00Z', 1860),
  ('70000000-0000-4000-8000-000000000002', '00000000-0000-0000-0000-000000000001', 'c0a10000-0000-4000-8000-000000000005', 'fathom', 'fc-9002', 'Price talk: Ridge Pilates', '[]', 'Sam: The price is what it is. ...',                '2025-10-21T10:00:00Z', 940),
  ('70000000-0000-4000-8000-000000000003', '00000000-0000-0000-0000-000000000001', null,                                   'fathom', 'fc-9003', 'Unmatched call',            null, null,                                               '2025-10-22T10:00:00Z', 60),
  ('70000000-0000-4000-8000-000000000004', 'b0000000-0000-4000-8000-000000000002', 'c0a10000-0000-4000-8000-000000000007', 'fathom', 'fc-9001', 'Outfitting: Pine Camp',     '[]', 'Uma: How many beds is it this summer? ...',        '2025-10-23T10:00:00Z', 1320),
  ('70000000-0000-4000-8000-000000000005', 'c0000000-0000-4000-8000-000000000003', 'dead0000-0000-4000-8000-000000000001', 'fathom', 'fc-9100', 'First call: Ironwood',      '[]', 'Nobody knows who said this.',                      '2025-10-24T10:00:00Z', 300),
  ('70000000-0000-4000-8000-000000000006', 'dead0000-0000-4000-8000-00000000000a', 'c0a10000-0000-4000-8000-000000000010', 'fathom', 'fc-0001', 'A call of a deleted account', '[]', 'Yusuf: ...',                                     '2025-02-01T10:00:00Z', 200);

-- Uma's second activity is Hale's by right; the default made it Marsh's.
insert into public."Synced_Activities" (id, user_id, provider, external_id, activity_type, subject, properties, occurred_at) values
  ('90000000-0000-4000-8000-000000000001', 'c0a10000-0000-4000-8000-000000000004', 'fathom',  'fc-9001', 'calls',    'Discovery: Lakeside Gym',    '{}',   '2025-10-20T10:00:00Z'),
  ('90000000-0000-4000-8000-000000000002', 'c0a10000-0000-4000-8000-000000000006', 'hubspot', 'h-501',   'meetings', 'Renewal: North Swim Club',   '{}',   '2025-10-20T11:00:00Z'),
  ('90000000-0000-4000-8000-000000000003', 'c0a10000-0000-4000-8000-000000000007', 'hubspot', 'h-502',   'emails',   'Re: beds',                   null,   '2025-10-20T12:00:00Z'),
  ('90000000-0000-4000-8000-000000000004', null,                                   'hubspot', 'h-503',   'tasks',    'Call back',                  '{}',   null);
insert into public."Synced_Activities" (id, account_id, user_id, provider, external_id, activity_type, subject, properties, occurred_at) values
  ('90000000-0000-4000-8000-000000000005', 'b0000000-0000-4000-8000-000000000002', 'c0a10000-0000-4000-8000-000000000007', 'fathom',  'fc-9001', 'calls', 'Outfitting: Pine Camp', '{}', '2025-10-23T10:00:00Z'),
  ('90000000-0000-4000-8000-000000000006', 'dead0000-0000-4000-8000-00000000000a', 'c0a10000-0000-4000-8000-000000000010', 'hubspot', 'h-900',   'notes', 'Of a deleted account',  '{}', '2025-02-01T10:00:00Z'),
  ('90000000-0000-4000-8000-000000000007', 'c0000000-0000-4000-8000-000000000003', 'dead0000-0000-4000-8000-000000000001', 'hubspot', 'h-901',   'notes', 'By a deleted person',   '{}', '2025-10-24T10:00:00Z');

-- A message to nobody, one to somebody who is gone, one in an account that is gone.
insert into public."Coaching_Messages" (id, account_id, user_id, author_id, body, status, sent_at) values
  ('a1000000-0000-4000-8000-000000000001', '00000000-0000-0000-0000-000000000001', 'c0a10000-0000-4000-8000-000000000004', 'c0a10000-0000-4000-8000-000000000003', 'Ask one more question before the price.', 'sent',  '2025-10-21T09:00:00Z'),
  ('a1000000-0000-4000-8000-000000000002', '00000000-0000-0000-0000-000000000001', 'c0a10000-0000-4000-8000-000000000005', 'c0a10000-0000-4000-8000-000000000002', 'Let silence work for you.',               'draft', null),
  ('a1000000-0000-4000-8000-000000000003', 'b0000000-0000-4000-8000-000000000002', 'c0a10000-0000-4000-8000-000000000007', 'c0a10000-0000-4000-8000-000000000008', 'Beds first, dates second.',               'sent',  '2025-10-24T09:00:00Z'),
  ('a1000000-0000-4000-8000-000000000004', '00000000-0000-0000-0000-000000000001', null,                                   'c0a10000-0000-4000-8000-000000000002', 'To whom was this?',                       'draft', null),
  ('a1000000-0000-4000-8000-000000000005', 'c0000000-0000-4000-8000-000000000003', 'dead0000-0000-4000-8000-000000000001', 'c0a10000-0000-4000-8000-000000000009', 'Welcome to Ironwood.',                    'sent',  '2025-10-24T12:00:00Z'),
  ('a1000000-0000-4000-8000-000000000006', 'dead0000-0000-4000-8000-00000000000a', 'c0a10000-0000-4000-8000-000000000010', 'c0a10000-0000-4000-8000-000000000010', 'A note to self.',                         'draft', null);

-- Two without an account: the first follows its message, the second nothing.
insert into public."Coaching_Outcomes" (id, account_id, user_id, coaching_message_id, situation, outcome, rating, embedding) values
  ('b1000000-0000-4000-8000-000000000001', '00000000-0000-0000-0000-000000000001', 'c0a10000-0000-4000-8000-000000000004', 'a1000000-0000-4000-8000-000000000001', 'Price came up in minute two',  'Asked about goals first; second meeting booked', 5, (select array_agg((g % 7)::real)::extensions.vector from generate_series(1, 1536) g)),
  ('b1000000-0000-4000-8000-000000000002', null,                                   'c0a10000-0000-4000-8000-000000000007', 'a1000000-0000-4000-8000-000000000003', 'Camp opening in four weeks',   'Order in three days',                            4, null),
  ('b1000000-0000-4000-8000-000000000003', null,                                   null,                                   null,                                   'Nobody knows whose this was',  'Nothing',                                        null, null),
  ('b1000000-0000-4000-8000-000000000004', '00000000-0000-0000-0000-000000000001', 'c0a10000-0000-4000-8000-000000000005', 'a1000000-0000-4000-8000-0000000000ff', 'A message that is gone',       'Still worth knowing',                            3, null),
  ('b1000000-0000-4000-8000-000000000005', 'b0000000-0000-4000-8000-000000000002', 'c0a10000-0000-4000-8000-000000000007', 'a1000000-0000-4000-8000-000000000001', 'Points into another account',  'Uma learned from Rosa''s message',               4, null),
  ('b1000000-0000-4000-8000-000000000006', 'dead0000-0000-4000-8000-00000000000a', null,                                   'a1000000-0000-4000-8000-000000000006', 'Of a deleted account',         'Lost with it',                                   1, null);
