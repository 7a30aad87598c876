//! What keys do behind the policy's back: constraints bind whoever may not even see the other row.

use super::context::Context;
use crate::catalogue::{ForeignKey, Relation};
use crate::diagnostic::Diagnostic;
use crate::model::{Place, Policy, Table};
use crate::syntax::tree;
use crate::value::Kind;

pub(super) fn look(context: &mut Context<'_>, policy: &Policy) {
    for block in &context.file.tables {
        let name = block.name.text.as_str();
        let (Some(table), Some(relation)) = (policy.table(name), context.catalogue.relation(name))
        else {
            continue;
        };
        doubled(context, block, relation);
        if let Place::Tenant(tenant) = table.place {
            let tenant = table.column_name(tenant);
            forgets_tenant(context, block, relation, tenant);
            unique_across(context, block, table, relation, tenant);
        }
        if block.append.is_some() {
            cascades(context, policy, block, relation);
        }
    }
}

/// Two foreign keys between the same tables: PostgREST no longer knows which one an embed means.
fn doubled(context: &mut Context<'_>, block: &tree::Table, relation: &Relation) {
    for via in block.parents.iter().filter(|via| via.other.is_none()) {
        let leads = |key: &&ForeignKey| {
            key.table == via.table.text && key.columns.contains(&via.column.text)
        };
        let names: Vec<&str> = relation
            .foreign_keys
            .iter()
            .filter(leads)
            .map(|key| key.name.as_str())
            .collect();
        if names.len() > 1 {
            let message = format!(
                "`{}` has {} foreign keys to `{}`: {}",
                via.column.text,
                names.len(),
                via.table.text,
                names.join(", ")
            );
            context.report(
                Diagnostic::warning("doubled-foreign-key", via.column.span, message)
                    .label("PostgREST refuses to embed here (PGRST201)")
                    .help("keep the one with the tenant column and drop the others"),
            );
        }
    }
}

/// `on delete set null` over a tenant column that must not be NULL: the parent cannot be deleted.
fn forgets_tenant(
    context: &mut Context<'_>,
    block: &tree::Table,
    relation: &Relation,
    tenant: &str,
) {
    let required = relation
        .column(tenant)
        .is_some_and(|column| !column.nullable);
    let wrong = |key: &&ForeignKey| {
        key.on_delete == "set null" && key.columns.iter().any(|column| column == tenant)
    };
    for key in relation
        .foreign_keys
        .iter()
        .filter(wrong)
        .filter(|_| required)
    {
        let others: Vec<&str> = key
            .columns
            .iter()
            .map(String::as_str)
            .filter(|column| *column != tenant)
            .collect();
        let message = format!(
            "deleting a row of `{}` would set `{tenant}` to NULL, by `{}`",
            key.table, key.name
        );
        context.report(
            Diagnostic::error("set-null-of-tenant", block.name.span, message)
                .label("the deletion fails with 23502")
                .help(format!(
                    "write `on delete set null ({})` in the foreign key",
                    others.join(", ")
                )),
        );
    }
}

/// A unique key that spans tenants tells whoever inserts what another tenant has.
fn unique_across(
    context: &mut Context<'_>,
    block: &tree::Table,
    table: &Table,
    relation: &Relation,
    tenant: &str,
) {
    let clients = table.grants.authenticated;
    let told = clients.insert.union(clients.update);
    for key in &relation.unique {
        let guessed = |name: &String| {
            let Some(column) = table.column(name) else {
                return false;
            };
            let kind = table.columns.get(usize::from(column)).map(|of| of.kind);
            told.contains(column) && kind != Some(Kind::Uuid)
        };
        let random = |name: &String| {
            relation
                .column(name)
                .is_some_and(|c| c.kind() == Kind::Uuid)
        };
        let spans = !key.iter().any(|name| name == tenant);
        // Nobody guesses a random key, and one that holds a parent's stays in the parent's tenant.
        if spans && !key.iter().any(random) && key.iter().any(guessed) {
            let message = format!(
                "the unique key ({}) of `{}` spans tenants",
                key.join(", "),
                relation.name
            );
            context.report(
                Diagnostic::warning("unique-across-tenants", block.name.span, message)
                    .label("23505 tells whether another tenant has the value")
                    .help(format!("add `{tenant}` to the key")),
            );
        }
    }
}

/// Rows that are only ever added, and yet go with a row that a client may delete.
fn cascades(context: &mut Context<'_>, policy: &Policy, block: &tree::Table, relation: &Relation) {
    for key in &relation.foreign_keys {
        let parent = policy.table(&key.table);
        // A whole tenant goes with everything it has.
        let deletable = parent.is_some_and(|parent| {
            !matches!(parent.place, Place::Root(_))
                && (parent.grants.authenticated.delete || parent.grants.anon.delete)
        });
        let changes = key.on_delete == "cascade" || key.on_delete.starts_with("set ");
        if deletable && changes {
            let message = format!(
                "deleting a row of `{}` changes or removes rows of `{}`, by `{}` ({})",
                key.table, relation.name, key.name, key.on_delete
            );
            context.report(
                Diagnostic::warning("append-cascade", block.name.span, message)
                    .label("`append` says that its rows stay")
                    .help("let the foreign key restrict: `on delete restrict`"),
            );
        }
    }
}
