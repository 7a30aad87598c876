-- The advisory system: founding a firm, inviting people, changing roles, leaving.
--
-- These functions run as the person who calls them: row-level security decides, and where it lets nothing through, the
-- function says so instead of reporting a silent success. Two things happen elsewhere, in triggers generated from the
-- policy: the founder becomes the first adviser, and the last adviser can neither leave nor be demoted.

set local lock_timeout = '5s';
set local statement_timeout = '60s';

create function advisory.create_firm(p_name text) returns advisory.firms
  language plpgsql
  set search_path = ''
as $$
declare
  v_id   uuid := gen_random_uuid();
  v_firm advisory.firms;
begin
  if auth.uid() is null then
    raise exception using errcode = 'insufficient_privilege', message = 'only a signed-in person can found a firm';
  end if;
  if btrim(p_name) = '' is not false then
    raise exception using errcode = 'invalid_parameter_value', message = 'a firm needs a name';
  end if;

  -- The profile that lets the founder read the row is made by a trigger after the insert, so the row is read by a
  -- statement of its own, not by RETURNING.
  insert into advisory.firms (id, name) values (v_id, btrim(p_name));
  select f.* into v_firm from advisory.firms f where f.id = v_id;
  return v_firm;
exception
  when unique_violation then
    raise exception using
      errcode = 'unique_violation',
      message = 'you belong to a firm already',
      hint    = 'A person belongs to one firm. Leave it first: leave_firm.';
end $$;
comment on function advisory.create_firm(text) is 'Founds a firm; whoever calls becomes its first adviser.';

-- Turns an e-mail address into a person. auth.users is closed to clients, hence SECURITY DEFINER; it answers advisers only,
-- and only for the firm they are inviting to. Only confirmed addresses count, since anyone can sign up with one not theirs.
create function countersign.advisory_person_by_email(p_firm_id uuid, p_email text) returns uuid
  language plpgsql
  stable
  security definer
  set search_path = ''
as $$
begin
  if not exists (
    select from advisory.profiles p where p.id = auth.uid() and p.firm_id = p_firm_id and p.role = 'advisor'
  ) then
    raise exception using
      errcode = 'insufficient_privilege',
      message = 'only an adviser can invite people to this firm';
  end if;

  return (
    select u.id
    from auth.users u
    where u.email = lower(btrim(p_email)) and u.email_confirmed_at is not null and not u.is_anonymous
  );
end $$;
revoke execute on function countersign.advisory_person_by_email(uuid, text) from public, anon;
grant execute on function countersign.advisory_person_by_email(uuid, text) to authenticated;

create function advisory.invite_person(p_firm_id uuid, p_email text, p_role text) returns advisory.firm_invitations
  language plpgsql
  set search_path = ''
as $$
declare
  v_user       uuid := countersign.advisory_person_by_email(p_firm_id, p_email);
  v_invitation advisory.firm_invitations;
begin
  if v_user is null then
    raise exception using
      errcode = 'no_data_found',
      message = format('nobody with the e-mail address %s has an account', btrim(p_email)),
      hint    = 'Ask them to sign up and to confirm their address, then invite them again.';
  end if;
  if exists (select from advisory.profiles p where p.id = v_user and p.firm_id = p_firm_id) then
    raise exception using
      errcode = 'unique_violation',
      message = 'this person belongs to the firm already',
      hint    = 'To give them another role, call change_role.';
  end if;

  update advisory.firm_invitations i set role = p_role
  where i.firm_id = p_firm_id and i.user_id = v_user
  returning i.* into v_invitation;
  if v_invitation.id is null then
    insert into advisory.firm_invitations (firm_id, user_id, role) values (p_firm_id, v_user, p_role)
    returning * into v_invitation;
  end if;
  return v_invitation;
end $$;
comment on function advisory.invite_person(uuid, text, text) is
  'Invites the person with this confirmed e-mail address. For advisers. Nothing is granted before they accept.';

