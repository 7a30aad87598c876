//! What Countersign costs, beside what it is compared with: every figure of one run, on one
//! machine, with the peer measured right next to it.
//!
//! `cargo xtask bench` starts what this needs and keeps the result in `docs/benchmarks.md`.

mod cases;
mod cedar;
mod command;
mod decisions;
mod error;
mod gateway;
mod loading;
mod proof;
mod rows;
mod section;
mod size;
mod timing;
mod token;
mod webhooks;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, ValueEnum};

use crate::error::BenchError;
use crate::section::Section;

/// Measures Countersign beside its peers.
#[derive(Debug, Parser)]
struct Arguments {
    /// Measure only this; may be given more than once
    #[arg(long, value_name = "WORK")]
    only: Vec<Work>,
    #[command(flatten)]
    given: Given,
    /// Print JSON instead of Markdown
    #[arg(long)]
    json: bool,
}

/// What the measurements run on.
#[derive(Debug, Args)]
pub(crate) struct Given {
    /// The root of the checkout
    #[arg(long, default_value = ".")]
    root: PathBuf,
    /// A PostgreSQL server where databases may be created
    #[arg(long, env = "COUNTERSIGN_PG_URL")]
    database: Option<String>,
    /// The `workerd` program
    #[arg(long, env = "COUNTERSIGN_WORKERD")]
    workerd: Option<PathBuf>,
    /// The script of the Worker that does the same with Hono and jose, bundled
    #[arg(long, env = "COUNTERSIGN_PEER")]
    peer: Option<PathBuf>,
    /// The script of the Worker's way with a token, as WebAssembly for Node
    #[arg(long, env = "COUNTERSIGN_TOKEN")]
    token: Option<PathBuf>,
    /// The `countersign` program, built for speed
    #[arg(long, env = "COUNTERSIGN_COMMAND")]
    command: Option<PathBuf>,
    /// The program that sends ten thousand webhooks; it finds the local stack by itself
    #[arg(long, env = "COUNTERSIGN_LOAD")]
    load: Option<PathBuf>,
    /// How long each load lasts, in seconds
    #[arg(long, default_value_t = 2)]
    seconds: u64,
}

/// A group of measurements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Work {
    /// One decision on a known row, against Cedar
    Decide,
    /// Compiling and loading a policy
    Load,
    /// Queries on a million rows, against hand-written filters
    Rows,
    /// Requests through the Worker, against Hono and jose
    Gateway,
    /// Ten thousand webhooks, while the database fails for a while
    Webhooks,
    /// One token, seen before or not, against jose
    Token,
    /// Size and start of what runs elsewhere
    Size,
    /// The speed of the proof
    Proof,
}

impl Work {
    fn measure(self, given: &Given) -> Result<Vec<Section>, BenchError> {
        match self {
            Self::Decide => decisions::measure(&given.root),
            Self::Load => loading::measure(&given.root),
            Self::Rows => rows::measure(given),
            Self::Gateway => gateway::measure(given),
            Self::Webhooks => webhooks::measure(given),
            Self::Token => token::measure(given),
            Self::Size => size::measure(given),
            Self::Proof => proof::measure(given),
        }
    }
}

impl Given {
    fn database(&self) -> Result<&str, BenchError> {
        let missing = BenchError::Missing("a database", "--database or COUNTERSIGN_PG_URL");
        self.database.as_deref().ok_or(missing)
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), BenchError> {
    let mut all = Vec::new();
    for work in Work::value_variants() {
        if arguments.only.is_empty() || arguments.only.contains(work) {
            eprintln!("measuring: {work:?}");
            let sections = work.measure(&arguments.given)?;
            if !arguments.json {
                // At once, so that a later failure loses nothing.
                sections.iter().for_each(|section| println!("{section}"));
            }
            all.extend(sections);
        }
    }
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&all)?);
    }
    Ok(())
}
