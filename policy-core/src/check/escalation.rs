//! Nobody may write a membership that gives more than its author has, but for the top role.

use super::context::Context;
use crate::columns::{ColumnIndex, ColumnSet};
use crate::condition::{Condition, Operand, Scope};
use crate::diagnostic::Diagnostic;
use crate::model::{
    Action, AttributeIndex, Members, Policy, Rank, RoleSource, Rule, Subject, Table, Team, Tenant,
};
use crate::value::{Kind, Literal, Value};

pub(super) fn look(context: &mut Context<'_>, policy: &Policy) {
    let Some(tenant) = &policy.tenant else { return };
    for (position, table) in policy.tables.iter().enumerate() {
        let sources = || {
            let all = tenant.members.iter();
            all.filter(move |members| usize::from(members.table) == position)
        };
        for rule in &table.rules {
            let Some(own) = own_rank(tenant, rule, usize::from(tenant.root) == position) else {
                continue;
            };
            let raised = sources().find_map(|members| raises(tenant, table, members, rule, own));
            let moved = || sources().find_map(|members| moves(policy, table, members, rule, own));
            let (message, column, mend) = if let Some(column) = raised {
                (
                    "this can give a higher role than its author has",
                    column,
                    "leave the role out of the columns, or bound it: `check role in (...)` with roles up to the author's own",
                )
            } else if let Some(column) = moved() {
                (
                    "this can put its author where only others are",
                    column,
                    "leave the column to the top role, or bound the rule to its author's own: `<role> in same ...`",
                )
            } else {
                continue;
            };
            let span = context.rule_span(table, rule.line, &rule.text);
            context.report(
                Diagnostic::error("escalation", span, message)
                    .label(format!("writes `{}`", table.column_name(column)))
                    .help(mend),
            );
        }
    }
}

/// The rank that the author of a rule's statement has for certain; `None` where nothing is to prove.
fn own_rank(tenant: &Tenant, rule: &Rule, on_root: bool) -> Option<Rank> {
    if !matches!(rule.action, Action::Insert | Action::Update) {
        return None;
    }
    match rule.subject {
        Subject::Service => None,
        Subject::Rank(rank) | Subject::Team(Team { rank, .. }) => {
            Some(rank).filter(|rank| *rank < tenant.top())
        }
        // Whoever founds a tenant is its first member; there is nobody yet to be above.
        _ if on_root && rule.action == Action::Insert => None,
        _ => Some(0),
    }
}

/// The column by which a rule can write a membership above a rank.
fn raises(
    tenant: &Tenant,
    table: &Table,
    members: &Members,
    rule: &Rule,
    own: Rank,
) -> Option<ColumnIndex> {
    let says = match (members.role, &members.condition) {
        (RoleSource::Column(role), _) => ColumnSet::EMPTY.with(role),
        (RoleSource::Always(rank), _) if rank <= own => return None,
        (RoleSource::Always(_), Some(condition)) => condition.columns(),
        (RoleSource::Always(_), None) => ColumnSet::EMPTY,
    };
    let identity = ColumnSet::EMPTY.with(members.caller).with(members.tenant);
    let written = says.union(identity).intersection(rule.columns);
    if rule.action == Action::Update && written.is_empty() {
        return None;
    }
    let possible = match members.role {
        RoleSource::Column(role) => {
            let above = tenant.roles.iter().skip(usize::from(own));
            above.into_iter().any(|name| {
                let value = Value::Text(name);
                may_pass(table, rule.check.as_ref(), &[(role, value)])
            })
        }
        RoleSource::Always(_) => both_pass(table, rule.check.as_ref(), members.condition.as_ref()),
    };
    let of_role = says.intersection(rule.columns).iter().next();
    let column = || of_role.or(written.iter().next()).unwrap_or(members.caller);
    possible.then(column)
}

/// The column by which a rule can write what a membership says beside its role, where that opens
/// rows which the author's own rank does not.
fn moves(
    policy: &Policy,
    table: &Table,
    members: &Members,
    rule: &Rule,
    own: Rank,
) -> Option<ColumnIndex> {
    let attributes = (0..=AttributeIndex::MAX).zip(&members.attributes);
    attributes
        .filter_map(|(attribute, column)| Some((attribute, (*column)?)))
        .filter(|(_, column)| rule.action == Action::Insert || rule.columns.contains(*column))
        .filter(|(attribute, column)| {
            let within = matches!(rule.subject, Subject::Team(team)
                if team.attribute == *attribute && team.column == *column);
            !within && opens(policy, *attribute, rule, own)
        })
        .map(|(_, column)| column)
        .find(|column| {
            let kind = table.columns.get(usize::from(*column)).map(|of| of.kind);
            let other = kind.map_or(Value::NotYetKnown, |kind| unlike(kind, &[]));
            may_pass(table, rule.check.as_ref(), &[(*column, other)])
        })
}

