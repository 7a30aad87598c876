-- Requests with an Idempotency-Key: the first, the others, and how it ends. Needs the migrations; leaves nothing behind.
-- Many at once are in tests/tests/systems/repeat.rs.

begin;
set local role countersign_edge;

create function pg_temp.asked(p_caller text, p_key text, p_hash text) returns text
  language sql
  as $$ select countersign_edge.begin_request('agency', p_caller, p_key, p_hash, 300) ->> 'state' $$;

select pg_temp.holds('the first is the first', pg_temp.asked('ann', 'k', 'h') = 'first');
select pg_temp.holds('the same waits for it', pg_temp.asked('ann', 'k', 'h') = 'running');
select pg_temp.holds('another is another', pg_temp.asked('ann', 'k', 'other') = 'other');
select pg_temp.holds('a key is one person''s', pg_temp.asked('ben', 'k', 'h') = 'first');
select countersign_edge.finish_request('agency', 'ann', 'k', 'other', 200, '{}');
select pg_temp.holds('only its own request ends it', pg_temp.asked('ann', 'k', 'h') = 'running');
select countersign_edge.finish_request('agency', 'ann', 'k', 'h', 201, '{"id": 1}');
select pg_temp.holds('the same gets its answer',
  countersign_edge.begin_request('agency', 'ann', 'k', 'h', 300) = '{"state": "done", "status": 201, "response": {"id": 1}}');
select countersign_edge.forget_request('agency', 'ann', 'k', 'h');
select pg_temp.holds('which nothing takes away', pg_temp.asked('ann', 'k', 'h') = 'done');
select pg_temp.holds('and another is still another', pg_temp.asked('ann', 'k', 'other') = 'other');

select countersign_edge.forget_request('agency', 'ben', 'k', 'h');
select pg_temp.holds('what did nothing may be tried again, differently, too', pg_temp.asked('ben', 'k', 'better') = 'first');
update countersign_edge.idempotency_keys set created_at = now() - interval '301 seconds' where caller = 'ben';
select pg_temp.holds('one that died says so', pg_temp.asked('ben', 'k', 'better') = 'lost');
update countersign_edge.idempotency_keys set expires_at = now() - interval '1 second';
select pg_temp.holds('until it expires', pg_temp.asked('ben', 'k', 'third') = 'first');
select pg_temp.holds('and anew for as long', (select expires_at = now() + interval '24 hours' and created_at = now()
  from countersign_edge.idempotency_keys where caller = 'ben'));
select countersign_edge.purge();
select pg_temp.holds('what has expired goes', not exists (select from countersign_edge.idempotency_keys where caller = 'ann'));

rollback;
