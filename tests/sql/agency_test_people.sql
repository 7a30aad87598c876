-- Founding, inviting, accepting, changing roles, removing, leaving: as the people themselves, under row-level security.
-- Needs the migrations, the generated policies included, and the seed; leaves nothing behind.

begin;

do $$
begin
  if not (select relrowsecurity from pg_catalog.pg_class where oid = 'agency.team_members'::regclass) then
    raise exception using
      message = 'row-level security is off on agency.team_members: there is nothing to test',
      hint    = 'Apply the migrations generated from policies/agency.policy first.';
  end if;
end $$;

create temporary table person on commit drop as
select split_part(email, '@', 1) as name, id, email from auth.users where email like '%@example.test';
grant select on person to authenticated;

create function pg_temp.standing(who text, org uuid default 'a0000000-0000-4000-8000-000000000001') returns text language sql as $$
  select m.role || ' ' || m.status from agency.team_members m join pg_temp.person p on p.id = m.user_id where p.name = who and m.org_id = org
$$;
grant execute on function pg_temp.standing(text, uuid) to public;

-- Founding.
select pg_temp.become('nobody');
select pg_temp.holds('the founder gets the row', (agency.create_organization('  Costa & Daughters ')).name = 'Costa & Daughters');
select pg_temp.holds('and is its owner', (
  select count(*) = 1 and bool_and(m.role = 'owner' and m.status = 'active')
  from agency.organizations o join agency.team_members m on m.org_id = o.id where o.name = 'Costa & Daughters'));
select pg_temp.fails('22023', $$select agency.create_organization(' ')$$);
select pg_temp.fails('22023', $$select agency.create_organization(null)$$);
-- The only owner stays.
select pg_temp.fails('23514', $$select agency.leave_organization(o.id) from agency.organizations o where o.name = 'Costa & Daughters'$$);
select pg_temp.fails('23514', $$select agency.change_role(o.id, o.created_by, 'viewer') from agency.organizations o where o.name = 'Costa & Daughters'$$);

-- An outsider has no hold on A, and finds out nobody's address.
select pg_temp.fails('42501', $$select agency.invite_member('a0000000-0000-4000-8000-000000000001', 'nobody@example.test', 'owner')$$);
select pg_temp.fails('42501', $$select countersign.agency_person_by_email('a0000000-0000-4000-8000-000000000001', 'owner.b@example.test')$$);
select pg_temp.fails('P0002', $$select agency.accept_invitation('a0000000-0000-4000-8000-000000000001')$$);
select pg_temp.fails('P0002', $$select agency.decline_invitation('a0000000-0000-4000-8000-000000000001')$$);
select pg_temp.fails('P0002', $$select agency.leave_organization('a0000000-0000-4000-8000-000000000001')$$);

-- Admins, members and viewers of A manage nobody, themselves included.
do $$
declare
  v_who text;
begin
  foreach v_who in array array['admin.a', 'member.a', 'viewer.a', 'both'] loop
    perform pg_temp.become(v_who);
    perform pg_temp.fails('42501', $x$select agency.invite_member('a0000000-0000-4000-8000-000000000001', 'nobody@example.test', 'viewer')$x$);
    perform pg_temp.fails('42501', format($x$select agency.change_role('a0000000-0000-4000-8000-000000000001', %L, 'owner')$x$, (select id from pg_temp.person where name = v_who)));
    perform pg_temp.fails('42501', format($x$select agency.change_role('a0000000-0000-4000-8000-000000000001', %L, 'viewer')$x$, (select id from pg_temp.person where name = 'owner.a')));
    perform pg_temp.fails('42501', format($x$select agency.remove_member('a0000000-0000-4000-8000-000000000001', %L)$x$, (select id from pg_temp.person where name = 'owner.a')));
  end loop;
end $$;

-- The owner of B is nobody in A.
select pg_temp.become('owner.b');
select pg_temp.fails('42501', $$select agency.invite_member('a0000000-0000-4000-8000-000000000001', 'owner.b@example.test', 'owner')$$);
select pg_temp.fails('42501', $$select agency.change_role('a0000000-0000-4000-8000-000000000001', id, 'owner') from person where name = 'both'$$);

