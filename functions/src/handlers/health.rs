//! `GET /healthz`: that the Worker runs. It asks nobody else.

use reqwest::StatusCode;
use serde_json::json;

use crate::message::Response;

/// Answers it.
#[must_use]
pub fn answer<S>() -> Response<S> {
    Response::json(
        StatusCode::OK,
        &json!({ "status": "ok", "version": env!("CARGO_PKG_VERSION") }),
    )
}
