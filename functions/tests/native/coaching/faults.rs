//! Every failure of HubSpot, of Fathom, of the language model and of the database, on every route that
//! reaches them: the right answer, and nothing changed that the answer does not tell of.

use reqwest::Method;
use serde_json::{Value, json};

use super::{A, email};
use crate::away::Away;
use crate::world::World;

/// A route, and whom it reaches.
struct Route {
    provider: &'static str,
    path: &'static str,
    body: Value,
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    NotConnected,
    Expired,
    Forbidden,
    Limited,
    Down,
    Dropped,
    Malformed,
    Truncated,
    Database,
}

const FAULTS: [Fault; 9] = [
    Fault::NotConnected,
    Fault::Expired,
    Fault::Forbidden,
    Fault::Limited,
    Fault::Down,
    Fault::Dropped,
    Fault::Malformed,
    Fault::Truncated,
    Fault::Database,
];

impl Fault {
    /// How the simulator fails, if it is the simulator that does.
    fn effect(self) -> Option<Value> {
        let answer = |status: u16| json!({ "answer": { "status": status } });
        Some(match self {
            Self::NotConnected | Self::Expired | Self::Database => return None,
            Self::Forbidden => answer(403),
            Self::Limited => json!({ "answer": { "status": 429, "retry_after": "3600" } }),
            Self::Down => answer(503),
            Self::Dropped => json!("dropped"),
            Self::Malformed => json!("malformed"),
            Self::Truncated => json!("truncated"),
        })
    }

    /// The answer; `None` where this cannot go wrong.
    fn expected(self, of: &Route) -> Option<(u16, &'static str)> {
        let connected = of.provider != "llm";
        Some(match self {
            // What a person has written is kept, whatever becomes of its vector.
            Self::Forbidden
            | Self::Limited
            | Self::Down
            | Self::Dropped
            | Self::Malformed
            | Self::Truncated
                if of.path == "outcomes" =>
            {
                (201, "")
            }
            Self::NotConnected if connected => (409, "not_connected"),
            Self::Expired if connected => (409, "connection_expired"),
            Self::NotConnected | Self::Expired => return None,
            // The key is the Worker's own.
            Self::Forbidden if !connected => (500, "CS500"),
            Self::Forbidden => (403, "provider_forbidden"),
            Self::Limited => (429, "provider_limited"),
            Self::Down | Self::Dropped | Self::Truncated => (503, "provider_down"),
            Self::Malformed => (502, "provider_malformed"),
            Self::Database => (503, "CS503"),
        })
    }
}

async fn routes(world: &World) -> Vec<Route> {
    let conversation = world.recording().await;
    let analysed = json!({ "conversation_id": conversation });
    let (status, analysis) = world
        .coach("quinn", Method::POST, "analyse", Some(&analysed))
        .await;
    assert_eq!(status, 200, "{analysis}");
    let route = |provider, path, body| Route {
        provider,
        path,
        body,
    };
    let fresh = json!({ "conversation_id": conversation, "fresh": true });
    let outcome =
        json!({ "situation": "native: fault", "outcome": "lost", "team_id": super::EAST });
    vec![
        route("hubspot", "sync/hubspot", json!({})),
        route("fathom", "sync/fathom", json!({})),
        route("llm", "analyse", fresh),
        route("llm", "draft", json!({ "analysis_id": analysis["id"] })),
        route("llm", "outcomes", outcome),
        route("llm", "similar", json!({ "situation": "price" })),
    ]
}

/// Everything that a route could change, but for runs that failed and say so.
async fn everything(world: &World) -> Value {
    let rows = async |table: &str, rest: &str| {
        let address = format!("{table}?account_id=eq.{A}&select=id&order=id{rest}");
        world.calls(&address).await
    };
    json!({
        "activities": rows("Synced_Activities", "").await,
        "conversations": rows("Conversations", "").await,
        "analyses": rows("Conversation_Analyses", "&status=neq.failed").await,
        "messages": rows("Coaching_Messages", "").await,
        "outcomes": rows("Coaching_Outcomes", "").await,
        "logs": rows("Sync_Logs", "&status=neq.failed").await,
    })
}

async fn begin(world: &World, fault: Fault, route: &Route) {
    let all = format!("API_Connections?account_id=eq.{A}");
    match (fault, fault.effect()) {
        (_, Some(effect)) => {
            let fault = json!({ "provider": route.provider, "times": 99, "effect": effect });
            world.control("/faults", fault).await;
        }
        (Fault::NotConnected, _) => {
            world
                .table(Method::DELETE, &all, "coaching", Value::Null)
                .await;
        }
        (Fault::Expired, _) => {
            let portal = json!({ "portal": "24680135" });
            world.control("/hubspot/revoke", portal).await;
            let rosa = json!({ "email": email("rosa") });
            world.control("/fathom/revoke", rosa).await;
            let ended = json!({ "token_expires_at": "2026-01-01T00:00:00Z" });
            world.table(Method::PATCH, &all, "coaching", ended).await;
        }
        _ => {}
    }
}

pub(super) async fn every_failure_has_its_answer_on_every_route(world: &World) {
    world.let_go().await;
    let routes = routes(world).await;
    let mut before = everything(world).await;
    let mut tried = 0;
    for fault in FAULTS {
        for route in &routes {
            let Some((expected, code)) = fault.expected(route) else {
                continue;
            };
            let at = format!("{fault:?}, {}", route.path);
            begin(world, fault, route).await;
            let away = Away::new(world, (fault != Fault::Database).then_some(0));
            let path = format!("/functions/v1/coaching-{}", route.path);
            let whose = if route.provider == "llm" {
                "quinn"
            } else {
                "pablo"
            };
            let token = world.person(&email(whose));
            let asked = (Method::POST, path.as_str(), token, &route.body);
            let (status, answer) = world.ask_in(&away, || false, asked).await.unwrap();
            assert_eq!(status, expected, "{at}: {answer}");
            tried += 1;
            world
                .simulator(Method::DELETE, "/control/faults", &Value::Null)
                .await;
            if matches!(fault, Fault::NotConnected | Fault::Expired) {
                world.coached_by("hubspot").await;
                world.coached_by("fathom").await;
            }
            if code.is_empty() {
                assert_eq!(answer["embedded"], false, "{at}: {answer}");
                world.until_quiet().await;
                let id = answer["outcome"]["id"].as_str().unwrap();
                let found = format!("Coaching_Outcomes?id=eq.{id}");
                let row = world.calls(&found).await.remove(0);
                assert!(row["embedding_model"].is_string(), "{at}: {row}");
                before = everything(world).await;
                continue;
            }
            assert_eq!(answer["code"], code, "{at}: {answer}");
            assert!(answer["request_id"].is_string(), "{at}");
            assert_eq!(everything(world).await, before, "{at}");
        }
    }
    println!("{tried} failures on {} routes", routes.len());
    assert_eq!(tried, 46);
}
