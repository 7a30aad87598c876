//! Who may connect an account, at both ends of the way.

use countersign_functions::message::Body;
use countersign_functions::serve::serve;
use reqwest::Method;
use serde_json::{Value, json};

use super::{A, email};
use crate::world::{World, request};

const CONNECT: &str = "/functions/v1/coaching-hubspot-connect";

/// The way back, and the cookie that belongs to it.
async fn begun(world: &World, name: &str) -> (String, String) {
    world.control("/hubspot/consent", json!({})).await;
    let bearer = format!("Bearer {}", world.person(&email(name)));
    let headers = [("authorization", bearer.as_str())];
    let begin = request(Method::POST, CONNECT, &headers, Some(&json!({})));
    let response = serve(&world.setup, &world.native, begin).await;
    let cookie = response.headers["set-cookie"].to_str().unwrap().to_owned();
    let Body::Bytes(body) = response.body else {
        panic!("no page of consent: {}", response.status);
    };
    let body: Value = serde_json::from_slice(&body).unwrap();
    let page = world.native.0.get(body["url"].as_str().unwrap());
    let page = page.send().await.unwrap();
    let back = reqwest::Url::parse(page.headers()["location"].to_str().unwrap()).unwrap();
    let cookie = cookie.split(';').next().unwrap().to_owned();
    (format!("{}?{}", back.path(), back.query().unwrap()), cookie)
}

pub(super) async fn who_may_connect_is_asked_on_the_way_back_too(world: &World) {
    let role = format!(
        "User_Roles?account_id=eq.{A}&user_id=eq.{}",
        world.id_of(&email("pablo"))
    );
    let all = format!("API_Connections?account_id=eq.{A}");
    world
        .table(Method::DELETE, &all, "coaching", Value::Null)
        .await;
    let (path, cookie) = begun(world, "pablo").await;
    let headers = [("cookie", cookie.as_str())];
    for lost in [
        json!({ "role": "rep" }),
        json!({ "role": "manager", "team_id": super::EAST }),
        json!({ "status": "invited" }),
    ] {
        world
            .table(Method::PATCH, &role, "coaching", lost.clone())
            .await;
        let (status, answer) = world.ask(Method::GET, &path, &headers, None).await;
        let kept = world.calls(&all).await;
        let manager = json!({ "role": "manager", "status": "active", "team_id": null });
        world.table(Method::PATCH, &role, "coaching", manager).await;
        assert_eq!(
            (status, &answer["code"]),
            (403, &json!("42501")),
            "{lost}: {answer}"
        );
        assert!(kept.is_empty(), "{lost}: {kept:?}");
    }
    let (status, answer) = world.ask(Method::GET, &path, &headers, None).await;
    assert_eq!(
        (status, &answer["hubspot"]),
        (200, &json!("connected")),
        "{answer}"
    );
}
