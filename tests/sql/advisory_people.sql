-- The seed's people as accounts, for a bare PostgreSQL. Where a real sign-up API runs, it creates them instead.
-- Safe to run twice.

insert into auth.users (id, email, email_confirmed_at, is_anonymous, raw_user_meta_data, created_at)
select p.id::uuid, p.email, '2026-01-05T09:00:00Z', false, jsonb_build_object('name', p.name), '2026-01-05T09:00:00Z'
from (values
  ('ad000000-0000-4000-8000-000000000001', 'grace@advisory.example.test', 'Grace Whitfield'),
  ('ad000000-0000-4000-8000-000000000002', 'henry@advisory.example.test', 'Henry Osei'),
  ('ad000000-0000-4000-8000-000000000003', 'iris@advisory.example.test',  'Iris Vandermeer'),
  ('ad000000-0000-4000-8000-000000000004', 'jonas@advisory.example.test', 'Jonas Falk'),
  ('ad000000-0000-4000-8000-000000000005', 'kira@advisory.example.test',  'Kira Petrov'),
  ('ad000000-0000-4000-8000-000000000006', 'liam@advisory.example.test',  'Liam Doyle')
) as p (id, email, name)
on conflict do nothing;
