//! Requests through the Worker, against a Worker with Hono and jose in the same workerd that only
//! verifies the token and forwards, against one that only forwards, and against the upstream alone.
//!
//! The upstream answers at once and always the same, so what is measured is what stands before it.

mod load;
pub(crate) mod tokens;
mod upstream;
mod workers;

use std::time::Duration;

use tokio::runtime::Builder;

use self::load::{Load, Outcome};
use self::tokens::Issuer;
use self::upstream::Upstream;
use self::workers::Workers;
use crate::Given;
use crate::error::BenchError;
use crate::section::Section;
use crate::timing::median;

/// What is asked for: a page of a list.
const PATH: &str = "/rest/v1/projects?select=id,name,status,priority,due_on&order=due_on&limit=50";
/// Each is loaded so often, in turn; the medians are reported. A machine's speed changes from one second to
/// the next, so many short rounds tell more than few long ones.
const ROUNDS: usize = 11;
/// How many rounds only warm up: V8 compiles what it has seen often.
const WARM: usize = 2;
const CONNECTIONS: usize = 32;
/// Four times as many as the Worker remembers, used in turn: it has never seen the next one.
const FRESH_TOKENS: usize = 4_096;

pub(crate) fn measure(given: &Given) -> Result<Vec<Section>, BenchError> {
    let workerd = given.workerd.as_deref().ok_or(BenchError::Missing(
        "a workerd",
        "--workerd or COUNTERSIGN_WORKERD",
    ))?;
    let peer = given
        .peer
        .as_deref()
        .ok_or(BenchError::Missing("a peer", "--peer or COUNTERSIGN_PEER"))?;
    Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?
        .block_on(async {
            let issuer = Issuer::new()?;
            let upstream = Upstream::start(issuer.jwks()).await?;
            let workers = Workers::start(
                workerd,
                &given.root.join("functions/build"),
                peer,
                &upstream,
            )
            .await?;
            compare(&issuer, &upstream, &workers, given.seconds).await
        })
}

/// Where they stand among the places.
const UNVERIFIED: usize = 2;
const PEER: usize = 3;
const OURS: usize = 4;

async fn compare(
    issuer: &Issuer,
    upstream: &Upstream,
    workers: &Workers,
    seconds: u64,
) -> Result<Vec<Section>, BenchError> {
    let known = vec![issuer.token(&upstream.url(), 0)?];
    let fresh = issuer.tokens(&upstream.url(), 1, FRESH_TOKENS)?;
    let places = [
        ("the upstream alone", upstream.url()),
        ("a Worker that only forwards", workers.plain.clone()),
        ("Hono: forward", workers.unverified.clone()),
        ("Hono + jose: verify, forward", workers.peer.clone()),
        ("Countersign: verify, decide, forward", workers.ours.clone()),
    ];
    // With tokens seen before, and with new ones.
    let mut outcomes: [Vec<Vec<Outcome>>; 2] = [Vec::new(), Vec::new()];
    for outcomes in &mut outcomes {
        outcomes.resize_with(places.len(), Vec::new);
    }
    for round in 0..WARM + ROUNDS {
        for (which, (_, url)) in places.iter().enumerate() {
            for (tokens, outcomes) in [&known, &fresh].into_iter().zip(&mut outcomes) {
                let load = Load {
                    url: format!("{url}{PATH}"),
                    tokens: tokens.clone(),
                    connections: CONNECTIONS,
                    lasting: Duration::from_secs(seconds),
                };
                let before = workers.cpu_seconds();
                let mut outcome = load.run().await?;
                outcome.spent(workers.cpu_seconds() - before);
                if round >= WARM {
                    outcomes[which].push(outcome);
                }
            }
        }
    }
    let mut section = Section::new(
        "Requests through the Worker",
        &[
            "who answers",
            "token",
            "requests/s",
            "median",
            "p99",
            "against Hono + jose",
            "CPU of workerd, a request",
        ],
    );
    let middle = |outcomes: &[Outcome], what: fn(&Outcome) -> f64| {
        median(outcomes.iter().map(what).collect())
    };
    // Of what ran within a minute of each other, and then the median: that is steadier than the other way about.
    let between = |some: &[Outcome], others: &[Outcome], how: fn(&Outcome, &Outcome) -> f64| {
        median(some.iter().zip(others).map(|(a, b)| how(a, b)).collect())
    };
    for (token, outcomes) in ["seen before", "new with each request"]
        .into_iter()
        .zip(&outcomes)
    {
        for ((name, _), of) in places.iter().zip(outcomes) {
            section.row([
                (*name).to_owned(),
                token.to_owned(),
                format!("{:.0}", middle(of, |o| o.per_second)),
                format!("{:.2} ms", middle(of, |o| o.median)),
                format!("{:.2} ms", middle(of, |o| o.p99)),
                format!(
                    "{:.2}x",
                    between(of, &outcomes[PEER], |a, b| a.per_second / b.per_second)
                ),
                format!("{:.0} us", middle(of, |o| o.cpu) * 1e6),
            ]);
        }
    }
    section.note(format!(
        "{CONNECTIONS} connections, medians of {ROUNDS} rounds of {seconds} s each, in turn, and of each round's ratios; ES256 tokens; \
         a page of 50 rows, {} bytes; every answer was 200 and complete.",
        upstream.page_size()
    ));
    section.note(
        "workerd runs a Worker on one thread; the load and the upstream share the rest of the machine. Its CPU time \
         holds all of what it does for a request: HTTP both ways, the Worker, and garbage.",
    );
    section.note("Target: at least as many requests as Hono + jose, then twice as many.");
    let [seen, new] = &outcomes;
    let more = |a: &Outcome, b: &Outcome| (a.cpu - b.cpu) * 1e6;
    let jose = between(&new[PEER], &new[UNVERIFIED], more);
    let ours = between(&new[OURS], &seen[OURS], more);
    Ok(vec![section, first_seen(jose, ours)])
}

/// What a token costs that was not seen before, in microseconds of workerd's CPU time.
fn first_seen(jose: f64, ours: f64) -> Section {
    let mut section = Section::new(
        "An ES256 token not seen before, in workerd",
        &["who", "CPU, a token", "against jose"],
    );
    for (who, cost) in [("jose", jose), ("Countersign", ours)] {
        section.row([
            who.to_owned(),
            format!("{cost:.0} us"),
            format!("{:.2}x", cost / jose),
        ]);
    }
    section.note(
        "Differences within the run above: Hono with jose and without; Countersign with new tokens and with one that it \
         has seen, so what seeing again costs is not in it. Target: at most what jose takes.",
    );
    section
}
