//! `cargo xtask bench`: what Countersign costs beside its peers, on this machine.

use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};
use std::{fs, thread};

use clap::Args;
use miette::{IntoDiagnostic as _, Result, WrapErr as _, miette};
use serde_json::Value;

use crate::progress::Progress;
use crate::services::Services;
use crate::tools::{self, Tools};
use crate::workspace::{Workspace, write};
use crate::{artifacts, process};

/// What is to be measured, and where it is written down.
#[derive(Debug, Args)]
pub(crate) struct Bench {
    /// Measure only this: decide, load, rows, gateway, webhooks, token, size or proof; may be given more than once
    #[arg(long, value_name = "WORK")]
    only: Vec<String>,
    /// Print JSON instead of Markdown
    #[arg(long)]
    json: bool,
    /// Keep the report as docs/benchmarks.md
    #[arg(long, conflicts_with = "json")]
    write: bool,
}

/// The file that keeps a whole run.
const REPORT: &str = "docs/benchmarks.md";

impl Bench {
    /// Builds everything for speed, then measures. The peers are installed here and nowhere else.
    pub(crate) fn run(&self, workspace: &mut Workspace, progress: &Progress) -> Result<ExitCode> {
        let tools = Tools::install(workspace, progress)?;
        let workspace = &*workspace;
        artifacts::build(workspace, &tools, progress)?;
        let peer = peer(workspace, progress)?;
        let countersign = release(workspace, progress)?;
        let program = program(workspace, progress)?;
        let token = token(workspace, &tools, progress)?;
        let load = load(workspace, progress)?;
        // A database for queries, and the local stack for what goes through all of it.
        let services = Services::start(workspace, &tools, progress, "bench")?;

        let mut command = workspace.command(program)?;
        command
            .envs(services.environment())
            .env("COUNTERSIGN_LOAD", load)
            .env("COUNTERSIGN_WORKERD", tools::workerd(workspace))
            .env("COUNTERSIGN_PEER", peer)
            .env("COUNTERSIGN_TOKEN", token)
            .env("COUNTERSIGN_COMMAND", countersign)
            .arg("--root")
            .arg(&workspace.root)
            .args(self.json.then_some("--json"));
        for work in &self.only {
            command.arg("--only").arg(work);
        }
        let output = command
            .stdin(Stdio::null())
            .stderr(Stdio::inherit())
            .output();
        let output = output
            .into_diagnostic()
            .wrap_err("could not run the benchmarks")?;
        let report = String::from_utf8_lossy(&output.stdout);
        if !output.status.success() {
            print!("{report}");
            return Err(miette!("the benchmarks failed ({})", output.status));
        }
        if self.write {
            let introduction = introduction(workspace, &self.only)?;
            let text = format!("{introduction}\n{}\n", report.trim_end());
            write(&workspace.root.join(REPORT), text)?;
        }
        print!("{report}");
        Ok(ExitCode::SUCCESS)
    }
}

/// The Worker with Hono and jose, bundled.
fn peer(workspace: &Workspace, progress: &Progress) -> Result<PathBuf> {
    let directory = workspace.root.join("bench");
    let bundle = workspace.target.join("bench/peer.js");
    progress.step("build the peer of the Worker", |step| {
        let mut npm = workspace.command("npm")?;
        npm.args(["ci", "--no-audit", "--no-fund"])
            .current_dir(&directory);
        process::quiet(npm, step)?;
        let mut esbuild = workspace.command(tools::esbuild(workspace))?;
        esbuild
            .arg(directory.join("peer/worker.js"))
            .args(["--bundle", "--format=esm", "--minify", "--target=es2022"])
            .arg(format!("--outfile={}", bundle.display()));
        process::quiet(esbuild, step)
    })?;
    Ok(bundle)
}

fn release(workspace: &Workspace, progress: &Progress) -> Result<PathBuf> {
    progress.step("build `countersign` for speed", |step| {
        let mut cargo = workspace.command("cargo")?;
        cargo.args(["build", "--release", "--package=countersign-rls", "--bins"]);
        process::quiet(cargo, step)
    })?;
    Ok(workspace.target.join("release/countersign"))
}

