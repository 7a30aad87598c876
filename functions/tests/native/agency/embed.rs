//! Vectors of texts that nobody asks for: the schedule makes them, within each organization's budget, one
//! run at a time, and is not held up by a text that the model does not take.

use reqwest::Method;
use serde_json::{Value, json};

use super::{ORG_A, ORG_B};
use crate::world::World;

/// As often as a text is tried that the model does not take.
const TRIES: u64 = 5;
/// What the model does not take here.
const POISON: &str = "unspeakable";

impl World {
    async fn agency_rows(&self, method: Method, address: &str, body: Value) -> Vec<Value> {
        let rows = self.table(method, address, "agency", body).await;
        rows.as_array().unwrap().clone()
    }

    /// A document without a vector. Its id.
    async fn document(&self, org: &str, content: &str) -> String {
        let row =
            json!({ "org_id": org, "title": format!("native {}", self.run), "content": content });
        let made = self.agency_rows(Method::POST, "documents", row).await;
        made[0]["id"].as_str().unwrap().to_owned()
    }

    /// Which of the rows have vectors.
    async fn embedded(&self, table: &str, ids: &[&str]) -> Vec<bool> {
        let address = format!(
            "{table}?id=in.({})&select=id,embedding_model",
            ids.join(",")
        );
        let rows = self.agency_rows(Method::GET, &address, Value::Null).await;
        let of = |id: &&str| {
            let row = rows.iter().find(|row| row["id"] == *id).unwrap();
            row["embedding_model"].is_string()
        };
        ids.iter().map(of).collect()
    }

    /// The runs of embedding that nobody asked for, of an organization: how each ended, the oldest first.
    async fn unasked(&self, org: &str) -> Vec<String> {
        let address = format!(
            "ai_run_logs?org_id=eq.{org}&purpose=eq.embed&user_id=is.null&order=created_at&select=status,error_code"
        );
        let rows = self.agency_rows(Method::GET, &address, Value::Null).await;
        let of = |row: &Value| row["error_code"].as_str().unwrap_or("succeeded").to_owned();
        rows.iter().map(of).collect()
    }

    /// Runs of the schedule, each as if all waiting were over, until this holds.
    async fn until_scheduled(&self, what: &str, holds: impl AsyncFn() -> bool) {
        for _ in 0..30 {
            self.let_go().await;
            self.schedule().await;
            if holds().await {
                return;
            }
        }
        panic!("it did not come to this: {what}");
    }
}

pub(super) async fn what_nobody_asked_for(world: &World) {
    let word = format!("zebra{}", world.run);
    let a = world
        .document(ORG_A, &format!("All about the {word}."))
        .await;
    let b = world.document(ORG_B, "Something else.").await;
    let empty = world.document(ORG_A, "").await;
    let old = world.document(ORG_A, "Archived.").await;
    let archived = json!({ "record_status": "archived" });
    world
        .agency_rows(Method::PATCH, &format!("documents?id=eq.{old}"), archived)
        .await;
    let address =
        format!("crm_interactions?org_id=eq.{ORG_A}&record_status=eq.active&limit=1&select=id");
    let found = world.agency_rows(Method::GET, &address, Value::Null).await;
    let call = found[0]["id"].as_str().unwrap().to_owned();
    let changed = json!({ "summary": format!("They asked for the {word}.") });
    let address = format!("crm_interactions?id=eq.{call}");
    let changed = world.agency_rows(Method::PATCH, &address, changed).await;
    assert_eq!(changed[0]["embedding"], Value::Null);

    world
        .until_scheduled("all have vectors", async || {
            world.embedded("documents", &[&a, &b, &empty]).await == [true; 3]
                && world.embedded("crm_interactions", &[&call]).await == [true]
        })
        .await;
    assert_eq!(world.embedded("documents", &[&old]).await, [false]);
    for (within, id) in [("documents", &a), ("interactions", &call)] {
        let order = json!({ "query": word, "within": within, "count": 1 });
        let (status, found) = world.agency("viewer.a", "search", order).await;
        assert_eq!(
            (status, &found["results"][0]["id"]),
            (200, &json!(id)),
            "{found}"
        );
    }
    for org in [ORG_A, ORG_B] {
        assert!(
            world.unasked(org).await.contains(&"succeeded".to_owned()),
            "{org}"
        );
    }
}

