//! Bringing an account's calls over: activities from HubSpot, recordings from Fathom.
//!
//! One request does a bounded part of it and keeps where it stands in the connection's cursor, so
//! that any number of them get to the end. Everything is stored by the provider's id, each once;
//! whatever is done twice changes nothing the second time. A lease keeps two runs of one connection
//! apart, and every run is in `"Sync_Logs"`.

use std::collections::BTreeMap;
use std::time::Duration;

use reqwest::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{Coaching, Source, ok};
use crate::apps::Asked;
use crate::connections::issuer::Issuer;
use crate::connections::{COACHING, Connection, Held, active, all};
use crate::message::Response;
use crate::problem::Problem;
use crate::providers::failure::{Failure, Kind};
use crate::providers::fathom::Fathom;
use crate::providers::fathom::meetings::{Meeting, Person, Wanted, text};
use crate::providers::hubspot::HubSpot;
use crate::providers::hubspot::objects::{ObjectKind, Record, Search};
use crate::time;
use crate::transport::Runtime;

/// The kinds of activity that are brought over.
pub(super) const KINDS: [ObjectKind; 3] =
    [ObjectKind::Calls, ObjectKind::Meetings, ObjectKind::Emails];
/// Pages of activities in one request, and how many are on each.
const PAGES: usize = 6;
const PAGE: u32 = 100;
/// Transcripts in one request: Fathom gives thirty in a minute.
const TRANSCRIPTS: usize = 10;
/// What is left of a request's time when nothing more is begun.
const RESERVE: Duration = Duration::from_secs(8);
/// HubSpot's search does not know what was written seconds ago, so the end of one round is the
/// beginning of the next.
const OVERLAP_MS: u64 = 60_000;
/// A recording may be told of before its transcript is there: recordings of so long are looked at again.
const AGAIN_MS: u64 = 24 * 3_600_000;
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

/// A round over one kind of HubSpot's, ordered by when each was changed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
struct Round {
    /// What was changed before has been seen.
    since: Option<String>,
    /// How many of those of just that instant have been.
    after: Option<String>,
}

/// A walk over Fathom's pages, in whatever order they come.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
struct Walk {
    /// Where it began.
    since: Option<String>,
    /// The page at which it goes on.
    cursor: Option<String>,
    /// The newest that it has come by.
    newest: Option<String>,
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

impl Round {
    /// Goes on behind a page. Gives whether it is at its end.
    fn advance(&mut self, last: Option<&str>, next: Option<&str>) -> bool {
        let moved = last.filter(|last| self.since.as_deref() < Some(*last));
        match (next, moved) {
            // From the last one's instant on: those that share it come once more, and change nothing.
            (Some(_), Some(last)) => {
                self.since = Some(last.to_owned());
                self.after = None;
            }
            (Some(next), None) => self.after = Some(next.to_owned()),
            (None, moved) => {
                let end = moved.and_then(time::milliseconds);
                let end = end.map(|end| time::iso(end.saturating_sub(OVERLAP_MS)));
                self.since = end.max(self.since.take());
                self.after = None;
            }
        }
        next.is_none()
    }
}

impl Walk {
    /// Goes on behind a page. Gives whether it is at its end.
    fn advance(&mut self, seen: &[Meeting], next: Option<String>) -> bool {
        let newest = seen.iter().map(|meeting| meeting.created_at.clone()).max();
        self.newest = newest.max(self.newest.take());
        self.cursor = next;
        if self.cursor.is_some() {
            return false;
        }
        let newest = self.newest.take().as_deref().and_then(time::milliseconds);
        let newest = newest.map(|newest| time::iso(newest.saturating_sub(AGAIN_MS)));
        self.since = newest.max(self.since.take());
        true
    }
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

    /// Deletes logs that are past their time.
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
        let lease = json!({ "p_name": name, "p_holder": holder, "p_seconds": LEASE_SECONDS });
        if own.call("take_lease", &lease).await?.is_null() {
            let message = "the connection is being synchronised at the moment";
            return Err(Problem::new(StatusCode::CONFLICT, "sync_running", message)
                .header("retry-after", "30"));
        }
        let done = self.logged(of, connection).await;
        let lease = json!({ "p_name": name, "p_holder": holder });
        // If it cannot be given back it ends by itself.
        let _ = own.call("drop_lease", &lease).await;
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
        self.change(&held.connection, &changes).await?;
        done
    }

