//! What coaching's workflows take and give, as JSON Schema.

use serde_json::{Value, json};

use super::{Do, Source};
use crate::apps::assistant::types::{list, object, reference, text};
use crate::openapi::Types;

fn nullable() -> Value {
    json!({ "type": ["string", "null"] })
}

fn id() -> Value {
    json!({ "type": "string", "format": "uuid" })
}

fn rating() -> Value {
    json!({ "type": ["integer", "null"], "minimum": 1, "maximum": 5 })
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
    let created = |input: Value, output| Types {
        query: vec![],
        input: Some((input, true)),
        status: 201,
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
        Do::Analyse => {
            let members = json!({ "conversation_id": id(), "fresh": { "type": "boolean" } });
            let input = object(members, &["fresh"]);
            answer(vec![], Some((input, true)), reference("CoachingAnalysis"))
        }
        Do::Draft => {
            let input = object(json!({ "analysis_id": id() }), &[]);
            let similar = list(reference("CoachingLesson"));
            let output = json!({ "message": reference("CoachingMessage"), "similar": similar });
            created(input, object(output, &[]))
        }
        Do::AddOutcome => {
            let members = json!({
                "situation": text(), "outcome": text(), "rating": rating(), "user_id": id(), "team_id": id(),
                "coaching_message_id": id(),
            });
            let optional = ["rating", "user_id", "team_id", "coaching_message_id"];
            let outcome = reference("CoachingOutcome");
            let output = json!({ "outcome": outcome, "embedded": { "type": "boolean" } });
            created(object(members, &optional), object(output, &[]))
        }
        Do::Similar => {
            let count = json!({ "type": "integer", "minimum": 1, "maximum": 100 });
            let input = object(json!({ "situation": text(), "count": count }), &["count"]);
            let output = object(json!({ "results": list(reference("CoachingLesson")) }), &[]);
            answer(vec![], Some((input, true)), output)
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
        "CoachingAnalysis": object(json!({
            "id": text(), "account_id": text(), "user_id": nullable(), "team_id": nullable(), "conversation_id": text(),
            "status": { "enum": ["running", "succeeded", "failed"] }, "model": nullable(), "summary": nullable(),
            "scores": { "type": "object" }, "error_code": nullable(), "analysed_at": nullable(),
        }), &[]),
        "CoachingMessage": object(json!({
            "id": text(), "account_id": text(), "user_id": text(), "team_id": nullable(), "author_id": nullable(),
            "conversation_analysis_id": nullable(), "body": text(), "status": { "enum": ["draft", "sent", "acknowledged"] },
            "sent_at": nullable(), "acknowledged_at": nullable(),
        }), &[]),
        "CoachingOutcome": object(json!({
            "id": text(), "account_id": text(), "user_id": nullable(), "team_id": nullable(),
            "coaching_message_id": nullable(), "situation": text(), "outcome": text(), "rating": rating(), "created_at": text(),
            "updated_at": text(),
        }), &[]),
        "CoachingLesson": object(json!({
            "id": text(), "account_id": text(), "user_id": nullable(), "situation": text(), "outcome": text(),
            "rating": rating(), "similarity": { "type": "number" },
        }), &[]),
    })
}
