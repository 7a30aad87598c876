-- The queries that the agency system's indexes are there for, beyond those of keys. Each names its index; EXPLAIN on a
-- filled database shows it at work. "$1" is the organization unless a comment says otherwise.

-- name: list_clients_by_classification
-- index: clients_org_id_classification_idx
select id, name, last_contact_at from agency.clients
where org_id = $1::uuid and classification = 'at_risk' and record_status = 'active'
order by name;

-- name: list_running_projects
-- index: projects_org_id_status_idx
select id, name, due_on from agency.projects
where org_id = $1::uuid and status = 'active' and record_status = 'active'
order by due_on;

-- name: list_recent_wizard_sessions
-- index: wizard_sessions_org_id_created_at_idx
select id, status, guest, project_id, created_at from agency.wizard_sessions
where org_id = $1::uuid
order by created_at desc
limit 20;

-- name: find_snapshots_by_metric
-- index: context_snapshots_metrics_idx
-- $2: {"channels": ["chat"]}
select id, project_id, version from agency.context_snapshots
where org_id = $1::uuid and metrics @> $2::jsonb;

-- name: list_roadmaps_to_review
-- index: roadmaps_org_id_status_idx
select id, project_id, version, title from agency.roadmaps
where org_id = $1::uuid and status = 'in_review' and record_status = 'active';

-- name: list_open_tasks
-- index: tasks_org_id_status_idx
select id, title, due_on, assignee_id from agency.tasks
where org_id = $1::uuid and status = 'open' and record_status = 'active'
order by due_on
limit 50;

-- name: list_my_tasks
-- index: tasks_assignee_id_org_id_idx
-- $2: the person
select id, title, status, due_on from agency.tasks
where org_id = $1::uuid and assignee_id = $2::uuid and status in ('open', 'in_progress', 'blocked') and record_status = 'active'
order by due_on;

-- name: ai_spend_this_month
-- index: ai_run_logs_org_id_created_at_idx
select ceil(sum(cost_cents)) from agency.ai_run_logs
where org_id = $1::uuid and created_at >= date_trunc('month', now(), 'UTC');

-- name: purge_ai_cache
-- index: ai_cache_expires_at_idx
-- For the scheduled run, over all organizations.
delete from agency.ai_cache where expires_at < now();

-- name: look_up_ai_answer
-- index: ai_cache_org_id_cache_key_key
select response from agency.ai_cache
where org_id = $1::uuid and cache_key = $2::text and expires_at > now();

-- name: chart_metric
-- index: analytics_org_id_metric_period_period_start_project_id_key
select period_start, value from agency.analytics
where org_id = $1::uuid and metric = $2::text and period = 'month' and period_start >= $3::date
order by period_start;

-- name: list_available_services
-- index: services_org_id_status_idx
select id, name, price_cents, currency, billing from agency.services
where org_id = $1::uuid and status = 'available' and record_status = 'active'
order by name;

-- name: list_available_systems
-- index: systems_org_id_status_idx
select id, name, category from agency.systems
where org_id = $1::uuid and status = 'available' and record_status = 'active'
order by name;

-- name: find_systems_by_capability
-- index: systems_capabilities_idx
-- $2: {"channels": ["email"]}
select id, name from agency.systems
where org_id = $1::uuid and capabilities @> $2::jsonb;

-- name: list_recent_documents
-- index: documents_org_id_created_at_idx
select id, title, kind, created_at from agency.documents
where org_id = $1::uuid and record_status = 'active'
order by created_at desc
limit 20;

-- name: find_documents_by_tag
-- index: documents_metadata_idx
-- $2: {"tags": ["pricing"]}
select id, title from agency.documents
where org_id = $1::uuid and metadata @> $2::jsonb;

-- name: list_briefs_to_review
-- index: briefs_org_id_status_idx
select id, client_id, title from agency.briefs
where org_id = $1::uuid and status = 'in_review' and record_status = 'active';

-- name: list_deliverables_in_progress
-- index: deliverables_org_id_status_idx
select id, project_id, title, due_on from agency.deliverables
where org_id = $1::uuid and status = 'in_progress' and record_status = 'active'
order by due_on;

-- name: list_coming_milestones
-- index: milestones_org_id_due_on_idx
select id, project_id, title, due_on from agency.milestones
where org_id = $1::uuid and due_on >= $2::date and status = 'planned' and record_status = 'active'
order by due_on
limit 20;

-- name: list_overdue_invoices
-- index: invoices_org_id_status_idx
select id, number, client_id, amount_cents - paid_cents as open_cents, currency, due_on from agency.invoices
where org_id = $1::uuid and status in ('sent', 'part_paid') and due_on < $2::date and record_status = 'active'
order by due_on;

