//! Names and literals as a policy text writes them.

use policy_core::syntax::KEYWORDS;

use super::expression::Literal;
use crate::sql;

/// Words of the grammar that are read as themselves where a name could stand.
const WORDS: [&str; 6] = ["delete", "function", "insert", "update", "upsert", "view"];

/// A name.
#[must_use]
pub fn name(of: &str) -> String {
    if KEYWORDS.contains(&of) && of != "app" || WORDS.contains(&of) {
        format!("\"{of}\"")
    } else {
        sql::name(of).into_owned()
    }
}

/// Names in a row.
#[must_use]
pub fn names<'a>(of: impl IntoIterator<Item = &'a str>) -> String {
    of.into_iter().map(name).collect::<Vec<_>>().join(", ")
}

/// A literal.
#[must_use]
pub fn literal(of: &Literal) -> String {
    match of {
        Literal::Text(text) => format!("'{}'", text.replace('\'', "''")),
        Literal::Number(number) => number.clone(),
        Literal::Bool(value) => value.to_string(),
        Literal::Null => "null".to_owned(),
    }
}

/// Text on one line, for a report.
#[must_use]
pub fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
