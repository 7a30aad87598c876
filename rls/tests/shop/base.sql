-- A schema with something of everything that SQL is generated for.

create schema shop;

create type shop.size as enum ('small', 'large');

create table shop.firms (
  id         uuid primary key default gen_random_uuid(),
  name       text not null,
  founder    uuid,
  created_at timestamptz not null default now()
);

create table shop.staff (
  id        bigint primary key generated always as identity,
  firm_id   uuid not null references shop.firms (id) on delete cascade,
  person_id uuid not null,
  role      text not null check (role in ('boss', 'clerk', 'viewer')),
  state     text not null default 'active' check (state in ('invited', 'active', 'left')),
  nickname  text,
  unique (person_id, firm_id)
);

-- A second source of memberships, in mixed case and with a reserved word.
create table shop."Partners" (
  firm_id uuid not null references shop.firms (id) on delete cascade,
  "user"  uuid not null,
  role    text not null,
  primary key (firm_id, "user")
);

create table shop.articles (
  id        uuid primary key default gen_random_uuid(),
  firm_id   uuid not null references shop.firms (id) on delete cascade,
  title     text not null,
  size      shop.size,
  price     bigint not null default 0,
  published boolean not null default false,
  state     text not null default 'draft' check (state in ('draft', 'live', 'gone')),
  secret    text,
  changed   timestamptz not null default now(),
  unique (id, firm_id)
);

create table shop."order" (
  id         uuid primary key default gen_random_uuid(),
  firm_id    uuid not null references shop.firms (id) on delete cascade,
  article_id uuid not null,
  buyer      uuid,
  number     serial,
  note       text,
  details    json,
  placed_on  date not null default current_date,
  foreign key (article_id, firm_id) references shop.articles (id, firm_id)
);

create table shop.receipts (
  id       uuid primary key default gen_random_uuid(),
  firm_id  uuid not null references shop.firms (id) on delete cascade,
  order_id uuid not null references shop."order" (id),
  cents    bigint not null
);

create table shop.people (
  id    uuid primary key,
  name  text,
  email text
);

create table shop.news (
  id       uuid primary key default gen_random_uuid(),
  author   uuid,
  body     text not null default '',
  visible  boolean not null default true,
  until    timestamptz
);

create table shop.forgotten (id bigint primary key generated always as identity, x text);

create view shop.live_articles with (security_invoker = true) as
  select id, firm_id, title from shop.articles where state = 'live';

create materialized view shop.totals as select count(*) as articles from shop.articles;

create function shop.touch() returns trigger language plpgsql set search_path = '' as
$$ begin new.changed = now(); return new; end $$;
create trigger touch before update on shop.articles for each row execute function shop.touch();

create function shop.find(words text) returns setof shop.articles language sql stable set search_path = '' as
$$ select * from shop.articles where title like words $$;
create function shop.find(words text, most integer) returns setof shop.articles language sql stable set search_path = '' as
$$ select * from shop.articles where title like words limit most $$;
create function shop.reset() returns void language sql set search_path = '' as $$ $$;
