-- The agency system: what happens by itself.
--
-- The handlers write rows that the person who set them off may not write: a member who completes a wizard has no right
-- to the timeline, a guest has none to anything but the session. So they are SECURITY DEFINER, and hold to three rules:
-- they write only inside the organization of the row that fired them, they take nothing from the caller but that row,
-- and nobody can call them (a trigger needs no EXECUTE). Their owner owns the tables and is not bound by row-level
-- security; FORCE ROW LEVEL SECURITY would change that.
-- Each may fire twice for the same event: unique keys, not flags, keep a second run from adding anything.

set local lock_timeout = '5s';
set local statement_timeout = '60s';

-- A wizard is completed: the next snapshot of its project, and a roadmap of three phases drawn up from it.
-- A guest's session has no project yet; the trigger fires again when it gets one.

create function agency.handle_wizard_completion() returns trigger
  language plpgsql
  security definer
  set search_path = ''
as $$
declare
  v_project  agency.projects;
  v_snapshot uuid;
  v_roadmap  uuid;
begin
  -- Versions are counted per project, so completions of one project take turns.
  select p.* into v_project
  from agency.projects p
  where p.id = new.project_id and p.org_id = new.org_id
  for no key update;

  insert into agency.context_snapshots (org_id, project_id, session_id, version, summary, metrics, created_by)
  select
    new.org_id, new.project_id, new.id,
    (select coalesce(max(s.version), 0) + 1 from agency.context_snapshots s where s.project_id = new.project_id),
    coalesce(string_agg(format('%s: %s', a.step_key, coalesce(a.answer ->> 'text', a.answer::text)), e'\n' order by a.created_at, a.step_key), ''),
    coalesce(jsonb_object_agg(a.step_key, a.answer) filter (where a.id is not null), '{}'),
    new.created_by
  from agency.wizard_answers a
  where a.session_id = new.id and a.org_id = new.org_id
  on conflict (session_id, org_id) do nothing
  returning id into v_snapshot;

  if v_snapshot is null then
    return null;  -- this session has had its snapshot
  end if;

  insert into agency.roadmaps (org_id, project_id, snapshot_id, version, title)
  select new.org_id, new.project_id, v_snapshot, coalesce(max(r.version), 0) + 1, 'Roadmap for ' || v_project.name
  from agency.roadmaps r
  where r.project_id = new.project_id
  returning id into v_roadmap;

  insert into agency.roadmap_phases (org_id, project_id, roadmap_id, phase_number, title, objective, duration_days)
  values
    (new.org_id, new.project_id, v_roadmap, 1, 'Foundation', 'Agree on goals, data and access; first quick results.', 30),
    (new.org_id, new.project_id, v_roadmap, 2, 'Build',      'Build the systems and bring them into daily use.',      60),
    (new.org_id, new.project_id, v_roadmap, 3, 'Scale',      'Extend what works, measure it, hand it over.',          90);

  insert into agency.activities (org_id, client_id, project_id, actor_id, kind, summary, data, event_key)
  values (
    new.org_id, v_project.client_id, new.project_id, auth.uid(), 'wizard.completed', 'Wizard completed: ' || v_project.name,
    jsonb_build_object('session_id', new.id, 'snapshot_id', v_snapshot, 'roadmap_id', v_roadmap), 'wizard.completed:' || new.id
  )
  on conflict (org_id, event_key) do nothing;

  return null;
end $$;
revoke execute on function agency.handle_wizard_completion() from public, anon, authenticated;
comment on function agency.handle_wizard_completion() is
  'A completed wizard session with a project yields the project''s next context snapshot, a roadmap with three phases, and an activity. Once per session.';

create trigger handle_wizard_completion after insert or update on agency.wizard_sessions
  for each row when (new.status = 'completed' and new.project_id is not null)
  execute function agency.handle_wizard_completion();

-- A guest may start a session only where the organization invites guests. The policy lets guests in by the row's own
-- columns; what another table says has to be asked here. It is a constraint, not a right, and fails as one.
create function countersign.agency_check_guest_session() returns trigger
  language plpgsql
  security definer
  set search_path = ''
as $$
begin
  if not exists (select from agency.organizations o where o.id = new.org_id and o.guest_wizard) then
    raise exception using
      errcode    = 'check_violation',
      schema     = 'agency',
      table      = 'wizard_sessions',
      constraint = 'wizard_sessions_guest_wizard',
      message    = 'this organization takes no wizard sessions from guests',
      hint       = 'Sign up first, or have an owner switch on the guest wizard (organizations.guest_wizard).';
  end if;
  return new;
end $$;
revoke execute on function countersign.agency_check_guest_session() from public, anon, authenticated;

create trigger check_guest_session before insert on agency.wizard_sessions
  for each row when (new.guest)
  execute function countersign.agency_check_guest_session();

-- Whoever is no member answers their own guest session and no other, though a viewer sees them all. The row names its
-- author and its session; what these are is in other tables, and asked here.
create function countersign.agency_check_guest_answer() returns trigger
  language plpgsql
  security definer
  set search_path = ''
