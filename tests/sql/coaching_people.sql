-- The seed's people as accounts, for a bare PostgreSQL. Where a real sign-up API runs, it creates them instead.
-- Safe to run twice.

insert into auth.users (id, email, email_confirmed_at, is_anonymous, raw_user_meta_data, created_at)
select p.id::uuid, p.email, '2026-01-05T09:00:00Z', false, jsonb_build_object('name', p.name), '2026-01-05T09:00:00Z'
from (values
  ('c0ac0000-0000-4000-8000-000000000001', 'olivia@coaching.example.test', 'Olivia Marsh'),
  ('c0ac0000-0000-4000-8000-000000000002', 'pablo@coaching.example.test',  'Pablo Ruiz'),
  ('c0ac0000-0000-4000-8000-000000000003', 'quinn@coaching.example.test',  'Quinn Abara'),
  ('c0ac0000-0000-4000-8000-000000000004', 'rosa@coaching.example.test',   'Rosa Lind'),
  ('c0ac0000-0000-4000-8000-000000000005', 'sam@coaching.example.test',    'Sam Whitaker'),
  ('c0ac0000-0000-4000-8000-000000000006', 'tara@coaching.example.test',   'Tara Singh'),
  ('c0ac0000-0000-4000-8000-000000000007', 'uma@coaching.example.test',    'Uma Castellanos'),
  ('c0ac0000-0000-4000-8000-000000000008', 'victor@coaching.example.test', 'Victor Hale'),
  ('c0ac0000-0000-4000-8000-000000000009', 'wanda@coaching.example.test',  'Wanda Nowak')
) as p (id, email, name)
on conflict do nothing;
