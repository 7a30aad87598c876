-- Two organizations, Northwind Studio (A) and Harbor Labs (B), with rows in all 32 tables.
--
-- The people must have accounts already (agency_people.sql, or the sign-up API); they are found by e-mail.
-- Safe to run twice. Run it as the owner of the tables.
--
-- Ids can be read: <organization>0000000-0000-4000-8000-<table, 8 digits><row, 4 digits>, the tables numbered as they
-- come below. Both organizations have the same row numbers: 1 and 2 are active, 3 is archived, 4 is deleted, 5 (a client)
-- is being onboarded, so that what the handlers add is here as well.

drop table if exists pg_temp.seed_people;
create temporary table seed_people as
select p.*, u.id
from (values
  ('owner.a@example.test',   'a', 'owner',  'active',  'Olga'),
  ('admin.a@example.test',   'a', 'admin',  'active',  'Adrian'),
  ('member.a@example.test',  'a', 'member', 'active',  'Mei'),
  ('viewer.a@example.test',  'a', 'viewer', 'active',  'Victor'),
  ('removed.a@example.test', 'a', 'admin',  'removed', 'Rosa'),
  ('invited.a@example.test', 'a', 'member', 'invited', 'Ivo'),
  ('both@example.test',      'a', 'admin',  'active',  'Bo'),
  ('owner.b@example.test',   'b', 'owner',  'active',  'Oscar'),
  ('admin.b@example.test',   'b', 'admin',  'active',  'Anita'),
  ('member.b@example.test',  'b', 'member', 'active',  'Marco'),
  ('viewer.b@example.test',  'b', 'viewer', 'active',  'Vera'),
  ('both@example.test',      'b', 'viewer', 'active',  'Bo'),
  ('nobody@example.test',    null, null,    null,      'Nina')
) as p (email, org, role, status, name)
left join auth.users u on u.email = p.email;

do $$
declare
  v_missing text := (select string_agg(distinct email, ', ') from pg_temp.seed_people where id is null);
begin
  if v_missing is not null then
    raise exception using
      errcode = 'no_data_found',
      message = 'these people have no account: ' || v_missing,
      hint    = 'Run agency_people.sql, or sign them up, and seed again.';
  end if;
end $$;

drop table if exists pg_temp.seed_orgs;
create temporary table seed_orgs as
select
  o.letter,
  o.letter || '0000000-0000-4000-8000-' as prefix,
  (o.letter || '0000000-0000-4000-8000-000000000001')::uuid as org_id,
  (select id from pg_temp.seed_people where org = o.letter and role = 'owner' and status = 'active')  as owner,
  (select id from pg_temp.seed_people where org = o.letter and role = 'member' and status = 'active') as member
from (values ('a'), ('b')) as o (letter);

-- 1 organizations, 2 profiles, 3 team_members ---------------------------------------------------------------------
-- created_by comes last: founding an organization makes the founder its first member, under an id of its own.

insert into agency.organizations (id, name, ai_monthly_budget_cents, guest_wizard, settings)
select o.org_id, v.name, v.budget, v.guest_wizard, v.settings::jsonb
from seed_orgs o
join (values
  ('a', 'Northwind Studio', 5000, true,  '{"language": "en"}'),
  ('b', 'Harbor Labs',      2500, false, '{"language": "en", "fiscal_year_start": "04-01"}')
) as v (letter, name, budget, guest_wizard, settings) using (letter)
on conflict do nothing;

insert into agency.profiles (id, display_name, email, timezone)
select distinct on (p.id) p.id, p.name, p.email, case p.org when 'b' then 'America/New_York' else 'Europe/Berlin' end
from seed_people p
order by p.id, p.org
on conflict do nothing;

insert into agency.team_members (id, org_id, user_id, role, status, display_name, invited_by)
select (o.prefix || '00000003' || lpad(row_number() over (partition by p.org order by p.email)::text, 4, '0'))::uuid,
       o.org_id, p.id, p.role, p.status, p.name, o.owner
from seed_people p
join seed_orgs o on o.letter = p.org
on conflict do nothing;

update agency.organizations g set created_by = o.owner
from seed_orgs o
where g.id = o.org_id and g.created_by is null;

-- 27 crm_pipelines, 28 crm_stages: early, since a client in onboarding goes into the default pipeline ---------------

insert into agency.crm_pipelines (id, org_id, name, is_default, record_status)
select (o.prefix || '00000027' || lpad(v.n::text, 4, '0'))::uuid, o.org_id, v.name, v.is_default, v.record_status
from seed_orgs o
cross join (values
  (1, 'Sales',       true,  'active'),
  (2, 'Renewals',    false, 'active'),
  (3, 'Sales 2025',  false, 'archived'),
  (4, 'Sales (old)', false, 'deleted')
) as v (n, name, is_default, record_status)
on conflict do nothing;

