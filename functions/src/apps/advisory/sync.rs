//! Renewing the copies of clients and households: what changed since the last time, and now and then
//! all of it, since a CRM does not tell what is gone.
//!
//! A run that fails anywhere leaves the time from which the next one asks as it was, and removes
//! nothing. What a page brought stays: it is what the CRM said.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::link::{COLUMNS, CONNECTIONS, Connection, Linked};
use super::{Advisory, Whose, flag};
use crate::apps::Asked;
use crate::lease::Lease;
use crate::problem::Problem;
use crate::providers::budget::milliseconds;
use crate::providers::crm::{Client, Household, Pages, Record};
use crate::record::request_id;
use crate::time;
use crate::transport::Runtime;

const LEASE_SECONDS: u64 = 60;
/// As many connections as a run by the schedule looks at.
const MOST_DUE: usize = 100;
/// It begins no other with less time than this.
const SHORTEST: Duration = Duration::from_secs(5);
/// How soon one is tried again.
const AGAIN_SECONDS: u64 = 600;
/// A run asks from this long before the last one began: CRMs write times to the minute, and some late.
const OVERLAP: Duration = Duration::from_secs(5 * 60);
/// How long changes alone are enough.
const ALL_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

#[derive(Deserialize)]
struct Removal {
    what: String,
    total: u64,
    absent: u64,
    removed: u64,
}

