//! HubSpot's contacts and deals, into the organization's own tables.
//!
//! A row is found again by HubSpot's id, so importing twice is importing once, and what was retired
//! here stays retired.
//!
//! Each part of an import is an effect of the [outbox](crate::outbox), named by the run and by where in
//! HubSpot's list it begins, and a part that is done records the one behind it. So an import that was
//! begun comes to its end: the admin who asks for part after part writes as themselves, under row-level
//! security, and what they leave or what breaks off is finished by the schedule as the Worker's role.
//! That goes on if the admin is none any more: who began it was entitled to all of it. What ends it is
//! the end of the organization's connection.

use std::collections::BTreeMap;

use reqwest::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Agency, Imported};
use crate::apps::Asked;
use crate::database::{Database, refused_with};
use crate::lease::Lease;
use crate::outbox::{Entry, New, Outbox, Outcome, Recorded};
use crate::problem::Problem;
use crate::providers::decimal::Decimal;
use crate::providers::failure::{Failure, Kind, Provider};
use crate::providers::hubspot::objects::{ObjectKind, Record};
use crate::record::request_id;
use crate::time;
use crate::transport::Runtime;

/// The name of the effect.
pub(in crate::apps) const IMPORTS: &str = "import";
/// As many as one request takes: each that has changed is a request to the database, and a Worker of
/// Cloudflare's free plan has 50.
const MOST: u32 = 25;
/// No part takes as long.
const LEASE_SECONDS: u64 = 60;
/// For how long the schedule leaves the next part to whoever asked for the last one.
const HEAD_START_SECONDS: u64 = 60;
/// When to ask again while somebody is at it.
const AGAIN_SECONDS: u64 = 5;
const SOURCE: &str = "hubspot";

const CONTACT: &[&str] = &["firstname", "lastname", "email", "phone", "jobtitle"];
const DEAL: &[&str] = &[
    "dealname",
    "amount",
    "deal_currency_code",
    "dealstage",
    "closedate",
    "hs_is_closed",
    "hs_is_closed_won",
];

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    /// What the part before this one gave as `next`.
    after: Option<String>,
}

impl Imported {
    fn word(self) -> &'static str {
        match self {
            Self::Contacts => "contacts",
            Self::Deals => "deals",
        }
    }

    fn named(word: &str) -> Option<Self> {
        let mut all = [Self::Contacts, Self::Deals].into_iter();
        all.find(|of| of.word() == word)
    }

    fn table(self) -> &'static str {
        match self {
            Self::Contacts => "crm_contacts",
            Self::Deals => "crm_deals",
        }
    }

    fn columns(self) -> &'static str {
        match self {
            Self::Contacts => {
                "id,external_id,record_status,first_name,last_name,email,phone,job_title"
            }
            Self::Deals => {
                "id,external_id,record_status,title,status,amount_cents,currency,expected_close_on,closed_at"
            }
        }
    }

    fn kind(self) -> ObjectKind {
        match self {
            Self::Contacts => ObjectKind::Contacts,
            Self::Deals => ObjectKind::Deals,
        }
    }

    /// An object of HubSpot's, as the table has it.
    fn row(self, record: &Record) -> Map<String, Value> {
        match self {
            Self::Contacts => contact(record),
            Self::Deals => deal(record),
        }
    }
}

/// A part of an import.
#[derive(Debug)]
struct Part {
    /// What is imported.
    of: Imported,
    /// Tells this import from others of the same.
    run: String,
    /// Where in HubSpot's list it begins; from its beginning, if nowhere.
    after: Option<String>,
}

impl Part {
    /// The first part of a new import.
    fn first(of: Imported) -> Self {
        Self {
            of,
            run: request_id(None),
            after: None,
        }
    }

    /// The part that a client was told of by its [name](Self::name).
    fn named(of: Imported, name: &str) -> Option<Self> {
        let (run, after) = name.split_once('.')?;
        policy_core::value::uuid_from_text(run)?;
        (1..=LONGEST_CURSOR).contains(&after.len()).then(|| Self {
            of,
            run: run.to_owned(),
            after: Some(after.to_owned()),
        })
    }