-- The owner of A invites.
select pg_temp.become('owner.a');
select pg_temp.fails('P0002', $$select agency.invite_member('a0000000-0000-4000-8000-000000000001', 'stranger@example.test', 'viewer')$$);
select pg_temp.fails('23505', $$select agency.invite_member('a0000000-0000-4000-8000-000000000001', 'member.a@example.test', 'viewer')$$);
select pg_temp.fails('23514', $$select agency.invite_member('a0000000-0000-4000-8000-000000000001', 'nobody@example.test', 'king')$$);
select agency.invite_member('a0000000-0000-4000-8000-000000000001', ' Nobody@Example.Test', 'viewer');
select pg_temp.holds('invited, by whom', (
  select m.role || ' ' || m.status = 'viewer invited' and m.invited_by = (select id from person where name = 'owner.a')
  from agency.team_members m where m.org_id = 'a0000000-0000-4000-8000-000000000001' and m.user_id = (select id from person where name = 'nobody')));
select agency.invite_member('a0000000-0000-4000-8000-000000000001', 'nobody@example.test', 'member');
select pg_temp.holds('inviting again changes the offer', pg_temp.standing('nobody') = 'member invited');
select agency.invite_member('a0000000-0000-4000-8000-000000000001', 'removed.a@example.test', 'viewer');
select pg_temp.holds('who was removed can be asked back', pg_temp.standing('removed.a') = 'viewer invited');

-- The invited decide for themselves, and only about that.
select pg_temp.become('nobody');
select pg_temp.holds('an invitation shows itself, and grants nothing', (
  select count(*) = 1 from agency.team_members m where m.org_id = 'a0000000-0000-4000-8000-000000000001')
  and not exists (select from agency.organizations o where o.id = 'a0000000-0000-4000-8000-000000000001'));
select agency.accept_invitation('a0000000-0000-4000-8000-000000000001');
select pg_temp.holds('accepted', pg_temp.standing('nobody') = 'member active');
select pg_temp.fails('P0002', $$select agency.accept_invitation('a0000000-0000-4000-8000-000000000001')$$);
select pg_temp.become('invited.a');
select pg_temp.fails('42501', $$update agency.team_members set role = 'owner', status = 'active' where user_id = (select id from person where name = 'invited.a')$$);
select agency.decline_invitation('a0000000-0000-4000-8000-000000000001');
select pg_temp.holds('declined', pg_temp.standing('invited.a') is null);

-- Roles, removal, coming back.
select pg_temp.become('owner.a');
select agency.change_role('a0000000-0000-4000-8000-000000000001', id, 'admin') from person where name = 'nobody';
select pg_temp.holds('promoted', pg_temp.standing('nobody') = 'admin active');
select pg_temp.fails('23514', $$select agency.change_role('a0000000-0000-4000-8000-000000000001', id, 'viewer') from person where name = 'owner.a'$$);
select pg_temp.fails('23514', $$select agency.remove_member('a0000000-0000-4000-8000-000000000001', id) from person where name = 'owner.a'$$);
select agency.remove_member('a0000000-0000-4000-8000-000000000001', id) from person where name = 'member.a';
select pg_temp.holds('removed, and the row is kept', pg_temp.standing('member.a') = 'member removed');
select pg_temp.fails('42501', $$select agency.remove_member('a0000000-0000-4000-8000-000000000001', id) from person where name = 'member.a'$$);
select pg_temp.fails('42501', $$select agency.change_role('a0000000-0000-4000-8000-000000000001', id, 'owner') from person where name = 'member.a'$$);
select pg_temp.become('member.a');
select pg_temp.fails('P0002', $$select agency.accept_invitation('a0000000-0000-4000-8000-000000000001')$$);
select pg_temp.holds('and sees nothing of A any more', not exists (
  select from agency.organizations where id = 'a0000000-0000-4000-8000-000000000001'));

-- Leaving one organization is not leaving the other.
select pg_temp.become('both');
select agency.leave_organization('a0000000-0000-4000-8000-000000000001');
select pg_temp.holds('gone from A, still in B', pg_temp.standing('both') is null
  and pg_temp.standing('both', 'b0000000-0000-4000-8000-000000000001') = 'viewer active');

-- With a second owner, the first may go.
select pg_temp.become('owner.a');
select agency.change_role('a0000000-0000-4000-8000-000000000001', id, 'owner') from person where name = 'nobody';
select agency.leave_organization('a0000000-0000-4000-8000-000000000001');
select pg_temp.become('nobody');
select pg_temp.fails('23514', $$select agency.leave_organization('a0000000-0000-4000-8000-000000000001')$$);

-- Without a subject there is nobody to found or to answer.
select set_config('request.jwt.claim.sub', '', true), set_config('request.jwt.claims', '{"role": "authenticated"}', true);
select pg_temp.fails('42501', $$select agency.create_organization('Nobody''s')$$);
select pg_temp.fails('42501', $$select countersign.agency_person_by_email('a0000000-0000-4000-8000-000000000001', 'owner.b@example.test')$$);

rollback;
