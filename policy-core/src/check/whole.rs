//! What no single rule shows.

use super::context::Context;
use super::escalation;
use super::grants::kept_by_upsert;
use crate::columns::{ColumnIndex, ColumnSet};
use crate::condition::{Comparison, Condition, Operand};
use crate::diagnostic::{Diagnostic, Span};
use crate::model::{Action, Place, Policy, Rule, Subject, Table, Team};
use crate::value::Literal;

pub(super) fn look(context: &mut Context<'_>, policy: &Policy) {
    for table in policy.tables.iter().filter(|table| table.is_named()) {
        for rule in &table.rules {
            let span = context.rule_span(table, rule.line, &rule.text);
            match rule.action {
                Action::Update | Action::Delete => unseen(context, table, rule, span),
                Action::Insert => unread(context, table, rule, span),
                Action::Upsert => upsert(context, table, rule, span),
                Action::Select => {}
            }
            if rule.action == Action::Update {
                hides_itself(context, table, rule, span);
            }
            covered(context, table, rule, span);
        }
        hidden_key(context, table);
        retirement(context, table);
        dead_parents(context, policy, table);
    }
    escalation::look(context, policy);
}

/// Whether whoever `narrow` speaks of is also spoken of by `wide`, on the same row.
fn includes(table: &Table, wide: &Rule, narrow: &Rule) -> bool {
    // A rule inside the fence says nothing about callers that `narrow` reaches outside of it.
    if wide.fenced(table.place) && !narrow.fenced(table.place) {
        return false;
    }
    match (wide.subject, narrow.subject) {
        (Subject::Rank(a), Subject::Rank(b)) => a <= b,
        (Subject::Rank(a), Subject::Team(team)) => a <= team.rank,
        (Subject::Team(a), Subject::Team(b)) => {
            a.rank <= b.rank && a.attribute == b.attribute && a.column == b.column
        }
        (Subject::Rank(1), other) => other != Subject::Service,
        (Subject::Anon, other) => other != Subject::Service,
        (Subject::Guest, other) => !matches!(other, Subject::Anon | Subject::Service),
        (Subject::User, other) => other == Subject::User,
        (a, b) => a == b,
    }
}

fn seen<'t>(table: &'t Table, rule: &'t Rule) -> impl Iterator<Item = &'t Rule> {
    table
        .rules_for(Action::Select)
        .filter(move |select| includes(table, select, rule))
}

fn unseen(context: &mut Context<'_>, table: &Table, rule: &Rule, span: Span) {
    if seen(table, rule).next().is_none() {
        context.report(
            Diagnostic::error(
                "unseen",
                span,
                format!(
                    "whoever may {} here cannot see the rows, so no filter ever finds one",
                    rule.action.word()
                ),
            )
            .label("no `select` for the same people")
            .help("add `select` to this rule"),
        );
    }
}

fn unread(context: &mut Context<'_>, table: &Table, rule: &Rule, span: Span) {
    let blind = context.block(table).is_some_and(|block| {
        block.items.iter().any(|item| match item {
            crate::syntax::tree::Item::Rule(written) => written
                .actions
                .iter()
                .any(|action| action.text == rule.text && action.blind),
            _ => false,
        })
    });
    let founder = matches!(table.place, Place::Root(_));
    if !blind && !founder && seen(table, rule).next().is_none() {
        context.report(
            Diagnostic::warning(
                "unread",
                span,
                "whoever inserts here cannot read the row back",
            )
            .label("`insert(...).select()` will fail")
            .help("add `select` to this rule, or write `insert blind` if that is meant"),
        );
    }
}

fn upsert(context: &mut Context<'_>, table: &Table, rule: &Rule, span: Span) {
    let same = |action| {
        table
            .rules_for(action)
            .filter(|other| other.subject == rule.subject)
    };
    if same(Action::Insert).next().is_none() || same(Action::Update).next().is_none() {
        context.report(
            Diagnostic::error(
                "upsert-alone",
                span,
                "an upsert inserts or updates, and needs the rule for both",
            )
            .label(format!("`{}`", rule.text))
            .help("add `insert` and `update` for the same people"),
        );
        return;
    }
    let updated = same(Action::Update).fold(ColumnSet::EMPTY, |set, r| set.union(r.columns));
    let lost = kept_by_upsert(table)
        .intersection(rule.columns)
        .difference(updated)
        .difference(table.fixed)
        .difference(table.primary_key);
    let keys = unique_columns(context, table);
    let lost = lost.difference(keys);
    if !lost.is_empty() {
        context.report(
            Diagnostic::error(
                "upsert-columns",
                span,
                format!(
                    "`{}` can be inserted but not updated, so an upsert that changes it would fail",
                    table.column_names(lost).join("`, `")
                ),
            )
            .label("narrower `update`")
            .help("add the columns to `update`, or declare them `fixed`"),
        );
    }
}

