//! Conditions as SQL.

use policy_core::columns::ColumnIndex;
use policy_core::condition::{Comparison, Condition, Operand};
use policy_core::value::{Kind, Literal};

use super::Role;
use super::rows::Rows;
use crate::sql;
use crate::sql::test::{Place, Test, all, any};

/// A condition on the row; true without one.
pub(super) fn condition(rows: &Rows<'_>, condition: Option<&Condition>) -> Test {
    condition.map_or(Test::True, |condition| test(rows, condition))
}

fn test(rows: &Rows<'_>, condition: &Condition) -> Test {
    match condition {
        Condition::All(parts) => all(parts.iter().map(|part| test(rows, part))),
        Condition::Any(parts) => any(parts.iter().map(|part| test(rows, part))),
        Condition::Not(inner) => Test::Other(negated(rows, inner)),
        Condition::Compare(Comparison::Equal, Operand::Column(column), Operand::CallerId)
            if rows.role == Role::Authenticated =>
        {
            let id = operand(rows, &Operand::CallerId, false);
            Test::Own(format!("{} = {id}", rows.column(*column)))
        }
        other => Test::Other(plain(rows, other, "")),
    }
}

fn negated(rows: &Rows<'_>, condition: &Condition) -> String {
    match condition {
        Condition::IsNull(_)
        | Condition::Distinct(..)
        | Condition::OneOf(..)
        | Condition::Like(..) => plain(rows, condition, "not "),
        Condition::Flag(flag) => format!("not {}", operand(rows, flag, false)),
        other => format!("not ({})", test(rows, other).inline(Place::Alternative)),
    }
}

/// A condition without parts; `not` stands where SQL wants it.
fn plain(rows: &Rows<'_>, condition: &Condition, not: &str) -> String {
    let side = |of: &Operand| operand(rows, of, false);
    match condition {
        Condition::Compare(comparison, left, right) => {
            // Between two literals nothing else says what they are.
            let typed = matches!((left, right), (Operand::Literal(_), Operand::Literal(_)));
            let (left, right) = (operand(rows, left, typed), operand(rows, right, typed));
            format!("{left} {} {right}", comparison.symbol())
        }
        Condition::OneOf(_, literals) if literals.is_empty() => {
            if not.is_empty() { "false" } else { "true" }.to_owned()
        }
        Condition::OneOf(of, literals) => {
            let literals: Vec<String> = literals.iter().map(sql::constant).collect();
            format!("{} {not}in ({})", side(of), literals.join(", "))
        }
        // Of a row of a composite type `is null` asks whether all its fields are.
        Condition::IsNull(of @ Operand::Column(column)) if !is_built_in(rows, *column) => {
            let equal = if not.is_empty() { "not " } else { "" };
            format!("{} is {equal}distinct from null", side(of))
        }
        Condition::IsNull(of) => format!("{} is {not}null", side(of)),
        Condition::Distinct(left, right) => {
            format!("{} is {not}distinct from {}", side(left), side(right))
        }
        // The collation decides how `ilike` folds: "C" knows the letters A to Z and no others.
        Condition::Like(of, pattern) => format!(
            "{}{} {not}{} {}",
            side(of),
            if pattern.folds { r#" collate "C""# } else { "" },
            pattern.operator(),
            sql::literal(&pattern.source)
        ),
        Condition::Flag(of) => side(of),
        Condition::All(_) | Condition::Any(_) | Condition::Not(_) => {
            format!("({})", test(rows, condition).inline(Place::Alternative))
        }
    }
}

/// Whether a column's type comes with PostgreSQL: none of these is composite.
fn is_built_in(rows: &Rows<'_>, column: ColumnIndex) -> bool {
    const WORDS: [&str; 17] = [
        "bit",
        "box",
        "bytea",
        "character",
        "cidr",
        "double",
        "inet",
        "interval",
        "json",
        "jsonb",
        "macaddr",
        "money",
        "numeric",
        "real",
        "time",
        "timestamp",
        "tsvector",
    ];
    let of = rows.table.columns.get(usize::from(column));
    of.is_some_and(|of| {
        let word = of.data_type.split([' ', '(']).next().unwrap_or_default();
        of.kind != Kind::Opaque || of.data_type.ends_with("[]") || WORDS.contains(&word)
    })
}

fn operand(rows: &Rows<'_>, operand: &Operand, typed: bool) -> String {
    // Neither anon nor the service is anybody in particular.
    let somebody = rows.role == Role::Authenticated;
    match operand {
        Operand::Column(column) => rows.column(*column),
        Operand::Literal(literal) if typed => typed_literal(literal),
        Operand::Literal(literal) => sql::constant(literal),
        Operand::CallerId if somebody => rows.call(rows.context.caller_id()),
        Operand::CallerEmail if somebody => rows.call("countersign.caller_email()"),
        Operand::CallerAal if somebody => rows.call("countersign.caller_aal()"),
        Operand::CallerId => format!("null::{}", rows.context.policy.caller_id.name()),
        Operand::CallerEmail | Operand::CallerAal => "null::text".to_owned(),
        Operand::Now => "now()".to_owned(),
    }
}

fn typed_literal(literal: &Literal) -> String {
    match literal {
        Literal::Bool(_) | Literal::Int(_) | Literal::Text(_) => sql::constant(literal),
        Literal::Decimal(_) => format!("{literal}::numeric"),
        Literal::Uuid(_) => format!("{literal}::uuid"),
        Literal::Timestamp(_) => format!("{literal}::timestamptz"),
        Literal::Date(_) => format!("{literal}::date"),
    }
}
