//! Every failure of HubSpot and of the database, against every kind of route: the right answer,
//! nothing lost, nothing doubled.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::apply::{Run, processed};
use super::seller::WEBHOOK;
use crate::away::Away;
use crate::world::World;

const DOV: &str = "dov@assistant.example.test";

/// The routes that reach HubSpot, one of each kind.
fn routes(run: &Run) -> Vec<(&'static str, Method, String, Value)> {
    let path = |path: &str| format!("/functions/v1/assistant-{path}");
    let change = json!({ "properties": { "firstname": "Ada" } });
    let new = json!({ "properties": { "email": "never@faults.example", "firstname": "N" } });
    let call = json!({ "activity_type": "calls", "activity_id": "512001", "tones": ["brief"] });
    vec![
        ("list", Method::GET, path("contacts?limit=2"), Value::Null),
        ("get", Method::GET, path("contacts/101"), Value::Null),
        (
            "search",
            Method::POST,
            path("contacts/search"),
            json!({ "query": "Petra" }),
        ),
        ("create", Method::POST, path("contacts"), new),
        ("update", Method::PATCH, path("contacts/101"), change),
        ("archive", Method::DELETE, path("contacts/104"), Value::Null),
        (
            "associations",
            Method::GET,
            path("contacts/101/associations/companies"),
            Value::Null,
        ),
        (
            "associate",
            Method::PUT,
            path("contacts/103/associations/companies/201"),
            Value::Null,
        ),
        ("process", Method::POST, path("process"), call),
        (
            "apply a draft",
            Method::POST,
            path("apply-draft"),
            json!({ "draft_id": run.draft }),
        ),
        (
            "apply a date",
            Method::POST,
            path("apply-date"),
            json!({ "date_id": run.date }),
        ),
    ]
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    NotConnected,
    Expired,
    Forbidden,
    NotFound,
    Invalid,
    Limited,
    Down,
    Malformed,
    Database,
}

const FAULTS: [Fault; 9] = [
    Fault::NotConnected,
    Fault::Expired,
    Fault::Forbidden,
    Fault::NotFound,
    Fault::Invalid,
    Fault::Limited,
    Fault::Down,
    Fault::Malformed,
    Fault::Database,
];

impl Fault {
    /// How the simulator fails, if it is the simulator that does.
    fn effect(self) -> Option<Value> {
        let answer =
            |status: u16, body: Value| json!({ "answer": { "status": status, "body": body } });
        Some(match self {
            Self::NotConnected | Self::Expired | Self::Database => return None,
            Self::Forbidden => answer(
                403,
                json!({ "category": "MISSING_SCOPES", "message": "no" }),
            ),
            Self::NotFound => answer(
                404,
                json!({ "category": "OBJECT_NOT_FOUND", "message": "no" }),
            ),
            Self::Invalid => answer(
                400,
                json!({ "category": "VALIDATION_ERROR", "message": "no" }),
            ),
            Self::Limited => json!({ "answer": { "status": 429, "retry_after": "3600" } }),
            Self::Down => answer(503, json!({})),
            Self::Malformed => json!("malformed"),
        })
    }

    fn expected(self, route: &str) -> (u16, &'static str) {
        match (self, route) {
            // Nobody knows what became of it, and it cannot be looked up either.
            (Self::Down | Self::Malformed, "create") => (502, "provider_uncertain"),
            (Self::NotConnected, _) => (409, "not_connected"),
            (Self::Expired, _) => (409, "connection_expired"),
            (Self::Forbidden, _) => (403, "provider_forbidden"),
            (Self::NotFound, _) => (404, "provider_not_found"),
            (Self::Invalid, _) => (422, "provider_invalid"),
            (Self::Limited, _) => (429, "provider_limited"),
            (Self::Down, _) => (503, "provider_down"),
            (Self::Malformed, _) => (502, "provider_malformed"),
            (Self::Database, _) => (503, "CS503"),
        }
    }
}

impl World {
    async fn faulty(&self, fault: Value) {
        self.control("/faults", fault).await;
    }

    async fn mend(&self) {
        self.simulator(Method::DELETE, "/control/faults", &Value::Null)
            .await;
    }

