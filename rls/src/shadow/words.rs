//! One name for another, in SQL and in everything that was read.

use serde_json::Value;

use crate::live::Live;
use crate::sql;

/// Replaces a word wherever it stands alone: not as part of a longer name.
pub(super) fn replace(text: &str, word: &str, by: &str) -> String {
    let part = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(word) {
        let alone = !before.ends_with(part) && !after.starts_with(part)
            // What ended just before may itself have been kept as part of a longer name.
            && (!before.is_empty() || !result.ends_with(part));
        result.push_str(before);
        result.push_str(if alone { by } else { word });
        rest = after;
    }
    result.push_str(rest);
    result
}

/// Gives schemas other names: where one stands for itself as it is, and within SQL as SQL has it.
pub(super) fn rename(live: &Live, names: &[(&str, &str)]) -> Result<Live, serde_json::Error> {
    let mut value = serde_json::to_value(live)?;
    walk(&mut value, names);
    serde_json::from_value(value)
}

fn walk(value: &mut Value, names: &[(&str, &str)]) {
    match value {
        Value::String(text) => {
            for (from, to) in names {
                if text == from {
                    (*to).clone_into(text);
                } else if text.contains(from) {
                    // The guard's message is words, not SQL.
                    let message = format!("no rule of {from}.");
                    let worded = text.replace(&message, &format!("no rule of {to}."));
                    *text = replace(&worded, from, &sql::name(to));
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|value| walk(value, names)),
        Value::Object(fields) => fields.values_mut().for_each(|value| walk(value, names)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_words_are_replaced() {
        for (text, expected) in [
            ("select countersign.f()", "select x.f()"),
            (
                "countersign_edge zz_countersign",
                "countersign_edge zz_countersign",
            ),
            ("'countersign.f()'::regprocedure", "'x.f()'::regprocedure"),
            ("countersigncountersign", "countersigncountersign"),
            ("(countersign) \"countersign\"", "(x) \"x\""),
            ("schema countersign", "schema x"),
        ] {
            assert_eq!(replace(text, "countersign", "x"), expected);
        }
    }
}
