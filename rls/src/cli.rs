//! Subcommands, and what they have in common.
//!
//! Exit codes: 0 all well, 1 something was found, 2 it could not be run.

mod catalogue;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// One access policy, compiled to PostgreSQL row-level security and proven equal to it.
#[derive(Debug, Parser)]
#[command(name = "countersign", version, max_term_width = 100)]
struct Arguments {
    /// The directory that holds policies/ and migrations/.
    #[arg(long, global = true, default_value = ".")]
    dir: PathBuf,
    /// Print JSON.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Catalogue(catalogue::CatalogueArgs),
}

/// Where to look and how to speak.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) directory: PathBuf,
    pub(crate) json: bool,
}

pub(crate) fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let output = Output { directory: arguments.dir, json: arguments.json };
    let result = match arguments.command {
        Command::Catalogue(arguments) => arguments.run(&output),
    };
    result.unwrap_or_else(|error| {
        eprintln!("{error:?}");
        ExitCode::from(2)
    })
}
