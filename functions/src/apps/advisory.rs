//! Advisory: a firm's clients, who live in its CRM, and what they hold at Schwab.
//!
//! Nothing of a client is the database's own: what lies there are copies, each with the time it was
//! fetched. A request reads a copy that is young enough, or else the CRM; and if the CRM fails, the old
//! copy with its age and a warning. What was never fetched is never made up.

mod connect;
mod copies;
mod link;
mod meetings;
mod reads;
mod sync;
pub mod types;
pub mod webhook;

use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::Value;

use super::desk::Desk;
use super::{Asked, Run, Workflow, row};
use crate::message::Response;
use crate::problem::Problem;
use crate::transport::Runtime;

/// How long a workflow may take.
pub(super) const TIME: Duration = Duration::from_secs(25);

/// What a workflow does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the table says what each does")]
pub enum Do {
    Status,
    Connect(Whose),
    Disconnect(Whose),
    Households,
    Clients,
    Client,
    Start,
    End,
    Record,
    Sync(Whose),
    Webhook,
}

/// Whose connection it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// The firm's.
    Firm,
    /// The caller's own.
    Own,
}

const READ: Option<(&str, &str)> = Some(("crm.client", "read"));
const MEET: Option<(&str, &str)> = Some(("crm.client", "meet"));
const MANAGE: Option<(&str, &str)> = Some(("crm.connection", "manage"));
const CONNECT: Option<(&str, &str)> = Some(("crm.connection", "connect"));

/// What storing a connection takes.
const STORES: &[&str] = &[
    "read, create, update crm_connections",
    "create, update crm_connection_secrets",
    "call take_lease, drop_lease, advisory_forget",
];
const ENDS: &[&str] = &[
    "read, delete crm_connections",
    "read, delete crm_connection_secrets",
    "call take_lease, drop_lease, advisory_forget",
];
/// What asking the CRM takes.
const ASKS: &[&str] = &[
    "read, update crm_connection_secrets",
    "update crm_connections.status, last_error",
];
const COPIES: &[&str] = &[
    "read, update crm_connection_secrets",
    "update crm_connections.status, last_error",
    "call take_lease, drop_lease, advisory_store_client",
];
/// What renewing copies takes.
pub(super) const SYNCS: &[&str] = &[
    "read, update crm_connection_secrets",
    "update crm_connections.status, last_error",
    "call take_lease, drop_lease, advisory_store_listing, advisory_remove_absent, advisory_note_sync",
];

