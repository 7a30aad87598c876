//! `/rest/v1/*`: PostgREST behind the policy.

use reqwest::Method;

use crate::caller::Caller;
use crate::edge::Edge;
use crate::message::{Request, Response};
use crate::problem::Problem;
use crate::record::Record;
use crate::transport::{Runtime, Unreadable};
use crate::upstream::{Forward, forward};

/// The largest body of a write.
pub(crate) const LARGEST_BODY: usize = 1024 * 1024;

/// Answers a request for it.
///
/// # Errors
/// If the policy refuses it, it cannot be understood, or there is no answer.
pub async fn answer<R: Runtime>(
    edge: &Edge,
    runtime: &R,
    caller: &Caller,
    mut request: Request<R::Stream>,
    _rest: &str,
    record: &mut Record,
) -> Result<Response<R::Stream>, Problem> {
    let body = body(runtime, &mut request).await?;
    let url = edge
        .config
        .below(&request.path, &request.query)
        .ok_or_else(|| Problem::bad_request("the path is not in its plain form"))?;
    let passed = Forward {
        method: request.method,
        url,
        headers: &request.headers,
        token: caller.token.as_ref(),
        api_key: &caller.api_key,
        request_id: &record.request_id,
        body,
        upload: None,
    };
    forward(edge, runtime, passed).await
}

/// Reads a write's body, if it is not too large.
pub(crate) async fn body<R: Runtime>(
    runtime: &R,
    request: &mut Request<R::Stream>,
) -> Result<Option<Vec<u8>>, Problem> {
    let Some(stream) = request.body.take() else { return Ok(None) };
    if matches!(request.method, Method::GET | Method::HEAD) {
        return Ok(None);
    }
    let declared = request.header("content-length").and_then(|text| text.parse::<usize>().ok());
    if declared.is_some_and(|length| length > LARGEST_BODY) {
        return Err(Problem::too_large(LARGEST_BODY));
    }
    match runtime.read(stream, LARGEST_BODY).await {
        Ok(bytes) => Ok(Some(bytes)),
        Err(Unreadable::TooLong) => Err(Problem::too_large(LARGEST_BODY)),
        Err(Unreadable::Broken) => Err(Problem::bad_request("the body broke off")),
    }
}
