//! `countersign doctor`: what is missing in a deployment.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use countersign_rls::doctor::{
    self, Deployment, Finding, Severity, Source, examine, look_at_database, look_at_worker,
};
use miette::{IntoDiagnostic as _, Result, miette};
use reqwest::Url;
use serde_json::json;

use super::Output;

/// Look what is missing in a deployment of the Worker: its settings, its database, and itself.
///
/// Settings are judged without asking anybody. Secrets are read from files, and never printed:
/// give their values (`--vars`), or the names that are set (`--secrets`); what nobody gave is not
/// missed. Nothing is changed anywhere. Exits with 1 if there is an error or a warning.
#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {
    /// The configuration [default: wrangler.toml in the directory]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The environment of the configuration, as for `wrangler deploy --env`
    #[arg(long, value_name = "NAME")]
    env: Option<String>,
    /// Secrets with their values, in lines of NAME=value, such as `.dev.vars`
    #[arg(long, value_name = "FILE")]
    vars: Vec<PathBuf>,
    /// The names of the secrets that are set: what `wrangler secret list --format json` prints
    #[arg(long, value_name = "FILE")]
    secrets: Vec<PathBuf>,
    /// Take secrets from the environment of this command, too
    #[arg(long)]
    from_environment: bool,
    /// The database behind it, as a URL or `key=value` pairs; read, and not changed
    #[arg(long, value_name = "URL")]
    db: Option<String>,
    /// Where the Worker answers, to be asked how it is
    #[arg(long, value_name = "URL")]
    url: Option<String>,
}

impl DoctorArgs {
    pub(crate) fn run(&self, output: &Output) -> Result<ExitCode> {
        let url = self.url.as_deref().map(worker_url).transpose()?;
        let deployment = self.deployment(output)?;
        let mut found = examine(&deployment);
        if let Some(db) = &self.db {
            found.extend(look_at_database(&deployment, db).into_diagnostic()?);
        }
        if let Some(url) = &url {
            found.extend(look_at_worker(&deployment, url).into_diagnostic()?);
        }
        doctor::sort(&mut found);
        let bad = found
            .iter()
            .any(|finding| finding.severity != Severity::Note);
        let apps = deployment.apps();
        let report = json!({
            "apps": apps,
            "knows_secrets": deployment.knows_secrets,
            "findings": found,
        });
        output.say(&report, || words(&apps, deployment.knows_secrets, &found));
        Ok(if bad {
            ExitCode::FAILURE
        } else {
            ExitCode::SUCCESS
        })
    }

    fn deployment(&self, output: &Output) -> Result<Deployment> {
        let config = self
            .config
            .clone()
            .unwrap_or_else(|| output.directory.join("wrangler.toml"));
        let mut deployment = Deployment::read(&config, self.env.as_deref()).into_diagnostic()?;
        for file in &self.vars {
            deployment.add_values(file).into_diagnostic()?;
        }
        if self.from_environment {
            deployment.knows_secrets = true;
            for setting in doctor::SETTINGS.iter().filter(|setting| setting.secret) {
                if let Ok(text) = std::env::var(setting.name) {
                    deployment.give(setting.name, Source::Secret, Some(text));
                }
            }
        }
        for file in &self.secrets {
            deployment.add_names(file).into_diagnostic()?;
        }
        Ok(deployment)
    }
}

fn worker_url(text: &str) -> Result<Url> {
    let url = Url::parse(text).ok();
    let url = url.filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    url.ok_or_else(|| {
        miette!(
            help = "write it as https://countersign.example.workers.dev",
            "--url is not an http or https address"
        )
    })
}

fn words(apps: &[&str], knows_secrets: bool, found: &[Finding]) -> String {
    let mut text = format!("apps: {}\n", apps.join(" "));
    if !knows_secrets {
        text.push_str("secrets: not looked at; --vars gives their values, --secrets their names\n");
    }
    for finding in found {
        let Finding {
            severity,
            about,
            problem,
            mend,
            ..
        } = finding;
        let _ = write!(text, "\n{severity:<8} {about} {problem}\n         {mend}\n");
    }
    let count = |severity| {
        let count = found.iter().filter(|of| of.severity == severity).count();
        let plural = if count == 1 { "" } else { "s" };
        format!("{count} {severity}{plural}")
    };
    let _ = write!(
        text,
        "\n{}, {}, {}",
        count(Severity::Error),
        count(Severity::Warning),
        count(Severity::Note)
    );
    text
}
