//! The one way to a provider and back.

use std::future::Future;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, StatusCode, Url};
use serde_json::{Value, json};

use super::budget::{Budget, pause};
use super::failure::{Failure, Kind, Provider};
use crate::message::Body;
use crate::secret::Secret;
use crate::transport::{Outgoing, Runtime, Unreadable};

/// Nothing longer is sent.
const LARGEST_REQUEST: usize = 1024 * 1024;

/// Whether a request may be sent again when nobody knows what became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// It comes to the same however often it is sent.
    Safe,
    /// Only if the provider said that it did nothing.
    Unsafe,
}

/// A request to a provider.
#[derive(Clone, Debug)]
pub struct Call {
    /// What it is called in the log and in failures.
    pub operation: &'static str,
    /// Its method.
    pub method: Method,
    /// Where to.
    pub url: Url,
    /// The token, if it bears one.
    pub bearer: Option<Secret>,
    /// The type of the body, and the body.
    pub body: Option<(&'static str, Vec<u8>)>,
    /// Whether it may be repeated.
    pub repeat: Repeat,
    /// How long its answer may take to begin, and again to end.
    pub patience: Duration,
}

/// An answer that is no failure.
#[derive(Clone, Debug)]
pub struct Reply {
    /// Its status.
    pub status: StatusCode,
    /// Its JSON; null if it has no body.
    pub body: Value,
}

/// What a provider's refusal means.
#[derive(Clone, Debug)]
pub struct Told {
    /// The kind of failure.
    pub kind: Kind,
    /// Whether, and after what time, it may be tried again; `Some(None)` leaves the time to us.
    pub again: Option<Option<Duration>>,
    /// What the caller may read.
    pub message: Option<String>,
    /// The provider's name for the request.
    pub correlation: Option<String>,
}

/// How a provider says no: the one thing in which the calls to them differ.
pub type Reading = fn(StatusCode, &HeaderMap, &Value) -> Told;

/// The way to one provider, within one request to the Worker.
#[derive(Debug)]
pub struct Line<'a, R> {
    /// The world.
    pub runtime: &'a R,
    /// The time that is left.
    pub budget: Budget,
    /// The request's id.
    pub request_id: &'a str,
    /// Who is at the other end.
    pub provider: Provider,
    /// How it says no.
    pub reading: Reading,
}

/// How one try ended.
enum Outcome {
    Done(Reply),
    Refused(StatusCode, Told),
    /// Nobody knows what became of it.
    Lost(Kind),
}

impl<R: Runtime> Line<'_, R> {
    /// The same way to another provider.
    #[must_use]
    pub fn to(&self, provider: Provider, reading: Reading) -> Self {
        Self {
            runtime: self.runtime,
            budget: self.budget,
            request_id: self.request_id,
            provider,
            reading,
        }
    }

    /// Sends a request until it is answered, or nothing more can be done about it.
    ///
    /// # Errors
    /// The failure, of one kind.
    pub async fn send(&self, call: &Call) -> Result<Reply, Failure> {
        self.send_and_parse(call, |body| serde_json::from_slice(body).ok())
            .await
    }

    /// The same, with every number in the answer as the text that it was sent as: to a float it would
    /// be another one, now and then.
    ///
    /// # Errors
    /// The failure, of one kind.
    pub async fn send_exact(&self, call: &Call) -> Result<Reply, Failure> {
        self.send_and_parse(call, |body| {
            serde_json::from_slice(&numbers_as_text(body)).ok()
        })
        .await
    }

    async fn send_and_parse(
        &self,
        call: &Call,
        parse: fn(&[u8]) -> Option<Value>,
    ) -> Result<Reply, Failure> {
        let mut tries = 0;
        loop {
            let began = self.runtime.now_ms();
            let outcome = self.attempt(call, parse).await?;
            tries += 1;
            self.note(call, &outcome, tries, began);
            let (failure, again) = match outcome {
                Outcome::Done(reply) => return Ok(reply),
                Outcome::Refused(status, told) => self.refused(call, status, told),
                Outcome::Lost(kind) => {
                    let (kind, again) = match call.repeat {
                        Repeat::Safe => (kind, Some(None)),
                        Repeat::Unsafe => (Kind::Uncertain, None),
                    };
                    (self.failure(call, kind), again)
                }
            };
            let wait = again.and_then(|wish| {
                let left = self.budget.left(self.runtime.now_ms());
                pause(tries, wish, left, chance())
            });
            match wait {
                Some(wait) => self.runtime.pause(wait).await,
                None => return Err(failure),
            }
        }
    }

    fn refused(
        &self,
        call: &Call,
        status: StatusCode,
        told: Told,
    ) -> (Failure, Option<Option<Duration>>) {
        let lost = status.is_server_error() && call.repeat == Repeat::Unsafe;
        let failure = Failure {
            kind: if lost { Kind::Uncertain } else { told.kind },
            message: told.message,
            correlation: told.correlation,
            status: Some(status.as_u16()),
            ..self.failure(call, Kind::Down)
        };
        (failure, told.again.filter(|_| !lost))
    }

    fn failure(&self, call: &Call, kind: Kind) -> Failure {
        Failure::new(self.provider, call.operation, kind)
    }

    async fn attempt(
        &self,
        call: &Call,
        parse: fn(&[u8]) -> Option<Value>,
    ) -> Result<Outcome, Failure> {
        let left = self.budget.left(self.runtime.now_ms());
        let patience = call.patience.min(left);
        if patience.is_zero() {
            return Err(self.failure(call, Kind::Down));
        }
        let request = self.request(call)?;
        let outgoing = Outgoing {
            request,
            upload: None,
            patience,
        };
        let Ok(response) = self.runtime.send(outgoing).await else {
            return Ok(Outcome::Lost(Kind::Down));
        };
        let left = self.budget.left(self.runtime.now_ms());
        let body = match response.body {
            Body::Empty => Vec::new(),
            Body::Bytes(bytes) => bytes,
            Body::Stream(stream) => {
                let read = self.runtime.read(stream, self.provider.longest_answer());
                match within(self.runtime, call.patience.min(left), read).await {
                    Some(Ok(body)) => body,
                    Some(Err(Unreadable::TooLong)) => return Ok(Outcome::Lost(Kind::Malformed)),
                    Some(Err(Unreadable::Broken)) | None => return Ok(Outcome::Lost(Kind::Down)),
                }
            }
        };
        let status = response.status;
        let json = if body.is_empty() {
            Some(Value::Null)
        } else {
            parse(&body)
        };
        if !status.is_success() {
            let json = json.unwrap_or_default();
            let told = (self.reading)(status, &response.headers, &json);
            return Ok(Outcome::Refused(status, told));
        }
        Ok(match json {
            Some(body) => Outcome::Done(Reply { status, body }),
            None => Outcome::Lost(Kind::Malformed),
        })
    }

    fn request(&self, call: &Call) -> Result<reqwest::Request, Failure> {
        let mut request = reqwest::Request::new(call.method.clone(), call.url.clone());
        let headers = request.headers_mut();
        headers.insert("accept", HeaderValue::from_static("application/json"));
        if let Some(bearer) = &call.bearer {
            let (name, before) = self.provider.credential();
            let value = HeaderValue::from_str(&format!("{before}{}", bearer.expose()));
            let value = value.map_err(|_| self.failure(call, Kind::Expired))?;
            headers.insert(name, value);
        }
        if let Some((kind, body)) = &call.body {
            if body.len() > LARGEST_REQUEST {
                let mut failure = self.failure(call, Kind::Invalid(Vec::new()));
                failure.message = Some(format!("it is longer than {LARGEST_REQUEST} bytes"));
                return Err(failure);
            }
            headers.insert(
                HeaderName::from_static("content-type"),
                HeaderValue::from_static(kind),
            );
            *request.body_mut() = Some(body.clone().into());
        }
        Ok(request)
    }

    /// A line in the log: no path, no body, no token.
    fn note(&self, call: &Call, outcome: &Outcome, tries: u32, began: u64) {
        let (status, correlation) = match outcome {
            Outcome::Done(reply) => (Some(reply.status.as_u16()), None),
            Outcome::Refused(status, told) => (Some(status.as_u16()), told.correlation.as_deref()),
            Outcome::Lost(_) => (None, None),
        };
        let line = json!({
            "request_id": self.request_id, "provider": self.provider.word(), "operation": call.operation,
            "try": tries, "status": status, "correlation_id": correlation,
            "ms": self.runtime.now_ms().saturating_sub(began),
        });
        self.runtime.log(&line.to_string());
    }
}

