-- One tenant owns a fifth of everything, the others share the rest evenly; rows lie on disk in random order.
create function pg_temp.key(kind integer, number bigint) returns uuid language sql immutable as
$$ select (lpad(to_hex(kind), 8, '0') || '-0000-4000-8000-' || lpad(to_hex(number), 12, '0'))::uuid $$;
-- The tenant of a project: the first 2,000 belong to tenant 1.
create function pg_temp.tenant(project bigint) returns uuid language sql immutable as
$$ select pg_temp.key(1, case when project <= 2000 then 1 else 2 + project % 999 end) $$;

insert into scale.organizations select pg_temp.key(1, n), 'Organization ' || n from generate_series(1, 1000) n;
-- 10,000 people in three tenants each.
insert into scale.team_members (org_id, user_id, role)
select pg_temp.key(1, 2 + (person + seat * 37) % 999), pg_temp.key(2, person),
       (array['admin', 'member', 'viewer'])[1 + seat]
from generate_series(1, 10000) person, generate_series(0, 2) seat;
-- One only in the large tenant, one in 50.
insert into scale.team_members (org_id, user_id, role) values (pg_temp.key(1, 1), pg_temp.key(2, 1000001), 'member');
insert into scale.team_members (org_id, user_id, role)
select pg_temp.key(1, 2 + n * 19), pg_temp.key(2, 1000050), 'member' from generate_series(1, 50) n;

insert into scale.projects select pg_temp.key(3, n), pg_temp.tenant(n), 'Project ' || n from generate_series(1, 10000) n;
insert into scale.phases (id, org_id, project_id, name)
select pg_temp.key(4, n), pg_temp.tenant(1 + (n - 1) / 10), pg_temp.key(3, 1 + (n - 1) / 10), 'Phase ' || n
from generate_series(1, 100000) n;
insert into scale.tasks
select pg_temp.key(5, n), pg_temp.tenant(1 + (n - 1) / 100), pg_temp.key(4, 1 + (n - 1) / 10), 'Task ' || n,
       (array['todo', 'doing', 'done'])[1 + n % 3],
       timestamptz '2026-01-01 00:00:00+00' + (n * 7919 % 1000000) * interval '1 second'
from (select n from generate_series(1::bigint, 1000000) n order by md5(n::text)) s;
insert into scale.steps select * from scale.tasks;

create index tasks_org_id_idx on scale.tasks (org_id);
create index tasks_phase_idx on scale.tasks (phase_id, org_id);
create index tasks_created_at_idx on scale.tasks (created_at);
create index steps_org_id_idx on scale.steps (org_id);
create index steps_phase_idx on scale.steps (phase_id, org_id);
create index steps_created_at_idx on scale.steps (created_at);
