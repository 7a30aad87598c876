//! Webhooks: nothing is signed, a header with a secret is all there is.

use serde_json::{Value, json};

use super::{Baserow, MEMBERS, WEBHOOK_SECRET};
use crate::{number, text};

impl Baserow {
    /// A delivery as Baserow makes it: of `event_type`, about `row_ids` of `table`. An event of many
    /// rows comes in parts, as `batch` of the same `event_id`.
    pub(crate) fn webhook(&mut self, body: &Value) -> Value {
        self.deliveries += 1;
        let table = number(body, "table", MEMBERS);
        let event_type = text(body, "event_type").unwrap_or("rows.deleted");
        let own = format!("00000000-0000-4000-8000-{:012}", self.deliveries);
        let event_id = text(body, "event_id").unwrap_or(&own);
        let ids = body.get("row_ids").cloned().unwrap_or_else(|| json!([]));
        let mut event = json!({
            "table_id": table, "database_id": 90, "workspace_id": 9, "webhook_id": 7,
            "event_id": event_id, "event_type": event_type,
        });
        let Some(members) = event.as_object_mut() else {
            return Value::Null;
        };
        if event_type == "rows.deleted" {
            members.insert("row_ids".to_owned(), ids);
        } else {
            let rows = self.tables.get(&table).map(|table| &table.rows);
            let row = |id: &Value| Some(Value::Object(rows?.get(&id.as_u64()?)?.clone()));
            let items: Vec<Value> = ids
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(row)
                .collect();
            if event_type == "rows.updated" {
                members.insert("old_items".to_owned(), Value::Array(items.clone()));
            }
            members.insert("items".to_owned(), Value::Array(items));
        }
        if let Some(batch) = body.get("batch_id") {
            members.insert("batch_id".to_owned(), batch.clone());
        }
        let secret = text(body, "secret").unwrap_or(WEBHOOK_SECRET);
        json!({
            "body": event.to_string(),
            "headers": {
                "content-type": "application/json", "x-baserow-event": event_type,
                "x-baserow-delivery": own, "x-webhook-secret": secret,
            },
        })
    }
}
