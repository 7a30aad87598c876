//! What tests tell the simulators, and ask them: faults, the clock, the log.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::message::{Answer, Request};
use crate::{Simulators, number, text};

/// The state of the control port.
#[derive(Debug, Default)]
pub struct Control {
    /// How far the simulators' clock is ahead of the machine's.
    pub ahead_ms: u64,
    /// Faults that are still to happen, in their order.
    pub faults: Vec<Fault>,
    /// What was asked, and answered.
    pub log: Vec<Entry>,
    /// All that was ever not as the descriptions say, whoever emptied the log.
    pub deviations: BTreeSet<String>,
}

/// A request and its answer.
#[derive(Clone, Debug, Serialize)]
pub struct Entry {
    /// Whose.
    pub provider: String,
    /// The request, secrets and all: this is a tool of tests.
    pub request: Request,
    /// The status of the answer.
    pub status: u16,
    /// Whether a fault had its hand in it.
    pub fault: bool,
    /// How request and answer deviate from the official description.
    pub deviations: Vec<String>,
}

impl Entry {
    /// How it deviates, with what was asked of whom.
    pub fn named(&self) -> impl Iterator<Item = String> {
        let Request { method, path, .. } = &self.request;
        let of = format!("{} {method} {path}", self.provider);
        let all = self.deviations.iter();
        all.map(move |what| format!("{of}: {what}"))
    }
}

/// Something that is to go wrong.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Of which provider.
    pub provider: String,
    /// Of requests with this method; any, if it is left out.
    #[serde(default)]
    pub method: Option<String>,
    /// Of requests whose path has this in it.
    #[serde(default)]
    pub path: String,
    /// How many requests it lets pass first.
    #[serde(default)]
    pub skip: u32,
    /// How many requests it spoils.
    #[serde(default = "once")]
    pub times: u32,
    /// Whether the provider does what it was asked before it fails.
    #[serde(default)]
    pub when: When,
    /// What goes wrong.
    pub effect: Effect,
}

fn once() -> u32 {
    1
}

/// On which side of its effect a request fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum When {
    /// Nothing is done.
    #[default]
    Before,
    /// It is done, and the answer goes wrong.
    After,
}

/// How an answer goes wrong.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Effect {
    /// Another answer.
    Answer {
        /// Its status.
        status: u16,
        /// Its `Retry-After`.
        #[serde(default)]
        retry_after: Option<String>,
        /// Its body.
        #[serde(default)]
        body: Value,
    },
    /// It comes late by so many milliseconds.
    Latency(u64),
    /// It ends in the middle.
    Truncated,
    /// It is not what it says it is.
    Malformed,
    /// It does not come: the connection ends.
    Dropped,
    /// It is longer than anybody wants to read, by so many bytes.
    Huge(usize),
}

impl Fault {
    fn concerns(&self, provider: &str, request: &Request) -> bool {
        self.provider == provider
            && self
                .method
                .as_ref()
                .is_none_or(|method| *method == request.method)
            && request.path.contains(&self.path)
    }

    /// What is answered in place of the provider; `None` if it has to be asked all the same.
    #[must_use]
    pub fn instead(&self) -> Option<Answer> {
        match &self.effect {
            Effect::Latency(_) => None,
            _ => Some(Answer::json(
                200,
                &json!({ "a fault": "took the answer's place" }),
            )),
        }
    }

    /// Spoils an answer.
    pub fn spoil(&self, answer: &mut Answer) {
        match &self.effect {
            Effect::Answer {
                status,
                retry_after,
                body,
            } => {
                *answer = Answer::json(*status, body);
                answer
                    .headers
                    .extend(retry_after.clone().map(|after| ("retry-after", after)));
            }
            Effect::Latency(ms) => answer.delay_ms = *ms,
            Effect::Truncated => {
                // A body of one byte has no middle.
                answer.body.push_str("          ");
                answer.cut = true;
            }
            Effect::Malformed => answer.body = "<html>it works</html>".to_owned(),
            Effect::Dropped => answer.dropped = true,
            Effect::Huge(bytes) => answer.body.push_str(&" ".repeat(*bytes)),
        }
    }
}

impl Control {
    /// The fault that is to happen to this request.
    pub fn fault(&mut self, provider: &str, request: &Request) -> Option<Fault> {
        let at = self
            .faults
            .iter()
            .position(|fault| fault.concerns(provider, request))?;
        let fault = self.faults.get_mut(at)?;
        if fault.skip > 0 {
            fault.skip -= 1;
            return None;
        }
        fault.times = fault.times.saturating_sub(1);
        let happening = fault.clone();
        if fault.times == 0 {
            self.faults.remove(at);
        }
        Some(happening)
    }
}

