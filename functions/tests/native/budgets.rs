//! What the language model may cost a tenant: where nothing is left of it, each app says so, and from
//! when on there is again. The agency's organizations set theirs themselves, and have a test of their own.

use reqwest::Method;
use serde_json::{Value, json};

use crate::world::World;

const DOV: &str = "dov@assistant.example.test";
const QUINN: &str = "quinn@coaching.example.test";
/// A conversation of the seed, of Quinn's team.
const CALL: &str = "a0000000-0000-4000-8000-000000070001";

#[tokio::test]
async fn what_is_spent_is_refused_with_the_date_on_which_it_renews() {
    let Some(world) = World::with(&[("LLM_MONTHLY_BUDGET_CENTS", "0")]) else {
        return;
    };
    let connect = "/functions/v1/assistant-hubspot-connect";
    world.connect_by(connect, "hubspot", DOV, json!({})).await;
    let runs = format!("ai_processing_logs?user_id=eq.{}", world.id_of(DOV));
    let analyses = format!("Conversation_Analyses?conversation_id=eq.{CALL}&status=eq.failed");
    let failed = [("assistant", runs.as_str()), ("coaching", &analyses)];
    for (schema, rows) in failed {
        world.table(Method::DELETE, rows, schema, Value::Null).await;
    }
    world
        .simulator(Method::DELETE, "/control/log", &Value::Null)
        .await;
    let call = json!({ "activity_type": "calls", "activity_id": "512001", "tones": ["brief"] });
    let analyse = json!({ "conversation_id": CALL, "fresh": true });
    let similar = json!({ "situation": "a price", "count": 1 });
    for (who, path, body) in [
        (DOV, "assistant-process", &call),
        (QUINN, "coaching-analyse", &analyse),
        (QUINN, "coaching-similar", &similar),
    ] {
        let bearer = format!("Bearer {}", world.person(who));
        let headers = [("authorization", bearer.as_str())];
        let path = format!("/functions/v1/{path}");
        let (status, answer) = world.ask(Method::POST, &path, &headers, Some(body)).await;
        assert_eq!(
            (status, &answer["code"]),
            (429, &json!("llm_budget")),
            "{path}: {answer}"
        );
        let message = answer["message"].as_str().unwrap();
        let date = message.rsplit(' ').next().unwrap();
        assert!(
            date.len() == 10 && date.ends_with("-01"),
            "{path}: {message}"
        );
    }
    let log = world
        .simulator(Method::GET, "/control/log", &Value::Null)
        .await;
    let mut asked = log["requests"].as_array().unwrap().iter();
    assert!(asked.all(|of| of["provider"] != "llm"), "nobody asked it");
    for (schema, rows) in failed {
        let found = world.table(Method::GET, rows, schema, Value::Null).await;
        let found = found.as_array().unwrap().iter();
        let codes: Vec<&Value> = found.map(|run| &run["error_code"]).collect();
        assert_eq!(codes, ["LLM_BUDGET"], "{schema}: the run is logged");
        world.table(Method::DELETE, rows, schema, Value::Null).await;
    }
    let all = "hubspot_connections?id=not.is.null";
    world
        .as_worker(Method::DELETE, all, "assistant", Value::Null)
        .await;
}
