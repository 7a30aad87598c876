//! `cargo xtask test`: every test, and what it runs against.

mod run;

use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};
use miette::{IntoDiagnostic as _, Result};
use serde::Serialize;

use self::run::Run;
use crate::progress::Progress;
use crate::tools::{self, Tools};
use crate::workspace::Workspace;

/// What is to be tested, and how it is told.
#[derive(Debug, Args)]
pub(crate) struct Test {
    /// Run these steps only; may be given more than once
    #[arg(long, value_name = "STEP")]
    only: Vec<Step>,
    /// Print the summary as JSON on standard output, and all else on standard error
    #[arg(long)]
    json: bool,
}

/// In the order in which they run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
enum Step {
    /// cargo fmt
    Format,
    /// Clippy on everything
    Clippy,
    /// Clippy on what runs as WebAssembly, for that target
    ClippyWasm,
    /// Documentation without broken links
    Docs,
    /// Licences, bans and sources of dependencies; advisories where they can be had
    Deny,
    /// Tests in Rust, on PostgreSQL and PGlite
    Rust,
    /// Tests in Rust that run as WebAssembly in Node
    Wasm,
    /// Tests of the local stack itself
    Stack,
    /// Tests with real clients against the Worker
    Edge,
}

/// A line of the summary.
#[derive(Debug, Serialize)]
struct Line {
    step: Step,
    outcome: Outcome,
    seconds: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Outcome {
    Passed,
    Failed,
    Skipped,
}

impl Test {
    /// Runs the steps, all of them even if one fails.
    pub(crate) fn run(&self, workspace: &mut Workspace, progress: &Progress) -> Result<ExitCode> {
        let began = Instant::now();
        let wanted = |step: &Step| self.only.is_empty() || self.only.contains(step);
        let steps: Vec<Step> = Step::value_variants()
            .iter()
            .copied()
            .filter(wanted)
            .collect();
        let tools = Tools::install(workspace, progress)?;
        let workspace = &*workspace;
        if [Step::Format, Step::Clippy, Step::ClippyWasm]
            .iter()
            .any(&wanted)
        {
            tools::components(workspace, progress)?;
        }
        let lines = thread::scope(|scope| {
            // It takes minutes to compile, and is not needed at first.
            let deny = steps.contains(&Step::Deny);
            let deny = deny.then(|| scope.spawn(|| tools::cargo_deny(workspace, progress)));
            let mut run = Run::new(workspace, &tools, progress, self.json, deny);
            steps
                .iter()
                .map(|step| run.step(*step))
                .collect::<Result<Vec<Line>>>()
        })?;
        let passed = lines.iter().all(|line| line.outcome != Outcome::Failed);
        if self.json {
            let time = began.elapsed().as_secs_f64();
            let summary = serde_json::json!({ "passed": passed, "seconds": time, "steps": lines });
            println!(
                "{}",
                serde_json::to_string_pretty(&summary).into_diagnostic()?
            );
        } else {
            print_table(&lines, began.elapsed());
        }
        Ok(if passed {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }
}

impl Step {
    fn name(self) -> String {
        self.to_possible_value()
            .map_or_else(String::new, |value| value.get_name().to_owned())
    }
}

fn print_table(lines: &[Line], time: Duration) {
    println!("\n{:<12} {:<8} {:>7}", "step", "", "seconds");
    for Line {
        step,
        outcome,
        seconds,
        note,
    } in lines
    {
        let outcome = match outcome {
            Outcome::Passed => "passed",
            Outcome::Failed => "FAILED",
            Outcome::Skipped => "skipped",
        };
        let note = note.as_deref().unwrap_or_default();
        println!("{:<12} {outcome:<8} {seconds:>7.1}  {note}", step.name());
    }
    println!("{:<12} {:<8} {:>7.1}", "all", "", time.as_secs_f64());
}
