-- Advisory: constraints, who sees and does what, people, and what deleting does. Needs the migrations, the generated policies
-- included, and the seed; leaves nothing behind.

begin;

create temporary table person on commit drop as
select split_part(email, '@', 1) as name, id from auth.users where email like '%@advisory.example.test';
grant select on person to authenticated;

-- Constraints.
select pg_temp.fails('23503', $$update advisory.accounts set household_id = 'b0000000-0000-4000-8000-000000060001' where id = 'a0000000-0000-4000-8000-000000070001'$$);
select pg_temp.fails('23503', $$update advisory.meeting_records set session_id = 'b0000000-0000-4000-8000-000000110001' where id = 'a0000000-0000-4000-8000-000000120001'$$);
select pg_temp.fails('23503', $$update advisory.households set owner_id = (select id from person where name = 'jonas') where id = 'a0000000-0000-4000-8000-000000060001'$$);
select pg_temp.fails('23514', $$update advisory.accounts set number_ending = '123454471'$$);
select pg_temp.fails('23514', $$update advisory.sessions set ended_at = started_at - interval '1 minute'$$);
select pg_temp.fails('23505', $$insert into advisory.crm_connections (firm_id, provider) values ('a0000000-0000-4000-8000-000000010001', 'bridge')$$);
select pg_temp.fails('23505', $$insert into advisory.client_data_cache (firm_id, crm_client_id, data, fetched_at) values ('a0000000-0000-4000-8000-000000010001', 'crm-501', '{}', now())$$);
select pg_temp.fails('23505', $$insert into advisory.client_data_cache (firm_id, owner_id, crm_client_id, data, fetched_at) select 'a0000000-0000-4000-8000-000000010001', id, 'crm-501', '{}', now() from person where name = 'henry'$$);
select pg_temp.fails('23505', $$insert into advisory.households (firm_id, external_id, name, fetched_at) values ('a0000000-0000-4000-8000-000000010001', 'hh-1001', 'x', now())$$);

-- An analyst reads the firm, and nothing that came through somebody's own connection.
select pg_temp.become('iris');
select pg_temp.holds('the firm',               (select array_agg(name) = '{Whitfield Partners}' from advisory.firms));
select pg_temp.holds('its people',             (select count(*) = 3 from advisory.profiles));
select pg_temp.holds('its households',         (select count(*) = 2 from advisory.households));
select pg_temp.holds('its accounts',           (select count(*) = 2 from advisory.accounts));
select pg_temp.holds('its positions',          (select count(*) = 3 from advisory.positions));
select pg_temp.holds('its transactions',       (select count(*) = 2 from advisory.transactions));
select pg_temp.holds('its cache',              (select count(*) = 1 from advisory.client_data_cache));
select pg_temp.holds('its connection',         (select count(*) = 1 from advisory.crm_connections));
select pg_temp.holds('its meetings',           (select count(*) = 2 from advisory.sessions) and (select count(*) = 2 from advisory.meeting_records));
select pg_temp.fails('42501', 'select from advisory.crm_connection_secrets');
select pg_temp.fails('42501', $$insert into advisory.sessions (firm_id, crm_client_id) values ('a0000000-0000-4000-8000-000000010001', 'crm-501')$$);
select pg_temp.holds('no config', pg_temp.touched($$update advisory.crm_connections set config = '{}'$$) = 0);
select pg_temp.holds('own name',  pg_temp.touched($$update advisory.profiles set display_name = 'Iris V.' where id = (select id from person where name = 'iris')$$) = 1);
select pg_temp.fails('42501', $$update advisory.profiles set role = 'advisor' where id = (select id from person where name = 'iris')$$);
select pg_temp.fails('42501', $$update advisory.profiles set firm_id = 'b0000000-0000-4000-8000-000000010001'$$);

