//! Wealthbox: contacts, who are people and households alike, by a person's own key or an app's token.
//!
//! It has no webhooks: who wants to know what changed asks for it by `updated_since`. Its times are as
//! it writes them, `2015-05-24 10:00 AM -0400`, to the minute.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::message::{Answer, Request};
use crate::spec::Spec;
use crate::{items, number, text};

mod oauth;
mod time;

const DATA: &str = include_str!("../data/wealthbox.json");
const SPEC: &str = include_str!("../../specs/wealthbox/v1.json");
/// The key of Grace at Whitfield Partners. For machines where this runs, and nowhere else.
pub const KEY: &str = "countersign-local-wealthbox-key";
/// The app that connects.
pub const CLIENT_ID: &str = "countersign-local-wealthbox-app";
/// Its secret. For machines where this runs, and nowhere else.
pub const CLIENT_SECRET: &str = "countersign-local-wealthbox-app-secret";

/// About one a second, over five minutes.
const CALLS: u64 = 300;
const WINDOW_MS: u64 = 300_000;
const HOUR_MS: u64 = 3_600_000;
const LARGEST_PAGE: u64 = 100;

/// The whole of it.
#[derive(Debug)]
pub struct Wealthbox {
    spec: Spec,
    /// Contacts, with `updated_ms` beside what is shown; `None` until the first request says when it is.
    contacts: Vec<Value>,
    begun: bool,
    /// The ids of those that were deleted.
    deleted: BTreeSet<u64>,
    /// Whether the key is one.
    valid: bool,
    tokens: oauth::Tokens,
    calls: u64,
    counted: (u64, u64),
}

impl Wealthbox {
    pub(crate) fn new() -> Result<Self, String> {
        let data: Value = serde_json::from_str(DATA).map_err(|error| error.to_string())?;
        Ok(Self {
            spec: Spec::parse(SPEC)?,
            contacts: items(&data, "contacts").cloned().collect(),
            begun: false,
            deleted: BTreeSet::new(),
            valid: true,
            tokens: oauth::Tokens::default(),
            calls: CALLS,
            counted: (0, 0),
        })
    }

    /// The description of its API; of its OAuth there is none.
    pub(crate) fn spec(&self, path: &str) -> Option<&Spec> {
        path.starts_with("/v1/").then_some(&self.spec)
    }

    /// Whether the key and all tokens are taken from now on.
    pub(crate) fn permit(&mut self, body: &Value) {
        self.valid = body.get("valid") != Some(&Value::Bool(false));
        if !self.valid {
            self.tokens = oauth::Tokens::default();
        }
    }

    /// How many requests it answers in five minutes.
    pub(crate) fn limit(&mut self, body: &Value) {
        self.calls = number(body, "calls", CALLS);
        self.counted = (0, 0);
    }

    /// Somebody adds a contact, changes one or deletes one.
    pub(crate) fn alter(&mut self, body: &Value, now: u64) {
        self.begin(now);
        if let Some(id) = body.get("remove").and_then(Value::as_u64) {
            self.deleted.insert(id);
        }
        let Some(Value::Object(changes)) = body.get("set") else {
            return;
        };
        let id = changes
            .get("id")
            .and_then(Value::as_u64)
            .unwrap_or_default();
        if !self.contacts.iter().any(|contact| is(contact, id)) {
            self.contacts.push(json!({}));
        }
        let found = self
            .contacts
            .iter_mut()
            .rev()
            .find(|contact| is(contact, id) || contact.get("id").is_none());
        if let Some(members) = found.and_then(Value::as_object_mut) {
            members.extend(changes.clone());
            members.insert("updated_ms".to_owned(), now.into());
            self.deleted.remove(&id);
        }
    }

    /// The data were changed so many hours before whoever asks first.
    fn begin(&mut self, now: u64) {
        if std::mem::replace(&mut self.begun, true) {
            return;
        }
        for contact in &mut self.contacts {
            let updated = now.saturating_sub(number(contact, "updated_hours_ago", 0) * HOUR_MS);
            if let Some(members) = contact.as_object_mut() {
                members.remove("updated_hours_ago");
                members.insert("updated_ms".to_owned(), updated.into());
            }
        }
    }

