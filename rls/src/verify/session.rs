//! One connection, the simple query protocol, and what comes back.
//!
//! Everything goes over a single session, since PGlite has no second one. Statements under test are
//! sent ahead without waiting for each other's results: a round trip costs as much as a decision.
//!
//! PGlite takes them one by one, and stops answering after a few thousand errors that reach the
//! client. There each statement runs inside a function that catches what it raises.

use std::collections::HashMap;

use futures_util::future::join_all;
use tokio::task::JoinHandle;
use tokio_postgres::{Client, Config, NoTls, SimpleQueryMessage};

use super::error::{VerifyError, words};
use super::sql;

/// How many statements are on their way at once.
const AHEAD: usize = 64;

/// A session with the server.
pub(super) struct Session {
    client: Client,
    task: JoinHandle<()>,
    contained: bool,
}

/// A statement under test.
#[derive(Clone, Debug)]
pub(super) struct Trial {
    /// The database role.
    pub(super) role: &'static str,
    /// The token's claims.
    pub(super) claims: String,
    /// The statement.
    pub(super) statement: String,
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
            contained: false,
        })
    }

    /// Runs statements under test inside a function from now on, one by one.
    pub(super) async fn contain(&mut self) -> Result<(), VerifyError> {
        let what = "making the function that contains statements";
        self.run(what, include_str!("attempt.sql")).await?;
        self.contained = true;
        Ok(())
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

    /// Runs one statement under test, from the savepoint `cell`.
    pub(super) async fn observe(&self, trial: &Trial) -> Result<Observed, VerifyError> {
        if self.contained {
            return self.observe_contained(trial).await;
        }
        let sql = trial.script();
        match self.client.simple_query(&sql).await {
            Ok(messages) => Ok(done(messages)),
            Err(error) => failed(error, &sql).map(Observed::Failed),
        }
    }

    /// Runs statements under test, in order, each from the savepoint `cell`.
    ///
    /// What several callers run is planned once for each database role, as an API's connection pool
    /// does it: planning under row-level security takes most of the time.
    pub(super) async fn observe_all(&self, all: &[Trial]) -> Result<Vec<Observed>, VerifyError> {
        let mut observed = Vec::with_capacity(all.len());
        let prepared = if self.contained {
            HashMap::new()
        } else {
            self.prepare(all).await?
        };
        let ready = |trial: &Trial| match prepared.get(trial.statement.as_str()) {
            None => trial.clone(),
            Some(name) => Trial {
                statement: format!("execute {name}"),
                ..trial.clone()
            },
        };
        for chunk in all.chunks(if self.contained { 1 } else { AHEAD }) {
            let chunk: Vec<Trial> = chunk.iter().map(ready).collect();
            for result in join_all(chunk.iter().map(|trial| self.observe(trial))).await {
                observed.push(result?);
            }
        }
        if !prepared.is_empty() {
            let forget = "rollback to savepoint cell; deallocate all";
            self.run("forgetting prepared statements", forget).await?;
        }
        Ok(observed)
    }

    /// Prepares what occurs more than once. What cannot be prepared is run as it is.
    async fn prepare<'t>(&self, all: &'t [Trial]) -> Result<HashMap<&'t str, String>, VerifyError> {
        let mut counts: HashMap<&str, usize> = HashMap::new();
        for trial in all {
            *counts.entry(&trial.statement).or_default() += 1;
        }
        counts.retain(|statement, count| *count > 1 && !statement.starts_with("explain"));
        let named: Vec<(&str, String)> = counts
            .into_keys()
            .zip(0..)
            .map(|(statement, number): (&str, u32)| (statement, format!("s{number}")))
            .collect();
        let mut prepared = HashMap::new();
        for chunk in named.chunks(AHEAD) {
            let scripts: Vec<String> = chunk
                .iter()
                .map(|(statement, name)| {
                    format!("rollback to savepoint cell; prepare {name} as {statement}")
                })
                .collect();
            let results = join_all(scripts.iter().map(|script| self.attempt(script))).await;
            for ((statement, name), result) in chunk.iter().zip(results) {
                if result?.is_ok() {
                    prepared.insert(*statement, name.clone());
                }
            }
        }
        Ok(prepared)
    }

    async fn observe_contained(&self, trial: &Trial) -> Result<Observed, VerifyError> {
        let sql = format!(
            "rollback to savepoint cell; select * from pg_temp.attempt({}, {}, {}, {})",
            sql::literal(Some(trial.role)),
            sql::literal(Some(&trial.claims)),
            sql::literal(Some(&trial.statement)),
            trial.gives_rows()
        );
        let rows = self.rows("a statement under test", &sql).await?;
        let Some([rows, keys, state, message, named, context]) = rows.last().map(Vec::as_slice)
        else {
            return Ok(Observed::Done {
                rows: 0,
                keys: Vec::new(),
            });
        };
        if let Some(state) = state {
            let message = format!("{} [{state}]", message.as_deref().unwrap_or_default());
            let cause = cause(context.as_deref(), named.clone());
            return Ok(Observed::Failed(Failure {
                state: state.clone(),
                message,
                cause,
            }));
        }
        let keys: Vec<Option<String>> = serde_json::from_str(keys.as_deref().unwrap_or("[]"))?;
        let rows = rows
            .as_deref()
            .and_then(|rows| rows.parse().ok())
            .unwrap_or(0);
        Ok(Observed::Done {
            rows,
            keys: keys.into_iter().map(Option::unwrap_or_default).collect(),
        })
    }
}

impl Trial {
    /// What is sent: back to the seeded rows, as the caller, the statement.
    pub(super) fn script(&self) -> String {
        format!(
            "rollback to savepoint cell; set local \"request.jwt.claims\" = {}; set local role {}; {}",
            sql::literal(Some(&self.claims)),
            self.role,
            self.statement
        )
    }

    fn gives_rows(&self) -> bool {
        let reads = ["select", "explain"]
            .iter()
            .any(|word| self.statement.starts_with(word));
        reads || self.statement.contains(" returning ")
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
fn cause(context: Option<&str>, named: Option<String>) -> Option<String> {
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
