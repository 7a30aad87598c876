//! HubSpot's OAuth: codes for tokens, new tokens for old ones, and an end to both.

use reqwest::header::HeaderMap;
use reqwest::{StatusCode, Url};
use serde::Deserialize;
use serde_json::Value;

use crate::providers::below;
use crate::providers::call::{Call, Line, Reading, Repeat, Told, retry_after};
use crate::providers::failure::{Failure, Kind, Provider};
use crate::providers::oauth::{self, Grant};
use crate::providers::settings::HubSpotSettings;
use crate::secret::Secret;
use crate::transport::Runtime;

/// How the token endpoint says no.
pub const READING: Reading = told;

/// The page on which a person consents.
#[must_use]
pub fn authorize_url(settings: &HubSpotSettings, state: &str, challenge: &str) -> Url {
    let mut url = settings.authorize.clone();
    url.query_pairs_mut()
        .append_pair("client_id", &settings.client_id)
        .append_pair("redirect_uri", settings.redirect_uri.as_str())
        .append_pair("scope", &settings.scopes)
        .append_pair("state", state)
        .append_pair("code_challenge", challenge)
        .append_pair("code_challenge_method", "S256");
    url
}

/// Exchanges the code of a consent.
///
/// # Errors
/// [`Kind::Expired`] if the code is not good any more.
pub async fn exchange<R: Runtime>(
    line: &Line<'_, R>,
    settings: &HubSpotSettings,
    code: &str,
    verifier: &str,
) -> Result<Grant, Failure> {
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", settings.redirect_uri.as_str()),
        ("code_verifier", verifier),
    ];
    // A code works once.
    grant(line, settings, "oauth.exchange", &fields, Repeat::Unsafe).await
}

/// Gets a new access token.
///
/// # Errors
/// [`Kind::Expired`] if the refresh token is not taken any more.
pub async fn refresh<R: Runtime>(
    line: &Line<'_, R>,
    settings: &HubSpotSettings,
    refresh: &Secret,
) -> Result<Grant, Failure> {
    let fields = [
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh.expose()),
    ];
    grant(line, settings, "oauth.refresh", &fields, Repeat::Safe).await
}

/// Ends a refresh token. Access tokens that were given out live on until they end.
///
/// # Errors
/// If HubSpot does not do it.
pub async fn revoke<R: Runtime>(
    line: &Line<'_, R>,
    settings: &HubSpotSettings,
    refresh: &Secret,
) -> Result<(), Failure> {
    let fields = [
        ("token", refresh.expose()),
        ("token_type_hint", "refresh_token"),
    ];
    let call = call(
        settings,
        "oauth.revoke",
        &["token", "revoke"],
        &fields,
        Repeat::Safe,
    )?;
    line.to(Provider::HubSpot, READING)
        .send(&call)
        .await
        .map(drop)
}

async fn grant<R: Runtime>(
    line: &Line<'_, R>,
    settings: &HubSpotSettings,
    operation: &'static str,
    fields: &[(&str, &str)],
    repeat: Repeat,
) -> Result<Grant, Failure> {
    let call = call(settings, operation, &["token"], fields, repeat)?;
    let reply = line.to(Provider::HubSpot, READING).send(&call).await?;
    Grant::read(Provider::HubSpot, operation, reply)
}

fn call(
    settings: &HubSpotSettings,
    operation: &'static str,
    path: &[&str],
    fields: &[(&str, &str)],
    repeat: Repeat,
) -> Result<Call, Failure> {
    let words = ["oauth", settings.version.word()];
    let url = below(&settings.base, words.iter().chain(path).copied());
    let missing = Failure::new(Provider::HubSpot, operation, Kind::Settings("HUBSPOT_URL"));
    let client = (settings.client_id.as_str(), &settings.client_secret);
    Ok(oauth::call(
        operation,
        url.ok_or(missing)?,
        client,
        fields,
        repeat,
    ))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Refusal {
    status: Option<String>,
    #[serde(rename = "correlationId")]
    correlation: Option<String>,
}

fn told(status: StatusCode, headers: &HeaderMap, body: &Value) -> Told {
    let refusal = Refusal::deserialize(body).unwrap_or_default();
    let wish = retry_after(headers);
    let (kind, again) = match (status.as_u16(), refusal.status.as_deref()) {
        (400, Some("BAD_CLIENT_ID" | "BAD_CLIENT_SECRET")) => (
            Kind::Settings("HUBSPOT_CLIENT_ID and HUBSPOT_CLIENT_SECRET"),
            None,
        ),
        (400, Some("BAD_REDIRECT_URI")) => (Kind::Settings("PUBLIC_URL"), None),
        (400, Some("BAD_SCOPES")) => (Kind::Settings("HUBSPOT_SCOPES"), None),
        // Revoked, uninstalled, or a code that was used.
        (400 | 401 | 403, _) => (Kind::Expired, None),
        (429, _) => (Kind::Limited(wish), Some(wish)),
        (500..=599, _) => (Kind::Down, Some(wish)),
        _ => (Kind::Malformed, None),
    };
    Told {
        kind,
        again,
        message: None,
        correlation: refusal.correlation,
    }
}
