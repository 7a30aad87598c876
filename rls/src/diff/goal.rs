//! The state a database should be in: what our migrations make, on the same server, in a database
//! of their own that is dropped again.
//!
//! It is read as the live database is, so both sides are printed by the same server, and only what
//! differs differs.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use postgres::{Client, Transaction};

use crate::connect::Address;

use super::DiffError;
use crate::generate::{self, Section};
use crate::live::{self, Constraint, ConstraintKind, Limits, Live};
use crate::sql;
use crate::sql::retarget::retarget;

/// The text that makes each function, by schema, name and argument types.
pub(super) type Definitions = BTreeMap<(String, String, String), String>;

/// A database as it is, or as it should be.
#[derive(Debug)]
pub(super) struct State {
    pub(super) live: Live,
    pub(super) functions: Definitions,
    /// The same after everything was made again from what was printed: PostgreSQL does not always
    /// print a second time what it printed first.
    pub(super) again: Option<Live>,
}

impl State {
    /// Reads a database in a transaction with an empty search path.
    pub(super) fn read(transaction: &mut Transaction<'_>, schema: &str) -> Result<Self, DiffError> {
        let live = live::introspect(transaction, schema)?;
        let query = "select n.nspname::text, p.proname::text,
              array_to_string(array(select format_type(a.type, null) from unnest(p.proargtypes::oid[]) with ordinality a (type, position)
                                    order by a.position), ', '),
              pg_get_functiondef(p.oid)
            from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace
            where n.nspname in ($1, 'countersign') and p.prokind in ('f', 'p')
              and not exists (select from pg_catalog.pg_depend d
                where d.classid = 'pg_catalog.pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')";
        let rows = transaction
            .query(query, &[&schema])
            .map_err(|source| DiffError::Query {
                what: "read the functions".to_owned(),
                source,
            })?;
        let mut functions = Definitions::new();
        for row in rows {
            functions.insert((row.get(0), row.get(1), row.get(2)), row.get(3));
        }
        Ok(Self {
            live,
            functions,
            again: None,
        })
    }
}

/// What the goal is made of.
pub(super) struct Plan<'a> {
    pub(super) app: &'a str,
    /// The schema that the migrations name.
    pub(super) own: &'a str,
    /// The schema that is wanted.
    pub(super) schema: &'a str,
    pub(super) migrations: &'a Path,
    pub(super) sections: &'a [Section],
}

/// Makes the goal, reads it, and drops it.
pub(super) fn make(
    plan: &Plan<'_>,
    url: &str,
    place: &'static str,
    like: &Live,
) -> Result<State, DiffError> {
    let address = Address::parse(url)?;
    let mut server = address.open()?;
    let known = roles(&mut server, place)?;
    let name = format!("countersign_goal_{}", unique());
    server
        .batch_execute(&format!("create database {}", sql::name(&name)))
        .map_err(goal_error("create a database", place))?;
    let state = fill(plan, &address.with_database(&name), place, like);
    let drop = format!("drop database if exists {} with (force)", sql::name(&name));
    server
        .batch_execute(&drop)
        .map_err(goal_error("drop the database of the migrations", place))?;
    for role in roles(&mut server, place)? {
        if !known.contains(&role) {
            // Another database may have come to need it meanwhile.
            let _ = server.batch_execute(&format!("drop role {}", sql::name(&role)));
        }
    }
    state
}

fn fill(
    plan: &Plan<'_>,
    goal: &Address,
    place: &'static str,
    like: &Live,
) -> Result<State, DiffError> {
    let mut client = goal.open()?;
    let mut run = |what: &str, text: &str| {
        client
            .batch_execute(text)
            .map_err(goal_error(format!("apply {what}"), place))
    };
    // The base migrations make their schema; "public" is there already.
    run("its start", "drop schema if exists public cascade")?;
    run("what Supabase has", include_str!("../verify/scratch.sql"))?;
    for extension in like.server.extensions.iter().filter(|e| e.name == "vector") {
        let schema = sql::name(&extension.schema);
        if extension.schema != plan.schema {
            run(
                "the extension",
                &format!(
                    "create schema if not exists {schema}; create extension vector schema {schema}"
                ),
            )?;
        }
    }
    for file in base_files(plan.migrations, plan.app)? {
        let text = read(&file)?;
        run(
            &file.display().to_string(),
            &retarget(&text, plan.own, plan.schema),
        )?;
    }
    for section in plan.sections {
        run(&section.name, &section.body)?;
    }
    let mut transaction = live::begin(&mut client, true, Limits::default())?;
    let mut state = State::read(&mut transaction, plan.schema)?;
    drop(transaction);
    let mut transaction = live::begin(&mut client, false, Limits::default())?;
    for statement in reprinted(&state.live) {
        transaction
            .batch_execute(&statement)
            .map_err(goal_error("make again what was printed", place))?;
    }
    state.again = Some(live::introspect(&mut transaction, plan.schema)?);
    Ok(state)
}

