//! Tools written in Python: each in an environment of its own.

use std::fs;
use std::path::PathBuf;

use miette::{Context as _, IntoDiagnostic as _, Result, miette};

use crate::process;
use crate::progress::Progress;
use crate::workspace::{Workspace, create_directory, remove};

const PGRLS: &str = "0.57.1";

/// The linter of row-level security that the tests ask.
pub(crate) fn pgrls(workspace: &Workspace, progress: &Progress) -> Result<PathBuf> {
    let directory = workspace.cache.join(format!("pgrls-{PGRLS}"));
    let program = directory.join("bin/pgrls");
    // Written last.
    let complete = directory.join("complete");
    if complete.exists() {
        return Ok(program);
    }
    let _lock = workspace.lock(&workspace.cache, "pgrls")?;
    if complete.exists() {
        return Ok(program);
    }
    progress
        .step(&format!("install pgrls {PGRLS}"), |step| {
            remove(&directory)?;
            create_directory(&directory)?;
            let mut environment = workspace.command("python3")?;
            environment.args(["-m", "venv"]).arg(&directory);
            process::quiet(environment, step)?;
            let mut pip = workspace.command(directory.join("bin/pip"))?;
            pip.args(["install", "--quiet", "--disable-pip-version-check"]);
            pip.arg(format!("pgrls=={PGRLS}"));
            process::quiet(pip, step)?;
            fs::write(&complete, "").into_diagnostic()
        })
        .wrap_err_with(|| {
            miette!(
                help = "is Python 3.11 or newer there, with its venv module (Debian: python3-venv), \
                        and its package index within reach?",
                "could not install pgrls {PGRLS}"
            )
        })
        .map(|()| program)
}
