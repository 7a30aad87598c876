//! Events that others send: verified, stored once, answered at once, worked through afterwards.
//!
//! The life of an event, which is the column `status`:
//!
//! | status | what it means | what comes next |
//! |---|---|---|
//! | `received` | stored | the run after the answer, or the schedule, takes it |
//! | `processing` | somebody is at it, until `next_attempt_at` | any below; if they died, the schedule takes it |
//! | `failed` | it did not work, and may later | the schedule takes it when it is due |
//! | `done` | worked through | nothing |
//! | `dead` | parked: it failed for ten hours, or never can work | a person looks, and sets it to `received` |
//!
//! **To hang a source of events here** an app does two things, and nothing else:
//!
//! 1. Its route verifies the delivery with [`crate::webhooks`], on the body as it came, makes an
//!    [`Arrival`] of each event and calls [`Inbox::take`]. That stores them, answers for them, and
//!    has them worked through once the answer has gone out. The id has to be the same at every
//!    delivery of one event and unlike any other's. The tenant is the one that the secret, the
//!    connection or the portal is registered for, never what the body says.
//! 2. Its arm in [`crate::apps::background`] works through events of that source, up to a hundred at
//!    once, and says of each what became of it: a [`Fate`]. **It may be given an event twice**, by a
//!    run that died after its work, and events in any order; so it either reads the truth where the
//!    event says that something changed, or compares times before it writes.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::database::Database;
use crate::outbox::{MOST_ATTEMPTS, pause};
use crate::problem::Problem;
use crate::transport::{Job, Runtime};

/// For how long one run has events to itself. Longer than any run may take.
pub const HELD_SECONDS: u64 = 120;
/// As many as are taken at once.
pub const AT_ONCE: u32 = 100;
/// From this attempt on an event is worked through alone: it may be what makes the others fail.
const ALONE: u64 = 3;

/// An event to store.
#[derive(Clone, Debug, PartialEq)]
pub struct Arrival {
    /// The same at every delivery of this event, and unlike any other's of this source.
    pub id: String,
    /// Whose it is, once that is known.
    pub tenant: Option<String>,
    /// What happened.
    pub kind: String,
    /// What is needed to work through it, and no more; none if it might be personal.
    pub payload: Option<Value>,
}

/// How many events of a delivery were new.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stored {
    /// Those that were not stored yet.
    pub stored: u64,
    /// The others.
    pub repeated: u64,
}

/// A stored event.
#[derive(Clone, Debug, Deserialize)]
pub struct Event {
    id: String,
    /// The app.
    pub app: String,
    /// Who sent it.
    pub source: String,
    /// The sender's id of it.
    pub event_id: String,
    /// Whose it is, if that was known when it came.
    pub tenant_id: Option<String>,
    /// What happened.
    pub event_type: String,
    /// What was kept of it.
    #[serde(default)]
    pub payload: Value,
    attempts: u64,
}

/// What became of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is worked through.
    Done,
    /// It did not work, and may later: a code and a short text, and when, if anybody says so.
    Failed(String, Option<Duration>),
    /// It never can work: a code and a short text.
    Dead(String),
    /// It was not looked at, since another has to come first; it comes back in a moment.
    Wait,
}

/// The table, as the Worker's role.
#[derive(Debug)]
pub struct Inbox<'a, R> {
    own: Database<'a, R>,
    runtime: &'a R,
}

impl<'a, R: Runtime> Inbox<'a, R> {
    /// With the Worker's own schema.
    #[must_use]
    pub fn new(own: Database<'a, R>, runtime: &'a R) -> Self {
        Self { own, runtime }
    }

    /// Stores the events of a delivery that are not stored yet, and has them worked through after
    /// the answer.
    ///
    /// # Errors
    /// If the database does not take them; then none is stored, and the sender has to send again.
    pub async fn take(
        &self,
        app: &str,
        source: &str,
        arrivals: &[Arrival],
    ) -> Result<Stored, Problem> {
        if arrivals.is_empty() {
            return Ok(Stored::default());
        }
        let row = |of: &Arrival| {
            let mut row =
                json!({ "event_id": of.id, "tenant_id": of.tenant, "event_type": of.kind });
            // Left out, and not null: in the column that would be a JSON null.
            if let (Some(payload), Some(row)) = (&of.payload, row.as_object_mut()) {
                row.insert("payload".to_owned(), payload.clone());
            }
            row
        };
        let rows: Vec<Value> = arrivals.iter().map(row).collect();
        let count = rows.len() as u64;
        let arguments = json!({ "p_app": app, "p_source": source, "p_events": rows });
        let stored = self.own.call("store_webhooks", &arguments).await?;
        let stored = stored.as_u64().unwrap_or_default().min(count);
        self.runtime.later(Job::Inbox);
        Ok(Stored {
            stored,
            repeated: count - stored,
        })
    }

