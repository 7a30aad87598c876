-- The agency system: where a client stands, and what the organization spends.

set local lock_timeout = '5s';
set local statement_timeout = '60s';

-- Where a client stands. Row-level security of every table applies to the person who asks (security_invoker).
-- Each figure is a subquery of its own: one that is not asked for is not computed, and ordering or cutting the list
-- happens before the figures of the rows that remain are looked up by (client_id, org_id).

create view agency.client_crm_status with (security_invoker = true) as
select
  c.id as client_id,
  c.org_id,
  c.name,
  c.status,
  c.record_status,
  c.owner_id,
  c.last_contact_at,
  c.last_sentiment,
  (select count(*) from agency.crm_contacts x
    where x.client_id = c.id and x.org_id = c.org_id and x.record_status = 'active') as contacts,
  (select count(*) from agency.projects x
    where x.client_id = c.id and x.org_id = c.org_id and x.record_status = 'active'
      and x.status in ('planned', 'active', 'on_hold')) as running_projects,
  (select count(*) from agency.crm_deals x
    where x.client_id = c.id and x.org_id = c.org_id and x.record_status = 'active' and x.status = 'open') as open_deals,
  (select jsonb_object_agg(y.currency, y.cents) from (
      select x.currency, sum(x.amount_cents) as cents from agency.crm_deals x
      where x.client_id = c.id and x.org_id = c.org_id and x.record_status = 'active' and x.status = 'open' and x.amount_cents > 0
      group by x.currency) y) as open_deal_cents,
  (select jsonb_object_agg(y.currency, y.cents) from (
      select x.currency, sum(x.amount_cents - x.paid_cents) as cents from agency.invoices x
      where x.client_id = c.id and x.org_id = c.org_id and x.record_status = 'active' and x.status in ('sent', 'part_paid')
      group by x.currency) y) as outstanding_cents,
  (select count(*) from agency.crm_interactions x
    where x.client_id = c.id and x.org_id = c.org_id and x.record_status = 'active'
      and x.occurred_at >= now() - interval '90 days') as interactions_90_days,
  -- The first line that is true decides.
  case
    when c.status = 'closed' then 'lost'
    when not k.running and not k.in_talks and (k.refused and not k.customer or k.silent_since < now() - interval '180 days') then 'lost'
    when k.customer and (
         c.last_sentiment = 'negative' and c.last_sentiment_at >= now() - interval '30 days'
      or k.silent_since < now() - interval '45 days'
      or exists (select from agency.invoices x
           where x.client_id = c.id and x.org_id = c.org_id and x.record_status = 'active'
             and x.status in ('sent', 'part_paid') and x.due_on < (now() at time zone 'UTC')::date - 30)
    ) then 'at_risk'
    when k.customer then 'active'
    when exists (select from agency.crm_deals x
           where x.client_id = c.id and x.org_id = c.org_id and x.record_status = 'active' and x.status = 'open' and x.amount_cents > 0)
      or (select count(*) from agency.crm_interactions x
           where x.client_id = c.id and x.org_id = c.org_id and x.record_status = 'active'
             and x.occurred_at >= now() - interval '90 days') >= 2 then 'prospect'
    else 'lead'
  end as classification
from agency.clients c
cross join lateral (
  select
    coalesce(c.last_contact_at, c.created_at) as silent_since,
    exists (select from agency.projects x
      where x.client_id = c.id and x.org_id = c.org_id and x.record_status = 'active'
        and x.status in ('planned', 'active', 'on_hold')) as running,
    exists (select from agency.crm_deals x
      where x.client_id = c.id and x.org_id = c.org_id and x.record_status = 'active' and x.status = 'open') as in_talks,
    exists (select from agency.crm_deals x
      where x.client_id = c.id and x.org_id = c.org_id and x.record_status = 'active' and x.status = 'lost') as refused,
    exists (select from agency.projects x
      where x.client_id = c.id and x.org_id = c.org_id and x.record_status = 'active'
        and x.status in ('planned', 'active', 'on_hold', 'completed'))
      or exists (select from agency.crm_deals x
      where x.client_id = c.id and x.org_id = c.org_id and x.record_status = 'active' and x.status = 'won') as customer
) k;
comment on view agency.client_crm_status is 'Each client with its contacts, deals, projects, money and classification, as far as the person who asks may see them.';
comment on column agency.client_crm_status.open_deal_cents is 'By currency: {"USD": 120000}.';
comment on column agency.client_crm_status.outstanding_cents is 'Invoiced and not yet paid, by currency.';
comment on column agency.client_crm_status.classification is 'See get_client_classification().';

create function agency.get_client_classification(p_client_id uuid) returns text
  language sql
  stable
  set search_path = ''
as $$
  select v.classification from agency.client_crm_status v where v.client_id = p_client_id
$$;
comment on function agency.get_client_classification(uuid) is $$Where a client stands today; null if there is none, or none that the caller may see.
A customer has a project that is planned, active, on hold or completed, or a deal won. The first that fits:
  lost      closed; or nothing running and no deal open, and either all deals were lost or 180 days have passed in silence
  at_risk   a customer with a negative last sentiment within 30 days, or 45 days of silence, or an invoice 30 days overdue
  active    a customer
  prospect  an open deal with an amount, or two interactions within 90 days
  lead      everybody else$$;

-- What an organization has spent on LLM calls since the first of the month (UTC), against ai_monthly_budget_cents.

create function agency.get_ai_spend(p_org_id uuid) returns bigint
  language sql
  stable
  set search_path = ''
as $$
  select coalesce(ceil(sum(l.cost_cents)), 0)::bigint
  from agency.ai_run_logs l
  where l.org_id = p_org_id and l.created_at >= date_trunc('month', now(), 'UTC')
$$;
comment on function agency.get_ai_spend(uuid) is 'Cents spent on LLM calls this calendar month (UTC), rounded up once, over the runs that the caller may see.';
