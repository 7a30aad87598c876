-- The coaching system: founding an account, inviting people, changing roles, leaving, handing over; the connections' RPCs.
--
-- These functions run as the person who calls them: row-level security decides, and where it lets nothing through, the
-- function says so instead of reporting a silent success.

set local lock_timeout = '5s';
set local statement_timeout = '60s';

create function coaching.create_account(p_name text) returns coaching."Accounts"
  language plpgsql
  set search_path = ''
as $$
declare
  v_account coaching."Accounts";
begin
  if auth.uid() is null then
    raise exception using errcode = 'insufficient_privilege', message = 'only a signed-in person can found an account';
  end if;
  if btrim(p_name) = '' is not false then
    raise exception using errcode = 'invalid_parameter_value', message = 'an account needs a name';
  end if;
  insert into coaching."Accounts" (name) values (btrim(p_name)) returning * into v_account;
  return v_account;
end $$;
comment on function coaching.create_account(text) is 'Founds an account; whoever calls becomes its owner.';

-- Turns an e-mail address into a person. auth.users is closed to clients, hence SECURITY DEFINER; it answers owners and
-- managers only, and only for the account they are inviting to. Only confirmed addresses count.
create function countersign.coaching_person_by_email(p_account_id uuid, p_email text) returns uuid
  language plpgsql
  stable
  security definer
  set search_path = ''
as $$
begin
  if not exists (select from coaching."Accounts" a where a.id = p_account_id and a.owner_user_id = auth.uid())
     and not exists (
       select from coaching."User_Roles" r
       where r.account_id = p_account_id and r.user_id = auth.uid() and r.status = 'active' and r.role = 'manager' and r.team_id is null)
  then
    raise exception using
      errcode = 'insufficient_privilege',
      message = 'only the owner and managers can invite people to this account';
  end if;

  return (
    select u.id
    from auth.users u
    where u.email = lower(btrim(p_email)) and u.email_confirmed_at is not null and not u.is_anonymous
  );
end $$;
revoke execute on function countersign.coaching_person_by_email(uuid, text) from public, anon;
grant execute on function countersign.coaching_person_by_email(uuid, text) to authenticated;

create function coaching.invite_member(p_account_id uuid, p_email text, p_role text, p_team_id uuid default null)
  returns coaching."User_Roles"
  language plpgsql
  set search_path = ''
as $$
declare
  v_user uuid := countersign.coaching_person_by_email(p_account_id, p_email);
  v_role coaching."User_Roles";
begin
  if v_user is null then
    raise exception using
      errcode = 'no_data_found',
      message = format('nobody with the e-mail address %s has an account', btrim(p_email)),
      hint    = 'Ask them to sign up and to confirm their address, then invite them again.';
  end if;

  update coaching."User_Roles" r set role = p_role, team_id = p_team_id
  where r.account_id = p_account_id and r.user_id = v_user and r.status = 'invited'
  returning r.* into v_role;
  if v_role.id is null then
    insert into coaching."User_Roles" (account_id, user_id, role, team_id, status)
    values (p_account_id, v_user, p_role, p_team_id, 'invited')
    returning * into v_role;
  end if;
  return v_role;
exception
  when unique_violation then
    raise exception using
      errcode = 'unique_violation',
      message = 'this person is a member already',
      hint    = 'To give them another role or team, call change_role.';
end $$;
comment on function coaching.invite_member(uuid, text, text, uuid) is
  'Invites the person with this confirmed e-mail address. For the owner and managers. Nothing is granted before they accept.';

-- Accepting makes somebody a member, which no rule of the policy lets them do to themselves; it takes an invitation, and
-- gives exactly its role. Hence SECURITY DEFINER.
create function countersign.coaching_join(p_account_id uuid) returns uuid
  language plpgsql
  security definer
  set search_path = ''
as $$
declare
  v_id uuid;