    /// Takes events of these apps that are due, in batches that are worked through one after the
    /// other: those of one source together, but alone what has failed before.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn claim(&self, apps: &[&str], most: u32) -> Result<Vec<Vec<Event>>, Problem> {
        let arguments = json!({ "p_limit": most, "p_seconds": HELD_SECONDS, "p_apps": apps });
        let taken = self.own.call("claim_webhooks", &arguments).await?;
        let taken: Vec<Event> = serde_json::from_value(taken).map_err(|error| {
            let status = reqwest::StatusCode::INTERNAL_SERVER_ERROR;
            Problem::new(status, "CS500", "the inbox cannot be read").internal(error.to_string())
        })?;
        Ok(batches(taken))
    }

    /// Writes down what became of events. What cannot be written down comes back once it is held no
    /// more.
    ///
    /// # Errors
    /// If the database does not take it.
    pub async fn finish(&self, fates: &[(Event, Fate)]) -> Result<(), Problem> {
        let rows: Vec<Value> = fates.iter().map(|(event, fate)| row(event, fate)).collect();
        for (event, fate) in fates {
            if let Fate::Failed(why, _) | Fate::Dead(why) = fate {
                let line = json!({
                    "event": event.id, "app": event.app, "source": event.source, "type": event.event_type,
                    "attempt": event.attempts, "parked": matches!(fate, Fate::Dead(_)), "error": why,
                });
                self.runtime.log(&line.to_string());
            }
        }
        let arguments = json!({ "p_results": rows });
        self.own.call("finish_webhooks", &arguments).await.map(drop)
    }
}

impl Event {
    /// Whether it was taken so often that the runs that had it must have died.
    #[must_use]
    pub fn worn_out(&self) -> bool {
        self.attempts > MOST_ATTEMPTS
    }

    /// A member of what was kept of it, if it is a text.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.payload.get(name)?.as_str()
    }
}

fn batches(taken: Vec<Event>) -> Vec<Vec<Event>> {
    let mut together: Vec<Vec<Event>> = Vec::new();
    let mut alone = Vec::new();
    for event in taken {
        if event.attempts >= ALONE {
            alone.push(vec![event]);
            continue;
        }
        let same = |batch: &&mut Vec<Event>| {
            let first = batch.first();
            first.is_some_and(|first| first.app == event.app && first.source == event.source)
        };
        match together.iter_mut().find(same) {
            Some(batch) => batch.push(event),
            None => together.push(vec![event]),
        }
    }
    together.append(&mut alone);
    together
}

/// A member of what `finish_webhooks` takes.
fn row(event: &Event, fate: &Fate) -> Value {
    let (status, error, pause) = match fate {
        Fate::Done => ("done", None, Duration::ZERO),
        Fate::Dead(why) => ("dead", Some(why.clone()), Duration::ZERO),
        Fate::Failed(why, _) if event.attempts >= MOST_ATTEMPTS => {
            let why = format!("{why} (attempt {}, the last)", event.attempts);
            ("dead", Some(why), Duration::ZERO)
        }
        Fate::Failed(why, wish) => ("failed", Some(why.clone()), pause(event.attempts, *wish)),
        Fate::Wait => ("received", None, Duration::from_secs(2)),
    };
    json!({
        "id": event.id, "attempt": event.attempts, "status": status, "error": error,
        "seconds": pause.as_secs(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(source: &str, attempts: u64) -> Event {
        Event {
            id: "e".to_owned(),
            app: "assistant".to_owned(),
            source: source.to_owned(),
            event_id: format!("{source}/{attempts}"),
            tenant_id: None,
            event_type: "t".to_owned(),
            payload: Value::Null,
            attempts,
        }
    }

    #[test]
    fn what_failed_before_is_worked_through_alone_and_last() {
        let taken = vec![event("a", 1), event("b", 3), event("c", 1), event("a", 2)];
        let ids: Vec<Vec<String>> = batches(taken)
            .into_iter()
            .map(|batch| batch.into_iter().map(|event| event.event_id).collect())
            .collect();
        assert_eq!(ids, [vec!["a/1", "a/2"], vec!["c/1"], vec!["b/3"]]);
    }

    #[test]
    fn an_event_that_goes_on_failing_is_parked_with_its_error() {
        let failed = || Fate::Failed("provider_down: hubspot".to_owned(), None);
        let early = row(&event("a", 1), &failed());
        assert_eq!(
            (&early["status"], &early["seconds"]),
            (&json!("failed"), &json!(30))
        );
        let wished = Fate::Failed(String::new(), Some(Duration::from_secs(300)));
        assert_eq!(row(&event("a", 1), &wished)["seconds"], 300);
        let last = row(&event("a", MOST_ATTEMPTS), &failed());
        assert_eq!(last["status"], "dead");
        assert_eq!(
            last["error"],
            "provider_down: hubspot (attempt 16, the last)"
        );
        assert!(!event("a", MOST_ATTEMPTS).worn_out() && event("a", MOST_ATTEMPTS + 1).worn_out());
        assert_eq!(row(&event("a", 5), &Fate::Wait)["status"], "received");
    }
}
