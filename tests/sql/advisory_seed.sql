-- Two firms, Whitfield Partners (A) and Falk & Petrov (B). Grace founded A and advises, Henry advises with a personal
-- connection of his own, Iris analyses. Jonas advises at B, where Kira analyses. Liam belongs to no firm, and is invited to A.
--
-- The people must have accounts already (advisory_people.sql, or the sign-up API); they are found by e-mail.
-- Safe to run twice. Run it as the owner of the tables.
--
-- Ids can be read: <firm>0000000-0000-4000-8000-<table, 8 digits><row, 4 digits>, the tables numbered as they come below.

drop table if exists pg_temp.seed_people;
create temporary table seed_people as
select split_part(p.email, '@', 1) as name, p.email, u.id
from unnest(array[
  'grace@advisory.example.test', 'henry@advisory.example.test', 'iris@advisory.example.test', 'jonas@advisory.example.test', 'kira@advisory.example.test', 'liam@advisory.example.test'
]) as p (email)
left join auth.users u on u.email = p.email;

do $$
declare
  v_missing text := (select string_agg(email, ', ') from pg_temp.seed_people where id is null);
begin
  if v_missing is not null then
    raise exception using
      errcode = 'no_data_found',
      message = 'these people have no account: ' || v_missing,
      hint    = 'Run advisory_people.sql, or sign them up, and seed again.';
  end if;
end $$;

-- 1 firms, 2 profiles, 3 firm_invitations. created_by comes last: founding a firm makes the founder its first adviser.

insert into advisory.firms (id, name, created_by) values
  ('a0000000-0000-4000-8000-000000010001', 'Whitfield Partners', null),
  ('b0000000-0000-4000-8000-000000010001', 'Falk & Petrov',      null)
on conflict do nothing;

insert into advisory.profiles (id, firm_id, role, email, display_name)
select p.id, (v.firm || '0000000-0000-4000-8000-000000010001')::uuid, v.role, p.email, v.display_name
from seed_people p
join (values
  ('grace', 'a', 'advisor', 'Grace'), ('henry', 'a', 'advisor', 'Henry'), ('iris', 'a', 'analyst', 'Iris'),
  ('jonas', 'b', 'advisor', 'Jonas'), ('kira',  'b', 'analyst', 'Kira')
) as v (name, firm, role, display_name) using (name)
on conflict do nothing;

update advisory.firms f set created_by = p.id
from seed_people p
where f.created_by is null and (f.id::text, p.name) in (('a0000000-0000-4000-8000-000000010001', 'grace'), ('b0000000-0000-4000-8000-000000010001', 'jonas'));

insert into advisory.firm_invitations (id, firm_id, user_id, role, invited_by)
select 'a0000000-0000-4000-8000-000000030001', 'a0000000-0000-4000-8000-000000010001', l.id, 'analyst', g.id
from seed_people l, seed_people g
where l.name = 'liam' and g.name = 'grace'
  and not exists (select from advisory.profiles p where p.id = l.id)
on conflict do nothing;

-- 4 crm_connections, 5 crm_connection_secrets: the firms', and Henry's own. What is sealed here opens with no key.

insert into advisory.crm_connections (id, firm_id, owner_id, provider, config, status, last_synced_at, last_error)
select v.id::uuid, (left(v.id, 1) || '0000000-0000-4000-8000-000000010001')::uuid, p.id, v.provider, v.config::jsonb, v.status, now() + v.synced, v.last_error
from (values
  ('a0000000-0000-4000-8000-000000040001', null,    'bridge',    '{"schwab_environment": "sandbox", "bridge": "https://bridge.example.test"}', 'active',  interval '-8 minutes', null),
  ('a0000000-0000-4000-8000-000000040002', 'henry', 'wealthbox', '{}',                                                                         'active',  interval '-2 hours',   null),
  ('b0000000-0000-4000-8000-000000040001', null,    'bridge',    '{"schwab_environment": "production", "bridge": "https://crm.example.test"}',  'expired', interval '-3 days',    'UNAUTHORIZED')
) as v (id, owner, provider, config, status, synced, last_error)
left join seed_people p on p.name = v.owner
on conflict do nothing;

