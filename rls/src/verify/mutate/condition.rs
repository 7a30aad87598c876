//! Conditions, changed in one place.

use policy_core::columns::{ColumnIndex, ColumnSet};
use policy_core::condition::{Comparison, Condition, Operand, Pattern};
use policy_core::model::Table;
use policy_core::value::Literal;

/// Every condition that differs from this one in one place, with what was changed.
pub(super) fn mutants(table: &Table, condition: &Condition) -> Vec<(String, Condition)> {
    let mut all = Vec::new();
    match condition {
        Condition::All(parts) => {
            joined(table, parts, &Condition::All, &mut all);
            if parts.len() > 1 {
                all.push(("and made or".to_owned(), Condition::Any(parts.clone())));
            }
        }
        Condition::Any(parts) => {
            joined(table, parts, &Condition::Any, &mut all);
            if parts.len() > 1 {
                all.push(("or made and".to_owned(), Condition::All(parts.clone())));
            }
        }
        Condition::Not(inner) => {
            all.push(("not dropped".to_owned(), (**inner).clone()));
            let below = mutants(table, inner).into_iter();
            all.extend(below.map(|(what, inner)| (what, Condition::Not(Box::new(inner)))));
        }
        Condition::Compare(comparison, left, right) => {
            for other in neighbours(*comparison) {
                let what = format!("{} made {}", comparison.symbol(), other.symbol());
                all.push((what, Condition::Compare(other, left.clone(), right.clone())));
            }
            for (what, left) in operands(table, left, right) {
                all.push((what, Condition::Compare(*comparison, left, right.clone())));
            }
            for (what, right) in operands(table, right, left) {
                all.push((what, Condition::Compare(*comparison, left.clone(), right)));
            }
        }
        Condition::OneOf(operand, literals) => {
            for position in 0..literals.len() {
                let mut fewer = literals.clone();
                let gone = fewer.remove(position);
                let what = format!("{} taken from the list", literal_text(&gone));
                all.push((what, Condition::OneOf(operand.clone(), fewer)));
            }
        }
        Condition::IsNull(_) | Condition::Flag(_) | Condition::Like(..) => {}
        Condition::Distinct(left, right) => {
            // Without a NULL on either side they are the same.
            if [left, right]
                .into_iter()
                .any(|side| can_be_null(table, side))
            {
                let plain = Condition::Compare(Comparison::NotEqual, left.clone(), right.clone());
                all.push(("is distinct from made <>".to_owned(), plain));
            }
            for (what, right) in operands(table, right, left) {
                all.push((what, Condition::Distinct(left.clone(), right)));
            }
        }
    }
    if let Condition::Like(operand, pattern) = condition {
        let longer = format!("{}_", pattern.source);
        if let Some(longer) = Pattern::parse(&longer) {
            let what = "_ added to the pattern".to_owned();
            let longer = if pattern.folds {
                longer.folding()
            } else {
                longer
            };
            all.push((what, Condition::Like(operand.clone(), longer)));
        }
        if let Some(plain) = Pattern::parse(&pattern.source).filter(|_| pattern.folds) {
            let what = "ilike made like".to_owned();
            all.push((what, Condition::Like(operand.clone(), plain)));
        }
    }
    let negated = Condition::Not(Box::new(condition.clone()));
    if !matches!(condition, Condition::Not(_)) {
        all.push((format!("not put before {}", kind(condition)), negated));
    }
    all
}

fn can_be_null(table: &Table, operand: &Operand) -> bool {
    match operand {
        Operand::Column(column) => !table.not_null.contains(*column),
        Operand::CallerId | Operand::CallerEmail | Operand::CallerAal => true,
        Operand::Literal(_) | Operand::Now => false,
    }
}

fn joined(
    table: &Table,
    parts: &[Condition],
    join: &dyn Fn(Vec<Condition>) -> Condition,
    all: &mut Vec<(String, Condition)>,
) {
    for (position, part) in parts.iter().enumerate() {
        let mut fewer = parts.to_vec();
        fewer.remove(position);
        all.push((format!("part {} dropped", position + 1), join(fewer)));
        for (what, part) in mutants(table, part) {
            let mut other = parts.to_vec();
            if let Some(slot) = other.get_mut(position) {
                *slot = part;
            }
            all.push((format!("part {}: {what}", position + 1), join(other)));
        }
    }
}

