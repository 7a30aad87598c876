-- What deleting does. Needs the migrations and the seed; leaves nothing behind.

begin;

create function pg_temp.rows_of(org uuid) returns table (name text, rows bigint) language plpgsql as $$
begin
  for name in select c.relname from pg_catalog.pg_class c
    where c.relnamespace = 'agency'::regnamespace and c.relkind = 'r' and c.relname not in ('organizations', 'profiles') order by 1
  loop
    execute format('select count(*) from agency.%I where org_id = $1', name) into rows using org;
    return next;
  end loop;
end $$;

-- A row with a history stays.
select pg_temp.fails('23503', $$delete from agency.clients where id = 'a0000000-0000-4000-8000-000000040001'$$);
select pg_temp.fails('23503', $$delete from agency.projects where id = 'a0000000-0000-4000-8000-000000050001'$$);
select pg_temp.fails('23503', $$delete from agency.crm_deals where id = 'a0000000-0000-4000-8000-000000300001'$$);

-- What is part of something goes with it; what only mentions it forgets it.
delete from agency.wizard_sessions where id = 'a0000000-0000-4000-8000-000000060002';
select pg_temp.holds('answers go with their session', not exists (
  select from agency.wizard_answers where session_id = 'a0000000-0000-4000-8000-000000060002'));
select pg_temp.holds('a snapshot outlives its session', (
  select session_id is null and org_id is not null from agency.context_snapshots where id = 'a0000000-0000-4000-8000-000000080002'));
delete from agency.roadmaps where id = 'a0000000-0000-4000-8000-000000090002';
select pg_temp.holds('phases go with their roadmap', not exists (
  select from agency.roadmap_phases where roadmap_id = 'a0000000-0000-4000-8000-000000090002'));
select pg_temp.holds('a task outlives its phase, in its project', (
  select phase_id is null and project_id = 'a0000000-0000-4000-8000-000000050001' from agency.tasks where id = 'a0000000-0000-4000-8000-000000110001'));

-- A person goes: profile and memberships with them, their work stays, with nobody's name on it.
delete from auth.users where email = 'member.a@example.test';
select pg_temp.holds('no membership is left', not exists (
  select from agency.team_members where display_name = 'Mei'));
select pg_temp.holds('no profile is left', not exists (
  select from agency.profiles where email = 'member.a@example.test'));
select pg_temp.holds('the work is there, unassigned', (
  select count(*) = 7 and bool_and(assignee_id is null and created_by is null) from agency.tasks
  where org_id = 'a0000000-0000-4000-8000-000000000001'));
select pg_temp.holds('history has lost the name, not the entry', (
  select count(*) = 3 and bool_and(actor_id is null) from agency.activities
  where org_id = 'a0000000-0000-4000-8000-000000000001' and id::text like 'a0000000%'));

-- An organization goes, with its append-only rows; the other one is not touched.
create temporary table before_b on commit drop as select * from pg_temp.rows_of('b0000000-0000-4000-8000-000000000001');
delete from agency.organizations where id = 'a0000000-0000-4000-8000-000000000001';
select pg_temp.holds('nothing is left of A', (
  select sum(rows) = 0 from pg_temp.rows_of('a0000000-0000-4000-8000-000000000001')));
select pg_temp.holds('nothing is missing of B', (
  select count(*) = 30 and bool_and(a.rows = b.rows and a.rows > 0)
  from pg_temp.rows_of('b0000000-0000-4000-8000-000000000001') a join before_b b using (name)));
select pg_temp.holds('people outlive organizations', exists (
  select from agency.profiles where email = 'owner.a@example.test'));

rollback;
