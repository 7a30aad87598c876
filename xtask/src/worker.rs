//! The Worker in workerd, under `wrangler dev`.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use miette::{IntoDiagnostic as _, Result, WrapErr as _, miette};
use toml::{Table, Value};

use crate::service::Service;
use crate::simulators;
use crate::stack::Facts;
use crate::tools::Tools;
use crate::workspace::{Workspace, write};

/// A built Worker that is to run in front of a stack.
#[derive(Debug)]
pub(crate) struct Worker<'a> {
    pub(crate) script: PathBuf,
    pub(crate) stack: &'a Facts,
    pub(crate) simulators: &'a simulators::Facts,
    pub(crate) port: u16,
    /// For its configuration, its state and its logs.
    pub(crate) directory: &'a Path,
}

impl Worker<'_> {
    /// Starts it and waits until it answers. Returns its URL.
    pub(crate) fn start(self, workspace: &Workspace, tools: &Tools) -> Result<(Service, String)> {
        let config = self.directory.join("wrangler.toml");
        write(&config, self.config(workspace)?.to_string())?;
        let logs = self.directory.join("logs");
        let mut wrangler = tools.wrangler(workspace)?;
        wrangler.arg("dev").arg("--config").arg(config);
        wrangler.args([
            "--local",
            "--ip=127.0.0.1",
            "--show-interactive-dev-session=false",
        ]);
        wrangler
            .arg(format!("--port={}", self.port))
            .arg("--inspector-port=0");
        wrangler.env("WRANGLER_LOG_PATH", logs.join("wrangler.log"));
        let mut service = Service::start("worker", wrangler, &logs)?;
        let url = format!("http://127.0.0.1:{}", self.port);
        let health = format!("{url}/healthz");
        service.wait_for(Duration::from_secs(60), |_| {
            Ok(ureq::get(&health).call().ok().map(drop))
        })?;
        Ok((service, url))
    }

    /// `wrangler.toml` with this script, which is built already, and this stack.
    fn config(&self, workspace: &Workspace) -> Result<Table> {
        let path = workspace.root.join("wrangler.toml");
        let text = fs::read_to_string(&path).into_diagnostic()?;
        let config = text.parse::<Table>().into_diagnostic();
        let mut config = config.wrap_err_with(|| format!("could not read {}", path.display()))?;
        config.remove("build");
        // Everybody here has one address.
        config.remove("ratelimits");
        config.insert(
            "main".to_owned(),
            Value::from(self.script.display().to_string()),
        );
        let vars = config.get_mut("vars").and_then(Value::as_table_mut);
        let vars = vars.ok_or_else(|| miette!("{} has no [vars]", path.display()))?;
        for (name, value) in [
            ("SUPABASE_URL", &self.stack.url),
            ("SUPABASE_JWT_SECRET", &self.stack.jwt_secret),
            ("SUPABASE_PUBLISHABLE_KEY", &self.stack.publishable_key),
            ("JWKS_URL", &self.stack.jwks_url),
            ("PUBLIC_URL", &format!("http://127.0.0.1:{}", self.port)),
            // This machine may be busy with other tests.
            ("WEBHOOK_TIMEOUT_SECONDS", &"60".to_owned()),
        ] {
            vars.insert(name.to_owned(), Value::from(value.as_str()));
        }
        for (name, value) in &self.simulators.settings {
            vars.insert(name.clone(), Value::from(value.as_str()));
        }
        Ok(config)
    }
}
