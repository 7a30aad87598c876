-- Who may do what in agency: row-level security generated from policies/agency.policy.
-- Not for editing: change the policy and run `countersign generate --app agency`, which writes a file with what changed.
-- Each section can be applied again, alone. How to read it: docs/policy-to-sql.md
-- countersign:file app=agency schema=agency state=d8fc07083b4b10d2fa05442d0e5202362edd65cde2d09f689dfbd5e5a059b9d2

set local lock_timeout = '5s';
set local statement_timeout = '60s';


-- countersign:section callers 318d5c5d0f487d5e8ef805d3388051102beac5cb2d80d914094c0ebe6a2b11ad
--
--   Who is asking

create schema if not exists countersign;
revoke all on schema countersign from public, anon;
grant usage on schema countersign to authenticated;

-- The caller's id. Only the 36 characters of a uuid count: any other subject is nobody, and never an error.
-- Three plain tests, because one regular expression that counts takes twice as long, in every statement.
create or replace function countersign.caller_id() returns uuid
  language plpgsql stable parallel safe
  set search_path = ''
as $$
declare
  sub text := coalesce(
    nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub',
    current_setting('request.jwt.claim.sub', true));
begin
  if sub like '________-____-____-____-____________'
    and length(replace(sub, '-', '')) = 32
    and sub !~ '[^0-9A-Fa-f-]'
  then
    return sub::uuid;
  end if;
  return null;
end $$;
revoke execute on function countersign.caller_id() from public, anon;
grant execute on function countersign.caller_id() to authenticated;

-- Whether the caller signed in with an identity; an anonymous sign-in is a guest.
create or replace function countersign.caller_is_user() returns boolean
  language plpgsql stable parallel safe
  set search_path = ''
as $$
begin
  return countersign.caller_id() is not null
    and (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'is_anonymous') is distinct from 'true';
end $$;
revoke execute on function countersign.caller_is_user() from public, anon;
grant execute on function countersign.caller_is_user() to authenticated;


-- countersign:section table.ai_run_logs fcf5cc5d9da9613bc632ab8e3701e0509bc62cf1f72d50298f9b0fc277378f91
--
--   on ai_run_logs tenant org_id append {
--     viewer:  select;
--     service: select, insert;
--   }

revoke all on agency.ai_run_logs from public, anon, authenticated, service_role, countersign_edge;
grant select (id, org_id, project_id, user_id, purpose, provider, model, status, prompt_tokens,
              completion_tokens, cost_cents, duration_ms, error_code, request_id, metadata, created_at,
              updated_at)
  on agency.ai_run_logs to authenticated;
grant select (id, org_id, project_id, user_id, purpose, provider, model, status, prompt_tokens,
              completion_tokens, cost_cents, duration_ms, error_code, request_id, metadata, created_at,
              updated_at),
      insert (id, org_id, project_id, user_id, purpose, provider, model, status, prompt_tokens,
              completion_tokens, cost_cents, duration_ms, error_code, request_id, metadata, created_at,
              updated_at)
  on agency.ai_run_logs to countersign_edge;
grant select, insert on agency.ai_run_logs to service_role;

drop policy if exists countersign_fence on agency.ai_run_logs;
create policy countersign_fence on agency.ai_run_logs
  as restrictive for all to authenticated
  using (ai_run_logs.org_id = any (array(select countersign.agency_viewer())))
  with check (ai_run_logs.org_id = any (array(select countersign.agency_viewer())));
comment on policy countersign_fence on agency.ai_run_logs is 'the tenant fence [0b368a11]';

drop policy if exists countersign_fence_anon on agency.ai_run_logs;
create policy countersign_fence_anon on agency.ai_run_logs
  as restrictive for all to anon
  using (false)
  with check (false);
comment on policy countersign_fence_anon on agency.ai_run_logs is 'nothing here is for anon [33e80e4d]';

drop policy if exists countersign_select on agency.ai_run_logs;
create policy countersign_select on agency.ai_run_logs for select to authenticated
  using (ai_run_logs.org_id is not null);
comment on policy countersign_select on agency.ai_run_logs is 'viewer: select [3ac5292c]';

drop policy if exists countersign_select_edge on agency.ai_run_logs;
create policy countersign_select_edge on agency.ai_run_logs for select to countersign_edge
  using (true);
