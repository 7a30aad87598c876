//! Meetings.

use reqwest::Method;
use serde_json::{Value, json};

use crate::world::World;

async fn start(world: &World, name: &str, client: &str) -> (u16, Value) {
    let given = json!({ "crm_client_id": client });
    world
        .advise(name, Method::POST, "meetings", Some(&given))
        .await
}

pub(super) async fn a_meeting_is_held(world: &World) {
    let (status, meeting) = start(world, "henry", "crm-501").await;
    assert_eq!(
        (status, &meeting["client_name"]),
        (201, &json!("Elena Castellan")),
        "{meeting}"
    );
    assert_eq!(
        (&meeting["crm_household_id"], &meeting["ended_at"]),
        (&json!("hh-1001"), &Value::Null)
    );
    let id = meeting["id"].as_str().unwrap();
    let records = format!("meetings/{id}/records");
    let noted = json!({ "notes": "Retires in 2031.", "outcomes": "Send the allocation." });
    let (status, record) = world
        .advise("henry", Method::POST, &records, Some(&noted))
        .await;
    assert_eq!(
        (status, &record["author_id"]),
        (201, &meeting["advisor_id"]),
        "{record}"
    );
    // A colleague adds hers in her own name.
    let (status, hers) = world
        .advise(
            "grace",
            Method::POST,
            &records,
            Some(&json!({ "notes": "Agreed." })),
        )
        .await;
    assert_eq!(status, 201, "{hers}");
    assert_ne!(hers["author_id"], record["author_id"]);
    let end = format!("meetings/{id}/end");
    let (status, ended) = world.advise("henry", Method::POST, &end, None).await;
    assert_eq!(status, 200, "{ended}");
    assert!(ended["ended_at"].is_string());
    let (_, again) = world.advise("henry", Method::POST, &end, None).await;
    assert_eq!(again["ended_at"], ended["ended_at"]);
}

pub(super) async fn and_not_by_everybody_nor_with_anybody(world: &World) {
    let (status, answer) = start(world, "grace", "crm-999").await;
    assert_eq!(
        (status, answer["code"].as_str()),
        (404, Some("provider_not_found"))
    );
    let (status, _) = start(world, "iris", "crm-501").await;
    assert_eq!(status, 403);
    // A client of his own CRM is not the firm's.
    let (status, answer) = start(world, "henry", "9").await;
    assert_eq!(
        (status, answer["code"].as_str()),
        (404, Some("provider_not_found")),
        "{answer}"
    );
    // A copy is not enough: the CRM has to be there to say that they are a client.
    let fault =
        json!({ "provider": "bridge", "times": 3, "effect": { "answer": { "status": 500 } } });
    world.control("/faults", fault).await;
    let (status, _) = start(world, "grace", "crm-501").await;
    assert_eq!(status, 503);
    world.well().await;
    let (_, meeting) = start(world, "grace", "crm-501").await;
    let id = meeting["id"].as_str().unwrap();
    for (name, status) in [
        ("henry", 404),
        ("jonas", 404),
        ("iris", 403),
        ("grace", 200),
    ] {
        let (answered, answer) = world
            .advise(name, Method::POST, &format!("meetings/{id}/end"), None)
            .await;
        assert_eq!(answered, status, "{name} {answer}");
    }
    let records = format!("meetings/{id}/records");
    for (name, body, status) in [
        ("jonas", json!({ "notes": "x" }), 404),
        ("iris", json!({ "notes": "x" }), 403),
        ("grace", json!({}), 400),
        ("grace", json!({ "notes": " " }), 400),
        ("grace", json!({ "notes": "x", "author_id": "y" }), 400),
    ] {
        let (answered, answer) = world
            .advise(name, Method::POST, &records, Some(&body))
            .await;
        assert_eq!(answered, status, "{name} {body} {answer}");
    }
    for id in [
        "1",
        "a0000000-0000-4000-8000-000000110001'",
        "a0000000-0000-4000-8000-00000011ffff",
    ] {
        let (status, _) = world
            .advise("grace", Method::POST, &format!("meetings/{id}/end"), None)
            .await;
        assert_eq!(status, 404, "{id}");
    }
}
