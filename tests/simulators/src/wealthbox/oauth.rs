//! Wealthbox's OAuth: codes and refresh tokens that work once.

use std::collections::BTreeMap;

use serde_json::json;

use super::{CLIENT_ID, CLIENT_SECRET};
use crate::message::{Answer, Request};

const CODE_MS: u64 = 600_000;
const ACCESS_MS: u64 = 7_200_000;

/// What was given out.
#[derive(Debug, Default)]
pub(super) struct Tokens {
    /// Codes and access tokens, and until when they are good.
    codes: BTreeMap<String, u64>,
    access: BTreeMap<String, u64>,
    refresh: Vec<String>,
    next: u64,
}

impl Tokens {
    /// Whether an access token is one, and has not ended.
    pub(super) fn takes(&self, token: &str, now: u64) -> bool {
        self.access.get(token).is_some_and(|ends| *ends > now)
    }

    pub(super) fn answer(&mut self, request: &Request, now: u64) -> Answer {
        match (request.method.as_str(), request.path.as_str()) {
            ("GET", "/oauth/authorize") => self.authorize(request, now),
            ("POST", "/oauth/token") => self.token(request, now),
            _ => Answer::empty(404),
        }
    }

    fn authorize(&mut self, request: &Request, now: u64) -> Answer {
        let parameter = |name: &str| request.parameter(name).unwrap_or_default();
        if parameter("client_id") != CLIENT_ID || parameter("response_type") != "code" {
            return refused("invalid_request");
        }
        let code = self.name("code");
        self.codes.insert(code.clone(), now + CODE_MS);
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query
            .append_pair("code", &code)
            .append_pair("state", &parameter("state"));
        Answer::empty(302).header(
            "location",
            format!("{}?{}", parameter("redirect_uri"), query.finish()),
        )
    }

    fn token(&mut self, request: &Request, now: u64) -> Answer {
        let form = request.form();
        let field = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
        if field("client_id") != CLIENT_ID || field("client_secret") != CLIENT_SECRET {
            return refused("invalid_client");
        }
        let good = match field("grant_type") {
            "authorization_code" => {
                let ends = self.codes.remove(field("code"));
                ends.is_some_and(|ends| ends > now)
            }
            "refresh_token" => {
                let before = self.refresh.len();
                self.refresh.retain(|token| token != field("refresh_token"));
                self.refresh.len() < before
            }
            _ => return refused("unsupported_grant_type"),
        };
        if !good {
            return refused("invalid_grant");
        }
        let (access, refresh) = (self.name("access"), self.name("refresh"));
        self.access.insert(access.clone(), now + ACCESS_MS);
        self.refresh.push(refresh.clone());
        Answer::json(
            200,
            &json!({
                "access_token": access, "token_type": "Bearer", "expires_in": ACCESS_MS / 1_000,
                "refresh_token": refresh, "scope": "login data", "created_at": now / 1_000,
            }),
        )
    }

    fn name(&mut self, kind: &str) -> String {
        self.next += 1;
        format!("wealthbox-{kind}-{}", self.next)
    }
}

fn refused(error: &str) -> Answer {
    Answer::json(
        if error == "invalid_client" { 401 } else { 400 },
        &json!({ "error": error }),
    )
}
