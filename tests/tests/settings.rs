//! Every setting is where operators look for it, in `wrangler.toml` and in `docs/operators.md`; and
//! `countersign doctor` judges it as the Worker does.
#![cfg(test)]

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use countersign_functions::limit::Limit;
use countersign_functions::policies::Policies;
use countersign_functions::serve::Setup;
use countersign_rls::doctor::{APPS, Deployment, LIMITS, SETTINGS, Severity, Source, examine};

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
fn wrangler_toml_binds_the_limits_for_their_periods() {
    let text = read("wrangler.toml");
    for limit in Limit::ALL {
        let binding = format!("[[ratelimits]]\nname = \"{}\"\n", limit.binding());
        assert!(text.contains(&binding), "{binding}");
        assert!(read("docs/operators.md").contains(limit.binding()));
    }
    let periods = |of: &str| text.matches(&format!("period = {of}")).count();
    // HubSpot counts for ten seconds, whatever the others do.
    assert_eq!((periods(""), periods("60 }"), periods("10 }")), (4, 2, 2));
    assert!(text.contains("\"1003\"\nsimple = { limit = 100, period = 10 }"));
    assert!(text.contains("\"1004\"\nsimple = { limit = 50, period = 10 }"));
}

#[test]
fn wrangler_toml_has_every_setting_and_no_other() {
    let text = read("wrangler.toml");
    let assigned = text.lines().filter_map(|line| line.split_once(" = "));
    let found: BTreeSet<String> = assigned
        .filter(|(name, _)| is_setting(name))
        .map(|(name, _)| name.to_owned())
        .collect();
    let secrets = SETTINGS.iter().filter(|setting| setting.secret);
    let secrets: BTreeSet<String> = secrets.map(|setting| setting.name.to_owned()).collect();
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

#[test]
fn the_doctor_knows_every_setting_and_no_other() {
    let known: BTreeSet<String> = SETTINGS.iter().map(|of| of.name.to_owned()).collect();
    assert_eq!((known.len(), known), (SETTINGS.len(), asked()));
    let policies = Policies::embedded().unwrap();
    let apps: Vec<&str> = policies.iter().map(|app| app.policy.app.as_str()).collect();
    assert_eq!(apps, APPS);
    assert_eq!(LIMITS.map(|(name, _)| name), Limit::ALL.map(Limit::binding));
}

#[test]
fn the_operators_page_marks_the_secrets() {
    let text = read("docs/operators.md");
    for setting in SETTINGS {
        let marked = text.contains(&format!("`{}` (secret)", setting.name));
        assert_eq!(marked, setting.secret, "{}", setting.name);
    }
}

/// Everything set, so that nothing is passed over.
const FULL: [(&str, &str); 21] = [
    ("SUPABASE_URL", "https://db.example"),
    ("SUPABASE_PUBLISHABLE_KEY", "sb_publishable_test"),
    (
        "SUPABASE_JWT_SECRET",
        "a-secret-of-more-than-thirty-two-bytes",
    ),
    ("ALLOWED_ORIGINS", "https://app.example"),
    ("PUBLIC_URL", "https://api.example"),
    (
        "SEALING_KEYS",
        "k:QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY=",
    ),
    ("HUBSPOT_CLIENT_ID", "x"),
    ("HUBSPOT_CLIENT_SECRET", "hubspot"),
    ("COACHING_HUBSPOT_CLIENT_ID", "x"),
    ("COACHING_HUBSPOT_CLIENT_SECRET", "coaching"),
    ("FATHOM_CLIENT_ID", "x"),
    ("FATHOM_CLIENT_SECRET", "fathom"),
    ("LLM_URL", "https://llm.example"),
    ("LLM_API_KEY", "key"),
    ("LLM_MODEL", "x"),
    ("LLM_EMBEDDING_MODEL", "x"),
    ("LLM_EMBEDDING_DIMENSIONS", "768 1536"),
    ("LLM_PRICES", "40 160 2"),
    ("BASEROW_TOKEN", "token"),
    ("BASEROW_MEMBERS_TABLE", "501"),
    (
        "CRM_BRIDGE_WEBHOOK_SECRET",
        "the-secret-of-webhooks-of-the-bridge",
    ),
];

const TEXTS: [&str; 49] = [
    "",
    " ",
    "x",
    "0",
    "-1",
    "1",
    "10",
    "42.5",
    "60",
    "100",
    "101",
    "120",
    "121",
    "600",
    "601",
    "1000000000",
    "1000000001",
    "99999999999999999999",
    "true",
    "True",
    "false",
    "yes",
    "table",
    "tables",
    "documents",
    "hubspot",
    "v1",
    "v1  v2",
    "v3",
    "2026-09",
    "2026-9",
    "storage realtime",
    "agency portal",
    "agency agency",
    "https://a.example",
    "http://a.example/path/",
    "https://a.example?x=1",
    "https://a.example#x",
    "https://user@a.example",
    "ftp://a.example",
    "https://",
    "40 160 2",
    "40.125 0.5 100000",
    "40.1251 1 1",
    "100000.001 1 1",
    "1 2",
    "sb_secret_x",
    "a-text-of-more-than-24-bytes",
    "k:QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY=",
];

/// What the Worker says to settings that it does not take.
fn refused(given: &[(&str, &str)]) -> Option<String> {
    let setup = Setup::new(|name| {
        let found = given.iter().rfind(|(of, _)| *of == name);
        found.map(|(_, text)| (*text).to_owned())
    });
    let problem = setup.edge().err()?;
    Some(problem.details.unwrap().into())
}

/// What the doctor says of them that the Worker would.
fn found(given: &[(&str, &str)]) -> Vec<String> {
    let mut deployment = Deployment::default();
    deployment.knows_secrets = true;
    let last = |name: &str| given.iter().rfind(|(of, _)| *of == name).unwrap().1;
    for (name, _) in given {
        let setting = SETTINGS.iter().find(|setting| setting.name == *name);
        let secret = setting.is_some_and(|setting| setting.secret);
        let source = if secret {
            Source::Secret
        } else {
            Source::Config
        };
        deployment.give(name, source, Some(last(name).to_owned()));
    }
    let found = examine(&deployment).into_iter().filter(|finding| {
        finding.severity == Severity::Error
            && ["form", "missing"].contains(&finding.code)
            && finding.about != "ALLOWED_ORIGINS"
    });
    found
        .map(|of| format!("{} {}", of.about, of.problem))
        .collect()
}

#[test]
fn the_doctor_says_of_every_text_what_the_worker_says() {
    assert_eq!((refused(&FULL), found(&FULL)), (None, Vec::new()));
    let mut judged = (0, 0);
    for setting in SETTINGS {
        for text in TEXTS {
            let given: Vec<_> = FULL.into_iter().chain([(setting.name, text)]).collect();
            let (refused, found) = (refused(&given), found(&given));
            assert_eq!(
                refused.is_some(),
                !found.is_empty(),
                "{} = {text:?}: {refused:?} {found:?}",
                setting.name
            );
            if let Some(refused) = refused {
                assert!(
                    found.contains(&refused),
                    "{} = {text:?}: {refused} {found:?}",
                    setting.name
                );
                judged.1 += 1;
            } else {
                judged.0 += 1;
            }
        }
    }
    // Both kinds, and not by the way.
    assert!(judged.0 > 500 && judged.1 > 500, "{judged:?}");
}
