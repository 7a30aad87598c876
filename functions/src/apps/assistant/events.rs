//! Working through HubSpot's events: people's opportunities mirror the deals, where the settings say
//! that HubSpot's deals are the truth.
//!
//! An event only says that something changed. What is true now is read, for each person who is
//! connected to that portal and through their own connection, so that nobody's row shows a deal that
//! HubSpot would not show them. So events may come in any order and more than once. One run at a time
//! mirrors a portal's deals, and the database keeps what was read last.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::Desk;
use super::fill::FILL;
use crate::apps::background::{all, failed};
use crate::apps::id;
use crate::connections::{ASSISTANT, Connection};
use crate::inbox::{Event, Fate};
use crate::lease::Lease;
use crate::problem::Problem;
use crate::providers::failure::{Failure, Kind};
use crate::providers::hubspot::objects::{ObjectKind, Record};
use crate::time;
use crate::transport::Runtime;

/// How long one run may mirror a portal's deals. Longer than a batch may take.
pub(super) const HELD_SECONDS: u64 = 60;
/// HubSpot takes no more at once.
const AT_ONCE: usize = 100;
/// What a deal is called where events name kinds by number.
const DEAL: &str = "0-3";
pub(super) const PROPERTIES: [&str; 7] = [
    "dealname",
    "amount",
    "deal_currency_code",
    "dealstage",
    "hs_deal_stage_probability",
    "hs_is_closed",
    "hs_is_closed_won",
];

/// What stops the mirroring of a portal.
pub(super) enum Stop {
    /// Another run is at it.
    Busy,
    /// The connection has ended.
    Ended,
    Failed(Fate),
}

impl From<Problem> for Stop {
    fn from(problem: Problem) -> Self {
        Self::Failed(failed(&problem))
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        if matches!(failure.kind, Kind::Expired | Kind::NotConnected) {
            return Self::Ended;
        }
        let wish = match failure.kind {
            Kind::Limited(wish) => wish,
            _ => None,
        };
        let why = format!("{}: hubspot {}", failure.code(), failure.operation);
        Self::Failed(Fate::Failed(why, wish))
    }
}

impl<R: Runtime> Desk<'_, R> {
    /// Works through events of HubSpot.
    pub(in crate::apps) async fn hubspot_events(&self, events: &[Event]) -> Vec<Fate> {
        match self.settings() {
            Ok(settings) if settings.mirror_deals => {}
            Ok(_) => return all(events, &Fate::Done),
            Err(problem) => return all(events, &failed(&problem)),
        }
        let mut portals: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        let concerns: Vec<Option<Vec<&str>>> = events.iter().map(deals).collect();
        for (event, deals) in events.iter().zip(&concerns) {
            let portal = event.tenant_id.as_deref().unwrap_or_default();
            for deal in deals.iter().flatten() {
                portals.entry(portal).or_default().insert(deal);
            }
        }
        let mut outcomes: BTreeMap<&str, Fate> = BTreeMap::new();
        for (portal, deals) in &portals {
            let deals: Vec<&str> = deals.iter().copied().collect();
            let fate = match self.mirror(portal, &deals).await {
                Ok(()) => Fate::Done,
                Err(Stop::Busy) => Fate::Wait,
                Err(Stop::Ended) => Fate::Done,
                Err(Stop::Failed(fate)) => fate,
            };
            outcomes.insert(portal, fate);
        }
        let mut fates = Vec::with_capacity(events.len());
        for (event, deals) in events.iter().zip(&concerns) {
            fates.push(match deals {
                _ if event.event_type == FILL => self.fill(event).await,
                None => Fate::Dead("CS400: the event names no deal by an id".to_owned()),
                Some(deals) if deals.is_empty() => Fate::Done,
                Some(_) => {
                    let portal = event.tenant_id.as_deref().unwrap_or_default();
                    outcomes.get(portal).cloned().unwrap_or(Fate::Wait)
                }
            });
        }
        fates
    }

    /// Reads deals of a portal for everybody who is connected to it, and writes them down.
    async fn mirror(&self, portal: &str, deals: &[&str]) -> Result<(), Stop> {
        let own = self.own()?;
        let name = format!("assistant/deals/{portal}");
        let lease = Lease::take(&own, &name, self.request_id, HELD_SECONDS).await?;
        let lease = lease.ok_or(Stop::Busy)?;
        let mirrored = self.mirror_for_all(portal, deals).await;
        lease.give_back().await;
        mirrored
    }

    async fn mirror_for_all(&self, portal: &str, deals: &[&str]) -> Result<(), Stop> {
        let service = self.as_service()?;
        let connections = service.rows(ASSISTANT.connections, |table| {
            let table = table.select(ASSISTANT.columns);
            table.eq("portal_id", portal).eq("status", "active")
        });
        let connections: Vec<Connection> = connections.await?;
        let mut mirrored = Ok(());
        for connection in connections {
            for deals in deals.chunks(AT_ONCE) {
                match self.mirror_for(&connection, deals).await {
                    // The person has to connect again, as their connection says.
                    Err(Stop::Ended) => break,
                    // One person's failure is not another's.
                    other => mirrored = mirrored.and(other),
                }
            }
        }
        mirrored
    }

    async fn mirror_for(&self, connection: &Connection, deals: &[&str]) -> Result<(), Stop> {
        let hubspot = self.through(connection.clone())?;
        // Before it is read: what changes while it is read is read again, since there is an event of it.
        let read_at = time::iso(self.runtime.now_ms());
        let read = hubspot
            .get_many(ObjectKind::Deals, deals, &PROPERTIES)
            .await;
        let (found, gone) = match read {
            // They may see no deals at all.
            Err(failure) if matches!(failure.kind, Kind::Forbidden(_)) => (
                Vec::new(),
                deals.iter().map(|id| (*id).to_owned()).collect(),
            ),
            read => read?,
        };
        let rows: Vec<Value> = found.iter().map(opportunity).collect();
        let arguments = json!({
            "p_user": connection.tenant, "p_read_at": read_at, "p_deals": rows, "p_gone": gone,
        });
        self.own()?.call("mirror_deals", &arguments).await?;
        Ok(())
    }
}

