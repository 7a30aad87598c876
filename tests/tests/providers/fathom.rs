//! Fathom's client does what it says, tells failures apart, and the simulated Fathom is as described.

use std::time::Duration;

use countersign_functions::providers::failure::{Failure, Kind, Provider};
use countersign_functions::providers::fathom::meetings::{Wanted, text};
use countersign_functions::providers::fathom::{Fathom, oauth};
use countersign_functions::providers::settings::{FathomSettings, Version};
use countersign_functions::secret::Secret;
use countersign_functions::webhooks::standard;
use countersign_simulators::fathom::API_KEY;
use countersign_simulators::message::Request;
use reqwest::header::{HeaderMap, HeaderName};
use serde_json::{Value, json};

use super::world::{Given, World, run, settings};

fn fathom() -> FathomSettings {
    settings(Version::V3).fathom.unwrap()
}

#[test]
fn meetings_come_in_pages_as_they_are_wanted() {
    let (world, settings) = (World::new(), fathom());
    let fathom = world.fathom(&settings);
    let all = async |wanted: Wanted<'_>| {
        let (mut pages, mut found) = (fathom.pages(wanted), Vec::new());
        while let Some(page) = pages.next().await {
            found.push(
                page.unwrap()
                    .iter()
                    .map(|meeting| meeting.recording_id)
                    .collect::<Vec<_>>(),
            );
        }
        found
    };
    run(async {
        let mine = all(Wanted::default()).await;
        assert_eq!(
            mine,
            [vec![700_101, 700_102], vec![700_104]],
            "Bob's own is not Alice's to see"
        );
        let later = Wanted {
            created_after: Some("2027-01-12T17:01:30Z"),
            ..Wanted::default()
        };
        assert_eq!(all(later).await, [vec![700_102, 700_104]]);
        let between = Wanted {
            created_after: Some("2027-01-12T17:01:30Z"),
            created_before: Some("2027-01-14T00:00:00Z"),
            recorded_by: &["alice@acme.example", "carol@acme.example"],
        };
        assert_eq!(all(between).await, [vec![700_102]]);
        let nobodys = Wanted {
            recorded_by: &["nobody@acme.example"],
            ..Wanted::default()
        };
        assert_eq!(all(nobodys).await, [vec![0_u64; 0]]);
        let page = fathom.meetings(&Wanted::default(), None).await.unwrap();
        let first = page.items.first().unwrap();
        assert_eq!(first.seconds(), Some(59 * 60 + 43));
        assert_eq!(first.calendar_invitees.len(), 2);
        assert_eq!(first.transcript, None);
        let wrong = fathom.meetings(&Wanted::default(), Some("?")).await;
        let Kind::Invalid(fields) = wrong.unwrap_err().kind else {
            panic!("no such cursor");
        };
        assert_eq!(fields.first().unwrap().message, "Invalid cursor");
    });
    world.as_described();
}

#[test]
fn transcripts_and_summaries_come_one_by_one() {
    let (world, settings) = (World::new(), fathom());
    let fathom = world.fathom(&settings);
    run(async {
        let said = fathom.transcript(700_101).await.unwrap();
        assert_eq!(said.len(), 2);
        let text = text(&said);
        assert!(
            text.lines()
                .all(|line| line.starts_with('[') && line.contains("] ")),
            "{text}"
        );
        let summary = fathom.summary(700_101).await.unwrap();
        assert!(
            summary
                .markdown_formatted
                .unwrap()
                .starts_with("## Summary")
        );
        let foreign = fathom.transcript(700_103).await.unwrap_err();
        assert_eq!(foreign.kind, Kind::NotFound);
    });
    world.as_described();
}

/// Fathom counts calls with transcripts and summaries apart, and says when its window ends.
#[test]
fn the_limit_is_waited_for_if_there_is_time() {
    let (world, settings) = (World::new(), fathom());
    let fathom = world.fathom(&settings);
    for _ in 0..30 {
        run(fathom.summary(700_101)).unwrap();
    }
    let late = run(fathom.summary(700_101)).unwrap_err();
    assert_eq!(late.kind, Kind::Limited(Some(Duration::from_secs(60))));
    assert_eq!(world.pauses.borrow().len(), 0, "a minute is too long");
    world.now_ms.set(world.now_ms.get() + 50_000);
    let fathom = world.fathom(&settings);
    run(fathom.summary(700_101)).unwrap();
    assert_eq!(*world.pauses.borrow(), [10_000]);
    world.as_described();
}

/// A fault, how a read ends, and how often it was asked for.
#[test]
fn every_failure_is_told_apart() {
    let answer = |status: u16| json!({ "answer": { "status": status } });
    let settings = fathom();
    for (effect, times, kind, asked) in [
        (answer(503), 1, None, 2),
        (json!("truncated"), 1, None, 2),
        (json!("malformed"), 1, None, 2),
        (json!("dropped"), 1, None, 2),
        (answer(503), 9, Some(Kind::Down), 3),
        (json!("dropped"), 9, Some(Kind::Down), 3),
        (json!("malformed"), 9, Some(Kind::Malformed), 3),
        (json!({ "huge": 6_000_000 }), 9, Some(Kind::Malformed), 3),
        (json!({ "huge": 4_000_000 }), 1, None, 1),
        (json!({ "latency": 60_000 }), 9, Some(Kind::Down), 2),
        (
            json!({ "answer": { "status": 429, "retry_after": "600" } }),
            1,
            Some(Kind::Limited(Some(Duration::from_secs(600)))),
            1,
        ),
        (answer(401), 1, Some(Kind::Expired), 1),
        (answer(403), 1, Some(Kind::Forbidden(Vec::new())), 1),
        (answer(404), 1, Some(Kind::NotFound), 1),
        (answer(422), 1, Some(Kind::Invalid(Vec::new())), 1),
        (answer(302), 1, Some(Kind::Malformed), 1),
    ] {
        let world = World::new();
        let fathom = world.fathom(&settings);
        world.control(
            "/faults",
            json!({ "provider": "fathom", "path": "/transcript", "times": times, "when": "after", "effect": effect }),
        );
        let read = run(fathom.transcript(700_101));
        assert_eq!(read.err().map(|failure| failure.kind), kind, "{effect}");
        assert_eq!(world.asked("GET", "/transcript"), asked, "{effect}");
    }
}

