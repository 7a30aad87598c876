-- What happens by itself, and that it happens once. Needs the migrations and the seed; leaves nothing behind.

begin;

-- Everything a handler could add to, in rows.
create function pg_temp.size() returns jsonb language sql as $$
  select jsonb_build_object(
    'snapshots', (select count(*) from agency.context_snapshots), 'roadmaps',   (select count(*) from agency.roadmaps),
    'phases',    (select count(*) from agency.roadmap_phases),    'tasks',      (select count(*) from agency.tasks),
    'projects',  (select count(*) from agency.projects),          'pipelines',  (select count(*) from agency.crm_pipelines),
    'stages',    (select count(*) from agency.crm_stages),        'deals',      (select count(*) from agency.crm_deals),
    'activities', (select count(*) from agency.activities))
$$;

-- Every handler a second time, on every insert and update of its table: the worst that a retry could do.
create trigger zz_again after insert or update on agency.wizard_sessions for each row
  when (new.status = 'completed' and new.project_id is not null) execute function agency.handle_wizard_completion();
create trigger zz_again after insert or update on agency.clients for each row
  when (new.status = 'onboarding') execute function agency.handle_client_onboarding();
create trigger zz_again after insert or update on agency.roadmaps for each row
  when (new.status = 'approved') execute function agency.handle_dashboard_activation();
create trigger zz_again after insert or update on agency.crm_interactions for each row
  execute function agency.handle_new_crm_interaction();

-- Somebody is signed in. The handlers write down who it was.
select set_config('request.jwt.claim.sub', id::text, true),
       set_config('request.jwt.claims', jsonb_build_object('sub', id, 'role', 'authenticated')::text, true)
from auth.users where email = 'admin.a@example.test';

-- A new client ------------------------------------------------------------------------------------------------------

insert into agency.clients (id, org_id, name, owner_id)
select 'a0000000-0000-4000-8000-000000049001', 'a0000000-0000-4000-8000-000000000001', 'Wren & Co', id from auth.users where email = 'member.a@example.test';

select pg_temp.holds('one project, led by who looks after the client', (
  select count(*) = 1 and bool_and(lead_id = (select id from auth.users where email = 'member.a@example.test') and status = 'draft')
  from agency.projects where client_id = 'a0000000-0000-4000-8000-000000049001'));
select pg_temp.holds('one deal, in the first stage of the default pipeline', (
  select count(*) = 1 and bool_and(stage_id = 'a0000000-0000-4000-8000-000000280001')
  from agency.crm_deals where client_id = 'a0000000-0000-4000-8000-000000049001'));
select pg_temp.holds('one task, open', (
  select count(*) = 1 and bool_and(t.template_key = 'welcome' and t.status = 'open')
  from agency.tasks t join agency.projects p on p.id = t.project_id where p.client_id = 'a0000000-0000-4000-8000-000000049001'));
select pg_temp.holds('one activity, with a name on it', (
  select count(*) = 1 and bool_and(kind = 'client.onboarding' and actor_id = (select id from auth.users where email = 'admin.a@example.test'))
  from agency.activities where client_id = 'a0000000-0000-4000-8000-000000049001'));
select pg_temp.holds('no second default pipeline', (
  select count(*) = 4 from agency.crm_pipelines where org_id = 'a0000000-0000-4000-8000-000000000001'));

create temporary table size on commit drop as select pg_temp.size() as was;
update agency.clients set notes = 'again' where id = 'a0000000-0000-4000-8000-000000049001';
update agency.clients set status = 'paused' where id = 'a0000000-0000-4000-8000-000000049001';
update agency.clients set status = 'onboarding' where id = 'a0000000-0000-4000-8000-000000049001';
select pg_temp.holds('onboarding again adds nothing', (select was = pg_temp.size() from size));

insert into agency.clients (org_id, name, status) values ('a0000000-0000-4000-8000-000000000001', 'A lead', 'prospective');
select pg_temp.holds('a prospect is left alone', (select was = pg_temp.size() from size));

