//! Answers of the model: in the form asked for, logged, remembered.

use reqwest::Method;
use serde_json::{Value, json};

use super::{ORG_A, ORG_B, number};
use crate::world::World;

fn order(world: &World, purpose: &str, prompt: &str) -> Value {
    json!({ "purpose": world.purpose(purpose), "prompt": format!("{prompt} {}", world.run) })
}

pub(super) async fn completions(world: &World) {
    let schema = json!({
        "type": "object", "additionalProperties": false, "required": ["risk", "steps"],
        "properties": {
            "risk": { "type": "string", "enum": ["low", "high"] },
            "steps": { "type": "array", "minItems": 3, "maxItems": 3, "items": { "type": "string" } },
        },
    });
    let mut asked = order(world, "plan", "Plan the launch.");
    let of = asked.as_object_mut().unwrap();
    of.insert("schema".to_owned(), schema);
    of.insert("system".to_owned(), json!("Be brief."));
    of.insert(
        "project_id".to_owned(),
        json!("a0000000-0000-4000-8000-000000050001"),
    );
    let (status, first) = world.agency("member.a", "complete", asked.clone()).await;
    assert_eq!(status, 200, "{first}");
    assert_eq!(first["answer"]["risk"], "low");
    assert_eq!(first["answer"]["steps"].as_array().unwrap().len(), 3);
    assert_eq!(
        (&first["cached"], &first["repaired"]),
        (&json!(false), &json!(false))
    );
    let runs = world.runs(&world.purpose("plan")).await;
    let run = &runs[0];
    assert_eq!(
        (runs.len(), &run["id"], &run["status"]),
        (1, &first["run_id"], &json!("succeeded"))
    );
    for name in ["prompt_tokens", "completion_tokens", "cost_cents"] {
        assert_eq!(number(&run[name]), number(&first[name]), "{name}");
    }
    // At 40 cents for a million tokens of prompt, and 160 for one of completion.
    let tokens = |name: &str| first[name].as_u64().unwrap();
    let millionths = tokens("prompt_tokens") * 40 + tokens("completion_tokens") * 160;
    let cost = first["cost_cents"].as_f64().unwrap();
    assert!((cost * 1e6 - millionths as f64).abs() < 1e-3, "{first}");
    assert!(millionths > 0);

    // The same again is not asked again, whoever asks.
    for name in ["admin.a", "member.a"] {
        let (status, again) = world.agency(name, "complete", asked.clone()).await;
        assert_eq!((status, &again["cached"]), (200, &json!(true)), "{again}");
        assert_eq!(again["answer"], first["answer"]);
        assert_eq!(again["cost_cents"], 0);
    }
    let runs = world.runs(&world.purpose("plan")).await;
    let cached: Vec<&Value> = runs
        .iter()
        .filter(|run| run["status"] == "cached")
        .collect();
    assert_eq!((runs.len(), cached.len()), (3, 2));
    assert!(cached.iter().all(|run| number(&run["cost_cents"]) == 0.0));
    // Unless that is asked for; and another organization never hears it.
    let mut fresh = asked.clone();
    fresh["fresh"] = json!(true);
    assert_eq!(
        world.agency("member.a", "complete", fresh).await.1["cached"],
        false
    );
    asked.as_object_mut().unwrap().remove("project_id");
    assert_eq!(
        world.agency("member.b", "complete", asked).await.1["cached"],
        false
    );
}