/// The comparisons that differ from one in as little as possible, and its opposite.
fn neighbours(comparison: Comparison) -> Vec<Comparison> {
    match comparison {
        Comparison::Equal => vec![Comparison::NotEqual],
        Comparison::NotEqual => vec![Comparison::Equal],
        Comparison::Less => vec![Comparison::LessOrEqual, Comparison::Greater],
        Comparison::LessOrEqual => vec![Comparison::Less, Comparison::GreaterOrEqual],
        Comparison::Greater => vec![Comparison::GreaterOrEqual, Comparison::Less],
        Comparison::GreaterOrEqual => vec![Comparison::Greater, Comparison::LessOrEqual],
    }
}

/// Other operands in place of one, of the same type as far as can be told.
fn operands(table: &Table, operand: &Operand, beside: &Operand) -> Vec<(String, Operand)> {
    match operand {
        Operand::Literal(literal) => moved(literal)
            .into_iter()
            .map(|other| {
                let what = format!("{} made {}", literal_text(literal), literal_text(&other));
                (what, Operand::Literal(other))
            })
            .collect(),
        Operand::Column(column) => other_column(table, *column, beside)
            .map(|other| {
                let (from, to) = (table.column_name(*column), table.column_name(other));
                (format!("{from} made {to}"), Operand::Column(other))
            })
            .into_iter()
            .collect(),
        Operand::CallerId | Operand::CallerEmail | Operand::CallerAal | Operand::Now => Vec::new(),
    }
}

/// Another column of the same kind, if there is one.
fn other_column(table: &Table, column: ColumnIndex, beside: &Operand) -> Option<ColumnIndex> {
    let kind = table.columns.get(usize::from(column))?.kind;
    let all = ColumnSet::first(table.columns.len());
    all.iter().find(|other| {
        *other != column
            && *beside != Operand::Column(*other)
            && table
                .columns
                .get(usize::from(*other))
                .is_some_and(|other| other.kind == kind)
    })
}

/// A literal a little further on.
pub(super) fn moved(literal: &Literal) -> Vec<Literal> {
    const DAY: i64 = 86_400_000_000;
    match literal {
        Literal::Bool(value) => vec![Literal::Bool(!value)],
        Literal::Int(value) => [value.checked_add(1), value.checked_sub(1)]
            .into_iter()
            .flatten()
            .map(Literal::Int)
            .collect(),
        Literal::Text(text) => vec![Literal::Text(format!("{text}!").into())],
        Literal::Decimal(text) if text.contains('.') => {
            vec![Literal::Decimal(format!("{text}1").into())]
        }
        Literal::Decimal(_) => Vec::new(),
        Literal::Uuid(value) => vec![Literal::Uuid(value ^ 1)],
        Literal::Timestamp(at) => [at.checked_add(DAY), at.checked_sub(DAY)]
            .into_iter()
            .flatten()
            .map(Literal::Timestamp)
            .collect(),
        Literal::Date(day) => [day.checked_add(1), day.checked_sub(1)]
            .into_iter()
            .flatten()
            .map(Literal::Date)
            .collect(),
    }
}

pub(super) fn literal_text(literal: &Literal) -> String {
    match literal {
        Literal::Bool(value) => value.to_string(),
        Literal::Int(value) => value.to_string(),
        Literal::Text(text) => format!("'{text}'"),
        other => format!("{other:?}"),
    }
}

fn kind(condition: &Condition) -> &'static str {
    match condition {
        Condition::All(_) => "an and",
        Condition::Any(_) => "an or",
        Condition::Not(_) => "a not",
        Condition::Compare(..) => "a comparison",
        Condition::OneOf(..) => "an in",
        Condition::IsNull(_) => "is null",
        Condition::Distinct(..) => "is distinct from",
        Condition::Like(..) => "a like",
        Condition::Flag(_) => "a boolean column",
    }
}