/// Advisory's workflows.
pub const WORKFLOWS: &[Workflow] = &[
    row(
        Method::GET,
        "/functions/v1/advisory-connect",
        READ,
        &[],
        Run::Advisory(Do::Status),
        "The firm's connection to its CRM, and your own",
    ),
    row(
        Method::POST,
        "/functions/v1/advisory-connect",
        MANAGE,
        STORES,
        Run::Advisory(Do::Connect(Whose::Firm)),
        "Connects the firm to its CRM, by a key that the CRM takes",
    ),
    row(
        Method::DELETE,
        "/functions/v1/advisory-connect",
        MANAGE,
        ENDS,
        Run::Advisory(Do::Disconnect(Whose::Firm)),
        "Ends the firm's connection, and removes what was copied through it",
    ),
    row(
        Method::POST,
        "/functions/v1/advisory-connect/own",
        CONNECT,
        STORES,
        Run::Advisory(Do::Connect(Whose::Own)),
        "Connects you to a CRM of your own; what comes through it only you see",
    ),
    row(
        Method::DELETE,
        "/functions/v1/advisory-connect/own",
        CONNECT,
        ENDS,
        Run::Advisory(Do::Disconnect(Whose::Own)),
        "Ends your own connection, and removes what was copied through it",
    ),
    row(
        Method::GET,
        "/functions/v1/advisory-households",
        READ,
        ASKS,
        Run::Advisory(Do::Households),
        "A page of the households",
    ),
    row(
        Method::GET,
        "/functions/v1/advisory-clients",
        READ,
        ASKS,
        Run::Advisory(Do::Clients),
        "A page of the clients",
    ),
    row(
        Method::GET,
        "/functions/v1/advisory-clients/{id}",
        Some(("crm.account", "read")),
        COPIES,
        Run::Advisory(Do::Client),
        "A client with accounts, positions and transactions",
    ),
    row(
        Method::POST,
        "/functions/v1/advisory-meetings",
        MEET,
        ASKS,
        Run::Advisory(Do::Start),
        "Starts a meeting with a client of the firm's CRM",
    ),
    row(
        Method::POST,
        "/functions/v1/advisory-meetings/{id}/end",
        MEET,
        &[],
        Run::Advisory(Do::End),
        "Ends a meeting of yours",
    ),
    row(
        Method::POST,
        "/functions/v1/advisory-meetings/{id}/records",
        MEET,
        &[],
        Run::Advisory(Do::Record),
        "Records notes and outcomes of a meeting",
    ),
    row(
        Method::POST,
        "/functions/v1/advisory-sync",
        MANAGE,
        SYNCS,
        Run::Advisory(Do::Sync(Whose::Firm)),
        "Renews the copies of the firm's clients and households",
    ),
    row(
        Method::POST,
        "/functions/v1/advisory-sync/own",
        CONNECT,
        SYNCS,
        Run::Advisory(Do::Sync(Whose::Own)),
        "Renews the copies of the clients and households of your own CRM",
    ),
    row(
        Method::POST,
        "/functions/v1/advisory-bridge-webhook/{connection}",
        None,
        &["read crm_connections", "call store_webhooks"],
        Run::Advisory(Do::Webhook),
        "Where the CRM bridge tells of changes",
    ),
];

/// Advisory's desk.
#[derive(Debug)]
pub(super) struct Advisory<'a, R>(Desk<'a, R>);

impl<'a, R: Runtime> Advisory<'a, R> {
    pub(super) fn at(desk: Desk<'a, R>) -> Self {
        Self(desk)
    }

    /// Answers a request that the policy allows.
    pub(super) async fn answer(
        &self,
        run: Do,
        asked: &Asked<'_>,
    ) -> Result<Response<R::Stream>, Problem> {
        let (status, body) = match run {
            Do::Status => (StatusCode::OK, self.status(asked).await?),
            Do::Connect(whose) => (StatusCode::OK, self.connect(whose, asked).await?),
            Do::Disconnect(whose) => (StatusCode::OK, self.disconnect(whose, asked).await?),
            Do::Households => (StatusCode::OK, self.households(asked).await?),
            Do::Clients => (StatusCode::OK, self.clients(asked).await?),
            Do::Client => (StatusCode::OK, self.client(asked).await?),
            Do::Start => (StatusCode::CREATED, self.start(asked).await?),
            Do::End => (StatusCode::OK, self.end(asked).await?),
            Do::Record => (StatusCode::CREATED, self.record(asked).await?),
            Do::Sync(whose) => (StatusCode::OK, self.sync(whose, asked).await?),
            Do::Webhook => (StatusCode::OK, self.webhook(asked).await?),
        };
        Ok(Response::json(status, &body))
    }

    /// For how long a copy may be used before it is read again: the policy says.
    fn lifetime(&self) -> Duration {
        let table = self.0.app.policy.table(copies::CLIENTS);
        let source = table.and_then(|table| table.source.as_ref());
        let seconds = source.and_then(|source| source.ttl).unwrap_or_default();
        Duration::from_secs(u64::from(seconds))
    }
}

/// A parameter that is `true` or `false`; `false` if it is not there.
fn flag(asked: &Asked<'_>, name: &str) -> Result<bool, Problem> {
    match asked.parameter(name) {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(_) => Err(Problem::bad_request(format!(
            "`{name}` is neither `true` nor `false`"
        ))),
    }
}

/// What is wrong with the CRM, beside an older copy.
fn warning(problem: &Problem) -> Value {
    serde_json::json!({ "code": problem.code, "message": problem.message })
}
