//! CRM objects: list, create, read, update, archive.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{HubSpot, Object, has_property, shown};
use crate::clock::iso;
use crate::message::{Answer, Request};
use crate::{items, text};

impl HubSpot {
    pub(super) fn list(&mut self, portal: &str, kind: &'static str, request: &Request) -> Answer {
        let limit = request
            .parameter("limit")
            .map_or(Some(10), |limit| limit.parse().ok());
        let Some(limit) = limit.filter(|limit| (1..=100).contains(limit)) else {
            let error = json!([{ "message": "limit must be from 1 to 100", "in": "limit" }]);
            return self.error(400, "VALIDATION_ERROR", "Invalid input", error);
        };
        let after = request
            .parameter("after")
            .map_or(Some(0), |after| after.parse().ok());
        let Some(after): Option<u64> = after else {
            return self.error(400, "VALIDATION_ERROR", "Invalid paging cursor", json!([]));
        };
        let limit = limit.min(usize::try_from(self.limits.page).unwrap_or(usize::MAX));
        let archived = request.parameter("archived").as_deref() == Some("true");
        let asked = asked(request);
        let Some(of) = self.portals.get(portal) else {
            return self.not_found();
        };
        let all = of.objects.range((kind, 0)..=(kind, u64::MAX));
        let mut rest =
            all.filter(|((_, id), object)| *id > after && object.archived.is_some() == archived);
        let page: Vec<_> = rest.by_ref().take(limit).collect();
        let results: Vec<Value> = page
            .iter()
            .map(|((_, id), object)| object.json(portal, kind, *id, &asked))
            .collect();
        let mut body = json!({ "results": results });
        if let (Some(((_, last), _)), Some(_), Some(members)) =
            (page.last(), rest.next(), body.as_object_mut())
        {
            members.insert(
                "paging".to_owned(),
                json!({ "next": { "after": last.to_string(), "link": format!("?after={last}") } }),
            );
        }
        Answer::json(200, &body)
    }

    pub(super) fn create(
        &mut self,
        portal: &str,
        kind: &'static str,
        body: &Value,
        now: u64,
    ) -> Answer {
        let given = match properties(body) {
            Some(given) => given,
            None => return self.error(400, "VALIDATION_ERROR", "Invalid input JSON", json!([])),
        };
        if let Some(invalid) = self.invalid(kind, &given, true) {
            return invalid;
        }
        if let Some(existing) = self.taken(portal, kind, given.get("email"), None) {
            let message = format!("Contact already exists. Existing ID: {existing}");
            return self.error(409, "CONFLICT", &message, json!([]));
        }
        let mut ends = Vec::new();
        for association in items(body, "associations") {
            let id = association
                .pointer("/to/id")
                .and_then(Value::as_str)
                .and_then(|id| id.parse::<u64>().ok());
            let types = items(association, "types");
            let type_id = types
                .filter_map(|one| one.get("associationTypeId"))
                .find_map(Value::as_u64);
            let to = type_id.and_then(|type_id| super::associations::kind_of(kind, type_id));
            let end = to.zip(id).filter(|end| {
                self.portals
                    .get(portal)
                    .is_some_and(|of| of.objects.contains_key(end))
            });
            match end {
                Some(end) => ends.push(end),
                None => {
                    return self.error(
                        400,
                        "VALIDATION_ERROR",
                        "One or more associations are not valid",
                        json!([]),
                    );
                }
            }
        }
        let id = self.number();
        let mut object = Object {
            properties: given,
            created: now,
            updated: now,
            archived: None,
            history: Vec::new(),
        };
        object.stamp(kind, id);
        let answer = Answer::json(201, &object.json(portal, kind, id, &[]));
        if let Some(of) = self.portals.get_mut(portal) {
            of.objects.insert((kind, id), object);
            for end in ends {
                of.associations
                    .extend([((kind, id), end), (end, (kind, id))]);
            }
        }
        answer
    }

    pub(super) fn read(
        &mut self,
        portal: &str,
        kind: &'static str,
        id: &str,
        request: &Request,
    ) -> Answer {
        let archived = request.parameter("archived").as_deref() == Some("true");
        let by = request.parameter("idProperty");
        let Some((id, object)) = self.find(portal, kind, id, by.as_deref(), archived) else {
            return self.not_found();
        };
        let mut body = object.json(portal, kind, id, &asked(request));
        let versions: Vec<String> = listed(request, "propertiesWithHistory");
        if let (false, Some(members)) = (versions.is_empty(), body.as_object_mut()) {
            let of = |name: String| (name.clone(), object.versions(&name));
            let all: serde_json::Map<String, Value> = versions.into_iter().map(of).collect();
            members.insert("propertiesWithHistory".to_owned(), Value::Object(all));
        }
        Answer::json(200, &body)
    }