comment on policy countersign_select_edge on agency.ai_run_logs is 'service: select [44fb928a]';

drop policy if exists countersign_insert_edge on agency.ai_run_logs;
create policy countersign_insert_edge on agency.ai_run_logs for insert to countersign_edge
  with check (true);
comment on policy countersign_insert_edge on agency.ai_run_logs is 'service: insert [e8f5ef08]';

alter table agency.ai_run_logs enable row level security;


-- countersign:section table.analytics a9baab2c2755558a26179df1d66e424dca9cdd48fdc12419c41c306b945c0950
--
--   on analytics tenant org_id {
--     viewer:  select;
--     service: select, insert, update, delete;
--   }

revoke all on agency.analytics from public, anon, authenticated, service_role, countersign_edge;
grant select (id, org_id, project_id, metric, period, period_start, value, dimensions, created_at,
              updated_at)
  on agency.analytics to authenticated;
grant select (id, org_id, project_id, metric, period, period_start, value, dimensions, created_at,
              updated_at),
      insert (id, org_id, project_id, metric, period, period_start, value, dimensions, created_at,
              updated_at),
      update (project_id, metric, period, period_start, value, dimensions, created_at, updated_at),
      delete
  on agency.analytics to countersign_edge;
grant select, insert, update, delete on agency.analytics to service_role;

drop policy if exists countersign_fence on agency.analytics;
create policy countersign_fence on agency.analytics
  as restrictive for all to authenticated
  using (analytics.org_id = any (array(select countersign.agency_viewer())))
  with check (analytics.org_id = any (array(select countersign.agency_viewer())));
comment on policy countersign_fence on agency.analytics is 'the tenant fence [13b46eae]';

drop policy if exists countersign_fence_anon on agency.analytics;
create policy countersign_fence_anon on agency.analytics
  as restrictive for all to anon
  using (false)
  with check (false);
comment on policy countersign_fence_anon on agency.analytics is 'nothing here is for anon [424c870a]';

drop policy if exists countersign_select on agency.analytics;
create policy countersign_select on agency.analytics for select to authenticated
  using (analytics.org_id is not null);
comment on policy countersign_select on agency.analytics is 'viewer: select [02433375]';

drop policy if exists countersign_select_edge on agency.analytics;
create policy countersign_select_edge on agency.analytics for select to countersign_edge
  using (true);
comment on policy countersign_select_edge on agency.analytics is 'service: select [49ac2b48]';

drop policy if exists countersign_insert_edge on agency.analytics;
create policy countersign_insert_edge on agency.analytics for insert to countersign_edge
  with check (true);
comment on policy countersign_insert_edge on agency.analytics is 'service: insert [fe83ef86]';

drop policy if exists countersign_update_edge on agency.analytics;
create policy countersign_update_edge on agency.analytics for update to countersign_edge
  using (true)
  with check (true);
comment on policy countersign_update_edge on agency.analytics is 'service: update [b4ae7c56]';

drop policy if exists countersign_delete_edge on agency.analytics;
create policy countersign_delete_edge on agency.analytics for delete to countersign_edge
  using (true);
comment on policy countersign_delete_edge on agency.analytics is 'service: delete [11ed0460]';

alter table agency.analytics enable row level security;


-- countersign:section table.crm_pipelines 83a33a7d624bf72af4c3517febef2bd1cdc612b9d429989c4bce9cc815f336b5
--
--   on crm_pipelines tenant org_id {
--     viewer:  select;
--     admin:   insert, update;
--     service: select (id, org_id, is_default);
--     retire record_status = 'deleted' by admin, seen by admin, stamped updated_at;
--   }

revoke all on agency.crm_pipelines from public, anon, authenticated, service_role, countersign_edge;
grant select (id, org_id, name, is_default, record_status, created_at, updated_at),
      insert (id, org_id, name, is_default, record_status),
      update (name, is_default, record_status)
  on agency.crm_pipelines to authenticated;
grant select (id, org_id, is_default)
  on agency.crm_pipelines to countersign_edge;
grant select, insert, update, delete on agency.crm_pipelines to service_role;

drop policy if exists countersign_fence on agency.crm_pipelines;
create policy countersign_fence on agency.crm_pipelines
  as restrictive for all to authenticated
  using (crm_pipelines.org_id = any (array(select countersign.agency_viewer())))
  with check (crm_pipelines.org_id = any (array(select countersign.agency_viewer())));
