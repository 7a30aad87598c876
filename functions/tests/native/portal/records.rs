//! A member's own record, and what there is for all of them.

use reqwest::Method;
use serde_json::{Value, json};

use super::MIA;
use crate::world::World;

pub(super) async fn records(world: &World) {
    let (_, before) = world.by(MIA, Method::GET, "member", None).await;
    let field = |body: &Value, name: &str| {
        let schema = body["schema"].as_array().unwrap();
        schema.iter().find(|field| field["name"] == name).cloned()
    };
    assert_eq!(
        field(&before, "Interests").unwrap()["choices"],
        json!(["Rowing", "Chess", "Gardening"])
    );
    for (name, writable) in [
        ("Name", true),
        ("Email", false),
        ("Level", false),
        ("Card", false),
    ] {
        assert_eq!(
            field(&before, name).unwrap()["writable"],
            writable,
            "{name}"
        );
    }
    let change = |fields: Value| json!({ "fields": fields });
    let body = change(json!({ "About me": "I row.", "Interests": ["Chess", "Rowing"] }));
    let (status, after) = world.by(MIA, Method::PATCH, "member", Some(&body)).await;
    assert_eq!(
        (status, &after["fields"]["About me"]),
        (200, &json!("I row.")),
        "{after}"
    );
    assert_eq!(after["fields"]["Interests"][0]["value"], "Chess");

    for (fields, code, status) in [
        (
            json!({ "About me": "no", "Boat": "Ruth" }),
            "field_not_writable",
            422,
        ),
        (
            json!({ "About me": "no", "Card": "#1" }),
            "field_not_writable",
            422,
        ),
        (
            json!({ "About me": "no", "Email": "noel@portal.example.test" }),
            "field_not_writable",
            422,
        ),
        (
            json!({ "About me": "no", "id": 102 }),
            "field_not_writable",
            422,
        ),
        (
            json!({ "About me": "no", "Website": "nowhere" }),
            "provider_invalid",
            422,
        ),
        (json!({}), "CS400", 400),
    ] {
        let (was, body) = world
            .by(MIA, Method::PATCH, "member", Some(&change(fields.clone())))
            .await;
        assert_eq!(
            (was, &body["code"]),
            (status, &json!(code)),
            "{fields} {body}"
        );
        if code == "field_not_writable" {
            assert!(
                body["hint"].as_str().unwrap().contains("`About me`"),
                "{body}"
            );
        }
    }
    assert_eq!(
        world.by(MIA, Method::GET, "member", None).await.1["fields"],
        after["fields"]
    );

    // A field that somebody adds is there in the next request, and gone in the one after.
    let boat = json!({ "id": 5098, "name": "Boat", "type": "text" });
    world
        .control("/baserow/alter", json!({ "table": 501, "add": boat }))
        .await;
    let body = change(json!({ "Boat": "Ruth" }));
    let (status, now) = world.by(MIA, Method::PATCH, "member", Some(&body)).await;
    assert_eq!(
        (status, &now["fields"]["Boat"]),
        (200, &json!("Ruth")),
        "{now}"
    );
    world
        .control("/baserow/alter", json!({ "table": 501, "remove": "Boat" }))
        .await;
    assert_eq!(
        world.by(MIA, Method::PATCH, "member", Some(&body)).await.0,
        422
    );
}

pub(super) async fn lists(world: &World) {
    let (status, body) = world.by(MIA, Method::GET, "quick-links?size=2", None).await;
    assert_eq!(
        (status, &body["count"], &body["next"]),
        (200, &json!(3), &json!(2)),
        "{body}"
    );
    let (_, body) = world
        .by(MIA, Method::GET, "quick-links?size=2&page=2", None)
        .await;
    assert_eq!(
        (&body["results"][0]["fields"]["Title"], &body["next"]),
        (&json!("Lost and found"), &Value::Null)
    );
    assert_eq!(
        world.by(MIA, Method::GET, "events", None).await.1["count"],
        1
    );
    let (status, body) = world.by(MIA, Method::GET, "deals", None).await;
    assert_eq!(
        (status, &body["code"]),
        (404, &json!("not_set_up")),
        "{body}"
    );
    assert_eq!(
        world.by(MIA, Method::GET, "events?size=201", None).await.0,
        400
    );
    let (status, _) = world
        .ask(Method::GET, "/functions/v1/portal-events", &[], None)
        .await;
    assert_eq!(status, 401);
}
