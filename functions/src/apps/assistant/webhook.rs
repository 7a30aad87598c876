//! HubSpot's events: verified, and stored once. The signature covers the portal, and a portal is
//! nobody's but theirs who are connected to it: an event concerns each of them, through their own
//! connection.

use std::collections::BTreeSet;

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{Desk, HUBSPOT, ok};
use crate::apps::Asked;
use crate::inbox::{Arrival, Inbox, Stored};
use crate::message::Response;
use crate::problem::Problem;
use crate::transport::Runtime;
use crate::webhooks::hubspot::{Delivery, Event, events, verify};

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
        let now = self.runtime.now_ms();
        let verdict = verify(&delivery, &settings.client_secret, settings.older, now);
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
        let arrivals: Vec<Arrival> = all.iter().flatten().map(arrival).collect();
        let inbox = Inbox::new(self.own()?, self.runtime);
        let Stored { stored, repeated } = inbox.take("assistant", HUBSPOT, &arrivals).await?;
        Ok(ok(
            &json!({ "stored": stored, "repeated": repeated, "unreadable": unreadable }),
        ))
    }
}

/// An event without what it says of people: what changed is read where it is needed.
fn arrival(event: &Event) -> Arrival {
    let member = |name: &str| event.payload.get(name);
    let single = ["objectId", "primaryObjectId", "newObjectId"];
    let several = member("mergedObjectIds").and_then(Value::as_array);
    let ids = single.iter().filter_map(|name| member(name));
    let ids: BTreeSet<String> = ids
        .chain(several.into_iter().flatten())
        .filter_map(|id| Some(id.as_u64()?.to_string()))
        .collect();
    Arrival {
        id: event.key.clone(),
        tenant: Some(event.portal.to_string()),
        kind: event.kind.clone(),
        payload: Some(json!({
            "ids": ids, "objectTypeId": member("objectTypeId"), "propertyName": member("propertyName"),
            "occurredAt": event.occurred_at,
        })),
    }
}
