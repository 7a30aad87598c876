//! What the providers' OAuth has in common: a form goes in, a pair of tokens comes out.

use std::future::Future;
use std::time::Duration;

use reqwest::{Method, Url};
use serde::Deserialize;
use serde_json::Value;

use super::call::{Call, Line, Repeat, Reply};
use super::failure::{Failure, Kind, Provider};
use crate::secret::Secret;
use crate::transport::Runtime;

/// How long a token endpoint may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a token endpoint gives.
#[derive(Debug)]
pub struct Grant {
    /// For requests.
    pub access: Secret,
    /// For the next grant. It may be another than before, and the one before may be worth nothing.
    pub refresh: Secret,
    /// How long the first holds.
    pub lifetime: Duration,
    /// The account there (HubSpot's portal), if the endpoint says.
    pub portal: Option<u64>,
    /// The person, as the provider numbers them, if it says.
    pub user: Option<u64>,
    /// What was granted.
    pub scopes: Vec<String>,
}

#[derive(Deserialize)]
struct Answer {
    access_token: String,
    refresh_token: String,
    expires_in: u64,
    hub_id: Option<u64>,
    user_id: Option<u64>,
    #[serde(default)]
    scopes: Vec<String>,
    /// The standard's way to say `scopes`.
    #[serde(default)]
    scope: Option<String>,
}

impl Grant {
    /// Reads the answer of a token endpoint.
    ///
    /// # Errors
    /// [`Kind::Malformed`] if it is none.
    pub fn read(
        provider: Provider,
        operation: &'static str,
        reply: Reply,
    ) -> Result<Self, Failure> {
        let answer: Answer = super::read(provider, operation, reply)?;
        let scope = answer.scope.as_deref().unwrap_or_default();
        let scopes = match answer.scopes {
            scopes if !scopes.is_empty() => scopes,
            _ => scope.split_whitespace().map(str::to_owned).collect(),
        };
        Ok(Self {
            access: Secret::new(answer.access_token),
            refresh: Secret::new(answer.refresh_token),
            lifetime: Duration::from_secs(answer.expires_in),
            portal: answer.hub_id,
            user: answer.user_id,
            scopes,
        })
    }
}

/// A request to a token endpoint.
pub(super) fn call(
    operation: &'static str,
    url: Url,
    (client_id, client_secret): (&str, &Secret),
    fields: &[(&str, &str)],
    repeat: Repeat,
) -> Call {
    use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
    let of_client = [
        ("client_id", client_id),
        ("client_secret", client_secret.expose()),
    ];
    let mut form = String::new();
    for (name, value) in of_client.iter().chain(fields) {
        if !form.is_empty() {
            form.push('&');
        }
        form.push_str(name);
        form.push('=');
        form.extend(utf8_percent_encode(value, NON_ALPHANUMERIC));
    }
    Call {
        operation,
        method: Method::POST,
        url,
        bearer: None,
        body: Some(("application/x-www-form-urlencoded", form.into_bytes())),
        repeat,
        patience: PATIENCE,
    }
}

/// Where the token of a connection comes from.
pub trait Tokens {
    /// A token that has not ended; one other than `rejected`, if the provider did not take that.
    fn token(&self, rejected: Option<&Secret>) -> impl Future<Output = Result<Secret, Failure>>;
}

impl<T: Tokens> Tokens for &T {
    async fn token(&self, rejected: Option<&Secret>) -> Result<Secret, Failure> {
        (*self).token(rejected).await
    }
}

/// Sends a request with the connection's token; with a new one if the provider does not take that.
pub(super) async fn send<R: Runtime>(
    line: &Line<'_, R>,
    tokens: &impl Tokens,
    mut call: Call,
) -> Result<Reply, Failure> {
    let token = tokens.token(None).await?;
    call.bearer = Some(token.clone());
    match line.send(&call).await {
        Err(failure) if failure.kind == Kind::Expired => {
            call.bearer = Some(tokens.token(Some(&token)).await?);
            line.send(&call).await
        }
        other => other,
    }
}

/// A JSON body.
pub(super) fn json(body: &Value) -> (&'static str, Vec<u8>) {
    ("application/json", body.to_string().into_bytes())
}
