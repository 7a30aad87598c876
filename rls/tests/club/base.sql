-- A members' portal: no tenants, and people whose ids are text.

create schema club;

create table club."user" (
  id              text primary key,
  name            text not null,
  email           text not null,
  "emailVerified" boolean not null default false,
  image           text
);

create table club.session (
  id         text primary key,
  "userId"   text not null references club."user" (id) on delete cascade,
  token      text not null,
  "expiresAt" timestamptz not null
);

create table club.account (
  id         text primary key,
  "userId"   text not null references club."user" (id) on delete cascade,
  password   text
);

create table club.events (
  id      bigint primary key generated always as identity,
  host    text not null,
  title   text not null,
  state   text not null default 'draft' check (state in ('draft', 'open', 'closed')),
  starts  timestamptz not null,
  contact text
);

create table club.guests (
  event_id bigint not null references club.events (id) on delete cascade,
  guest    text not null,
  said     text,
  primary key (event_id, guest)
);

create table club.deals (
  id      text primary key,
  body    text not null
);

create view club.open_events with (security_invoker = true) as
  select id, title, starts from club.events where state = 'open';

create function club.next_event() returns setof club.events
  language sql stable set search_path = ''
  as $$ select * from club.events e where e.starts > now() order by e.starts limit 1 $$;
