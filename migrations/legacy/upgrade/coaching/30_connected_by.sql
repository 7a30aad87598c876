-- Who connected, under its new name; nobody, if they are gone by now.
-- phase: switch
-- if present: "API_Connections".user_id
-- replaces: "API_Connections".user_id
-- lock: ROW EXCLUSIVE on "API_Connections"

update coaching."API_Connections" c
set connected_by = c.user_id
where c.connected_by is null and exists (select from auth.users u where u.id = c.user_id);
