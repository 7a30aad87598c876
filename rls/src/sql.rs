//! Pieces of SQL text: names, literals, and boolean expressions ([`test`](mod@test)).

mod keywords;
pub(crate) mod lex;
pub(crate) mod retarget;
pub(crate) mod test;

use std::borrow::Cow;

use policy_core::value::Literal;

/// The longest name PostgreSQL keeps, in bytes.
const LONGEST_NAME: usize = 63;

/// A name as SQL reads it, quoted only where it must be.
pub(crate) fn name(name: &str) -> Cow<'_, str> {
    let mut bytes = name.bytes();
    let plain = bytes
        .next()
        .is_some_and(|b| b.is_ascii_lowercase() || b == b'_')
        && bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        && !keywords::is_keyword(name);
    if plain {
        Cow::Borrowed(name)
    } else {
        Cow::Owned(format!("\"{}\"", name.replace('"', "\"\"")))
    }
}

/// A name with its schema.
pub(crate) fn qualified(schema: &str, of: &str) -> String {
    format!("{}.{}", name(schema), name(of))
}

/// A text literal.
pub(crate) fn literal(text: &str) -> String {
    let text = text.replace('\'', "''");
    if text.contains('\\') {
        // The bare form depends on `standard_conforming_strings`, and the body of a function is
        // read in the caller's session.
        return format!("E'{}'", text.replace('\\', "\\\\"));
    }
    format!("'{text}'")
}

/// A policy's literal.
pub(crate) fn constant(of: &Literal) -> String {
    match of {
        Literal::Text(text) => literal(text),
        other => other.to_string(),
    }
}

/// Names with commas between.
pub(crate) fn names<'a>(of: impl IntoIterator<Item = &'a str>) -> String {
    of.into_iter().map(name).collect::<Vec<_>>().join(", ")
}

/// A name for a generated object that PostgreSQL will not cut off: one that is too long ends in a
/// hash of the whole instead.
pub(crate) fn fitting(full: &str) -> String {
    if full.len() <= LONGEST_NAME {
        return full.to_owned();
    }
    let mut end = LONGEST_NAME - 9;
    while !full.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}_{}", full.get(..end).unwrap_or_default(), hash(full, 8))
}

/// The first digits of a text's SHA-256.
pub(crate) fn hash(text: &str, digits: usize) -> String {
    use sha2::{Digest as _, Sha256};
    let bytes = Sha256::digest(text.as_bytes());
    bytes
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect::<String>()
        .chars()
        .take(digits)
        .collect()
}

/// Breaks a list at commas so that no line is wider than a page.
pub(crate) fn wrapped(list: &str, width: usize, indent: &str) -> String {
    let mut lines = vec![String::new()];
    for item in list.split_inclusive(", ") {
        match lines.last_mut() {
            Some(line) if line.is_empty() || line.len() + item.trim_end().len() <= width => {
                line.push_str(item);
            }
            _ => lines.push(item.to_owned()),
        }
    }
    let lines: Vec<&str> = lines.iter().map(|line| line.trim_end()).collect();
    lines.join(&format!("\n{indent}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_quoted_only_where_they_must_be() {
        for (text, expected) in [
            ("org_id", "org_id"),
            ("_x1", "_x1"),
            ("status", "status"),
            ("user", "\"user\""),
            ("order", "\"order\""),
            ("Accounts", "\"Accounts\""),
            ("1st", "\"1st\""),
            ("a\"b", "\"a\"\"b\""),
            ("", "\"\""),
            ("größe", "\"größe\""),
        ] {
            assert_eq!(name(text), expected);
        }
    }

    #[test]
    fn long_names_keep_apart() {
        let long = "countersign_".to_owned() + &"a".repeat(60);
        let (one, two) = (fitting(&(long.clone() + "1")), fitting(&(long + "2")));
        assert_eq!(one.len(), LONGEST_NAME);
        assert_ne!(one, two);
    }

    #[test]
    fn lists_are_wrapped_at_commas() {
        assert_eq!(wrapped("aaa, bbb, ccc", 9, "  "), "aaa, bbb,\n  ccc");
    }
}
