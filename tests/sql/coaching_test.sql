-- Coaching: constraints, who sees and does what, people, RPCs, search, and what deleting does. Needs the migrations, the
-- generated policies included, and the seed; leaves nothing behind.

begin;

create temporary table person on commit drop as
select split_part(email, '@', 1) as name, id from auth.users where email like '%@coaching.example.test';
grant select on person to authenticated;

-- Constraints.
select pg_temp.fails('23503', $$update coaching."User_Roles" set team_id = 'b0000000-0000-4000-8000-000000020001' where id = 'a0000000-0000-4000-8000-000000030003'$$);
select pg_temp.fails('23503', $$update coaching."Synced_Activities" set conversation_analysis_id = 'b0000000-0000-4000-8000-000000080001' where id = 'a0000000-0000-4000-8000-000000090001'$$);
select pg_temp.fails('23503', $$insert into coaching."Teams" (account_id, name) values ('c0000000-0000-4000-8000-000000010001', 'x')$$);
select pg_temp.fails('23502', $$insert into coaching."Teams" (name) values ('x')$$);
select pg_temp.fails('23505', $$insert into coaching."API_Connections" (account_id, provider) values ('a0000000-0000-4000-8000-000000010001', 'hubspot')$$);
select pg_temp.fails('23505', $$insert into coaching."Synced_Activities" (account_id, provider, external_id, activity_type) values ('a0000000-0000-4000-8000-000000010001', 'hubspot', 'hs-0001', 'calls')$$);
select pg_temp.fails('23514', $$update coaching."User_Roles" set role = 'owner'$$);
select pg_temp.holds('a call and its analysis have found each other', (select count(*) = 3 from coaching."Synced_Activities" where account_id = 'a0000000-0000-4000-8000-000000010001' and conversation_analysis_id is not null));

-- A rep: what is their own, and what is addressed to them.
select pg_temp.become('rosa');
select pg_temp.holds('own calls',        (select count(*) = 1 from coaching."Conversations") and (select count(*) = 1 from coaching."Conversation_Analyses") and (select count(*) = 1 from coaching."Synced_Activities"));
select pg_temp.holds('own messages',     (select count(*) = 1 from coaching."Coaching_Messages"));
select pg_temp.holds('no outcomes, logs, connections', not exists (select from coaching."Coaching_Outcomes") and not exists (select from coaching."Sync_Logs")
  and not exists (select from coaching."API_Connections"));
select pg_temp.holds('own role only',    (select count(*) = 1 from coaching."User_Roles"));
select pg_temp.holds('the teams',        (select count(*) = 2 from coaching."Teams"));
select pg_temp.fails('42501', 'select from coaching."API_Connection_Secrets"');
select pg_temp.fails('42501', $$update coaching."Conversations" set transcript = 'x'$$);
select pg_temp.fails('42501', $$insert into coaching."Coaching_Messages" (account_id, user_id, body) select 'a0000000-0000-4000-8000-000000010001', id, 'x' from person where name = 'rosa'$$);
select pg_temp.holds('no role for oneself', pg_temp.touched($$update coaching."User_Roles" set role = 'manager' where user_id = (select id from person where name = 'rosa')$$) = 0);
select pg_temp.become('sam');
select pg_temp.holds('acknowledged', pg_temp.touched($$update coaching."Coaching_Messages" set status = 'acknowledged' where id = 'a0000000-0000-4000-8000-000000100002'$$) = 1);
select pg_temp.holds('and when',     (select acknowledged_at = now() and sent_at is not null from coaching."Coaching_Messages" where id = 'a0000000-0000-4000-8000-000000100002'));
select pg_temp.become('tara');
select pg_temp.holds('a draft is not seen by whom it is for', not exists (select from coaching."Coaching_Messages"));