    /// What a client asks for it by.
    fn name(&self) -> String {
        format!("{}.{}", self.run, self.after.as_deref().unwrap_or_default())
    }

    /// As the outbox keeps it.
    fn kept(&self) -> Value {
        json!({ "of": self.of.word(), "run": self.run, "after": self.after })
    }

    /// The part that the outbox kept.
    fn read(kept: &Value) -> Option<Self> {
        let text = |name: &str| kept.get(name)?.as_str();
        Some(Self {
            of: Imported::named(text("of")?)?,
            run: text("run")?.to_owned(),
            after: text("after").map(str::to_owned),
        })
    }
}

/// HubSpot's are numbers.
const LONGEST_CURSOR: usize = 200;

impl<R: Runtime> Agency<'_, R> {
    /// Imports a part, and says where the next one begins.
    pub(super) async fn import(&self, of: Imported, asked: &Asked<'_>) -> Result<Value, Problem> {
        let order = match &asked.body {
            Some(body) if !body.is_empty() => asked.json()?,
            _ => Order::default(),
        };
        let part = match &order.after {
            Some(name) => Part::named(of, name)
                .ok_or_else(|| Problem::bad_request("`after` is not what a part gave as `next`"))?,
            None => Part::first(of),
        };
        let own = self.desk.own()?;
        let (name, holder) = (self.lease(of), request_id(None));
        let lease = Lease::take(&own, &name, &holder, LEASE_SECONDS).await?;
        let lease = lease.ok_or_else(busy)?;
        let done = self.tried(part).await;
        lease.give_back().await;
        done
    }

    /// One import of a kind at a time, whoever is at it.
    fn lease(&self, of: Imported) -> String {
        format!("agency/import/{}/{}", self.org, of.table())
    }

    /// Records a part and tries it, for whoever asked for it.
    async fn tried(&self, part: Part) -> Result<Value, Problem> {
        let outbox = Outbox::new(self.desk.own()?, self.desk.runtime);
        let user = Some(self.desk.user()?);
        let key = self.key(&part);
        let entry = match outbox.record(&self.effect(&part, &key, user)).await? {
            Recorded::Mine(entry) => Some(entry),
            // What is imported again is imported once.
            Recorded::Other(entry) if entry.status == "done" => None,
            Recorded::Other(_) => return Err(busy()),
        };
        let database = self.desk.as_caller();
        let came = self.part(&part, &database).await;
        let (told, came) = match came {
            Ok((counts, next)) => {
                let name = next.as_ref().map(Part::name);
                (Ok((counts, name)), Ok(next))
            }
            Err(stop) => {
                let (failure, problem) = stop.told();
                (Err(problem), Err(failure))
            }
        };
        if let Some(entry) = &entry {
            self.settle(&outbox, entry, came, HEAD_START_SECONDS).await;
        }
        let (mut counts, next) = told?;
        if let Some(members) = counts.as_object_mut() {
            members.insert("next".to_owned(), next.into());
        }
        Ok(counts)
    }

    /// Goes on with what a request left, as the Worker's role.
    pub(in crate::apps) async fn import_again(
        &self,
        outbox: &Outbox<'_, R>,
        entry: &Entry,
    ) -> Outcome {
        let came = match Part::read(&entry.request) {
            Some(part) => self.by_itself(&part).await.map_err(|stop| stop.told().0),
            None => Err(failed(Kind::NotFound)),
        };
        self.settle(outbox, entry, came, 0).await
    }

    /// Imports a part as the Worker's role, if nobody else is at it.
    async fn by_itself(&self, part: &Part) -> Result<Option<Part>, Stop> {
        let (own, service) = (self.desk.own()?, self.desk.as_service()?);
        let (name, holder) = (self.lease(part.of), request_id(None));
        let lease = Lease::take(&own, &name, &holder, LEASE_SECONDS).await?;
        let lease = lease.ok_or_else(|| {
            let after = std::time::Duration::from_secs(AGAIN_SECONDS);
            failed(Kind::Limited(Some(after)))
        })?;
        let came = self.part(part, &service).await;
        lease.give_back().await;
        came.map(|(_, next)| next)
    }

    /// Writes down what came of a part; if it is here, the part behind it is recorded first.
    async fn settle(
        &self,
        outbox: &Outbox<'_, R>,
        entry: &Entry,
        mut came: Result<Option<Part>, Failure>,
        head_start: u64,
    ) -> Outcome {
        if let Ok(Some(next)) = &came {
            let key = self.key(next);
            let next = self.effect(next, &key, entry.user_id.as_deref());
            if let Err(problem) = outbox.plan(&next, head_start).await {
                came = Err(failed(Kind::Storage(said(problem))));
            }
        }
        outbox.end(entry, came.map(drop)).await
    }

    /// The name of a part among all effects.
    fn key(&self, part: &Part) -> String {
        let (org, of, name) = (&self.org, part.of.table(), part.name());
        format!("import/{org}/{of}/{name}")
    }

    /// A part as an effect, with who began the import.
    fn effect<'n>(&'n self, part: &Part, key: &'n str, user: Option<&'n str>) -> New<'n> {
        New {
            app: "agency",
            provider: Provider::HubSpot,
            operation: IMPORTS,
            key,
            tenant: Some(&self.org),
            user,
            request: part.kept(),
        }
    }

    /// Imports a part. Gives what came of it, and the part behind it.
    async fn part(
        &self,
        part: &Part,
        database: &Database<'_, R>,
    ) -> Result<(Value, Option<Part>), Stop> {
        let (of, after) = (part.of, part.after.as_deref());
        let hubspot = self.hubspot().await?;
        let properties = match of {
            Imported::Contacts => CONTACT,
            Imported::Deals => DEAL,
        };
        let page = hubspot.list(of.kind(), properties, MOST, after).await?;
        let ids: Vec<&str> = page.results.iter().map(|one| one.id.as_str()).collect();
        let known = database.rows::<Value>(of.table(), |table| {
            let query = table.select(of.columns()).eq("org_id", &self.org);
            query.eq("external_source", SOURCE).in_("external_id", ids)
        });
        let known = known.await?;
        let known: BTreeMap<&str, &Value> = known
            .iter()
            .filter_map(|row| Some((row.get("external_id")?.as_str()?, row)))
            .collect();
        let way = match of {
            Imported::Contacts => None,
            Imported::Deals => Some(self.way(database).await?),
        };
        let (mut new, mut updated, mut unchanged, mut retired) = (Vec::new(), 0, 0, 0);
        for record in &page.results {
            let mut row = of.row(record);
            let place = |row: &mut Map<String, Value>| match (&way, status(row)) {
                (Some(way), Some(status)) => way.put(&status, row),
                _ => Ok(()),
            };
            let Some(old) = known.get(record.id.as_str()) else {
                place(&mut row)?;
                row.insert("org_id".to_owned(), self.org.as_str().into());
                row.insert("external_source".to_owned(), SOURCE.into());
                row.insert("external_id".to_owned(), record.id.as_str().into());
                new.push(Value::Object(row));
                continue;
            };
            if old.get("record_status").and_then(Value::as_str) != Some("active") {
                retired += 1;
                continue;
            }
            row.retain(|name, value| old.get(name).is_none_or(|old| !same(old, value)));
            if row.is_empty() {
                unchanged += 1;
                continue;
            }
            // The stage is the organization's own, as long as it is of that outcome.
            place(&mut row)?;
            let id = old.get("id").and_then(Value::as_str).unwrap_or_default();
            let changes = Value::Object(row).to_string();
            let changed = database.rows::<Value>(of.table(), |table| {
                table.update(changes).eq("id", id).select("id")
            });
            updated += changed.await?.len();
        }
        let created = new.len();
        if created > 0 {
            let rows = Value::Array(new).to_string();
            let added = database.rows::<Value>(of.table(), |table| table.insert(rows).select("id"));
            added.await?;
        }
        let counts = json!({
            "created": created, "updated": updated, "unchanged": unchanged, "retired": retired,
        });
        let next = page.after().map(|after| Part {
            of,
            run: part.run.clone(),
            after: Some(after.to_owned()),
        });
        Ok((counts, next))
    }

    /// Where deals go: the organization's default pipeline.
    async fn way(&self, database: &Database<'_, R>) -> Result<Way, Problem> {
        #[derive(Deserialize)]
        struct Pipeline {
            id: String,
        }
        let found = database.rows::<Pipeline>("crm_pipelines", |table| {
            let query = table.select("id").eq("org_id", &self.org);
            query.is("is_default", "true")
        });
        let pipeline = found.await?.into_iter().next().ok_or_else(|| {
            let message = "the organization has no default pipeline for deals to go into";
            Problem::new(StatusCode::CONFLICT, "not_set_up", message)
        })?;
        let stages = database.rows("crm_stages", |table| {
            let query = table.select("id,outcome").eq("pipeline_id", &pipeline.id);
            query.order("position.asc,id.asc")
        });
        let stages = stages.await?;
        Ok(Way {
            pipeline: pipeline.id,
            stages,
        })
    }
}

