-- A support desk: people belong to an organization and to a squad of it; heads have all squads, leads and agents their own.
create schema desk;
grant usage on schema desk to anon, authenticated;

create table desk.orgs (
  id   uuid primary key default gen_random_uuid(),
  name text not null
);
create table desk.squads (
  id     uuid primary key default gen_random_uuid(),
  org_id uuid not null references desk.orgs (id),
  name   text not null,
  unique (org_id, id)
);
create table desk.people (
  org_id   uuid not null references desk.orgs (id),
  user_id  uuid not null,
  role     text not null check (role in ('head', 'lead', 'agent')),
  squad_id uuid,
  primary key (org_id, user_id),
  foreign key (org_id, squad_id) references desk.squads (org_id, id)
);
create table desk.tickets (
  id       uuid primary key default gen_random_uuid(),
  org_id   uuid not null references desk.orgs (id),
  squad_id uuid,
  state    text not null default 'open' check (state in ('open', 'closed')),
  title    text not null
);
create table desk.shifts (
  id     uuid primary key default gen_random_uuid(),
  org_id uuid not null references desk.orgs (id),
  squad  uuid not null,
  note   text,
  foreign key (org_id, squad) references desk.squads (org_id, id)
);
create table desk.boards (
  id       uuid primary key default gen_random_uuid(),
  org_id   uuid not null references desk.orgs (id),
  squad_id uuid references desk.squads (id),
  name     text not null
);
create table desk.appraisals (
  id       uuid primary key default gen_random_uuid(),
  org_id   uuid not null references desk.orgs (id),
  squad_id uuid,
  body     text
);

create function desk.is_head(org uuid) returns boolean language sql stable security definer set search_path = '' as $$
  select exists (select 1 from desk.people p where p.org_id = org and p.user_id = auth.uid() and p.role = 'head')
$$;
create function desk.my_orgs() returns setof uuid language sql stable security definer set search_path = '' as $$
  select org_id from desk.people where user_id = auth.uid()
$$;
create function desk.my_squads() returns table (org uuid, squad uuid)
  language sql stable security definer set search_path = '' as $$
  select p.org_id, p.squad_id from desk.people p where p.user_id = auth.uid()
$$;
create function desk.squads_i_lead() returns setof uuid language sql stable security definer set search_path = '' as $$
  select squad_id from desk.people where user_id = auth.uid() and role in ('head', 'lead')
$$;
revoke execute on all functions in schema desk from public;
grant execute on all functions in schema desk to authenticated;

grant select on all tables in schema desk to authenticated;
grant insert (org_id, squad_id, state, title), update (state, title), delete on desk.tickets to authenticated;
grant update (note) on desk.shifts to authenticated;
grant update (name) on desk.squads to authenticated;

alter table desk.orgs enable row level security;
create policy "members" on desk.orgs for select to authenticated using (id in (select desk.my_orgs()));
alter table desk.people enable row level security;
create policy "members" on desk.people for select to authenticated using (org_id in (select desk.my_orgs()));

alter table desk.squads enable row level security;
create policy "members" on desk.squads for select to authenticated using (org_id in (select desk.my_orgs()));
create policy "leads rename theirs" on desk.squads for update to authenticated
  using (desk.is_head(org_id) or id in (select desk.squads_i_lead()));

alter table desk.tickets enable row level security;
create policy "heads and the squad" on desk.tickets for select to authenticated
  using (desk.is_head(org_id) or (org_id, squad_id) in (select s.org, s.squad from desk.my_squads() s));
create policy "the squad opens" on desk.tickets for insert to authenticated
  with check (desk.is_head(org_id)
    or exists (select 1 from desk.people p where p.user_id = auth.uid() and p.org_id = tickets.org_id and p.squad_id = tickets.squad_id));
create policy "leads work" on desk.tickets for update to authenticated
  using (state = 'open' and (desk.is_head(org_id)
    or (org_id, squad_id) in (select org_id, squad_id from desk.people where user_id = auth.uid() and role = 'lead')))
  with check (desk.is_head(org_id)
    or (org_id, squad_id) in (select org_id, squad_id from desk.people where user_id = auth.uid() and role = 'lead'));
create policy "heads delete" on desk.tickets for delete to authenticated using (desk.is_head(org_id));

-- A squad tells its organization: the foreign keys say so, here and in people.
alter table desk.shifts enable row level security;
create policy "heads and the squad" on desk.shifts for select to authenticated
  using (desk.is_head(org_id) or squad in (select squad from desk.my_squads()));
create policy "leads note" on desk.shifts for update to authenticated
  using (desk.is_head(org_id) or squad in (select desk.squads_i_lead()));

-- What the language cannot say. Nothing says that a board's squad is of the board's organization.
alter table desk.boards enable row level security;
create policy "the squad" on desk.boards for select to authenticated using (squad_id in (select squad from desk.my_squads()));
-- A head may be in a squad as well, and in the language who is above a lead may do what leads may.
alter table desk.appraisals enable row level security;
create policy "leads, and not their heads" on desk.appraisals for select to authenticated
  using ((org_id, squad_id) in (select org_id, squad_id from desk.people where user_id = auth.uid() and role = 'lead'));
