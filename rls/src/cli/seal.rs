//! `countersign seal`: the tokens of a database in use.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use countersign_rls::connect;
use countersign_rls::seal::{Sealed, Sealer};
use countersign_sealing::KeyRing;
use indicatif::ProgressBar;
use miette::{IntoDiagnostic as _, Result, WrapErr as _};

use super::{AppArgs, Output};

/// Seal the provider tokens that a database holds in plain text, in small batches.
///
/// Each batch is a transaction of its own: stopped anywhere, it goes on where it was. Tokens that
/// an older key has sealed are sealed with the current one. Exits with 1 if something is left.
#[derive(Debug, Args)]
pub(crate) struct SealArgs {
    #[command(flatten)]
    app: AppArgs,
    /// The database, as a URL or `key=value` pairs.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    db: String,
    /// The keys: lines of `<id>:<32 bytes in base64>`, the one that seals first.
    #[arg(long, value_name = "FILE")]
    key_file: PathBuf,
    /// How many rows are sealed in one transaction.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    batch: u32,
    /// The step after: empty the plaintext columns of connections whose sealed tokens open.
    #[arg(long)]
    drop_plaintext: bool,
}

impl SealArgs {
    pub(crate) fn run(&self, output: &Output) -> Result<ExitCode> {
        let Some(subject) = self.app.compile(output)? else {
            return Ok(ExitCode::from(2));
        };
        let ring = key_ring(&self.key_file)?;
        let mut client = connect::open(&self.db).into_diagnostic()?;
        let (app, schema) = (&subject.policy.app, &subject.policy.schema);
        let sealer = Sealer::new(app, schema, &ring, self.batch).into_diagnostic()?;
        let bar = ProgressBar::new_spinner();
        let step = |done: &Sealed| {
            bar.set_message(format!(
                "{} rows",
                done.sealed + done.resealed + done.emptied
            ));
            bar.tick();
        };
        let done = if self.drop_plaintext {
            sealer.drop_plaintext(&mut client, step)
        } else {
            sealer.seal(&mut client, step)
        };
        bar.finish_and_clear();
        let done = done.into_diagnostic()?;
        output.say(&serde_json::to_value(&done).into_diagnostic()?, || {
            words(&done, ring.current().id(), self.drop_plaintext)
        });
        Ok(if done.left == 0 {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }
}

/// The keys in a file.
pub(super) fn key_ring(file: &Path) -> Result<KeyRing> {
    let text = fs::read_to_string(file)
        .into_diagnostic()
        .wrap_err_with(|| format!("cannot read the keys in {}", file.display()))?;
    KeyRing::parse(&text)
        .into_diagnostic()
        .wrap_err_with(|| format!("the keys in {} do not read", file.display()))
}

fn words(done: &Sealed, key: &str, dropped: bool) -> String {
    let mut text = if dropped {
        format!("emptied the plaintext of {} connections", done.emptied)
    } else {
        format!(
            "sealed {} rows with key `{key}`, and {} that an older key had sealed",
            done.sealed, done.resealed
        )
    };
    for (why, count) in &done.failed {
        let _ = write!(text, "\n{count} left: {why}");
    }
    let locked = done.left.saturating_sub(done.failed.values().sum());
    if locked > 0 {
        let _ = write!(
            text,
            "\n{locked} left: locked by somebody else; run this again"
        );
    }
    text
}