/// What keeps a part from coming about.
#[derive(Debug)]
enum Stop {
    /// HubSpot, or the connection to it.
    Provider(Failure),
    /// The database, or what the organization has not set up.
    Here(Problem),
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Provider(failure)
    }
}

impl From<Problem> for Stop {
    fn from(problem: Problem) -> Self {
        Self::Here(problem)
    }
}

impl Stop {
    /// As the outbox counts it, and as whoever asked is told of it.
    fn told(self) -> (Failure, Problem) {
        let problem = match self {
            Self::Provider(failure) => return (failure.clone(), failure.into()),
            Self::Here(problem) => problem,
        };
        let kind = match problem.status {
            // Only the organization can mend it, and then asks again.
            StatusCode::CONFLICT => Kind::Invalid(Vec::new()),
            // The database looked at what HubSpot has, and does not take it.
            StatusCode::INTERNAL_SERVER_ERROR if refused_with(&problem).is_some() => {
                Kind::Malformed
            }
            _ => Kind::Storage(said(problem.clone())),
        };
        (failed(kind), problem)
    }
}

/// What the log gets of a problem.
fn said(problem: Problem) -> Box<str> {
    problem.internal.unwrap_or(problem.message)
}

fn busy() -> Problem {
    let message = "somebody imports for the organization at this moment";
    let problem = Problem::new(StatusCode::CONFLICT, "CS409", message);
    problem.header("retry-after", AGAIN_SECONDS.to_string())
}

