//! The snapshot of a live schema: what `countersign catalogue` writes beside a policy.
//!
//! Everything is read in one transaction, with an empty search path, and in a fixed order, so that
//! the same schema gives the same bytes on every server.

mod expressions;
mod functions;
mod relations;
mod triggers;

use policy_core::Catalogue;
use postgres::Transaction;

use crate::connect::{self, ConnectError};

/// Why a schema could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CatalogueError {
    /// No session with the server.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// A query failed.
    #[error("cannot read {what} of schema \"{schema}\"")]
    Query {
        /// What was being read.
        what: &'static str,
        /// Of which schema.
        schema: String,
        /// The server's words.
        source: postgres::Error,
    },
    /// There is no such schema.
    #[error("the database has no schema \"{0}\"; name it with --schema")]
    NoSchema(String),
}

/// Reads a schema of the database at `url`.
///
/// # Errors
/// If the database cannot be reached or read, or has no such schema.
pub fn read(url: &str, schema: &str) -> Result<Catalogue, CatalogueError> {
    let mut client = connect::open(url)?;
    let failed = failure("the catalogue", schema);
    let mut transaction = client
        .build_transaction()
        .read_only(true)
        .start()
        .map_err(&failed)?;
    // Without a search path PostgreSQL prints every name with its schema.
    transaction
        .batch_execute("set local search_path = ''")
        .map_err(&failed)?;
    introspect(&mut transaction, schema)
}

/// Reads a schema within a transaction whose search path is empty.
///
/// # Errors
/// If a query fails or there is no such schema.
pub fn introspect(
    transaction: &mut Transaction<'_>,
    schema: &str,
) -> Result<Catalogue, CatalogueError> {
    let known = transaction
        .query_opt(
            "select from pg_catalog.pg_namespace where nspname = $1",
            &[&schema],
        )
        .map_err(failure("the name", schema))?;
    if known.is_none() {
        return Err(CatalogueError::NoSchema(schema.to_owned()));
    }
    Ok(Catalogue {
        schema: schema.to_owned(),
        relations: relations::read(transaction, schema)?,
        functions: functions::read(transaction, schema)?,
    })
}

fn failure(what: &'static str, schema: &str) -> impl Fn(postgres::Error) -> CatalogueError + use<> {
    let schema = schema.to_owned();
    move |source| CatalogueError::Query {
        what,
        schema: schema.clone(),
        source,
    }
}
