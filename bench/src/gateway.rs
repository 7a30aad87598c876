//! Requests through the Worker, against a Worker with Hono and jose in the same workerd that only
//! verifies the token and forwards, and against the upstream alone.
//!
//! The upstream answers at once and always the same, so what is measured is what stands before it.

mod load;
mod tokens;
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
/// Each is loaded so often, in turn; the medians are reported.
const ROUNDS: usize = 3;
const CONNECTIONS: usize = 32;
/// More than are used in one round, so that each is met once.
const FRESH_TOKENS: usize = 30_000;

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

async fn compare(
    issuer: &Issuer,
    upstream: &Upstream,
    workers: &Workers,
    seconds: u64,
) -> Result<Vec<Section>, BenchError> {
    let known = issuer.token(&upstream.url(), 0)?;
    let places = [
        ("the upstream alone", upstream.url()),
        ("Hono + jose: verify, forward", workers.peer.clone()),
        ("Countersign: verify, decide, forward", workers.ours.clone()),
    ];
    let lasting = Duration::from_secs(seconds);
    let run = async |url: &str, tokens: Vec<String>| {
        Load {
            url: format!("{url}{PATH}"),
            tokens,
            connections: CONNECTIONS,
            lasting,
        }
        .run()
        .await
    };

    let mut seen: Vec<Vec<Outcome>> = places.iter().map(|_| Vec::new()).collect();
    let mut fresh: Vec<Vec<Outcome>> = places.iter().map(|_| Vec::new()).collect();
    for round in 0..=ROUNDS {
        for (which, (_, url)) in places.iter().enumerate() {
            let outcome = run(url, vec![known.clone()]).await?;
            let first = u32::try_from(round * FRESH_TOKENS + 1).unwrap_or(1);
            let tokens = issuer.tokens(&upstream.url(), first, FRESH_TOKENS)?;
            let outcome_fresh = run(url, tokens).await?;
            // The first round only warms up.
            if round > 0 {
                seen[which].push(outcome);
                fresh[which].push(outcome_fresh);
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
        ],
    );
    let middle = |outcomes: &[Outcome], what: fn(&Outcome) -> f64| {
        median(outcomes.iter().map(what).collect())
    };
    let rate = |outcomes: &[Outcome]| middle(outcomes, |o| o.per_second);
    for (token, outcomes) in [("seen before", &seen), ("new with each request", &fresh)] {
        for ((name, _), outcomes_of) in places.iter().zip(outcomes) {
            section.row([
                (*name).to_owned(),
                token.to_owned(),
                format!("{:.0}", rate(outcomes_of)),
                format!("{:.2} ms", middle(outcomes_of, |o| o.median)),
                format!("{:.2} ms", middle(outcomes_of, |o| o.p99)),
                format!("{:.2}x", rate(outcomes_of) / rate(&outcomes[1])),
            ]);
        }
    }
    section.note(format!(
        "{CONNECTIONS} connections, medians of {ROUNDS} rounds of {seconds} s each, in turn; ES256 tokens; \
         a page of 50 rows, {} bytes; every answer was 200 and complete.",
        upstream.page_size()
    ));
    section.note("workerd runs a Worker on one thread; the load and the upstream share the rest of the machine.");
    section.note("Target: at least as many requests as Hono + jose, then twice as many.");

    let cost = |which: usize| 1e6 / rate(&fresh[which]) - 1e6 / rate(&seen[which]);
    let mut tokens = Section::new(
        "What a new ES256 token costs, in the Worker",
        &["who verifies", "a request with a new token takes longer by"],
    );
    tokens.row([
        "Hono + jose".to_owned(),
        "verifies every time: see above".to_owned(),
    ]);
    tokens.row(["Countersign".to_owned(), format!("{:.0} us", cost(2))]);
    Ok(vec![section, tokens])
}
