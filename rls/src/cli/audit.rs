//! `countersign audit`: what of a live database is not as intended, or is unsafe on its own.

use std::error::Error;
use std::fs;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::builder::PossibleValuesParser;
use clap::{Args, ValueEnum};
use countersign_rls::audit::{self, Evidence, Report, Severity, kinds};
use countersign_rls::connect;
use countersign_rls::live::{self, Limits, Live};
use countersign_rls::shadow::{self, Intention};
use indicatif::ProgressBar;
use miette::{IntoDiagnostic as _, Result, WrapErr as _, miette};

use super::{AppArgs, Output, Subject};

/// Find everything in a live database that differs from the policy or is unsafe on its own.
///
/// Reads the catalogues in one read-only transaction and counts orphans. To compare policies in the
/// form in which PostgreSQL keeps them, empty copies of the tables are made in a transaction that
/// is always rolled back; no lock stronger than ACCESS SHARE is taken on a live table.
#[derive(Debug, Args)]
pub(crate) struct AuditArgs {
    #[command(flatten)]
    app: AppArgs,
    /// The database, e.g. postgres://postgres@localhost/postgres.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    db: String,
    /// What makes the exit code 1: findings of this severity, or graver ones.
    #[arg(long, value_name = "SEVERITY", default_value = "error")]
    fail_on: FailOn,
    /// Leave findings of this name out.
    #[arg(long, value_name = "NAME", hide_possible_values = true,
        value_parser = PossibleValuesParser::new(kinds::all().map(|kind| kind.name)))]
    ignore: Vec<String>,
    /// Also write the findings as SARIF 2.1.0; `-` for standard output, instead of the report.
    #[arg(long, value_name = "FILE")]
    sarif: Option<PathBuf>,
    /// The configuration of Supabase's CLI; looked at if it is there.
    #[arg(long, value_name = "FILE", default_value = "supabase/config.toml")]
    config: PathBuf,
    /// Make the copies on another server of the same major version, for a role that may create
    /// nothing here.
    #[arg(long, value_name = "URL", conflicts_with = "no_shadow")]
    shadow: Option<String>,
    /// Make no copies: policies, guards, helpers and privileges are not compared with the policy.
    #[arg(long)]
    no_shadow: bool,
    /// Count no rows.
    #[arg(long)]
    no_count: bool,
    /// How often a table must have been scanned otherwise before an index counts as unused.
    #[arg(long, value_name = "SCANS", default_value_t = audit::UNUSED_AFTER)]
    unused_after: i64,
    /// How long one statement may run.
    #[arg(long, value_name = "MILLISECONDS", default_value_t = 30_000, value_parser = clap::value_parser!(u64).range(1..))]
    statement_timeout: u64,
    /// How long to wait for a lock.
    #[arg(long, value_name = "MILLISECONDS", default_value_t = 2_000, value_parser = clap::value_parser!(u64).range(1..))]
    lock_timeout: u64,
}

/// From which severity on the command fails.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum FailOn {
    Error,
    Warning,
    Info,
    Never,
}

impl FailOn {
    fn least(self) -> Option<Severity> {
        match self {
            Self::Error => Some(Severity::Error),
            Self::Warning => Some(Severity::Warning),
            Self::Info => Some(Severity::Info),
            Self::Never => None,
        }
    }
}

impl AuditArgs {
    pub(crate) fn run(&self, output: &Output) -> Result<ExitCode> {
        let subject = self.app.compile(output)?;
        let Some(subject) = subject else {
            return Ok(ExitCode::from(2));
        };
        let progress = ProgressBar::new_spinner();
        progress.enable_steady_tick(Duration::from_millis(100));
        let report = self.report(&subject, output, &progress);
        progress.finish_and_clear();
        let report = report?;
        let to_stdout = self.write_sarif(&report, &subject)?;
        if !to_stdout {
            let colour = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
            output.say(&report.json(), || report.text(colour));
        }
        let failed = self.fail_on.least().is_some_and(|least| report.has(least));
        Ok(ExitCode::from(u8::from(failed)))
    }

    fn report(&self, subject: &Subject, output: &Output, progress: &ProgressBar) -> Result<Report> {
        let Subject { project, policy } = subject;
        let limits = Limits {
            statement: Duration::from_millis(self.statement_timeout),
            lock: Duration::from_millis(self.lock_timeout),
        };
        progress.set_message("reading the schema");
        let mut client = connect::open(&self.db).into_diagnostic()?;
        let mut reading = live::begin(&mut client, true, limits).into_diagnostic()?;
        let live = live::introspect(&mut reading, &policy.schema).into_diagnostic()?;
        let mut evidence = Evidence {
            policy,
            catalogue: &project.catalogue,
            source: &project.source,
            live: &live,
            intended: None,
        };
        let mut findings = Vec::new();
        if !self.no_count {
            progress.set_message("counting rows that stand in the way");
            findings = audit::count(&mut reading, evidence).into_diagnostic()?;
        }
        drop(reading);
        progress.set_message("making the policy's shadow");
        let intended = self.intended(evidence, limits)?;
        evidence.intended = intended.as_ref();
        findings.extend(audit::findings(evidence, self.unused_after));
        let config = output.directory.join(&self.config);
        findings.extend(audit::configuration(&config).into_diagnostic()?);
        findings.retain(|finding| self.ignore.iter().all(|name| name != finding.kind.name));
        Ok(Report::new(
            &policy.app,
            &live,
            intended.is_some(),
            findings,
        ))
    }

    fn intended(&self, evidence: Evidence<'_>, limits: Limits) -> Result<Option<Live>> {
        if self.no_shadow {
            return Ok(None);
        }
        let url = self.shadow.as_ref().unwrap_or(&self.db);
        let mut client = connect::open(url).into_diagnostic()?;
        let mut transaction = live::begin(&mut client, false, limits).into_diagnostic()?;
        let intention = Intention {
            policy: evidence.policy,
            catalogue: evidence.catalogue,
            source: evidence.source,
        };
        match shadow::make(&mut transaction, intention, evidence.live) {
            Ok(intended) => {
                let (here, there) = (&evidence.live.server, &intended.server);
                if here.version_number / 10_000 == there.version_number / 10_000 {
                    Ok(Some(intended))
                } else {
                    Err(miette!(
                        help = "give --shadow a server of the same major version",
                        "the shadow's server is PostgreSQL {}, the database's {}; they print policies differently",
                        there.version,
                        here.version
                    ))
                }
            }
            Err(error) if error.is_forbidden() => Err(miette!(
                help = "make it on another server with --shadow <url>, or leave the comparison out with --no-shadow",
                "{}",
                chain(&error)
            )),
            Err(error) => Err(error).into_diagnostic(),
        }
    }

    /// Writes SARIF if it was asked for; whether that was to standard output.
    fn write_sarif(&self, report: &Report, subject: &Subject) -> Result<bool> {
        let Some(path) = &self.sarif else {
            return Ok(false);
        };
        let policy = subject.project.policy_path.display().to_string();
        let text = format!("{:#}", report.sarif(&subject.policy, &policy));
        if path == Path::new("-") {
            println!("{text}");
            return Ok(true);
        }
        fs::write(path, text + "\n")
            .into_diagnostic()
            .wrap_err_with(|| format!("cannot write {}", path.display()))?;
        Ok(false)
    }
}

/// An error and what brought it about, in one line.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
