//! What coaching's workflows take and give, as JSON Schema.

use serde_json::{Value, json};

use super::{Do, Source};
use crate::apps::assistant::types::{list, object, reference, text};
use crate::openapi::Types;

fn nullable() -> Value {
    json!({ "type": ["string", "null"] })
}

/// What a workflow takes and gives.
#[must_use]
pub fn of(run: Do) -> Types {
    let answer = |query: Vec<(&'static str, Value)>, input: Option<(Value, bool)>, output| Types {
        query,
        input,
        status: 200,
        output: Some(output),
    };
    match run {
        Do::Status(_) => {
            let connection =
                json!({ "anyOf": [reference("CoachingConnection"), { "type": "null" }] });
            let members = json!({ "account_id": text(), "connection": connection });
            answer(vec![], None, object(members, &[]))
        }
        Do::Start(_) => {
            let input = object(json!({ "return_to": text() }), &["return_to"]);
            let output = object(
                json!({ "url": text(), "expires_in": { "type": "integer" } }),
                &[],
            );
            answer(vec![], Some((input, false)), output)
        }
        Do::Callback(of) => {
            let query = vec![("code", text()), ("state", text()), ("error", text())];
            let outcome = json!({ "enum": ["connected", "refused"] });
            let output = match of {
                Source::Fathom => json!({ "fathom": outcome, "account_id": text() }),
                Source::HubSpot => json!({ "hubspot": outcome, "account_id": text() }),
            };
            answer(query, None, object(output, &[]))
        }
        Do::Disconnect(_) => {
            let members = json!({
                "account_id": text(), "status": { "const": "revoked" }, "revoked_there": { "type": "boolean" },
            });
            answer(vec![], None, object(members, &[]))
        }
        Do::Sync(_) => {
            let count = json!({ "type": "integer" });
            let members = json!({
                "account_id": text(), "provider": { "enum": ["fathom", "hubspot"] }, "added": count, "changed": count,
                "more": { "type": "boolean" },
            });
            answer(vec![], None, object(members, &[]))
        }
        Do::Webhook(of) => {
            let count = json!({ "type": "integer" });
            let output = json!({ "stored": count, "repeated": count, "unreadable": count });
            let event = json!({ "type": "object" });
            let input = match of {
                Source::Fathom => event,
                Source::HubSpot => list(event),
            };
            answer(vec![], Some((input, true)), object(output, &[]))
        }
    }
}

/// The schemas that have names.
#[must_use]
pub fn schemas() -> Value {
    json!({
        "CoachingConnection": object(json!({
            "id": text(), "account_id": text(), "external_account_id": nullable(), "scopes": list(text()),
            "status": { "enum": ["pending", "active", "expired", "revoked"] }, "token_expires_at": nullable(),
            "last_synced_at": nullable(), "last_error": nullable(), "reconnect": { "type": "boolean" },
        }), &[]),
    })
}