-- The first client of a new organization brings the pipeline.
insert into agency.organizations (id, name, created_by) values ('d0000000-0000-4000-8000-000000000001', 'New', null);
insert into agency.clients (org_id, name) values ('d0000000-0000-4000-8000-000000000001', 'First'), ('d0000000-0000-4000-8000-000000000001', 'Second');
select pg_temp.holds('one pipeline of five stages, two deals', (
  select (select count(*) from agency.crm_pipelines p where p.org_id = o.id and p.is_default) = 1
     and (select count(*) from agency.crm_stages s where s.org_id = o.id) = 5
     and (select count(*) from agency.crm_deals d where d.org_id = o.id) = 2
  from agency.organizations o where o.id = 'd0000000-0000-4000-8000-000000000001'));

-- A wizard ----------------------------------------------------------------------------------------------------------
-- Session 1 belongs to project 1, which has two snapshots and three roadmaps.

update agency.wizard_sessions set status = 'completed' where id = 'a0000000-0000-4000-8000-000000060001';

select pg_temp.holds('the third snapshot, with the answers', (
  select version = 3 and metrics -> 'goals' ->> 'deadline' = '2026-08-31' and summary like 'business: We sell%goals: Answer within%'
  from agency.context_snapshots where session_id = 'a0000000-0000-4000-8000-000000060001'));
select pg_temp.holds('the fourth roadmap, a draft of three phases', (
  select r.version = 4 and r.status = 'draft' and (select array_agg(p.phase_number order by p.phase_number) from agency.roadmap_phases p where p.roadmap_id = r.id) = '{1,2,3}'
  from agency.roadmaps r join agency.context_snapshots s on s.id = r.snapshot_id where s.session_id = 'a0000000-0000-4000-8000-000000060001'));
select pg_temp.holds('an activity', (
  select count(*) = 1 from agency.activities where event_key = 'wizard.completed:a0000000-0000-4000-8000-000000060001'));

update size set was = pg_temp.size();
update agency.wizard_sessions set current_step = 'done' where id = 'a0000000-0000-4000-8000-000000060001';
update agency.wizard_sessions set status = 'in_progress' where id = 'a0000000-0000-4000-8000-000000060001';
update agency.wizard_sessions set status = 'completed' where id = 'a0000000-0000-4000-8000-000000060001';
select pg_temp.holds('completing again adds nothing', (select was = pg_temp.size() from size));

-- A guest's session, completed without a project, waits for one.
update agency.wizard_sessions set status = 'completed' where id = 'a0000000-0000-4000-8000-000000060003';
select pg_temp.holds('nothing yet', (select was = pg_temp.size() from size));
update agency.wizard_sessions set project_id = 'a0000000-0000-4000-8000-000000050002', claimed_at = now() where id = 'a0000000-0000-4000-8000-000000060003';
select pg_temp.holds('now it counts', (
  select version = 2 and project_id = 'a0000000-0000-4000-8000-000000050002' from agency.context_snapshots where session_id = 'a0000000-0000-4000-8000-000000060003'));

-- A session without a single answer completes, too.
insert into agency.wizard_sessions (id, org_id, project_id, status)
values ('a0000000-0000-4000-8000-000000069001', 'a0000000-0000-4000-8000-000000000001', 'a0000000-0000-4000-8000-000000050002', 'completed');
select pg_temp.holds('an empty snapshot', (
  select version = 3 and summary = '' and metrics = '{}' from agency.context_snapshots where session_id = 'a0000000-0000-4000-8000-000000069001'));

-- A roadmap is approved ---------------------------------------------------------------------------------------------
-- Roadmap 2 (version 2) starts on 2026-06-01. Phase 21 has a task in the backlog and one in progress, 22 a deleted one, 23 none.

update agency.projects set status = 'planned' where id = 'a0000000-0000-4000-8000-000000050001';
update agency.roadmaps set status = 'approved' where id = 'a0000000-0000-4000-8000-000000090002';

select pg_temp.holds('the phases follow one another', (
  select array_agg(status || ' ' || starts_on || ' ' || ends_on order by phase_number)
    = array['active 2026-06-01 2026-06-30', 'scheduled 2026-07-01 2026-08-29', 'scheduled 2026-08-30 2026-11-27']
  from agency.roadmap_phases where roadmap_id = 'a0000000-0000-4000-8000-000000090002'));
select pg_temp.holds('the backlog opens; what is under way stays', (
  select array_agg(status || ' ' || due_on order by id) = array['open 2026-06-12', 'in_progress 2026-06-05']
  from agency.tasks where phase_id = 'a0000000-0000-4000-8000-000000100021'));
