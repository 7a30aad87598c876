//! The one type of everything that can go wrong.
//!
//! What the client reads is PostgREST's shape, which supabase-js understands: `code`, `message`,
//! `details`, `hint`, and the request's id. What only the log gets is kept apart in `internal`.

use reqwest::StatusCode;
use serde_json::{Value, json};

/// Something that went wrong, as the client is told.
///
/// Its texts are boxed: it is the error of most functions here, and few of them fail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The status; always an error.
    pub status: StatusCode,
    /// A stable name for the kind of problem.
    pub code: &'static str,
    /// What is wrong, in one sentence.
    pub message: Box<str>,
    /// Further facts.
    pub details: Option<Box<str>>,
    /// The mend.
    pub hint: Option<Box<str>>,
    /// A header that goes with it, such as `retry-after`.
    pub header: Option<(&'static str, Box<str>)>,
    /// What the log gets and the client does not.
    pub internal: Option<Box<str>>,
}

impl Problem {
    /// A problem of this status and code.
    #[must_use]
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<Box<str>>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            details: None,
            hint: None,
            header: None,
            internal: None,
        }
    }

    /// Adds further facts.
    #[must_use]
    pub fn details(mut self, details: impl Into<Box<str>>) -> Self {
        self.details = Some(details.into());
        self
    }

    /// Adds the mend.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<Box<str>>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<Box<str>>) -> Self {
        self.header = Some((name, value.into()));
        self
    }

    /// Adds what only the log gets.
    #[must_use]
    pub fn internal(mut self, internal: impl Into<Box<str>>) -> Self {
        self.internal = Some(internal.into());
        self
    }

    /// The request cannot be understood.
    #[must_use]
    pub fn bad_request(message: impl Into<Box<str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "CS400", message)
    }

    /// The token is no good. PostgREST's code for a token it cannot read.
    #[must_use]
    pub fn unauthorized(message: impl Into<Box<str>>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "PGRST301", message)
            .header("www-authenticate", "Bearer error=\"invalid_token\"")
    }

    /// A key or role that this Worker does not forward.
    #[must_use]
    pub fn forbidden(message: impl Into<Box<str>>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "CS403", message)
    }

    /// The body is larger than this many bytes.
    #[must_use]
    pub fn too_large(limit: usize) -> Self {
        let message = format!("the body is larger than {limit} bytes");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "CS413", message)
    }

    /// Something behind the Worker does not answer. `retry-after` makes supabase-js try again.
    #[must_use]
    pub fn unavailable(message: impl Into<Box<str>>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "CS503", message).header("retry-after", "2")
    }

    /// What the client reads.
    #[must_use]
    pub fn body(&self, request_id: &str) -> Value {
        json!({
            "code": self.code,
            "message": self.message,
            "details": self.details,
            "hint": self.hint,
            "request_id": request_id,
        })
    }
}
