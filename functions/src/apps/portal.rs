//! The portal: its members' own records, which are Baserow's.
//!
//! Nothing of a member is kept here but which row of Baserow's they are. What a request reads or
//! writes, it reads and writes there, with the fields that the table has at that moment.

mod connected;
mod member;
mod sync;
pub mod types;
mod webhook;

use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use super::desk::Desk;
use super::{Asked, Run, Workflow, row};
use crate::message::Response;
use crate::problem::Problem;
use crate::providers::baserow::{Baserow, Field, LARGEST_PAGE, NO_TABLE, READING, Row};
use crate::providers::failure::{Failure, Kind, Provider};
use crate::providers::settings::BaserowSettings;
use crate::transport::Runtime;

/// What the portal's paths begin with.
pub const PATHS: &str = "/functions/v1/portal-";
/// What its inbox calls Baserow.
pub const BASEROW: &str = "baserow";
/// How long one of them may take.
pub(super) const TIME: Duration = Duration::from_secs(25);

/// What a workflow does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the table says what each does")]
pub enum Do {
    Sync,
    Read,
    Update,
    List(Kept),
    Webhook,
}

/// What Baserow keeps for all members.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is what it is called")]
pub enum Kept {
    QuickLinks,
    Events,
    Deals,
}

/// The portal's workflows.
pub const WORKFLOWS: &[Workflow] = &[
    row(
        Method::POST,
        "/functions/v1/portal-sync",
        Some(("baserow.member", "read")),
        &[
            "read user",
            "update user.baserowMemberId",
            "read, create baserow.member",
            "call take_lease, drop_lease",
            connected::READS,
        ],
        Run::Portal(Do::Sync),
        "Finds or adds the member that an account is",
    ),
    row(
        Method::GET,
        "/functions/v1/portal-member",
        Some(("baserow.member", "read")),
        &[connected::READS],
        Run::Portal(Do::Read),
        "Your member record, with the fields it has now",
    ),
    row(
        Method::PATCH,
        "/functions/v1/portal-member",
        Some(("baserow.member", "update")),
        &[connected::READS],
        Run::Portal(Do::Update),
        "Changes your member record",
    ),
    row(
        Method::GET,
        "/functions/v1/portal-quick-links",
        Some(("baserow.quick_link", "read")),
        &[connected::READS],
        Run::Portal(Do::List(Kept::QuickLinks)),
        "A page of the quick links",
    ),
    row(
        Method::GET,
        "/functions/v1/portal-events",
        Some(("baserow.event", "read")),
        &[connected::READS],
        Run::Portal(Do::List(Kept::Events)),
        "A page of the events",
    ),
    row(
        Method::GET,
        "/functions/v1/portal-deals",
        Some(("baserow.deal", "read")),
        &[connected::READS],
        Run::Portal(Do::List(Kept::Deals)),
        "A page of the deals",
    ),
    row(
        Method::POST,
        "/functions/v1/portal-baserow-webhook",
        None,
        &["call store_webhooks"],
        Run::Portal(Do::Webhook),
        "Where Baserow says which members were deleted",
    ),
];

/// The portal's desk.
#[derive(Debug)]
pub(super) struct Portal<'a, R>(Desk<'a, R>);

/// An account: what Better Auth knows of a member.
#[derive(Debug, Deserialize)]
struct Account {
    id: String,
    name: Option<String>,
    email: String,
    #[serde(rename = "emailVerified")]
    verified: bool,
    #[serde(rename = "baserowMemberId")]
    member: Option<String>,
}

const ACCOUNT: &str = "id,name,email,emailVerified,baserowMemberId";

impl<'a, R: Runtime> Portal<'a, R> {
    pub(super) fn at(desk: Desk<'a, R>) -> Self {
        Self(desk)
    }

