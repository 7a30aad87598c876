//! What HubSpot and Fathom tell of: verified, stored once, worked through afterwards.
//!
//! Whose an event is, the signature says: HubSpot's covers the portal, which is everybody's who is
//! connected to it; Fathom's is made with the secret of the one connection that the address names.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::sync::{Count, KINDS};
use super::{Coaching, FATHOM, HUBSPOT, Source, ok};
use crate::apps::Asked;
use crate::apps::background::{all as same, failed};
use crate::apps::delivery::{from_hubspot, unverified};
use crate::connections::sealed::{Column, Place};
use crate::connections::{COACHING, Connection};
use crate::inbox::{self, Arrival, Fate, Inbox};
use crate::message::Response;
use crate::problem::Problem;
use crate::providers::failure::Provider;
use crate::providers::fathom::meetings::Meeting;
use crate::providers::hubspot::objects::ObjectKind;
use crate::transport::Runtime;
use crate::webhooks::hubspot::Event;
use crate::webhooks::standard;

/// What HubSpot told of: by kind and id, when it last did, in milliseconds since the epoch.
type Kinds<'e> = BTreeMap<&'e str, Vec<(&'e str, u64)>>;

impl<R: Runtime> Coaching<'_, R> {
    pub(super) async fn hubspot_webhook(
        &self,
        asked: &Asked<'_>,
    ) -> Result<Response<R::Stream>, Problem> {
        let settings = self.desk.edge.config.providers.coaching_hubspot.as_ref();
        let settings =
            settings.ok_or_else(|| super::missing(Provider::HubSpot, "HUBSPOT_CLIENT_ID"))?;
        let told = from_hubspot(asked, settings, self.desk.runtime.now_ms())?;
        let unreadable = told.iter().filter(|event| event.is_err()).count();
        let arrivals: Vec<Arrival> = told.iter().flatten().filter_map(arrival).collect();
        self.take(HUBSPOT, &arrivals, unreadable).await
    }

    pub(super) async fn fathom_webhook(
        &self,
        asked: &Asked<'_>,
    ) -> Result<Response<R::Stream>, Problem> {
        #[derive(serde::Deserialize)]
        struct Sealed {
            webhook_secret: Option<String>,
        }
        let body = asked.body.as_deref().unwrap_or_default();
        let id = asked.parts.first().map(String::as_str).unwrap_or_default();
        // One answer for all that is not believed: who asks learns of no connection.
        let unknown = |why: &str| unverified("Fathom", &why);
        let connection = self.connection(id).await?;
        let connection = connection.ok_or_else(|| unknown("there is no such connection"))?;
        let service = self.desk.as_service()?;
        let secrets = service.rows::<Sealed>(COACHING.secrets, |table| {
            table.select("webhook_secret").eq("connection_id", id)
        });
        let sealed = secrets.await?.pop().and_then(|row| row.webhook_secret);
        let sealed = sealed.ok_or_else(|| unknown("the connection has no webhook"))?;
        let place = Place::of(&COACHING, Provider::Fathom, &connection);
        let sealer = self.sealer(Source::Fathom)?;
        let secret = sealer.open(&place, Column::WebhookSecret, &sealed);
        let secret = secret.map_err(|_| unknown("the secret does not open"))?;
        let now = self.desk.runtime.now_ms();
        let message = standard::verify(asked.headers, body, &secret, now);
        let message = message.map_err(|why| unverified("Fathom", &why))?;
        let meeting: Value = serde_json::from_slice(body)
            .map_err(|_| Problem::bad_request("the body is no meeting"))?;
        let arrival = Arrival {
            id: format!("{id}/{message}"),
            tenant: Some(connection.tenant.clone()),
            kind: "meeting".to_owned(),
            payload: Some(json!({ "connection": id, "meeting": brief(meeting) })),
        };
        self.take(FATHOM, &[arrival], 0).await
    }

    async fn take(
        &self,
        source: &str,
        arrivals: &[Arrival],
        unreadable: usize,
    ) -> Result<Response<R::Stream>, Problem> {
        let inbox = Inbox::new(self.desk.own()?, self.desk.runtime);
        let taken = inbox.take("coaching", source, arrivals).await?;
        Ok(ok(
            &json!({ "stored": taken.stored, "repeated": taken.repeated, "unreadable": unreadable }),
        ))
    }

    /// The active connection of this id.
    async fn connection(&self, id: &str) -> Result<Option<Connection>, Problem> {
        if policy_core::value::uuid_from_text(id).is_none() {
            return Ok(None);
        }
        let service = self.desk.as_service()?;
        let found = service.rows(COACHING.connections, |table| {
            table
                .select(COACHING.columns)
                .eq("id", id)
                .eq("status", "active")
        });
        Ok(found.await?.pop())
    }

    /// Works through events of HubSpot: what they tell of is read anew, once for each account that is
    /// connected to the portal.
    pub(in crate::apps) async fn hubspot_events(&self, told: &[inbox::Event]) -> Vec<Fate> {
        let mut portals: BTreeMap<&str, Kinds<'_>> = BTreeMap::new();
        for event in told {
            if let (Some(portal), Some(kind), Some(id)) = (
                event.tenant_id.as_deref(),
                event.text("kind"),
                event.text("id"),
            ) {
                let ids = portals.entry(portal).or_default().entry(kind).or_default();
                let at = event.payload.get("at").and_then(Value::as_u64);
                let at = at.unwrap_or_default();
                match ids.iter_mut().find(|(of, _)| *of == id) {
                    Some((_, last)) => *last = at.max(*last),
                    None => ids.push((id, at)),
                }
            }
        }
        let mut fates = BTreeMap::new();
        for (portal, kinds) in portals {
            let fate = match self.refresh_portal(portal, &kinds).await {
                Ok(()) => Fate::Done,
                Err(problem) => failed(&problem),
            };
            fates.insert(portal, fate);
        }
        let of = |event: &inbox::Event| {
            let portal = event.tenant_id.as_deref().unwrap_or_default();
            fates.get(portal).cloned().unwrap_or(Fate::Done)
        };
        told.iter().map(of).collect()
    }

    async fn refresh_portal(&self, portal: &str, kinds: &Kinds<'_>) -> Result<(), Problem> {
        let service = self.desk.as_service()?;
        let found = service.rows::<Connection>(COACHING.connections, |table| {
            table
                .select(COACHING.columns)
                .eq("provider", "hubspot")
                .eq(COACHING.external, portal)
                .eq("status", "active")
        });
        let mut done = Ok(());
        for connection in found.await? {
            let held = self.held(Source::HubSpot, connection)?;
            for (kind, told) in kinds {
                let Some(kind) = ObjectKind::named(kind) else {
                    continue;
                };
                // One account's trouble keeps nothing from the others.
                done = self.refresh(&held, kind, told).await.and(done);
            }
        }
        done
    }

    /// Works through recordings that Fathom told of.
    pub(in crate::apps) async fn fathom_events(&self, told: &[inbox::Event]) -> Vec<Fate> {
        let mut fates = Vec::new();
        for event in told {
            fates.push(match self.told_of(event).await {
                Ok(fate) => fate,
                Err(problem) => failed(&problem),
            });
        }
        if fates.len() == told.len() {
            fates
        } else {
            same(told, &Fate::Wait)
        }
    }

    async fn told_of(&self, event: &inbox::Event) -> Result<Fate, Problem> {
        let meeting = event.payload.get("meeting").cloned().unwrap_or_default();
        let Ok(meeting) = serde_json::from_value::<Meeting>(meeting) else {
            return Ok(Fate::Dead("CS400: the body is no meeting".to_owned()));
        };
        let id = event.text("connection").unwrap_or_default();
        // Ended meanwhile: there is nobody to read it for.
        let Some(connection) = self.connection(id).await? else {
            return Ok(Fate::Done);
        };
        let held = self.held(Source::Fathom, connection)?;
        let fathom = self.fathom(&held)?;
        let account = &held.connection.tenant;
        self.recording(account, &fathom, &meeting, &mut Count::default())
            .await?;
        Ok(Fate::Done)
    }
}

/// An event about an activity: which it is and when it was, and nothing of what it says.
fn arrival(event: &Event) -> Option<Arrival> {
    let id = event.payload.get("objectId")?.as_u64()?;
    let kind = match event.payload.get("objectTypeId")?.as_str()? {
        "0-47" => ObjectKind::Meetings,
        "0-48" => ObjectKind::Calls,
        "0-49" => ObjectKind::Emails,
        _ => return None,
    };
    KINDS.contains(&kind).then(|| Arrival {
        id: event.key.clone(),
        tenant: Some(event.portal.to_string()),
        kind: event.kind.clone(),
        payload: Some(json!({
            "kind": kind.word(), "id": id.to_string(), "at": event.occurred_at,
        })),
    })
}

/// A meeting without what was said: that is read from Fathom when it is worked through.
fn brief(mut meeting: Value) -> Value {
    if let Some(members) = meeting.as_object_mut() {
        for long in [
            "transcript",
            "default_summary",
            "action_items",
            "highlights",
            "crm_matches",
        ] {
            members.remove(long);
        }
    }
    meeting
}
