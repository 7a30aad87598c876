-- What the notes of the agency's MVP admit, held against the database that migrations/legacy/agency_mvp.sql makes: raises
-- with the names of the faults that are not there.

do $$
declare
  v_missing text;
begin
  select string_agg(f.fault, '; ') into v_missing
  from (values
    ('32 tables, all with row-level security',
      (select count(*) = 32 and bool_and(c.relrowsecurity) from pg_class c
        where c.relnamespace = 'public'::regnamespace and c.relkind = 'r')),
    ('seven permissive temp_anon_* policies that are always true',
      (select count(*) = 7 from pg_policies
        where schemaname = 'public' and policyname like 'temp\_anon\_%' and permissive = 'PERMISSIVE'
          and roles = '{anon}' and coalesce(qual, 'true') = 'true' and coalesce(with_check, 'true') = 'true')),
    ('policies that ask auth.uid() for each row',
      (select count(*) > 30 from pg_policies
        where schemaname = 'public' and qual like '%auth.uid()%' and qual not like '%SELECT auth.uid()%')),
    ('a view that runs as its owner and that anybody may read',
      (select c.reloptions is null and has_table_privilege('anon', c.oid, 'select')
        from pg_class c where c.oid = 'public.client_crm_status'::regclass)),
    ('money in integer cents, and a figure at its end',
      (select count(*) = 7 from information_schema.columns
        where table_schema = 'public' and column_name like '%\_cents' and data_type = 'integer' and table_name <> 'client_crm_status')
        and exists (select from public.invoices where amount_cents = 2147483647)),
    ('more than a hundred indexes, none of them used',
      (select count(*) > 100 from pg_indexes where schemaname = 'public')),
    ('nine indexes that are there twice',
      (select count(*) = 9 from pg_index a join pg_index b on a.indrelid = b.indrelid and a.indexrelid < b.indexrelid
          and a.indkey::text = b.indkey::text and a.indclass::text = b.indclass::text
        join pg_class t on t.oid = a.indrelid where t.relnamespace = 'public'::regnamespace)),
    ('handlers that run as their owner with anybody''s search path',
      (select count(*) = 5 from pg_proc p
        where p.pronamespace = 'public'::regnamespace and p.prosecdef and p.proconfig is null)),
    ('a task in another organization''s project',
      exists (select from public.tasks t join public.projects p on p.id = t.project_id where p.org_id <> t.org_id)),
    ('an interaction with another organization''s client',
      exists (select from public.crm_interactions i join public.clients c on c.id = i.client_id where c.org_id <> i.org_id)),
    ('rows that point to what is gone',
      (select count(*) = 4 from (
        select project_id as parent from public.ai_run_logs union all select project_id from public.analytics
        union all select client_id from public.activities union all select deal_id from public.crm_interactions) x
        where x.parent::text like 'dead0000-%')),
    ('work assigned to somebody who is no member',
      exists (select from public.tasks t where t.assignee_id is not null
        and not exists (select from public.team_members m where m.user_id = t.assignee_id and m.org_id = t.org_id))),
    ('wizard sessions of nobody',
      (select count(*) = 2 from public.wizard_sessions where created_by is null))
  ) as f (fault, is_there)
  where f.is_there is not true;
  if v_missing is not null then
    raise exception 'not there: %', v_missing;
  end if;
end $$;

-- Somebody without any token reads every organization, fills in a wizard in one of them, and finds every client.
begin;
set local role anon;
do $$
begin
  if (select count(*) from public.organizations) <> 2 then
    raise exception 'not there: anon reads every organization';
  end if;
  insert into public.wizard_sessions (org_id) values ('b0000000-0000-4000-8000-0000000000b1');
  if (select count(*) from public.client_crm_status) <> 3 then
    raise exception 'not there: anon finds every client in the view';
  end if;
end $$;
rollback;
