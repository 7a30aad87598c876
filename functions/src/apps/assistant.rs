//! The assistant: HubSpot through a person's own connection, and what a language model makes of it.

mod apply;
mod connect;
mod events;
mod fill;
mod objects;
mod process;
mod text;
pub mod types;
mod webhook;

use std::cell::RefCell;
use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::Value;

use super::desk::Desk;
use super::{Asked, RECORDS, Run, Workflow, row};
use crate::connections::issuer::Issuer;
use crate::connections::sealed::Sealer;
use crate::connections::{ASSISTANT, Connection, Held, active};
use crate::message::Response;
use crate::problem::Problem;
use crate::providers::call::Line;
use crate::providers::failure::{Failure, Kind, Provider};
use crate::providers::hubspot::objects::ObjectKind;
use crate::providers::hubspot::{self, HubSpot};
use crate::providers::settings::HubSpotSettings;
use crate::transport::Runtime;
use objects::{Order, other};

/// What a workflow does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the table says what each does")]
pub enum Do {
    Status,
    Start,
    Callback,
    Disconnect,
    List(ObjectKind),
    Create(ObjectKind),
    Search(ObjectKind),
    Get(ObjectKind),
    Update(ObjectKind),
    Archive(ObjectKind),
    Associations(ObjectKind),
    Associate(ObjectKind),
    Dissociate(ObjectKind),
    Process,
    Select,
    ApplyDraft,
    ApplyDate,
    Webhook,
}

impl Do {
    /// How long it may take.
    pub(super) fn time(self) -> Duration {
        // A model takes its time, twice if the answer has to be mended.
        Duration::from_secs(if self == Self::Process { 90 } else { 25 })
    }
}

/// What opening a connection's tokens takes: reading them, renewing them and saying so.
const TOKENS: &[&str] = &[
    "read hubspot_connections",
    "read, update hubspot_connection_secrets",
    "update hubspot_connections",
    "call take_lease, drop_lease",
];

/// What applying takes besides.
const APPLYING: &[&str] = &[
    "read hubspot_connections",
    "read, update hubspot_connection_secrets",
    "update hubspot_connections",
    "call take_lease, drop_lease",
    "read outbox",
    RECORDS,
    "call settle_assistant_apply: update ai_generated_drafts, touch_date_recommendations, ai_processing_logs",
];

/// The endpoints of each kind of HubSpot's objects, and those after them.
macro_rules! workflows {
    ($($word:literal $kind:ident $resource:literal)* ; $($other:expr,)*) => {
        &[
            $(
                row(Method::GET, concat!("/functions/v1/assistant-", $word), Some(($resource, "read")), TOKENS, Run::Assistant(Do::List(ObjectKind::$kind)), concat!("A page of ", $word)),
                row(Method::POST, concat!("/functions/v1/assistant-", $word), Some(($resource, "create")), TOKENS, Run::Assistant(Do::Create(ObjectKind::$kind)), concat!("Adds one to ", $word)),
                row(Method::POST, concat!("/functions/v1/assistant-", $word, "/search"), Some(($resource, "read")), TOKENS, Run::Assistant(Do::Search(ObjectKind::$kind)), concat!("Searches ", $word)),
                row(Method::GET, concat!("/functions/v1/assistant-", $word, "/{id}"), Some(($resource, "read")), TOKENS, Run::Assistant(Do::Get(ObjectKind::$kind)), concat!("One of ", $word)),
                row(Method::PATCH, concat!("/functions/v1/assistant-", $word, "/{id}"), Some(($resource, "update")), TOKENS, Run::Assistant(Do::Update(ObjectKind::$kind)), concat!("Changes one of ", $word)),
                row(Method::DELETE, concat!("/functions/v1/assistant-", $word, "/{id}"), Some(($resource, "delete")), TOKENS, Run::Assistant(Do::Archive(ObjectKind::$kind)), concat!("Moves one of ", $word, " to the recycling bin")),
                row(Method::GET, concat!("/functions/v1/assistant-", $word, "/{id}/associations/{kind}"), Some(($resource, "read")), TOKENS, Run::Assistant(Do::Associations(ObjectKind::$kind)), concat!("What one of ", $word, " is associated with")),
                row(Method::PUT, concat!("/functions/v1/assistant-", $word, "/{id}/associations/{kind}/{other}"), Some(($resource, "update")), TOKENS, Run::Assistant(Do::Associate(ObjectKind::$kind)), concat!("Associates one of ", $word)),
                row(Method::DELETE, concat!("/functions/v1/assistant-", $word, "/{id}/associations/{kind}/{other}"), Some(($resource, "update")), TOKENS, Run::Assistant(Do::Dissociate(ObjectKind::$kind)), concat!("Ends an association of one of ", $word)),
            )*
            $($other,)*
        ]
    };
}