-- Who leads a team has that team's people, and no others.
select pg_temp.become('quinn');
select pg_temp.holds('the team''s calls',    (select count(*) = 2 from coaching."Conversations") and (select count(*) = 2 from coaching."Conversation_Analyses"));
select pg_temp.holds('the team''s messages', (select count(*) = 2 from coaching."Coaching_Messages"));
select pg_temp.holds('the team''s people',   (select count(*) = 3 from coaching."User_Roles"));
select pg_temp.holds('the team''s outcomes', (select count(*) = 2 from coaching."Coaching_Outcomes"));
select pg_temp.holds('a message to the team', pg_temp.touched($$insert into coaching."Coaching_Messages" (account_id, user_id, team_id, body)
  select 'a0000000-0000-4000-8000-000000010001', id, 'a0000000-0000-4000-8000-000000020001', 'Well done.' from person where name = 'rosa'$$) = 1);
select pg_temp.fails('42501', $$insert into coaching."Coaching_Messages" (account_id, user_id, team_id, body)
  select 'a0000000-0000-4000-8000-000000010001', id, 'a0000000-0000-4000-8000-000000020002', 'x' from person where name = 'tara'$$);
select pg_temp.fails('42501', $$select coaching.invite_member('a0000000-0000-4000-8000-000000010001', 'wanda@coaching.example.test', 'rep')$$);
select pg_temp.fails('42501', $$select coaching.change_role('a0000000-0000-4000-8000-000000010001', id, 'manager') from person where name = 'quinn'$$);

-- A manager has the account.
select pg_temp.become('pablo');
select pg_temp.holds('all calls',       (select count(*) = 4 from coaching."Conversations"));
select pg_temp.holds('all connections', (select count(*) = 2 from coaching."API_Connections") and (select count(*) = 2 from coaching."Sync_Logs"));
select pg_temp.holds('a draft is sent', pg_temp.touched($$update coaching."Coaching_Messages" set status = 'sent' where id = 'a0000000-0000-4000-8000-000000100003'$$) = 1);
select pg_temp.holds('and stays sent',  pg_temp.touched($$update coaching."Coaching_Messages" set body = 'x' where id = 'a0000000-0000-4000-8000-000000100003'$$) = 0);
select pg_temp.holds('status, never a token', (select status = 'active' and external_account_id = '24680135' from coaching.get_hubspot_connection()));
select coaching.save_hubspot_connection('1357', 'oauth crm.objects.contacts.read');
select pg_temp.holds('pending until the Worker has the tokens', (select status = 'pending' and scopes = '{oauth,crm.objects.contacts.read}' from coaching.get_hubspot_connection()));
select pg_temp.fails('42501', $$update coaching."API_Connections" set status = 'active'$$);
select pg_temp.fails('42501', $$delete from coaching."Sync_Logs"$$);
select pg_temp.fails('42501', $$insert into coaching."User_Roles" (account_id, user_id, role) select 'a0000000-0000-4000-8000-000000010001', id, 'rep' from person where name = 'victor'$$);
select coaching.invite_member('a0000000-0000-4000-8000-000000010001', 'victor@coaching.example.test', 'rep', 'a0000000-0000-4000-8000-000000020002');
select pg_temp.fails('23505', $$select coaching.invite_member('a0000000-0000-4000-8000-000000010001', 'rosa@coaching.example.test', 'rep')$$);
select pg_temp.fails('P0002', $$select coaching.invite_member('a0000000-0000-4000-8000-000000010001', 'stranger@example.test', 'rep')$$);
select coaching.change_role('a0000000-0000-4000-8000-000000010001', id, 'rep', 'a0000000-0000-4000-8000-000000020002') from person where name = 'sam';
select coaching.remove_member('a0000000-0000-4000-8000-000000010001', id) from person where name = 'tara';
select pg_temp.fails('42501', $$select coaching.transfer_account('a0000000-0000-4000-8000-000000010001', id) from person where name = 'pablo'$$);

