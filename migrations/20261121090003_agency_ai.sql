-- The agency system: the AI audit trail and cache, analytics.

set local lock_timeout = '5s';
set local statement_timeout = '60s';

create table agency.ai_run_logs (
  id                uuid primary key default gen_random_uuid(),
  org_id            uuid not null references agency.organizations (id) on delete cascade,
  project_id        uuid,
  user_id           uuid references auth.users (id) on delete set null,
  purpose           text not null,
  provider          text not null,
  model             text not null,
  status            text not null check (status in ('succeeded', 'failed', 'cached')),
  prompt_tokens     bigint not null default 0 check (prompt_tokens >= 0),
  completion_tokens bigint not null default 0 check (completion_tokens >= 0),
  cost_cents        numeric(14, 6) not null default 0 check (cost_cents >= 0),
  duration_ms       bigint check (duration_ms >= 0),
  error_code        text,
  request_id        text,
  metadata          jsonb not null default '{}' check (jsonb_typeof(metadata) = 'object'),
  created_at        timestamptz not null default now(),
  updated_at        timestamptz not null default now(),
  foreign key (project_id, org_id) references agency.projects (id, org_id)
);
create index ai_run_logs_org_id_created_at_idx on agency.ai_run_logs (org_id, created_at desc);
create index ai_run_logs_project_id_org_id_idx on agency.ai_run_logs (project_id, org_id);
create index ai_run_logs_user_id_idx on agency.ai_run_logs (user_id);
create trigger update_ai_run_logs_updated_at before update on agency.ai_run_logs
  for each row execute function agency.update_updated_at();
comment on table agency.ai_run_logs is 'Every LLM call, answered from the cache or not. Append-only. Holds no prompt and no answer.';
comment on column agency.ai_run_logs.user_id is 'On whose behalf the call was made.';
comment on column agency.ai_run_logs.cost_cents is 'Cents, exact. Not whole ones as elsewhere: one call costs a fraction, and rounded fractions would spoil the budget.';
comment on column agency.ai_run_logs.request_id is 'The id that the answer to the client and the log lines carry.';

create table agency.ai_cache (
  id                uuid primary key default gen_random_uuid(),
  org_id            uuid not null references agency.organizations (id) on delete cascade,
  cache_key         text not null check (cache_key ~ '^[0-9a-f]{64}$'),
  purpose           text not null,
  model             text not null,
  response          jsonb not null,
  prompt_tokens     bigint not null default 0 check (prompt_tokens >= 0),
  completion_tokens bigint not null default 0 check (completion_tokens >= 0),
  hits              bigint not null default 0 check (hits >= 0),
  expires_at        timestamptz not null,
  created_at        timestamptz not null default now(),
  updated_at        timestamptz not null default now(),
  unique (org_id, cache_key)
);
create index ai_cache_expires_at_idx on agency.ai_cache (expires_at);
create trigger update_ai_cache_updated_at before update on agency.ai_cache
  for each row execute function agency.update_updated_at();
comment on table agency.ai_cache is 'LLM answers by what was asked, never shared between organizations.';
comment on column agency.ai_cache.cache_key is 'SHA-256, in hex, over provider, model, parameters and prompt.';

create table agency.analytics (
  id           uuid primary key default gen_random_uuid(),
  org_id       uuid not null references agency.organizations (id) on delete cascade,
  project_id   uuid,
  metric       text not null check (btrim(metric) <> ''),
  period       text not null default 'day' check (period in ('day', 'week', 'month')),
  period_start date not null,
  value        numeric not null,
  dimensions   jsonb not null default '{}' check (jsonb_typeof(dimensions) = 'object'),
  created_at   timestamptz not null default now(),
  updated_at   timestamptz not null default now(),
  unique nulls not distinct (org_id, metric, period, period_start, project_id),
  foreign key (project_id, org_id) references agency.projects (id, org_id) on delete cascade
);
create index analytics_project_id_org_id_idx on agency.analytics (project_id, org_id);
create trigger update_analytics_updated_at before update on agency.analytics
  for each row execute function agency.update_updated_at();
comment on table agency.analytics is 'One figure per metric and period, of a project or (project_id null) of the organization.';
