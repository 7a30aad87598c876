//! Who calls: from the request's headers to a caller whom PostgREST will know as the same.
//!
//! A request without a token is nobody's, and that is fine. A request with a token that does not
//! hold is refused: it never falls back to being nobody's.
#![doc = include_str!("caller/threats.md")]

pub mod api_key;
pub mod better_auth;
pub mod claims;
pub mod exchange;
pub mod keys;
pub mod token;
pub mod verified;

#[cfg(test)]
#[cfg(not(target_arch = "wasm32"))]
mod tests;
#[cfg(test)]
mod vectors;

use std::rc::Rc;

use policy_core::Value;
use policy_core::decide::{self, CallerKind, Membership, Ranks};
use policy_core::value::{Kind, value_from_text};
use reqwest::StatusCode;

use crate::config::Config;
use crate::edge::Edge;
use crate::message::Request;
use crate::problem::Problem;
use crate::record::log_name;
use crate::secret::Secret;
use crate::transport::Runtime;
use api_key::{ApiKey, is_legacy_key, service_role};
use claims::{Claims, Expected};
use keys::Key;
use token::{Algorithm, Malformed, Token};
use verified::Verified;

/// A caller, verified, with what PostgREST is to be shown.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Who it is.
    pub who: Who,
    /// The token to send on.
    pub token: Option<Secret>,
    /// The API key to send on.
    pub api_key: Secret,
}

/// Who calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// Nobody in particular.
    Anon,
    /// Somebody who signed in.
    Person(Person),
    /// Whoever holds the project's secret key: the policy does not bind them.
    ServiceRole,
}

/// Somebody who signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The token's subject.
    pub subject: Option<String>,
    /// Whether it is an anonymous sign-in.
    pub anonymous: bool,
    /// The e-mail, as far as the database gets to see it too.
    pub email: Option<String>,
    /// The authenticator assurance level.
    pub aal: Option<String>,
    /// The second in which the token ends.
    pub expires: u64,
    /// What the log calls them.
    pub log_name: Option<Rc<str>>,
}

impl Caller {
    /// Nobody, for requests that are believed for something else than who sends them.
    #[must_use]
    pub fn nobody(config: &Config) -> Self {
        Self {
            who: Who::Anon,
            token: None,
            api_key: Secret::new(config.default_key()),
        }
    }

    /// The caller's id in an app whose ids are of this kind.
    #[must_use]
    pub fn id(&self, kind: Kind) -> Value<'_> {
        let Who::Person(person) = &self.who else {
            return Value::Null;
        };
        let subject = person
            .subject
            .as_deref()
            .filter(|subject| !subject.is_empty());
        subject
            .and_then(|subject| value_from_text(kind, subject))
            .unwrap_or(Value::Null)
    }

    /// The caller as the policy sees them; without `ranks` their memberships are not yet known.
    #[must_use]
    pub fn facts<'a>(
        &'a self,
        kind: Kind,
        ranks: Option<&'a [Membership<'a>]>,
    ) -> decide::Caller<'a> {
        let Who::Person(person) = &self.who else {
            return decide::Caller::ANON;
        };
        let id = self.id(kind);
        let text = |text: &'a Option<String>| text.as_deref().map_or(Value::Null, Value::Text);
        decide::Caller {
            kind: match id {
                Value::Null => CallerKind::NoSubject,
                _ if person.anonymous => CallerKind::Guest,
                _ => CallerKind::User,
            },
            id,
            email: text(&person.email),
            aal: text(&person.aal),
            ranks: match ranks {
                Some(ranks) => Ranks::Known(ranks),
                None if id == Value::Null => Ranks::Known(&[]),
                None => Ranks::NotYetKnown,
            },
        }
    }

    /// The kind of caller in one word, for the log and for `/me`.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match &self.who {
            Who::Anon => "anon",
            Who::Person(Person { subject: None, .. }) => "no_subject",
            Who::Person(Person {
                anonymous: true, ..
            }) => "guest",
            Who::Person(_) => "user",
            Who::ServiceRole => "service_role",
        }
    }
}

/// Finds out who calls.
///
/// # Errors
/// If a key or a token does not hold, or is one that is not forwarded.
pub async fn identify<R: Runtime>(
    edge: &Edge,
    runtime: &R,
    request: &Request<R::Stream>,
) -> Result<Caller, Problem> {
    let config = &edge.config;
    let sent = request.header("apikey");
    let api_key = ApiKey::of(edge, runtime, sent).await?;
    let bearer = bearer(&request.headers)?;
    // supabase-js sends its key as the token too while nobody is signed in.
    let Some(text) = bearer.filter(|text| Some(*text) != sent) else {
        return Ok(api_key.alone(config));
    };
    if text.starts_with("sb_") {
        return Err(Problem::unauthorized("an API key is no token")
            .hint("send the key as `apikey`, and as `Authorization` a user's token or nothing"));
    }
    let verified = verify(edge, runtime, text).await?;
    let claims = &verified.claims;
    let now = runtime.now_ms() / 1_000;
    if is_legacy_key(&verified) {
        claims.check_time(now).map_err(not_acceptable)?;
        return ApiKey::legacy(text, claims, config).map(|key| key.alone(config));
    }
    let expected = Expected {
        issuer: &config.issuer,
        issuer_optional: verified.algorithm == Algorithm::Hs256,
        audience: &config.audience,
    };
    claims.check(&expected, now).map_err(not_acceptable)?;
    match claims.role.as_deref() {
        Some("authenticated") => person(&verified, text, api_key.public(config), config, now),
        Some("anon") => Ok(Caller {
            who: Who::Anon,
            token: None,
            api_key: api_key.public(config),
        }),
        Some("service_role") => service_role(config).map(|()| Caller {
            who: Who::ServiceRole,
            token: Some(Secret::new(text)),
            api_key: api_key.public(config),
        }),
        _ => Err(Problem::forbidden(
            "the token's role is none that this Worker acts for",
        )),
    }
}

