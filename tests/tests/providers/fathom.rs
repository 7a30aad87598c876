//! The simulated Fathom is as Fathom describes itself; there is no client of it yet.

use std::collections::BTreeMap;

use countersign_functions::secret::Secret;
use countersign_functions::webhooks::standard;
use countersign_simulators::fathom::{API_KEY, CLIENT_ID, CLIENT_SECRET};
use countersign_simulators::message::{Answer, Request};
use reqwest::header::{HeaderMap, HeaderName};
use serde_json::{Value, json};

use super::world::World;

fn ask(world: &World, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let headers = headers
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let request = Request {
        method: method.to_owned(),
        path: format!("/fathom/external/v1{path}"),
        query: query.to_owned(),
        headers: headers.collect(),
        body: body.to_owned(),
    };
    let now = world.now_ms.get();
    world.simulators.borrow_mut().answer(&request, now)
}

fn json_of(answer: &Answer) -> Value {
    serde_json::from_str(&answer.body).unwrap()
}

fn token(world: &World, grant: &str) -> Answer {
    let form = format!("client_id={CLIENT_ID}&client_secret={CLIENT_SECRET}&{grant}");
    ask(world, "POST", "/oauth2/token", &[], &form)
}

fn connect(world: &World) -> Value {
    let query = format!(
        "client_id={CLIENT_ID}&response_type=code&scope=public_api&state=s&redirect_uri=https://edge.example/back"
    );
    let back = ask(world, "GET", &format!("/oauth2/authorize?{query}"), &[], "");
    let location = reqwest::Url::parse(&back.headers[0].1).unwrap();
    let parameters: BTreeMap<_, _> = location.query_pairs().into_owned().collect();
    json_of(&token(
        world,
        &format!("grant_type=authorization_code&code={}", parameters["code"]),
    ))
}

#[test]
fn a_refresh_token_works_once() {
    let world = World::new();
    let first = connect(&world);
    let grant = format!(
        "grant_type=refresh_token&refresh_token={}",
        first["refresh_token"].as_str().unwrap()
    );
    let second = token(&world, &grant);
    assert_eq!(second.status, 200);
    assert_ne!(json_of(&second)["refresh_token"], first["refresh_token"]);
    assert_eq!(
        json_of(&token(&world, &grant)),
        json!({ "error": "invalid_grant" })
    );
}

#[test]
fn meetings_come_in_pages_and_transcripts_one_by_one_for_apps() {
    let world = World::new();
    let access = format!(
        "Bearer {}",
        connect(&world)["access_token"].as_str().unwrap()
    );
    let mine = [("authorization", access.as_str())];
    let mut path = "/meetings?include_action_items=true".to_owned();
    let mut found = Vec::new();
    loop {
        let page = json_of(&ask(&world, "GET", &path, &mine, ""));
        found.extend(
            page["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|one| one["recording_id"].to_string()),
        );
        let Some(cursor) = page["next_cursor"].as_str() else {
            break;
        };
        path = format!("/meetings?include_action_items=true&cursor={cursor}");
    }
    assert_eq!(
        found,
        ["700101", "700102", "700104"],
        "Bob's own is not Alice's to see"
    );
    let transcript = json_of(&ask(
        &world,
        "GET",
        "/recordings/700101/transcript",
        &mine,
        "",
    ));
    assert_eq!(transcript["transcript"].as_array().unwrap().len(), 2);
    assert_eq!(
        ask(&world, "GET", "/recordings/700103/transcript", &mine, "").status,
        404
    );
    assert_eq!(
        ask(
            &world,
            "GET",
            "/meetings?include_transcript=true",
            &mine,
            ""
        )
        .status,
        400
    );
    let by_key = ask(
        &world,
        "GET",
        "/meetings?include_transcript=true",
        &[("x-api-key", API_KEY)],
        "",
    );
    assert!(json_of(&by_key)["items"][0]["transcript"].is_array());
    assert_eq!(ask(&world, "GET", "/meetings", &[], "").status, 401);
    let used = (0..40).map(|_| ask(&world, "GET", "/recordings/700101/summary", &mine, "").status);
    assert_eq!(
        used.filter(|status| *status == 429).count(),
        14,
        "30 in a minute, 4 were used"
    );
    world.as_described();
}

#[test]
fn a_webhook_verifies_with_the_secret_it_was_made_with() {
    let world = World::new();
    let order = json!({ "destination_url": "https://edge.example/wh", "triggered_for": ["my_recordings"], "include_transcript": true });
    let headers = [("x-api-key", API_KEY), ("content-type", "application/json")];
    let made = json_of(&ask(
        &world,
        "POST",
        "/webhooks",
        &headers,
        &order.to_string(),
    ));
    let sent = world.control(
        "/fathom/webhook",
        json!({ "id": made["id"], "recording_id": 700101 }),
    );
    let headers: HeaderMap = sent["headers"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, value)| {
            (
                name.parse::<HeaderName>().unwrap(),
                value.as_str().unwrap().parse().unwrap(),
            )
        })
        .collect();
    let body = sent["body"].as_str().unwrap().as_bytes();
    let secret = Secret::new(made["secret"].as_str().unwrap());
    assert_eq!(
        standard::verify(&headers, body, &secret, world.now_ms.get()),
        Ok("msg_700101")
    );
    assert!(
        standard::verify(
            &headers,
            body,
            &Secret::new("whsec_AAAA"),
            world.now_ms.get()
        )
        .is_err()
    );
    let gone = format!("/webhooks/{}", made["id"].as_str().unwrap());
    assert_eq!(
        ask(&world, "DELETE", &gone, &[("x-api-key", API_KEY)], "").status,
        204
    );
    world.as_described();
}
