-- What the tables refuse from everybody. Needs the migrations and the seed; leaves nothing behind.

begin;

-- No row can come to refer to a row of another organization, by any of the foreign keys. (The two organizations of the
-- seed are alike, so now and then a unique key refuses first.)
do $$
declare
  v_key record;
  v_tried integer := 0;
begin
  for v_key in
    select k.conrelid::regclass as child, k.confrelid::regclass as parent, a.attname as reference,
           case when k.confrelid = 'agency.team_members'::regclass then 'user_id' else 'id' end as target
    from pg_catalog.pg_constraint k
    join pg_catalog.pg_attribute a on a.attrelid = k.conrelid and a.attnum = k.conkey[1]
    where k.contype = 'f' and k.connamespace = 'agency'::regnamespace and k.confrelid not in ('agency.organizations'::regclass, 'auth.users'::regclass)
  loop
    perform pg_temp.fails('23503 23505 23001', format(
      'update %1$s set %3$I = (select p.%4$I from %2$s p where p.org_id = %6$L and %4$I not in (select %4$I from %2$s where org_id = %5$L) limit 1) '
      'where id = (select id from %1$s where org_id = %5$L and %3$I is not null limit 1)',
      v_key.child, v_key.parent, v_key.reference, v_key.target,
      'a0000000-0000-4000-8000-000000000001', 'b0000000-0000-4000-8000-000000000001'));
    v_tried := v_tried + 1;
  end loop;
  perform pg_temp.holds('all references were tried', v_tried >= 40);
end $$;

-- Nor can a row that others refer to move away from under them.
select pg_temp.fails('23503', $$update agency.clients set org_id = 'b0000000-0000-4000-8000-000000000001' where id = 'a0000000-0000-4000-8000-000000040002'$$);

-- A row's two parents fit together.
select pg_temp.fails('23503', $$update agency.crm_deals set stage_id = 'a0000000-0000-4000-8000-000000280006' where id = 'a0000000-0000-4000-8000-000000300002'$$);
select pg_temp.fails('23503', $$update agency.crm_deals set pipeline_id = 'a0000000-0000-4000-8000-000000270002' where id = 'a0000000-0000-4000-8000-000000300002'$$);
select pg_temp.fails('23503', $$update agency.tasks set phase_id = 'a0000000-0000-4000-8000-000000100031' where id = 'a0000000-0000-4000-8000-000000110001'$$);
select pg_temp.fails('23503', $$update agency.milestones set project_id = 'a0000000-0000-4000-8000-000000050002' where id = 'a0000000-0000-4000-8000-000000240001'$$);
select pg_temp.fails('23503', $$update agency.briefs set project_id = 'a0000000-0000-4000-8000-000000050002' where id = 'a0000000-0000-4000-8000-000000210001'$$);
select pg_temp.fails('23503', $$update agency.invoices set client_id = 'a0000000-0000-4000-8000-000000040002' where id = 'a0000000-0000-4000-8000-000000250001'$$);
select pg_temp.fails('23503', $$update agency.roadmaps set snapshot_id = 'a0000000-0000-4000-8000-000000080003' where id = 'a0000000-0000-4000-8000-000000090004'$$);

-- Work is given to members only.
select pg_temp.fails('23503', $$update agency.tasks set assignee_id = (select id from auth.users where email = 'nobody@example.test') where id = 'a0000000-0000-4000-8000-000000110001'$$);

