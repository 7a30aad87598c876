//! The systems behind the Worker, each with a typed client.
//!
//! Every request to them goes one way, [`call::Line::send`]: with a time limit out of the request's
//! [`budget`], repeated only where a repeat is safe, its answer read up to a size, never a redirect
//! followed. What goes wrong is one type, [`failure::Failure`], that tells the kinds of failure apart
//! and becomes the client's problem.

pub mod baserow;
pub mod bridge;
pub mod budget;
pub mod call;
pub mod crm;
pub mod decimal;
pub mod failure;
pub mod fathom;
pub mod hubspot;
pub mod llm;
pub mod oauth;
pub mod settings;
pub mod wealthbox;

use reqwest::Url;
use serde::de::DeserializeOwned;

use call::Reply;
use failure::{Failure, Provider};

/// An address below another, its parts percent-encoded.
fn below<'p>(base: &Url, parts: impl Iterator<Item = &'p str>) -> Option<Url> {
    let mut url = base.clone();
    let mut path = url.path_segments_mut().ok()?;
    path.pop_if_empty();
    for part in parts {
        // `Url` would take these for steps.
        if matches!(part, "" | "." | "..") {
            return None;
        }
        path.push(part);
    }
    drop(path);
    Some(url)
}

/// The body of an answer, as what it should be.
fn read<T: DeserializeOwned>(
    provider: Provider,
    operation: &'static str,
    reply: Reply,
) -> Result<T, Failure> {
    serde_json::from_value(reply.body)
        .map_err(|_| Failure::malformed(provider, operation, reply.status))
}
