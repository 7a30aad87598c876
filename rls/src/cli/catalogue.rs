//! `countersign catalogue`: the snapshot of a live schema.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use countersign_rls::{catalogue, project};
use miette::{IntoDiagnostic as _, Result, WrapErr as _};
use serde_json::json;

use super::Output;

/// Write the snapshot of a live schema that the policy is held against.
#[derive(Debug, Args)]
pub(crate) struct CatalogueArgs {
    /// The app; its snapshot goes to `policies/<app>.catalogue.json`.
    #[arg(long)]
    app: String,
    /// The database, e.g. postgres://postgres@localhost/postgres.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    db: String,
    /// The schema; by default it is named like the app.
    #[arg(long)]
    schema: Option<String>,
    /// Another file to write to; `-` for standard output.
    #[arg(long)]
    out: Option<PathBuf>,
}

impl CatalogueArgs {
    pub(crate) fn run(&self, output: &Output) -> Result<ExitCode> {
        let schema = self.schema.as_ref().unwrap_or(&self.app);
        let catalogue = catalogue::read(&self.db, schema).into_diagnostic()?;
        let text = serde_json::to_string_pretty(&catalogue).into_diagnostic()? + "\n";
        let path = match &self.out {
            Some(path) if path.as_os_str() == "-" => {
                print!("{text}");
                return Ok(ExitCode::SUCCESS);
            }
            Some(path) => path.clone(),
            None => project::catalogue_path(&output.directory, &self.app),
        };
        fs::write(&path, text)
            .into_diagnostic()
            .wrap_err_with(|| format!("cannot write {}", path.display()))?;
        let (relations, functions) = (catalogue.relations.len(), catalogue.functions.len());
        let file = path.display().to_string();
        output.say(
            &json!({ "file": file, "relations": relations, "functions": functions }),
            || format!("{file}: {relations} tables and views, {functions} functions"),
        );
        Ok(ExitCode::SUCCESS)
    }
}