-- Joining a firm is no rule of the policy: it needs an invitation, and gives exactly its role. Hence SECURITY DEFINER.
create function countersign.advisory_join(p_firm_id uuid) returns uuid
  language plpgsql
  security definer
  set search_path = ''
as $$
declare
  v_role text;
begin
  delete from advisory.firm_invitations i
  where i.firm_id = p_firm_id and i.user_id = auth.uid()
  returning i.role into v_role;
  if v_role is null then
    raise exception using
      errcode = 'no_data_found',
      message = 'there is no invitation to this firm for you';
  end if;
  insert into advisory.profiles (id, firm_id, role) values (auth.uid(), p_firm_id, v_role);
  return auth.uid();
exception
  when unique_violation then
    raise exception using
      errcode = 'unique_violation',
      message = 'you belong to a firm already',
      hint    = 'A person belongs to one firm. Leave it first: leave_firm.';
end $$;
revoke execute on function countersign.advisory_join(uuid) from public, anon;
grant execute on function countersign.advisory_join(uuid) to authenticated;

create function advisory.accept_invitation(p_firm_id uuid) returns advisory.profiles
  language plpgsql
  set search_path = ''
as $$
declare
  v_id      uuid := countersign.advisory_join(p_firm_id);
  v_profile advisory.profiles;
begin
  select p.* into v_profile from advisory.profiles p where p.id = v_id;
  return v_profile;
end $$;
comment on function advisory.accept_invitation(uuid) is 'Accepts the caller''s own invitation.';

create function advisory.decline_invitation(p_firm_id uuid) returns void
  language plpgsql
  set search_path = ''
as $$
begin
  delete from advisory.firm_invitations i where i.firm_id = p_firm_id and i.user_id = auth.uid();
  if not found then
    raise exception using
      errcode = 'no_data_found',
      message = 'there is no invitation to this firm for you';
  end if;
end $$;
comment on function advisory.decline_invitation(uuid) is 'Declines the caller''s own invitation; the row is deleted.';

create function advisory.change_role(p_firm_id uuid, p_user_id uuid, p_role text) returns advisory.profiles
  language plpgsql
  set search_path = ''
as $$
declare
  v_profile advisory.profiles;
begin
  update advisory.profiles p set role = p_role
  where p.firm_id = p_firm_id and p.id = p_user_id
  returning p.* into v_profile;
  if v_profile.id is null then
    raise exception using
      errcode = 'insufficient_privilege',
      message = 'no role was changed',
      hint    = 'Only an adviser changes roles, and only those of people of the firm.';
  end if;
  return v_profile;
end $$;
comment on function advisory.change_role(uuid, uuid, text) is 'Gives a person of the firm another role. For advisers.';

create function advisory.remove_person(p_firm_id uuid, p_user_id uuid) returns void
  language plpgsql
  set search_path = ''
as $$
begin
  delete from advisory.profiles p where p.firm_id = p_firm_id and p.id = p_user_id and p.id <> auth.uid();
  if not found then
    raise exception using
      errcode = 'insufficient_privilege',
      message = 'nobody was removed',
      hint    = 'Only an adviser removes people, and only those of the firm. To leave yourself, call leave_firm.';
  end if;
end $$;
comment on function advisory.remove_person(uuid, uuid) is
  'Ends a person''s time at the firm, with their personal connection and its copies. Their meetings stay. For advisers.';

create function advisory.leave_firm(p_firm_id uuid) returns void
  language plpgsql
  set search_path = ''
as $$
begin
  delete from advisory.profiles p where p.firm_id = p_firm_id and p.id = auth.uid();
  if not found then
    raise exception using
      errcode = 'no_data_found',
      message = 'you do not belong to this firm';
  end if;
end $$;
comment on function advisory.leave_firm(uuid) is 'Ends the caller''s own time at the firm.';
