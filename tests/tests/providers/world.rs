//! A world in which the simulators are all there is.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::Future;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use countersign_functions::caller::keys::Key;
use countersign_functions::limit::Limit;
use countersign_functions::message::{Body, Response};
use countersign_functions::providers::baserow::{self, Baserow};
use countersign_functions::providers::bridge::{self, Bridge};
use countersign_functions::providers::budget::Budget;
use countersign_functions::providers::call::Line;
use countersign_functions::providers::failure::{Failure, Provider};
use countersign_functions::providers::fathom::{self, Fathom};
use countersign_functions::providers::hubspot::{self, HubSpot};
use countersign_functions::providers::llm::{self, Llm};
use countersign_functions::providers::oauth::{Grant, Tokens};
use countersign_functions::providers::settings::{
    BaserowSettings, CrmSettings, FathomSettings, HubSpotSettings, LlmSettings, Providers, Version,
};
use countersign_functions::providers::wealthbox::{self, Wealthbox};
use countersign_functions::secret::Secret;
use countersign_functions::transport::{Outgoing, Runtime, Unreachable, Unreadable};
use countersign_simulators::Simulators;
use countersign_simulators::message::Request;
use serde_json::{Value, json};

/// 2027-01-15.
const NOW_MS: u64 = 1_800_000_000_000;

pub(crate) struct World {
    pub(crate) simulators: RefCell<Simulators>,
    pub(crate) now_ms: Cell<u64>,
    pub(crate) pauses: RefCell<Vec<u64>>,
    pub(crate) lines: RefCell<Vec<String>>,
    /// How many requests for a portal are counted in ten seconds, and as many searches; and those that were.
    pub(crate) most: Cell<Option<usize>>,
    counted: RefCell<Vec<(String, u64)>>,
}

/// A body, and whether it breaks off.
pub(crate) struct Stream {
    bytes: Vec<u8>,
    cut: bool,
}

impl World {
    pub(crate) fn new() -> Self {
        Self {
            simulators: RefCell::new(Simulators::new().unwrap()),
            now_ms: Cell::new(NOW_MS),
            pauses: RefCell::default(),
            lines: RefCell::default(),
            most: Cell::default(),
            counted: RefCell::default(),
        }
    }

    /// Tells the control port.
    pub(crate) fn control(&self, path: &str, body: Value) -> Value {
        let request = Request {
            method: "POST".to_owned(),
            path: format!("/control{path}"),
            body: body.to_string(),
            ..Request::default()
        };
        let answer = self
            .simulators
            .borrow_mut()
            .answer(&request, self.now_ms.get());
        assert_eq!(answer.status, 200, "{}", answer.body);
        serde_json::from_str(&answer.body).unwrap()
    }

    /// How often something was asked, by method and a part of its path.
    pub(crate) fn asked(&self, method: &str, path: &str) -> usize {
        let simulators = self.simulators.borrow();
        let log = simulators.control.log.iter();
        log.filter(|entry| entry.request.method == method && entry.request.path.contains(path))
            .count()
    }

