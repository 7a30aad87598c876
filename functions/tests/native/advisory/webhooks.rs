//! The bridge's webhooks.

use reqwest::Method;
use reqwest::Url;
use serde_json::{Value, json};

use crate::world::World;

/// Sends a delivery to where the bridge was told to.
async fn deliver(world: &World, delivery: &Value, path: Option<&str>) -> (u16, Value) {
    let url = Url::parse(delivery["url"].as_str().unwrap()).unwrap();
    let header = |name: &str| delivery["headers"][name].as_str().unwrap().to_owned();
    let (id, time) = (header("webhook-id"), header("webhook-timestamp"));
    let signature = header("webhook-signature");
    let headers = [
        ("content-type", "application/json"),
        ("webhook-id", &*id),
        ("webhook-timestamp", &*time),
        ("webhook-signature", &*signature),
    ];
    let body: Value = serde_json::from_str(delivery["body"].as_str().unwrap()).unwrap();
    world
        .ask(
            Method::POST,
            path.unwrap_or(url.path()),
            &headers,
            Some(&body),
        )
        .await
}

async fn told(world: &World, id: &str, kind: &str, client: &str) -> Value {
    let event = json!({ "id": format!("{id}-{}", world.run), "type": kind, "ids": [client] });
    world.control("/bridge/webhook", event).await
}

pub(super) async fn what_the_bridge_tells_is_read_anew(world: &World) {
    world.read("grace", "clients/crm-503?fresh=true").await;
    let renamed = json!({ "id": "crm-503", "name": "Marco Castellan-Reis" });
    world
        .control(
            "/bridge/alter",
            json!({ "list": "clients", "set": renamed }),
        )
        .await;
    let name = async || world.read("grace", "clients/crm-503").await.1["client"]["name"].clone();
    assert_eq!(name().await, "Marco Castellan");
    let delivery = told(world, "one", "clients.changed", "crm-503").await;
    let (status, answer) = deliver(world, &delivery, None).await;
    assert_eq!(
        (status, &answer),
        (200, &json!({ "stored": 1, "repeated": 0 })),
        "{answer}"
    );
    let (_, again) = deliver(world, &delivery, None).await;
    assert_eq!(again, json!({ "stored": 0, "repeated": 1 }));
    world.schedule().await;
    assert_eq!(name().await, "Marco Castellan-Reis");
    // What is held is read again where there is a copy, and only there.
    world.forget_log().await;
    for (id, client) in [("two", "crm-503"), ("three", "crm-504")] {
        let delivery = told(world, id, "holdings.changed", client).await;
        assert_eq!(deliver(world, &delivery, None).await.0, 200);
    }
    let odd = told(world, "four", "weather.changed", "crm-503").await;
    assert_eq!(deliver(world, &odd, None).await.0, 200);
    world.schedule().await;
    assert_eq!(
        (
            world.asked("/clients/crm-503").await,
            world.asked("/clients/crm-504").await
        ),
        (1, 0)
    );
    let address = format!(
        "webhook_inbox?select=status,last_error&source=eq.bridge&event_id=like.*-{}&order=received_at.asc",
        world.run
    );
    let inbox = world
        .as_worker(Method::GET, &address, "countersign_edge", Value::Null)
        .await;
    let fates: Vec<&str> = inbox
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["status"].as_str().unwrap())
        .collect();
    assert_eq!(fates, ["done", "done", "done", "dead"], "{inbox}");
}

pub(super) async fn and_nobody_else_is_believed(world: &World) {
    let delivery = told(world, "five", "clients.changed", "crm-501").await;
    let changed = |name: &str, text: &str| {
        let mut changed = delivery.clone();
        changed["headers"][name] = json!(text);
        changed
    };
    for forged in [
        changed("webhook-id", "other"),
        changed("webhook-timestamp", "1"),
        changed("webhook-signature", "v1,AAAA"),
    ] {
        let (status, answer) = deliver(world, &forged, None).await;
        assert_eq!(
            (status, answer["code"].as_str()),
            (401, Some("webhook_not_verified"))
        );
    }
    // Another connection's address: its secret is another.
    let other = world
        .control("/bridge/webhook", json!({ "firm": "falk" }))
        .await;
    let path = Url::parse(other["url"].as_str().unwrap())
        .unwrap()
        .path()
        .to_owned();
    let (status, _) = deliver(world, &delivery, Some(&path)).await;
    assert_eq!(status, 401);
}