as $$
begin
  if not exists (
    select from agency.team_members m
    where m.org_id = new.org_id and m.user_id = new.created_by and m.status = 'active' and m.role <> 'viewer'
  ) and not exists (
    select from agency.wizard_sessions s
    where s.id = new.session_id and s.guest and s.created_by = new.created_by
  ) then
    raise exception using
      errcode    = 'check_violation',
      schema     = 'agency',
      table      = 'wizard_answers',
      constraint = 'wizard_answers_guest_session',
      message    = 'only members answer a session that is not their own as a guest',
      hint       = 'Start a session of your own, or ask an owner of the organization to become a member.';
  end if;
  return new;
end $$;
revoke execute on function countersign.agency_check_guest_answer() from public, anon, authenticated;

-- An answer without an author was brought in by the database's owner. A change is held to it only if it is the author's.
create trigger check_guest_answer before insert on agency.wizard_answers
  for each row when (new.created_by is not null)
  execute function countersign.agency_check_guest_answer();
create trigger check_guest_answer_changed before update of answer on agency.wizard_answers
  for each row when (new.created_by = auth.uid())
  execute function countersign.agency_check_guest_answer();

-- A client enters onboarding: a first project, a place in the pipeline, a task to welcome them.

create function agency.handle_client_onboarding() returns trigger
  language plpgsql
  security definer
  set search_path = ''
as $$
declare
  v_project  uuid;
  v_pipeline uuid;
begin
  select p.id into v_project
  from agency.projects p
  where p.client_id = new.id and p.org_id = new.org_id
  order by p.created_at, p.id
  limit 1;

  if v_project is null then
    insert into agency.projects (org_id, client_id, name, lead_id)
    values (new.org_id, new.id, new.name || ': first project', new.owner_id)
    returning id into v_project;
  end if;

  -- The organization's first client brings its first pipeline. Of two at once, one creates it and the other waits for it.
  insert into agency.crm_pipelines (org_id, name, is_default)
  values (new.org_id, 'Sales', true)
  on conflict (org_id) where is_default do nothing
  returning id into v_pipeline;

  if v_pipeline is not null then
    insert into agency.crm_stages (org_id, pipeline_id, name, position, outcome)
    values
      (new.org_id, v_pipeline, 'Lead',      1, 'open'),
      (new.org_id, v_pipeline, 'Qualified', 2, 'open'),
      (new.org_id, v_pipeline, 'Proposal',  3, 'open'),
      (new.org_id, v_pipeline, 'Won',       4, 'won'),
      (new.org_id, v_pipeline, 'Lost',      5, 'lost');
  end if;

  -- A client who comes with a deal keeps it. A pipeline without an open stage has no place for anybody.
  insert into agency.crm_deals (org_id, client_id, pipeline_id, stage_id, title, owner_id)
  select new.org_id, new.id, s.pipeline_id, s.id, new.name, new.owner_id
  from agency.crm_pipelines p
  join agency.crm_stages s on s.pipeline_id = p.id and s.org_id = p.org_id
  where p.org_id = new.org_id and p.is_default and s.outcome = 'open'
    and not exists (select from agency.crm_deals d where d.client_id = new.id and d.org_id = new.org_id)
  order by s.position, s.id
  limit 1;

  insert into agency.tasks (org_id, project_id, title, status, assignee_id, template_key)
  values (new.org_id, v_project, 'Welcome ' || new.name, 'open', new.owner_id, 'welcome')
  on conflict (project_id, template_key) do nothing;

  insert into agency.activities (org_id, client_id, project_id, actor_id, kind, summary, event_key)
  values (new.org_id, new.id, v_project, auth.uid(), 'client.onboarding', 'Onboarding started: ' || new.name, 'client.onboarding:' || new.id)
  on conflict (org_id, event_key) do nothing;

  return null;
end $$;
revoke execute on function agency.handle_client_onboarding() from public, anon, authenticated;
comment on function agency.handle_client_onboarding() is
  'A client in onboarding has a project, a deal in the default pipeline, a welcome task and an activity: what is missing is created.';

create trigger handle_client_onboarding after insert on agency.clients
  for each row when (new.status = 'onboarding' and new.record_status = 'active')
  execute function agency.handle_client_onboarding();
create trigger handle_client_onboarding_later after update on agency.clients
  for each row when (new.status = 'onboarding' and old.status is distinct from new.status and new.record_status = 'active')
  execute function agency.handle_client_onboarding();

-- A roadmap is approved: its phases get their dates, their tasks open, the project starts.

create function agency.handle_dashboard_activation() returns trigger
  language plpgsql
  security definer
  set search_path = ''
as $$
declare
  v_project agency.projects;
  v_start   date := coalesce(new.starts_on, (now() at time zone 'UTC')::date);
