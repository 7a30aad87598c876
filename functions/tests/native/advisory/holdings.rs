//! Clients and what they hold: copied, read again when it is time, and old rather than wrong.

use reqwest::Method;
use serde_json::{Value, json};

use super::WHITFIELD;
use crate::world::World;

pub(super) async fn a_client_is_read_and_copied(world: &World) {
    world.forget_log().await;
    let (status, client) = world.read("iris", "clients/crm-501?fresh=true").await;
    assert_eq!(status, 200, "{client}");
    assert_eq!(
        (&client["stale"], &client["warning"]),
        (&json!(false), &Value::Null)
    );
    let accounts = client["accounts"].as_array().unwrap();
    assert_eq!(accounts.len(), 2);
    let joint = &accounts[0];
    assert_eq!(
        (&joint["number_ending"], &joint["market_value_cents"]),
        (&json!("4471"), &json!(183_789_511))
    );
    let positions = joint["positions"].as_array().unwrap();
    let bond = positions.iter().find(|of| of["id"] == "912810TM0").unwrap();
    assert_eq!(bond["quantity"], "570000");
    for figure in positions
        .iter()
        .chain(joint["transactions"].as_array().unwrap())
        .chain([joint])
    {
        assert_eq!(figure["source"], "schwab", "{figure}");
        assert!(figure["as_of"].as_str().unwrap().ends_with('Z'), "{figure}");
    }
    // The next one is answered from the copy, to the last digit the same.
    let asked = world.asked("/").await;
    let (_, copy) = world.read("grace", "clients/crm-501").await;
    assert_eq!(world.asked("/").await, asked);
    assert_eq!(copy["accounts"], client["accounts"]);
    assert_eq!(copy["client"], client["client"]);
    assert_eq!(copy["fetched_at"], client["fetched_at"]);
    // The other firm has a client of the same id.
    let (_, other) = world.read("kira", "clients/crm-501").await;
    assert_eq!(other["client"]["name"], "Nils Ekström");
    // Demanded, it is asked again.
    world.read("grace", "clients/crm-501?fresh=true").await;
    assert!(world.asked("/").await > asked);
}

pub(super) async fn a_failure_gives_the_old_copy_with_a_warning(world: &World) {
    let (_, before) = world.read("grace", "clients/crm-501").await;
    for (path, effect, code) in [
        ("", json!({ "answer": { "status": 500 } }), "provider_down"),
        (
            "",
            json!({ "answer": { "status": 429, "retry_after": "60" } }),
            "provider_limited",
        ),
        ("/accounts", json!("malformed"), "provider_malformed"),
        ("/transactions", json!("truncated"), "provider_down"),
        (
            "/accounts",
            json!({ "answer": { "status": 403 } }),
            "provider_forbidden",
        ),
    ] {
        let fault = json!({ "provider": "bridge", "path": path, "times": 3, "effect": effect });
        world.control("/faults", fault).await;
        let (status, stale) = world.read("grace", "clients/crm-501?fresh=true").await;
        assert_eq!(
            (status, &stale["stale"]),
            (200, &json!(true)),
            "{effect} {stale}"
        );
        assert_eq!(stale["warning"]["code"], code, "{effect}");
        assert_eq!(stale["accounts"], before["accounts"], "{effect}");
        assert_eq!(stale["fetched_at"], before["fetched_at"], "{effect}");
        world.well().await;
    }
    // A copy past its time is read again without being asked to.
    let old = json!({ "fetched_at": "2020-01-01T00:00:00Z" });
    world
        .table(
            Method::PATCH,
            "client_data_cache?crm_client_id=eq.crm-501&owner_id=is.null",
            "advisory",
            old,
        )
        .await;
    let (_, renewed) = world.read("grace", "clients/crm-501").await;
    assert!(
        renewed["age_seconds"].as_u64().unwrap() < 60,
        "{}",
        renewed["age_seconds"]
    );
}

