//! What is missing in a deployment: its settings, its database, and the Worker that runs.
//!
//! Settings are judged without anybody being asked. Nothing here prints a secret's value: a
//! [`Finding`] holds names, and what is wrong with them.

mod apps;
mod bindings;
mod database;
mod deployment;
mod form;
mod live;
mod rules;
mod settings;

use std::fmt;

use serde::Serialize;

pub use bindings::LIMITS;
pub use database::{look as look_at_database, look_in as look_in_transaction};
pub use deployment::{Deployment, Given, ReadError, Source};
pub use form::{APPS, Form};
pub use live::look as look_at_worker;
pub use settings::{SETTINGS, Setting, nearest, setting};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The Worker, or something that was set up, does not work, or is not safe.
    Error,
    /// Something is missing or left open that most deployments want otherwise.
    Warning,
    /// Good to know.
    Note,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        })
    }
}

/// Something that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// What kind of thing it is, in one word for programs.
    pub code: &'static str,
    /// What it is about: a setting's name, a binding, or where it was found.
    pub about: String,
    /// What is wrong with it, to be read after `about`.
    pub problem: String,
    /// What to do.
    pub mend: String,
}

impl Finding {
    fn new(
        severity: Severity,
        code: &'static str,
        about: impl Into<String>,
        problem: impl Into<String>,
        mend: impl Into<String>,
    ) -> Self {
        Self {
            severity,
            code,
            about: about.into(),
            problem: problem.into(),
            mend: mend.into(),
        }
    }

    fn error(
        code: &'static str,
        about: impl Into<String>,
        problem: impl Into<String>,
        mend: impl Into<String>,
    ) -> Self {
        Self::new(Severity::Error, code, about, problem, mend)
    }

    fn warning(
        code: &'static str,
        about: impl Into<String>,
        problem: impl Into<String>,
        mend: impl Into<String>,
    ) -> Self {
        Self::new(Severity::Warning, code, about, problem, mend)
    }

    fn note(
        code: &'static str,
        about: impl Into<String>,
        problem: impl Into<String>,
        mend: impl Into<String>,
    ) -> Self {
        Self::new(Severity::Note, code, about, problem, mend)
    }
}

/// What is wrong with the settings and the bindings, the worst first.
#[must_use]
pub fn examine(deployment: &Deployment) -> Vec<Finding> {
    let mut found = rules::each(deployment);
    found.extend(rules::together(deployment));
    found.extend(apps::needs(deployment));
    found.extend(bindings::all(deployment));
    sort(&mut found);
    found
}

/// The worst first; otherwise as they were found.
pub fn sort(found: &mut [Finding]) {
    found.sort_by_key(|finding| finding.severity);
}