insert into agency.crm_stages (id, org_id, pipeline_id, name, position, outcome)
select (o.prefix || '00000028' || lpad(v.n::text, 4, '0'))::uuid, o.org_id,
       (o.prefix || '00000027' || lpad(v.pipeline::text, 4, '0'))::uuid, v.name, v.position, v.outcome
from seed_orgs o
cross join (values
  (1, 1, 'Lead',      1, 'open'),
  (2, 1, 'Qualified', 2, 'open'),
  (3, 1, 'Proposal',  3, 'open'),
  (4, 1, 'Won',       4, 'won'),
  (5, 1, 'Lost',      5, 'lost'),
  (6, 2, 'Due',       1, 'open'),
  (7, 2, 'Renewed',   2, 'won'),
  (8, 2, 'Ended',     3, 'lost')
) as v (n, pipeline, name, position, outcome)
on conflict do nothing;

-- 4 clients, 5 projects ---------------------------------------------------------------------------------------------

insert into agency.clients (id, org_id, name, company, email, industry, status, owner_id, external_source, external_id, record_status, created_by)
select (o.prefix || '00000004' || lpad(v.n::text, 4, '0'))::uuid, o.org_id, v.name, v.company, v.email, v.industry, v.status, o.member,
       case when v.n = 1 then 'hubspot' end, case when v.n = 1 then '90000000' || v.n end, v.record_status, o.owner
from seed_orgs o
join (values
  ('a', 1, 'Blue Heron Coffee',  'Blue Heron Coffee Roasters GmbH', 'hello@blueheron.example',  'food',       'active',      'active'),
  ('a', 2, 'Larkspur Dental',    'Larkspur Dental Group',           'office@larkspur.example',  'health',     'prospective', 'active'),
  ('a', 3, 'Old Mill Books',     null,                              'shop@oldmill.example',     'retail',     'closed',      'archived'),
  ('a', 4, 'Blue Heron (twice)', null,                              null,                       null,         'paused',      'deleted'),
  ('a', 5, 'Fern & Fable',       'Fern & Fable Ltd',                'hi@fernfable.example',     'publishing', 'onboarding',  'active'),
  ('b', 1, 'Tidewater Logistics','Tidewater Logistics Inc.',        'ops@tidewater.example',    'transport',  'active',      'active'),
  ('b', 2, 'Cobalt Legal',       'Cobalt Legal LLP',                'desk@cobalt.example',      'law',        'prospective', 'active'),
  ('b', 3, 'Pier Nine Gallery',  null,                              'info@piernine.example',    'art',        'closed',      'archived'),
  ('b', 4, 'Test entry',         null,                              null,                       null,         'paused',      'deleted'),
  ('b', 5, 'Saltbox Homes',      'Saltbox Homes Co.',               'build@saltbox.example',    'building',   'onboarding',  'active')
) as v (letter, n, name, company, email, industry, status, record_status) using (letter)
on conflict do nothing;

insert into agency.projects (id, org_id, client_id, name, description, status, priority, lead_id, starts_on, due_on, budget_cents, record_status, created_by)
select (o.prefix || '00000005' || lpad(v.n::text, 4, '0'))::uuid, o.org_id,
       (o.prefix || '00000004' || lpad(v.client::text, 4, '0'))::uuid, v.name, v.description, v.status, v.priority, o.member,
       v.starts_on::date, v.due_on::date, v.budget, v.record_status, o.owner
from seed_orgs o
join (values
  ('a', 1, 1, 'Support assistant',   'Answers the questions of wholesale customers.', 'active',    'high',   '2026-02-02', '2026-08-31', 4800000, 'active'),
  ('a', 2, 2, 'Appointment reminders', null,                                          'planned',   'normal', null,         '2026-12-15', 1500000, 'active'),
  ('a', 3, 3, 'Catalog texts',       'Descriptions for 4,000 used books.',            'completed', 'low',    '2025-03-03', '2025-06-30',  900000, 'archived'),
  ('a', 4, 1, 'Support assistant (copy)', null,                                       'draft',     'normal', null,         null,            null, 'deleted'),
  ('b', 1, 1, 'Dispatch copilot',    'Plans routes from free-text orders.',           'active',    'urgent', '2026-01-12', '2026-09-30', 7200000, 'active'),
  ('b', 2, 2, 'Clause search',       null,                                            'planned',   'normal', null,         '2026-11-30', 2600000, 'active'),
  ('b', 3, 3, 'Visitor guide',       'Audio guide in three languages.',               'completed', 'low',    '2025-01-06', '2025-05-31', 1100000, 'archived'),
  ('b', 4, 1, 'Dispatch (draft)',    null,                                            'draft',     'normal', null,         null,            null, 'deleted')
) as v (letter, n, client, name, description, status, priority, starts_on, due_on, budget, record_status) using (letter)
on conflict do nothing;

