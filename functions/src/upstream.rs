//! Requests that go on to Supabase, and answers that come back through.
//!
//! Headers pass by name, in both directions: what is not listed stays behind, cookies and the
//! platform's own headers above all.

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Url};

use crate::edge::Edge;
use crate::message::Response;
use crate::problem::Problem;
use crate::secret::Secret;
use crate::transport::{Outgoing, Runtime};

/// What a client's request keeps.
const SENT: [&str; 16] = [
    "accept",
    "accept-language",
    "accept-profile",
    "baggage",
    "content-profile",
    "content-type",
    "if-none-match",
    "prefer",
    "range",
    "range-unit",
    // With `upgrade`, for realtime.
    "sec-websocket-protocol",
    "traceparent",
    "tracestate",
    "upgrade",
    "x-client-info",
    "x-supabase-api-version",
];

/// What Supabase's answer keeps. Its length and encoding are for the platform to say anew.
const RETURNED: [&str; 18] = [
    "accept-ranges",
    "cache-control",
    "content-disposition",
    "content-location",
    "content-profile",
    "content-range",
    "content-type",
    "etag",
    "last-modified",
    "link",
    "location",
    "preference-applied",
    "range-unit",
    "retry-after",
    "server-timing",
    "www-authenticate",
    "x-supabase-api-version",
    "x-total-count",
];

/// A request on its way to Supabase.
#[derive(Debug)]
pub struct Forward<'a, S> {
    /// Its method.
    pub method: Method,
    /// Where to.
    pub url: Url,
    /// The client's headers.
    pub headers: &'a HeaderMap,
    /// Whose it is.
    pub token: Option<&'a Secret>,
    /// The API key.
    pub api_key: &'a Secret,
    /// The request's id.
    pub request_id: &'a str,
    /// A body that was read.
    pub body: Option<Vec<u8>>,
    /// A body that was not.
    pub upload: Option<S>,
}

/// Sends a request on and brings the answer back.
///
/// # Errors
/// If there is no answer.
pub async fn forward<R: Runtime>(
    edge: &Edge,
    runtime: &R,
    forward: Forward<'_, R::Stream>,
) -> Result<Response<R::Stream>, Problem> {
    let mut request = reqwest::Request::new(forward.method, forward.url);
    *request.headers_mut() = listed(forward.headers, &SENT);
    let mut set = |name: &'static str, value: &str| -> Result<(), Problem> {
        let value = HeaderValue::from_str(value)
            .map_err(|_| Problem::bad_request(format!("`{name}` cannot be sent on")))?;
        request
            .headers_mut()
            .insert(HeaderName::from_static(name), value);
        Ok(())
    };
    set("apikey", forward.api_key.expose())?;
    set("x-request-id", forward.request_id)?;
    if let Some(token) = forward.token {
        set("authorization", &format!("Bearer {}", token.expose()))?;
    }
    *request.body_mut() = forward.body.map(Into::into);
    let outgoing = Outgoing {
        request,
        upload: forward.upload,
        patience: edge.config.patience,
    };
    let mut response = runtime.send(outgoing).await.map_err(|error| {
        Problem::unavailable("the database does not answer").internal(error.to_string())
    })?;
    response.headers = listed(&response.headers, &RETURNED);
    Ok(response)
}

/// What is there is looked up in the list, and not the list in what is there: that is less.
fn listed(headers: &HeaderMap, names: &[&str]) -> HeaderMap {
    let mut kept = HeaderMap::with_capacity(names.len());
    for (name, value) in headers {
        if names.contains(&name.as_str()) {
            kept.append(name.clone(), value.clone());
        }
    }
    kept
}
