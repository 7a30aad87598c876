//! Requests and answers held against an official description.
//!
//! The descriptions are OpenAPI 3.0 and 3.1; of JSON Schema this knows what the operations in
//! `tests/specs` use. A keyword it does not know is a deviation, so that none is passed over.

mod openapi;

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::message::{Answer, Request};

/// The operations of one provider in one version.
#[derive(Clone, Debug, Deserialize)]
pub struct Spec {
    /// Where it was taken from.
    pub source: String,
    /// The date of the source.
    pub date: String,
    /// The operations, by method and path; `{}` stands for anything.
    pub operations: BTreeMap<String, Operation>,
    schemas: BTreeMap<String, Value>,
}

/// One operation.
#[derive(Clone, Debug, Deserialize)]
pub struct Operation {
    query: BTreeMap<String, Parameter>,
    body: Option<Body>,
    answers: BTreeMap<String, Option<Value>>,
}

#[derive(Clone, Debug, Deserialize)]
struct Parameter {
    required: bool,
    schema: Value,
}

#[derive(Clone, Debug, Deserialize)]
struct Body {
    #[serde(rename = "type")]
    media_type: String,
    schema: Value,
    required: bool,
}

/// Words about values that only another check could hold; they say nothing of a value's shape.
const NOT_CHECKED: [&str; 8] = [
    "format",
    "maximum",
    "minimum",
    "maxLength",
    "minLength",
    "nullable",
    "readOnly",
    "writeOnly",
];
/// How deep schemas may refer to each other.
const DEEPEST: usize = 64;

impl Spec {
    /// Reads a fixture.
    ///
    /// # Errors
    /// If it is none.
    pub fn parse(json: &str) -> Result<Self, String> {
        serde_json::from_str(json).map_err(|error| error.to_string())
    }

    /// The operation of a request: of several, the one whose path says most.
    fn operation(&self, request: &Request) -> Option<&Operation> {
        let parts: Vec<&str> = request.path.split('/').collect();
        let fits = |key: &str| {
            let (method, path) = key.split_once(' ')?;
            let wanted: Vec<&str> = path.split('/').collect();
            let same = wanted.len() == parts.len()
                && wanted.iter().zip(&parts).all(|(w, p)| *w == "{}" || w == p);
            let literal = wanted.iter().filter(|word| **word != "{}").count();
            (same && method == request.method).then_some(literal)
        };
        let all = self.operations.iter();
        let fitting = all.filter_map(|(key, of)| Some((fits(key)?, of)));
        fitting
            .max_by_key(|(literal, _)| *literal)
            .map(|(_, of)| of)
    }

    /// How a request deviates.
    #[must_use]
    pub fn request(&self, request: &Request) -> Vec<String> {
        let Some(operation) = self.operation(request) else {
            return vec!["the description has no such operation".to_owned()];
        };
        let mut found = Vec::new();
        for (name, value) in request.parameters() {
            match operation.query.get(&name) {
                None => found.push(format!("query: `{name}` is not described")),
                Some(parameter) => {
                    let value = typed(&value, &parameter.schema);
                    self.value(
                        &value,
                        &parameter.schema,
                        &format!("query.{name}"),
                        0,
                        &mut found,
                    );
                }
            }
        }
        for (name, parameter) in &operation.query {
            if parameter.required && request.parameter(name).is_none() {
                found.push(format!("query: `{name}` is missing"));
            }
        }
        match &operation.body {
            None if !request.body.is_empty() => found.push("a body is not described".to_owned()),
            Some(body) if request.body.is_empty() && !body.required => {}
            Some(_) if request.body.is_empty() => found.push("the body is missing".to_owned()),
            Some(body) => self.body(request, body, &mut found),
            None => {}
        }
        found
    }

    fn body(&self, request: &Request, body: &Body, found: &mut Vec<String>) {
        let sent = request.header("content-type").unwrap_or_default();
        let sent = sent.split(';').next().unwrap_or_default();
        if sent != body.media_type {
            found.push(format!(
                "the body is `{sent}` and not `{}`",
                body.media_type
            ));
        }
        let value = if body.media_type == "application/x-www-form-urlencoded" {
            let fields = request.form().into_iter();
            Some(Value::Object(
                fields.map(|(name, text)| (name, text.into())).collect(),
            ))
        } else {
            request.json()
        };
        match value {
            Some(value) => {
                self.value(&value, &body.schema, "body", 0, found);
                self.undescribed(&value, &body.schema, found);
            }
            None => found.push("the body is not JSON".to_owned()),
        }
    }

    /// What we send has no member that the description does not know, at its top level.
    fn undescribed(&self, value: &Value, schema: &Value, found: &mut Vec<String>) {
        let mut known = Map::new();
        self.members(schema, &mut known, 0);
        for name in value.as_object().into_iter().flat_map(Map::keys) {
            if !known.contains_key(name) {
                found.push(format!("body: `{name}` is not described"));
            }
        }
    }