-- 6 wizard_sessions to 11 tasks -------------------------------------------------------------------------------------
-- Snapshots and roadmaps are written out here; only sessions still in progress refer to a project, so no handler runs.

insert into agency.wizard_sessions (id, org_id, project_id, status, current_step, guest, metadata, created_by)
select (o.prefix || '00000006' || lpad(v.n::text, 4, '0'))::uuid, o.org_id,
       case when v.project is not null then (o.prefix || '00000005' || lpad(v.project::text, 4, '0'))::uuid end,
       v.status, v.step, v.guest, v.metadata::jsonb, case when v.guest then null else o.member end
from seed_orgs o
join (values
  ('a', 1, 1,    'in_progress', 'goals',    false, '{}'),
  ('a', 2, null, 'completed',   'done',     false, '{"entry": "pricing page"}'),
  ('a', 3, null, 'in_progress', 'business', true,  '{"entry": "home page"}'),
  ('b', 1, 1,    'in_progress', 'data',     false, '{}'),
  ('b', 2, null, 'completed',   'done',     false, '{}'),
  ('b', 3, null, 'abandoned',   'business', false, '{}')
) as v (letter, n, project, status, step, guest, metadata) using (letter)
on conflict do nothing;

insert into agency.wizard_answers (id, org_id, session_id, step_key, answer, created_by)
select (o.prefix || '00000007' || lpad(v.n::text, 4, '0'))::uuid, o.org_id,
       (o.prefix || '00000006' || lpad(v.session::text, 4, '0'))::uuid, v.step, v.answer::jsonb, case when v.session < 3 then o.member end
from seed_orgs o
cross join (values
  (1, 1, 'business', '{"text": "We sell to small shops and to a few chains."}'),
  (2, 1, 'goals',    '{"text": "Answer within the hour.", "deadline": "2026-08-31"}'),
  (3, 2, 'business', '{"text": "A practice with four rooms."}'),
  (4, 3, 'business', '{"text": "Just looking around."}')
) as v (n, session, step, answer)
on conflict do nothing;

insert into agency.context_snapshots (id, org_id, project_id, session_id, version, summary, metrics, created_by)
select (o.prefix || '00000008' || lpad(v.n::text, 4, '0'))::uuid, o.org_id,
       (o.prefix || '00000005' || lpad(v.project::text, 4, '0'))::uuid,
       case when v.session is not null then (o.prefix || '00000006' || lpad(v.session::text, 4, '0'))::uuid end,
       v.version, v.summary, v.metrics::jsonb, o.member
from seed_orgs o
cross join (values
  (1, 1, null, 1, 'Two people answer 60 mails a day, within nine hours on average.', '{"mails_per_day": 60, "hours_to_answer": 9, "channels": ["email"]}'),
  (2, 1, 2,    2, 'With the assistant on drafts: 75 mails a day, within two hours.', '{"mails_per_day": 75, "hours_to_answer": 2, "channels": ["email", "chat"]}'),
  (3, 2, null, 1, 'One in nine appointments is missed.',                             '{"missed_share": 0.11}')
) as v (n, project, session, version, summary, metrics)
on conflict do nothing;

insert into agency.roadmaps (id, org_id, project_id, snapshot_id, version, title, summary, status, starts_on, record_status)
select (o.prefix || '00000009' || lpad(v.n::text, 4, '0'))::uuid, o.org_id,
       (o.prefix || '00000005' || lpad(v.project::text, 4, '0'))::uuid,
       case when v.snapshot is not null then (o.prefix || '00000008' || lpad(v.snapshot::text, 4, '0'))::uuid end,
       v.version, v.title, v.summary, v.status, v.starts_on::date, v.record_status
from seed_orgs o
cross join (values
  (1, 1, 1,    1, 'Drafts first',      'Suggest answers; people send them.',  'superseded', '2026-02-02', 'archived'),
  (2, 1, 2,    2, 'From drafts to chat', 'Answer the simple half by itself.', 'in_review',  '2026-06-01', 'active'),
  (3, 2, 3,    1, 'Reminders',         null,                                  'draft',      null,         'active'),
  (4, 1, null, 3, 'Mistaken copy',     null,                                  'draft',      null,         'deleted')
) as v (n, project, snapshot, version, title, summary, status, starts_on, record_status)
on conflict do nothing;

insert into agency.roadmap_phases (id, org_id, project_id, roadmap_id, phase_number, title, objective, duration_days)
select (o.prefix || '00000010' || lpad((10 * r.n + v.phase)::text, 4, '0'))::uuid, o.org_id,
       (o.prefix || '00000005' || lpad(r.project::text, 4, '0'))::uuid,
       (o.prefix || '00000009' || lpad(r.n::text, 4, '0'))::uuid, v.phase, v.title, v.objective, v.days
