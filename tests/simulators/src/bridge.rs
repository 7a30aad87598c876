//! The CRM bridge, as `docs/crm-bridge.openapi.json` has it: one firm per key, holdings in Schwab's
//! shapes, webhooks signed as Standard Webhooks has it.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac as _};
use serde_json::{Map, Value, json};
use sha2::Sha256;

use crate::clock::iso;
use crate::message::{Answer, Request};
use crate::spec::Spec;
use crate::{items, number, text};

const DATA: &str = include_str!("../data/bridge.json");
const SPEC: &str = include_str!("../../../docs/crm-bridge.openapi.json");
/// The keys of the two firms. For machines where this runs, and nowhere else.
pub const KEYS: [(&str, &str); 2] = [
    ("countersign-local-bridge-key-whitfield", "whitfield"),
    ("countersign-local-bridge-key-falk", "falk"),
];

const HOUR_MS: u64 = 3_600_000;
const LONGEST_MS: u64 = 61 * 24 * HOUR_MS;
const CALLS: u64 = 120;
const WINDOW_MS: u64 = 60_000;

/// The whole of it.
#[derive(Debug)]
pub struct Bridge {
    spec: Spec,
    firms: BTreeMap<String, Value>,
    begun: bool,
    /// Keys that are none any more.
    revoked: Vec<String>,
    /// What keys open.
    scopes: Vec<String>,
    webhooks: BTreeMap<String, (String, String)>,
    calls: u64,
    counted: (u64, u64),
    requests: u64,
}

impl Bridge {
    pub(crate) fn new() -> Result<Self, String> {
        let data: Value = serde_json::from_str(DATA).map_err(|error| error.to_string())?;
        let firms = items(&data, "firms")
            .filter_map(|firm| Some((text(firm, "id")?.to_owned(), firm.clone())));
        Ok(Self {
            spec: Spec::of_openapi(SPEC, "docs/crm-bridge.openapi.json@1.0.0")?,
            firms: firms.collect(),
            begun: false,
            revoked: Vec::new(),
            scopes: ["clients", "holdings"].map(String::from).into(),
            webhooks: BTreeMap::new(),
            calls: CALLS,
            counted: (0, 0),
            requests: 0,
        })
    }

    pub(crate) fn spec(&self) -> &Spec {
        &self.spec
    }

