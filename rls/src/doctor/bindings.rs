//! The limits and the clock, which are no variables.

use toml::{Table, Value};

use super::Finding;
use super::deployment::Deployment;

/// The limits that the Worker looks for, and what they count.
pub const LIMITS: [(&str, &str); 4] = [
    ("RATE_LIMIT_ADDRESS", "the requests of an address"),
    ("RATE_LIMIT_CALLER", "the requests of a person"),
    (PORTAL, "the requests of a HubSpot portal"),
    (SEARCH, "the searches in a HubSpot portal"),
];
/// The limits of the Worker's own requests.
const PORTAL: &str = "RATE_LIMIT_HUBSPOT";
const SEARCH: &str = "RATE_LIMIT_HUBSPOT_SEARCH";

pub(super) fn all(deployment: &Deployment) -> Vec<Finding> {
    let mut found = limits(deployment);
    found.extend(clock(&deployment.config));
    found
}

fn limits(deployment: &Deployment) -> Vec<Finding> {
    let bound = deployment
        .config
        .get("ratelimits")
        .and_then(Value::as_array);
    let bound: Vec<&Value> = bound.into_iter().flatten().collect();
    let text = |of: &Value, name: &str| of.get(name).and_then(Value::as_str).map(str::to_owned);
    let find = |name: &str| {
        bound
            .iter()
            .find(|of| text(of, "name").as_deref() == Some(name))
    };
    let mut found = Vec::new();
    let mut spaces: Vec<String> = Vec::new();
    for (name, of) in LIMITS {
        let Some(limit) = find(name) else {
            found.push(Finding::warning(
                "no-limit",
                name,
                format!("is not bound: nobody counts {of}"),
                "bind it as wrangler.toml in the repository does; `[env]` takes over no binding",
            ));
            continue;
        };
        let said = deployment.text("RATE_LIMIT_PERIOD_SECONDS");
        let said = said.unwrap_or("60").to_owned();
        let period = limit.get("simple").and_then(|of| of.get("period"));
        let period = period.and_then(Value::as_integer).unwrap_or_default();
        let (expected, against, mend) = if [PORTAL, SEARCH].contains(&name) {
            (
                "10",
                "HubSpot for 10".to_owned(),
                "let `period` be 10, and `limit` no more than HubSpot allows in that time",
            )
        } else {
            (
                said.as_str(),
                format!("RATE_LIMIT_PERIOD_SECONDS says {said}: `Retry-After` is wrong"),
                "let both say the same, 10 or 60",
            )
        };
        if period.to_string() != expected {
            let wrong = format!("counts for {period} seconds, and {against}");
            found.push(Finding::error("period", name, wrong, mend));
        }
        if let Some(space) = text(limit, "namespace_id") {
            if spaces.contains(&space) {
                found.push(Finding::error(
                    "namespace",
                    name,
                    "has the `namespace_id` of another limit: both are counted as one",
                    "give each a number of its own",
                ));
            }
            spaces.push(space);
        }
    }
    found
}

fn clock(config: &Table) -> Option<Finding> {
    let crons = config.get("triggers").and_then(|of| of.get("crons"));
    let crons = crons.and_then(Value::as_array);
    let crons: Vec<&str> = crons
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let mend = "`[triggers] crons = [\"* * * * *\"]`";
    if crons.is_empty() {
        return Some(Finding::error(
            "no-schedule",
            "triggers",
            "start no schedule: what a request or a webhook leaves unfinished stays so",
            mend,
        ));
    }
    let often = |cron: &&str| cron.split_whitespace().next() == Some("*");
    (!crons.iter().any(often)).then(|| {
        Finding::note(
            "rare-schedule",
            "triggers",
            "start the schedule less often than every minute: what is unfinished waits as long",
            mend,
        )
    })
}
