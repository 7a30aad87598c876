-- The Worker's own tables: closed to everybody else, and their functions. Needs the migrations; leaves nothing behind.

begin;

-- Nobody else gets in, not even with a grant on a table.
do $$
declare
  v_role text;
  v_thing text;
begin
  foreach v_role in array array['anon', 'authenticated', 'service_role'] loop
    perform pg_temp.holds(v_role || ' has no schema', not has_schema_privilege(v_role, 'countersign_edge', 'usage'));
    for v_thing in select c.oid::regclass from pg_catalog.pg_class c where c.relnamespace = 'countersign_edge'::regnamespace and c.relkind = 'r' loop
      perform pg_temp.holds(v_role || ' has no ' || v_thing, not has_table_privilege(v_role, v_thing, 'select, insert, update, delete, truncate, references, trigger'));
    end loop;
    for v_thing in select p.oid::regprocedure from pg_catalog.pg_proc p where p.pronamespace = 'countersign_edge'::regnamespace loop
      perform pg_temp.holds(v_role || ' has no ' || v_thing, not has_function_privilege(v_role, v_thing, 'execute'));
    end loop;
  end loop;
  perform pg_temp.holds('the Worker bypasses nothing and logs in nowhere', (
    select not rolbypassrls and not rolcanlogin and not rolsuper from pg_catalog.pg_roles where rolname = 'countersign_edge'));
  perform pg_temp.holds('PostgREST can become the Worker', pg_has_role('authenticator', 'countersign_edge', 'member'));
  perform pg_temp.holds('every table states its retention', (
    select count(*) >= 7 and bool_and(obj_description(c.oid, 'pg_class') like '%Retention: %' and c.relrowsecurity)
    from pg_catalog.pg_class c where c.relnamespace = 'countersign_edge'::regnamespace and c.relkind = 'r'));
end $$;
grant usage on schema countersign_edge to authenticated;
grant select, insert on countersign_edge.outbox to authenticated;
insert into countersign_edge.outbox (app, provider, operation, effect_key) values ('agency', 'hubspot', 'create_contact', 'probe');
set local role authenticated;
select pg_temp.holds('a stray grant shows nothing', not exists (select from countersign_edge.outbox));
select pg_temp.fails('42501', $$insert into countersign_edge.outbox (app, provider, operation, effect_key) values ('agency', 'hubspot', 'x', 'y')$$);
reset role;
delete from countersign_edge.outbox where effect_key = 'probe';

set local role countersign_edge;

-- A lease has one holder; its fence grows with each new one.
select pg_temp.holds('taken',               countersign_edge.take_lease('test', 'one', 60) = 1);
select pg_temp.holds('not by another',      countersign_edge.take_lease('test', 'two', 60) is null);
select pg_temp.holds('extended',            countersign_edge.take_lease('test', 'one', 90) = 1);
select countersign_edge.drop_lease('test', 'two');
select pg_temp.holds('not given away',      countersign_edge.take_lease('test', 'two', 60) is null);
select countersign_edge.drop_lease('test', 'one');
select pg_temp.holds('now it is',           countersign_edge.take_lease('test', 'two', 60) = 2);
update countersign_edge.leases set expires_at = now() where name = 'test';
select pg_temp.holds('and taken over once expired', countersign_edge.take_lease('test', 'one', 60) = 3);

