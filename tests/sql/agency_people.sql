-- The seed's people as accounts, for a bare PostgreSQL. Where a real sign-up API runs, it creates them instead.
-- Safe to run twice.

insert into auth.users (id, email, email_confirmed_at, is_anonymous, raw_user_meta_data, created_at)
select p.id::uuid, p.email, '2026-01-05T09:00:00Z', false, jsonb_build_object('name', p.name), '2026-01-05T09:00:00Z'
from (values
  ('a0000000-0000-4000-8000-0000000000a1', 'owner.a@example.test',   'Olga Adler'),
  ('a0000000-0000-4000-8000-0000000000a2', 'admin.a@example.test',   'Adrian Abbott'),
  ('a0000000-0000-4000-8000-0000000000a3', 'member.a@example.test',  'Mei Aoki'),
  ('a0000000-0000-4000-8000-0000000000a4', 'viewer.a@example.test',  'Victor Alves'),
  ('a0000000-0000-4000-8000-0000000000a5', 'removed.a@example.test', 'Rosa Amin'),
  ('a0000000-0000-4000-8000-0000000000a6', 'invited.a@example.test', 'Ivo Arendt'),
  ('b0000000-0000-4000-8000-0000000000b1', 'owner.b@example.test',   'Oscar Brandt'),
  ('b0000000-0000-4000-8000-0000000000b2', 'admin.b@example.test',   'Anita Bose'),
  ('b0000000-0000-4000-8000-0000000000b3', 'member.b@example.test',  'Marco Bianchi'),
  ('b0000000-0000-4000-8000-0000000000b4', 'viewer.b@example.test',  'Vera Blom'),
  ('c0000000-0000-4000-8000-0000000000c1', 'both@example.test',      'Bo Chandra'),
  ('c0000000-0000-4000-8000-0000000000c2', 'nobody@example.test',    'Nina Costa')
) as p (id, email, name)
on conflict do nothing;
