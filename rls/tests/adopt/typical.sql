-- A schema as one finds it on Supabase: policies by hand, in several styles, and the grants that come by default.
create schema app;
grant usage on schema app to anon, authenticated, service_role;
alter default privileges in schema app grant all on tables to anon, authenticated, service_role;

create table app.teams (
  id         uuid primary key default gen_random_uuid(),
  name       text not null,
  created_by uuid not null default auth.uid()
);
create table app.members (
  team_id uuid not null references app.teams (id),
  user_id uuid not null,
  role    text not null check (role in ('owner', 'admin', 'member')),
  status  text not null default 'active',
  primary key (team_id, user_id)
);
create table app.profiles (
  id        uuid primary key,
  name      text,
  is_public boolean not null default false,
  secret    text
);
create type app.stage as enum ('draft', 'open', 'locked');
create table app.projects (
  id      uuid primary key default gen_random_uuid(),
  team_id uuid not null references app.teams (id),
  name    text not null,
  status  app.stage not null default 'draft'
);
create index on app.projects (team_id);
create table app.tasks (
  id         uuid primary key default gen_random_uuid(),
  project_id uuid not null references app.projects (id),
  title      text not null
);
create index on app.tasks (project_id);
create table app.notes (
  id      uuid primary key default gen_random_uuid(),
  user_id uuid not null default auth.uid(),
  body    text,
  pinned  boolean
);
create table app.posts (
  id        uuid primary key default gen_random_uuid(),
  author    uuid not null,
  published boolean not null default false,
  title     text not null
);
create table app.settings (key text primary key, value text);
create table app.staff (user_id uuid primary key, role text not null);
create table app.reports (id uuid primary key, body text);
create table app.logs (id uuid primary key, line text);

-- A helper as in Supabase's own guide: it looks as its owner, so that policies do not ask each other in a circle.
create function app.my_teams() returns setof uuid language sql stable security definer set search_path = '' as $$
  select team_id from app.members where user_id = auth.uid() and status = 'active'
$$;
create function app.is_admin(_team uuid) returns boolean language plpgsql stable security definer set search_path = '' as $$
begin
  -- owners are admins
  return exists (
    select 1 from app.members m
    where m.team_id = _team and m.user_id = auth.uid() and m.role in ('owner', 'admin') and m.status = 'active');
end $$;
revoke execute on function app.my_teams(), app.is_admin(uuid) from public;
grant execute on function app.my_teams(), app.is_admin(uuid) to authenticated;

alter table app.teams enable row level security;
create policy "Members see their teams" on app.teams for select to authenticated
  using (id in (select app.my_teams()));
create policy "Owners rename" on app.teams for update to authenticated
  using (id in (select team_id from app.members
                where user_id = auth.uid() and role = 'owner' and status = 'active'));

alter table app.members enable row level security;
create policy "Members see members" on app.members for select to authenticated
  using (team_id in (select app.my_teams()));

alter table app.profiles enable row level security;
create policy "Public profiles are for everyone" on app.profiles for select using (is_public);
create policy "Own profile" on app.profiles for all to authenticated
  using ((select auth.uid()) = id) with check ((select auth.uid()) = id);
revoke all on app.profiles from anon, authenticated;
grant select (id, name, is_public), insert (id, name, is_public), update (name, is_public) on app.profiles to authenticated;
grant select (id, name, is_public) on app.profiles to anon;

alter table app.projects enable row level security;
create policy "Team reads" on app.projects for select to authenticated
  using (exists (select 1 from app.members m
                 where m.team_id = projects.team_id and m.user_id = (select auth.uid()) and m.status = 'active'));
create policy "Admins write" on app.projects for all to authenticated
  using (app.is_admin(team_id)) with check (app.is_admin(team_id));
create policy "Drafts may be edited" on app.projects for update to authenticated
  using (team_id = any (array(select app.my_teams())) and status = 'draft')
  with check (team_id = any (array(select app.my_teams())) and status in ('draft', 'open'));
create policy "Locked is locked" on app.projects as restrictive for delete
  using (status is distinct from 'locked');

alter table app.tasks enable row level security;
create policy "Tasks of visible projects" on app.tasks for all to authenticated
  using (exists (select 1 from app.projects p where p.id = tasks.project_id));

alter table app.notes enable row level security;
create policy "own notes" on app.notes to public using (auth.uid() = user_id);
create policy "not pinned" on app.notes as restrictive for delete using (not pinned);

alter table app.posts enable row level security;
create policy "read published" on app.posts for select using (published or author = auth.uid());
create policy "authors write" on app.posts for insert with check (author = auth.uid() and auth.role() = 'authenticated');

-- What the language cannot say.
alter table app.settings enable row level security;
create policy "staff only" on app.settings for select to authenticated
  using ((select role from app.staff where user_id = auth.uid()) = 'admin');
create policy "by prefix" on app.settings for select to authenticated using (starts_with(key, 'public.'));
create policy "shouting" on app.settings for select to authenticated using (upper(value) = value);
alter table app.staff enable row level security;
alter table app.reports enable row level security;
create policy "only strangers" on app.reports for select to anon using (true);
