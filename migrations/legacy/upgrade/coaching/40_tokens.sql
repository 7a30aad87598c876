-- The tokens, out of every client's reach. From here on the RPCs of the application give and take none.
-- They are still in plain text: run `countersign seal` next, and only then what comes after this.
-- phase: switch
-- if present: "API_Connections".access_token
-- replaces: "API_Connections".access_token
-- replaces: "API_Connections".refresh_token
-- lock: ROW EXCLUSIVE on "API_Connection_Secrets"

insert into coaching."API_Connection_Secrets" (account_id, connection_id, access_token, refresh_token, key_id)
select c.account_id, c.id, c.access_token, c.refresh_token, 'plaintext'
from coaching."API_Connections" c
where c.access_token is not null
on conflict (connection_id, account_id) do nothing;
