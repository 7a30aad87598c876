//! Database, REST and auth: the Node process in `tests/stack`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use miette::{IntoDiagnostic as _, Result};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::service::Service;
use crate::workspace::Workspace;

/// How the stack is to be started.
#[derive(Debug)]
pub(crate) struct Stack {
    pub(crate) database: Database,
    pub(crate) port: u16,
    /// Where PGlite is served to programs that speak PostgreSQL.
    pub(crate) wire_port: u16,
    /// What signs the sessions of Better Auth.
    pub(crate) better_auth_secret: Option<String>,
    pub(crate) logs: PathBuf,
}

/// What is underneath.
#[derive(Clone, Debug)]
pub(crate) enum Database {
    /// PGlite that is gone when it stops.
    Memory,
    /// PGlite that lives in a directory.
    Directory(PathBuf),
    /// A PostgreSQL server.
    Url(String),
}

/// What a running stack says of itself.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Facts {
    pub(crate) url: String,
    pub(crate) database_url: String,
    pub(crate) jwt_secret: String,
    pub(crate) publishable_key: String,
    pub(crate) secret_key: String,
    /// Where an issuer with asymmetric keys publishes them.
    pub(crate) jwks_url: String,
    /// Its private keys, for tests to sign with.
    issuer_keys: Vec<Value>,
    /// What `Accept-Profile` may name; the first is the default.
    pub(crate) schemas: Vec<String>,
    /// The migrations that were applied at this start.
    pub(crate) applied: Vec<String>,
    pub(crate) people: Vec<Person>,
}

/// Somebody who can sign in.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Person {
    /// The app whose demonstration they belong to.
    pub(crate) app: String,
    pub(crate) email: String,
    pub(crate) password: String,
    pub(crate) id: String,
    pub(crate) access_token: String,
    pub(crate) refresh_token: String,
    /// A session of Better Auth's, as its bearer: what a member of the portal shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) session: Option<String>,
}

impl Stack {
    /// Starts it with migrations applied, people signed in and data seeded.
    pub(crate) fn start(self, workspace: &Workspace) -> Result<(Service, Facts)> {
        let mut node = workspace.command("node")?;
        node.env("LITE_TELEMETRY", "0")
            .arg("tests/stack/server.mjs");
        match &self.database {
            Database::Memory => {}
            Database::Directory(directory) => drop(node.arg("--directory").arg(directory)),
            Database::Url(url) => drop(node.arg("--database").arg(url)),
        }
        node.arg(format!("--port={}", self.port))
            .arg(format!("--wire-port={}", self.wire_port));
        node.args(["--migrations", "migrations"]);
        if let Some(secret) = &self.better_auth_secret {
            node.arg("--better-auth-secret").arg(secret);
        }
        for (option, ending) in [("--people", "_people.sql"), ("--seed", "_seed.sql")] {
            let files = workspace.files("tests/sql", ending)?;
            for file in files.iter().filter(|file| !is_test(file)) {
                node.arg(option).arg(workspace.root.join(file));
            }
        }
        let mut service = Service::start("stack", node, &self.logs)?;
        let facts = first_line(&mut service)?;
        Ok((service, facts))
    }
}

/// A script that tests, whatever its name ends in.
fn is_test(file: &Path) -> bool {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    name.contains("_test")
}

/// Starts an empty PGlite for programs that speak PostgreSQL. Returns its URL.
pub(crate) fn bare_pglite(workspace: &Workspace, logs: &Path) -> Result<(Service, String)> {
    let mut node = workspace.command("node")?;
    node.args(["tests/stack/server.mjs", "--bare"]);
    let mut service = Service::start("pglite", node, logs)?;
    let facts: Bare = first_line(&mut service)?;
    Ok((service, facts.database_url))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bare {
    database_url: String,
}

/// The one line of JSON that says that it is ready.
fn first_line<T: DeserializeOwned>(service: &mut Service) -> Result<T> {
    let line = service.wait_for(Duration::from_secs(180), |lines| {
        Ok(lines.try_iter().find(|line| line.starts_with('{')))
    })?;
    serde_json::from_str(&line).into_diagnostic()
}
