-- The portal's constraints, what a member can do, and what deleting does. Needs the migrations, the generated policies
-- included, and the seed; leaves nothing behind.

begin;

-- Constraints.
select pg_temp.fails('23514', $$insert into portal."user" (email) values ('Mia@portal.example.test')$$);
select pg_temp.fails('23505', $$insert into portal."user" (email) values ('mia@portal.example.test')$$);
select pg_temp.fails('23505', $$update portal."user" set "baserowMemberId" = '101' where email = 'noel@portal.example.test'$$);
select pg_temp.fails('23505', $$insert into portal.account ("userId", "providerId", "accountId") values ('9a000000-0000-4000-8000-000000000002', 'google', '108230000000000000001')$$);
select pg_temp.fails('23503', $$insert into portal.session ("userId", token, "expiresAt") values ('nobody', 'x', now())$$);
select pg_temp.fails('23505', $$insert into portal.session ("userId", token, "expiresAt") select "userId", token, now() from portal.session$$);

-- A member sees and changes little: their own row, and where they are signed in.
select pg_temp.become_id('9a000000-0000-4000-8000-000000000001');
select pg_temp.holds('the own row', (select array_agg(email) = '{mia@portal.example.test}' from portal."user"));
select pg_temp.holds('the own sessions', (select count(*) = 2 from (select id, "expiresAt" from portal.session) s));
select pg_temp.fails('42501', 'select token from portal.session');
select pg_temp.fails('42501', $$select id from portal.session where token = 'demoMiaLaptop0000000000000000001'$$);
select pg_temp.fails('42501', 'select from portal.account');
select pg_temp.fails('42501', 'select from portal.verification');
select pg_temp.holds('name and picture', pg_temp.touched($$update portal."user" set name = 'Mia S.', image = null where id = '9a000000-0000-4000-8000-000000000001'$$) = 1);
select pg_temp.holds('not another''s', pg_temp.touched($$update portal."user" set name = 'x' where id = '9a000000-0000-4000-8000-000000000002'$$) = 0);
select pg_temp.fails('42501', $$update portal."user" set email = 'x@example.test'$$);
select pg_temp.fails('42501', $$update portal."user" set "emailVerified" = true$$);
select pg_temp.fails('42501', $$update portal."user" set "baserowMemberId" = '999'$$);
select pg_temp.fails('42501', $$delete from portal.session$$);
select pg_temp.fails('42501', $$insert into portal.session ("userId", token, "expiresAt") values ('9a000000-0000-4000-8000-000000000001', 'x', now())$$);

-- An id is compared letter by letter: no other spelling is the same person.
select pg_temp.become_id('9A000000-0000-4000-8000-000000000001');
select pg_temp.holds('another spelling is another person', not exists (select from portal."user"));
select pg_temp.become_id('');
select pg_temp.holds('nobody sees nothing', not exists (select from portal."user"));

-- The Worker checks a token, and links the account.
select set_config('role', 'countersign_edge', true), set_config('request.jwt.claims', '{"role": "countersign_edge"}', true);
select pg_temp.holds('a session by its token', (select "userId" = '9a000000-0000-4000-8000-000000000001' from portal.session
  where token = 'demoMiaLaptop0000000000000000001' and "expiresAt" > now()));
select pg_temp.holds('one that has ended does not count', not exists (select from portal.session
  where token = 'demoMiaPhone00000000000000000002' and "expiresAt" > now()));
select pg_temp.holds('linked', pg_temp.touched($$update portal."user" set "baserowMemberId" = '102' where id = '9a000000-0000-4000-8000-000000000002' and "baserowMemberId" is null$$) = 1);
select pg_temp.holds('and not over another link', pg_temp.touched($$update portal."user" set "baserowMemberId" = '103' where id = '9a000000-0000-4000-8000-000000000002' and "baserowMemberId" is null$$) = 0);
select pg_temp.fails('42501', $$update portal."user" set name = 'x'$$);
select pg_temp.fails('42501', 'select from portal.account');
reset role;

-- The time of a change is the database's.
select pg_temp.holds('stamped', (select "updatedAt" = now() from portal."user" where email = 'mia@portal.example.test'));

-- With a member, everything of theirs goes.
delete from portal."user" where email = 'mia@portal.example.test';
select pg_temp.holds('sessions and accounts are gone', not exists (select from portal.session where "userId" = '9a000000-0000-4000-8000-000000000001')
  and not exists (select from portal.account where "userId" = '9a000000-0000-4000-8000-000000000001'));

rollback;