insert into advisory.crm_connection_secrets (id, firm_id, connection_id, secret, key_id)
select (left(c.id::text, 24) || '00000005' || right(c.id::text, 4))::uuid, c.firm_id, c.id, 'sealed:demonstration', 'demonstration'
from advisory.crm_connections c
where c.id::text ~ '^[ab]0000000-0000-4000-8000-00000004'
on conflict do nothing;

-- 6 households, 7 accounts, 8 positions, 9 transactions, 10 client_data_cache: copies, some of Henry's own, some stale --

insert into advisory.households (id, firm_id, owner_id, external_id, name, status, fetched_at)
select v.id::uuid, (left(v.id, 1) || '0000000-0000-4000-8000-000000010001')::uuid, p.id, v.external_id, v.name, v.status, now() + v.fetched
from (values
  ('a0000000-0000-4000-8000-000000060001', null,    'hh-1001', 'Castellan family', 'client',   interval '-8 minutes'),
  ('a0000000-0000-4000-8000-000000060002', null,    'hh-1002', 'Duarte trust',     'client',   interval '-8 minutes'),
  ('a0000000-0000-4000-8000-000000060003', 'henry', 'wb-77',   'Castellan family', 'prospect', interval '-2 hours'),
  ('b0000000-0000-4000-8000-000000060001', null,    'hh-1001', 'Ekström household', 'client',  interval '-3 days')
) as v (id, owner, external_id, name, status, fetched)
left join seed_people p on p.name = v.owner
on conflict do nothing;

insert into advisory.accounts (id, firm_id, owner_id, household_id, external_id, crm_client_id, name, number_ending, kind, market_value_cents, cash_cents, as_of, fetched_at)
select v.id::uuid, h.firm_id, h.owner_id, h.id, v.external_id, v.crm_client_id, v.name, v.number_ending, v.kind, v.value, v.cash, h.fetched_at - interval '1 minute', h.fetched_at
from (values
  ('a0000000-0000-4000-8000-000000070001', 'a0000000-0000-4000-8000-000000060001', 'schwab-h-1', 'crm-501', 'Joint brokerage', '4471', 'brokerage', 184250000::bigint, 3120055::bigint),
  ('a0000000-0000-4000-8000-000000070002', 'a0000000-0000-4000-8000-000000060001', 'schwab-h-2', 'crm-502', 'Roth IRA',        '9902', 'ira',        41877512,         90210),
  ('a0000000-0000-4000-8000-000000070003', 'a0000000-0000-4000-8000-000000060003', 'wb-acct-5',  'wb-c-9',  'Old employer plan', null, 'other',             null,          null),
  ('b0000000-0000-4000-8000-000000070001', 'b0000000-0000-4000-8000-000000060001', 'schwab-h-1', 'crm-501', 'Brokerage',       '1180', 'brokerage',  77001000,        120000)
) as v (id, household, external_id, crm_client_id, name, number_ending, kind, value, cash)
join advisory.households h on h.id = v.household::uuid
on conflict do nothing;

insert into advisory.positions (id, firm_id, owner_id, account_id, external_id, symbol, description, quantity, price, market_value_cents, as_of, fetched_at)
select v.id::uuid, a.firm_id, a.owner_id, a.id, v.external_id, v.symbol, v.description, v.quantity, v.price, v.value, a.as_of, a.fetched_at
from (values
  ('a0000000-0000-4000-8000-000000080001', 'a0000000-0000-4000-8000-000000070001', '922908769', 'VTI',  'Total market ETF',   4120.5::numeric, 301.12::numeric, 124076496::bigint),
  ('a0000000-0000-4000-8000-000000080002', 'a0000000-0000-4000-8000-000000070001', '912810TM0', null,   'Treasury 4 percent', 570000,          0.9985,          56914500),
  ('a0000000-0000-4000-8000-000000080003', 'a0000000-0000-4000-8000-000000070002', '921909768', 'VXUS', 'World ex-US ETF',    6011.25,         69.51,           41784199),
  ('b0000000-0000-4000-8000-000000080001', 'b0000000-0000-4000-8000-000000070001', '922908769', 'VTI',  'Total market ETF',   2553.01,         301.12,          76876237)
) as v (id, account, external_id, symbol, description, quantity, price, value)
join advisory.accounts a on a.id = v.account::uuid
on conflict do nothing;

