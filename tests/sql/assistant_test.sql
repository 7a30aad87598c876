-- The assistant's constraints, what each person can do, and what deleting does. Needs the migrations, the generated policies
-- included, and the seed; leaves nothing behind.

begin;

create temporary table person on commit drop as
select split_part(email, '@', 1) as name, id from auth.users where email like '%@assistant.example.test';
grant select on person to authenticated;

-- Constraints.
select pg_temp.fails('23503', $$insert into assistant.ai_generated_drafts (log_id, activity_type, activity_id, draft_text, tone, confidence)
  values ('a0000000-0000-4000-8000-000000040001', 'emails', '512001', 'x', 'x', 0.5)$$);
select pg_temp.fails('23514', $$update assistant.ai_generated_drafts set confidence = 1.5$$);
select pg_temp.fails('23514', $$update assistant.ai_processing_logs set activity_type = 'deals'$$);
select pg_temp.fails('23514', $$update assistant.touch_date_recommendations set applied = true where applied_at is null$$);
select pg_temp.fails('23514', $$update assistant.touch_date_recommendations set recommended_due = recommended_start - interval '1 day'$$);
select pg_temp.fails('23514', $$update assistant.touch_date_recommendations set recommended_start = null, recommended_due = null$$);
select pg_temp.fails('23514', $$update assistant.opportunities set fetched_at = null$$);
select pg_temp.fails('23514', $$update assistant.opportunities set hubspot_activity_id = '1', hubspot_activity_type = null$$);
select pg_temp.fails('23505', $$insert into assistant.opportunities (user_id, hubspot_deal_id, fetched_at)
  select user_id, hubspot_deal_id, now() from assistant.opportunities where hubspot_deal_id is not null$$);
select pg_temp.fails('23505', $$insert into assistant.hubspot_connections (user_id, portal_id, token_expires_at)
  select user_id, portal_id, now() from assistant.hubspot_connections$$);

-- One's own, and nothing else: Ada and Ben share a portal and an activity, and see nothing of each other.
select pg_temp.become('ada');
select pg_temp.holds('own sessions',        (select count(*) = 2 from assistant.sessions));
select pg_temp.holds('own runs',            (select count(*) = 3 from assistant.ai_processing_logs));
select pg_temp.holds('drafts of own runs',  (select count(*) = 3 from assistant.ai_generated_drafts));
select pg_temp.holds('dates of own runs',   (select count(*) = 2 from assistant.touch_date_recommendations));
select pg_temp.holds('own opportunities',   (select count(*) = 3 from assistant.opportunities));
select pg_temp.holds('own connection',      (select count(*) = 1 from assistant.hubspot_connections));
select pg_temp.fails('42501', 'select from assistant.hubspot_connection_secrets');

-- Choosing is all a person does with what the AI made.
select pg_temp.holds('chosen', pg_temp.touched($$update assistant.ai_generated_drafts set selected = true where id = 'a0000000-0000-4000-8000-000000050002'$$) = 1);
select pg_temp.holds('not another''s', pg_temp.touched($$update assistant.ai_generated_drafts set selected = true where id = 'b0000000-0000-4000-8000-000000050001'$$) = 0);
select pg_temp.fails('42501', $$update assistant.ai_generated_drafts set draft_text = 'mine'$$);
select pg_temp.fails('42501', $$update assistant.ai_generated_drafts set applied_at = now()$$);
select pg_temp.fails('42501', $$update assistant.touch_date_recommendations set applied = true$$);
select pg_temp.fails('42501', $$update assistant.touch_date_recommendations set confidence = 1$$);
select pg_temp.fails('42501', $$delete from assistant.ai_processing_logs$$);
select pg_temp.fails('42501', $$delete from assistant.ai_generated_drafts$$);
select pg_temp.fails('42501', $$insert into assistant.ai_processing_logs (user_id, activity_id, activity_type) select id, '1', 'calls' from person where name = 'ada'$$);
select pg_temp.fails('42501', $$update assistant.hubspot_connections set status = 'active'$$);

-- Sessions and opportunities are people's own; mirrored deals are HubSpot's.
insert into assistant.sessions (metadata) values ('{}');
select pg_temp.holds('a new session is the caller''s', (select count(*) = 3 from assistant.sessions));
select pg_temp.fails('42501', $$insert into assistant.sessions (user_id) select id from person where name = 'ben'$$);
select pg_temp.fails('42501', $$update assistant.sessions set user_id = (select id from person where name = 'ben')$$);
select pg_temp.holds('a new opportunity is the caller''s', pg_temp.touched($$insert into assistant.opportunities (name) values ('Walk-in')$$) = 1);
select pg_temp.fails('42501', $$insert into assistant.opportunities (hubspot_deal_id, fetched_at) values ('1', now())$$);
select pg_temp.holds('own ones change', pg_temp.touched($$update assistant.opportunities set status = 'won' where name = 'Novak renewal'$$) = 1);
select pg_temp.holds('mirrors do not',  pg_temp.touched($$update assistant.opportunities set status = 'won' where name = 'Tidal Freight pilot'$$) = 0);
select pg_temp.holds('nor do they go',  pg_temp.touched($$delete from assistant.opportunities where name = 'Tidal Freight pilot'$$) = 0);

