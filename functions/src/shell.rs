//! What touches the Workers runtime: the event handler, and the world behind
//! [`Runtime`](crate::transport::Runtime). No decision is made here.

mod body;
mod runtime;
pub(crate) mod subtle;

use std::cell::OnceCell;
use std::rc::Rc;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, StatusCode};
use worker::{Context, Env, Headers, ResponseBody, ResponseBuilder, event};

use crate::message::{Body, Request, Response};
use crate::serve::{Setup, serve};
use body::Stream;
use runtime::Workerd;

thread_local! {
    /// Plain values; nothing of a request stays here.
    static SETUP: OnceCell<Rc<Setup>> = const { OnceCell::new() };
}

/// It never answers `Err`: the runtime's own error answer has no CORS headers, and a browser would
/// hide it from the frontend.
#[event(fetch)]
async fn fetch(
    request: worker::Request,
    env: Env,
    _context: Context,
) -> worker::Result<worker::Response> {
    let setup = SETUP.with(|setup| {
        let variable = |name: &str| env.var(name).ok().map(|value| value.to_string());
        Rc::clone(setup.get_or_init(|| {
            runtime::say_what_is_not_limited(&env);
            Rc::new(Setup::new(variable))
        }))
    });
    let Some(request) = incoming(&request) else {
        return Ok(ResponseBuilder::new().with_status(400).empty());
    };
    Ok(outgoing(
        serve(&setup, &Workerd { env: &env }, request).await,
    ))
}

/// `None` if the method is none that HTTP knows.
fn incoming(request: &worker::Request) -> Option<Request<Stream>> {
    // worker's own enum takes an unknown method for GET.
    let method = Method::from_bytes(request.inner().method().as_bytes()).ok()?;
    let address = request.inner().url();
    let address = address
        .split_once('#')
        .map_or(address.as_str(), |(address, _)| address);
    let query = address.split_once('?').map_or("", |(_, query)| query);
    Some(Request {
        method,
        path: request.path(),
        query: query.to_owned(),
        headers: headers(request.headers()),
        body: request.inner().body().map(Stream::incoming),
    })
}

fn headers(headers: &Headers) -> HeaderMap {
    let pairs = headers.entries().filter_map(|(name, value)| {
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        Some((name, HeaderValue::from_str(&value).ok()?))
    });
    pairs.collect()
}

fn outgoing(response: Response<Stream>) -> worker::Response {
    let headers = Headers::new();
    for (name, value) in &response.headers {
        if let Ok(value) = value.to_str() {
            // Both were valid headers before.
            drop(headers.append(name.as_str(), value));
        }
    }
    let builder = ResponseBuilder::new()
        .with_status(response.status.as_u16())
        .with_headers(headers);
    // The runtime refuses a body where the status says that there is none.
    let none = matches!(
        response.status,
        StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT | StatusCode::NOT_MODIFIED
    );
    match response.body {
        Body::Stream(mut stream) if !none => match stream.socket() {
            Some(socket) => builder.with_websocket(socket).empty(),
            None => match stream.take() {
                Some(stream) => builder.body(ResponseBody::Stream(stream)),
                None => builder.empty(),
            },
        },
        Body::Bytes(bytes) if !none => builder.body(ResponseBody::Body(bytes)),
        _ => builder.empty(),
    }
}
