//! `cargo xtask dev`: the systems, ready to be used.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use clap::Args;
use miette::{IntoDiagnostic as _, Result, miette};
use serde::Serialize;

use crate::demo::{self, Example};
use crate::headers::Headers;
use crate::progress::Progress;
use crate::service::Service;
use crate::stack::{Database, Facts, Stack};
use crate::stamp::Stamp;
use crate::tools::Tools;
use crate::worker::Worker;
use crate::workspace::{Workspace, create_directory, write};
use crate::{artifacts, interrupt, ports, simulators};

/// How the systems are started for trying them out.
#[derive(Debug, Args)]
pub(crate) struct Dev {
    /// Port of the Worker; with 0 any that is free, as with the two below
    #[arg(long, default_value_t = 8787)]
    port: u16,
    /// Port of Supabase's REST and auth
    #[arg(long, default_value_t = 54321)]
    stack_port: u16,
    /// Port where PGlite speaks PostgreSQL
    #[arg(long, default_value_t = 54322)]
    database_port: u16,
    /// A PostgreSQL 15 or newer with pgvector to use instead of PGlite; its data stays
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, value_name = "URL")]
    database_url: Option<String>,
    /// Where data, logs and headers are kept; dev.json is beside it [default: target/dev]
    #[arg(long, value_name = "DIRECTORY")]
    directory: Option<PathBuf>,
    /// Print dev.json instead of text
    #[arg(long)]
    json: bool,
}

/// What `target/dev.json` holds.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Running {
    worker_url: String,
    /// Where HubSpot and the others are simulated.
    simulators_url: String,
    stack: Facts,
    examples: Vec<Example>,
}

/// Where wrangler starts a run by the clock, whose own clock stands still locally.
const SCHEDULE: &str = "/cdn-cgi/handler/scheduled?cron=*+*+*+*+*";

/// Starts the Worker's schedule as Cloudflare does, and keeps everybody signed in, until this
/// program ends.
fn every_minute(url: String, stack: Facts, headers: Headers) {
    thread::spawn(move || {
        for minute in 1_u64.. {
            thread::sleep(Duration::from_secs(60));
            // What fails is in the Worker's log.
            let _ = ureq::get(&url).call();
            if minute % 30 == 0 {
                // An hour is what a token lasts; what fails here is tried again in time.
                let _ = headers.renew(&stack);
            }
        }
    });
}

impl Dev {
    pub(crate) fn run(&self, workspace: &mut Workspace, progress: &Progress) -> Result<()> {
        let directory = match &self.directory {
            Some(directory) => std::path::absolute(directory).into_diagnostic()?,
            None => workspace.target.join("dev"),
        };
        let _only = only_one(&directory)?;
        let port = ports::wanted(self.port, "--port")?;
        let stack_port = ports::wanted(self.stack_port, "--stack-port")?;
        let wire_port = ports::wanted(self.database_port, "--database-port")?;
        let tools = Tools::install(workspace, progress)?;
        artifacts::build(workspace, &tools, progress)?;

        let logs = directory.join("logs");
        let database = self.database(workspace, &directory)?;
        let (mut simulators, simulated) = simulators::start(workspace, progress, &logs)?;
        let stack = Stack {
            database,
            port: stack_port,
            wire_port,
            better_auth_secret: simulated.better_auth_secret(),
            logs: logs.clone(),
        };
        let (mut stack, facts) =
            progress.step("start database, REST and auth", |_| stack.start(workspace))?;
        let headers = Headers::below(&directory);
        headers.write(&facts)?;
        let script = artifacts::worker_script(workspace);
        let worker = Worker {
            script,
            stack: &facts,
            simulators: &simulated,
            port,
            directory: &directory,
        };
        let (mut worker, worker_url) =
            progress.step("start the Worker", |_| worker.start(workspace, &tools))?;
        let examples = progress.step("try the examples", |_| {
            demo::examples(workspace, &worker_url, &facts, &headers)
        })?;
        let running = Running {
            worker_url,
            simulators_url: simulated.url,
            stack: facts,
            examples,
        };
        self.tell(&directory.with_extension("json"), &running)?;
        let schedule = format!("{}{SCHEDULE}", running.worker_url);
        every_minute(schedule, running.stack, headers);
        wait(&mut [&mut stack, &mut simulators, &mut worker])
    }

    /// A new directory whenever what goes into a new database changes.
    fn database(&self, workspace: &Workspace, directory: &Path) -> Result<Database> {
        if let Some(url) = &self.database_url {
            return Ok(Database::Url(url.clone()));
        }
        let sources = [
            "migrations",
            "package-lock.json",
            "tests/sql",
            "tests/stack",
        ];
        let stamp = Stamp::of(&sources.map(|source| workspace.root.join(source)))?;
        let name = format!("pglite-{}", stamp.as_str());
        for entry in fs::read_dir(directory).into_diagnostic()? {
            let entry = entry.into_diagnostic()?;
            let other = entry.file_name();
            if other.to_string_lossy().starts_with("pglite-") && *other != *name {
                fs::remove_dir_all(entry.path()).into_diagnostic()?;
            }
        }
        Ok(Database::Directory(directory.join(name)))
    }

    fn tell(&self, path: &Path, running: &Running) -> Result<()> {
        let json = serde_json::to_string_pretty(running).into_diagnostic()?;
        write(path, &json)?;
        if self.json {
            println!("{json}");
            return Ok(());
        }
        let Running {
            worker_url,
            simulators_url,
            stack,
            examples,
        } = running;
        println!("\n  Worker     {worker_url}");
        println!(
            "  Supabase   {}   apikey: {}",
            stack.url, stack.publishable_key
        );
        println!("  Database   {}", stack.database_url);
        println!("  HubSpot, a language model: simulated, {simulators_url}\n");
        for people in stack.people.chunk_by(|one, other| one.app == other.app) {
            let Some(first) = people.first() else {
                continue;
            };
            let names: Vec<&str> = people.iter().map(|one| one.email.as_str()).collect();
            println!("  {:<10} {}", first.app, wrapped(&names, "\n             "));
        }
        let passwords = stack.people.first().map(|person| &person.password);
        if let Some(password) = passwords {
            println!("  {:<10} {password}", "password");
        }
        for example in examples {
            println!("\n{example}");
        }
        println!("\n  All of this, tokens included: {}", path.display());
        println!("  What to try next: five minutes with each app, docs/tours");
        println!("  Ctrl-C stops everything.");
        Ok(())
    }
}

/// The words with spaces between, in lines of about a terminal's width.
fn wrapped(words: &[&str], new_line: &str) -> String {
    let mut text = String::new();
    let mut width = 0;
    for word in words {
        if width + word.len() > 90 {
            text.push_str(new_line);
            width = 0;
        } else if width > 0 {
            text.push_str("  ");
        }
        text.push_str(word);
        width += word.len() + 2;
    }
    text
}

/// Two at once would write to one PGlite directory.
fn only_one(directory: &Path) -> Result<File> {
    create_directory(directory)?;
    let file = File::create(directory.join(".lock")).into_diagnostic()?;
    file.try_lock().map_err(|_| {
        miette!(
            help = "stop it, or work in another clone",
            "`cargo xtask dev` is already running in this checkout"
        )
    })?;
    Ok(file)
}

/// Until the user has had enough, or something falls over.
pub(crate) fn wait(services: &mut [&mut Service]) -> Result<()> {
    loop {
        if interrupt::check().is_err() {
            return Ok(());
        }
        for service in &mut *services {
            service.check()?;
        }
        thread::sleep(Duration::from_millis(100));
    }
}
