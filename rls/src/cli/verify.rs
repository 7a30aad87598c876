//! `countersign verify`: are policy and database equal?

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use comfy_table::{CellAlignment, Table};
use countersign_rls::project;
use countersign_rls::verify::{self, InPlace, Mutate, Place, Report, VerifyOptions};
use miette::{IntoDiagnostic as _, Result};
use serde_json::json;

use super::{AppArgs, Output};

/// Prove that policy and database are equal, or show where they are not.
///
/// Runs every kind of statement as every kind of caller on a database made from the migrations, and
/// compares what it does with what the policy says, natively and in WebAssembly.
#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    /// The app, whose policy is `policies/<app>.policy`.
    #[arg(long, required_unless_present = "all")]
    app: Option<String>,
    /// Every app that has a policy, one after the other.
    #[arg(long, conflicts_with_all = ["app", "schema", "table"])]
    all: bool,
    /// The schema, if it is not the one the policy names.
    #[arg(long)]
    schema: Option<String>,
    /// The server, as a superuser, e.g. postgres://postgres@localhost/postgres.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    db: String,
    /// Make a database of its own on the server, and drop it at the end.
    #[arg(long, required_unless_present_any = ["scratch", "in_place"], conflicts_with_all = ["scratch", "in_place"])]
    fresh: bool,
    /// Use the database that --db names: empty, and thrown away by its owner.
    #[arg(long)]
    scratch: bool,
    /// Use the database that --db names while it is in use: with rows of its own, in transactions
    /// that are always rolled back. What cannot be tried that way is left out and counted.
    #[arg(long, conflicts_with_all = ["scratch", "mutate", "one_by_one"])]
    in_place: bool,
    /// In place: how long a statement waits for a lock before its cell is left out.
    #[arg(long, value_name = "MILLISECONDS", default_value_t = 200, value_parser = clap::value_parser!(u64).range(1..), requires = "in_place")]
    lock_timeout: u64,
    /// In place: how long a statement runs before its cell is left out.
    #[arg(long, value_name = "MILLISECONDS", default_value_t = 5_000, value_parser = clap::value_parser!(u64).range(1..), requires = "in_place")]
    statement_timeout: u64,
    /// In place: go on where triggers could have effects that no rollback takes back.
    #[arg(long, requires = "in_place")]
    allow_triggers: bool,
    /// Only these tables.
    #[arg(long, value_name = "TABLE")]
    table: Vec<String>,
    /// The policy library's build for Node; `cargo xtask build` makes it.
    #[arg(
        long,
        value_name = "DIR",
        default_value = "target/countersign-wasm/node"
    )]
    wasm: PathBuf,
    /// How many random cells to add, as a tripwire for a wrong reduction.
    #[arg(long, default_value_t = 2_000)]
    random: usize,
    /// With what the random cells are drawn, to have the same ones again.
    #[arg(long)]
    seed: Option<u64>,
    /// Wait for each statement's result before sending the next. A server with a single session, such as PGlite, is noticed.
    #[arg(long)]
    one_by_one: bool,
    /// Also change one thing at a time, in the database, the policy and the evaluator, and see that
    /// the proof notices.
    #[arg(long)]
    mutate: bool,
    /// Try only so many mutants, drawn with the seed.
    #[arg(long, value_name = "N", requires = "mutate")]
    sample: Option<usize>,
}

impl VerifyArgs {
    pub(crate) fn run(&self, output: &Output) -> Result<ExitCode> {
        let Some(app) = &self.app else {
            return self.run_all(output);
        };
        let Some(report) = self.verify(app, output)? else {
            return Ok(ExitCode::FAILURE);
        };
        let value = serde_json::to_value(&report).into_diagnostic()?;
        output.say(&value, || report.to_string());
        Ok(ExitCode::from(report.exit_code()))
    }

    fn place(&self) -> Place {
        if self.in_place {
            Place::InPlace(InPlace {
                lock_timeout: Duration::from_millis(self.lock_timeout),
                statement_timeout: Duration::from_millis(self.statement_timeout),
                allow_triggers: self.allow_triggers,
            })
        } else if self.fresh {
            Place::Fresh
        } else {
            Place::Scratch
        }
    }

    /// One app after the other, whatever is found, and a summary.
    fn run_all(&self, output: &Output) -> Result<ExitCode> {
        let mut reports = Vec::new();
        let mut unsound = Vec::new();
        for app in project::apps(&output.directory).into_diagnostic()? {
            match self.verify(&app, output)? {
                Some(report) => {
                    if !output.json && !report.is_equal() {
                        println!("{app}\n{report}\n");
                    }
                    reports.push(report);
                }
                None => unsound.push(app),
            }
        }
        let equal = unsound.is_empty() && reports.iter().all(Report::is_equal);
        output.say(
            &json!({ "equal": equal, "unsound": unsound, "apps": reports }),
            || summary(&reports, &unsound),
        );
        Ok(ExitCode::from(u8::from(!equal)))
    }

    /// What is found; nothing if the policy itself is not sound, which was said by then.
    fn verify(&self, app: &str, output: &Output) -> Result<Option<Report>> {
        let app = AppArgs {
            app: app.to_owned(),
            schema: self.schema.clone(),
        };
        let Some(subject) = app.compile(output)? else {
            return Ok(None);
        };
        let report = verify::run(&VerifyOptions {
            policy: subject.policy,
            url: self.db.clone(),
            place: self.place(),
            migrations: project::migrations_path(&output.directory),
            tables: self.table.clone(),
            wasm: output.directory.join(&self.wasm),
            random: self.random,
            seed: self.seed,
            one_by_one: self.one_by_one,
            mutate: self.mutate.then_some(Mutate {
                sample: self.sample,
                operators_only: false,
            }),
        });
        report.map(Some).into_diagnostic()
    }
}

/// A line for each app, and one for all of them.
fn summary(reports: &[Report], unsound: &[String]) -> String {
    let mut table = Table::new();
    table
        .load_preset(comfy_table::presets::NOTHING)
        .set_header([
            "app",
            "tables",
            "cells",
            "allowed",
            "denied",
            "impossible",
            "differ",
            "findings",
            "everything",
            "nothing",
            "exact",
            "superset",
            "seconds",
        ]);
    let mut sum = [0; 11];
    let mut seconds = 0.0;
    for report in reports {
        let counts = [
            report.per_table.len() as u64,
            report.cells,
            report.allowed,
            report.denied,
            report.impossible.count,
            (report.disagreements.len() + report.residuals.disagreements.len()) as u64,
            report.findings.len() as u64,
            report.residuals.filters.everything,
            report.residuals.filters.nothing,
            report.residuals.filters.exact,
            report.residuals.filters.superset,
        ];
        for (sum, count) in sum.iter_mut().zip(counts) {
            *sum += count;
        }
        seconds += report.seconds;
        table.add_row(row(&report.app, counts, report.seconds));
    }
    table.add_row(row("all", sum, seconds));
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let verdict = if unsound.is_empty() && reports.iter().all(Report::is_equal) {
        "policies and database are equal".to_owned()
    } else if unsound.is_empty() {
        "NOT equal, see above".to_owned()
    } else {
        format!("not sound, see above: {}", unsound.join(", "))
    };
    format!("{}\n{verdict}", table.trim_fmt())
}

fn row(app: &str, counts: [u64; 11], seconds: f64) -> Vec<String> {
    let mut row = vec![app.to_owned()];
    row.extend(counts.map(|count| count.to_string()));
    row.push(format!("{seconds:.0}"));
    row
}
