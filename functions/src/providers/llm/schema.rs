//! JSON Schemas that callers bring: of the keywords in OpenAI's strict form, those that say what a
//! model's answer looks like. The same reading decides what is taken and what fits.

use serde_json::{Map, Value};

const KEYWORDS: [&str; 9] = [
    "type",
    "properties",
    "required",
    "additionalProperties",
    "items",
    "enum",
    "minItems",
    "maxItems",
    "description",
];
const TYPES: [&str; 7] = [
    "object", "array", "string", "number", "integer", "boolean", "null",
];
/// OpenAI's own limit is five levels of objects; a list is a level here, too.
const DEEPEST: usize = 8;

/// Whether a schema can be used: an object's, strict, of the keywords above.
///
/// # Errors
/// What is wrong with it, and where.
pub fn readable(schema: &Value) -> Result<(), String> {
    if types(schema) != ["object"] {
        return Err("`schema` is not an object's: its `type` has to be `object`".to_owned());
    }
    look(schema, "schema", DEEPEST)
}

fn look(schema: &Value, at: &str, left: usize) -> Result<(), String> {
    let of = schema
        .as_object()
        .ok_or_else(|| format!("`{at}` is no object"))?;
    if left == 0 {
        return Err(format!("`{at}` lies deeper than {DEEPEST} levels"));
    }
    if let Some(other) = of.keys().find(|key| !KEYWORDS.contains(&key.as_str())) {
        return Err(format!(
            "`{at}` has `{other}`; the keywords are {}",
            KEYWORDS.join(", ")
        ));
    }
    let kinds = types(schema);
    if kinds.is_empty() || !kinds.iter().all(|kind| TYPES.contains(kind)) {
        return Err(format!("`{at}` has no `type` that JSON Schema knows"));
    }
    if of.get("enum").is_some_and(|all| !all.is_array()) {
        return Err(format!("the `enum` of `{at}` is no list"));
    }
    for name in ["minItems", "maxItems"] {
        if of.get(name).is_some_and(|count| !count.is_u64()) {
            return Err(format!("the `{name}` of `{at}` is no count"));
        }
    }
    if kinds.contains(&"object") {
        let properties = of.get("properties").and_then(Value::as_object);
        let properties = properties.ok_or_else(|| format!("`{at}` has no `properties`"))?;
        let strict = of.get("additionalProperties") == Some(&Value::Bool(false))
            && required(of).len() == properties.len()
            && properties
                .keys()
                .all(|name| required(of).contains(&name.as_str()));
        if !strict {
            return Err(format!(
                "`{at}` is not strict: `required` has to name every property, and `additionalProperties` to be false"
            ));
        }
        for (name, property) in properties {
            look(property, &format!("{at}.{name}"), left - 1)?;
        }
    }
    if kinds.contains(&"array") {
        let items = of.get("items");
        let items = items.ok_or_else(|| format!("`{at}` has no `items`"))?;
        look(items, &format!("{at}[]"), left - 1)?;
    }
    Ok(())
}

/// Whether a value is what a readable schema says.
///
/// # Errors
/// The first place where it is not, for the model to read.
pub fn fits(schema: &Value, value: &Value) -> Result<(), String> {
    compare(schema, value, "$")
}

fn compare(schema: &Value, value: &Value, at: &str) -> Result<(), String> {
    let kinds = types(schema);
    if !kinds.iter().any(|kind| is(kind, value)) {
        return Err(format!("`{at}` is not of type {}", kinds.join(" or ")));
    }
    let all = schema.get("enum").and_then(Value::as_array);
    if all.is_some_and(|all| !all.contains(value)) {
        return Err(format!("`{at}` is none of the values of its `enum`"));
    }
    match value {
        Value::Object(members) => {
            let properties = schema.get("properties").and_then(Value::as_object);
            for (name, property) in properties.into_iter().flatten() {
                let member = members.get(name);
                let member = member.ok_or_else(|| format!("`{at}.{name}` is missing"))?;
                compare(property, member, &format!("{at}.{name}"))?;
            }
            let known = |name: &String| properties.is_some_and(|all| all.contains_key(name));
            match members.keys().find(|name| !known(name)) {
                Some(other) => Err(format!("`{at}.{other}` is not in the schema")),
                None => Ok(()),
            }
        }
        Value::Array(items) => {
            let count = |name| schema.get(name).and_then(Value::as_u64);
            let length = u64::try_from(items.len()).unwrap_or(u64::MAX);
            if count("minItems").is_some_and(|least| length < least)
                || count("maxItems").is_some_and(|most| length > most)
            {
                return Err(format!("`{at}` has {length} items, too few or too many"));
            }
            let of = schema.get("items").unwrap_or(&Value::Null);
            let mut items = (0..).zip(items);
            items.try_for_each(|(index, item): (usize, _)| {
                compare(of, item, &format!("{at}[{index}]"))
            })
        }
        _ => Ok(()),
    }
}

