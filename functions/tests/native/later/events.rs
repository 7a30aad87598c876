//! HubSpot's events of deals, and the opportunities that mirror them.

use reqwest::Method;
use serde_json::{Value, json};

use super::seller::WEBHOOK;
use crate::world::World;

const ADA: &str = "ada@assistant.example.test";
const DOV: &str = "dov@assistant.example.test";
const CLEO: &str = "cleo@assistant.example.test";
const TWO: [&str; 2] = [
    "330044001 Tidal Freight pilot 3600000 EUR open",
    "330044002 Novak renewal 1250000 EUR open",
];

/// Delivers events to which HubSpot put what is left out here, and runs the schedule.
async fn told(world: &World, events: Value) {
    deliver(world, events).await;
    world.until_quiet().await;
}

async fn deliver(world: &World, events: Value) {
    let uri = format!("{}{WEBHOOK}", crate::world::PUBLIC_URL);
    let made = world
        .control("/hubspot/webhook", json!({ "uri": uri, "events": events }))
        .await;
    let body: Value = serde_json::from_str(made["body"].as_str().unwrap()).unwrap();
    // As it was signed: the same members in the same order.
    assert_eq!(body.to_string(), made["body"].as_str().unwrap());
    let header = |name: &str| made["headers"][name].as_str().unwrap().to_owned();
    let headers = [
        ("x-hubspot-signature-v3", header("x-hubspot-signature-v3")),
        (
            "x-hubspot-request-timestamp",
            header("x-hubspot-request-timestamp"),
        ),
    ];
    let headers = headers
        .each_ref()
        .map(|(name, value)| (*name, value.as_str()));
    let (status, answer) = world
        .ask(Method::POST, WEBHOOK, &headers, Some(&body))
        .await;
    assert_eq!(status, 200, "{answer}");
}

fn changed(id: u64) -> Value {
    json!({ "subscriptionType": "deal.propertyChange", "objectId": id, "propertyName": "amount" })
}

async fn events(world: &World) -> Vec<Value> {
    let all = "webhook_inbox?app=eq.assistant&order=event_type";
    let rows = world.as_worker(Method::GET, all, "countersign_edge", Value::Null);
    rows.await.as_array().unwrap().clone()
}

#[tokio::test]
async fn an_event_goes_to_each_persons_connection_that_may_see_the_deal() {
    let Some(world) = World::with(&[("ASSISTANT_OPPORTUNITIES", "hubspot")]) else {
        return;
    };
    world.disconnect_all().await;
    world.forget().await;
    world.connect(ADA, json!({})).await;
    // Of the same portal, and without the right to see deals.
    let blind = json!({ "user": 7002, "scopes": "oauth crm.objects.contacts.read" });
    world.connect(DOV, blind).await;
    world.connect(CLEO, json!({ "portal": "97531086" })).await;
    told(&world, json!([changed(330_044_001), changed(330_044_002)])).await;
    assert_eq!(world.mirror_of(ADA).await, TWO);
    assert!(world.mirror_of(DOV).await.is_empty() && world.mirror_of(CLEO).await.is_empty());

    // A portal that says it has a deal of another's: nobody of its own sees one.
    let mut foreign = changed(330_044_001);
    foreign["portalId"] = json!(97_531_086);
    told(&world, json!([foreign])).await;
    assert!(world.mirror_of(CLEO).await.is_empty());
    assert_eq!(world.mirror_of(ADA).await, TWO);

    // What is read is what is true, whatever the events say and in whatever order they come.
    let deal = json!({ "properties": { "dealname": "Short-lived", "amount": "10.01", "deal_currency_code": "SEK" } });
    let deal = world.assistant(ADA, Method::POST, "deals", &deal).await;
    let id: u64 = deal["id"].as_str().unwrap().parse().unwrap();
    let won = json!({ "properties": { "dealstage": "closedwon", "amount": "20.50" } });
    let path = format!("deals/{id}");
    world.assistant(ADA, Method::PATCH, &path, &won).await;
    let older = json!({ "subscriptionType": "deal.creation", "objectId": id, "occurredAt": 1 });
    told(&world, json!([changed(id), older])).await;
    assert!(
        world
            .mirror_of(ADA)
            .await
            .contains(&format!("{id} Short-lived 2050 SEK won"))
    );
    world
        .assistant(ADA, Method::DELETE, &path, &Value::Null)
        .await;
    let gone = json!({ "subscriptionType": "deal.deletion", "objectId": id });
    told(&world, json!([gone, changed(id)])).await;
    assert_eq!(world.mirror_of(ADA).await, TWO);
    // And the same once more.
    told(&world, json!([changed(id), changed(330_044_001)])).await;
    assert_eq!(world.mirror_of(ADA).await, TWO);

    // What is no deal's is nobody's matter; what names no deal is parked, and stops nobody.
    let odd = json!({ "subscriptionType": "deal.restore", "objectId": null });
    let other = json!({ "subscriptionType": "contact.creation", "objectId": 101 });
    told(&world, json!([odd, other, changed(330_044_002)])).await;
    let rows = events(&world).await;
    let parked = rows.iter().filter(|row| row["status"] == "dead");
    let parked: Vec<(&Value, &Value)> = parked
        .map(|row| (&row["event_type"], &row["last_error"]))
        .collect();
    assert_eq!(
        parked,
        [(
            &json!("deal.restore"),
            &json!("CS400: the event names no deal by an id")
        )]
    );
    assert!(
        rows.iter()
            .all(|row| row["status"] == "done" || row["status"] == "dead")
    );

    // A connection that has ended stops nobody else's, whichever comes first.
    let ended = json!({ "token_expires_at": "2026-01-01T00:00:00Z" });
    for email in [DOV, ADA] {
        world.disconnect_all().await;
        world.connect(email, json!({ "user": 7009 })).await;
        let all = "hubspot_connections?id=not.is.null";
        world
            .control("/hubspot/revoke", json!({ "portal": "24680135" }))
            .await;
        world
            .as_worker(Method::PATCH, all, "assistant", ended.clone())
            .await;
        let other = if email == DOV { ADA } else { DOV };
        world.connect(other, json!({ "user": 7010 })).await;
        world.forget().await;
        told(&world, json!([changed(330_044_001)])).await;
        assert_eq!(world.mirror_of(other).await, TWO);
        assert!(world.mirror_of(email).await.is_empty());
        assert!(
            events(&world)
                .await
                .iter()
                .all(|row| row["status"] == "done")
        );
    }
    world.disconnect_all().await;
    world.forget().await;
    world.connect(ADA, json!({})).await;

    // HubSpot is away: the events wait, and their error is told.
    let fault = json!({ "provider": "hubspot", "path": "batch/read", "times": 3, "effect": { "answer": { "status": 503 } } });
    world.control("/faults", fault).await;
    deliver(&world, json!([changed(330_044_001)])).await;
    let report = world.schedule().await;
    assert_eq!(report.events, report.events_done + 1);
    let waiting = events(&world)
        .await
        .into_iter()
        .find(|row| row["status"] == "failed");
    assert_eq!(
        waiting.unwrap()["last_error"],
        "provider_down: hubspot objects.batch_read"
    );
    assert_eq!(world.schedule().await.events, 0, "it is not due yet");
    world.until_quiet().await;
    assert!(
        events(&world)
            .await
            .iter()
            .all(|row| row["status"] != "failed")
    );
    world.disconnect_all().await;
    world.forget().await;
}

