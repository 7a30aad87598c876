//! What each app needs that is switched on.

use super::Finding;
use super::deployment::Deployment;
use super::rules::names;
use super::settings::setting;

/// What is behind an app, and what does not work without it.
struct Need {
    app: &'static str,
    /// Any of these will do.
    any: &'static [&'static str],
    without: &'static str,
}

const NEEDS: [Need; 11] = [
    Need {
        app: "advisory",
        any: &["CRM_BRIDGE_URL"],
        without: "no firm has holdings: Wealthbox, which it can connect, has none",
    },
    Need {
        app: "agency",
        any: &["LLM_URL"],
        without: "`agency-complete`, `agency-search` and `agency-embed` answer CS500",
    },
    Need {
        app: "agency",
        any: &["HUBSPOT_CLIENT_ID"],
        without: "no organization can import from HubSpot",
    },
    Need {
        app: "assistant",
        any: &["HUBSPOT_CLIENT_ID"],
        without: "nobody can connect HubSpot, which is all that the assistant is about",
    },
    Need {
        app: "assistant",
        any: &["LLM_URL"],
        without: "no activity can be processed",
    },
    Need {
        app: "coaching",
        any: &["COACHING_HUBSPOT_CLIENT_ID", "HUBSPOT_CLIENT_ID"],
        without: "no account can connect HubSpot",
    },
    Need {
        app: "coaching",
        any: &["FATHOM_CLIENT_ID"],
        without: "no account can connect Fathom",
    },
    Need {
        app: "portal",
        any: &["BETTER_AUTH_SECRET"],
        without: "no session of Better Auth is believed, so no member can call",
    },
    Need {
        app: "portal",
        // By a token that is set, or one that `countersign connect` keeps.
        any: &["BASEROW_TOKEN", "BASEROW_MEMBERS_TABLE"],
        without: "members have no records, links or events",
    },
    Need {
        app: "portal",
        any: &["BASEROW_WEBHOOK_SECRET"],
        without: "a member that is deleted in Baserow is unlinked at the next sign-in only",
    },
    Need {
        app: "advisory",
        any: &["CRM_BRIDGE_WEBHOOK_SECRET"],
        without: "the bridge does not tell of changes; the schedule finds them",
    },
];

/// What does not work without its webhooks works all the same, later.
const OPTIONAL: [&str; 2] = ["BASEROW_WEBHOOK_SECRET", "CRM_BRIDGE_WEBHOOK_SECRET"];

/// The systems that people connect, whose tokens have to be sealed.
const CONNECTED: [&str; 3] = [
    "COACHING_HUBSPOT_CLIENT_ID",
    "FATHOM_CLIENT_ID",
    "HUBSPOT_CLIENT_ID",
];

pub(super) fn needs(deployment: &Deployment) -> Vec<Finding> {
    let apps = deployment.apps();
    let mut found: Vec<Finding> = Vec::new();
    for Need { app, any, without } in NEEDS {
        let Some(first) = any.first().filter(|_| apps.contains(&app)) else {
            continue;
        };
        let secret = setting(first).is_some_and(|setting| setting.secret);
        if any.iter().any(|name| deployment.has(name)) || secret && !deployment.knows_secrets {
            continue;
        }
        let problem = format!("is not set, and `{app}` is served: {without}");
        let mend = format!("set it up as docs/operators.md says, or take `{app}` out of APPS");
        found.push(if OPTIONAL.contains(first) {
            Finding::note("app", *first, problem, "see docs/operators.md")
        } else {
            Finding::warning("app", *first, problem, mend)
        });
    }
    found.extend(sealing(deployment, &apps));
    found.extend(vectors(deployment, &apps));
    if deployment.has("HUBSPOT_CLIENT_ID")
        && apps.contains(&"assistant")
        && apps.contains(&"coaching")
        && !deployment.has("COACHING_HUBSPOT_CLIENT_ID")
    {
        found.push(Finding::note(
            "one-address",
            "COACHING_HUBSPOT_CLIENT_ID",
            "is not set: coaching uses the assistant's app at HubSpot, which sends its events to one address only",
            "set up an app of its own for coaching to have webhooks, too",
        ));
    }
    found
}

fn sealing(deployment: &Deployment, apps: &[&str]) -> Option<Finding> {
    if deployment.has("SEALING_KEYS") || !deployment.knows_secrets {
        return None;
    }
    let mend = "`npx wrangler secret put SEALING_KEYS`, as docs/sealing.md says";
    if let Some(name) = CONNECTED.iter().find(|name| deployment.has(name)) {
        let problem = format!("is missing, and {name} is not: nobody can connect");
        return Some(Finding::error("sealing", "SEALING_KEYS", problem, mend));
    }
    let problem = "is missing, and `advisory` is served: no firm can connect its CRM";
    apps.contains(&"advisory")
        .then(|| Finding::warning("sealing", "SEALING_KEYS", problem, mend))
}

/// The vectors that the apps keep.
fn vectors(deployment: &Deployment, apps: &[&str]) -> Vec<Finding> {
    if !deployment.has("LLM_URL") {
        return Vec::new();
    }
    if !deployment.has("LLM_EMBEDDING_MODEL") {
        let needs = apps.iter().find(|app| ["agency", "coaching"].contains(app));
        return needs
            .map(|app| {
                Finding::warning(
                    "vectors",
                    "LLM_EMBEDDING_MODEL",
                    format!("is not set, and `{app}` is served: nothing is found by meaning"),
                    "set it, and LLM_EMBEDDING_DIMENSIONS beside it",
                )
            })
            .into_iter()
            .collect();
    }
    let listed = deployment.text("LLM_EMBEDDING_DIMENSIONS");
    let kept = [
        ("agency", "768", "documents"),
        ("agency", "1536", "interactions"),
        ("coaching", "1536", "outcomes"),
    ];
    kept.into_iter()
        .filter(|(app, length, _)| apps.contains(app) && listed.is_some() && !names(listed, length))
        .map(|(app, length, what)| {
            Finding::warning(
                "vectors",
                "LLM_EMBEDDING_DIMENSIONS",
                format!("does not list {length}: the {what} of `{app}` are not found by meaning"),
                "add it, with a model that gives vectors of that length",
            )
        })
        .collect()
}
