-- An accounting firm's schema: a client account has an owner, staff with roles, and bookkeepers from outside, each in a
-- table of its own. The policies ask for them in the styles that one finds side by side.
create schema books;
grant usage on schema books to anon, authenticated;

create table books.accounts (
  id       uuid primary key default gen_random_uuid(),
  name     text not null,
  owner_id uuid not null default auth.uid()
);
create table books.staff (
  account_id uuid not null references books.accounts (id),
  user_id    uuid not null,
  role       text not null check (role in ('manager', 'clerk')),
  status     text not null default 'active',
  primary key (account_id, user_id)
);
create table books.bookkeepers (
  account_id uuid not null references books.accounts (id),
  person_id  uuid not null,
  primary key (account_id, person_id)
);
create table books.invoices (
  id         uuid primary key default gen_random_uuid(),
  account_id uuid not null references books.accounts (id),
  status     text not null default 'draft' check (status in ('draft', 'sent', 'paid')),
  note       text
);
create table books.contracts (
  id         uuid primary key default gen_random_uuid(),
  account_id uuid not null references books.accounts (id),
  signed_by  uuid,
  title      text not null
);
create table books.handbooks (
  id         uuid primary key default gen_random_uuid(),
  account_id uuid not null references books.accounts (id),
  body       text
);
create table books.reviews (
  id         uuid primary key default gen_random_uuid(),
  account_id uuid not null references books.accounts (id),
  body       text
);

create function books.my_accounts() returns setof uuid language sql stable security definer set search_path = '' as $$
  select id from books.accounts where owner_id = auth.uid()
  union
  select account_id from books.staff where user_id = auth.uid() and status = 'active'
  union all
  select b.account_id from books.bookkeepers b where b.person_id = auth.uid()
$$;
create function books.manages(account uuid) returns boolean language sql stable security definer set search_path = '' as $$
  select exists (select 1 from books.accounts a where a.id = account and a.owner_id = auth.uid())
      or exists (select 1 from books.staff s
                 where s.account_id = account and s.user_id = auth.uid() and s.role = 'manager' and s.status = 'active')
$$;
revoke execute on function books.my_accounts(), books.manages(uuid) from public;
grant execute on function books.my_accounts(), books.manages(uuid) to authenticated;

grant select on all tables in schema books to authenticated;
grant update (name) on books.accounts to authenticated;
grant insert (account_id, user_id, role), delete on books.staff to authenticated;
grant insert (account_id, person_id), delete on books.bookkeepers to authenticated;
grant insert (account_id, status, note), update (status, note), delete on books.invoices to authenticated;
grant insert (account_id, signed_by, title), update (title) on books.contracts to authenticated;

alter table books.accounts enable row level security;
create policy "see" on books.accounts for select to authenticated using (id in (select books.my_accounts()));
create policy "rename" on books.accounts for update to authenticated
  using (owner_id = (select auth.uid())) with check (owner_id = (select auth.uid()));

alter table books.staff enable row level security;
create policy "colleagues" on books.staff for select to authenticated
  using (account_id = any (array(select books.my_accounts())));
create policy "the owner hires" on books.staff for insert to authenticated
  with check (account_id in (select id from books.accounts where owner_id = auth.uid()));
create policy "the owner dismisses" on books.staff for delete to authenticated
  using (exists (select from books.accounts a where a.id = staff.account_id and a.owner_id = auth.uid()));

alter table books.bookkeepers enable row level security;
create policy "see bookkeepers" on books.bookkeepers for select to authenticated
  using (account_id in (select books.my_accounts()));
create policy "the owner engages" on books.bookkeepers for insert to authenticated
  with check (account_id in (select id from books.accounts where owner_id = auth.uid()));
create policy "the owner or the bookkeeper ends it" on books.bookkeepers for delete to authenticated
  using (person_id = auth.uid() or account_id in (select id from books.accounts where owner_id = auth.uid()));

alter table books.invoices enable row level security;
create policy "read invoices" on books.invoices for select to authenticated using (account_id in (select books.my_accounts()));
create policy "write invoices" on books.invoices for insert to authenticated with check (account_id in (select books.my_accounts()));
create policy "drafts" on books.invoices for update to authenticated
  using (account_id in (select books.my_accounts()) and status = 'draft')
  with check (account_id in (select books.my_accounts()) and status in ('draft', 'sent'));
create policy "managers delete" on books.invoices for delete to authenticated using (books.manages(account_id));

alter table books.contracts enable row level security;
create policy "managers and who signed" on books.contracts for select to authenticated
  using (books.manages(account_id) or (signed_by = auth.uid() and account_id in (select books.my_accounts())));
create policy "managers draw up" on books.contracts for insert to authenticated with check (books.manages(account_id));
create policy "managers amend" on books.contracts for update to authenticated
  using (exists (select 1 from books.staff s where s.account_id = contracts.account_id and s.user_id = auth.uid()
                 and s.role = 'manager' and s.status = 'active')
         or account_id in (select a.id from books.accounts a where a.owner_id = auth.uid()));

-- What the language cannot say: a role counts whichever table it is in.
alter table books.handbooks enable row level security;
create policy "staff only" on books.handbooks for select to authenticated
  using (account_id in (select account_id from books.staff where user_id = auth.uid() and status = 'active'));
alter table books.reviews enable row level security;
create policy "bookkeepers only" on books.reviews for select to authenticated
  using (account_id in (select account_id from books.bookkeepers where person_id = auth.uid()));
create policy "former staff" on books.reviews for select to authenticated
  using (account_id in (select account_id from books.staff where user_id = auth.uid()));
