//! A throw-away PostgreSQL for the tests.

use std::net::TcpStream;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use miette::{IntoDiagnostic as _, Result, WrapErr as _};
use rustix::process::{Signal, geteuid};
use tempfile::TempDir;

use crate::ports;
use crate::process;
use crate::progress::Step;
use crate::service::Service;
use crate::tools::Postgres;
use crate::workspace::Workspace;

/// `nobody`, since PostgreSQL refuses to run as root.
const UNPRIVILEGED: u32 = 65534;

/// A cluster that vanishes when it is dropped.
#[derive(Debug)]
pub(crate) struct Cluster {
    pub(crate) service: Service,
    pub(crate) url: String,
    /// Dropped after the server.
    _directory: TempDir,
}

impl Cluster {
    pub(crate) fn start(
        workspace: &Workspace,
        postgres: &Postgres,
        logs: &Path,
        step: &Step,
    ) -> Result<Self> {
        // Not below the checkout: its parents may be closed to `nobody`.
        let directory = TempDir::with_prefix("countersign-pg-").into_diagnostic()?;
        if geteuid().is_root() {
            chown(directory.path(), Some(UNPRIVILEGED), Some(UNPRIVILEGED)).into_diagnostic()?;
        }
        let data = directory.path().join("data");
        let command = |name: &str| -> Result<Command> {
            let mut command = workspace.command(postgres.program(name))?;
            command.current_dir(directory.path());
            if geteuid().is_root() {
                command.uid(UNPRIVILEGED).gid(UNPRIVILEGED);
            }
            Ok(command)
        };

        let mut initdb = command("initdb")?;
        initdb.arg("--pgdata").arg(&data).args([
            "--username=postgres",
            "--auth=trust",
            "--no-sync",
        ]);
        initdb.args(["--encoding=UTF8", "--locale=C.UTF-8"]);
        process::quiet(initdb, step).wrap_err("could not create a PostgreSQL cluster")?;

        let port = ports::free()?;
        let mut server = command("postgres")?;
        server.arg("-D").arg(&data).args([
            "-p",
            &port.to_string(),
            "-c",
            "listen_addresses=127.0.0.1",
        ]);
        server.args([
            "-c",
            "unix_socket_directories=",
            "-c",
            "max_connections=200",
        ]);
        // Nothing in it is worth keeping.
        server.args([
            "-c",
            "fsync=off",
            "-c",
            "synchronous_commit=off",
            "-c",
            "full_page_writes=off",
        ]);
        // SIGQUIT: at once, whoever is connected.
        let service = Service::start("postgres", server, logs)?;
        let mut service = service.stop_with(Signal::QUIT);
        service.wait_for(Duration::from_secs(30), |_| {
            Ok(TcpStream::connect(("127.0.0.1", port)).ok().map(drop))
        })?;
        let url = format!("postgres://postgres@127.0.0.1:{port}/postgres");
        Ok(Self {
            service,
            url,
            _directory: directory,
        })
    }
}