    fn time_left(&self) -> bool {
        self.desk.budget.left(self.desk.runtime.now_ms()) > RESERVE
    }

    async fn activities(
        &self,
        held: &Held<'_, R>,
        cursor: &mut Cursor,
        count: &mut Count,
    ) -> Result<bool, Problem> {
        let hubspot = self.hubspot(held)?;
        let mut left = PAGES;
        let mut more = false;
        for kind in KINDS {
            let round = cursor.kinds.entry(kind.word().to_owned()).or_default();
            loop {
                if left == 0 || !self.time_left() {
                    more = true;
                    break;
                }
                left -= 1;
                let page = hubspot
                    .search(kind, kind.properties(), &changed(round))
                    .await?;
                let last = page.results.last().map(|last| last.updated_at.as_str());
                self.store(&held.connection.tenant, kind, &page.results, count)
                    .await?;
                if round.advance(last, page.after()) {
                    break;
                }
            }
        }
        Ok(more)
    }

    /// HubSpot, through a connection.
    pub(super) fn hubspot<'h>(
        &'h self,
        held: &'h Held<'_, R>,
    ) -> Result<HubSpot<'h, R, &'h Held<'h, R>>, Problem> {
        match held.issuer {
            Issuer::HubSpot(settings) => Ok(HubSpot {
                line: self
                    .desk
                    .line_to(held.issuer.provider(), held.issuer.reading()),
                settings,
                tokens: held,
            }),
            Issuer::Fathom(_) => Err(super::missing(held.issuer.provider(), "HUBSPOT_CLIENT_ID")),
        }
    }

    /// Fathom, through a connection.
    pub(super) fn fathom<'h>(
        &'h self,
        held: &'h Held<'_, R>,
    ) -> Result<Fathom<'h, R, &'h Held<'h, R>>, Problem> {
        match held.issuer {
            Issuer::Fathom(settings) => Ok(Fathom {
                line: self
                    .desk
                    .line_to(held.issuer.provider(), held.issuer.reading()),
                settings,
                tokens: held,
            }),
            Issuer::HubSpot(_) => Err(super::missing(held.issuer.provider(), "FATHOM_CLIENT_ID")),
        }
    }

    async fn store(
        &self,
        account: &str,
        kind: ObjectKind,
        records: &[Record],
        count: &mut Count,
    ) -> Result<(), Problem> {
        if records.is_empty() {
            return Ok(());
        }
        let rows: Vec<Value> = records
            .iter()
            .map(|record| activity(kind, record))
            .collect();
        let arguments = json!({ "p_account": account, "p_provider": "hubspot", "p_rows": rows });
        let stored = self.desk.own()?;
        let stored = stored.call("store_coaching_activities", &arguments).await?;
        count.add(&stored);
        Ok(())
    }

    async fn recordings(
        &self,
        held: &Held<'_, R>,
        cursor: &mut Cursor,
        count: &mut Count,
    ) -> Result<bool, Problem> {
        let fathom = self.fathom(held)?;
        let mut left = TRANSCRIPTS;
        loop {
            let walk = &mut cursor.recordings;
            let wanted = Wanted {
                created_after: walk.since.as_deref(),
                ..Wanted::default()
            };
            let page = fathom.meetings(&wanted, walk.cursor.as_deref()).await?;
            let known = self.transcribed(&held.connection, &page.items).await?;
            let new = |meeting: &&Meeting| !known.contains(&meeting.recording_id.to_string());
            for meeting in page.items.iter().filter(new) {
                if left == 0 || !self.time_left() {
                    // The same page once more: what is there by then is passed over.
                    return Ok(true);
                }
                left -= 1;
                self.recording(&held.connection.tenant, &fathom, meeting, count)
                    .await?;
            }
            if walk.advance(&page.items, page.next_cursor) {
                return Ok(false);
            }
        }
    }

    /// Which of these recordings are here with their transcripts.
    async fn transcribed(
        &self,
        connection: &Connection,
        meetings: &[Meeting],
    ) -> Result<Vec<String>, Problem> {
        #[derive(Deserialize)]
        struct Known {
            external_id: String,
        }
        let ids: Vec<String> = meetings
            .iter()
            .map(|meeting| meeting.recording_id.to_string())
            .collect();
        let service = self.desk.as_service()?;
        let rows = service.rows::<Known>("Conversations", |table| {
            table
                .select("external_id")
                .eq("account_id", &connection.tenant)
                .eq("provider", "fathom")
                .not("is", "transcript", "null")
                .in_("external_id", ids)
        });
        Ok(rows
            .await?
            .into_iter()
            .map(|known| known.external_id)
            .collect())
    }

    /// Stores a recording with its transcript, if there is one yet.
    pub(super) async fn recording(
        &self,
        account: &str,
        fathom: &Fathom<'_, R, &Held<'_, R>>,
        meeting: &Meeting,
        count: &mut Count,
    ) -> Result<(), Problem> {
        let said = match fathom.transcript(meeting.recording_id).await {
            Ok(said) => Some(said).filter(|said| !said.is_empty()),
            Err(Failure {
                kind: Kind::NotFound,
                ..
            }) => None,
            Err(failure) => return Err(failure.into()),
        };
        let row = conversation(meeting, said.map(|said| text(&said)));
        let arguments = json!({ "p_account": account, "p_provider": "fathom", "p_row": row });
        let stored = self.desk.own()?;
        let stored = stored
            .call("store_coaching_conversation", &arguments)
            .await?;
        count.add(&stored);
        Ok(())
    }

    /// Reads activities anew that HubSpot told of, and stores them; those that are gone there go here.
    pub(super) async fn refresh(
        &self,
        held: &Held<'_, R>,
        kind: ObjectKind,
        ids: &[&str],
    ) -> Result<(), Problem> {
        let hubspot = self.hubspot(held)?;
        for id in ids {
            match hubspot.get(kind, id, &properties(kind)).await {
                Ok(record) => {
                    let mut count = Count::default();
                    self.store(&held.connection.tenant, kind, &[record], &mut count)
                        .await?;
                }
                Err(Failure {
                    kind: Kind::NotFound,
                    ..
                }) => {
                    let service = self.desk.as_service()?;
                    service
                        .rows::<Value>("Synced_Activities", |table| {
                            table
                                .delete()
                                .eq("account_id", &held.connection.tenant)
                                .eq("provider", "hubspot")
                                .eq("external_id", *id)
                                .select("id")
                        })
                        .await?;
                }
                Err(failure) => return Err(failure.into()),
            }
        }
        Ok(())
    }
}

