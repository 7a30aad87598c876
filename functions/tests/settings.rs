//! Every setting is where operators look for it: in `wrangler.toml` and in `docs/operators.md`.

#![cfg(not(target_arch = "wasm32"))]
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use countersign_functions::limit::Limit;
use countersign_functions::serve::Setup;

/// Set with `wrangler secret put`, and never in a file.
const SECRETS: [&str; 10] = [
    "BASEROW_TOKEN",
    "BASEROW_WEBHOOK_SECRET",
    "BETTER_AUTH_SECRET",
    "COACHING_HUBSPOT_CLIENT_SECRET",
    "CRM_BRIDGE_WEBHOOK_SECRET",
    "FATHOM_CLIENT_SECRET",
    "HUBSPOT_CLIENT_SECRET",
    "LLM_API_KEY",
    "SEALING_KEYS",
    "SUPABASE_JWT_SECRET",
];

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)).unwrap()
}

/// What the Worker asks for when it starts.
fn asked() -> BTreeSet<String> {
    let asked = RefCell::new(BTreeSet::new());
    drop(Setup::new(|name| {
        asked.borrow_mut().insert(name.to_owned());
        // It stops asking at the first that is missing.
        match name {
            "SUPABASE_URL" => Some("https://db.example".to_owned()),
            "SUPABASE_PUBLISHABLE_KEY" => Some("sb_publishable_test".to_owned()),
            // With these it asks for what belongs to them.
            "PUBLIC_URL" | "LLM_URL" => Some("https://example.test".to_owned()),
            "COACHING_HUBSPOT_CLIENT_ID"
            | "COACHING_HUBSPOT_CLIENT_SECRET"
            | "FATHOM_CLIENT_ID"
            | "FATHOM_CLIENT_SECRET"
            | "HUBSPOT_CLIENT_ID"
            | "HUBSPOT_CLIENT_SECRET"
            | "LLM_API_KEY"
            | "LLM_MODEL"
            | "LLM_EMBEDDING_MODEL" => Some("x".to_owned()),
            "BASEROW_TOKEN" => Some("x".to_owned()),
            "BASEROW_MEMBERS_TABLE" => Some("501".to_owned()),
            "BETTER_AUTH_SECRET" => Some("a-secret-of-more-than-thirty-two-bytes".to_owned()),
            "LLM_EMBEDDING_DIMENSIONS" => Some("768 1536".to_owned()),
            "LLM_PRICES" => Some("40 160 2".to_owned()),
            _ => None,
        }
    }));
    asked.into_inner()
}

fn is_setting(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte == b'_' || byte.is_ascii_uppercase())
}

#[test]
fn wrangler_toml_binds_the_limits_for_the_default_period() {
    let text = read("wrangler.toml");
    for limit in Limit::ALL {
        let binding = format!("[[ratelimits]]\nname = \"{}\"\n", limit.binding());
        assert!(text.contains(&binding), "{binding}");
        assert!(read("docs/operators.md").contains(limit.binding()));
    }
    let periods = text.matches("period = ").count();
    assert_eq!((periods, text.matches("period = 60 }").count()), (2, 2));
}

#[test]
fn wrangler_toml_has_every_setting_and_no_other() {
    let text = read("wrangler.toml");
    let assigned = text.lines().filter_map(|line| line.split_once(" = "));
    let found: BTreeSet<String> = assigned
        .filter(|(name, _)| is_setting(name))
        .map(|(name, _)| name.to_owned())
        .collect();
    let secrets = SECRETS.map(str::to_owned);
    assert!(
        secrets
            .iter()
            .all(|name| text.contains(name) && !found.contains(name))
    );
    assert_eq!(
        found.into_iter().chain(secrets).collect::<BTreeSet<_>>(),
        asked()
    );
}

#[test]
fn the_operators_page_has_every_setting_and_no_other() {
    let text = read("docs/operators.md");
    let rows = text.lines().filter_map(|line| line.strip_prefix("| `"));
    let names = rows.filter_map(|row| row.split('|').next());
    let found: BTreeSet<String> = names
        .flat_map(|cell| cell.split('`'))
        .filter(|name| is_setting(name))
        .map(str::to_owned)
        .collect();
    assert_eq!(found, asked());
}
