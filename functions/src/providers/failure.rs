//! What goes wrong with a provider, told apart.

use std::time::Duration;

use reqwest::StatusCode;

use crate::problem::Problem;

/// Who failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Provider {
    /// Baserow.
    Baserow,
    /// The CRM bridge.
    Bridge,
    /// Fathom.
    Fathom,
    /// HubSpot.
    HubSpot,
    /// The language model.
    Llm,
    /// Wealthbox.
    Wealthbox,
}

impl Provider {
    /// As people call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Baserow => "Baserow",
            Self::Bridge => "the CRM bridge",
            Self::Fathom => "Fathom",
            Self::HubSpot => "HubSpot",
            Self::Llm => "the language model",
            Self::Wealthbox => "Wealthbox",
        }
    }

    /// As the log calls it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Baserow => "baserow",
            Self::Bridge => "bridge",
            Self::Fathom => "fathom",
            Self::HubSpot => "hubspot",
            Self::Llm => "llm",
            Self::Wealthbox => "wealthbox",
        }
    }

    /// The header that a token is sent in, and what stands before it there.
    #[must_use]
    pub fn credential(self) -> (&'static str, &'static str) {
        match self {
            Self::Baserow => ("authorization", "Token "),
            Self::Wealthbox => ("access_token", ""),
            Self::Bridge | Self::Fathom | Self::HubSpot | Self::Llm => ("authorization", "Bearer "),
        }
    }

    /// Nothing longer is read of its answers, in bytes.
    #[must_use]
    pub fn longest_answer(self) -> usize {
        match self {
            // A transcript is all that was said in hours.
            Self::Fathom => 5 * 1024 * 1024,
            _ => 2 * 1024 * 1024,
        }
    }
}

/// A field that the provider does not take as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// Its name, if the provider says.
    pub field: Option<String>,
    /// What is wrong, in the provider's words.
    pub message: String,
}

/// The kinds of failure that callers have to tell apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It was told already, or exists.
    Conflict,
    /// It does not answer, or says that it cannot.
    Down,
    /// The token is not taken, and a new one cannot be had: connect again.
    Expired,
    /// The connection may not do that; the scopes that are missing, if the provider says.
    Forbidden(Vec<String>),
    /// It does not like what it was sent.
    Invalid(Vec<FieldError>),
    /// Too many requests; when to come back, if the provider says.
    Limited(Option<Duration>),
    /// Its answer is not what it documents.
    Malformed,
    /// Nobody connected it.
    NotConnected,
    /// There is no such thing.
    NotFound,
    /// The Worker lacks a setting, or the provider does not take the one it has.
    Settings(&'static str),
    /// Our own database failed on the way; the text is for the log.
    Storage(Box<str>),
    /// It may have been done, or not.
    Uncertain,
}

/// A failure of one call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Who failed.
    pub provider: Provider,
    /// At what, as the log calls it.
    pub operation: &'static str,
    /// How.
    pub kind: Kind,
    /// What the provider said, where that is the caller's to read.
    pub message: Option<String>,
    /// The provider's name for this one request.
    pub correlation: Option<String>,
    /// The status it answered with.
    pub status: Option<u16>,
}

impl Failure {
    /// A failure that no answer told of.
    #[must_use]
    pub fn new(provider: Provider, operation: &'static str, kind: Kind) -> Self {
        Self {
            provider,
            operation,
            kind,
            message: None,
            correlation: None,
            status: None,
        }
    }

    /// An answer that is not what the provider documents.
    #[must_use]
    pub fn malformed(provider: Provider, operation: &'static str, status: StatusCode) -> Self {
        Self {
            status: Some(status.as_u16()),
            ..Self::new(provider, operation, Kind::Malformed)
        }
    }

    /// The name of its kind, as callers read it.
    #[must_use]
    pub fn code(&self) -> &'static str {
        told(&self.kind, "").1
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        if let Kind::Storage(internal) = failure.kind {
            return Self::unavailable("the database does not answer").internal(internal);
        }
        let who = failure.provider.name();
        let (status, code, message) = told(&failure.kind, who);
        let mut problem = Self::new(status, code, message).internal(internal(&failure));
        if let Some(details) = details(&failure) {
            problem = problem.details(details);
        }
        match &failure.kind {
            Kind::Expired => problem.hint(format!("connect {who} again")),
            Kind::NotConnected => problem.hint(format!("connect {who} first")),
            Kind::Limited(after) => {
                // Without a word from the provider: the longest of its short windows.
                let seconds = after.map_or(10, |after| after.as_secs().max(1));
                problem
                    .hint("wait as long as `Retry-After` says")
                    .header("retry-after", seconds.to_string())
            }
            Kind::Down => problem.header("retry-after", "5"),
            Kind::Uncertain => problem.hint("look whether it is there before you repeat it"),
            Kind::Settings(setting) => {
                problem.hint(format!("set {setting}; see docs/operators.md"))
            }
            _ => problem,
        }
    }
}

