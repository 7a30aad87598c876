//! Fathom's OAuth. A refresh token works once: whoever loses the answer to it loses the connection.
//!
//! There is no PKCE, and no way to end a grant; its owner ends it in Fathom.

use reqwest::header::HeaderMap;
use reqwest::{StatusCode, Url};
use serde_json::Value;

use crate::providers::below;
use crate::providers::call::{Line, Reading, Repeat, Told, retry_after};
use crate::providers::failure::{Failure, Kind, Provider};
use crate::providers::oauth::{self, Grant};
use crate::providers::settings::FathomSettings;
use crate::secret::Secret;
use crate::transport::Runtime;

/// How the token endpoint says no.
pub const READING: Reading = told;
/// The one scope there is.
const SCOPE: &str = "public_api";

/// The page on which a person consents.
#[must_use]
pub fn authorize_url(settings: &FathomSettings, state: &str) -> Url {
    let page = below(&settings.oauth, ["authorize"].into_iter());
    let mut url = page.unwrap_or_else(|| settings.oauth.clone());
    url.query_pairs_mut()
        .append_pair("client_id", &settings.client_id)
        .append_pair("redirect_uri", settings.redirect_uri.as_str())
        .append_pair("scope", SCOPE)
        .append_pair("state", state)
        .append_pair("response_type", "code");
    url
}

/// Exchanges the code of a consent.
///
/// # Errors
/// [`Kind::Expired`] if the code is not good any more.
pub async fn exchange<R: Runtime>(
    line: &Line<'_, R>,
    settings: &FathomSettings,
    code: &str,
) -> Result<Grant, Failure> {
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", settings.redirect_uri.as_str()),
    ];
    grant(line, settings, "oauth.exchange", &fields).await
}

/// Gets a new pair of tokens for a refresh token, which is worth nothing afterwards.
///
/// # Errors
/// [`Kind::Expired`] if the refresh token is not taken any more; [`Kind::Uncertain`] if nobody knows
/// whether it was used up.
pub async fn refresh<R: Runtime>(
    line: &Line<'_, R>,
    settings: &FathomSettings,
    refresh: &Secret,
) -> Result<Grant, Failure> {
    let fields = [
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh.expose()),
    ];
    grant(line, settings, "oauth.refresh", &fields).await
}

/// Codes and refresh tokens work once, so neither request is repeated.
async fn grant<R: Runtime>(
    line: &Line<'_, R>,
    settings: &FathomSettings,
    operation: &'static str,
    fields: &[(&str, &str)],
) -> Result<Grant, Failure> {
    let missing = Failure::new(
        Provider::Fathom,
        operation,
        Kind::Settings("FATHOM_OAUTH_URL"),
    );
    let url = below(&settings.oauth, ["token"].into_iter()).ok_or(missing)?;
    let client = (settings.client_id.as_str(), &settings.client_secret);
    let call = oauth::call(operation, url, client, fields, Repeat::Unsafe);
    let reply = line.to(Provider::Fathom, READING).send(&call).await?;
    Grant::read(Provider::Fathom, operation, reply)
}

/// The errors are the standard's (RFC 6749, section 5.2); Fathom documents none of its own.
fn told(status: StatusCode, headers: &HeaderMap, body: &Value) -> Told {
    let wish = retry_after(headers);
    let error = body.get("error").and_then(Value::as_str);
    let (kind, again) = match (status.as_u16(), error) {
        (400 | 401, Some("invalid_client" | "unauthorized_client")) => (
            Kind::Settings("FATHOM_CLIENT_ID and FATHOM_CLIENT_SECRET"),
            None,
        ),
        (400, Some("invalid_scope")) => (Kind::Settings("FATHOM_CLIENT_ID"), None),
        (400 | 401 | 403, _) => (Kind::Expired, None),
        (429, _) => (Kind::Limited(wish), Some(wish)),
        (500..=599, _) => (Kind::Down, Some(wish)),
        _ => (Kind::Malformed, None),
    };
    Told {
        kind,
        again,
        message: None,
        correlation: None,
    }
}
