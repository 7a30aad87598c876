//! `/auth/v1/*`, and where configured storage, realtime and GraphQL: passed on as they are, so that
//! one address serves supabase-js whole. These services verify tokens themselves.

use reqwest::StatusCode;

use crate::caller::api_key::to_pass;
use crate::edge::Edge;
use crate::message::{Request, Response};
use crate::problem::Problem;
use crate::transport::Runtime;
use crate::upstream::{Forward, forward};

/// Answers a request for one of them.
///
/// # Errors
/// If the service is not configured, the key is none to be passed on, or there is no answer.
pub async fn answer<R: Runtime>(
    edge: &Edge,
    runtime: &R,
    request: Request<R::Stream>,
    service: &'static str,
    request_id: &str,
) -> Result<Response<R::Stream>, Problem> {
    let config = &edge.config;
    if service != "auth" && !config.pass.iter().any(|passed| passed == service) {
        let message = format!("/{service}/v1 is not passed on");
        return Err(Problem::new(StatusCode::NOT_IMPLEMENTED, "CS501", message)
            .hint(format!("add `{service}` to PASS_SERVICES")));
    }
    let url = config
        .below(&request.path, &request.query)
        .ok_or_else(|| Problem::bad_request("the path is not in its plain form"))?;
    let (token, api_key) = to_pass(edge, runtime, &request).await?;
    let passed = Forward {
        method: request.method,
        url,
        headers: &request.headers,
        token: token.as_ref(),
        api_key: &api_key,
        request_id,
        body: None,
        upload: request.body,
    };
    forward(edge, runtime, passed).await
}