from seed_orgs o
cross join (values (1, 1), (2, 1), (3, 2)) as r (n, project)
cross join (values
  (1, 'Foundation', 'Agree on goals, data and access.',      30),
  (2, 'Build',      'Bring it into daily use.',              60),
  (3, 'Scale',      'Extend what works, and hand it over.',  90)
) as v (phase, title, objective, days)
on conflict do nothing;

insert into agency.tasks (id, org_id, project_id, phase_id, title, status, priority, position, assignee_id, due_on, record_status, created_by)
select (o.prefix || '00000011' || lpad(v.n::text, 4, '0'))::uuid, o.org_id,
       (o.prefix || '00000005' || lpad(v.project::text, 4, '0'))::uuid,
       case when v.phase is not null then (o.prefix || '00000010' || lpad(v.phase::text, 4, '0'))::uuid end,
       v.title, v.status, v.priority, v.n, case when v.assigned then o.member end, v.due_on::date, v.record_status, o.member
from seed_orgs o
cross join (values
  (1, 1, 21,   'Collect a month of mails',       'backlog',     'high',   true,  '2026-06-12', 'active'),
  (2, 1, 21,   'Agree on what it may answer',    'in_progress', 'urgent', true,  '2026-06-05', 'active'),
  (3, 1, 11,   'First drafts in the mailbox',    'done',        'normal', true,  '2026-02-27', 'archived'),
  (4, 1, 22,   'Twice in the list',              'backlog',     'low',    false, null,         'deleted'),
  (5, 1, null, 'Send the quarterly report',      'open',        'normal', false, '2026-07-03', 'active'),
  (6, 2, 31,   'Ask for access to the calendar', 'blocked',     'high',   true,  '2026-10-01', 'active')
) as v (n, project, phase, title, status, priority, assigned, due_on, record_status)
on conflict do nothing;

-- 12 ai_run_logs, 13 ai_cache, 14 analytics -------------------------------------------------------------------------

insert into agency.ai_run_logs (id, org_id, project_id, user_id, purpose, provider, model, status, prompt_tokens, completion_tokens, cost_cents, duration_ms, error_code, created_at)
select (o.prefix || '00000012' || lpad(v.n::text, 4, '0'))::uuid, o.org_id,
       case when v.project is not null then (o.prefix || '00000005' || lpad(v.project::text, 4, '0'))::uuid end,
       o.member, v.purpose, 'example', v.model, v.status, v.prompt, v.completion, v.cost, v.ms, v.error, v.at::timestamptz
from seed_orgs o
cross join (values
  (1, 1,    'draft_roadmap',   'large-1', 'succeeded', 5200, 1400, 4.720000, 8100, null,      '2026-05-28T08:15:00Z'),
  (2, 1,    'draft_roadmap',   'large-1', 'cached',       0,    0, 0,          12, null,      '2026-05-28T08:20:00Z'),
  (3, null, 'embed_document',  'embed-1', 'succeeded',  900,    0, 0.001800,  140, null,      '2026-06-01T10:00:00Z'),
  (4, 2,    'summarize_notes', 'small-1', 'failed',    1100,    0, 0.016500, 3000, 'timeout', '2026-06-02T14:30:00Z')
) as v (n, project, purpose, model, status, prompt, completion, cost, ms, error, at)
on conflict do nothing;

insert into agency.ai_cache (id, org_id, cache_key, purpose, model, response, prompt_tokens, completion_tokens, hits, expires_at)
select (o.prefix || '00000013' || lpad(v.n::text, 4, '0'))::uuid, o.org_id, repeat(v.hex, 32), v.purpose, 'large-1', v.response::jsonb,
       5200, 1400, v.hits, v.expires_at::timestamptz
from seed_orgs o
cross join (values
  (1, '0a', 'draft_roadmap',   '{"phases": ["Foundation", "Build", "Scale"]}', 1, '2099-01-01T00:00:00Z'),
  (2, '0b', 'summarize_notes', '{"text": "They want it before the summer."}',  0, '2026-01-01T00:00:00Z')
) as v (n, hex, purpose, response, hits, expires_at)
on conflict do nothing;

insert into agency.analytics (id, org_id, project_id, metric, period, period_start, value, dimensions)
select (o.prefix || '00000014' || lpad(v.n::text, 4, '0'))::uuid, o.org_id,
       case when v.project is not null then (o.prefix || '00000005' || lpad(v.project::text, 4, '0'))::uuid end,
       v.metric, v.period, v.period_start::date, v.value, v.dimensions::jsonb
