//! The one line that the log gets of a request: no token, no body, no value of a query.

use std::rc::Rc;

use reqwest::StatusCode;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::caller::{Caller, Who};

/// What is known of a request so far.
#[derive(Clone, Debug, Serialize)]
pub struct Record {
    /// The id that the client gets too.
    pub request_id: String,
    method: String,
    /// The endpoint's pattern, not the path: a path may hold what nobody should read in a log.
    route: &'static str,
    status: u16,
    ms: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    caller: Option<&'static str>,
    /// See [`log_name`]: it tells one person's requests from another's.
    #[serde(skip_serializing_if = "Option::is_none")]
    caller_hash: Option<Box<str>>,
    /// What was decided, or what went wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<&'static str>,
    /// What the client is not told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub internal: Option<Box<str>>,
}

impl Record {
    /// A record of a request that just came in.
    #[must_use]
    pub fn new(request_id: String, method: &str, route: Option<&'static str>) -> Self {
        Self {
            request_id,
            // The client chooses it; what is no method is not repeated.
            method: method.chars().take(16).collect(),
            route: route.unwrap_or("none"),
            status: 0,
            ms: 0,
            caller: None,
            caller_hash: None,
            code: None,
            internal: None,
        }
    }

    /// Notes who calls.
    pub fn caller(&mut self, caller: &Caller) {
        self.caller = Some(caller.word());
        if let Who::Person(person) = &caller.who {
            self.caller_hash = person.log_name.as_deref().map(Into::into);
        }
    }

    /// The line, once the answer is known.
    #[must_use]
    pub fn line(&mut self, status: StatusCode, ms: u64) -> String {
        self.status = status.as_u16();
        self.ms = ms;
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// What the log calls a person: the beginning of the SHA-256 digest of their id, the same in every
/// isolate, in hexadecimal.
#[must_use]
pub fn log_name(id: &str) -> Rc<str> {
    let digest = Sha256::digest(id);
    let name: String = digest
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    name.into()
}

/// The id of a request: the client's own if it is a sane one, else a random one.
#[must_use]
pub fn request_id(sent: Option<&str>) -> String {
    let sane = |id: &&str| {
        (8..=64).contains(&id.len())
            && id
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    if let Some(id) = sent.filter(sane) {
        return id.to_owned();
    }
    let mut bytes = [0; 16];
    // Without randomness the id is all zeros, which is a poor id and no harm.
    let _ = getrandom::getrandom(&mut bytes);
    policy_core::value::uuid_text(u128::from_be_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_sane_id_is_taken_over() {
        assert_eq!(request_id(Some("trace-1234.a_b")), "trace-1234.a_b");
        for insane in [
            "",
            "short",
            "has space in it",
            "quote\"in-it",
            &"x".repeat(65),
        ] {
            let id = request_id(Some(insane));
            assert_ne!(id, insane);
            assert_eq!(id.len(), 36);
        }
        assert_ne!(request_id(None), request_id(None));
    }

    #[test]
    fn a_line_is_one_line_of_json() {
        let mut record = Record::new("id-of-a-request".to_owned(), "GET", Some("/rest/v1/*"));
        let line = record.line(StatusCode::OK, 12);
        assert_eq!(
            line,
            r#"{"request_id":"id-of-a-request","method":"GET","route":"/rest/v1/*","status":200,"ms":12}"#
        );
    }
}