-- A delivery stores what is new in it, however often an event is in it.
select pg_temp.holds('two of three are new', countersign_edge.store_webhooks('agency', 'test', '[
  {"event_id": "d1", "tenant_id": "1", "event_type": "t", "payload": {"a": 1}}, {"event_id": "d1", "event_type": "t"}, {"event_id": "d2", "event_type": "t"}]') = 2);
select pg_temp.holds('and none the second time', countersign_edge.store_webhooks('agency', 'test', '[{"event_id": "d1", "event_type": "other", "payload": {"a": 2}}]') = 0);
select pg_temp.holds('which changes nothing', (select payload = '{"a": 1}' and event_type = 't' from countersign_edge.webhook_inbox where event_id = 'd1'));
delete from countersign_edge.webhook_inbox where source = 'test';

-- An event is stored once, claimed once, and comes back if nobody finishes it.
insert into countersign_edge.webhook_inbox (app, source, event_id, event_type) values ('agency', 'hubspot', 'e1', 'contact.creation'), ('agency', 'hubspot', 'e2', 'contact.creation');
insert into countersign_edge.webhook_inbox (app, source, event_id, event_type) values ('agency', 'hubspot', 'e1', 'contact.creation') on conflict (app, source, event_id) do nothing;
select pg_temp.fails('23505', $$insert into countersign_edge.webhook_inbox (app, source, event_id, event_type) values ('agency', 'hubspot', 'e1', 'contact.creation')$$);
select pg_temp.holds('one at a time',  (select count(*) = 1 from countersign_edge.claim_webhooks(1, 60) where source = 'hubspot'));
select pg_temp.holds('the other one',  (select count(*) = 1 from countersign_edge.claim_webhooks(10, 60)));
select pg_temp.holds('none is left',   (select count(*) = 0 from countersign_edge.claim_webhooks(10, 60)));
update countersign_edge.webhook_inbox set status = 'done', finished_at = now() where event_id = 'e1';
update countersign_edge.webhook_inbox set next_attempt_at = now() where event_id = 'e2';
select pg_temp.holds('one comes back', (select count(*) = 1 and min(attempts) = 2 and min(event_id) = 'e2' from countersign_edge.claim_webhooks(10, 60)));

-- An effect is asked for once.
insert into countersign_edge.outbox (app, provider, operation, effect_key) values ('agency', 'hubspot', 'create_contact', 'contact:1');
select pg_temp.fails('23505', $$insert into countersign_edge.outbox (app, provider, operation, effect_key) values ('agency', 'hubspot', 'create_contact', 'contact:1')$$);
select pg_temp.holds('claimed', (select count(*) = 1 and min(status) = 'sending' from countersign_edge.claim_outbox(10, 60)));
update countersign_edge.outbox set status = 'uncertain', next_attempt_at = now() where effect_key = 'contact:1';
select pg_temp.holds('never by itself again', (select count(*) = 0 from countersign_edge.claim_outbox(10, 60)));


-- An effect is recorded and taken in one; another gets it when nobody is at it, and with a number above 1.
select pg_temp.holds('recorded and taken', (select status = 'sending' and attempts = 1 from countersign_edge.record_effect('agency', 'hubspot', 'x', 'fx', null, 'u', '{"v": 1}', 60)));
select pg_temp.holds('somebody is at it',  not exists (select from countersign_edge.record_effect('agency', 'hubspot', 'x', 'fx', null, 'u', '{"v": 2}', 60)));
create temporary view fx as select * from countersign_edge.outbox where effect_key = 'fx';
select pg_temp.holds('not by another attempt', (select countersign_edge.finish_effect(id, 2, 'done', null, 0, null) from fx) = 0);
select pg_temp.holds('it failed',          (select countersign_edge.finish_effect(id, 1, 'failed', 'provider_down: hubspot', 60, null) from fx) = 1);
select pg_temp.holds('and is not due',     not exists (select from countersign_edge.claim_outbox(10, 60, '["agency"]') where effect_key = 'fx'));
select pg_temp.holds('asked for again, it is tried at once', (select attempts = 2 and request = '{"v": 1}' from countersign_edge.record_effect('agency', 'hubspot', 'x', 'fx', null, 'u', '{"v": 2}', 60)));
select pg_temp.holds('refused for good',   (select countersign_edge.finish_effect(id, 2, 'dead', 'provider_invalid: hubspot', 0, null) from fx) = 1);
select pg_temp.holds('which is an end',     (select finished_at is not null from fx));
select pg_temp.holds('a person may ask anew, and what they ask now', (select attempts = 2 and request = '{"v": 2}' and finished_at is null from countersign_edge.record_effect('agency', 'hubspot', 'x', 'fx', null, 'u', '{"v": 2}', 0)));
select pg_temp.holds('not for another app',   not exists (select from countersign_edge.claim_outbox(10, 60, '["portal"]') where effect_key = 'fx'));
select pg_temp.holds('whoever died loses it', exists (select from countersign_edge.claim_outbox(10, 60, '["portal", "agency"]') where effect_key = 'fx' and attempts = 3));
select pg_temp.holds('done',               (select countersign_edge.finish_effect(id, 3, 'done', null, 0, 'h1') from fx) = 1);
select pg_temp.holds('what was sent is gone', (select request = '{}' and external_id = 'h1' from fx));
select pg_temp.holds('and done for ever',  not exists (select from countersign_edge.record_effect('agency', 'hubspot', 'x', 'fx', null, 'u', '{}', 60)));

-- What became of events is said for all of them at once, by whoever has them.
select countersign_edge.store_webhooks('agency', 'fate', '[{"event_id": "a", "event_type": "t"}, {"event_id": "b", "event_type": "t"}, {"event_id": "c", "event_type": "t"}, {"event_id": "d", "event_type": "t"}]');
select pg_temp.holds('not for another app', (select count(*) = 0 from countersign_edge.claim_webhooks(10, 60, '["portal"]')));
select pg_temp.holds('all four',            (select count(*) = 4 from countersign_edge.claim_webhooks(10, 60, '["agency"]') where source = 'fate'));
select pg_temp.holds('the one of another attempt stays', countersign_edge.finish_webhooks((
  select jsonb_agg(jsonb_build_object('id', id, 'attempt', case event_id when 'd' then 7 else attempts end, 'error', 'e', 'seconds', 60,
    'status', case event_id when 'a' then 'done' when 'b' then 'failed' when 'c' then 'received' else 'dead' end))
  from countersign_edge.webhook_inbox where source = 'fate')) = 3);
select pg_temp.holds('each as was said', (
  select string_agg(concat_ws(' ', event_id, status, attempts, finished_at is not null), ', ' order by event_id) =
    'a done 1 t, b failed 1 f, c received 0 f, d processing 1 f'
  from countersign_edge.webhook_inbox where source = 'fate'));
delete from countersign_edge.webhook_inbox where source = 'fate';
drop view fx;

select pg_temp.holds('hits are counted', (
  select array_agg(countersign_edge.count_hit('test', 86400 * 365)) = '{1,2,3}' from generate_series(1, 3)));

-- Retention.
update countersign_edge.webhook_inbox set finished_at = now() - interval '31 days' where event_id = 'e1';
update countersign_edge.webhook_inbox set finished_at = now() - interval '31 days', status = 'dead' where event_id = 'e2';
update countersign_edge.outbox set finished_at = now() - interval '1 year' where effect_key = 'contact:1';
insert into countersign_edge.idempotency_keys (app, caller, key, request_hash, expires_at) values ('agency', 'c', 'old', 'h', now() - interval '1 second'), ('agency', 'c', 'new', 'h', now() + interval '1 day');
select countersign_edge.purge();
select pg_temp.holds('done goes, dead stays a while, uncertain stays',
  (select array_agg(event_id) = '{e2}' from countersign_edge.webhook_inbox where source = 'hubspot' and app = 'agency')
  and exists (select from countersign_edge.outbox where effect_key = 'contact:1')
  and (select array_agg(key) = '{new}' from countersign_edge.idempotency_keys where caller = 'c'));

rollback;