pub(super) async fn within_the_budget_and_one_at_a_time(world: &World) {
    world.until_quiet().await;
    world.budget_of_a(0).await;
    let dear = world.document(ORG_A, "Nobody pays for this.").await;
    let free = world.document(ORG_B, "Somebody pays for this.").await;
    let before = world.unasked(ORG_A).await.len();
    world
        .until_scheduled("the other organization is served", async || {
            world.embedded("documents", &[&free]).await == [true]
                && world.unasked(ORG_A).await.len() > before
        })
        .await;
    assert_eq!(world.embedded("documents", &[&dear]).await, [false]);
    let refused = world.unasked(ORG_A).await;
    assert_eq!(refused.last().map(String::as_str), Some("LLM_BUDGET"));
    // It is not asked about again each minute.
    for _ in 0..3 {
        world.schedule().await;
    }
    assert_eq!(world.unasked(ORG_A).await, refused);
    world.budget_of_a(5_000).await;

    // Somebody else is at it.
    world.let_go().await;
    let lease = json!({ "p_name": format!("agency/embed/{ORG_A}"), "p_holder": "somebody else", "p_seconds": 600 });
    world
        .as_worker(Method::POST, "rpc/take_lease", "countersign_edge", lease)
        .await;
    for _ in 0..3 {
        world.schedule().await;
    }
    assert_eq!(world.embedded("documents", &[&dear]).await, [false]);
    world
        .until_scheduled("there is money for it", async || {
            world.embedded("documents", &[&dear]).await == [true]
        })
        .await;
}

pub(super) async fn what_the_model_does_not_take(world: &World) {
    world
        .control("/llm/script", json!({ "contents": [], "refuses": POISON }))
        .await;
    let bad = world.document(ORG_A, &format!("This is {POISON}.")).await;
    let good = world.document(ORG_A, "This is not.").await;
    // The one spoils the other's request, by call as well.
    let order = json!({ "within": "documents" });
    let (status, answer) = world.agency("member.a", "embed", order.clone()).await;
    assert_eq!(
        (status, &answer["code"]),
        (422, &json!("provider_invalid")),
        "{answer}"
    );
    let (status, answer) = world.agency("member.a", "embed", order.clone()).await;
    assert_eq!((status, &answer["embedded"]), (200, &json!(0)), "{answer}");

    let refusal = format!("embedding_refusals?id=eq.{bad}");
    let tries = async || {
        let found = world.as_worker(Method::GET, &refusal, "countersign_edge", Value::Null);
        found.await[0]["attempts"].as_u64().unwrap()
    };
    world
        .until_scheduled("it is parked, and the other is not", async || {
            tries().await == TRIES && world.embedded("documents", &[&good]).await == [true]
        })
        .await;
    let parked = world
        .as_worker(Method::GET, &refusal, "countersign_edge", Value::Null)
        .await;
    assert_eq!(parked[0]["last_error"], "provider_invalid");
    let runs = world.unasked(ORG_A).await;
    for _ in 0..3 {
        world.let_go().await;
        world.schedule().await;
    }
    assert_eq!((tries().await, world.unasked(ORG_A).await), (TRIES, runs));
    // What comes later does not wait for it, whoever asks.
    let later = world.document(ORG_A, "A later one.").await;
    let (status, answer) = world.agency("member.a", "embed", order).await;
    assert_eq!((status, &answer["embedded"]), (200, &json!(1)), "{answer}");
    assert_eq!(
        world.embedded("documents", &[&later, &bad]).await,
        [true, false]
    );
    // Another text is another matter.
    let mended = json!({ "content": "Mended." });
    world
        .agency_rows(Method::PATCH, &format!("documents?id=eq.{bad}"), mended)
        .await;
    world
        .until_scheduled("it is embedded", async || {
            world.embedded("documents", &[&bad]).await == [true]
        })
        .await;
    world
        .control("/llm/script", json!({ "contents": [] }))
        .await;
    let made = format!("documents?title=eq.native%20{}", world.run);
    world.agency_rows(Method::DELETE, &made, Value::Null).await;
}