/// The ids of the deals that an event is about; `None` if it is about deals and names none.
fn deals(event: &Event) -> Option<Vec<&str>> {
    let (kind, happened) = event.event_type.split_once('.')?;
    let about = kind == "deal" || (kind == "object" && event.text("objectTypeId") == Some(DEAL));
    // What a deal is associated with is not mirrored.
    if !about || happened == "associationChange" {
        return Some(Vec::new());
    }
    let ids = event.payload.get("ids")?.as_array()?;
    let ids: Option<Vec<&str>> = ids.iter().map(|of| id(of.as_str()?)).collect();
    ids.filter(|ids| !ids.is_empty())
}

/// A deal as a row of the mirror.
pub(super) fn opportunity(deal: &Record) -> Value {
    let text = |name: &str| {
        deal.properties
            .get(name)?
            .as_deref()
            .filter(|text| !text.is_empty())
    };
    let is = |name: &str| text(name) == Some("true");
    let stage = text("dealstage").unwrap_or_default();
    let status = if is("hs_is_closed_won") || stage == "closedwon" {
        "won"
    } else if is("hs_is_closed") || stage == "closedlost" {
        "lost"
    } else {
        "open"
    };
    let probability = text("hs_deal_stage_probability").and_then(|text| text.parse().ok());
    let currency = text("deal_currency_code");
    let currency =
        currency.filter(|code| code.len() == 3 && code.bytes().all(|b| b.is_ascii_uppercase()));
    json!({
        "id": deal.id, "name": text("dealname"), "status": status,
        "probability": probability.filter(|share: &f64| (0.0..=1.0).contains(share)),
        "amount_cents": text("amount").and_then(cents), "currency": currency.unwrap_or("USD"),
    })
}

/// An amount as HubSpot writes it, in cents: exactly, since it is money. What is finer is cut off, and
/// what is negative or no number is none.
fn cents(amount: &str) -> Option<i64> {
    let (whole, part) = amount.split_once('.').unwrap_or((amount, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(part) {
        return None;
    }
    let part: String = part.chars().chain("00".chars()).take(2).collect();
    format!("{whole}{part}").parse().ok()
}

impl<R: Runtime> Desk<'_, R> {
    /// Deletes the app's sessions that have ended.
    pub(in crate::apps) async fn end_sessions(&self) -> Result<(), Problem> {
        let now = time::iso(self.runtime.now_ms());
        let service = self.as_service()?;
        let ended = service.rows::<Value>("sessions", |table| {
            table.delete().lt("expires_at", &now).select("id")
        });
        ended.await.map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_exact() {
        for (amount, expected) in [
            ("1200", Some(120_000)),
            ("1200.5", Some(120_050)),
            ("0.29", Some(29)),
            ("19.999", Some(1_999)),
            ("90071992547409.93", Some(9_007_199_254_740_993)),
            ("-1", None),
            ("1e3", None),
            ("", None),
            (".5", None),
            ("99999999999999999999", None),
        ] {
            assert_eq!(cents(amount), expected, "{amount}");
        }
    }

    #[test]
    fn a_deal_is_open_until_hubspot_closes_it() {
        let deal = |pairs: &[(&str, &str)]| {
            let of = |(name, value): &(&str, &str)| ((*name).to_owned(), Some((*value).to_owned()));
            opportunity(&Record {
                id: "7".to_owned(),
                properties: pairs.iter().map(of).collect(),
                created_at: String::new(),
                updated_at: String::new(),
                archived: false,
                url: None,
            })
        };
        for (pairs, status) in [
            (&[("dealstage", "qualified")][..], "open"),
            (&[("dealstage", "closedwon")], "won"),
            (&[("dealstage", "closedlost")], "lost"),
            (
                &[
                    ("dealstage", "4711"),
                    ("hs_is_closed", "true"),
                    ("hs_is_closed_won", "true"),
                ],
                "won",
            ),
            (
                &[
                    ("dealstage", "4712"),
                    ("hs_is_closed", "true"),
                    ("hs_is_closed_won", "false"),
                ],
                "lost",
            ),
        ] {
            assert_eq!(deal(pairs)["status"], status, "{pairs:?}");
        }
        let odd = deal(&[
            ("deal_currency_code", "euro"),
            ("hs_deal_stage_probability", "2"),
            ("amount", "x"),
        ]);
        assert_eq!(odd["currency"], "USD");
        assert!(odd["probability"].is_null() && odd["amount_cents"].is_null());
    }
}
