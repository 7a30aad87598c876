//! Requests that make something, sent again under the same `Idempotency-Key`.
//!
//! The first one is done, and its answer kept for 24 hours; the same request again gets that answer. A
//! failure that did nothing is not kept, so that the same key can be tried again. One after which
//! something may have been done is kept like an answer: to be told "uncertain" twice is better than
//! to have it done twice. So is a request that died: its key says so, until it expires.

use reqwest::{Method, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::Asked;
use crate::database::Database;
use crate::message::{Body, Request, Response};
use crate::problem::Problem;
use crate::transport::Runtime;

/// The header of the key.
pub const HEADER: &str = "idempotency-key";
/// The header of an answer that was kept.
const REPLAYED: &str = "idempotency-replayed";
const LONGEST_KEY: usize = 255;
/// No workflow takes as long.
const LOST_SECONDS: u32 = 300;

/// A request under a key.
#[derive(Debug)]
pub(super) struct Once<'a, R> {
    own: Database<'a, R>,
    /// What names it in the database.
    names: Value,
}

#[derive(Deserialize)]
struct Known {
    state: String,
    #[serde(default)]
    status: Option<u16>,
    #[serde(default)]
    response: Value,
}

/// The key of a request, if it has one.
///
/// # Errors
/// If it cannot be one.
pub(super) fn key<S>(request: &Request<S>) -> Result<Option<&str>, Problem> {
    let Some(value) = request.headers.get(HEADER) else {
        return Ok(None);
    };
    let text = value.to_str().ok();
    let visible = |text: &&str| {
        (1..=LONGEST_KEY).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
    };
    let text = text.filter(visible).ok_or_else(|| {
        Problem::bad_request("`Idempotency-Key` is not 1 to 255 visible characters")
    })?;
    Ok(Some(text))
}

/// What tells requests apart.
fn hash(method: &Method, path: &str, query: &str, body: &[u8]) -> String {
    let mut digest = Sha256::new();
    // None of the first three has a line break.
    digest.update(format!("{method}\n{path}\n{query}\n"));
    digest.update(body);
    let digest = digest.finalize();
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl<'a, R: Runtime> Once<'a, R> {
    /// A person's request under a key.
    pub(super) fn new<S>(
        own: Database<'a, R>,
        (app, person, key): (&str, &str, &str),
        request: &Request<S>,
        asked: &Asked<'_>,
    ) -> Self {
        let body = asked.body.as_deref().unwrap_or_default();
        let hash = hash(&request.method, &request.path, &request.query, body);
        let names = json!({ "p_app": app, "p_caller": person, "p_key": key, "p_hash": hash });
        Self { own, names }
    }

    /// The answer that it had, if this is not the first time.
    ///
    /// # Errors
    /// If the key is another request's, or the first is not done.
    pub(super) async fn begin(&self) -> Result<Option<Response<R::Stream>>, Problem> {
        let known = self.call("begin_request", [("p_seconds", LOST_SECONDS.into())]);
        let known: serde_json::Result<Known> = serde_json::from_value(known.await?);
        let known = known.map_err(|error| {
            let status = StatusCode::INTERNAL_SERVER_ERROR;
            Problem::new(status, "CS500", "the database does not know the key")
                .internal(error.to_string())
        })?;
        let conflict = |message: &str| Problem::new(StatusCode::CONFLICT, "CS409", message);
        match known.state.as_str() {
            "first" => Ok(None),
            "done" => {
                let status = known
                    .status
                    .and_then(|code| StatusCode::from_u16(code).ok());
                let status = status.unwrap_or(StatusCode::OK);
                let mut response = match known.response {
                    Value::Null => Response::empty(status),
                    body => Response::json(status, &body),
                };
                response.set(REPLAYED, "true");
                Ok(Some(response))
            }
            "other" => {
                let message = "the `Idempotency-Key` was used for another request";
                let problem = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "CS422", message);
                Err(problem.hint("a new request takes a new key"))
            }
            "lost" => Err(conflict("the first request of this key broke off")
                .hint("look whether it did what it was to do; then use another key")),
            _ => {
                Err(conflict("the first request of this key is not done")
                    .header("retry-after", "2"))
            }
        }
    }

    /// Keeps how the first one ended, or gives the key up.
    pub(super) async fn end(
        &self,
        result: &Result<Response<R::Stream>, Problem>,
        request_id: &str,
        runtime: &R,
    ) {
        let kept = match result {
            Ok(response) => Some((response.status, read(response))),
            Err(problem) if may_have_done_something(problem) => {
                Some((problem.status, problem.body(request_id)))
            }
            Err(_) => None,
        };
        let ended = match kept {
            Some((status, body)) => {
                let status = status.as_u16().into();
                let kept = [("p_status", status), ("p_response", body)];
                self.call("finish_request", kept).await
            }
            None => self.call("forget_request", []).await,
        };
        if ended.is_err() {
            runtime.log(&format!(
                r#"{{"level":"warning","message":"the end of a request with a key was not kept","request_id":"{request_id}"}}"#
            ));
        }
    }

    async fn call<const N: usize>(
        &self,
        function: &str,
        more: [(&str, Value); N],
    ) -> Result<Value, Problem> {
        let mut arguments = self.names.clone();
        if let Some(arguments) = arguments.as_object_mut() {
            let more = more.into_iter();
            arguments.extend(more.map(|(name, value)| (name.to_owned(), value)));
        }
        self.own.call(function, &arguments).await
    }
}

