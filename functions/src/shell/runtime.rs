//! The world as workerd has it.

use std::cell::Cell;
use std::time::Duration;

use js_sys::{Function, Object, Promise, Reflect, Uint8Array};
use reqwest::StatusCode;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;
use worker::{Delay, Env};

use super::body::Stream;
use super::carrier::{self, Answer, Event};
use super::{headers, subtle};
use crate::caller::keys::Key;
use crate::limit::Limit;
use crate::message::{Body, Response};
use crate::transport::{Job, Outgoing, Runtime, Unreachable, Unreadable};

/// The world of one event; what is kept between events is kept by `Setup`.
#[derive(Debug)]
pub(crate) struct Workerd<'a> {
    env: &'a Env,
    event: &'a Event,
    limiters: Limiters,
    job: Cell<Option<Job>>,
}

impl<'a> Workerd<'a> {
    /// With the event's bindings.
    pub(super) fn new(env: &'a Env, event: &'a Event, limiters: Limiters) -> Self {
        Self {
            env,
            event,
            limiters,
            job: Cell::new(None),
        }
    }

    /// What is to be done once the answer has gone out.
    pub(super) fn job(&self) -> Option<Job> {
        self.job.get()
    }
}

/// Which limits have a binding. It is looked up once an isolate: looking in vain takes time as well.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limiters([bool; Limit::ALL.len()]);

impl Limiters {
    /// Finds them, and tells the log which limits have none.
    pub(super) fn find(env: &Env) -> Self {
        Self(Limit::ALL.map(|limit| {
            let found = limiter(env, limit).is_some();
            if !found {
                let binding = limit.binding();
                carrier::log(&format!(
                    r#"{{"level":"warning","message":"requests are not limited by {binding}: there is no such binding"}}"#
                ));
            }
            found
        }))
    }

    fn has(self, limit: Limit) -> bool {
        let mut all = Limit::ALL.into_iter().zip(self.0);
        all.any(|(of, found)| of == limit && found)
    }
}

/// A limit's binding. worker's own type for it takes 2.6 KB more (compressed) of the Worker.
fn limiter(env: &Env, limit: Limit) -> Option<JsValue> {
    let binding = Reflect::get(env, &JsValue::from_str(limit.binding())).ok()?;
    binding.is_object().then_some(binding)
}

async fn counted(limiter: &JsValue, key: &str) -> Result<bool, JsValue> {
    let count: Function = Reflect::get(limiter, &JsValue::from_str("limit"))?.dyn_into()?;
    let options = Object::new();
    Reflect::set(&options, &JsValue::from_str("key"), &JsValue::from_str(key))?;
    let outcome: Promise = count.call1(limiter, &options)?.dyn_into()?;
    let outcome = JsFuture::from(outcome).await?;
    Ok(Reflect::get(&outcome, &JsValue::from_str("success"))?.is_truthy())
}

impl Runtime for Workerd<'_> {
    type Stream = Stream;

    async fn send(&self, outgoing: Outgoing<Stream>) -> Result<Response<Stream>, Unreachable> {
        let Outgoing {
            request,
            upload,
            patience,
        } = outgoing;
        let begins = [
            request.method().as_str(),
            "\n",
            request.url().as_str(),
            "\n",
        ];
        let text = headers::written(&begins, request.headers());
        let bytes = request.body().and_then(reqwest::Body::as_bytes);
        let body = match upload.and_then(Stream::take) {
            Some(stream) => Some(stream),
            None => bytes
                .filter(|bytes| !bytes.is_empty())
                .map(|bytes| Uint8Array::from(bytes).into()),
        };
        let patience_ms = u32::try_from(patience.as_millis()).unwrap_or(u32::MAX);
        let body = body.unwrap_or_default();
        let waiting = carrier::send(self.event, &text, &body, patience_ms);
        // Only until the answer begins: a body may take its time.
        waiting.await.map(answered)
    }

    async fn read(&self, stream: Stream, limit: usize) -> Result<Vec<u8>, Unreadable> {
        stream.read(limit).await
    }

    async fn verify(&self, key: &Key, message: &[u8], signature: &[u8]) -> bool {
        subtle::verify(key, message, signature)
            .await
            .unwrap_or(false)
    }

    /// A limiter that fails limits nobody: it is there to shed load, and not to be a load.
    async fn within(&self, limit: Limit, key: &str) -> bool {
        let limiter = self.limiters.has(limit).then(|| limiter(self.env, limit));
        match limiter.flatten() {
            Some(limiter) => counted(&limiter, key).await.unwrap_or(true),
            None => true,
        }
    }

    async fn pause(&self, duration: Duration) {
        Delay::from(duration).await;
    }

    fn later(&self, job: Job) {
        self.job.set(Some(job));
    }

    fn now_ms(&self) -> u64 {
        // worker's own makes an object of it first.
        js_sys::Date::now() as u64
    }

    fn log(&self, line: &str) {
        carrier::log(line);
    }
}

fn answered(answer: Answer) -> Response<Stream> {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::BAD_GATEWAY);
    let stream = match status {
        StatusCode::SWITCHING_PROTOCOLS => Stream::conversation,
        _ => Stream::answered,
    };
    Response {
        status,
        headers: headers::read(answer.headers.split('\n')),
        body: answer
            .body
            .map_or(Body::Empty, |body| Body::Stream(stream(body))),
    }
}
