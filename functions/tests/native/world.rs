//! The Worker of these tests, and whom it can ask.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;
use std::{env, fs};

use countersign_functions::caller::exchange::sign_service;
use countersign_functions::message::{Body, Request};
use countersign_functions::schedule::{self, Report};
use countersign_functions::secret::Secret;
use countersign_functions::serve::{Setup, serve};
use countersign_functions::transport::Runtime;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Method, redirect};
use serde_json::{Value, json};

use crate::listed;
use crate::runtime::Native;

/// Where people and providers reach this Worker, as they are told.
pub(crate) const PUBLIC_URL: &str = "https://edge.example.test";
/// The one origin that browsers may call from.
pub(crate) const ORIGIN: &str = "https://portal.example.test";

/// The Worker, the database behind its policies, and the systems that it works with.
pub(crate) struct World {
    pub(crate) native: Native,
    pub(crate) setup: Setup,
    pub(crate) facts: Value,
    /// Tells the people of this run from those of an earlier one.
    pub(crate) run: u64,
    /// The simulators have one state, and the schedule one lease: one test at a time.
    _turn: MutexGuard<'static, ()>,
}

static TURN: Mutex<()> = Mutex::new(());

impl World {
    pub(crate) fn new() -> Option<Self> {
        Self::with(&[])
    }

    /// With some settings other than usual.
    pub(crate) fn with(changes: &[(&str, &str)]) -> Option<Self> {
        let Some(file) = env::var_os("COUNTERSIGN_STACK_JSON") else {
            eprintln!("skipped: COUNTERSIGN_STACK_JSON is not set; `cargo xtask test` sets it");
            return None;
        };
        let facts: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
        let setup = Setup::new(|name| {
            if let Some((_, value)) = changes.iter().find(|(changed, _)| *changed == name) {
                return Some((*value).to_owned());
            }
            let fact = match name {
                "SUPABASE_URL" => &facts["stack"]["url"],
                "SUPABASE_JWT_SECRET" => &facts["stack"]["jwtSecret"],
                "SUPABASE_PUBLISHABLE_KEY" => &facts["stack"]["publishableKey"],
                // The first is for requests that name none.
                "APPS" => return Some("agency advisory assistant coaching portal".to_owned()),
                "PUBLIC_URL" => return Some(PUBLIC_URL.to_owned()),
                "ALLOWED_ORIGINS" => return Some(ORIGIN.to_owned()),
                // Of a machine that is busy with other tests nobody asks for a second.
                "WEBHOOK_TIMEOUT_SECONDS" => return Some("60".to_owned()),
                "BASEROW_CLOSED_FIELDS" => return Some("Level".to_owned()),
                other => &facts["simulators"]["settings"][other],
            };
            fact.as_str().map(str::to_owned)
        });
        let client = Client::builder()
            .redirect(redirect::Policy::none())
            .connect_timeout(Duration::from_secs(5))
            .build()
            .unwrap();
        let native = Native(client);
        let run = native.now_ms();
        Some(Self {
            native,
            setup,
            facts,
            run,
            _turn: TURN.lock().unwrap_or_else(PoisonError::into_inner),
        })
    }

