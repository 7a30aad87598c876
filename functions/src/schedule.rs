//! What is done when nobody waits: by the platform's clock, and after answers.
//!
//! Each run is bounded, in time and in what it takes, and may die anywhere: whatever it took comes
//! back, since it was taken for a while only. Runs by the clock hold a lease, so that a slow one and
//! the next are not at it together. Runs after answers take turns within an isolate; of several
//! isolates none takes what another has.

use std::time::Duration;

use serde_json::{Value, json};

use crate::apps::background::Backstage;
use crate::caller::Caller;
use crate::database::{Database, OWN_SCHEMA};
use crate::inbox::{AT_ONCE, Event, Fate, Inbox};
use crate::lease::Lease;
use crate::outbox::{Outbox, Outcome};
use crate::problem::Problem;
use crate::providers::budget::{Budget, milliseconds};
use crate::record::request_id;
use crate::serve::Setup;
use crate::transport::{Job, Runtime};

/// After that a run takes no more effects, and again no more events. What it took last has its own
/// time beyond it.
const TIME: Duration = Duration::from_secs(20);
const BATCH_TIME: Duration = Duration::from_secs(25);
/// The same of a run after an answer, which the platform ends after 30 seconds.
const TIME_AFTER: Duration = Duration::from_secs(12);
const BATCH_TIME_AFTER: Duration = Duration::from_secs(15);
/// How long the lease is held by a run that died.
const HELD_SECONDS: u64 = 120;
/// Effects are worked on one after the other, within the time that they are held.
const EFFECTS_AT_ONCE: u32 = 4;
/// How often what is past its time is deleted.
const TIDY_SECONDS: u64 = 3_600;

/// What a run did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Effects that it took.
    pub effects: usize,
    /// Those of them that are done.
    pub effects_done: usize,
    /// Events that it took.
    pub events: usize,
    /// Those of them that are done.
    pub events_done: usize,
    /// Those of them that are parked.
    pub events_parked: usize,
    /// Whether another run was at it, so that this one did nothing.
    pub elsewhere: bool,
}

impl Report {
    /// Whether there was nothing to do.
    #[must_use]
    pub fn idle(&self) -> bool {
        self.effects == 0 && self.events == 0
    }

    fn line(&self, run: &str, id: &str, problem: Option<&Problem>, ms: u64) -> String {
        let error = problem.map(|problem| {
            let internal = problem.internal.as_deref().unwrap_or(&problem.message);
            format!("{}: {internal}", problem.code)
        });
        json!({
            "run": run, "request_id": id, "effects": self.effects, "effects_done": self.effects_done,
            "events": self.events, "events_done": self.events_done, "events_parked": self.events_parked,
            "elsewhere": self.elsewhere, "error": error, "ms": ms,
        })
        .to_string()
    }
}

/// A run by the clock.
///
/// # Errors
/// If the Worker is not configured, or the database does not answer. It is in the log by then.
pub async fn run<R: Runtime>(setup: &Setup, runtime: &R) -> Result<Report, Problem> {
    noted(setup, runtime, "schedule").await
}

/// A run after an answer.
///
/// # Errors
/// As of [`run`].
pub async fn after<R: Runtime>(setup: &Setup, runtime: &R, job: Job) -> Result<Report, Problem> {
    match job {
        Job::Inbox => noted(setup, runtime, "inbox").await,
    }
}

async fn noted<R: Runtime>(
    setup: &Setup,
    runtime: &R,
    name: &'static str,
) -> Result<Report, Problem> {
    let began = runtime.now_ms();
    let id = request_id(None);
    let mut report = Report::default();
    let done = match setup.edge() {
        Ok(edge) => {
            let backstage = Backstage {
                edge,
                runtime,
                caller: &Caller::nobody(&edge.config),
                request_id: &id,
                time: if name == "schedule" {
                    BATCH_TIME
                } else {
                    BATCH_TIME_AFTER
                },
            };
            if name == "schedule" {
                scheduled(&backstage, &mut report).await
            } else {
                in_turn(&backstage, &mut report).await
            }
        }
        Err(problem) => Err(problem),
    };
    let took = runtime.now_ms().saturating_sub(began);
    // A minute in which nothing was to be done is not worth a line.
    if done.is_err() || !report.idle() {
        runtime.log(&report.line(name, &id, done.as_ref().err(), took));
    }
    done.map(|()| report)
}

