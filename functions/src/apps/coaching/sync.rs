//! Bringing an account's calls over: activities from HubSpot, recordings from Fathom.
//!
//! One request does a bounded part of it and keeps where it stands in the connection's cursor, so
//! that any number of them get to the end. Everything is stored by the provider's id, each once;
//! whatever is done twice changes nothing the second time. A lease keeps two runs of one connection
//! apart, and every run is in `"Sync_Logs"`.

mod fathom;
mod hubspot;

use std::collections::BTreeMap;
use std::time::Duration;

use reqwest::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{Coaching, Source, ok};
use crate::apps::Asked;
use crate::connections::issuer::Issuer;
use crate::connections::{COACHING, Connection, active, all};
use crate::lease::Lease;
use crate::message::Response;
use crate::problem::Problem;
use crate::time;
use crate::transport::Runtime;
use fathom::Walk;
use hubspot::Round;

pub(super) use hubspot::KINDS;

/// What is left of a request's time when nothing more is begun.
const RESERVE: Duration = Duration::from_secs(8);
/// For how long one run has a connection to itself: longer than any run takes.
const LEASE_SECONDS: u64 = 60;

/// Where the synchronisation of a connection stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
struct Cursor {
    /// Activities, by their kind.
    kinds: BTreeMap<String, Round>,
    /// Recordings.
    recordings: Walk,
    /// What else stands there.
    #[serde(flatten)]
    more: Map<String, Value>,
}

/// What a run has done.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Count {
    added: u64,
    changed: u64,
}

impl Count {
    fn add(&mut self, other: &Value) {
        let number = |name: &str| other.get(name).and_then(Value::as_u64).unwrap_or_default();
        self.added += number("added");
        self.changed += number("changed");
    }
}

#[derive(Deserialize)]
struct Id {
    id: String,
}

impl<R: Runtime> Coaching<'_, R> {
    /// A part of the synchronisation, for whoever asked for it.
    pub(super) async fn sync(
        &self,
        of: Source,
        asked: &Asked<'_>,
    ) -> Result<Response<R::Stream>, Problem> {
        let account = asked.tenant()?;
        let caller = self.desk.as_caller();
        let connection = active(&caller, &COACHING, of.provider(), account, None).await?;
        let (count, more) = self.run(of, connection).await?;
        Ok(ok(&json!({
            "account_id": account, "provider": of.provider().word(), "added": count.added,
            "changed": count.changed, "more": more,
        })))
    }

    /// Deletes logs that are past their time, and ends analyses whose request died.
    pub(in crate::apps) async fn tidy(&self) -> Result<(), Problem> {
        let own = self.desk.own()?;
        let nothing = Value::Object(Map::new());
        own.call("tidy_coaching", &nothing).await.map(drop)
    }

    /// A part of the synchronisation of connections that are due, for nobody.
    pub(in crate::apps) async fn sync_due(&self, most: u32) -> Result<(), Problem> {
        #[derive(Deserialize)]
        struct Due {
            id: String,
            account_id: String,
            provider: String,
        }
        let due = self
            .desk
            .own()?
            .call("due_coaching_syncs", &json!({ "p_limit": most }))
            .await?;
        let due: Vec<Due> = serde_json::from_value(due).unwrap_or_default();
        for one in due {
            let Some(of) = Source::named(&one.provider) else {
                continue;
            };
            let service = self.desk.as_service()?;
            let found = all(&service, &COACHING, of.provider(), &one.account_id).await?;
            let found = found.into_iter().find(|of| of.id == one.id);
            if let Some(connection) = found {
                // Its failure is in its log, and no other's.
                let _ = self.run(of, connection).await;
            }
        }
        Ok(())
    }

    /// Does a part, and says whether there is more.
    async fn run(&self, of: Source, connection: Connection) -> Result<(Count, bool), Problem> {
        let own = self.desk.own()?;
        let name = format!("coaching/sync/{}", connection.id);
        let holder = self.desk.request_id;
        let Some(lease) = Lease::take(&own, &name, holder, LEASE_SECONDS).await? else {
            let message = "the connection is being synchronised at the moment";
            return Err(Problem::new(StatusCode::CONFLICT, "sync_running", message)
                .header("retry-after", "30"));
        };
        let done = self.logged(of, connection).await;
        lease.give_back().await;
        done
    }

    async fn logged(&self, of: Source, connection: Connection) -> Result<(Count, bool), Problem> {
        let service = self.desk.as_service()?;
        let now = || time::iso(self.desk.runtime.now_ms());
        // Whoever left one running died: the lease is ours.
        let dead = json!({ "status": "failed", "error_code": "INTERRUPTED", "finished_at": now() });
        service
            .rows::<Value>("Sync_Logs", |table| {
                table
                    .update(dead.to_string())
                    .eq("connection_id", &connection.id)
                    .eq("status", "running")
                    .select("id")
            })
            .await?;
        let row = json!({
            "account_id": connection.tenant, "connection_id": connection.id,
            "provider": of.provider().word(), "status": "running", "started_at": now(),
        });
        let begun = service.rows::<Id>("Sync_Logs", |table| {
            table.insert(row.to_string()).select("id")
        });
        let log = begun.await?.pop().map(|log| log.id).unwrap_or_default();
        let mut count = Count::default();
        let done = self.part(of, connection, &mut count).await;
        let changes = json!({
            "status": if done.is_ok() { "succeeded" } else { "failed" }, "added": count.added,
            "changed": count.changed, "error_code": done.as_ref().err().map(|problem| problem.code),
            "finished_at": now(),
        });
        let written = service.rows::<Value>("Sync_Logs", |table| {
            table
                .update(changes.to_string())
                .eq("id", &log)
                .select("id")
        });
        // What failed first is what whoever asked is told of.
        let written = written.await.map(drop);
        let more = done?;
        written?;
        Ok((count, more))
    }

    async fn part(
        &self,
        of: Source,
        connection: Connection,
        count: &mut Count,
    ) -> Result<bool, Problem> {
        let cursor = serde_json::from_value(connection.sync_cursor.clone());
        let mut cursor: Cursor = cursor.unwrap_or_default();
        let held = self.held(of, connection)?;
        let done = match held.issuer {
            Issuer::HubSpot(_) => self.activities(&held, &mut cursor, count).await,
            Issuer::Fathom(_) => self.recordings(&held, &mut cursor, count).await,
        };
        // As far as it came, even if it failed then.
        let mut changes = json!({ "sync_cursor": cursor });
        if let (Ok(false), Some(changes)) = (&done, changes.as_object_mut()) {
            let now = time::iso(self.desk.runtime.now_ms());
            changes.insert("last_synced_at".to_owned(), now.into());
        }
        if !self.go_on(&held.connection, &changes).await? {
            // It was connected anew, and its new cursor stands where that begins.
            return done.map(|_| true);
        }
        done
    }

    fn time_left(&self) -> bool {
        self.desk.budget.left(self.desk.runtime.now_ms()) > RESERVE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_else_stands_in_the_cursor_stays_there() {
        let kept = json!({ "webhook_id": "wh1", "kinds": {}, "recordings": { "since": null, "cursor": "p2", "newest": null } });
        let cursor: Cursor = serde_json::from_value(kept.clone()).unwrap();
        assert_eq!(serde_json::to_value(&cursor).unwrap(), kept);
    }
}
