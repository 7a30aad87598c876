//! Why a verification could not run. What it finds is no error: that is in the report.

use std::path::PathBuf;

use crate::connect::{ConnectError, words};

/// Why a verification could not run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// No session with the server.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// A statement of the verifier's own failed.
    #[error("{what} failed: {}\n  in: {statement}", words(.source))]
    Sql {
        /// What was being done.
        what: &'static str,
        /// The statement, cut short.
        statement: String,
        /// The server's words.
        source: tokio_postgres::Error,
    },
    /// The catalogue's answer does not have the expected form.
    #[error("the server's catalogue cannot be read: {0}")]
    Catalogue(#[from] serde_json::Error),
    /// A migration failed.
    #[error("migration {} failed: {}; apply it by hand to see more", .file.display(), words(.source))]
    Migration {
        /// Which.
        file: PathBuf,
        /// The server's words.
        source: tokio_postgres::Error,
    },
    /// A file cannot be read.
    #[error("cannot read {}: {source}", .path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// The system's words.
        source: std::io::Error,
    },
    /// `--scratch` on a database that holds something.
    #[error(
        "the database already has tables ({0}); --scratch wants an empty one, --fresh makes its own"
    )]
    NotEmpty(String),
    /// The policy does not have the table of `--table`.
    #[error("the policy has no table \"{0}\"; --table takes its names")]
    UnknownTable(String),
    /// The policy and the migrated database are not of the same age.
    #[error("{0}; write the snapshot again with `countersign catalogue` and check the policy")]
    Drift(String),
    /// The connection may not act as a role under test.
    #[error("the connection cannot act as \"{role}\": {}; connect as a superuser", words(.source))]
    Role {
        /// Which role.
        role: &'static str,
        /// The server's words.
        source: tokio_postgres::Error,
    },
    /// No row satisfies the constraints of a table.
    #[error("found no row that `{table}` accepts: {obstacle}; give the columns at fault a default")]
    NoRow {
        /// The table.
        table: String,
        /// What stood in the way last.
        obstacle: String,
    },
    /// The WebAssembly build is missing.
    #[error("there is no WebAssembly build of the policy library in {}; run `cargo xtask build`, or name its directory with --wasm or COUNTERSIGN_WASM", .0.display())]
    NoWasm(PathBuf),
    /// The WebAssembly evaluator cannot be run.
    #[error("cannot run the WebAssembly evaluator in Node: {0}; is `node` (20 or newer) on PATH?")]
    Node(#[source] std::io::Error),
    /// The WebAssembly evaluator does not understand.
    #[error(
        "the WebAssembly evaluator failed: {0}; build the package again with `cargo xtask build`"
    )]
    Evaluator(String),
    /// The policy cannot be stored for the WebAssembly evaluator.
    #[error(transparent)]
    Compact(#[from] policy_core::compact::LoadError),
    /// `--in-place` on a database where it would not be sound.
    #[error("cannot verify in place: {0}")]
    InPlace(String),
    /// `--in-place` would set off what no rollback takes back.
    #[error(
        "cannot verify in place, since these could have effects that no rollback takes back:\n{0}\nlook at what they do; if it is harmless, add --allow-triggers, else use --fresh"
    )]
    Triggers(String),
    /// Ctrl-C.
    #[error("interrupted; nothing is left behind")]
    Interrupted,
    /// The runtime cannot be started.
    #[error("cannot start the runtime: {0}")]
    Runtime(#[source] std::io::Error),
}
