//! The two commands, `cargo xtask dev` and `cargo xtask test`, and what stands behind them.

mod artifacts;
mod bench;
mod demo;
mod dev;
mod headers;
mod interrupt;
mod ports;
mod postgres;
mod process;
mod progress;
mod service;
mod services;
mod simulators;
mod stack;
mod stamp;
mod test;
mod tools;
mod worker;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use miette::{MietteHandlerOpts, Result};

use crate::bench::Bench;
use crate::dev::Dev;
use crate::interrupt::Interrupted;
use crate::progress::Progress;
use crate::services::Services;
use crate::test::Test;
use crate::tools::Tools;
use crate::workspace::Workspace;

/// Builds, runs and tests Countersign.
///
/// Everything that is needed and missing is installed first, into $COUNTERSIGN_CACHE or the user's
/// cache directory. A Rust toolchain, npm and, for the tests, Python's pip are all it takes.
#[derive(Debug, Parser)]
#[command(bin_name = "cargo xtask", max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start the systems: database, REST, auth and Worker, with data and people in it.
    ///
    /// The data stays from one start to the next, until a migration or the seed changes. Ports,
    /// keys, people, their tokens and three example requests are printed, and written to
    /// target/dev.json; everybody's headers for curl are in target/dev/headers. Ctrl-C stops
    /// everything. docs/tours is what to try next.
    Dev(Dev),
    /// Run every test, starting and stopping what it needs.
    ///
    /// It goes on after a failure, and ends with a table of the steps. PostgreSQL is a throw-away
    /// one, or the one that TEST_DATABASE_URL names. It may run beside `dev`.
    Test(Test),
    /// Measure what Countersign costs, beside its peers, which are installed for it.
    ///
    /// Give the machine nothing else to do meanwhile. A whole run takes some 15 minutes.
    Bench(Bench),
    /// Start what the tests run against, on free ports, and keep it until Ctrl-C.
    ///
    /// Prints the variables that the tests are given, to be pasted into another shell; the same,
    /// with people and their tokens, is in target/stack.json.
    Stack,
    /// Build the Worker and the browser library.
    Build,
    /// Install everything the other commands need, and nothing else.
    Tools,
}

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(code) => code,
        Err(error) if error.downcast_ref::<Interrupted>().is_some() => ExitCode::from(130),
        Err(error) => {
            eprintln!("{error:?}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> Result<ExitCode> {
    // Other programs' messages are shown as they wrote them.
    miette::set_hook(Box::new(|_| {
        Box::new(MietteHandlerOpts::new().wrap_lines(false).build())
    }))?;
    interrupt::watch()?;
    let mut workspace = Workspace::find()?;
    let progress = Progress::new();
    match arguments.command {
        Command::Dev(dev) => dev.run(&mut workspace, &progress)?,
        Command::Test(test) => return test.run(&mut workspace, &progress),
        Command::Bench(bench) => return bench.run(&mut workspace, &progress),
        Command::Stack => {
            let tools = Tools::install(&mut workspace, &progress)?;
            let mut services = Services::start(&workspace, &tools, &progress, "stack")?;
            for (name, value) in services.environment() {
                println!("export {name}='{value}'");
            }
            services.wait()?;
        }
        Command::Build => {
            let tools = Tools::install(&mut workspace, &progress)?;
            artifacts::build(&workspace, &tools, &progress)?;
        }
        Command::Tools => {
            let tools = Tools::install(&mut workspace, &progress)?;
            let postgres = tools::postgres(&workspace, &progress)?;
            println!("PATH={}", workspace.path()?.display());
            for (name, path) in tools.environment(&workspace) {
                println!("{name}={}", path.display());
            }
            println!("POSTGRES={}", postgres.program("postgres").display());
            tools::cargo_deny(&workspace, &progress)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