async fn scheduled<R: Runtime>(
    backstage: &Backstage<'_, R>,
    report: &mut Report,
) -> Result<(), Problem> {
    let own = own(backstage)?;
    let holder = backstage.request_id;
    let Some(lease) = Lease::take(&own, "schedule", holder, HELD_SECONDS).await? else {
        report.elsewhere = true;
        return Ok(());
    };
    let done = all(backstage, report).await;
    lease.give_back().await;
    done?;
    // Not given back: it lasts until it is time again.
    let tidy = Lease::take(&own, "tidy", holder, TIDY_SECONDS).await?;
    if tidy.is_some() {
        own.call("purge", &Value::Object(Default::default()))
            .await?;
        backstage.tidy().await?;
    }
    Ok(())
}

async fn in_turn<R: Runtime>(
    backstage: &Backstage<'_, R>,
    report: &mut Report,
) -> Result<(), Problem> {
    let Backstage { edge, runtime, .. } = *backstage;
    let now = runtime.now_ms();
    let over = now.saturating_add(milliseconds(TIME_AFTER + BATCH_TIME_AFTER));
    if !edge.turn.begin(now, over) {
        report.elsewhere = true;
        return Ok(());
    }
    let ends = Budget::starting(now, TIME_AFTER);
    loop {
        let done = events(backstage, &ends, report).await;
        if done.is_err() || ends.left(runtime.now_ms()).is_zero() {
            edge.turn.end();
            return done;
        }
        if !edge.turn.goes_on() {
            return Ok(());
        }
    }
}

async fn all<R: Runtime>(backstage: &Backstage<'_, R>, report: &mut Report) -> Result<(), Problem> {
    let time = || Budget::starting(backstage.runtime.now_ms(), TIME);
    let done = effects(backstage, &time(), report).await;
    // One does not wait for the other.
    let done = events(backstage, &time(), report).await.and(done);
    backstage.routine().await.and(done)
}

/// Finishes effects that are due.
async fn effects<R: Runtime>(
    backstage: &Backstage<'_, R>,
    ends: &Budget,
    report: &mut Report,
) -> Result<(), Problem> {
    let runtime = backstage.runtime;
    let outbox = Outbox::new(own(backstage)?, runtime);
    let apps = backstage.apps();
    while !ends.left(runtime.now_ms()).is_zero() {
        let taken = outbox.claim(&apps, EFFECTS_AT_ONCE).await?;
        if taken.is_empty() {
            break;
        }
        for entry in &taken {
            // What was taken is not given back: it is held for longer than all of them take.
            let outcome = backstage.effect(&outbox, entry).await;
            report.effects += 1;
            report.effects_done += usize::from(outcome == Outcome::Done);
        }
    }
    Ok(())
}

/// Works through events that are due.
async fn events<R: Runtime>(
    backstage: &Backstage<'_, R>,
    ends: &Budget,
    report: &mut Report,
) -> Result<(), Problem> {
    let runtime = backstage.runtime;
    let inbox = Inbox::new(own(backstage)?, runtime);
    let apps = backstage.apps();
    while !ends.left(runtime.now_ms()).is_zero() {
        let batches = inbox.claim(&apps, AT_ONCE).await?;
        if batches.is_empty() {
            break;
        }
        for batch in batches {
            let over = ends.left(runtime.now_ms()).is_zero();
            let told = work(backstage, batch, over).await;
            let count = |of: fn(&Fate) -> bool| told.iter().filter(|(_, fate)| of(fate)).count();
            report.events += told.len();
            report.events_done += count(|fate| *fate == Fate::Done);
            report.events_parked += count(|fate| matches!(fate, Fate::Dead(_)));
            inbox.finish(&told).await?;
        }
    }
    Ok(())
}

/// Works through events of one source; not if there is no more time.
async fn work<R: Runtime>(
    backstage: &Backstage<'_, R>,
    batch: Vec<Event>,
    over: bool,
) -> Vec<(Event, Fate)> {
    if over {
        return batch.into_iter().map(|event| (event, Fate::Wait)).collect();
    }
    let (worn, fresh): (Vec<_>, Vec<_>) = batch.into_iter().partition(Event::worn_out);
    let mut fates = backstage.events(&fresh).await.into_iter();
    let lost = || Fate::Failed("CS500: nobody said what became of it".to_owned(), None);
    let dead = || Fate::Dead("worn_out: every run that had it died".to_owned());
    let told = fresh.into_iter().map(|event| {
        let fate = fates.next().unwrap_or_else(lost);
        (event, fate)
    });
    let told: Vec<_> = told.collect();
    let worn = worn.into_iter().map(|event| (event, dead()));
    told.into_iter().chain(worn).collect()
}

fn own<'a, R: Runtime>(backstage: &Backstage<'a, R>) -> Result<Database<'a, R>, Problem> {
    let Backstage {
        edge,
        runtime,
        request_id,
        ..
    } = *backstage;
    Database::of_service(edge, runtime, OWN_SCHEMA, request_id)
}
