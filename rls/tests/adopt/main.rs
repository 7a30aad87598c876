//! A schema that has policies already becomes a policy that means the same, and what the language
//! cannot say is listed.
//!
//! Needs a server (`COUNTERSIGN_PG_URL`), which `cargo xtask test` provides; without one the tests
//! say that they are skipped.
#![cfg(test)]

#[path = "../support/database.rs"]
mod database;

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Once;

use countersign_rls::adopt::{self, Adoption};
use countersign_rls::compare::{self, Change, Direction, Side};
use countersign_rls::generate::sections;
use countersign_rls::live::{Limits, Live};
use countersign_rls::verify::{self, Place, VerifyOptions};
use database::Database;
use policy_core::Policy;

const TYPICAL: &str = include_str!("typical.sql");
const SOURCES: &str = include_str!("sources.sql");
const TEAMS: &str = include_str!("teams.sql");
const NEVER: &str = include_str!("never.sql");
const RETIRE: &str = include_str!("retire.sql");
const HOSTILE: &str = include_str!("hostile.sql");
const EDGE: &str = "do $$ begin create role countersign_edge nologin noinherit;
    exception when duplicate_object or unique_violation then null; end $$;\n";

/// A subject that is no uuid is nobody in the language. `auth.uid()` fails, which allows nothing either.
const NOBODY: &str = "create or replace function auth.uid() returns uuid language sql stable as $$
    select case when s ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then s::uuid end from (select coalesce(
      nullif(current_setting('request.jwt.claim.sub', true), ''),
      nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub')) as of (s) $$;\n";

fn of(database: &Database, schema: &str, app: &str) -> (Adoption, Live) {
    adopt::read(&database.url(), schema, app, Limits::default()).unwrap()
}

fn with(script: &str) -> Option<Database> {
    let database = Database::empty()?;
    // A proof that made the role takes it away again, from under the others beside it.
    static ROLE: Once = Once::new();
    ROLE.call_once(|| database.client().batch_execute(EDGE).unwrap());
    database.client().batch_execute(script).unwrap();
    Some(database)
}

fn compiled(adopted: &Adoption, live: &Live) -> Policy {
    assert!(adopted.sound, "{}\n{}", adopted.policy, adopted.text());
    policy_core::compile(&adopted.policy, &live.catalogue)
        .unwrap()
        .0
}

#[test]
fn a_typical_schema_is_adopted() {
    let Some(database) = with(TYPICAL) else {
        return;
    };
    let before = database.dump();
    let (adopted, live) = of(&database, "app", "app");
    database::assert_same(&before, &database.dump());
    insta::assert_snapshot!("typical_policy", adopted.policy);
    insta::assert_snapshot!("typical_report", adopted.text());
    let page = fs::read_to_string(database::root().join("docs/adopt.md")).unwrap();
    for shown in [adopted.policy.trim_end().to_owned(), adopted.text()] {
        assert!(
            page.contains(&shown),
            "docs/adopt.md does not show this:\n{shown}"
        );
    }
    compiled(&adopted, &live);
}

/// What was adopted holds on a database that is made from it.
#[test]
fn what_was_adopted_can_be_proven() {
    let Some(database) = with(TYPICAL) else {
        return;
    };
    let (adopted, live) = of(&database, "app", "app");
    let policy = compiled(&adopted, &live);
    let directory = tempfile::tempdir().unwrap();
    // Tables and functions alone: the policies are the generated ones.
    let (tables, _) = TYPICAL
        .split_once("alter table app.teams enable row level security")
        .unwrap();
    fs::write(
        directory.path().join("1_base.sql"),
        format!("{EDGE}{tables}"),
    )
    .unwrap();
    let bodies: Vec<String> = sections(&policy, &live.catalogue, &adopted.policy)
        .into_iter()
        .map(|section| section.body)
        .collect();
    fs::write(directory.path().join("2_policy.sql"), bodies.join("\n")).unwrap();
    is_proved("app", policy, Vec::new(), directory.path());
}

/// A database that these files make decides as the policy does; without tables, on all of them.
#[track_caller]
fn is_proved(name: &str, policy: Policy, tables: Vec<String>, files: &Path) {
    let Ok(wasm) = std::env::var("COUNTERSIGN_WASM") else {
        eprintln!("skipped: COUNTERSIGN_WASM names no build of countersign-wasm");
        return;
    };
    let report = verify::run(&VerifyOptions {
        policy,
        url: std::env::var("COUNTERSIGN_PG_URL").unwrap(),
        place: Place::Fresh,
        migrations: files.to_owned(),
        tables,
        wasm: wasm.into(),
        random: 100,
        seed: Some(1),
        one_by_one: false,
        mutate: None,
    })
    .unwrap();
    assert!(report.disagreements.is_empty(), "{report}");
    assert!(report.cells > 1_000, "only {} cells", report.cells);
    eprintln!("{name}: {} cells", report.cells);
}

/// The database with the policies that people wrote, untouched, decides as the policy that was
/// adopted from it. Tables of which something is listed are not the same, and left out.
#[track_caller]
fn means_what_it_was_adopted_from(name: &str, script: &str, unlike: &[&str]) {
    let Some(database) = with(script) else {
        return;
    };
    let (adopted, live) = of(&database, name, name);
    insta::assert_snapshot!(format!("{name}_policy"), adopted.policy);
    insta::assert_snapshot!(format!("{name}_report"), adopted.text());
    let policy = compiled(&adopted, &live);
    let directory = tempfile::tempdir().unwrap();
    // The proof looks at the helpers, too: who has which role. The policies stay as they were found.
    let helpers: Vec<String> = sections(&policy, &live.catalogue, &adopted.policy)
        .into_iter()
        .filter(|section| ["callers", "roles"].contains(&section.name.as_str()))
        .map(|section| section.body)
        .collect();
    let all = [EDGE, NOBODY, script, &helpers.join("\n")].concat();
    fs::write(directory.path().join("1.sql"), all).unwrap();
    let tables = policy.tables.iter().map(|table| table.name.clone());
    let alike: Vec<String> = tables
        .filter(|name| !unlike.contains(&name.as_str()))
        .collect();
    is_proved(name, policy, alike, directory.path());
}

#[test]
fn several_sources_of_memberships_are_declared() {
    means_what_it_was_adopted_from("books", SOURCES, &["handbooks", "reviews"]);
}

#[test]
fn memberships_that_say_a_team_are_held_against_the_row() {
    means_what_it_was_adopted_from("desk", TEAMS, &["boards", "appraisals"]);
}

#[test]
fn what_restrictive_policies_forbid_is_never() {
    means_what_it_was_adopted_from("vault", NEVER, &["minutes", "notices"]);
}

#[test]
fn soft_deletion_is_retire_where_it_means_the_same() {
    means_what_it_was_adopted_from("trash", RETIRE, &["comments"]);
}

/// The adopted policy never allows more than the one that the database was made from, and where it
/// allows less the report names the table.
#[track_caller]
fn holds_against_its_origin(app: &str, equal: bool) {
    let Some(database) = Database::migrated() else {
        return;
    };
    let (project, policy) = database::app(app);
    let (adopted, live) = of(&database, &policy.schema, app);
    compiled(&adopted, &live);
    let ours = policy_core::compile(&adopted.policy, &project.catalogue)
        .unwrap()
        .0;
    let side = |policy: Policy| Side {
        policy,
        catalogue: project.catalogue.clone(),
    };
    let found = compare::compare(&side(policy), &side(ours), 0).unwrap();
    // What is in other systems leaves no trace in a database.
    let resources: Vec<&str> = project
        .source
        .lines()
        .filter_map(|line| line.strip_prefix("resource "))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    let here = |change: &&Change| !resources.contains(&change.object.as_str());
    let changes: Vec<&Change> = found.changes.iter().filter(here).collect();
    let described = changes
        .iter()
        .map(|c| {
            format!(
                "{:?} {} {:?} {} {:?}",
                c.direction, c.object, c.who, c.action, c.columns
            )
        })
        .collect::<Vec<_>>()
        .join("\n");
    eprintln!("{app}: {} differences", changes.len());
    if equal {
        assert!(
            changes.is_empty(),
            "{described}\n{}\n{}",
            adopted.policy,
            adopted.text()
        );
        return;
    }
    for change in &changes {
        // What is granted to `authenticated` on views and functions is all that can be seen there.
        let table = live.table(&change.object).is_some();
        let gains = change.direction == Direction::Gains;
        assert!(!(table && gains), "{} gained\n{described}", change.object);
        let unsaid = adopted.unsaid.iter().map(|item| &item.object);
        let named = unsaid
            .chain(adopted.assumptions.iter().map(|item| &item.object))
            .any(|object| {
                let mut words = object.split([' ', ',']);
                words.any(|word| word.trim_matches('"') == change.object)
                    || object.ends_with(&change.object)
            });
        assert!(
            named,
            "{} is not in the report\n{described}\n{}",
            change.object,
            adopted.text()
        );
    }
}

#[test]
fn the_assistants_policy_comes_back() {
    holds_against_its_origin("assistant", true);
}

#[test]
fn the_portals_policy_comes_back() {
    holds_against_its_origin("portal", true);
}

#[test]
fn the_advisorys_policy_comes_back_but_for_what_is_listed() {
    holds_against_its_origin("advisory", false);
}

#[test]
fn the_coachings_policy_comes_back_but_for_what_is_listed() {
    holds_against_its_origin("coaching", false);
}

#[test]
fn the_agencys_policy_comes_back_but_for_what_is_listed() {
    holds_against_its_origin("agency", false);
}

#[test]
fn hostile_names_stay_names() {
    let Some(database) = with(HOSTILE) else {
        return;
    };
    let (adopted, live) = of(&database, "my \"app\" -- ", "odd");
    insta::assert_snapshot!("hostile_policy", adopted.policy);
    insta::assert_snapshot!("hostile_report", adopted.text());
    compiled(&adopted, &live);
}

#[test]
fn the_command_writes_a_file_once_and_says_what_it_found() {
    let Some(database) = with(HOSTILE) else {
        return;
    };
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("odd.policy");
    let run = |more: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_countersign"))
            .args(["adopt", "--db", &database.url(), "--app", "odd", "--out"])
            .arg(&file)
            .args(more)
            .output()
            .unwrap()
    };
    let schema = ["--schema", "my \"app\" -- "];
    let missing = run(&["--schema", "nowhere"]);
    assert_eq!(missing.status.code(), Some(2));
    assert!(!file.exists());
    let first = run(&[&schema[..], &["--json"]].concat());
    assert_eq!(first.status.code(), Some(1), "{first:?}");
    let said: serde_json::Value = serde_json::from_slice(&first.stdout).unwrap();
    assert_eq!(
        said["policy"].as_str().unwrap(),
        fs::read_to_string(&file).unwrap()
    );
    assert_eq!(said["unsaid"].as_array().unwrap().len(), 1, "{said}");
    let again = run(&schema);
    assert_eq!(again.status.code(), Some(2), "a policy is never replaced");
}