/// Triggers and checks, made again from their own print.
fn reprinted(live: &Live) -> Vec<String> {
    let mut statements = Vec::new();
    for table in &live.tables {
        let relation = sql::qualified(&table.schema, &table.name);
        for trigger in &table.triggers {
            let name = sql::name(&trigger.name);
            statements.push(format!("drop trigger {name} on {relation}"));
            statements.push(trigger.definition.clone());
        }
        let checks = |c: &&Constraint| c.kind == ConstraintKind::Check;
        for check in table.constraints.iter().filter(checks) {
            let name = sql::name(&check.name);
            statements.push(format!(
                "alter table {relation} drop constraint {name}, add constraint {name} {}",
                check.definition
            ));
        }
    }
    for view in live.views.iter().filter(|view| view.schema == live.schema) {
        let name = sql::qualified(&view.schema, &view.name);
        statements.push(format!(
            "create or replace view {name} as {}",
            view.definition
        ));
    }
    statements
}

/// The migrations that make an app's tables and functions, the Worker's own tables first.
pub(super) fn base_files(directory: &Path, app: &str) -> Result<Vec<PathBuf>, DiffError> {
    let failed = |source| DiffError::File {
        what: "read",
        path: directory.to_owned(),
        source,
    };
    let infix = format!("_{app}_");
    let (mut shared, mut own) = (Vec::new(), Vec::new());
    for entry in fs::read_dir(directory).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = path
            .file_name()
            .and_then(|n| n.to_str())
            .unwrap_or_default();
        if name.ends_with(EDGE_FILE) {
            shared.push(path);
        } else if name.contains(&infix) && name.ends_with(".sql") && !name.ends_with("_policy.sql")
        {
            own.push(path);
        }
    }
    shared.sort();
    own.sort();
    shared.append(&mut own);
    Ok(shared)
}

/// How the migration with the Worker's tables ends.
pub(super) const EDGE_FILE: &str = "_countersign_edge.sql";

/// A file's text.
pub(super) fn read(path: &Path) -> Result<String, DiffError> {
    fs::read_to_string(path).map_err(|source| DiffError::File {
        what: "read",
        path: path.to_owned(),
        source,
    })
}

/// The roles that migrations bring, of those the server has.
fn roles(server: &mut Client, place: &'static str) -> Result<Vec<String>, DiffError> {
    let query = "select rolname::text from pg_catalog.pg_roles where rolname in
        ('anon', 'authenticated', 'service_role', 'supabase_auth_admin', 'authenticator', 'countersign_edge')";
    let rows = server
        .query(query, &[])
        .map_err(goal_error("look for roles", place))?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

fn goal_error(
    what: impl Into<String>,
    place: &'static str,
) -> impl FnOnce(postgres::Error) -> DiffError {
    let what = what.into();
    move |source| DiffError::Goal {
        what,
        place,
        source,
    }
}

fn unique() -> String {
    let nanos = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |passed| passed.as_nanos());
    format!("{:x}_{:x}", nanos & 0xffff_ffff_ffff, std::process::id())
}

/// Whether a function is made by one of these sections.
pub(super) fn generated(sections: &[Section], schema: &str, name: &str) -> bool {
    if schema != generate::SCHEMA {
        return false;
    }
    let made = format!(
        "create or replace function {}(",
        sql::qualified(schema, name)
    );
    sections.iter().any(|section| section.body.contains(&made))
}
