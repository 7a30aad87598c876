-- What has no vector of its text is found by an index; `countersign_edge.due_agency_embeddings` asks.

set local lock_timeout = '5s';
set local statement_timeout = '60s';

-- Not concurrently: the file is one transaction, no longer than its timeout, and few rows are of this kind.
-- squawk-ignore require-concurrent-index-creation
create index documents_bare_idx on agency.documents (org_id, created_at, id) where embedding is null and record_status = 'active';
-- squawk-ignore require-concurrent-index-creation
create index crm_interactions_bare_idx on agency.crm_interactions (org_id, created_at, id)
  where embedding is null and record_status = 'active';