    /// Everything that a route could change: HubSpot's contacts and the note, runs that produced
    /// something, effects.
    async fn everything(&self, run: &Run) -> Value {
        let contacts = self
            .assistant(DOV, Method::GET, "contacts?limit=100", &Value::Null)
            .await;
        let linked = "contacts/103/associations/companies";
        let linked = self.assistant(DOV, Method::GET, linked, &Value::Null).await;
        let rows = async |address: String, schema| {
            self.as_worker(Method::GET, &address, schema, Value::Null)
                .await
        };
        let user = self.id_of(DOV);
        let runs =
            format!("ai_processing_logs?user_id=eq.{user}&status=neq.failed&select=id&order=id");
        let effects = format!("outbox?user_id=eq.{user}&select=effect_key,status&order=effect_key");
        json!({
            "contacts": contacts["results"], "linked": linked["results"],
            "note": run.state(self).await.text, "runs": rows(runs, "assistant").await,
            "effects": rows(effects, "countersign_edge").await,
        })
    }

    async fn connected(&self) {
        self.disconnect_all().await;
        self.connect(DOV, json!({})).await;
    }
}

#[tokio::test]
async fn every_failure_has_its_answer_on_every_route() {
    let Some(world) = World::new() else { return };
    world
        .control(
            "/hubspot/limits",
            json!({ "burst": 1_000_000, "search": 1_000 }),
        )
        .await;
    world.forget().await;
    world.connected().await;
    let run = processed(&world).await;
    let before = world.everything(&run).await;
    for fault in FAULTS {
        for (name, method, path, body) in routes(&run) {
            let at = format!("{fault:?}, {name}");
            match (fault, fault.effect()) {
                (_, Some(effect)) => {
                    let of = if path.contains("associations") {
                        "associations"
                    } else {
                        "/objects/"
                    };
                    let fault =
                        json!({ "provider": "hubspot", "path": of, "times": 99, "effect": effect });
                    world.faulty(fault).await;
                }
                (Fault::NotConnected, _) => world.disconnect_all().await,
                (Fault::Expired, _) => {
                    world
                        .control("/hubspot/revoke", json!({ "portal": "24680135" }))
                        .await;
                    let ended = json!({ "token_expires_at": "2026-01-01T00:00:00Z" });
                    let all = "hubspot_connections?id=not.is.null";
                    world
                        .as_worker(Method::PATCH, all, "assistant", ended)
                        .await;
                }
                _ => {}
            }
            let database = if fault == Fault::Database {
                None
            } else {
                Some(0)
            };
            let away = Away::new(&world, database);
            let asked = (method, path.as_str(), world.person(DOV), &body);
            let (status, answer) = world.ask_in(&away, || false, asked).await.unwrap();
            let (expected, code) = fault.expected(name);
            assert_eq!(
                (status, &answer["code"]),
                (expected, &json!(code)),
                "{at}: {answer}"
            );
            assert!(answer["request_id"].is_string(), "{at}");
            world.mend().await;
            if matches!(fault, Fault::NotConnected | Fault::Expired) {
                world.connected().await;
            }
            assert_eq!(world.everything(&run).await, before, "{at}");
        }
    }
    println!("{} failures on {} routes", FAULTS.len(), routes(&run).len());
    world.disconnect_all().await;
    world.forget().await;
}