-- Versions and phases are numbered once.
select pg_temp.fails('23505', $$insert into agency.context_snapshots (org_id, project_id, version) values ('a0000000-0000-4000-8000-000000000001', 'a0000000-0000-4000-8000-000000050001', 2)$$);
select pg_temp.fails('23505', $$insert into agency.roadmaps (org_id, project_id, version, title) values ('a0000000-0000-4000-8000-000000000001', 'a0000000-0000-4000-8000-000000050001', 2, 'again')$$);
select pg_temp.fails('23505', $$insert into agency.brief_versions (org_id, brief_id, version) values ('a0000000-0000-4000-8000-000000000001', 'a0000000-0000-4000-8000-000000210001', 2)$$);
select pg_temp.fails('23505', $$insert into agency.roadmap_phases (org_id, project_id, roadmap_id, phase_number, title) values ('a0000000-0000-4000-8000-000000000001', 'a0000000-0000-4000-8000-000000050001', 'a0000000-0000-4000-8000-000000090001', 3, 'again')$$);
select pg_temp.fails('23514', $$update agency.roadmap_phases set phase_number = 4 where id = 'a0000000-0000-4000-8000-000000100013'$$);
select pg_temp.fails('23505', $$insert into agency.system_services (org_id, system_id, service_id) select org_id, system_id, service_id from agency.system_services$$);
select pg_temp.fails('23505', $$insert into agency.project_systems (org_id, project_id, system_id) select org_id, project_id, system_id from agency.project_systems$$);
select pg_temp.fails('23505', $$insert into agency.project_services (org_id, project_id, service_id) select org_id, project_id, service_id from agency.project_services$$);
select pg_temp.fails('23505', $$insert into agency.team_members (org_id, user_id, role) select org_id, user_id, 'viewer' from agency.team_members$$);
select pg_temp.fails('23505', $$insert into agency.analytics (org_id, metric, period, period_start, value) values ('a0000000-0000-4000-8000-000000000001', 'active_clients', 'month', '2026-05-01', 3)$$);
select pg_temp.fails('23505', $$insert into agency.crm_pipelines (org_id, name, is_default) values ('a0000000-0000-4000-8000-000000000001', 'another', true)$$);

-- Answering a step again replaces the answer, as PostgREST does it with on_conflict=session_id,step_key.
insert into agency.wizard_answers (org_id, session_id, step_key, answer)
values ('a0000000-0000-4000-8000-000000000001', 'a0000000-0000-4000-8000-000000060001', 'goals', '{"text": "Answer at once."}')
on conflict (session_id, step_key) do update set answer = excluded.answer;
select pg_temp.holds('an answer is replaced', (
  select count(*) = 1 and min(answer ->> 'text') = 'Answer at once.' from agency.wizard_answers
  where session_id = 'a0000000-0000-4000-8000-000000060001' and step_key = 'goals'));

-- Values.
select pg_temp.fails('23514', $$update agency.team_members set role = 'billing'$$);
select pg_temp.fails('23514', $$update agency.tasks set record_status = 'gone'$$);
select pg_temp.fails('23514', $$update agency.tasks set status = 'archived'$$);
select pg_temp.fails('23514', $$update agency.projects set due_on = '2020-01-01' where starts_on is not null$$);
select pg_temp.fails('23514', $$update agency.projects set budget_cents = -1$$);
select pg_temp.fails('23514', $$update agency.invoices set currency = 'euro' where id = 'a0000000-0000-4000-8000-000000250005'$$);
select pg_temp.fails('23514', $$update agency.clients set metadata = '[]'$$);
select pg_temp.fails('23514', $$update agency.clients set external_id = null where external_source is not null$$);
select pg_temp.fails('23514', $$update agency.crm_pipelines set record_status = 'archived' where is_default$$);
select pg_temp.fails('22000 22P02', $$update agency.documents set embedding = '[1, 2, 3]'$$);

-- Invoices and payments. Invoice 2 is over 900.00, of which 450.00 is paid; 5 is a draft, 3 is void.
select pg_temp.holds('the total is kept', (
  select (paid_cents, status) = (45000, 'part_paid') from agency.invoices where id = 'a0000000-0000-4000-8000-000000250002'));
