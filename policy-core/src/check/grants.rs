//! Column privileges: what the rules of a table come to for each database role.
//!
//! PostgreSQL grants columns to roles of the database, and every signed-in caller is
//! `authenticated` there. Lists that differ by the policy's roles are therefore granted together,
//! and what keeps them apart is a guard for `update`, a comparison with the default for `insert`,
//! and nothing for `select`, which is why the last is refused.

use super::context::Context;
use crate::catalogue::{ColumnDefault, Relation};
use crate::columns::ColumnSet;
use crate::condition::{Condition, Operand};
use crate::diagnostic::Diagnostic;
use crate::model::{Action, Grants, Rule, Subject, Table, Tenant};
use crate::pairing;
use crate::value::{Literal, Value, value_from_text};

pub(super) fn derive(context: &mut Context<'_>, table: &mut Table, tenant: Option<&Tenant>) {
    table.grants = Grants::of(&table.rules);
    select_lists(context, table);
    insert_lists(context, table);
    let top = tenant.map_or(0, Tenant::top);
    table.guard = pairing::guard(&table.rules, &table.grants, top);
    if table.guard.is_some() {
        let span = context.table_span(table);
        context.report(Diagnostic::note(
            "guard",
            span,
            format!(
                "`{}` gets a guard trigger, since PostgreSQL alone would let the old row, the new row and the columns of an update pass by different rules",
                table.name
            ),
        ));
    }
}

fn client_rules(table: &Table, action: Action) -> impl Iterator<Item = &Rule> {
    table
        .rules_for(action)
        .filter(|rule| rule.subject != Subject::Service)
}

fn select_lists(context: &mut Context<'_>, table: &Table) {
    let granted = table.grants.authenticated.select;
    let Some(narrow) = client_rules(table, Action::Select).find(|rule| rule.columns != granted)
    else {
        return;
    };
    let missing = table
        .column_names(granted.difference(narrow.columns))
        .join("`, `");
    let span = context.rule_span(table, narrow.line, &narrow.text);
    context.report(
        Diagnostic::error(
            "select-lists-differ",
            span,
            format!("other rules may read `{missing}`, and PostgreSQL cannot tell its readers apart by column"),
        )
        .label("a narrower list")
        .help(format!(
            "move `{missing}` to a table of their own with `via <column> in {}`, and grant that to the others",
            table.name
        )),
    );
}

/// A narrower insert list holds by comparing each column it leaves out with its default.
fn insert_lists(context: &mut Context<'_>, table: &mut Table) {
    let granted = table.grants.authenticated.insert;
    let Some(relation) = context.catalogue.relation(&table.name) else {
        return;
    };
    let mut narrowed: Vec<(usize, Vec<Condition>)> = Vec::new();
    for (position, rule) in table.rules.iter().enumerate() {
        if rule.action != Action::Insert || rule.subject == Subject::Service {
            continue;
        }
        let left_out = granted.difference(rule.columns);
        let mut tests = Vec::new();
        for column in left_out.iter() {
            match default_test(relation, table, column) {
                Some(test) => tests.push(test),
                None => {
                    let name = table.column_name(column).to_owned();
                    let span = context.rule_span(table, rule.line, &rule.text);
                    context.report(
                        Diagnostic::error(
                            "insert-lists-differ",
                            span,
                            format!("other rules may insert `{name}`, and its default is no constant to compare with"),
                        )
                        .label(format!("leaves out `{name}`"))
                        .help("give all insert rules the same columns, or the column a constant default"),
                    );
                }
            }
        }
        if !tests.is_empty() {
            narrowed.push((position, tests));
        }
    }
    for (position, mut tests) in narrowed {
        if let Some(rule) = table.rules.get_mut(position) {
            tests.extend(rule.check.take());
            rule.check = Some(Condition::All(tests));
        }
    }
}

fn default_test(relation: &Relation, table: &Table, column: u8) -> Option<Condition> {
    let kind = table.columns.get(usize::from(column))?.kind;
    match &relation.columns.get(usize::from(column))?.default {
        ColumnDefault::None => Some(Condition::IsNull(Operand::Column(column))),
        ColumnDefault::Constant(text) => {
            let literal = match value_from_text(kind, text)? {
                Value::Bool(value) => Literal::Bool(value),
                Value::Int(value) => Literal::Int(value),
                Value::Decimal(value) => Literal::Decimal(value.canonical().into()),
                Value::Text(value) => Literal::Text(value.into()),
                Value::Uuid(value) => Literal::Uuid(value),
                Value::Date(value) => Literal::Date(value),
                Value::Timestamp(value) => Literal::Timestamp(value),
                Value::NotYetKnown | Value::Present | Value::Null => return None,
            };
            Some(Condition::Not(Box::new(Condition::Distinct(
                Operand::Column(column),
                Operand::Literal(literal),
            ))))
        }
        ColumnDefault::Expression(_) | ColumnDefault::Generated => None,
    }
}

/// The columns an upsert names but no update rule may change: they must keep their values.
#[must_use]
pub(super) fn kept_by_upsert(table: &Table) -> ColumnSet {
    let updated = client_rules(table, Action::Update)
        .fold(ColumnSet::EMPTY, |set, rule| set.union(rule.columns));
    table.grants.authenticated.update.difference(updated)
}