    /// The status and the body of an answer.
    pub(crate) async fn ask(
        &self,
        method: Method,
        path: &str,
        headers: &[(&'static str, &str)],
        body: Option<&Value>,
    ) -> (u16, Value) {
        let (status, _, body) = self.ask_whole(method, path, headers, body).await;
        (status, body)
    }

    /// An answer with its headers.
    pub(crate) async fn ask_whole(
        &self,
        method: Method,
        path: &str,
        headers: &[(&'static str, &str)],
        body: Option<&Value>,
    ) -> (u16, HeaderMap, Value) {
        let request = request(method, path, headers, body);
        let response = serve(&self.setup, &self.native, request).await;
        let status = response.status.as_u16();
        (status, response.headers, json_of(response.body))
    }

    /// The same in another world; `None` if that ended before the answer.
    pub(crate) async fn ask_in<R: Runtime<Stream = Vec<u8>>>(
        &self,
        world: &R,
        ended: impl Fn() -> bool,
        (method, path, token, body): (Method, &str, &str, &Value),
    ) -> Option<(u16, Value)> {
        let bearer = format!("Bearer {token}");
        let request = request(method, path, &[("authorization", &bearer)], Some(body));
        let response = before(ended, serve(&self.setup, world, request)).await?;
        Some((response.status.as_u16(), json_of(response.body)))
    }

    /// A run by the clock.
    pub(crate) async fn schedule(&self) -> Report {
        schedule::run(&self.setup, &self.native).await.unwrap()
    }

    /// The token of somebody of the seed.
    pub(crate) fn person(&self, email: &str) -> &str {
        let mut people = self.facts["stack"]["people"].as_array().unwrap().iter();
        let found = people.find(|person| person["email"] == email).unwrap();
        found["accessToken"].as_str().unwrap()
    }

    async fn outside(&self, request: reqwest::RequestBuilder) -> Value {
        let response = request.send().await.unwrap();
        let status = response.status();
        let bytes = response.bytes().await.unwrap();
        assert!(
            status.is_success(),
            "{status}: {}",
            String::from_utf8_lossy(&bytes)
        );
        serde_json::from_slice(&bytes).unwrap_or_default()
    }

    /// The tables, as their owner's API key has them.
    pub(crate) async fn table(
        &self,
        method: Method,
        address: &str,
        schema: &str,
        body: Value,
    ) -> Value {
        let key = self.facts["stack"]["secretKey"].as_str().unwrap();
        self.rest(method, address, schema, body, key).await
    }

    /// The tables, as the Worker's role has them.
    pub(crate) async fn as_worker(
        &self,
        method: Method,
        address: &str,
        schema: &str,
        body: Value,
    ) -> Value {
        let secret = Secret::new(self.facts["stack"]["jwtSecret"].as_str().unwrap());
        let token = sign_service(&secret, self.native.now_ms() / 1_000).unwrap();
        self.rest(method, address, schema, body, token.expose())
            .await
    }

    async fn rest(
        &self,
        method: Method,
        address: &str,
        schema: &str,
        body: Value,
        token: &str,
    ) -> Value {
        let stack = &self.facts["stack"];
        let url = format!("{}/rest/v1/{address}", stack["url"].as_str().unwrap());
        let key = stack["secretKey"].as_str().unwrap();
        let request = self.native.0.request(method.clone(), url);
        let request = request.header("apikey", key);
        let request = request.header("authorization", format!("Bearer {token}"));
        let request = request.header("prefer", "return=representation");
        let request = request
            .header("accept-profile", schema)
            .header("content-profile", schema);
        let request = if method == Method::GET {
            request
        } else {
            request
                .header("content-type", "application/json")
                .body(body.to_string())
        };
        self.outside(request).await
    }

    pub(crate) async fn simulator(&self, method: Method, path: &str, body: &Value) -> Value {
        let url = format!(
            "{}{path}",
            self.facts["simulators"]["url"].as_str().unwrap()
        );
        let token = self.facts["simulators"]["settings"]["BASEROW_TOKEN"]
            .as_str()
            .unwrap();
        let request = self.native.0.request(method.clone(), url);
        let request = request.header("authorization", format!("Token {token}"));
        let request = if method == Method::GET {
            request
        } else {
            request
                .header("content-type", "application/json")
                .body(body.to_string())
        };
        self.outside(request).await
    }

    pub(crate) async fn control(&self, path: &str, body: Value) -> Value {
        self.simulator(Method::POST, &format!("/control{path}"), &body)
            .await
    }

    pub(crate) fn id_of(&self, email: &str) -> &str {
        let mut people = self.facts["stack"]["people"].as_array().unwrap().iter();
        let found = people.find(|person| person["email"] == email).unwrap();
        found["id"].as_str().unwrap()
    }

    /// Connects somebody of the seed to a provider, the long way that a browser goes.
    pub(crate) async fn connect_by(&self, path: &str, provider: &str, email: &str, consent: Value) {
        self.control(&format!("/{provider}/consent"), consent).await;
        let bearer = format!("Bearer {}", self.person(email));
        let headers = [("authorization", bearer.as_str())];
        let begin = request(Method::POST, path, &headers, Some(&json!({})));
        let response = serve(&self.setup, &self.native, begin).await;
        let cookie = response.headers["set-cookie"].to_str().unwrap().to_owned();
        let cookie = cookie.split(';').next().unwrap();
        let Body::Bytes(body) = response.body else {
            panic!("no page of consent: {}", response.status);
        };
        let body: Value = serde_json::from_slice(&body).unwrap();
        let page = self.native.0.get(body["url"].as_str().unwrap());
        let page = page.send().await.unwrap();
        let back = page.headers()["location"].to_str().unwrap();
        let back = reqwest::Url::parse(back).unwrap();
        let path = format!("{}?{}", back.path(), back.query().unwrap());
        let (status, body) = self
            .ask(Method::GET, &path, &[("cookie", cookie)], None)
            .await;
        assert_eq!(status, 200, "{body}");
    }

    /// What is held is held no more, as if the time were over.
    pub(crate) async fn let_go(&self) {
        let past = json!({ "next_attempt_at": "2026-01-01T00:00:00Z" });
        for (table, open) in [
            ("outbox", "(pending,sending,failed)"),
            ("webhook_inbox", "(received,processing,failed)"),
        ] {
            let open = format!("{table}?status=in.{open}");
            self.as_worker(Method::PATCH, &open, "countersign_edge", past.clone())
                .await;
        }
        let refused = "embedding_refusals?attempts=lt.5";
        self.as_worker(Method::PATCH, refused, "countersign_edge", past)
            .await;
        let over = json!({ "expires_at": "2026-01-01T00:00:00Z" });
        let held = "leases?name=neq.tidy";
        self.as_worker(Method::PATCH, held, "countersign_edge", over)
            .await;
    }

    /// Runs of the schedule until one has nothing to do.
    pub(crate) async fn until_quiet(&self) {
        for _ in 0..20 {
            self.let_go().await;
            if self.schedule().await.idle() {
                return;
            }
        }
        panic!("there is always something to do");
    }
}

/// A request as the shell would hand it over.
pub(crate) fn request(
    method: Method,
    path: &str,
    headers: &[(&'static str, &str)],
    body: Option<&Value>,
) -> Request<Vec<u8>> {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let header = |(name, value): &(&'static str, &str)| {
        (
            HeaderName::from_static(name),
            HeaderValue::from_str(value).unwrap(),
        )
    };
    let mut headers: HeaderMap = headers.iter().map(header).collect();
    let id = listed::id(&method, path);
    headers.insert("x-request-id", HeaderValue::from_str(&id).unwrap());
    Request {
        method,
        path: path.to_owned(),
        query: query.to_owned(),
        headers,
        body: body.map(|body| body.to_string().into_bytes()),
    }
}

pub(crate) fn json_of(body: Body<Vec<u8>>) -> Value {
    match body {
        Body::Bytes(bytes) | Body::Stream(bytes) => {
            serde_json::from_slice(&bytes).unwrap_or_default()
        }
        Body::Empty => Value::Null,
    }
}

/// What a future comes to, unless its world ends first.
pub(crate) async fn before<T>(
    ended: impl Fn() -> bool,
    future: impl Future<Output = T>,
) -> Option<T> {
    let mut future = pin!(future);
    poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(done) => Poll::Ready(Some(done)),
        Poll::Pending if ended() => Poll::Ready(None),
        Poll::Pending => Poll::Pending,
    })
    .await
}
