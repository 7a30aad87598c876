//! `countersign connect`: the portal's connection to Baserow.

use std::io::{IsTerminal as _, Read as _, stdin};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use countersign_rls::baserow::{Token, forget};
use countersign_rls::connect;
use miette::{IntoDiagnostic as _, Result, WrapErr as _, miette};
use reqwest::Url;
use serde_json::json;

use super::Output;
use super::seal::key_ring;

/// Connect the portal to Baserow with a database token, read from standard input.
///
/// The token is tried on the table of members first, then sealed and written. The Worker uses it from
/// then on where BASEROW_TOKEN is not set. It is printed nowhere. Exits with 1 if Baserow refuses it,
/// or with `--end` if nothing was connected.
#[derive(Debug, Args)]
pub(crate) struct ConnectArgs {
    /// The database, as a URL or `key=value` pairs
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    db: String,
    /// The keys: lines of `<id>:<32 bytes in base64>`, the one that seals first
    #[arg(long, value_name = "FILE", required_unless_present = "end")]
    key_file: Option<PathBuf>,
    /// The id of the table of members, as BASEROW_MEMBERS_TABLE has it
    #[arg(long, value_name = "ID", required_unless_present = "end")]
    table: Option<u64>,
    /// Where Baserow's API answers, as BASEROW_URL has it
    #[arg(long, value_name = "URL", default_value = "https://api.baserow.io")]
    url: Url,
    /// Take the connection away instead. Baserow keeps the token until somebody deletes it there
    #[arg(long, conflicts_with_all = ["key_file", "table"])]
    end: bool,
}

impl ConnectArgs {
    pub(crate) fn run(&self, output: &Output) -> Result<ExitCode> {
        let (Some(file), Some(table)) = (&self.key_file, self.table) else {
            return self.end(output);
        };
        let ring = key_ring(file)?;
        if stdin().is_terminal() {
            eprintln!("paste the database token, then end the input with Ctrl-D");
        }
        let mut text = String::new();
        stdin()
            .read_to_string(&mut text)
            .into_diagnostic()
            .wrap_err("cannot read the token from standard input")?;
        let token = Token::read(&text).into_diagnostic()?;
        // Before Baserow is asked, so that what it takes can be kept.
        let mut client = connect::open(&self.db).into_diagnostic()?;
        let fields = match token.try_on(&self.url, table) {
            Ok(fields) => fields,
            Err(error) if error.is_refusal() => {
                let report = json!({ "connected": false, "refused": error.to_string() });
                output.say(&report, || {
                    format!("{error}; nothing was written. Copy the token anew, and look at its permissions")
                });
                return Ok(ExitCode::FAILURE);
            }
            Err(error) => return Err(miette!("{error}")),
        };
        token.keep(&mut client, &ring).into_diagnostic()?;
        let key = ring.current().id();
        output.say(
            &json!({ "connected": true, "table": table, "fields": fields, "key": key }),
            || {
                format!(
                    "connected to Baserow: table {table} has {fields} fields; the token is sealed with key `{key}`"
                )
            },
        );
        Ok(ExitCode::SUCCESS)
    }

    fn end(&self, output: &Output) -> Result<ExitCode> {
        let mut client = connect::open(&self.db).into_diagnostic()?;
        let was = forget(&mut client).into_diagnostic()?;
        output.say(&json!({ "connected": false, "was": was }), || {
            if was {
                "no longer connected to Baserow; delete the token there, too".to_owned()
            } else {
                "Baserow was not connected".to_owned()
            }
        });
        Ok(if was {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }
}
