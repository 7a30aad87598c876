//! The verifier finds a right database equal to its policy, and every wrong one different.
//!
//! Needs a server (`COUNTERSIGN_PG_URL`) and the WebAssembly build (`COUNTERSIGN_WASM`), both of
//! which `cargo xtask test` provides; without them the tests say that they are skipped.
#![cfg(test)]

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use countersign_rls::generate::sections;
use countersign_rls::verify::{
    self, Mutate, MutationReport, Place, Report, Tally, VerifyError, VerifyOptions,
};
use policy_core::Policy;

const BASE: &str = include_str!("shop/base.sql");
const POLICY: &str = include_str!("shop/shop.policy");
const CATALOGUE: &str = include_str!("shop/shop.catalogue.json");
/// The role that only a migration of the Worker's makes.
const EDGE: &str = "do $$ begin create role countersign_edge nologin noinherit;
    exception when duplicate_object or unique_violation then null; end $$;\n";
/// Who founds a firm is the caller. The other tests of the shop run where there is no schema `auth`.
const FOUNDER: &str = "alter table shop.firms alter founder set default auth.uid();\n";

/// A directory of migrations, removed at the end.
struct Migrations(PathBuf);

impl Drop for Migrations {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The shop's migrations, and one more.
fn migrations(policy: &Policy, more: &str) -> Migrations {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let name = format!("countersign-verify-{}-{count}", std::process::id());
    let directory = std::env::temp_dir().join(name);
    fs::create_dir_all(&directory).unwrap();
    let catalogue = serde_json::from_str(CATALOGUE).unwrap();
    let bodies = sections(policy, &catalogue, POLICY)
        .into_iter()
        .map(|section| section.body);
    fs::write(
        directory.join("1_base.sql"),
        format!("{EDGE}{BASE}{FOUNDER}"),
    )
    .unwrap();
    fs::write(
        directory.join("2_policy.sql"),
        bodies.collect::<Vec<_>>().join("\n"),
    )
    .unwrap();
    fs::write(directory.join("3_more.sql"), more).unwrap();
    Migrations(directory)
}

/// What the verifier says of the shop after one more migration; `None` without a server.
fn report(more: &str, tables: &[&str]) -> Option<Report> {
    let server = std::env::var("COUNTERSIGN_PG_URL").map(|url| (url, Place::Fresh));
    on(server.ok()?, more, tables, None)
}

fn on(
    (url, place): (String, Place),
    more: &str,
    tables: &[&str],
    mutate: Option<Mutate>,
) -> Option<Report> {
    let Ok(wasm) = std::env::var("COUNTERSIGN_WASM") else {
        eprintln!(
            "skipped: COUNTERSIGN_WASM names no build of countersign-wasm; `cargo xtask test` makes one"
        );
        return None;
    };
    let policy = policy();
    let migrations = migrations(&policy, more);
    let options = VerifyOptions {
        policy,
        url,
        place,
        migrations: migrations.0.clone(),
        tables: tables.iter().map(|&name| name.to_owned()).collect(),
        wasm: wasm.into(),
        random: 200,
        seed: Some(1),
        one_by_one: false,
        mutate,
    };
    Some(verify::run(&options).unwrap())
}

fn policy() -> Policy {
    let catalogue = serde_json::from_str(CATALOGUE).unwrap();
    policy_core::compile(POLICY, &catalogue).unwrap().0
}

#[track_caller]
fn assert_equal(report: &Report) {
    assert!(report.disagreements.is_empty(), "{report}");
    assert!(report.cells > 10_000, "only {} cells", report.cells);
    assert!(report.allowed > 1_000 && report.unknown > 1_000, "{report}");
}

#[test]
fn policy_and_generated_database_are_equal() {
    let Ok(url) = std::env::var("COUNTERSIGN_PG_URL") else {
        return;
    };
    let operators = Some(Mutate {
        sample: None,
        operators_only: true,
    });
    let Some(report) = on((url, Place::Fresh), "", &[], operators) else {
        return;
    };
    assert_equal(&report);
    // Every operator of the evaluator that the shop uses is altered once. What no row of the shop's
    // can tell, for want of a NULL in the right place, random policies do (`tests/random`).
    let mutation = report.mutation.as_ref().unwrap();
    pinned("shop_operators", &words(mutation));
    // What the shop's own policy says in vain, the verifier finds as well.
    insta::assert_snapshot!(
        report
            .findings
            .iter()
            .map(|f| format!("{} {}: {}\n", f.code, f.table, f.message))
            .collect::<String>()
    );
    pinned("shop_corpus", &report.corpus());
    assert!(report.residuals.disagreements.is_empty(), "{report}");
    assert!(report.residuals.compared > 10_000, "{}", report.residuals);
    pinned("shop_residuals", &report.residuals.corpus());
}

/// Holds the corpus against the one that is kept. A proof of fewer cells is a weaker one, so each
/// change is looked at: `INSTA_UPDATE=always cargo xtask test` writes the new one.
#[track_caller]
fn pinned(name: &str, corpus: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_description("if this is meant: INSTA_UPDATE=always, and say why in the commit");
    settings.bind(|| insta::assert_snapshot!(name, corpus));
}

/// What became of mutants, by name.
fn words(mutation: &MutationReport) -> String {
    let mut lines: Vec<String> = Vec::new();
    for (kind, tally) in &mutation.kinds {
        lines.push(format!(
            "{kind}: {} caught, {} equivalent, {} survived",
            tally.caught, tally.equivalent, tally.survived
        ));
    }
    lines.push(format!("{} no valid SQL", mutation.invalid));
    let survivors = mutation.survivors.iter();
    lines.extend(survivors.map(|mutant| format!("survived: {mutant}")));
    let equivalents = mutation.equivalents.iter();
    lines.extend(equivalents.map(|of| format!("equivalent: {}: {}", of.mutant, of.rule)));
    let redundant = mutation.redundant.iter();
    lines.extend(redundant.map(|of| format!("redundant: {of}: {} changes in it", of.changes)));
    lines.push(format!("not told: {}", mutation.untold.join(", ")));
    lines.push(format!("not used: {}", mutation.unused.join(", ")));
    lines.join("\n")
}

/// A draw of all mutants of four tables; what survives is known by name.
#[test]
fn mutants_are_caught() {
    let Ok(url) = std::env::var("COUNTERSIGN_PG_URL") else {
        return;
    };
    let tables = ["firms", "staff", "receipts", "people"];
    let sample = Some(Mutate {
        sample: Some(300),
        operators_only: false,
    });
    let Some(report) = on((url, Place::Fresh), "", &tables, sample) else {
        return;
    };
    assert!(report.disagreements.is_empty(), "{report}");
    let mutation = report.mutation.unwrap();
    let tried = mutation.total() + mutation.invalid + mutation.within_redundant();
    assert_eq!(tried, 300);
    let text = words(&mutation);
    assert!(mutation.is_complete(), "{text}");
    let of = |count: &dyn Fn(&Tally) -> u64| mutation.kinds.values().map(count).sum::<u64>();
    let equivalent = of(&|tally| tally.equivalent);
    let most = (mutation.total() * 2).div_ceil(100);
    assert!(equivalent <= most, "{text}");
    pinned("shop_mutants", &text);
}

#[test]
fn pglite_agrees() {
    let Ok(url) = std::env::var("COUNTERSIGN_PGLITE_URL") else {
        eprintln!(
            "skipped: COUNTERSIGN_PGLITE_URL names no empty PGlite; `cargo xtask test` starts one"
        );
        return;
    };
    // One session and no pipeline: tables with every kind of rule stand for all.
    let tables = ["firms", "staff", "Partners", "articles"];
    let Some(report) = on((url, Place::Scratch), "", &tables, None) else {
        return;
    };
    assert_equal(&report);
}

#[test]
fn without_the_wasm_build_nothing_is_claimed() {
    let policy = policy();
    let migrations = migrations(&policy, "");
    let options = VerifyOptions {
        policy,
        url: "postgres://nobody@localhost:1/none".to_owned(),
        place: Place::Fresh,
        migrations: migrations.0.clone(),
        tables: Vec::new(),
        wasm: migrations.0.join("nothing"),
        random: 0,
        seed: None,
        one_by_one: false,
        mutate: None,
    };
    let error = verify::run(&options).unwrap_err();
    assert!(matches!(error, VerifyError::NoWasm(_)), "{error}");
    assert!(error.to_string().contains("cargo xtask build"));
}

/// Breaks the database and expects the verifier to see it on that table.
#[track_caller]
fn caught(table: &str, mutation: &str) -> Option<Report> {
    let report = report(mutation, &[table])?;
    assert!(
        !report.disagreements.is_empty(),
        "not caught: {mutation}\n{report}"
    );
    let first = &report.disagreements[0];
    assert_eq!(first.table, table);
    for part in [
        "begin;",
        "set local role",
        "request.jwt.claims",
        "rollback;",
    ] {
        assert!(first.script.contains(part), "{}", first.script);
    }
    Some(report)
}

/// Expects some filter of a table to be wrong in this way.
#[track_caller]
fn wrong_filter(report: Option<Report>, table: &str, what: &str) {
    let Some(report) = report else {
        return;
    };
    let residuals = &report.residuals;
    let wrong = residuals.disagreements.iter().find(|w| w.what == what);
    let wrong = wrong.unwrap_or_else(|| panic!("none {what}: {residuals}"));
    assert_eq!(wrong.table, table);
    assert!(wrong.script.contains("set local role"), "{}", wrong.script);
    assert!(!wrong.row.is_empty() && !wrong.caller.is_empty());
    assert_eq!(report.exit_code(), 1);
    assert!(residuals.tables[0].wrong >= residuals.disagreements.len() as u64);
}

/// Each policy of a table by a pattern of its name, changed.
fn each_policy(table: &str, pattern: &str, change: &str) -> String {
    format!(
        "do $$ declare p record; n int := 0; begin
           for p in select polname from pg_catalog.pg_policy
             where polrelid = 'shop.{table}'::regclass and polname like '{pattern}' loop
             execute format('{change}', p.polname); n := n + 1;
           end loop;
           if n = 0 then raise exception 'no such policy on {table}'; end if;
         end $$"
    )
}

#[test]
fn a_dropped_never_is_caught() {
    caught(
        "staff",
        &each_policy("staff", "%never%", "drop policy %I on shop.staff"),
    );
    caught(
        "news",
        &each_policy("news", "%never%", "drop policy %I on shop.news"),
    );
}

#[test]
fn an_open_fence_is_caught() {
    // Where the lowest role has a bare rule, the fence alone carries the tenant.
    let open = "alter policy %I on shop.receipts using (true) with check (true)";
    let report = caught(
        "receipts",
        &each_policy("receipts", "countersign_fence", open),
    );
    let lost = "is reached by the caller, but the filter loses it";
    wrong_filter(report, "receipts", lost);
}

#[test]
fn a_check_that_is_gone_is_caught() {
    let open = "alter policy %I on shop.receipts with check (true)";
    caught(
        "receipts",
        &each_policy("receipts", "countersign_insert", open),
    );
    let open = "alter policy %I on shop.news with check (true)";
    caught("news", &each_policy("news", "countersign_update", open));
}

#[test]
fn a_column_too_many_or_too_few_is_caught() {
    caught("people", "grant select (email) on shop.people to anon");
    caught("news", "grant update (until) on shop.news to authenticated");
    caught(
        "firms",
        "grant update (founder) on shop.firms to authenticated",
    );
    caught(
        "people",
        "revoke select (name) on shop.people from authenticated",
    );
}

#[test]
fn a_guard_that_is_gone_is_caught() {
    caught("staff", "drop trigger zz_countersign on shop.staff");
}

#[test]
fn a_wrong_role_is_caught() {
    let swapped = "create or replace function countersign.shop_boss() returns setof uuid
        language sql stable security definer set search_path = '' as
        $$ select * from countersign.shop_clerk() $$";
    caught("firms", swapped);
    let report = caught(
        "news",
        &each_policy(
            "news",
            "countersign_select",
            "alter policy %I on shop.news to anon",
        ),
    );
    let kept = "passes the filter, but the caller does not reach it";
    wrong_filter(report, "news", kept);
}

/// A build whose `filter` forgets whom it is about, and whose `decide` is right.
fn forgetful(wasm: &str) -> Migrations {
    let directory =
        std::env::temp_dir().join(format!("countersign-forgetful-{}", std::process::id()));
    fs::create_dir_all(&directory).unwrap();
    let script = format!(
        "const real = require({:?});
         exports.Policy = class {{
           constructor(bytes) {{ this.real = new real.Policy(bytes); }}
           decideBatch(bytes) {{ return this.real.decideBatch(bytes); }}
           filter(table, action, caller) {{
             return this.real.filter(table, action, caller && {{ ...caller, anonymous: false }});
           }}
         }};",
        PathBuf::from(wasm).join("countersign_wasm.js")
    );
    fs::write(directory.join("countersign_wasm.js"), script).unwrap();
    Migrations(directory)
}

#[test]
fn a_wrong_filter_in_the_browser_is_caught() {
    let (Ok(url), Ok(wasm)) = (
        std::env::var("COUNTERSIGN_PG_URL"),
        std::env::var("COUNTERSIGN_WASM"),
    ) else {
        return;
    };
    let (policy, wasm) = (policy(), forgetful(&wasm));
    let migrations = migrations(&policy, "");
    let options = VerifyOptions {
        policy,
        url,
        place: Place::Fresh,
        migrations: migrations.0.clone(),
        tables: vec!["news".to_owned()],
        wasm: wasm.0.clone(),
        random: 0,
        seed: Some(1),
        one_by_one: false,
        mutate: None,
    };
    let report = verify::run(&options).unwrap();
    assert!(report.disagreements.is_empty(), "{report}");
    let wrong = &report.residuals.disagreements;
    assert!(!wrong.is_empty(), "{}", report.residuals);
    for one in wrong {
        let said = "the browser library gives another filter";
        assert!(one.what.contains(said) && one.caller.contains("\"anonymous\":true"));
    }
    assert_eq!(report.exit_code(), 1);
}

#[test]
fn row_security_that_is_off_is_found() {
    let Some(report) = report(
        "alter table shop.news disable row level security",
        &["news"],
    ) else {
        return;
    };
    assert!(
        report
            .findings
            .iter()
            .any(|finding| finding.code == "row-security-off"),
        "{report}"
    );
    assert!(!report.disagreements.is_empty());
}

#[test]
fn what_makes_the_reduction_unsound_is_found() {
    let more = "create function shop.any_news() returns bigint language sql stable as 'select count(*) from shop.news';
        create policy extra on shop.people as restrictive for select to authenticated using (shop.any_news() >= 0);
        grant truncate on shop.people to anon";
    let Some(report) = report(more, &["people"]) else {
        return;
    };
    let codes: Vec<_> = report.findings.iter().map(|finding| finding.code).collect();
    assert!(codes.contains(&"foreign-dependency"), "{report}");
    assert!(codes.contains(&"excess-privilege"), "{report}");
}
