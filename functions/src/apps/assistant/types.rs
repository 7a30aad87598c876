//! What the assistant's workflows take and give, as JSON Schema.

use serde_json::{Value, json};

use super::Do;
use crate::openapi::Types;

pub(in crate::apps) fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

pub(in crate::apps) fn text() -> Value {
    json!({ "type": "string" })
}

/// An object of these members, of which some need not be there.
pub(in crate::apps) fn object(members: Value, optional: &[&str]) -> Value {
    let names = members.as_object().into_iter().flat_map(|all| all.keys());
    let required: Vec<&String> = names
        .filter(|name| !optional.contains(&name.as_str()))
        .collect();
    json!({ "type": "object", "additionalProperties": false, "required": required, "properties": members })
}

pub(in crate::apps) fn list(items: Value) -> Value {
    json!({ "type": "array", "items": items })
}

/// What a workflow takes and gives.
#[must_use]
pub fn of(run: Do) -> Types {
    let portal = ("portal", text());
    let properties = ("properties", text());
    let answer =
        |query: Vec<(&'static str, Value)>, input: Option<(Value, bool)>, status, output| Types {
            query,
            input,
            status,
            output,
        };
    let nullable = || json!({ "type": ["string", "null"] });
    match run {
        Do::Status => {
            let all = object(json!({ "connections": list(reference("Connection")) }), &[]);
            answer(vec![], None, 200, Some(all))
        }
        Do::Start => {
            let input = object(json!({ "return_to": text() }), &["return_to"]);
            let output = object(
                json!({ "url": text(), "expires_in": { "type": "integer" } }),
                &[],
            );
            answer(vec![], Some((input, false)), 200, Some(output))
        }
        Do::Callback => {
            let query = vec![("code", text()), ("state", text()), ("error", text())];
            let output = object(
                json!({ "hubspot": { "enum": ["connected", "refused"] }, "portal_id": nullable() }),
                &[],
            );
            answer(query, None, 200, Some(output))
        }
        Do::Disconnect => {
            let members = json!({
                "portal_id": text(), "status": { "const": "revoked" }, "revoked_at_hubspot": { "type": "boolean" },
            });
            answer(vec![portal], None, 200, Some(object(members, &[])))
        }
        Do::List(_) => {
            let limit = json!({ "type": "integer", "minimum": 1, "maximum": 100 });
            let query = vec![("limit", limit), ("after", text()), properties, portal];
            answer(query, None, 200, Some(reference("Page")))
        }
        Do::Search(_) => {
            let input = Some((reference("Search"), true));
            answer(
                vec![properties, portal],
                input,
                200,
                Some(reference("Page")),
            )
        }
        Do::Get(_) => answer(
            vec![properties, portal],
            None,
            200,
            Some(reference("Record")),
        ),
        Do::Create(_) => {
            let input = Some((reference("NewRecord"), true));
            answer(vec![portal], input, 201, Some(reference("Record")))
        }
        Do::Update(_) => {
            let input = Some((reference("Change"), true));
            answer(vec![portal], input, 200, Some(reference("Record")))
        }
        Do::Archive(_) | Do::Associate(_) | Do::Dissociate(_) => {
            answer(vec![portal], None, 204, None)
        }
        Do::Associations(_) => {
            let one = object(json!({ "id": text() }), &[]);
            let output = object(json!({ "kind": text(), "results": list(one) }), &[]);
            answer(vec![portal], None, 200, Some(output))
        }
        Do::Process => {
            let activities = json!({ "enum": ["calls", "emails", "meetings", "notes", "tasks"] });
            let tones = json!({ "type": "array", "minItems": 1, "maxItems": 5, "items": text() });
            let members =
                json!({ "activity_type": activities, "activity_id": text(), "tones": tones });
            let input = object(members, &["tones"]);
            answer(
                vec![portal],
                Some((input, true)),
                201,
                Some(reference("Run")),
            )
        }
        Do::Select => {
            let input = object(
                json!({ "draft_id": { "type": "string", "format": "uuid" } }),
                &[],
            );
            answer(vec![], Some((input, true)), 200, Some(reference("Draft")))
        }
        Do::ApplyDraft | Do::ApplyDate => {
            let (id, what) = if run == Do::ApplyDraft {
                ("draft_id", "draft")
            } else {
                ("date_id", "dates")
            };
            let mut input = json!({ id: { "type": "string", "format": "uuid" }, "over": text() });
            if let (Do::ApplyDraft, Some(input)) = (run, input.as_object_mut()) {
                input.insert("mode".to_owned(), json!({ "enum": ["append", "replace"] }));
            }
            let input = object(input, &["over", "mode"]);
            // 200, once it is written; 202, if the schedule goes on with it.
            let output = object(
                json!({
                    "status": { "enum": ["applied", "pending"] }, what: { "type": ["object", "null"] },
                    "id": text(), "of": text(), "reason": nullable(),
                }),
                &[what, "id", "of", "reason"],
            );
            answer(vec![portal], Some((input, true)), 200, Some(output))
        }
        Do::Webhook => {
            let count = json!({ "type": "integer" });
            let output = object(
                json!({ "stored": count, "repeated": count, "unreadable": count }),
                &[],
            );
            let events = list(json!({ "type": "object" }));
            answer(vec![], Some((events, true)), 200, Some(output))
        }
    }
}

