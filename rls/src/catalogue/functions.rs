//! The functions of a schema, those of extensions left out.

use policy_core::catalogue::Function;
use postgres::Transaction;

use super::{CatalogueError, failure};

/// An argument's type is printed without its schema, since that is where an extension happens to
/// live on this server.
const FUNCTIONS: &str = "
select p.proname::text,
       array(select case
                      when pg_catalog.starts_with(t.printed, t.prefix) then pg_catalog.substr(t.printed, pg_catalog.length(t.prefix) + 1)
                      else t.printed
                    end
             from pg_catalog.unnest(p.proargtypes::oid[]) with ordinality a (type, position)
             cross join lateral (
               select pg_catalog.format_type(y.oid, null) as printed, pg_catalog.quote_ident(n.nspname) || '.' as prefix
               from pg_catalog.pg_type y join pg_catalog.pg_namespace n on n.oid = y.typnamespace
               where y.oid = a.type
             ) t
             order by a.position),
       array(select p.proargnames[i.position]
             from pg_catalog.generate_subscripts(p.proargnames, 1) i (position)
             where p.proargmodes is null or p.proargmodes[i.position] in ('i', 'b', 'v')
             order by i.position),
       pg_catalog.pg_get_function_result(p.oid),
       (select r.relname::text from pg_catalog.pg_type t join pg_catalog.pg_class r on r.oid = t.typrelid
        where t.oid = p.prorettype and r.relnamespace = p.pronamespace and r.relkind in ('r', 'v')),
       p.prorettype in ('pg_catalog.trigger'::regtype, 'pg_catalog.event_trigger'::regtype),
       p.prosecdef, p.provolatile = 'v',
       array(select distinct found[1] collate \"C\"
             from pg_catalog.regexp_matches(
               pg_catalog.concat_ws(' ', pg_catalog.array_to_string(p.proconfig, ' '), p.prosrc),
               '(hnsw|ivfflat)[.]iterative_scan(?![ ''=]*off)', 'g') found order by 1)
from pg_catalog.pg_proc p
where p.pronamespace = (select n.oid from pg_catalog.pg_namespace n where n.nspname = $1)
  and p.prokind in ('f', 'w')
  and not exists (select from pg_catalog.pg_depend d
                  where d.classid = 'pg_catalog.pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')
order by p.proname collate \"C\", pg_catalog.pg_get_function_identity_arguments(p.oid) collate \"C\"";

pub(super) fn read(
    transaction: &mut Transaction<'_>,
    schema: &str,
) -> Result<Vec<Function>, CatalogueError> {
    let failed = failure("the functions", schema);
    let rows = transaction.query(FUNCTIONS, &[&schema]).map_err(&failed)?;
    rows.iter()
        .map(|row| {
            let names: Vec<String> = row.try_get(2)?;
            Ok(Function {
                name: row.try_get(0)?,
                arguments: row.try_get(1)?,
                argument_names: names,
                returns: row.try_get(3)?,
                returns_relation: row.try_get(4)?,
                trigger: row.try_get(5)?,
                security_definer: row.try_get(6)?,
                volatile: row.try_get(7)?,
                iterative_scans: row.try_get(8)?,
            })
        })
        .collect::<Result<_, _>>()
        .map_err(&failed)
}