comment on policy countersign_fence on agency.crm_pipelines is 'the tenant fence [3106fc5c]';

drop policy if exists countersign_fence_anon on agency.crm_pipelines;
create policy countersign_fence_anon on agency.crm_pipelines
  as restrictive for all to anon
  using (false)
  with check (false);
comment on policy countersign_fence_anon on agency.crm_pipelines is 'nothing here is for anon [47ea231b]';

drop policy if exists countersign_select on agency.crm_pipelines;
create policy countersign_select on agency.crm_pipelines for select to authenticated
  using (
    crm_pipelines.record_status <> 'deleted'
    or crm_pipelines.org_id = any (array(select countersign.agency_admin()))
  );
comment on policy countersign_select on agency.crm_pipelines is 'viewer: select [9cde0315]';

drop policy if exists countersign_insert on agency.crm_pipelines;
create policy countersign_insert on agency.crm_pipelines for insert to authenticated
  with check (coalesce(crm_pipelines.org_id = any (array(select countersign.agency_admin())), false));
comment on policy countersign_insert on agency.crm_pipelines is 'admin: insert [c581ba15]';

drop policy if exists countersign_update on agency.crm_pipelines;
create policy countersign_update on agency.crm_pipelines for update to authenticated
  using (coalesce(crm_pipelines.org_id = any (array(select countersign.agency_admin())), false))
  with check (coalesce(crm_pipelines.org_id = any (array(select countersign.agency_admin())), false));
comment on policy countersign_update on agency.crm_pipelines is 'admin: update [50cb6b55]';

drop policy if exists countersign_select_edge on agency.crm_pipelines;
create policy countersign_select_edge on agency.crm_pipelines for select to countersign_edge
  using (true);
comment on policy countersign_select_edge on agency.crm_pipelines is 'service: select (id, org_id, is_default) [c11a7c8b]';

alter table agency.crm_pipelines enable row level security;


-- countersign:section table.crm_stages 595ff4e3bb582ab2fd76edf2f3b63e90abe0112c9c57402aeaa012e059cbf6b7
--
--   on crm_stages tenant org_id via pipeline_id in crm_pipelines {
--     fixed pipeline_id;
--     inherit select;
--     admin:   insert, update, delete;
--     service: select (id, org_id, pipeline_id, position, outcome);
--   }

revoke all on agency.crm_stages from public, anon, authenticated, service_role, countersign_edge;
grant select (id, org_id, pipeline_id, name, "position", outcome, created_at, updated_at),
      insert (id, org_id, pipeline_id, name, "position", outcome),
      update (name, "position", outcome),
      delete
  on agency.crm_stages to authenticated;
grant select (id, org_id, pipeline_id, "position", outcome)
  on agency.crm_stages to countersign_edge;
grant select, insert, update, delete on agency.crm_stages to service_role;

drop policy if exists countersign_fence on agency.crm_stages;
create policy countersign_fence on agency.crm_stages
  as restrictive for all to authenticated
  using (crm_stages.org_id = any (array(select countersign.agency_viewer())))
  with check (crm_stages.org_id = any (array(select countersign.agency_viewer())));
comment on policy countersign_fence on agency.crm_stages is 'the tenant fence [7c313410]';

drop policy if exists countersign_fence_anon on agency.crm_stages;
create policy countersign_fence_anon on agency.crm_stages
  as restrictive for all to anon
  using (false)
  with check (false);
comment on policy countersign_fence_anon on agency.crm_stages is 'nothing here is for anon [f102b3e8]';

drop policy if exists countersign_select on agency.crm_stages;
create policy countersign_select on agency.crm_stages for select to authenticated
  using (
    exists (select 1 from agency.crm_pipelines parent
        where parent.id = crm_stages.pipeline_id and parent.org_id = crm_stages.org_id)
  );
comment on policy countersign_select on agency.crm_stages is 'inherit select from crm_pipelines: viewer: select [1b62e30d]';

drop policy if exists countersign_insert on agency.crm_stages;
create policy countersign_insert on agency.crm_stages for insert to authenticated
  with check (
    coalesce(crm_stages.org_id = any (array(select countersign.agency_admin())), false)
    and exists (select 1 from agency.crm_pipelines parent
        where parent.id = crm_stages.pipeline_id and parent.org_id = crm_stages.org_id)
  );
