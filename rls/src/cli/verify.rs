//! `countersign verify`: are policy and database equal?

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use countersign_rls::project;
use countersign_rls::verify::{self, Place, VerifyOptions};
use miette::{IntoDiagnostic as _, Result};

use super::{AppArgs, Output};

/// Prove that policy and database are equal, or show where they are not.
///
/// Runs every kind of statement as every kind of caller on a database made from the migrations, and
/// compares what it does with what the policy says, natively and in WebAssembly.
#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    #[command(flatten)]
    app: AppArgs,
    /// The server, as a superuser, e.g. postgres://postgres@localhost/postgres.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    db: String,
    /// Make a database of its own on the server, and drop it at the end.
    #[arg(long, required_unless_present = "scratch", conflicts_with = "scratch")]
    fresh: bool,
    /// Use the database that --db names: empty, and thrown away by its owner.
    #[arg(long)]
    scratch: bool,
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
}

impl VerifyArgs {
    pub(crate) fn run(&self, output: &Output) -> Result<ExitCode> {
        let Some(subject) = self.app.compile(output)? else {
            return Ok(ExitCode::FAILURE);
        };
        let report = verify::run(&VerifyOptions {
            policy: subject.policy,
            url: self.db.clone(),
            place: if self.fresh {
                Place::Fresh
            } else {
                Place::Scratch
            },
            migrations: project::migrations_path(&output.directory),
            tables: self.table.clone(),
            wasm: output.directory.join(&self.wasm),
            random: self.random,
            seed: self.seed,
            one_by_one: self.one_by_one,
        })
        .into_diagnostic()?;
        let value = serde_json::to_value(&report).into_diagnostic()?;
        output.say(&value, || report.to_string());
        Ok(ExitCode::from(report.exit_code()))
    }
}