select pg_temp.fails('23514', $$insert into agency.payments (org_id, invoice_id, amount_cents, currency, paid_on) values ('a0000000-0000-4000-8000-000000000001', 'a0000000-0000-4000-8000-000000250002', 45001, 'EUR', '2026-06-01')$$);
select pg_temp.fails('23514', $$insert into agency.payments (org_id, invoice_id, amount_cents, currency, paid_on) values ('a0000000-0000-4000-8000-000000000001', 'a0000000-0000-4000-8000-000000250002', 25000, 'EUR', '2026-06-01'), ('a0000000-0000-4000-8000-000000000001', 'a0000000-0000-4000-8000-000000250002', 25000, 'EUR', '2026-06-01')$$);
select pg_temp.fails('23514', $$insert into agency.payments (org_id, invoice_id, amount_cents, currency, paid_on) values ('a0000000-0000-4000-8000-000000000001', 'a0000000-0000-4000-8000-000000250002', -45001, 'EUR', '2026-06-01')$$);
select pg_temp.fails('23514', $$insert into agency.payments (org_id, invoice_id, amount_cents, currency, paid_on) values ('a0000000-0000-4000-8000-000000000001', 'a0000000-0000-4000-8000-000000250002', 0, 'EUR', '2026-06-01')$$);
select pg_temp.fails('23503', $$insert into agency.payments (org_id, invoice_id, amount_cents, currency, paid_on) values ('a0000000-0000-4000-8000-000000000001', 'a0000000-0000-4000-8000-000000250002', 100, 'USD', '2026-06-01')$$);
select pg_temp.fails('23514', $$insert into agency.payments (org_id, invoice_id, amount_cents, currency, paid_on) values ('a0000000-0000-4000-8000-000000000001', 'a0000000-0000-4000-8000-000000250005', 100, 'EUR', '2026-06-01')$$);
select pg_temp.fails('23514', $$insert into agency.payments (org_id, invoice_id, amount_cents, currency, paid_on) values ('a0000000-0000-4000-8000-000000000001', 'a0000000-0000-4000-8000-000000250003', 100, 'EUR', '2026-06-01')$$);
select pg_temp.fails('23503', $$update agency.invoices set currency = 'USD' where id = 'a0000000-0000-4000-8000-000000250002'$$);
select pg_temp.fails('23514', $$update agency.invoices set amount_cents = 44999 where id = 'a0000000-0000-4000-8000-000000250002'$$);
select pg_temp.fails('23514', $$update agency.invoices set status = 'void' where id = 'a0000000-0000-4000-8000-000000250002'$$);
select pg_temp.fails('23514', $$update agency.invoices set status = 'paid' where id = 'a0000000-0000-4000-8000-000000250002'$$);
select pg_temp.fails('23001', $$update agency.payments set amount_cents = 1 where id = 'a0000000-0000-4000-8000-000000260003'$$);
select pg_temp.fails('23503', $$delete from agency.invoices where id = 'a0000000-0000-4000-8000-000000250002'$$);

insert into agency.payments (org_id, invoice_id, amount_cents, currency, paid_on)
values ('a0000000-0000-4000-8000-000000000001', 'a0000000-0000-4000-8000-000000250002', 45000, 'EUR', '2026-06-01');
select pg_temp.holds('the last payment settles the invoice', (
  select (paid_cents, status) = (90000, 'paid') from agency.invoices where id = 'a0000000-0000-4000-8000-000000250002'));
insert into agency.payments (org_id, invoice_id, amount_cents, currency, paid_on)
values ('a0000000-0000-4000-8000-000000000001', 'a0000000-0000-4000-8000-000000250002', -90000, 'EUR', '2026-06-02');
select pg_temp.holds('a refund opens it again', (
  select (paid_cents, status) = (0, 'sent') from agency.invoices where id = 'a0000000-0000-4000-8000-000000250002'));

-- Guests start sessions only where they are invited: in A, not in B.
insert into agency.wizard_sessions (org_id, guest) values ('a0000000-0000-4000-8000-000000000001', true);
select pg_temp.fails('23514', $$insert into agency.wizard_sessions (org_id, guest) values ('b0000000-0000-4000-8000-000000000001', true)$$);

rollback;