fn told(kind: &Kind, who: &str) -> (StatusCode, &'static str, String) {
    match kind {
        Kind::Conflict => (
            StatusCode::CONFLICT,
            "provider_conflict",
            format!("{who} has it already"),
        ),
        Kind::Down => (
            StatusCode::SERVICE_UNAVAILABLE,
            "provider_down",
            format!("{who} does not answer"),
        ),
        Kind::Expired => (
            StatusCode::CONFLICT,
            "connection_expired",
            format!("the connection to {who} has ended"),
        ),
        Kind::Forbidden(_) => (
            StatusCode::FORBIDDEN,
            "provider_forbidden",
            format!("the connection to {who} may not do that"),
        ),
        Kind::Invalid(_) => (
            StatusCode::UNPROCESSABLE_ENTITY,
            "provider_invalid",
            format!("{who} does not take it as it is"),
        ),
        Kind::Limited(_) => (
            StatusCode::TOO_MANY_REQUESTS,
            "provider_limited",
            format!("{who} has had too many requests"),
        ),
        Kind::Malformed => (
            StatusCode::BAD_GATEWAY,
            "provider_malformed",
            format!("{who} answers what cannot be read"),
        ),
        Kind::NotConnected => (
            StatusCode::CONFLICT,
            "not_connected",
            format!("you have not connected {who}"),
        ),
        Kind::NotFound => (
            StatusCode::NOT_FOUND,
            "provider_not_found",
            format!("{who} has no such record"),
        ),
        Kind::Settings(_) => (
            StatusCode::INTERNAL_SERVER_ERROR,
            "CS500",
            format!("the Worker is not configured for {who}"),
        ),
        Kind::Storage(_) => (
            StatusCode::SERVICE_UNAVAILABLE,
            "CS503",
            "the database does not answer".to_owned(),
        ),
        Kind::Uncertain => (
            StatusCode::BAD_GATEWAY,
            "provider_uncertain",
            format!("{who} may have done it or not"),
        ),
    }
}

fn details(failure: &Failure) -> Option<String> {
    let listed = match &failure.kind {
        Kind::Invalid(fields) => fields
            .iter()
            .map(|error| match &error.field {
                Some(field) => format!("{field}: {}", error.message),
                None => error.message.clone(),
            })
            .collect::<Vec<_>>()
            .join("; "),
        Kind::Forbidden(scopes) if !scopes.is_empty() => {
            format!("missing scopes: {}", scopes.join(", "))
        }
        _ => String::new(),
    };
    if listed.is_empty() {
        failure.message.clone()
    } else {
        Some(listed)
    }
}

fn internal(failure: &Failure) -> String {
    let mut text = format!("{} {}", failure.provider.word(), failure.operation);
    if let Some(status) = failure.status {
        text.push_str(&format!(": {status}"));
    }
    if let Some(correlation) = &failure.correlation {
        text.push_str(&format!(", correlation {correlation}"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_code_of_its_own() {
        let kinds = [
            Kind::Conflict,
            Kind::Down,
            Kind::Expired,
            Kind::Forbidden(Vec::new()),
            Kind::Invalid(Vec::new()),
            Kind::Limited(None),
            Kind::Malformed,
            Kind::NotConnected,
            Kind::NotFound,
            Kind::Settings("X"),
            Kind::Storage("x".into()),
            Kind::Uncertain,
        ];
        let mut codes: Vec<&str> = kinds.iter().map(|kind| told(kind, "it").1).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), kinds.len());
    }

    #[test]
    fn the_log_gets_the_correlation_id_and_the_client_the_fields() {
        let mut failure = Failure::new(
            Provider::HubSpot,
            "objects.create",
            Kind::Invalid(vec![FieldError {
                field: Some("email".to_owned()),
                message: "not an address".to_owned(),
            }]),
        );
        failure.correlation = Some("c-1".to_owned());
        failure.status = Some(400);
        let problem = Problem::from(failure);
        assert_eq!(problem.details.as_deref(), Some("email: not an address"));
        assert_eq!(
            problem.internal.as_deref(),
            Some("hubspot objects.create: 400, correlation c-1")
        );
    }
}