comment on policy countersign_insert on agency.crm_stages is 'admin: insert [309005f4]';

drop policy if exists countersign_update on agency.crm_stages;
create policy countersign_update on agency.crm_stages for update to authenticated
  using (
    exists (select 1 from agency.crm_pipelines parent
        where parent.id = crm_stages.pipeline_id and parent.org_id = crm_stages.org_id)
    and coalesce(crm_stages.org_id = any (array(select countersign.agency_admin())), false)
  )
  with check (
    exists (select 1 from agency.crm_pipelines parent
        where parent.id = crm_stages.pipeline_id and parent.org_id = crm_stages.org_id)
    and coalesce(crm_stages.org_id = any (array(select countersign.agency_admin())), false)
  );
comment on policy countersign_update on agency.crm_stages is 'admin: update [c683a973]';

drop policy if exists countersign_delete on agency.crm_stages;
create policy countersign_delete on agency.crm_stages for delete to authenticated
  using (
    exists (select 1 from agency.crm_pipelines parent
        where parent.id = crm_stages.pipeline_id and parent.org_id = crm_stages.org_id)
    and coalesce(crm_stages.org_id = any (array(select countersign.agency_admin())), false)
  );
comment on policy countersign_delete on agency.crm_stages is 'admin: delete [3ec40718]';

drop policy if exists countersign_select_edge on agency.crm_stages;
create policy countersign_select_edge on agency.crm_stages for select to countersign_edge
  using (true);
comment on policy countersign_select_edge on agency.crm_stages is 'service: select (id, org_id, pipeline_id, position, outcome) [c02d1f65]';

alter table agency.crm_stages enable row level security;


-- countersign:section table.crm_contacts 8d1e5083859b31d152667be81e3c213ac115c3c4b814be4347097f1a035d836d
--
--   on crm_contacts tenant org_id {
--     managed last_contacted_at;
--     viewer:  select;
--     member:  insert, upsert, update;
--     service: select where external_source = 'hubspot',
--              insert (org_id, external_source, external_id, first_name, last_name, email, phone,
--                  job_title)
--                check external_source = 'hubspot',
--              update (first_name, last_name, email, phone, job_title)
--                where external_source = 'hubspot' and record_status = 'active';
--     retire record_status = 'deleted' by admin, seen by admin, stamped updated_at;
--   }

revoke all on agency.crm_contacts from public, anon, authenticated, service_role, countersign_edge;
grant select (id, org_id, client_id, first_name, last_name, email, phone, job_title, is_primary,
              last_contacted_at, external_source, external_id, properties, record_status, created_at,
              updated_at),
      insert (id, org_id, client_id, first_name, last_name, email, phone, job_title, is_primary,
              external_source, external_id, properties, record_status),
      update (id, org_id, client_id, first_name, last_name, email, phone, job_title, is_primary,
              external_source, external_id, properties, record_status)
  on agency.crm_contacts to authenticated;
grant select (id, org_id, client_id, first_name, last_name, email, phone, job_title, is_primary,
              last_contacted_at, external_source, external_id, properties, record_status, created_at,
              updated_at),
      insert (org_id, first_name, last_name, email, phone, job_title, external_source, external_id),
      update (first_name, last_name, email, phone, job_title)
  on agency.crm_contacts to countersign_edge;
grant select, insert, update, delete on agency.crm_contacts to service_role;

create or replace function countersign.agency_crm_contacts_update() returns trigger
  language plpgsql stable
  set search_path = ''
as $$
declare
  allowed boolean;
  changes_id_or_more boolean :=
    (new.id, new.org_id)
    is distinct from
    (old.id, old.org_id);
begin
  if current_user = 'countersign_edge' then
    allowed :=
      -- service: update (first_name, last_name, email, phone, job_title) where external_source = 'hubspot' and record_status = 'active'
         (old.external_source = 'hubspot' and old.record_status = 'active');
  else
    allowed :=
      -- member: update
         (not changes_id_or_more and old.org_id = any (array(select countersign.agency_member())));
  end if;
  if allowed is not true then
    raise exception using
      errcode = 'insufficient_privilege',
      message = 'no rule of agency.crm_contacts allows this change',
      hint = 'One rule must allow the old row, the new row and the changed columns together: member: update.';
  end if;
  return new;
