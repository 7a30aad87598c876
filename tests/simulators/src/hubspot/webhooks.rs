//! Webhooks, made and signed as HubSpot does; whoever asked for them sends them on.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

use super::{APP_ID, CLIENT_SECRET, HubSpot};
use crate::text;

impl HubSpot {
    /// A delivery of `events` to `uri`: its body and headers. What an event leaves out is filled in.
    pub(crate) fn webhook(&mut self, body: &Value, now: u64) -> Value {
        let events = body
            .get("events")
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default();
        let mut sent = Vec::new();
        for event in events {
            let defaults = json!({
                "eventId": self.number(), "subscriptionId": 12_345, "portalId": 24_680_135, "appId": APP_ID,
                "occurredAt": now, "subscriptionType": "contact.propertyChange", "attemptNumber": 0,
                "objectId": 101, "changeSource": "CRM",
            });
            let mut whole = defaults.as_object().cloned().unwrap_or_default();
            whole.extend(event.as_object().cloned().unwrap_or_default());
            sent.push(Value::Object(whole));
        }
        let payload = Value::Array(sent).to_string();
        let timestamp = now.to_string();
        let signature = sign(
            "POST",
            text(body, "uri").unwrap_or_default(),
            &payload,
            &timestamp,
        );
        let headers = json!({
            "content-type": "application/json",
            "x-hubspot-signature-v3": signature,
            "x-hubspot-request-timestamp": timestamp,
        });
        json!({ "body": payload, "headers": headers })
    }
}

/// The signature in version 3.
fn sign(method: &str, uri: &str, body: &str, timestamp: &str) -> String {
    let Ok(mut hmac) = Hmac::<Sha256>::new_from_slice(CLIENT_SECRET.as_bytes()) else {
        return String::new();
    };
    for part in [method, uri, body, timestamp] {
        hmac.update(part.as_bytes());
    }
    STANDARD.encode(hmac.finalize().into_bytes())
}
