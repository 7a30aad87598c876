//! Where things are, and a database for each test.

use std::fs;
use std::path::{Path, PathBuf};

use postgres::{Client, Config, NoTls};

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The files of a directory with this extension whose names pass, in the order of their names.
pub(crate) fn files(
    directory: &str,
    extension: &str,
    wanted: impl Fn(&str) -> bool,
) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(root().join(directory))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .filter(|path| wanted(&name(path)))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "nothing in {directory}");
    files
}

/// A file's name without its directory.
pub(crate) fn name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

/// The apps that have a policy.
pub(crate) fn apps() -> Vec<String> {
    let policies = files("policies", "policy", |_| true);
    let stem = |path: &PathBuf| path.file_stem().unwrap().to_string_lossy().into_owned();
    policies.iter().map(stem).collect()
}

/// The seeds' people, then the seeds.
pub(crate) fn seeds() -> Vec<PathBuf> {
    let people = |name: &str| name.ends_with("_people.sql") && !name.contains("_test_");
    let mut all = files("tests/sql", "sql", people);
    all.extend(files("tests/sql", "sql", |name| {
        name.ends_with("_seed.sql")
    }));
    all
}

/// A script `*_test*.sql` behind what they have in common; any other as it is.
pub(crate) fn script(file: &Path) -> String {
    let own = fs::read_to_string(file).unwrap();
    if !name(file).contains("_test") {
        return own;
    }
    let helpers = fs::read_to_string(root().join("tests/sql/helpers.sql")).unwrap();
    format!("{helpers}\n{own}")
}

/// A database of its own, dropped at the end.
pub(crate) struct Database {
    name: String,
    pub(crate) url: String,
    server: Config,
}

impl Database {
    /// With what a migration may expect of Supabase; `None` without a server.
    pub(crate) fn bare(purpose: &str) -> Option<Self> {
        let Ok(url) = std::env::var("COUNTERSIGN_PG_URL") else {
            eprintln!("skipped: COUNTERSIGN_PG_URL names no server; `cargo xtask test` starts one");
            return None;
        };
        let server: Config = url.parse().unwrap();
        let name = format!("countersign_{purpose}_{}", std::process::id());
        let mut client = server.connect(NoTls).unwrap();
        client
            .batch_execute(&format!("create database {name}"))
            .unwrap();
        let (before, _) = url.rsplit_once('/').unwrap();
        let database = Self {
            url: format!("{before}/{name}"),
            name,
            server,
        };
        database
            .run(&root().join("tests/sql/supabase_stub.sql"))
            .unwrap();
        Some(database)
    }

    /// With all migrations applied; `None` without a server.
    pub(crate) fn migrated(purpose: &str) -> Option<Self> {
        let database = Self::bare(purpose)?;
        for file in files("migrations", "sql", |_| true) {
            database.run(&file).unwrap();
        }
        Some(database)
    }

    pub(crate) fn client(&self) -> Client {
        self.server
            .clone()
            .dbname(&self.name)
            .connect(NoTls)
            .unwrap()
    }

    /// Runs a file as one implicit transaction, as the Supabase CLI does.
    pub(crate) fn run(&self, file: &Path) -> Result<(), String> {
        self.run_text(&name(file), &fs::read_to_string(file).unwrap())
    }

    /// Runs a script; `what` says in an error where it came from.
    pub(crate) fn run_text(&self, what: &str, text: &str) -> Result<(), String> {
        self.client().batch_execute(text).map_err(|error| {
            let said = error.as_db_error().map_or_else(
                || error.to_string(),
                |e| {
                    let place = e.where_().unwrap_or_default();
                    format!("{} ({}) {place}", e.message(), e.code().code())
                },
            );
            format!("{what}: {said}")
        })
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Ok(mut client) = self.server.connect(NoTls) {
            let _ = client.batch_execute(&format!("drop database {} with (force)", self.name));
        }
    }
}