from seed_orgs o
cross join (values
  (1, 1,    'mails_answered',  'month', '2026-04-01', 1490,  '{"by": "people"}'),
  (2, 1,    'mails_answered',  'month', '2026-05-01', 1710,  '{"by": "people"}'),
  (3, 1,    'hours_to_answer', 'week',  '2026-05-25', 2.25,  '{}'),
  (4, null, 'active_clients',  'month', '2026-05-01', 2,     '{}')
) as v (n, project, metric, period, period_start, value, dimensions)
on conflict do nothing;

-- 15 services to 19 project_services --------------------------------------------------------------------------------

insert into agency.services (id, org_id, name, description, category, status, price_cents, billing, record_status)
select (o.prefix || '00000015' || lpad(v.n::text, 4, '0'))::uuid, o.org_id, v.name, v.description, v.category, v.status, v.price, v.billing, v.record_status
from seed_orgs o
cross join (values
  (1, 'Discovery workshop', 'Two days on site.',          'strategy', 'available',    480000, 'one_time', 'active'),
  (2, 'Operation',          'Monitoring and adjustment.', 'run',      'available',     90000, 'monthly',  'active'),
  (3, 'Fax integration',    null,                         'build',    'discontinued', 250000, 'one_time', 'archived'),
  (4, 'Untitled',           null,                         null,       'draft',          null, 'hourly',   'deleted')
) as v (n, name, description, category, status, price, billing, record_status)
on conflict do nothing;

insert into agency.systems (id, org_id, name, description, category, status, capabilities, record_status)
select (o.prefix || '00000016' || lpad(v.n::text, 4, '0'))::uuid, o.org_id, v.name, v.description, v.category, v.status, v.capabilities::jsonb, v.record_status
from seed_orgs o
cross join (values
  (1, 'Mail assistant',  'Drafts answers from past ones.',    'support',   'available',    '{"channels": ["email"], "languages": ["en", "de"]}', 'active'),
  (2, 'Meeting scribe',  'Notes and tasks out of recordings.', 'knowledge', 'available',    '{"channels": ["audio"], "languages": ["en"]}',       'active'),
  (3, 'Rule-based bot',  null,                                 'support',   'discontinued', '{"channels": ["chat"]}',                             'archived'),
  (4, 'Experiment',      null,                                 null,        'draft',        '{}',                                                 'deleted')
) as v (n, name, description, category, status, capabilities, record_status)
on conflict do nothing;

insert into agency.system_services (id, org_id, system_id, service_id, required)
select (o.prefix || '00000017' || lpad(v.n::text, 4, '0'))::uuid, o.org_id,
       (o.prefix || '00000016' || lpad(v.system::text, 4, '0'))::uuid, (o.prefix || '00000015' || lpad(v.service::text, 4, '0'))::uuid, v.required
from seed_orgs o
cross join (values (1, 1, 1, true), (2, 1, 2, false), (3, 2, 2, true)) as v (n, system, service, required)
on conflict do nothing;

insert into agency.project_systems (id, org_id, project_id, system_id, status, config)
select (o.prefix || '00000018' || lpad(v.n::text, 4, '0'))::uuid, o.org_id,
       (o.prefix || '00000005' || lpad(v.project::text, 4, '0'))::uuid, (o.prefix || '00000016' || lpad(v.system::text, 4, '0'))::uuid, v.status, v.config::jsonb
from seed_orgs o
cross join (values (1, 1, 1, 'live', '{"mailbox": "support"}'), (2, 2, 2, 'planned', '{}')) as v (n, project, system, status, config)
on conflict do nothing;

insert into agency.project_services (id, org_id, project_id, service_id, status, quantity, price_cents)
select (o.prefix || '00000019' || lpad(v.n::text, 4, '0'))::uuid, o.org_id,
       (o.prefix || '00000005' || lpad(v.project::text, 4, '0'))::uuid, (o.prefix || '00000015' || lpad(v.service::text, 4, '0'))::uuid, v.status, v.quantity, v.price
from seed_orgs o
cross join (values (1, 1, 1, 'delivered', 1, 420000), (2, 1, 2, 'in_progress', 12, null), (3, 2, 1, 'planned', 1, null)) as v (n, project, service, status, quantity, price)
on conflict do nothing;

-- 20 documents to 24 milestones -------------------------------------------------------------------------------------
-- The embeddings mean nothing, but they are all different and always the same: row n is sin(n * k), k = 1, 2, 3, ...

insert into agency.documents (id, org_id, project_id, title, kind, content, embedding, embedding_model, metadata, record_status, created_by)
select (o.prefix || '00000020' || lpad(v.n::text, 4, '0'))::uuid, o.org_id,
       case when v.project is not null then (o.prefix || '00000005' || lpad(v.project::text, 4, '0'))::uuid end,
       v.title, v.kind, v.content,
       case when v.embedded then (select array_agg(sin(v.n * k)::real order by k) from generate_series(1, 768) k) end,
       case when v.embedded then 'embed-1' end, v.metadata::jsonb, v.record_status, o.member
