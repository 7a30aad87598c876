-- Copies of what the CRM and Schwab say, written whole or not at all: a reader never sees half of a refresh, and an answer
-- that came late never overwrites a newer one. The functions lie in the Worker's own schema and run as whoever calls them,
-- which is nobody but the Worker's role; what that may write is decided by the policy as ever.

set local lock_timeout = '5s';
set local statement_timeout = '60s';

create function countersign_edge.advisory_store_client(
  p_firm uuid, p_owner uuid, p_client text, p_data jsonb, p_accounts jsonb, p_fetched_at timestamptz
) returns boolean
  language plpgsql
  set search_path = ''
as $$
begin
  insert into advisory.client_data_cache as c (firm_id, owner_id, crm_client_id, data, fetched_at)
  values (p_firm, p_owner, p_client, p_data, p_fetched_at)
  on conflict (firm_id, owner_id, crm_client_id) do update
    set data = excluded.data, fetched_at = excluded.fetched_at
    where c.fetched_at <= excluded.fetched_at;
  if not found then
    return false;
  end if;

  delete from advisory.accounts a
  where a.firm_id = p_firm and a.owner_id is not distinct from p_owner and a.crm_client_id = p_client
    and a.external_id not in (select e ->> 'id' from jsonb_array_elements(p_accounts) as e);
  insert into advisory.accounts (firm_id, owner_id, household_id, external_id, crm_client_id, name, number_ending, kind,
    currency, market_value_cents, cash_cents, as_of, fetched_at)
  select p_firm, p_owner, h.id, e ->> 'id', p_client, e ->> 'name', e ->> 'number_ending', e ->> 'kind',
    e ->> 'currency', (e ->> 'market_value_cents')::bigint, (e ->> 'cash_cents')::bigint, (e ->> 'as_of')::timestamptz, p_fetched_at
  from jsonb_array_elements(p_accounts) as e
  left join advisory.households h
    on h.firm_id = p_firm and h.owner_id is not distinct from p_owner and h.external_id = e ->> 'household_id'
  on conflict (firm_id, owner_id, external_id) do update
    set household_id = excluded.household_id, crm_client_id = excluded.crm_client_id, name = excluded.name,
        number_ending = excluded.number_ending, kind = excluded.kind, currency = excluded.currency,
        market_value_cents = excluded.market_value_cents, cash_cents = excluded.cash_cents,
        as_of = excluded.as_of, fetched_at = excluded.fetched_at;

  delete from advisory.positions p using advisory.accounts a
  where a.firm_id = p_firm and a.owner_id is not distinct from p_owner and a.crm_client_id = p_client and p.account_id = a.id
    and not exists (
      select from jsonb_array_elements(p_accounts) as e, jsonb_array_elements(e -> 'positions') as o
      where e ->> 'id' = a.external_id and o ->> 'id' = p.external_id);
  insert into advisory.positions (firm_id, owner_id, account_id, external_id, symbol, description, quantity, price, currency,
    market_value_cents, as_of, fetched_at)
  select p_firm, p_owner, a.id, o ->> 'id', o ->> 'symbol', o ->> 'description', (o ->> 'quantity')::numeric,
    (o ->> 'price')::numeric, a.currency, (o ->> 'market_value_cents')::bigint, a.as_of, p_fetched_at
  from jsonb_array_elements(p_accounts) as e
  cross join jsonb_array_elements(e -> 'positions') as o
  join advisory.accounts a on a.firm_id = p_firm and a.owner_id is not distinct from p_owner and a.external_id = e ->> 'id'
  on conflict (account_id, external_id) do update
    set symbol = excluded.symbol, description = excluded.description, quantity = excluded.quantity, price = excluded.price,
        currency = excluded.currency, market_value_cents = excluded.market_value_cents, as_of = excluded.as_of,
        fetched_at = excluded.fetched_at;

  delete from advisory.transactions t using advisory.accounts a
  where a.firm_id = p_firm and a.owner_id is not distinct from p_owner and a.crm_client_id = p_client and t.account_id = a.id
    and not exists (
      select from jsonb_array_elements(p_accounts) as e, jsonb_array_elements(e -> 'transactions') as o
      where e ->> 'id' = a.external_id and o ->> 'id' = t.external_id);
  insert into advisory.transactions (firm_id, owner_id, account_id, external_id, kind, symbol, description, quantity,
    amount_cents, currency, occurred_at, fetched_at)
  select p_firm, p_owner, a.id, o ->> 'id', o ->> 'kind', o ->> 'symbol', o ->> 'description', (o ->> 'quantity')::numeric,
    (o ->> 'amount_cents')::bigint, a.currency, (o ->> 'occurred_at')::timestamptz, p_fetched_at
  from jsonb_array_elements(p_accounts) as e
  cross join jsonb_array_elements(e -> 'transactions') as o
  join advisory.accounts a on a.firm_id = p_firm and a.owner_id is not distinct from p_owner and a.external_id = e ->> 'id'
  on conflict (account_id, external_id) do update
    set kind = excluded.kind, symbol = excluded.symbol, description = excluded.description, quantity = excluded.quantity,
        amount_cents = excluded.amount_cents, currency = excluded.currency, occurred_at = excluded.occurred_at,
        fetched_at = excluded.fetched_at;
  return true;
