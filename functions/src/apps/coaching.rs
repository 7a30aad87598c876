//! Coaching: an account's calls, out of its connections to HubSpot and Fathom, and what is made of
//! them.
//!
//! A connection is the account's, whoever made it. What is read through it is written as the Worker's
//! role; who sees which of it is decided by row-level security as ever.

mod analyse;
mod connect;
mod learn;
mod sync;
pub mod types;
mod webhook;

use std::cell::RefCell;
use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::Value;

use super::desk::Desk;
use super::llm::Purse;
use super::{Asked, Run, Workflow, row};
use crate::connections::issuer::Issuer;
use crate::connections::sealed::Sealer;
use crate::connections::{COACHING, Connection, Held};
use crate::message::Response;
use crate::problem::Problem;
use crate::providers::failure::{Failure, Kind, Provider};
use crate::transport::Runtime;

/// Where people come back to from HubSpot.
pub const HUBSPOT_CALLBACK: &str = "/functions/v1/coaching-hubspot-callback";
/// Where HubSpot sends its events.
pub const HUBSPOT_WEBHOOK: &str = "/functions/v1/coaching-hubspot-webhook";
/// Where people come back to from Fathom.
pub const FATHOM_CALLBACK: &str = "/functions/v1/coaching-fathom-callback";
/// Where Fathom sends its events; below it stands the connection.
pub const FATHOM_WEBHOOK: &str = "/functions/v1/coaching-fathom-webhook";
const HUBSPOT_CONNECT: &str = "/functions/v1/coaching-hubspot-connect";
const FATHOM_CONNECT: &str = "/functions/v1/coaching-fathom-connect";
/// Where connections are begun, which sets a cookie.
pub const CONNECTS: [&str; 2] = [HUBSPOT_CONNECT, FATHOM_CONNECT];

/// What the inbox calls them.
pub(super) const HUBSPOT: &str = "hubspot";
/// What the inbox calls it.
pub(super) const FATHOM: &str = "fathom";
/// Fathom sends whole transcripts.
const LONGEST_MEETING: usize = crate::webhooks::standard::LARGEST_BODY;

/// What a workflow does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the table says what each does")]
pub enum Do {
    Status(Source),
    Start(Source),
    Callback(Source),
    Disconnect(Source),
    Sync(Source),
    Webhook(Source),
    Analyse,
    Draft,
    AddOutcome,
    Similar,
}

/// Where calls come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Fathom: recordings.
    Fathom,
    /// HubSpot: activities.
    HubSpot,
}

impl Source {
    fn named(word: &str) -> Option<Self> {
        [Self::Fathom, Self::HubSpot]
            .into_iter()
            .find(|of| of.provider().word() == word)
    }

    fn provider(self) -> Provider {
        match self {
            Self::Fathom => Provider::Fathom,
            Self::HubSpot => Provider::HubSpot,
        }
    }

    /// What connecting it takes, and bringing over what is there.
    fn needs(self) -> (&'static str, &'static str) {
        match self {
            Self::Fathom => SYNC_FATHOM,
            Self::HubSpot => SYNC_HUBSPOT,
        }
    }
}

impl Do {
    /// How long it may take.
    pub(super) fn time(self) -> Duration {
        // A model takes its time, twice if the answer has to be mended.
        Duration::from_secs(if matches!(self, Self::Analyse | Self::Draft) {
            90
        } else {
            25
        })
    }

    /// The longest body that it takes, in bytes, if that is another than elsewhere.
    pub(super) fn longest_body(self) -> Option<usize> {
        (self == Self::Webhook(Source::Fathom)).then_some(LONGEST_MEETING)
    }
}

const SYNC_HUBSPOT: (&str, &str) = ("hubspot.activity", "sync");
const SYNC_FATHOM: (&str, &str) = ("fathom.meeting", "sync");

