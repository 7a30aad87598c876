//! Fathom: OAuth with refresh tokens that work once, meetings, summaries, transcripts, and webhooks
//! signed as Standard Webhooks has it.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::message::{Answer, Request};
use crate::spec::Spec;
use crate::text;

const DATA: &str = include_str!("../data/fathom.json");
const SPEC: &str = include_str!("../../specs/fathom/v1.json");
/// The app that connects.
pub const CLIENT_ID: &str = "countersign-local-fathom-app";
/// Its secret. For machines where this runs, and nowhere else.
pub const CLIENT_SECRET: &str = "countersign-local-fathom-app-secret";
/// The key of alice@acme.example.
pub const API_KEY: &str = "countersign-local-fathom-key";

const ACCESS_MS: u64 = 3_600_000;
const CODE_MS: u64 = 60_000;
const PAGE: usize = 2;
/// Calls of one person in a minute; of those that bring whole transcripts or summaries half as many.
const CALLS: u64 = 60;
const HEAVY_CALLS: u64 = 30;
const WINDOW_MS: u64 = 60_000;

/// The whole of it.
#[derive(Debug)]
pub struct Fathom {
    spec: Spec,
    meetings: Vec<Value>,
    transcripts: BTreeMap<String, Value>,
    /// Whose a code, an access token or a refresh token is, and until when.
    codes: BTreeMap<String, (String, u64)>,
    access: BTreeMap<String, (String, u64)>,
    refresh: BTreeMap<String, String>,
    webhooks: BTreeMap<String, String>,
    counted: BTreeMap<(String, bool), (u64, u64)>,
    /// The address of whoever consents next.
    person: String,
    /// Calls that bring whole transcripts or summaries, of one person in a minute.
    pub(crate) heavy_calls: u64,
    /// Other calls, likewise.
    pub(crate) calls: u64,
    next: u64,
}

/// Who asks, and whether through an app.
struct Caller {
    email: String,
    through_app: bool,
}

impl Fathom {
    pub(crate) fn new() -> Result<Self, String> {
        let data: Value = serde_json::from_str(DATA).map_err(|error| error.to_string())?;
        let member = |name: &str| data.get(name).cloned().ok_or_else(|| format!("no {name}"));
        let read = |error: serde_json::Error| error.to_string();
        Ok(Self {
            spec: Spec::parse(SPEC)?,
            meetings: serde_json::from_value(member("meetings")?).map_err(read)?,
            transcripts: serde_json::from_value(member("transcripts")?).map_err(read)?,
            codes: BTreeMap::new(),
            access: BTreeMap::new(),
            refresh: BTreeMap::new(),
            webhooks: BTreeMap::new(),
            counted: BTreeMap::new(),
            person: "alice@acme.example".to_owned(),
            heavy_calls: HEAVY_CALLS,
            calls: CALLS,
            next: 500_000,
        })
    }

    /// The description of its API; of its OAuth there is none.
    pub(crate) fn spec(&self, path: &str) -> Option<&Spec> {
        (!path.contains("/oauth2/")).then_some(&self.spec)
    }

    /// Who consents next.
    pub(crate) fn consent(&mut self, body: &Value) {
        text(body, "email")
            .unwrap_or("alice@acme.example")
            .clone_into(&mut self.person);
    }

    /// Ends everything of a person.
    pub(crate) fn revoke(&mut self, email: &str) {
        self.access.retain(|_, (of, _)| of != email);
        self.refresh.retain(|_, of| of != email);
    }

    /// The webhooks that there are, which its API does not tell.
    pub(crate) fn webhook_ids(&self) -> Vec<&String> {
        self.webhooks.keys().collect()
    }