-- name: list_recent_payments
-- index: payments_org_id_paid_on_idx
select id, invoice_id, amount_cents, currency, paid_on from agency.payments
where org_id = $1::uuid
order by paid_on desc
limit 50;

-- name: find_contact_by_email
-- index: crm_contacts_org_id_email_idx
select id, client_id, first_name, last_name from agency.crm_contacts
where org_id = $1::uuid and email = $2::text and record_status = 'active';

-- name: find_contacts_by_property
-- index: crm_contacts_properties_idx
-- $2: {"lifecyclestage": "lead"}
select id, first_name, last_name from agency.crm_contacts
where org_id = $1::uuid and properties @> $2::jsonb;

-- name: list_open_deals
-- index: crm_deals_org_id_status_idx
select id, title, stage_id, amount_cents, currency, expected_close_on from agency.crm_deals
where org_id = $1::uuid and status = 'open' and record_status = 'active'
order by expected_close_on;

-- name: list_recent_interactions
-- index: crm_interactions_org_id_occurred_at_idx
select id, client_id, type, subject, occurred_at from agency.crm_interactions
where org_id = $1::uuid and record_status = 'active'
order by occurred_at desc
limit 50;

-- name: read_client_history
-- index: crm_interactions_client_id_org_id_idx
-- $2: the client
select id, type, sentiment, subject, occurred_at from agency.crm_interactions
where client_id = $2::uuid and org_id = $1::uuid and record_status = 'active'
order by occurred_at desc
limit 50;

-- name: read_timeline
-- index: activities_org_id_occurred_at_idx
select id, kind, summary, actor_id, occurred_at from agency.activities
where org_id = $1::uuid
order by occurred_at desc
limit 50;

-- name: read_client_status
-- index: crm_deals_client_id_org_id_idx
-- $1: the client. Each of the view's figures comes by the (client_id, org_id) index of its table; deals stand for all.
select name, classification, open_deals, outstanding_cents from agency.client_crm_status where client_id = $1::uuid;

-- name: match_many_documents
-- index: documents_embedding_idx
-- What match_documents() runs once the caller sees more than 10,000 rows. $1: the question, as text.
select id, title from agency.documents
where record_status = 'active' and embedding is not null
order by embedding operator(extensions.<=>) $1::extensions.vector
limit 10;

-- name: match_many_interactions
-- index: crm_interactions_embedding_idx
-- What match_interactions() runs once the caller sees more than 10,000 rows. $1: the question, as text.
select id, subject from agency.crm_interactions
where record_status = 'active' and embedding is not null
order by embedding operator(extensions.<=>) $1::extensions.vector
limit 10;

-- name: claim_due_webhooks
-- index: webhook_inbox_due_idx
select id from countersign_edge.webhook_inbox
where status in ('received', 'processing', 'failed') and next_attempt_at <= now()
order by next_attempt_at
limit 20;

-- name: purge_webhooks
-- index: webhook_inbox_finished_at_idx
delete from countersign_edge.webhook_inbox where finished_at < now() - interval '30 days' and status = 'done';

-- name: claim_due_effects
-- index: outbox_due_idx
select id from countersign_edge.outbox
where status in ('pending', 'sending', 'failed') and next_attempt_at <= now()
order by next_attempt_at
limit 20;

-- name: purge_effects
-- index: outbox_finished_at_idx
delete from countersign_edge.outbox where finished_at < now() - interval '30 days' and status = 'done';

-- name: purge_idempotency_keys
-- index: idempotency_keys_expires_at_idx
delete from countersign_edge.idempotency_keys where expires_at < now();

-- name: purge_rate_counters
-- index: rate_counters_window_start_idx
delete from countersign_edge.rate_counters where window_start < now() - interval '1 day';

-- name: list_bare_documents
-- index: documents_bare_idx
-- What has no vector of its text
select id, updated_at, title, content from agency.documents
where org_id = $1::uuid and embedding is null and record_status = 'active'
order by created_at, id
limit 20;

-- name: list_bare_interactions
-- index: crm_interactions_bare_idx
select id, updated_at, subject, summary from agency.crm_interactions
where org_id = $1::uuid and embedding is null and record_status = 'active'
order by created_at, id
limit 20;

-- name: refused_embeddings
-- index: embedding_refusals_tenant_idx
-- What the schedule tries one at a time
select id from countersign_edge.embedding_refusals
where app = $1 and source = $2 and tenant = $3;

-- name: purge_embedding_refusals
-- index: embedding_refusals_next_attempt_at_idx
delete from countersign_edge.embedding_refusals where next_attempt_at < now() - interval '90 days';
