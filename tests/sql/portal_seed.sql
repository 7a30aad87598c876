-- Four members of the portal, in Better Auth's tables. Mia is linked to her row in Baserow; Noel signed up and has never
-- been in; Una did not confirm her address; Rex was linked until his row in Baserow was deleted.
--
-- Everybody's password is countersign-demo. Safe to run twice. Run it as the owner of the tables.

insert into portal."user" (id, name, email, "emailVerified", image, "baserowMemberId", "createdAt") values
  ('9a000000-0000-4000-8000-000000000001', 'Mia Sørensen', 'mia@portal.example.test',  true,  'https://cdn.example.test/mia.webp', '101', '2026-01-05T09:00:00Z'),
  ('9a000000-0000-4000-8000-000000000002', 'Noel Adeyemi', 'noel@portal.example.test', true,  null,                                null,  '2026-02-11T14:30:00Z'),
  ('9a000000-0000-4000-8000-000000000003', 'Una Kovač',    'una@portal.example.test',  false, null,                                null,  '2026-03-02T08:15:00Z'),
  ('9a000000-0000-4000-8000-000000000004', null,           'rex@portal.example.test',  true,  null,                                null,  '2025-11-20T18:45:00Z')
on conflict do nothing;

insert into portal.account (id, "userId", "providerId", "accountId", password, scope, "createdAt")
select '9a000000-0000-4000-8000-00000001' || right(u.id, 4), u.id, 'credential', u.id,
       '675e1c53364f57b0d336510282631fa2:3b27576a949acb949c79425fcc8b07027d6b9ea311bf70317c1dad2e4deccf88a48870fb8dc9511dc2ea479cd1a45df9fb1db01b52ca4b3d0305c47d0e681f5c',
       null, u."createdAt"
from portal."user" u
where u.email like '%@portal.example.test'
on conflict do nothing;

insert into portal.account (id, "userId", "providerId", "accountId", scope) values
  ('9a000000-0000-4000-8000-000000020001', '9a000000-0000-4000-8000-000000000001', 'google', '108230000000000000001', 'openid email profile')
on conflict do nothing;

-- Tokens as Better Auth makes them: 32 letters and digits, in plain text. These open the demonstration, and nothing else.
insert into portal.session (id, "userId", token, "expiresAt", "ipAddress", "userAgent", "createdAt")
select v.id, v.user_id, v.token, now() + v.expires, v.ip, v.agent, now() + v.created
from (values
  ('9a000000-0000-4000-8000-000000030001', '9a000000-0000-4000-8000-000000000001', 'demoMiaLaptop0000000000000000001', interval '6 days',  '192.0.2.10',   'Mozilla/5.0 (X11; Linux x86_64)', interval '-1 day'),
  ('9a000000-0000-4000-8000-000000030002', '9a000000-0000-4000-8000-000000000001', 'demoMiaPhone00000000000000000002', interval '-2 days', '198.51.100.7', 'Mozilla/5.0 (iPhone)',            interval '-9 days'),
  ('9a000000-0000-4000-8000-000000030003', '9a000000-0000-4000-8000-000000000002', 'demoNoel000000000000000000000003',  interval '7 days',  '203.0.113.5',  'Mozilla/5.0 (Macintosh)',         interval '0'),
  ('9a000000-0000-4000-8000-000000030004', '9a000000-0000-4000-8000-000000000003', 'demoUna0000000000000000000000004',  interval '7 days',  null,           null,                              interval '-1 hour')
) as v (id, user_id, token, expires, ip, agent, created)
on conflict do nothing;

insert into portal.verification (id, identifier, value, "expiresAt") values
  ('9a000000-0000-4000-8000-000000040001', 'una@portal.example.test', 'demonstration', now() + interval '1 hour')
on conflict do nothing;