begin
  -- Two roadmaps of one project approved at once take turns; the later one stands.
  select p.* into v_project
  from agency.projects p
  where p.id = new.project_id and p.org_id = new.org_id
  for no key update;

  update agency.roadmaps r set status = 'superseded'
  where r.project_id = new.project_id and r.id <> new.id and r.status = 'approved';

  update agency.roadmaps r
  set approved_at = now(), approved_by = auth.uid(), starts_on = v_start
  where r.id = new.id and r.approved_at is null;

  -- One after the other, without gaps. A phase that somebody has scheduled already keeps its dates.
  update agency.roadmap_phases p
  set status    = case p.phase_number when 1 then 'active' else 'scheduled' end,
      starts_on = coalesce(p.starts_on, plan.starts_on),
      ends_on   = coalesce(p.ends_on, coalesce(p.starts_on, plan.starts_on) + p.duration_days::int - 1)
  from (
    select q.id, v_start + (sum(q.duration_days) over (order by q.phase_number) - q.duration_days)::int as starts_on
    from agency.roadmap_phases q
    where q.roadmap_id = new.id
  ) plan
  where p.id = plan.id and p.status = 'planned';

  -- A phase that nobody has filled yet begins with the task of doing so.
  insert into agency.tasks (org_id, project_id, phase_id, title, template_key)
  select p.org_id, p.project_id, p.id, 'Plan phase ' || p.phase_number || ': ' || p.title,
         format('roadmap-%s-phase-%s', new.version, p.phase_number)
  from agency.roadmap_phases p
  where p.roadmap_id = new.id
    and not exists (select from agency.tasks t where t.phase_id = p.id)
  on conflict (project_id, template_key) do nothing;

  update agency.tasks t
  set status = 'open', due_on = coalesce(t.due_on, p.ends_on)
  from agency.roadmap_phases p
  where p.roadmap_id = new.id and t.phase_id = p.id and t.org_id = p.org_id and t.status = 'backlog';

  update agency.projects p
  set status = 'active', activated_at = coalesce(p.activated_at, now())
  where p.id = new.project_id and p.org_id = new.org_id and p.status in ('draft', 'planned');

  insert into agency.activities (org_id, client_id, project_id, actor_id, kind, summary, data, event_key)
  values (
    new.org_id, v_project.client_id, new.project_id, auth.uid(), 'roadmap.approved', 'Roadmap approved: ' || new.title,
    jsonb_build_object('roadmap_id', new.id, 'version', new.version), 'roadmap.approved:' || new.id
  )
  on conflict (org_id, event_key) do nothing;

  return null;
end $$;
revoke execute on function agency.handle_dashboard_activation() from public, anon, authenticated;
comment on function agency.handle_dashboard_activation() is
  'An approved roadmap is the one in force: phases scheduled back to back, their backlog opened, the project active, an activity.';

create trigger handle_dashboard_activation after insert on agency.roadmaps
  for each row when (new.status = 'approved')
  execute function agency.handle_dashboard_activation();
create trigger handle_dashboard_activation_later after update on agency.roadmaps
  for each row when (new.status = 'approved' and old.status is distinct from new.status)
  execute function agency.handle_dashboard_activation();

-- An interaction is recorded: when we last spoke, in what tone, and what that makes of the client.

create function agency.handle_new_crm_interaction() returns trigger
  language plpgsql
  security definer
  set search_path = ''
as $$
declare
  -- A meeting entered for next week is contact made today.
  v_at timestamptz := least(new.occurred_at, now());
begin
  -- Interactions are imported in any order: the latest one counts, not the last to arrive.
  update agency.clients c
  set last_contact_at   = greatest(c.last_contact_at, v_at),
      last_sentiment    = case when s.newer then new.sentiment else c.last_sentiment end,
      last_sentiment_at = case when s.newer then v_at else c.last_sentiment_at end
  from (select x.id, new.sentiment is not null and v_at >= coalesce(x.last_sentiment_at, '-infinity') as newer
        from agency.clients x where x.id = new.client_id and x.org_id = new.org_id) s
  where c.id = s.id;

  update agency.crm_contacts c
  set last_contacted_at = greatest(c.last_contacted_at, v_at)
  where c.id = new.contact_id and c.org_id = new.org_id;

  update agency.crm_deals d
  set last_activity_at = greatest(d.last_activity_at, v_at)
  where d.id = new.deal_id and d.org_id = new.org_id;

  update agency.clients c
  set classification = v.classification, classified_at = now()
  from agency.client_crm_status v
  where v.client_id = new.client_id and c.id = v.client_id and c.org_id = new.org_id
    and c.classification is distinct from v.classification;

  insert into agency.activities (org_id, client_id, deal_id, actor_id, kind, summary, data, event_key, occurred_at)
  values (
    new.org_id, new.client_id, new.deal_id, auth.uid(), 'interaction.' || new.type, coalesce(new.subject, initcap(new.type::text)),
    jsonb_build_object('interaction_id', new.id, 'sentiment', new.sentiment), 'interaction:' || new.id, v_at
  )
  on conflict (org_id, event_key) do nothing;

  return null;
end $$;
revoke execute on function agency.handle_new_crm_interaction() from public, anon, authenticated;
comment on function agency.handle_new_crm_interaction() is
  'An interaction updates last contact, sentiment and classification of its client, its contact and its deal, and adds an activity.';

create trigger handle_new_crm_interaction after insert on agency.crm_interactions
  for each row when (new.record_status = 'active')
  execute function agency.handle_new_crm_interaction();