#[tokio::test]
async fn where_the_table_is_the_truth_deals_are_nobodys_matter() {
    let Some(world) = World::new() else { return };
    world.disconnect_all().await;
    world.forget().await;
    world.connect(ADA, json!({})).await;
    told(&world, json!([changed(330_044_001)])).await;
    assert!(world.mirror_of(ADA).await.is_empty());
    assert!(
        events(&world)
            .await
            .iter()
            .all(|row| row["status"] == "done")
    );
    world.disconnect_all().await;
    world.forget().await;
}

/// The day's fill: all deals of a connection, in parts, and nothing that is gone.
#[tokio::test]
async fn a_new_connection_is_filled_and_what_is_gone_is_removed() {
    let Some(world) = World::with(&[("ASSISTANT_OPPORTUNITIES", "hubspot")]) else {
        return;
    };
    world
        .control("/hubspot/limits", json!({ "burst": 1_000_000 }))
        .await;
    world.disconnect_all().await;
    world.forget().await;
    world.connect(ADA, json!({})).await;
    // More than a part of five pages.
    let token = world.hubspot_token().await;
    let mut made = Vec::new();
    for _ in 0..6 {
        let deal = json!({ "properties": { "dealname": "Fill" }, "associations": [] });
        let inputs = vec![deal; 90];
        let batch = world.batch(&token, "create", inputs).await;
        let ids = batch["results"].as_array().unwrap().iter();
        made.extend(ids.map(|deal| deal["id"].as_str().unwrap().to_owned()));
    }
    let gone = json!({
        "user_id": world.id_of(ADA), "hubspot_deal_id": "999", "name": "Gone", "fetched_at": "2026-01-01T00:00:00Z",
    });
    let own = json!({ "user_id": world.id_of(ADA), "name": "Ada's own" });
    world
        .as_worker(Method::POST, "opportunities", "assistant", gone)
        .await;
    let own = world
        .as_worker(Method::POST, "opportunities", "assistant", own)
        .await;
    world.let_go().await;
    world.schedule().await;
    world.until_quiet().await;
    let mirror = world.mirror_of(ADA).await;
    assert_eq!(mirror.len(), 542);
    assert!(
        made.iter()
            .all(|id| mirror.iter().any(|line| line.starts_with(id)))
    );
    assert_eq!(mirror[..2], TWO);
    let address = format!("opportunities?id=eq.{}", own[0]["id"].as_str().unwrap());
    let kept = world
        .as_worker(Method::DELETE, &address, "assistant", Value::Null)
        .await;
    assert_eq!(
        kept.as_array().unwrap().len(),
        1,
        "what is a person's own stays"
    );
    let parts = events(&world).await;
    let parts: Vec<&Value> = parts
        .iter()
        .filter(|row| row["event_type"] == "mirror.fill")
        .collect();
    assert!(
        parts.len() == 2 && parts.iter().all(|row| row["status"] == "done"),
        "{parts:?}"
    );
    // Once a day.
    world.until_quiet().await;
    assert_eq!(events(&world).await.len(), 2);
    for ids in made.chunks(90) {
        let inputs = ids.iter().map(|id| json!({ "id": id })).collect();
        world.batch(&token, "archive", inputs).await;
    }
    world
        .control("/hubspot/limits", json!({ "burst": 110 }))
        .await;
    world.disconnect_all().await;
    world.forget().await;
}
