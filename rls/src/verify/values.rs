//! Values of every type, for columns whose content is of no interest to the policy.

use super::schema::Column;

/// Values to try for a column, the likeliest first. `serial` makes those of open types unique.
pub(super) fn candidates(column: &Column, literals: &[String], serial: u64) -> Vec<String> {
    if !column.labels.is_empty() {
        return column.labels.clone();
    }
    let own: Vec<String> = match column.base.as_str() {
        "bool" => ["false", "true"].map(str::to_owned).into(),
        "int2" | "int4" | "int8" | "numeric" | "float4" | "float8" | "money" => {
            ["1", "0", "2", "3", "10", "100", "-1"]
                .map(str::to_owned)
                .into()
        }
        "uuid" => vec![uuid(serial)],
        "timestamptz" | "timestamp" => ["2026-01-02 03:04:05+00", "2026-02-03 04:05:06+00"]
            .map(str::to_owned)
            .into(),
        "date" => ["2026-01-02", "2026-02-03"].map(str::to_owned).into(),
        "time" | "timetz" => ["03:04:05", "04:05:06"].map(str::to_owned).into(),
        "interval" => ["1 day", "2 days"].map(str::to_owned).into(),
        "json" | "jsonb" => ["{}", "{\"a\": 1}", "[]", "1", "\"a\""]
            .map(str::to_owned)
            .into(),
        "bytea" => ["\\x00", "\\x01"].map(str::to_owned).into(),
        "inet" | "cidr" => ["127.0.0.1", "127.0.0.2"].map(str::to_owned).into(),
        "vector" | "halfvec" => vec![vector(&column.data_type, 0), vector(&column.data_type, 1)],
        base if base.starts_with('_') => vec!["{}".to_owned()],
        base if base.ends_with("range") => vec!["empty".to_owned()],
        "text" | "varchar" | "bpchar" | "name" | "citext" => {
            let mut texts = vec![format!("text {serial}"), format!("t{serial}")];
            texts.extend(["a", "USD", "a@example.com", "https://example.com"].map(str::to_owned));
            texts.push(format!("{serial:064x}"));
            texts.extend(literals.iter().filter_map(|literal| sample(literal)));
            texts
        }
        _ => vec![String::new()],
    };
    let fitting = literals
        .iter()
        .filter(|_| !matches!(column.base.as_str(), "bool" | "uuid"));
    own.into_iter().chain(fitting.cloned()).collect()
}

/// The first and last values of a column's type, and those between which rules like to change.
pub(super) fn boundaries(column: &Column) -> Vec<String> {
    let texts: &[&str] = match column.base.as_str() {
        "int2" => &["-32768", "32767"],
        "int4" => &["-2147483648", "2147483647"],
        "int8" => &["-9223372036854775808", "9223372036854775807"],
        "numeric" => &["-0.01", "0.01", "99999999", "NaN"],
        "float4" | "float8" => &["-Infinity", "Infinity", "NaN"],
        "timestamptz" | "timestamp" | "date" => {
            &["-infinity", "infinity", "1970-01-01", "9999-12-31"]
        }
        "text" | "varchar" | "citext" => &["", " ", "A", "\u{10ffff}"],
        "json" | "jsonb" => &["null", "{}", "[]"],
        "uuid" => &[
            "00000000-0000-0000-0000-000000000000",
            "ffffffff-ffff-ffff-ffff-ffffffffffff",
        ],
        _ => &[],
    };
    texts.iter().map(|&text| text.to_owned()).collect()
}

/// What every uuid of the verifier's own begins with.
pub(super) const OWN: &str = "c0de0000-0000-4000-8000-";

/// A uuid that no other serial gives.
pub(super) fn uuid(serial: u64) -> String {
    format!("{OWN}{:012x}", serial & 0xffff_ffff_ffff)
}

/// A vector of the type's length that is not zero.
fn vector(data_type: &str, hot: usize) -> String {
    let length = data_type
        .split(['(', ')'])
        .nth(1)
        .and_then(|n| n.parse().ok())
        .unwrap_or(3_usize);
    let value = |at| if at == hot { "1" } else { "0" };
    format!("[{}]", (0..length).map(value).collect::<Vec<_>>().join(","))
}

/// A text that a simple regular expression matches: characters, classes and counts.
fn sample(pattern: &str) -> Option<String> {
    let mut rest = pattern
        .strip_prefix('^')?
        .strip_suffix('$')?
        .chars()
        .peekable();
    let mut text = String::new();
    while let Some(c) = rest.next() {
        let one = match c {
            '[' => {
                let class: String = rest.by_ref().take_while(|c| *c != ']').collect();
                class.chars().next().filter(|c| *c != '^')?
            }
            '\\' => match rest.next()? {
                'd' => '1',
                'w' => 'a',
                's' => ' ',
                other => other,
            },
            '.' => 'a',
            '(' | ')' | '|' => return None,
            other => other,
        };
        let times = match rest.peek() {
            Some('{') => {
                let count: String = rest.by_ref().skip(1).take_while(|c| *c != '}').collect();
                count.split(',').next()?.parse().ok()?
            }
            Some('*' | '+' | '?') => {
                rest.next();
                1
            }
            _ => 1_usize,
        };
        text.extend(std::iter::repeat_n(one, times));
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn simple_patterns_have_samples() {
        assert_eq!(sample("^[A-Z]{3}$").as_deref(), Some("AAA"));
        assert_eq!(sample("^[0-9a-f]{64}$").map(|text| text.len()), Some(64));
        assert_eq!(sample("^\\d+-x?$").as_deref(), Some("1-x"));
        assert_eq!(sample("^(a|b)$"), None);
    }

    #[test]
    fn a_vector_has_its_types_length() {
        assert_eq!(vector("extensions.vector(3)", 1), "[0,1,0]");
    }
}
