-- Search by meaning finds what comparing with every row would find. Needs the migrations and the seed; leaves nothing
-- behind. It runs as the owner of the tables, who sees everything: match_org_id stands in for row-level security.

begin;

-- A small organization beside a larger one: 5 documents here, 60 there, all nearer to the question.
insert into agency.organizations (id, name, created_by) values ('d0000000-0000-4000-8000-000000000001', 'Small', null), ('e0000000-0000-4000-8000-000000000001', 'Large', null);
insert into agency.documents (org_id, title, embedding)
select 'e0000000-0000-4000-8000-000000000001', 'large ' || n, (select array_agg((1 + 0.001 * sin(n * k))::real order by k) from generate_series(1, 768) k)
from generate_series(1, 60) n;
insert into agency.documents (org_id, title, embedding)
select 'd0000000-0000-4000-8000-000000000001', 'small ' || n, (select array_agg((n - 6 + sin(n * k))::real order by k) from generate_series(1, 768) k)
from generate_series(1, 5) n;
insert into agency.clients (id, org_id, name, status) values ('d0000000-0000-4000-8000-000000040001', 'd0000000-0000-4000-8000-000000000001', 'c', 'active');
insert into agency.crm_interactions (org_id, client_id, type, subject, embedding)
select 'd0000000-0000-4000-8000-000000000001', 'd0000000-0000-4000-8000-000000040001', 'note', 'small ' || n, (select array_agg((n - 6 + sin(n * k))::real order by k) from generate_series(1, 1536) k)
from generate_series(1, 5) n;

-- "small 1" to "small 5" come nearer to the question, all ones, from the far side: 5 is the nearest.
create temporary table question on commit drop as
select d.embedding as narrow, i.embedding as wide from agency.documents d cross join agency.crm_interactions i limit 0;
insert into question values (array_fill(1::real, array[768]), array_fill(1::real, array[1536]));

select pg_temp.holds('all five, nearest first', (
  select array_agg(m.title) = array['small 5', 'small 4', 'small 3', 'small 2', 'small 1']
  from question q cross join agency.match_documents(q.narrow, 10, 'd0000000-0000-4000-8000-000000000001') m));
select pg_temp.holds('no more than asked for', (
  select array_agg(m.title) = array['small 5', 'small 4'] from question q cross join agency.match_documents(q.narrow, 2, 'd0000000-0000-4000-8000-000000000001') m));
select pg_temp.holds('similarity falls, from 1 at most', (
  select bool_and(m.similarity <= 1 and m.similarity <= before) from (
    select m.similarity, lag(m.similarity, 1, 1.0::float8) over () as before
    from question q cross join agency.match_documents(q.narrow, 100) m) m));
select pg_temp.holds('at least one', (select count(*) = 1 from question q cross join agency.match_documents(q.narrow, -3)));
select pg_temp.holds('ten, if nobody says', (select count(*) = 10 from question q cross join agency.match_documents(q.narrow)));
select pg_temp.holds('at most a hundred; retired rows and rows without an embedding are left out', (
  select count(*) = (select count(*) from agency.documents where record_status = 'active' and embedding is not null)
  from question q cross join agency.match_documents(q.narrow, 100000)));
select pg_temp.holds('interactions likewise', (
  select array_agg(m.subject) = array['small 5', 'small 4', 'small 3', 'small 2', 'small 1']
  from question q cross join agency.match_interactions(q.wide, 10, 'd0000000-0000-4000-8000-000000000001') m));

-- From 10,001 visible rows on the index is asked. Rows without an embedding make up the number here.
insert into agency.documents (org_id, title) select 'd0000000-0000-4000-8000-000000000001', 'filler' from generate_series(1, 10001);
select pg_temp.holds('the same through the index, past the sixty of the other organization', (
  select array_agg(m.title) = array['small 5', 'small 4', 'small 3', 'small 2', 'small 1']
  from question q cross join agency.match_documents(q.narrow, 10, 'd0000000-0000-4000-8000-000000000001') m));

rollback;