-- An adviser with a connection of his own sees both.
select pg_temp.become('henry');
select pg_temp.holds('the firm''s and his own', (select count(*) = 3 from advisory.households) and (select count(*) = 3 from advisory.accounts)
  and (select count(*) = 2 from advisory.client_data_cache) and (select count(*) = 2 from advisory.crm_connections));
select pg_temp.fails('42501', $$update advisory.households set name = 'x'$$);
select pg_temp.fails('42501', $$delete from advisory.transactions$$);
select pg_temp.holds('his meeting ends', pg_temp.touched($$update advisory.sessions set ended_at = now() where id = 'a0000000-0000-4000-8000-000000110002'$$) = 1);
select pg_temp.holds('not another''s',   pg_temp.touched($$update advisory.sessions set ended_at = now() where id = 'a0000000-0000-4000-8000-000000110001'$$) = 0);
select pg_temp.holds('a new meeting',    pg_temp.touched($$insert into advisory.sessions (firm_id, crm_client_id) values ('a0000000-0000-4000-8000-000000010001', 'crm-777')$$) = 1);
select pg_temp.fails('42501', $$insert into advisory.sessions (firm_id, crm_client_id, advisor_id) select 'a0000000-0000-4000-8000-000000010001', 'crm-777', id from person where name = 'grace'$$);
select pg_temp.fails('42501', $$insert into advisory.sessions (firm_id, crm_client_id) values ('b0000000-0000-4000-8000-000000010001', 'crm-777')$$);
select pg_temp.holds('a record',         pg_temp.touched($$insert into advisory.meeting_records (firm_id, session_id, notes) values ('a0000000-0000-4000-8000-000000010001', 'a0000000-0000-4000-8000-000000110002', 'x')$$) = 1);
select pg_temp.holds('not in another''s', pg_temp.touched($$update advisory.meeting_records set notes = 'x' where id = 'a0000000-0000-4000-8000-000000120001'$$) = 0);
select pg_temp.holds('the firm''s config', pg_temp.touched($$update advisory.crm_connections set config = '{}' where owner_id is null$$) = 1);

-- People.
select pg_temp.become('liam');
select pg_temp.holds('an invitation shows itself, and grants nothing', (select count(*) = 1 from advisory.firm_invitations)
  and not exists (select from advisory.firms) and not exists (select from advisory.households));
select pg_temp.fails('42501', $$insert into advisory.profiles (id, firm_id, role) select id, 'a0000000-0000-4000-8000-000000010001', 'advisor' from person where name = 'liam'$$);
select pg_temp.fails('P0002', $$select advisory.accept_invitation('b0000000-0000-4000-8000-000000010001')$$);
select advisory.accept_invitation('a0000000-0000-4000-8000-000000010001');
select pg_temp.holds('accepted, as invited', (select role = 'analyst' from advisory.profiles where id = (select id from person where name = 'liam'))
  and not exists (select from advisory.firm_invitations));