from seed_orgs o
cross join (values
  (1, 1,    'Notes from the workshop', 'note',     'They answer most mails from memory.',  true,  '{"tags": ["workshop"]}',           'active'),
  (2, 1,    'Proposal',                'proposal', 'Three phases, fixed price.',           true,  '{"tags": ["pricing", "proposal"]}', 'active'),
  (3, 3,    'Closing report',          'report',   'What was delivered, what was learned.', true,  '{"tags": ["report"]}',             'archived'),
  (4, 1,    'Proposal (draft)',        'proposal', '',                                     true,  '{}',                               'deleted'),
  (5, null, 'Terms',                   'contract', 'Valid from January.',                  true,  '{"tags": ["legal"]}',              'active'),
  (6, 2,    'Recording of the call',   'transcript', '',                                   false, '{}',                               'active')
) as v (n, project, title, kind, content, embedded, metadata, record_status)
on conflict do nothing;

insert into agency.briefs (id, org_id, client_id, project_id, title, status, record_status, created_by)
select (o.prefix || '00000021' || lpad(v.n::text, 4, '0'))::uuid, o.org_id,
       (o.prefix || '00000004' || lpad(v.client::text, 4, '0'))::uuid,
       case when v.project is not null then (o.prefix || '00000005' || lpad(v.project::text, 4, '0'))::uuid end, v.title, v.status, v.record_status, o.member
from seed_orgs o
cross join (values
  (1, 1, 1,    'Answer wholesale mails',  'approved',  'active'),
  (2, 2, null, 'Fewer missed appointments', 'in_review', 'active'),
  (3, 3, 3,    'Catalog texts',           'approved',  'archived'),
  (4, 1, null, 'Empty',                   'draft',     'deleted')
) as v (n, client, project, title, status, record_status)
on conflict do nothing;

insert into agency.brief_versions (id, org_id, brief_id, version, body, content, change_note, created_by)
select (o.prefix || '00000022' || lpad(v.n::text, 4, '0'))::uuid, o.org_id, (o.prefix || '00000021' || lpad(v.brief::text, 4, '0'))::uuid,
       v.version, v.body, v.content::jsonb, v.note, o.member
from seed_orgs o
cross join (values
  (1, 1, 1, 'Answer mails of wholesale customers.',                     '{"languages": ["en"]}',       null),
  (2, 1, 2, 'Answer mails of wholesale customers, in two languages.',   '{"languages": ["en", "de"]}', 'second language'),
  (3, 2, 1, 'Remind patients of their appointments.',                   '{}',                          null)
) as v (n, brief, version, body, content, note)
on conflict do nothing;

insert into agency.deliverables (id, org_id, project_id, phase_id, document_id, title, status, due_on, delivered_at, record_status)
select (o.prefix || '00000023' || lpad(v.n::text, 4, '0'))::uuid, o.org_id, (o.prefix || '00000005' || lpad(v.project::text, 4, '0'))::uuid,
       case when v.phase is not null then (o.prefix || '00000010' || lpad(v.phase::text, 4, '0'))::uuid end,
       case when v.document is not null then (o.prefix || '00000020' || lpad(v.document::text, 4, '0'))::uuid end,
       v.title, v.status, v.due_on::date, v.delivered_at::timestamptz, v.record_status
from seed_orgs o
cross join (values
  (1, 1, 11,   2,    'Proposal',             'delivered',   '2026-02-13', '2026-02-12T16:00:00Z', 'active'),
  (2, 1, 22,   null, 'Assistant in chat',    'in_progress', '2026-08-14', null,                   'active'),
  (3, 3, null, 3,    'Closing report',       'delivered',   '2025-06-30', '2025-06-27T12:00:00Z', 'archived'),
  (4, 1, null, null, 'Mistake',              'planned',     null,         null,                   'deleted')
) as v (n, project, phase, document, title, status, due_on, delivered_at, record_status)
on conflict do nothing;

insert into agency.milestones (id, org_id, project_id, phase_id, title, status, due_on, reached_on, record_status)
select (o.prefix || '00000024' || lpad(v.n::text, 4, '0'))::uuid, o.org_id, (o.prefix || '00000005' || lpad(v.project::text, 4, '0'))::uuid,
       case when v.phase is not null then (o.prefix || '00000010' || lpad(v.phase::text, 4, '0'))::uuid end,
       v.title, v.status, v.due_on::date, v.reached_on::date, v.record_status
