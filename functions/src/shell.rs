//! What touches the Workers runtime: the event handlers, and the world behind
//! [`Runtime`](crate::transport::Runtime). No decision is made here.
#![expect(
    unreachable_pub,
    reason = "wasm-bindgen exports public functions, wherever they stand"
)]

mod body;
mod carrier;
mod headers;
mod runtime;
pub(crate) mod subtle;

use std::cell::OnceCell;
use std::rc::Rc;

use js_sys::Uint8Array;
use reqwest::{Method, StatusCode};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::{future_to_promise, spawn_local};
use web_sys::ReadableStream;
use worker::Env;

use crate::message::{Body, Request, Response};
use crate::schedule;
use crate::serve::{Setup, serve};
use body::Stream;
use carrier::Event;
use runtime::{Limiters, Workerd};

/// What an isolate has: plain values; nothing of a request stays here.
struct Isolate {
    setup: Setup,
    limiters: Limiters,
}

thread_local! {
    static ISOLATE: OnceCell<Rc<Isolate>> = const { OnceCell::new() };
}

/// What this isolate starts with.
fn isolate(env: &Env) -> Rc<Isolate> {
    ISOLATE.with(|isolate| {
        let variable = |name: &str| env.var(name).ok().map(|value| value.to_string());
        Rc::clone(isolate.get_or_init(|| {
            Rc::new(Isolate {
                limiters: Limiters::find(env),
                setup: Setup::new(variable),
            })
        }))
    })
}

/// A request has come: its method, its address and its headers as lines, and its body. It is always
/// answered: the runtime's own error answer has no CORS headers, and a browser would hide it from the
/// frontend.
#[wasm_bindgen]
pub fn arrive(event: Event, env: Env, text: &str, body: Option<ReadableStream>) {
    let isolate = isolate(&env);
    let Some(request) = incoming(text, body) else {
        answer(&event, Response::empty(StatusCode::BAD_REQUEST));
        return;
    };
    spawn_local(async move {
        let world = Workerd::new(&env, &event, isolate.limiters);
        let response = serve(&isolate.setup, &world, request).await;
        let job = world.job();
        answer(&event, response);
        if let Some(job) = job {
            let going_on = event.clone();
            going_on.later(&future_to_promise(async move {
                let world = Workerd::new(&env, &event, isolate.limiters);
                // What went wrong is in the log, and the schedule does the rest.
                let _ = schedule::after(&isolate.setup, &world, job).await;
                Ok(JsValue::UNDEFINED)
            }));
        }
    });
}

/// It is time for what is done by the clock.
#[wasm_bindgen]
pub fn due(event: Event, env: Env) {
    let isolate = isolate(&env);
    spawn_local(async move {
        let world = Workerd::new(&env, &event, isolate.limiters);
        let _ = schedule::run(&isolate.setup, &world).await;
        event.end();
    });
}

/// `None` if the method is none that HTTP knows.
fn incoming(text: &str, body: Option<ReadableStream>) -> Option<Request<Stream>> {
    let mut lines = text.split('\n');
    // worker's own enum takes an unknown method for GET.
    let method = Method::from_bytes(lines.next()?.as_bytes()).ok()?;
    // The platform gives it in its normal form: scheme, authority, path, query, fragment.
    let address = lines.next()?.split('#').next().unwrap_or_default();
    let (address, query) = address.split_once('?').unwrap_or((address, ""));
    let path = address.split_once("://")?.1.split_once('/')?.1;
    Some(Request {
        method,
        path: format!("/{path}"),
        query: query.to_owned(),
        headers: headers::read(lines),
        body: body.map(Stream::incoming),
    })
}

fn answer(event: &Event, response: Response<Stream>) {
    let text = headers::written(&[], &response.headers);
    // The runtime refuses a body where the status says that there is none.
    let none = matches!(
        response.status,
        StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT | StatusCode::NOT_MODIFIED
    );
    let body = match response.body {
        Body::Stream(stream) if !none => stream.take(),
        Body::Bytes(bytes) if !none => Some(Uint8Array::from(bytes.as_slice()).into()),
        _ => None,
    };
    let body = body.unwrap_or_default();
    event.answer(response.status.as_u16(), &text, &body);
}
