//! Who may connect what, and what becomes of keys.

use reqwest::Method;
use serde_json::{Value, json};

use super::{KEY, WEALTHBOX_KEY, WHITFIELD};
use crate::world::World;

async fn secrets(world: &World) -> Vec<Value> {
    world
        .rows("crm_connection_secrets?select=connection_id,secret,key_id")
        .await
}

pub(super) async fn only_a_key_that_is_taken_is_stored(world: &World) {
    let before = secrets(world).await;
    for (given, status, code) in [
        (
            json!({ "provider": "bridge", "key": "wrong" }),
            422,
            "key_refused",
        ),
        (
            json!({ "provider": "wealthbox", "key": KEY }),
            422,
            "key_refused",
        ),
        (json!({ "provider": "bridge", "key": " " }), 400, "CS400"),
        (json!({ "provider": "bridge", "key": "a\nb" }), 400, "CS400"),
        (json!({ "provider": "redtail", "key": KEY }), 400, "CS400"),
        (json!({ "key": KEY }), 400, "CS400"),
        (
            json!({ "provider": "bridge", "key": KEY, "url": "https://evil.test" }),
            400,
            "CS400",
        ),
    ] {
        let (answered, answer) = world
            .advise("grace", Method::POST, "connect", Some(&given))
            .await;
        assert_eq!(
            (answered, answer["code"].as_str()),
            (status, Some(code)),
            "{given} {answer}"
        );
    }
    let fault =
        json!({ "provider": "bridge", "times": 3, "effect": { "answer": { "status": 500 } } });
    world.control("/faults", fault).await;
    let given = json!({ "provider": "bridge", "key": KEY });
    let (status, answer) = world
        .advise("grace", Method::POST, "connect", Some(&given))
        .await;
    assert_eq!(
        (status, answer["code"].as_str()),
        (503, Some("provider_down"))
    );
    assert_eq!(secrets(world).await, before);

    let (status, answer) = world
        .advise("grace", Method::POST, "connect", Some(&given))
        .await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(
        (&answer["whose"], &answer["status"]),
        (&json!("firm"), &json!("active"))
    );
    assert_eq!(
        (&answer["firm"], &answer["schwab_environment"]),
        (&json!("Whitfield Partners"), &json!("sandbox"))
    );
    let stored = secrets(world).await;
    assert!(
        stored
            .iter()
            .any(|row| row["secret"].as_str().unwrap().starts_with("cs1.")
                && row["key_id"] == "local")
    );
}

pub(super) async fn each_may_what_the_policy_says(world: &World) {
    let given = json!({ "provider": "bridge", "key": KEY });
    for (name, method, path) in [
        ("iris", Method::POST, "connect"),
        ("iris", Method::DELETE, "connect"),
        ("iris", Method::POST, "sync"),
        ("iris", Method::POST, "meetings"),
        ("liam", Method::GET, "clients"),
        ("liam", Method::POST, "connect/own"),
    ] {
        let (status, answer) = world.advise(name, method.clone(), path, Some(&given)).await;
        assert_eq!(
            (status, answer["code"].as_str()),
            (403, Some("42501")),
            "{name} {method} {path}"
        );
    }
    let (status, _) = world
        .ask(Method::GET, "/functions/v1/advisory-clients", &[], None)
        .await;
    assert_eq!(status, 401);
    // Another firm, named.
    let (status, _) = world
        .read("jonas", &format!("clients?firm_id={WHITFIELD}"))
        .await;
    assert_eq!(status, 403);
    let (status, answer) = world.read("kira", "connect").await;
    let all = answer["connections"].as_array().unwrap();
    assert_eq!((status, all.len()), (200, 1), "{answer}");
}