    pub(crate) fn answer(&mut self, request: &Request, now: u64) -> Answer {
        let segments = request.segments();
        let words: Vec<&str> = segments.iter().map(String::as_str).collect();
        let words = words.strip_prefix(&["external", "v1"]).unwrap_or_default();
        match (request.method.as_str(), words) {
            ("GET", ["oauth2", "authorize"]) => return self.authorize(request, now),
            ("POST", ["oauth2", "token"]) => return self.token(request, now),
            _ => {}
        }
        let Some(caller) = self.caller(request, now) else {
            return failed(401, "Unauthorized");
        };
        let asks = |name: &str| request.parameter(name).as_deref() == Some("true");
        let whole = asks("include_transcript") || asks("include_summary");
        let heavy = whole || matches!(words, ["recordings", ..]);
        let (used, most) = self.count(&caller, heavy, now);
        let answer = if used > most {
            failed(429, "Rate limit exceeded")
        } else if whole && caller.through_app {
            failed(
                400,
                "include_summary and include_transcript are not available to OAuth apps",
            )
        } else {
            self.api(&caller, words, request, now)
        };
        let reset = (WINDOW_MS - now % WINDOW_MS) / 1_000;
        answer
            .header("ratelimit-limit", most.to_string())
            .header("ratelimit-remaining", most.saturating_sub(used).to_string())
            .header("ratelimit-reset", reset.to_string())
    }

    fn api(&mut self, caller: &Caller, words: &[&str], request: &Request, now: u64) -> Answer {
        match (request.method.as_str(), words) {
            ("GET", ["meetings"]) => self.list(caller, request),
            ("GET", ["recordings", id, "transcript"]) => self.transcript(caller, id),
            ("GET", ["recordings", id, "summary"]) => self.summary(caller, id),
            ("POST", ["webhooks"]) => self.create_webhook(request, now),
            ("DELETE", ["webhooks", id]) => match self.webhooks.remove(*id) {
                Some(_) => Answer::empty(204),
                None => failed(404, "Not found"),
            },
            _ => failed(404, "Not found"),
        }
    }

    fn authorize(&mut self, request: &Request, now: u64) -> Answer {
        let parameter = |name: &str| request.parameter(name).unwrap_or_default();
        if parameter("client_id") != CLIENT_ID || parameter("response_type") != "code" {
            return failed(400, "invalid_request");
        }
        let code = format!("fathom-code-{}", self.number());
        self.codes
            .insert(code.clone(), (self.person.clone(), now + CODE_MS));
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query
            .append_pair("code", &code)
            .append_pair("state", &parameter("state"));
        let location = format!("{}?{}", parameter("redirect_uri"), query.finish());
        Answer::empty(302).header("location", location)
    }

    fn token(&mut self, request: &Request, now: u64) -> Answer {
        let form = request.form();
        let field = |name: &str| form.get(name).map_or("", String::as_str);
        if field("client_id") != CLIENT_ID || field("client_secret") != CLIENT_SECRET {
            return Answer::json(401, &json!({ "error": "invalid_client" }));
        }
        let email = match field("grant_type") {
            "authorization_code" => self
                .codes
                .remove(field("code"))
                .and_then(|(email, ends)| (ends > now).then_some(email)),
            // It works once: who loses the answer loses the connection.
            "refresh_token" => self.refresh.remove(field("refresh_token")),
            _ => return Answer::json(400, &json!({ "error": "unsupported_grant_type" })),
        };
        let Some(email) = email else {
            return Answer::json(400, &json!({ "error": "invalid_grant" }));
        };
        let access = format!("fathom-access-{}", self.number());
        let refresh = format!("fathom-refresh-{}", self.number());
        let answer = json!({
            "access_token": access, "refresh_token": refresh, "expires_in": ACCESS_MS / 1_000,
            "token_type": "Bearer", "scope": "public_api",
        });
        self.access.insert(access, (email.clone(), now + ACCESS_MS));
        self.refresh.insert(refresh, email);
        Answer::json(200, &answer)
    }

