//! The systems behind the Worker, simulated.
//!
//! Each provider is a state machine without sockets: [`Simulators::answer`] takes a request and gives
//! an answer, so that native tests call it and the program in `main.rs` serves it. It speaks the
//! provider's documented API (authorisation, paging, limits, errors, webhooks) and fails when the
//! control port tells it to.
//!
//! Every request it gets and every answer it gives is held against the provider's official
//! description, in `tests/specs`; what deviates stands in the log, which tests read.

pub mod baserow;
pub mod bridge;
pub mod clock;
pub mod control;
pub mod fathom;
pub mod hubspot;
pub mod llm;
pub mod message;
pub mod spec;
pub mod wealthbox;

use serde_json::{Value, json};

use baserow::Baserow;
use bridge::Bridge;
use control::{Control, Entry, Fault, When};
use fathom::Fathom;
use hubspot::HubSpot;
use llm::Llm;
use message::{Answer, Request};
use wealthbox::Wealthbox;

/// All of them, in one process.
#[derive(Debug)]
pub struct Simulators {
    /// What tests tell and ask.
    pub control: Control,
    /// Baserow.
    pub baserow: Baserow,
    /// The CRM bridge.
    pub bridge: Bridge,
    /// Fathom.
    pub fathom: Fathom,
    /// HubSpot.
    pub hubspot: HubSpot,
    /// A language model with OpenAI's API.
    pub llm: Llm,
    /// Wealthbox.
    pub wealthbox: Wealthbox,
}

impl Simulators {
    /// With their data.
    ///
    /// # Errors
    /// If a fixture cannot be read.
    pub fn new() -> Result<Self, String> {
        Ok(Self {
            control: Control::default(),
            baserow: Baserow::new()?,
            bridge: Bridge::new()?,
            fathom: Fathom::new()?,
            hubspot: HubSpot::new()?,
            llm: Llm::new()?,
            wealthbox: Wealthbox::new()?,
        })
    }

    /// Answers a request that came at `now_ms`, in milliseconds since the epoch.
    pub fn answer(&mut self, request: &Request, now_ms: u64) -> Answer {
        let now = now_ms + self.control.ahead_ms;
        let Some((provider, path)) = request.path.get(1..).and_then(|path| path.split_once('/'))
        else {
            return Answer::json(404, &json!({ "message": "name a provider first" }));
        };
        let inner = Request {
            path: format!("/{path}"),
            ..request.clone()
        };
        if provider == "control" {
            return control::answer(self, &inner, now);
        }
        let fault = self.control.fault(provider, &inner);
        let before = fault
            .as_ref()
            .filter(|fault| fault.when == When::Before)
            .and_then(Fault::instead);
        let deviations = match &before {
            // What a fault answers is not the provider's own.
            Some(_) => Vec::new(),
            None => self.deviations_of_request(provider, &inner),
        };
        let (mut answer, mut deviations) = match before {
            Some(answer) => (answer, deviations),
            None => {
                let answer = self.provider(provider, &inner, now);
                let mut all = deviations;
                all.extend(self.deviations_of_answer(provider, &inner, &answer));
                (answer, all)
            }
        };
        if let Some(fault) = &fault {
            fault.spoil(&mut answer);
        }
        deviations.sort();
        deviations.dedup();
        let entry = Entry {
            provider: provider.to_owned(),
            request: inner,
            status: answer.status,
            fault: fault.is_some(),
            deviations,
        };
        self.control.deviations.extend(entry.named());
        self.control.log.push(entry);
        answer
    }

    /// Everything that was not as the descriptions say, since the log was emptied.
    #[must_use]
    pub fn deviations(&self) -> Vec<String> {
        self.control.log.iter().flat_map(Entry::named).collect()
    }

    fn provider(&mut self, provider: &str, request: &Request, now: u64) -> Answer {
        match provider {
            "baserow" => self.baserow.answer(request, now),
            "bridge" => self.bridge.answer(request, now),
            "fathom" => self.fathom.answer(request, now),
            "hubspot" => self.hubspot.answer(request, now),
            "llm" => self.llm.answer(request),
            "wealthbox" => self.wealthbox.answer(request, now),
            other => Answer::json(404, &json!({ "message": format!("there is no {other}") })),
        }
    }

    /// The description that a request falls under, and the request as that has it: below its base.
    fn described(&self, provider: &str, request: &Request) -> Option<(&spec::Spec, Request)> {
        match provider {
            "bridge" => Some((self.bridge.spec(), request.below("/v1"))),
            "fathom" => {
                let spec = self.fathom.spec(&request.path)?;
                Some((spec, request.below("/external/v1")))
            }
            "hubspot" => Some((self.hubspot.spec(&request.path)?, request.clone())),
            "llm" => Some((self.llm.spec(), request.below("/v1"))),
            "wealthbox" => {
                let spec = self.wealthbox.spec(&request.path)?;
                Some((spec, request.below("/v1")))
            }
            _ => None,
        }
    }

    fn deviations_of_request(&self, provider: &str, request: &Request) -> Vec<String> {
        let described = self.described(provider, request);
        described.map_or_else(Vec::new, |(spec, request)| spec.request(&request))
    }

    fn deviations_of_answer(
        &self,
        provider: &str,
        request: &Request,
        answer: &Answer,
    ) -> Vec<String> {
        let described = self.described(provider, request);
        described.map_or_else(Vec::new, |(spec, request)| spec.answer(&request, answer))
    }
}

/// A number in a JSON object, or what stands for it.
fn number(value: &Value, name: &str, default: u64) -> u64 {
    value.get(name).and_then(Value::as_u64).unwrap_or(default)
}

/// What an array in a JSON object holds; nothing, if it is not there.
fn items<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> + Clone {
    let found = value.get(name).and_then(Value::as_array);
    found.into_iter().flatten()
}

/// A text in a JSON object, if it is there.
fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.get(name).and_then(Value::as_str)
}
