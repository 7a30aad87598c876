-- Accounts with an owner, and people in teams: memberships from two tables, one of them the tenants' own.

create schema crew;

create table crew."Accounts" (
  id            uuid primary key default gen_random_uuid(),
  owner_user_id uuid,
  name          text not null
);

create table crew."Teams" (
  id         uuid primary key default gen_random_uuid(),
  account_id uuid not null references crew."Accounts" (id) on delete cascade,
  name       text not null default 'team',
  unique (id, account_id)
);

create table crew."User_Roles" (
  id         uuid primary key default gen_random_uuid(),
  account_id uuid not null references crew."Accounts" (id) on delete cascade,
  user_id    uuid not null,
  role       text not null check (role in ('manager', 'rep')),
  team_id    uuid,
  region     text,
  foreign key (team_id, account_id) references crew."Teams" (id, account_id),
  unique (account_id, user_id, role)
);

create table crew.calls (
  id         uuid primary key default gen_random_uuid(),
  account_id uuid not null references crew."Accounts" (id) on delete cascade,
  team_id    uuid,
  user_id    uuid,
  topic      text,
  seen       boolean not null default false,
  foreign key (team_id, account_id) references crew."Teams" (id, account_id),
  unique (id, account_id)
);

create table crew.notes (
  id         uuid primary key default gen_random_uuid(),
  account_id uuid not null references crew."Accounts" (id) on delete cascade,
  call_id    uuid not null,
  body       text,
  foreign key (call_id, account_id) references crew.calls (id, account_id) on delete cascade
);

-- Regions are plain words, the same in every account: no key says whose they are.
create table crew.leads (
  id         uuid primary key default gen_random_uuid(),
  account_id uuid not null references crew."Accounts" (id) on delete cascade,
  region     text,
  name       text
);

create table crew.contacts (
  id         uuid primary key default gen_random_uuid(),
  account_id uuid not null references crew."Accounts" (id) on delete cascade,
  body       jsonb not null default '{}'
);
