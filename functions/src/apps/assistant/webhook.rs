//! HubSpot's events: verified, and stored once. Whose they are is the portal's matter, which the
//! signature covers; a person is told of an event through their own connection to that portal.

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{Desk, ok};
use crate::apps::Asked;
use crate::message::Response;
use crate::problem::Problem;
use crate::transport::Runtime;
use crate::webhooks::hubspot::{Delivery, Event, Older, events, verify};

impl<R: Runtime> Desk<'_, R> {
    pub(super) async fn webhook(&self, asked: &Asked<'_>) -> Result<Response<R::Stream>, Problem> {
        let settings = self.settings()?;
        let body = asked.body.as_deref().unwrap_or_default();
        let delivery = Delivery {
            method: "POST",
            // A proxy may have made another address of it by now.
            uri: settings.webhook_uri.as_str(),
            headers: asked.headers,
            body,
        };
        let verdict = verify(
            &delivery,
            &settings.client_secret,
            Older::default(),
            self.runtime.now_ms(),
        );
        verdict.map_err(|why| {
            let status = StatusCode::UNAUTHORIZED;
            Problem::new(
                status,
                "webhook_not_verified",
                "this is not known to come from HubSpot",
            )
            .internal(why.to_string())
        })?;
        let all = events(body).map_err(Problem::bad_request)?;
        let unreadable = all.iter().filter(|event| event.is_err()).count();
        let row = |event: &Event| {
            json!({
                "event_id": event.key, "tenant_id": event.portal.to_string(), "event_type": event.kind,
                "payload": event.payload,
            })
        };
        let rows: Vec<Value> = all.iter().flatten().map(row).collect();
        let count = rows.len();
        let arguments = json!({ "p_app": "assistant", "p_source": "hubspot", "p_events": rows });
        let stored = self.own()?.call("store_webhooks", &arguments).await?;
        let stored = stored.as_u64().unwrap_or_default();
        let repeated = (count as u64).saturating_sub(stored);
        Ok(ok(
            &json!({ "stored": stored, "repeated": repeated, "unreadable": unreadable }),
        ))
    }
}
