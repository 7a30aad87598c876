//! A database that this repository's migrations made, on the server of the tests.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use countersign_rls::project::{self, Project};
use policy_core::Policy;
use postgres::{Client, Config, NoTls};

const SUPABASE: &str = include_str!("../../src/verify/scratch.sql");

/// The checkout.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// An app of the checkout, and its policy.
pub(crate) fn app(name: &str) -> (Project, Policy) {
    let project = Project::open(&root(), name).unwrap();
    let policy = project.compile().unwrap().policy;
    (project, policy)
}

/// A database that is dropped at the end.
pub(crate) struct Database {
    server: String,
    name: String,
    /// Whether it was copied from the one that the migrations made.
    copied: bool,
}

/// The database that the migrations made, for the others to be copied from, and how many of those
/// there are. It goes with the last of them.
static TEMPLATE: Mutex<(usize, Option<Database>)> = Mutex::new((0, None));

/// The template, whatever became of a test that held it.
fn template() -> MutexGuard<'static, (usize, Option<Database>)> {
    TEMPLATE.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Database {
    /// An empty one but for what Supabase brings; `None` without a server.
    pub(crate) fn empty() -> Option<Self> {
        let database = Self::bare()?;
        database.client().batch_execute(SUPABASE).unwrap();
        Some(database)
    }

    /// One with nothing in it.
    pub(crate) fn bare() -> Option<Self> {
        Self::create("")
    }

    fn create(how: &str) -> Option<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let Ok(server) = std::env::var("COUNTERSIGN_PG_URL") else {
            eprintln!("skipped: COUNTERSIGN_PG_URL is not set");
            return None;
        };
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("countersign_dba_{}_{count}", std::process::id());
        let mut client = Client::connect(&server, NoTls).unwrap();
        client
            .batch_execute(&format!("create database {name} {how}"))
            .unwrap();
        Some(Self {
            server,
            name,
            copied: false,
        })
    }

    /// With all five apps.
    pub(crate) fn migrated() -> Option<Self> {
        let mut template = template();
        if template.1.is_none() {
            template.1 = Some(Self::migrate()?);
        }
        let from = template
            .1
            .as_ref()
            .map(|of| format!("template {}", of.name));
        let mut database = Self::create(&from?)?;
        database.copied = true;
        template.0 += 1;
        Some(database)
    }

    fn migrate() -> Option<Self> {
        let database = Self::empty()?;
        let mut files: Vec<PathBuf> = std::fs::read_dir(project::migrations_path(&root()))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "sql"))
            .collect();
        files.sort();
        let mut client = database.client();
        for file in files {
            let script = std::fs::read_to_string(&file).unwrap();
            client
                .batch_execute(&script)
                .and_then(|()| client.batch_execute("reset all"))
                .unwrap_or_else(|error| panic!("{}: {error:?}", file.display()));
        }
        Some(database)
    }

    pub(crate) fn url(&self) -> String {
        let (server, _) = self.server.rsplit_once('/').unwrap();
        format!("{server}/{}", self.name)
    }

    pub(crate) fn client(&self) -> Client {
        let mut config: Config = self.server.parse().unwrap();
        config.dbname(&self.name).connect(NoTls).unwrap()
    }

    /// Everything that the catalogues say but statistics, one line for each row. Roles are the
    /// server's, so those that other tests make meanwhile are left out.
    pub(crate) fn dump(&self) -> BTreeSet<String> {
        let mut client = self.client();
        let mut lines = BTreeSet::new();
        for from in [
            "(select oid, relname, relnamespace, relkind, relowner, relrowsecurity, relforcerowsecurity, relacl from pg_class
              where relnamespace <> 'pg_toast'::regnamespace)",
            "(select * from pg_roles where rolname !~ '^countersign_reader')",
            "pg_attribute", "pg_constraint", "pg_namespace", "pg_policy", "pg_proc", "pg_trigger", "pg_type",
            "pg_default_acl", "pg_description", "pg_enum", "pg_index",
        ] {
            let query = format!("select t::text from {from} t");
            let rows = client.query(&query, &[]).unwrap();
            assert!(!rows.is_empty(), "{from}");
            lines.extend(rows.iter().map(|row| format!("{from} {}", row.get::<_, String>(0))));
        }
        lines
    }
}

/// Fails with the lines that only one of two dumps has.
pub(crate) fn assert_same(before: &BTreeSet<String>, after: &BTreeSet<String>) {
    let changed: Vec<&String> = before.symmetric_difference(after).collect();
    assert!(changed.is_empty(), "{changed:#?}");
}

impl Drop for Database {
    fn drop(&mut self) {
        let mut client = Client::connect(&self.server, NoTls).unwrap();
        let drop = format!("drop database {} with (force)", self.name);
        let _ = client.batch_execute(&drop);
        if self.copied {
            let mut template = template();
            template.0 -= 1;
            // Dropped only after the lock is given back.
            let last = if template.0 == 0 {
                template.1.take()
            } else {
                None
            };
            std::mem::drop(template);
            std::mem::drop(last);
        }
    }
}
