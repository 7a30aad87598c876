-- A records office: what is on hold stays, what is sealed is not changed, and secrets need a second factor.
create schema vault;
grant usage on schema vault to anon, authenticated;

create table vault.offices (
  id   uuid primary key default gen_random_uuid(),
  name text not null
);
create table vault.clerks (
  office_id uuid not null references vault.offices (id),
  user_id   uuid not null,
  role      text not null check (role in ('head', 'clerk')),
  primary key (office_id, user_id)
);
create table vault.records (
  id        uuid primary key default gen_random_uuid(),
  office_id uuid not null references vault.offices (id),
  status    text not null default 'open' check (status in ('open', 'sealed', 'void')),
  hold      boolean
);
create table vault.loans (
  id        uuid primary key default gen_random_uuid(),
  office_id uuid not null references vault.offices (id),
  until     date
);
create table vault.secrets (
  id        uuid primary key default gen_random_uuid(),
  office_id uuid not null references vault.offices (id),
  body      text
);
create table vault.pages (
  id        uuid primary key default gen_random_uuid(),
  published boolean not null default false,
  hidden    boolean not null default false,
  author    uuid not null,
  body      text
);
create table vault.minutes (
  id        uuid primary key default gen_random_uuid(),
  office_id uuid not null references vault.offices (id),
  title     text not null
);
create table vault.notices (
  id     uuid primary key default gen_random_uuid(),
  posted boolean not null default true,
  body   text
);

create function vault.my_offices() returns setof uuid language sql stable security definer set search_path = '' as $$
  select office_id from vault.clerks where user_id = auth.uid()
$$;
create function vault.is_head(office uuid) returns boolean language sql stable security definer set search_path = '' as $$
  select exists (select 1 from vault.clerks c where c.office_id = office and c.user_id = auth.uid() and c.role = 'head')
$$;
revoke execute on all functions in schema vault from public;
grant execute on all functions in schema vault to authenticated;

grant select on all tables in schema vault to authenticated;
grant insert (office_id, status, hold), update (status, hold), delete on vault.records to authenticated;
grant insert (office_id, until), delete on vault.loans to authenticated;
grant insert (office_id, body), update (body), delete on vault.secrets to authenticated;
grant insert (published, hidden, author, body), update (published, hidden, body) on vault.pages to authenticated;
grant select on vault.pages, vault.notices to anon;

alter table vault.offices enable row level security;
create policy "clerks" on vault.offices for select to authenticated using (id in (select vault.my_offices()));
alter table vault.clerks enable row level security;
create policy "clerks" on vault.clerks for select to authenticated using (office_id in (select vault.my_offices()));

alter table vault.records enable row level security;
create policy "read" on vault.records for select to authenticated using (office_id in (select vault.my_offices()));
create policy "write" on vault.records for insert to authenticated with check (office_id in (select vault.my_offices()));
create policy "change" on vault.records for update to authenticated
  using (office_id in (select vault.my_offices())) with check (office_id in (select vault.my_offices()));
create policy "clerks delete what is void" on vault.records for delete to authenticated
  using (office_id in (select vault.my_offices()) and status = 'void');
create policy "heads delete" on vault.records for delete to authenticated using (vault.is_head(office_id));
create policy "sealed is sealed" on vault.records as restrictive for update using (status <> 'sealed') with check (true);
create policy "nobody voids" on vault.records as restrictive for insert to authenticated with check (status is distinct from 'void');
-- NULL is no hold here,
create policy "on hold" on vault.records as restrictive for delete to authenticated using (hold is not true);

-- and no date is no end there: the test is unknown, and refuses.
alter table vault.loans enable row level security;
create policy "read" on vault.loans for select to authenticated using (office_id in (select vault.my_offices()));
create policy "lend" on vault.loans for insert to authenticated with check (office_id in (select vault.my_offices()));
create policy "end" on vault.loans for delete to authenticated using (office_id in (select vault.my_offices()));
create policy "not before" on vault.loans as restrictive for delete to public using (until < '2026-01-01' and until >= '2000-01-01');

alter table vault.secrets enable row level security;
create policy "all of it" on vault.secrets to authenticated
  using (office_id in (select vault.my_offices())) with check (office_id in (select vault.my_offices()));
create policy "second factor" on vault.secrets as restrictive to authenticated using ((select auth.jwt() ->> 'aal') = 'aal2');
-- Heads pass, so it is a condition of the others' rules.
create policy "only heads shred" on vault.secrets as restrictive for delete to authenticated
  using (vault.is_head(office_id) or body is null);

alter table vault.pages enable row level security;
create policy "read" on vault.pages for select using (published or author = auth.uid());
create policy "authors" on vault.pages for all to authenticated using (author = auth.uid()) with check (author = auth.uid());
create policy "hidden is hidden" on vault.pages as restrictive for select using (not hidden);
create policy "stays in sight" on vault.pages as restrictive for update using (not hidden);

-- What the language cannot say. The test calls a function,
alter table vault.minutes enable row level security;
create policy "read" on vault.minutes for select to authenticated using (office_id in (select vault.my_offices()));
create policy "no shouting" on vault.minutes as restrictive for select to authenticated using (upper(title) <> title);
-- and this one forbids to those who sign in what it does not forbid to strangers.
alter table vault.notices enable row level security;
create policy "read" on vault.notices for select using (true);
create policy "posted" on vault.notices as restrictive for select to authenticated using (posted);