/// What a future comes to, if it does so in time.
pub(crate) async fn within<R: Runtime, T>(
    runtime: &R,
    time: Duration,
    future: impl Future<Output = T>,
) -> Option<T> {
    let mut future = pin!(future);
    let mut late = pin!(runtime.pause(time));
    std::future::poll_fn(move |context| {
        if let Poll::Ready(done) = future.as_mut().poll(context) {
            return Poll::Ready(Some(done));
        }
        late.as_mut().poll(context).map(|()| None)
    })
    .await
}

/// `Retry-After` in seconds. As a date it is not read: nobody here sends one.
#[must_use]
pub fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get("retry-after")?.to_str().ok()?;
    text.trim().parse().ok().map(Duration::from_secs)
}

/// JSON with its numbers in quotes. What is no JSON becomes none that would be any.
fn numbers_as_text(json: &[u8]) -> Vec<u8> {
    let mut quoted = Vec::with_capacity(json.len().saturating_add(json.len() / 8));
    let (mut in_text, mut escaped, mut in_number) = (false, false, false);
    for &byte in json {
        let starts = byte == b'-' || byte.is_ascii_digit();
        let goes_on = starts || matches!(byte, b'+' | b'.' | b'e' | b'E');
        if in_number && !goes_on || !in_number && !in_text && starts {
            quoted.push(b'"');
            in_number = !in_number;
        }
        match byte {
            b'"' if !escaped => in_text = !in_text,
            _ => {}
        }
        escaped = in_text && byte == b'\\' && !escaped;
        quoted.push(byte);
    }
    if in_number {
        quoted.push(b'"');
    }
    quoted
}

fn chance() -> u8 {
    let mut byte = [0];
    // Without randomness all pauses are as short as they may be.
    let _ = getrandom::getrandom(&mut byte);
    let [byte] = byte;
    byte
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_every_digit_and_texts_are_left_alone() {
        for (json, text) in [
            ("1", r#""1""#),
            ("-0.10", r#""-0.10""#),
            (
                r#"{"a":12345678901.12345678,"b":[1e-7,2.5E+3]}"#,
                r#"{"a":"12345678901.12345678","b":["1e-7","2.5E+3"]}"#,
            ),
            (
                r#"["1 \" 2",true,null,"\\",3 ]"#,
                r#"["1 \" 2",true,null,"\\","3" ]"#,
            ),
            (r#"{"2":"-3"}"#, r#"{"2":"-3"}"#),
        ] {
            let quoted = numbers_as_text(json.as_bytes());
            assert_eq!(String::from_utf8(quoted).unwrap(), text);
        }
    }
}