    pub(crate) fn line(&self, provider: Provider, seconds: u64) -> Line<'_, Self> {
        let reading = match provider {
            Provider::Baserow => baserow::READING,
            Provider::Bridge => bridge::READING,
            Provider::Fathom => fathom::READING,
            Provider::HubSpot => hubspot::READING,
            Provider::Llm => llm::READING,
            Provider::Wealthbox => wealthbox::READING,
        };
        Line {
            runtime: self,
            budget: Budget::starting(self.now_ms.get(), Duration::from_secs(seconds)),
            request_id: "request-1",
            provider,
            reading,
        }
    }

    /// HubSpot, with a token of all scopes.
    pub(crate) fn hubspot<'a>(&'a self, settings: &'a HubSpotSettings) -> HubSpot<'a, Self, Given> {
        let token = self.token(&settings.scopes);
        HubSpot {
            line: self.line(Provider::HubSpot, 30),
            settings,
            tokens: Given(token),
            portal: "62515".to_owned(),
        }
    }

    /// Fathom, through the connection of alice@acme.example.
    pub(crate) fn fathom<'a>(&'a self, settings: &'a FathomSettings) -> Fathom<'a, Self, Given> {
        Fathom {
            line: self.line(Provider::Fathom, 30),
            settings,
            tokens: Given(self.fathom_grant(settings).access),
        }
    }

    /// What a consent at Fathom gives.
    pub(crate) fn fathom_grant(&self, settings: &FathomSettings) -> Grant {
        let code = self.code(&fathom::oauth::authorize_url(settings, "state"), "state");
        let line = self.line(Provider::Fathom, 30);
        run(fathom::oauth::exchange(&line, settings, &code)).unwrap()
    }

    pub(crate) fn baserow<'a>(&'a self, settings: &'a BaserowSettings) -> Baserow<'a, Self> {
        Baserow {
            line: self.line(Provider::Baserow, 30),
            settings,
            token: settings.token.clone().unwrap(),
        }
    }

    pub(crate) fn wealthbox<'a>(&'a self, settings: &'a CrmSettings) -> Wealthbox<'a, Self> {
        Wealthbox {
            line: self.line(Provider::Wealthbox, 30),
            base: settings.wealthbox.as_ref().unwrap(),
            key: Secret::new(countersign_simulators::wealthbox::KEY),
        }
    }

    /// The bridge, by Whitfield Partners' key.
    pub(crate) fn bridge<'a>(&'a self, settings: &'a CrmSettings) -> Bridge<'a, Self> {
        let [(key, _), _] = countersign_simulators::bridge::KEYS;
        Bridge {
            line: self.line(Provider::Bridge, 30),
            base: settings.bridge.as_ref().unwrap(),
            key: Secret::new(key),
        }
    }

    pub(crate) fn llm<'a>(&'a self, settings: &'a LlmSettings) -> Llm<'a, Self> {
        Llm {
            line: self.line(Provider::Llm, 60),
            settings,
            used: Cell::default(),
        }
    }

    /// A token of portal 24680135, got the long way.
    pub(crate) fn token(&self, scopes: &str) -> Secret {
        let settings = settings(Version::V3).hubspot.unwrap();
        self.control("/hubspot/consent", json!({ "scopes": scopes }));
        let code = self.consent(&settings, "state", "");
        let line = self.line(Provider::HubSpot, 30);
        run(hubspot::oauth::exchange(&line, &settings, &code, ""))
            .unwrap()
            .access
    }

    /// The code of a consent, with this challenge.
    pub(crate) fn consent(
        &self,
        settings: &HubSpotSettings,
        state: &str,
        challenge: &str,
    ) -> String {
        self.code(
            &hubspot::oauth::authorize_url(settings, state, challenge),
            state,
        )
    }

    /// The code that a page of consent sends people back with.
    fn code(&self, page: &reqwest::Url, state: &str) -> String {
        let query = page.query().unwrap().replace("code_challenge=&", "no=&");
        let request = Request {
            method: "GET".to_owned(),
            path: page.path().to_owned(),
            query,
            ..Request::default()
        };
        let answer = self
            .simulators
            .borrow_mut()
            .answer(&request, self.now_ms.get());
        let location = answer
            .headers
            .iter()
            .find(|(name, _)| *name == "location")
            .unwrap();
        let location = reqwest::Url::parse(&location.1).unwrap();
        let parameters: BTreeMap<_, _> = location.query_pairs().into_owned().collect();
        assert_eq!(parameters.get("state").map(String::as_str), Some(state));
        parameters.get("code").unwrap().clone()
    }

    /// Nothing said was other than described.
    pub(crate) fn as_described(&self) {
        let deviations = self.simulators.borrow().deviations();
        assert!(deviations.is_empty(), "{deviations:#?}");
    }
}

/// A connection whose token is what it is.
pub(crate) struct Given(pub(crate) Secret);

impl Tokens for Given {
    async fn token(&self, rejected: Option<&Secret>) -> Result<Secret, Failure> {
        use countersign_functions::providers::failure::Kind;
        match rejected {
            None => Ok(self.0.clone()),
            Some(_) => Err(Failure::new(Provider::HubSpot, "token", Kind::Expired)),
        }
    }
}

