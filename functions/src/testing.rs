//! The world of the native tests: answers by a script, a clock that stands still, and requests
//! that can be looked at. Signatures are verified by WebCrypto, or natively by
//! jsonwebtoken's own cryptography.

use std::cell::{Cell, RefCell};

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, StatusCode};
use serde_json::Value;

use crate::caller::keys::Key;
use crate::config::tests::config;
use crate::cors::Origins;
use crate::edge::Edge;
use crate::message::{Body, Request, Response};
use crate::policies::Policies;
use crate::serve::{Setup, serve};
use crate::transport::{Outgoing, Runtime, Unreachable, Unreadable};

/// 2027-01-15.
pub(crate) const NOW: u64 = 1_800_000_000;

pub(crate) type Answer = Result<(u16, Value), Unreachable>;

/// What is behind the Worker.
pub(crate) struct World<F> {
    answer: F,
    pub(crate) now_ms: Cell<u64>,
    /// Method, path and query of every request that was sent.
    pub(crate) asked: RefCell<Vec<String>>,
    pub(crate) headers: RefCell<HeaderMap>,
    /// How many signatures were verified.
    pub(crate) verified: Cell<u32>,
    pub(crate) lines: RefCell<Vec<String>>,
}

impl<F: Fn(&str) -> Answer> World<F> {
    /// A world that answers by method, path and query.
    pub(crate) fn new(answer: F) -> Self {
        Self {
            answer,
            now_ms: Cell::new(NOW * 1_000),
            asked: RefCell::default(),
            headers: RefCell::default(),
            verified: Cell::default(),
            lines: RefCell::default(),
        }
    }

    /// Sends a request through the Worker, and gives back its status and its JSON.
    pub(crate) async fn ask(&self, setup: &Setup, request: Request<Vec<u8>>) -> (u16, Value) {
        let response = serve(setup, self, request).await;
        let body = match response.body {
            Body::Empty => Value::Null,
            Body::Bytes(bytes) | Body::Stream(bytes) => serde_json::from_slice(&bytes).unwrap(),
        };
        (response.status.as_u16(), body)
    }
}

impl<F: Fn(&str) -> Answer> Runtime for World<F> {
    type Stream = Vec<u8>;

    async fn send(&self, outgoing: Outgoing<Vec<u8>>) -> Result<Response<Vec<u8>>, Unreachable> {
        let Outgoing { request, .. } = outgoing;
        let url = request.url();
        let query = url
            .query()
            .map_or(String::new(), |query| format!("?{query}"));
        let line = format!("{} {}{query}", request.method(), url.path());
        *self.headers.borrow_mut() = request.headers().clone();
        self.asked.borrow_mut().push(line.clone());
        let (status, json) = (self.answer)(&line)?;
        let mut response = Response::empty(StatusCode::from_u16(status).unwrap());
        response.set("content-type", "application/json; charset=utf-8");
        response.body = Body::Stream(json.to_string().into_bytes());
        Ok(response)
    }

    async fn read(&self, stream: Vec<u8>, limit: usize) -> Result<Vec<u8>, Unreadable> {
        if stream.len() > limit {
            Err(Unreadable::TooLong)
        } else {
            Ok(stream)
        }
    }

    #[cfg(target_arch = "wasm32")]
    async fn verify(&self, key: &Key, message: &[u8], signature: &[u8]) -> bool {
        self.verified.set(self.verified.get() + 1);
        let verified = crate::shell::subtle::verify(key, message, signature).await;
        verified.unwrap_or(false)
    }

    #[cfg(not(target_arch = "wasm32"))]
    async fn verify(&self, key: &Key, message: &[u8], signature: &[u8]) -> bool {
        use jsonwebtoken::crypto::rust_crypto;
        use jsonwebtoken::{Algorithm, DecodingKey};

        self.verified.set(self.verified.get() + 1);
        let (algorithm, key) = match key {
            Key::Es256 { x, y } => (Algorithm::ES256, DecodingKey::from_ec_components(x, y)),
            Key::Hs256(secret) => (
                Algorithm::HS256,
                Ok(DecodingKey::from_secret(secret.expose())),
            ),
            Key::Rs256 { n, e } => (Algorithm::RS256, DecodingKey::from_rsa_components(n, e)),
        };
        let Ok(key) = key else { return false };
        // A point that is not on the curve is noticed here.
        let verifier = (rust_crypto::DEFAULT_PROVIDER.verifier_factory)(&algorithm, &key);
        verifier.is_ok_and(|verifier| verifier.verify(message, &signature.to_vec()).is_ok())
    }

    fn now_ms(&self) -> u64 {
        self.now_ms.get()
    }

    fn log(&self, line: &str) {
        self.lines.borrow_mut().push(line.to_owned());
    }
}

/// The Worker with its own policies, before a project that is not there.
pub(crate) fn setup(changes: &[(&str, &str)]) -> Setup {
    let policies = Policies::embedded().unwrap();
    let policies = policies.only(&["agency".to_owned()]).unwrap();
    let edge = Edge::new(config(changes).unwrap(), policies);
    Setup::with(Origins::Any, edge)
}

/// A request.
pub(crate) fn request(
    method: Method,
    address: &str,
    headers: &[(&'static str, &str)],
    body: Option<Value>,
) -> Request<Vec<u8>> {
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    let header = |(name, value): &(&'static str, &str)| {
        (
            HeaderName::from_static(name),
            HeaderValue::from_str(value).unwrap(),
        )
    };
    Request {
        method,
        path: path.to_owned(),
        query: query.to_owned(),
        headers: headers.iter().map(header).collect(),
        body: body.map(|json| json.to_string().into_bytes()),
    }
}