#[test]
fn a_refresh_token_works_once_and_is_not_sent_twice() {
    let (world, settings) = (World::new(), fathom());
    let line = world.line(Provider::Fathom, 30);
    let first = world.fathom_grant(&settings);
    assert_eq!(
        (first.lifetime.as_secs(), first.scopes.as_slice()),
        (3_600, &["public_api".to_owned()][..])
    );
    let second = run(oauth::refresh(&line, &settings, &first.refresh)).unwrap();
    assert_ne!(second.refresh, first.refresh);
    let used = run(oauth::refresh(&line, &settings, &first.refresh)).unwrap_err();
    assert_eq!(used.kind, Kind::Expired);
    // Lost on the way back: it may have been used up, and sending it again would not tell.
    let fault =
        json!({ "provider": "fathom", "path": "/token", "when": "after", "effect": "dropped" });
    world.control("/faults", fault);
    let before = world.asked("POST", "/token");
    let lost = run(oauth::refresh(&line, &settings, &second.refresh)).unwrap_err();
    assert_eq!(lost.kind, Kind::Uncertain);
    assert_eq!(world.asked("POST", "/token"), before + 1);
    let gone = run(oauth::refresh(&line, &settings, &second.refresh)).unwrap_err();
    assert_eq!(gone.kind, Kind::Expired);

    let wrong = FathomSettings {
        client_secret: Secret::new("another"),
        ..settings.clone()
    };
    let refused = run(oauth::refresh(&line, &wrong, &first.refresh)).unwrap_err();
    assert!(matches!(refused.kind, Kind::Settings(_)));
    let lines = world.lines.borrow().join("\n");
    assert!(!lines.contains("fathom-refresh") && !lines.contains("fathom-access"));
}

#[test]
fn a_webhook_is_made_once_verifies_and_ends() {
    let (world, settings) = (World::new(), fathom());
    let fathom = world.fathom(&settings);
    let address = format!("{}/c1", settings.webhook_uri);
    let made = run(fathom.create_webhook(&address)).unwrap();
    let order = json!({ "id": made.id, "recording_id": 700_101 });
    let sent = world.control("/fathom/webhook", order);
    let headers: HeaderMap = sent["headers"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, value)| {
            (
                name.parse::<HeaderName>().unwrap(),
                value.as_str().unwrap().parse().unwrap(),
            )
        })
        .collect();
    let body = sent["body"].as_str().unwrap().as_bytes();
    let verify = |secret: &Secret| standard::verify(&headers, body, secret, world.now_ms.get());
    assert_eq!(verify(&made.secret), Ok("msg_700101"));
    assert!(verify(&Secret::new("whsec_AAAA")).is_err());
    run(fathom.delete_webhook(&made.id)).unwrap();
    run(fathom.delete_webhook(&made.id)).unwrap();

    let fault =
        json!({ "provider": "fathom", "path": "/webhooks", "when": "after", "effect": "dropped" });
    world.control("/faults", fault);
    let before = world.asked("POST", "/webhooks");
    let lost = run(fathom.create_webhook(&address)).unwrap_err();
    assert_eq!(lost.kind, Kind::Uncertain);
    assert_eq!(world.asked("POST", "/webhooks"), before + 1);
    world.as_described();
}

/// Without the client: what only keys may, and nobody without a token.
#[test]
fn the_simulator_keeps_what_apps_may_not_have() {
    let (world, settings) = (World::new(), fathom());
    let fathom: Fathom<'_, _, Given> = world.fathom(&settings);
    let ask = |headers: &[(&str, &str)], query: &str| {
        let headers = headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let request = Request {
            method: "GET".to_owned(),
            path: "/fathom/external/v1/meetings".to_owned(),
            query: query.to_owned(),
            headers: headers.collect(),
            ..Request::default()
        };
        let now = world.now_ms.get();
        world.simulators.borrow_mut().answer(&request, now)
    };
    let bearer = format!("Bearer {}", fathom.tokens.0.expose());
    let whole = "include_transcript=true";
    assert_eq!(ask(&[("authorization", &bearer)], whole).status, 400);
    assert_eq!(ask(&[], "").status, 401);
    let by_key = ask(&[("x-api-key", API_KEY)], whole);
    let by_key: Value = serde_json::from_str(&by_key.body).unwrap();
    assert!(by_key["items"][0]["transcript"].is_array());
    world.control("/fathom/revoke", json!({ "email": "alice@acme.example" }));
    let ended: Failure = run(fathom.transcript(700_101)).unwrap_err();
    assert_eq!(ended.kind, Kind::Expired);
    world.as_described();
}
