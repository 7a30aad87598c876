//! Boolean expressions: built from meaning, made smaller, printed for people.
//!
//! A policy applies where its expression is true, so what is unknown counts as false, and
//! [`all`] and [`any`] may leave out what the rest implies.

use std::fmt::Write as _;

/// How wide a line of generated SQL may be.
pub(crate) const WIDTH: usize = 110;

/// A boolean expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Test {
    /// Always true.
    True,
    /// Never true.
    False,
    /// There is a caller: the token has a subject.
    Known(String),
    /// The caller signed in with an identity; implies [`Test::Known`].
    Person(String),
    /// A column holds the caller's id; implies [`Test::Known`].
    Own(String),
    /// The caller has at least this rank in the tenant that the column names; implies
    /// [`Test::Known`].
    Rank {
        /// The column with the tenant's key.
        column: String,
        /// The least rank.
        rank: u8,
        /// The helper that returns the tenants.
        helper: String,
    },
    /// One membership of the caller's has at least this rank in the tenant that the column names,
    /// and says the same as the row; implies the [`Test::Rank`].
    Team {
        /// The column with the tenant's key.
        column: String,
        /// The least rank.
        rank: u8,
        /// The whole test.
        sql: String,
    },
    /// Anything else.
    Other(String),
    /// All of them; at least two. Made by [`all`].
    All(Vec<Test>),
    /// One of them; at least two. Made by [`any`].
    Any(Vec<Test>),
}

/// All of these.
pub(crate) fn all(tests: impl IntoIterator<Item = Test>) -> Test {
    let mut flat = Vec::new();
    for test in tests {
        match test {
            Test::True => {}
            Test::False => return Test::False,
            Test::All(inner) => flat.extend(inner),
            other => flat.push(other),
        }
    }
    // What another part implies need not be said.
    let kept = sift(flat, |candidate, other| other.implies(candidate));
    match kept.len() {
        0 => Test::True,
        1 => kept.into_iter().next().unwrap_or(Test::True),
        _ => Test::All(kept),
    }
}

/// One of these.
pub(crate) fn any(tests: impl IntoIterator<Item = Test>) -> Test {
    let mut flat = Vec::new();
    for test in tests {
        match test {
            Test::False => {}
            Test::True => return Test::True,
            Test::Any(inner) => flat.extend(inner),
            other => flat.push(other),
        }
    }
    // What is narrower than another alternative adds nothing.
    let kept = sift(flat, Test::implies);
    match kept.len() {
        0 => Test::False,
        1 => kept.into_iter().next().unwrap_or(Test::False),
        _ => Test::Any(kept),
    }
}

/// Removes what is needless beside another; of two that need not stand together the first stays.
fn sift(tests: Vec<Test>, needless: impl Fn(&Test, &Test) -> bool) -> Vec<Test> {
    let mut kept: Vec<Test> = Vec::new();
    for test in tests {
        if kept.iter().any(|other| needless(&test, other)) {
            continue;
        }
        kept.retain(|other| !needless(other, &test));
        kept.push(test);
    }
    kept
}

impl Test {
    /// Whether this can only be true where the other is; `false` if that is not plain to see.
    pub(crate) fn implies(&self, other: &Self) -> bool {
        if self == other {
            return true;
        }
        match (self, other) {
            (Self::False, _) | (_, Self::True) => true,
            (Self::All(parts), _) if parts.iter().any(|part| part.implies(other)) => true,
            (_, Self::Any(parts)) if parts.iter().any(|part| self.implies(part)) => true,
            (Self::Any(parts), _) => parts.iter().all(|part| part.implies(other)),
            (_, Self::All(parts)) => parts.iter().all(|part| self.implies(part)),
            (
                Self::Person(_) | Self::Own(_) | Self::Rank { .. } | Self::Team { .. },
                Self::Known(_),
            ) => true,
            (
                Self::Rank { column, rank, .. } | Self::Team { column, rank, .. },
                Self::Rank {
                    column: of,
                    rank: least,
                    ..
                },
            ) => column == of && rank >= least,
            _ => false,
        }
    }

    /// The expression on one line.
    pub(crate) fn inline(&self, place: Place) -> String {
        match self {
            Self::True => "true".to_owned(),
            Self::False => "false".to_owned(),
            Self::Known(sql)
            | Self::Person(sql)
            | Self::Own(sql)
            | Self::Team { sql, .. }
            | Self::Other(sql) => sql.clone(),
            Self::Rank { column, helper, .. } => {
                let test = format!("{column} = any (array(select {helper}()))");
                match place {
                    Place::Alternative => test,
                    Place::Condition => format!("coalesce({test}, false)"),
                }
            }
            Self::All(parts) => {
                let parts: Vec<String> = parts
                    .iter()
                    .map(|part| part.nested(Place::Condition, true))
                    .collect();
                parts.join(" and ")
            }
            Self::Any(parts) => {
                let parts: Vec<String> = parts
                    .iter()
                    .map(|part| part.nested(Place::Alternative, false))
                    .collect();
                parts.join(" or ")
            }
        }
    }