end $$;
revoke execute on function countersign.agency_crm_contacts_update() from public, anon, authenticated, service_role, countersign_edge;
-- Named to run after all others, and bound to exactly whom row-level security binds.
drop trigger if exists zz_countersign on agency.crm_contacts;
create trigger zz_countersign before update on agency.crm_contacts
  for each row when (row_security_active('agency.crm_contacts'))
  execute function countersign.agency_crm_contacts_update();

drop policy if exists countersign_fence on agency.crm_contacts;
create policy countersign_fence on agency.crm_contacts
  as restrictive for all to authenticated
  using (crm_contacts.org_id = any (array(select countersign.agency_viewer())))
  with check (crm_contacts.org_id = any (array(select countersign.agency_viewer())));
comment on policy countersign_fence on agency.crm_contacts is 'the tenant fence [8615dee9]';

drop policy if exists countersign_fence_anon on agency.crm_contacts;
create policy countersign_fence_anon on agency.crm_contacts
  as restrictive for all to anon
  using (false)
  with check (false);
comment on policy countersign_fence_anon on agency.crm_contacts is 'nothing here is for anon [d3384b1e]';

drop policy if exists countersign_select on agency.crm_contacts;
create policy countersign_select on agency.crm_contacts for select to authenticated
  using (
    crm_contacts.record_status <> 'deleted'
    or crm_contacts.org_id = any (array(select countersign.agency_admin()))
  );
comment on policy countersign_select on agency.crm_contacts is 'viewer: select [783a0d55]';

drop policy if exists countersign_insert on agency.crm_contacts;
create policy countersign_insert on agency.crm_contacts for insert to authenticated
  with check (
    coalesce(crm_contacts.org_id = any (array(select countersign.agency_member())), false)
    and (
      crm_contacts.record_status <> 'deleted'
      or crm_contacts.org_id = any (array(select countersign.agency_admin()))
    )
  );
comment on policy countersign_insert on agency.crm_contacts is 'member: insert [a20c4863]';

drop policy if exists countersign_update on agency.crm_contacts;
create policy countersign_update on agency.crm_contacts for update to authenticated
  using (
    (
      crm_contacts.record_status <> 'deleted'
      or crm_contacts.org_id = any (array(select countersign.agency_admin()))
    )
    and coalesce(crm_contacts.org_id = any (array(select countersign.agency_member())), false)
  )
  with check (
    (
      crm_contacts.record_status <> 'deleted'
      or crm_contacts.org_id = any (array(select countersign.agency_admin()))
    )
    and coalesce(crm_contacts.org_id = any (array(select countersign.agency_member())), false)
  );
comment on policy countersign_update on agency.crm_contacts is 'member: update [06fd0ec7]';

drop policy if exists countersign_select_edge on agency.crm_contacts;
create policy countersign_select_edge on agency.crm_contacts for select to countersign_edge
  using (crm_contacts.external_source = 'hubspot');
comment on policy countersign_select_edge on agency.crm_contacts is 'service: select where external_source = ''hubspot'' [cb9af828]';

drop policy if exists countersign_insert_edge on agency.crm_contacts;
create policy countersign_insert_edge on agency.crm_contacts for insert to countersign_edge
  with check (crm_contacts.external_source = 'hubspot');
comment on policy countersign_insert_edge on agency.crm_contacts is 'service: insert (org_id, external_source, external_id, first_name, last_name, email, phone, job_title) check external_source = ''hubspot'' [61cbe852]';

drop policy if exists countersign_update_edge on agency.crm_contacts;
create policy countersign_update_edge on agency.crm_contacts for update to countersign_edge
  using (crm_contacts.external_source = 'hubspot' and crm_contacts.record_status = 'active')
  with check (crm_contacts.external_source = 'hubspot' and crm_contacts.record_status = 'active');
comment on policy countersign_update_edge on agency.crm_contacts is 'service: update (first_name, last_name, email, phone, job_title) where external_source = ''hubspot'' and record_status = ''active'' [9fc93c47]';

alter table agency.crm_contacts enable row level security;


-- countersign:section table.crm_deals 454554a25cdb69edd61614cde5d8bce62394031f614f720cc237b88425b039d8
--
--   on crm_deals tenant org_id via pipeline_id in crm_pipelines {
--     managed last_activity_at;
--     inherit select;
--     member:  insert, update;
--     service: select where external_source = 'hubspot',
--              insert (org_id, external_source, external_id, title, status, amount_cents, currency,
--                  expected_close_on, closed_at, pipeline_id, stage_id)
--                check external_source = 'hubspot',
--              update (title, status, amount_cents, currency, expected_close_on, closed_at, pipeline_id,
--                  stage_id)
--                where external_source = 'hubspot' and record_status = 'active';
--     retire record_status = 'deleted' by admin, seen by admin, stamped updated_at;
--   }

