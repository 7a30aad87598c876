-- What the Worker stores of an account's calls, one statement for each answer of a provider: who was there is found by
-- their address among the account's people, and a row is written only where something is new, so that a second run over
-- the same changes nothing. The functions run as the Worker's role; what that may do is decided by the policy as ever.

set local lock_timeout = '5s';
set local statement_timeout = '60s';

-- Addresses are in auth.users, which the Worker's role does not read. Hence SECURITY DEFINER; it tells of an account's
-- own people only, and is for the Worker's role only.
create function countersign.coaching_people(p_account_id uuid, p_emails text[])
  returns table (email text, user_id uuid, team_id uuid)
  language plpgsql
  stable
  security definer
  set search_path = ''
as $$
begin
  return query
    select lower(u.email), u.id, r.team_id
    from auth.users u
    left join coaching."User_Roles" r on r.user_id = u.id and r.account_id = p_account_id and r.status = 'active'
    where lower(u.email) = any (p_emails) and u.email_confirmed_at is not null and not u.is_anonymous
      and (r.id is not null or exists (select from coaching."Accounts" a where a.id = p_account_id and a.owner_user_id = u.id));
end $$;
comment on function countersign.coaching_people(uuid, text[]) is
  'Which of these addresses (in small letters) are confirmed addresses of the account''s people, and their teams.';
revoke all on function countersign.coaching_people(uuid, text[]) from public, anon, authenticated, service_role;
grant usage on schema countersign to countersign_edge;
grant execute on function countersign.coaching_people(uuid, text[]) to countersign_edge;

create function countersign_edge.store_coaching_activities(p_account uuid, p_provider text, p_rows jsonb) returns jsonb
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

create function countersign_edge.store_coaching_conversation(p_account uuid, p_provider text, p_row jsonb) returns jsonb
  language plpgsql
  set search_path = ''
as $$
declare
  v_user  uuid;
  v_team  uuid;
  v_there boolean;
  v_told  boolean;
begin
  select p.user_id, p.team_id into v_user, v_team
  from countersign.coaching_people(p_account, array[lower(p_row ->> 'email')]) p;

  select exists (
    select from coaching."Conversations" c
    where c.account_id = p_account and c.provider = p_provider and c.external_id = p_row ->> 'external_id'
  ) into v_there;

  insert into coaching."Conversations" as c
    (account_id, user_id, team_id, provider, external_id, title, participants, transcript, started_at, duration_seconds)
  values (p_account, v_user, v_team, p_provider, p_row ->> 'external_id', p_row ->> 'title',
          coalesce(nullif(p_row -> 'participants', 'null'), '[]'), p_row ->> 'transcript',
          (p_row ->> 'started_at')::timestamptz, (p_row ->> 'duration_seconds')::bigint)
  on conflict (account_id, provider, external_id) do update
    set user_id = coalesce(c.user_id, excluded.user_id),
        team_id = case when c.user_id is null then excluded.team_id else c.team_id end,
        title = excluded.title, participants = excluded.participants,
        -- A recording is told of before all of it is there.
        transcript = coalesce(excluded.transcript, c.transcript),
        started_at = excluded.started_at, duration_seconds = excluded.duration_seconds
    where (c.title, c.participants, c.started_at, c.duration_seconds)
            is distinct from (excluded.title, excluded.participants, excluded.started_at, excluded.duration_seconds)
       or (excluded.transcript is not null and c.transcript is distinct from excluded.transcript)
       or (c.user_id is null and excluded.user_id is not null);
  v_told := found;

  perform countersign_edge.store_coaching_activities(p_account, p_provider, jsonb_build_array(jsonb_build_object(
    'external_id', p_row ->> 'external_id', 'activity_type', 'meetings', 'subject', p_row ->> 'title',
    'properties', jsonb_build_object('url', p_row ->> 'url'), 'occurred_at', p_row ->> 'started_at', 'email', p_row ->> 'email')));

  -- The same call where Fathom logged it in HubSpot: nobody knew there whose it was.
  update coaching."Synced_Activities" s
  set user_id = v_user, team_id = v_team
  where v_user is not null and s.account_id = p_account and s.provider = 'hubspot' and s.user_id is null
    and s.properties ->> 'hs_call_external_id' = p_row ->> 'external_id';

  return jsonb_build_object('added', (v_told and not v_there)::int, 'changed', (v_told and v_there)::int);
end $$;
comment on function countersign_edge.store_coaching_conversation(uuid, text, jsonb) is
  'Stores a recorded call and the activity that it is, each once, with the person who recorded it. How many calls were added and how many changed.';

create function countersign_edge.due_coaching_syncs(p_limit integer)
  returns table (id uuid, account_id uuid, provider text)
  language sql
  stable
  set search_path = ''
as $$
  select c.id, c.account_id, c.provider
  from coaching."API_Connections" c
  where c.status = 'active'
    and (c.last_synced_at is null or c.last_synced_at < now() - interval '15 minutes')
    -- One that fails has its time, and so has one that somebody is at.
    and not exists (
      select from coaching."Sync_Logs" l
      where l.connection_id = c.id and l.account_id = c.account_id and l.status <> 'succeeded'
        and l.started_at > now() - interval '5 minutes')
  order by c.last_synced_at nulls first, c.id
  limit least(greatest(p_limit, 0), 20)
$$;
comment on function countersign_edge.due_coaching_syncs(integer) is
  'Connections that were not synchronised to their end for a quarter of an hour, the longest first.';

create function countersign_edge.tidy_coaching() returns void
  language sql
  set search_path = ''
as $$
  delete from coaching."Sync_Logs" l where l.started_at < now() - interval '90 days'
$$;
comment on function countersign_edge.tidy_coaching() is 'Deletes logs of synchronisation past their retention; for the scheduled run.';

revoke all on function countersign_edge.store_coaching_activities(uuid, text, jsonb) from public, anon, authenticated, service_role;
revoke all on function countersign_edge.store_coaching_conversation(uuid, text, jsonb) from public, anon, authenticated, service_role;
revoke all on function countersign_edge.due_coaching_syncs(integer) from public, anon, authenticated, service_role;
revoke all on function countersign_edge.tidy_coaching() from public, anon, authenticated, service_role;
grant execute on function countersign_edge.store_coaching_activities(uuid, text, jsonb) to countersign_edge;
grant execute on function countersign_edge.store_coaching_conversation(uuid, text, jsonb) to countersign_edge;
grant execute on function countersign_edge.due_coaching_syncs(integer) to countersign_edge;
grant execute on function countersign_edge.tidy_coaching() to countersign_edge;