pub(super) async fn a_personal_connection_is_ones_own(world: &World) {
    let given = json!({ "provider": "wealthbox", "key": WEALTHBOX_KEY });
    let (status, answer) = world
        .advise("henry", Method::POST, "connect/own", Some(&given))
        .await;
    assert_eq!(
        (status, &answer["whose"], &answer["holdings"]),
        (200, &json!("own"), &json!(false)),
        "{answer}"
    );
    let (_, seen) = world.read("henry", "connect").await;
    assert_eq!(seen["connections"].as_array().unwrap().len(), 2);
    let (_, seen) = world.read("grace", "connect").await;
    assert_eq!(seen["connections"].as_array().unwrap().len(), 1);
    let (status, client) = world.read("henry", "clients/9?connection=own").await;
    assert_eq!(
        (status, &client["client"]["name"]),
        (200, &json!("Elena Castellan")),
        "{client}"
    );
    assert_eq!(
        (&client["accounts"], &client["client"]["source"]),
        (&Value::Null, &json!("wealthbox"))
    );
    let (status, answer) = world.read("grace", "clients/9?connection=own").await;
    assert_eq!(
        (status, answer["code"].as_str()),
        (409, Some("not_connected"))
    );
    // The firm's CRM has no such client.
    let (status, answer) = world.read("grace", "clients/9").await;
    assert_eq!(
        (status, answer["code"].as_str()),
        (404, Some("provider_not_found")),
        "{answer}"
    );
    let (status, answer) = world.advise("henry", Method::POST, "sync/own", None).await;
    assert_eq!(
        (status, &answer["clients"], &answer["complete"]),
        (200, &json!(5), &json!(true)),
        "{answer}"
    );
    let (_, own) = world
        .read("henry", "clients?connection=own&search=o'br")
        .await;
    assert_eq!(own["results"].as_array().unwrap().len(), 1, "{own}");
}

pub(super) async fn a_key_that_ends_says_reconnect(world: &World) {
    world
        .control("/bridge/permit", json!({ "revoked": ["whitfield"] }))
        .await;
    let (status, answer) = world.read("grace", "clients/crm-501?fresh=true").await;
    assert_eq!((status, &answer["stale"]), (200, &json!(true)), "{answer}");
    assert_eq!(answer["warning"]["code"], "connection_expired");
    let (_, answer) = world.read("iris", "connect").await;
    let connection = &answer["connections"][0];
    assert_eq!(
        (&connection["status"], &connection["last_error"]),
        (&json!("expired"), &json!("UNAUTHORIZED"))
    );
    // It is not asked again and again with a key that is none.
    world.forget_log().await;
    let (status, answer) = world.read("grace", "clients/crm-777").await;
    assert_eq!(
        (status, answer["code"].as_str()),
        (409, Some("connection_expired"))
    );
    assert_eq!(world.asked("/").await, 0);
    world.well().await;
    world.advised().await;
    let (_, answer) = world.read("grace", "clients/crm-501?fresh=true").await;
    assert_eq!(answer["stale"], json!(false));
}

/// Neither a key nor an account's number is in any table.
pub(super) async fn no_key_is_anywhere(world: &World) {
    for table in [
        "crm_connections",
        "crm_connection_secrets",
        "households",
        "accounts",
        "positions",
        "transactions",
        "client_data_cache",
        "sessions",
        "meeting_records",
    ] {
        let rows = Value::Array(world.rows(&format!("{table}?select=*")).await).to_string();
        for secret in ["countersign-local", "60214471", "60219902", "70011180"] {
            assert!(!rows.contains(secret), "{table} has {secret}");
        }
    }
}

pub(super) async fn what_is_disconnected_is_gone(world: &World) {
    let (status, answer) = world
        .advise("henry", Method::DELETE, "connect/own", None)
        .await;
    assert_eq!(
        (status, &answer["status"]),
        (200, &json!("disconnected")),
        "{answer}"
    );
    let copies = world
        .rows("client_data_cache?select=id&owner_id=not.is.null")
        .await;
    assert_eq!(copies.len(), 0);
    let (status, answer) = world.advise("grace", Method::DELETE, "connect", None).await;
    assert_eq!(status, 200, "{answer}");
    let of = format!("firm_id=eq.{WHITFIELD}");
    for table in [
        "client_data_cache",
        "accounts",
        "positions",
        "transactions",
        "households",
        "crm_connections",
        "crm_connection_secrets",
    ] {
        assert_eq!(
            world.rows(&format!("{table}?select=id&{of}")).await.len(),
            0,
            "{table}"
        );
    }
    let (status, answer) = world.read("iris", "clients").await;
    assert_eq!(
        (status, answer["code"].as_str()),
        (409, Some("not_connected"))
    );
    // Meetings stay, and the other firm's copies.
    assert!(
        !world
            .rows(&format!("sessions?select=id&{of}"))
            .await
            .is_empty()
    );
    let (status, _) = world.read("kira", "clients/crm-501").await;
    assert_eq!(status, 200);
}
