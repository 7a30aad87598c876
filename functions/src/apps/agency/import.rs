//! HubSpot's contacts and deals, into the organization's own tables.
//!
//! What is imported is written as the admin who imports, under row-level security. A row is found again
//! by HubSpot's id, so importing twice is importing once, and what was retired here stays retired.

use std::collections::BTreeMap;

use reqwest::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Agency, Imported};
use crate::apps::Asked;
use crate::database::Database;
use crate::lease::Lease;
use crate::problem::Problem;
use crate::providers::decimal::Decimal;
use crate::providers::hubspot::objects::{ObjectKind, Record};
use crate::record::request_id;
use crate::time;
use crate::transport::Runtime;

/// As many as one request takes: each that has changed is a request to the database, and a Worker of
/// Cloudflare's free plan has 50.
const MOST: u32 = 30;
/// No part takes as long.
const LEASE_SECONDS: u64 = 60;
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

impl<R: Runtime> Agency<'_, R> {
    /// Imports a part, and says where the next one begins.
    pub(super) async fn import(&self, of: Imported, asked: &Asked<'_>) -> Result<Value, Problem> {
        let order = match &asked.body {
            Some(body) if !body.is_empty() => asked.json()?,
            _ => Order::default(),
        };
        let own = self.desk.own()?;
        let name = format!("agency/import/{}/{}", self.org, of.table());
        let holder = request_id(None);
        let Some(lease) = Lease::take(&own, &name, &holder, LEASE_SECONDS).await? else {
            let message = "somebody imports for the organization at this moment";
            let problem = Problem::new(StatusCode::CONFLICT, "CS409", message);
            return Err(problem.header("retry-after", "5"));
        };
        let imported = self.part(of, order.after.as_deref()).await;
        lease.give_back().await;
        imported
    }

    async fn part(&self, of: Imported, after: Option<&str>) -> Result<Value, Problem> {
        let hubspot = self.hubspot().await?;
        let properties = match of {
            Imported::Contacts => CONTACT,
            Imported::Deals => DEAL,
        };
        let page = hubspot.list(of.kind(), properties, MOST, after).await?;
        let caller = self.desk.as_caller();
        let ids: Vec<&str> = page.results.iter().map(|one| one.id.as_str()).collect();
        let known = caller.rows::<Value>(of.table(), |table| {
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
            Imported::Deals => Some(self.way(&caller).await?),
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
            let changed = caller.rows::<Value>(of.table(), |table| {
                table.update(changes).eq("id", id).select("id")
            });
            updated += changed.await?.len();
        }
        let created = new.len();
        if created > 0 {
            let rows = Value::Array(new).to_string();
            let added = caller.rows::<Value>(of.table(), |table| table.insert(rows).select("id"));
            added.await?;
        }
        Ok(json!({
            "created": created, "updated": updated, "unchanged": unchanged, "retired": retired,
            "next": page.after(),
        }))
    }

    /// Where deals go: the organization's default pipeline.
    async fn way(&self, caller: &Database<'_, R>) -> Result<Way, Problem> {
        #[derive(Deserialize)]
        struct Pipeline {
            id: String,
        }
        let found = caller.rows::<Pipeline>("crm_pipelines", |table| {
            let query = table.select("id").eq("org_id", &self.org);
            query.is("is_default", "true")
        });
        let pipeline = found.await?.into_iter().next().ok_or_else(|| {
            let message = "the organization has no default pipeline for deals to go into";
            Problem::new(StatusCode::CONFLICT, "not_set_up", message)
        })?;
        let stages = caller.rows("crm_stages", |table| {
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