    fn caller(&self, request: &Request, now: u64) -> Option<Caller> {
        if request.header("x-api-key") == Some(API_KEY) {
            return Some(Caller {
                email: "alice@acme.example".to_owned(),
                through_app: false,
            });
        }
        let (email, ends) = self.access.get(request.bearer()?)?;
        (*ends > now).then(|| Caller {
            email: email.clone(),
            through_app: true,
        })
    }

    fn count(&mut self, caller: &Caller, heavy: bool, now: u64) -> (u64, u64) {
        let at = now / WINDOW_MS;
        let of = (caller.email.clone(), heavy);
        let counted = self.counted.entry(of).or_default();
        *counted = if counted.0 == at {
            (at, counted.1 + 1)
        } else {
            (at, 1)
        };
        (counted.1, if heavy { self.heavy_calls } else { self.calls })
    }

    /// The meetings that a person recorded or that were shared with everybody.
    fn seen<'a>(&'a self, caller: &'a Caller) -> impl Iterator<Item = &'a Value> {
        self.meetings.iter().filter(|meeting| {
            let by = meeting
                .pointer("/recorded_by/email")
                .and_then(Value::as_str);
            by == Some(&*caller.email) || text(meeting, "shared_with") == Some("all_teams")
        })
    }

    fn list(&self, caller: &Caller, request: &Request) -> Answer {
        let from = request.parameter("cursor").map_or(Some(0), |cursor| {
            let plain = STANDARD.decode(cursor).ok()?;
            String::from_utf8(plain).ok()?.parse().ok()
        });
        let Some(from) = from else {
            return failed(400, "Invalid cursor");
        };
        let after = request.parameter("created_after").unwrap_or_default();
        let before = request.parameter("created_before");
        let parameters = request.parameters();
        let by: Vec<&String> = parameters
            .iter()
            .filter(|(name, _)| name == "recorded_by[]")
            .map(|(_, email)| email)
            .collect();
        let wanted = self.seen(caller).filter(|meeting| {
            let created = text(meeting, "created_at").unwrap_or_default();
            let recorder = meeting
                .pointer("/recorded_by/email")
                .and_then(Value::as_str);
            created > after.as_str()
                && before
                    .as_ref()
                    .is_none_or(|before| created < before.as_str())
                && (by.is_empty() || by.iter().any(|email| Some(email.as_str()) == recorder))
        });
        let mut rest = wanted.skip(from);
        let page: Vec<Value> = rest
            .by_ref()
            .take(PAGE)
            .map(|meeting| self.shown(meeting, request))
            .collect();
        let next = rest
            .next()
            .map(|_| STANDARD.encode((from + PAGE).to_string()));
        Answer::json(
            200,
            &json!({ "limit": PAGE, "next_cursor": next, "items": page }),
        )
    }

    /// A meeting with what was asked for, and without what was not.
    fn shown(&self, meeting: &Value, request: &Request) -> Value {
        let asks = |name: &str| request.parameter(name).as_deref() == Some("true");
        let mut shown = meeting.clone();
        if let Some(members) = shown.as_object_mut() {
            if asks("include_transcript") {
                let id = meeting.get("recording_id").map(Value::to_string);
                let lines = id.and_then(|id| self.transcripts.get(&id)).cloned();
                members.insert("transcript".to_owned(), lines.unwrap_or_default());
            }
            for (name, asked) in [
                ("default_summary", "include_summary"),
                ("action_items", "include_action_items"),
                ("crm_matches", "include_crm_matches"),
                ("highlights", "include_highlights"),
            ] {
                if !asks(asked) {
                    members.remove(name);
                }
            }
        }
        shown
    }

    fn recording<'a>(&'a self, caller: &'a Caller, id: &str) -> Option<&'a Value> {
        let is = |meeting: &&Value| is_recording(meeting, id);
        self.seen(caller).find(is)
    }

