-- The month's budget for language models: what is reserved, settled and refused. Needs the migrations; leaves nothing
-- behind. Calls at once are in tests/tests/systems/budget.rs.

begin;
set local role countersign_edge;

create temporary table taken on commit drop as
select number, countersign_edge.reserve_llm('agency', 'probe', 4, 10) as said from generate_series(1, 3) as number;
select pg_temp.holds('what does not fit is refused', (
  select array_agg(said ->> 'reservation' is null order by number) = array[false, false, true] from taken));
select pg_temp.holds('and is told what is spent', (select (said ->> 'spent')::numeric = 8 from taken where number = 3));
select pg_temp.holds('until the first of the next month, in UTC', (
  select (said ->> 'renews')::timestamp = date_trunc('month', now() at time zone 'UTC') + interval '1 month' from taken where number = 1));

-- What a call did cost replaces what was reserved, once; the rest is free again.
select countersign_edge.settle_llm((said ->> 'reservation')::uuid, 0.25) from taken where number = 1;
select countersign_edge.settle_llm((said ->> 'reservation')::uuid, 0.25) from taken where number = 1;
select pg_temp.holds('settled once', (select cents = 4.25 from countersign_edge.llm_spending where tenant = 'probe'));
select pg_temp.holds('to the last cent', countersign_edge.reserve_llm('agency', 'probe', 5.75, 10) ->> 'reservation' is not null);
select pg_temp.holds('and no further', countersign_edge.reserve_llm('agency', 'probe', 0.000001, 10) ->> 'reservation' is null);
select pg_temp.holds('each has a budget of their own', countersign_edge.reserve_llm('agency', 'other', 10, 10) ->> 'reservation' is not null);
select pg_temp.holds('in each app', countersign_edge.reserve_llm('coaching', 'probe', 10, 10) ->> 'reservation' is not null);
select pg_temp.holds('nothing is switched off', countersign_edge.reserve_llm('agency', 'none', 1, 0) ->> 'reservation' is null);
select pg_temp.holds('a model that costs nothing is not', countersign_edge.reserve_llm('agency', 'none', 0, 0) ->> 'reservation' is not null);

-- The last month is the last month's.
select countersign_edge.settle_llm(r.id, r.cents) from countersign_edge.llm_reservations r where r.tenant in ('other', 'none');
update countersign_edge.llm_spending set month = month - interval '1 month' where tenant = 'other';
select pg_temp.holds('a new month is a new budget', countersign_edge.reserve_llm('agency', 'other', 10, 10) ->> 'reservation' is not null);

-- A call whose end nobody heard of stays spent, when its reservation is gone.
update countersign_edge.llm_reservations set created_at = now() - interval '2 days' where tenant = 'probe' and app = 'agency';
update countersign_edge.llm_spending set month = month - interval '14 months' where tenant = 'none';
select countersign_edge.purge();
select pg_temp.holds('reservations end after a day', not exists (select from countersign_edge.llm_reservations where tenant = 'probe' and app = 'agency'));
select pg_temp.holds('what they took does not', (select cents = 10 from countersign_edge.llm_spending where tenant = 'probe' and app = 'agency'));
select pg_temp.holds('a year is kept', (select count(*) = 0 from countersign_edge.llm_spending where tenant = 'none')
  and (select count(*) = 2 from countersign_edge.llm_spending where tenant = 'other'));

rollback;
