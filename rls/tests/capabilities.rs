//! What the shop lacks, proved: memberships that say more than a role, from several tables, one of
//! them the tenants' own (`crew`); and an app without tenants whose callers' ids are text (`club`).
//!
//! Needs a server (`COUNTERSIGN_PG_URL`) and the WebAssembly build (`COUNTERSIGN_WASM`), both of
//! which `cargo xtask test` provides; without them the proofs say that they are skipped.
#![cfg(test)]

use std::fs;
use std::path::PathBuf;

use countersign_rls::generate::sections;
use countersign_rls::matrix::matrix;
use countersign_rls::ownership::ownership;
use countersign_rls::verify::{self, Place, Report, VerifyOptions};
use policy_core::{Catalogue, Diagnostic, Policy};

/// The role that only a migration of the Worker's makes.
const EDGE: &str = "do $$ begin create role countersign_edge nologin noinherit;
    exception when duplicate_object or unique_violation then null; end $$;\n";

/// An app of this directory.
struct App {
    name: &'static str,
    base: &'static str,
    source: &'static str,
    catalogue: &'static str,
}

const CREW: App = App {
    name: "crew",
    base: include_str!("crew/base.sql"),
    source: include_str!("crew/crew.policy"),
    catalogue: include_str!("crew/crew.catalogue.json"),
};

const CLUB: App = App {
    name: "club",
    base: include_str!("club/base.sql"),
    source: include_str!("club/club.policy"),
    catalogue: include_str!("club/club.catalogue.json"),
};

impl App {
    fn catalogue(&self) -> Catalogue {
        serde_json::from_str(self.catalogue).unwrap()
    }

    fn compile(&self) -> (Policy, Vec<Diagnostic>) {
        policy_core::compile(self.source, &self.catalogue()).unwrap()
    }

    fn body(&self) -> String {
        let (policy, _) = self.compile();
        let sections = sections(&policy, &self.catalogue(), self.source);
        let bodies: Vec<String> = sections.into_iter().map(|section| section.body).collect();
        bodies.join("\n")
    }

    /// What the verifier says after one more migration; `None` without a server.
    fn report(&self, more: &str, tables: &[&str]) -> Option<Report> {
        let url = std::env::var("COUNTERSIGN_PG_URL").ok()?;
        let Ok(wasm) = std::env::var("COUNTERSIGN_WASM") else {
            eprintln!("skipped: COUNTERSIGN_WASM names no build of countersign-wasm");
            return None;
        };
        let migrations = Migrations::new(
            self.name,
            &[&format!("{EDGE}{}", self.base), &self.body(), more],
        );
        let options = VerifyOptions {
            policy: self.compile().0,
            url,
            place: Place::Fresh,
            migrations: migrations.0.clone(),
            tables: tables.iter().map(|&name| name.to_owned()).collect(),
            wasm: wasm.into(),
            random: 100,
            seed: Some(1),
            one_by_one: false,
            mutate: None,
        };
        Some(verify::run(&options).unwrap())
    }
}

/// A directory of migrations, removed at the end.
struct Migrations(PathBuf);

impl Migrations {
    fn new(name: &str, texts: &[&str]) -> Self {
        let thread = format!("{:?}", std::thread::current().id());
        let thread: String = thread.chars().filter(char::is_ascii_digit).collect();
        let name = format!("countersign-{name}-{}-{thread}", std::process::id());
        let directory = std::env::temp_dir().join(name);
        fs::create_dir_all(&directory).unwrap();
        for (position, text) in texts.iter().enumerate() {
            fs::write(directory.join(format!("{position}.sql")), text).unwrap();
        }
        Self(directory)
    }
}

impl Drop for Migrations {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[track_caller]
fn assert_equal(report: &Report) {
    assert!(report.disagreements.is_empty(), "{report}");
    assert!(report.cells > 3_000, "only {} cells", report.cells);
    // Every rule decides something, teams and all; what is found besides says so.
    let vain: Vec<String> = report
        .findings
        .iter()
        .map(|finding| format!("{} {}: {}", finding.code, finding.table, finding.message))
        .collect();
    assert!(vain.is_empty(), "{vain:#?}\n{report}");
}

#[test]
fn the_crew_is_equal() {
    if let Some(report) = CREW.report("", &[]) {
        assert_equal(&report);
    }
}

#[test]
fn the_club_is_equal() {
    if let Some(report) = CLUB.report("", &[]) {
        assert_equal(&report);
    }
}

/// Breaks the database and expects the verifier to see it on that table.
#[track_caller]
fn caught(app: &App, table: &str, mutation: &str) {
    if let Some(report) = app.report(mutation, &[table]) {
        assert!(
            !report.disagreements.is_empty(),
            "not caught: {mutation}\n{report}"
        );
    }
}

#[test]
fn a_team_of_another_tenant_is_caught() {
    // Tenant and team each from some membership, but not from one.
    let loose = "create or replace function countersign.crew_rep_by_region()
          returns table (tenant uuid, value text)
          language sql stable security definer set search_path = '' as $$
            select a.*, b.value from countersign.crew_rep() a, (
              select m.region as value from crew.\"User_Roles\" m
              where m.user_id = countersign.caller_id()) b $$";
    caught(&CREW, "leads", loose);
}

#[test]
fn a_role_too_low_in_a_team_is_caught() {
    let low = "create or replace function countersign.crew_lead_by_team_id()
          returns table (tenant uuid, value uuid)
          language sql stable security definer set search_path = '' as $$
            select * from countersign.crew_rep_by_team_id() $$";
    caught(&CREW, "calls", low);
}

#[test]
fn the_sql_of_teams() {
    let body = CREW.body();
    let helpers: Vec<&str> = body
        .split("-- Where the caller is ")
        .skip(1)
        .map(|text| text.split("revoke").next().unwrap_or_default())
        .collect();
    insta::assert_snapshot!("crew_helpers", helpers.join(""));
    let (policy, _) = CREW.compile();
    let sections = sections(&policy, &CREW.catalogue(), CREW.source);
    let calls = sections
        .iter()
        .find(|section| section.name == "table.calls");
    insta::assert_snapshot!("crew_calls", calls.unwrap().body);
}

#[test]
fn what_the_checker_says() {
    for app in [&CREW, &CLUB] {
        let (_, found) = app.compile();
        let said: Vec<String> = found
            .iter()
            .map(|finding| {
                format!(
                    "{:?} {}: {}",
                    finding.severity, finding.code, finding.message
                )
            })
            .collect();
        insta::assert_snapshot!(format!("{}_findings", app.name), said.join("\n"));
    }
}

#[test]
fn who_may_what_and_where_it_lives() {
    for app in [&CREW, &CLUB] {
        let (policy, _) = app.compile();
        let others = matrix(&policy).others;
        let others: Vec<String> = others
            .iter()
            .map(|other| format!("{} from {}", other.name, other.who.join(", ")))
            .collect();
        let lives = ownership(&policy).data;
        let lives: Vec<String> = lives
            .iter()
            .map(|owned| {
                let (place, kept) = (owned.place(), owned.kept());
                format!(
                    "{} {}: {place}; {kept}; {:?}",
                    owned.kind, owned.name, owned.written_by
                )
            })
            .collect();
        let text = format!("{}\n\n{}", others.join("\n"), lives.join("\n"));
        insta::assert_snapshot!(format!("{}_overview", app.name), text);
    }
}