/// Answers the control port.
pub fn answer(simulators: &mut Simulators, request: &Request, now: u64) -> Answer {
    let body = request.json().unwrap_or_default();
    let ok = Answer::json(200, &json!({}));
    match (request.method.as_str(), request.path.as_str()) {
        ("GET", "/health") => ok,
        ("POST", "/faults") => match serde_json::from_value(body) {
            Ok(fault) => {
                simulators.control.faults.push(fault);
                ok
            }
            Err(error) => Answer::json(400, &json!({ "message": error.to_string() })),
        },
        ("DELETE", "/faults") => {
            simulators.control.faults.clear();
            ok
        }
        ("POST", "/clock") => {
            simulators.control.ahead_ms += 1_000 * number(&body, "advance_seconds", 0);
            ok
        }
        ("GET", "/log") => {
            let found = json!({ "requests": simulators.control.log, "deviations": simulators.deviations() });
            Answer::json(200, &found)
        }
        ("GET", "/deviations") => Answer::json(200, &json!(simulators.control.deviations)),
        ("DELETE", "/log") => {
            simulators.control.log.clear();
            ok
        }
        ("POST", "/baserow/permit") => {
            simulators.baserow.permit(&body);
            ok
        }
        ("POST", "/baserow/limits") => {
            simulators.baserow.limit(&body);
            ok
        }
        ("POST", "/baserow/mcp") => {
            simulators.baserow.speak(&body);
            ok
        }
        ("POST", "/baserow/alter") if simulators.baserow.alter(&body) => ok,
        ("POST", "/baserow/webhook") => Answer::json(200, &simulators.baserow.webhook(&body)),
        ("POST", "/bridge/permit") => {
            simulators.bridge.permit(&body);
            ok
        }
        ("POST", "/bridge/limits") => {
            simulators.bridge.limit(&body);
            ok
        }
        ("POST", "/bridge/alter") if simulators.bridge.alter(&body, now) => ok,
        ("POST", "/bridge/webhook") => Answer::json(200, &simulators.bridge.webhook(&body, now)),
        ("POST", "/wealthbox/permit") => {
            simulators.wealthbox.permit(&body);
            ok
        }
        ("POST", "/wealthbox/limits") => {
            simulators.wealthbox.limit(&body);
            ok
        }
        ("POST", "/wealthbox/alter") => {
            simulators.wealthbox.alter(&body, now);
            ok
        }
        ("POST", "/hubspot/consent") => {
            simulators.hubspot.consent(&body);
            ok
        }
        ("POST", "/hubspot/revoke") => {
            let portal = text(&body, "portal").unwrap_or_default();
            simulators.hubspot.revoke_portal(portal);
            ok
        }
        ("POST", "/hubspot/limits") => {
            simulators.hubspot.limits.burst =
                number(&body, "burst", simulators.hubspot.limits.burst);
            simulators.hubspot.limits.search =
                number(&body, "search", simulators.hubspot.limits.search);
            simulators.hubspot.limits.page = number(&body, "page", simulators.hubspot.limits.page);
            ok
        }
        ("POST", "/hubspot/search") => {
            simulators.hubspot.search_lags = body.get("lags") == Some(&Value::Bool(true));
            ok
        }
        ("POST", "/hubspot/archive") if simulators.hubspot.by_hand(&body, now) => ok,
        ("POST", "/hubspot/webhook") => Answer::json(200, &simulators.hubspot.webhook(&body, now)),
        ("POST", "/fathom/consent") => {
            simulators.fathom.consent(&body);
            ok
        }
        ("POST", "/fathom/limits") => {
            let fathom = &mut simulators.fathom;
            fathom.heavy_calls = number(&body, "heavy", fathom.heavy_calls);
            fathom.calls = number(&body, "calls", fathom.calls);
            ok
        }
        ("POST", "/fathom/revoke") => {
            simulators
                .fathom
                .revoke(text(&body, "email").unwrap_or_default());
            ok
        }
        ("POST", "/fathom/webhook") => Answer::json(200, &simulators.fathom.webhook(&body, now)),
        ("GET", "/fathom/webhooks") => {
            Answer::json(200, &json!({ "webhooks": simulators.fathom.webhook_ids() }))
        }
        ("POST", "/llm/script") => {
            simulators.llm.script(&body);
            ok
        }
        _ => Answer::json(
            404,
            &json!({ "message": "the control port knows no such thing" }),
        ),
    }
}