revoke all on agency.crm_deals from public, anon, authenticated, service_role, countersign_edge;
grant select (id, org_id, client_id, contact_id, pipeline_id, stage_id, title, status, amount_cents,
              currency, expected_close_on, closed_at, owner_id, last_activity_at, external_source,
              external_id, record_status, created_at, updated_at),
      insert (id, org_id, client_id, contact_id, pipeline_id, stage_id, title, status, amount_cents,
              currency, expected_close_on, closed_at, owner_id, external_source, external_id, record_status),
      update (client_id, contact_id, pipeline_id, stage_id, title, status, amount_cents, currency,
              expected_close_on, closed_at, owner_id, external_source, external_id, record_status)
  on agency.crm_deals to authenticated;
grant select (id, org_id, client_id, contact_id, pipeline_id, stage_id, title, status, amount_cents,
              currency, expected_close_on, closed_at, owner_id, last_activity_at, external_source,
              external_id, record_status, created_at, updated_at),
      insert (org_id, pipeline_id, stage_id, title, status, amount_cents, currency, expected_close_on,
              closed_at, external_source, external_id),
      update (pipeline_id, stage_id, title, status, amount_cents, currency, expected_close_on, closed_at)
  on agency.crm_deals to countersign_edge;
grant select, insert, update, delete on agency.crm_deals to service_role;

drop policy if exists countersign_fence on agency.crm_deals;
create policy countersign_fence on agency.crm_deals
  as restrictive for all to authenticated
  using (crm_deals.org_id = any (array(select countersign.agency_viewer())))
  with check (crm_deals.org_id = any (array(select countersign.agency_viewer())));
comment on policy countersign_fence on agency.crm_deals is 'the tenant fence [ba991776]';

drop policy if exists countersign_fence_anon on agency.crm_deals;
create policy countersign_fence_anon on agency.crm_deals
  as restrictive for all to anon
  using (false)
  with check (false);
comment on policy countersign_fence_anon on agency.crm_deals is 'nothing here is for anon [ec3ba934]';

drop policy if exists countersign_select on agency.crm_deals;
create policy countersign_select on agency.crm_deals for select to authenticated
  using (
    exists (select 1 from agency.crm_pipelines parent
        where parent.id = crm_deals.pipeline_id and parent.org_id = crm_deals.org_id)
    and (
      crm_deals.record_status <> 'deleted'
      or crm_deals.org_id = any (array(select countersign.agency_admin()))
    )
  );
comment on policy countersign_select on agency.crm_deals is 'inherit select from crm_pipelines: viewer: select [4a5834a1]';

drop policy if exists countersign_insert on agency.crm_deals;
create policy countersign_insert on agency.crm_deals for insert to authenticated
  with check (
    coalesce(crm_deals.org_id = any (array(select countersign.agency_member())), false)
    and exists (select 1 from agency.crm_pipelines parent
        where parent.id = crm_deals.pipeline_id and parent.org_id = crm_deals.org_id)
    and (
      crm_deals.record_status <> 'deleted'
      or crm_deals.org_id = any (array(select countersign.agency_admin()))
    )
  );
comment on policy countersign_insert on agency.crm_deals is 'member: insert [f177bbe9]';

drop policy if exists countersign_update on agency.crm_deals;
create policy countersign_update on agency.crm_deals for update to authenticated
  using (
    exists (select 1 from agency.crm_pipelines parent
        where parent.id = crm_deals.pipeline_id and parent.org_id = crm_deals.org_id)
    and (
      crm_deals.record_status <> 'deleted'
      or crm_deals.org_id = any (array(select countersign.agency_admin()))
    )
    and coalesce(crm_deals.org_id = any (array(select countersign.agency_member())), false)
  )
  with check (
    exists (select 1 from agency.crm_pipelines parent
        where parent.id = crm_deals.pipeline_id and parent.org_id = crm_deals.org_id)
    and (
      crm_deals.record_status <> 'deleted'
      or crm_deals.org_id = any (array(select countersign.agency_admin()))
    )
    and coalesce(crm_deals.org_id = any (array(select countersign.agency_member())), false)
  );
