-- Four people. Ada and Ben sell for the same company and share its HubSpot portal; Cleo is with another, and her connection
-- has run out; Dov signed up today and has nothing yet.
--
-- The people must have accounts already (assistant_people.sql, or the sign-up API); they are found by e-mail.
-- Safe to run twice. Run it as the owner of the tables.
--
-- Ids can be read: <person>0000000-0000-4000-8000-<table, 8 digits><row, 4 digits>, the tables numbered as they come below.

drop table if exists pg_temp.seed_people;
create temporary table seed_people as
select p.letter, p.letter || '0000000-0000-4000-8000-' as prefix, p.email, u.id
from (values
  ('a', 'ada@assistant.example.test'),
  ('b', 'ben@assistant.example.test'),
  ('c', 'cleo@assistant.example.test'),
  ('d', 'dov@assistant.example.test')
) as p (letter, email)
left join auth.users u on u.email = p.email;

do $$
declare
  v_missing text := (select string_agg(email, ', ') from pg_temp.seed_people where id is null);
begin
  if v_missing is not null then
    raise exception using
      errcode = 'no_data_found',
      message = 'these people have no account: ' || v_missing,
      hint    = 'Run assistant_people.sql, or sign them up, and seed again.';
  end if;
end $$;

-- 1 sessions: one to restore, one that has ended ---------------------------------------------------------------------

insert into assistant.sessions (id, user_id, metadata, expires_at, created_at)
select (p.prefix || '00000001' || lpad(v.n::text, 4, '0'))::uuid, p.id, v.metadata::jsonb, now() + v.expires, now() + v.created
from seed_people p
join (values
  ('a', 1, '{"preferences": {"tone": "friendly"}, "last_viewed": {"type": "calls", "id": "512001"}, "filters": {"owner": "me"}}', interval '29 days', interval '-1 day'),
  ('a', 2, '{"preferences": {}, "last_viewed": null}',                                                                           interval '-2 days', interval '-32 days'),
  ('b', 1, '{"preferences": {"tone": "formal"}, "filters": {"status": "open"}}',                                                 interval '20 days', interval '-10 days'),
  ('c', 1, '{}',                                                                                                                interval '5 days',  interval '-25 days')
) as v (letter, n, metadata, expires, created) using (letter)
on conflict do nothing;

-- 2 hubspot_connections, 3 hubspot_connection_secrets -----------------------------------------------------------------
-- What is sealed here opens with no key: a connection of the demonstration asks to be connected again.

insert into assistant.hubspot_connections (id, user_id, portal_id, hubspot_user_id, scopes, status, token_expires_at, last_error)
select (p.prefix || '000000020001')::uuid, p.id, v.portal_id, v.hubspot_user_id, string_to_array(v.scopes, ' '), v.status, now() + v.expires, v.last_error
from seed_people p
join (values
  ('a', '24680135', '7001', 'oauth crm.objects.contacts.read crm.objects.contacts.write crm.objects.deals.read', 'active',  interval '25 minutes', null),
  ('b', '24680135', '7002', 'oauth crm.objects.contacts.read',                                                   'active',  interval '3 minutes',  null),
  ('c', '97531086', '8001', 'oauth crm.objects.contacts.read crm.objects.contacts.write',                        'expired', interval '-9 days',    'BAD_REFRESH_TOKEN')
) as v (letter, portal_id, hubspot_user_id, scopes, status, expires, last_error) using (letter)
on conflict do nothing;

insert into assistant.hubspot_connection_secrets (id, connection_id, access_token, refresh_token, key_id)
select (p.prefix || '000000030001')::uuid, (p.prefix || '000000020001')::uuid, 'sealed:demonstration', 'sealed:demonstration', 'demonstration'
from seed_people p
where p.letter in ('a', 'b')
on conflict do nothing;

-- 4 ai_processing_logs: done, failed, under way ------------------------------------------------------------------------

insert into assistant.ai_processing_logs
  (id, user_id, activity_id, activity_type, activity_updated_at, input_notes, status, processed_at, confidence_scores, model, error_code, created_at)
select (p.prefix || '00000004' || lpad(v.n::text, 4, '0'))::uuid, p.id, v.activity_id, v.activity_type, now() - interval '3 days', v.notes, v.status,
       case when v.status <> 'running' then now() - interval '2 days' end, v.scores::jsonb, v.model, v.error_code, now() - interval '2 days'