/// Whether some rule gives more to who has another value in the attribute.
fn opens(policy: &Policy, attribute: AttributeIndex, rule: &Rule, own: Rank) -> bool {
    policy.tables.iter().any(|table| {
        table.rules.iter().any(|team| {
            let Subject::Team(Team {
                rank,
                attribute: of,
                ..
            }) = team.subject
            else {
                return false;
            };
            // A new membership is not above its author; an old one that is changed may be.
            let reachable = rule.action == Action::Update || rank <= own;
            let has_anyway = table.rules_for(team.action).any(|other| {
                matches!(other.subject, Subject::Rank(needed) if needed <= own)
                    && team.columns.is_subset(other.columns)
                    && (other.condition.is_none() || other.condition == team.condition)
                    && (other.check.is_none() || other.check == team.check)
            });
            of == attribute && reachable && !has_anyway
        })
    })
}

/// Whether a new row with these values can pass a check.
fn may_pass(table: &Table, check: Option<&Condition>, known: &[(ColumnIndex, Value<'_>)]) -> bool {
    let Some(check) = check else { return true };
    let value = |column: usize| {
        let of = known.iter().find(|(of, _)| usize::from(*of) == column);
        of.map_or(Value::NotYetKnown, |(_, value)| *value)
    };
    let row: Vec<Value<'_>> = (0..table.columns.len()).map(value).collect();
    let open = Value::NotYetKnown;
    let scope = Scope {
        row: &row,
        not_null: table.not_null,
        caller_id: open,
        caller_email: open,
        caller_aal: open,
        now: Value::Present,
    };
    check.evaluate(&scope).may_be_true()
}

/// The most combinations of values that are tried; beyond, two conditions are said to meet.
const MOST: usize = 4_096;

/// Whether some row can pass both conditions: every combination of the values they name, and one
/// more of each column.
fn both_pass(table: &Table, first: Option<&Condition>, second: Option<&Condition>) -> bool {
    let (Some(first), Some(second)) = (first, second) else {
        return true;
    };
    let shared = first.columns().intersection(second.columns());
    let mut rows: Vec<Vec<(ColumnIndex, Value<'_>)>> = vec![Vec::new()];
    for column in shared.iter() {
        let Some(of) = table.columns.get(usize::from(column)) else {
            continue;
        };
        let mut named: Vec<&Literal> = Vec::new();
        literals(first, column, &mut named);
        literals(second, column, &mut named);
        let mut points: Vec<Value<'_>> = named.iter().map(|literal| literal.value()).collect();
        if of.kind == Kind::Bool {
            points = vec![Value::Bool(true), Value::Bool(false)];
        } else {
            points.push(unlike(of.kind, &named));
        }
        if !table.not_null.contains(column) {
            points.push(Value::Null);
        }
        if rows.len() * points.len() > MOST {
            return true;
        }
        rows = rows
            .iter()
            .flat_map(|row| {
                points.iter().map(|point| {
                    let mut longer = row.clone();
                    longer.push((column, *point));
                    longer
                })
            })
            .collect();
    }
    rows.iter()
        .any(|row| may_pass(table, Some(first), row) && may_pass(table, Some(second), row))
}

/// The literals that a condition holds a column against.
fn literals<'c>(condition: &'c Condition, column: ColumnIndex, into: &mut Vec<&'c Literal>) {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => {
            parts.iter().for_each(|part| literals(part, column, into));
        }
        Condition::Not(inner) => literals(inner, column, into),
        Condition::Compare(_, a, b) | Condition::Distinct(a, b) => match (a, b) {
            (Operand::Column(of), Operand::Literal(literal))
            | (Operand::Literal(literal), Operand::Column(of))
                if *of == column =>
            {
                into.push(literal);
            }
            _ => {}
        },
        Condition::OneOf(Operand::Column(of), list) if *of == column => into.extend(list),
        _ => {}
    }
}

/// A value that is none of those named, where the kind tells values apart by nothing but equality.
fn unlike<'v>(kind: Kind, named: &[&Literal]) -> Value<'v> {
    match kind {
        Kind::Text | Kind::Enum => Value::Text("\u{0}"),
        Kind::Uuid => (0_u128..)
            .map(Value::Uuid)
            .find(|value| named.iter().all(|literal| literal.value() != *value))
            .unwrap_or(Value::NotYetKnown),
        _ => Value::NotYetKnown,
    }
}