pub(super) async fn nothing_is_made_up(world: &World) {
    let fault =
        json!({ "provider": "bridge", "times": 100, "effect": { "answer": { "status": 500 } } });
    world.control("/faults", fault).await;
    for path in [
        "clients/crm-502",
        "clients?fresh=true",
        "households?fresh=true",
    ] {
        let (status, answer) = world.read("grace", path).await;
        assert_eq!(
            (status, answer["code"].as_str()),
            (503, Some("provider_down")),
            "{path} {answer}"
        );
    }
    world.well().await;
    let (status, answer) = world.read("grace", "clients/crm-999").await;
    assert_eq!(
        (status, answer["code"].as_str()),
        (404, Some("provider_not_found"))
    );
    for path in [
        "clients?page=0",
        "clients?size=101",
        "clients?fresh=yes",
        "clients?connection=hers",
    ] {
        assert_eq!(world.read("grace", path).await.0, 400, "{path}");
    }
}

pub(super) async fn one_request_at_a_time_asks(world: &World) {
    world.forget_log().await;
    let slow = json!({ "provider": "bridge", "path": "/clients/", "effect": { "latency": 1_500 } });
    world.control("/faults", slow).await;
    let path = "clients/crm-502";
    let (a, b, c) = tokio::join!(
        world.read("grace", path),
        world.read("henry", path),
        world.read("iris", path),
    );
    for (status, answer) in [&a, &b, &c] {
        assert_eq!(*status, 200, "{answer}");
        assert_eq!(answer["accounts"], a.1["accounts"]);
    }
    assert_eq!(world.asked("/clients/crm-502").await, 1);
}

pub(super) async fn lists_are_searched_and_paged(world: &World) {
    let names = |list: &Value| {
        let results = list["results"].as_array().unwrap().iter();
        results
            .map(|one| one["name"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let (_, list) = world
        .read("iris", "clients?search=castellan&size=1&fresh=true")
        .await;
    assert_eq!(
        (names(&list), &list["total"], &list["next"]),
        (vec!["Elena Castellan".to_owned()], &json!(2), &json!(2))
    );
    let (_, list) = world
        .read("iris", "clients?search=castellan&size=1&page=2&fresh=true")
        .await;
    assert_eq!(
        (names(&list), &list["next"]),
        (vec!["Marco Castellan".to_owned()], &Value::Null)
    );
    let (_, list) = world.read("iris", "households?fresh=true").await;
    assert_eq!(names(&list), ["Castellan family", "Duarte trust"]);
    assert!(list["results"][0]["as_of"].is_string() && list["results"][0]["source"] == "bridge");
}

/// What a client's accounts are in the one form of the copy.
pub(super) async fn tables_say(world: &World) -> Value {
    let (_, read) = world.read("grace", "clients/crm-501?fresh=true").await;
    let (_, copy) = world.read("grace", "clients/crm-501").await;
    assert_eq!(copy["accounts"], read["accounts"]);
    assert_eq!(in_tables(world).await, 2);
    copy["accounts"].clone()
}

pub(super) async fn documents_say_the_same(world: &World, said: &Value) {
    // Whoever changes the setting reads the copies that are there.
    let (_, across) = world.read("grace", "clients/crm-501").await;
    let (_, read) = world.read("grace", "clients/crm-501?fresh=true").await;
    let (_, copy) = world.read("grace", "clients/crm-501").await;
    for answer in [across, read, copy] {
        assert_eq!(answer["accounts"], *said);
    }
    assert_eq!(in_tables(world).await, 0);
}

pub(super) async fn and_tables_again(world: &World, said: &Value) {
    let (_, across) = world.read("grace", "clients/crm-501").await;
    assert_eq!(across["accounts"], *said);
}

async fn in_tables(world: &World) -> usize {
    let of = format!(
        "accounts?select=id&crm_client_id=eq.crm-501&owner_id=is.null&firm_id=eq.{WHITFIELD}"
    );
    world.rows(&of).await.len()
}
