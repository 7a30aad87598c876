//! Batches. One that goes well in part answers 207, with what went wrong beside what did not.

use serde_json::{Value, json};

use super::HubSpot;
use super::associations::complete;
use crate::message::Answer;
use crate::{items, text};

const MOST_INPUTS: usize = 100;

impl HubSpot {
    pub(super) fn batch(
        &mut self,
        portal: &str,
        kind: &'static str,
        what: &str,
        body: &Value,
        now: u64,
    ) -> Answer {
        let inputs = body
            .get("inputs")
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default();
        if inputs.is_empty() || inputs.len() > MOST_INPUTS {
            return self.error(
                400,
                "VALIDATION_ERROR",
                "The batch has no inputs, or more than 100",
                json!([]),
            );
        }
        let asked: Vec<String> = items(body, "properties")
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect();
        let by = text(body, "idProperty");
        let (mut results, mut errors) = (Vec::new(), Vec::new());
        let mut missing = Vec::new();
        for input in &inputs {
            let id = text(input, "id").unwrap_or_default();
            let found = self
                .find(portal, kind, id, by, false)
                .map(|(id, object)| (id, object.json(portal, kind, id, &asked)));
            let answer = match (what, found) {
                ("archive", _) => self.archive(portal, kind, id, now),
                ("create", _) => self.create(portal, kind, input, now),
                ("read", Some((_, object))) => Answer::json(200, &object),
                ("update", Some((id, _))) => self.change(portal, kind, id, input, now),
                ("read" | "update", None) => {
                    missing.push(id.to_owned());
                    continue;
                }
                _ => return Answer::empty(404),
            };
            let value: Value = serde_json::from_str(&answer.body).unwrap_or_default();
            if answer.status < 400 {
                results.push(value);
                continue;
            }
            if what == "create" {
                // Without a trace id on each input the first one that fails ends a batch of creates.
                return answer;
            }
            errors.push(problem(&value));
        }
        if what == "archive" {
            return Answer::empty(204);
        }
        if !missing.is_empty() {
            let found = json!({ "category": "OBJECT_NOT_FOUND", "message": "Could not get some objects, they may be deleted or not exist", "context": { "ids": missing } });
            errors.push(problem(&found));
        }
        let mut answer = complete(&results, now);
        if errors.is_empty() {
            let status = if what == "create" { 201 } else { 200 };
            return Answer::json(status, &answer);
        }
        if let Some(members) = answer.as_object_mut() {
            members.insert("numErrors".to_owned(), errors.len().into());
            members.insert("errors".to_owned(), Value::Array(errors));
        }
        Answer::json(207, &answer)
    }
}

/// An error as a batch lists it.
fn problem(of: &Value) -> Value {
    let member = |name: &str, default: Value| of.get(name).cloned().unwrap_or(default);
    json!({
        "status": "error", "category": member("category", "VALIDATION_ERROR".into()),
        "message": member("message", "".into()), "context": member("context", json!({})),
        "links": {}, "errors": member("errors", json!([])),
    })
}
