//! Effects outside the database that must come about once, whatever breaks off in between.
//!
//! An effect is [recorded](Outbox::record) under a key that names it before anybody is asked for
//! anything, tried at once, and finished by the schedule if that try did not end. Its life, which is
//! the column `status`:
//!
//! | status | what it means | what comes next |
//! |---|---|---|
//! | `pending` | recorded, nobody is at it | the schedule takes it |
//! | `sending` | somebody is at it, until `next_attempt_at` | `done`, or any below; if they died, the schedule takes it |
//! | `failed` | it did not work, and may later | the schedule takes it when it is due |
//! | `done` | it came about, and the app's tables say so | nothing |
//! | `dead` | it was refused for good, or has failed too often | a person may ask again |
//! | `uncertain` | it may have come about or not, and the provider cannot be asked | a person looks |
//!
//! **An app declares an effect** with [`Effect`]: how to look whether it is there, how to carry it
//! out, and what its own tables say afterwards. Its arm in [`crate::apps::background`] makes the
//! effect of a row, so that the schedule can finish it. The request that records it does
//!
//! ```text
//! match outbox.record(&New { .. }).await? {
//!     Recorded::Mine(entry) => outbox.work(&entry, &effect).await,   // tried at once
//!     Recorded::Other(entry) => ..,                                  // done, or somebody is at it
//! }
//! ```
//!
//! An effect that is to follow another is recorded by what settles that one, and left to others
//! ([`Outbox::plan`]).
//!
//! From the second attempt on an effect is looked for before it is carried out. So whoever dies
//! after the provider did its part, and before that is written down, leaves nothing to be doubled.

mod pause;

use std::future::Future;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::database::Database;
use crate::problem::Problem;
use crate::providers::failure::{Failure, Kind, Provider};
use crate::transport::Runtime;
pub use pause::{MOST_ATTEMPTS, pause};

/// For how long one attempt has an effect to itself. Longer than any request may take.
pub const HELD_SECONDS: u64 = 120;

/// An effect to record.
#[derive(Clone, Debug)]
pub struct New<'a> {
    /// The app.
    pub app: &'a str,
    /// At whom.
    pub provider: Provider,
    /// Which of the app's effects it is.
    pub operation: &'a str,
    /// What it is called: the same however often it is asked for.
    pub key: &'a str,
    /// Whose it is, if that is a tenant.
    pub tenant: Option<&'a str>,
    /// Whose it is, if that is a person.
    pub user: Option<&'a str>,
    /// What to send, without credentials.
    pub request: Value,
}

/// A row of the outbox.
#[derive(Clone, Debug, Deserialize)]
pub struct Entry {
    /// Its id.
    pub id: String,
    /// The app.
    pub app: String,
    /// Which of the app's effects it is.
    pub operation: String,
    /// What the effect is called.
    pub effect_key: String,
    /// Whose it is, if that is a tenant.
    pub tenant_id: Option<String>,
    /// Whose it is, if that is a person.
    pub user_id: Option<String>,
    /// What to send.
    pub request: Value,
    /// See the table above.
    pub status: String,
    /// How often it was taken. The number also says whose it is: a later attempt has another.
    pub attempts: u64,
    /// What the last attempt came to: a code and a short text.
    pub last_error: Option<String>,
}

/// Whose an effect is, once it is recorded.
#[derive(Debug)]
pub enum Recorded {
    /// Whoever recorded it tries it.
    Mine(Entry),
    /// It is done already, or somebody is at it.
    Other(Entry),
}

/// What came of an effect.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Done {
    /// What the provider calls it.
    pub external_id: Option<String>,
    /// The provider's time of what it made, where [`Effect::settle`] wants to know.
    pub at: Option<String>,
}

/// Whether an effect is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// It is.
    There(Done),
    /// It is not, so that it may be carried out.
    Missing,
    /// The provider cannot be asked: nobody but a person can tell.
    Hidden,
}

/// An effect that an app declares.
pub trait Effect {
    /// At whom.
    fn provider(&self) -> Provider;
    /// Looks at the provider whether it is there. It reads, and changes nothing.
    fn look(&self) -> impl Future<Output = Result<Seen, Failure>>;
    /// Carries it out.
    fn carry_out(&self) -> impl Future<Output = Result<Done, Failure>>;
    /// Says in the app's own tables that it came about. It may be told so more than once.
    fn settle(&self, done: &Done) -> impl Future<Output = Result<(), Problem>>;
}

