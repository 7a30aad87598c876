-- What language models may cost. The most that a call can cost is taken out of the month's budget before
-- the call, in one statement that locks the tenant's row, so calls at once cannot spend the same cent; what it did cost
-- replaces that afterwards. A call whose end nobody heard of keeps what was taken.

set local lock_timeout = '5s';
set local statement_timeout = '60s';

create table countersign_edge.llm_spending (
  app    text not null check (app in ('advisory', 'assistant', 'portal', 'coaching', 'agency')),
  tenant text not null,
  month  date not null check (extract(day from month) = 1),
  cents  numeric(16, 6) not null default 0 check (cents >= 0),
  primary key (app, tenant, month)
);
create index llm_spending_month_idx on countersign_edge.llm_spending (month);
comment on table countersign_edge.llm_spending is
  'What language models have cost in a calendar month (UTC), with the most that calls under way can cost. Retention: 13 months.';
comment on column countersign_edge.llm_spending.tenant is 'Whose budget: an organization''s or an account''s id; a person''s where the app has no tenants.';
comment on column countersign_edge.llm_spending.cents is 'Exact, as in agency.ai_run_logs.';

create table countersign_edge.llm_reservations (
  id         uuid primary key default gen_random_uuid(),
  app        text not null,
  tenant     text not null,
  month      date not null,
  cents      numeric(16, 6) not null check (cents >= 0),
  created_at timestamptz not null default now(),
  foreign key (app, tenant, month) references countersign_edge.llm_spending (app, tenant, month) on delete cascade
);
create index llm_reservations_spending_idx on countersign_edge.llm_reservations (app, tenant, month);
create index llm_reservations_created_at_idx on countersign_edge.llm_reservations (created_at);
comment on table countersign_edge.llm_reservations is
  'Calls under way, and what they hold of the month. One that was never settled stays spent. Retention: 1 day.';

-- The end of the month is the database's to say, as the month is.
create function countersign_edge.reserve_llm(p_app text, p_tenant text, p_cents numeric, p_budget numeric) returns jsonb
  language plpgsql
  set search_path = ''
as $$
declare
  v_month constant date := date_trunc('month', now() at time zone 'UTC');
  v_reservation uuid;
  v_spent numeric;
begin
  insert into countersign_edge.llm_spending as s (app, tenant, month) values (p_app, p_tenant, v_month)
  on conflict (app, tenant, month) do nothing;
  update countersign_edge.llm_spending s set cents = s.cents + p_cents
  where s.app = p_app and s.tenant = p_tenant and s.month = v_month and s.cents + p_cents <= p_budget;
  if found then
    insert into countersign_edge.llm_reservations as r (app, tenant, month, cents)
    values (p_app, p_tenant, v_month, p_cents)
    returning r.id into v_reservation;
  end if;
  select s.cents into v_spent from countersign_edge.llm_spending s
  where s.app = p_app and s.tenant = p_tenant and s.month = v_month;
  return jsonb_build_object('reservation', v_reservation, 'spent', v_spent, 'renews', v_month + interval '1 month');
end $$;
comment on function countersign_edge.reserve_llm(text, text, numeric, numeric) is
  'Takes cents out of the month''s budget; null as the reservation if they are more than what is left. And what is spent by now, and when the next month begins.';

create function countersign_edge.settle_llm(p_reservation uuid, p_cents numeric) returns void
  language sql
  set search_path = ''
as $$
  with ended as (
    delete from countersign_edge.llm_reservations r where r.id = p_reservation returning r.app, r.tenant, r.month, r.cents
  )
  update countersign_edge.llm_spending s set cents = greatest(s.cents - ended.cents + p_cents, 0)
  from ended
  where s.app = ended.app and s.tenant = ended.tenant and s.month = ended.month
$$;
comment on function countersign_edge.settle_llm(uuid, numeric) is 'What a call did cost, in place of what was reserved for it. A second time does nothing.';