fn failed(kind: Kind) -> Failure {
    Failure::new(Provider::HubSpot, IMPORTS, kind)
}

/// The default pipeline.
#[derive(Debug)]
struct Way {
    pipeline: String,
    stages: Vec<Stage>,
}

#[derive(Debug, Deserialize)]
struct Stage {
    id: String,
    outcome: String,
}

impl Way {
    /// Puts a deal into the first stage of its outcome.
    fn put(&self, status: &str, row: &mut Map<String, Value>) -> Result<(), Problem> {
        let stage = self.stages.iter().find(|stage| stage.outcome == status);
        let stage = stage.ok_or_else(|| {
            let message = format!("the default pipeline has no stage for deals that are {status}");
            Problem::new(StatusCode::CONFLICT, "not_set_up", message)
        })?;
        row.insert("pipeline_id".to_owned(), self.pipeline.as_str().into());
        row.insert("stage_id".to_owned(), stage.id.as_str().into());
        Ok(())
    }
}

fn status(row: &Map<String, Value>) -> Option<String> {
    Some(row.get("status")?.as_str()?.to_owned())
}

fn contact(record: &Record) -> Map<String, Value> {
    let names = [
        ("first_name", "firstname"),
        ("last_name", "lastname"),
        ("email", "email"),
        ("phone", "phone"),
        ("job_title", "jobtitle"),
    ];
    let value =
        |(column, property): (&str, &str)| (column.to_owned(), text(record, property).into());
    names.into_iter().map(value).collect()
}