    /// Which firms' keys are none from now on, and what keys open.
    pub(crate) fn permit(&mut self, body: &Value) {
        let words = |name: &str| {
            items(body, name)
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        if body.get("revoked").is_some() {
            self.revoked = words("revoked");
        }
        if body.get("scopes").is_some() {
            self.scopes = words("scopes");
        }
    }

    /// How many requests it answers in a minute.
    pub(crate) fn limit(&mut self, body: &Value) {
        self.calls = number(body, "calls", CALLS);
        self.counted = (0, 0);
    }

    /// Somebody adds a record to a list of a firm, changes one, or deletes one.
    pub(crate) fn alter(&mut self, body: &Value, now: u64) -> bool {
        self.begin(now);
        let firm = self
            .firms
            .get_mut(text(body, "firm").unwrap_or("whitfield"));
        let list = firm.and_then(|firm| firm.get_mut(text(body, "list").unwrap_or("clients")));
        let Some(Value::Array(list)) = list else {
            return false;
        };
        if let Some(id) = text(body, "remove") {
            list.retain(|one| text(one, "id") != Some(id));
            return true;
        }
        let Some(Value::Object(changes)) = body.get("set") else {
            return false;
        };
        let id = changes.get("id").cloned().unwrap_or_default();
        let at = list.iter().position(|one| one.get("id") == Some(&id));
        let mut record = at.map(|at| list.remove(at)).unwrap_or_else(|| json!({}));
        if let Some(members) = record.as_object_mut() {
            members.extend(changes.clone());
            members.insert("updated_at".to_owned(), iso(now).into());
        }
        list.push(record);
        true
    }

    fn begin(&mut self, now: u64) {
        if std::mem::replace(&mut self.begun, true) {
            return;
        }
        for firm in self.firms.values_mut() {
            settle(firm, now);
        }
    }

    pub(crate) fn answer(&mut self, request: &Request, now: u64) -> Answer {
        self.begin(now);
        self.requests += 1;
        let key = request.bearer().unwrap_or_default();
        let firm = KEYS.into_iter().find(|(of, _)| *of == key);
        let Some((_, firm)) = firm.filter(|(_, firm)| !self.revoked.iter().any(|of| of == firm))
        else {
            let header = json!({ "header": "Authorization" });
            return self.failed(401, "Unauthorized", "There is no such key", header);
        };
        let window = now / WINDOW_MS;
        self.counted = match self.counted {
            (at, count) if at == window => (at, count + 1),
            _ => (window, 1),
        };
        if self.counted.1 > self.calls {
            let wait = (WINDOW_MS - now % WINDOW_MS) / 1_000;
            return self
                .failed(429, "Too Many Requests", "Come back later", json!({}))
                .header("retry-after", wait.to_string());
        }
        let Some(data) = self.firms.get(firm).cloned() else {
            return self.failed(404, "Not Found", "There is no such firm", json!({}));
        };
        let segments = request.segments();
        let words: Vec<&str> = segments.iter().map(String::as_str).collect();
        let words = words.strip_prefix(&["v1"]).unwrap_or_default();
        let scope = match words {
            ["me"] => None,
            ["accounts", ..] => Some("holdings"),
            _ => Some("clients"),
        };
        if scope.is_some_and(|scope| !self.scopes.iter().any(|of| of == scope)) {
            return self.failed(403, "Forbidden", "The key does not open this", json!({}));
        }
        match (request.method.as_str(), words) {
            ("GET", ["me"]) => Answer::json(
                200,
                &json!({
                    "id": firm, "name": text(&data, "name"), "environment": text(&data, "environment"), "scopes": self.scopes,
                }),
            ),
            ("GET", ["households"]) => self.list(&data, "households", request),
            ("GET", ["clients"]) => self.list(&data, "clients", request),
            ("GET", ["clients", id]) => {
                let found = items(&data, "clients").find(|one| text(one, "id") == Some(*id));
                self.found(found)
            }
            ("GET", ["accounts"]) => self.accounts(&data, request),
            ("GET", ["accounts", id, "transactions"]) => self.transactions(&data, id, request, now),
            ("PUT", ["webhook"]) => {
                let body = request.json().unwrap_or_default();
                let of = |name: &str| text(&body, name).unwrap_or_default().to_owned();
                self.webhooks
                    .insert(firm.to_owned(), (of("url"), of("secret")));
                Answer::empty(204)
            }
            ("DELETE", ["webhook"]) => {
                self.webhooks.remove(firm);
                Answer::empty(204)
            }
            _ => self.failed(404, "Not Found", "There is no such address", json!({})),
        }
    }

    fn list(&self, data: &Value, name: &str, request: &Request) -> Answer {
        let search = request
            .parameter("search")
            .unwrap_or_default()
            .to_lowercase();
        let since = request.parameter("updated_since").unwrap_or_default();
        let household = request.parameter("household_id");
        let mut found: Vec<Value> = items(data, name)
            .filter(|one| {
                text(one, "name").is_some_and(|of| of.to_lowercase().contains(&search))
                    && text(one, "updated_at").unwrap_or_default() >= since.as_str()
                    && household.as_deref().is_none_or(|id| {
                        one.pointer("/household/id").and_then(Value::as_str) == Some(id)
                    })
            })
            .cloned()
            .collect();
        found.sort_by_key(|one| text(one, "id").map(str::to_owned));
        self.paged(found, name, request, Map::new())
    }

    fn accounts(&self, data: &Value, request: &Request) -> Answer {
        let client = request.parameter("client_id");
        let household = request.parameter("household_id");
        if client.is_some() == household.is_some() {
            let detail = "Either client_id or household_id is given";
            let source = json!({ "parameter": "client_id" });
            return self.failed(400, "Bad Request", detail, source);
        }
        let of = |one: &Value, name: &str, id: &Option<String>| {
            id.as_deref().is_none_or(|id| text(one, name) == Some(id))
        };
        let known = client
            .as_deref()
            .is_none_or(|id| items(data, "clients").any(|one| text(one, "id") == Some(id)));
        if !known {
            return self.failed(404, "Not Found", "There is no such client", json!({}));
        }
        let found = items(data, "accounts")
            .filter(|one| of(one, "client_id", &client) && of(one, "household_id", &household));
        let found = found.cloned().map(|mut one| {
            if let Some(members) = one.as_object_mut() {
                members.remove("transactions");
            }
            one
        });
        let mut more = Map::new();
        more.insert("source".to_owned(), "schwab".into());
        self.paged(found.collect(), "accounts", request, more)
    }

    fn transactions(&self, data: &Value, id: &str, request: &Request, now: u64) -> Answer {
        let time = |name: &str| request.parameter(name).and_then(|text| moment(&text));
        let (Some(start), Some(end)) = (time("start_date"), time("end_date")) else {
            let source = json!({ "parameter": "start_date" });
            return self.failed(400, "Bad Request", "Both dates are needed", source);
        };
        if end.saturating_sub(start) > LONGEST_MS {
            let source = json!({ "parameter": "end_date" });
            return self.failed(422, "Unprocessable", "No more than 60 days", source);
        }
        let Some(account) = items(data, "accounts").find(|one| text(one, "id") == Some(id)) else {
            return self.failed(404, "Not Found", "There is no such account", json!({}));
        };
        let at = |one: &Value| text(one, "time").and_then(moment).unwrap_or_default();
        let mut found: Vec<Value> = items(account, "transactions")
            .filter(|one| (start..=end).contains(&at(one)))
            .cloned()
            .collect();
        found.sort_by_key(|one| std::cmp::Reverse(at(one)));
        let mut more = Map::new();
        more.insert("source".to_owned(), "schwab".into());
        more.insert("as_of".to_owned(), iso(now - now % (24 * HOUR_MS)).into());
        self.paged(found, "transactions", request, more)
    }

    fn paged(
        &self,
        found: Vec<Value>,
        name: &str,
        request: &Request,
        mut answer: Map<String, Value>,
    ) -> Answer {
        let parameter = |name: &str, default: usize| {
            request
                .parameter(name)
                .map_or(Some(default), |text| text.parse().ok())
        };
        let (Some(size @ 1..=100), Some(page @ 1..)) =
            (parameter("per_page", 25), parameter("page", 1))
        else {
            let source = json!({ "parameter": "per_page" });
            return self.failed(422, "Unprocessable", "From 1 to 100", source);
        };
        let all = found.len();
        let rows: Vec<Value> = found
            .into_iter()
            .skip((page - 1) * size)
            .take(size)
            .collect();
        answer.insert(name.to_owned(), rows.into());
        let meta = json!({
            "total_count": all, "total_pages": all.div_ceil(size), "page": page, "per_page": size,
        });
        answer.insert("meta".to_owned(), meta);
        Answer::json(200, &Value::Object(answer))
    }

    fn found(&self, found: Option<&Value>) -> Answer {
        match found {
            Some(found) => Answer::json(200, found),
            None => self.failed(404, "Not Found", "There is no such record", json!({})),
        }
    }

    fn failed(&self, status: u16, title: &str, detail: &str, source: Value) -> Answer {
        let id = format!("b41d9e00-{:04}", self.requests);
        let error = json!({
            "id": id, "status": status.to_string(), "title": title, "detail": detail, "source": source,
        });
        Answer::json(status, &json!({ "errors": [error] }))
    }

    /// A delivery to a firm's webhook: where to, its body and its headers.
    pub(crate) fn webhook(&self, body: &Value, now: u64) -> Value {
        let firm = text(body, "firm").unwrap_or("whitfield");
        let (url, secret) = self.webhooks.get(firm).cloned().unwrap_or_default();
        let payload = json!({
            "type": text(body, "type").unwrap_or("clients.changed"),
            "ids": body.get("ids").cloned().unwrap_or_else(|| json!([])), "occurred_at": iso(now),
        })
        .to_string();
        let id = text(body, "id").unwrap_or("msg_bridge_1");
        let timestamp = (now / 1_000).to_string();
        let secret = text(body, "secret").unwrap_or(&secret);
        let key = STANDARD
            .decode(secret.trim_start_matches("whsec_"))
            .unwrap_or_default();
        let signature = Hmac::<Sha256>::new_from_slice(&key).map(|mut hmac| {
            hmac.update(format!("{id}.{timestamp}.{payload}").as_bytes());
            STANDARD.encode(hmac.finalize().into_bytes())
        });
        let headers = json!({
            "content-type": "application/json", "webhook-id": id, "webhook-timestamp": timestamp,
            "webhook-signature": format!("v1,{}", signature.unwrap_or_default()),
        });
        json!({ "url": url, "body": payload, "headers": headers })
    }
}

/// Makes what the data say in hours before now into times.
fn settle(value: &mut Value, now: u64) {
    let before = |hours: u64| iso(now.saturating_sub(hours * HOUR_MS));
    match value {
        Value::Array(items) => items.iter_mut().for_each(|one| settle(one, now)),
        Value::Object(members) => {
            members.values_mut().for_each(|one| settle(one, now));
            if let Some(hours) = members
                .remove("updated_hours_ago")
                .and_then(|of| of.as_u64())
            {
                members.insert("updated_at".to_owned(), before(hours).into());
            }
            if let Some(hours) = members.remove("hours_ago").and_then(|of| of.as_u64()) {
                // As Schwab writes offsets.
                let time = before(hours)
                    .replace(".000Z", "+0000")
                    .replace('Z', "+0000");
                members.insert("time".to_owned(), time.clone().into());
                members.insert("tradeDate".to_owned(), time.into());
            }
            if members.contains_key("schwab") {
                members.insert("as_of".to_owned(), iso(now - now % (24 * HOUR_MS)).into());
            }
        }
        _ => {}
    }
}

/// A time in ISO 8601 in UTC, in milliseconds since the epoch, to the second.
fn moment(text: &str) -> Option<u64> {
    let wanted = text.get(..19)?;
    // The clock only writes, and what it writes is in order.
    let (mut low, mut high) = (0_u64, 9_000_000_000_u64);
    while low < high {
        let middle = (low + high) / 2;
        if iso(middle * 1_000).get(..19)? < wanted {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    (iso(low * 1_000).get(..19)? == wanted).then_some(low * 1_000)
}
