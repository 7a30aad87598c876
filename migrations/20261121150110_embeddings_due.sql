-- What has no vector of its text, for the schedule; and texts that the model does not take, which do not keep the others waiting.

set local lock_timeout = '5s';
set local statement_timeout = '60s';

create table countersign_edge.embedding_refusals (
  app             text not null check (app in ('coaching', 'agency')),
  source          text not null,
  id              uuid not null,
  tenant          text not null,
  updated_at      timestamptz not null,
  attempts        bigint not null check (attempts > 0),
  last_error      text not null,
  next_attempt_at timestamptz not null,
  primary key (app, source, id)
);
create index embedding_refusals_tenant_idx on countersign_edge.embedding_refusals (app, source, tenant);
create index embedding_refusals_next_attempt_at_idx on countersign_edge.embedding_refusals (next_attempt_at);
comment on table countersign_edge.embedding_refusals is
  'Rows that were in a request that the embedding model refused. They are tried one at a time, in longer and longer intervals, and after the fifth time not until they change. Retention: 90 days after the last try; then they are tried anew.';
comment on column countersign_edge.embedding_refusals.source is 'The table.';
comment on column countersign_edge.embedding_refusals.updated_at is 'The row''s own, as it was refused: a row that has changed since was not.';
comment on column countersign_edge.embedding_refusals.last_error is 'The code of the answer. Neither the text nor what the model said of it.';

create function countersign_edge.refuse_embeddings(p_app text, p_source text, p_tenant text, p_error text, p_rows jsonb) returns void
  language sql
  set search_path = ''
as $$
  insert into countersign_edge.embedding_refusals as f (app, source, id, tenant, updated_at, attempts, last_error, next_attempt_at)
  select p_app, p_source, r.id, p_tenant, r.updated_at, 1, p_error, now() + interval '4 minutes'
  from jsonb_to_recordset(p_rows) as r(id uuid, updated_at timestamptz)
  on conflict (app, source, id) do update
  set tenant = excluded.tenant, updated_at = excluded.updated_at, last_error = excluded.last_error,
      attempts = case when f.updated_at = excluded.updated_at then least(f.attempts, 5) else 0 end + 1,
      next_attempt_at = now()
        + interval '1 minute' * power(4, case when f.updated_at = excluded.updated_at then least(f.attempts, 5) else 0 end + 1)
$$;
comment on function countersign_edge.refuse_embeddings(text, text, text, text, jsonb) is
  'Notes rows whose texts the model did not take: the next try of each is four times as far away as the last.';

create function countersign_edge.refused_embeddings(p_app text, p_source text, p_tenant text) returns setof uuid
  language sql
  stable
  set search_path = ''
as $$
  select f.id from countersign_edge.embedding_refusals f
  where f.app = p_app and f.source = p_source and f.tenant = p_tenant
  order by f.next_attempt_at desc
  limit 200
$$;
comment on function countersign_edge.refused_embeddings(text, text, text) is 'Rows that the schedule tries one at a time.';

-- Organizations by lot, as accounts are below. One that could not be served keeps its lease, and is left alone until that ends.
create function countersign_edge.due_agency_embeddings(p_organizations integer)
  returns table (org_id uuid, budget_cents bigint, source text, id uuid, updated_at timestamptz, title text, content text)
  language sql
  volatile
  set search_path = ''
as $$
  with texts as not materialized (
    select 'documents' as source, d.org_id, d.id, d.created_at, d.updated_at, d.title, d.content
    from agency.documents d where d.embedding is null and d.record_status = 'active'
    union all
    select 'crm_interactions', i.org_id, i.id, i.created_at, i.updated_at, i.subject, i.summary
    from agency.crm_interactions i where i.embedding is null and i.record_status = 'active'
  ), drawn as (
    select b.source, o.id as org_id, o.ai_monthly_budget_cents as budget
    from (select distinct t.source, t.org_id from texts t) b
    join agency.organizations o on o.id = b.org_id
    where not exists (
      select from countersign_edge.leases l where l.name = 'agency/embed/' || b.org_id and l.expires_at > now())
    order by random()
    limit least(greatest(p_organizations, 0), 20)
  )
  select w.org_id, w.budget, w.source, r.id, r.updated_at, r.title, r.content
  from drawn w
  cross join lateral (
    with fresh as (
      select t.* from texts t
      where t.org_id = w.org_id and t.source = w.source and not exists (
        select from countersign_edge.embedding_refusals f
        where f.app = 'agency' and f.source = t.source and f.id = t.id and f.updated_at = t.updated_at)
      order by t.created_at, t.id
      limit 20
    ), alone as (
      select t.* from countersign_edge.embedding_refusals f
      join texts t on t.source = f.source and t.id = f.id and t.updated_at = f.updated_at
      where f.app = 'agency' and f.source = w.source and f.tenant = w.org_id::text and t.org_id = w.org_id
        and f.attempts < 5 and f.next_attempt_at <= now() and not exists (select from fresh)
      order by f.next_attempt_at
      limit 1
    )
    select * from fresh
    union all
    select * from alone
  ) r
  order by w.org_id, w.source, r.created_at, r.id