/// Coaching's workflows.
pub const WORKFLOWS: &[Workflow] = &[
    row(
        Method::GET,
        HUBSPOT_CONNECT,
        Some(SYNC_HUBSPOT),
        &[],
        Run::Coaching(Do::Status(Source::HubSpot)),
        "How the account's link to HubSpot stands",
    ),
    row(
        Method::POST,
        HUBSPOT_CONNECT,
        Some(SYNC_HUBSPOT),
        &[],
        Run::Coaching(Do::Start(Source::HubSpot)),
        "Begins to connect the account to HubSpot",
    ),
    row(
        Method::DELETE,
        HUBSPOT_CONNECT,
        Some(SYNC_HUBSPOT),
        &[
            "read, delete API_Connection_Secrets",
            "update API_Connections",
        ],
        Run::Coaching(Do::Disconnect(Source::HubSpot)),
        "Ends the account's link to HubSpot",
    ),
    row(
        Method::GET,
        HUBSPOT_CALLBACK,
        None,
        &[
            "read, insert, update API_Connections",
            "insert, update API_Connection_Secrets",
        ],
        Run::Coaching(Do::Callback(Source::HubSpot)),
        "Where people come back to from HubSpot",
    ),
    row(
        Method::GET,
        FATHOM_CONNECT,
        Some(SYNC_FATHOM),
        &[],
        Run::Coaching(Do::Status(Source::Fathom)),
        "How the account's link to Fathom stands",
    ),
    row(
        Method::POST,
        FATHOM_CONNECT,
        Some(SYNC_FATHOM),
        &[],
        Run::Coaching(Do::Start(Source::Fathom)),
        "Begins to connect the account to Fathom",
    ),
    row(
        Method::DELETE,
        FATHOM_CONNECT,
        Some(SYNC_FATHOM),
        &[
            "read, update, delete API_Connection_Secrets",
            "update API_Connections",
            "call take_lease, drop_lease",
        ],
        Run::Coaching(Do::Disconnect(Source::Fathom)),
        "Ends the account's link to Fathom",
    ),
    row(
        Method::GET,
        FATHOM_CALLBACK,
        None,
        &[
            "read, insert, update API_Connections",
            "read, insert, update API_Connection_Secrets",
        ],
        Run::Coaching(Do::Callback(Source::Fathom)),
        "Where people come back to from Fathom",
    ),
    row(
        Method::POST,
        "/functions/v1/coaching-sync/hubspot",
        Some(SYNC_HUBSPOT),
        SYNC,
        Run::Coaching(Do::Sync(Source::HubSpot)),
        "Brings a part of the account's activities over from HubSpot",
    ),
    row(
        Method::POST,
        "/functions/v1/coaching-sync/fathom",
        Some(SYNC_FATHOM),
        SYNC,
        Run::Coaching(Do::Sync(Source::Fathom)),
        "Brings a part of the account's recordings over from Fathom",
    ),
    row(
        Method::POST,
        HUBSPOT_WEBHOOK,
        None,
        &["call store_webhooks"],
        Run::Coaching(Do::Webhook(Source::HubSpot)),
        "Where HubSpot sends its events",
    ),
    row(
        Method::POST,
        "/functions/v1/coaching-fathom-webhook/{connection}",
        None,
        &[
            "read API_Connections, API_Connection_Secrets",
            "call store_webhooks",
        ],
        Run::Coaching(Do::Webhook(Source::Fathom)),
        "Where Fathom tells of recordings",
    ),
    row(
        Method::POST,
        "/functions/v1/coaching-analyse",
        Some(("llm.coaching", "analyse")),
        &[
            "call take_lease, drop_lease",
            "call reserve_llm, settle_llm",
            "call begin_coaching_analysis: read Conversations, read, insert, update Conversation_Analyses",
            "update Conversation_Analyses",
            "call finish_coaching_analysis: update Conversation_Analyses, Synced_Activities",
        ],
        Run::Coaching(Do::Analyse),
        "The analysis of a conversation, made if there is none of what was said",
    ),
    row(
        Method::POST,
        "/functions/v1/coaching-draft",
        Some(("llm.coaching", "draft")),
        &["call reserve_llm, settle_llm"],
        Run::Coaching(Do::Draft),
        "Drafts the message that follows from an analysis, with similar outcomes in view",
    ),
    row(
        Method::POST,
        "/functions/v1/coaching-outcomes",
        Some(("llm.coaching", "learn")),
        &[
            "call reserve_llm, settle_llm",
            "call store_coaching_embeddings: read, update Coaching_Outcomes",
            "call refuse_embeddings",
        ],
        Run::Coaching(Do::AddOutcome),
        "Adds an outcome, to be found again by its meaning",
    ),
    row(
        Method::POST,
        "/functions/v1/coaching-similar",
        Some(("llm.coaching", "learn")),
        &["call reserve_llm, settle_llm"],
        Run::Coaching(Do::Similar),
        "Past outcomes that are nearest to a situation",
    ),
];

