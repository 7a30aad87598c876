//! Which columns a role of the database may use.

use std::collections::BTreeSet;

use policy_core::catalogue::{ColumnDefault, Relation};

use super::recognise::Role;
use crate::live::{Grant, Table};

/// The columns that a role has a privilege on; for `delete` all of them or none.
#[must_use]
pub fn columns(table: &Table, role: Role, privilege: &str) -> BTreeSet<String> {
    let of = table.grants.iter().filter(|grant| {
        grant.privilege == privilege && (grant.grantee == role.name() || grant.grantee == "public")
    });
    let mut columns = BTreeSet::new();
    for grant in of {
        match &grant.column {
            Some(column) => {
                columns.insert(column.clone());
            }
            None => columns.extend(table.columns.iter().map(|column| column.name.clone())),
        }
    }
    columns
}

/// Whether a role, or everybody, has a privilege on the whole.
#[must_use]
pub fn has(grants: &[Grant], role: Role, privilege: &str) -> bool {
    grants.iter().any(|grant| {
        grant.privilege == privilege
            && grant.column.is_none()
            && (grant.grantee == role.name() || grant.grantee == "public")
    })
}

/// All columns.
#[must_use]
pub fn all(relation: &Relation) -> BTreeSet<String> {
    let of = relation.columns.iter();
    of.map(|column| column.name.clone()).collect()
}

/// The columns that no statement can set.
#[must_use]
pub fn generated(relation: &Relation) -> BTreeSet<String> {
    let of = relation.columns.iter();
    of.filter(|column| column.default == ColumnDefault::Generated)
        .map(|column| column.name.clone())
        .collect()
}
