//! Filters: a test on one field.

use std::fmt::{self, Display};

use super::cursor::{Cursor, Read};
use super::name::{Field, identifier, quoted, write_quoted};

/// A test on a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Filter {
    pub(in super::super) field: Field,
    /// `not.`
    pub(in super::super) negated: bool,
    pub(in super::super) test: Test,
}

/// An operator with what stands behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) enum Test {
    /// `eq.value`, `like(any).{a,b}`, `cs.[1,2]`
    Compare {
        operator: Operator,
        quantifier: Option<Quantifier>,
        value: Operand,
    },
    /// `in.(a,b)`
    In(Vec<Operand>),
    /// `is.null`
    Is(Is),
    /// `isdistinct.value`
    IsDistinct(Operand),
    /// `fts(english).words`
    Search {
        operator: &'static str,
        config: Option<String>,
        value: Operand,
    },
}

/// Text to compare with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Operand {
    pub(in super::super) text: String,
    /// Whether it stood in quotes, which only lists and logic take away.
    pub(super) quoted: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Quantifier {
    All,
    Any,
}

/// What `is` can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Is {
    False,
    NotNull,
    Null,
    True,
    Unknown,
}

/// The operators with one value behind them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Operator {
    Equal,
    /// Another one, by its name. All are strict: they are true of no NULL.
    Other {
        name: &'static str,
        quantifiable: bool,
    },
}

const QUANTIFIABLE: [&str; 8] = ["gte", "gt", "lte", "lt", "like", "ilike", "match", "imatch"];
const PLAIN: [&str; 9] = ["neq", "cs", "cd", "ov", "sl", "sr", "nxr", "nxl", "adj"];
const SEARCH: [&str; 4] = ["fts", "plfts", "phfts", "wfts"];
const IS: [(&str, Is); 5] = [
    ("null", Is::Null),
    ("not_null", Is::NotNull),
    ("true", Is::True),
    ("false", Is::False),
    ("unknown", Is::Unknown),
];

/// How a value ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// With the parameter.
    Parameter,
    /// At a comma or a parenthesis.
    Logic,
}

impl Filter {
    /// The value of a parameter whose name is `field`.
    pub(super) fn read_value(cursor: &mut Cursor<'_>, field: Field) -> Read<Self> {
        Self::read_test(cursor, field, Place::Parameter)
    }

    fn read_test(cursor: &mut Cursor<'_>, field: Field, place: Place) -> Read<Self> {
        let negated = cursor.eat("not.");
        Ok(Self {
            field,
            negated,
            test: Test::read(cursor, place)?,
        })
    }

    /// Between the parentheses of an `and` or `or`.
    pub(super) fn read_in_logic(cursor: &mut Cursor<'_>) -> Read<Self> {
        cursor.skip_blanks();
        let field = Field::read(cursor)?;
        cursor.expect(".")?;
        Self::read_test(cursor, field, Place::Logic)
    }
}

impl Test {
    /// Plain `eq`.
    pub(in super::super) fn is_equal(&self) -> bool {
        matches!(
            self,
            Self::Compare {
                operator: Operator::Equal,
                quantifier: None,
                ..
            }
        )
    }

    fn read(cursor: &mut Cursor<'_>, place: Place) -> Read<Self> {
        let start = *cursor;
        let word = cursor.take_while(|c| c.is_ascii_lowercase());
        if let Some(operator) = SEARCH.into_iter().find(|name| *name == word) {
            let config = if cursor.eat("(") {
                let config = identifier(cursor)?;
                cursor.expect(")")?;
                Some(config)
            } else {
                None
            };
            cursor.expect(".")?;
            return Ok(Self::Search {
                operator,
                config,
                value: Operand::read(cursor, place)?,
            });
        }
        let quantifier = Quantifier::read(cursor);
        if !cursor.eat(".") {
            return start.fail("an operator (eq, gt, ...)");
        }
        match (word, quantifier) {
            ("in", None) => Operand::read_list(cursor).map(Self::In),
            ("is", None) => Is::read(cursor).map(Self::Is),
            ("isdistinct", None) => Operand::read(cursor, place).map(Self::IsDistinct),
            _ => match Operator::of(word) {
                Some(operator) if quantifier.is_none() || operator.is_quantifiable() => {
                    Ok(Self::Compare {
                        operator,
                        quantifier,
                        value: Operand::read(cursor, place)?,
                    })
                }
                _ => start.fail("an operator (eq, gt, ...)"),
            },
        }
    }
}

impl Operator {
    fn of(word: &str) -> Option<Self> {
        let find = |names: &[&'static str], quantifiable| {
            let name = names.iter().find(|name| **name == word)?;
            Some(Self::Other { name, quantifiable })
        };
        if word == "eq" {
            return Some(Self::Equal);
        }
        find(&QUANTIFIABLE, true).or_else(|| find(&PLAIN, false))
    }