fn person(
    verified: &Verified,
    text: &str,
    api_key: Secret,
    config: &Config,
    now: u64,
) -> Result<Caller, Problem> {
    let claims = &verified.claims;
    let mut person = Person {
        subject: claims.sub.clone(),
        anonymous: claims.is_anonymous == Some(true),
        email: claims.email.clone(),
        aal: claims.aal.clone(),
        expires: claims.exp.0,
        log_name: verified.log_name.clone(),
    };
    let token = match &config.jwt_secret {
        Some(secret) if verified.algorithm != Algorithm::Hs256 => {
            // The exchanged token does not carry it, so the database decides without it.
            person.email = None;
            exchange::sign(&person, secret, now).ok_or_else(|| {
                let status = StatusCode::INTERNAL_SERVER_ERROR;
                Problem::new(status, "CS500", "the Worker cannot sign a token")
            })?
        }
        _ => Secret::new(text),
    };
    Ok(Caller {
        who: Who::Person(person),
        token: Some(token),
        api_key,
    })
}

/// The one token of `Authorization: Bearer`. The runtime joins repeated headers with a comma, and
/// a comma is in no token.
pub(crate) fn bearer(headers: &reqwest::header::HeaderMap) -> Result<Option<&str>, Problem> {
    let Some(value) = headers.get("authorization") else {
        return Ok(None);
    };
    let token = value
        .to_str()
        .ok()
        .and_then(|text| text.split_once(' '))
        .filter(|(scheme, token)| {
            scheme.eq_ignore_ascii_case("bearer")
                && !token.is_empty()
                && token
                    .bytes()
                    .all(|byte| byte.is_ascii_graphic() && byte != b',')
        });
    match token {
        Some((_, token)) => Ok(Some(token)),
        None => Err(Problem::unauthorized(
            "`Authorization` is not `Bearer` and one token",
        )),
    }
}

/// A token whose signature holds. Whether its claims do is for [`claims::Claims::check`] to say.
///
/// # Errors
/// If it is no token, its key is not known, or its signature does not hold.
pub async fn verify<R: Runtime>(edge: &Edge, runtime: &R, text: &str) -> Result<Verified, Problem> {
    let malformed = |error: Malformed| Problem::unauthorized(error.to_string());
    token::check_length(text).map_err(malformed)?;
    let (digest, seen) = {
        let mut tokens = edge.tokens.borrow_mut();
        let digest = tokens.digest(text);
        (
            digest,
            digest.and_then(|digest| tokens.find(&digest, runtime.now_ms())),
        )
    };
    if let Some((digest, seen)) = digest.zip(seen) {
        let id = seen.key_id.as_deref();
        let key = edge.key_for(runtime, seen.algorithm, id).await?;
        if Rc::ptr_eq(&key, &seen.key) || key == seen.key {
            return Ok(seen);
        }
        edge.tokens.borrow_mut().forget(&digest);
    }
    let token = Token::parse(text).map_err(malformed)?;
    let key = authenticate(edge, runtime, &token).await?;
    let claims: Claims = token.claims().map_err(malformed)?;
    let verified = Verified {
        algorithm: token.algorithm,
        key_id: token.key_id.as_deref().map(Rc::from),
        key,
        log_name: claims.sub.as_deref().map(log_name),
        claims: Rc::new(claims),
    };
    if let Some(digest) = digest {
        let mut tokens = edge.tokens.borrow_mut();
        tokens.keep(digest, &verified, runtime.now_ms());
    }
    Ok(verified)
}

/// The key that a token is signed with.
async fn authenticate<R: Runtime>(
    edge: &Edge,
    runtime: &R,
    token: &Token<'_>,
) -> Result<Rc<Key>, Problem> {
    let id = token.key_id.as_deref();
    let key = edge.key_for(runtime, token.algorithm, id).await?;
    debug_assert_eq!(key.algorithm(), token.algorithm);
    if !runtime
        .verify(&key, token.signed.as_bytes(), &token.signature)
        .await
    {
        return Err(Problem::unauthorized("the token's signature does not hold"));
    }
    Ok(key)
}

/// PostgREST's code for claims that do not hold.
fn not_acceptable(error: claims::Unacceptable) -> Problem {
    Problem {
        code: "PGRST303",
        ..Problem::unauthorized(error.to_string())
    }
}
