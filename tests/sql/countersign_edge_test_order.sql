-- What was read earlier and comes later changes nothing of what was read after it, whichever system it is from.
-- Needs the migrations and the seeds; leaves nothing behind.

begin;
select set_config('role', 'countersign_edge', true), set_config('request.jwt.claims', '{"role": "countersign_edge"}', true);

-- The assistant's mirror: a deal as it was, and that it was not seen.
create temporary view deal as select name, amount_cents, fetched_at from assistant.opportunities where hubspot_deal_id = 'order-1';
do $$
declare
  v_user uuid := (select user_id from assistant.hubspot_connections order by id limit 1);
  v_deal constant text := '[{"id": "order-1", "name": "%s", "status": "open", "amount_cents": %s, "currency": "EUR"}]';
begin
  perform countersign_edge.mirror_deals(v_user, '2027-01-15 10:00:00+00', format(v_deal, 'Newer', 2)::jsonb, '[]');
  perform countersign_edge.mirror_deals(v_user, '2027-01-15 09:59:59+00', format(v_deal, 'Older', 1)::jsonb, '[]');
  perform pg_temp.holds('an older reading changes no deal', (select name = 'Newer' and amount_cents = 2 and fetched_at = '2027-01-15 10:00:00+00' from deal));
  perform countersign_edge.mirror_deals(v_user, '2027-01-15 09:59:59+00', '[]', '["order-1"]');
  perform pg_temp.holds('nor removes one', exists (select from deal));
  perform countersign_edge.mirror_deals(v_user, '2027-01-15 10:00:01+00', format(v_deal, 'Newest', 3)::jsonb, '[]');
  perform pg_temp.holds('a newer one does', (select name = 'Newest' from deal));
  perform countersign_edge.mirror_deals(v_user, '2027-01-15 10:00:02+00', '[]', '["order-1"]');
  perform pg_temp.holds('and removes', not exists (select from deal));
end $$;

-- Advisory's copies: of a client with accounts, of clients and of households.
create temporary view client as select data -> 'client' ->> 'name' as name from advisory.client_data_cache where crm_client_id = 'order-1';
create temporary view account as select cash_cents from advisory.accounts where external_id = 'order-a1';
create temporary view household as select name from advisory.households where external_id = 'order-h1';
do $$
declare
  v_firm constant uuid := 'a0000000-0000-4000-8000-000000010001';
  v_client constant text := '{"id": "order-1", "name": "%s"}';
  v_accounts constant text := '[{"id": "order-a1", "currency": "USD", "cash_cents": %s, "as_of": "2027-01-15T10:00:00Z", "positions": [], "transactions": []}]';
  v_household constant text := '[{"id": "order-h1", "name": "%s"}]';
begin
  perform pg_temp.holds('stored', countersign_edge.advisory_store_client(v_firm, null, 'order-1',
    format('{"client": ' || v_client || '}', 'Newer')::jsonb, format(v_accounts, 2)::jsonb, '2027-01-15 10:00:00+00'));
  perform pg_temp.holds('an older reading is told that it is', not countersign_edge.advisory_store_client(v_firm, null, 'order-1',
    format('{"client": ' || v_client || '}', 'Older')::jsonb, format(v_accounts, 1)::jsonb, '2027-01-15 09:59:59+00'));
  perform pg_temp.holds('and changes no client and no account', (select name = 'Newer' from client) and (select cash_cents = 2 from account));
  perform pg_temp.holds('an older one without accounts, too', not countersign_edge.advisory_store_client(v_firm, null, 'order-1',
    format('{"client": ' || v_client || '}', 'Older')::jsonb, '[]', '2027-01-15 09:59:59+00'));
  perform pg_temp.holds('and takes none away', exists (select from account));
  perform countersign_edge.advisory_store_listing(v_firm, null, 'bridge', format(v_household, 'Newer')::jsonb, '[]', '2027-01-15 10:00:00+00');
  perform countersign_edge.advisory_store_listing(v_firm, null, 'bridge', format(v_household, 'Older')::jsonb,
    format('[' || v_client || ']', 'Older')::jsonb, '2027-01-15 09:59:59+00');
  perform pg_temp.holds('nor does an older listing', (select name = 'Newer' from client) and (select name = 'Newer' from household));
  perform countersign_edge.advisory_store_listing(v_firm, null, 'bridge', format(v_household, 'Newest')::jsonb,
    format('[' || v_client || ']', 'Newest')::jsonb, '2027-01-15 10:00:01+00');
  perform pg_temp.holds('a newer one does, and leaves the accounts', (select name = 'Newest' from client) and (select name = 'Newest' from household)
    and (select cash_cents = 2 from account));