    pub(super) fn update(
        &mut self,
        portal: &str,
        kind: &'static str,
        id: &str,
        request: &Request,
        now: u64,
    ) -> Answer {
        let by = request.parameter("idProperty");
        let Some((id, _)) = self.find(portal, kind, id, by.as_deref(), false) else {
            return self.not_found();
        };
        self.change(portal, kind, id, &request.json().unwrap_or_default(), now)
    }

    pub(super) fn change(
        &mut self,
        portal: &str,
        kind: &'static str,
        id: u64,
        body: &Value,
        now: u64,
    ) -> Answer {
        let Some(given) = properties(body) else {
            return self.error(400, "VALIDATION_ERROR", "Invalid input JSON", json!([]));
        };
        if let Some(invalid) = self.invalid(kind, &given, false) {
            return invalid;
        }
        if let Some(existing) = self.taken(portal, kind, given.get("email"), Some(id)) {
            let message =
                format!("A contact with the email already exists. Existing ID: {existing}");
            return self.error(409, "CONFLICT", &message, json!([]));
        }
        let of = self.portals.get_mut(portal);
        let Some(object) = of.and_then(|of| of.objects.get_mut(&(kind, id))) else {
            return self.not_found();
        };
        let changed: Vec<String> = given.keys().cloned().collect();
        let written = given.iter();
        let written = written.map(|(name, value)| (now, name.clone(), value.clone()));
        object.history.extend(written);
        object.properties.extend(given);
        object.updated = now;
        object.stamp(kind, id);
        let answer = object.json(portal, kind, id, &changed);
        Answer::json(200, &answer)
    }

    pub(super) fn archive(
        &mut self,
        portal: &str,
        kind: &'static str,
        id: &str,
        now: u64,
    ) -> Answer {
        if let (Some(of), Ok(id)) = (self.portals.get_mut(portal), id.parse::<u64>())
            && let Some(object) = of.objects.get_mut(&(kind, id))
        {
            object.archived.get_or_insert(now);
        }
        // What is not there is as archived as can be.
        Answer::empty(204)
    }

    /// What a person does in HubSpot: deletes an object or, with `restore`, brings it back, which changes
    /// it unless `unchanged` says otherwise. Whether it was there to be.
    pub(crate) fn by_hand(&mut self, body: &Value, now: u64) -> bool {
        let portal = text(body, "portal").unwrap_or("24680135");
        let kind = text(body, "kind").and_then(super::kind);
        let id = text(body, "id").and_then(|id| id.parse::<u64>().ok());
        let restore = body.get("restore") == Some(&Value::Bool(true));
        let Some((of, end)) = self.portals.get_mut(portal).zip(kind.zip(id)) else {
            return false;
        };
        let found = of.objects.get_mut(&end);
        let Some(object) = found.filter(|object| object.archived.is_some() == restore) else {
            return false;
        };
        object.archived = (!restore).then_some(now);
        if restore && body.get("unchanged") != Some(&Value::Bool(true)) {
            object.updated = now;
        }
        true
    }

    /// The object of this id, or with this value of a unique property.
    pub(super) fn find(
        &self,
        portal: &str,
        kind: &'static str,
        id: &str,
        by: Option<&str>,
        archived: bool,
    ) -> Option<(u64, &Object)> {
        let of = self.portals.get(portal)?;
        let mut all = of.objects.range((kind, 0)..=(kind, u64::MAX));
        let found = match by {
            None => all.find(|((_, of), _)| of.to_string() == id),
            Some(property) => all.find(|(_, object)| {
                object.archived.is_none()
                    && object
                        .properties
                        .get(property)
                        .is_some_and(|value| value.eq_ignore_ascii_case(id))
            }),
        };
        let ((_, id), object) = found?;
        (object.archived.is_some() == archived).then_some((*id, object))
    }

    fn taken(
        &self,
        portal: &str,
        kind: &'static str,
        email: Option<&String>,
        but: Option<u64>,
    ) -> Option<u64> {
        let email = email.filter(|email| kind == "contacts" && !email.is_empty())?;
        let (id, _) = self.find(portal, kind, email, Some("email"), false)?;
        (Some(id) != but).then_some(id)
    }