fn read<S>(response: &Response<S>) -> Value {
    match &response.body {
        Body::Bytes(bytes) => serde_json::from_slice(bytes).unwrap_or_default(),
        Body::Empty | Body::Stream(_) => Value::Null,
    }
}

/// Whether a failure leaves it open what was done: the provider's answer was lost, or something broke
/// here. Refusals, and providers that are down, have done nothing.
fn may_have_done_something(problem: &Problem) -> bool {
    problem.code == "provider_uncertain" || problem.status == StatusCode::INTERNAL_SERVER_ERROR
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::HeaderMap;

    fn with(value: &str) -> Request<()> {
        let mut headers = HeaderMap::new();
        headers.insert(HEADER, value.parse().unwrap());
        Request {
            method: Method::POST,
            path: String::new(),
            query: String::new(),
            headers,
            body: None,
        }
    }

    #[test]
    fn a_key_is_what_can_be_seen() {
        let longest = "x".repeat(255);
        for good in ["1", "9f0c-\"quoted\"", &longest] {
            assert_eq!(key(&with(good)).unwrap(), Some(good));
        }
        for bad in ["", "a b", "\u{e9}", &"x".repeat(256)] {
            assert!(key(&with(bad)).is_err(), "{bad}");
        }
        let mut none = with("x");
        none.headers.clear();
        assert_eq!(key(&none).unwrap(), None);
    }

    #[test]
    fn requests_are_one_only_if_all_of_them_is() {
        let of =
            |method: Method, path, query, body: &str| hash(&method, path, query, body.as_bytes());
        let one = of(Method::POST, "/a", "b=1", "{}");
        assert_eq!(one, of(Method::POST, "/a", "b=1", "{}"));
        for other in [
            of(Method::PUT, "/a", "b=1", "{}"),
            of(Method::POST, "/c", "b=1", "{}"),
            of(Method::POST, "/a", "b=2", "{}"),
            of(Method::POST, "/a", "b=1", "{ }"),
            of(Method::POST, "/a", "", "b=1\n{}"),
        ] {
            assert_ne!(one, other);
        }
    }

    #[test]
    fn what_did_nothing_may_be_tried_again() {
        let of = |status, code| may_have_done_something(&Problem::new(status, code, "x"));
        assert!(of(StatusCode::BAD_GATEWAY, "provider_uncertain"));
        assert!(of(StatusCode::INTERNAL_SERVER_ERROR, "CS500"));
        for (status, code) in [
            (StatusCode::BAD_REQUEST, "CS400"),
            (StatusCode::TOO_MANY_REQUESTS, "llm_budget"),
            (StatusCode::SERVICE_UNAVAILABLE, "provider_down"),
            (StatusCode::BAD_GATEWAY, "provider_malformed"),
        ] {
            assert!(!of(status, code), "{code}");
        }
    }
}
