//! A database that this repository's migrations made, on the server of the tests.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

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
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let Ok(server) = std::env::var("COUNTERSIGN_PG_URL") else {
            eprintln!("skipped: COUNTERSIGN_PG_URL is not set");
            return None;
        };
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("countersign_dba_{}_{count}", std::process::id());
        let mut client = Client::connect(&server, NoTls).unwrap();
        client
            .batch_execute(&format!("create database {name}"))
            .unwrap();
        Some(Self { server, name })
    }

    /// With all five apps.
    pub(crate) fn migrated() -> Option<Self> {
        let database = Self::empty()?;
        let mut files: Vec<PathBuf> = std::fs::read_dir(project::migrations_path(&root()))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "sql"))
            .collect();
        files.sort();
        for file in files {
            let script = std::fs::read_to_string(&file).unwrap();
            let mut client = database.client();
            client
                .batch_execute(&script)
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

    /// Everything that the catalogues say but statistics, one line for each row.
    pub(crate) fn dump(&self) -> Vec<String> {
        let mut client = self.client();
        let mut lines = Vec::new();
        for from in [
            "(select oid, relname, relnamespace, relkind, relowner, relrowsecurity, relforcerowsecurity, relacl from pg_class
              where relnamespace <> 'pg_toast'::regnamespace)",
            "pg_attribute", "pg_constraint", "pg_namespace", "pg_policy", "pg_proc", "pg_trigger", "pg_type", "pg_roles",
            "pg_auth_members", "pg_default_acl", "pg_description", "pg_enum", "pg_db_role_setting", "pg_index",
        ] {
            let query = format!("select t::text from {from} t order by 1");
            let rows = client.query(&query, &[]).unwrap();
            assert!(!rows.is_empty() || from.contains("setting"), "{from}");
            lines.extend(rows.iter().map(|row| format!("{from} {}", row.get::<_, String>(0))));
        }
        lines
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let mut client = Client::connect(&self.server, NoTls).unwrap();
        let drop = format!("drop database {} with (force)", self.name);
        let _ = client.batch_execute(&drop);
    }
}