    /// What is wrong with properties, in HubSpot's words.
    fn invalid(
        &mut self,
        kind: &'static str,
        given: &BTreeMap<String, String>,
        new: bool,
    ) -> Option<Answer> {
        let mut errors: Vec<Value> = Vec::new();
        for (name, value) in given {
            let context = json!({ "propertyName": [name] });
            if !has_property(kind, name) {
                errors.push(json!({ "message": format!("Property \"{name}\" does not exist"), "code": "PROPERTY_DOESNT_EXIST", "context": context }));
            } else if name == "email" && !value.is_empty() && !value.contains('@') {
                errors.push(json!({ "message": format!("Email address {value} is invalid"), "code": "INVALID_EMAIL", "context": context }));
            } else if name == "amount" && !value.is_empty() && value.parse::<f64>().is_err() {
                errors.push(json!({ "message": format!("{value} was not a valid number."), "code": "INVALID_DOUBLE", "context": context }));
            }
        }
        let dated = matches!(kind, "tasks" | "calls" | "emails" | "meetings" | "notes");
        if new && dated && !given.contains_key("hs_timestamp") {
            let context = json!({ "propertyName": ["hs_timestamp"] });
            errors.push(json!({ "message": "Some required properties were not set.", "code": "REQUIRED_FIELD", "context": context }));
        }
        if errors.is_empty() {
            return None;
        }
        let message = "Property values were not valid";
        Some(self.error(400, "VALIDATION_ERROR", message, Value::Array(errors)))
    }
}

impl Object {
    /// The properties that HubSpot keeps itself.
    pub(super) fn stamp(&mut self, kind: &str, id: u64) {
        let names: Vec<&str> = shown(kind).collect();
        for name in names {
            let value = match name {
                "hs_object_id" => id.to_string(),
                "lastmodifieddate" | "hs_lastmodifieddate" => iso(self.updated),
                "createdate" | "hs_createdate" => iso(self.created),
                _ => continue,
            };
            self.properties.insert(name.to_owned(), value);
        }
    }

    /// The object as an answer has it, with what is shown unasked or, if something is asked for, that.
    pub(super) fn json(&self, portal: &str, kind: &str, id: u64, asked: &[String]) -> Value {
        let mut stamped = self.clone();
        stamped.stamp(kind, id);
        let mut names: Vec<String> = shown(kind).map(str::to_owned).collect();
        if !asked.is_empty() {
            names.retain(|name| stamped.always(name));
            names.extend(
                asked
                    .iter()
                    .filter(|name| has_property(kind, name))
                    .cloned(),
            );
        }
        let value = |name: &String| {
            stamped
                .properties
                .get(name)
                .filter(|value| !value.is_empty())
        };
        let properties: BTreeMap<String, Option<&String>> = names
            .iter()
            .map(|name| (name.clone(), value(name)))
            .collect();
        let mut body = json!({
            "id": id.to_string(), "properties": properties, "createdAt": iso(self.created),
            "updatedAt": iso(self.updated), "archived": self.archived.is_some(),
            "url": format!("https://app.hubspot.com/contacts/{portal}/record/{kind}/{id}"),
        });
        if let (Some(at), Some(members)) = (self.archived, body.as_object_mut()) {
            members.insert("archivedAt".to_owned(), iso(at).into());
        }
        body
    }

    /// What a property was, the newest value first.
    fn versions(&self, name: &str) -> Value {
        let version = |at: u64, value: &str| json!({ "value": value, "timestamp": iso(at), "sourceType": "INTEGRATION" });
        let written = self.history.iter().rev();
        let written = written.filter(|(_, of, _)| of == name);
        let mut all: Vec<Value> = written.map(|(at, _, value)| version(*at, value)).collect();
        if let (true, Some(value)) = (all.is_empty(), self.properties.get(name)) {
            all.push(version(self.created, value));
        }
        Value::Array(all)
    }

    fn always(&self, name: &str) -> bool {
        name == "hs_object_id" || name.ends_with("createdate") || name.ends_with("lastmodifieddate")
    }
}

/// The properties that a request asks for.
fn asked(request: &Request) -> Vec<String> {
    listed(request, "properties")
}

/// A parameter that may be repeated, and be a list each time.
fn listed(request: &Request, parameter: &str) -> Vec<String> {
    let all = request
        .parameters()
        .into_iter()
        .filter(|(name, _)| name == parameter);
    all.flat_map(|(_, value)| value.split(',').map(str::to_owned).collect::<Vec<_>>())
        .collect()
}

fn properties(body: &Value) -> Option<BTreeMap<String, String>> {
    let given = body.get("properties")?.as_object()?;
    given
        .iter()
        .map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
        .collect()
}