comment on policy countersign_update on agency.crm_deals is 'member: update [d0ccc492]';

drop policy if exists countersign_select_edge on agency.crm_deals;
create policy countersign_select_edge on agency.crm_deals for select to countersign_edge
  using (crm_deals.external_source = 'hubspot');
comment on policy countersign_select_edge on agency.crm_deals is 'service: select where external_source = ''hubspot'' [ad2b70a8]';

drop policy if exists countersign_insert_edge on agency.crm_deals;
create policy countersign_insert_edge on agency.crm_deals for insert to countersign_edge
  with check (crm_deals.external_source = 'hubspot');
comment on policy countersign_insert_edge on agency.crm_deals is 'service: insert (org_id, external_source, external_id, title, status, amount_cents, currency, expected_close_on, closed_at, pipeline_id, stage_id) check external_source = ''hubspot'' [863487ae]';

drop policy if exists countersign_update_edge on agency.crm_deals;
create policy countersign_update_edge on agency.crm_deals for update to countersign_edge
  using (crm_deals.external_source = 'hubspot' and crm_deals.record_status = 'active')
  with check (crm_deals.external_source = 'hubspot' and crm_deals.record_status = 'active');
comment on policy countersign_update_edge on agency.crm_deals is 'service: update (title, status, amount_cents, currency, expected_close_on, closed_at, pipeline_id, stage_id) where external_source = ''hubspot'' and record_status = ''active'' [350c5277]';

alter table agency.crm_deals enable row level security;


-- countersign:section table.activities 48ceec0340c1e734b0c5cd8ca6c9de3684e6afa7cf58bf5aecc6c82f11023f0a
--
--   on activities tenant org_id append {
--     managed actor_id;
--     viewer:  select;
--     member:  insert;
--     service: select, insert;
--   }

revoke all on agency.activities from public, anon, authenticated, service_role, countersign_edge;
grant select (id, org_id, client_id, project_id, deal_id, actor_id, kind, summary, data, event_key,
              occurred_at, created_at, updated_at),
      insert (id, org_id, client_id, project_id, deal_id, kind, summary, data, event_key, occurred_at)
  on agency.activities to authenticated;
grant select (id, org_id, client_id, project_id, deal_id, actor_id, kind, summary, data, event_key,
              occurred_at, created_at, updated_at),
      insert (id, org_id, client_id, project_id, deal_id, actor_id, kind, summary, data, event_key,
              occurred_at, created_at, updated_at)
  on agency.activities to countersign_edge;
grant select, insert on agency.activities to service_role;

drop policy if exists countersign_fence on agency.activities;
create policy countersign_fence on agency.activities
  as restrictive for all to authenticated
  using (activities.org_id = any (array(select countersign.agency_viewer())))
  with check (activities.org_id = any (array(select countersign.agency_viewer())));
comment on policy countersign_fence on agency.activities is 'the tenant fence [11e5d4b1]';

drop policy if exists countersign_fence_anon on agency.activities;
create policy countersign_fence_anon on agency.activities
  as restrictive for all to anon
  using (false)
  with check (false);
comment on policy countersign_fence_anon on agency.activities is 'nothing here is for anon [cbcf49a3]';

drop policy if exists countersign_select on agency.activities;
create policy countersign_select on agency.activities for select to authenticated
  using (activities.org_id is not null);
comment on policy countersign_select on agency.activities is 'viewer: select [cb816f8c]';

drop policy if exists countersign_insert on agency.activities;
create policy countersign_insert on agency.activities for insert to authenticated
  with check (coalesce(activities.org_id = any (array(select countersign.agency_member())), false));
comment on policy countersign_insert on agency.activities is 'member: insert [185dace2]';

drop policy if exists countersign_select_edge on agency.activities;
create policy countersign_select_edge on agency.activities for select to countersign_edge
  using (true);
comment on policy countersign_select_edge on agency.activities is 'service: select [e9c3a257]';

drop policy if exists countersign_insert_edge on agency.activities;
create policy countersign_insert_edge on agency.activities for insert to countersign_edge
  with check (true);
comment on policy countersign_insert_edge on agency.activities is 'service: insert [2be317ce]';

alter table agency.activities enable row level security;