/// Where connections are begun, looked at and ended.
pub const CONNECT: &str = "/functions/v1/assistant-hubspot-connect";
/// Where people come back to from HubSpot.
pub const CALLBACK: &str = "/functions/v1/assistant-hubspot-callback";
/// Where HubSpot sends its events.
pub const WEBHOOK: &str = "/functions/v1/assistant-hubspot-webhook";

pub use apply::APPLY;

/// What its inbox calls HubSpot.
pub const HUBSPOT: &str = "hubspot";

/// The assistant's workflows.
pub const WORKFLOWS: &[Workflow] = workflows! {
    "calls" Calls "hubspot.activity"
    "companies" Companies "hubspot.company"
    "contacts" Contacts "hubspot.contact"
    "deals" Deals "hubspot.deal"
    "emails" Emails "hubspot.activity"
    "meetings" Meetings "hubspot.activity"
    "notes" Notes "hubspot.activity"
    "tasks" Tasks "hubspot.task";
    row(Method::GET, CONNECT, Some(("hubspot.contact", "read")), &[], Run::Assistant(Do::Status), "Your connections to HubSpot"),
    row(Method::POST, CONNECT, Some(("hubspot.contact", "read")), &[], Run::Assistant(Do::Start), "Begins to connect HubSpot"),
    row(
        Method::DELETE,
        CONNECT,
        Some(("hubspot.contact", "read")),
        &["read, delete hubspot_connection_secrets", "update hubspot_connections"],
        Run::Assistant(Do::Disconnect),
        "Ends a connection to HubSpot",
    ),
    row(
        Method::GET,
        CALLBACK,
        None,
        &["insert, update hubspot_connections", "insert, update hubspot_connection_secrets"],
        Run::Assistant(Do::Callback),
        "Where people come back to from HubSpot",
    ),
    row(Method::POST, WEBHOOK, None, &["call store_webhooks"], Run::Assistant(Do::Webhook), "Where HubSpot sends its events"),
    row(
        Method::POST,
        "/functions/v1/assistant-process",
        Some(("hubspot.activity", "process")),
        &[
            "read hubspot_connections",
            "read, update hubspot_connection_secrets",
            "update hubspot_connections",
            "call take_lease, drop_lease",
            "call reserve_llm, settle_llm",
            "insert, update ai_processing_logs",
            "call finish_assistant_run",
        ],
        Run::Assistant(Do::Process),
        "Has drafts and dates proposed for an activity",
    ),
    row(
        Method::POST,
        "/functions/v1/assistant-select",
        Some(("hubspot.activity", "process")),
        &[],
        Run::Assistant(Do::Select),
        "Chooses one of a run's drafts",
    ),
    row(
        Method::POST,
        "/functions/v1/assistant-apply-draft",
        Some(("hubspot.activity", "apply")),
        APPLYING,
        Run::Assistant(Do::ApplyDraft),
        "Writes a draft into its activity",
    ),
    row(
        Method::POST,
        "/functions/v1/assistant-apply-date",
        Some(("hubspot.activity", "apply")),
        APPLYING,
        Run::Assistant(Do::ApplyDate),
        "Moves an activity to the dates proposed for it",
    ),
};

