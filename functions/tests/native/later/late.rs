//! A database that does not answer: whoever delivers a webhook is told in time to send it again.

use std::future::pending;
use std::time::Duration;

use countersign_functions::apps::workflows;
use countersign_functions::message::Response;
use countersign_functions::serve::serve;
use countersign_functions::transport::{Outgoing, Runtime, Unreachable};
use reqwest::header::{HeaderMap, HeaderName};
use reqwest::{Method, StatusCode, Url};
use serde_json::{Value, json};

use super::seller::WEBHOOK;
use crate::runtime::otherwise_native;
use crate::world::{PUBLIC_URL, World, request};

/// A world whose database takes requests and says nothing, for as long as anybody waits.
struct Silent<'a> {
    world: &'a World,
}

impl Runtime for Silent<'_> {
    otherwise_native!(|this| this.world.native);

    async fn send(&self, outgoing: Outgoing<Vec<u8>>) -> Result<Response<Vec<u8>>, Unreachable> {
        if outgoing.request.url().path().starts_with("/rest/v1/") {
            return pending().await;
        }
        self.world.native.send(outgoing).await
    }
}

/// A delivery: its path, its headers and its body.
struct Delivery {
    path: String,
    headers: HeaderMap,
    body: Value,
}

impl Delivery {
    /// As the simulators made it.
    fn made(path: &str, made: &Value) -> Self {
        let headers = made["headers"].as_object().unwrap().iter();
        let headers = headers.map(|(name, value)| {
            let name: HeaderName = name.parse().unwrap();
            (name, value.as_str().unwrap().parse().unwrap())
        });
        Self {
            path: path.to_owned(),
            headers: headers.collect(),
            body: serde_json::from_str(made["body"].as_str().unwrap()).unwrap(),
        }
    }

    async fn to<R: Runtime<Stream = Vec<u8>>>(
        &self,
        world: &World,
        runtime: &R,
    ) -> Response<Vec<u8>> {
        let mut request = request(Method::POST, &self.path, &[], Some(&self.body));
        request.headers.extend(self.headers.clone());
        serve(&world.setup, runtime, request).await
    }
}

/// One of each kind.
async fn deliveries(world: &World) -> Vec<Delivery> {
    let mut all = Vec::new();
    let coaching = "/functions/v1/coaching-hubspot-webhook";
    for (number, path) in [WEBHOOK, coaching].into_iter().enumerate() {
        // A call that nobody has: nothing comes of it.
        let events = json!([{
            "subscriptionType": "object.creation", "objectId": 599_999, "objectTypeId": "0-48",
            "eventId": world.run % 1_000_000 + number as u64,
        }]);
        let about = json!({ "uri": format!("{PUBLIC_URL}{path}"), "events": events });
        let made = world.control("/hubspot/webhook", about).await;
        all.push(Delivery::made(path, &made));
    }
    let about = json!({ "event_id": format!("late-{}", world.run), "row_ids": [999_999] });
    let made = world.control("/baserow/webhook", about).await;
    all.push(Delivery::made(
        "/functions/v1/portal-baserow-webhook",
        &made,
    ));
    let firm = json!({ "id": format!("late-{}", world.run), "type": "clients.changed", "ids": ["crm-599"] });
    let made = world.control("/bridge/webhook", firm).await;
    let url = Url::parse(made["url"].as_str().unwrap()).unwrap();
    all.push(Delivery::made(url.path(), &made));
    // Whose secret it is made with has to be asked for first.
    all.push(Delivery {
        path: "/functions/v1/coaching-fathom-webhook/a0000000-0000-4000-8000-000000000001".into(),
        headers: HeaderMap::new(),
        body: json!({}),
    });
    all
}

#[tokio::test]
async fn a_delivery_is_answered_in_time_whatever_the_database_does() {
    let Some(world) = World::with(&[("WEBHOOK_TIMEOUT_SECONDS", "1")]) else {
        return;
    };
    // Where the bridge delivers to it is told when somebody connects.
    let adviser = "grace@advisory.example.test";
    let given = json!({ "provider": "bridge", "key": "countersign-local-bridge-key-whitfield" });
    let path = "/functions/v1/advisory-connect";
    let bearer = format!("Bearer {}", world.person(adviser));
    let headers = [("authorization", bearer.as_str())];
    let (status, answer) = world.ask(Method::POST, path, &headers, Some(&given)).await;
    assert_eq!(status, 200, "{answer}");
    let all = deliveries(&world).await;
    // Each route that takes deliveries, by what its path begins with.
    let routes = workflows().filter(|workflow| workflow.delivers());
    let routes: Vec<&str> = routes
        .map(|route| route.path.split('{').next().unwrap())
        .collect();
    assert_eq!(routes.len(), 5);
    for route in &routes {
        let has = all
            .iter()
            .filter(|delivery| delivery.path.starts_with(route));
        assert_eq!(has.count(), 1, "{route}");
    }
    let silent = Silent { world: &world };
    for delivery in &all {
        let answer = delivery.to(&world, &silent);
        // As long as anybody may wait who would otherwise wait for ever.
        let answer = tokio::time::timeout(Duration::from_secs(60), answer).await;
        let answer = answer.expect(&delivery.path);
        assert_eq!(
            answer.status,
            StatusCode::SERVICE_UNAVAILABLE,
            "{}",
            delivery.path
        );
        assert_eq!(answer.headers["retry-after"], "2", "{}", delivery.path);
    }
    // What is sent again is taken, once.
    drop(world);
    let Some(world) = World::new() else { return };
    for (number, stored) in (0..4).flat_map(|number| [(number, 1), (number, 0)]) {
        let answer = all[number].to(&world, &world.native).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", all[number].path);
        let said = crate::world::json_of(answer.body);
        assert_eq!(said["stored"], stored, "{said}");
    }
    world.until_quiet().await;
    world.forget().await;
}
