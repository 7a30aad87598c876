//! Everything the tests run against, on ports of its own.

use std::env;
use std::fs::File;
use std::path::PathBuf;

use miette::{IntoDiagnostic as _, Result, miette};
use serde::Serialize;

use crate::postgres::Cluster;
use crate::progress::Progress;
use crate::service::Service;
use crate::stack::{self, Database, Facts, Stack};
use crate::tools::{self, Tools};
use crate::worker::Worker;
use crate::workspace::{Workspace, write};
use crate::{artifacts, dev, ports, simulators};

/// Running services, and where they are.
///
/// Every use has a directory below `target` of its own, for logs and for a copy of the Worker that
/// no later build touches; one at a time has it.
#[derive(Debug)]
pub(crate) struct Services {
    running: Vec<Service>,
    cluster: Option<Cluster>,
    facts: Where,
    /// `facts` as JSON, for whoever prefers a file.
    file: PathBuf,
    _lock: File,
}

/// What the file holds.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Where {
    /// A PostgreSQL 15 or newer with pgvector, where anything may be created.
    postgres_url: String,
    /// An empty PGlite that speaks PostgreSQL: one client at a time.
    pglite_url: String,
    /// The browser library as a Node package.
    library: PathBuf,
    worker_url: Option<String>,
    simulators: simulators::Facts,
    stack: Facts,
}

impl Services {
    /// Starts everything for the use called `name`; its file is `target/<name>.json`.
    pub(crate) fn start(
        workspace: &Workspace,
        tools: &Tools,
        progress: &Progress,
        name: &str,
    ) -> Result<Self> {
        let directory = workspace.target.join(name);
        let lock = workspace.lock(&directory, "services")?;
        let logs = directory.join("logs");
        let mut running = Vec::new();

        let mut cluster = None;
        let postgres_url = match env::var("TEST_DATABASE_URL") {
            Ok(url) => url,
            Err(_) => {
                let postgres = tools::postgres(workspace, progress)?;
                let started = progress.step("start PostgreSQL", |step| {
                    Cluster::start(workspace, &postgres, &logs, step)
                })?;
                cluster.insert(started).url.clone()
            }
        };
        let (pglite, pglite_url) =
            progress.step("start PGlite", |_| stack::bare_pglite(workspace, &logs))?;
        running.push(pglite);

        let (service, simulated) = simulators::start(workspace, progress, &logs)?;
        running.push(service);

        let (stack, facts) = progress.step("start database, REST and auth", |_| {
            let (port, wire_port) = (ports::free()?, ports::free()?);
            let stack = Stack {
                database: Database::Memory,
                port,
                wire_port,
                better_auth_secret: simulated.better_auth_secret(),
                logs: logs.clone(),
            };
            stack.start(workspace)
        })?;
        running.push(stack);

        // What cannot be built fails the tests that need it, and no others.
        if let Err(error) = artifacts::library(workspace, tools, progress) {
            progress.line(&format!("{error:?}"));
        }
        let worker = artifacts::worker(workspace, tools, progress).and_then(|()| {
            progress.step("start the Worker", |_| {
                let script = artifacts::copy_of_worker(workspace, &directory.join("worker"))?;
                let port = ports::free()?;
                Worker {
                    script,
                    stack: &facts,
                    simulators: &simulated,
                    port,
                    directory: &directory,
                }
                .start(workspace, tools)
            })
        });
        let worker_url = match worker {
            Ok((service, url)) => {
                running.push(service);
                Some(url)
            }
            Err(error) => {
                progress.line(&format!("{error:?}"));
                None
            }
        };

        let library = artifacts::node_library(workspace);
        let facts = Where {
            postgres_url,
            pglite_url,
            library,
            worker_url,
            simulators: simulated,
            stack: facts,
        };
        let file = workspace.target.join(format!("{name}.json"));
        write(
            &file,
            serde_json::to_string_pretty(&facts).into_diagnostic()?,
        )?;
        Ok(Self {
            running,
            cluster,
            facts,
            file,
            _lock: lock,
        })
    }

    /// What the tests are told.
    pub(crate) fn environment(&self) -> Vec<(&'static str, String)> {
        let Where {
            postgres_url,
            pglite_url,
            library,
            worker_url,
            simulators,
            stack,
        } = &self.facts;
        let mut variables = vec![
            ("COUNTERSIGN_PG_URL", postgres_url.clone()),
            ("COUNTERSIGN_PGLITE_URL", pglite_url.clone()),
            ("COUNTERSIGN_WASM", library.display().to_string()),
            ("COUNTERSIGN_STACK_URL", stack.url.clone()),
            ("COUNTERSIGN_SIMULATORS_URL", simulators.url.clone()),
            ("COUNTERSIGN_STACK_JSON", self.file.display().to_string()),
        ];
        // For what starts systems of its own.
        let program = env::current_exe().map(|path| path.display().to_string());
        variables.extend(program.map(|program| ("COUNTERSIGN_XTASK", program)));
        variables.extend(
            worker_url
                .clone()
                .map(|url| ("COUNTERSIGN_WORKER_URL", url)),
        );
        variables
    }

    /// Whether everything that was sent to the simulators, and that they answered, was as the providers'
    /// official descriptions have it.
    pub(crate) fn as_described(&self) -> Result<()> {
        let url = format!("{}/control/deviations", self.facts.simulators.url);
        let mut answer = ureq::get(&url).call().into_diagnostic()?;
        let found: Vec<String> = answer.body_mut().read_json().into_diagnostic()?;
        if found.is_empty() {
            return Ok(());
        }
        Err(miette!(
            "not as the providers' descriptions in tests/specs:\n{}",
            found.join("\n")
        ))
    }

    pub(crate) fn has_worker(&self) -> bool {
        self.facts.worker_url.is_some()
    }

    /// Until the user has had enough, or something falls over.
    pub(crate) fn wait(&mut self) -> Result<()> {
        let cluster = self.cluster.iter_mut().map(|cluster| &mut cluster.service);
        dev::wait(&mut self.running.iter_mut().chain(cluster).collect::<Vec<_>>())
    }
}