pub(super) async fn people(world: &World) {
    let asked = order(world, "who", "Who may?");
    for (name, path, expected) in [
        ("viewer.a", "complete", 403),
        ("nobody", "complete", 403),
        ("removed.a", "complete", 403),
        ("invited.a", "complete", 403),
        ("member.a", &format!("complete?org_id={ORG_B}"), 403),
        ("member.a", "complete?org_id=x", 403),
        // An admin of one organization and a viewer of the other.
        ("both", "complete", 200),
        ("both", &format!("complete?org_id={ORG_A}"), 200),
        ("both", &format!("complete?org_id={ORG_B}"), 403),
    ] {
        let (status, body) = world.agency(name, path, asked.clone()).await;
        assert_eq!(status, expected, "{name} {path} {body}");
    }
    let (status, body) = world
        .agency(
            "both",
            "search",
            json!({ "query": "x", "within": "documents" }),
        )
        .await;
    assert_eq!(status, 400, "{body}");
    assert_eq!(body["hint"], "name one: `?org_id=<its id>`");

    // Whoever loses it is refused with the next request, whatever was known a moment before.
    let id = world.id_of("member.a@example.test");
    let member = format!("team_members?org_id=eq.{ORG_A}&user_id=eq.{id}");
    for (lost, given_back) in [
        (json!({ "role": "viewer" }), json!({ "role": "member" })),
        (
            json!({ "status": "removed" }),
            json!({ "status": "active" }),
        ),
    ] {
        let known = "/rest/v1/projects?select=id&limit=1";
        let known = world.as_agent("member.a", Method::GET, known, None).await;
        assert_eq!(known.0, 200, "{}", known.1);
        let change = async |to: Value| {
            let changed = world.table(Method::PATCH, &member, "agency", to).await;
            assert_eq!(changed.as_array().map(Vec::len), Some(1), "{changed}");
        };
        change(lost.clone()).await;
        let (status, body) = world.agency("member.a", "complete", asked.clone()).await;
        change(given_back).await;
        assert_eq!((status, &body["code"]), (403, &json!("42501")), "{lost}");
    }
    let (status, body) = world.agency("member.a", "complete", asked.clone()).await;
    assert_eq!(status, 200, "{body}");

    let with = |name: &str, value: Value| {
        let mut asked = asked.clone();
        asked[name] = value;
        asked
    };
    for (bad, status) in [
        (with("purpose", json!("Not a name")), 400),
        (with("prompt", json!(" ")), 400),
        (with("prompt", json!("x".repeat(100_001))), 400),
        (with("schema", json!({ "type": "string" })), 400),
        (with("model", json!("another")), 400),
        (with("project_id", json!("x")), 404),
        // Another organization's.
        (
            with("project_id", json!("b0000000-0000-4000-8000-000000050001")),
            404,
        ),
    ] {
        let (was, body) = world.agency("member.a", "complete", bad).await;
        assert_eq!(was, status, "{body}");
    }
}

pub(super) async fn bad_answers(world: &World) {
    let script = async |contents: Value| {
        world
            .control("/llm/script", json!({ "contents": contents }))
            .await;
    };
    script(json!(["nonsense"])).await;
    let asked = order(world, "mended", "Mend it.");
    let (status, body) = world.agency("member.a", "complete", asked).await;
    assert_eq!((status, &body["repaired"]), (200, &json!(true)), "{body}");

    script(json!(["nonsense", "{\"text\": 5}"])).await;
    let asked = order(world, "broken", "Break it.");
    let (status, body) = world.agency("member.a", "complete", asked.clone()).await;
    assert_eq!(
        (status, &body["code"]),
        (502, &json!("provider_malformed")),
        "{body}"
    );
    // It cost something, and it is not remembered.
    let runs = world.runs(&world.purpose("broken")).await;
    assert_eq!(
        (&runs[0]["status"], &runs[0]["error_code"]),
        (&json!("failed"), &json!("LLM_INVALID_OUTPUT"))
    );
    assert!(number(&runs[0]["cost_cents"]) > 0.0);
    let (_, body) = world.agency("member.a", "complete", asked).await;
    assert_eq!(body["cached"], false);

    let down = json!({ "provider": "llm", "times": 3, "effect": { "answer": { "status": 503 } } });
    world.control("/faults", down).await;
    let asked = order(world, "down", "Are you there?");
    let (status, body) = world.agency("member.a", "complete", asked).await;
    assert_eq!((status, &body["code"]), (503, &json!("provider_down")));
    let runs = world.runs(&world.purpose("down")).await;
    assert_eq!(
        (&runs[0]["error_code"], number(&runs[0]["cost_cents"])),
        (&json!("LLM_DOWN"), 0.0)
    );
}