/// What an attempt came to.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// It came about, and is settled.
    Done,
    /// It is tried again.
    Later(Failure),
    /// It will not come about. Nothing was done.
    Refused(Failure),
    /// It may have come about or not.
    Uncertain(Failure),
}

/// The table, as the Worker's role.
#[derive(Debug)]
pub struct Outbox<'a, R> {
    own: Database<'a, R>,
    runtime: &'a R,
}

impl<'a, R: Runtime> Outbox<'a, R> {
    /// With the Worker's own schema.
    #[must_use]
    pub fn new(own: Database<'a, R>, runtime: &'a R) -> Self {
        Self { own, runtime }
    }

    /// Records an effect. Nothing was done before this has answered, and nothing is if it fails.
    ///
    /// # Errors
    /// If the database does not take it.
    pub async fn record(&self, new: &New<'_>) -> Result<Recorded, Problem> {
        let provider = new.provider.word();
        let arguments = json!({
            "p_app": new.app, "p_provider": provider, "p_operation": new.operation,
            "p_effect_key": new.key, "p_tenant": new.tenant, "p_user": new.user,
            "p_request": new.request, "p_seconds": HELD_SECONDS,
        });
        let taken = self.own.call("record_effect", &arguments).await?;
        if let Some(entry) = entries(taken)?.pop() {
            return Ok(Recorded::Mine(entry));
        }
        self.find(new.app, new.provider, new.key)
            .await?
            .map(Recorded::Other)
            .ok_or_else(|| Problem::unavailable("the effect was neither recorded nor there"))
    }

    /// Records an effect that somebody else tries: whoever asks for it at once, and after so many
    /// seconds the schedule. One that is done, or that somebody is at, stays as it is.
    ///
    /// # Errors
    /// If the database does not take it.
    pub async fn plan(&self, new: &New<'_>, seconds: u64) -> Result<(), Problem> {
        let Recorded::Mine(entry) = self.record(new).await? else {
            return Ok(());
        };
        let arguments = json!({
            "p_id": entry.id, "p_attempt": entry.attempts, "p_status": "pending", "p_error": null,
            "p_seconds": seconds, "p_external_id": null,
        });
        self.own.call("finish_effect", &arguments).await.map(drop)
    }

    /// The effect of this name, if it is recorded.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn find(
        &self,
        app: &str,
        provider: Provider,
        key: &str,
    ) -> Result<Option<Entry>, Problem> {
        let rows = self.own.rows("outbox", |table| {
            let table = table.select("*").eq("app", app);
            table.eq("provider", provider.word()).eq("effect_key", key)
        });
        let mut rows: Vec<Entry> = rows.await?;
        Ok(rows.pop())
    }

    /// Takes effects of these apps that are due.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn claim(&self, apps: &[&str], most: u32) -> Result<Vec<Entry>, Problem> {
        let arguments = json!({ "p_limit": most, "p_seconds": HELD_SECONDS, "p_apps": apps });
        entries(self.own.call("claim_outbox", &arguments).await?)
    }

    /// Makes an attempt at an effect that was taken, and writes down what it came to. If that cannot
    /// be written down, the effect comes back once it is held no more.
    pub async fn work(&self, entry: &Entry, effect: &impl Effect) -> Outcome {
        let mut done = Done::default();
        let outcome = attempt(entry, effect, &mut done).await;
        self.write(entry, &outcome, done.external_id.as_deref())
            .await;
        outcome
    }

    /// Writes down what an attempt came to at an effect that may be repeated, so that there is nothing to
    /// look for.
    pub async fn end(&self, entry: &Entry, came: Result<(), Failure>) -> Outcome {
        let outcome = match came {
            Ok(()) => Outcome::Done,
            Err(failure) => verdict(entry, failure, false),
        };
        self.write(entry, &outcome, None).await;
        outcome
    }

    /// Writes down that an effect cannot even be tried.
    pub async fn refuse(&self, entry: &Entry, failure: Failure) -> Outcome {
        let outcome = verdict(entry, failure, entry.attempts > 1);
        self.write(entry, &outcome, None).await;
        outcome
    }

    async fn write(&self, entry: &Entry, outcome: &Outcome, external_id: Option<&str>) {
        let (status, failure) = match outcome {
            Outcome::Done => ("done", None),
            Outcome::Later(failure) => ("failed", Some(failure)),
            Outcome::Refused(failure) => ("dead", Some(failure)),
            Outcome::Uncertain(failure) => ("uncertain", Some(failure)),
        };
        let wish = failure.and_then(|failure| match failure.kind {
            Kind::Limited(wish) => wish,
            _ => None,
        });
        let error = failure.map(error);
        let seconds = pause(entry.attempts, wish);
        let arguments = json!({
            "p_id": entry.id, "p_attempt": entry.attempts, "p_status": status, "p_error": error,
            "p_seconds": seconds.as_secs(), "p_external_id": external_id,
        });
        let written = self.own.call("finish_effect", &arguments).await;
        let line = json!({
            "effect": entry.id, "app": entry.app, "operation": entry.operation, "status": status,
            "attempt": entry.attempts, "error": error, "written": written.is_ok_and(|count| count == 1),
        });
        self.runtime.log(&line.to_string());
    }
}

