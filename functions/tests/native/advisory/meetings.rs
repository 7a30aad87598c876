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

/// Asks under a key: the status, whether the answer was kept from before, and the answer.
async fn under(
    world: &World,
    name: &str,
    path: &str,
    key: &str,
    body: &Value,
) -> (u16, bool, Value) {
    let token = world.person(&format!("{name}@advisory.example.test"));
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str()), ("idempotency-key", key)];
    let path = format!("/functions/v1/advisory-{path}");
    let asked = world.ask_whole(Method::POST, &path, &headers, Some(body));
    let (status, headers, body) = asked.await;
    (status, headers.get("idempotency-replayed").is_some(), body)
}

pub(super) async fn under_a_key_there_is_one(world: &World) {
    let key = format!("meeting-{}", world.run);
    let client = json!({ "crm_client_id": "crm-501" });
    let (status, replayed, meeting) = under(world, "henry", "meetings", &key, &client).await;
    assert_eq!((status, replayed), (201, false), "{meeting}");
    world.forget_log().await;
    let again = under(world, "henry", "meetings", &key, &client).await;
    assert_eq!(again, (201, true, meeting.clone()));
    assert_eq!(world.asked("/clients/").await, 0, "the CRM was asked again");
    let id = meeting["id"].as_str().unwrap();
    let own = |table: &str, column: &str, of: &str| format!("{table}?select=id&{column}=eq.{of}");
    let since = meeting["started_at"].as_str().unwrap().replace('+', "%2B");
    let started = format!(
        "{}&started_at=gte.{since}",
        own(
            "sessions",
            "advisor_id",
            meeting["advisor_id"].as_str().unwrap()
        )
    );
    assert_eq!(world.rows(&started).await, [json!({ "id": id })]);
    // The key is this request's and no other's, and Henry's and nobody else's.
    let other = json!({ "crm_client_id": "crm-502" });
    let (status, _, answer) = under(world, "henry", "meetings", &key, &other).await;
    assert_eq!(
        (status, &answer["code"]),
        (422, &json!("CS422")),
        "{answer}"
    );
    assert_eq!(world.rows(&started).await, [json!({ "id": id })]);
    let (status, replayed, hers) = under(world, "grace", "meetings", &key, &client).await;
    assert_eq!((status, replayed), (201, false), "{hers}");
    assert_ne!(hers["id"], meeting["id"]);

    // What is noted is noted once, too.
    let path = format!("meetings/{id}/records");
    let key = format!("record-{}", world.run);
    let noted = json!({ "notes": "Agreed to meet in spring." });
    let (status, replayed, record) = under(world, "henry", &path, &key, &noted).await;
    assert_eq!((status, replayed), (201, false), "{record}");
    let again = under(world, "henry", &path, &key, &noted).await;
    assert_eq!(again, (201, true, record.clone()));
    let other = json!({ "notes": "Agreed to meet in autumn." });
    let (status, _, answer) = under(world, "henry", &path, &key, &other).await;
    assert_eq!(
        (status, &answer["code"]),
        (422, &json!("CS422")),
        "{answer}"
    );
    let records = own("meeting_records", "session_id", id);
    assert_eq!(world.rows(&records).await, [json!({ "id": record["id"] })]);
}