fn unique_columns(context: &Context<'_>, table: &Table) -> ColumnSet {
    let relation = context.catalogue.relation(&table.name);
    relation
        .into_iter()
        .flat_map(|relation| relation.unique.iter().flatten())
        .filter_map(|name| table.column(name))
        .collect()
}

/// An update must not move its row out of its author's sight: PostgreSQL would refuse it, with a
/// message that speaks of neither.
fn hides_itself(context: &mut Context<'_>, table: &Table, rule: &Rule, span: Span) {
    if rule.subject == Subject::Service {
        return;
    }
    let mut risk: Option<(&Rule, ColumnSet)> = None;
    for select in seen(table, rule) {
        let Some(condition) = &select.condition else {
            return;
        };
        let touched = condition.columns().intersection(rule.columns);
        if touched.is_empty()
            || rule
                .check
                .as_ref()
                .is_some_and(|check| implies(check, condition))
        {
            return;
        }
        risk = Some((select, touched));
    }
    let Some((select, touched)) = risk else {
        return;
    };
    context.report(
        Diagnostic::error(
            "hides-itself",
            span,
            format!(
                "an update of `{}` can hide the row from its author",
                table.column_names(touched).join("`, `")
            ),
        )
        .label("the new row may be invisible")
        .help(format!(
            "add a `check` that keeps to `{}`, or use `retire` for rows that should disappear",
            select.text
        )),
    );
}

/// Whether one condition plainly follows from the other: it is part of it, or both speak of what a
/// column may be.
fn implies(strong: &Condition, weak: &Condition) -> bool {
    if strong == weak {
        return true;
    }
    match (strong, weak) {
        (Condition::All(parts), _) if parts.iter().any(|part| implies(part, weak)) => true,
        (_, Condition::All(parts)) => parts.iter().all(|part| implies(strong, part)),
        (Condition::Any(parts), _) => parts.iter().all(|part| implies(part, weak)),
        (_, Condition::Any(parts)) => parts.iter().any(|part| implies(strong, part)),
        _ => narrower(strong, weak),
    }
}

/// Whether the values that the one allows in a column are all allowed by the other.
fn narrower(strong: &Condition, weak: &Condition) -> bool {
    let Some((column, values)) = allowed(strong) else {
        return false;
    };
    match weak {
        Condition::Compare(Comparison::NotEqual, Operand::Column(of), Operand::Literal(other)) => {
            // Of these what is written differently is different.
            let exact = matches!(
                other,
                Literal::Text(_) | Literal::Uuid(_) | Literal::Int(_) | Literal::Bool(_)
            );
            exact && *of == column && !values.contains(other)
        }
        _ => allowed(weak).is_some_and(|(of, more)| {
            of == column && values.iter().all(|value| more.contains(value))
        }),
    }
}

/// The only values that a condition allows in a column, if it says no more than that.
fn allowed(condition: &Condition) -> Option<(ColumnIndex, &[Literal])> {
    match condition {
        Condition::Compare(Comparison::Equal, Operand::Column(of), Operand::Literal(value)) => {
            Some((*of, std::slice::from_ref(value)))
        }
        Condition::OneOf(Operand::Column(of), values) => Some((*of, values)),
        _ => None,
    }
}

fn covered(context: &mut Context<'_>, table: &Table, rule: &Rule, span: Span) {
    // Of two that are the same the later is told, on one line as well: a table's rules lie in the order of the text.
    let place = |of: &Rule| (of.line, std::ptr::from_ref(of));
    let wider = table.rules_for(rule.action).find(|other| {
        !std::ptr::eq(*other, rule)
            && includes(table, other, rule)
            && rule.columns.is_subset(other.columns)
            && other.condition.is_none()
            && other.check.is_none()
            && !(includes(table, rule, other) && place(other) > place(rule))
    });
    if let Some(wider) = wider {
        context.report(
            Diagnostic::warning(
                "covered",
                span,
                format!("`{}` allows this already", wider.text),
            )
            .label("never decides")
            .help("remove it, or narrow the other rule"),
        );
    }
}