from seed_people p
join (values
  ('a', 1, '512001', 'calls',    'Called Petra about the renewal. Wants the annual price by Friday; worried about onboarding.', 'succeeded', '{"drafts": 0.86, "dates": 0.71}', 'small-writer-1', null),
  ('a', 2, '512002', 'emails',   'Re: pricing. They ask for two references in logistics.',                                     'failed',    '{}',                             'small-writer-1', 'LLM_INVALID_OUTPUT'),
  ('a', 3, '512003', 'tasks',    'Send the security questionnaire back.',                                                      'running',   '{}',                             null,             null),
  ('b', 1, '512001', 'calls',    'Petra (renewal): Ada is on it, I follow up on onboarding.',                                  'succeeded', '{"drafts": 0.64}',               'small-writer-1', null),
  ('c', 1, '990017', 'meetings', 'Kick-off with the Trento team: scope, dates, who signs.',                                    'succeeded', '{"drafts": 0.92, "dates": 0.9}', 'small-writer-1', null)
) as v (letter, n, activity_id, activity_type, notes, status, scores, model, error_code) using (letter)
on conflict do nothing;

-- 5 ai_generated_drafts, 6 touch_date_recommendations ----------------------------------------------------------------------

insert into assistant.ai_generated_drafts (id, log_id, activity_id, activity_type, draft_text, tone, confidence, selected, applied_at)
select (p.prefix || '00000005' || lpad(v.n::text, 4, '0'))::uuid, l.id, l.activity_id, l.activity_type, v.draft_text, v.tone, v.confidence, v.selected, v.applied_at
from seed_people p
join (values
  ('a', 1, 'Hi Petra, as promised here is the annual price. Shall we walk through onboarding on Thursday?', 'friendly', 0.910, true,  now() - interval '1 day'),
  ('a', 2, 'Dear Ms Novak, please find attached our annual offer, and the onboarding plan you asked for.',   'formal',   0.830, false, null),
  ('a', 3, 'Annual price attached. Onboarding call Thursday?',                                               'brief',    0.780, false, null),
  ('b', 1, 'Hi Petra, a word on onboarding: your team needs two half days, and we bring the templates.',      'friendly', 0.640, false, null),
  ('c', 1, 'Gentili colleghi, ecco il riepilogo del nostro incontro e i prossimi passi.',                     'formal',   0.920, true,  null)
) as v (letter, n, draft_text, tone, confidence, selected, applied_at) using (letter)
join assistant.ai_processing_logs l on l.id = (p.prefix || '000000040001')::uuid
on conflict do nothing;

insert into assistant.touch_date_recommendations (id, log_id, activity_id, activity_type, recommended_start, recommended_due, confidence, applied, applied_at)
select (p.prefix || '00000006' || lpad(v.n::text, 4, '0'))::uuid, l.id, l.activity_id, l.activity_type, now() + v.starts, now() + v.due, v.confidence, v.applied_at is not null, v.applied_at
from seed_people p
join (values
  ('a', 1, interval '1 day',  interval '2 days',  0.710, now() - interval '1 day'),
  ('a', 2, null,              interval '7 days',  0.400, null),
  ('c', 1, interval '3 days', interval '10 days', 0.900, null)
) as v (letter, n, starts, due, confidence, applied_at) using (letter)
join assistant.ai_processing_logs l on l.id = (p.prefix || '000000040001')::uuid
on conflict do nothing;

-- 7 opportunities: the person's own, and mirrors of deals --------------------------------------------------------------------

insert into assistant.opportunities
  (id, user_id, hubspot_activity_id, hubspot_activity_type, hubspot_deal_id, name, probability, status, amount_cents, currency, fetched_at)
select (p.prefix || '00000007' || lpad(v.n::text, 4, '0'))::uuid, p.id, v.activity_id, v.activity_type, v.deal_id, v.name, v.probability, v.status, v.amount_cents, v.currency,
       case when v.deal_id is not null then now() - interval '10 minutes' end
from seed_people p
join (values
  ('a', 1, '512001', 'calls', null,        'Novak renewal',       0.800::numeric, 'open', 1250000::bigint, 'EUR'),
  ('a', 2, null,     null,    '330044001', 'Tidal Freight pilot', 0.400,          'open', 3600000,         'EUR'),
  ('a', 3, null,     null,    null,        'Old lead',            0.000,          'lost', null,            'EUR'),
  ('b', 1, null,     null,    '330044001', 'Tidal Freight pilot', 0.400,          'open', 3600000,         'EUR'),
  ('c', 1, '990017', 'meetings', null,     'Trento rollout',      0.950,          'won',  8800000,         'EUR')
) as v (letter, n, activity_id, activity_type, deal_id, name, probability, status, amount_cents, currency) using (letter)
on conflict do nothing;
