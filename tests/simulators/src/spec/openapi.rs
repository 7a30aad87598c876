//! A whole OpenAPI 3.1 document as a description, for the one that is our own: nothing is taken out of
//! it by hand, so what is documented is what is checked.

use serde_json::{Map, Value, json};

use super::Spec;
use crate::items;

/// What is for people.
const WORDS: [&str; 4] = ["description", "example", "summary", "title"];

impl Spec {
    /// Reads a document, `source` being where it is.
    ///
    /// # Errors
    /// If it is none.
    pub fn of_openapi(document: &str, source: &str) -> Result<Self, String> {
        let document: Value = serde_json::from_str(document).map_err(|error| error.to_string())?;
        let paths = document.get("paths").and_then(Value::as_object);
        let mut operations = Map::new();
        for (path, item) in paths.into_iter().flatten() {
            for (method, operation) in item.as_object().into_iter().flatten() {
                let key = format!("{} {}", method.to_uppercase(), unnamed(path));
                operations.insert(key, described(&document, operation));
            }
        }
        let schemas = document.pointer("/components/schemas");
        let fixture = json!({
            "source": source, "date": "undated", "operations": operations,
            "schemas": schemas.map(|all| plain(all, true)),
        });
        serde_json::from_value(fixture).map_err(|error| error.to_string())
    }
}

fn described(document: &Value, operation: &Value) -> Value {
    let query = items(operation, "parameters").filter(|one| one.get("in") == Some(&json!("query")));
    let query = query.filter_map(|one| {
        let required = one.get("required") == Some(&Value::Bool(true));
        let schema = plain(one.get("schema")?, false);
        Some((
            one.get("name")?.as_str()?.to_owned(),
            json!({ "required": required, "schema": schema }),
        ))
    });
    let schema = |of: &Value| {
        of.pointer("/content/application~1json/schema")
            .map(|schema| plain(schema, false))
    };
    let body = operation.get("requestBody").map(|body| {
        let required = body.get("required") == Some(&Value::Bool(true));
        json!({ "type": "application/json", "required": required, "schema": schema(body) })
    });
    let answers = operation.get("responses").and_then(Value::as_object);
    let answers = answers.into_iter().flatten().map(|(status, answer)| {
        let shared = answer.get("$ref").and_then(Value::as_str);
        let shared =
            shared.and_then(|shared| document.pointer(shared.strip_prefix('#').unwrap_or(shared)));
        (status.clone(), schema(shared.unwrap_or(answer)))
    });
    json!({
        "query": query.collect::<Map<_, _>>(), "body": body,
        "answers": answers.map(|(status, schema)| (status, schema.unwrap_or_default())).collect::<Map<_, _>>(),
    })
}

/// A path with its parameters' names taken out.
fn unnamed(path: &str) -> String {
    let word = |word: &str| {
        if word.starts_with('{') {
            "{}".to_owned()
        } else {
            word.to_owned()
        }
    };
    path.split('/').map(word).collect::<Vec<_>>().join("/")
}

/// Without the words for people; `named` says that the members' names are not keywords.
fn plain(value: &Value, named: bool) -> Value {
    match value {
        Value::Array(items) => items.iter().map(|one| plain(one, false)).collect(),
        Value::Object(members) => {
            let kept = members
                .iter()
                .filter(|(name, _)| named || !WORDS.contains(&name.as_str()));
            let kept =
                kept.map(|(name, one)| (name.clone(), plain(one, !named && name == "properties")));
            Value::Object(kept.collect())
        }
        other => other.clone(),
    }
}
