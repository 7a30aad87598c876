//! Each failure of a provider is told apart, and nothing is repeated that must not be.

use std::time::Duration;

use countersign_functions::providers::failure::Kind;
use countersign_functions::providers::hubspot::objects::{ObjectKind, Properties};
use countersign_functions::providers::settings::Version;
use serde_json::{Value, json};

use super::world::{World, run, settings};

const KIND: ObjectKind = ObjectKind::Contacts;

/// A fault, how a read ends, and how often it was asked for it.
fn faults() -> Vec<(Value, Option<Kind>, usize)> {
    let limited = json!({ "status": "error", "errorType": "RATE_LIMIT", "policyName": "DAILY" });
    let secondly =
        json!({ "status": "error", "errorType": "RATE_LIMIT", "policyName": "SECONDLY" });
    let answer = |status: u16| json!({ "answer": { "status": status } });
    vec![
        (answer(503), None, 2),
        (answer(502), None, 2),
        (answer(423), None, 2),
        (
            json!({ "answer": { "status": 503, "retry_after": "2" } }),
            None,
            2,
        ),
        (
            json!({ "answer": { "status": 503, "retry_after": "3600" } }),
            Some(Kind::Down),
            1,
        ),
        (
            json!({ "answer": { "status": 429, "retry_after": "1" } }),
            None,
            2,
        ),
        (
            json!({ "answer": { "status": 429, "body": secondly } }),
            None,
            2,
        ),
        (
            json!({ "answer": { "status": 429, "body": limited } }),
            Some(Kind::Limited(None)),
            1,
        ),
        (answer(403), Some(Kind::Forbidden(Vec::new())), 1),
        (answer(404), Some(Kind::NotFound), 1),
        (answer(400), Some(Kind::Invalid(Vec::new())), 1),
        (answer(302), Some(Kind::Malformed), 1),
        (json!("truncated"), None, 2),
        (json!("malformed"), None, 2),
        (json!("dropped"), None, 2),
        (json!({ "huge": 3_000_000 }), None, 2),
        (json!({ "latency": 11_000 }), None, 2),
        (json!({ "latency": 9_000 }), None, 1),
    ]
}

#[test]
fn a_read_is_repeated_where_that_may_help() {
    let settings = settings(Version::V3).hubspot.unwrap();
    for (effect, kind, times) in faults() {
        let world = World::new();
        let hubspot = world.hubspot(&settings);
        world.control(
            "/faults",
            json!({ "provider": "hubspot", "path": "/objects/contacts/101", "effect": effect }),
        );
        let read = run(hubspot.get(KIND, "101", &["email"]));
        assert_eq!(
            read.map(drop).map_err(|failure| failure.kind).err(),
            kind,
            "{effect}"
        );
        assert_eq!(
            world.asked("GET", "/objects/contacts/101"),
            times,
            "{effect}"
        );
    }
}

#[test]
fn a_failure_that_lasts_ends_within_the_budget() {
    let settings = settings(Version::V3).hubspot.unwrap();
    for (effect, expected) in [
        (json!({ "answer": { "status": 503 } }), Kind::Down),
        (
            json!({ "answer": { "status": 429, "retry_after": "4" } }),
            Kind::Limited(Some(Duration::from_secs(4))),
        ),
        (json!({ "latency": 60_000 }), Kind::Down),
        (json!("malformed"), Kind::Malformed),
        (json!("dropped"), Kind::Down),
    ] {
        let world = World::new();
        let hubspot = world.hubspot(&settings);
        let began = world.now_ms.get();
        world.control(
            "/faults",
            json!({ "provider": "hubspot", "times": 99, "effect": effect }),
        );
        let failed = run(hubspot.get(KIND, "101", &["email"])).unwrap_err();
        assert_eq!(failed.kind, expected);
        assert!(world.now_ms.get() - began <= 30_000, "{effect}");
        assert!(world.asked("GET", "/objects/contacts/101") <= 3);
    }
}

fn new(email: &str) -> Properties {
    [("email".to_owned(), Some(email.to_owned()))].into()
}

fn there(world: &World, kind: ObjectKind) -> usize {
    let settings = settings(Version::V3).hubspot.unwrap();
    let hubspot = world.hubspot(&settings);
    run(hubspot.list(kind, &["email"], 100, None))
        .unwrap()
        .results
        .len()
}

