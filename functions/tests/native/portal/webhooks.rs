//! What Baserow says of members who were deleted.

use reqwest::Method;
use serde_json::{Value, json};

use crate::world::World;

pub(super) async fn webhooks(world: &World) {
    const PATH: &str = "/functions/v1/portal-baserow-webhook";
    let deliver = async |about: Value| {
        let made = world.control("/baserow/webhook", about).await;
        let body: Value = serde_json::from_str(made["body"].as_str().unwrap()).unwrap();
        let secret = made["headers"]["x-webhook-secret"].as_str().unwrap();
        let headers = [("x-webhook-secret", secret)];
        world.ask(Method::POST, PATH, &headers, Some(&body)).await
    };
    let leaver = world.sign_up("leaver").await;
    let (_, body) = world.sync(&leaver.token).await;
    let id: u64 = body["member"]["id"].as_str().unwrap().parse().unwrap();
    let event = format!("portal-test-{}", world.run);
    let deleted = json!({ "event_id": event, "row_ids": [id, 7] });
    let mut forged = deleted.clone();
    forged["secret"] = json!("not-the-secret-of-this-webhook");
    let (status, body) = deliver(forged).await;
    assert_eq!(
        (status, &body["code"]),
        (401, &json!("webhook_not_verified"))
    );
    let nothing = json!({ "stored": 0, "repeated": 0 });
    assert_eq!(
        deliver(json!({ "table": 502, "row_ids": [id] })).await.1,
        nothing
    );
    // What was in the row of an update is not kept, nor looked at.
    assert_eq!(
        deliver(json!({ "event_type": "rows.updated", "row_ids": [id] }))
            .await
            .1,
        nothing
    );
    assert_eq!(world.link_of(&leaver.email).await, id.to_string());

    let (status, body) = deliver(deleted.clone()).await;
    assert_eq!((status, body), (200, json!({ "stored": 2, "repeated": 0 })));
    let (_, body) = deliver(deleted).await;
    assert_eq!(body, json!({ "stored": 0, "repeated": 2 }));
    // Nobody but the schedule works after an answer here.
    assert_eq!(world.link_of(&leaver.email).await, id.to_string());
    let report = world.schedule().await;
    assert!(report.events_done >= 2, "{report:?}");
    assert_eq!(world.link_of(&leaver.email).await, Value::Null);
    assert_eq!(world.link_of("mia@portal.example.test").await, "101");

    // A row that is gone, and no webhook said so: the next login adds another.
    assert_eq!(world.sync(&leaver.token).await.1["linked"], "found");
    let row = format!("/baserow/api/database/rows/table/501/{id}/");
    world.simulator(Method::DELETE, &row, &json!({})).await;
    let (_, body) = world.by(&leaver.token, Method::GET, "member", None).await;
    assert_eq!(body["code"], "not_linked", "{body}");
    assert_eq!(world.sync(&leaver.token).await.1["linked"], "created");
}
