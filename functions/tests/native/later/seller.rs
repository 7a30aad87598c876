//! Somebody of the seed who is connected to HubSpot, and what can be told of their work.

use countersign_functions::serve::serve;
use reqwest::Method;
use serde_json::{Value, json};

use crate::world::{World, request};

impl World {
    pub(super) fn id_of(&self, email: &str) -> &str {
        let mut people = self.facts["stack"]["people"].as_array().unwrap().iter();
        let found = people.find(|person| person["email"] == email).unwrap();
        found["id"].as_str().unwrap()
    }

    /// Connects a person to HubSpot, the long way.
    pub(super) async fn connect(&self, email: &str, consent: Value) {
        const CONNECT: &str = "/functions/v1/assistant-hubspot-connect";
        self.control("/hubspot/consent", consent).await;
        let bearer = format!("Bearer {}", self.person(email));
        let headers = [("authorization", bearer.as_str())];
        let begin = request(Method::POST, CONNECT, &headers, Some(&json!({})));
        let response = serve(&self.setup, &self.native, begin).await;
        let cookie = response.headers["set-cookie"].to_str().unwrap().to_owned();
        let cookie = cookie.split(';').next().unwrap();
        let countersign_functions::message::Body::Bytes(body) = response.body else {
            panic!("no page of consent: {}", response.status);
        };
        let body: Value = serde_json::from_slice(&body).unwrap();
        let page = self.native.0.get(body["url"].as_str().unwrap());
        let page = page.send().await.unwrap();
        let back = page.headers()["location"].to_str().unwrap();
        let back = reqwest::Url::parse(back).unwrap();
        let path = format!("{}?{}", back.path(), back.query().unwrap());
        let (status, body) = self
            .ask(Method::GET, &path, &[("cookie", cookie)], None)
            .await;
        assert_eq!(status, 200, "{body}");
    }

    /// Nobody is connected to anything.
    pub(super) async fn disconnect_all(&self) {
        let all = "hubspot_connections?id=not.is.null";
        self.as_worker(Method::DELETE, all, "assistant", Value::Null)
            .await;
    }

    /// What is held is held no more, as if the time were over.
    pub(super) async fn let_go(&self) {
        let past = json!({ "next_attempt_at": "2026-01-01T00:00:00Z" });
        for (table, open) in [
            ("outbox", "(pending,sending,failed)"),
            ("webhook_inbox", "(received,processing,failed)"),
        ] {
            let open = format!("{table}?status=in.{open}");
            self.as_worker(Method::PATCH, &open, "countersign_edge", past.clone())
                .await;
        }
        let over = json!({ "expires_at": "2026-01-01T00:00:00Z" });
        let held = "leases?name=neq.tidy";
        self.as_worker(Method::PATCH, held, "countersign_edge", over)
            .await;
    }

    /// Runs of the schedule until one has nothing to do.
    pub(super) async fn until_quiet(&self) {
        for _ in 0..20 {
            self.let_go().await;
            if self.schedule().await.idle() {
                return;
            }
        }
        panic!("there is always something to do");
    }
}
