//! The agency system on a real PostgreSQL: migrations, generated policies, people and seed as they
//! ship, and then every script of `tests/sql`. Needs a server: `COUNTERSIGN_PG_URL`, which
//! `cargo xtask test` sets; without it the tests say that they are skipped.
#![cfg(test)]

use std::fs;
use std::path::{Path, PathBuf};

use postgres::{Client, Config, NoTls};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The SQL files of a directory whose names pass, in the order of their names.
fn scripts(directory: &str, wanted: impl Fn(&str) -> bool) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(root().join(directory))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "sql"))
        .filter(|path| wanted(&path.file_name().unwrap().to_string_lossy()))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "no scripts in {directory}");
    files
}

/// A database of its own, dropped at the end.
struct Database {
    name: String,
    url: String,
    server: Config,
}

impl Database {
    /// With all migrations applied; `None` without a server.
    fn migrated(purpose: &str) -> Option<Self> {
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
        for file in scripts("migrations", |_| true) {
            database.run(&file).unwrap();
        }
        Some(database)
    }

    fn client(&self) -> Client {
        self.server
            .clone()
            .dbname(&self.name)
            .connect(NoTls)
            .unwrap()
    }

    /// Runs a file as one implicit transaction, as the Supabase CLI does.
    fn run(&self, file: &Path) -> Result<(), String> {
        let text = fs::read_to_string(file).unwrap();
        self.client().batch_execute(&text).map_err(|error| {
            let said = error.as_db_error().map_or_else(
                || error.to_string(),
                |e| {
                    format!(
                        "{} ({}) {}",
                        e.message(),
                        e.code().code(),
                        e.where_().unwrap_or("")
                    )
                },
            );
            format!("{}: {said}", file.file_name().unwrap().to_string_lossy())
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

/// Tables, constraints, life cycle, handlers, search, people and the Worker's own tables: each
/// script raises on the first thing that does not hold.
#[test]
fn every_script_passes() {
    let Some(database) = Database::migrated("scripts") else {
        return;
    };
    for file in ["agency_people.sql", "agency_seed.sql", "agency_seed.sql"] {
        database.run(&root().join("tests/sql").join(file)).unwrap();
    }
    let failures: Vec<String> = scripts("tests/sql", |name| name.contains("test"))
        .iter()
        .filter_map(|file| database.run(file).err())
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// The snapshot beside the policy is what the migrations make.
#[test]
fn the_catalogue_is_current() {
    let Some(database) = Database::migrated("catalogue") else {
        return;
    };
    let live = countersign_rls::catalogue::read(&database.url, "agency").unwrap();
    let live = serde_json::to_string_pretty(&live).unwrap();
    let kept = fs::read_to_string(root().join("policies/agency.catalogue.json")).unwrap();
    let differs = (1..)
        .zip(live.lines().zip(kept.lines()))
        .find(|(_, (live, kept))| live != kept);
    assert!(
        differs.is_none() && live.len() + 1 == kept.len(),
        "line {differs:?}: run `countersign catalogue --app agency --db <url>`"
    );
}
