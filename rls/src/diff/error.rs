//! Why there is no upgrade.

use std::io;
use std::path::PathBuf;

use crate::connect::ConnectError;
use crate::live::LiveError;
use crate::migrations::MigrationError;

/// Why an upgrade cannot be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DiffError {
    /// The database cannot be read.
    #[error(transparent)]
    Live(#[from] LiveError),
    /// A server is not reached.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The database in which the migrations are tried.
    #[error("cannot {what} on the server of {place}; name another one with --shadow")]
    Goal {
        /// What was being done.
        what: String,
        /// `--db` or `--shadow`.
        place: &'static str,
        /// The server's words.
        source: postgres::Error,
    },
    /// A question to the database failed.
    #[error("cannot {what}")]
    Query {
        /// What was being asked.
        what: String,
        /// The server's words.
        source: postgres::Error,
    },
    /// A file cannot be read or written.
    #[error("cannot {what} {}", path.display())]
    File {
        /// `read` or `write`.
        what: &'static str,
        /// Which.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The directory holds something.
    #[error("{} holds files already; name an empty directory with --out", .0.display())]
    NotEmpty(PathBuf),
    /// The app's migrations.
    #[error(transparent)]
    Migrations(#[from] MigrationError),
    /// A recipe that does not say what it is.
    #[error("{}: {fault}", path.display())]
    Recipe {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        fault: String,
    },
    /// Things that neither the migrations nor the policy know.
    #[error(
        "the database holds what neither the migrations nor the policy know:\n{}\nnothing was written; remove them, bring them into the migrations, or leave one alone with --keep <name>",
        list(.0)
    )]
    Unknown(Vec<String>),
    /// Rows that no constraint would accept.
    #[error("rows stand in the way of a constraint:\n{}\nnothing was written; mend these rows first", list(.0))]
    Rows(Vec<String>),
    /// Nobody knows who belongs where.
    #[error(
        "{table} does not say to which {root} a person belongs, and there are {count}: name them in a file with --mapping, a line each: person (id or e-mail), {root} (id or name), and if it is not the one they have, their role\nthe people are:\n{}",
        list(people)
    )]
    Mapping {
        /// The table of memberships.
        table: String,
        /// The table of tenants.
        root: String,
        /// How many tenants there are.
        count: usize,
        /// Who is in the table.
        people: Vec<String>,
    },
    /// A line of the mapping.
    #[error("{}, line {line}: {fault}", path.display())]
    MappingLine {
        /// The file.
        path: PathBuf,
        /// Which line.
        line: usize,
        /// What is wrong.
        fault: String,
    },
}

fn list(items: &[String]) -> String {
    let lines: Vec<String> = items.iter().map(|item| format!("  {item}")).collect();
    lines.join("\n")
}
