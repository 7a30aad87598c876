//! The evidence with what every family of findings asks of it.

use std::ops::Deref;

use policy_core::model::{self, Place};

use super::Evidence;
use crate::generate::{self, Section};
use crate::live::{Function, Grant, Table};
use crate::sql;

/// The roles that requests of clients run as, everybody's among them.
pub(super) const CLIENTS: [&str; 3] = ["public", "anon", "authenticated"];

/// The roles that requests run as.
pub(super) const API: [&str; 3] = ["anon", "authenticated", "countersign_edge"];

/// The evidence, and the SQL that the policy makes.
pub(super) struct Scene<'a> {
    evidence: Evidence<'a>,
    pub(super) sections: Vec<Section>,
}

impl<'a> Deref for Scene<'a> {
    type Target = Evidence<'a>;

    fn deref(&self) -> &Self::Target {
        &self.evidence
    }
}

impl<'a> Scene<'a> {
    pub(super) fn new(evidence: Evidence<'a>) -> Self {
        let sections = generate::sections(evidence.policy, evidence.catalogue, evidence.source);
        Self { evidence, sections }
    }

    /// A relation of the schema as SQL names it.
    pub(super) fn relation(&self, name: &str) -> String {
        sql::qualified(&self.policy.schema, name)
    }

    /// The live tables that the policy's shadow has too.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (&'a Table, &'a Table)> {
        let intended = self.evidence.intended;
        let tables = intended.into_iter().flat_map(|live| &live.tables);
        let live = self.evidence.live;
        tables.filter_map(|table| live.table(&table.name).map(|same| (same, table)))
    }

    /// The policy's table of this name and its tenant column's name.
    pub(super) fn tenant_column(&self, table: &str) -> Option<&'a str> {
        let table = self.evidence.policy.table(table)?;
        table
            .place
            .tenant_column()
            .map(|column| table.column_name(column))
    }

    /// The tables whose rows belong to a tenant by a column that is not their key.
    pub(super) fn tenant_tables(&self) -> impl Iterator<Item = (&'a model::Table, &'a str)> {
        let tables = self.evidence.policy.tables.iter();
        tables.filter_map(|table| match table.place {
            Place::Tenant(column) => Some((table, table.column_name(column))),
            Place::Root(_) | Place::Shared => None,
        })
    }

    /// The tables with memberships.
    pub(super) fn member_tables(&self) -> impl Iterator<Item = &'a model::Table> {
        let policy = self.evidence.policy;
        let members = policy.tenant.iter().flat_map(|tenant| &tenant.members);
        members.filter_map(|members| policy.table_at(members.table))
    }

    /// The schema's own functions.
    pub(super) fn functions(&self) -> impl Iterator<Item = &'a Function> {
        self.evidence
            .live
            .functions_of(&self.evidence.policy.schema)
    }
}

/// A function as SQL names it.
pub(super) fn signature(function: &Function) -> String {
    format!(
        "{}({})",
        sql::qualified(&function.schema, &function.name),
        function.arguments.join(", ")
    )
}

/// Whether some role is granted a privilege on the whole object or a part of it.
pub(super) fn holds(grants: &[Grant], roles: &[&str], privilege: &str) -> bool {
    grants
        .iter()
        .any(|grant| grant.privilege == privilege && roles.contains(&grant.grantee.as_str()))
}

/// Names with `and` before the last.
pub(super) fn listed<S: AsRef<str>>(names: &[S]) -> String {
    let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
    match names.split_last() {
        None => String::new(),
        Some((one, [])) => (*one).to_owned(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}
