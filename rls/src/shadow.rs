//! What a policy's SQL becomes on a given server, without changing it.
//!
//! PostgreSQL does not keep a policy as it was written: it parses it, resolves names and types, and
//! prints it from the parse tree. So what `generate` writes can only be compared with what a
//! database has after the same server has parsed it against the same types. The shadow is that: in
//! a transaction that is always rolled back, the policy's tables are made again, empty, in a schema
//! of their own; the generated SQL is applied to them; and the result is read as any live schema
//! is. Names are then put back, so that both sides speak of the same objects.
//!
//! The shadow has the columns of the live tables and nothing else of them: no keys, no constraints,
//! no rows. No statement names a live table, so none is locked.

mod tables;
mod words;

use std::time::{SystemTime, UNIX_EPOCH};

use policy_core::{Catalogue, Policy};
use postgres::Transaction;
use postgres::error::SqlState;

use crate::generate::{self, Section};
use crate::live::{self, Live, LiveError};
use crate::sql;

/// Why there is no shadow.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ShadowError {
    /// The role may not create what the shadow needs.
    #[error(
        "{role} may not create a schema in database {database}, not even one that is rolled back"
    )]
    Forbidden {
        /// Who is asking.
        role: String,
        /// Where.
        database: String,
    },
    /// The generated SQL does not fit the server.
    #[error("the generated SQL of {section} does not apply to a copy of the tables")]
    Section {
        /// The section's name.
        section: String,
        /// The server's words.
        source: postgres::Error,
    },
    /// Something else failed.
    #[error("cannot make {what} of the shadow")]
    Make {
        /// What was being made.
        what: &'static str,
        /// The server's words.
        source: postgres::Error,
    },
    /// The shadow cannot be read.
    #[error(transparent)]
    Live(#[from] LiveError),
    /// What was read cannot be written again.
    #[error("cannot rename the shadow")]
    Rename(#[from] serde_json::Error),
}

impl ShadowError {
    /// Whether the role may not do what the shadow needs; then another server may do.
    #[must_use]
    pub fn is_forbidden(&self) -> bool {
        match self {
            Self::Forbidden { .. } => true,
            Self::Section { source, .. } | Self::Make { source, .. } => {
                source.code() == Some(&SqlState::INSUFFICIENT_PRIVILEGE)
            }
            Self::Live(_) | Self::Rename(_) => false,
        }
    }
}

/// What is made for a policy.
#[derive(Clone, Copy, Debug)]
pub struct Intention<'a> {
    /// The policy, in the schema it is meant for.
    pub policy: &'a Policy,
    /// What it is held against.
    pub catalogue: &'a Catalogue,
    /// Its text.
    pub source: &'a str,
}

/// Makes the shadow of a policy on the transaction's server, reads it, and rolls it back. The server
/// need not be the live one, only of its version.
///
/// Columns have the live tables' types, so that what is printed differs in what is asked and not in
/// casts. Where a live type does not fit the policy, the catalogue's are taken.
///
/// The result speaks of the policy's schema and of `countersign`. It holds what the policy needs
/// and nothing else: no views, and of functions the generated ones.
///
/// # Errors
/// If the role may not create a schema, or the generated SQL does not apply. The transaction can be
/// used on either way.
pub fn make(
    transaction: &mut Transaction<'_>,
    intention: Intention<'_>,
    live: &Live,
) -> Result<Live, ShadowError> {
    allowed(transaction)?;
    match attempt(transaction, intention, Some(live)) {
        Err(error @ ShadowError::Section { .. }) if !error.is_forbidden() => {
            attempt(transaction, intention, None)
        }
        result => result,
    }
}

fn allowed(transaction: &mut Transaction<'_>) -> Result<(), ShadowError> {
    let what = "anything";
    let query = "select current_user::text, current_database()::text,
                 has_database_privilege(current_database(), 'create')";
    let row = transaction.query_one(query, &[]);
    let read = row.and_then(|row| Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?)));
    match read.map_err(|source| ShadowError::Make { what, source })? {
        (_, _, true) => Ok(()),
        (role, database, false) => Err(ShadowError::Forbidden { role, database }),
    }
}

/// Makes the shadow in a savepoint. It is rolled back when it goes out of scope.
fn attempt(
    transaction: &mut Transaction<'_>,
    intention: Intention<'_>,
    live: Option<&Live>,
) -> Result<Live, ShadowError> {
    let what = "a savepoint";
    let mut savepoint = transaction
        .transaction()
        .map_err(|source| ShadowError::Make { what, source })?;
    let names = Names::new();
    tables::make(&mut savepoint, intention, live, &names)?;
    for section in sections(intention, &names) {
        savepoint
            .batch_execute(&section.body)
            .map_err(|source| ShadowError::Section {
                section: section.name,
                source,
            })?;
    }
    let mut shadow = live::introspect(&mut savepoint, &names.tables)?;
    savepoint
        .rollback()
        .map_err(|source| ShadowError::Make { what, source })?;
    let own = |schema: &str| schema == names.tables || schema == names.helpers;
    shadow.functions.retain(|function| own(&function.schema));
    shadow.schemas.retain(|schema| own(&schema.name));
    shadow
        .default_grants
        .retain(|grants| grants.schema.as_deref().is_none_or(own));
    words::rename(
        &shadow,
        &[
            (&names.tables, &intention.policy.schema),
            (&names.helpers, generate::SCHEMA),
        ],
    )
    .map_err(ShadowError::Rename)
}

/// What the shadow's schemas are called: like nothing else.
struct Names {
    tables: String,
    helpers: String,
}

impl Names {
    fn new() -> Self {
        let nanos = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |passed| passed.as_nanos());
        let tag = format!("{:x}_{:x}", std::process::id(), nanos & 0xffff_ffff_ffff);
        Self {
            tables: format!("countersign_shadow_{tag}"),
            helpers: format!("countersign_helpers_{tag}"),
        }
    }
}

/// The generated SQL about tables, in the shadow's names. Views and functions have no expression
/// that the server would print otherwise.
fn sections(intention: Intention<'_>, names: &Names) -> Vec<Section> {
    let mut policy = intention.policy.clone();
    policy.schema.clone_from(&names.tables);
    let mut catalogue = intention.catalogue.clone();
    tables::move_sequences(&mut catalogue, &names.tables);
    let mut sections = generate::sections(&policy, &catalogue, intention.source);
    sections.retain(|section| !matches!(section.name.as_str(), "views" | "functions"));
    for section in &mut sections {
        section.body = words::replace(&section.body, generate::SCHEMA, &sql::name(&names.helpers));
    }
    sections
}