    fn members(&self, schema: &Value, known: &mut Map<String, Value>, depth: usize) {
        let schema = self.resolve(schema);
        if depth > DEEPEST {
            return;
        }
        known.extend(
            schema
                .get("properties")
                .and_then(Value::as_object)
                .cloned()
                .unwrap_or_default(),
        );
        for part in ["allOf", "anyOf", "oneOf"] {
            for one in schema
                .get(part)
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
            {
                self.members(one, known, depth + 1);
            }
        }
    }

    /// How an answer deviates.
    #[must_use]
    pub fn answer(&self, request: &Request, answer: &Answer) -> Vec<String> {
        let Some(operation) = self.operation(request) else {
            return Vec::new();
        };
        let status = answer.status.to_string();
        // `default` is how errors are described, in all of the descriptions.
        let otherwise = operation
            .answers
            .get("default")
            .filter(|_| answer.status >= 400);
        let described = operation.answers.get(&status).or(otherwise);
        let says_how_it_goes_well = operation
            .answers
            .keys()
            .any(|status| status.starts_with('2'));
        let mut found = Vec::new();
        match described {
            // OpenAI's description has no answers but the good ones.
            None if answer.status >= 400 || !says_how_it_goes_well => {}
            None => found.push(format!("the answer {status} is not described")),
            Some(None) if !answer.body.is_empty() && answer.status < 400 => {
                found.push(format!("the answer {status} has no body"))
            }
            Some(None) => {}
            // The page on errors describes it; the description does not.
            Some(Some(_)) if answer.status == 429 => {}
            Some(Some(schema)) => match serde_json::from_str(&answer.body) {
                Ok(value) => self.value(&value, schema, "answer", 0, &mut found),
                Err(_) => found.push("the answer is not JSON".to_owned()),
            },
        }
        found
    }

    fn resolve<'a>(&'a self, schema: &'a Value) -> &'a Value {
        let name = schema.get("$ref").and_then(Value::as_str);
        let name = name.and_then(|name| name.rsplit('/').next());
        match name {
            Some(name) => self.schemas.get(name).unwrap_or(&Value::Null),
            None => schema,
        }
    }

    fn fits(&self, value: &Value, schema: &Value, depth: usize) -> bool {
        let mut found = Vec::new();
        self.value(value, schema, "", depth + 1, &mut found);
        found.is_empty()
    }

    fn value(
        &self,
        value: &Value,
        schema: &Value,
        at: &str,
        depth: usize,
        found: &mut Vec<String>,
    ) {
        let Some(schema) = self.resolve(schema).as_object() else {
            if self.resolve(schema) != &Value::Bool(true) {
                found.push(format!("{at}: the description has no schema for it"));
            }
            return;
        };
        if depth > DEEPEST {
            found.push(format!("{at}: the schema refers to itself without end"));
            return;
        }
        if value.is_null() && schema.get("nullable") == Some(&Value::Bool(true)) {
            return;
        }
        for (keyword, rule) in schema {
            let holds = match keyword.as_str() {
                "type" => has_type(value, rule),
                "enum" => rule.as_array().is_some_and(|all| all.contains(value)),
                "const" => rule == value,
                "pattern" | "properties" | "required" | "items" | "additionalProperties" => {
                    self.member(keyword, value, schema, rule, at, depth, found);
                    true
                }
                "allOf" => {
                    for part in rule.as_array().into_iter().flatten() {
                        self.value(value, part, at, depth + 1, found);
                    }
                    true
                }
                "anyOf" | "oneOf" => {
                    let mut parts = rule.as_array().into_iter().flatten();
                    parts.any(|part| self.fits(value, part, depth))
                }
                "minItems" => length(value).is_none_or(|length| Some(length) >= rule.as_u64()),
                "maxItems" => length(value).is_none_or(|length| Some(length) <= rule.as_u64()),
                known if NOT_CHECKED.contains(&known) => true,
                _ => false,
            };
            if !holds {
                found.push(format!("{at}: does not hold `{keyword}`"));
            }
        }
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "one step of `value`, taken out for its length"
    )]
    fn member(
        &self,
        keyword: &str,
        value: &Value,
        schema: &Map<String, Value>,
        rule: &Value,
        at: &str,
        depth: usize,
        found: &mut Vec<String>,
    ) {
        let named = schema.get("properties").and_then(Value::as_object);
        match (keyword, value) {
            ("properties", Value::Object(members)) => {
                for (name, of) in named.into_iter().flatten() {
                    if let Some(member) = members.get(name) {
                        self.value(member, of, &format!("{at}.{name}"), depth + 1, found);
                    }
                }
            }
            ("required", Value::Object(members)) => {
                for name in rule
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter_map(Value::as_str)
                {
                    if !members.contains_key(name) {
                        found.push(format!("{at}: `{name}` is missing"));
                    }
                }
            }
            ("additionalProperties", Value::Object(members)) => {
                let others = members
                    .iter()
                    .filter(|(name, _)| named.is_none_or(|named| !named.contains_key(*name)));
                for (name, member) in others {
                    if rule == &Value::Bool(false) {
                        found.push(format!("{at}: `{name}` is not described"));
                    } else {
                        self.value(member, rule, &format!("{at}.{name}"), depth + 1, found);
                    }
                }
            }
            ("items", Value::Array(items)) => {
                for (index, item) in items.iter().enumerate() {
                    self.value(item, rule, &format!("{at}[{index}]"), depth + 1, found);
                }
            }
            _ => {}
        }
    }
}

