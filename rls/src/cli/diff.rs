//! `countersign diff`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use countersign_rls::diff::{self, LOCK_TIMEOUT, Options, Upgrade};
use countersign_rls::project;
use miette::{IntoDiagnostic as _, Result};
use serde_json::json;

use super::{AppArgs, Output};

/// Write the migrations that bring a database in use to its policy.
///
/// Changes nothing in it. The migrations are tried in a database of their own on the same server,
/// which is dropped again. Exits with 1 if there is something to do.
#[derive(Debug, Args)]
pub(crate) struct DiffArgs {
    #[command(flatten)]
    app: AppArgs,
    /// The database, as a URL or `key=value` pairs.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    db: String,
    /// Where to write the files: a directory that is empty or not there yet.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Another server of the same version on which the migrations are tried.
    #[arg(long, value_name = "URL")]
    shadow: Option<String>,
    /// Who belongs where, if the database does not say: lines of `person, tenant[, role]`.
    #[arg(long, value_name = "FILE")]
    mapping: Option<PathBuf>,
    /// Leave this alone, though neither the migrations nor the policy know it.
    #[arg(long, value_name = "NAME")]
    keep: Vec<String>,
    /// Also drop indexes that are in no migration and that no query has used.
    #[arg(long)]
    drop_unused: bool,
    /// The first file's version, as YYYYMMDDHHmmss; by default a second after the last one known.
    #[arg(long)]
    version: Option<String>,
}

impl DiffArgs {
    pub(crate) fn run(&self, output: &Output) -> Result<ExitCode> {
        let Some(subject) = self.app.compile(output)? else {
            return Ok(ExitCode::FAILURE);
        };
        let upgrade = diff::run(&Options {
            policy: &subject.policy,
            project: &subject.project,
            own_schema: &subject.project.catalogue.schema,
            migrations: &project::migrations_path(&output.directory),
            url: &self.db,
            shadow: self.shadow.as_deref(),
            mapping: self.mapping.as_deref(),
            keep: &self.keep,
            drop_unused: self.drop_unused,
            version: self.version.as_deref(),
        })
        .into_diagnostic()?;
        if !upgrade.files.is_empty() {
            diff::write(&self.out, &upgrade).into_diagnostic()?;
        }
        let names: Vec<&str> = upgrade
            .files
            .iter()
            .map(|file| file.name.as_str())
            .collect();
        output.say(
            &json!({
                "current": names.is_empty(),
                "files": names,
                "switch": upgrade.switch,
                "preflight": upgrade.preflight.is_some(),
                "rows": upgrade.rows.iter().map(|(why, rows)| json!({ "why": why, "rows": rows })).collect::<Vec<_>>(),
                "unmapped": upgrade.unmapped,
                "notes": upgrade.notes,
            }),
            || self.words(&upgrade),
        );
        Ok(ExitCode::from(u8::from(!upgrade.files.is_empty())))
    }

    fn words(&self, upgrade: &Upgrade) -> String {
        let mut lines = Vec::new();
        if upgrade.files.is_empty() {
            lines.push(
                "nothing to do: the database is as the migrations and the policy want it"
                    .to_owned(),
            );
        } else {
            let alone = upgrade.files.iter().filter(|file| file.alone).count();
            lines.push(format!(
                "{}: {} files, {alone} of them not within a transaction; no statement waits for a lock longer than {LOCK_TIMEOUT}, but for indexes, which block nobody",
                self.out.display(),
                upgrade.files.len()
            ));
            if let Some(switch) = &upgrade.switch {
                lines.push(format!("before {switch}, run checks/preflight.sql"));
            }
        }
        section(
            &mut lines,
            "rows that leave or lose a reference (countersign.quarantine keeps them):",
            upgrade
                .rows
                .iter()
                .map(|(why, rows)| format!("{rows:>6}  {why}")),
        );
        section(
            &mut lines,
            "people whom the mapping does not name; they get nothing:",
            upgrade.unmapped.iter().cloned(),
        );
        section(&mut lines, "notes:", upgrade.notes.iter().cloned());
        lines.join("\n")
    }
}

fn section(lines: &mut Vec<String>, heading: &str, items: impl Iterator<Item = String>) {
    let mut items = items.peekable();
    if items.peek().is_some() {
        lines.push(heading.to_owned());
        lines.extend(items.map(|item| format!("  {item}")));
    }
}