/// HubSpot fails when it is written to, after it was read: what may come about later is promised and
/// comes about once, what is refused is told and has not.
#[tokio::test]
async fn what_fails_when_it_is_written_is_promised_or_refused() {
    let Some(world) = World::new() else { return };
    world
        .control("/hubspot/limits", json!({ "burst": 1_000_000 }))
        .await;
    world.forget().await;
    world.connected().await;
    for fault in [
        Fault::Forbidden,
        Fault::NotFound,
        Fault::Invalid,
        Fault::Limited,
        Fault::Down,
        Fault::Malformed,
    ] {
        for when in ["before", "after"] {
            let at = format!("{fault:?}, {when}");
            let run = processed(&world).await;
            let initial = run.state(&world).await;
            let effect = fault.effect().unwrap();
            world.faulty(json!({ "provider": "hubspot", "method": "PATCH", "times": 3, "when": when, "effect": effect })).await;
            let body = json!({ "draft_id": run.draft });
            let headers = format!("Bearer {}", world.person(DOV));
            let headers = [("authorization", headers.as_str())];
            let path = "/functions/v1/assistant-apply-draft";
            let (status, answer) = world.ask(Method::POST, path, &headers, Some(&body)).await;
            world.mend().await;
            let later = matches!(fault, Fault::Limited | Fault::Down | Fault::Malformed);
            if later {
                let reason = fault.expected("").1;
                assert_eq!(
                    (status, &answer["reason"]),
                    (202, &json!(reason)),
                    "{at}: {answer}"
                );
            } else {
                let (expected, code) = fault.expected("");
                assert_eq!(
                    (status, &answer["code"]),
                    (expected, &json!(code)),
                    "{at}: {answer}"
                );
            }
            let text = |state: &super::apply::State| {
                state
                    .text
                    .as_str()
                    .unwrap_or_default()
                    .matches("Dear Petra")
                    .count()
            };
            world.until_quiet().await;
            let after = run.state(&world).await;
            let applied = after
                .drafts
                .iter()
                .filter(|(_, selected, applied)| *selected && *applied)
                .count();
            assert_eq!(applied, usize::from(later), "{at}");
            if later {
                assert_eq!(text(&after), 1, "{at}");
            } else if when == "before" {
                assert_eq!(after.text, initial.text, "{at}");
            }
            // Whoever asks again, even after a refusal that was none, gets it once.
            let (status, answer) = world.ask(Method::POST, path, &headers, Some(&body)).await;
            assert_eq!(
                (status, &answer["status"]),
                (200, &json!("applied")),
                "{at}: {answer}"
            );
            assert_eq!(text(&run.state(&world).await), 1, "{at}");
        }
    }
    world.disconnect_all().await;
    world.forget().await;
}

/// The database answers one request with an error, each in turn: before the effect is recorded the
/// answer says so and nothing is done; from then on it comes about, whatever else fails.
#[tokio::test]
async fn the_database_may_fail_at_any_request() {
    let Some(world) = World::new() else { return };
    world.forget().await;
    world.connected().await;
    let (mut refused, mut promised) = (0, 0);
    for number in 1.. {
        let run = processed(&world).await;
        let away = Away::new(&world, Some(number));
        let body = json!({ "draft_id": run.draft });
        let asked = (
            Method::POST,
            "/functions/v1/assistant-apply-draft",
            world.person(DOV),
            &body,
        );
        let (status, answer) = world.ask_in(&away, || false, asked).await.unwrap();
        if away.asked.get() < number {
            assert_eq!(status, 200, "{answer}");
            break;
        }
        let recorded = run.recorded(&world, "draft").await;
        world.until_quiet().await;
        let state = run.state(&world).await;
        assert_eq!(state.writes, usize::from(recorded), "{number}: {answer}");
        if recorded {
            promised += 1;
            assert!(
                matches!(status, 200 | 202 | 503),
                "{number}: {status} {answer}"
            );
            assert!(
                state
                    .drafts
                    .iter()
                    .any(|(_, selected, applied)| *selected && *applied)
            );
        } else {
            refused += 1;
            assert_eq!(
                (status, &answer["code"]),
                (503, &json!("CS503")),
                "{number}: {answer}"
            );
        }
    }
    println!("{refused} failures before it was recorded, {promised} after");
    assert!(refused >= 4 && promised >= 3, "{refused} {promised}");

    // A delivery that cannot be stored is answered so that it is sent again, and is stored then.
    let events = json!([{ "eventId": 1, "portalId": 24_680_135, "occurredAt": 1, "subscriptionType": "contact.creation", "objectId": 7 }]);
    let (signature, time) = world.signed_by_hubspot(&events.to_string());
    let headers = [
        ("x-hubspot-signature-v3", signature.as_str()),
        ("x-hubspot-request-timestamp", time.as_str()),
    ];
    let away = Away::new(&world, None);
    let delivery = || crate::world::request(Method::POST, WEBHOOK, &headers, Some(&events));
    let lost = countersign_functions::serve::serve(&world.setup, &away, delivery()).await;
    assert_eq!(lost.status, StatusCode::SERVICE_UNAVAILABLE);
    let (status, answer) = world
        .ask(Method::POST, WEBHOOK, &headers, Some(&events))
        .await;
    assert_eq!((status, &answer["stored"]), (200, &json!(1)));
    world.disconnect_all().await;
    world.forget().await;
}
