//! Indexes: those that policies need, and those that nobody does.

use super::finding::{Finding, Object};
use super::keys::foreign;
use super::kinds::{INDEX_DUPLICATE, INDEX_INVALID, INDEX_MISSING, INDEX_UNUSED, TENANT_INDEX};
use super::scene::Scene;
use crate::generate;
use crate::live::{Index, Table};
use crate::sql;

pub(super) fn look(scene: &Scene<'_>, unused_after: i64, found: &mut Vec<Finding>) {
    for table in &scene.live.tables {
        let needed = needed(scene, table, found);
        invalid(scene, table, found);
        let doubled = duplicate(scene, table, found);
        for index in &table.indexes {
            let serves = needed.iter().any(|columns| begins(index, columns));
            let idle = index.scans == 0 && table.scans >= unused_after;
            let kept = index.unique || index.constraint || serves || !index.valid;
            if idle && !kept && !doubled.contains(&index.name.as_str()) {
                let detail = format!(
                    "0 scans, {} of the table; {} kB",
                    table.scans,
                    index.pages.saturating_mul(8)
                );
                found.push(
                    Finding::new(&INDEX_UNUSED, object(scene, table, &index.name), detail)
                        .mended(drop(scene, index)),
                );
            }
        }
    }
}

fn object(scene: &Scene<'_>, table: &Table, index: &str) -> Object {
    let name = format!("{} on {}", sql::name(index), scene.relation(&table.name));
    Object::of("index", name, &table.name)
}

fn drop(scene: &Scene<'_>, index: &Index) -> String {
    format!("drop index concurrently {};", scene.relation(&index.name))
}

/// Whether an index answers a search by these columns.
fn begins(index: &Index, columns: &[String]) -> bool {
    index.valid
        && index.predicate.is_none()
        && index.method == "btree"
        && index.columns.get(..columns.len()) == Some(columns)
}

/// The columns by which policies look rows of a table up, and what an index for them is called.
fn lookups(scene: &Scene<'_>, table: &Table) -> Vec<(String, Vec<String>)> {
    let of = scene.policy.table(&table.name);
    let lookups = of.map(|of| generate::lookups(scene.policy, scene.catalogue, of));
    let owned = |(name, columns): (String, Vec<&str>)| {
        (name, columns.into_iter().map(str::to_owned).collect())
    };
    lookups.unwrap_or_default().into_iter().map(owned).collect()
}

/// Whether policies look rows of a table up by these columns.
pub(super) fn is_looked_up(scene: &Scene<'_>, table: &Table, columns: &[String]) -> bool {
    lookups(scene, table).iter().any(|(_, of)| of == columns)
}

/// The columns of the index by which the app's migrations answer a search by some columns; those
/// columns themselves where they have none.
pub(super) fn planned(scene: &Scene<'_>, table: &Table, columns: &[String]) -> Vec<String> {
    let known = scene.catalogue.relation(&table.name);
    let indexes = known.map(|of| of.indexes.as_slice()).unwrap_or_default();
    let possible = |index: &&Vec<String>| {
        index.starts_with(columns) && index.iter().all(|column| table.column(column).is_some())
    };
    indexes
        .iter()
        .find(possible)
        .cloned()
        .unwrap_or_else(|| columns.to_vec())
}

/// Reports the columns that no index begins with; returns what indexes are needed for: policies,
/// foreign keys and the app's own queries.
fn needed(scene: &Scene<'_>, table: &Table, found: &mut Vec<Finding>) -> Vec<Vec<String>> {
    let relation = scene.relation(&table.name);
    let object = || Object::of("table", &relation, &table.name);
    let possible = |columns: &[String]| columns.iter().all(|column| table.column(column).is_some());
    let there = |columns: &[String]| table.indexes.iter().any(|index| begins(index, columns));
    let known = scene.catalogue.relation(&table.name);
    // A key that is missing has been told of.
    let is_key = |columns: &Vec<String>| {
        known.is_some_and(|of| &of.primary_key == columns || of.unique.contains(columns))
    };
    let mut needed: Vec<Vec<String>> = Vec::new();
    for (name, columns) in lookups(scene, table) {
        let planned = planned(scene, table, &columns);
        if possible(&columns) && !there(&columns) && !is_key(&planned) {
            let name = if planned == columns {
                format!(" if not exists {}", sql::name(&name))
            } else {
                String::new()
            };
            let create = format!(
                "create index concurrently{name} on {relation} ({});",
                sql::names(planned.iter().map(String::as_str))
            );
            let list = sql::names(columns.iter().map(String::as_str));
            let detail = format!("no index begins with ({list})");
            found.push(Finding::new(&TENANT_INDEX, object(), detail).mended(create));
        }
        needed.push(columns);
    }
    needed.extend(foreign(table).map(|(key, _)| key.columns.clone()));
    let indexes = known.map(|of| of.indexes.as_slice()).unwrap_or_default();
    for columns in indexes {
        let said = needed.iter().any(|of| {
            columns.starts_with(of) && !there(of) && planned(scene, table, of) == *columns
        });
        if possible(columns) && !there(columns) && !said && !is_key(columns) {
            let list = sql::names(columns.iter().map(String::as_str));
            let create = format!("create index concurrently on {relation} ({list});");
            let detail = format!("no index begins with ({list})");
            found.push(Finding::new(&INDEX_MISSING, object(), detail).mended(create));
        }
    }
    needed.extend(indexes.iter().cloned());
    needed
}

fn invalid(scene: &Scene<'_>, table: &Table, found: &mut Vec<Finding>) {
    for index in table.indexes.iter().filter(|index| !index.valid) {
        let again = index
            .definition
            .replacen("INDEX ", "INDEX CONCURRENTLY ", 1);
        found.push(
            Finding::new(
                &INDEX_INVALID,
                object(scene, table, &index.name),
                index.definition.clone(),
            )
            .mended(format!("{}\n{again};", drop(scene, index))),
        );
    }
}

/// Reports indexes that double another one; returns their names.
fn duplicate<'t>(scene: &Scene<'_>, table: &'t Table, found: &mut Vec<Finding>) -> Vec<&'t str> {
    // Of several that are equal stays the one that more depends on, then the first by name.
    let worth = |index: &Index| (index.primary, index.constraint, index.unique, index.valid);
    let mut doubled = Vec::new();
    for (at, index) in table.indexes.iter().enumerate() {
        let keeper = table.indexes.iter().enumerate().find(|(other, of)| {
            *other != at
                && of.shape == index.shape
                && (worth(of) > worth(index) || (worth(of) == worth(index) && *other < at))
        });
        // A constraint's index is the constraint's to drop.
        if let Some((_, keeper)) = keeper
            && !index.constraint
        {
            let detail = format!("it is the same as {}", sql::name(&keeper.name));
            found.push(
                Finding::new(&INDEX_DUPLICATE, object(scene, table, &index.name), detail)
                    .mended(drop(scene, index)),
            );
            doubled.push(index.name.as_str());
        }
    }
    doubled
}
