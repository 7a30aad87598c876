//! What a live database holds, as plain values: what [`crate::audit`] judges.
//!
//! Everything is read in one read-only, repeatable-read transaction, with an empty search path, so
//! that PostgreSQL prints every name with its schema. Nothing stronger than ACCESS SHARE is locked,
//! and no row of the application is read.

mod model;

use std::time::Duration;

use postgres::{Client, IsolationLevel, Transaction};
use serde::de::DeserializeOwned;

use crate::catalogue::{self, CatalogueError};
use crate::connect::{self, ConnectError};

pub use model::{
    Column, Constraint, ConstraintKind, DefaultGrants, Enabled, Extension, Function, FunctionKind,
    Grant, Index, Live, Name, Policy, Reference, Role, Schema, Sequence, Server, Table, TableKind,
    Trigger, Type, TypeKind, View, ViewKind,
};

/// How long this may keep anybody waiting, itself included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// For one statement.
    pub statement: Duration,
    /// For a lock that somebody else holds.
    pub lock: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            statement: Duration::from_secs(30),
            lock: Duration::from_secs(2),
        }
    }
}

/// Why a database could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LiveError {
    /// No session with the server.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// A query failed.
    #[error("cannot read {what}")]
    Query {
        /// What was being read.
        what: &'static str,
        /// The server's words.
        source: postgres::Error,
    },
    /// The server's answer has another form than expected.
    #[error("the server describes {what} in an unknown form; is it older than PostgreSQL 15?")]
    Form {
        /// What was being read.
        what: &'static str,
        /// What does not fit.
        source: serde_json::Error,
    },
    /// The snapshot that policies are held against.
    #[error(transparent)]
    Catalogue(#[from] CatalogueError),
}

/// Reads a schema of the database at `url`, and what it depends on.
///
/// # Errors
/// If the database cannot be reached or read, or has no such schema.
pub fn read(url: &str, schema: &str, limits: Limits) -> Result<Live, LiveError> {
    let mut client = connect::open(url)?;
    let mut transaction = begin(&mut client, true, limits)?;
    introspect(&mut transaction, schema)
}

/// Opens a transaction in which names are printed with their schema.
///
/// # Errors
/// If the server refuses.
pub fn begin(
    client: &mut Client,
    read_only: bool,
    limits: Limits,
) -> Result<Transaction<'_>, LiveError> {
    let failed = failure("the transaction's settings");
    let mut transaction = client
        .build_transaction()
        .isolation_level(IsolationLevel::RepeatableRead)
        .read_only(read_only)
        .start()
        .map_err(failed)?;
    let settings = format!(
        "set local search_path = ''; set local statement_timeout = {}; set local lock_timeout = {};
         set local quote_all_identifiers = off; set local jit = off",
        limits.statement.as_millis().max(1),
        limits.lock.as_millis().max(1)
    );
    transaction.batch_execute(&settings).map_err(failed)?;
    Ok(transaction)
}

/// Reads a schema within a transaction whose search path is empty.
///
/// # Errors
/// If a query fails or there is no such schema.
pub fn introspect(transaction: &mut Transaction<'_>, schema: &str) -> Result<Live, LiveError> {
    let catalogue = catalogue::introspect(transaction, schema)?;
    let what = "the server's settings";
    let server: Vec<Server> = all(transaction, what, include_str!("live/server.sql"), None)?;
    let server = server.into_iter().next().ok_or_else(|| LiveError::Form {
        what,
        source: serde::de::Error::custom("no row"),
    })?;
    let of = Some(schema);
    Ok(Live {
        server,
        schema: schema.to_owned(),
        catalogue,
        schemas: all(
            transaction,
            "the schemas",
            include_str!("live/schemas.sql"),
            None,
        )?,
        tables: all(
            transaction,
            "the tables",
            &with_grants(include_str!("live/tables.sql")),
            of,
        )?,
        views: all(
            transaction,
            "the views",
            &with_grants(include_str!("live/views.sql")),
            of,
        )?,
        functions: all(
            transaction,
            "the functions",
            include_str!("live/functions.sql"),
            None,
        )?,
        sequences: all(
            transaction,
            "the sequences",
            include_str!("live/sequences.sql"),
            of,
        )?,
        types: all(transaction, "the types", include_str!("live/types.sql"), of)?,
        roles: all(
            transaction,
            "the roles",
            include_str!("live/roles.sql"),
            None,
        )?,
        default_grants: all(
            transaction,
            "the default privileges",
            include_str!("live/default_grants.sql"),
            None,
        )?,
    })
}

/// A query over relations, with the part that reads their privileges.
fn with_grants(query: &str) -> String {
    query.replace(
        "{relation_grants}",
        include_str!("live/relation_grants.sql"),
    )
}

/// The rows of a query, each as the value its columns name.
fn all<T: DeserializeOwned>(
    transaction: &mut Transaction<'_>,
    what: &'static str,
    query: &str,
    schema: Option<&str>,
) -> Result<Vec<T>, LiveError> {
    let query = format!("select coalesce(jsonb_agg(to_jsonb(q)), '[]')::text from (\n{query}\n) q");
    let row = match &schema {
        Some(schema) => transaction.query_one(&query, &[schema]),
        None => transaction.query_one(&query, &[]),
    };
    let text: String = row.and_then(|row| row.try_get(0)).map_err(failure(what))?;
    serde_json::from_str(&text).map_err(|source| LiveError::Form { what, source })
}

fn failure(what: &'static str) -> impl Fn(postgres::Error) -> LiveError + Copy {
    move |source| LiveError::Query { what, source }
}