    /// Inside another expression, in parentheses where `or` stands inside `and`.
    fn nested(&self, place: Place, inside_all: bool) -> String {
        let text = self.inline(place);
        if inside_all && matches!(self, Self::Any(_)) {
            format!("({text})")
        } else {
            text
        }
    }

    /// The expression between parentheses, on one line if it fits after `column` characters,
    /// otherwise on lines of their own, indented by two more than `indent`.
    pub(crate) fn block(&self, column: usize, indent: usize, place: Place) -> String {
        let line = self.inline(place);
        if column + line.len() + 2 <= WIDTH {
            return format!("({line})");
        }
        let mut text = "(\n".to_owned();
        self.lines(indent + 2, place, &mut text);
        let _ = write!(text, "\n{:indent$})", "");
        text
    }

    fn lines(&self, indent: usize, place: Place, text: &mut String) {
        let (parts, word, place) = match self {
            Self::All(parts) => (parts, "and ", Place::Condition),
            Self::Any(parts) => (parts, "or ", Place::Alternative),
            _ => {
                let _ = write!(
                    text,
                    "{:indent$}{}",
                    "",
                    broken(&self.inline(place), indent, indent)
                );
                return;
            }
        };
        for (position, part) in parts.iter().enumerate() {
            let lead = if position == 0 { "" } else { word };
            let separator = if position == 0 { "" } else { "\n" };
            let _ = write!(text, "{separator}{:indent$}{lead}", "");
            match part {
                Self::Any(_) => text.push_str(&part.block(indent + lead.len(), indent, place)),
                Self::All(inner) => {
                    let line = part.inline(place);
                    if indent + lead.len() + line.len() <= WIDTH {
                        text.push_str(&line);
                    } else {
                        let mut deeper = String::new();
                        Self::All(inner.clone()).lines(indent + 4, place, &mut deeper);
                        text.push_str(deeper.trim_start());
                    }
                }
                _ => text.push_str(&broken(&part.inline(place), indent + lead.len(), indent)),
            }
        }
    }
}

/// Breaks a subquery that is too long for its line before its `where`.
fn broken(text: &str, column: usize, indent: usize) -> String {
    if column + text.len() <= WIDTH {
        return text.to_owned();
    }
    text.replacen(" where ", &format!("\n{:1$}where ", "", indent + 4), 1)
}

/// Where a role test stands. PostgreSQL guesses that a tenant is one of ten; where the fence has
/// said so before, a second such guess would make it expect next to no rows, so there the test is
/// wrapped and guessed at one half.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Alone in a fence or beside `or`: plain, so that an index can answer it.
    Alternative,
    /// Beside `and`, the fence included.
    Condition,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> Test {
        Test::Known("caller is not null".to_owned())
    }

    fn rank(rank: u8) -> Test {
        Test::Rank {
            column: "t.org".to_owned(),
            rank,
            helper: format!("r{rank}"),
        }
    }

    fn other(text: &str) -> Test {
        Test::Other(text.to_owned())
    }

    #[test]
    fn what_is_implied_is_left_out() {
        assert_eq!(all([known(), rank(2), Test::True]), rank(2));
        assert_eq!(
            any([rank(3), known(), other("a")]),
            any([known(), other("a")])
        );
        assert_eq!(any([all([other("a"), other("b")]), other("a")]), other("a"));
        assert_eq!(all([any([rank(1), rank(3)]), known()]), rank(1));
        assert_eq!(all([other("a"), Test::False]), Test::False);
        assert_eq!(any([]), Test::False);
    }

    #[test]
    fn role_tests_are_wrapped_beside_and_only() {
        let both = all([other("a"), any([rank(1), other("b")])]);
        assert_eq!(
            both.inline(Place::Condition),
            "a and (t.org = any (array(select r1())) or b)"
        );
        let beside = any([all([rank(1), other("a")]), other("b")]);
        assert_eq!(
            beside.inline(Place::Condition),
            "coalesce(t.org = any (array(select r1())), false) and a or b"
        );
    }

    #[test]
    fn long_expressions_break_at_their_words() {
        let long = |c: &str| other(&c.repeat(60));
        let test = all([long("a"), any([long("b"), all([long("c"), long("d")])])]);
        insta::assert_snapshot!(test.block(8, 2, Place::Condition));
    }
}
