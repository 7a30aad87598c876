-- The assistant's part of what is done when nobody waits. Like finish_assistant_run these run as the Worker's role, and
-- the policy decides what that may do.

set local lock_timeout = '5s';
set local statement_timeout = '60s';

create function countersign_edge.settle_assistant_apply(
    p_kind text, p_id uuid, p_base timestamptz, p_activity_updated_at timestamptz)
  returns void
  language plpgsql
  set search_path = ''
as $$
declare
  v_log uuid;
begin
  if p_kind = 'draft' then
    select d.log_id into v_log from assistant.ai_generated_drafts d where d.id = p_id;
    update assistant.ai_generated_drafts d
    set selected = d.id = p_id, applied_at = case d.id when p_id then coalesce(d.applied_at, now()) else d.applied_at end
    where d.log_id = v_log and (d.id = p_id or d.selected);
  else
    select r.log_id into v_log from assistant.touch_date_recommendations r where r.id = p_id;
    update assistant.touch_date_recommendations r set applied = true, applied_at = now() where r.id = p_id and not r.applied;
  end if;
  -- The application's own change is no change behind its back: not to this run, nor to another of the same version.
  if p_activity_updated_at is not null then
    update assistant.ai_processing_logs l
    set activity_updated_at = p_activity_updated_at
    from assistant.ai_processing_logs this
    where this.id = v_log and (l.id = v_log or (l.user_id = this.user_id and l.activity_type = this.activity_type
      and l.activity_id = this.activity_id and l.activity_updated_at = p_base));
  end if;
end $$;
comment on function countersign_edge.settle_assistant_apply(text, uuid, timestamptz, timestamptz) is
  'Says that a draft or a date was written into HubSpot, over the version p_base and making p_activity_updated_at of it. Again it changes nothing.';

create function countersign_edge.mirror_deals(p_user uuid, p_read_at timestamptz, p_deals jsonb, p_gone jsonb) returns void
  language plpgsql
  set search_path = ''
as $$
begin
  insert into assistant.opportunities as o
    (user_id, hubspot_deal_id, name, probability, status, amount_cents, currency, fetched_at)
  select p_user, d.id, d.name, d.probability, d.status, d.amount_cents, d.currency, p_read_at
  from jsonb_to_recordset(p_deals) as d(id text, name text, probability numeric, status text, amount_cents bigint, currency text)
  on conflict (user_id, hubspot_deal_id) do update
    set name = excluded.name, probability = excluded.probability, status = excluded.status,
        amount_cents = excluded.amount_cents, currency = excluded.currency, fetched_at = excluded.fetched_at
    -- What was read later is newer, whenever it arrives.
    where o.fetched_at <= excluded.fetched_at;
  delete from assistant.opportunities o
  where o.user_id = p_user and p_gone ? o.hubspot_deal_id and o.fetched_at <= p_read_at;
end $$;
comment on function countersign_edge.mirror_deals(uuid, timestamptz, jsonb, jsonb) is
  'Writes deals of HubSpot as they were read for a person at that time, and removes those that they do not see.';

revoke all on function countersign_edge.settle_assistant_apply(text, uuid, timestamptz, timestamptz) from public, anon, authenticated, service_role;
revoke all on function countersign_edge.mirror_deals(uuid, timestamptz, jsonb, jsonb) from public, anon, authenticated, service_role;
grant execute on function countersign_edge.settle_assistant_apply(text, uuid, timestamptz, timestamptz) to countersign_edge;
grant execute on function countersign_edge.mirror_deals(uuid, timestamptz, jsonb, jsonb) to countersign_edge;