/// What is read of an activity: what everybody reads, and which recording a call is of, if whoever
/// logged it said so.
fn properties(kind: ObjectKind) -> Vec<&'static str> {
    let recording = (kind == ObjectKind::Calls).then_some("hs_call_external_id");
    kind.properties().iter().copied().chain(recording).collect()
}

/// What was changed since the round began, the oldest first.
fn changed(round: &Round) -> Search {
    let since = round.since.as_deref().unwrap_or("1970-01-01T00:00:00Z");
    let since = time::milliseconds(since).unwrap_or_default().to_string();
    let search = json!({
        "filters": [{ "property": MODIFIED, "operator": "GTE", "value": since }],
        "sort": MODIFIED, "limit": PAGE, "after": round.after,
    });
    serde_json::from_value(search).unwrap_or_default()
}

const MODIFIED: &str = "hs_lastmodifieddate";

/// An activity as it is stored.
fn activity(kind: ObjectKind, record: &Record) -> Value {
    let text = |name: &str| record.properties.get(name).cloned().flatten();
    let subject = kind.texts().first().and_then(|name| text(name));
    let set = record.properties.iter();
    let mut properties: Map<String, Value> = set
        .filter_map(|(name, value)| Some((name.clone(), value.as_deref()?.into())))
        .collect();
    properties.insert(MODIFIED.to_owned(), record.updated_at.as_str().into());
    json!({
        "external_id": record.id, "activity_type": kind.word(), "subject": subject, "properties": properties,
        "occurred_at": text("hs_timestamp").filter(|at| time::milliseconds(at).is_some()),
    })
}

