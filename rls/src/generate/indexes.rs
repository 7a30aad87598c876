//! The indexes that the policies need.

use std::fmt::Write as _;

use policy_core::columns::ColumnIndex;
use policy_core::model::{Action, Place, Subject, Table};

use super::{Context, client_rules};
use crate::sql;

/// Creates the indexes that the catalogue does not show.
pub(super) fn write(context: &Context<'_>, table: &Table, text: &mut String) {
    let existing = context
        .catalogue
        .relation(&table.name)
        .map(|r| r.indexes.as_slice())
        .unwrap_or_default();
    let wanted = wanted(context, table);
    let mut made: Vec<&[&str]> = Vec::new();
    let mut sorted: Vec<&Vec<&str>> = wanted.iter().collect();
    sorted.sort_by_key(|columns| std::cmp::Reverse(columns.len()));
    for columns in sorted {
        let covered = existing.iter().any(|index| starts_with(index, columns))
            || made.iter().any(|index| index.starts_with(columns));
        if covered {
            continue;
        }
        made.push(columns);
        let name = name(table, columns);
        let (name, relation) = (sql::name(&name).into_owned(), context.relation(&table.name));
        let columns = sql::names(columns.iter().copied());
        let _ = writeln!(
            text,
            "\ncreate index if not exists {name} on {relation} ({columns});"
        );
    }
}

/// What an index on some columns of a table is called.
pub(super) fn name(table: &Table, columns: &[&str]) -> String {
    sql::fitting(&format!(
        "countersign_{}_{}_idx",
        table.name,
        columns.join("_")
    ))
}

fn starts_with(index: &[String], columns: &[&str]) -> bool {
    index.len() >= columns.len() && index.iter().zip(columns).all(|(a, b)| a == b)
}

/// The leading columns by which policies and helpers look rows up.
pub(super) fn wanted<'t>(context: &Context<'_>, table: &'t Table) -> Vec<Vec<&'t str>> {
    let mut wanted: Vec<Vec<ColumnIndex>> = Vec::new();
    if let Place::Tenant(tenant) = table.place {
        wanted.push(vec![tenant]);
    }
    for members in context.sources(table) {
        wanted.push(vec![members.caller, members.tenant]);
    }
    for parent in table.parents.iter().filter(|parent| parent.tested) {
        wanted.push(
            std::iter::once(parent.column)
                .chain(table.place.tenant_column())
                .collect(),
        );
    }
    for rule in client_rules(table).filter(|rule| rule.action == Action::Select) {
        if let (Subject::Team(team), Some(tenant)) = (rule.subject, table.place.tenant_column())
            && !table.primary_key.contains(team.column)
        {
            wanted.push(vec![tenant, team.column]);
        }
        if let (Subject::Itself(column), false) = (rule.subject, rule.fenced(table.place)) {
            wanted.push(vec![column]);
        }
    }
    wanted
        .into_iter()
        .map(|columns| {
            columns
                .into_iter()
                .map(|column| table.column_name(column))
                .collect()
        })
        .collect()
}