select pg_temp.become('dov');
select pg_temp.holds('who is new has nothing', not exists (select from assistant.sessions) and not exists (select from assistant.ai_generated_drafts));

-- The Worker.
select set_config('role', 'countersign_edge', true), set_config('request.jwt.claims', '{"role": "countersign_edge"}', true);
select pg_temp.holds('applied, once', pg_temp.touched($$update assistant.touch_date_recommendations set applied = true, applied_at = now()
  where id = 'a0000000-0000-4000-8000-000000060002' and not applied$$) = 1);
select pg_temp.holds('not twice', pg_temp.touched($$update assistant.touch_date_recommendations set applied = true, applied_at = now()
  where id = 'a0000000-0000-4000-8000-000000060002' and not applied$$) = 0);
select pg_temp.holds('a portal''s connections', (select count(*) = 2 from assistant.hubspot_connections where portal_id = '24680135'));
select pg_temp.holds('tokens are replaced', pg_temp.touched($$update assistant.hubspot_connection_secrets set access_token = 'sealed:next'$$) = 2);
select pg_temp.fails('42501', $$update assistant.ai_generated_drafts set draft_text = 'better'$$);
select pg_temp.fails('42501', $$insert into assistant.sessions (user_id) select gen_random_uuid()$$);

-- A run ends whole or not at all, and once.
select pg_temp.fails('23514', $$select countersign_edge.finish_assistant_run('a0000000-0000-4000-8000-000000040003', 'm', '{}',
  '[{"tone": "brief", "text": "a draft", "confidence": 0.5}]', '[{"start": "2027-01-02", "due": "2027-01-01", "confidence": 0.5}]')$$);
select pg_temp.holds('one that fails is as it was',
  (select status = 'running' from assistant.ai_processing_logs where id = 'a0000000-0000-4000-8000-000000040003')
  and not exists (select from assistant.ai_generated_drafts where log_id = 'a0000000-0000-4000-8000-000000040003'));
select countersign_edge.finish_assistant_run('a0000000-0000-4000-8000-000000040003', 'm', '{"drafts": 0.5}',
  '[{"tone": "brief", "text": "a draft", "confidence": 0.5}]', '[{"start": null, "due": "2027-01-01T09:00:00Z", "confidence": 0.25}]');
select pg_temp.holds('one that ends has what it proposes',
  (select status = 'succeeded' and processed_at is not null from assistant.ai_processing_logs where id = 'a0000000-0000-4000-8000-000000040003')
  and (select count(*) = 1 and min(activity_id) = '512003' from assistant.ai_generated_drafts where log_id = 'a0000000-0000-4000-8000-000000040003')
  and (select count(*) = 1 and not bool_or(applied) from assistant.touch_date_recommendations where log_id = 'a0000000-0000-4000-8000-000000040003'));
select pg_temp.fails('P0002', $$select countersign_edge.finish_assistant_run('a0000000-0000-4000-8000-000000040003', 'm', '{}', '[]', '[]')$$);
reset role;

-- What is part of something goes with it, and everything goes with its person.
delete from assistant.ai_processing_logs where id = 'c0000000-0000-4000-8000-000000040001';
select pg_temp.holds('drafts and dates go with their run',
  not exists (select from assistant.ai_generated_drafts where id::text like 'c0000000-%') and not exists (select from assistant.touch_date_recommendations where id::text like 'c0000000-%'));
delete from assistant.hubspot_connections where id = 'b0000000-0000-4000-8000-000000020001';
select pg_temp.holds('tokens go with their connection', not exists (select from assistant.hubspot_connection_secrets where id::text like 'b0000000-%'));
delete from auth.users where id = (select id from person where name = 'ada');
select pg_temp.holds('nothing is left of a person',
  not exists (select from assistant.sessions where id::text like 'a0000000-%') and not exists (select from assistant.ai_processing_logs where id::text like 'a0000000-%')
  and not exists (select from assistant.ai_generated_drafts where id::text like 'a0000000-%') and not exists (select from assistant.opportunities where id::text like 'a0000000-%')
  and not exists (select from assistant.hubspot_connections where id::text like 'a0000000-%') and not exists (select from assistant.hubspot_connection_secrets where id::text like 'a0000000-%'));
select pg_temp.holds('and the others are still there', (select count(*) = 1 from assistant.ai_processing_logs where id::text like 'b0000000-%'));

rollback;
