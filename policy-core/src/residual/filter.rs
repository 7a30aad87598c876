//! Filters in PostgREST's syntax.
//!
//! `and(a,b)`, `or(a,b)`, and tests on one column: `column.eq.value`, `neq`, `lt`, `lte`, `gt`,
//! `gte`, `in.(a,b)`, `like.pattern` with `*` for any characters, `is.null`, `is.true`,
//! `is.false`, each with `not.` before it. Names and values with anything but letters, digits,
//! `_` and `-` stand in double quotes, with a backslash before a quote or a backslash.

use std::fmt::Write as _;

use crate::columns::ColumnIndex;
use crate::condition::{Comparison, Pattern, PatternPart};
use crate::model::Table;
use crate::value::{Value, date_text, timestamp_text, uuid_text};

/// The start of the transaction, as PostgreSQL reads it.
pub(super) const NOW: &str = "now";

/// A filter on the rows of one table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filter {
    /// All of them; at least two.
    All(Vec<Filter>),
    /// One of them; at least two.
    Any(Vec<Filter>),
    /// A test on a column.
    Test(ColumnIndex, Test),
}

/// What is asked of a column. None of it is true of NULL but [`Test::Null`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Test {
    /// `eq.value` and its like.
    Compare(Comparison, String),
    /// `in.(values)`, or `eq.value` if there is one.
    OneOf(Vec<String>),
    /// `not.in.(values)`
    NoneOf(Vec<String>),
    /// `like.pattern`, or `not.like.pattern`.
    Like(String, bool),
    /// `is.null`, or `not.is.null`.
    Null(bool),
    /// `is.true` or `is.false`.
    Is(bool),
}

impl Filter {
    pub(super) fn and(self, other: Self) -> Self {
        let mut parts = match self {
            Self::All(parts) => parts,
            one => vec![one],
        };
        match other {
            Self::All(more) => more.into_iter().for_each(|part| add(&mut parts, part)),
            one => add(&mut parts, one),
        }
        match parts.len() {
            1 => parts.swap_remove(0),
            _ => Self::All(parts),
        }
    }

    pub(super) fn or(self, other: Self) -> Self {
        let mut parts = match self {
            Self::Any(parts) => parts,
            one => vec![one],
        };
        match other {
            Self::Any(more) => more.into_iter().for_each(|part| add(&mut parts, part)),
            one => add(&mut parts, one),
        }
        match parts.len() {
            1 => parts.swap_remove(0),
            _ => Self::Any(parts),
        }
    }

    /// The filter as it stands between the parentheses of `or=(...)`, which is also what
    /// supabase-js takes in `.or(...)`.
    #[must_use]
    pub fn postgrest(&self, table: &Table) -> String {
        let mut text = String::new();
        match self {
            Self::Any(parts) => list(parts, table, &mut text),
            one => one.write(table, &mut text),
        }
        text
    }

    fn write(&self, table: &Table, text: &mut String) {
        let (word, parts) = match self {
            Self::All(parts) => ("and", parts),
            Self::Any(parts) => ("or", parts),
            Self::Test(column, test) => {
                quoted(table.column_name(*column), text);
                text.push('.');
                test.write(text);
                return;
            }
        };
        text.push_str(word);
        text.push('(');
        list(parts, table, text);
        text.push(')');
    }
}

fn add(parts: &mut Vec<Filter>, part: Filter) {
    if !parts.contains(&part) {
        parts.push(part);
    }
}

fn list(parts: &[Filter], table: &Table, text: &mut String) {
    for (position, part) in parts.iter().enumerate() {
        if position > 0 {
            text.push(',');
        }
        part.write(table, text);
    }
}

impl Test {
    fn write(&self, text: &mut String) {
        match self {
            Self::Compare(comparison, value) => {
                text.push_str(match comparison {
                    Comparison::Equal => "eq.",
                    Comparison::NotEqual => "neq.",
                    Comparison::Less => "lt.",
                    Comparison::LessOrEqual => "lte.",
                    Comparison::Greater => "gt.",
                    Comparison::GreaterOrEqual => "gte.",
                });
                quoted(value, text);
            }
            Self::OneOf(values) => match values.as_slice() {
                [value] => {
                    text.push_str("eq.");
                    quoted(value, text);
                }
                values => {
                    text.push_str("in.");
                    values_list(values, text);
                }
            },
            Self::NoneOf(values) => {
                text.push_str("not.in.");
                values_list(values, text);
            }
            Self::Like(pattern, wanted) => {
                text.push_str(if *wanted { "like." } else { "not.like." });
                quoted(pattern, text);
            }
            Self::Null(wanted) => {
                text.push_str(if *wanted { "is.null" } else { "not.is.null" });
            }
            Self::Is(value) => {
                let _ = write!(text, "is.{value}");
            }
        }
    }
}

fn values_list(values: &[String], text: &mut String) {
    text.push('(');
    for (position, value) in values.iter().enumerate() {
        if position > 0 {
            text.push(',');
        }
        quoted(value, text);
    }
    text.push(')');
}

/// A name or value, in quotes where it must be.
fn quoted(value: &str, text: &mut String) {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if !value.is_empty() && value.chars().all(plain) {
        text.push_str(value);
        return;
    }
    text.push('"');
    for c in value.chars() {
        if matches!(c, '"' | '\\') {
            text.push('\\');
        }
        text.push(c);
    }
    text.push('"');
}

/// A value as PostgreSQL reads it in every session; `None` if it is not known.
pub(super) fn text(value: Value<'_>) -> Option<String> {
    match value {
        Value::NotYetKnown | Value::Present | Value::Null => None,
        Value::Bool(value) => Some(value.to_string()),
        Value::Int(value) => Some(value.to_string()),
        Value::Decimal(value) => Some(value.text().to_owned()),
        Value::Text(value) => Some(value.to_owned()),
        Value::Uuid(value) => Some(uuid_text(value)),
        Value::Timestamp(value) => Some(timestamp_text(value)),
        Value::Date(value) => Some(date_text(value)),
    }
}

/// A pattern with `*` for any characters, and whether it had a `*` of its own: that stands as any
/// one character, since there is no way to write it.
pub(super) fn pattern(pattern: &Pattern) -> (String, bool) {
    let (mut text, mut star) = (String::new(), false);
    for part in &pattern.parts {
        match part {
            PatternPart::AnyMany => text.push('*'),
            PatternPart::AnyOne => text.push('_'),
            PatternPart::Exactly('*') => {
                star = true;
                text.push('_');
            }
            PatternPart::Exactly(c) => {
                if matches!(c, '%' | '_' | '\\') {
                    text.push('\\');
                }
                text.push(*c);
            }
        }
    }
    (text, star)
}
