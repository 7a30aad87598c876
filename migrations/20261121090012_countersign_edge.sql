-- What the Worker remembers between requests: schema countersign_edge, shared by all five systems.
--
-- The Worker works under its own database role, countersign_edge. The role logs in nowhere; PostgREST switches to it for
-- a token that names it. It does not bypass row-level security: here it has the policies below, in the systems' own
-- schemas exactly what the "service:" rules of their policy files say. Nobody else has anything here.

set local lock_timeout = '5s';
set local statement_timeout = '60s';

-- Roles belong to the whole server: another database may have made it, or be making it now.
do $$
begin
  if not exists (select from pg_catalog.pg_roles where rolname = 'countersign_edge') then
    begin
      create role countersign_edge nologin noinherit nobypassrls;
    exception when duplicate_object or unique_violation then
      null;
    end;
  end if;
  if exists (select from pg_catalog.pg_roles where rolname = 'authenticator')
     and not pg_has_role('authenticator', 'countersign_edge', 'member') then
    grant countersign_edge to authenticator;
  end if;
end $$;

create schema countersign_edge;
comment on schema countersign_edge is 'The Worker''s inbox, outbox, leases, idempotency keys and rate counters. For role countersign_edge only.';
revoke all on schema countersign_edge from public, anon, authenticated;
grant usage on schema countersign_edge to countersign_edge;

create table countersign_edge.webhook_inbox (
  id              uuid primary key default gen_random_uuid(),
  app             text not null check (app in ('advisory', 'assistant', 'portal', 'coaching', 'agency')),
  source          text not null,
  event_id        text not null,
  tenant_id       text,
  event_type      text not null,
  payload         jsonb,
  status          text not null default 'received' check (status in ('received', 'processing', 'done', 'failed', 'dead')),
  attempts        bigint not null default 0 check (attempts >= 0),
  next_attempt_at timestamptz not null default now(),
  last_error      text,
  received_at     timestamptz not null default now(),
  finished_at     timestamptz,
  unique (app, source, event_id)
);
create index webhook_inbox_due_idx on countersign_edge.webhook_inbox (next_attempt_at) where status in ('received', 'processing', 'failed');
create index webhook_inbox_finished_at_idx on countersign_edge.webhook_inbox (finished_at);
comment on table countersign_edge.webhook_inbox is
  'Webhooks whose signature held, stored before they are worked on. Unique per event: a second delivery changes nothing. Retention: done 30 days, dead 90.';
comment on column countersign_edge.webhook_inbox.event_id is 'The sender''s id of the event; where it sends none, a hash of the body.';
comment on column countersign_edge.webhook_inbox.tenant_id is 'Whose event it is, once that is known.';
comment on column countersign_edge.webhook_inbox.payload is 'Null where the event may hold personal data that the app must not keep: then ids only, in event_id.';
comment on column countersign_edge.webhook_inbox.next_attempt_at is 'When it is due. Claiming an event moves this ahead, so that one whose run died comes back.';
comment on column countersign_edge.webhook_inbox.last_error is 'A code and a short text. Never a token, never a body.';

create table countersign_edge.outbox (
  id              uuid primary key default gen_random_uuid(),
  app             text not null check (app in ('advisory', 'assistant', 'portal', 'coaching', 'agency')),
  provider        text not null,
  operation       text not null,
  effect_key      text not null,
  tenant_id       text,
  user_id         text,
  request         jsonb not null default '{}',
  status          text not null default 'pending' check (status in ('pending', 'sending', 'done', 'failed', 'uncertain', 'dead')),
  attempts        bigint not null default 0 check (attempts >= 0),
  next_attempt_at timestamptz not null default now(),
  external_id     text,
  last_error      text,
  created_at      timestamptz not null default now(),
  finished_at     timestamptz,
  unique (app, provider, effect_key)
);
create index outbox_due_idx on countersign_edge.outbox (next_attempt_at) where status in ('pending', 'sending', 'failed');
create index outbox_finished_at_idx on countersign_edge.outbox (finished_at);
comment on table countersign_edge.outbox is
  'Effects outside the database, recorded before they are tried. Unique per effect: it is asked for once. Retention: done 30 days, dead 90; uncertain until somebody has looked.';
