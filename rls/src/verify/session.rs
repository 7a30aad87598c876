//! One connection, the simple query protocol, and what comes back.
//!
//! Everything goes over a single session, since PGlite has no second one. Statements under test are
//! sent ahead without waiting for each other's results: a round trip costs as much as a decision.
//!
//! PGlite takes them one by one, and stops answering after a few thousand errors that reach the
//! client. There each statement runs inside a function that catches what it raises.

mod outcome;
mod trial;

use std::borrow::Cow;

use tokio::task::JoinHandle;
use tokio_postgres::{Client, SimpleQueryMessage};

use super::error::VerifyError;
use super::in_place::{Tenancy, gave_up};
use crate::connect::Address;
use outcome::failed;

pub(super) use outcome::{Failure, Observed};
pub(super) use trial::{Claims, Trial};

/// A session with the server.
pub(super) struct Session {
    client: Client,
    task: JoinHandle<()>,
    contained: bool,
    tenancy: Option<Tenancy>,
    address: Address,
}

impl Session {
    pub(super) async fn connect(address: &Address) -> Result<Self, VerifyError> {
        let (client, task) = address.session().await?;
        Ok(Self {
            client,
            task,
            contained: false,
            tenancy: None,
            address: address.clone(),
        })
    }

    /// Another session with the same database, in which nothing was set yet; `None` where there is
    /// only one.
    pub(super) async fn another(&self) -> Result<Option<Self>, VerifyError> {
        if self.contained {
            return Ok(None);
        }
        Self::connect(&self.address).await.map(Some)
    }

    /// Runs statements under test inside a function from now on, one by one.
    pub(super) async fn contain(&mut self) -> Result<(), VerifyError> {
        let what = "making the function that contains statements";
        self.run(what, include_str!("attempt.sql")).await?;
        self.contained = true;
        Ok(())
    }

    /// From now on the database is one in use.
    pub(super) fn move_in(&mut self, tenancy: Tenancy) {
        self.tenancy = Some(tenancy);
    }

    /// Whether the database is in use.
    pub(super) fn is_in_place(&self) -> bool {
        self.tenancy.is_some()
    }

    /// Where serial numbers begin, so that values made of them are nobody else's.
    pub(super) fn salt(&self) -> u64 {
        self.tenancy.as_ref().map_or(0, |tenancy| tenancy.salt)
    }

    /// What opens a transaction of the verifier's own.
    pub(super) fn begin(&self) -> String {
        self.tenancy.as_ref().map_or_else(
            || "begin; set local statement_timeout = '60s'".to_owned(),
            Tenancy::begin,
        )
    }

    fn outward<'s>(&self, sql: &'s str) -> Cow<'s, str> {
        match &self.tenancy {
            None => Cow::Borrowed(sql),
            Some(tenancy) => Cow::Owned(tenancy.outward(sql)),
        }
    }

    fn inward(&self, text: &str) -> String {
        match &self.tenancy {
            None => text.to_owned(),
            Some(tenancy) => tenancy.inward(text),
        }
    }

    /// Whether the server is a single process with a single session, as PGlite is: such a server
    /// says of its only process that it is a standalone backend.
    pub(super) async fn is_alone(&self) -> Result<bool, VerifyError> {
        let query = "select backend_type = 'standalone backend' from pg_catalog.pg_stat_activity
                     where pid = pg_catalog.pg_backend_pid()";
        let alone = self.value("asking for the kind of server", query).await?;
        Ok(alone == "t")
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
        self.client.simple_query(&self.outward(sql)).await.map(drop)
    }

    /// The rows of the statements, as text.
    pub(super) async fn rows(
        &self,
        what: &'static str,
        sql: &str,
    ) -> Result<Vec<Vec<Option<String>>>, VerifyError> {
        let messages = self.client.simple_query(&self.outward(sql)).await;
        messages
            .map(|messages| self.cells(messages))
            .map_err(|source| VerifyError::Sql {
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
        match self.client.simple_query(&self.outward(sql)).await {
            Ok(messages) => Ok(Ok(self.cells(messages))),
            // No row is impossible because a lock was not waited for.
            Err(source)
                if self.is_in_place() && source.code().is_some_and(|s| gave_up(s.code())) =>
            {
                Err(VerifyError::Sql {
                    what: "seeding",
                    statement: sql.chars().take(400).collect(),
                    source,
                })
            }
            Err(error) => failed(error, sql).map(|failure| Err(self.read_back(failure))),
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
}

impl Session {
    fn cells(&self, messages: Vec<SimpleQueryMessage>) -> Vec<Vec<Option<String>>> {
        let row = |message| match message {
            SimpleQueryMessage::Row(row) => Some(
                (0..row.len())
                    .map(|at| row.get(at).map(|text| self.inward(text)))
                    .collect(),
            ),
            _ => None,
        };
        messages.into_iter().filter_map(row).collect()
    }

    fn read_back(&self, mut failure: Failure) -> Failure {
        failure.message = self.inward(&failure.message);
        failure
    }
}
