-- The agency system: founding an organization, inviting people, changing roles, leaving.
--
-- These functions run as the person who calls them: row-level security decides, and where it lets nothing through, the
-- function says so instead of reporting a silent success. (The same statements sent without the functions meet the same
-- policies.) Two things happen elsewhere, in triggers generated from the policy: the founder becomes the first owner, and
-- the last owner can neither leave nor be demoted.

set local lock_timeout = '5s';
set local statement_timeout = '60s';

create function agency.create_organization(p_name text) returns agency.organizations
  language plpgsql
  set search_path = ''
as $$
declare
  v_id  uuid := gen_random_uuid();
  v_org agency.organizations;
begin
  if auth.uid() is null then
    raise exception using errcode = 'insufficient_privilege', message = 'only a signed-in person can found an organization';
  end if;
  if btrim(p_name) = '' is not false then
    raise exception using errcode = 'invalid_parameter_value', message = 'an organization needs a name';
  end if;

  -- The membership that lets the founder read the row is made by a trigger after the insert, so the row is read by a
  -- statement of its own, not by RETURNING.
  insert into agency.organizations (id, name) values (v_id, btrim(p_name));
  select o.* into v_org from agency.organizations o where o.id = v_id;
  return v_org;
end $$;
comment on function agency.create_organization(text) is 'Founds an organization; whoever calls becomes its owner.';

-- Turns an e-mail address into a person. auth.users is closed to clients, hence SECURITY DEFINER; it answers owners only,
-- and only for the organization they are inviting to. An owner does learn whether an address has an account: every
-- invitation by e-mail tells that. Only confirmed addresses count, since anyone can sign up with an address not theirs.
create function countersign.agency_person_by_email(p_org_id uuid, p_email text) returns uuid
  language plpgsql
  stable
  security definer
  set search_path = ''
as $$
begin
  if not exists (
    select from agency.team_members m
    where m.user_id = auth.uid() and m.org_id = p_org_id and m.role = 'owner' and m.status = 'active'
  ) then
    raise exception using
      errcode = 'insufficient_privilege',
      message = 'only an owner can invite people to this organization';
  end if;

  return (
    select u.id
    from auth.users u
    where u.email = lower(btrim(p_email)) and u.email_confirmed_at is not null and not u.is_anonymous
  );
end $$;
revoke execute on function countersign.agency_person_by_email(uuid, text) from public, anon;
grant execute on function countersign.agency_person_by_email(uuid, text) to authenticated;

create function agency.invite_member(p_org_id uuid, p_email text, p_role text) returns agency.team_members
  language plpgsql
  set search_path = ''
as $$
declare
  v_user   uuid := countersign.agency_person_by_email(p_org_id, p_email);
  v_member agency.team_members;
begin
  if v_user is null then
    raise exception using
      errcode = 'no_data_found',
      message = format('nobody with the e-mail address %s has an account', btrim(p_email)),
      hint    = 'Ask them to sign up and to confirm their address, then invite them again.';
  end if;

  update agency.team_members m set role = p_role, status = 'invited'
  where m.org_id = p_org_id and m.user_id = v_user and m.status in ('invited', 'removed')
  returning m.* into v_member;

  if v_member.id is null then
    insert into agency.team_members (org_id, user_id, role, status)
    values (p_org_id, v_user, p_role, 'invited')
    returning * into v_member;
  end if;
  return v_member;
exception
  when unique_violation then
    raise exception using
      errcode = 'unique_violation',
      message = 'this person is a member already',
      hint    = 'To give them another role, call change_role.';
end $$;
comment on function agency.invite_member(uuid, text, text) is
  'Invites the person with this confirmed e-mail address, also again after a removal. For owners. Nothing is granted before they accept.';

create function agency.accept_invitation(p_org_id uuid) returns agency.team_members
  language plpgsql
  set search_path = ''
as $$
declare
  v_member agency.team_members;
begin
  update agency.team_members m set status = 'active'
  where m.org_id = p_org_id and m.user_id = auth.uid() and m.status = 'invited'
  returning m.* into v_member;

  if v_member.id is null then
    raise exception using
      errcode = 'no_data_found',
      message = 'you have no open invitation to this organization',
      hint    = 'It may have been withdrawn, or accepted before. An owner can invite you again.';
  end if;
  return v_member;
end $$;
comment on function agency.accept_invitation(uuid) is 'Accepts the caller''s own invitation.';

create function agency.decline_invitation(p_org_id uuid) returns void
  language plpgsql
  set search_path = ''
as $$
begin
  delete from agency.team_members m
  where m.org_id = p_org_id and m.user_id = auth.uid() and m.status = 'invited';

  if not found then
    raise exception using
      errcode = 'no_data_found',
      message = 'you have no open invitation to this organization';
  end if;
end $$;
comment on function agency.decline_invitation(uuid) is 'Declines the caller''s own invitation; the row is deleted.';

create function agency.change_role(p_org_id uuid, p_user_id uuid, p_role text) returns agency.team_members
  language plpgsql
  set search_path = ''
as $$
declare
  v_member agency.team_members;
begin
  update agency.team_members m set role = p_role
  where m.org_id = p_org_id and m.user_id = p_user_id and m.status <> 'removed'
  returning m.* into v_member;

  if v_member.id is null then
    raise exception using
      errcode = 'insufficient_privilege',
      message = 'no role was changed',
      hint    = 'Only an owner changes roles, and only those of people who belong to the organization.';
  end if;
  return v_member;
end $$;
comment on function agency.change_role(uuid, uuid, text) is 'Gives a member, or somebody invited, another role. For owners.';

create function agency.remove_member(p_org_id uuid, p_user_id uuid) returns agency.team_members
  language plpgsql
  set search_path = ''
as $$
declare
  v_member agency.team_members;
begin
  update agency.team_members m set status = 'removed'
  where m.org_id = p_org_id and m.user_id = p_user_id and m.status <> 'removed'
  returning m.* into v_member;

  if v_member.id is null then
    raise exception using
      errcode = 'insufficient_privilege',
      message = 'nobody was removed',
      hint    = 'Only an owner removes people, and only those who belong to the organization. To leave yourself, call leave_organization.';
  end if;
  return v_member;
end $$;
comment on function agency.remove_member(uuid, uuid) is
  'Ends a membership, or withdraws an invitation. For owners. The row stays as removed, with the work assigned to it.';

create function agency.leave_organization(p_org_id uuid) returns void
  language plpgsql
  set search_path = ''
as $$
begin
  delete from agency.team_members m
  where m.org_id = p_org_id and m.user_id = auth.uid() and m.status = 'active';

  if not found then
    raise exception using
      errcode = 'no_data_found',
      message = 'you are not a member of this organization';
  end if;
end $$;
comment on function agency.leave_organization(uuid) is 'Ends the caller''s own membership; their tasks, clients and deals become unassigned.';