select pg_temp.holds('an empty phase gets a task, due at its end', (
  select count(*) = 1 and bool_and(status = 'open' and due_on = '2026-11-27') from agency.tasks where phase_id = 'a0000000-0000-4000-8000-000000100023'));
select pg_temp.holds('the project has started', (
  select status = 'active' and activated_at is not null from agency.projects where id = 'a0000000-0000-4000-8000-000000050001'));
select pg_temp.holds('who approved it', (
  select approved_at is not null and approved_by = (select id from auth.users where email = 'admin.a@example.test')
  from agency.roadmaps where id = 'a0000000-0000-4000-8000-000000090002'));

update size set was = pg_temp.size();
update agency.roadmaps set summary = 'again' where id = 'a0000000-0000-4000-8000-000000090002';
update agency.roadmaps set status = 'in_review' where id = 'a0000000-0000-4000-8000-000000090002';
update agency.roadmaps set status = 'approved' where id = 'a0000000-0000-4000-8000-000000090002';
select pg_temp.holds('approving again adds nothing', (select was = pg_temp.size() from size));
select pg_temp.holds('and moves nothing', (
  select bool_and(ends_on - starts_on + 1 = duration_days) and min(starts_on) = '2026-06-01' from agency.roadmap_phases where roadmap_id = 'a0000000-0000-4000-8000-000000090002'));

update agency.roadmaps set status = 'approved' where version = 4 and project_id = 'a0000000-0000-4000-8000-000000050001';
select pg_temp.holds('one roadmap is in force', (
  select array_agg(version) = '{4}' from agency.roadmaps where project_id = 'a0000000-0000-4000-8000-000000050001' and status = 'approved'));

-- An interaction ----------------------------------------------------------------------------------------------------

-- Client 1 owes nothing, so that only what is said decides where they stand.
insert into agency.payments (org_id, invoice_id, amount_cents, currency, paid_on)
values ('a0000000-0000-4000-8000-000000000001', 'a0000000-0000-4000-8000-000000250002', 45000, 'EUR', '2026-06-01');

insert into agency.crm_interactions (id, org_id, client_id, contact_id, deal_id, type, sentiment, subject, occurred_at)
values ('a0000000-0000-4000-8000-000000319001', 'a0000000-0000-4000-8000-000000000001', 'a0000000-0000-4000-8000-000000040001',
        'a0000000-0000-4000-8000-000000290001', 'a0000000-0000-4000-8000-000000300005', 'call', 'positive', 'All well', now() - interval '1 hour');
select pg_temp.holds('client, contact and deal know of it', (
  select c.last_contact_at = now() - interval '1 hour' and c.last_sentiment = 'positive' and c.classification = 'active'
     and x.last_contacted_at = c.last_contact_at and d.last_activity_at = c.last_contact_at
  from agency.clients c
  join agency.crm_contacts x on x.id = 'a0000000-0000-4000-8000-000000290001'
  join agency.crm_deals d on d.id = 'a0000000-0000-4000-8000-000000300005'
  where c.id = 'a0000000-0000-4000-8000-000000040001'));
select pg_temp.holds('an activity', (
  select count(*) = 1 and bool_and(kind = 'interaction.call') from agency.activities where event_key = 'interaction:a0000000-0000-4000-8000-000000319001'));

insert into agency.crm_interactions (org_id, client_id, type, sentiment, occurred_at)
values ('a0000000-0000-4000-8000-000000000001', 'a0000000-0000-4000-8000-000000040001', 'email', 'negative', now() - interval '2 days');
select pg_temp.holds('an older one that arrives later changes nothing', (
  select last_contact_at = now() - interval '1 hour' and last_sentiment = 'positive' from agency.clients where id = 'a0000000-0000-4000-8000-000000040001'));

insert into agency.crm_interactions (org_id, client_id, type, occurred_at)
values ('a0000000-0000-4000-8000-000000000001', 'a0000000-0000-4000-8000-000000040001', 'meeting', now() + interval '7 days');
select pg_temp.holds('one still to come counts as contact today, and says nothing about the mood', (
  select last_contact_at = now() and last_sentiment = 'positive' from agency.clients where id = 'a0000000-0000-4000-8000-000000040001'));

rollback;
