-- Enums and domains of schema $1.
select n.nspname as schema, t.typname as name,
  case t.typtype when 'e' then 'enum' else 'domain' end as kind,
  array(select e.enumlabel from pg_enum e where e.enumtypid = t.oid order by e.enumsortorder) as labels
from pg_type t join pg_namespace n on n.oid = t.typnamespace
where n.nspname = $1 and t.typtype in ('e', 'd')
order by t.typname collate "C"
