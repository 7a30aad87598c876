//! `countersign check`: is the policy sound?

use std::process::ExitCode;

use clap::Args;
use miette::Result;
use policy_core::Diagnostic;
use policy_core::diagnostic::Severity;
use serde_json::json;

use super::{AppArgs, Output, diagnostics};

/// Check the policy against its catalogue.
#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    app: AppArgs,
    /// Take warnings for errors.
    #[arg(long)]
    strict: bool,
}

impl CheckArgs {
    pub(crate) fn run(&self, output: &Output) -> Result<ExitCode> {
        let project = self.app.open(output)?;
        let found = match project.compile() {
            Ok(compiled) => compiled.diagnostics,
            Err(diagnostics) => diagnostics,
        };
        let count = |severity| {
            found
                .iter()
                .filter(|d: &&Diagnostic| d.severity == severity)
                .count()
        };
        let (errors, warnings, notes) = (
            count(Severity::Error),
            count(Severity::Warning),
            count(Severity::Note),
        );
        let sound = errors == 0 && (warnings == 0 || !self.strict);
        if !output.json {
            diagnostics::print(&project.policy_path, &project.source, &found);
        }
        output.say(
            &json!({ "app": project.app, "sound": sound, "diagnostics": diagnostics::json(&project.policy_path, &project.source, &found) }),
            || {
                format!(
                    "{}: {errors} errors, {warnings} warnings, {notes} notes",
                    project.policy_path.display()
                )
            },
        );
        Ok(if sound {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }
}
