//! Conditions on the row's own columns.

use policy_core::catalogue::Relation;
use policy_core::value::Kind;

use super::caller;
use crate::adopt::expression::{Expr, Literal};
use crate::adopt::words;

/// An expression as a condition of the language, or why it is none.
pub fn condition(of: &Expr, row: &Relation) -> Result<String, String> {
    Ok(match of {
        Expr::All(parts) => joined(parts, " and ", row)?,
        Expr::Any(parts) => joined(parts, " or ", row)?,
        Expr::IsTrue(inner) => condition(inner, row)?,
        Expr::IsFalse(inner) => negated(inner, row)?,
        Expr::Not(inner) => negated(inner, row)?,
        other => plain(other, "", row)?,
    })
}

fn joined(parts: &[Expr], word: &str, row: &Relation) -> Result<String, String> {
    let parts: Result<Vec<String>, String> = parts.iter().map(|part| grouped(part, row)).collect();
    Ok(parts?.join(word))
}

fn grouped(of: &Expr, row: &Relation) -> Result<String, String> {
    let text = condition(of, row)?;
    Ok(match of {
        Expr::All(_) | Expr::Any(_) | Expr::IsTrue(_) => format!("({text})"),
        _ => text,
    })
}

/// The opposite. A test that is never unknown has none with `not`, unless it is about a column.
fn negated(of: &Expr, row: &Relation) -> Result<String, String> {
    match of {
        Expr::Not(inner) => grouped(inner, row),
        Expr::IsTrue(inner) if matches!(inner.bare(), Expr::Column(_)) => {
            Ok(format!("{} is distinct from true", operand(inner, row)?))
        }
        Expr::IsFalse(inner) if matches!(inner.bare(), Expr::Column(_)) => {
            Ok(format!("{} is distinct from false", operand(inner, row)?))
        }
        Expr::IsTrue(_) | Expr::IsFalse(_) => {
            Err("it asks whether a test is known, and only columns can be asked that".to_owned())
        }
        Expr::IsNull(_)
        | Expr::Distinct(..)
        | Expr::OneOf(..)
        | Expr::Like(..)
        | Expr::Ilike(..) => plain(of, "not ", row),
        Expr::Column(_) => Ok(format!("not {}", operand(of, row)?)),
        other => Ok(format!("not ({})", condition(other, row)?)),
    }
}

fn plain(of: &Expr, not: &str, row: &Relation) -> Result<String, String> {
    let side = |of: &Expr| operand(of, row);
    Ok(match of {
        Expr::Compare(how, left, right) => {
            format!("{} {} {}", side(left)?, how.symbol(), side(right)?)
        }
        Expr::OneOf(left, list) => {
            let list: Result<Vec<String>, String> = list
                .iter()
                .map(|one| match one.bare() {
                    Expr::Literal(_) => side(one),
                    _ => Err("the language lists literals only".to_owned()),
                })
                .collect();
            format!("{} {not}in ({})", side(left)?, list?.join(", "))
        }
        Expr::IsNull(inner) => format!("{} is {not}null", side(inner)?),
        Expr::Distinct(left, right) => {
            format!("{} is {not}distinct from {}", side(left)?, side(right)?)
        }
        Expr::Like(left, right) => match right.bare() {
            Expr::Literal(Literal::Text(_)) => {
                format!("{} {not}like {}", side(left)?, side(right)?)
            }
            _ => return Err("a pattern must be a literal".to_owned()),
        },
        Expr::Ilike(left, right) => match right.bare() {
            Expr::Literal(Literal::Text(text)) if text.is_ascii() => {
                format!("{} {not}ilike {}", side(left)?, side(right)?)
            }
            _ => return Err("a pattern of `ilike` must be a literal of ASCII letters".to_owned()),
        },
        Expr::Column(_) => side(of)?,
        Expr::Literal(Literal::Bool(value)) => {
            let value = *value == not.is_empty();
            value.to_string()
        }
        other => return Err(foreign(other)),
    })
}

fn operand(of: &Expr, row: &Relation) -> Result<String, String> {
    if let Some(property) = caller::property(of) {
        return property
            .word()
            .map(str::to_owned)
            .ok_or_else(|| "a condition cannot ask this of the caller's token".to_owned());
    }
    match of {
        Expr::Column(column) if column.of.is_none() => {
            if row.column(&column.name).is_some() {
                Ok(words::name(&column.name))
            } else {
                Err(format!("`{}` is no column of the row", column.name))
            }
        }
        Expr::Column(_) => Err("it speaks of another row".to_owned()),
        Expr::Literal(literal) => Ok(words::literal(literal)),
        Expr::Call(call)
            if call.arguments.is_empty()
                && matches!(call.schema.as_deref(), None | Some("pg_catalog"))
                && matches!(
                    call.name.as_str(),
                    "now" | "current_timestamp" | "transaction_timestamp"
                ) =>
        {
            Ok("now()".to_owned())
        }
        Expr::Cast(inner, to) => cast(inner, to, row),
        other => Err(foreign(other)),
    }
}

/// A cast that changes nothing: of a literal, or of a text to a text.
fn cast(inner: &Expr, to: &str, row: &Relation) -> Result<String, String> {
    const NUMBERS: [&str; 4] = ["integer", "bigint", "smallint", "numeric"];
    match inner {
        Expr::Literal(Literal::Text(text)) if NUMBERS.contains(&to) => Ok(text.clone()),
        Expr::Literal(literal) => Ok(words::literal(literal)),
        Expr::Column(column) if to == "text" && column.of.is_none() => {
            let kind = row
                .column(&column.name)
                .map(policy_core::catalogue::Column::kind);
            match kind {
                Some(Kind::Text | Kind::Enum) => Ok(words::name(&column.name)),
                _ => Err(format!(
                    "`{}::text` is no column; the language compares values as they are",
                    column.name
                )),
            }
        }
        _ => Err(format!("the language has no cast to {to}")),
    }
}

fn foreign(of: &Expr) -> String {
    match of {
        Expr::Call(call) => format!(
            "the language calls no functions, and `{}` is none that is known",
            call.name
        ),
        Expr::Field(..) => "the language does not look into JSON".to_owned(),
        Expr::Exists(_) | Expr::InSelect(..) | Expr::Scalar(_) => {
            "what another row says is no membership and no visible parent".to_owned()
        }
        Expr::Other(text) => format!("the language has nothing like `{}`", words::one_line(text)),
        _ => "the language has no such condition".to_owned(),
    }
}
