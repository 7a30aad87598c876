//! What browsers may do from other origins.

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

const METHODS: &str = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

/// What supabase-js sends.
const ALLOWED_HEADERS: &str = "authorization, x-client-info, apikey, content-type, x-retry-count, \
    accept, prefer, accept-profile, content-profile, range, range-unit, x-region, \
    x-supabase-api-version, idempotency-key, x-request-id, traceparent, tracestate, baggage";

/// What a frontend may read besides the headers that are always readable.
const EXPOSED_HEADERS: &str = "content-range, content-profile, preference-applied, location, \
    retry-after, x-request-id, x-countersign-reason, x-relay-error, x-supabase-api-version, \
    x-total-count, link, www-authenticate, idempotency-replayed";

/// For how long a browser need not ask again.
const MAX_AGE: &str = "7200";

/// The origins that may call.
///
/// A foreign page has no credentials but those it brings itself, so `*` gives nothing away. There are two
/// cookies, and both are for pages of listed origins only: one ties a consent to the browser in which it
/// was begun ([`crate::connections::oauth`]), the other is a session of Better Auth
/// ([`crate::caller::better_auth`]).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origins {
    /// Any.
    Any,
    /// These.
    Listed(Vec<String>),
}

impl Origins {
    /// Reads origins separated by spaces or commas; `*`, or nothing, is any.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let listed: Vec<String> = text
            .split([' ', ','])
            .filter(|origin| !origin.is_empty())
            .map(|origin| origin.trim_end_matches('/').to_owned())
            .collect();
        if listed.is_empty() || listed.iter().any(|origin| origin == "*") {
            Self::Any
        } else {
            Self::Listed(listed)
        }
    }

    /// Whether this origin is one of those that are listed. Where any may call, none is.
    #[must_use]
    pub fn lists(&self, origin: &str) -> bool {
        match self {
            Self::Any => false,
            Self::Listed(listed) => listed.iter().any(|one| one == origin),
        }
    }

    /// Puts on an answer what lets the browser hand it to the page.
    pub fn mark(&self, origin: Option<&str>, headers: &mut HeaderMap) {
        let mut set = |name: &'static str, value: &str| {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        };
        set("access-control-expose-headers", EXPOSED_HEADERS);
        match self {
            Self::Any => set("access-control-allow-origin", "*"),
            Self::Listed(listed) => {
                // An answer for one origin must not be served to another out of a cache.
                set("vary", "Origin");
                if let Some(origin) = origin.filter(|origin| listed.iter().any(|o| o == origin)) {
                    set("access-control-allow-origin", origin);
                }
            }
        }
    }
}

/// Puts on the answer to a preflight what the request itself may then do.
pub fn allow(headers: &mut HeaderMap) {
    for (name, value) in [
        ("access-control-allow-methods", METHODS),
        ("access-control-allow-headers", ALLOWED_HEADERS),
        ("access-control-max-age", MAX_AGE),
    ] {
        headers.insert(
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marked(origins: &str, origin: Option<&str>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        Origins::parse(origins).mark(origin, &mut headers);
        headers
    }

    #[test]
    fn a_listed_origin_is_echoed_and_no_other() {
        let list = "https://a.example, https://b.example/";
        let known = marked(list, Some("https://b.example"));
        assert_eq!(known["access-control-allow-origin"], "https://b.example");
        assert_eq!(known["vary"], "Origin");
        for other in [Some("https://b.example.evil.example"), Some("null"), None] {
            let headers = marked(list, other);
            assert!(
                !headers.contains_key("access-control-allow-origin"),
                "{other:?}"
            );
            assert_eq!(headers["vary"], "Origin");
        }
    }

    #[test]
    fn any_origin_is_a_star_and_never_with_credentials() {
        for any in ["*", "", "https://a.example *"] {
            let headers = marked(any, Some("https://c.example"));
            assert_eq!(headers["access-control-allow-origin"], "*");
            assert!(!headers.contains_key("access-control-allow-credentials"));
        }
    }

    #[test]
    fn what_supabase_js_sends_is_allowed() {
        let mut headers = HeaderMap::new();
        allow(&mut headers);
        let allowed = headers["access-control-allow-headers"]
            .to_str()
            .unwrap()
            .to_owned();
        for name in [
            "authorization",
            "apikey",
            "x-client-info",
            "prefer",
            "accept-profile",
        ] {
            assert!(allowed.split(", ").any(|header| header == name), "{name}");
        }
    }
}
