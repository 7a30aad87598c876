//! The agency: a language model for its people, within what each organization may spend.

mod complete;
mod embed;
mod runs;
mod search;
pub mod types;

use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde::Deserialize;

use super::desk::Desk;
use super::llm::Purse;
use super::{Asked, Run, Workflow};
use crate::message::Response;
use crate::problem::Problem;
use crate::transport::Runtime;

/// What a workflow does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the table says what each does")]
pub enum Do {
    Complete,
    Embed,
    Search,
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

/// The agency's workflows.
pub const WORKFLOWS: &[Workflow] = &[
    Workflow {
        app: "agency",
        method: Method::POST,
        path: "/functions/v1/agency-complete",
        summary: "Has the language model answer, as a schema says",
        needs: Some(("llm.completion", "create")),
        as_service: RUNS,
        creates: true,
        run: Run::Agency(Do::Complete),
    },
    Workflow {
        app: "agency",
        method: Method::POST,
        path: "/functions/v1/agency-search",
        summary: "Documents or interactions, by meaning",
        needs: Some(("llm.embedding", "search")),
        as_service: RUNS,
        creates: false,
        run: Run::Agency(Do::Search),
    },
    Workflow {
        app: "agency",
        method: Method::POST,
        path: "/functions/v1/agency-embed",
        summary: "Makes documents or interactions that are new or changed ready to be searched",
        needs: Some(("llm.embedding", "create")),
        as_service: &[
            "call reserve_llm, settle_llm",
            "call finish_agency_run",
            "call store_agency_embeddings",
        ],
        creates: false,
        run: Run::Agency(Do::Embed),
    },
];

/// What is searched by meaning, and how its table calls things.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Within {
    Documents,
    Interactions,
}

impl Within {
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
    org: String,
}

impl<'a, R: Runtime> Agency<'a, R> {
    pub(super) fn at(desk: Desk<'a, R>, asked: &Asked<'_>) -> Result<Self, Problem> {
        let org = asked.tenant()?.to_owned();
        Ok(Self { desk, org })
    }

    /// Answers a request that the policy allows.
    pub(super) async fn answer(
        &self,
        run: Do,
        asked: &Asked<'_>,
    ) -> Result<Response<R::Stream>, Problem> {
        let body = match run {
            Do::Complete => self.complete(asked).await?,
            Do::Embed => self.embed(asked).await?,
            Do::Search => self.search(asked).await?,
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
            hint: "an owner of the organization can raise `ai_monthly_budget_cents`",
        })
    }
}
