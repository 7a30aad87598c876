//! The schema itself: who may use it, its sequences, and what later objects start with.

use std::fmt::Write as _;

use policy_core::catalogue::ColumnDefault;
use policy_core::model::{Subject, Table};

use super::{Context, Role, Section, grants};
use crate::sql;

pub(super) fn section(context: &Context<'_>) -> Section {
    let schema = sql::name(&context.policy.schema);
    let users: Vec<&str> = Role::ALL
        .into_iter()
        .filter(|role| uses(context, *role))
        .map(Role::name)
        .chain(["service_role"])
        .collect();
    let mut body = format!(
        "-- PUBLIC stands for every role of the server, so nothing is left to it.
revoke all on schema {schema} from {everybody};
grant usage on schema {schema} to {users};

revoke all on all sequences in schema {schema} from {everybody};
",
        everybody = grants::EVERYBODY,
        users = users.join(", "),
    );
    sequences(context, &mut body);
    let _ = write!(
        body,
        "
-- What is created later starts closed. For functions only this form works: PUBLIC has EXECUTE by a default that belongs to
-- no schema, and a revoke within one does not touch it.
alter default privileges revoke execute on functions from public;
alter default privileges in schema {schema} revoke all on tables from anon, authenticated;
alter default privileges in schema {schema} revoke all on sequences from anon, authenticated;
alter default privileges in schema {schema} revoke execute on functions from anon, authenticated;
"
    );
    let heading = vec![format!("The schema {}", context.policy.schema)];
    Section {
        name: "schema".to_owned(),
        heading,
        body,
    }
}

/// Whether the policy gives a role anything in this schema.
fn uses(context: &Context<'_>, role: Role) -> bool {
    let speaks = |subjects: &[Subject]| subjects.iter().any(|subject| role.speaks_for(*subject));
    let policy = context.policy;
    policy
        .tables
        .iter()
        .any(|table| grants::any(grants::of(table, role)))
        || policy.views.iter().any(|view| speaks(&view.subjects))
        || policy
            .functions
            .iter()
            .any(|function| speaks(&function.subjects))
}

/// Who inserts into a table whose default counts up must be able to count.
fn sequences(context: &Context<'_>, body: &mut String) {
    for table in &context.policy.tables {
        for sequence in counters(context, table) {
            let inserts = |role: &Role| !grants::of(table, *role).insert.is_empty();
            let mut roles: Vec<&str> = Role::ALL
                .into_iter()
                .filter(inserts)
                .map(Role::name)
                .collect();
            roles.push("service_role");
            let _ = writeln!(
                body,
                "grant usage on sequence {sequence} to {};",
                roles.join(", ")
            );
        }
    }
}

/// The sequences behind a table's defaults, as PostgreSQL prints them: with their schema.
fn counters<'a>(context: &Context<'a>, table: &Table) -> Vec<&'a str> {
    let columns = context
        .catalogue
        .relation(&table.name)
        .map(|relation| relation.columns.as_slice());
    columns
        .unwrap_or_default()
        .iter()
        .filter_map(|column| match &column.default {
            ColumnDefault::Expression(text) => {
                text.strip_prefix("nextval('")?.strip_suffix("'::regclass)")
            }
            _ => None,
        })
        .collect()
}