fn length(value: &Value) -> Option<u64> {
    value.as_array().map(|items| items.len() as u64)
}

fn has_type(value: &Value, rule: &Value) -> bool {
    let is = |name: &str| match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "null" => value.is_null(),
        _ => false,
    };
    match rule {
        Value::String(name) => is(name),
        Value::Array(names) => names.iter().filter_map(Value::as_str).any(is),
        _ => false,
    }
}

/// A parameter's text as a value of the type that its schema names.
fn typed(text: &str, schema: &Value) -> Value {
    match schema.get("type").and_then(Value::as_str) {
        Some("array") => text.split(',').map(Value::from).collect(),
        Some("boolean" | "integer" | "number") => {
            serde_json::from_str(text).unwrap_or_else(|_| Value::from(text))
        }
        _ => Value::from(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn spec() -> Spec {
        let schema = json!({
            "type": "object", "required": ["id"], "additionalProperties": false,
            "properties": {
                "id": { "type": "string" }, "note": { "type": "string", "nullable": true },
                "tags": { "type": "array", "items": { "enum": ["a", "b"] } },
                "either": { "oneOf": [{ "type": "integer" }, { "$ref": "#/components/schemas/S" }] },
            },
        });
        let operation = json!({
            "query": { "limit": { "required": true, "schema": { "type": "integer" } } },
            "body": { "type": "application/json", "required": true, "schema": { "$ref": "#/components/schemas/T" } },
            "answers": { "200": { "$ref": "#/components/schemas/T" }, "204": null },
        });
        let fixture = json!({
            "source": "here", "date": "2026-01-01",
            "operations": { "POST /things/{}": operation },
            "schemas": { "T": schema, "S": { "type": "string", "unheard": 1 } },
        });
        Spec::parse(&fixture.to_string()).unwrap()
    }

    fn request(query: &str, body: Value) -> Request {
        let json = ("content-type".to_owned(), "application/json".to_owned());
        Request {
            method: "POST".to_owned(),
            path: "/things/1".to_owned(),
            query: query.to_owned(),
            headers: [json].into(),
            body: body.to_string(),
        }
    }

    #[test]
    fn what_is_described_passes_and_nothing_else() {
        let spec = spec();
        let good = json!({ "id": "1", "note": null, "tags": ["a"], "either": 5 });
        assert_eq!(
            spec.request(&request("limit=5", good.clone())),
            Vec::<String>::new()
        );
        assert_eq!(
            spec.answer(&request("", json!({})), &Answer::json(200, &good)),
            Vec::<String>::new()
        );
        for (query, body, wrong) in [
            ("", good.clone(), "query: `limit` is missing"),
            ("limit=x", good.clone(), "query.limit: does not hold `type`"),
            ("limit=1&x=1", good, "query: `x` is not described"),
            ("limit=1", json!({}), "body: `id` is missing"),
            (
                "limit=1",
                json!({ "id": 1 }),
                "body.id: does not hold `type`",
            ),
            (
                "limit=1",
                json!({ "id": null }),
                "body.id: does not hold `type`",
            ),
            (
                "limit=1",
                json!({ "id": "1", "tags": ["c"] }),
                "body.tags[0]: does not hold `enum`",
            ),
            (
                "limit=1",
                json!({ "id": "1", "either": "x" }),
                "body.either: does not hold `oneOf`",
            ),
            (
                "limit=1",
                json!({ "id": "1", "more": 1 }),
                "body: `more` is not described",
            ),
        ] {
            let found = spec.request(&request(query, body));
            assert!(found.contains(&wrong.to_owned()), "{found:?} {wrong}");
        }
        let other = Request {
            path: "/other".to_owned(),
            ..request("", json!({}))
        };
        assert_eq!(spec.request(&other).len(), 1);
        let unknown = spec.answer(&request("", json!({})), &Answer::json(201, &json!({})));
        assert_eq!(unknown, ["the answer 201 is not described"]);
    }
}
