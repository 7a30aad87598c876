//! How each step is run.

use std::io::stderr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::ScopedJoinHandle;
use std::time::Instant;

use miette::{Result, miette};

use super::{Line, Outcome, Step};
use crate::interrupt::{self, Interrupted};
use crate::process;
use crate::progress::Progress;
use crate::services::Services;
use crate::tools::{Tools, pgrls};
use crate::workspace::Workspace;

/// A test run under way.
pub(super) struct Run<'scope, 'a> {
    workspace: &'a Workspace,
    tools: &'a Tools,
    progress: &'a Progress,
    json: bool,
    /// The installation of `cargo-deny`, in the background.
    deny: Option<ScopedJoinHandle<'scope, Result<PathBuf>>>,
    /// The step's own, if it needs any; or why they did not start.
    services: Option<Result<Services, String>>,
}

/// How a step ended that did not fail.
enum Ending {
    Passed,
    PassedBut(&'static str),
    Skipped(&'static str),
}

impl<'scope, 'a> Run<'scope, 'a> {
    pub(super) fn new(
        workspace: &'a Workspace,
        tools: &'a Tools,
        progress: &'a Progress,
        json: bool,
        deny: Option<ScopedJoinHandle<'scope, Result<PathBuf>>>,
    ) -> Self {
        Self {
            workspace,
            tools,
            progress,
            json,
            deny,
            services: None,
        }
    }

    /// Runs one step. Its failure is in the line; an error is the user's wish to stop.
    pub(super) fn step(&mut self, step: Step) -> Result<Line> {
        if matches!(step, Step::Rust | Step::Stack | Step::Edge) {
            self.start_services()?;
        }
        self.progress.line(&format!("\n== {}", step.name()));
        let began = Instant::now();
        let (outcome, note) = match self.run(step) {
            Ok(Ending::Passed) => (Outcome::Passed, None),
            Ok(Ending::PassedBut(note)) => (Outcome::Passed, Some(note.to_owned())),
            Ok(Ending::Skipped(note)) => (Outcome::Skipped, Some(note.to_owned())),
            Err(error) if error.is::<Interrupted>() => return Err(error),
            Err(error) => (Outcome::Failed, Some(error.to_string())),
        };
        Ok(Line {
            step,
            outcome,
            seconds: began.elapsed().as_secs_f64(),
            note,
        })
    }

    fn run(&mut self, step: Step) -> Result<Ending> {
        match step {
            Step::Format => self.cargo(&["fmt", "--all", "--check"]),
            Step::Clippy => self.cargo(&[
                "clippy",
                "--workspace",
                "--all-targets",
                "--",
                "-D",
                "warnings",
            ]),
            Step::ClippyWasm => self.clippy_wasm(),
            Step::Docs => {
                let mut doc = self.command("cargo")?;
                doc.args(["doc", "--workspace", "--no-deps"])
                    .env("RUSTDOCFLAGS", "-D warnings");
                self.stream(doc)
            }
            Step::Deny => self.deny(),
            Step::Rust => {
                self.services()?;
                let mut test = self.command("cargo")?;
                test.args(["test", "--workspace", "--no-fail-fast"])
                    .env("COUNTERSIGN_PGRLS", pgrls(self.workspace, self.progress)?);
                let tested = self.stream(test)?;
                self.services()?.as_described().map(|()| tested)
            }
            Step::Wasm => self.wasm(),
            Step::Stack => self.node("tests/stack"),
            Step::Edge => {
                if !self.services()?.has_worker() {
                    return Err(miette!("there is no Worker, see above"));
                }
                let tested = self.node("tests/edge")?;
                self.services()?.as_described().map(|()| tested)
            }
        }
    }

    fn cargo(&self, arguments: &[&str]) -> Result<Ending> {
        let mut cargo = self.command("cargo")?;
        cargo.args(arguments);
        self.stream(cargo)
    }

    fn clippy_wasm(&self) -> Result<Ending> {
        let mut clippy = self.command("cargo")?;
        clippy.args(["clippy", "--target=wasm32-unknown-unknown"]);
        let packages = ["policy-core", "countersign-wasm", "countersign-functions"];
        clippy.args(packages.map(|package| format!("--package={package}")));
        clippy.args(["--", "-D", "warnings"]);
        self.stream(clippy)
    }

    fn deny(&mut self) -> Result<Ending> {
        let installation = self
            .deny
            .take()
            .ok_or_else(|| miette!("nothing was installed"))?;
        let installation = installation.join();
        let program =
            installation.unwrap_or_else(|_| Err(miette!("the installation broke off")))?;
        let mut check = self.command(&program)?;
        check.args(["check", "bans", "licenses", "sources"]);
        self.stream(check)?;
        let mut check = self.command(&program)?;
        check.args(["check", "advisories"]);
        match self
            .progress
            .step("check advisories", |step| process::quiet(check, step))
        {
            Ok(()) => Ok(Ending::Passed),
            Err(error) if error.is::<Interrupted>() => Err(error),
            Err(error)
                if error
                    .to_string()
                    .contains("failed to fetch advisory database") =>
            {
                Ok(Ending::PassedBut("advisories not checked: out of reach"))
            }
            // News from outside is no defect of what is being tested.
            Err(error) => {
                self.progress.line(&format!("{error:?}"));
                Ok(Ending::PassedBut("there are advisories, see above"))
            }
        }
    }

    fn wasm(&self) -> Result<Ending> {
        let packages = &self.workspace.wasm_tested;
        if packages.is_empty() {
            return Ok(Ending::Skipped("there are none"));
        }
        let mut test = self.command("cargo")?;
        test.args(["test", "--target=wasm32-unknown-unknown"]);
        test.args(
            packages
                .iter()
                .map(|package| format!("--package={package}")),
        );
        test.env(
            "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER",
            self.tools.wasm_test_runner()?,
        );
        self.stream(test)
    }

    /// Node's own test runner on the test files of a directory.
    fn node(&self, directory: &str) -> Result<Ending> {
        let files = self.workspace.files(directory, ".test.mjs")?;
        if files.is_empty() {
            return Ok(Ending::Skipped("there are none"));
        }
        let mut node = self.command("node")?;
        node.arg("--test").args(files).env("LITE_TELEMETRY", "0");
        self.stream(node)
    }

    /// A command that is told where the services are.
    fn command(&self, program: impl AsRef<Path>) -> Result<Command> {
        let mut command = self.workspace.command(program)?;
        if let Some(Ok(services)) = &self.services {
            command.envs(services.environment());
        }
        Ok(command)
    }

    fn stream(&self, mut command: Command) -> Result<Ending> {
        if self.json {
            command.stdout(Stdio::from(stderr()));
        }
        let status = process::streamed(command)?;
        if status.success() {
            Ok(Ending::Passed)
        } else {
            Err(miette!("{status}"))
        }
    }

    /// Services of the step's own: it finds the demonstration as it is, and not as tests left it.
    fn start_services(&mut self) -> Result<()> {
        // One use at a time has the directory and its lock.
        self.services = None;
        let started = Services::start(self.workspace, self.tools, self.progress, "test");
        interrupt::check()?;
        self.services = Some(started.map_err(|error| {
            self.progress.line(&format!("{error:?}"));
            error.to_string()
        }));
        Ok(())
    }

    fn services(&self) -> Result<&Services> {
        match &self.services {
            Some(Ok(services)) => Ok(services),
            Some(Err(error)) => Err(miette!("{error}")),
            None => Err(miette!("nothing was started")),
        }
    }
}
