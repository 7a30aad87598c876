-- Undoes 20261121150130_portal_baserow.sql. The sealed token is lost: set BASEROW_TOKEN, or connect again.

set local lock_timeout = '5s';
set local statement_timeout = '60s';

-- squawk-ignore ban-drop-table
drop table countersign_edge.portal_connection_secrets;
-- squawk-ignore ban-drop-table
drop table countersign_edge.portal_connections;