/// The schemas that have names.
#[must_use]
pub fn schemas() -> Value {
    let nullable = json!({ "type": ["string", "null"] });
    let values = json!({ "type": "object", "additionalProperties": nullable });
    let written = json!({
        "type": "object", "additionalProperties": { "type": ["string", "number", "boolean", "null"] },
    });
    let confidence = json!({ "type": "number", "minimum": 0, "maximum": 1 });
    let operators = json!({ "enum": [
        "BETWEEN", "CONTAINS_TOKEN", "EQ", "GT", "GTE", "HAS_PROPERTY", "IN", "LT", "LTE", "NEQ",
        "NOT_CONTAINS_TOKEN", "NOT_HAS_PROPERTY", "NOT_IN",
    ] });
    let filter = object(
        json!({ "property": text(), "operator": operators, "value": text(), "high_value": text(), "values": list(text()) }),
        &["value", "high_value", "values"],
    );
    let association = object(json!({ "kind": text(), "id": text() }), &[]);
    let draft = json!({
        "id": text(), "draft_text": text(), "tone": text(), "confidence": confidence, "selected": { "type": "boolean" },
        "log_id": text(), "applied_at": nullable,
    });
    let dates = json!({
        "id": text(), "recommended_start": nullable, "recommended_due": nullable, "confidence": confidence,
        "applied": { "type": "boolean" },
    });
    let run = json!({
        "id": text(), "activity_type": text(), "activity_id": text(), "activity_updated_at": nullable,
        "status": { "enum": ["running", "succeeded", "failed"] }, "processed_at": nullable,
        "confidence_scores": { "type": "object" }, "model": nullable,
        "drafts": list(reference("Draft")), "dates": list(object(dates, &[])),
    });
    json!({
        "Connection": object(json!({
            "portal_id": text(), "status": { "enum": ["active", "expired", "revoked"] }, "scopes": list(text()),
            "token_expires_at": text(), "last_error": nullable, "reconnect": { "type": "boolean" },
        }), &[]),
        "Record": object(json!({
            "id": text(), "properties": values, "created_at": text(), "updated_at": text(),
            "archived": { "type": "boolean" }, "url": nullable,
        }), &[]),
        "Page": object(json!({
            "results": list(reference("Record")), "total": { "type": ["integer", "null"] }, "next": nullable,
        }), &[]),
        "Search": object(json!({
            "query": text(), "filters": list(filter), "sort": text(),
            "limit": { "type": "integer", "minimum": 1, "maximum": 200 }, "after": text(),
        }), &["query", "filters", "sort", "limit", "after"]),
        "NewRecord": object(json!({ "properties": written, "associations": list(association) }), &["associations"]),
        "Change": object(json!({ "properties": written }), &[]),
        "Draft": object(draft, &["log_id", "applied_at", "confidence"]),
        "Run": object(run, &[]),
    })
}