end $$;

-- Coaching's activities, by what HubSpot says of when each was changed.
create temporary view activity as select subject from coaching."Synced_Activities" where external_id = 'order-1';
do $$
declare
  v_account constant uuid := 'a0000000-0000-4000-8000-000000010001';
  v_call constant text := '[{"external_id": "order-1", "activity_type": "calls", "subject": "%s", "properties": {"hs_lastmodifieddate": "%s"}}]';
begin
  perform countersign_edge.store_coaching_activities(v_account, 'hubspot', format(v_call, 'Newer', '2027-01-15T10:00:00.000Z')::jsonb);
  perform pg_temp.holds('an older version changes no activity', countersign_edge.store_coaching_activities(v_account, 'hubspot',
    format(v_call, 'Older', '2027-01-15T09:59:59.000Z')::jsonb) = '{"added": 0, "changed": 0}');
  perform pg_temp.holds('nothing of it', (select subject = 'Newer' from activity));
  perform pg_temp.holds('nor does the same', countersign_edge.store_coaching_activities(v_account, 'hubspot',
    format(v_call, 'Newer', '2027-01-15T10:00:00.000Z')::jsonb) = '{"added": 0, "changed": 0}');
  perform pg_temp.holds('a newer one does', countersign_edge.store_coaching_activities(v_account, 'hubspot',
    format(v_call, 'Newest', '2027-01-15T10:00:00.001Z')::jsonb) = '{"added": 0, "changed": 1}');
  perform pg_temp.holds('all of it', (select subject = 'Newest' from activity));
end $$;

-- A call that was deleted there, as a listing shows it that does not know yet, and as it is once somebody restored it.
do $$
declare
  v_account constant uuid := 'a0000000-0000-4000-8000-000000010001';
  v_call constant text := '[{"external_id": "order-1", "activity_type": "calls", "subject": "Shown", "as_of": "%s", "properties": {"hs_lastmodifieddate": "%s"}}]';
  v_gone constant text := '[{"external_id": "order-1", "gone_at": "%s"}, {"external_id": "order-2", "gone_at": "2027-01-15T11:00:00.000Z"}]';
  v_changed constant text := '2027-01-15T10:59:59.999Z';
begin
  perform pg_temp.holds('gone', countersign_edge.remove_coaching_activities(v_account, 'hubspot', format(v_gone, '2027-01-15T11:00:00.000Z')::jsonb) = 1);
  perform pg_temp.holds('it is not here', not exists (select from activity));
  perform pg_temp.holds('and told late again', countersign_edge.remove_coaching_activities(v_account, 'hubspot', format(v_gone, '2027-01-15T10:30:00.000Z')::jsonb) = 0);
  perform pg_temp.holds('what it was does not come back', countersign_edge.store_coaching_activities(v_account, 'hubspot',
    format(v_call, v_changed, v_changed)::jsonb) = '{"added": 0, "changed": 0}');
  perform pg_temp.holds('nor what it was as it was deleted', countersign_edge.store_coaching_activities(v_account, 'hubspot',
    format(v_call, '2027-01-15T11:00:00.000Z', v_changed)::jsonb) = '{"added": 0, "changed": 0}');
  perform pg_temp.holds('it is not here yet', not exists (select from activity));
  perform pg_temp.holds('another account''s is its own', countersign_edge.store_coaching_activities('b0000000-0000-4000-8000-000000010001',
    'hubspot', format(v_call, v_changed, v_changed)::jsonb) = '{"added": 1, "changed": 0}');
  perform pg_temp.holds('known to be there since, it is back', countersign_edge.store_coaching_activities(v_account, 'hubspot',
    format(v_call, '2027-01-15T11:00:00.001Z', v_changed)::jsonb) = '{"added": 1, "changed": 0}');
  update countersign_edge.gone_coaching_activities set noted_at = now() - interval '49 hours' where external_id = 'order-2';
  perform countersign_edge.tidy_coaching();
  perform pg_temp.holds('what was noted long ago is forgotten', array(select external_id from countersign_edge.gone_coaching_activities
    where external_id like 'order-%') = '{order-1}');
end $$;

reset role;
rollback;