    /// Answers a request that the policy allows.
    pub(super) async fn answer(
        &self,
        run: Do,
        asked: &Asked<'_>,
    ) -> Result<Response<R::Stream>, Problem> {
        match run {
            Do::Sync => self.sync().await,
            Do::Read => self.member().await,
            Do::Update => self.change(asked).await,
            Do::List(kept) => self.list(kept, asked).await,
            Do::Webhook => self.webhook(asked).await,
        }
    }

    fn settings(&self) -> Result<&'a BaserowSettings, Problem> {
        let settings = self.0.edge.config.providers.baserow.as_ref();
        settings.ok_or_else(|| missing("BASEROW_TOKEN"))
    }

    async fn baserow(&self) -> Result<Baserow<'a, R>, Problem> {
        let settings = self.settings()?;
        let token = match &settings.token {
            Some(token) => token.clone(),
            None => self.connected().await?,
        };
        Ok(Baserow {
            line: self.0.line_to(Provider::Baserow, READING),
            settings,
            token,
        })
    }

    /// The caller's account, read as the caller: the database shows them no other.
    async fn account(&self) -> Result<Account, Problem> {
        let user = self.0.user()?;
        let database = self.0.as_caller();
        let rows = database.rows("user", |table| table.select(ACCOUNT).eq("id", user));
        let mut rows: Vec<Account> = rows.await?;
        rows.pop()
            .ok_or_else(|| Problem::forbidden("the portal knows no account of yours"))
    }

    async fn list(&self, kept: Kept, asked: &Asked<'_>) -> Result<Response<R::Stream>, Problem> {
        let number =
            |name: &str, default: u32, most: u32| match asked.parameter(name).map(str::parse) {
                None => Ok(default),
                Some(Ok(number)) if (1..=most).contains(&number) => Ok(number),
                Some(_) => Err(Problem::bad_request(format!(
                    "`{name}` is not from 1 to {most}"
                ))),
            };
        let (page, size) = (
            number("page", 1, 100_000)?,
            number("size", 100, LARGEST_PAGE)?,
        );
        let baserow = self.baserow().await?;
        let (words, setting, table) = match kept {
            Kept::QuickLinks => (
                "quick links",
                "BASEROW_QUICK_LINKS_TABLE",
                baserow.settings.quick_links,
            ),
            Kept::Events => ("events", "BASEROW_EVENTS_TABLE", baserow.settings.events),
            Kept::Deals => ("deals", "BASEROW_DEALS_TABLE", baserow.settings.deals),
        };
        let not_yet = || {
            let message = format!("there are no {words} yet: their table is not set up");
            Problem::new(StatusCode::NOT_FOUND, "not_set_up", message).hint(format!(
                "whoever runs the portal makes the table in Baserow and sets {setting}"
            ))
        };
        let table = table.ok_or_else(not_yet)?;
        let found = match baserow.list(table, page, size).await {
            Ok(found) => found,
            Err(failure) if about(&failure, NO_TABLE) => return Err(not_yet()),
            Err(failure) => return Err(failure.into()),
        };
        let results: Vec<Value> = found.rows.into_iter().map(shown).collect();
        let next = found.more.then(|| page.saturating_add(1));
        Ok(ok(
            &json!({ "results": results, "count": found.count, "next": next }),
        ))
    }
}

/// Whether Baserow says that just this is not there.
fn about(failure: &Failure, code: &str) -> bool {
    failure.kind == Kind::NotFound && failure.message.as_deref() == Some(code)
}

fn shown(row: Row) -> Value {
    json!({ "id": row.id.to_string(), "fields": row.fields })
}

/// A field as it is told to a member; `open` is whether they may write it.
fn described(field: &Field, open: bool) -> Value {
    let choices: Vec<&str> = field.choices().collect();
    json!({ "name": field.name, "type": field.kind, "writable": open, "choices": choices })
}

fn missing(setting: &'static str) -> Problem {
    Failure::new(Provider::Baserow, "settings", Kind::Settings(setting)).into()
}

fn ok<S>(body: &Value) -> Response<S> {
    Response::json(StatusCode::OK, body)
}
