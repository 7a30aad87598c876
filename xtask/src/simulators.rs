//! The systems behind the Worker, simulated: the program in `tests/simulators`.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use miette::{IntoDiagnostic as _, Result};
use serde::{Deserialize, Serialize};

use crate::process;
use crate::progress::Progress;
use crate::service::Service;
use crate::workspace::Workspace;

const PACKAGE: &str = "countersign-simulators";

/// What the simulators say of themselves.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Facts {
    /// Where each answers below its name; `/control` is for tests.
    pub(crate) url: String,
    /// What a Worker that is to talk to them is set to.
    pub(crate) settings: BTreeMap<String, String>,
}

impl Facts {
    /// What signs the sessions of Better Auth, which is not simulated.
    pub(crate) fn better_auth_secret(&self) -> Option<String> {
        self.settings.get("BETTER_AUTH_SECRET").cloned()
    }
}

/// Builds and starts them.
pub(crate) fn start(
    workspace: &Workspace,
    progress: &Progress,
    logs: &Path,
) -> Result<(Service, Facts)> {
    progress.step("build the simulators", |step| {
        let mut cargo = workspace.command("cargo")?;
        cargo.args(["build", "--package", PACKAGE]);
        process::quiet(cargo, step)
    })?;
    progress.step("start the simulators", |_| {
        let program = workspace.target.join("debug").join(PACKAGE);
        let command = workspace.command(program)?;
        let mut service = Service::start("simulators", command, logs)?;
        let line = service.wait_for(Duration::from_secs(30), |lines| {
            Ok(lines.try_iter().find(|line| line.starts_with('{')))
        })?;
        Ok((service, serde_json::from_str(&line).into_diagnostic()?))
    })
}
