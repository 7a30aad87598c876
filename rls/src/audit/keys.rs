//! Foreign keys against the intended ones, and those that let a row point across tenants.

use policy_core::catalogue::ForeignKey;

use super::finding::{Finding, Object};
use super::indexes;
use super::kinds::{
    FOREIGN_KEY_ALTERED, FOREIGN_KEY_MISSING, FOREIGN_KEY_NOT_VALID, FOREIGN_KEY_SIMPLE,
    FOREIGN_KEY_UNINDEXED,
};
use super::scene::Scene;
use crate::live::{Constraint, ConstraintKind, Reference, Table};
use crate::sql;

pub(super) fn look(scene: &Scene<'_>, found: &mut Vec<Finding>) {
    for table in &scene.live.tables {
        let known = scene.catalogue.relation(&table.name);
        let known = known
            .map(|of| of.foreign_keys.as_slice())
            .unwrap_or_default();
        let mut replaced: Vec<&str> = Vec::new();
        for key in known {
            replaced.extend(intended(scene, table, key, found));
        }
        for (constraint, reference) in foreign(table) {
            let wanted = known
                .iter()
                .any(|key| same_columns(scene, key, constraint, reference));
            let told = replaced.contains(&constraint.name.as_str());
            if !wanted && !told && crosses(scene, table, constraint, reference) {
                let detail = format!("it is {}", constraint.definition);
                let drop = format!(
                    "alter table {} drop constraint {};",
                    scene.relation(&table.name),
                    sql::name(&constraint.name)
                );
                found.push(
                    Finding::new(
                        &FOREIGN_KEY_SIMPLE,
                        object(scene, table, &constraint.name),
                        detail,
                    )
                    .mended(drop),
                );
            }
            alone(scene, table, constraint, found);
        }
    }
}

/// The foreign keys of a table.
pub(super) fn foreign(table: &Table) -> impl Iterator<Item = (&Constraint, &Reference)> {
    let keys = table.constraints.iter();
    keys.filter(|constraint| constraint.kind == ConstraintKind::ForeignKey)
        .filter_map(|constraint| Some((constraint, constraint.reference.as_ref()?)))
}

/// Looks for an intended key; returns the simple one that stands in its place.
fn intended<'t>(
    scene: &Scene<'_>,
    table: &'t Table,
    key: &ForeignKey,
    found: &mut Vec<Finding>,
) -> Option<&'t str> {
    let same = foreign(table).find(|(of, to)| same_columns(scene, key, of, to));
    let relation = scene.relation(&table.name);
    if let Some((constraint, reference)) = same {
        if reference.on_delete != key.on_delete {
            let detail = format!(
                "on delete is {}, intended {}",
                reference.on_delete, key.on_delete
            );
            let replace = format!(
                "alter table {relation} drop constraint {}, add {} not valid;",
                sql::name(&constraint.name),
                definition(scene, key)
            );
            found.push(
                Finding::new(
                    &FOREIGN_KEY_ALTERED,
                    object(scene, table, &constraint.name),
                    detail,
                )
                .mended(replace),
            );
        }
        return None;
    }
    // Columns that are missing are told of on their own.
    if key
        .columns
        .iter()
        .any(|column| table.column(column).is_none())
    {
        return None;
    }
    let simple = foreign(table).find(|(of, to)| {
        target(scene, key) == (to.schema.as_str(), to.table.as_str())
            && of.columns.iter().all(|column| key.columns.contains(column))
    });
    let add = format!(
        "alter table {relation} add {} not valid;",
        definition(scene, key)
    );
    let columns = sql::names(key.columns.iter().map(String::as_str));
    if let Some((constraint, _)) = simple {
        let detail = format!("it is {}, intended from ({columns})", constraint.definition);
        let drop = format!(
            "alter table {relation} drop constraint {};",
            sql::name(&constraint.name)
        );
        found.push(
            Finding::new(
                &FOREIGN_KEY_SIMPLE,
                object(scene, table, &constraint.name),
                detail,
            )
            .mended(format!("{add}\n{drop}")),
        );
        return Some(&constraint.name);
    }
    let object = Object::of(
        "foreign key",
        format!("{} on {relation}", sql::name(&key.name)),
        &table.name,
    );
    let detail = format!("({columns}) should refer to {}", said(scene, key));
    found.push(Finding::new(&FOREIGN_KEY_MISSING, object, detail).mended(add));
    None
}

