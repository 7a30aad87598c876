//! What a statement under test came to.

use tokio_postgres::SimpleQueryMessage;

use crate::connect::words;
use crate::verify::error::VerifyError;

/// What a statement under test came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::verify) enum Observed {
    /// It ran.
    Done {
        /// How many rows it returned or touched.
        rows: u64,
        /// The first column of each row it returned.
        keys: Vec<String>,
    },
    /// It failed.
    Failed(Failure),
}

/// An error of a statement under test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::verify) struct Failure {
    /// The SQLSTATE.
    pub(in crate::verify) state: String,
    /// The server's words.
    pub(in crate::verify) message: String,
    /// The trigger function that raised it, the constraint that explains it, or the column that
    /// must not be NULL.
    pub(in crate::verify) cause: Option<String>,
}

pub(super) fn done(messages: Vec<SimpleQueryMessage>) -> Observed {
    let (mut rows, mut keys) = (0, Vec::new());
    for message in messages {
        match message {
            SimpleQueryMessage::CommandComplete(count) => rows = count,
            SimpleQueryMessage::Row(row) => {
                keys.push(row.try_get(0).ok().flatten().unwrap_or_default().to_owned());
            }
            _ => {}
        }
    }
    Observed::Done { rows, keys }
}

pub(super) fn failed(error: tokio_postgres::Error, sql: &str) -> Result<Failure, VerifyError> {
    let Some(said) = error.as_db_error() else {
        let statement = sql.chars().take(400).collect();
        return Err(VerifyError::Sql {
            what: "a statement under test",
            statement,
            source: error,
        });
    };
    let named = said.constraint().map(|name| format!("constraint {name}"));
    let named = named.or_else(|| said.column().map(|name| format!("not null of {name}")));
    let cause = cause(said.where_(), named);
    Ok(Failure {
        state: said.code().code().to_owned(),
        message: words(&error),
        cause,
    })
}

/// What explains an error. Whatever a trigger raises, in the name of a constraint or not, has its
/// function in the context, the innermost first.
pub(super) fn cause(context: Option<&str>, named: Option<String>) -> Option<String> {
    let mut functions = context
        .unwrap_or_default()
        .split("PL/pgSQL function ")
        .skip(1);
    let function = functions.find(|from| !from.starts_with("pg_temp"));
    let raised_in = function
        .and_then(|from| from.split_whitespace().next())
        .map(|name| format!("function {name}"));
    match (raised_in, named) {
        (Some(function), Some(named)) => Some(format!("{function}, {named}")),
        (function, named) => function.or(named),
    }
}
