//! What no comparison can know: where the values of an old column belong now.
//!
//! Such steps are written by hand, one file each, in `migrations/legacy/upgrade/<app>`, in the app's
//! own schema. The comments at a file's head say when it applies:
//!
//! - `-- phase: backfill` (or `switch`, `contract`)
//! - `-- if present: "T".c`: only while the live table has the column
//! - `-- if open: "T".c`: only until the live table has the column and requires it
//! - `-- if policy: prefix`: only while a live policy is called so
//! - `-- replaces: "T".c`: a column that is dropped once the values are moved
//! - `-- lock: ...`: what it locks

use std::fs;
use std::path::{Path, PathBuf};

use super::locks::Lock;
use super::step::{Phase, Statement, Step};
use super::{DiffError, goal};
use crate::live::{Column, Live};
use crate::sql::lex;
use crate::sql::retarget::retarget;

/// A step written by hand that applies.
pub(super) struct Recipe {
    pub(super) step: Step,
    /// The columns it replaces, as `table.column`.
    pub(super) replaces: Vec<String>,
}

/// The steps of an app that apply to a database, in the order of their files' names.
pub(super) fn read(
    migrations: &Path,
    app: &str,
    own: &str,
    live: &Live,
) -> Result<Vec<Recipe>, DiffError> {
    let directory = migrations.join("legacy").join("upgrade").join(app);
    let mut paths: Vec<PathBuf> = Vec::new();
    if directory.is_dir() {
        let failed = |source| DiffError::File {
            what: "read",
            path: directory.clone(),
            source,
        };
        for entry in fs::read_dir(&directory).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            if path.extension().is_some_and(|extension| extension == "sql") {
                paths.push(path);
            }
        }
    }
    paths.sort();
    let mut recipes = Vec::new();
    for path in paths {
        let text = goal::read(&path)?;
        let recipe = parse(&text, own, live).map_err(|fault| DiffError::Recipe {
            path: path.clone(),
            fault,
        })?;
        let name = path
            .file_stem()
            .and_then(|stem| stem.to_str())
            .unwrap_or_default();
        if let Some(mut recipe) = recipe {
            name.clone_into(&mut recipe.step.name);
            recipes.push(recipe);
        }
    }
    Ok(recipes)
}

/// A recipe, if it applies.
fn parse(text: &str, own: &str, live: &Live) -> Result<Option<Recipe>, String> {
    let (mut phase, mut applies, mut replaces, mut about, mut lock) =
        (None, true, Vec::new(), Vec::new(), None);
    let mut rest = text;
    while let Some((line, after)) = rest.split_once('\n') {
        let Some(comment) = line.strip_prefix("-- ") else {
            break;
        };
        rest = after;
        match comment.split_once(": ") {
            Some(("phase", value)) => {
                phase = Some(match value {
                    "backfill" => Phase::Backfill,
                    "switch" => Phase::Code,
                    "contract" => Phase::Contract,
                    other => return Err(format!("there is no phase \"{other}\"")),
                });
            }
            Some(("if open", value)) => {
                applies &= column(live, value).is_none_or(|column| !column.not_null);
            }
            Some(("if policy", value)) => {
                let mut policies = live.tables.iter().flat_map(|table| &table.policies);
                applies &= policies.any(|policy| policy.name.starts_with(value));
            }
            Some(("if present", value)) => applies &= column(live, value).is_some(),
            Some(("replaces", value)) => replaces.push(value.replace('"', "")),
            Some(("lock", value)) => lock = Some(value.to_owned()),
            _ => about.push(comment.to_owned()),
        }
    }
    let phase = phase.ok_or("its head does not say its phase")?;
    if !applies {
        return Ok(None);
    }
    let mut step = Step::new(phase, "", "");
    step.about = about;
    let lock = lock.and_then(|lock| Lock::parse(&lock));
    let lock = lock.ok_or("its head does not say what it locks, as `MODE on table and table`")?;
    for statement in lex::statements(&retarget(rest, own, &live.schema)) {
        step.up.push(Statement::locking(statement, lock.clone()));
    }
    Ok(Some(Recipe { step, replaces }))
}

/// A column of a live table, named as in `"T".c`.
fn column<'a>(live: &'a Live, name: &str) -> Option<&'a Column> {
    let plain = name.replace('"', "");
    let (table, column) = plain.split_once('.')?;
    live.table(table)?.column(column)
}