$$;
comment on function countersign_edge.due_agency_embeddings(integer) is
  'Documents and interactions without a vector of their text: the oldest of some organizations, with their budgets, one kind of one organization after the other.';

create or replace function countersign_edge.due_coaching_outcomes(p_accounts integer)
  returns table (id uuid, account_id uuid, updated_at timestamptz, situation text, outcome text)
  language sql
  volatile
  set search_path = ''
as $$
  select r.id, r.account_id, r.updated_at, r.situation, r.outcome
  from (
    select d.account_id
    from (select distinct w.account_id from coaching."Coaching_Outcomes" w where w.embedding is null) d
    order by random()
    limit least(greatest(p_accounts, 0), 20)
  ) drawn
  cross join lateral (
    with fresh as (
      select o.* from coaching."Coaching_Outcomes" o
      where o.account_id = drawn.account_id and o.embedding is null and not exists (
        select from countersign_edge.embedding_refusals f
        where f.app = 'coaching' and f.source = 'Coaching_Outcomes' and f.id = o.id and f.updated_at = o.updated_at)
      order by o.created_at, o.id
      limit 20
    ), alone as (
      select o.* from countersign_edge.embedding_refusals f
      join coaching."Coaching_Outcomes" o on o.id = f.id and o.updated_at = f.updated_at
      where f.app = 'coaching' and f.source = 'Coaching_Outcomes' and f.tenant = drawn.account_id::text
        and o.account_id = drawn.account_id and o.embedding is null
        and f.attempts < 5 and f.next_attempt_at <= now() and not exists (select from fresh)
      order by f.next_attempt_at
      limit 1
    )
    select * from fresh
    union all
    select * from alone
  ) r
  order by r.account_id, r.created_at, r.id
$$;

-- The rest as before.
create or replace function countersign_edge.purge() returns void
  language sql
  set search_path = ''
as $$
  delete from countersign_edge.webhook_inbox w
  where w.finished_at < now() - case w.status when 'done' then interval '30 days' else interval '90 days' end;
  delete from countersign_edge.outbox o
  where o.finished_at < now() - case o.status when 'done' then interval '30 days' else interval '90 days' end and o.status <> 'uncertain';
  delete from countersign_edge.leases l where l.expires_at < now() - interval '30 days';
  delete from countersign_edge.idempotency_keys k where k.expires_at < now();
  delete from countersign_edge.rate_counters c where c.window_start < now() - interval '1 day';
  delete from countersign_edge.llm_reservations r where r.created_at < now() - interval '1 day';
  delete from countersign_edge.llm_spending s where s.month < now() - interval '13 months';
  delete from countersign_edge.embedding_refusals f where f.next_attempt_at < now() - interval '90 days';
$$;

revoke all on table countersign_edge.embedding_refusals from public, anon, authenticated, service_role;
grant select, insert, update, delete on table countersign_edge.embedding_refusals to countersign_edge;
create policy worker on countersign_edge.embedding_refusals to countersign_edge using (true) with check (true);
alter table countersign_edge.embedding_refusals enable row level security;

do $$
declare
  made text;
begin
  foreach made in array array['refuse_embeddings(text, text, text, text, jsonb)', 'refused_embeddings(text, text, text)',
    'due_agency_embeddings(integer)'] loop
    execute format('revoke all on function countersign_edge.%s from public, anon, authenticated, service_role', made);
    execute format('grant execute on function countersign_edge.%s to countersign_edge', made);
  end loop;
end $$;
