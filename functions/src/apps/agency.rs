//! The agency: a language model for its people, within what each organization may spend; and HubSpot's
//! contacts and deals, brought over.

mod complete;
mod connect;
mod embed;
mod import;
mod runs;
mod search;
pub mod types;

use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde::Deserialize;

use super::desk::Desk;
use super::llm::Purse;
use super::{Asked, Run, Workflow, row};
use crate::message::Response;
use crate::problem::Problem;
use crate::transport::Runtime;
pub(super) use import::IMPORTS;

/// What a workflow does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the table says what each does")]
pub enum Do {
    Callback,
    Complete,
    Disconnect,
    Embed,
    Import(Imported),
    Search,
    Start,
    Status,
}

/// What is imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is what it is called")]
pub enum Imported {
    Contacts,
    Deals,
}

impl Do {
    /// How long it may take.
    pub(super) fn time(self) -> Duration {
        // A model takes its time, twice if the answer has to be mended.
        Duration::from_secs(if self == Self::Complete { 90 } else { 45 })
    }
}

/// What every call of the model takes.
const RUNS: &[&str] = &[
    "call reserve_llm, settle_llm",
    "call find_agency_answer, finish_agency_run",
];

/// How the parts of an import are recorded. What fails is told as it is, and finished all the same: so
/// nothing is answered as what will be done, and this is not [`super::RECORDS`].
const PARTS: &str = "call record_effect, finish_effect: the parts of an import";

/// What reading through the connection takes, beside writing as the caller.
const IMPORT: &[&str] = &[
    "read, update agency_connections",
    "read, update agency_connection_secrets",
    "call take_lease, drop_lease",
    "read outbox",
    PARTS,
];

/// What the schedule does to finish an import.
pub(super) const IMPORT_AS_SERVICE: &[&str] = &[
    "read, update agency_connections",
    "read, update agency_connection_secrets",
    "call take_lease, drop_lease",
    "read outbox",
    PARTS,
    "read crm_pipelines, crm_stages",
    "read, insert, update crm_contacts, crm_deals",
];

/// Who can raise an organization's budget.
const RAISE: &str = "an owner of the organization can raise `ai_monthly_budget_cents`";

/// What the schedule does.
pub(super) const EMBED: &[&str] = &[
    "call due_agency_embeddings: read organizations, documents, crm_interactions",
    "call take_lease, drop_lease",
    "call reserve_llm, settle_llm",
    "call finish_agency_run, refuse_embeddings",
    "call store_agency_embeddings",
];

/// What connecting the organization takes.
const CONNECTING: (&str, &str) = ("hubspot.connection", "connect");
/// Where the connection is begun, looked at and ended.
pub const CONNECT: &str = "/functions/v1/agency-hubspot-connect";
/// Where people come back to from HubSpot.
pub const CALLBACK: &str = "/functions/v1/agency-hubspot-callback";

