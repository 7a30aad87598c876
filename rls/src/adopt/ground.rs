//! What policies are read against.

use std::collections::BTreeMap;

use policy_core::value::Kind;
use postgres::Transaction;

use crate::live::{Function, Live, LiveError};

/// The names of functions' arguments, by schema, name and number of arguments.
pub type ArgumentNames = BTreeMap<(String, String, usize), Vec<String>>;

/// A schema, and what its policies call.
#[derive(Debug)]
pub struct Ground<'a> {
    /// The schema as it is.
    pub live: &'a Live,
    /// How the functions call what they are given.
    pub names: &'a ArgumentNames,
    /// The type of the callers' ids.
    pub caller_id: Kind,
    /// The tenants' table and its key, once they are known.
    pub root: Option<(String, String)>,
}

impl Ground<'_> {
    /// The one function of this name and number of arguments; where several differ by type, none.
    #[must_use]
    pub fn function(&self, schema: Option<&str>, name: &str, count: usize) -> Option<&Function> {
        let schema = schema.unwrap_or(&self.live.schema);
        let mut of = self
            .live
            .functions_of(schema)
            .filter(|function| function.name == name && function.arguments.len() == count);
        let first = of.next()?;
        of.next().is_none().then_some(first)
    }

    /// Whether a column is the key of the tenants' table.
    #[must_use]
    pub fn is_root(&self, table: &str, column: &str) -> bool {
        let root = self.root.as_ref();
        root.is_some_and(|(root, key)| root == table && key == column)
    }

    /// Whether a name without a schema, or with this one, is of the schema that is adopted.
    #[must_use]
    pub fn is_ours(&self, schema: Option<&str>) -> bool {
        schema.is_none_or(|schema| schema == self.live.schema)
    }
}

/// Reads how the functions of a database call their arguments.
///
/// # Errors
/// If the query fails.
pub fn argument_names(transaction: &mut Transaction<'_>) -> Result<ArgumentNames, LiveError> {
    let failed = |source| LiveError::Query {
        what: "the functions' arguments",
        source,
    };
    let rows = transaction
        .query(
            "select n.nspname::text, p.proname::text, p.pronargs::int,
                    coalesce(p.proargnames, array[]::text[])
             from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace
             where n.nspname not in ('pg_catalog', 'information_schema')
             order by 1, 2, 3",
            &[],
        )
        .map_err(failed)?;
    let mut names = ArgumentNames::new();
    for row in rows {
        let read = || -> Result<_, postgres::Error> {
            let count: i32 = row.try_get(2)?;
            let key = (
                row.try_get(0)?,
                row.try_get(1)?,
                usize::try_from(count).unwrap_or(0),
            );
            Ok((key, row.try_get(3)?))
        };
        let (key, of) = read().map_err(failed)?;
        names.insert(key, of);
    }
    Ok(names)
}
