//! HubSpot's events: verified, and stored once. The signature covers the portal, and a portal is
//! nobody's but theirs who are connected to it: an event concerns each of them, through their own
//! connection.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Desk, HUBSPOT, ok};
use crate::apps::Asked;
use crate::apps::delivery::from_hubspot;
use crate::inbox::{Arrival, Inbox, Stored};
use crate::message::Response;
use crate::problem::Problem;
use crate::transport::Runtime;
use crate::webhooks::hubspot::Event;

impl<R: Runtime> Desk<'_, R> {
    pub(super) async fn webhook(&self, asked: &Asked<'_>) -> Result<Response<R::Stream>, Problem> {
        let settings = self.settings()?;
        let all = from_hubspot(asked, settings, self.runtime.now_ms())?;
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
