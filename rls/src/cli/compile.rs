//! `countersign compile`: the policy as a browser loads it.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use miette::{IntoDiagnostic as _, Result, WrapErr as _};
use policy_core::compact;
use serde_json::json;

use super::{AppArgs, Output, Subject};

/// Write the policy in its compact form, for the browser library.
#[derive(Debug, Args)]
pub(crate) struct CompileArgs {
    #[command(flatten)]
    app: AppArgs,
    /// The file to write.
    #[arg(long)]
    out: PathBuf,
}

impl CompileArgs {
    pub(crate) fn run(&self, output: &Output) -> Result<ExitCode> {
        let Some(Subject { project, policy }) = self.app.compile(output)? else {
            return Ok(ExitCode::FAILURE);
        };
        let bytes = compact::store(&policy).into_diagnostic()?;
        fs::write(&self.out, &bytes)
            .into_diagnostic()
            .wrap_err_with(|| format!("cannot write {}", self.out.display()))?;
        let (file, size) = (self.out.display().to_string(), bytes.len());
        output.say(
            &json!({ "app": project.app, "file": file, "bytes": size }),
            || format!("{file}: {size} bytes"),
        );
        Ok(ExitCode::SUCCESS)
    }
}
