//! What touches the Workers runtime: the event handlers, and the world behind
//! [`Runtime`](crate::transport::Runtime). No decision is made here.

mod body;
mod headers;
mod runtime;
pub(crate) mod subtle;

use std::cell::OnceCell;
use std::rc::Rc;

use js_sys::{Reflect, Uint8Array};
use reqwest::{Method, StatusCode};
use serde::Serialize;
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::ResponseInit;
use worker::{Context, Env, ScheduleContext, ScheduledEvent, event};

use crate::message::{Body, Request, Response};
use crate::schedule;
use crate::serve::{Setup, serve};
use body::Stream;
use runtime::Workerd;

thread_local! {
    /// Plain values; nothing of a request stays here.
    static SETUP: OnceCell<Rc<Setup>> = const { OnceCell::new() };
}

/// What this isolate starts with.
fn setup(env: &Env) -> Rc<Setup> {
    SETUP.with(|setup| {
        let variable = |name: &str| env.var(name).ok().map(|value| value.to_string());
        Rc::clone(setup.get_or_init(|| {
            runtime::say_what_is_not_limited(env);
            Rc::new(Setup::new(variable))
        }))
    })
}

/// It never answers `Err`: the runtime's own error answer has no CORS headers, and a browser would
/// hide it from the frontend.
#[event(fetch)]
async fn fetch(
    request: web_sys::Request,
    env: Env,
    context: Context,
) -> worker::Result<web_sys::Response> {
    let setup = setup(&env);
    let Some(request) = incoming(&request) else {
        let response = Response::empty(StatusCode::BAD_REQUEST);
        return Ok(outgoing(response)?);
    };
    let world = Workerd::new(&env);
    let response = serve(&setup, &world, request).await;
    if let Some(job) = world.job() {
        context.wait_until(async move {
            // What went wrong is in the log, and the schedule does the rest.
            let _ = schedule::after(&setup, &Workerd::new(&env), job).await;
        });
    }
    Ok(outgoing(response)?)
}

#[event(scheduled)]
async fn scheduled(_event: ScheduledEvent, env: Env, _context: ScheduleContext) {
    let _ = schedule::run(&setup(&env), &Workerd::new(&env)).await;
}

/// `None` if the method is none that HTTP knows.
fn incoming(request: &web_sys::Request) -> Option<Request<Stream>> {
    // worker's own enum takes an unknown method for GET.
    let method = Method::from_bytes(request.method().as_bytes()).ok()?;
    // The platform gives it in its normal form: scheme, authority, path, query, fragment.
    let address = request.url();
    let address = address.split('#').next().unwrap_or_default();
    let (address, query) = address.split_once('?').unwrap_or((address, ""));
    let path = address.split_once("://")?.1.split_once('/')?.1;
    Some(Request {
        method,
        path: format!("/{path}"),
        query: query.to_owned(),
        headers: headers::read(&request.headers()),
        body: request.body().map(Stream::incoming),
    })
}

fn outgoing(response: Response<Stream>) -> Result<web_sys::Response, JsValue> {
    #[derive(Serialize)]
    struct Init<'a> {
        status: u16,
        headers: Vec<(&'a str, &'a str)>,
    }
    let init = headers::init(&Init {
        status: response.status.as_u16(),
        headers: headers::pairs(&response.headers),
    });
    // The runtime refuses a body where the status says that there is none.
    let none = matches!(
        response.status,
        StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT | StatusCode::NOT_MODIFIED
    );
    let init = || Ok::<_, JsValue>(init?.unchecked_into::<ResponseInit>());
    match response.body {
        Body::Stream(mut stream) if !none => match stream.socket() {
            Some(socket) => {
                let init = init()?;
                Reflect::set(&init, &JsValue::from_str("webSocket"), socket.as_ref())?;
                web_sys::Response::new_with_opt_readable_stream_and_init(None, &init)
            }
            None => {
                let stream = stream.take();
                web_sys::Response::new_with_opt_readable_stream_and_init(stream.as_ref(), &init()?)
            }
        },
        Body::Bytes(bytes) if !none => web_sys::Response::new_with_opt_buffer_source_and_init(
            Some(&Uint8Array::from(bytes.as_slice())),
            &init()?,
        ),
        _ => web_sys::Response::new_with_opt_readable_stream_and_init(None, &init()?),
    }
}
