//! The migrations that bring a database in use to its policy.
//!
//! What a database should be is what our own migrations make, tried in a database of its own on the
//! same server; both are read in the same way, and what differs becomes small files in an order that
//! keeps the application working: expand, hold, switch, contract. What no comparison can know
//! (whose a row is, where a token belongs) is written by hand beside the migrations.

mod access;
mod code;
mod error;
mod goal;
mod keys;
mod locks;
mod mapping;
mod preflight;
mod quarantine;
mod quote;
mod recipes;
mod step;
mod tables;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use policy_core::Policy;
use postgres::Transaction;
use serde::Serialize;

use crate::connect;
use crate::generate::{self, Section};
use crate::live::{self, Limits};
use crate::migrations::{self, History};
use crate::project::Project;
use crate::sql;
pub use error::DiffError;
use goal::State;
pub use step::LOCK_TIMEOUT;
use step::{Phase, Statement, Step};

/// What is asked for.
#[derive(Debug)]
pub struct Options<'a> {
    /// The policy, in the schema it is meant for.
    pub policy: &'a Policy,
    /// Where it comes from.
    pub project: &'a Project,
    /// The schema that the app's own migrations name.
    pub own_schema: &'a str,
    /// Where the migrations are.
    pub migrations: &'a Path,
    /// The database.
    pub url: &'a str,
    /// The server on which the migrations are tried, if it is another one.
    pub shadow: Option<&'a str>,
    /// Who belongs where.
    pub mapping: Option<&'a Path>,
    /// Names of what is left alone.
    pub keep: &'a [String],
    /// Whether indexes go that no query has used.
    pub drop_unused: bool,
    /// The first file's version.
    pub version: Option<&'a str>,
}

/// A file of an upgrade.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct File {
    /// Its name.
    pub name: String,
    /// Its text.
    pub up: String,
    /// The text of the file that undoes it.
    pub down: String,
    /// Whether it must not run within a transaction.
    pub alone: bool,
}

/// How an upgrade is to be made, and what it will meet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Upgrade {
    /// The migrations in their order. None: the database is as it should be.
    pub files: Vec<File>,
    /// What counts the rows that each role would lose or gain.
    pub preflight: Option<String>,
    /// The first file that changes who may do what; the preflight comes before it.
    pub switch: Option<String>,
    /// Rows that will leave or lose a reference, by why.
    pub rows: Vec<(String, i64)>,
    /// People who will have no role.
    pub unmapped: Vec<String>,
    /// What else is worth knowing.
    pub notes: Vec<String>,
}

/// What an upgrade is made from, and what is made so far.
struct Context<'a> {
    schema: &'a str,
    live: &'a State,
    goal: &'a State,
    sections: &'a [Section],
    keep: &'a [String],
    drop_unused: bool,
    /// Old columns whose values have another place, as `table.column`.
    replaced: BTreeSet<String>,
    steps: Vec<Step>,
    unknown: Vec<String>,
    questions: Vec<Question>,
    notes: Vec<String>,
    /// Columns that may not be empty from now on, with their tables.
    empty: Vec<(String, String)>,
    code_changed: bool,
}

impl<'a> Context<'a> {
    /// A wanted table, made again from what was printed of it.
    fn again(&self, table: &str) -> Option<&'a live::Table> {
        self.goal.again.as_ref()?.table(table)
    }

    /// Notes something nobody knows, unless it is to be left alone.
    fn unknown(&mut self, what: &str, name: &str) {
        if !self.keep.iter().any(|kept| kept == name) {
            self.unknown.push(format!("{what} {name}"));
        }
    }
}

/// A question to the rows that are there.
struct Question {
    what: String,
    query: String,
    /// Whether an answer above zero stops everything.
    refuses: bool,
}

impl Question {
    fn reported(what: String, query: String) -> Self {
        Self {
            what,
            query,
            refuses: false,
        }
    }

    fn refused(what: String, query: String) -> Self {
        Self {
            refuses: true,
            ..Self::reported(what, query)
        }
    }
}

