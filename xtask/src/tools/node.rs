//! Node and the npm packages of `package-lock.json`.

use std::fs;
use std::path::PathBuf;

use miette::{IntoDiagnostic as _, Result, WrapErr as _, miette};

use crate::process;
use crate::progress::Progress;
use crate::stamp::Stamp;
use crate::workspace::{Workspace, create_directory, remove};

/// What wrangler asks for.
const OLDEST: (u32, u32) = (22, 12);
/// What is installed where the machine has an older one.
const NEWER: &str = "24.9.0";

/// The directory of a recent enough `node`, if the one on `PATH` is not.
pub(crate) fn node(workspace: &Workspace, progress: &Progress) -> Result<Option<PathBuf>> {
    if which::which("npm").is_err() {
        return Err(miette!(
            help = "install Node.js 22.12 or newer, npm included",
            "npm is missing"
        ));
    }
    let mut version = workspace.command("node")?;
    version.arg("--version");
    if process::output(version).is_ok_and(|version| recent(&version)) {
        return Ok(None);
    }
    let directory = workspace.cache.join(format!("node-{NEWER}"));
    let programs = directory.join("node_modules/node/bin");
    let _lock = workspace.lock(&workspace.cache, "node")?;
    if !programs.join("node").exists() {
        progress.step(&format!("install Node {NEWER}"), |step| {
            let fresh = directory.with_extension("partial");
            remove(&fresh)?;
            create_directory(&fresh)?;
            let mut npm = workspace.command("npm")?;
            npm.args([
                "install",
                "--no-save",
                "--no-package-lock",
                "--no-audit",
                "--no-fund",
                "--prefix",
            ]);
            npm.arg(&fresh)
                .arg(format!("node@{NEWER}"))
                .current_dir(&fresh);
            process::quiet(npm, step)?;
            remove(&directory)?;
            fs::rename(&fresh, &directory).into_diagnostic()
        })?;
    }
    if programs.join("node").exists() {
        return Ok(Some(programs));
    }
    Err(miette!(
        help = "install Node.js 22.12 or newer yourself",
        "npm's `node` package did not bring a `node`; are install scripts switched off?"
    ))
}

/// Makes `node_modules` what `package-lock.json` says.
pub(crate) fn packages(workspace: &Workspace, progress: &Progress) -> Result<()> {
    let _lock = workspace.lock(&workspace.target, "npm")?;
    let lock_file = workspace.root.join("package-lock.json");
    let stamp = Stamp::of(&[&lock_file])?;
    let at = workspace.root.join("node_modules/.countersign");
    if stamp.is_at(&at) {
        return Ok(());
    }
    progress
        .step("install npm packages", |step| {
            let mut npm = workspace.command("npm")?;
            npm.args(["ci", "--no-audit", "--no-fund"]);
            process::quiet(npm, step)
        })
        .wrap_err_with(|| {
            miette!(
                help = "is the npm registry within reach?",
                "could not install the npm packages"
            )
        })?;
    stamp.write(&at)
}

/// The path of a program that an npm package brought.
pub(crate) fn program(workspace: &Workspace, name: &str) -> PathBuf {
    workspace.root.join("node_modules/.bin").join(name)
}

fn recent(version: &str) -> bool {
    let mut parts = version
        .trim_start_matches('v')
        .split('.')
        .map_while(|part| part.parse().ok());
    parts
        .next()
        .zip(parts.next())
        .is_some_and(|version: (u32, u32)| version >= OLDEST)
}

#[cfg(test)]
mod tests {
    use super::recent;

    #[test]
    fn node_is_recent_from_22_12_on() {
        assert!(recent("v22.12.0") && recent("v24.0.1"));
        assert!(!recent("v22.11.9") && !recent("v20.20.2") && !recent(""));
    }
}
