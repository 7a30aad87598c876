-- Two accounts, Marsh Franchise Group (A) and Hale Outfitters (B). Olivia owns A, Pablo manages all of it, Quinn leads team East,
-- where Rosa and Sam sell; Tara sells in team West. Victor owns B, and Uma sells there and manages at A: a person in two accounts.
-- Wanda is invited to A and belongs nowhere yet.
--
-- The people must have accounts already (coaching_people.sql, or the sign-up API); they are found by e-mail.
-- Safe to run twice. Run it as the owner of the tables.
--
-- Ids can be read: <account>0000000-0000-4000-8000-<table, 8 digits><row, 4 digits>, the tables numbered as they come below.

drop table if exists pg_temp.seed_people;
create temporary table seed_people as
select split_part(p.email, '@', 1) as name, p.email, u.id
from unnest(array[
  'olivia@coaching.example.test', 'pablo@coaching.example.test', 'quinn@coaching.example.test', 'rosa@coaching.example.test', 'sam@coaching.example.test', 'tara@coaching.example.test', 'uma@coaching.example.test', 'victor@coaching.example.test', 'wanda@coaching.example.test'
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
      hint    = 'Run coaching_people.sql, or sign them up, and seed again.';
  end if;
end $$;

-- 1 Accounts, 2 Teams, 3 User_Roles ---------------------------------------------------------------------------------

insert into coaching."Accounts" (id, name, owner_user_id)
select v.id::uuid, v.name, p.id
from (values
  ('a0000000-0000-4000-8000-000000010001', 'Marsh Franchise Group', 'olivia'),
  ('b0000000-0000-4000-8000-000000010001', 'Hale Outfitters',       'victor')
) as v (id, name, owner)
join seed_people p on p.name = v.owner
on conflict do nothing;

insert into coaching."Teams" (id, account_id, name)
select v.id::uuid, (left(v.id, 1) || '0000000-0000-4000-8000-000000010001')::uuid, v.name
from (values
  ('a0000000-0000-4000-8000-000000020001', 'East'),
  ('a0000000-0000-4000-8000-000000020002', 'West'),
  ('b0000000-0000-4000-8000-000000020001', 'Inside sales')
) as v (id, name)
on conflict do nothing;

insert into coaching."User_Roles" (id, account_id, user_id, role, team_id, status)
select v.id::uuid, (left(v.id, 1) || '0000000-0000-4000-8000-000000010001')::uuid, p.id, v.role, v.team::uuid, v.status
from (values
  ('a0000000-0000-4000-8000-000000030001', 'pablo', 'manager', null,                                   'active'),
  ('a0000000-0000-4000-8000-000000030002', 'quinn', 'manager', 'a0000000-0000-4000-8000-000000020001', 'active'),
  ('a0000000-0000-4000-8000-000000030003', 'rosa',  'rep',     'a0000000-0000-4000-8000-000000020001', 'active'),
  ('a0000000-0000-4000-8000-000000030004', 'sam',   'rep',     'a0000000-0000-4000-8000-000000020001', 'active'),
  ('a0000000-0000-4000-8000-000000030005', 'tara',  'rep',     'a0000000-0000-4000-8000-000000020002', 'active'),
  ('a0000000-0000-4000-8000-000000030006', 'uma',   'manager', null,                                   'active'),
  ('a0000000-0000-4000-8000-000000030007', 'wanda', 'rep',     'a0000000-0000-4000-8000-000000020002', 'invited'),
  ('b0000000-0000-4000-8000-000000030001', 'uma',   'rep',     'b0000000-0000-4000-8000-000000020001', 'active')
) as v (id, person, role, team, status)
join seed_people p on p.name = v.person
on conflict do nothing;

-- 4 API_Connections, 5 API_Connection_Secrets, 6 Sync_Logs. What is sealed here opens with no key. ----------------------

insert into coaching."API_Connections" (id, account_id, provider, external_account_id, scopes, status, token_expires_at, last_synced_at, last_error)
select v.id::uuid, (left(v.id, 1) || '0000000-0000-4000-8000-000000010001')::uuid, v.provider, v.external_id, string_to_array(v.scopes, ' '), v.status, now() + v.expires, now() + v.synced, v.last_error
from (values
  ('a0000000-0000-4000-8000-000000040001', 'hubspot', '24680135', 'oauth crm.objects.contacts.read', 'active',  interval '20 minutes', interval '-15 minutes', null),
  ('a0000000-0000-4000-8000-000000040002', 'fathom',  'fw-311',   'public_api',                      'active',  interval '40 minutes', interval '-15 minutes', null),
  ('b0000000-0000-4000-8000-000000040001', 'hubspot', '97531086', 'oauth crm.objects.contacts.read', 'expired', interval '-4 days',    interval '-4 days',     'BAD_REFRESH_TOKEN')
) as v (id, provider, external_id, scopes, status, expires, synced, last_error)
on conflict do nothing;

insert into coaching."API_Connection_Secrets" (id, account_id, connection_id, access_token, refresh_token, key_id)
select (left(c.id::text, 24) || '00000005' || right(c.id::text, 4))::uuid, c.account_id, c.id, 'sealed:demonstration', 'sealed:demonstration', 'demonstration'
from coaching."API_Connections" c
where c.id::text ~ '^[ab]0000000-0000-4000-8000-00000004'
on conflict do nothing;

insert into coaching."Sync_Logs" (id, account_id, connection_id, provider, status, added, changed, error_code, started_at, finished_at)
select v.id::uuid, c.account_id, c.id, c.provider, v.status, v.added, v.changed, v.error_code, now() + v.started, now() + v.started + interval '12 seconds'
from (values
  ('a0000000-0000-4000-8000-000000060001', 'a0000000-0000-4000-8000-000000040001', 'succeeded', 4::bigint, 11::bigint, null,                interval '-15 minutes'),
  ('a0000000-0000-4000-8000-000000060002', 'a0000000-0000-4000-8000-000000040002', 'succeeded', 2,         0,          null,                interval '-15 minutes'),
  ('b0000000-0000-4000-8000-000000060001', 'b0000000-0000-4000-8000-000000040001', 'failed',    0,         0,          'BAD_REFRESH_TOKEN', interval '-4 days')
) as v (id, connection, status, added, changed, error_code, started)
join coaching."API_Connections" c on c.id = v.connection::uuid
on conflict do nothing;

-- 7 Conversations, 8 Conversation_Analyses, 9 Synced_Activities: one call whose seller nobody knows ------------------------

insert into coaching."Conversations" (id, account_id, user_id, team_id, provider, external_id, title, participants, transcript, started_at, duration_seconds)
select v.id::uuid, (left(v.id, 1) || '0000000-0000-4000-8000-000000010001')::uuid, p.id, r.team_id, 'fathom', v.external_id, v.title, '[]', v.transcript, now() + v.started, v.seconds
from (values
  ('a0000000-0000-4000-8000-000000070001', 'rosa', 'fc-9001', 'Discovery: Lakeside Gym',  'Rosa: What made you look for something new? ...', interval '-3 days', 1860::bigint),
  ('a0000000-0000-4000-8000-000000070002', 'sam',  'fc-9002', 'Price talk: Ridge Pilates', 'Sam: The price is what it is. ...',                interval '-2 days', 940),
  ('a0000000-0000-4000-8000-000000070003', 'tara', 'fc-9003', 'Renewal: North Swim Club', 'Tara: Before we talk terms, how was the year? ...', interval '-1 day',  2410),
  ('a0000000-0000-4000-8000-000000070004', null,   'fc-9004', 'Unmatched call',           null,                                              interval '-1 day',  60),
  ('b0000000-0000-4000-8000-000000070001', 'uma',  'fc-9001', 'Outfitting: Pine Camp',    'Uma: How many beds is it this summer? ...',         interval '-6 days', 1320)
) as v (id, person, external_id, title, transcript, started, seconds)
left join seed_people p on p.name = v.person
left join coaching."User_Roles" r on r.user_id = p.id and r.account_id = (left(v.id, 1) || '0000000-0000-4000-8000-000000010001')::uuid
on conflict do nothing;

insert into coaching."Conversation_Analyses" (id, account_id, user_id, team_id, conversation_id, status, model, summary, scores, analysed_at)
select (left(c.id::text, 24) || '00000008' || right(c.id::text, 4))::uuid, c.account_id, c.user_id, c.team_id, c.id, 'succeeded', 'small-listener-1',
       'Listens well; asks for no next step.', '{"listening": 0.8, "next_step": 0.3}', c.started_at + interval '2 hours'
from coaching."Conversations" c
where c.id::text ~ '^[ab]0000000-0000-4000-8000-00000007' and c.transcript is not null
on conflict do nothing;

insert into coaching."Synced_Activities" (id, account_id, user_id, team_id, provider, external_id, activity_type, subject, occurred_at, conversation_analysis_id)
select (left(c.id::text, 24) || '00000009' || right(c.id::text, 4))::uuid, c.account_id, c.user_id, c.team_id, 'hubspot', 'hs-' || right(c.id::text, 4), 'calls', c.title, c.started_at, a.id
from coaching."Conversations" c
left join coaching."Conversation_Analyses" a on a.conversation_id = c.id
where c.id::text ~ '^[ab]0000000-0000-4000-8000-00000007'
on conflict do nothing;

-- 10 Coaching_Messages: one of each step; 11 Coaching_Outcomes --------------------------------------------------------------

insert into coaching."Coaching_Messages" (id, account_id, user_id, team_id, author_id, conversation_analysis_id, body, status)
select v.id::uuid, a.account_id, a.user_id, a.team_id, p.id, a.id, v.body, v.status
from (values
  ('a0000000-0000-4000-8000-000000100001', 'a0000000-0000-4000-8000-000000080001', 'quinn',  'Lovely questions. Ask for the next appointment before you hang up.', 'acknowledged'),
  ('a0000000-0000-4000-8000-000000100002', 'a0000000-0000-4000-8000-000000080002', 'quinn',  'When the price comes up, go back to what they told you first.',       'sent'),
  ('a0000000-0000-4000-8000-000000100003', 'a0000000-0000-4000-8000-000000080003', 'pablo',  'Let us go through this one together.',                                'draft'),
  ('b0000000-0000-4000-8000-000000100001', 'b0000000-0000-4000-8000-000000080001', 'victor', 'Write the sizes down during the call.',                               'sent')
) as v (id, analysis, author, body, status)
join coaching."Conversation_Analyses" a on a.id = v.analysis::uuid
join seed_people p on p.name = v.author
on conflict do nothing;

-- Three numbers stand for 1536: the rest is zero, so that near and far can be told by eye.
insert into coaching."Coaching_Outcomes" (id, account_id, user_id, team_id, coaching_message_id, situation, outcome, rating, embedding, embedding_model)
select v.id::uuid, m.account_id, m.user_id, m.team_id, m.id, v.situation, v.outcome, v.rating,
       (v.direction || repeat(',0', 1533) || ']')::extensions.vector, 'demonstration'
from (values
  ('a0000000-0000-4000-8000-000000110001', 'a0000000-0000-4000-8000-000000100001', 'No next step asked for',   'Booked on the following call', 5::bigint, '[1,0,0'),
  ('a0000000-0000-4000-8000-000000110002', 'a0000000-0000-4000-8000-000000100002', 'Price objection, defended', 'Deal lost',                   2,         '[0,1,0'),
  ('b0000000-0000-4000-8000-000000110001', 'b0000000-0000-4000-8000-000000100001', 'Details forgotten',        'Order right the first time',   4,         '[1,0.1,0')
) as v (id, message, situation, outcome, rating, direction)
join coaching."Coaching_Messages" m on m.id = v.message::uuid
on conflict do nothing;