fn is(kind: &str, value: &Value) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64(),
        "boolean" => value.is_boolean(),
        _ => value.is_null(),
    }
}

fn types(schema: &Value) -> Vec<&str> {
    match schema.get("type") {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(many)) => many.iter().map(|of| of.as_str().unwrap_or("")).collect(),
        _ => Vec::new(),
    }
}

fn required(schema: &Map<String, Value>) -> Vec<&str> {
    let names = schema.get("required").and_then(Value::as_array);
    names
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn object(properties: Value) -> Value {
        let required: Vec<&String> = properties.as_object().unwrap().keys().collect();
        json!({ "type": "object", "additionalProperties": false, "required": required, "properties": properties })
    }

    #[test]
    fn a_strict_schema_is_taken_and_nothing_that_it_does_not_check() {
        let good = object(json!({
            "title": { "type": "string", "description": "in a few words" },
            "risk": { "type": ["string", "null"], "enum": ["low", "high", null] },
            "steps": { "type": "array", "minItems": 1, "maxItems": 3, "items": object(json!({ "days": { "type": "integer" } })) },
        }));
        assert_eq!(readable(&good), Ok(()));
        let mut deep = json!({ "type": "string" });
        for _ in 0..DEEPEST {
            deep = object(json!({ "a": deep }));
        }
        for wrong in [
            json!(null),
            json!({ "type": "string" }),
            json!({ "type": ["object", "null"], "additionalProperties": false, "required": [], "properties": {} }),
            json!({ "type": "object" }),
            json!({ "type": "object", "additionalProperties": true, "required": [], "properties": {} }),
            json!({ "type": "object", "additionalProperties": false, "required": [], "properties": { "a": { "type": "string" } } }),
            json!({ "type": "object", "additionalProperties": false, "required": ["b"], "properties": { "a": { "type": "string" } } }),
            object(json!({ "a": { "type": "string", "pattern": "x" } })),
            object(json!({ "a": { "$ref": "#" } })),
            object(json!({ "a": { "type": "text" } })),
            object(json!({ "a": { "type": [] } })),
            object(json!({ "a": { "type": [5] } })),
            object(json!({ "a": { "type": "array" } })),
            object(
                json!({ "a": { "type": "array", "items": { "type": "string" }, "minItems": -1 } }),
            ),
            object(json!({ "a": { "type": "string", "enum": "low" } })),
            object(json!({ "a": 5 })),
            deep,
        ] {
            assert!(readable(&wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_does_not_fit_is_told_where() {
        let schema = object(json!({
            "title": { "type": "string" }, "share": { "type": ["number", "null"] },
            "risk": { "type": "string", "enum": ["low", "high"] },
            "days": { "type": "array", "minItems": 1, "maxItems": 2, "items": { "type": "integer" } },
        }));
        let good = json!({ "title": "t", "share": 0.5, "risk": "low", "days": [1] });
        assert_eq!(fits(&schema, &good), Ok(()));
        for (name, value, told) in [
            ("title", json!(5), "`$.title` is not of type string"),
            (
                "share",
                json!("x"),
                "`$.share` is not of type number or null",
            ),
            (
                "risk",
                json!("medium"),
                "`$.risk` is none of the values of its `enum`",
            ),
            (
                "days",
                json!([]),
                "`$.days` has 0 items, too few or too many",
            ),
            (
                "days",
                json!([1, 2, 3]),
                "`$.days` has 3 items, too few or too many",
            ),
            (
                "days",
                json!([1, 1.5]),
                "`$.days[1]` is not of type integer",
            ),
            ("more", json!(1), "`$.more` is not in the schema"),
        ] {
            let mut bad = good.clone();
            bad.as_object_mut().unwrap().insert(name.to_owned(), value);
            assert_eq!(fits(&schema, &bad), Err(told.to_owned()));
        }
        let mut short = good;
        short.as_object_mut().unwrap().remove("title");
        assert_eq!(
            fits(&schema, &short),
            Err("`$.title` is missing".to_owned())
        );
        assert_eq!(
            fits(&schema, &json!([])),
            Err("`$` is not of type object".to_owned())
        );
    }
}
