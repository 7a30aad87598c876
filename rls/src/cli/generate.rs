//! `countersign generate`: the next migration.

use std::process::ExitCode;

use clap::Args;
use countersign_rls::migrations::{self, History, Plan};
use countersign_rls::{generate, project};
use miette::{IntoDiagnostic as _, Result};
use serde_json::json;

use super::{AppArgs, Output};

/// Write the migration that turns the database into what the policy says.
///
/// Compares the policy with what the migrations so far produce. Writes nothing if nothing changed.
#[derive(Debug, Args)]
pub(crate) struct GenerateArgs {
    #[command(flatten)]
    app: AppArgs,
    /// Write nothing; exit with 1 if the migrations are not current.
    #[arg(long)]
    check: bool,
    /// The new file's version, as YYYYMMDDHHmmss; by default a second after the last one.
    #[arg(long)]
    version: Option<String>,
}

impl GenerateArgs {
    pub(crate) fn run(&self, output: &Output) -> Result<ExitCode> {
        let Some(subject) = self.app.compile(output)? else {
            return Ok(ExitCode::FAILURE);
        };
        let (policy, project) = (&subject.policy, &subject.project);
        let directory = project::migrations_path(&output.directory);
        let history = History::read(&directory, &policy.app, &policy.schema).into_diagnostic()?;
        let sections = generate::sections(policy, &project.catalogue, &project.source);
        let Some(plan) = Plan::new(&history, &policy.app, &policy.schema, &sections) else {
            output.say(&json!({ "current": true }), || {
                format!(
                    "the migrations are current with {}",
                    project.policy_path.display()
                )
            });
            return Ok(ExitCode::SUCCESS);
        };
        let changed: Vec<&str> = plan.changed().collect();
        let dropped: Vec<String> = plan.dropped().collect();
        if self.check {
            output.say(
                &json!({ "current": false, "changed": changed, "dropped": dropped }),
                || {
                    format!(
                        "the migrations are not current: {}\nrun `countersign generate --app {}`",
                        words(&changed, &dropped),
                        policy.app
                    )
                },
            );
            return Ok(ExitCode::FAILURE);
        }
        let version =
            migrations::next_version(&history, self.version.as_deref()).into_diagnostic()?;
        let path = migrations::write(&directory, &version, &plan).into_diagnostic()?;
        let file = path.display().to_string();
        output.say(
            &json!({ "current": false, "file": file, "changed": changed, "dropped": dropped }),
            || format!("{file}: {}", words(&changed, &dropped)),
        );
        Ok(ExitCode::SUCCESS)
    }
}

fn words(changed: &[&str], dropped: &[String]) -> String {
    let mut parts = Vec::new();
    match changed {
        [] => {}
        changed if changed.len() <= 8 => parts.push(format!("changes {}", changed.join(", "))),
        changed => parts.push(format!("changes {} sections", changed.len())),
    }
    match dropped {
        [] => {}
        [_] => parts.push("drops one object".to_owned()),
        dropped => parts.push(format!("drops {} objects", dropped.len())),
    }
    parts.join(", ")
}
