//! One connection, the simple query protocol, and what comes back.
//!
//! Everything goes over a single session, since PGlite has no second one. Statements under test are
//! sent ahead without waiting for each other's results: a round trip costs as much as a decision.

use futures_util::future::join_all;
use tokio::task::JoinHandle;
use tokio_postgres::{Client, Config, NoTls, SimpleQueryMessage};

use super::error::{VerifyError, words};

/// How many statements are on their way at once.
const AHEAD: usize = 64;

/// A session with the server.
pub(super) struct Session {
    client: Client,
    task: JoinHandle<()>,
    ahead: usize,
}

/// What a statement under test came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Observed {
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
pub(super) struct Failure {
    /// The SQLSTATE.
    pub(super) state: String,
    /// The server's words.
    pub(super) message: String,
    /// The trigger function that raised it, the constraint that explains it, or the column that
    /// must not be NULL.
    pub(super) cause: Option<String>,
}

impl Session {
    pub(super) async fn connect(config: &Config) -> Result<Self, VerifyError> {
        let (client, connection) = config.connect(NoTls).await.map_err(VerifyError::Connect)?;
        let task = tokio::spawn(async move {
            // A broken connection shows in the next statement.
            let _ = connection.await;
        });
        Ok(Self {
            client,
            task,
            ahead: AHEAD,
        })
    }

    /// Sends statements one by one from now on.
    pub(super) fn take_turns(&mut self) {
        self.ahead = 1;
    }

    /// Ends the session and waits until the server has noticed.
    pub(super) async fn close(self) {
        drop(self.client);
        let _ = self.task.await;
    }

    /// Runs statements of the verifier's own.
    pub(super) async fn run(&self, what: &'static str, sql: &str) -> Result<(), VerifyError> {
        self.rows(what, sql).await.map(drop)
    }

    /// Runs statements whose failure is for the caller to explain.
    pub(super) async fn raw(&self, sql: &str) -> Result<(), tokio_postgres::Error> {
        self.client.simple_query(sql).await.map(drop)
    }

    /// The rows of the statements, as text.
    pub(super) async fn rows(
        &self,
        what: &'static str,
        sql: &str,
    ) -> Result<Vec<Vec<Option<String>>>, VerifyError> {
        let messages = self.client.simple_query(sql).await;
        messages.map(cells).map_err(|source| VerifyError::Sql {
            what,
            statement: sql.chars().take(400).collect(),
            source,
        })
    }

    /// The rows of statements that may fail.
    pub(super) async fn attempt(
        &self,
        sql: &str,
    ) -> Result<Result<Vec<Vec<Option<String>>>, Failure>, VerifyError> {
        match self.client.simple_query(sql).await {
            Ok(messages) => Ok(Ok(cells(messages))),
            Err(error) => failed(error, sql).map(Err),
        }
    }

    /// The first value of the first row, empty if there is none.
    pub(super) async fn value(&self, what: &'static str, sql: &str) -> Result<String, VerifyError> {
        let rows = self.rows(what, sql).await?;
        Ok(rows
            .into_iter()
            .flatten()
            .next()
            .flatten()
            .unwrap_or_default())
    }

    /// Runs one statement under test.
    pub(super) async fn observe(&self, sql: &str) -> Result<Observed, VerifyError> {
        match self.client.simple_query(sql).await {
            Ok(messages) => Ok(done(messages)),
            Err(error) => failed(error, sql).map(Observed::Failed),
        }
    }

    /// Runs statements under test, in order.
    pub(super) async fn observe_all(&self, all: &[String]) -> Result<Vec<Observed>, VerifyError> {
        let mut observed = Vec::with_capacity(all.len());
        for chunk in all.chunks(self.ahead) {
            for result in join_all(chunk.iter().map(|sql| self.observe(sql))).await {
                observed.push(result?);
            }
        }
        Ok(observed)
    }
}

fn cells(messages: Vec<SimpleQueryMessage>) -> Vec<Vec<Option<String>>> {
    let row = |message| match message {
        SimpleQueryMessage::Row(row) => Some(
            (0..row.len())
                .map(|at| row.get(at).map(str::to_owned))
                .collect(),
        ),
        _ => None,
    };
    messages.into_iter().filter_map(row).collect()
}

fn done(messages: Vec<SimpleQueryMessage>) -> Observed {
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

fn failed(error: tokio_postgres::Error, sql: &str) -> Result<Failure, VerifyError> {
    let Some(said) = error.as_db_error() else {
        let statement = sql.chars().take(400).collect();
        return Err(VerifyError::Sql {
            what: "a statement under test",
            statement,
            source: error,
        });
    };
    // What a trigger raises, in the name of a constraint or not, has its function in the context.
    let raised_in = said.where_().and_then(|context| {
        let (_, from) = context.split_once("PL/pgSQL function ")?;
        from.split_whitespace()
            .next()
            .map(|name| format!("function {name}"))
    });
    let named = said.constraint().map(|name| format!("constraint {name}"));
    let named = named.or_else(|| said.column().map(|name| format!("not null of {name}")));
    let cause = match (raised_in, named) {
        (Some(function), Some(named)) => Some(format!("{function}, {named}")),
        (function, named) => function.or(named),
    };
    Ok(Failure {
        state: said.code().code().to_owned(),
        message: words(&error),
        cause,
    })
}
