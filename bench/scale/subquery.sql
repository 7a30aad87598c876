-- What most people write, and the seeds too: membership looked up inside the policy.
alter table scale.organizations enable row level security;
alter table scale.team_members enable row level security;
alter table scale.projects enable row level security;
alter table scale.phases enable row level security;
alter table scale.tasks enable row level security;
alter table scale.steps enable row level security;
grant select on all tables in schema scale to authenticated;
grant update (title, status) on scale.tasks to authenticated;

create policy own on scale.team_members for select to authenticated using (user_id = auth.uid());
create policy members on scale.organizations for select to authenticated
  using (id in (select org_id from scale.team_members where user_id = auth.uid()));
create policy members on scale.projects for select to authenticated
  using (org_id in (select org_id from scale.team_members where user_id = auth.uid()));
create policy members on scale.phases for select to authenticated
  using (org_id in (select org_id from scale.team_members where user_id = auth.uid()));
create policy members on scale.tasks for select to authenticated
  using (org_id in (select org_id from scale.team_members where user_id = auth.uid()));
create policy change on scale.tasks for update to authenticated
  using (org_id in (select org_id from scale.team_members where user_id = auth.uid() and role in ('member', 'admin')));
create policy members on scale.steps for select to authenticated
  using (phase_id in (select id from scale.phases));
