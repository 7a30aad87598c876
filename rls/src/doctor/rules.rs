//! What each setting has to be, and what several have to be together.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::Url;
use serde_json::Value;

use super::Finding;
use super::deployment::{Deployment, Source};
use super::form::{Form, address, words};
use super::settings::{SETTINGS, Setting, nearest, setting};

/// What stands in every checkout: the demonstration's secrets begin with it, in plain text and in
/// base64.
const PUBLIC: [&str; 2] = ["countersign-local", "Y291bnRlcnNpZ24tbG9jYWwt"];

/// Each name and its text by itself.
pub(super) fn each(deployment: &Deployment) -> Vec<Finding> {
    let mut found = Vec::new();
    for (name, given) in deployment.given() {
        let Some(setting) = setting(name) else {
            found.push(unknown(name));
            continue;
        };
        if setting.secret && given.source == Source::Config {
            found.push(Finding::error(
                "plain-secret",
                name,
                "is a secret, and stands in the configuration in plain text",
                format!("take it out, make a new one, and `npx wrangler secret put {name}`"),
            ));
        }
        let Some(text) = &given.text else { continue };
        if let Some(wrong) = setting.form.wrong(text) {
            found.push(Finding::error("form", name, wrong, of_form(name, setting)));
            continue;
        }
        if PUBLIC.iter().any(|public| text.contains(public)) {
            found.push(Finding::error(
                "public-secret",
                name,
                "is the demonstration's, which everybody can read",
                "make one of your own, such as by `openssl rand -base64 32`",
            ));
        }
        found.extend(match setting.form {
            Form::Url => of_address(name, text),
            Form::Origins => of_origins(text),
            Form::PublicKey => of_key(name, text),
            _ => Vec::new(),
        });
    }
    found
}

fn of_form(name: &str, setting: &Setting) -> String {
    match setting.form {
        Form::PublicKey => {
            "replace that key in Supabase, since it stood here, and set the publishable one"
                .to_owned()
        }
        _ => put_right(name, setting.secret),
    }
}

fn put_right(name: &str, secret: bool) -> String {
    if secret {
        format!("`npx wrangler secret put {name}`")
    } else {
        format!("set it in `[vars]`; docs/operators.md says what {name} takes")
    }
}

fn unknown(name: &str) -> Finding {
    let mend = match nearest(name) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "take it out; docs/operators.md has every setting".to_owned(),
    };
    Finding::warning("unknown", name, "is no setting of the Worker", mend)
}

/// An address that only this machine reaches, or that everybody on the way can read.
fn of_address(name: &str, text: &str) -> Vec<Finding> {
    let Some(url) = address(text) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    if is_local(&url) {
        found.push(Finding::error(
            "local",
            name,
            "is an address that a deployed Worker does not reach",
            "set it to the system's own address",
        ));
    } else if url.scheme() == "http" {
        found.push(Finding::error(
            "not-encrypted",
            name,
            "is http: tokens and data go over the wire for all to read",
            "set it to https",
        ));
    }
    if name == "PUBLIC_URL" && url.path() != "/" {
        found.push(Finding::error(
            "path",
            name,
            "has a path, and the Worker answers at the root of its host",
            "leave the path out; the addresses for HubSpot and others are made from it",
        ));
    }
    if name == "SUPABASE_URL"
        && ["/rest/v1", "/auth/v1"]
            .iter()
            .any(|of| url.path().contains(of))
    {
        found.push(Finding::error(
            "path",
            name,
            "has a path of its REST or auth API, which the Worker adds itself",
            "set it to https://<project>.supabase.co",
        ));
    }
    found
}

fn is_local(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let address = host.parse::<std::net::IpAddr>();
    host == "localhost"
        || host.ends_with(".localhost")
        || address.is_ok_and(|of| of.is_loopback() || of.is_unspecified())
}

fn of_origins(text: &str) -> Vec<Finding> {
    let listed: Vec<&str> = text.split([' ', ',']).filter(|of| !of.is_empty()).collect();
    if listed.contains(&"*") {
        return vec![any_origin()];
    }
    let senseless = listed.into_iter().filter(|of| {
        let url = address(of);
        url.is_none_or(|url| of.trim_end_matches('/') != url.origin().ascii_serialization())
    });
    senseless
        .map(|of| {
            Finding::error(
                "form",
                "ALLOWED_ORIGINS",
                format!("has `{of}`, which is no origin: no page will match it"),
                "write a scheme and a host, such as https://app.example.com",
            )
        })
        .collect()
}

fn any_origin() -> Finding {
    Finding::warning(
        "any-origin",
        "ALLOWED_ORIGINS",
        "lets every page call; and with none listed, no page can connect HubSpot or Fathom, or use Better Auth's cookie",
        "list the origins of your pages, separated by spaces",
    )
}

/// A key that is meant for frontends has to be one.
fn of_key(name: &str, text: &str) -> Vec<Finding> {
    let claims = text.split('.').nth(1).and_then(|part| {
        let bytes = URL_SAFE_NO_PAD.decode(part).ok()?;
        serde_json::from_slice::<Value>(&bytes).ok()
    });
    let role = claims.and_then(|claims| Some(claims.get("role")?.as_str()?.to_owned()));
    if role.as_deref() == Some("service_role") {
        return vec![Finding::error(
            "service-key",
            name,
            "is the key of `service_role`, which row-level security does not bind",
            "take it out everywhere, replace it in Supabase, and set the key for frontends",
        )];
    }
    Vec::new()
}