-- A person in two accounts has to say which.
select pg_temp.become('uma');
select pg_temp.fails('22023', $$select coaching.current_account()$$);
select pg_temp.fails('22023', $$select coaching.save_fathom_connection('x', '')$$);
select pg_temp.holds('said',                (select coaching.current_account('a0000000-0000-4000-8000-000000010001') = 'a0000000-0000-4000-8000-000000010001'));
select pg_temp.holds('manager in one',      (select count(*) = 1 from coaching.get_fathom_connection('a0000000-0000-4000-8000-000000010001')));
select pg_temp.holds('a rep in the other',  (select count(*) = 0 from coaching.get_hubspot_connection('b0000000-0000-4000-8000-000000010001')));
select pg_temp.fails('42501', $$select coaching.save_hubspot_connection('x', '', 'b0000000-0000-4000-8000-000000010001')$$);
select pg_temp.holds('calls of A, and the own of B', (select count(*) = 4 from coaching."Conversations" where account_id = 'a0000000-0000-4000-8000-000000010001')
  and (select count(*) = 1 from coaching."Conversations" where account_id = 'b0000000-0000-4000-8000-000000010001'));
select pg_temp.holds('search stays within what one may see', (select array_agg(rating order by similarity desc) = '{5,2}'
  from coaching.match_coaching_outcomes(('[1,0,0' || repeat(',0', 1533) || ']')::extensions.vector, 10)));
select coaching.leave_account('b0000000-0000-4000-8000-000000010001');
select pg_temp.holds('gone from one', (select coaching.current_account() = 'a0000000-0000-4000-8000-000000010001'));

-- Invitations, founding, handing over.
select pg_temp.become('wanda');
select pg_temp.holds('an invitation grants nothing', (select count(*) = 1 from coaching."User_Roles") and not exists (select from coaching."Accounts"));
select pg_temp.fails('42501', $$update coaching."User_Roles" set status = 'active'$$);
select pg_temp.fails('P0002', $$select coaching.current_account()$$);
select coaching.accept_invitation('a0000000-0000-4000-8000-000000010001');
select pg_temp.holds('accepted', (select status = 'active' from coaching."User_Roles") and exists (select from coaching."Accounts"));
select pg_temp.holds('the founder gets the row', (coaching.create_account(' Nowak ')).name = 'Nowak');
select pg_temp.fails('P0002', $$select coaching.leave_account(id) from coaching."Accounts" where name = 'Nowak'$$);
select pg_temp.fails('42501', $$update coaching."Accounts" set owner_user_id = (select id from person where name = 'rosa')$$);
select pg_temp.become('victor');
select coaching.decline_invitation('a0000000-0000-4000-8000-000000010001');
select pg_temp.become('olivia');
select pg_temp.fails('P0002', $$select coaching.transfer_account('a0000000-0000-4000-8000-000000010001', id) from person where name = 'rosa'$$);
select coaching.transfer_account('a0000000-0000-4000-8000-000000010001', id) from person where name = 'pablo';
select pg_temp.holds('handed over', (select owner_user_id = (select id from person where name = 'pablo') from coaching."Accounts" where id = 'a0000000-0000-4000-8000-000000010001')
  and (select role = 'manager' from coaching."User_Roles" where user_id = (select id from person where name = 'olivia')));
reset role;

-- What deleting does.
delete from auth.users where id = (select id from person where name = 'rosa');
select pg_temp.holds('calls stay, without a name', (select user_id is null from coaching."Conversations" where id = 'a0000000-0000-4000-8000-000000070001'));
select pg_temp.fails('23503 23001', $$delete from auth.users where id = (select id from person where name = 'victor')$$);
delete from coaching."Teams" where id = 'a0000000-0000-4000-8000-000000020001';
select pg_temp.holds('calls outlive their team, in their account', (select team_id is null and account_id = 'a0000000-0000-4000-8000-000000010001' from coaching."Conversations" where id = 'a0000000-0000-4000-8000-000000070001'));
delete from coaching."Accounts" where id = 'a0000000-0000-4000-8000-000000010001';
select pg_temp.holds('an account goes whole', not exists (select from coaching."Conversations" where account_id = 'a0000000-0000-4000-8000-000000010001') and not exists (select from coaching."User_Roles" where account_id = 'a0000000-0000-4000-8000-000000010001'));
select pg_temp.holds('the other is not touched', (select count(*) = 1 from coaching."Conversations" where account_id = 'b0000000-0000-4000-8000-000000010001'));

rollback;
