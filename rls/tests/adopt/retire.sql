-- Rows that are not deleted but marked, as people write it: by a status, by a flag, by a time.
create schema trash;
grant usage on schema trash to anon, authenticated;

create table trash.orgs (
  id   uuid primary key default gen_random_uuid(),
  name text not null
);
create table trash.members (
  org_id  uuid not null references trash.orgs (id),
  user_id uuid not null,
  role    text not null check (role in ('owner', 'admin', 'member')),
  primary key (org_id, user_id)
);
create table trash.projects (
  id         uuid primary key default gen_random_uuid(),
  org_id     uuid not null references trash.orgs (id),
  status     text not null default 'active' check (status in ('active', 'paused', 'deleted')),
  name       text not null,
  updated_at timestamptz not null default now()
);
create table trash.files (
  id         uuid primary key default gen_random_uuid(),
  org_id     uuid not null references trash.orgs (id),
  trashed    boolean not null default false,
  path       text not null,
  updated_at timestamptz not null default now()
);
create table trash.labels (
  id     uuid primary key default gen_random_uuid(),
  org_id uuid not null references trash.orgs (id),
  status text not null default 'active' check (status in ('active', 'deleted'))
);
create table trash.drafts (
  id         uuid primary key default gen_random_uuid(),
  org_id     uuid not null references trash.orgs (id),
  status     text not null default 'active' check (status in ('active', 'deleted')),
  updated_at timestamptz not null default now()
);
create table trash.comments (
  id         uuid primary key default gen_random_uuid(),
  org_id     uuid not null references trash.orgs (id),
  body       text,
  deleted_at timestamptz,
  updated_at timestamptz not null default now()
);

create function trash.my_orgs() returns setof uuid language sql stable security definer set search_path = '' as $$
  select org_id from trash.members where user_id = auth.uid()
$$;
create function trash.is_admin(org uuid) returns boolean language sql stable security definer set search_path = '' as $$
  select exists (select 1 from trash.members m
                 where m.org_id = org and m.user_id = auth.uid() and m.role in ('owner', 'admin'))
$$;
create function trash.is_owner(org uuid) returns boolean language sql stable security definer set search_path = '' as $$
  select exists (select 1 from trash.members m where m.org_id = org and m.user_id = auth.uid() and m.role = 'owner')
$$;
create function trash.touch() returns trigger language plpgsql as $$
begin
  new.updated_at := now();
  return new;
end $$;
create trigger touch before update on trash.projects for each row execute function trash.touch();
create trigger touch before update on trash.files for each row execute function trash.touch();
create trigger touch before update on trash.drafts for each row execute function trash.touch();
create trigger touch before update on trash.comments for each row execute function trash.touch();
revoke execute on all functions in schema trash from public;
grant execute on function trash.my_orgs(), trash.is_admin(uuid), trash.is_owner(uuid) to authenticated;

grant select on all tables in schema trash to authenticated;
grant insert (org_id, status, name), update (status, name), delete on trash.projects to authenticated;
grant insert (org_id, path), update (trashed, path) on trash.files to authenticated;
grant insert (org_id, status), update (status) on trash.labels to authenticated;
grant insert (org_id, status), update (status) on trash.drafts to authenticated;
grant insert (org_id, body), update (body, deleted_at) on trash.comments to authenticated;

alter table trash.orgs enable row level security;
create policy "members" on trash.orgs for select to authenticated using (id in (select trash.my_orgs()));
alter table trash.members enable row level security;
create policy "members" on trash.members for select to authenticated using (org_id in (select trash.my_orgs()));

-- Admins retire, and see what is retired.
alter table trash.projects enable row level security;
create policy "see" on trash.projects for select to authenticated
  using (trash.is_admin(org_id) or (org_id in (select trash.my_orgs()) and status <> 'deleted'));
create policy "add" on trash.projects for insert to authenticated
  with check (org_id in (select trash.my_orgs()) and status <> 'deleted');
create policy "change" on trash.projects for update to authenticated
  using (trash.is_admin(org_id) or (org_id in (select trash.my_orgs()) and status <> 'deleted'))
  with check (trash.is_admin(org_id) or (org_id in (select trash.my_orgs()) and status <> 'deleted'));
create policy "purge" on trash.projects for delete to authenticated using (trash.is_owner(org_id) and status = 'deleted');

-- Admins see what is in the bin, and only owners put it there; nobody says so of a new row.
alter table trash.files enable row level security;
create policy "see" on trash.files for select to authenticated
  using ((org_id in (select trash.my_orgs()) and not trashed) or trash.is_admin(org_id));
create policy "add" on trash.files for insert to authenticated with check (org_id in (select trash.my_orgs()));
create policy "change" on trash.files for update to authenticated
  using ((org_id in (select trash.my_orgs()) and not trashed) or trash.is_owner(org_id))
  with check ((org_id in (select trash.my_orgs()) and not trashed) or trash.is_owner(org_id));

-- The same conditions, and no column that says when: they stay conditions.
alter table trash.labels enable row level security;
create policy "see" on trash.labels for select to authenticated
  using (trash.is_admin(org_id) or (org_id in (select trash.my_orgs()) and status <> 'deleted'));
create policy "change" on trash.labels for update to authenticated
  using (trash.is_admin(org_id) or (org_id in (select trash.my_orgs()) and status <> 'deleted'))
  with check (trash.is_admin(org_id) or (org_id in (select trash.my_orgs()) and status <> 'deleted'));
-- And here, members may add what they do not see.
alter table trash.drafts enable row level security;
create policy "see" on trash.drafts for select to authenticated
  using (trash.is_admin(org_id) or (org_id in (select trash.my_orgs()) and status <> 'deleted'));
create policy "add" on trash.drafts for insert to authenticated with check (org_id in (select trash.my_orgs()));
create policy "change" on trash.drafts for update to authenticated
  using (trash.is_admin(org_id)) with check (trash.is_admin(org_id));

-- What the language cannot say: a row whose author may take it out of their own sight.
alter table trash.comments enable row level security;
create policy "see" on trash.comments for select to authenticated
  using (trash.is_admin(org_id) or (org_id in (select trash.my_orgs()) and deleted_at is null));
create policy "add" on trash.comments for insert to authenticated with check (org_id in (select trash.my_orgs()));
create policy "change" on trash.comments for update to authenticated
  using (org_id in (select trash.my_orgs())) with check (org_id in (select trash.my_orgs()));