begin
  update coaching."User_Roles" r set status = 'active'
  where r.account_id = p_account_id and r.user_id = auth.uid() and r.status = 'invited'
  returning r.id into v_id;
  if v_id is null then
    raise exception using
      errcode = 'no_data_found',
      message = 'there is no invitation to this account for you';
  end if;
  return v_id;
end $$;
revoke execute on function countersign.coaching_join(uuid) from public, anon;
grant execute on function countersign.coaching_join(uuid) to authenticated;

create function coaching.accept_invitation(p_account_id uuid) returns coaching."User_Roles"
  language plpgsql
  set search_path = ''
as $$
declare
  v_id   uuid := countersign.coaching_join(p_account_id);
  v_role coaching."User_Roles";
begin
  select r.* into v_role from coaching."User_Roles" r where r.id = v_id;
  return v_role;
end $$;
comment on function coaching.accept_invitation(uuid) is 'Accepts the caller''s own invitation.';

create function coaching.decline_invitation(p_account_id uuid) returns void
  language plpgsql
  set search_path = ''
as $$
begin
  delete from coaching."User_Roles" r
  where r.account_id = p_account_id and r.user_id = auth.uid() and r.status = 'invited';
  if not found then
    raise exception using
      errcode = 'no_data_found',
      message = 'there is no invitation to this account for you';
  end if;
end $$;
comment on function coaching.decline_invitation(uuid) is 'Declines the caller''s own invitation; the row is deleted.';

create function coaching.change_role(p_account_id uuid, p_user_id uuid, p_role text, p_team_id uuid default null)
  returns coaching."User_Roles"
  language plpgsql
  set search_path = ''
as $$
declare
  v_role coaching."User_Roles";
begin
  update coaching."User_Roles" r set role = p_role, team_id = p_team_id
  where r.account_id = p_account_id and r.user_id = p_user_id
  returning r.* into v_role;
  if v_role.id is null then
    raise exception using
      errcode = 'insufficient_privilege',
      message = 'no role was changed',
      hint    = 'Only the owner and managers change roles, and only those of people of the account.';
  end if;
  return v_role;
end $$;
comment on function coaching.change_role(uuid, uuid, text, uuid) is
  'Gives a person another role and team; a manager with a team leads that team. For the owner and managers.';

create function coaching.remove_member(p_account_id uuid, p_user_id uuid) returns void
  language plpgsql
  set search_path = ''
as $$
begin
  delete from coaching."User_Roles" r
  where r.account_id = p_account_id and r.user_id = p_user_id and r.user_id <> auth.uid();
  if not found then
    raise exception using
      errcode = 'insufficient_privilege',
      message = 'nobody was removed',
      hint    = 'Only the owner and managers remove people. To leave yourself, call leave_account.';
  end if;
end $$;
comment on function coaching.remove_member(uuid, uuid) is 'Ends a membership, or withdraws an invitation. For the owner and managers.';

create function coaching.leave_account(p_account_id uuid) returns void
  language plpgsql
  set search_path = ''
as $$
begin
  delete from coaching."User_Roles" r
  where r.account_id = p_account_id and r.user_id = auth.uid() and r.status = 'active';
  if not found then
    raise exception using
      errcode = 'no_data_found',
      message = 'you have no role in this account that you could leave',
      hint    = 'An owner hands the account over first: transfer_account.';
  end if;
end $$;
comment on function coaching.leave_account(uuid) is 'Ends the caller''s own role. The owner stays the owner.';

-- Handing over is two changes at once, and in between nobody would be allowed the second. Hence SECURITY DEFINER.
create function countersign.coaching_transfer(p_account_id uuid, p_user_id uuid) returns void
  language plpgsql
  security definer
  set search_path = ''
