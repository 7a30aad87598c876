//! Baserow's events about the table of members: who was deleted is linked to no account any more.
//!
//! The inbox keeps which row it was and nothing of what was in it; Baserow sends no more than that of a
//! deleted row, and what it sends of others is not looked at.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{BASEROW, Portal, missing, ok};
use crate::apps::Asked;
use crate::apps::background::failed;
use crate::apps::delivery::unverified;
use crate::inbox::{self, Arrival, Fate, Inbox, Stored};
use crate::message::Response;
use crate::problem::Problem;
use crate::transport::Runtime;
use crate::webhooks::baserow::verify;

#[derive(Deserialize)]
struct Event {
    table_id: u64,
    event_id: String,
    event_type: String,
    /// Which part of a large event it is; the parts have one id.
    #[serde(default)]
    batch_id: Value,
    #[serde(default)]
    row_ids: Vec<u64>,
}

impl Event {
    /// What the inbox calls the deletion of one row.
    fn key(&self, row: &u64) -> String {
        let batch = match &self.batch_id {
            Value::Null => String::new(),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        format!("{}/{batch}/{row}", self.event_id)
    }
}

impl<R: Runtime> Portal<'_, R> {
    pub(super) async fn webhook(&self, asked: &Asked<'_>) -> Result<Response<R::Stream>, Problem> {
        let settings = self.settings()?;
        let secret = settings.webhook_secret.as_ref();
        let secret = secret.ok_or_else(|| missing("BASEROW_WEBHOOK_SECRET"))?;
        let body = asked.body.as_deref().unwrap_or_default();
        verify(asked.headers, body, secret).map_err(|why| unverified("Baserow", &why))?;
        let event: Event = asked.json()?;
        if event.table_id != settings.members || event.event_type != "rows.deleted" {
            return Ok(ok(&json!({ "stored": 0, "repeated": 0 })));
        }
        // Without a payload: which row it was stands in the id.
        let arrival = |row: &u64| Arrival {
            id: event.key(row),
            tenant: None,
            kind: event.event_type.clone(),
            payload: None,
        };
        let arrivals: Vec<Arrival> = event.row_ids.iter().map(arrival).collect();
        let inbox = Inbox::new(self.0.own()?, self.0.runtime);
        let Stored { stored, repeated } = inbox.take("portal", BASEROW, &arrivals).await?;
        Ok(ok(&json!({ "stored": stored, "repeated": repeated })))
    }

    /// Works through deletions. A row's id is never another row's, so nothing newer is undone.
    pub(in crate::apps) async fn deleted(&self, events: &[inbox::Event]) -> Vec<Fate> {
        let row = |event: &inbox::Event| {
            let (_, row) = event.event_id.rsplit_once('/')?;
            row.parse::<u64>().ok()
        };
        let rows: Vec<u64> = events.iter().filter_map(row).collect();
        let fate = match self.unlink(&rows).await {
            Ok(()) => Fate::Done,
            Err(problem) => failed(&problem),
        };
        let of = |event: &inbox::Event| match row(event) {
            Some(_) => fate.clone(),
            None => Fate::Dead("CS400: the event names no row".to_owned()),
        };
        events.iter().map(of).collect()
    }

    /// Unlinks the accounts of these members.
    async fn unlink(&self, rows: &[u64]) -> Result<(), Problem> {
        if rows.is_empty() {
            return Ok(());
        }
        let ids = rows.iter().map(u64::to_string);
        let nobody = json!({ "baserowMemberId": null }).to_string();
        let service = self.0.as_service()?;
        let unlinked = service.rows::<Value>("user", |table| {
            table
                .update(nobody)
                .in_("baserowMemberId", ids)
                .select("id")
        });
        unlinked.await.map(drop)
    }
}