-- An answer of the agency's cache, counted and logged in the statement that finds it.
create function countersign_edge.find_agency_answer(p_org uuid, p_key text, p_run jsonb)
  returns table (run_id uuid, model text, response jsonb)
  language sql
  set search_path = ''
as $$
  with found as (
    update agency.ai_cache c set hits = c.hits + 1
    where c.org_id = p_org and c.cache_key = p_key and c.expires_at > now()
    returning c.model, c.response
  ), logged as (
    insert into agency.ai_run_logs (org_id, project_id, user_id, purpose, provider, model, status, duration_ms, request_id)
    select p_org, (p_run ->> 'project_id')::uuid, (p_run ->> 'user_id')::uuid, p_run ->> 'purpose', p_run ->> 'provider',
      found.model, 'cached', 0, p_run ->> 'request_id'
    from found
    returning id
  )
  select logged.id, found.model, found.response from found, logged
$$;
comment on function countersign_edge.find_agency_answer(uuid, text, jsonb) is 'What an organization was answered before to the same question, if that is kept still.';

create function countersign_edge.finish_agency_run(p_org uuid, p_run jsonb, p_key text, p_response jsonb, p_days integer)
  returns uuid
  language plpgsql
  set search_path = ''
as $$
declare
  v_run uuid;
begin
  insert into agency.ai_run_logs as l (org_id, project_id, user_id, purpose, provider, model, status, prompt_tokens,
    completion_tokens, cost_cents, duration_ms, error_code, request_id)
  select p_org, r.project_id, r.user_id, r.purpose, r.provider, r.model, r.status, r.prompt_tokens, r.completion_tokens,
    r.cost_cents, r.duration_ms, r.error_code, r.request_id
  from jsonb_to_record(p_run) as r(project_id uuid, user_id uuid, purpose text, provider text, model text, status text,
    prompt_tokens bigint, completion_tokens bigint, cost_cents numeric, duration_ms bigint, error_code text, request_id text)
  returning l.id into v_run;
  if p_response is not null then
    delete from agency.ai_cache c where c.org_id = p_org and c.expires_at <= now();
    insert into agency.ai_cache as c (org_id, cache_key, purpose, model, response, prompt_tokens, completion_tokens, expires_at)
    values (p_org, p_key, p_run ->> 'purpose', p_run ->> 'model', p_response, (p_run ->> 'prompt_tokens')::bigint,
      (p_run ->> 'completion_tokens')::bigint, now() + make_interval(days => p_days))
    on conflict (org_id, cache_key) do update
    set model = excluded.model, response = excluded.response, prompt_tokens = excluded.prompt_tokens,
        completion_tokens = excluded.completion_tokens, expires_at = excluded.expires_at;
  end if;
  return v_run;
end $$;
comment on function countersign_edge.finish_agency_run(uuid, jsonb, text, jsonb, integer) is
  'Logs a call for an organization, and keeps its answer for so many days, if there is one.';

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
$$;

revoke all on table countersign_edge.llm_spending, countersign_edge.llm_reservations from public, anon, authenticated, service_role;
grant select, insert, update, delete on table countersign_edge.llm_spending, countersign_edge.llm_reservations to countersign_edge;
create policy worker on countersign_edge.llm_spending to countersign_edge using (true) with check (true);
create policy worker on countersign_edge.llm_reservations to countersign_edge using (true) with check (true);
alter table countersign_edge.llm_spending enable row level security;
alter table countersign_edge.llm_reservations enable row level security;

do $$
declare
  made text;
begin
  foreach made in array array['reserve_llm(text, text, numeric, numeric)', 'settle_llm(uuid, numeric)',
    'find_agency_answer(uuid, text, jsonb)', 'finish_agency_run(uuid, jsonb, text, jsonb, integer)'] loop
    execute format('revoke all on function countersign_edge.%s from public, anon, authenticated, service_role', made);
    execute format('grant execute on function countersign_edge.%s to countersign_edge', made);
  end loop;
end $$;
