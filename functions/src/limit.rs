//! How often somebody may ask: counted by the platform, per address and per caller.
//!
//! The counts are Cloudflare's, of one location and approximate. They shed load; they are no quota.

use std::net::IpAddr;

use reqwest::StatusCode;

use crate::caller::{Caller, Who};
use crate::config::Config;
use crate::message::Request;
use crate::problem::Problem;
use crate::transport::Runtime;

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// Requests of one address, whoever calls.
    Address,
    /// Requests of one person.
    Caller,
    /// Our own requests to HubSpot, for one of its portals.
    Portal,
    /// Our own searches there, which HubSpot counts apart.
    Search,
}

impl Limit {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Address, Self::Caller, Self::Portal, Self::Search];

    /// The name of the binding in `wrangler.toml`. Without the binding there is no such limit.
    #[must_use]
    pub fn binding(self) -> &'static str {
        match self {
            Self::Address => "RATE_LIMIT_ADDRESS",
            Self::Caller => "RATE_LIMIT_CALLER",
            Self::Portal => "RATE_LIMIT_HUBSPOT",
            Self::Search => "RATE_LIMIT_HUBSPOT_SEARCH",
        }
    }
}

/// Counts a request of an address, before anything is done for it.
///
/// # Errors
/// If there were too many.
pub async fn address<R: Runtime>(
    config: &Config,
    runtime: &R,
    request: &Request<R::Stream>,
) -> Result<(), Problem> {
    // The platform sets it, and a client cannot.
    let Some(address) = request.header("cf-connecting-ip").and_then(network) else {
        return Ok(());
    };
    check(config, runtime, Limit::Address, &address, "this address").await
}

/// Counts a request of a person who was verified. Whoever is nobody in particular has an address.
///
/// # Errors
/// If there were too many.
pub async fn caller<R: Runtime>(
    config: &Config,
    runtime: &R,
    caller: &Caller,
) -> Result<(), Problem> {
    let Who::Person(person) = &caller.who else {
        return Ok(());
    };
    let Some(subject) = &person.subject else {
        return Ok(());
    };
    check(config, runtime, Limit::Caller, subject, "you").await
}

async fn check<R: Runtime>(
    config: &Config,
    runtime: &R,
    limit: Limit,
    key: &str,
    who: &str,
) -> Result<(), Problem> {
    if runtime.within(limit, key).await {
        return Ok(());
    }
    let message = format!("too many requests from {who}");
    Err(
        Problem::new(StatusCode::TOO_MANY_REQUESTS, "CS429", message)
            .hint("wait as long as `Retry-After` says")
            .header("retry-after", config.rate_limit_period.to_string()),
    )
}

/// What counts as one address: of IPv6 the network of 64 bits, all of which one host may use.
fn network(address: &str) -> Option<String> {
    match address.parse().ok()? {
        IpAddr::V4(address) => Some(address.to_string()),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Some(format!("{a:x}:{b:x}:{c:x}:{d:x}::/64"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_host_s() {
        let one = network("2001:db8:1:2:3:4:5:6").unwrap();
        assert_eq!(one, "2001:db8:1:2::/64");
        assert_eq!(network("2001:db8:1:2::1"), Some(one));
        assert_eq!(network("192.0.2.1").as_deref(), Some("192.0.2.1"));
        assert_eq!(network("192.0.2.1, 192.0.2.2"), None);
    }
}