/// What is missing beside something else, in the Worker's own words, and what does not go together.
pub(super) fn together(deployment: &Deployment) -> Vec<Finding> {
    let mut found = missing(deployment);
    if !deployment.has("ALLOWED_ORIGINS") {
        found.push(any_origin());
    }
    found.extend(of_identity(deployment));
    if deployment.text("ALLOW_SERVICE_ROLE") == Some("true") {
        found.push(Finding::warning(
            "service-role",
            "ALLOW_SERVICE_ROLE",
            "forwards whoever has a secret key, undecided",
            "leave it empty unless something needs it for good",
        ));
    }
    if deployment.has("HUBSPOT_OLDER_SIGNATURES") {
        found.push(Finding::warning(
            "older-signatures",
            "HUBSPOT_OLDER_SIGNATURES",
            "believes signatures that carry no time: a delivery that was seen once can be sent for ever",
            "leave it empty if HubSpot signs with version 3",
        ));
    }
    found.extend(same_twice(deployment));
    found
}

/// What the Worker does not start without.
fn missing(deployment: &Deployment) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut needed = |name: &'static str, because: Option<&str>| {
        if deployment.has(name) {
            return;
        }
        let secret = setting(name).is_some_and(|setting| setting.secret);
        // Nothing is known of secrets that nobody listed.
        if secret && !deployment.knows_secrets {
            return;
        }
        let problem = match because {
            None => "is missing".to_owned(),
            Some(because) => format!("is missing, and {because} is not"),
        };
        found.push(Finding::error(
            "missing",
            name,
            problem,
            put_right(name, secret),
        ));
    };
    needed("SUPABASE_URL", None);
    if !deployment.has("SUPABASE_ANON_KEY") {
        needed("SUPABASE_PUBLISHABLE_KEY", None);
    }
    for (given, names) in [
        ("BASEROW_TOKEN", &["BASEROW_MEMBERS_TABLE"][..]),
        ("CRM_BRIDGE_WEBHOOK_SECRET", &["PUBLIC_URL"]),
        ("FATHOM_CLIENT_ID", &["PUBLIC_URL", "FATHOM_CLIENT_SECRET"]),
        (
            "HUBSPOT_CLIENT_ID",
            &["HUBSPOT_CLIENT_SECRET", "PUBLIC_URL"],
        ),
        (
            "COACHING_HUBSPOT_CLIENT_ID",
            &["COACHING_HUBSPOT_CLIENT_SECRET", "PUBLIC_URL"],
        ),
        ("LLM_URL", &["LLM_API_KEY", "LLM_MODEL", "LLM_PRICES"]),
    ] {
        if deployment.has(given) {
            for name in names {
                needed(name, Some(given));
            }
        }
    }
    // One finding for what several need.
    let mut seen = std::collections::BTreeSet::new();
    found.retain(|finding| seen.insert(finding.about.clone()));
    if deployment.has("LLM_URL")
        && deployment.has("LLM_EMBEDDING_MODEL")
        && !deployment.has("LLM_EMBEDDING_DIMENSIONS")
    {
        found.push(Finding::error(
            "missing",
            "LLM_EMBEDDING_DIMENSIONS",
            "is not numbers from 1 to 16000, separated by spaces",
            "set it to the lengths of vectors that LLM_EMBEDDING_MODEL gives: `768 1536` for all that the apps keep",
        ));
    }
    found
}

/// Whose tokens are believed.
fn of_identity(deployment: &Deployment) -> Vec<Finding> {
    let mut found = Vec::new();
    if deployment.knows_secrets && !deployment.has("SUPABASE_JWT_SECRET") {
        let legacy = deployment.has("SUPABASE_ANON_KEY");
        found.push(Finding::warning(
            "no-exchange",
            "SUPABASE_JWT_SECRET",
            if legacy {
                "is missing: the legacy key says that people's tokens may be HS256, and those are refused; no workflow can act for itself"
            } else {
                "is missing: HS256 tokens are refused, and no workflow can act for itself or for a member of the portal"
            },
            "`npx wrangler secret put SUPABASE_JWT_SECRET`, with the secret that PostgREST has",
        ));
    }
    let host = |name: &str| {
        let url = address(deployment.text(name)?)?;
        url.host_str().map(str::to_owned)
    };
    if let (Some(keys), Some(supabase)) = (host("JWKS_URL"), host("SUPABASE_URL"))
        && keys != supabase
        && !deployment.has("JWT_ISSUER")
    {
        found.push(Finding::warning(
            "issuer",
            "JWT_ISSUER",
            "is Supabase's, and JWKS_URL is somebody else's: their tokens have another `iss`, and are refused",
            "set it to what `iss` is in the tokens of whoever publishes those keys",
        ));
    }
    found
}

/// A secret that gives two things away at once.
fn same_twice(deployment: &Deployment) -> Vec<Finding> {
    let mut by_text: BTreeMap<&str, &str> = BTreeMap::new();
    let mut found = Vec::new();
    for setting in SETTINGS.iter().filter(|setting| setting.secret) {
        let Some(text) = deployment.text(setting.name) else {
            continue;
        };
        if let Some(other) = by_text.insert(text, setting.name) {
            found.push(Finding::warning(
                "same-secret",
                setting.name,
                format!("is the same text as {other}"),
                "give each its own: whoever learns one has both",
            ));
        }
    }
    found
}

/// Whether a text names this word.
pub(super) fn names(text: Option<&str>, word: &str) -> bool {
    text.is_some_and(|text| words(text).any(|of| of == word))
}
