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
    let (input, output) = match run {
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