fn object(scene: &Scene<'_>, table: &Table, key: &str) -> Object {
    let name = format!("{} on {}", sql::name(key), scene.relation(&table.name));
    Object::of("foreign key", name, &table.name)
}

/// The schema and table that the catalogue's key refers to.
pub(super) fn target<'k>(scene: &Scene<'k>, key: &'k ForeignKey) -> (&'k str, &'k str) {
    key.table
        .split_once('.')
        .unwrap_or((scene.policy.schema.as_str(), key.table.as_str()))
}

fn same_columns(scene: &Scene<'_>, key: &ForeignKey, of: &Constraint, to: &Reference) -> bool {
    let pairs = |from: &[String], to: &[String]| {
        let mut pairs: Vec<(String, String)> =
            from.iter().cloned().zip(to.iter().cloned()).collect();
        pairs.sort();
        pairs
    };
    target(scene, key) == (to.schema.as_str(), to.table.as_str())
        && pairs(&key.columns, &key.references) == pairs(&of.columns, &to.columns)
}

fn said(scene: &Scene<'_>, key: &ForeignKey) -> String {
    let (schema, table) = target(scene, key);
    let columns = sql::names(key.references.iter().map(String::as_str));
    format!("{} ({columns})", sql::qualified(schema, table))
}

fn definition(scene: &Scene<'_>, key: &ForeignKey) -> String {
    format!(
        "constraint {} foreign key ({}) references {} on delete {}",
        sql::name(&key.name),
        sql::names(key.columns.iter().map(String::as_str)),
        said(scene, key),
        key.on_delete
    )
}

/// Whether a key leads from one tenant's row to another tenant's.
fn crosses(scene: &Scene<'_>, table: &Table, of: &Constraint, to: &Reference) -> bool {
    let tenant = |name: &str| scene.tenant_tables().find(|(table, _)| table.name == name);
    match (tenant(&table.name), tenant(&to.table)) {
        (Some((_, from)), Some((_, other))) if to.schema == scene.policy.schema => !of
            .columns
            .iter()
            .zip(&to.columns)
            .any(|(a, b)| a == from && b == other),
        _ => false,
    }
}

/// What is wrong with a key whatever was intended.
fn alone(scene: &Scene<'_>, table: &Table, key: &Constraint, found: &mut Vec<Finding>) {
    let relation = scene.relation(&table.name);
    if !key.validated {
        let validate = format!(
            "alter table {relation} validate constraint {};",
            sql::name(&key.name)
        );
        found.push(
            Finding::new(
                &FOREIGN_KEY_NOT_VALID,
                object(scene, table, &key.name),
                key.definition.clone(),
            )
            .mended(validate),
        );
    }
    let covered = table.indexes.iter().any(|index| {
        let first = index.columns.get(..key.columns.len()).unwrap_or_default();
        index.valid
            && index.predicate.is_none()
            && !first.is_empty()
            && key.columns.iter().all(|column| first.contains(column))
    });
    // That policies need the same index has been said.
    if !covered && !indexes::is_looked_up(scene, table, &key.columns) {
        let columns = sql::names(key.columns.iter().map(String::as_str));
        let detail = format!("no index begins with ({columns})");
        let planned = indexes::planned(scene, table, &key.columns);
        let planned = sql::names(planned.iter().map(String::as_str));
        let create = format!("create index concurrently on {relation} ({planned});");
        found.push(
            Finding::new(
                &FOREIGN_KEY_UNINDEXED,
                object(scene, table, &key.name),
                detail,
            )
            .mended(create),
        );
    }
}
