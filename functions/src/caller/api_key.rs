//! API keys: what a frontend may have, and what it may not.

use reqwest::StatusCode;

use super::claims::Claims;
use super::token::{Algorithm, Token};
use super::verified::Verified;
use super::{Caller, Who, bearer, verify};
use crate::config::Config;
use crate::edge::Edge;
use crate::message::Request;
use crate::problem::Problem;
use crate::secret::Secret;
use crate::transport::Runtime;

/// The issuers of Supabase's older API keys, hosted and local.
const LEGACY_ISSUERS: [&str; 2] = ["supabase", "supabase-demo"];

/// What `apikey` stands for.
pub(crate) enum ApiKey {
    /// One a frontend may have.
    Public(String),
    /// One that PostgREST takes for `service_role`.
    Service(Secret),
}

impl ApiKey {
    /// What the text of the header stands for; the Worker's own public key if there is none.
    pub(super) async fn of<R: Runtime>(
        edge: &Edge,
        runtime: &R,
        sent: Option<&str>,
    ) -> Result<Self, Problem> {
        let config = &edge.config;
        let Some(key) = sent else {
            return Ok(Self::Public(config.default_key().to_owned()));
        };
        if config.public_keys.iter().any(|public| public == key) {
            return Ok(Self::Public(key.to_owned()));
        }
        if key.starts_with("sb_secret_") {
            return service_role(config).map(|()| Self::Service(Secret::new(key)));
        }
        let verified = verify(edge, runtime, key)
            .await
            .map_err(|_| invalid_key())?;
        let claims = &verified.claims;
        let now = runtime.now_ms() / 1_000;
        if !is_legacy_key(&verified) || claims.check_time(now).is_err() {
            return Err(invalid_key());
        }
        Self::legacy(key, claims, config)
    }

    /// A key of the older kind: a token that says which role it stands for.
    pub(super) fn legacy(text: &str, claims: &Claims, config: &Config) -> Result<Self, Problem> {
        match claims.role.as_deref() {
            Some("anon") => Ok(Self::Public(text.to_owned())),
            Some("service_role") => service_role(config).map(|()| Self::Service(Secret::new(text))),
            _ => Err(invalid_key()),
        }
    }

    /// The caller who sends this key and no token.
    pub(super) fn alone(self, config: &Config) -> Caller {
        match self {
            Self::Public(_) => Caller {
                who: Who::Anon,
                token: None,
                api_key: self.public(config),
            },
            Self::Service(key) => {
                // A key of the older kind is a token, and only as a token it means anything.
                let token = key.expose().starts_with("ey").then(|| key.clone());
                Caller {
                    who: Who::ServiceRole,
                    token,
                    api_key: key,
                }
            }
        }
    }

    /// A user's token is sent on beside a public key: who calls is for the token to say.
    pub(super) fn public(self, config: &Config) -> Secret {
        match self {
            Self::Public(key) => Secret::new(key),
            Self::Service(_) => Secret::new(config.default_key()),
        }
    }
}

/// The token and the key of a request that is passed on undecided, to a service that verifies the
/// token itself.
pub(crate) async fn to_pass<R: Runtime>(
    edge: &Edge,
    runtime: &R,
    request: &Request<R::Stream>,
) -> Result<(Option<Secret>, Secret), Problem> {
    let config = &edge.config;
    let key = ApiKey::of(edge, runtime, request.header("apikey")).await?;
    let token = bearer(&request.headers)?;
    if token.is_some_and(is_of_service_role) {
        service_role(config)?;
    }
    Ok((token.map(Secret::new), key.alone(config).api_key))
}

/// Whether a token says that it is one of `service_role`: nothing is gained by saying so falsely.
fn is_of_service_role(text: &str) -> bool {
    #[derive(serde::Deserialize)]
    struct Role {
        role: String,
    }
    let role = Token::parse(text).and_then(|token| token.claims::<Role>());
    text.starts_with("sb_secret_") || role.is_ok_and(|Role { role }| role == "service_role")
}

/// Whether a verified token is a key of the older kind.
pub(super) fn is_legacy_key(verified: &Verified) -> bool {
    verified.algorithm == Algorithm::Hs256
        && verified.claims.sub.is_none()
        && verified
            .claims
            .iss
            .as_deref()
            .is_some_and(|issuer| LEGACY_ISSUERS.contains(&issuer))
}

fn invalid_key() -> Problem {
    Problem::new(
        StatusCode::UNAUTHORIZED,
        "CS401",
        "`apikey` is not a key of this project",
    )
    .hint("send the project's publishable key")
}

/// Whether what bypasses the policy may pass at all.
pub(super) fn service_role(config: &Config) -> Result<(), Problem> {
    if config.allow_service_role {
        return Ok(());
    }
    Err(
        Problem::forbidden("secret keys and tokens of `service_role` are not forwarded")
            .hint("call Supabase itself with them, or set ALLOW_SERVICE_ROLE to `true`"),
    )
}