from seed_orgs o
cross join (values
  (1, 1, 11,   'Half of the drafts sent unchanged', 'reached', '2026-04-30', '2026-04-21', 'active'),
  (2, 1, 23,   'Nobody waits over an hour',         'planned', '2026-08-31', null,         'active'),
  (3, 3, null, 'All books described',               'reached', '2025-06-30', '2025-06-20', 'archived'),
  (4, 1, null, 'Mistake',                           'planned', null,         null,         'deleted')
) as v (n, project, phase, title, status, due_on, reached_on, record_status)
on conflict do nothing;

-- 25 invoices, 26 payments ------------------------------------------------------------------------------------------

insert into agency.invoices (id, org_id, client_id, project_id, number, status, currency, amount_cents, issued_on, due_on, record_status, created_by)
select (o.prefix || '00000025' || lpad(v.n::text, 4, '0'))::uuid, o.org_id, (o.prefix || '00000004' || lpad(v.client::text, 4, '0'))::uuid,
       case when v.project is not null then (o.prefix || '00000005' || lpad(v.project::text, 4, '0'))::uuid end,
       upper(o.letter) || '-2026-' || lpad(v.n::text, 3, '0'), v.status, case o.letter when 'a' then 'EUR' else 'USD' end,
       v.amount, v.issued_on::date, v.due_on::date, v.record_status, o.owner
from seed_orgs o
cross join (values
  (1, 1, 1,    'sent',  420000, '2026-02-16', '2026-03-18', 'active'),
  (2, 1, 1,    'sent',   90000, '2026-05-01', '2026-05-31', 'active'),
  (3, 3, 3,    'void',  900000, '2025-07-01', '2025-07-31', 'archived'),
  (4, 1, null, 'draft',      0, null,         null,         'deleted'),
  (5, 2, null, 'draft', 120000, null,         null,         'active')
) as v (n, client, project, status, amount, issued_on, due_on, record_status)
on conflict do nothing;

insert into agency.payments (id, org_id, invoice_id, amount_cents, currency, method, paid_on, reference, recorded_by)
select (o.prefix || '00000026' || lpad(v.n::text, 4, '0'))::uuid, o.org_id, (o.prefix || '00000025' || lpad(v.invoice::text, 4, '0'))::uuid,
       v.amount, case o.letter when 'a' then 'EUR' else 'USD' end, v.method, v.paid_on::date, v.reference, o.owner
from seed_orgs o
cross join (values
  (1, 1, 200000, 'bank_transfer', '2026-03-10', 'first half'),
  (2, 1, 220000, 'bank_transfer', '2026-03-17', 'second half'),
  (3, 2,  50000, 'card',          '2026-05-20', null),
  (4, 2,  -5000, 'card',          '2026-05-22', 'refund for the outage')
) as v (n, invoice, amount, method, paid_on, reference)
on conflict do nothing;

-- 29 crm_contacts to 32 activities ----------------------------------------------------------------------------------

insert into agency.crm_contacts (id, org_id, client_id, first_name, last_name, email, job_title, is_primary, external_source, external_id, properties, record_status)
select (o.prefix || '00000029' || lpad(v.n::text, 4, '0'))::uuid, o.org_id,
       case when v.client is not null then (o.prefix || '00000004' || lpad(v.client::text, 4, '0'))::uuid end,
       v.first_name, v.last_name, lower(v.first_name) || '.' || o.letter || '@client.example', v.job_title, v.is_primary,
       case when v.hubspot is not null then 'hubspot' end, v.hubspot, v.properties::jsonb, v.record_status
from seed_orgs o
cross join (values
  (1, 1,    'Paula', 'Winter', 'Managing director', true,  '501', '{"lifecyclestage": "customer", "hs_language": "en"}', 'active'),
  (2, 2,    'Tom',   'Summer', 'Office manager',    true,  null,  '{}',                                                  'active'),
  (3, 3,    'Grace', 'Mill',   null,                true,  null,  '{}',                                                  'archived'),
  (4, 1,    'Paula', 'Winter', null,                false, null,  '{}',                                                  'deleted'),
  (5, null, 'Sam',   'Early',  'Founder',           false, '502', '{"lifecyclestage": "lead"}',                          'active')
) as v (n, client, first_name, last_name, job_title, is_primary, hubspot, properties, record_status)
on conflict do nothing;

insert into agency.crm_deals (id, org_id, client_id, contact_id, pipeline_id, stage_id, title, status, amount_cents, currency, expected_close_on, closed_at, owner_id, external_source, external_id, record_status)
select (o.prefix || '00000030' || lpad(v.n::text, 4, '0'))::uuid, o.org_id, (o.prefix || '00000004' || lpad(v.client::text, 4, '0'))::uuid,
       (o.prefix || '00000029' || lpad(v.contact::text, 4, '0'))::uuid,
       (o.prefix || '00000027' || lpad(v.pipeline::text, 4, '0'))::uuid, (o.prefix || '00000028' || lpad(v.stage::text, 4, '0'))::uuid,
       v.title, v.status, v.amount, case o.letter when 'a' then 'EUR' else 'USD' end, v.expected::date, v.closed::timestamptz, o.member,
       case when v.hubspot is not null then 'hubspot' end, v.hubspot, v.record_status