/// The providers as the simulators have them.
pub(crate) fn settings(version: Version) -> Providers {
    let variable = |name: &'static str| {
        let text = match name {
            "PUBLIC_URL" => "https://edge.example",
            "HUBSPOT_URL" => "http://simulators/hubspot",
            "HUBSPOT_AUTHORIZE_URL" => "http://simulators/hubspot/oauth/authorize",
            "HUBSPOT_API_VERSION" => version.word(),
            "HUBSPOT_CLIENT_ID" => countersign_simulators::hubspot::CLIENT_ID,
            "HUBSPOT_CLIENT_SECRET" => countersign_simulators::hubspot::CLIENT_SECRET,
            "FATHOM_URL" => "http://simulators/fathom/external/v1",
            "FATHOM_OAUTH_URL" => "http://simulators/fathom/external/v1/oauth2",
            "FATHOM_CLIENT_ID" => countersign_simulators::fathom::CLIENT_ID,
            "FATHOM_CLIENT_SECRET" => countersign_simulators::fathom::CLIENT_SECRET,
            "BASEROW_URL" => "http://simulators/baserow",
            "BASEROW_TOKEN" => countersign_simulators::baserow::TOKEN,
            "BASEROW_MEMBERS_TABLE" => "501",
            "CRM_BRIDGE_URL" => "http://simulators/bridge/v1",
            "WEALTHBOX_URL" => "http://simulators/wealthbox/v1",
            "LLM_URL" => "http://simulators/llm/v1/",
            "LLM_API_KEY" => countersign_simulators::llm::API_KEY,
            "LLM_MODEL" => "small-writer-1",
            "LLM_EMBEDDING_MODEL" => "small-embedder-1",
            "LLM_EMBEDDING_DIMENSIONS" => "768 1536",
            "LLM_PRICES" => "40 160 2",
            _ => return None,
        };
        Some(text.to_owned())
    };
    Providers::read(&variable).unwrap()
}

/// Both versions that are supported.
pub(crate) fn versions() -> [Version; 2] {
    [Version::V3, Version::Dated("2026-09".to_owned())]
}

/// Nothing here waits for anything but itself.
pub(crate) fn run<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    match future
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
    {
        Poll::Ready(done) => done,
        Poll::Pending => panic!("it waits for something that is not there"),
    }
}

impl Runtime for World {
    type Stream = Stream;

    async fn send(&self, outgoing: Outgoing<Stream>) -> Result<Response<Stream>, Unreachable> {
        let Outgoing {
            request, patience, ..
        } = outgoing;
        let headers = request.headers().iter();
        let headers =
            headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
        let body = request
            .body()
            .and_then(reqwest::Body::as_bytes)
            .unwrap_or_default();
        let request = Request {
            method: request.method().to_string(),
            path: request.url().path().to_owned(),
            query: request.url().query().unwrap_or_default().to_owned(),
            headers: headers.collect(),
            body: String::from_utf8(body.to_vec()).unwrap(),
        };
        let answer = self
            .simulators
            .borrow_mut()
            .answer(&request, self.now_ms.get());
        let patience = u64::try_from(patience.as_millis()).unwrap();
        self.now_ms
            .set(self.now_ms.get() + answer.delay_ms.min(patience));
        if answer.delay_ms > patience {
            return Err(Unreachable::Late);
        }
        if answer.dropped {
            return Err(Unreachable::Broken("told to".to_owned()));
        }
        let mut response = Response::empty(reqwest::StatusCode::from_u16(answer.status).unwrap());
        for (name, value) in &answer.headers {
            response.set(name, value);
        }
        response.body = Body::Stream(Stream {
            bytes: answer.body.into_bytes(),
            cut: answer.cut,
        });
        Ok(response)
    }

    async fn read(&self, stream: Stream, limit: usize) -> Result<Vec<u8>, Unreadable> {
        match stream {
            Stream { cut: true, .. } => Err(Unreadable::Broken),
            Stream { bytes, .. } if bytes.len() > limit => Err(Unreadable::TooLong),
            Stream { bytes, .. } => Ok(bytes),
        }
    }

    async fn verify(&self, _: &Key, _: &[u8], _: &[u8]) -> bool {
        false
    }

    async fn within(&self, limit: Limit, key: &str) -> bool {
        let ours = |_: &usize| matches!(limit, Limit::Portal | Limit::Search);
        let Some(most) = self.most.get().filter(ours) else {
            return true;
        };
        let key = &format!("{limit:?} {key}");
        let now = self.now_ms.get();
        let mut counted = self.counted.borrow_mut();
        counted.push((key.to_owned(), now));
        let same = counted
            .iter()
            .filter(|(of, at)| of == key && at + 10_000 > now);
        same.count() <= most
    }

    async fn pause(&self, duration: Duration) {
        let ms = u64::try_from(duration.as_millis()).unwrap();
        self.pauses.borrow_mut().push(ms);
        self.now_ms.set(self.now_ms.get() + ms);
    }

    fn now_ms(&self) -> u64 {
        self.now_ms.get()
    }

    fn log(&self, line: &str) {
        self.lines.borrow_mut().push(line.to_owned());
    }
}
