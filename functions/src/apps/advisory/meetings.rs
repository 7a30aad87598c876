//! Meetings: started with a client whom the firm's CRM has, ended, and what was noted and agreed.

use reqwest::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Advisory, Whose};
use crate::apps::Asked;
use crate::problem::Problem;
use crate::providers::crm::Crm as _;
use crate::time;
use crate::transport::Runtime;

const MEETING: &str =
    "id,advisor_id,crm_client_id,crm_household_id,household_id,started_at,ended_at";
const RECORD: &str = "id,session_id,author_id,notes,outcomes,created_at";
const LONGEST: usize = 100_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Start {
    crm_client_id: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Noted {
    notes: Option<String>,
    outcomes: Option<String>,
}

impl<R: Runtime> Advisory<'_, R> {
    /// Starts a meeting. The firm's CRM is asked for the client now: no copy says whether they are
    /// still the firm's, and a client of somebody's own CRM is not.
    pub(super) async fn start(&self, asked: &Asked<'_>) -> Result<Value, Problem> {
        let start: Start = asked.json()?;
        let firm = asked.tenant()?;
        let connection = self.connection_of(firm, Some(Whose::Firm)).await?;
        let crm = self.open(&connection).await?;
        let client = match crm.client(&start.crm_client_id).await {
            Ok(client) => client,
            Err(failure) => return Err(self.failed(&connection, failure).await),
        };
        let household = client.household.as_ref().map(|household| &household.id);
        let copied = match household {
            Some(household) => self.copied(firm, household).await?,
            None => None,
        };
        let row = json!({
            "firm_id": firm, "crm_client_id": client.id, "crm_household_id": household,
            "household_id": copied,
        });
        let database = self.0.as_caller();
        let made = database.rows("sessions", |table| {
            table.insert(row.to_string()).select(MEETING)
        });
        let made: Vec<Value> = made.await?;
        Ok(shown(made.into_iter().next(), &client.name))
    }

    /// The copy of a household of the firm's, if there is one.
    async fn copied(&self, firm: &str, household: &str) -> Result<Option<Value>, Problem> {
        let database = self.0.as_caller();
        let rows = database.rows("households", |table| {
            let of_firm = table.select("id").eq("firm_id", firm);
            of_firm.is("owner_id", "null").eq("external_id", household)
        });
        let rows: Vec<Value> = rows.await?;
        Ok(rows.first().and_then(|row| row.get("id").cloned()))
    }

    /// Ends a meeting of the caller's. One that has ended stays as it is, and is given all the same.
    pub(super) async fn end(&self, asked: &Asked<'_>) -> Result<Value, Problem> {
        let id = meeting(asked)?;
        let (firm, user) = (asked.tenant()?, self.0.user()?);
        let database = self.0.as_caller();
        let end = json!({ "ended_at": time::rfc3339(self.0.runtime.now_ms()) }).to_string();
        let ended = database.rows("sessions", |table| {
            let own = table.update(end).eq("id", id).eq("firm_id", firm);
            own.eq("advisor_id", user)
                .is("ended_at", "null")
                .select(MEETING)
        });
        let ended: Vec<Value> = ended.await?;
        if let Some(ended) = ended.into_iter().next() {
            return Ok(ended);
        }
        let found = database.rows("sessions", |table| {
            let own = table.select(MEETING).eq("id", id).eq("firm_id", firm);
            own.eq("advisor_id", user)
        });
        let found: Vec<Value> = found.await?;
        found.into_iter().next().ok_or_else(none)
    }

    /// Adds a record to a meeting of the firm's, in the caller's name.
    pub(super) async fn record(&self, asked: &Asked<'_>) -> Result<Value, Problem> {
        let id = meeting(asked)?;
        let noted: Noted = asked.json()?;
        let texts = [&noted.notes, &noted.outcomes];
        let text =
            |text: &&Option<String>| text.as_deref().is_some_and(|text| !text.trim().is_empty());
        if !texts.iter().any(text) {
            return Err(Problem::bad_request("there are neither notes nor outcomes"));
        }
        if texts.into_iter().flatten().any(|text| text.len() > LONGEST) {
            return Err(Problem::too_large(LONGEST));
        }
        let firm = asked.tenant()?;
        let database = self.0.as_caller();
        let found = database.rows("sessions", |table| {
            table.select("id").eq("id", id).eq("firm_id", firm)
        });
        let found: Vec<Value> = found.await?;
        if found.is_empty() {
            return Err(none());
        }
        let row = json!({
            "firm_id": firm, "session_id": id, "notes": noted.notes, "outcomes": noted.outcomes,
        });
        let made = database.rows("meeting_records", |table| {
            table.insert(row.to_string()).select(RECORD)
        });
        let made: Vec<Value> = made.await?;
        Ok(made.into_iter().next().unwrap_or_default())
    }
}

/// The id of a meeting in the path.
fn meeting<'a>(asked: &'a Asked<'_>) -> Result<&'a str, Problem> {
    let id = asked.parts.first().map(String::as_str).unwrap_or_default();
    let plain = |(at, byte): (usize, u8)| match at {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    };
    let uuid = id.len() == 36 && id.bytes().enumerate().all(plain);
    uuid.then_some(id).ok_or_else(none)
}

fn none() -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        "not_found",
        "you have no such meeting",
    )
}

fn shown(made: Option<Value>, name: &str) -> Value {
    let mut members = match made {
        Some(Value::Object(members)) => members,
        _ => Map::new(),
    };
    members.insert("client_name".to_owned(), name.into());
    members.into()
}
