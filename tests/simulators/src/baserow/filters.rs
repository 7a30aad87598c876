//! Which rows a list has, and in which order.

use serde_json::Value;

use super::Row;
use super::fields::Field;
use crate::message::Request;

/// Baserow's code for what is wrong with a filter, and its words.
pub(super) type Refused = (&'static str, String);

/// The rows that pass the filters of the query, in its order.
pub(super) fn apply<'r>(
    fields: &[Field],
    rows: Vec<&'r Row>,
    request: &Request,
) -> Result<Vec<&'r Row>, Refused> {
    let tree = match request.parameter("filters") {
        // It stands above the others.
        Some(text) => {
            let tree: Result<Value, _> = serde_json::from_str(&text);
            tree.map_err(|_| {
                (
                    "ERROR_FILTERS_PARAM_VALIDATION_ERROR",
                    "The filters are not JSON.".to_owned(),
                )
            })?
        }
        None => plain(request),
    };
    let search = request
        .parameter("search")
        .unwrap_or_default()
        .to_lowercase();
    let mut kept = Vec::new();
    for row in rows {
        let found = || {
            row.values()
                .any(|value| word(value).to_lowercase().contains(&search))
        };
        if passes(fields, row, &tree)? && (search.is_empty() || found()) {
            kept.push(row);
        }
    }
    if let Some(order) = request.parameter("order_by") {
        let name = order.trim_start_matches(['-', '+']);
        if !fields.iter().any(|field| field.name == name) {
            return Err((
                "ERROR_ORDER_BY_FIELD_NOT_FOUND",
                format!("The field {name} was not found in the table."),
            ));
        }
        kept.sort_by_key(|row| row.get(name).map(word));
        if order.starts_with('-') {
            kept.reverse();
        }
    }
    Ok(kept)
}

/// `filter__<field>__<type>=<value>` as the tree that it stands for.
fn plain(request: &Request) -> Value {
    let one = |(name, value): (String, String)| {
        let (field, kind) = name.strip_prefix("filter__")?.rsplit_once("__")?;
        Some(serde_json::json!({ "field": field, "type": kind, "value": value }))
    };
    let filters: Vec<Value> = request.parameters().into_iter().filter_map(one).collect();
    let kind = request
        .parameter("filter_type")
        .unwrap_or_else(|| "AND".to_owned());
    serde_json::json!({ "filter_type": kind, "filters": filters })
}

fn passes(fields: &[Field], row: &Row, tree: &Value) -> Result<bool, Refused> {
    let any = tree.get("filter_type").and_then(Value::as_str) == Some("OR");
    let members = |name: &str| {
        tree.get(name)
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default()
    };
    let mut verdicts = Vec::new();
    for filter in members("filters") {
        verdicts.push(fits(fields, row, &filter)?);
    }
    for group in members("groups") {
        verdicts.push(passes(fields, row, &group)?);
    }
    Ok(verdicts.is_empty()
        || if any {
            verdicts.contains(&true)
        } else {
            !verdicts.contains(&false)
        })
}

fn fits(fields: &[Field], row: &Row, filter: &Value) -> Result<bool, Refused> {
    let of = filter.get("field").cloned().unwrap_or_default();
    let called = |field: &&Field| of.as_u64() == Some(field.id) || of.as_str() == Some(&field.name);
    let field = fields.iter().find(called).ok_or_else(|| {
        (
            "ERROR_FILTER_FIELD_NOT_FOUND",
            format!("The field {of} was not found in the table."),
        )
    })?;
    let there = row.get(&field.name).map(word).unwrap_or_default();
    let wanted = filter.get("value").map(word).unwrap_or_default();
    let kind = filter
        .get("type")
        .and_then(Value::as_str)
        .unwrap_or_default();
    // A filter without a value lets everything pass.
    let blank = wanted.is_empty();
    Ok(match kind {
        "equal" => blank || there == wanted,
        "not_equal" => blank || there != wanted,
        "contains" => blank || there.to_lowercase().contains(&wanted.to_lowercase()),
        "contains_not" => blank || !there.to_lowercase().contains(&wanted.to_lowercase()),
        "boolean" => (there == "true") == matches!(wanted.as_str(), "true" | "1"),
        "empty" => there.is_empty(),
        "not_empty" => !there.is_empty(),
        other => {
            return Err((
                "ERROR_VIEW_FILTER_TYPE_DOES_NOT_EXIST",
                format!("The view filter type {other} doesn't exist."),
            ));
        }
    })
}

/// A value as filters see it.
fn word(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Object(choice) => choice.get("value").map(word).unwrap_or_default(),
        Value::Array(all) => all.iter().map(word).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}