/// What a create comes to if its request is cut off before its effect and after it.
#[test]
fn a_create_is_never_doubled() {
    let settings = settings(Version::V3).hubspot.unwrap();
    let lost = [
        json!({ "answer": { "status": 502 } }),
        json!("truncated"),
        json!("malformed"),
        json!("dropped"),
    ];
    for effect in lost {
        for when in ["before", "after"] {
            let world = World::new();
            let hubspot = world.hubspot(&settings);
            let fault = json!({ "provider": "hubspot", "method": "POST", "path": "/objects/", "when": when, "effect": effect });
            world.control("/faults", fault.clone());
            let made = run(hubspot.create(KIND, &new("once@example.test"), &[]));
            assert_eq!(
                world.asked("POST", "/objects/contacts"),
                1,
                "{effect} {when}"
            );
            match (when, made) {
                // Looked up by its e-mail.
                ("after", Ok(record)) => assert_eq!(
                    record.properties.get("email"),
                    Some(&Some("once@example.test".to_owned()))
                ),
                ("before", Err(failure)) => assert_eq!(failure.kind, Kind::Uncertain),
                (when, made) => panic!("{effect} {when}: {made:?}"),
            }
            let expected = if when == "after" { 5 } else { 4 };
            assert_eq!(there(&world, KIND), expected);

            // A note has nothing it could be looked up by.
            world.control("/faults", fault);
            let note: Properties = [(
                "hs_timestamp".to_owned(),
                Some("2027-01-15T08:00:00Z".to_owned()),
            )]
            .into();
            let failed = run(hubspot.create(ObjectKind::Notes, &note, &[])).unwrap_err();
            assert_eq!(failed.kind, Kind::Uncertain);
            assert_eq!(world.asked("POST", "/objects/notes"), 1);
        }
    }
}

/// What the largest request that is sent holds, in bytes.
const LARGEST: usize = 1024 * 1024;

#[test]
fn what_is_too_long_is_not_sent_at_all() {
    let settings = settings(Version::V3).hubspot.unwrap();
    let world = World::new();
    let hubspot = world.hubspot(&settings);
    let create = |length: usize| {
        let note: Properties = [
            (
                "hs_timestamp".to_owned(),
                Some("2027-01-15T08:00:00Z".to_owned()),
            ),
            ("hs_note_body".to_owned(), Some("x".repeat(length))),
        ]
        .into();
        run(hubspot.create(ObjectKind::Notes, &note, &[]))
    };
    let sent = || {
        let simulators = world.simulators.borrow();
        let log = simulators.control.log.iter();
        let notes = log.filter(|entry| entry.request.path.contains("/objects/notes"));
        notes
            .map(|entry| entry.request.body.len())
            .collect::<Vec<_>>()
    };
    create(1).unwrap();
    let around = sent()[0] - 1;
    create(LARGEST - around).unwrap();
    assert_eq!(sent(), [around + 1, LARGEST]);
    let (lines, pauses) = (world.lines.borrow().len(), world.pauses.borrow().len());
    let failed = create(LARGEST - around + 1).unwrap_err();
    assert_eq!(failed.kind, Kind::Invalid(Vec::new()));
    assert_eq!(
        failed.message.as_deref(),
        Some("it is longer than 1048576 bytes")
    );
    assert_eq!(sent(), [around + 1, LARGEST], "nothing was sent");
    // Nor was it tried, nor waited for.
    assert_eq!(world.lines.borrow().len(), lines);
    assert_eq!(world.pauses.borrow().len(), pauses);
}

#[test]
fn a_create_that_was_refused_for_the_limit_is_repeated() {
    let settings = settings(Version::V3).hubspot.unwrap();
    let world = World::new();
    let hubspot = world.hubspot(&settings);
    let effect = json!({ "answer": { "status": 429, "retry_after": "1" } });
    world.control(
        "/faults",
        json!({ "provider": "hubspot", "method": "POST", "path": "/objects/", "effect": effect }),
    );
    run(hubspot.create(KIND, &new("once@example.test"), &[])).unwrap();
    assert_eq!(*world.pauses.borrow(), [1_000]);
    assert_eq!(there(&world, KIND), 5);
}

#[test]
fn hubspots_own_limits_are_kept() {
    let settings = settings(Version::V3).hubspot.unwrap();
    let world = World::new();
    world.control("/hubspot/limits", json!({ "burst": 2 }));
    let hubspot = world.hubspot(&settings);
    for _ in 0..3 {
        run(hubspot.get(KIND, "101", &["email"])).unwrap();
    }
    assert_eq!(
        *world.pauses.borrow(),
        [10_000],
        "the third waits for the next window"
    );
    world.as_described();
}

#[test]
fn the_log_has_the_correlation_id_and_no_token() {
    let settings = settings(Version::V3).hubspot.unwrap();
    let world = World::new();
    let hubspot = world.hubspot(&settings);
    run(hubspot.get(KIND, "999", &[])).unwrap_err();
    let lines = world.lines.borrow();
    let last: Value = serde_json::from_str(lines.last().unwrap()).unwrap();
    assert_eq!(
        (&last["provider"], &last["status"], &last["try"]),
        (&json!("hubspot"), &json!(404), &json!(1))
    );
    assert!(
        last["correlation_id"]
            .as_str()
            .is_some_and(|id| id.starts_with("c0ffee00-"))
    );
    for line in lines.iter() {
        assert!(
            !line.contains("access-") && !line.contains("Bearer"),
            "{line}"
        );
    }
}
