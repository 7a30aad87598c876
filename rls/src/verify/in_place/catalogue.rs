//! What the catalogue says of everything that statements can set off.

use serde::Deserialize;

use crate::verify::error::VerifyError;
use crate::verify::session::Session;

/// An object's oid.
pub(super) type Id = u64;

#[derive(Debug, Deserialize)]
pub(super) struct Catalogue {
    pub(super) triggers: Vec<Trigger>,
    pub(super) tables: Vec<Table>,
    /// Foreign keys: from which table to which.
    pub(super) references: Vec<(Id, Id)>,
    pub(super) functions: Vec<Function>,
    pub(super) expressions: Vec<Expression>,
    pub(super) sequences: Vec<Sequence>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Trigger {
    pub(super) table: Id,
    pub(super) name: String,
    pub(super) function: Id,
    pub(super) deferred: bool,
}

/// A table, view or foreign table.
#[derive(Debug, Deserialize)]
pub(super) struct Table {
    pub(super) id: Id,
    pub(super) schema: String,
    pub(super) name: String,
    pub(super) foreign: bool,
    /// Unique indexes on expressions or with equal NULLs, and exclusion constraints.
    pub(super) awkward: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Function {
    pub(super) id: Id,
    pub(super) schema: String,
    pub(super) name: String,
    pub(super) language: String,
    pub(super) trusted: bool,
    pub(super) source: String,
    pub(super) extension: Option<String>,
}

/// Something of a table that is evaluated along with its statements.
#[derive(Debug, Deserialize)]
pub(super) struct Expression {
    pub(super) table: Id,
    pub(super) what: String,
    pub(super) source: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Sequence {
    pub(super) name: String,
    pub(super) word: String,
    pub(super) tables: Vec<Id>,
}

impl Table {
    pub(super) fn full(&self) -> String {
        format!("{}.{}", self.schema, self.name)
    }
}

pub(super) async fn read(session: &Session) -> Result<Catalogue, VerifyError> {
    let query = format!(
        "set search_path = ''; {}; reset search_path",
        include_str!("catalogue.sql").trim_end()
    );
    let text = session
        .value("reading what statements set off", &query)
        .await?;
    Ok(serde_json::from_str(&text)?)
}