impl<R: Runtime> Advisory<'_, R> {
    pub(super) async fn sync(&self, whose: Whose, asked: &Asked<'_>) -> Result<Value, Problem> {
        let all = flag(asked, "all")?;
        let connection = self.connection_of(asked.tenant()?, Some(whose)).await?;
        self.renew(&connection, all).await
    }

    /// Renews what is due, one connection after the other. One that fails is left alone for a while, so
    /// that a CRM that is down does not keep the others waiting.
    pub(in crate::apps) async fn renew_due(&self) -> Result<(), Problem> {
        let (service, own) = (self.0.as_service()?, self.0.own()?);
        let now = self.0.runtime.now_ms();
        let before = now.saturating_sub(milliseconds(self.lifetime())) / 1_000 * 1_000;
        let due = format!(
            "last_synced_at.is.null,last_synced_at.lt.{}",
            time::rfc3339(before)
        );
        let due: Vec<Connection> = service
            .rows(CONNECTIONS, |table| {
                let active = table.select(COLUMNS).eq("status", "active").or(due);
                active
                    .order("last_synced_at.asc.nullsfirst")
                    .limit(MOST_DUE)
            })
            .await?;
        for connection in &due {
            if self.0.budget.left(self.0.runtime.now_ms()) < SHORTEST {
                break;
            }
            let (name, holder) = (format!("advisory/due/{}", connection.id), request_id(None));
            // Not given back: it lasts until it is tried again.
            let lease = Lease::take(&own, &name, &holder, AGAIN_SECONDS).await?;
            if lease.is_none() {
                continue;
            }
            if let Err(problem) = self.renew(connection, false).await {
                let internal = problem.internal.as_deref().unwrap_or(&problem.message);
                let line = json!({
                    "level": "warning", "message": "copies were not renewed", "connection": connection.id,
                    "error": format!("{}: {internal}", problem.code), "request_id": self.0.request_id,
                });
                self.0.runtime.log(&line.to_string());
            }
        }
        Ok(())
    }

    /// Renews the copies of a connection; by all of them if `all`, or if it is time. Whoever calls has
    /// decided that it may be done: nothing in here is done as a caller.
    pub(super) async fn renew(&self, connection: &Connection, all: bool) -> Result<Value, Problem> {
        let renew = async || self.renew_now(connection, all).await;
        self.alone(&connection.id, renew).await
    }

    /// Does what is done to a connection by one at a time: renewing its copies, connecting it anew, and
    /// ending it. Else copies of what was connected before would be stored behind their removal.
    pub(super) async fn alone<T>(
        &self,
        connection: &str,
        what: impl AsyncFnOnce() -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        let own = self.0.own()?;
        let name = format!("advisory/sync/{connection}");
        let holder = request_id(None);
        let Some(lease) = Lease::take(&own, &name, &holder, LEASE_SECONDS).await? else {
            let status = reqwest::StatusCode::CONFLICT;
            return Err(
                Problem::new(status, "sync_under_way", "the copies are being renewed")
                    .header("retry-after", "10"),
            );
        };
        let done = what().await;
        lease.give_back().await;
        done
    }

    async fn renew_now(&self, connection: &Connection, all: bool) -> Result<Value, Problem> {
        let began = self.0.runtime.now_ms();
        let at = |name: &str| {
            let text = connection.config.get(name).and_then(Value::as_str);
            // A time that is not over was never written here.
            text.and_then(time::milliseconds).filter(|at| *at <= began)
        };
        let (since, whole) = (at("synced_from"), at("listed_from"));
        let due = whole.is_none_or(|at| began.saturating_sub(at) >= milliseconds(ALL_AFTER));
        let since = since.filter(|_| !all && !due);
        let since = since.map(|at| at.saturating_sub(milliseconds(OVERLAP)));
        let crm = self.open(connection).await?;
        let households = self
            .walk::<Household>(connection, &crm, since, began)
            .await?;
        let clients = self.walk::<Client>(connection, &crm, since, began).await?;
        let listed = since.is_none() && households.1 && clients.1;
        let removals = if listed {
            self.remove(connection, began).await?
        } else {
            Vec::new()
        };
        let held_back = removals.iter().any(|one| one.absent > one.removed);
        self.note(connection, began, since.is_none(), listed, held_back)
            .await?;
        let told = removals.iter().map(|one| {
            let told = json!({ "total": one.total, "absent": one.absent, "removed": one.removed });
            (one.what.clone(), told)
        });
        Ok(json!({
            "provider": connection.provider, "listing": if since.is_none() { "all" } else { "changes" },
            "complete": since.is_some() || listed, "households": households.0, "clients": clients.0,
            "removals": told.collect::<Map<_, _>>(), "held_back": held_back,
        }))
    }

    /// Keeps page after page. Gives how many records there were, and whether those were all there are.
    async fn walk<T: Record + serde::Serialize>(
        &self,
        connection: &Connection,
        crm: &Linked<'_, R>,
        since: Option<u64>,
        began: u64,
    ) -> Result<(usize, bool), Problem> {
        let own = self.0.own()?;
        let mut pages = Pages::of(crm, since);
        loop {
            let page: Vec<T> = match pages.next().await {
                Ok(Some(page)) => page,
                Ok(None) => return Ok((pages.seen(), pages.complete())),
                Err(failure) => return Err(self.failed(connection, failure).await),
            };
            let (mut households, mut clients) = (json!([]), json!([]));
            *(if T::IS_CLIENT {
                &mut clients
            } else {
                &mut households
            }) = json!(page);
            let stored = json!({
                "p_firm": connection.firm_id, "p_owner": connection.owner_id,
                "p_source": connection.provider, "p_households": households, "p_clients": clients,
                "p_fetched_at": time::rfc3339(began),
            });
            own.call("advisory_store_listing", &stored).await?;
        }
    }

    async fn remove(&self, connection: &Connection, began: u64) -> Result<Vec<Removal>, Problem> {
        let percent = self.0.edge.config.providers.crm.most_removed;
        let of = json!({
            "p_firm": connection.firm_id, "p_owner": connection.owner_id,
            "p_since": time::rfc3339(began), "p_percent": percent,
        });
        let removed = self.0.own()?.call("advisory_remove_absent", &of).await?;
        serde_json::from_value(removed).map_err(|error| {
            let status = reqwest::StatusCode::INTERNAL_SERVER_ERROR;
            Problem::new(status, "CS500", "the database's answer cannot be read")
                .internal(error.to_string())
        })
    }

    /// Notes from when the next run asks, unless the connection leads to another CRM by now.
    /// `last_synced_at` says that the copies are all there are, so it waits for the first listing that
    /// is complete.
    async fn note(
        &self,
        connection: &Connection,
        began: u64,
        all: bool,
        listed: bool,
        held_back: bool,
    ) -> Result<(), Problem> {
        let at = time::rfc3339(began);
        // Beside whatever people have put into `config` meanwhile.
        let mut times = Map::new();
        times.insert("synced_from".to_owned(), at.as_str().into());
        if listed {
            times.insert("listed_from".to_owned(), at.as_str().into());
        }
        let error = match (all && !listed, held_back) {
            (true, _) => Some("LISTING_INCOMPLETE"),
            (_, true) => Some("REMOVAL_HELD_BACK"),
            _ => None,
        };
        let note = json!({
            "p_connection": connection.id, "p_began": at, "p_times": times,
            "p_synced": listed || (!all && connection.last_synced_at.is_some()),
            "p_judged": all || error.is_some(), "p_error": error,
            "p_provider": connection.provider, "p_config": connection.config,
        });
        let own = self.0.own()?;
        own.call("advisory_note_sync", &note).await.map(drop)
    }
}