insert into advisory.transactions (id, firm_id, owner_id, account_id, external_id, kind, symbol, description, quantity, amount_cents, occurred_at, fetched_at)
select v.id::uuid, a.firm_id, a.owner_id, a.id, v.external_id, v.kind, v.symbol, v.description, v.quantity, v.amount, now() + v.occurred, a.fetched_at
from (values
  ('a0000000-0000-4000-8000-000000090001', 'a0000000-0000-4000-8000-000000070001', 't-88001', 'dividend', 'VTI', 'Dividend',    null::numeric, 361200::bigint,  interval '-12 days'),
  ('a0000000-0000-4000-8000-000000090002', 'a0000000-0000-4000-8000-000000070001', 't-88002', 'buy',      'VTI', 'Bought',      20.5,          -617296,         interval '-11 days'),
  ('a0000000-0000-4000-8000-000000090003', 'a0000000-0000-4000-8000-000000070003', 'wb-t-1',  'transfer', null,  'Rollover in', null,          1500000,         interval '-40 days'),
  ('b0000000-0000-4000-8000-000000090001', 'b0000000-0000-4000-8000-000000070001', 't-88001', 'fee',      null,  'Advisory fee', null,         -25000,          interval '-20 days')
) as v (id, account, external_id, kind, symbol, description, quantity, amount, occurred)
join advisory.accounts a on a.id = v.account::uuid
on conflict do nothing;

insert into advisory.client_data_cache (id, firm_id, owner_id, crm_client_id, data, fetched_at)
select v.id::uuid, (left(v.id, 1) || '0000000-0000-4000-8000-000000010001')::uuid, p.id, v.crm_client_id, v.data::jsonb, now() + v.fetched
from (values
  ('a0000000-0000-4000-8000-000000100001', null,    'crm-501', '{"client": {"first_name": "Elena", "last_name": "Castellan"}, "accounts": []}', interval '-8 minutes'),
  ('a0000000-0000-4000-8000-000000100002', 'henry', 'crm-501', '{"client": {"first_name": "Elena", "last_name": "Castellan"}}',                 interval '-2 hours'),
  ('b0000000-0000-4000-8000-000000100001', null,    'crm-501', '{"client": {"first_name": "Nils", "last_name": "Ekström"}}',                    interval '-3 days')
) as v (id, owner, crm_client_id, data, fetched)
left join seed_people p on p.name = v.owner
on conflict do nothing;

-- 11 sessions, 12 meeting_records: held, under way, and one whose household is not in the copy ---------------------------

insert into advisory.sessions (id, firm_id, advisor_id, crm_client_id, crm_household_id, household_id, started_at, ended_at)
select v.id::uuid, (left(v.id, 1) || '0000000-0000-4000-8000-000000010001')::uuid, p.id, v.client, v.crm_household, v.household::uuid, now() + v.started, now() + v.ended
from (values
  ('a0000000-0000-4000-8000-000000110001', 'grace', 'crm-501', 'hh-1001', 'a0000000-0000-4000-8000-000000060001', interval '-9 days',     interval '-9 days' + interval '50 minutes'),
  ('a0000000-0000-4000-8000-000000110002', 'henry', 'crm-502', 'hh-1001', null,                                   interval '-20 minutes', null),
  ('b0000000-0000-4000-8000-000000110001', 'jonas', 'crm-501', 'hh-1001', 'b0000000-0000-4000-8000-000000060001', interval '-30 days',    interval '-30 days' + interval '35 minutes')
) as v (id, advisor, client, crm_household, household, started, ended)
join seed_people p on p.name = v.advisor
on conflict do nothing;

insert into advisory.meeting_records (id, firm_id, session_id, author_id, notes, outcomes)
select v.id::uuid, s.firm_id, s.id, p.id, v.notes, v.outcomes
from (values
  ('a0000000-0000-4000-8000-000000120001', 'a0000000-0000-4000-8000-000000110001', 'grace', 'Retirement in 2031 rather than 2033. Wants less in single stocks.', 'Send the new allocation by the end of the month.'),
  ('a0000000-0000-4000-8000-000000120002', 'a0000000-0000-4000-8000-000000110002', 'henry', 'Asks about the Roth conversion.', null),
  ('b0000000-0000-4000-8000-000000120001', 'b0000000-0000-4000-8000-000000110001', 'jonas', 'Fee explained.', 'None.')
) as v (id, session, author, notes, outcomes)
join advisory.sessions s on s.id = v.session::uuid
join seed_people p on p.name = v.author
on conflict do nothing;
