//! `POST /access/check`: a batch of decisions.

use reqwest::StatusCode;
use serde_json::json;

use crate::caller::Caller;
use crate::edge::Edge;
use crate::handlers::rest::body;
use crate::message::{Request, Response};
use crate::problem::Problem;
use crate::transport::Runtime;

/// Answers it.
///
/// # Errors
/// If the request cannot be understood or the database does not answer.
pub async fn answer<R: Runtime>(
    _edge: &Edge,
    runtime: &R,
    _caller: &Caller,
    mut request: Request<R::Stream>,
) -> Result<Response<R::Stream>, Problem> {
    let _body = body(runtime, &mut request).await?;
    Ok(Response::json(StatusCode::OK, &json!([])))
}
