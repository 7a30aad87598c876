-- The agency system: invoices and payments.

set local lock_timeout = '5s';
set local statement_timeout = '60s';

create table agency.invoices (
  id            uuid primary key default gen_random_uuid(),
  org_id        uuid not null references agency.organizations (id) on delete cascade,
  client_id     uuid not null,
  project_id    uuid,
  number        text not null check (btrim(number) <> ''),
  status        text not null default 'draft' check (status in ('draft', 'sent', 'part_paid', 'paid', 'void')),
  currency      text not null default 'USD' check (currency ~ '^[A-Z]{3}$'),
  amount_cents  bigint not null check (amount_cents >= 0),
  paid_cents    bigint not null default 0,
  issued_on     date,
  due_on        date,
  notes         text,
  record_status text not null default 'active' check (record_status in ('active', 'archived', 'deleted')),
  created_by    uuid default auth.uid() references auth.users (id) on delete set null,
  created_at    timestamptz not null default now(),
  updated_at    timestamptz not null default now(),
  unique (id, org_id, currency),
  unique (org_id, number),
  constraint invoices_not_overpaid check (paid_cents between 0 and amount_cents),
  constraint invoices_status_fits_payments check (case status
    when 'paid' then paid_cents = amount_cents
    when 'part_paid' then paid_cents > 0 and paid_cents < amount_cents
    else paid_cents = 0
  end),
  check (due_on >= issued_on),
  foreign key (client_id, org_id) references agency.clients (id, org_id),
  foreign key (project_id, org_id, client_id)
    references agency.projects (id, org_id, client_id) on delete set null (project_id)
);
create index invoices_org_id_status_idx on agency.invoices (org_id, status, due_on);
create index invoices_client_id_org_id_idx on agency.invoices (client_id, org_id);
create index invoices_project_id_org_id_client_id_idx on agency.invoices (project_id, org_id, client_id);
create index invoices_created_by_idx on agency.invoices (created_by);
create trigger update_invoices_updated_at before update on agency.invoices
  for each row execute function agency.update_updated_at();
comment on table agency.invoices is 'Invoices to clients.';
comment on column agency.invoices.status is 'draft, sent and void are set by people; part_paid and paid follow from payments. Overdue is no status but due_on in the past.';
comment on column agency.invoices.paid_cents is 'The sum of the payments, kept by their trigger. No client writes it.';

create table agency.payments (
  id              uuid primary key default gen_random_uuid(),
  org_id          uuid not null references agency.organizations (id) on delete cascade,
  invoice_id      uuid not null,
  amount_cents    bigint not null check (amount_cents <> 0),
  currency        text not null,
  method          text not null default 'bank_transfer' check (method in ('bank_transfer', 'card', 'direct_debit', 'cash', 'other')),
  paid_on         date not null,
  reference       text,
  external_source text,
  external_id     text,
  -- The Worker's own role adds rows here too, and it cannot reach schema auth: so the claim itself.
  recorded_by     uuid default (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub')::uuid references auth.users (id) on delete set null,
  created_at      timestamptz not null default now(),
  updated_at      timestamptz not null default now(),
  unique (org_id, external_source, external_id),
  check ((external_source is null) = (external_id is null)),
  foreign key (invoice_id, org_id, currency) references agency.invoices (id, org_id, currency)
);
create index payments_org_id_paid_on_idx on agency.payments (org_id, paid_on desc);
create index payments_invoice_id_org_id_currency_idx on agency.payments (invoice_id, org_id, currency);
create index payments_recorded_by_idx on agency.payments (recorded_by);
create trigger update_payments_updated_at before update on agency.payments
  for each row execute function agency.update_updated_at();
comment on table agency.payments is 'What was paid, append-only. A mistake or a refund is a second row with a negative amount.';
comment on column agency.payments.currency is 'The invoice''s. It is part of the key, so neither side can change it once money has moved.';

-- A payment cannot exceed its invoice, however many arrive at once: each adds itself to the invoice's total. The update
-- locks the invoice, so payments queue up there, and invoices_not_overpaid judges the total whatever the isolation level.
-- (Adding up the payments instead would miss those of transactions still open.)
-- A payment disappears only with its whole organization, so there is nothing to take back from a total.
-- SECURITY DEFINER: who may record a payment need not be allowed to edit invoices, and paid_cents is granted to nobody.
create function countersign.agency_count_payment() returns trigger
  language plpgsql
  security definer
  set search_path = ''
as $$
begin
  update agency.invoices i
  set paid_cents = i.paid_cents + new.amount_cents,
      status = case i.paid_cents + new.amount_cents when i.amount_cents then 'paid' when 0 then 'sent' else 'part_paid' end
  where i.id = new.invoice_id and i.org_id = new.org_id
    and i.status not in ('draft', 'void') and i.record_status = 'active';
  if not found then
    raise exception using
      errcode = 'check_violation',
      message = 'this invoice takes no payments',
      hint    = 'An invoice can be paid once it is sent, unless it is void, archived or deleted.';
  end if;
  return null;
end $$;
revoke execute on function countersign.agency_count_payment() from public, anon, authenticated;

create trigger count_payment after insert on agency.payments
  for each row execute function countersign.agency_count_payment();

-- The totals would not follow a payment that changed, so it does not, for service_role as for everybody else.
create function countersign.agency_keep_payment() returns trigger
  language plpgsql
  set search_path = ''
as $$
begin
  raise exception using
    errcode = 'restrict_violation',
    message = 'a payment cannot be changed',
    hint    = 'Record a second payment with the difference; a negative amount takes money back.';
end $$;
revoke execute on function countersign.agency_keep_payment() from public, anon, authenticated;

create trigger keep_payment before update on agency.payments
  for each row when ((old.invoice_id, old.org_id, old.amount_cents, old.currency)
    is distinct from (new.invoice_id, new.org_id, new.amount_cents, new.currency))
  execute function countersign.agency_keep_payment();
