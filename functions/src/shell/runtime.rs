//! The world as workerd has it.

use std::cell::Cell;
use std::time::Duration;

use futures_util::future::{Either, select};
use js_sys::{Function, Object, Promise, Reflect, Uint8Array};
use reqwest::StatusCode;
use serde::Serialize;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{RequestInit, WorkerGlobalScope};
use worker::{Date, Delay, Env};

use super::body::Stream;
use super::{headers, subtle};
use crate::caller::keys::Key;
use crate::limit::Limit;
use crate::message::{Body, Response};
use crate::transport::{Job, Outgoing, Runtime, Unreachable, Unreadable};

/// The world of one event; what is kept between events is kept by `Setup`.
#[derive(Debug)]
pub(crate) struct Workerd<'a> {
    env: &'a Env,
    job: Cell<Option<Job>>,
}

impl<'a> Workerd<'a> {
    /// With the event's bindings.
    pub(super) fn new(env: &'a Env) -> Self {
        Self {
            env,
            job: Cell::new(None),
        }
    }

    /// What is to be done once the answer has gone out.
    pub(super) fn job(&self) -> Option<Job> {
        self.job.get()
    }
}

/// Tells the log, once an isolate, which limits have no binding.
pub(super) fn say_what_is_not_limited(env: &Env) {
    for limit in Limit::ALL
        .into_iter()
        .filter(|limit| limiter(env, *limit).is_none())
    {
        let binding = limit.binding();
        worker::console_log!(
            r#"{{"level":"warning","message":"requests are not limited by {binding}: there is no such binding"}}"#
        );
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

    /// What is late is not aborted: the signal for that would make every request slower, and the
    /// runtime gives up whatever is under way once the answer has gone out.
    async fn send(&self, outgoing: Outgoing<Stream>) -> Result<Response<Stream>, Unreachable> {
        let patience = outgoing.patience;
        let answer = JsFuture::from(fetch(outgoing).map_err(|error| broken(&error))?);
        // Only until the answer begins: a body may take its time.
        match select(answer, Delay::from(patience)).await {
            Either::Left((answer, _)) => answer
                .and_then(|answer| answer.dyn_into())
                .map(answered)
                .map_err(|error| broken(&error)),
            Either::Right(_) => Err(Unreachable::Late),
        }
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
        match limiter(self.env, limit) {
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
        Date::now().as_millis()
    }

    fn log(&self, line: &str) {
        worker::console_log!("{line}");
    }
}

fn fetch(outgoing: Outgoing<Stream>) -> Result<Promise, JsValue> {
    #[derive(Serialize)]
    struct Init<'a> {
        method: &'a str,
        headers: Vec<(&'a str, &'a str)>,
        redirect: &'static str,
    }
    let Outgoing {
        request, upload, ..
    } = outgoing;
    let init = headers::init(&Init {
        method: request.method().as_str(),
        headers: headers::pairs(request.headers()),
        // A redirect is the client's to follow: what follows it here would carry the caller's token.
        redirect: "manual",
    })?;
    let init: RequestInit = init.unchecked_into();
    let bytes = request.body().and_then(reqwest::Body::as_bytes);
    if let Some(stream) = upload.and_then(Stream::take) {
        init.set_body(&stream);
    } else if let Some(bytes) = bytes.filter(|bytes| !bytes.is_empty()) {
        init.set_body(&Uint8Array::from(bytes));
    }
    let platform: WorkerGlobalScope = js_sys::global().unchecked_into();
    Ok(platform.fetch_with_str_and_init(request.url().as_str(), &init))
}

fn answered(response: web_sys::Response) -> Response<Stream> {
    let status = StatusCode::from_u16(response.status()).unwrap_or(StatusCode::BAD_GATEWAY);
    let headers = headers::read(&response.headers());
    let body = if status == StatusCode::SWITCHING_PROTOCOLS {
        worker::Response::from(response)
            .websocket()
            .map(Stream::conversation)
    } else {
        response.body().map(Stream::answered)
    };
    let body = body.map_or(Body::Empty, Body::Stream);
    Response {
        status,
        headers,
        body,
    }
}

fn broken(error: &JsValue) -> Unreachable {
    let words = match error.dyn_ref::<js_sys::Error>() {
        Some(error) => Some(String::from(error.message())),
        None => error.as_string(),
    };
    Unreachable::Broken(words.unwrap_or_else(|| "the request is not a valid one".to_owned()))
}
