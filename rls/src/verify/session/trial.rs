//! Statements under test: sent as their callers, planned once for all of them.

use std::collections::HashMap;

use futures_util::future::join_all;

use super::Session;
use super::outcome::{Failure, Observed, cause, done, failed};
use crate::verify::error::VerifyError;
use crate::verify::sql;

/// How many statements are on their way at once.
const AHEAD: usize = 64;

/// A statement under test.
#[derive(Clone, Debug)]
pub(in crate::verify) struct Trial {
    /// The database role.
    pub(in crate::verify) role: &'static str,
    /// The token's claims.
    pub(in crate::verify) claims: Claims,
    /// The statement.
    pub(in crate::verify) statement: String,
}

/// The settings that tell the database of a token; empty where one is not made.
#[derive(Clone, Debug, Default)]
pub(in crate::verify) struct Claims {
    /// `request.jwt.claims`: everything, as JSON.
    pub(in crate::verify) whole: String,
    /// `request.jwt.claim.sub`: the subject.
    pub(in crate::verify) subject: String,
}

impl Claims {
    /// The statements that make the settings for the rest of the transaction.
    pub(in crate::verify) fn settings(&self) -> String {
        let whole = sql::literal(Some(&self.whole));
        let mut text = format!("set local \"request.jwt.claims\" = {whole}");
        if !self.subject.is_empty() {
            let subject = sql::literal(Some(&self.subject));
            text.push_str(&format!(
                "; set local \"request.jwt.claim.sub\" = {subject}"
            ));
        }
        text
    }
}

impl Session {
    /// Runs one statement under test, from the savepoint `cell`.
    pub(in crate::verify) async fn observe(&self, trial: &Trial) -> Result<Observed, VerifyError> {
        if self.contained {
            return self.observe_contained(trial).await;
        }
        let sql = trial.script();
        match self.client.simple_query(&self.outward(&sql)).await {
            Ok(messages) => Ok(match done(messages) {
                Observed::Done { rows, keys } => Observed::Done {
                    rows,
                    keys: keys.iter().map(|key| self.inward(key)).collect(),
                },
                failed @ Observed::Failed(_) => failed,
            }),
            Err(error) => {
                failed(error, &sql).map(|failure| Observed::Failed(self.read_back(failure)))
            }
        }
    }

    /// Runs statements under test, in order, each from the savepoint `cell`.
    ///
    /// What several callers run is planned once for each database role, as an API's connection pool
    /// does it: planning under row-level security takes most of the time.
    pub(in crate::verify) async fn observe_all(
        &self,
        all: &[Trial],
    ) -> Result<Vec<Observed>, VerifyError> {
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

    /// Prepares what occurs more than once. What cannot be prepared is run as it is, and so are
    /// several statements at once, of which only the first would be.
    async fn prepare<'t>(&self, all: &'t [Trial]) -> Result<HashMap<&'t str, String>, VerifyError> {
        let mut counts: HashMap<&str, usize> = HashMap::new();
        for trial in all {
            *counts.entry(&trial.statement).or_default() += 1;
        }
        counts.retain(|statement, count| {
            *count > 1 && !statement.starts_with("explain") && !statement.contains("; ")
        });
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
            "rollback to savepoint cell; select * from pg_temp.attempt({}, {}, {}, {}, {})",
            sql::literal(Some(trial.role)),
            sql::literal(Some(&trial.claims.whole)),
            sql::literal(Some(&trial.claims.subject)),
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
    pub(in crate::verify) fn script(&self) -> String {
        format!(
            "rollback to savepoint cell; {}; set local role {}; {}",
            self.claims.settings(),
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