fn deal(record: &Record) -> Map<String, Value> {
    let is = |property, expected| text(record, property) == Some(expected);
    let status = if is("hs_is_closed_won", "true") || is("dealstage", "closedwon") {
        "won"
    } else if is("hs_is_closed", "true") || is("dealstage", "closedlost") {
        "lost"
    } else {
        "open"
    };
    let amount = text(record, "amount").and_then(Decimal::parse);
    let cents = amount.and_then(Decimal::cents).filter(|cents| *cents >= 0);
    let plain = |code: &&str| code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase());
    let currency = text(record, "deal_currency_code").filter(plain);
    let closes = text(record, "closedate").and_then(time::milliseconds);
    let closes = closes.map(time::iso);
    let date = closes.as_deref().and_then(|closes| closes.get(..10));
    let closed = closes.as_deref().filter(|_| status != "open");
    let Value::Object(row) = json!({
        "title": text(record, "dealname").unwrap_or("(no name)"), "status": status, "amount_cents": cents,
        "currency": currency.unwrap_or("USD"), "expected_close_on": date, "closed_at": closed,
    }) else {
        return Map::new();
    };
    row
}

/// A property that says something.
fn text<'a>(record: &'a Record, property: &str) -> Option<&'a str> {
    let text = record.properties.get(property)?.as_deref()?.trim();
    (!text.is_empty()).then_some(text)
}

/// Whether the database has just this, however it writes numbers and instants.
fn same(old: &Value, new: &Value) -> bool {
    let plain = |value: &Value| {
        value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned)
    };
    let (old, new) = (plain(old), plain(new));
    let instant = |text: &str| time::milliseconds(text).filter(|_| text.len() > 10);
    old == new || instant(&old).is_some_and(|old| Some(old) == instant(&new))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(properties: Value) -> Record {
        let whole =
            json!({ "id": "1", "properties": properties, "createdAt": "", "updatedAt": "" });
        serde_json::from_value(whole).unwrap()
    }

    #[test]
    fn a_deal_is_what_hubspot_says_of_it() {
        let row = |properties: Value| Value::Object(deal(&record(properties)));
        let open = row(json!({
            "dealname": " Pilot ", "amount": "36000.50", "deal_currency_code": "EUR",
            "dealstage": "qualifiedtobuy", "closedate": "2027-02-28T00:00:00Z",
        }));
        assert_eq!(
            open,
            json!({
                "title": "Pilot", "status": "open", "amount_cents": 3_600_050, "currency": "EUR",
                "expected_close_on": "2027-02-28", "closed_at": null,
            })
        );
        for (properties, status) in [
            (json!({ "dealstage": "closedwon" }), "won"),
            (
                json!({ "hs_is_closed": "true", "hs_is_closed_won": "true", "dealstage": "77" }),
                "won",
            ),
            (
                json!({ "hs_is_closed": "true", "hs_is_closed_won": "false" }),
                "lost",
            ),
            (json!({ "dealstage": "closedlost" }), "lost"),
            (json!({ "hs_is_closed": "false" }), "open"),
        ] {
            assert_eq!(row(properties)["status"], status);
        }
        let bad = row(
            json!({ "dealname": "", "amount": "-1", "deal_currency_code": "euro", "closedate": "soon" }),
        );
        assert_eq!(
            bad,
            json!({
                "title": "(no name)", "status": "open", "amount_cents": null, "currency": "USD",
                "expected_close_on": null, "closed_at": null,
            })
        );
        let closed = row(json!({ "dealstage": "closedwon", "closedate": "2027-02-28T10:00:00Z" }));
        assert!(same(&json!("2027-02-28 10:00:00+00"), &closed["closed_at"]));
    }

    #[test]
    fn what_is_written_differently_is_the_same() {
        for (old, new, equal) in [
            (json!(5), json!("5"), true),
            (json!(null), json!(null), true),
            (json!(null), json!(5), false),
            (
                json!("2027-01-01T00:00:00+00:00"),
                json!("2027-01-01T00:00:00.000Z"),
                true,
            ),
            (json!("2027-01-01"), json!("2027-01-02"), false),
            (json!("Petra"), json!("Petra "), false),
        ] {
            assert_eq!(same(&old, &new), equal, "{old} {new}");
        }
    }
}
