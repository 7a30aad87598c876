//! PostgREST's filters as SQL: what such a filter keeps, asked of the database alone.
//!
//! It reads the text that goes into `or=(...)` and nothing of how the text came about, so that the
//! verifier has an oracle of its own for the filters that [`policy_core::residual`] writes. Only
//! the operators that occur there are known.

/// Why a text is no filter.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no filter: {what} at {rest:?}")]
pub struct FilterError {
    what: &'static str,
    /// Where reading stopped.
    rest: String,
}

/// The condition that PostgREST makes of `or=(<text>)`.
///
/// # Errors
/// If the text is no filter, or has an operator that is not known here.
pub fn filter_sql(text: &str) -> Result<String, FilterError> {
    let mut reader = Reader { rest: text };
    let parts = reader.list(0)?;
    if reader.rest.is_empty() {
        Ok(joined(&parts, " or "))
    } else {
        Err(reader.fails("expected the end"))
    }
}

/// How deep filters may nest.
const DEEPEST: usize = 256;

struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    fn list(&mut self, depth: usize) -> Result<Vec<String>, FilterError> {
        let mut parts = vec![self.part(depth)?];
        while self.eat(",") {
            parts.push(self.part(depth)?);
        }
        Ok(parts)
    }

    fn part(&mut self, depth: usize) -> Result<String, FilterError> {
        if depth > DEEPEST {
            return Err(self.fails("nested too deep"));
        }
        for (word, between, not) in [
            ("and(", " and ", ""),
            ("or(", " or ", ""),
            ("not.and(", " and ", "not "),
            ("not.or(", " or ", "not "),
        ] {
            if self.eat(word) {
                let parts = self.list(depth + 1)?;
                self.expect(")")?;
                return Ok(format!("{not}({})", joined(&parts, between)));
            }
        }
        let column = self.name()?;
        self.expect(".")?;
        let not = if self.eat("not.") { "not " } else { "" };
        let test = self.test(&column)?;
        Ok(format!("{not}({test})"))
    }

    fn name(&mut self) -> Result<String, FilterError> {
        let text = if self.rest.starts_with('"') {
            self.quoted()?
        } else {
            self.until(|c| !c.is_alphanumeric() && c != '_')
        };
        Ok(format!("\"{}\"", text.replace('"', "\"\"")))
    }

    fn test(&mut self, column: &str) -> Result<String, FilterError> {
        for (word, operator) in [
            ("eq.", "="),
            ("neq.", "<>"),
            ("lt.", "<"),
            ("lte.", "<="),
            ("gt.", ">"),
            ("gte.", ">="),
        ] {
            if self.eat(word) {
                return Ok(format!("{column} {operator} {}", literal(&self.value()?)));
            }
        }
        if self.eat("like.") {
            let pattern = self.value()?.replace('*', "%");
            return Ok(format!("{column} like {}", literal(&pattern)));
        }
        if self.eat("in.(") {
            let mut values = vec![literal(&self.value()?)];
            while self.eat(",") {
                values.push(literal(&self.value()?));
            }
            self.expect(")")?;
            return Ok(format!("{column} in ({})", values.join(", ")));
        }
        for word in ["null", "true", "false"] {
            if self.eat(&format!("is.{word}")) {
                return Ok(format!("{column} is {word}"));
            }
        }
        Err(self.fails("expected an operator"))
    }

    fn value(&mut self) -> Result<String, FilterError> {
        if self.rest.starts_with('"') {
            self.quoted()
        } else {
            Ok(self.until(|c| matches!(c, ',' | ')')))
        }
    }

    fn quoted(&mut self) -> Result<String, FilterError> {
        let mut text = String::new();
        let mut chars = self.rest.char_indices().skip(1);
        while let Some((at, c)) = chars.next() {
            match c {
                '"' => {
                    self.rest = self.rest.get(at + 1..).unwrap_or_default();
                    return Ok(text);
                }
                '\\' => text.extend(chars.next().map(|(_, c)| c)),
                c => text.push(c),
            }
        }
        Err(self.fails("a quote that does not end"))
    }

    fn until(&mut self, end: impl Fn(char) -> bool) -> String {
        let at = self.rest.find(end).unwrap_or(self.rest.len());
        let (text, rest) = self.rest.split_at(at);
        self.rest = rest;
        text.to_owned()
    }

    fn eat(&mut self, word: &str) -> bool {
        match self.rest.strip_prefix(word) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn expect(&mut self, word: &'static str) -> Result<(), FilterError> {
        if self.eat(word) {
            Ok(())
        } else {
            Err(self.fails("expected another character"))
        }
    }

    fn fails(&self, what: &'static str) -> FilterError {
        FilterError {
            what,
            rest: self.rest.chars().take(40).collect(),
        }
    }
}

fn joined(parts: &[String], between: &str) -> String {
    parts.join(between)
}

fn literal(text: &str) -> String {
    crate::sql::literal(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form() {
        let text = r#"and(a.eq.1,"B c".not.in.(x,"y,\"\\"),or(d.is.null,e.not.like."a*\\_")),f.is.true,not.and(g.lte.now,h.neq."")"#;
        insta::assert_snapshot!(
            filter_sql(text).unwrap(),
            @r#"(("a" = '1') and not ("B c" in ('x', E'y,"\\')) and (("d" is null) or not ("e" like E'a%\\_'))) or ("f" is true) or not (("g" <= 'now') and ("h" <> ''))"#
        );
    }

    #[test]
    fn what_is_no_filter_is_an_error() {
        for text in [
            "",
            "a",
            "a.eq",
            "a.near.1",
            "and(a.eq.1",
            "a.eq.1)",
            "a.eq.\"x",
            "a.in.(1",
        ] {
            assert!(filter_sql(text).is_err(), "{text}");
        }
        assert!(filter_sql(&"and(".repeat(100_000)).is_err());
    }
}
