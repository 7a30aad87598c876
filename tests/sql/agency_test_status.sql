-- Where a client stands, case by case. Needs the migrations and the seed; leaves nothing behind.

begin;

-- Each case is a client of its own. Days are days ago; a money column is an amount in cents.
create temporary table cases (
  n integer, expected text, status text, created integer, contact integer, mood text, mood_at integer,
  project text, deal text, deal_cents integer, talks integer, overdue integer, why text
) on commit drop;
insert into cases values
  ( 1, 'lead',     'prospective',   1, null, null,       null, null,        null,   null, 0, null, 'new, nothing known'),
  ( 2, 'lead',     'onboarding',    1, null, null,       null, 'draft',     'open', null, 1, null, 'a deal without an amount, one talk'),
  ( 3, 'prospect', 'prospective',  30, null, null,       null, null,        'open', 100,  0, null, 'a deal with an amount'),
  ( 4, 'prospect', 'prospective',  30, null, null,       null, null,        null,   null, 2, null, 'two talks'),
  ( 5, 'active',   'active',      400,    1, null,       null, 'active',    null,   null, 0, null, 'a running project'),
  ( 6, 'active',   'active',      400,    1, null,       null, null,        'won',  100,  0, null, 'a deal won'),
  ( 7, 'active',   'active',      400,   44, 'negative',   31, 'on_hold',   null,   null, 0,   29, 'just before every threshold'),
  ( 8, 'at_risk',  'active',      400,   46, null,       null, 'active',    null,   null, 0, null, 'silent for more than 45 days'),
  ( 9, 'at_risk',  'active',      400,    1, 'negative',   29, 'active',    null,   null, 0, null, 'was unhappy within 30 days'),
  (10, 'active',   'active',      400,    1, 'positive',    1, 'active',    null,   null, 0, null, 'is happy'),
  (11, 'at_risk',  'active',      400,    1, null,       null, 'planned',   null,   null, 0,   31, 'an invoice 31 days overdue'),
  (12, 'at_risk',  'active',      400,  300, null,       null, 'active',    null,   null, 0, null, 'silent for long, but the project runs'),
  (13, 'lost',     'closed',      400,    1, null,       null, 'active',    'open', 100,  0, null, 'closed, whatever else'),
  (14, 'lost',     'prospective',  30,    1, null,       null, null,        'lost', 100,  0, null, 'said no'),
  (15, 'lost',     'active',      400,  181, null,       null, 'completed', null,   null, 0, null, 'done, and silent for more than 180 days'),
  (16, 'active',   'active',      400,   20, null,       null, 'completed', null,   null, 0, null, 'done, and in touch'),
  (17, 'lost',     'prospective', 181, null, null,       null, null,        null,   null, 0, null, 'never spoken to in 180 days'),
  (18, 'at_risk',  'active',      400,   60, null,       null, 'completed', 'lost', 100,  0, null, 'a customer who said no to the next project');

insert into agency.clients (id, org_id, name, status, created_at, last_contact_at, last_sentiment, last_sentiment_at)
select ('a0000000-0000-4000-8000-00000004' || 8000 + n)::uuid, 'a0000000-0000-4000-8000-000000000001', why, 'paused',
       now() - make_interval(days => created), now() - make_interval(days => contact), mood::agency.crm_sentiment, now() - make_interval(days => mood_at)
from cases;
insert into agency.projects (org_id, client_id, name, status)
select 'a0000000-0000-4000-8000-000000000001', ('a0000000-0000-4000-8000-00000004' || 8000 + n)::uuid, 'p', project from cases where project is not null;
insert into agency.crm_deals (org_id, client_id, pipeline_id, stage_id, title, status, amount_cents)
select 'a0000000-0000-4000-8000-000000000001', ('a0000000-0000-4000-8000-00000004' || 8000 + n)::uuid,
       'a0000000-0000-4000-8000-000000270001', 'a0000000-0000-4000-8000-000000280001', 'd', deal, deal_cents from cases where deal is not null;
insert into agency.invoices (org_id, client_id, number, status, amount_cents, due_on)
select 'a0000000-0000-4000-8000-000000000001', ('a0000000-0000-4000-8000-00000004' || 8000 + n)::uuid, 'case-' || n, 'sent', 100,
       (now() at time zone 'UTC')::date - overdue from cases where overdue is not null;
-- Interactions as such, without what their handler would add to the client.
alter table agency.crm_interactions disable trigger handle_new_crm_interaction;
insert into agency.crm_interactions (org_id, client_id, type, occurred_at)
select 'a0000000-0000-4000-8000-000000000001', ('a0000000-0000-4000-8000-00000004' || 8000 + n)::uuid, 'call', now() - interval '10 days'
from cases cross join lateral generate_series(1, talks);
update agency.clients c set status = s.status from cases s where c.id = ('a0000000-0000-4000-8000-00000004' || 8000 + s.n)::uuid and s.status <> 'onboarding';

do $$
declare
  v_case record;
begin
  for v_case in
    select c.*, agency.get_client_classification(('a0000000-0000-4000-8000-00000004' || 8000 + c.n)::uuid) as got,
           (select v.classification from agency.client_crm_status v where v.client_id = ('a0000000-0000-4000-8000-00000004' || 8000 + c.n)::uuid) as shown
    from cases c order by n
  loop
    perform pg_temp.holds(format('case %s, %s: %s, not %s', v_case.n, v_case.why, v_case.expected, v_case.got),
      v_case.got = v_case.expected and v_case.shown = v_case.expected);
  end loop;
end $$;

select pg_temp.holds('every class occurs', (select count(distinct expected) = 5 from cases));
select pg_temp.holds('no client, no class', agency.get_client_classification(gen_random_uuid()) is null);
select pg_temp.holds('figures leave out what is retired', (
  select (contacts, running_projects, open_deals, open_deal_cents, outstanding_cents)
    = (1::bigint, 1::bigint, 1::bigint, '{"EUR": 1080000}'::jsonb, '{"EUR": 45000}'::jsonb)
  from agency.client_crm_status where client_id = 'a0000000-0000-4000-8000-000000040001'));

-- What was spent on LLM calls: this month's, rounded up once.
insert into agency.ai_run_logs (org_id, purpose, provider, model, status, cost_cents, created_at)
select 'a0000000-0000-4000-8000-000000000001', 'test', 'example', 'm', 'succeeded', 0.3, t.at
from (values (now()), (now()), (now()), (now()), (date_trunc('month', now(), 'UTC')), (date_trunc('month', now(), 'UTC') - interval '1 second')) t (at);
select pg_temp.holds('five times 0.3 cents are 2 cents', agency.get_ai_spend('a0000000-0000-4000-8000-000000000001') = 2);
select pg_temp.holds('nothing spent is 0', agency.get_ai_spend('b0000000-0000-4000-8000-000000000001') = 0);

rollback;
