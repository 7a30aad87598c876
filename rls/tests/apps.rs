//! The command on the policies that ship: what it prints, and with which exit code.
//!
//! The proof itself needs a server: `COUNTERSIGN_PG_URL` and `COUNTERSIGN_PGLITE_URL`, which
//! `cargo xtask test` sets; without them these tests say that they are skipped.
#![cfg(test)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn countersign(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_countersign"))
        .arg("--dir")
        .arg(root())
        .args(arguments)
        .output()
        .unwrap()
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}\n{}{}", text(&output.stdout), text(&output.stderr)))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn the_policies_are_sound_and_their_migrations_are_current() {
    let apps = countersign_rls::project::apps(&root()).unwrap();
    assert!(apps.len() > 1, "{apps:?}");
    for app in apps {
        let check = countersign(&["check", "--app", &app, "--json"]);
        assert_eq!(check.status.code(), Some(0), "{app}");
        assert_eq!(json(&check)["sound"], true, "{app}");
        let generate = countersign(&["generate", "--app", &app, "--check"]);
        let said = text(&generate.stdout);
        assert_eq!(generate.status.code(), Some(0), "{app}: {said}");
    }
}

#[test]
fn what_cannot_be_run_exits_with_2_and_says_why() {
    let unknown = countersign(&["check", "--app", "nothing"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(
        text(&unknown.stderr).contains("nothing"),
        "{}",
        text(&unknown.stderr)
    );
    let unreachable = "postgres://nobody@127.0.0.1:1/none";
    let verify = countersign(&["verify", "--app", "agency", "--db", unreachable, "--fresh"]);
    assert_eq!(verify.status.code(), Some(2), "{}", text(&verify.stderr));
}

#[test]
fn a_denial_is_explained() {
    let row = r#"{"status": "approved", "record_status": "active"}"#;
    let output = countersign(&[
        "explain",
        "--app",
        "agency",
        "--as",
        "member",
        "--table",
        "briefs",
        "--action",
        "update",
        "--row",
        row,
        "--new",
        r#"{"title": "Another"}"#,
        "--json",
    ]);
    let said = json(&output);
    assert_eq!(said["decision"], "skipped", "{said}");
    assert!(
        said["message"]
            .as_str()
            .unwrap()
            .contains("no rule for `update`"),
        "{said}"
    );
}

/// Every cell on a server: not one disagreement, no rule that decided nothing, and no fewer cells
/// than when this was written.
fn proof(app: &str, variable: &str, how: &[&str], least: u64) -> Value {
    let Ok(url) = std::env::var(variable) else {
        eprintln!("skipped: {variable} names no server; `cargo xtask test` starts one");
        return Value::Null;
    };
    let output = countersign(&[&["verify", "--app", app, "--db", &url, "--json"], how].concat());
    let report = json(&output);
    let summary = [
        "app",
        "evaluators",
        "server",
        "cells",
        "allowed",
        "denied",
        "unknown",
    ]
    .map(|key| format!("{key}: {}", report[key]))
    .join(", ");
    eprintln!("{summary}, seconds: {}", report["seconds"]);
    let count = |key: &str| report[key].as_array().map(Vec::len);
    for what in ["disagreements", "findings"] {
        assert_eq!(count(what), Some(0), "{summary}\n{:#}", report[what][0]);
    }
    let survivors = &report["mutation"]["survivors"];
    assert_eq!(output.status.code(), Some(0), "{summary}\n{survivors:#}");
    assert!(report["cells"].as_u64() >= Some(least), "{summary}");
    report
}

#[test]
fn agency_and_postgresql_are_equal() {
    on_postgresql("agency", 150_000, &[]);
}

#[test]
fn advisory_and_postgresql_are_equal() {
    on_postgresql("advisory", 15_000, &["--mutate", "--sample", "300"]);
}

#[test]
fn assistant_and_postgresql_are_equal() {
    on_postgresql("assistant", 4_500, &["--mutate"]);
}

#[test]
fn coaching_and_postgresql_are_equal() {
    on_postgresql("coaching", 50_000, &[]);
}

#[test]
fn portal_and_postgresql_are_equal() {
    on_postgresql("portal", 2_400, &["--mutate"]);
}

/// The whole proof, of how many cells of which kind it is made, and what becomes of the mutants, if
/// any are asked for.
fn on_postgresql(app: &str, least: u64, mutate: &[&str]) {
    let how = [&["--fresh", "--seed", "1"], mutate].concat();
    let report = proof(app, "COUNTERSIGN_PG_URL", &how, least);
    let Some(tables) = report["per_table"].as_array() else {
        return;
    };
    // A proof of fewer cells is a weaker one, so each change is looked at.
    let mut settings = insta::Settings::clone_current();
    settings.set_description("if this is meant: INSTA_UPDATE=always, and say why in the commit");
    let corpus: String = tables.iter().map(corpus).collect();
    settings.bind(|| insta::assert_snapshot!(format!("{app}_corpus"), corpus));
    if mutate.is_empty() {
        return;
    }
    let mutants = mutants(&report["mutation"]);
    settings.bind(|| insta::assert_snapshot!(format!("{app}_mutants"), mutants));
}

/// What became of the mutants; `proof` has seen to it that none survives.
fn mutants(of: &Value) -> String {
    let mut lines = String::new();
    for (kind, tally) in of["kinds"].as_object().unwrap() {
        let [caught, same, survived] =
            ["caught", "equivalent", "survived"].map(|word| &tally[word]);
        lines += &format!("{kind}: {caught} caught, {same} equivalent, {survived} survived\n");
    }
    let mut rules: BTreeMap<&str, u64> = BTreeMap::new();
    for same in of["equivalents"].as_array().unwrap() {
        *rules.entry(same["rule"].as_str().unwrap()).or_default() += 1;
    }
    for (rule, count) in rules {
        lines += &format!("equivalent: {count} because {rule}\n");
    }
    let redundant = of["redundant"].as_array().unwrap();
    let changes: u64 = redundant
        .iter()
        .map(|piece| piece["changes"].as_u64().unwrap())
        .sum();
    lines
        + &format!(
            "within redundant pieces: {changes}, of {} in all\n",
            of["of"]
        )
}

/// How many decisions of which kind stand for a table.
fn corpus(table: &Value) -> String {
    let name = table["table"].as_str().unwrap();
    let mut lines = format!("{name}: {} rows, {} cells\n", table["rows"], table["cells"]);
    for (kind, count) in table["kinds"].as_object().unwrap() {
        lines.push_str(&format!(
            "  {kind}: {} allowed, {} denied, {} impossible\n",
            count["allowed"], count["denied"], count["impossible"]
        ));
    }
    lines
}

/// PGlite has one session and no pipeline; a few tables with every kind of rule stand for all.
#[test]
fn policy_and_pglite_are_equal() {
    let tables = ["activities", "briefs", "payments"];
    let mut arguments = vec!["--scratch"];
    arguments.extend(tables.iter().flat_map(|table| ["--table", table]));
    proof("agency", "COUNTERSIGN_PGLITE_URL", &arguments, 5_000);
}

/// `--all` is all of them, whole.
#[test]
fn all_needs_no_app_and_no_table() {
    for wrong in [["--app", "agency"], ["--table", "briefs"]] {
        let url = "postgres://nobody@127.0.0.1:1/none";
        let arguments = [&["verify", "--all", "--fresh", "--db", url], &wrong[..]].concat();
        assert_eq!(countersign(&arguments).status.code(), Some(2));
    }
}

/// What lives where, by the systems' own descriptions.
const LIVES: [(&str, &[(&str, &str)]); 4] = [
    (
        "advisory",
        &[
            (
                "firms profiles crm_connections sessions meeting_records",
                "this database",
            ),
            (
                "households accounts positions transactions client_data_cache",
                "crm",
            ),
            ("crm.client crm.account", "crm"),
        ],
    ),
    (
        "assistant",
        &[
            (
                "sessions ai_processing_logs ai_generated_drafts touch_date_recommendations opportunities",
                "this database",
            ),
            (
                "hubspot.contact hubspot.company hubspot.activity hubspot.task hubspot.deal",
                "hubspot",
            ),
        ],
    ),
    (
        "coaching",
        &[
            (
                "Accounts User_Roles Teams API_Connections Conversation_Analyses Sync_Logs",
                "this database",
            ),
            ("Coaching_Messages Coaching_Outcomes", "this database"),
            ("Synced_Activities hubspot.activity", "hubspot"),
            ("Conversations fathom.meeting", "fathom"),
            ("llm.coaching", "llm"),
        ],
    ),
    (
        "portal",
        &[
            ("user session account verification", "this database"),
            (
                "baserow.member baserow.quick_link baserow.event baserow.deal",
                "baserow",
            ),
        ],
    ),
];

#[test]
fn everything_lives_where_its_description_says() {
    for (app, groups) in LIVES {
        let output = countersign(&["ownership", "--app", app]);
        let table = text(&output.stdout);
        let rows: Vec<Vec<&str>> = table
            .lines()
            .map(|line| line.split('|').map(str::trim).collect())
            .collect();
        for (names, system) in groups {
            for name in names.split(' ') {
                let row = rows.iter().find(|row| row.get(1) == Some(&name));
                let row = row.unwrap_or_else(|| panic!("{app} has no {name}\n{table}"));
                assert_eq!(row.get(3), Some(system), "{app}: {name}");
            }
        }
    }
}
