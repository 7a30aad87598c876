-- What somebody began without signing in is a guest's session, and their organizations go on taking guests: through an
-- anonymous sign-in, whose session is claimed at sign-up. The sessions there are belong to nobody; members can take them up.
-- phase: backfill
-- if policy: temp_anon_
-- lock: ROW EXCLUSIVE on wizard_sessions and organizations

update agency.wizard_sessions s set guest = true where s.created_by is null;

update agency.organizations o set guest_wizard = true
where exists (select from agency.wizard_sessions s where s.org_id = o.id and s.guest);