    fn transcript(&self, caller: &Caller, id: &str) -> Answer {
        let lines = self
            .recording(caller, id)
            .and_then(|_| self.transcripts.get(id));
        match lines {
            Some(lines) => Answer::json(200, &json!({ "transcript": lines })),
            None => failed(404, "Not found"),
        }
    }

    fn summary(&self, caller: &Caller, id: &str) -> Answer {
        match self
            .recording(caller, id)
            .and_then(|meeting| meeting.get("default_summary"))
        {
            Some(summary) => Answer::json(200, &json!({ "summary": summary })),
            None => failed(404, "Not found"),
        }
    }

    fn create_webhook(&mut self, request: &Request, now: u64) -> Answer {
        let body = request.json().unwrap_or_default();
        let url = text(&body, "destination_url")
            .unwrap_or_default()
            .to_owned();
        let includes = [
            "include_transcript",
            "include_summary",
            "include_action_items",
            "include_crm_matches",
        ];
        let asks = |name: &str| body.get(name) == Some(&Value::Bool(true));
        let triggers = body.get("triggered_for").and_then(Value::as_array);
        if url.is_empty()
            || !includes.iter().any(|name| asks(name))
            || triggers.is_none_or(Vec::is_empty)
        {
            return failed(400, "Invalid webhook");
        }
        let id = format!("wh{}", self.number());
        let secret = secret_of(&id);
        let mut answer = json!({
            "id": id, "url": url, "secret": secret, "created_at": crate::clock::iso(now), "triggered_for": triggers,
        });
        if let Some(members) = answer.as_object_mut() {
            members.extend(includes.map(|name| (name.to_owned(), asks(name).into())));
        }
        self.webhooks.insert(id, url);
        Answer::json(201, &answer)
    }

    /// A delivery of the meeting `recording_id` to the webhook `id`: its body and headers.
    pub(crate) fn webhook(&self, body: &Value, now: u64) -> Value {
        let id = body
            .get("recording_id")
            .map(Value::to_string)
            .unwrap_or_default();
        let mut all = self.meetings.iter();
        let found = all.find(|meeting| is_recording(meeting, &id));
        let mut meeting = found.cloned().unwrap_or_default();
        if let Some(members) = meeting.as_object_mut() {
            members.insert(
                "transcript".to_owned(),
                self.transcripts.get(&id).cloned().unwrap_or_default(),
            );
        }
        let payload = meeting.to_string();
        let message = text(body, "message").map_or_else(|| format!("msg_{id}"), str::to_owned);
        let timestamp = (now / 1_000).to_string();
        let secret = text(body, "secret").map_or_else(
            || secret_of(text(body, "id").unwrap_or_default()),
            str::to_owned,
        );
        let key = STANDARD
            .decode(secret.trim_start_matches("whsec_"))
            .unwrap_or_default();
        let signature = Hmac::<Sha256>::new_from_slice(&key).map(|mut hmac| {
            hmac.update(format!("{message}.{timestamp}.{payload}").as_bytes());
            STANDARD.encode(hmac.finalize().into_bytes())
        });
        let headers = json!({
            "content-type": "application/json", "webhook-id": message, "webhook-timestamp": timestamp,
            "webhook-signature": format!("v1,{}", signature.unwrap_or_default()),
        });
        json!({ "body": payload, "headers": headers })
    }

    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }
}

fn is_recording(meeting: &Value, id: &str) -> bool {
    let of = meeting.get("recording_id").and_then(Value::as_u64);
    of.is_some() && of == id.parse().ok()
}

/// The secret of a webhook: 24 bytes that its id determines.
fn secret_of(id: &str) -> String {
    use sha2::Digest as _;
    let digest = Sha256::digest(format!("fathom webhook {id}"));
    format!(
        "whsec_{}",
        STANDARD.encode(digest.get(..24).unwrap_or_default())
    )
}

/// Fathom documents no error bodies.
fn failed(status: u16, message: &str) -> Answer {
    Answer::json(status, &json!({ "error": message }))
}
