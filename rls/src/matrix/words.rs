//! Conditions in words, for readers who do not read SQL.

use policy_core::condition::{Comparison, Condition, Operand, Pattern};
use policy_core::model::Table;
use policy_core::value::Kind;

/// A condition on a table's row as part of a sentence.
pub(super) fn condition(table: &Table, of: &Condition) -> String {
    said(table, of, false)
}

fn said(table: &Table, of: &Condition, inside: bool) -> String {
    let operand = |of: &Operand| operand(table, of);
    match of {
        Condition::All(parts) if parts.is_empty() => "always".to_owned(),
        Condition::Any(parts) if parts.is_empty() => "never".to_owned(),
        Condition::All(parts) => joined(table, parts, " and ", inside),
        Condition::Any(parts) => joined(table, parts, " or ", inside),
        Condition::Not(inner) => match inner.as_ref() {
            Condition::IsNull(of) => format!("{} is set", operand(of)),
            Condition::OneOf(of, literals) => {
                format!("{} is none of {}", operand(of), list(literals))
            }
            Condition::Like(of, pattern) => {
                format!("{} is not {}", operand(of), like(pattern))
            }
            Condition::Distinct(a, b) => format!("{} is the same as {}", operand(a), operand(b)),
            Condition::Flag(of) => format!("{} is false", operand(of)),
            other => format!("not ({})", said(table, other, false)),
        },
        Condition::Compare(comparison, a, b) => {
            let time = [a, b].iter().any(|of| is_time(table, of));
            let word = match (comparison, time) {
                (Comparison::Equal, _) => "is",
                (Comparison::NotEqual, _) => "is not",
                (Comparison::Less, true) => "is before",
                (Comparison::LessOrEqual, true) => "is not after",
                (Comparison::Greater, true) => "is after",
                (Comparison::GreaterOrEqual, true) => "is not before",
                (Comparison::Less, false) => "is less than",
                (Comparison::LessOrEqual, false) => "is at most",
                (Comparison::Greater, false) => "is more than",
                (Comparison::GreaterOrEqual, false) => "is at least",
            };
            format!("{} {word} {}", operand(a), operand(b))
        }
        Condition::OneOf(of, literals) => format!("{} is one of {}", operand(of), list(literals)),
        Condition::IsNull(of) => format!("{} is not set", operand(of)),
        Condition::Distinct(a, b) => {
            format!("{} is something else than {}", operand(a), operand(b))
        }
        Condition::Like(of, pattern) => format!("{} is {}", operand(of), like(pattern)),
        Condition::Flag(of) => format!("{} is true", operand(of)),
    }
}

fn like(pattern: &Pattern) -> String {
    let case = if pattern.folds {
        " in upper or lower case"
    } else {
        ""
    };
    format!("like '{}'{case}", pattern.source)
}

fn joined(table: &Table, parts: &[Condition], word: &str, inside: bool) -> String {
    let parts: Vec<String> = parts.iter().map(|part| said(table, part, true)).collect();
    let text = parts.join(word);
    if inside && parts.len() > 1 {
        format!("({text})")
    } else {
        text
    }
}

fn list(literals: &[policy_core::value::Literal]) -> String {
    let texts: Vec<String> = literals.iter().map(ToString::to_string).collect();
    texts.join(", ")
}

fn operand(table: &Table, of: &Operand) -> String {
    match of {
        Operand::Column(column) => table.column_name(*column).to_owned(),
        Operand::Literal(literal) => literal.to_string(),
        Operand::CallerId => "the caller".to_owned(),
        Operand::CallerEmail => "the caller's e-mail".to_owned(),
        Operand::CallerAal => "the caller's assurance level".to_owned(),
        Operand::Now => "now".to_owned(),
    }
}

fn is_time(table: &Table, of: &Operand) -> bool {
    match of {
        Operand::Column(column) => table
            .columns
            .get(usize::from(*column))
            .is_some_and(|column| matches!(column.kind, Kind::Timestamp | Kind::Date)),
        Operand::Now => true,
        _ => false,
    }
}