select pg_temp.fails('23505', $$select advisory.create_firm('Doyle')$$);
select pg_temp.fails('42501', $$select advisory.invite_person('a0000000-0000-4000-8000-000000010001', 'kira@advisory.example.test', 'analyst')$$);
select pg_temp.fails('42501', $$select advisory.change_role('a0000000-0000-4000-8000-000000010001', id, 'advisor') from person where name = 'liam'$$);
select pg_temp.fails('42501', $$select advisory.remove_person('a0000000-0000-4000-8000-000000010001', id) from person where name = 'iris'$$);
select advisory.leave_firm('a0000000-0000-4000-8000-000000010001');
select pg_temp.fails('P0002', $$select advisory.leave_firm('a0000000-0000-4000-8000-000000010001')$$);
select pg_temp.holds('the founder gets the row', (advisory.create_firm(' Doyle ')).name = 'Doyle');
select pg_temp.holds('and is its adviser', (select count(*) = 1 and bool_and(role = 'advisor') from advisory.profiles));
select pg_temp.fails('23514', $$select advisory.leave_firm(id) from advisory.firms$$);
select pg_temp.fails('22023', $$select advisory.create_firm(' ')$$);
select pg_temp.become('grace');
select pg_temp.fails('P0002', $$select advisory.invite_person('a0000000-0000-4000-8000-000000010001', 'stranger@example.test', 'analyst')$$);
select pg_temp.fails('23505', $$select advisory.invite_person('a0000000-0000-4000-8000-000000010001', 'iris@advisory.example.test', 'analyst')$$);
select advisory.invite_person('a0000000-0000-4000-8000-000000010001', ' Kira@Advisory.Example.Test', 'analyst');
select advisory.invite_person('a0000000-0000-4000-8000-000000010001', 'kira@advisory.example.test', 'advisor');
select pg_temp.holds('inviting again changes the offer', (select count(*) = 1 and bool_and(role = 'advisor') from advisory.firm_invitations));
select pg_temp.fails('42501', $$select advisory.change_role('b0000000-0000-4000-8000-000000010001', id, 'advisor') from person where name = 'kira'$$);
select advisory.change_role('a0000000-0000-4000-8000-000000010001', id, 'advisor') from person where name = 'iris';
select advisory.remove_person('a0000000-0000-4000-8000-000000010001', id) from person where name = 'iris';
select pg_temp.holds('removed', (select count(*) = 2 from advisory.profiles));
select pg_temp.become('kira');
select pg_temp.fails('23505', $$select advisory.accept_invitation('a0000000-0000-4000-8000-000000010001')$$);
select advisory.decline_invitation('a0000000-0000-4000-8000-000000010001');
select pg_temp.fails('P0002', $$select advisory.decline_invitation('a0000000-0000-4000-8000-000000010001')$$);
select pg_temp.become('jonas');
select pg_temp.fails('23514', $$select advisory.leave_firm('b0000000-0000-4000-8000-000000010001')$$);
select pg_temp.fails('23514', $$select advisory.change_role('b0000000-0000-4000-8000-000000010001', id, 'analyst') from person where name = 'jonas'$$);

-- The Worker.
select set_config('role', 'countersign_edge', true), set_config('request.jwt.claims', '{"role": "countersign_edge"}', true);
select pg_temp.holds('copies are brought up to date', pg_temp.touched($$insert into advisory.households (firm_id, owner_id, external_id, name, fetched_at)
  values ('a0000000-0000-4000-8000-000000010001', null, 'hh-1001', 'Castellan', now()) on conflict (firm_id, owner_id, external_id) do update set name = excluded.name, fetched_at = excluded.fetched_at$$) = 1);
select pg_temp.fails('42501', $$update advisory.sessions set ended_at = now()$$);
select pg_temp.fails('42501', $$select from advisory.meeting_records$$);
reset role;

-- What deleting does.
delete from advisory.households where id = 'a0000000-0000-4000-8000-000000060001';
select pg_temp.holds('meetings and accounts outlive a household', (select household_id is null from advisory.sessions where id = 'a0000000-0000-4000-8000-000000110001')
  and (select household_id is null and firm_id is not null from advisory.accounts where id = 'a0000000-0000-4000-8000-000000070001'));
delete from auth.users where id = (select id from person where name = 'henry');
select pg_temp.holds('his connection and copies are gone', not exists (select from advisory.crm_connections where owner_id is not null)
  and not exists (select from advisory.households where owner_id is not null) and not exists (select from advisory.accounts where owner_id is not null));
select pg_temp.holds('his meeting stays, without a name', (select advisor_id is null from advisory.sessions where id = 'a0000000-0000-4000-8000-000000110002'));
select pg_temp.fails('23514', $$delete from auth.users where id = (select id from person where name = 'jonas')$$);
delete from advisory.firms where id = 'b0000000-0000-4000-8000-000000010001';
select pg_temp.holds('a firm goes whole', not exists (select from advisory.sessions where id::text like 'b0000000-%') and not exists (select from advisory.positions where id::text like 'b0000000-%'));

rollback;