    fn name(self) -> &'static str {
        match self {
            Self::Equal => "eq",
            Self::Other { name, .. } => name,
        }
    }

    /// Whether one of the two holds of every value, and never both.
    pub(in super::super) fn is_opposite(self, other: Self) -> bool {
        const OPPOSITES: [(&str, &str); 3] = [("eq", "neq"), ("gt", "lte"), ("gte", "lt")];
        let (one, other) = (self.name(), other.name());
        OPPOSITES.contains(&(one, other)) || OPPOSITES.contains(&(other, one))
    }

    fn is_quantifiable(self) -> bool {
        !matches!(
            self,
            Self::Other {
                quantifiable: false,
                ..
            }
        )
    }
}

impl Quantifier {
    fn read(cursor: &mut Cursor<'_>) -> Option<Self> {
        if cursor.eat("(any)") {
            Some(Self::Any)
        } else {
            cursor.eat("(all)").then_some(Self::All)
        }
    }
}

impl Is {
    fn read(cursor: &mut Cursor<'_>) -> Read<Self> {
        let start = *cursor;
        let word = cursor.take_while(|c| c.is_ascii_alphabetic() || c == '_');
        match IS.iter().find(|(name, _)| name.eq_ignore_ascii_case(word)) {
            Some((_, is)) => Ok(*is),
            None => start.fail("null, not_null, true, false or unknown"),
        }
    }

    fn word(self) -> &'static str {
        IS.iter()
            .find(|(_, is)| *is == self)
            .map_or("null", |(name, _)| name)
    }
}

impl Operand {
    fn read(cursor: &mut Cursor<'_>, place: Place) -> Read<Self> {
        if place == Place::Parameter {
            return Ok(Self {
                text: cursor.take_rest().to_owned(),
                quoted: false,
            });
        }
        if let Some(array) = cursor.attempt(array) {
            return Ok(Self {
                text: array,
                quoted: false,
            });
        }
        Self::read_element(cursor)
    }

    /// `(a,"b,c",)`
    fn read_list(cursor: &mut Cursor<'_>) -> Read<Vec<Self>> {
        cursor.skip_blanks();
        cursor.expect("(")?;
        cursor.skip_blanks();
        let mut all = Vec::new();
        loop {
            all.push(Self::read_element(cursor)?);
            if !cursor.eat(",") {
                break;
            }
        }
        cursor.expect(")")?;
        cursor.skip_blanks();
        Ok(all)
    }

    /// In quotes, or up to the next comma or closing parenthesis.
    fn read_element(cursor: &mut Cursor<'_>) -> Read<Self> {
        let in_quotes = cursor.attempt(|cursor| {
            let text = quoted(cursor)?;
            let ends = matches!(cursor.peek(), None | Some(',' | ')'));
            if ends {
                Ok(text)
            } else {
                cursor.fail("a comma or `)`")
            }
        });
        Ok(in_quotes.map_or_else(
            || Self {
                text: cursor.take_while(|c| !matches!(c, ',' | ')')).to_owned(),
                quoted: false,
            },
            |text| Self { text, quoted: true },
        ))
    }
}

/// A flat array of PostgreSQL, whose commas end nothing.
fn array(cursor: &mut Cursor<'_>) -> Read<String> {
    cursor.expect("{")?;
    let inner = cursor.take_while(|c| !matches!(c, '{' | '}'));
    cursor.expect("}")?;
    Ok(format!("{{{inner}}}"))
}

impl Filter {
    /// The operator and what stands behind it: a parameter's value.
    pub(super) fn value(&self) -> impl Display {
        Value(self)
    }
}

struct Value<'a>(&'a Filter);

impl Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.negated {
            f.write_str("not.")?;
        }
        match &self.0.test {
            Test::Compare {
                operator,
                quantifier,
                value,
            } => {
                let quantifier = match quantifier {
                    None => "",
                    Some(Quantifier::All) => "(all)",
                    Some(Quantifier::Any) => "(any)",
                };
                write!(f, "{}{quantifier}.{value}", operator.name())
            }
            Test::In(values) => {
                f.write_str("in.(")?;
                for (position, value) in values.iter().enumerate() {
                    write!(f, "{}{value}", if position > 0 { "," } else { "" })?;
                }
                f.write_str(")")
            }
            Test::Is(is) => write!(f, "is.{}", is.word()),
            Test::IsDistinct(value) => write!(f, "isdistinct.{value}"),
            Test::Search {
                operator,
                config: Some(config),
                value,
            } => {
                write!(f, "{operator}({config}).{value}")
            }
            Test::Search {
                operator,
                config: None,
                value,
            } => write!(f, "{operator}.{value}"),
        }
    }
}

impl Display for Operand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.quoted {
            write_quoted(f, &self.text)
        } else {
            f.write_str(&self.text)
        }
    }
}