/// What bringing calls over takes.
pub(super) const SYNC: &[&str] = &[
    "read, update API_Connections",
    "read, update API_Connection_Secrets",
    "call take_lease, drop_lease",
    "insert, update Sync_Logs",
    "read Conversations",
    "call store_coaching_activities: read, insert, update Synced_Activities",
    "call store_coaching_conversation: read, insert, update Conversations, Synced_Activities",
];

/// Coaching's desk.
#[derive(Debug)]
pub(super) struct Coaching<'a, R> {
    desk: Desk<'a, R>,
}

impl<'a, R: Runtime> Coaching<'a, R> {
    /// At this desk.
    pub(super) fn at(desk: Desk<'a, R>) -> Self {
        Self { desk }
    }

    /// Answers a request that the policy allows.
    pub(super) async fn answer(
        &self,
        run: Do,
        asked: &Asked<'_>,
    ) -> Result<Response<R::Stream>, Problem> {
        match run {
            Do::Status(of) => self.status(of, asked).await,
            Do::Start(of) => self.start(of, asked),
            Do::Callback(of) => self.callback(of, asked).await,
            Do::Disconnect(of) => self.disconnect(of, asked).await,
            Do::Sync(of) => self.sync(of, asked).await,
            Do::Webhook(Source::Fathom) => self.fathom_webhook(asked).await,
            Do::Webhook(Source::HubSpot) => self.hubspot_webhook(asked).await,
            Do::Analyse => self.analyse(asked).await,
            Do::Draft => self.draft(asked).await,
            Do::AddOutcome => self.add_outcome(asked).await,
            Do::Similar => self.similar(asked).await,
        }
    }

    fn issuer(&self, of: Source) -> Result<Issuer<'a>, Problem> {
        let set = &self.desk.edge.config.providers;
        let (found, setting) = match of {
            Source::Fathom => (set.fathom.as_ref().map(Issuer::Fathom), "FATHOM_CLIENT_ID"),
            Source::HubSpot => (
                set.coaching_hubspot.as_ref().map(Issuer::HubSpot),
                "HUBSPOT_CLIENT_ID",
            ),
        };
        found.ok_or_else(|| missing(of.provider(), setting))
    }

    /// An account's budget, as whoever runs the Worker has set it.
    fn purse<'p>(&self, account: &'p str) -> Result<Purse<'p>, Problem> {
        Ok(Purse {
            tenant: account,
            cents: self.desk.llm_settings()?.monthly_budget_cents,
            hint: "whoever runs the Worker sets LLM_MONTHLY_BUDGET_CENTS",
        })
    }

    fn sealer(&self, of: Source) -> Result<Sealer<'a>, Problem> {
        let keys = self.desk.edge.config.providers.sealing.as_ref();
        keys.map(Sealer)
            .ok_or_else(|| missing(of.provider(), "SEALING_KEYS"))
    }

    /// A connection and its tokens.
    fn held(&self, of: Source, connection: Connection) -> Result<Held<'a, R>, Problem> {
        let issuer = self.issuer(of)?;
        Ok(Held {
            service: self.desk.as_service()?,
            own: self.desk.own()?,
            sealer: self.sealer(of)?,
            issuer,
            tables: &COACHING,
            line: self.desk.line_to(of.provider(), issuer.reading()),
            connection,
            opened: RefCell::default(),
        })
    }
}

/// An id of the database's, if it is one.
fn uuid<'t>(text: &'t str, name: &str) -> Result<&'t str, Problem> {
    let known = policy_core::value::uuid_from_text(text).map(|_| text);
    known.ok_or_else(|| Problem::bad_request(format!("`{name}` is no id")))
}

fn missing(provider: Provider, setting: &'static str) -> Problem {
    Failure::new(provider, "settings", Kind::Settings(setting)).into()
}

fn ok<S>(body: &Value) -> Response<S> {
    Response::json(StatusCode::OK, body)
}
