//! JSON as PostgREST writes rows, read as the policy compares values.

use policy_core::Value;
use policy_core::model::Column;
use policy_core::value::{Kind, value_from_text};
use serde_json::Map;

/// The value of a row's column; one that is missing, or not of the column's type, is not yet known.
#[must_use]
pub fn column_value<'a>(column: &Column, row: &'a Map<String, serde_json::Value>) -> Value<'a> {
    let json = row.get(&column.name);
    json.and_then(|json| value(column.kind, json))
        .unwrap_or(Value::NotYetKnown)
}

/// A value of this kind; `None` if it is of another.
#[must_use]
pub fn value(kind: Kind, json: &serde_json::Value) -> Option<Value<'_>> {
    match (kind, json) {
        (_, serde_json::Value::Null) => Some(Value::Null),
        (Kind::Opaque, _) => Some(Value::Present),
        (Kind::Bool, serde_json::Value::Bool(value)) => Some(Value::Bool(*value)),
        // Fractions have lost digits by now.
        (Kind::Int | Kind::Decimal, serde_json::Value::Number(number)) => {
            number.as_i64().map(Value::Int)
        }
        (kind, serde_json::Value::String(text)) => value_from_text(kind, text),
        _ => None,
    }
}

/// A scalar's text as the database writes it.
#[must_use]
pub fn text(json: &serde_json::Value) -> Option<String> {
    match json {
        serde_json::Value::String(text) => Some(text.clone()),
        serde_json::Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_value_is_of_its_columns_kind() {
        assert_eq!(value(Kind::Int, &json!(5)), Some(Value::Int(5)));
        assert_eq!(value(Kind::Int, &json!("5")), Some(Value::Int(5)));
        assert_eq!(value(Kind::Int, &json!(5.5)), None);
        assert_eq!(value(Kind::Bool, &json!("yes")), None);
        assert_eq!(value(Kind::Text, &json!("a")), Some(Value::Text("a")));
        assert_eq!(value(Kind::Text, &json!(5)), None);
        assert_eq!(value(Kind::Opaque, &json!({"a": 1})), Some(Value::Present));
        assert_eq!(value(Kind::Uuid, &json!(null)), Some(Value::Null));
    }
}
