//! Requests and answers as everything but the shell sees them.
//!
//! A body that only passes through stays a stream of the runtime's own, of type `S`, and is never
//! copied into this program's memory.

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, StatusCode};

/// What came in.
#[derive(Debug)]
pub struct Request<S> {
    /// The method.
    pub method: Method,
    /// The path, percent-encoded as it came.
    pub path: String,
    /// What stands behind the `?`, percent-encoded as it came; empty without one.
    pub query: String,
    /// The headers. The runtime joins repeated ones with a comma.
    pub headers: HeaderMap,
    /// The body, not read yet.
    pub body: Option<S>,
}

impl<S> Request<S> {
    /// A header's text, if it is there and is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// What goes out.
#[derive(Debug)]
pub struct Response<S> {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Body<S>,
}

/// A body.
#[derive(Debug)]
pub enum Body<S> {
    /// None.
    Empty,
    /// Made here.
    Bytes(Vec<u8>),
    /// Passed through.
    Stream(S),
}

impl<S> Response<S> {
    /// An answer without a body.
    #[must_use]
    pub fn empty(status: StatusCode) -> Self {
        Self {
            status,
            headers: HeaderMap::new(),
            body: Body::Empty,
        }
    }

    /// An answer in JSON.
    #[must_use]
    pub fn json(status: StatusCode, value: &serde_json::Value) -> Self {
        let mut response = Self::empty(status);
        response.set("content-type", "application/json; charset=utf-8");
        response.body = Body::Bytes(value.to_string().into_bytes());
        response
    }

    /// Sets a header. A value that no header can carry is left out.
    pub fn set(&mut self, name: &'static str, value: &str) {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(HeaderName::from_static(name), value);
        }
    }
}
