//! What the portal's workflows take and give, as JSON Schema.

use serde_json::{Value, json};

use super::Do;
use crate::openapi::Types;

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

/// An object of just these members.
fn object(members: Value) -> Value {
    let required: Vec<&String> = members
        .as_object()
        .into_iter()
        .flat_map(|all| all.keys())
        .collect();
    json!({ "type": "object", "additionalProperties": false, "required": required, "properties": members })
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
        Do::Sync => {
            let how = json!({ "enum": ["already", "found", "created"] });
            let output = object(json!({ "linked": how, "member": reference("BaserowRow") }));
            answer(vec![], None, output)
        }
        Do::Read => answer(vec![], None, reference("Member")),
        Do::Update => {
            let input = object(json!({ "fields": { "type": "object" } }));
            answer(vec![], Some((input, true)), reference("Member"))
        }
        Do::List(_) => {
            let number = |most: u32| json!({ "type": "integer", "minimum": 1, "maximum": most });
            let query = vec![("page", number(100_000)), ("size", number(200))];
            let results = json!({ "type": "array", "items": reference("BaserowRow") });
            let output = object(json!({
                "results": results, "count": { "type": "integer" }, "next": { "type": ["integer", "null"] },
            }));
            answer(query, None, output)
        }
        Do::Webhook => {
            let count = json!({ "type": "integer" });
            let output = object(json!({ "stored": count, "repeated": count }));
            answer(vec![], Some((json!({ "type": "object" }), true)), output)
        }
    }
}

/// The schemas that have names.
#[must_use]
pub fn schemas() -> Value {
    let text = json!({ "type": "string" });
    let choices = json!({ "type": "array", "items": text });
    let field = object(
        json!({ "name": text, "type": text, "writable": { "type": "boolean" }, "choices": choices }),
    );
    let schema = json!({ "type": "array", "items": field });
    json!({
        "BaserowRow": object(json!({ "id": text, "fields": { "type": "object" } })),
        "Member": object(json!({ "id": text, "fields": { "type": "object" }, "schema": schema })),
    })
}
