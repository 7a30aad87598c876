//! The mirror's first fill, and its repair once a day: all deals of a connection, page by page.
//!
//! Each part is an event of our own in the inbox: it is worked through like any other, and stores the
//! next part before it is done. What is in the mirror and was in no page is removed at the end, and at
//! the end only: a listing that broke off says nothing of what it did not come to.

use serde_json::{Value, json};

use super::events::{HELD_SECONDS, PROPERTIES, Stop, opportunity};
use super::{Desk, HUBSPOT};
use crate::connections::{ASSISTANT, Connection};
use crate::inbox::{Arrival, Event, Fate, Inbox};
use crate::lease::Lease;
use crate::problem::Problem;
use crate::providers::failure::Kind;
use crate::providers::hubspot::objects::ObjectKind;
use crate::time;
use crate::transport::Runtime;

/// What such an event says that happened. HubSpot's own kinds have no such word before the dot.
pub(super) const FILL: &str = "mirror.fill";
/// As many as HubSpot gives at once.
const PAGE: u32 = 100;
/// Pages of one part.
const PAGES: u32 = 5;
/// How often it is looked whether there is somebody to begin for.
const EVERY_SECONDS: u64 = 300;

impl<R: Runtime> Desk<'_, R> {
    /// Begins a fill for every connection that has had none today.
    pub(in crate::apps) async fn begin_fills(&self) -> Result<(), Problem> {
        match self.settings() {
            Ok(settings) if settings.mirror_deals => {}
            _ => return Ok(()),
        }
        let own = self.own()?;
        // Not given back: it lasts until it is time again.
        let lease = Lease::take(&own, "assistant/fills", self.request_id, EVERY_SECONDS).await?;
        if lease.is_none() {
            return Ok(());
        }
        let service = self.as_service()?;
        let active = service.rows(ASSISTANT.connections, |table| {
            table.select(ASSISTANT.columns).eq("status", "active")
        });
        let active: Vec<Connection> = active.await?;
        let now = time::iso(self.runtime.now_ms());
        let day = now.get(..10).unwrap_or_default();
        let first = |of: &Connection| part(of, day, &now, None);
        let parts: Vec<Arrival> = active.iter().map(first).collect();
        let inbox = Inbox::new(own, self.runtime);
        inbox.take("assistant", HUBSPOT, &parts).await.map(drop)
    }

    /// Works through a part.
    pub(super) async fn fill(&self, event: &Event) -> Fate {
        match self.fill_part(event).await {
            Ok(()) | Err(Stop::Ended) => Fate::Done,
            Err(Stop::Busy) => Fate::Wait,
            Err(Stop::Failed(fate)) => fate,
        }
    }

    async fn fill_part(&self, event: &Event) -> Result<(), Stop> {
        let dead = || {
            Stop::Failed(Fate::Dead(
                "CS400: a part of a fill without its facts".to_owned(),
            ))
        };
        let (id, day) = (event.text("connection"), event.text("day"));
        let (id, day) = id.zip(day).ok_or_else(dead)?;
        let began = event.text("began").ok_or_else(dead)?;
        let service = self.as_service()?;
        let rows = service.rows(ASSISTANT.connections, |table| {
            let table = table.select(ASSISTANT.columns);
            table.eq("id", id).eq("status", "active")
        });
        let mut rows: Vec<Connection> = rows.await?;
        let connection = rows.pop().ok_or(Stop::Ended)?;
        let own = self.own()?;
        let name = format!("assistant/deals/{}", connection.portal());
        let lease = Lease::take(&own, &name, self.request_id, HELD_SECONDS).await?;
        let lease = lease.ok_or(Stop::Busy)?;
        let listed = self.list(&connection, event.text("after")).await;
        lease.give_back().await;
        match listed? {
            Some(after) => {
                let next = part(&connection, day, began, Some(&after));
                let inbox = Inbox::new(own, self.runtime);
                inbox.take("assistant", HUBSPOT, &[next]).await?;
                Ok(())
            }
            None => self.sweep(&connection, began).await,
        }
    }

    /// Mirrors some pages; where the next part begins, if there is one.
    async fn list(
        &self,
        connection: &Connection,
        after: Option<&str>,
    ) -> Result<Option<String>, Stop> {
        let hubspot = self.through(connection.clone())?;
        let mut after = after.map(str::to_owned);
        for _ in 0..PAGES {
            let read_at = time::iso(self.runtime.now_ms());
            let page = hubspot.list(ObjectKind::Deals, &PROPERTIES, PAGE, after.as_deref());
            let page = match page.await {
                // They may see none: then there is none to mirror.
                Err(failure) if matches!(failure.kind, Kind::Forbidden(_)) => return Ok(None),
                page => page?,
            };
            let rows: Vec<Value> = page.results.iter().map(opportunity).collect();
            let arguments = json!({
                "p_user": connection.tenant, "p_read_at": read_at, "p_deals": rows, "p_gone": [],
            });
            self.own()?.call("mirror_deals", &arguments).await?;
            after = page.after().map(str::to_owned);
            if after.is_none() {
                break;
            }
        }
        Ok(after)
    }

    /// Removes what is mirrored and was in no page. Of somebody who is connected to several portals
    /// nobody knows which portal's that would be.
    async fn sweep(&self, connection: &Connection, began: &str) -> Result<(), Stop> {
        let service = self.as_service()?;
        let user = &connection.tenant;
        let all = service.rows::<Value>(ASSISTANT.connections, |table| {
            table.select("id").eq("user_id", user)
        });
        if all.await?.len() > 1 {
            return Ok(());
        }
        let unseen = service.rows::<Value>("opportunities", |table| {
            let table = table.delete().eq("user_id", user);
            let table = table.not("is", "hubspot_deal_id", "null");
            table.lt("fetched_at", began).select("id")
        });
        unseen.await?;
        Ok(())
    }
}

/// A part of a day's fill, from this place on.
fn part(of: &Connection, day: &str, began: &str, after: Option<&str>) -> Arrival {
    let place = after.unwrap_or("first");
    Arrival {
        id: format!("fill/{}/{day}/{place}", of.id),
        tenant: Some(of.portal().to_owned()),
        kind: FILL.to_owned(),
        payload: Some(json!({ "connection": of.id, "day": day, "began": began, "after": after })),
    }
}