/// Compares a database with what it should be. Changes nothing in it.
///
/// # Errors
/// If something cannot be read, or stands in the way.
pub fn run(options: &Options<'_>) -> Result<Upgrade, DiffError> {
    let policy = options.policy;
    let sections = generate::sections(policy, &options.project.catalogue, &options.project.source);
    let mut client = connect::open(options.url)?;
    let limits = Limits {
        statement: std::time::Duration::from_secs(600),
        ..Limits::default()
    };
    let mut transaction = live::begin(&mut client, true, limits)?;
    let live = State::read(&mut transaction, &policy.schema)?;
    let place = if options.shadow.is_some() {
        "--shadow"
    } else {
        "--db"
    };
    let goal = goal::make(
        &goal::Plan {
            app: &policy.app,
            own: options.own_schema,
            schema: &policy.schema,
            migrations: options.migrations,
            sections: &sections,
        },
        options.shadow.unwrap_or(options.url),
        place,
        &live.live,
    )?;
    let recipes = recipes::read(
        options.migrations,
        &policy.app,
        options.own_schema,
        &live.live,
    )?;
    let mapping = mapping::read(&mut transaction, policy, &live.live, options.mapping)?;
    let mut context = Context {
        schema: &policy.schema,
        live: &live,
        goal: &goal,
        sections: &sections,
        keep: options.keep,
        drop_unused: options.drop_unused,
        replaced: recipes
            .iter()
            .flat_map(|recipe| recipe.replaces.clone())
            .collect(),
        steps: Vec::new(),
        unknown: Vec::new(),
        questions: Vec::new(),
        notes: Vec::new(),
        empty: Vec::new(),
        code_changed: false,
    };
    foundation(&mut context, options)?;
    mapping::steps(&mut context, &mapping);
    tables::tables(&mut context);
    keys::constraints(&mut context);
    quarantine::quarantine(&mut context);
    code::code(&mut context);
    access::access(&mut context);
    let (last, first): (Vec<_>, Vec<_>) = recipes
        .into_iter()
        .map(|recipe| recipe.step)
        .partition(|step| step.phase != Phase::Contract);
    context.steps.extend(last);
    // A recipe's last word comes before anything is dropped.
    context.steps.splice(0..0, first);
    context.steps.sort_by_key(|step| step.phase);
    if !context.unknown.is_empty() {
        return Err(DiffError::Unknown(context.unknown));
    }
    let rows = answers(&mut transaction, &context.questions)?;
    let preflight = context
        .steps
        .iter()
        .any(|step| step.phase == Phase::Access)
        .then(|| preflight::script(&context, policy));
    let mut upgrade = Upgrade {
        preflight,
        rows,
        unmapped: mapping.unmapped,
        notes: std::mem::take(&mut context.notes),
        ..Upgrade::default()
    };
    name_files(&context.steps, &mut upgrade, options, &mut transaction)?;
    Ok(upgrade)
}

/// What every app needs: the Worker's own tables, and the extension.
fn foundation(context: &mut Context<'_>, options: &Options<'_>) -> Result<(), DiffError> {
    let has = |name: &str| {
        context
            .live
            .live
            .schemas
            .iter()
            .any(|schema| schema.name == name)
    };
    if !has("countersign_edge") {
        for file in goal::base_files(options.migrations, &options.policy.app)? {
            let name = file
                .file_name()
                .and_then(|name| name.to_str())
                .unwrap_or_default();
            if name.ends_with(goal::EDGE_FILE) {
                let mut step = Step::new(
                    Phase::Foundation,
                    "worker",
                    "The Worker's own tables and its role; shared by all apps.",
                );
                let statements = crate::sql::lex::statements(&goal::read(&file)?);
                let settings = |s: &String| s.contains("set local ");
                step.up = statements
                    .into_iter()
                    .filter(|s| !settings(s))
                    .map(Statement::new)
                    .collect();
                step.down = vec![Statement::new("drop schema countersign_edge cascade")];
                context.steps.push(step);
            }
        }
    }
    let extension = |state: &State| {
        state
            .live
            .server
            .extensions
            .iter()
            .any(|e| e.name == "vector")
    };
    if extension(context.goal) && !extension(context.live) {
        context.steps.push(
            Step::new(Phase::Foundation, "vector", "Search by meaning.")
                .with("create schema if not exists extensions", None)
                .with(
                    "create extension if not exists vector schema extensions",
                    None,
                ),
        );
    }
    Ok(())
}

