//! What advisory's workflows take and give, as JSON Schema.

use serde_json::{Map, Value, json};

use super::Do;
use crate::openapi::Types;

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn array(name: &str) -> Value {
    json!({ "type": "array", "items": reference(name) })
}

/// An object of just these members.
fn object(members: Value) -> Value {
    let required: Vec<&String> = members
        .as_object()
        .into_iter()
        .flat_map(Map::keys)
        .collect();
    json!({ "type": "object", "additionalProperties": false, "required": required, "properties": members })
}

/// The members of both.
fn joined(one: &Value, other: Value) -> Value {
    let members = [one, &other].into_iter().filter_map(Value::as_object);
    let members = members
        .flatten()
        .map(|(name, of)| (name.clone(), of.clone()));
    Value::Object(members.collect())
}

/// What a workflow takes and gives.
#[must_use]
pub fn of(run: Do) -> Types {
    let whose = ("connection", json!({ "enum": ["firm", "own"] }));
    let truth = json!({ "type": "boolean" });
    let number = |most: u32| json!({ "type": "integer", "minimum": 1, "maximum": most });
    let answer = |query: Vec<(&'static str, Value)>, input: Option<(Value, bool)>, output| Types {
        query,
        input,
        status: 200,
        output: Some(output),
    };
    let list = |of: &str| {
        let query = vec![
            ("search", json!({ "type": "string", "maxLength": 100 })),
            ("page", number(10_000)),
            ("size", number(100)),
            ("fresh", truth.clone()),
            whose.clone(),
        ];
        let results =
            json!({ "results": array(of), "total": count_or_null(), "next": count_or_null() });
        answer(query, None, object(joined(&results, age())))
    };
    let text = json!({ "type": "string" });
    match run {
        Do::Status => {
            let output = object(json!({ "connections": array("CrmConnection") }));
            answer(vec![], None, output)
        }
        Do::Connect(_) => {
            let provider = json!({ "enum": ["bridge", "wealthbox"] });
            let input = object(json!({ "provider": provider, "key": text }));
            answer(vec![], Some((input, true)), reference("CrmConnection"))
        }
        Do::Disconnect(_) => {
            let output = object(json!({ "provider": text, "status": { "const": "disconnected" } }));
            answer(vec![], None, output)
        }
        Do::Households => list("CrmHousehold"),
        Do::Clients => list("CrmClient"),
        Do::Client => {
            let accounts = json!({ "type": ["array", "null"], "items": reference("Account") });
            let output = json!({ "client": reference("CrmClient"), "accounts": accounts });
            let query = vec![("fresh", truth.clone()), whose.clone()];
            answer(query, None, object(joined(&output, age())))
        }
        Do::Start => {
            let input = object(json!({ "crm_client_id": text }));
            let mut members = meeting();
            if let Some(members) = members.as_object_mut() {
                members.insert("client_name".to_owned(), text);
            }
            Types {
                status: 201,
                ..answer(vec![], Some((input, true)), object(members))
            }
        }
        Do::End => answer(vec![], None, object(meeting())),
        Do::Record => {
            let members = json!({ "notes": nullable(), "outcomes": nullable() });
            let input =
                json!({ "type": "object", "additionalProperties": false, "properties": members });
            let output = json!({
                "id": text, "session_id": text, "author_id": nullable(), "notes": nullable(),
                "outcomes": nullable(), "created_at": text,
            });
            Types {
                status: 201,
                ..answer(vec![], Some((input, true)), object(output))
            }
        }
        Do::Webhook => {
            let count = json!({ "type": "integer" });
            let output = object(json!({ "stored": count, "repeated": count }));
            answer(vec![], Some((json!({ "type": "object" }), true)), output)
        }
        Do::Sync(_) => {
            let count = json!({ "type": "integer" });
            let removal = object(json!({ "total": count, "absent": count, "removed": count }));
            let output = object(json!({
                "provider": text, "listing": { "enum": ["all", "changes"] }, "complete": truth,
                "households": count, "clients": count, "held_back": truth,
                "removals": { "type": "object", "additionalProperties": removal },
            }));
            answer(vec![("all", truth.clone())], None, output)
        }
    }
}

fn nullable() -> Value {
    json!({ "type": ["string", "null"] })
}

fn count_or_null() -> Value {
    json!({ "type": ["integer", "null"] })
}

/// How old an answer is, and why it is older than it should be.
fn age() -> Value {
    let text = json!({ "type": "string" });
    let mut warning = object(json!({ "code": text, "message": text }));
    if let Some(warning) = warning.as_object_mut() {
        warning.insert("type".to_owned(), json!(["object", "null"]));
    }
    json!({
        "fetched_at": text, "age_seconds": { "type": "integer" }, "stale": { "type": "boolean" },
        "warning": warning,
    })
}

fn meeting() -> Value {
    let text = json!({ "type": "string" });
    json!({
        "id": text, "advisor_id": nullable(), "crm_client_id": text, "crm_household_id": nullable(),
        "household_id": nullable(), "started_at": text, "ended_at": nullable(),
    })
}

/// The schemas that have names.
#[must_use]
pub fn schemas() -> Value {
    let text = json!({ "type": "string" });
    let truth = json!({ "type": "boolean" });
    let cents = count_or_null();
    let from = json!({ "as_of": text, "source": text });
    let household =
        json!({ "id": text, "name": text, "status": nullable(), "updated_at": nullable() });
    let mut belongs = object(json!({ "id": text, "name": text, "title": nullable() }));
    if let Some(belongs) = belongs.as_object_mut() {
        belongs.insert("type".to_owned(), json!(["object", "null"]));
    }
    let client = json!({
        "first_name": nullable(), "last_name": nullable(), "email": nullable(), "phone": nullable(),
        "household": belongs,
    });
    let position = json!({
        "id": text, "symbol": nullable(), "description": nullable(), "quantity": text,
        "price": nullable(), "market_value_cents": cents,
    });
    let transaction = json!({
        "id": text, "kind": text, "symbol": nullable(), "description": nullable(),
        "quantity": nullable(), "amount_cents": { "type": "integer" }, "occurred_at": text,
    });
    let account = json!({
        "id": text, "household_id": nullable(), "name": nullable(),
        "number_ending": { "type": ["string", "null"], "maxLength": 4 }, "kind": nullable(),
        "currency": text, "market_value_cents": cents, "cash_cents": cents,
        "positions": array("Position"), "transactions": array("Transaction"),
    });
    json!({
        "Account": object(joined(&account, from.clone())),
        "CrmClient": object(joined(&joined(&household, client), from.clone())),
        "CrmConnection": object(json!({
            "whose": { "enum": ["firm", "own"] }, "provider": { "enum": ["bridge", "wealthbox"] },
            "status": { "enum": ["active", "expired", "revoked"] }, "firm": nullable(),
            "schwab_environment": nullable(), "holdings": truth, "last_synced_at": nullable(),
            "last_error": nullable(), "reconnect": truth,
        })),
        "CrmHousehold": object(joined(&household, from.clone())),
        "Position": object(joined(&position, from.clone())),
        "Transaction": object(joined(&transaction, from)),
    })
}