/// The test of ten thousand webhooks, which measures as it goes.
fn load(workspace: &Workspace, progress: &Progress) -> Result<PathBuf> {
    progress.step("build the load of webhooks", |_| {
        let mut cargo = workspace.command("cargo")?;
        cargo.args(["test", "--release", "--no-run", "--message-format=json"]);
        cargo.args(["--package=countersign-functions", "--test=native"]);
        let lines = process::output(cargo)?;
        let mut built = lines.lines().filter_map(|line| {
            let line: Value = serde_json::from_str(line).ok()?;
            Some(PathBuf::from(line.get("executable")?.as_str()?))
        });
        built
            .next_back()
            .ok_or_else(|| miette!("cargo built no test `native`"))
    })
}

fn program(workspace: &Workspace, progress: &Progress) -> Result<PathBuf> {
    let target = workspace.target.join("bench");
    progress.step("build the benchmarks", |step| {
        let mut cargo = workspace.command("cargo")?;
        cargo
            .args(["build", "--release", "--locked", "--manifest-path"])
            .arg(workspace.root.join("bench/Cargo.toml"))
            .arg("--target-dir")
            .arg(&target);
        process::quiet(cargo, step)
    })?;
    Ok(target.join("release/countersign-bench"))
}

/// The Worker's way with a token, as WebAssembly for Node.
fn token(workspace: &Workspace, tools: &Tools, progress: &Progress) -> Result<PathBuf> {
    let target = workspace.target.join("bench");
    let out = target.join("token");
    progress.step("build the benchmark of a token", |step| {
        let mut cargo = workspace.command("cargo")?;
        cargo
            .args(["build", "--locked", "--package=countersign-bench-token"])
            .args(["--profile=worker", "--target=wasm32-unknown-unknown"])
            .arg("--manifest-path")
            .arg(workspace.root.join("bench/Cargo.toml"))
            .arg("--target-dir")
            .arg(&target);
        process::quiet(cargo, step)?;
        let mut bindgen = workspace.command(tools.wasm_bindgen()?)?;
        bindgen
            .args(["--target", "nodejs", "--out-dir"])
            .arg(&out)
            .arg(target.join("wasm32-unknown-unknown/worker/countersign_bench_token.wasm"));
        process::quiet(bindgen, step)
    })?;
    // Without it, what a package further up says would hold.
    write(&out.join("package.json"), "{ \"type\": \"commonjs\" }\n")?;
    // The crate `worker` brings modules of its own.
    let snippets = out.join("snippets/package.json");
    write(&snippets, "{ \"type\": \"module\" }\n")?;
    Ok(out.join("countersign_bench_token.js"))
}

/// What a reader must know before the first figure.
fn introduction(workspace: &Workspace, only: &[String]) -> Result<String> {
    let mut rustc = workspace.command("rustc")?;
    rustc.arg("--version");
    let rustc = process::output(rustc)?;
    let cores = thread::available_parallelism().map_or(0, usize::from);
    let memory = fs::read_to_string("/proc/meminfo").ok().and_then(|text| {
        let line = text.lines().find(|line| line.starts_with("MemTotal"))?;
        let kilobytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
        Some(format!(", {} GB of memory", kilobytes / 1_000_000))
    });
    let system = Command::new("uname")
        .arg("-sm")
        .output()
        .into_diagnostic()?;
    let system = String::from_utf8_lossy(&system.stdout);
    let only: String = only.iter().map(|work| format!(" --only {work}")).collect();
    Ok(format!(
        "# Benchmarks\n\n\
         One run of `cargo xtask bench --write{only}`, everything side by side, medians. The machine: \
         {}, {cores} cores{}, {}.\n\n\
         Figures of different machines do not compare; the ratios of one run do.\n",
        system.trim(),
        memory.unwrap_or_default(),
        rustc.split(" (").next().unwrap_or(&rustc),
    ))
}