as $$
begin
  perform 1 from coaching."Accounts" a where a.id = p_account_id and a.owner_user_id = auth.uid() for update;
  if not found then
    raise exception using
      errcode = 'insufficient_privilege',
      message = 'only the owner hands an account over';
  end if;
  if p_user_id = auth.uid() then
    return;
  end if;
  delete from coaching."User_Roles" r
  where r.account_id = p_account_id and r.user_id = p_user_id and r.status = 'active' and r.role = 'manager' and r.team_id is null;
  if not found then
    raise exception using
      errcode = 'no_data_found',
      message = 'this person is no manager of the whole account',
      hint    = 'Make them one first: invite_member, or change_role without a team.';
  end if;
  insert into coaching."User_Roles" (account_id, user_id, role, status) values (p_account_id, auth.uid(), 'manager', 'active')
  on conflict (account_id, user_id) do update set role = 'manager', team_id = null, status = 'active';
  update coaching."Accounts" a set owner_user_id = p_user_id where a.id = p_account_id;
end $$;
revoke execute on function countersign.coaching_transfer(uuid, uuid) from public, anon;
grant execute on function countersign.coaching_transfer(uuid, uuid) to authenticated;

create function coaching.transfer_account(p_account_id uuid, p_user_id uuid) returns void
  language plpgsql
  set search_path = ''
as $$
begin
  perform countersign.coaching_transfer(p_account_id, p_user_id);
end $$;
comment on function coaching.transfer_account(uuid, uuid) is
  'Hands an account over to one of its managers; the owner until then becomes a manager. For the owner.';

-- Connections

create function coaching.current_account(p_account_id uuid default null) returns uuid
  language plpgsql
  stable
  set search_path = ''
as $$
declare
  v_accounts uuid[] := array(
    select a.id from coaching."Accounts" a where p_account_id is null or a.id = p_account_id);
begin
  if cardinality(v_accounts) = 0 then
    raise exception using
      errcode = 'no_data_found',
      message = case when p_account_id is null then 'you belong to no account' else 'you do not belong to this account' end;
  elsif cardinality(v_accounts) > 1 then
    raise exception using
      errcode = 'invalid_parameter_value',
      message = 'you belong to several accounts',
      hint    = 'Say which one: p_account_id.';
  end if;
  return v_accounts[1];
end $$;
comment on function coaching.current_account(uuid) is 'The caller''s account, by their roles; who has several must name one.';

create function coaching.get_hubspot_connection(p_account_id uuid default null)
  returns table (id uuid, account_id uuid, external_account_id text, scopes text[], status text, token_expires_at timestamptz, last_synced_at timestamptz, last_error text)
  language sql
  stable
  set search_path = ''
as $$
  select c.id, c.account_id, c.external_account_id, c.scopes, c.status, c.token_expires_at, c.last_synced_at, c.last_error
  from coaching."API_Connections" c
  where c.account_id = (select coaching.current_account(p_account_id)) and c.provider = 'hubspot'
$$;
comment on function coaching.get_hubspot_connection(uuid) is 'How the account''s link to HubSpot stands. Never a token. Empty for who may not see it.';

create function coaching.get_fathom_connection(p_account_id uuid default null)
  returns table (id uuid, account_id uuid, external_account_id text, scopes text[], status text, token_expires_at timestamptz, last_synced_at timestamptz, last_error text)
  language sql
  stable
  set search_path = ''
as $$
  select c.id, c.account_id, c.external_account_id, c.scopes, c.status, c.token_expires_at, c.last_synced_at, c.last_error
  from coaching."API_Connections" c
  where c.account_id = (select coaching.current_account(p_account_id)) and c.provider = 'fathom'
$$;
comment on function coaching.get_fathom_connection(uuid) is 'How the account''s link to Fathom stands. Never a token. Empty for who may not see it.';

create function coaching.save_hubspot_connection(p_external_account_id text, p_scopes text, p_account_id uuid default null) returns uuid
  language plpgsql
  set search_path = ''
as $$
declare
  v_account uuid := coaching.current_account(p_account_id);
  v_id      uuid;
