//! Somebody of the seed who is connected to HubSpot, and what can be told of their work.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_functions::transport::Runtime as _;
use hmac::{Hmac, Mac as _};
use reqwest::Method;
use serde_json::{Value, json};
use sha2::Sha256;

use crate::world::{PUBLIC_URL, World};

/// Where HubSpot sends its events.
pub(super) const WEBHOOK: &str = "/functions/v1/assistant-hubspot-webhook";

impl World {
    /// A workflow of the assistant, by somebody of the seed.
    pub(super) async fn assistant(
        &self,
        email: &str,
        method: Method,
        path: &str,
        body: &Value,
    ) -> Value {
        let bearer = format!("Bearer {}", self.person(email));
        let path = format!("/functions/v1/assistant-{path}");
        let headers = [("authorization", bearer.as_str())];
        let (status, answer) = self.ask(method, &path, &headers, Some(body)).await;
        assert!(status < 300, "{path}: {status} {answer}");
        answer
    }

    /// The signature that HubSpot gives a delivery, and the time in it.
    pub(super) fn signed_by_hubspot(&self, body: &str) -> (String, String) {
        let secret = &self.facts["simulators"]["settings"]["HUBSPOT_CLIENT_SECRET"];
        let mut hmac = Hmac::<Sha256>::new_from_slice(secret.as_str().unwrap().as_bytes()).unwrap();
        let time = self.native.now_ms().to_string();
        for part in ["POST", PUBLIC_URL, WEBHOOK, body, &time] {
            hmac.update(part.as_bytes());
        }
        (STANDARD.encode(hmac.finalize().into_bytes()), time)
    }

    /// The mirrored deals of a person, in the order of their ids, as `id name cents currency status`.
    pub(super) async fn mirror_of(&self, email: &str) -> Vec<String> {
        let address = format!(
            "opportunities?user_id=eq.{}&hubspot_deal_id=not.is.null&order=hubspot_deal_id",
            self.id_of(email)
        );
        let rows = self.as_worker(Method::GET, &address, "assistant", Value::Null);
        let rows = rows.await;
        let line = |row: &Value| {
            let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
            let (id, name) = (text("hubspot_deal_id"), text("name"));
            let (currency, status) = (text("currency"), text("status"));
            format!("{id} {name} {} {currency} {status}", row["amount_cents"])
        };
        rows.as_array().unwrap().iter().map(line).collect()
    }

    /// No mirror, no event, no effect.
    pub(super) async fn forget(&self) {
        for (table, schema) in [
            ("opportunities?hubspot_deal_id=not.is.null", "assistant"),
            ("webhook_inbox?app=eq.assistant", "countersign_edge"),
            ("outbox?app=eq.assistant", "countersign_edge"),
        ] {
            self.as_worker(Method::DELETE, table, schema, Value::Null)
                .await;
        }
    }

    /// Connects a person to HubSpot.
    pub(super) async fn connect(&self, email: &str, consent: Value) {
        const CONNECT: &str = "/functions/v1/assistant-hubspot-connect";
        self.connect_by(CONNECT, "hubspot", email, consent).await;
    }

    /// A token of the simulator, got beside the Worker.
    pub(super) async fn hubspot_token(&self) -> String {
        let settings = &self.facts["simulators"]["settings"];
        let of = |name: &str| settings[name].as_str().unwrap();
        self.control("/hubspot/consent", json!({})).await;
        let back = format!("{PUBLIC_URL}/functions/v1/assistant-hubspot-callback");
        let page = [
            ("client_id", of("HUBSPOT_CLIENT_ID")),
            ("redirect_uri", &back),
            (
                "scope",
                "oauth crm.objects.deals.read crm.objects.deals.write",
            ),
            ("state", "s"),
        ];
        let page = reqwest::Url::parse_with_params(of("HUBSPOT_AUTHORIZE_URL"), page).unwrap();
        let page = self.native.0.get(page).send().await.unwrap();
        let location = page.headers()["location"].to_str().unwrap();
        let location = reqwest::Url::parse(location).unwrap();
        let code = location
            .query_pairs()
            .find(|(name, _)| name == "code")
            .unwrap()
            .1;
        let form = [
            ("grant_type", "authorization_code"),
            ("client_id", of("HUBSPOT_CLIENT_ID")),
            ("client_secret", of("HUBSPOT_CLIENT_SECRET")),
            ("redirect_uri", &back),
            ("code", &code),
        ];
        let url = format!("{}/oauth/v3/token", of("HUBSPOT_URL"));
        let grant = self.native.0.post(url).form(&form).send().await.unwrap();
        let grant: Value = serde_json::from_slice(&grant.bytes().await.unwrap()).unwrap();
        grant["access_token"].as_str().unwrap().to_owned()
    }

    /// A batch of deals, beside the Worker.
    pub(super) async fn batch(&self, token: &str, what: &str, inputs: Vec<Value>) -> Value {
        let settings = &self.facts["simulators"]["settings"];
        let url = settings["HUBSPOT_URL"].as_str().unwrap();
        let url = format!("{url}/crm/v3/objects/deals/batch/{what}");
        let request = self.native.0.post(url).bearer_auth(token);
        let request = request.header("content-type", "application/json");
        let answer = request.body(json!({ "inputs": inputs }).to_string());
        let answer = answer.send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.status());
        serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap_or_default()
    }

    /// Nobody is connected to anything.
    pub(super) async fn disconnect_all(&self) {
        let all = "hubspot_connections?id=not.is.null";
        self.as_worker(Method::DELETE, all, "assistant", Value::Null)
            .await;
    }
}