    pub(crate) fn answer(&mut self, request: &Request, now: u64) -> Answer {
        self.begin(now);
        if request.path.starts_with("/oauth/") {
            return self.tokens.answer(request, now);
        }
        let by_key = request
            .header("access_token")
            .or(request.header("access-token"));
        let known = by_key == Some(KEY)
            || request
                .bearer()
                .is_some_and(|token| self.tokens.takes(token, now));
        if !known || !self.valid {
            return failed(401, "Invalid access token");
        }
        let window = now / WINDOW_MS;
        self.counted = match self.counted {
            (at, count) if at == window => (at, count + 1),
            _ => (window, 1),
        };
        if self.counted.1 > self.calls {
            let wait = (WINDOW_MS - now % WINDOW_MS) / 1_000;
            return failed(429, "Rate limit exceeded").header("retry-after", wait.to_string());
        }
        let segments = request.segments();
        let words: Vec<&str> = segments.iter().map(String::as_str).collect();
        match (request.method.as_str(), words.as_slice()) {
            ("GET", ["v1", "me"]) => Answer::json(
                200,
                &json!({
                    "current_user": { "id": 1, "name": "Grace Whitfield", "email": "grace@advisory.example.test" },
                    "accounts": [{ "id": 31, "name": "Whitfield Partners" }],
                }),
            ),
            ("GET", ["v1", "contacts"]) => self.list(request),
            ("GET", ["v1", "contacts", id]) => {
                let id = id.parse().unwrap_or_default();
                let mut all = self.contacts.iter();
                let found = all.find(|contact| is(contact, id) && !self.deleted.contains(&id));
                found.map_or_else(
                    || failed(404, "Not found"),
                    |found| Answer::json(200, &shown(found)),
                )
            }
            _ => failed(404, "Not found"),
        }
    }

    fn list(&self, request: &Request) -> Answer {
        let parameter = |name: &str| request.parameter(name);
        let size = parameter("per_page").map_or(Some(25), |size| size.parse().ok());
        let page = parameter("page").map_or(Some(1), |page| page.parse::<u64>().ok());
        let since = parameter("updated_since").map(|since| time::read(&since));
        let (Some(size @ 1..=LARGEST_PAGE), Some(page @ 1..)) = (size, page) else {
            return invalid("per_page", "must be from 1 to 100");
        };
        if since == Some(None) {
            return invalid("updated_since", "is not a valid time");
        }
        let since = since.flatten().unwrap_or_default();
        let kind = parameter("type");
        let name = parameter("name").unwrap_or_default().to_lowercase();
        let gone = parameter("deleted").as_deref() == Some("true");
        let mut found: Vec<&Value> = self
            .contacts
            .iter()
            .filter(|contact| {
                let id = number(contact, "id", 0);
                kind.as_deref()
                    .is_none_or(|kind| text(contact, "type") == Some(kind))
                    && number(contact, "updated_ms", 0) >= since
                    && full_name(contact).to_lowercase().contains(&name)
                    && self.deleted.contains(&id) == gone
            })
            .collect();
        found.sort_by_key(|contact| (number(contact, "updated_ms", 0), number(contact, "id", 0)));
        match parameter("order").as_deref() {
            Some("asc" | "created") => found.sort_by_key(|contact| number(contact, "id", 0)),
            Some("updated") => {}
            _ => found.reverse(),
        }
        let all = found.len() as u64;
        let rows = found.into_iter().skip(((page - 1) * size) as usize);
        let rows: Vec<Value> = rows.take(size as usize).map(shown).collect();
        let meta = json!({
            "total_count": all, "total_pages": all.div_ceil(size), "page": page, "per_page": size,
        });
        Answer::json(200, &json!({ "contacts": rows, "meta": meta }))
    }
}

fn is(contact: &Value, id: u64) -> bool {
    contact.get("id").and_then(Value::as_u64) == Some(id)
}

fn full_name(contact: &Value) -> String {
    let part = |name: &str| text(contact, name).unwrap_or_default();
    format!(
        "{} {} {}",
        part("name"),
        part("first_name"),
        part("last_name")
    )
}

fn shown(contact: &Value) -> Value {
    let mut shown = contact.clone();
    if let Some(members) = shown.as_object_mut() {
        let updated = members.remove("updated_ms").and_then(|ms| ms.as_u64());
        let updated = time::write(updated.unwrap_or_default());
        members.insert("updated_at".to_owned(), updated.clone().into());
        members.entry("created_at").or_insert(updated.into());
    }
    shown
}

fn failed(status: u16, message: &str) -> Answer {
    Answer::json(status, &json!({ "error": message }))
}

fn invalid(field: &str, message: &str) -> Answer {
    Answer::json(422, &json!({ "errors": { field: [message] } }))
}
