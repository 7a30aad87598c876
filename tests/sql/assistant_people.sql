-- The seed's people as accounts, for a bare PostgreSQL. Where a real sign-up API runs, it creates them instead.
-- Safe to run twice.

insert into auth.users (id, email, email_confirmed_at, is_anonymous, raw_user_meta_data, created_at)
select p.id::uuid, p.email, '2026-01-05T09:00:00Z', false, jsonb_build_object('name', p.name), '2026-01-05T09:00:00Z'
from (values
  ('a5000000-0000-4000-8000-000000000001', 'ada@assistant.example.test',  'Ada Lindqvist'),
  ('a5000000-0000-4000-8000-000000000002', 'ben@assistant.example.test',  'Ben Okafor'),
  ('a5000000-0000-4000-8000-000000000003', 'cleo@assistant.example.test', 'Cleo Marchetti'),
  ('a5000000-0000-4000-8000-000000000004', 'dov@assistant.example.test',  'Dov Hirsch')
) as p (id, email, name)
on conflict do nothing;