begin
  update coaching."API_Connections" c
  set external_account_id = p_external_account_id, scopes = coalesce(string_to_array(p_scopes, ' '), '{}'), status = 'pending'
  where c.account_id = v_account and c.provider = 'hubspot'
  returning c.id into v_id;
  if v_id is null then
    insert into coaching."API_Connections" (account_id, provider, external_account_id, scopes)
    values (v_account, 'hubspot', p_external_account_id, coalesce(string_to_array(p_scopes, ' '), '{}'))
    returning id into v_id;
  end if;
  return v_id;
end $$;
comment on function coaching.save_hubspot_connection(text, text, uuid) is
  'Notes the account''s link to HubSpot as pending; its tokens are sealed and stored by the Worker. For the owner and managers.';

create function coaching.save_fathom_connection(p_external_account_id text, p_scopes text, p_account_id uuid default null) returns uuid
  language plpgsql
  set search_path = ''
as $$
declare
  v_account uuid := coaching.current_account(p_account_id);
  v_id      uuid;
begin
  update coaching."API_Connections" c
  set external_account_id = p_external_account_id, scopes = coalesce(string_to_array(p_scopes, ' '), '{}'), status = 'pending'
  where c.account_id = v_account and c.provider = 'fathom'
  returning c.id into v_id;
  if v_id is null then
    insert into coaching."API_Connections" (account_id, provider, external_account_id, scopes)
    values (v_account, 'fathom', p_external_account_id, coalesce(string_to_array(p_scopes, ' '), '{}'))
    returning id into v_id;
  end if;
  return v_id;
end $$;
comment on function coaching.save_fathom_connection(text, text, uuid) is
  'Notes the account''s link to Fathom as pending; its tokens are sealed and stored by the Worker. For the owner and managers.';

-- Similar outcomes, under row-level security. An HNSW index knows nothing of tenants: so a caller who can see at most 10,000
-- rows gets an exact search of just these; beyond that the index iterates until enough visible rows have turned up.
select set_config('search_path', (select quote_ident(n.nspname) from pg_catalog.pg_extension e
  join pg_catalog.pg_namespace n on n.oid = e.extnamespace where e.extname = 'vector'), true);

-- The hnsw.* settings exist only once the library is loaded, which any use of the type does.
select '[0]'::vector;

create function coaching.match_coaching_outcomes(query_embedding vector, match_count integer default 10, match_account_id uuid default null)
  returns table (id uuid, account_id uuid, user_id uuid, situation text, outcome text, rating bigint, similarity double precision)
  language plpgsql
  stable
  rows 10
  set search_path from current
  set plan_cache_mode = 'force_custom_plan'
  set enable_sort = off
  set jit = off
  set hnsw.iterative_scan = 'strict_order'
  set hnsw.ef_search = 400
  set hnsw.max_scan_tuples = 200000
as $$
declare
  v_count constant integer := least(greatest(coalesce(match_count, 10), 1), 100);
  v_few   boolean;
begin
  select count(*) <= 10000 into v_few
  from (select from coaching."Coaching_Outcomes" o where match_account_id is null or o.account_id = match_account_id limit 10001) visible;

  if v_few then
    -- The "+ 0" keeps the index out of it.
    return query
      select o.id, o.account_id, o.user_id, o.situation, o.outcome, o.rating, 1 - (o.embedding <=> query_embedding)
      from coaching."Coaching_Outcomes" o
      where o.embedding is not null and (match_account_id is null or o.account_id = match_account_id)
      order by (o.embedding <=> query_embedding) + 0
      limit v_count;
  else
    return query
      select o.id, o.account_id, o.user_id, o.situation, o.outcome, o.rating, 1 - (o.embedding <=> query_embedding)
      from coaching."Coaching_Outcomes" o
      where o.embedding is not null and (match_account_id is null or o.account_id = match_account_id)
      order by o.embedding <=> query_embedding
      limit v_count;
  end if;
end $$;
comment on function coaching.match_coaching_outcomes is
  'The past outcomes nearest in meaning (cosine) among those the caller may see, of one account or of all of theirs. At most 100.';
