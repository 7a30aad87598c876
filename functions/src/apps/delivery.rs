//! What providers send unasked, as far as the apps do the same with it.

use std::fmt::Display;

use reqwest::StatusCode;

use super::Asked;
use crate::problem::Problem;
use crate::providers::settings::HubSpotSettings;
use crate::webhooks::hubspot::{Delivery, Event, events, verify};

/// The events of a delivery that is HubSpot's; in place of one that cannot be read, its position.
///
/// # Errors
/// If it is not known to be HubSpot's, or is no list of events.
pub(super) fn from_hubspot(
    asked: &Asked<'_>,
    settings: &HubSpotSettings,
    now_ms: u64,
) -> Result<Vec<Result<Event, usize>>, Problem> {
    let delivery = Delivery {
        method: "POST",
        // A proxy may have made another address of it by now.
        uri: settings.webhook_uri.as_str(),
        headers: asked.headers,
        body: asked.body.as_deref().unwrap_or_default(),
    };
    verify(&delivery, &settings.client_secret, settings.older, now_ms)
        .map_err(|why| unverified("HubSpot", &why))?;
    events(delivery.body).map_err(Problem::bad_request)
}

/// What whoever sends something in another's name is told; why, only the log is.
pub(super) fn unverified(who: &str, why: &dyn Display) -> Problem {
    let message = format!("this is not known to come from {who}");
    Problem::new(StatusCode::UNAUTHORIZED, "webhook_not_verified", message)
        .internal(why.to_string())
}