impl<'a, R: Runtime> Desk<'a, R> {
    /// Answers a request that the policy allows.
    pub(super) async fn assist(
        &self,
        run: Do,
        asked: &Asked<'_>,
    ) -> Result<Response<R::Stream>, Problem> {
        let (kind, order) = match run {
            Do::List(kind) => (kind, Order::list(asked)?),
            Do::Create(kind) => (kind, Order::create(asked)?),
            Do::Search(kind) => (kind, Order::search(asked)?),
            Do::Get(kind) => (kind, Order::Get(asked.id(0)?)),
            Do::Update(kind) => (kind, Order::update(asked)?),
            Do::Archive(kind) => (kind, Order::Archive(asked.id(0)?)),
            Do::Associations(kind) => (kind, Order::Associations(asked.id(0)?, other(asked)?)),
            Do::Associate(kind) => {
                let other = (other(asked)?, asked.id(2)?);
                (kind, Order::Associate(asked.id(0)?, other))
            }
            Do::Dissociate(kind) => {
                let other = (other(asked)?, asked.id(2)?);
                (kind, Order::Dissociate(asked.id(0)?, other))
            }
            Do::Status => return self.status().await,
            Do::Start => return self.start(asked),
            Do::Callback => return self.callback(asked).await,
            Do::Disconnect => return self.disconnect(asked).await,
            Do::Process => return self.process(asked).await,
            Do::Select => return self.select(asked).await,
            Do::ApplyDraft => return self.apply_draft(asked).await,
            Do::ApplyDate => return self.apply_date(asked).await,
            Do::Webhook => return self.webhook(asked).await,
        };
        self.carry_out(kind, order, asked).await
    }

    fn line(&self) -> Line<'a, R> {
        self.line_to(Provider::HubSpot, hubspot::READING)
    }

    fn settings(&self) -> Result<&'a HubSpotSettings, Problem> {
        let settings = self.edge.config.providers.hubspot.as_ref();
        settings.ok_or_else(|| missing("HUBSPOT_CLIENT_ID"))
    }

    fn sealer(&self) -> Result<Sealer<'a>, Problem> {
        let keys = self.edge.config.providers.sealing.as_ref();
        keys.map(Sealer).ok_or_else(|| missing("SEALING_KEYS"))
    }

    /// A connection and its tokens.
    fn held(&self, connection: Connection) -> Result<Held<'a, R>, Problem> {
        Ok(Held {
            service: self.as_service()?,
            own: self.own()?,
            sealer: self.sealer()?,
            issuer: Issuer::HubSpot(self.settings()?),
            tables: &ASSISTANT,
            line: self.line(),
            connection,
            opened: RefCell::default(),
        })
    }

    /// HubSpot, through the caller's connection.
    async fn hubspot(&self, portal: Option<&str>) -> Result<HubSpot<'a, R, Held<'a, R>>, Problem> {
        // Before anything is asked: without settings there is nobody to be connected to.
        self.settings()?;
        let (caller, user) = (self.as_caller(), self.user()?);
        let connection = active(&caller, &ASSISTANT, Provider::HubSpot, user, portal).await?;
        self.through(connection)
    }

    /// HubSpot, through a connection.
    fn through(&self, connection: Connection) -> Result<HubSpot<'a, R, Held<'a, R>>, Problem> {
        Ok(HubSpot {
            line: self.line(),
            settings: self.settings()?,
            portal: connection.portal().to_owned(),
            tokens: self.held(connection)?,
        })
    }
}

fn missing(setting: &'static str) -> Problem {
    Failure::new(Provider::HubSpot, "settings", Kind::Settings(setting)).into()
}

fn ok<S>(body: &Value) -> Response<S> {
    Response::json(StatusCode::OK, body)
}
