//! What is built for the edge and for browsers, and built again only when it would come out different.

use std::fs;
use std::path::{Path, PathBuf};

use miette::{IntoDiagnostic as _, Result, miette};

use crate::process;
use crate::progress::Progress;
use crate::stamp::Stamp;
use crate::tools::Tools;
use crate::workspace::{Workspace, copy, write};

/// The browser library's profile: small first; `Cargo.toml` says how.
const SMALL: &str = "wasm";

/// The Worker's: fast first. What `wasm-opt` does for it is in `functions/Cargo.toml`.
const FAST: &str = "worker";

/// wasm-bindgen's name of a target, the directory for it, and the modules that come out.
const KINDS: [(&str, &str, &str); 2] = [("nodejs", "node", "commonjs"), ("web", "web", "module")];

/// Everything the Worker and the browser library are made from.
const SOURCES: [&str; 16] = [
    "Cargo.lock",
    "Cargo.toml",
    "functions/Cargo.toml",
    "functions/build.rs",
    "functions/entry.js",
    "functions/openapi.json",
    "functions/src",
    "policies",
    "policy-core/Cargo.toml",
    "policy-core/src",
    "policy-core/wasm/Cargo.toml",
    "policy-core/wasm/src",
    "rust-toolchain.toml",
    "sealing/Cargo.toml",
    "sealing/src",
    "xtask/src/artifacts.rs",
];

/// Builds everything.
pub(crate) fn build(workspace: &Workspace, tools: &Tools, progress: &Progress) -> Result<()> {
    library(workspace, tools, progress)?;
    worker(workspace, tools, progress)
}

/// The script that workerd runs.
pub(crate) fn worker_script(workspace: &Workspace) -> PathBuf {
    workspace.root.join("functions/build/entry.js")
}

/// A copy that a later build leaves alone. Returns its script.
pub(crate) fn copy_of_worker(workspace: &Workspace, to: &Path) -> Result<PathBuf> {
    copy(&workspace.root.join("functions/build"), to)?;
    Ok(to.join("entry.js"))
}

/// The directory of the browser library as a Node package.
pub(crate) fn node_library(workspace: &Workspace) -> PathBuf {
    workspace.target.join("countersign-wasm/node")
}

/// Builds the Worker into `functions/build`.
pub(crate) fn worker(workspace: &Workspace, tools: &Tools, progress: &Progress) -> Result<()> {
    let _lock = workspace.lock(&workspace.target, "artifacts")?;
    let stamp = stamp(workspace)?;
    let done = workspace.target.join("xtask/worker.stamp");
    if stamp.is_at(&done) && worker_script(workspace).exists() {
        return Ok(());
    }
    progress.step("build the Worker", |step| {
        let mut build = tools.worker_build(workspace)?;
        build
            .args(["--profile", FAST])
            .current_dir(workspace.root.join("functions"));
        process::quiet(build, step)?;
        let entry = fs::read_to_string(workspace.root.join("functions/entry.js"));
        write(&worker_script(workspace), entry.into_diagnostic()?)
    })?;
    stamp.write(&done)
}

/// Builds `countersign-wasm`, for Node and for browsers, into `target/countersign-wasm`.
pub(crate) fn library(workspace: &Workspace, tools: &Tools, progress: &Progress) -> Result<()> {
    let _lock = workspace.lock(&workspace.target, "artifacts")?;
    let stamp = stamp(workspace)?;
    let done = workspace.target.join("xtask/library.stamp");
    if stamp.is_at(&done) && node_library(workspace).exists() {
        return Ok(());
    }
    progress.step("build the browser library", |step| {
        let mut cargo = workspace.command("cargo")?;
        cargo.args([
            "build",
            "--package=countersign-wasm",
            "--target=wasm32-unknown-unknown",
        ]);
        cargo.args(["--profile", SMALL]);
        process::quiet(cargo, step)?;
        let module = workspace.target.join("wasm32-unknown-unknown").join(SMALL);
        let module = module.join("countersign_wasm.wasm");
        if !module.exists() {
            return Err(miette!("`countersign-wasm` made no {}", module.display()));
        }
        for (kind, directory, modules) in KINDS {
            let out = workspace.target.join("countersign-wasm").join(directory);
            let mut bindgen = workspace.command(tools.wasm_bindgen()?)?;
            bindgen
                .args(["--target", kind, "--out-dir"])
                .arg(&out)
                .arg(&module);
            process::quiet(bindgen, step)?;
            process::quiet(optimise(workspace, tools, &out)?, step)?;
            // Without it, what a package further up says would hold.
            write(
                &out.join("package.json"),
                format!("{{ \"type\": \"{modules}\" }}\n"),
            )?;
        }
        Ok(())
    })?;
    stamp.write(&done)
}

fn stamp(workspace: &Workspace) -> Result<Stamp> {
    Stamp::of(&SOURCES.map(|source| workspace.root.join(source)))
}

/// The features of WebAssembly that rustc's wasm32-unknown-unknown assumes.
const FEATURES: [&str; 7] = [
    "bulk-memory",
    "bulk-memory-opt",
    "multivalue",
    "mutable-globals",
    "nontrapping-float-to-int",
    "reference-types",
    "sign-ext",
];

fn optimise(workspace: &Workspace, tools: &Tools, out: &Path) -> Result<std::process::Command> {
    let module = out.join("countersign_wasm_bg.wasm");
    let mut optimise = tools.wasm_opt(workspace)?;
    optimise.arg("-Oz").arg(&module).arg("-o").arg(&module);
    // What rustc emits for wasm32. A stripped module no longer says so itself.
    optimise.args(FEATURES.map(|feature| format!("--enable-{feature}")));
    Ok(optimise)
}