/// A recording as it is stored.
fn conversation(meeting: &Meeting, transcript: Option<String>) -> Value {
    let person =
        |of: &Person| json!({ "name": of.name, "email": of.email, "is_external": of.is_external });
    let participants: Vec<Value> = meeting.calendar_invitees.iter().map(person).collect();
    json!({
        "external_id": meeting.recording_id.to_string(), "title": meeting.title, "participants": participants,
        "transcript": transcript, "started_at": meeting.recording_start_time, "duration_seconds": meeting.seconds(),
        "email": meeting.recorded_by.as_ref().and_then(|by| by.email.as_deref()), "url": meeting.url,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// HubSpot's search as it is documented: those since an instant in order, from an offset on.
    fn page<'a>(
        all: &'a [(u64, String)],
        round: &Round,
        size: usize,
    ) -> (&'a [(u64, String)], Option<String>) {
        let since = round
            .since
            .as_deref()
            .and_then(time::milliseconds)
            .unwrap_or_default();
        let from = all.partition_point(|(at, _)| *at < since);
        let found = all.get(from..).unwrap_or_default();
        let skip: usize = round
            .after
            .as_deref()
            .map_or(0, |after| after.parse().unwrap());
        let end = (skip + size).min(found.len());
        let next = (end < found.len()).then(|| end.to_string());
        (found.get(skip..end).unwrap_or_default(), next)
    }

    proptest! {
        /// However many were changed in one instant and however small the pages are, a round comes to
        /// its end and by everything, and so does the next after more was changed.
        #[test]
        fn a_round_comes_by_everything_and_ends(
            mut first in proptest::collection::vec(1_u64..40, 0..60),
            more in proptest::collection::vec(40_u64..60, 0..20),
            size in 1_usize..7,
        ) {
            let mut round = Round::default();
            let mut seen = std::collections::BTreeSet::new();
            let start = 1_800_000_000_000;
            for addition in [Vec::new(), more] {
                first.extend(addition);
                first.sort_unstable();
                let all: Vec<(u64, String)> = first
                    .iter()
                    .enumerate()
                    .map(|(at, second)| (start + second * 1_000, at.to_string()))
                    .collect();
                for asked in 0.. {
                    prop_assert!(asked <= 2 * all.len() + 2, "it does not end");
                    let (found, next) = page(&all, &round, size);
                    seen.extend(found.iter().map(|(_, id)| id.clone()));
                    let last = found.last().map(|(at, _)| time::iso(*at));
                    if round.advance(last.as_deref(), next.as_deref()) {
                        break;
                    }
                }
                let ids: std::collections::BTreeSet<String> = all.iter().map(|(_, id)| id.clone()).collect();
                prop_assert_eq!(&seen, &ids);
            }
        }
    }

    #[test]
    fn a_walk_begins_again_where_the_newest_may_not_have_been_whole() {
        let meeting = |created: &str| -> Meeting {
            serde_json::from_value(json!({ "recording_id": 1, "created_at": created })).unwrap()
        };
        let mut walk = Walk::default();
        let newest_first = [
            meeting("2027-01-14T17:00:00Z"),
            meeting("2027-01-13T17:00:00Z"),
        ];
        assert!(!walk.advance(&newest_first, Some("p2".to_owned())));
        assert_eq!(
            (walk.since.as_deref(), walk.cursor.as_deref()),
            (None, Some("p2"))
        );
        assert!(walk.advance(&[meeting("2027-01-12T17:00:00Z")], None));
        let day_before = time::milliseconds("2027-01-13T17:00:00Z").unwrap();
        assert_eq!(
            walk.since.as_deref().and_then(time::milliseconds),
            Some(day_before)
        );
        assert!(walk.advance(&[], None));
        assert_eq!(
            walk.since.as_deref().and_then(time::milliseconds),
            Some(day_before),
            "it does not go back"
        );
    }

    #[test]
    fn what_else_stands_in_the_cursor_stays_there() {
        let kept = json!({ "webhook_id": "wh1", "kinds": {}, "recordings": { "since": null, "cursor": "p2", "newest": null } });
        let cursor: Cursor = serde_json::from_value(kept.clone()).unwrap();
        assert_eq!(serde_json::to_value(&cursor).unwrap(), kept);
    }
}
