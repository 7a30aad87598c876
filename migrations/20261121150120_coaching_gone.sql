-- An activity that was deleted at its provider stays deleted here. HubSpot's search does not know for some seconds what was
-- deleted, so the next synchronisation would bring it back. What decides is the provider's time of both: what it says of
-- when it was deleted, and of when what it shows was changed.

set local lock_timeout = '5s';
set local statement_timeout = '60s';

create table countersign_edge.gone_coaching_activities (
  account_id  uuid not null,
  provider    text not null,
  external_id text not null,
  gone_at     timestamptz not null,
  noted_at    timestamptz not null default now(),
  primary key (account_id, provider, external_id)
);
create index gone_coaching_activities_noted_at_idx on countersign_edge.gone_coaching_activities (noted_at);
comment on table countersign_edge.gone_coaching_activities is
  'Activities that were deleted at their provider. What it shows of one as it was until then is not stored. Retention: 2 days; no listing goes on with what was deleted for as long.';
comment on column countersign_edge.gone_coaching_activities.gone_at is
  'The provider''s time at which it was told to be gone: what has changed since was restored.';

create or replace function countersign_edge.store_coaching_activities(p_account uuid, p_provider text, p_rows jsonb) returns jsonb
  language sql
  set search_path = ''
as $$
  -- What is removed meanwhile is noted before this looks, or removed after it has stored.
  select pg_advisory_xact_lock(hashtextextended('coaching/activities/' || p_account::text, 0));
  with given as materialized (
    select distinct on (r.external_id) r.*, coalesce(p.user_id, call.user_id) as user_id,
      case when p.user_id is null then call.team_id else p.team_id end as team_id, old.id as old_id,
      (select an.id
       from coaching."Conversations" c
       join coaching."Conversation_Analyses" an on an.conversation_id = c.id and an.account_id = c.account_id
       where c.account_id = p_account and an.status = 'succeeded'
         and ((c.provider = p_provider and c.external_id = r.external_id)
              or (p_provider = 'hubspot' and c.provider = 'fathom' and c.external_id = r.properties ->> 'hs_call_external_id'))
       order by an.analysed_at desc
       limit 1) as analysis_id
    from jsonb_to_recordset(p_rows) as r(
      external_id text, activity_type text, subject text, properties jsonb, occurred_at timestamptz, email text,
      as_of timestamptz)
    left join countersign.coaching_people(p_account, array(select lower(e ->> 'email') from jsonb_array_elements(p_rows) as e)) p
      on p.email = lower(r.email)
    -- Fathom's of the recording, which HubSpot keeps as the call's external id where Fathom logged it there.
    left join coaching."Conversations" call
      on p_provider = 'hubspot' and call.account_id = p_account and call.provider = 'fathom'
         and call.external_id = r.properties ->> 'hs_call_external_id'
    left join coaching."Synced_Activities" old
      on old.account_id = p_account and old.provider = p_provider and old.external_id = r.external_id
    -- A listing goes on with what was deleted for a while, as it was before.
    where not exists (
      select from countersign_edge.gone_coaching_activities n
      where n.account_id = p_account and n.provider = p_provider and n.external_id = r.external_id and n.gone_at >= r.as_of)
    order by r.external_id
  ), stored as (
    insert into coaching."Synced_Activities" as a
      (account_id, user_id, team_id, provider, external_id, activity_type, subject, properties, occurred_at, conversation_analysis_id)
    select p_account, g.user_id, g.team_id, p_provider, g.external_id, g.activity_type, g.subject, coalesce(g.properties, '{}'),
           g.occurred_at, g.analysis_id
    from given g
    on conflict (account_id, provider, external_id) do update
      set user_id = coalesce(a.user_id, excluded.user_id),
          team_id = case when a.user_id is null then excluded.team_id else a.team_id end,
          activity_type = excluded.activity_type, subject = excluded.subject, properties = excluded.properties,
          occurred_at = excluded.occurred_at, fetched_at = now(),
          conversation_analysis_id = coalesce(excluded.conversation_analysis_id, a.conversation_analysis_id)
      -- What was read earlier and comes later does not undo what was read after it.
      where coalesce(excluded.properties ->> 'hs_lastmodifieddate', '') >= coalesce(a.properties ->> 'hs_lastmodifieddate', '')
        and ((a.activity_type, a.subject, a.properties, a.occurred_at)
               is distinct from (excluded.activity_type, excluded.subject, excluded.properties, excluded.occurred_at)
             or (a.user_id is null and excluded.user_id is not null)
             or (excluded.conversation_analysis_id is not null
                 and a.conversation_analysis_id is distinct from excluded.conversation_analysis_id))
    returning a.external_id
  )
  select jsonb_build_object(
    'added', count(*) filter (where g.old_id is null), 'changed', count(*) filter (where g.old_id is not null))
  from stored s
  join given g using (external_id)
$$;
comment on function countersign_edge.store_coaching_activities(uuid, text, jsonb) is
  'Stores activities of a provider, each once, with the person of that address, but none that was deleted there after its as_of. How many were added and how many changed.';

create function countersign_edge.remove_coaching_activities(p_account uuid, p_provider text, p_rows jsonb) returns bigint
  language sql
  set search_path = ''
as $$
  select pg_advisory_xact_lock(hashtextextended('coaching/activities/' || p_account::text, 0));
  insert into countersign_edge.gone_coaching_activities as n (account_id, provider, external_id, gone_at)
  select p_account, p_provider, r.external_id, max(r.gone_at)
  from jsonb_to_recordset(p_rows) as r(external_id text, gone_at timestamptz)
  group by r.external_id
  on conflict (account_id, provider, external_id) do update
  set gone_at = greatest(n.gone_at, excluded.gone_at), noted_at = now();
  with gone as (
    delete from coaching."Synced_Activities" a
    using jsonb_to_recordset(p_rows) as r(external_id text)
    where a.account_id = p_account and a.provider = p_provider and a.external_id = r.external_id
    returning 1
  )
  select count(*) from gone
$$;
comment on function countersign_edge.remove_coaching_activities(uuid, text, jsonb) is
  'Deletes activities that are gone at their provider, and notes since when. How many were here.';

create or replace function countersign_edge.tidy_coaching() returns void
  language sql
  set search_path = ''
as $$
  delete from coaching."Sync_Logs" l where l.started_at < now() - interval '90 days';
  -- No request takes as long: whoever began it died, and nobody has asked again.
  update coaching."Conversation_Analyses" a
  set status = 'failed', error_code = 'INTERRUPTED', analysed_at = now()
  where a.status = 'running' and a.created_at < now() - interval '10 minutes';
  delete from countersign_edge.gone_coaching_activities n where n.noted_at < now() - interval '2 days';
$$;
comment on function countersign_edge.tidy_coaching() is
  'Deletes logs of synchronisation past their retention and what was noted of activities that are gone, and ends analyses whose request died; for the scheduled run.';

revoke all on table countersign_edge.gone_coaching_activities from public, anon, authenticated, service_role;
grant select, insert, update, delete on table countersign_edge.gone_coaching_activities to countersign_edge;
create policy worker on countersign_edge.gone_coaching_activities to countersign_edge using (true) with check (true);
alter table countersign_edge.gone_coaching_activities enable row level security;
revoke all on function countersign_edge.remove_coaching_activities(uuid, text, jsonb) from public, anon, authenticated, service_role;
grant execute on function countersign_edge.remove_coaching_activities(uuid, text, jsonb) to countersign_edge;
