//! Subcommands, and what they have in common.
//!
//! Exit codes: 0 all well, 1 something was found, 2 it could not be run.

mod adopt;
mod audit;
mod catalogue;
mod check;
mod compare;
mod compile;
mod connect;
mod diagnostics;
mod diff;
mod doctor;
mod explain;
mod fmt;
mod generate;
mod lsp;
mod matrix;
mod ownership;
mod seal;
mod verify;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use countersign_rls::project::Project;
use miette::{IntoDiagnostic as _, Result};
use policy_core::Policy;
use serde_json::{Value, json};

/// One access policy, compiled to PostgreSQL row-level security and proven equal to it.
#[derive(Debug, Parser)]
#[command(name = "countersign", version, max_term_width = 100)]
struct Arguments {
    /// The directory that holds policies/ and migrations/.
    #[arg(long, global = true, default_value = ".", hide_default_value = true)]
    dir: PathBuf,
    /// Print JSON.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Check(check::CheckArgs),
    Fmt(fmt::FmtArgs),
    Lsp(lsp::LspArgs),
    Generate(generate::GenerateArgs),
    Diff(diff::DiffArgs),
    Verify(verify::VerifyArgs),
    Adopt(adopt::AdoptArgs),
    Audit(audit::AuditArgs),
    Matrix(matrix::MatrixArgs),
    Explain(explain::ExplainArgs),
    Catalogue(catalogue::CatalogueArgs),
    Compare(compare::CompareArgs),
    Compile(compile::CompileArgs),
    Ownership(ownership::OwnershipArgs),
    Seal(seal::SealArgs),
    Connect(connect::ConnectArgs),
    Doctor(doctor::DoctorArgs),
}

/// Which policy.
#[derive(Debug, Args)]
pub(crate) struct AppArgs {
    /// The app, whose policy is `policies/<app>.policy`.
    #[arg(long)]
    pub(crate) app: String,
    /// The schema, if it is not the one the policy names.
    #[arg(long)]
    pub(crate) schema: Option<String>,
}

/// A policy that was opened and is sound.
pub(crate) struct Subject {
    pub(crate) project: Project,
    pub(crate) policy: Policy,
}

impl AppArgs {
    fn open(&self, output: &Output) -> Result<Project> {
        Project::open(&output.directory, &self.app).into_diagnostic()
    }

    /// Opens and checks the policy. If it is not sound, says why and returns nothing.
    fn compile(&self, output: &Output) -> Result<Option<Subject>> {
        let project = self.open(output)?;
        match project.compile() {
            Ok(compiled) => {
                let mut policy = compiled.policy;
                if let Some(schema) = &self.schema {
                    policy.schema.clone_from(schema);
                }
                Ok(Some(Subject { project, policy }))
            }
            Err(found) => {
                let (path, source) = (&project.policy_path, &project.source);
                if output.json {
                    println!(
                        "{}",
                        json!({ "diagnostics": diagnostics::json(path, source, &found) })
                    );
                } else {
                    diagnostics::print(path, source, &found);
                }
                Ok(None)
            }
        }
    }
}

/// Where to look and how to speak.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) directory: PathBuf,
    pub(crate) json: bool,
}

impl Output {
    /// Prints a result for a program or for a person.
    pub(crate) fn say(&self, value: &Value, words: impl FnOnce() -> String) {
        if self.json {
            println!("{value:#}");
        } else {
            println!("{}", words());
        }
    }
}

pub(crate) fn main() -> ExitCode {
    let arguments = Arguments::parse();
    // Paths are shown without a leading `./`.
    let directory = arguments
        .dir
        .strip_prefix(".")
        .map_or(arguments.dir.clone(), PathBuf::from);
    let output = Output {
        directory,
        json: arguments.json,
    };
    let result = match &arguments.command {
        Command::Check(arguments) => arguments.run(&output),
        Command::Fmt(arguments) => arguments.run(&output),
        Command::Lsp(arguments) => arguments.run(),
        Command::Generate(arguments) => arguments.run(&output),
        Command::Diff(arguments) => arguments.run(&output),
        Command::Verify(arguments) => arguments.run(&output),
        Command::Adopt(arguments) => arguments.run(&output),
        Command::Audit(arguments) => arguments.run(&output),
        Command::Matrix(arguments) => arguments.run(&output),
        Command::Explain(arguments) => arguments.run(&output),
        Command::Catalogue(arguments) => arguments.run(&output),
        Command::Compare(arguments) => arguments.run(&output),
        Command::Compile(arguments) => arguments.run(&output),
        Command::Ownership(arguments) => arguments.run(&output),
        Command::Seal(arguments) => arguments.run(&output),
        Command::Connect(arguments) => arguments.run(&output),
        Command::Doctor(arguments) => arguments.run(&output),
    };
    result.unwrap_or_else(|error| {
        eprintln!("{error:?}");
        ExitCode::from(2)
    })
}
