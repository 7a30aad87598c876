-- The server, and who is asking.
select current_setting('server_version_num')::integer as version_number,
  current_setting('server_version') as version,
  current_database() as database,
  current_user as caller,
  r.rolsuper as superuser, r.rolsuper or r.rolbypassrls as bypasses,
  has_database_privilege(current_database(), 'create') as may_create,
  (select coalesce(jsonb_agg(jsonb_build_object('name', x.extname, 'schema', n.nspname, 'version', x.extversion)
                             order by x.extname collate "C"), '[]')
    from pg_extension x join pg_namespace n on n.oid = x.extnamespace) as extensions
from pg_roles r where r.rolname = current_user