end $$;
comment on function countersign_edge.advisory_store_client(uuid, uuid, text, jsonb, jsonb, timestamptz) is
  'Replaces the copy of a client and of the accounts, positions and transactions in tables (an empty array where these are kept in the document). False: there is a newer copy, and nothing was written.';

create function countersign_edge.advisory_store_listing(
  p_firm uuid, p_owner uuid, p_source text, p_households jsonb, p_clients jsonb, p_fetched_at timestamptz
) returns void
  language sql
  set search_path = ''
as $$
  insert into advisory.households as h (firm_id, owner_id, external_id, name, status, fetched_at)
  select p_firm, p_owner, e ->> 'id', e ->> 'name', e ->> 'status', p_fetched_at
  from jsonb_array_elements(p_households) as e
  on conflict (firm_id, owner_id, external_id) do update
    set name = excluded.name, status = excluded.status, fetched_at = excluded.fetched_at
    where h.fetched_at <= excluded.fetched_at;
  insert into advisory.client_data_cache as c (firm_id, owner_id, crm_client_id, data, fetched_at)
  select p_firm, p_owner, e ->> 'id', jsonb_build_object('client', e, 'source', p_source), p_fetched_at
  from jsonb_array_elements(p_clients) as e
  on conflict (firm_id, owner_id, crm_client_id) do update
    set data = c.data || excluded.data, fetched_at = excluded.fetched_at
    where c.fetched_at <= excluded.fetched_at;
$$;
comment on function countersign_edge.advisory_store_listing(uuid, uuid, text, jsonb, jsonb, timestamptz) is
  'Adds and renews households and clients of a page; what is copied of a client''s holdings stays as it is.';

create function countersign_edge.advisory_remove_absent(p_firm uuid, p_owner uuid, p_since timestamptz, p_percent integer)
  returns table (what text, total bigint, absent bigint, removed bigint)
  language plpgsql
  set search_path = ''
as $$
declare
  v_total bigint;
  v_absent bigint;
begin
  select count(*), count(*) filter (where h.fetched_at < p_since) into v_total, v_absent
  from advisory.households h where h.firm_id = p_firm and h.owner_id is not distinct from p_owner;
  removed := 0;
  if v_absent <= greatest(1, v_total * p_percent / 100) then
    delete from advisory.households h
    where h.firm_id = p_firm and h.owner_id is not distinct from p_owner and h.fetched_at < p_since;
    get diagnostics removed = row_count;
  end if;
  what := 'households'; total := v_total; absent := v_absent;
  return next;

  select count(*), count(*) filter (where c.fetched_at < p_since) into v_total, v_absent
  from advisory.client_data_cache c where c.firm_id = p_firm and c.owner_id is not distinct from p_owner;
  removed := 0;
  if v_absent <= greatest(1, v_total * p_percent / 100) then
    delete from advisory.accounts a using advisory.client_data_cache c
    where c.firm_id = p_firm and c.owner_id is not distinct from p_owner and c.fetched_at < p_since
      and a.firm_id = p_firm and a.owner_id is not distinct from p_owner and a.crm_client_id = c.crm_client_id;
    delete from advisory.client_data_cache c
    where c.firm_id = p_firm and c.owner_id is not distinct from p_owner and c.fetched_at < p_since;
    get diagnostics removed = row_count;
  end if;
  what := 'clients'; total := v_total; absent := v_absent;
  return next;
end $$;
comment on function countersign_edge.advisory_remove_absent(uuid, uuid, timestamptz, integer) is
  'After a complete listing that began then: removes the copies it did not renew, if they are no more than so many percent or one. Otherwise none.';

create function countersign_edge.advisory_forget(p_firm uuid, p_owner uuid) returns void
  language sql
  set search_path = ''
as $$
  delete from advisory.client_data_cache c where c.firm_id = p_firm and c.owner_id is not distinct from p_owner;
  delete from advisory.accounts a where a.firm_id = p_firm and a.owner_id is not distinct from p_owner;
  delete from advisory.households h where h.firm_id = p_firm and h.owner_id is not distinct from p_owner;
$$;
comment on function countersign_edge.advisory_forget(uuid, uuid) is 'Removes all copies that came through a connection.';

revoke all on function countersign_edge.advisory_store_client(uuid, uuid, text, jsonb, jsonb, timestamptz) from public, anon, authenticated, service_role;
revoke all on function countersign_edge.advisory_store_listing(uuid, uuid, text, jsonb, jsonb, timestamptz) from public, anon, authenticated, service_role;
revoke all on function countersign_edge.advisory_remove_absent(uuid, uuid, timestamptz, integer) from public, anon, authenticated, service_role;
revoke all on function countersign_edge.advisory_forget(uuid, uuid) from public, anon, authenticated, service_role;
grant execute on function countersign_edge.advisory_store_client(uuid, uuid, text, jsonb, jsonb, timestamptz) to countersign_edge;
grant execute on function countersign_edge.advisory_store_listing(uuid, uuid, text, jsonb, jsonb, timestamptz) to countersign_edge;
grant execute on function countersign_edge.advisory_remove_absent(uuid, uuid, timestamptz, integer) to countersign_edge;
grant execute on function countersign_edge.advisory_forget(uuid, uuid) to countersign_edge;
