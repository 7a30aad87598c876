-- Undoes 20261121150120_coaching_gone.sql. What was noted is lost: a synchronisation may bring an activity back that was
-- deleted seconds ago.

set local lock_timeout = '5s';
set local statement_timeout = '60s';

create or replace function countersign_edge.store_coaching_activities(p_account uuid, p_provider text, p_rows jsonb) returns jsonb
  language sql
  set search_path = ''
as $$
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
      external_id text, activity_type text, subject text, properties jsonb, occurred_at timestamptz, email text)
    left join countersign.coaching_people(p_account, array(select lower(e ->> 'email') from jsonb_array_elements(p_rows) as e)) p
      on p.email = lower(r.email)
    -- Fathom's of the recording, which HubSpot keeps as the call's external id where Fathom logged it there.
    left join coaching."Conversations" call
      on p_provider = 'hubspot' and call.account_id = p_account and call.provider = 'fathom'
         and call.external_id = r.properties ->> 'hs_call_external_id'
    left join coaching."Synced_Activities" old
      on old.account_id = p_account and old.provider = p_provider and old.external_id = r.external_id
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
  'Stores activities of a provider, each once, with the person of that address. How many were added and how many changed.';

create or replace function countersign_edge.tidy_coaching() returns void
  language sql
  set search_path = ''
as $$
  delete from coaching."Sync_Logs" l where l.started_at < now() - interval '90 days';
  -- No request takes as long: whoever began it died, and nobody has asked again.
  update coaching."Conversation_Analyses" a
  set status = 'failed', error_code = 'INTERRUPTED', analysed_at = now()
  where a.status = 'running' and a.created_at < now() - interval '10 minutes';
$$;
comment on function countersign_edge.tidy_coaching() is
  'Deletes logs of synchronisation past their retention, and ends analyses whose request died; for the scheduled run.';

drop function countersign_edge.remove_coaching_activities(uuid, text, jsonb);
-- squawk-ignore ban-drop-table
drop table countersign_edge.gone_coaching_activities;