/// The agency's workflows.
pub const WORKFLOWS: &[Workflow] = &[
    row(
        Method::POST,
        "/functions/v1/agency-complete",
        Some(("llm.completion", "create")),
        RUNS,
        Run::Agency(Do::Complete),
        "Has the language model answer, as a schema says",
    ),
    row(
        Method::POST,
        "/functions/v1/agency-search",
        Some(("llm.embedding", "search")),
        RUNS,
        Run::Agency(Do::Search),
        "Documents or interactions, by meaning",
    ),
    row(
        Method::POST,
        "/functions/v1/agency-embed",
        Some(("llm.embedding", "create")),
        &[
            "call reserve_llm, settle_llm",
            "call finish_agency_run, refuse_embeddings, refused_embeddings",
            "call store_agency_embeddings",
        ],
        Run::Agency(Do::Embed),
        "Makes documents or interactions that are new or changed ready to be searched",
    ),
    row(
        Method::GET,
        CONNECT,
        Some(("hubspot.connection", "read")),
        &["read agency_connections"],
        Run::Agency(Do::Status),
        "How the organization's link to HubSpot stands",
    ),
    row(
        Method::POST,
        CONNECT,
        Some(CONNECTING),
        &[],
        Run::Agency(Do::Start),
        "Begins to connect the organization to HubSpot",
    ),
    row(
        Method::DELETE,
        CONNECT,
        Some(CONNECTING),
        &[
            "read, update agency_connections",
            "read, delete agency_connection_secrets",
        ],
        Run::Agency(Do::Disconnect),
        "Ends the organization's link to HubSpot",
    ),
    row(
        Method::GET,
        CALLBACK,
        None,
        &[
            "insert, update agency_connections",
            "insert, update agency_connection_secrets",
        ],
        Run::Agency(Do::Callback),
        "Where people come back to from HubSpot",
    ),
    row(
        Method::POST,
        "/functions/v1/agency-import/contacts",
        Some(("hubspot.contact", "import")),
        IMPORT,
        Run::Agency(Do::Import(Imported::Contacts)),
        "Brings HubSpot's contacts over, a part at once and the rest by the schedule",
    ),
    row(
        Method::POST,
        "/functions/v1/agency-import/deals",
        Some(("hubspot.deal", "import")),
        IMPORT,
        Run::Agency(Do::Import(Imported::Deals)),
        "Brings HubSpot's deals over, a part at once and the rest by the schedule",
    ),
];

/// What is searched by meaning, and how its table calls things.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Within {
    Documents,
    Interactions,
}

impl Within {
    fn table(self) -> &'static str {
        match self {
            Self::Documents => "documents",
            Self::Interactions => "crm_interactions",
        }
    }

    /// How long the vectors of its column are.
    fn places(self) -> u32 {
        match self {
            Self::Documents => 768,
            Self::Interactions => 1_536,
        }
    }
}

/// The agency's desk, in one organization.
#[derive(Debug)]
pub(super) struct Agency<'a, R> {
    desk: Desk<'a, R>,
    /// Its id. The table's only row without a tenant, the callback, takes it from what was begun.
    org: String,
}

impl<'a, R: Runtime> Agency<'a, R> {
    pub(super) fn at(desk: Desk<'a, R>, asked: &Asked<'_>) -> Self {
        Self {
            desk,
            org: asked.tenant.clone().unwrap_or_default(),
        }
    }

    /// Behind the scenes, in an organization, or in none yet.
    pub(super) fn behind(desk: Desk<'a, R>, org: &str) -> Self {
        let org = org.to_owned();
        Self { desk, org }
    }

    /// Answers a request that the policy allows.
    pub(super) async fn answer(
        &self,
        run: Do,
        asked: &Asked<'_>,
    ) -> Result<Response<R::Stream>, Problem> {
        let body = match run {
            Do::Callback => return self.callback(asked).await,
            Do::Complete => self.complete(asked).await?,
            Do::Disconnect => self.disconnect().await?,
            Do::Embed => self.embed(asked).await?,
            Do::Import(of) => self.import(of, asked).await?,
            Do::Search => self.search(asked).await?,
            Do::Start => return self.start(asked),
            Do::Status => self.status().await?,
        };
        Ok(Response::json(StatusCode::OK, &body))
    }

    /// The organization's budget, as its people see it.
    async fn purse(&self) -> Result<Purse<'_>, Problem> {
        #[derive(Deserialize)]
        struct Row {
            ai_monthly_budget_cents: u64,
        }
        let database = self.desk.as_caller();
        let rows = database.rows("organizations", |table| {
            table.select("ai_monthly_budget_cents").eq("id", &self.org)
        });
        let mut rows: Vec<Row> = rows.await?;
        let row = rows.pop();
        let row = row.ok_or_else(|| Problem::forbidden("you see no such organization"))?;
        Ok(Purse {
            tenant: &self.org,
            cents: row.ai_monthly_budget_cents,
            hint: RAISE,
        })
    }
}
