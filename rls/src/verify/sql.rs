//! Names and values as SQL text.

/// A name, quoted.
pub(super) fn name(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A name with its schema, quoted.
pub(super) fn qualified(schema: &str, relation: &str) -> String {
    format!("{}.{}", name(schema), name(relation))
}

/// A value, as a literal whose type its place decides.
pub(super) fn literal(value: Option<&str>) -> String {
    match value {
        None => "null".to_owned(),
        Some(text) => format!("'{}'", text.replace('\'', "''")),
    }
}

/// The statements of a script, for those that must not share a transaction.
pub(super) fn statements(script: &str) -> Vec<String> {
    let (mut all, mut current, mut rest) = (Vec::new(), String::new(), script);
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '\'' | '"' => quoted(rest, first),
            '-' if rest.starts_with("--") => rest.find('\n').unwrap_or(rest.len()),
            '$' => dollar_quoted(rest),
            ';' => {
                all.push(std::mem::take(&mut current));
                rest = rest.strip_prefix(';').unwrap_or("");
                continue;
            }
            other => other.len_utf8(),
        };
        let (taken, after) = rest.split_at_checked(length).unwrap_or((rest, ""));
        current.push_str(taken);
        rest = after;
    }
    all.push(current);
    all.retain(|statement| statement.lines().any(is_code));
    all
}

fn is_code(line: &str) -> bool {
    let line = line.trim();
    !line.is_empty() && !line.starts_with("--")
}

fn quoted(text: &str, quote: char) -> usize {
    text.char_indices()
        .skip(1)
        .find(|(_, c)| *c == quote)
        .map_or(text.len(), |(at, _)| at + 1)
}

fn dollar_quoted(text: &str) -> usize {
    let tag_end = text
        .char_indices()
        .skip(1)
        .find(|(_, c)| !c.is_alphanumeric() && *c != '_');
    let Some(tag) = tag_end
        .filter(|(_, c)| *c == '$')
        .and_then(|(at, _)| text.get(..=at))
    else {
        return 1;
    };
    text.get(tag.len()..)
        .and_then(|body| body.find(tag))
        .map_or(text.len(), |at| at + 2 * tag.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_semicolon_inside_quotes_ends_nothing() {
        let script = "select ';'; -- a; b\ncreate function f() as $x$ begin; end $x$;\n-- end\n";
        let found = statements(script);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[1].ends_with("$x$"));
    }

    #[test]
    fn names_and_values_are_quoted() {
        assert_eq!(qualified("a", "B\"c"), "\"a\".\"B\"\"c\"");
        assert_eq!(literal(Some("it's")), "'it''s'");
        assert_eq!(literal(None), "null");
    }
}