fn answers(
    transaction: &mut Transaction<'_>,
    questions: &[Question],
) -> Result<Vec<(String, i64)>, DiffError> {
    let (mut reported, mut refused) = (Vec::new(), Vec::new());
    for question in questions {
        let row = transaction
            .query_one(&question.query, &[])
            .map_err(|source| DiffError::Query {
                what: format!("count {}", question.what),
                source,
            })?;
        let count: i64 = row.get(0);
        match (count, question.refuses) {
            (0, _) => {}
            (_, true) => refused.push(format!(
                "{count}: {}\n    {}",
                question.what, question.query
            )),
            (_, false) => reported.push((question.what.clone(), count)),
        }
    }
    if refused.is_empty() {
        Ok(reported)
    } else {
        Err(DiffError::Rows(refused))
    }
}

/// Gives each step its version, one second after the other.
fn name_files(
    steps: &[Step],
    upgrade: &mut Upgrade,
    options: &Options<'_>,
    transaction: &mut Transaction<'_>,
) -> Result<(), DiffError> {
    let mut history = History::read(
        options.migrations,
        &options.policy.app,
        &options.policy.schema,
    )?;
    let ledger = "select case when pg_catalog.to_regclass('supabase_migrations.schema_migrations') is not null
        then (pg_catalog.xpath('/row/v/text()', pg_catalog.query_to_xml(
          'select max(version) as v from supabase_migrations.schema_migrations', false, true, '')))[1]::text end";
    let applied: Option<String> = transaction
        .query_one(ledger, &[])
        .map_err(|source| DiffError::Query {
            what: "read the last migration that was applied".to_owned(),
            source,
        })?
        .get(0);
    history.last_version = history.last_version.take().max(applied);
    let mut version = migrations::next_version(&history, options.version)?;
    let (app, schema) = (&options.policy.app, &options.policy.schema);
    for (at, step) in steps.iter().enumerate() {
        let name = format!("{version}_{app}_upgrade_{}.sql", file_name(&step.name));
        let of = format!(
            "File {} of {} that bring {app} in schema {schema} to its policy; written by countersign diff.",
            at + 1,
            steps.len()
        );
        if step.phase >= Phase::Helpers && upgrade.switch.is_none() {
            upgrade.switch = Some(name.clone());
        }
        upgrade.files.push(File {
            up: step.up_text(&of),
            down: step.down_text(),
            alone: step.alone,
            name,
        });
        history.last_version = Some(version);
        version = migrations::next_version(&history, None)?;
    }
    Ok(())
}

/// A name that every file system takes.
fn file_name(name: &str) -> String {
    let plain: String = name
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_lowercase()
            } else {
                '_'
            }
        })
        .collect();
    sql::fitting(&plain)
}

/// Writes the files into an empty directory: the migrations, what undoes them in `down/`, and
/// `preflight.sql` in `checks/`.
///
/// # Errors
/// If the directory holds files, or cannot be written.
pub fn write(directory: &Path, upgrade: &Upgrade) -> Result<Vec<PathBuf>, DiffError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| DiffError::File {
            what: "write",
            path,
            source,
        }
    };
    let down = directory.join("down");
    let checks = directory.join("checks");
    fs::create_dir_all(directory).map_err(failed(directory))?;
    if fs::read_dir(directory)
        .map_err(failed(directory))?
        .next()
        .is_some()
    {
        return Err(DiffError::NotEmpty(directory.to_owned()));
    }
    fs::create_dir_all(&down).map_err(failed(&down))?;
    let mut written = Vec::new();
    for file in &upgrade.files {
        let undo = down.join(file.name.replace(".sql", ".down.sql"));
        fs::write(&undo, &file.down).map_err(failed(&undo))?;
        let path = directory.join(&file.name);
        fs::write(&path, &file.up).map_err(failed(&path))?;
        written.push(path);
    }
    if let Some(preflight) = &upgrade.preflight {
        fs::create_dir_all(&checks).map_err(failed(&checks))?;
        let path = checks.join("preflight.sql");
        fs::write(&path, preflight).map_err(failed(&path))?;
    }
    Ok(written)
}
