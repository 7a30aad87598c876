//! Baserow as the operator has connected it, where no token is set.

use countersign_sealing::{Binding, KeyRing, Nonce};
use reqwest::Method;
use serde_json::{Value, json};

use super::MIA;
use crate::world::World;

const OWN: &str = "countersign_edge";
const NONCE: [u8; 12] = *b"only a test.";

/// Seals a text for a place of the portal's.
fn sealed(world: &World, connection: &str, column: &str, text: &str) -> String {
    let keys = world.facts["simulators"]["settings"]["SEALING_KEYS"].as_str();
    let ring = KeyRing::parse(keys.unwrap()).unwrap();
    let place = Binding {
        app: "portal",
        tenant: "portal",
        provider: "baserow",
        connection,
        column,
    };
    ring.seal(Nonce::from_random(NONCE), &place, text).unwrap()
}

async fn links(world: &World) -> (u16, Value) {
    world.by(MIA, Method::GET, "quick-links", None).await
}

pub(super) async fn connected(world: &World) {
    let write = async |method: Method, address: &str, body: Value| {
        world.as_worker(method, address, OWN, body).await
    };
    let (status, body) = links(world).await;
    assert_eq!((status, &body["code"]), (500, &json!("CS500")), "{body}");
    assert!(body["hint"].as_str().unwrap().contains("BASEROW_TOKEN"));

    let provider = json!({ "provider": "baserow" });
    let made = write(Method::POST, "portal_connections", provider).await;
    let connection = made[0]["id"].as_str().unwrap().to_owned();
    let token = world.facts["simulators"]["settings"]["BASEROW_TOKEN"].as_str();
    let token = token.unwrap();
    let row = |column: &str, token: &str| {
        json!({
            "connection_id": connection, "key_id": "local",
            "access_token": sealed(world, &connection, column, token),
        })
    };
    let good = row("access_token", token);
    assert!(!good.to_string().contains(token));
    write(Method::POST, "portal_connection_secrets", good.clone()).await;
    let (status, body) = links(world).await;
    assert_eq!(status, 200, "{body}");
    assert!(!body.to_string().contains(token));

    // What was sealed for another column, what Baserow does not take, and what is taken away.
    let all = format!("portal_connection_secrets?connection_id=eq.{connection}");
    let put = async |row: Value| write(Method::PATCH, &all, row).await;
    put(row("refresh_token", token)).await;
    let (status, body) = links(world).await;
    assert_eq!(
        (status, &body["code"]),
        (409, &json!("connection_expired")),
        "{body}"
    );
    put(row("access_token", "another")).await;
    let (status, body) = links(world).await;
    assert_eq!((status, &body["code"]), (500, &json!("CS500")), "{body}");
    put(good).await;
    assert_eq!(links(world).await.0, 200);
    let gone = format!("portal_connections?id=eq.{connection}");
    write(Method::DELETE, &gone, Value::Null).await;
    assert_eq!(links(world).await.0, 500);
}
