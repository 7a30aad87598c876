//! Ten thousand webhooks through the Worker's own code, natively: what the test says that sends them.

use std::process::Command;

use serde::Deserialize;

use crate::Given;
use crate::error::BenchError;
use crate::section::Section;

/// The line of JSON that the test prints once everything held.
#[derive(Debug, Deserialize)]
struct Told {
    #[serde(rename = "good events")]
    good: u64,
    #[serde(rename = "events delivered")]
    delivered: u64,
    deliveries: u64,
    #[serde(rename = "deliveries refused")]
    refused: u64,
    #[serde(rename = "deliveries sent again")]
    again: u64,
    #[serde(rename = "database requests")]
    requests: u64,
    #[serde(rename = "database requests that failed")]
    failed: u64,
    #[serde(rename = "seconds until the last was answered")]
    answered: f64,
    #[serde(rename = "seconds until all were done")]
    done: f64,
    #[serde(rename = "milliseconds until an answer")]
    well: Waits,
    #[serde(rename = "milliseconds until an answer, while the database failed")]
    failing: Waits,
}

/// How long deliveries waited for their answers, in milliseconds.
#[derive(Debug, Deserialize)]
struct Waits {
    answers: u64,
    median: f64,
    p99: f64,
    longest: f64,
}

pub(crate) fn measure(given: &Given) -> Result<Vec<Section>, BenchError> {
    let missing = BenchError::Missing("a load of webhooks", "--load or COUNTERSIGN_LOAD");
    let program = given.load.as_ref().ok_or(missing)?;
    let name = program.display().to_string();
    let broken = |why: String| BenchError::Program(name.clone(), why);
    let output = Command::new(program)
        .args(["later::load", "--nocapture"])
        .output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.lines().find(|line| line.starts_with('{'));
    let line = line.filter(|_| output.status.success()).ok_or_else(|| {
        let errors = String::from_utf8_lossy(&output.stderr);
        broken(format!("{}: {text}{errors}", output.status))
    })?;
    let told: Told = serde_json::from_str(line)?;
    let mut section = Section::new("Ten thousand webhooks", &["what", "count", "time", "rate"]);
    let mut row = |what: &str, count: u64, seconds: Option<f64>| {
        let time = seconds.map_or(String::new(), |seconds| format!("{seconds:.1} s"));
        let rate = seconds.map_or(String::new(), |seconds| {
            format!("{:.0} a second", count as f64 / seconds)
        });
        section.row([what.to_owned(), count.to_string(), time, rate]);
    };
    row(
        "events delivered, repeats with them",
        told.delivered,
        Some(told.answered),
    );
    row(
        "different events, each worked through once",
        told.good,
        Some(told.done),
    );
    row(
        "deliveries whose signatures hold",
        told.deliveries - told.refused,
        None,
    );
    row(
        "deliveries refused for their signatures",
        told.refused,
        None,
    );
    row(
        "deliveries sent again, since the database failed",
        told.again,
        None,
    );
    row("requests to the database", told.requests, None);
    row("those of them that failed", told.failed, None);
    section.note(
        "Events of 120 deals, mirrored for two people of one portal; ten deliveries at once; the Worker's code \
         built natively, the local stack's REST on PGlite, HubSpot simulated: the ratios say something, the rates \
         say little of PostgREST.",
    );
    section.note(
        "A third of the failures reaches no database, a third is answered 503, a third is done and its answer lost.",
    );
    Ok(vec![section, answers(&told)])
}

fn answers(told: &Told) -> Section {
    let columns = ["deliveries", "answers", "median", "p99", "longest"];
    let mut section = Section::new("Answers to webhooks", &columns);
    for (what, waits) in [
        ("while the database was well", &told.well),
        ("while it failed", &told.failing),
    ] {
        let time = |ms: f64| format!("{ms:.1} ms");
        let [median, p99, longest] = [waits.median, waits.p99, waits.longest].map(time);
        let answers = waits.answers.to_string();
        section.row([what.to_owned(), answers, median, p99, longest]);
    }
    section.note(
        "Target: each within a second. That is also when the Worker waits for the database no longer, unless \
         WEBHOOK_TIMEOUT_SECONDS says otherwise; here it was given more, so that nothing is cut off.",
    );
    section.note(
        "Ten deliveries share one thread with the working through of those before them, as in one isolate.",
    );
    section
}