comment on column countersign_edge.outbox.effect_key is 'Names the effect, the same on every try.';
comment on column countersign_edge.outbox.status is 'uncertain: the provider may or may not have done it, and cannot be asked. Never repeated without a person.';
comment on column countersign_edge.outbox.request is 'What to send, without credentials: these are read when it is sent.';

create table countersign_edge.leases (
  name       text primary key,
  holder     text not null,
  fence      bigint not null default 1,
  expires_at timestamptz not null,
  taken_at   timestamptz not null default now()
);
comment on table countersign_edge.leases is
  'Who may do what only one may do at a time (refresh a token, run the schedule). Retention: 30 days after expiry.';
comment on column countersign_edge.leases.fence is 'Grows with every holder. Who writes under the lease compares it, so that a holder who overslept writes nothing.';

create table countersign_edge.idempotency_keys (
  app          text not null check (app in ('advisory', 'assistant', 'portal', 'coaching', 'agency')),
  caller       text not null,
  key          text not null check (length(key) between 1 and 255),
  request_hash text not null,
  status       text not null default 'running' check (status in ('running', 'done')),
  http_status  bigint check (http_status between 100 and 599),
  response     jsonb,
  expires_at   timestamptz not null default now() + interval '24 hours',
  created_at   timestamptz not null default now(),
  primary key (app, caller, key)
);
create index idempotency_keys_expires_at_idx on countersign_edge.idempotency_keys (expires_at);
comment on table countersign_edge.idempotency_keys is
  'Answers to requests with an Idempotency-Key: the same request again gets the same answer. Retention: 24 hours.';
comment on column countersign_edge.idempotency_keys.request_hash is 'Of method, path and body: the same key with another request is an error.';

create table countersign_edge.rate_counters (
  bucket       text not null,
  window_start timestamptz not null,
  hits         bigint not null default 1 check (hits > 0),
  primary key (bucket, window_start)
);
create index rate_counters_window_start_idx on countersign_edge.rate_counters (window_start);
comment on table countersign_edge.rate_counters is 'Requests per bucket (caller and route) and window. Retention: 1 day.';

-- What would take the API two statements, and must not be done in two. All run as the caller, who has no rights here
-- unless it is the Worker.

create function countersign_edge.take_lease(p_name text, p_holder text, p_seconds integer) returns bigint
  language sql
  set search_path = ''
as $$
  insert into countersign_edge.leases as l (name, holder, expires_at)
  values (p_name, p_holder, now() + make_interval(secs => p_seconds))
  on conflict (name) do update
    set holder = excluded.holder, expires_at = excluded.expires_at, taken_at = now(),
        fence = l.fence + case when l.holder = excluded.holder and l.expires_at > now() then 0 else 1 end
    where l.expires_at <= now() or l.holder = excluded.holder
  returning l.fence
$$;
comment on function countersign_edge.take_lease(text, text, integer) is
  'The fence number, if the lease was free, has expired, or is the holder''s own (then it is extended); null if another holds it.';

create function countersign_edge.drop_lease(p_name text, p_holder text) returns void
  language sql
  set search_path = ''
as $$
  -- Kept, not deleted: the fence goes on growing for as long as an old holder could wake up.
  update countersign_edge.leases l set expires_at = now() where l.name = p_name and l.holder = p_holder
$$;
comment on function countersign_edge.drop_lease(text, text) is 'Gives a lease back before it expires.';

create function countersign_edge.store_webhooks(p_app text, p_source text, p_events jsonb) returns bigint
  language sql
  set search_path = ''