/// What the table keeps of a failure: a code, and at what.
fn error(failure: &Failure) -> String {
    let (code, provider) = (failure.code(), failure.provider.word());
    format!("{code}: {provider} {}", failure.operation)
}

fn entries(value: Value) -> Result<Vec<Entry>, Problem> {
    serde_json::from_value(value).map_err(|error| {
        let status = reqwest::StatusCode::INTERNAL_SERVER_ERROR;
        Problem::new(status, "CS500", "the outbox cannot be read").internal(error.to_string())
    })
}

async fn attempt(entry: &Entry, effect: &impl Effect, done: &mut Done) -> Outcome {
    // Somebody tried, and what came of it is not known.
    let mut doubt = entry.attempts > 1;
    if doubt {
        match effect.look().await {
            Ok(Seen::There(there)) => {
                *done = there;
                return settled(effect, done).await;
            }
            Ok(Seen::Missing) => doubt = false,
            Ok(Seen::Hidden) => {
                let failure = Failure::new(effect.provider(), "look", Kind::Uncertain);
                return Outcome::Uncertain(failure);
            }
            Err(failure) => return verdict(entry, failure, doubt),
        }
    }
    match effect.carry_out().await {
        Ok(made) => {
            *done = made;
            settled(effect, done).await
        }
        Err(failure) => verdict(entry, failure, doubt),
    }
}

async fn settled(effect: &impl Effect, done: &Done) -> Outcome {
    match effect.settle(done).await {
        Ok(()) => Outcome::Done,
        Err(problem) => {
            let internal = problem.internal.unwrap_or(problem.message);
            // However often that takes: what is done is done.
            let kind = Kind::Storage(internal);
            Outcome::Later(Failure::new(effect.provider(), "settle", kind))
        }
    }
}

