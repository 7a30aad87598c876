//! Baserow's events about the table of members: who was deleted is linked to no account any more.
//!
//! The inbox keeps which row it was and nothing of what was in it; Baserow sends no more than that of a
//! deleted row, and what it sends of others is not looked at.

use reqwest::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Portal, missing, ok};
use crate::apps::Asked;
use crate::message::Response;
use crate::problem::Problem;
use crate::time;
use crate::transport::Runtime;
use crate::webhooks::baserow::verify;

const SOURCE: &str = "baserow";
/// As many ids as an address holds with ease.
const AT_ONCE: usize = 100;

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
        verify(asked.headers, body, secret).map_err(|why| {
            let message = "this is not known to come from Baserow";
            Problem::new(StatusCode::UNAUTHORIZED, "webhook_not_verified", message)
                .internal(why.to_string())
        })?;
        let event: Event = asked.json()?;
        if event.table_id != settings.members || event.event_type != "rows.deleted" {
            return Ok(ok(&json!({ "stored": 0, "repeated": 0, "unlinked": 0 })));
        }
        let keys: Vec<String> = event.row_ids.iter().map(|row| event.key(row)).collect();
        // Without a payload: which row it was stands in the id.
        let row = |key: &String| json!({ "event_id": key, "event_type": event.event_type });
        let rows: Vec<Value> = keys.iter().map(row).collect();
        let own = self.0.own()?;
        let arguments = json!({ "p_app": "portal", "p_source": SOURCE, "p_events": rows });
        let stored = own
            .call("store_webhooks", &arguments)
            .await?
            .as_u64()
            .unwrap_or_default();
        // Again, too, if it came before: whoever stored it may not have come to this. A row's id is
        // never another row's, so nothing newer is undone.
        let mut unlinked = 0;
        for rows in event.row_ids.chunks(AT_ONCE) {
            unlinked += self.unlink(rows).await?;
        }
        for keys in keys.chunks(AT_ONCE) {
            self.finish(keys).await?;
        }
        let repeated = (keys.len() as u64).saturating_sub(stored);
        Ok(ok(
            &json!({ "stored": stored, "repeated": repeated, "unlinked": unlinked }),
        ))
    }

    /// Unlinks the accounts of these members, and says how many there were.
    async fn unlink(&self, rows: &[u64]) -> Result<usize, Problem> {
        let ids = rows.iter().map(u64::to_string);
        let nobody = json!({ "baserowMemberId": null }).to_string();
        let service = self.0.as_service()?;
        let unlinked: Vec<Value> = service
            .rows("user", |table| {
                table
                    .update(nobody)
                    .in_("baserowMemberId", ids)
                    .select("id")
            })
            .await?;
        Ok(unlinked.len())
    }

    async fn finish(&self, keys: &[String]) -> Result<(), Problem> {
        let done = json!({ "status": "done", "finished_at": time::iso(self.0.runtime.now_ms()) });
        let own = self.0.own()?;
        let finished = own.rows::<Value>("webhook_inbox", |table| {
            let table = table
                .update(done.to_string())
                .eq("app", "portal")
                .eq("source", SOURCE);
            table
                .in_("event_id", keys)
                .eq("status", "received")
                .select("id")
        });
        finished.await.map(drop)
    }
}
