-- What hands, consoles and other tools do to a database that its migrations have made: one of each.

alter table coaching."Teams" disable row level security;
drop policy countersign_select on coaching."Conversations";
alter policy countersign_select on coaching."Sync_Logs" using (true);
create policy sneaky on coaching."Sync_Logs" for select to anon using (true);
alter policy countersign_fence on coaching."Synced_Activities" to countersign_edge;

grant truncate on coaching."Accounts" to authenticated;
grant select on coaching."API_Connection_Secrets" to anon;
revoke insert on coaching."Teams" from authenticated;
grant execute on function coaching.leave_account(uuid) to anon;
grant usage on schema coaching to anon;

drop index coaching."Conversations_user_id_started_at_idx";
create index twice on coaching."Conversations" (account_id, started_at);
alter table coaching."Sync_Logs" drop constraint "Sync_Logs_connection_id_account_id_fkey";
alter table coaching."Sync_Logs" add constraint "Sync_Logs_connection_id_fkey"
  foreign key (connection_id) references coaching."API_Connections" (id);
alter table coaching."Teams" drop constraint "Teams_account_id_name_key";
alter table coaching."Conversations" drop constraint "Conversations_duration_seconds_check";
alter table coaching."Sync_Logs" alter column added drop not null;
alter table coaching."Sync_Logs" alter column account_id set default '00000000-0000-0000-0000-000000000001';
alter table coaching."Sync_Logs" alter column started_at drop default;
alter table coaching."Coaching_Outcomes" drop column embedding_model;

create or replace function countersign.coaching_rep() returns setof uuid
  language sql stable security definer set search_path = ''
as $$ select a.id from coaching."Accounts" a limit 1 $$;
alter function coaching.leave_account(uuid) security definer;
drop function coaching.decline_invitation(uuid);
create function coaching.change_role(p_user_id uuid) returns void language sql as $$ select $$;
drop trigger "update_Teams_updated_at" on coaching."Teams";
alter table coaching."Coaching_Messages" disable trigger zz_countersign;