/// What a failure means for an effect; `doubt` is whether an earlier attempt may have worked.
fn verdict(entry: &Entry, failure: Failure, doubt: bool) -> Outcome {
    let lost = matches!(failure.kind, Kind::Down | Kind::Malformed | Kind::Uncertain);
    match failure.kind {
        // The provider looked at it, and says no.
        Kind::Conflict | Kind::Invalid(_) | Kind::NotFound => Outcome::Refused(failure),
        // It says no to whoever asks, so that nobody can look either.
        Kind::Expired | Kind::Forbidden(_) | Kind::NotConnected if doubt => {
            Outcome::Uncertain(failure)
        }
        Kind::Expired | Kind::Forbidden(_) | Kind::NotConnected => Outcome::Refused(failure),
        Kind::Storage(_) => Outcome::Later(failure),
        _ if entry.attempts < MOST_ATTEMPTS => Outcome::Later(failure),
        _ if doubt || lost => Outcome::Uncertain(failure),
        _ => Outcome::Refused(failure),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use std::cell::{Cell, RefCell};

    /// An effect that comes to what it is told, and remembers what was done.
    #[derive(Default)]
    struct Told {
        look: RefCell<Option<Result<Seen, Kind>>>,
        carry_out: RefCell<Option<Kind>>,
        settle: Cell<bool>,
        done: RefCell<Vec<&'static str>>,
    }

    impl Effect for Told {
        fn provider(&self) -> Provider {
            Provider::HubSpot
        }

        async fn look(&self) -> Result<Seen, Failure> {
            self.done.borrow_mut().push("look");
            let look = self.look.borrow_mut().take().unwrap_or(Ok(Seen::Missing));
            look.map_err(|kind| Failure::new(self.provider(), "x", kind))
        }

        async fn carry_out(&self) -> Result<Done, Failure> {
            self.done.borrow_mut().push("carry out");
            match self.carry_out.borrow_mut().take() {
                None => Ok(Done::default()),
                Some(kind) => Err(Failure::new(self.provider(), "x", kind)),
            }
        }

        async fn settle(&self, _: &Done) -> Result<(), Problem> {
            self.done.borrow_mut().push("settle");
            if self.settle.get() {
                return Err(Problem::unavailable("the database does not answer"));
            }
            Ok(())
        }
    }

    fn entry(attempts: u64) -> Entry {
        Entry {
            id: "e".to_owned(),
            app: "assistant".to_owned(),
            operation: "x".to_owned(),
            effect_key: "x/1".to_owned(),
            tenant_id: None,
            user_id: None,
            request: Value::Null,
            status: "sending".to_owned(),
            attempts,
            last_error: None,
        }
    }

    async fn of(attempts: u64, effect: &Told) -> (&'static str, Vec<&'static str>) {
        let mut done = Done::default();
        let word = match attempt(&entry(attempts), effect, &mut done).await {
            Outcome::Done => "done",
            Outcome::Later(_) => "later",
            Outcome::Refused(_) => "refused",
            Outcome::Uncertain(_) => "uncertain",
        };
        (word, effect.done.borrow().clone())
    }

    #[tokio::test]
    async fn the_first_attempt_asks_nobody_and_every_other_one_looks_first() {
        assert_eq!(
            of(1, &Told::default()).await,
            ("done", vec!["carry out", "settle"])
        );
        assert_eq!(
            of(2, &Told::default()).await,
            ("done", vec!["look", "carry out", "settle"])
        );
        let there = Told::default();
        *there.look.borrow_mut() = Some(Ok(Seen::There(Done::default())));
        assert_eq!(of(2, &there).await, ("done", vec!["look", "settle"]));
        let hidden = Told::default();
        *hidden.look.borrow_mut() = Some(Ok(Seen::Hidden));
        assert_eq!(of(2, &hidden).await, ("uncertain", vec!["look"]));
    }

    #[tokio::test]
    async fn what_is_done_and_cannot_be_written_down_is_tried_for_ever() {
        for attempts in [1, MOST_ATTEMPTS, 1_000] {
            let effect = Told::default();
            effect.settle.set(true);
            assert_eq!(of(attempts, &effect).await.0, "later");
        }
    }

    /// By what failed: at the first attempt, at the last one, and when it was looked for.
    #[tokio::test]
    async fn each_failure_means_one_thing() {
        let forbidden = Kind::Forbidden(Vec::new());
        for (kind, first, last, looked) in [
            (Kind::Conflict, "refused", "refused", "refused"),
            (Kind::Invalid(Vec::new()), "refused", "refused", "refused"),
            (Kind::NotFound, "refused", "refused", "refused"),
            (Kind::Expired, "refused", "refused", "uncertain"),
            (forbidden, "refused", "refused", "uncertain"),
            (Kind::NotConnected, "refused", "refused", "uncertain"),
            (Kind::Limited(None), "later", "refused", "later"),
            (Kind::Settings("X"), "later", "refused", "later"),
            (Kind::Down, "later", "uncertain", "later"),
            (Kind::Malformed, "later", "uncertain", "later"),
            (Kind::Uncertain, "later", "uncertain", "later"),
            (Kind::Storage("x".into()), "later", "later", "later"),
        ] {
            for (attempts, expected) in [(1, first), (MOST_ATTEMPTS, last)] {
                let effect = Told::default();
                *effect.carry_out.borrow_mut() = Some(kind.clone());
                assert_eq!(of(attempts, &effect).await.0, expected, "{kind:?}");
            }
            let effect = Told::default();
            *effect.look.borrow_mut() = Some(Err(kind.clone()));
            assert_eq!(of(2, &effect).await, (looked, vec!["look"]), "{kind:?}");
        }
    }
}