as $$
  with stored as (
    insert into countersign_edge.webhook_inbox (app, source, event_id, tenant_id, event_type, payload)
    select p_app, p_source, e ->> 'event_id', e ->> 'tenant_id', e ->> 'event_type', e -> 'payload'
    from jsonb_array_elements(p_events) as e
    on conflict (app, source, event_id) do nothing
    returning 1
  )
  select count(*) from stored
$$;
comment on function countersign_edge.store_webhooks(text, text, jsonb) is
  'Stores the events of a delivery that are not stored yet, and says how many those were.';

create function countersign_edge.claim_webhooks(p_limit integer, p_seconds integer) returns setof countersign_edge.webhook_inbox
  language sql
  set search_path = ''
as $$
  with due as materialized (
    select d.id from countersign_edge.webhook_inbox d
    where d.status in ('received', 'processing', 'failed') and d.next_attempt_at <= now()
    order by d.next_attempt_at
    limit least(greatest(p_limit, 0), 100)
    for update skip locked
  )
  update countersign_edge.webhook_inbox w
  set status = 'processing', attempts = w.attempts + 1, next_attempt_at = now() + make_interval(secs => p_seconds)
  from due
  where w.id = due.id
  returning w.*
$$;
comment on function countersign_edge.claim_webhooks(integer, integer) is
  'Takes the events that are due, for so many seconds: whoever asks meanwhile gets others, and unfinished ones come back afterwards.';

create function countersign_edge.claim_outbox(p_limit integer, p_seconds integer) returns setof countersign_edge.outbox
  language sql
  set search_path = ''
as $$
  with due as materialized (
    select d.id from countersign_edge.outbox d
    where d.status in ('pending', 'sending', 'failed') and d.next_attempt_at <= now()
    order by d.next_attempt_at
    limit least(greatest(p_limit, 0), 100)
    for update skip locked
  )
  update countersign_edge.outbox o
  set status = 'sending', attempts = o.attempts + 1, next_attempt_at = now() + make_interval(secs => p_seconds)
  from due
  where o.id = due.id
  returning o.*
$$;
comment on function countersign_edge.claim_outbox(integer, integer) is
  'Takes the effects that are due, like claim_webhooks. One found in "sending" was tried before: look it up before repeating it.';

create function countersign_edge.count_hit(p_bucket text, p_seconds integer) returns bigint
  language sql
  set search_path = ''
as $$
  insert into countersign_edge.rate_counters as c (bucket, window_start)
  values (p_bucket, to_timestamp(floor(extract(epoch from now()) / p_seconds) * p_seconds))
  on conflict (bucket, window_start) do update set hits = c.hits + 1
  returning c.hits
$$;
comment on function countersign_edge.count_hit(text, integer) is 'Counts a request in the current window of so many seconds, and says the how-manieth it is.';

create function countersign_edge.purge() returns void
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
$$;
comment on function countersign_edge.purge() is 'Deletes what is past its retention; for the scheduled run.';

-- Grants shut out everybody but the Worker. The policies do so again, should a grant slip in one day.
revoke all on all tables in schema countersign_edge from public, anon, authenticated, service_role;
revoke all on all functions in schema countersign_edge from public, anon, authenticated, service_role;
grant select, insert, update, delete on all tables in schema countersign_edge to countersign_edge;
grant execute on all functions in schema countersign_edge to countersign_edge;

create policy worker on countersign_edge.webhook_inbox to countersign_edge using (true) with check (true);
create policy worker on countersign_edge.outbox to countersign_edge using (true) with check (true);
create policy worker on countersign_edge.leases to countersign_edge using (true) with check (true);
create policy worker on countersign_edge.idempotency_keys to countersign_edge using (true) with check (true);
create policy worker on countersign_edge.rate_counters to countersign_edge using (true) with check (true);

alter table countersign_edge.webhook_inbox enable row level security;
alter table countersign_edge.outbox enable row level security;
alter table countersign_edge.leases enable row level security;
alter table countersign_edge.idempotency_keys enable row level security;
alter table countersign_edge.rate_counters enable row level security;
