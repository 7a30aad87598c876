//! The table of all endpoints but the apps' workflows, which are in [`crate::apps`].

use reqwest::{Method, StatusCode};

use crate::problem::Problem;

/// What answers an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handler {
    /// That the Worker runs.
    Health,
    /// The document of the workflows.
    OpenApi,
    /// Who the caller is.
    Me,
    /// What the caller may do.
    Check,
    /// PostgREST behind the policy.
    Rest,
    /// A service of Supabase that decides for itself: its name in the path.
    Pass(&'static str),
}

/// One endpoint. All act as the caller, none as the service.
#[derive(Clone, Copy, Debug)]
pub struct Endpoint {
    /// The path; a `*` at the end stands for anything, or nothing.
    pub pattern: &'static str,
    /// The methods; none means any.
    methods: &'static [Method],
    /// What answers it.
    pub handler: Handler,
}

const GET: &[Method] = &[Method::GET, Method::HEAD];
const POST: &[Method] = &[Method::POST];
const ANY: &[Method] = &[];

const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        pattern: "/healthz",
        methods: GET,
        handler: Handler::Health,
    },
    Endpoint {
        pattern: "/functions/v1/openapi.json",
        methods: GET,
        handler: Handler::OpenApi,
    },
    Endpoint {
        pattern: "/me",
        methods: GET,
        handler: Handler::Me,
    },
    Endpoint {
        pattern: "/access/check",
        methods: POST,
        handler: Handler::Check,
    },
    Endpoint {
        pattern: "/rest/v1/*",
        methods: ANY,
        handler: Handler::Rest,
    },
    Endpoint {
        pattern: "/auth/v1/*",
        methods: ANY,
        handler: Handler::Pass("auth"),
    },
    Endpoint {
        pattern: "/storage/v1/*",
        methods: ANY,
        handler: Handler::Pass("storage"),
    },
    Endpoint {
        pattern: "/realtime/v1/*",
        methods: ANY,
        handler: Handler::Pass("realtime"),
    },
    Endpoint {
        pattern: "/graphql/v1/*",
        methods: ANY,
        handler: Handler::Pass("graphql"),
    },
];

/// Finds the endpoint of a path, and what the path has in place of its `*`.
///
/// # Errors
/// If there is none, or it does not take the method.
pub fn find<'p>(method: &Method, path: &'p str) -> Result<(&'static Endpoint, &'p str), Problem> {
    let mut found = ENDPOINTS
        .iter()
        .filter_map(|endpoint| Some((endpoint, endpoint.rest(path)?)));
    let (endpoint, rest) = found
        .next()
        .ok_or_else(|| Problem::new(StatusCode::NOT_FOUND, "CS404", "there is no such endpoint"))?;
    if endpoint.methods.is_empty() || endpoint.methods.contains(method) {
        return Ok((endpoint, rest));
    }
    let allowed: Vec<&str> = endpoint.methods.iter().map(Method::as_str).collect();
    let message = format!("{} does not take {method}", endpoint.pattern);
    Err(
        Problem::new(StatusCode::METHOD_NOT_ALLOWED, "CS405", message)
            .header("allow", allowed.join(", ")),
    )
}

/// The pattern that a path falls under, for the log, whatever the method.
#[must_use]
pub fn pattern(path: &str) -> Option<&'static str> {
    let found = ENDPOINTS
        .iter()
        .find(|endpoint| endpoint.rest(path).is_some());
    found
        .map(|endpoint| endpoint.pattern)
        .or_else(|| crate::apps::pattern(path))
}

impl Endpoint {
    fn rest<'p>(&self, path: &'p str) -> Option<&'p str> {
        match self.pattern.strip_suffix("/*") {
            None => (self.pattern == path).then_some(""),
            Some(prefix) => match path.strip_prefix(prefix)? {
                "" => Some(""),
                rest => rest.strip_prefix('/'),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_find_their_handler() {
        for (path, handler, rest) in [
            ("/healthz", Handler::Health, ""),
            ("/rest/v1", Handler::Rest, ""),
            ("/rest/v1/", Handler::Rest, ""),
            ("/rest/v1/tasks", Handler::Rest, "tasks"),
            ("/rest/v1/rpc/search", Handler::Rest, "rpc/search"),
            ("/auth/v1/token", Handler::Pass("auth"), "token"),
        ] {
            let (endpoint, found) = find(&Method::GET, path).unwrap();
            assert_eq!((endpoint.handler, found), (handler, rest), "{path}");
        }
        for path in [
            "/",
            "",
            "/healthz/",
            "/rest/v1x",
            "/rest/v2/tasks",
            "//rest/v1/tasks",
            "/REST/v1/x",
        ] {
            assert_eq!(
                find(&Method::GET, path).unwrap_err().code,
                "CS404",
                "{path}"
            );
        }
    }

    #[test]
    fn a_wrong_method_is_told_the_right_ones() {
        let problem = find(&Method::GET, "/access/check").unwrap_err();
        assert_eq!(problem.status, StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(problem.header, Some(("allow", "POST".into())));
        assert!(find(&Method::DELETE, "/healthz").is_err());
    }
}