fn hidden_key(context: &mut Context<'_>, table: &Table) {
    let key = table.primary_key.intersection(table.hidden);
    let changes = table.rules.iter().any(|rule| {
        rule.subject != Subject::Service && !matches!(rule.action, Action::Select | Action::Insert)
    });
    if !key.is_empty() && changes {
        let span = context.table_span(table);
        context.report(
            Diagnostic::error(
                "hidden-key",
                span,
                format!(
                    "`{}` is hidden, so nobody can name the row to change",
                    table.column_names(key).join("`, `")
                ),
            )
            .label("hidden primary key"),
        );
    }
}

fn retirement(context: &mut Context<'_>, table: &Table) {
    let Some(retire) = &table.retire else { return };
    let able = table.rules_for(Action::Update).any(|rule| {
        matches!(rule.subject, Subject::Rank(rank) | Subject::Team(Team { rank, .. }) if rank <= retire.by)
            && rule.columns.contains(retire.column)
    });
    if !able {
        let span = context.table_span(table);
        context.report(
            Diagnostic::error(
                "retire-nobody",
                span,
                format!(
                    "nobody can retire a row: no `update` of `{}` reaches the role",
                    table.column_name(retire.column)
                ),
            )
            .label("`retire` limits who may set the value, it does not grant it")
            .help("add `update` with that column for the role that retires"),
        );
    }
}

fn dead_parents(context: &mut Context<'_>, policy: &Policy, table: &Table) {
    for parent in &table.parents {
        let Some(target) = policy.table_at(parent.table) else {
            continue;
        };
        let readable = target
            .rules_for(Action::Select)
            .any(|rule| rule.subject != Subject::Service);
        let span = context.table_span(table);
        if !readable {
            context.report(
                Diagnostic::error(
                    "dead-parent",
                    span,
                    format!(
                        "nobody may see `{}`, so nobody may do anything with `{}`",
                        target.name, table.name
                    ),
                )
                .label("closed parent")
                .help(format!("add a `select` rule for `{}`", target.name)),
            );
            continue;
        }
        let needed = ColumnSet::EMPTY.with(parent.key);
        let needed = parent.tenant.map_or(needed, |tenant| needed.with(tenant));
        let missing = needed.difference(target.grants.authenticated.select);
        if !missing.is_empty() {
            context.report(
                Diagnostic::error(
                    "hidden-parent-column",
                    span,
                    format!(
                        "the test on the parent reads `{}.{}`, which is not readable",
                        target.name,
                        target.column_names(missing).join("`, `")
                    ),
                )
                .label("a policy reads other tables as its caller"),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Literal {
        Literal::Text(text.into())
    }

    fn is(by: Comparison, value: Literal) -> Condition {
        Condition::Compare(by, Operand::Column(3), Operand::Literal(value))
    }

    fn among(values: &[&str]) -> Condition {
        Condition::OneOf(Operand::Column(3), values.iter().map(|v| text(v)).collect())
    }

    #[test]
    fn what_a_column_may_be_decides_what_it_is_not() {
        use Comparison::{Equal, NotEqual};
        let sent = is(Equal, text("sent"));
        let all = [
            (&sent, is(NotEqual, text("draft")), true),
            (&sent, is(NotEqual, text("sent")), false),
            (&sent, among(&["draft", "sent"]), true),
            (&sent, among(&["draft"]), false),
            (&among(&["sent", "read"]), is(NotEqual, text("draft")), true),
            (
                &among(&["sent", "draft"]),
                is(NotEqual, text("draft")),
                false,
            ),
            (&among(&["sent", "read"]), sent.clone(), false),
            (&is(NotEqual, text("draft")), sent.clone(), false),
            (
                &sent,
                Condition::Compare(
                    NotEqual,
                    Operand::Column(4),
                    Operand::Literal(text("draft")),
                ),
                false,
            ),
            // The same number in other digits.
            (
                &is(Equal, Literal::Decimal("1.0".into())),
                is(NotEqual, Literal::Decimal("1".into())),
                false,
            ),
        ];
        for (strong, weak, follows) in &all {
            assert_eq!(implies(strong, weak), *follows, "{strong:?} {weak:?}");
        }
    }

    #[test]
    fn parts_and_alternatives() {
        let [a, b, c] = [1, 2, 3].map(|at| Condition::Flag(Operand::Column(at)));
        let both = Condition::All(vec![a.clone(), b.clone()]);
        let either = Condition::Any(vec![a.clone(), b.clone()]);
        for (strong, weak, follows) in [
            (&both, &a, true),
            (&a, &both, false),
            (&a, &either, true),
            (&either, &a, false),
            (&both, &either, true),
            (&either, &c, false),
            (
                &Condition::All(vec![either.clone(), c.clone()]),
                &either,
                true,
            ),
        ] {
            assert_eq!(implies(strong, weak), follows, "{strong:?} {weak:?}");
        }
    }
}
