//! What the agency's workflows take and give, as JSON Schema.

use serde_json::{Value, json};

use super::Do;
use crate::openapi::Types;

/// An object of these members, of which some need not be there.
fn object(members: Value, optional: &[&str]) -> Value {
    let names = members.as_object().into_iter().flat_map(|all| all.keys());
    let required: Vec<&String> = names
        .filter(|name| !optional.contains(&name.as_str()))
        .collect();
    json!({ "type": "object", "additionalProperties": false, "required": required, "properties": members })
}

/// What a workflow takes and gives.
#[must_use]
pub fn of(run: Do) -> Types {
    let text = json!({ "type": "string" });
    let nullable = json!({ "type": ["string", "null"] });
    let flag = json!({ "type": "boolean" });
    let count = json!({ "type": "integer", "minimum": 0 });
    let within = json!({ "enum": ["documents", "interactions"] });
    let many = |output| Types {
        query: vec![],
        input: None,
        status: 200,
        output: Some(output),
    };
    let (input, output) = match run {
        Do::Status => {
            let connection = json!({
                "type": ["object", "null"], "additionalProperties": false,
                "required": ["portal_id", "status", "scopes", "last_error", "reconnect"],
                "properties": {
                    "portal_id": nullable, "status": { "enum": ["pending", "active", "expired", "revoked"] },
                    "scopes": { "type": "array", "items": text }, "last_error": nullable, "reconnect": flag,
                },
            });
            return many(object(
                json!({ "org_id": text, "connection": connection }),
                &[],
            ));
        }
        Do::Start => {
            let input = object(json!({ "return_to": text }), &["return_to"]);
            let output = json!({ "url": text, "expires_in": { "type": "integer" } });
            return Types {
                input: Some((input, false)),
                ..many(object(output, &[]))
            };
        }
        Do::Callback => {
            let outcome = json!({ "enum": ["connected", "refused"] });
            return Types {
                query: vec![
                    ("code", text.clone()),
                    ("state", text.clone()),
                    ("error", text.clone()),
                ],
                ..many(object(json!({ "hubspot": outcome, "org_id": text }), &[]))
            };
        }
        Do::Disconnect => {
            let output = json!({ "org_id": text, "status": { "const": "revoked" }, "revoked_at_hubspot": flag });
            return many(object(output, &[]));
        }
        Do::Import(_) => {
            let input = object(json!({ "after": text }), &["after"]);
            let output = json!({
                "created": count, "updated": count, "unchanged": count, "retired": count, "next": nullable,
            });
            return Types {
                input: Some((input, false)),
                ..many(object(output, &[]))
            };
        }
        Do::Complete => (
            object(
                json!({
                    "purpose": { "type": "string", "pattern": "^[a-z0-9_-]{1,60}$" },
                    "system": text, "prompt": text, "schema": { "type": "object" },
                    "project_id": { "type": "string", "format": "uuid" }, "fresh": flag,
                }),
                &["system", "schema", "project_id", "fresh"],
            ),
            object(
                json!({
                    "run_id": text, "answer": { "type": "object" }, "model": text, "cached": flag, "repaired": flag,
                    "prompt_tokens": count, "completion_tokens": count,
                    "cost_cents": { "type": "number", "minimum": 0 },
                }),
                &[],
            ),
        ),
        Do::Search => {
            let results = json!({ "type": "array", "items": { "type": "object" } });
            (
                object(
                    json!({
                        "query": text, "within": within,
                        "count": { "type": "integer", "minimum": 1, "maximum": 100 },
                    }),
                    &["count"],
                ),
                object(
                    json!({ "results": results, "run_id": text, "cached": flag }),
                    &[],
                ),
            )
        }
        Do::Embed => (
            object(json!({ "within": within }), &[]),
            object(
                json!({ "embedded": count, "more": flag, "run_id": nullable }),
                &[],
            ),
        ),
    };
    Types {
        query: vec![],
        input: Some((input, true)),
        status: 200,
        output: Some(output),
    }
}