from seed_orgs o
cross join (values
  (1, 1, 1, 1, 4, 'First project',  'won',  4800000, '2026-01-31', '2026-01-28T15:00:00Z', '701', 'active'),
  (2, 2, 2, 1, 3, 'Reminders',      'open', 1500000, '2026-11-30', null,                   null,  'active'),
  (3, 3, 3, 1, 5, 'Second edition', 'lost',  600000, '2025-09-30', '2025-10-02T09:00:00Z', null,  'archived'),
  (4, 1, 1, 2, 6, 'Renewal',        'open',    null, null,         null,                   null,  'deleted'),
  (5, 1, 1, 2, 6, 'Operation 2027', 'open', 1080000, '2026-12-31', null,                   null,  'active')
) as v (n, client, contact, pipeline, stage, title, status, amount, expected, closed, hubspot, record_status)
on conflict do nothing;

insert into agency.crm_interactions (id, org_id, client_id, contact_id, deal_id, type, sentiment, direction, subject, summary, occurred_at, embedding, embedding_model, record_status, created_by)
select (o.prefix || '00000031' || lpad(v.n::text, 4, '0'))::uuid, o.org_id, (o.prefix || '00000004' || lpad(v.client::text, 4, '0'))::uuid,
       (o.prefix || '00000029' || lpad(v.contact::text, 4, '0'))::uuid,
       case when v.deal is not null then (o.prefix || '00000030' || lpad(v.deal::text, 4, '0'))::uuid end,
       v.type::agency.crm_interaction_type, v.sentiment::agency.crm_sentiment, v.direction, v.subject, v.summary, v.at::timestamptz,
       case when v.embedded then (select array_agg(sin(v.n * k)::real order by k) from generate_series(1, 1536) k) end,
       case when v.embedded then 'embed-2' end, v.record_status, o.member
from seed_orgs o
cross join (values
  (1, 1, 1, 1,    'meeting', 'positive', null,       'Kick-off',           'They are keen to start, and named one person to ask.', '2026-02-02T09:00:00Z', true,  'active'),
  (2, 1, 1, null, 'email',   'negative', 'inbound',  'It was down',        'Two hours without answers on Monday.',                 '2026-05-18T11:40:00Z', true,  'active'),
  (3, 3, 3, 3,    'call',    'neutral',  'outbound', null,                 'No budget this year.',                                 '2025-10-02T09:00:00Z', true,  'archived'),
  (4, 1, 1, null, 'note',    null,       null,       'Wrong client',       '',                                                     '2026-05-19T08:00:00Z', true,  'deleted'),
  (5, 2, 2, 2,    'call',    'positive', 'outbound', 'Asked for an offer', 'Wants to see figures from a similar practice.',        '2026-05-21T13:00:00Z', true,  'active'),
  (6, 2, 2, 2,    'message', null,       'inbound',  null,                 'Thanks, talk next week.',                              '2026-05-22T07:30:00Z', false, 'active')
) as v (n, client, contact, deal, type, sentiment, direction, subject, summary, at, embedded, record_status)
on conflict do nothing;

insert into agency.activities (id, org_id, client_id, project_id, deal_id, actor_id, kind, summary, data, occurred_at)
select (o.prefix || '00000032' || lpad(v.n::text, 4, '0'))::uuid, o.org_id,
       case when v.client  is not null then (o.prefix || '00000004' || lpad(v.client::text, 4, '0'))::uuid end,
       case when v.project is not null then (o.prefix || '00000005' || lpad(v.project::text, 4, '0'))::uuid end,
       case when v.deal    is not null then (o.prefix || '00000030' || lpad(v.deal::text, 4, '0'))::uuid end,
       o.member, v.kind, v.summary, v.data::jsonb, v.at::timestamptz
from seed_orgs o
cross join (values
  (1, 1,    1,    null, 'document.added', 'Notes from the workshop',      '{"pages": 3}', '2026-02-03T10:00:00Z'),
  (2, 1,    null, 1,    'deal.won',       'First project',                '{}',           '2026-01-28T15:00:00Z'),
  (3, null, null, null, 'note',           'The office is closed in July.', '{}',           '2026-06-01T08:00:00Z')
) as v (n, client, project, deal, kind, summary, data, at)
on conflict do nothing;

drop table pg_temp.seed_orgs;
drop table pg_temp.seed_people;
