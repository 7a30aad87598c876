//! Associations, and the numbers of their types.

use serde_json::{Value, json};

use super::HubSpot;
use crate::clock::iso;
use crate::message::Answer;
use crate::text;

/// From, to, the type without a label, the type of the way back (HubSpot/hubspot-api-python,
/// `hubspot/crm/association_type.py`).
const TYPES: [(&str, &str, u64, u64); 18] = [
    ("contacts", "companies", 279, 280),
    ("contacts", "deals", 4, 3),
    ("deals", "companies", 341, 342),
    ("calls", "contacts", 194, 193),
    ("calls", "companies", 182, 181),
    ("calls", "deals", 206, 205),
    ("emails", "contacts", 198, 197),
    ("emails", "companies", 186, 185),
    ("emails", "deals", 210, 209),
    ("meetings", "contacts", 200, 199),
    ("meetings", "companies", 188, 187),
    ("meetings", "deals", 212, 211),
    ("notes", "contacts", 202, 201),
    ("notes", "companies", 190, 189),
    ("notes", "deals", 214, 213),
    ("tasks", "contacts", 204, 203),
    ("tasks", "companies", 192, 191),
    ("tasks", "deals", 216, 215),
];

/// The type of an association between two kinds, without a label.
fn type_of(from: &str, to: &str) -> Option<u64> {
    TYPES
        .iter()
        .find_map(|(one, other, there, back)| match (from, to) {
            (from, to) if from == *one && to == *other => Some(*there),
            (from, to) if from == *other && to == *one => Some(*back),
            _ => None,
        })
}

/// The kind at the other end of a type.
pub(super) fn kind_of(from: &str, type_id: u64) -> Option<&'static str> {
    TYPES.iter().find_map(|(one, other, there, back)| {
        if from == *one && type_id == *there {
            Some(*other)
        } else if from == *other && type_id == *back {
            Some(*one)
        } else {
            None
        }
    })
}

type End = (&'static str, String);

impl HubSpot {
    /// Both ends, if they are there.
    fn ends(&self, portal: &str, from: &End, to: &End) -> Option<[(&'static str, u64); 2]> {
        let end = |(kind, id): &End| Some((*kind, self.find(portal, kind, id, None, false)?.0));
        Some([end(from)?, end(to)?])
    }

    pub(super) fn associate(&mut self, portal: &str, from: &End, to: &End, now: u64) -> Answer {
        let type_id = type_of(from.0, to.0);
        let (Some([one, other]), Some(type_id)) = (self.ends(portal, from, to), type_id) else {
            return self.not_found();
        };
        if let Some(of) = self.portals.get_mut(portal) {
            of.associations.extend([(one, other), (other, one)]);
        }
        let back = type_of(to.0, from.0).unwrap_or_default();
        let line = |from: &End, to: &End, type_id: u64| {
            json!({
                "from": { "id": from.1 }, "to": { "id": to.1 },
                "associationSpec": { "associationCategory": "HUBSPOT_DEFINED", "associationTypeId": type_id },
            })
        };
        let results = [line(from, to, type_id), line(to, from, back)];
        Answer::json(200, &complete(&results, now))
    }

    pub(super) fn dissociate(&mut self, portal: &str, from: &End, to: &End) -> Answer {
        if let (Some([one, other]), Some(of)) =
            (self.ends(portal, from, to), self.portals.get_mut(portal))
        {
            of.associations.remove(&(one, other));
            of.associations.remove(&(other, one));
        }
        Answer::empty(204)
    }

    pub(super) fn associations(
        &mut self,
        portal: &str,
        from: &'static str,
        to: &'static str,
        body: &Value,
        now: u64,
    ) -> Answer {
        let inputs = body
            .get("inputs")
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default();
        if inputs.is_empty() || inputs.len() > 1_000 {
            return self.error(
                400,
                "VALIDATION_ERROR",
                "The batch has no inputs, or more than 1000",
                json!([]),
            );
        }
        let type_id = type_of(from, to).unwrap_or_default();
        let Some(of) = self.portals.get(portal) else {
            return self.not_found();
        };
        let mut results = Vec::new();
        for input in inputs {
            let id = text(&input, "id").unwrap_or_default();
            let number: u64 = id.parse().unwrap_or_default();
            let all = of
                .associations
                .iter()
                .filter(|(one, (kind, _))| *one == (from, number) && *kind == to);
            let there = |end: &(&'static str, u64)| {
                of.objects
                    .get(end)
                    .is_some_and(|object| object.archived.is_none())
            };
            let types = json!([{ "category": "HUBSPOT_DEFINED", "typeId": type_id }]);
            let to: Vec<Value> = all.filter(|(_, end)| there(end)).map(|(_, (_, id))| json!({ "toObjectId": id.to_string(), "associationTypes": types })).collect();
            if !to.is_empty() {
                results.push(json!({ "from": { "id": id }, "to": to }));
            }
        }
        Answer::json(200, &complete(&results, now))
    }
}

/// A batch that is done.
pub(super) fn complete(results: &[Value], now: u64) -> Value {
    json!({ "status": "COMPLETE", "results": results, "startedAt": iso(now), "completedAt": iso(now) })
}
