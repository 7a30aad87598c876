//! Search, with its limits.

use serde_json::{Value, json};

use super::{HubSpot, Object};
use crate::message::Answer;
use crate::{items, number, text};

/// No search gives more than that, over all its pages.
const MOST_RESULTS: u64 = 10_000;
const MOST_GROUPS: usize = 5;
const MOST_FILTERS: usize = 6;

impl HubSpot {
    pub(super) fn search(&mut self, portal: &str, kind: &'static str, body: &Value) -> Answer {
        let limit = number(body, "limit", 10);
        let after = text(body, "after").filter(|after| !after.is_empty());
        let after: Option<u64> = after.map_or(Some(0), |after| after.parse().ok());
        let groups = body
            .get("filterGroups")
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default();
        let filters = groups
            .iter()
            .filter_map(|group| group.get("filters")?.as_array());
        let too_many =
            groups.len() > MOST_GROUPS || filters.clone().any(|of| of.len() > MOST_FILTERS);
        let query = text(body, "query").unwrap_or_default();
        let Some(after) = after.filter(|after| after + limit <= MOST_RESULTS) else {
            return self.error(
                400,
                "VALIDATION_ERROR",
                "The search offset is too large",
                json!([]),
            );
        };
        if !(1..=200).contains(&limit) || too_many || query.len() > 3_000 {
            return self.error(
                400,
                "VALIDATION_ERROR",
                "There was a problem with the request.",
                json!([]),
            );
        }
        for filter in filters.flatten() {
            if !KNOWN.contains(&text(filter, "operator").unwrap_or_default()) {
                return self.error(
                    400,
                    "VALIDATION_ERROR",
                    "Invalid input JSON: unknown operator",
                    json!([]),
                );
            }
        }
        let asked: Vec<String> = items(body, "properties")
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect();
        let Some(of) = self.portals.get(portal) else {
            return self.not_found();
        };
        let matches = |id: u64, object: &Object| {
            let mut object = object.clone();
            object.stamp(kind, id);
            let words = query.to_lowercase();
            let found = words.is_empty()
                || object
                    .properties
                    .values()
                    .any(|value| value.to_lowercase().contains(&words));
            let group = |group: &Value| {
                group
                    .get("filters")
                    .and_then(Value::as_array)
                    .is_none_or(|all| all.iter().all(|filter| holds(&object, filter)))
            };
            found && (groups.is_empty() || groups.iter().any(group))
        };
        let all = of.objects.range((kind, 0)..=(kind, u64::MAX));
        let mut found: Vec<(u64, &Object)> = all
            .filter(|((_, id), object)| {
                (object.archived.is_none() || self.search_lags) && matches(*id, object)
            })
            .map(|((_, id), object)| (*id, object))
            .collect();
        if let Some(sort) = body.pointer("/sorts/0") {
            let property = text(sort, "propertyName").unwrap_or_default();
            let value = |(id, object): &(u64, &Object)| {
                let mut object = (*object).clone();
                object.stamp(kind, *id);
                object.properties.get(property).cloned()
            };
            found.sort_by_key(value);
            if text(sort, "direction") == Some("DESCENDING") {
                found.reverse();
            }
        }
        let total = found.len() as u64;
        let start = usize::try_from(after).unwrap_or(usize::MAX);
        let take = usize::try_from(limit).unwrap_or(usize::MAX);
        let results: Vec<Value> = found
            .iter()
            .skip(start)
            .take(take)
            .map(|(id, object)| {
                // As it was, where that is not known yet.
                let archived = None;
                let object = Object {
                    archived,
                    ..(*object).clone()
                };
                object.json(portal, kind, *id, &asked)
            })
            .collect();
        let mut answer = json!({ "total": total, "results": results });
        if let (true, Some(members)) = (after + limit < total, answer.as_object_mut()) {
            members.insert(
                "paging".to_owned(),
                json!({ "next": { "after": (after + limit).to_string() } }),
            );
        }
        Answer::json(200, &answer)
    }
}

const KNOWN: [&str; 13] = [
    "BETWEEN",
    "CONTAINS_TOKEN",
    "EQ",
    "GT",
    "GTE",
    "HAS_PROPERTY",
    "IN",
    "LT",
    "LTE",
    "NEQ",
    "NOT_CONTAINS_TOKEN",
    "NOT_HAS_PROPERTY",
    "NOT_IN",
];

fn holds(object: &Object, filter: &Value) -> bool {
    let name = text(filter, "propertyName").unwrap_or_default();
    let value = object
        .properties
        .get(name)
        .map(|value| value.to_lowercase())
        .filter(|value| !value.is_empty());
    let wanted = text(filter, "value").unwrap_or_default().to_lowercase();
    let high = text(filter, "highValue").unwrap_or_default().to_lowercase();
    let listed = items(filter, "values");
    let one_of = |value: &String| {
        listed
            .clone()
            .filter_map(Value::as_str)
            .any(|one| one.to_lowercase() == *value)
    };
    let token = |value: &String| {
        value
            .split(|c: char| !c.is_alphanumeric())
            .any(|word| word == wanted.trim_matches('*'))
            || value.contains(wanted.trim_matches('*'))
    };
    let compare = |value: &String, with: &String| match (value.parse::<f64>(), with.parse::<f64>())
    {
        (Ok(value), Ok(with)) => value.partial_cmp(&with),
        // Instants are written one way and asked for in another: in milliseconds.
        (Err(_), Ok(_)) if value.ends_with('z') => {
            let with = with.parse().map(|ms| crate::clock::iso(ms).to_lowercase());
            Some(value.cmp(&with.unwrap_or_default()))
        }
        _ => Some(value.cmp(with)),
    };
    let ordered = |test: fn(std::cmp::Ordering) -> bool| {
        value
            .as_ref()
            .and_then(|value| compare(value, &wanted))
            .is_some_and(test)
    };
    match text(filter, "operator").unwrap_or_default() {
        "EQ" => value == Some(wanted),
        "NEQ" => value != Some(wanted),
        "GT" => ordered(std::cmp::Ordering::is_gt),
        "GTE" => ordered(std::cmp::Ordering::is_ge),
        "LT" => ordered(std::cmp::Ordering::is_lt),
        "LTE" => ordered(std::cmp::Ordering::is_le),
        "BETWEEN" => {
            ordered(std::cmp::Ordering::is_ge)
                && value
                    .as_ref()
                    .and_then(|value| compare(value, &high))
                    .is_some_and(std::cmp::Ordering::is_le)
        }
        "IN" => value.as_ref().is_some_and(one_of),
        "NOT_IN" => !value.as_ref().is_some_and(one_of),
        "HAS_PROPERTY" => value.is_some(),
        "NOT_HAS_PROPERTY" => value.is_none(),
        "CONTAINS_TOKEN" => value.as_ref().is_some_and(token),
        "NOT_CONTAINS_TOKEN" => !value.as_ref().is_some_and(token),
        _ => false,
    }
}
