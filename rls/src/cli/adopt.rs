//! `countersign adopt`: the policy of a schema that exists.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use countersign_rls::adopt;
use countersign_rls::live::Limits;
use miette::{IntoDiagnostic as _, Result, WrapErr as _, miette};
use serde_json::json;

use super::Output;

/// Write the policy of a schema that has policies already.
///
/// Reads the catalogues in one read-only transaction. What the language cannot say is closed and
/// listed; the exit code is then 1.
#[derive(Debug, Args)]
pub(crate) struct AdoptArgs {
    /// The database, e.g. postgres://postgres@localhost/postgres.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    db: String,
    /// The schema.
    #[arg(long)]
    schema: String,
    /// The app's name; by default the schema's.
    #[arg(long)]
    app: Option<String>,
    /// The file for the policy, which must not exist; `-` for standard output, the report then goes
    /// to standard error. By default `policies/<app>.policy`.
    #[arg(long)]
    out: Option<PathBuf>,
}

impl AdoptArgs {
    pub(crate) fn run(&self, output: &Output) -> Result<ExitCode> {
        let app = self.app.as_deref().unwrap_or(&self.schema);
        let to_stdout = self.out.as_deref() == Some(Path::new("-"));
        let path = match &self.out {
            Some(path) => path.clone(),
            None => {
                // The name becomes a file's, which must not lead elsewhere.
                if app.contains(['/', '\\', '\0']) || app.starts_with('.') {
                    return Err(miette!(
                        help = "name it with --app",
                        "`{app}` cannot be the name of a file"
                    ));
                }
                output
                    .directory
                    .join("policies")
                    .join(format!("{app}.policy"))
            }
        };
        // Asked before the database is: a policy that people wrote is never replaced.
        if !to_stdout && path.exists() {
            return Err(miette!(
                help = "name another file with --out, or `-` for standard output",
                "{} exists already",
                path.display()
            ));
        }
        let (adopted, _) =
            adopt::read(&self.db, &self.schema, app, Limits::default()).into_diagnostic()?;
        let code = ExitCode::from(u8::from(!adopted.is_complete()));
        if to_stdout {
            if output.json {
                println!("{:#}", json!(adopted));
            } else {
                print!("{}", adopted.policy);
                eprintln!("{}", adopted.text());
            }
            return Ok(code);
        }
        let written = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&path);
        written
            .and_then(|mut file| file.write_all(adopted.policy.as_bytes()))
            .into_diagnostic()
            .wrap_err_with(|| format!("cannot write {}", path.display()))?;
        let mut value = json!(adopted);
        if let Some(object) = value.as_object_mut() {
            object.insert("file".to_owned(), json!(path.display().to_string()));
        }
        output.say(&value, || format!("{}\n{}", path.display(), adopted.text()));
        Ok(code)
    }
}
