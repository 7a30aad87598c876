//! Conditions over one row: what stands behind `where` and `check`.
//!
//! A total, session-independent subset of SQL with PostgreSQL's three-valued meaning. Evaluation
//! walks the tree, allocates nothing and cannot fail.

use serde::{Deserialize, Serialize};

use crate::columns::{ColumnIndex, ColumnSet};
use crate::mutants::{self, Mutant};
use crate::nesting::nested;
use crate::truth::Truths;
use crate::value::{Literal, Value};

/// A condition over a row's own columns, the caller and literals.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Condition {
    /// All of them; true if there are none.
    All(#[serde(deserialize_with = "nested")] Vec<Condition>),
    /// Any of them; false if there are none.
    Any(#[serde(deserialize_with = "nested")] Vec<Condition>),
    /// SQL's `not`.
    Not(#[serde(deserialize_with = "nested")] Box<Condition>),
    /// `left <operator> right`.
    Compare(Comparison, Operand, Operand),
    /// `operand in (literals)`.
    OneOf(Operand, Vec<Literal>),
    /// `operand is null`.
    IsNull(Operand),
    /// `left is distinct from right`.
    Distinct(Operand, Operand),
    /// `operand like pattern`, or `operand ilike pattern` if the pattern folds case.
    Like(Operand, Pattern),
    /// A boolean operand by itself.
    Flag(Operand),
}

/// A comparison operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Comparison {
    /// `=`
    Equal,
    /// `<>`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

impl Comparison {
    /// How it is written, in a policy and in SQL.
    #[must_use]
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "<>",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        }
    }

    /// What is true exactly where this is false.
    #[must_use]
    pub fn opposite(self) -> Self {
        match self {
            Self::Equal => Self::NotEqual,
            Self::NotEqual => Self::Equal,
            Self::Less => Self::GreaterOrEqual,
            Self::LessOrEqual => Self::Greater,
            Self::Greater => Self::LessOrEqual,
            Self::GreaterOrEqual => Self::Less,
        }
    }

    /// The same with the sides exchanged.
    #[must_use]
    pub fn mirrored(self) -> Self {
        match self {
            Self::Equal | Self::NotEqual => self,
            Self::Less => Self::Greater,
            Self::LessOrEqual => Self::GreaterOrEqual,
            Self::Greater => Self::Less,
            Self::GreaterOrEqual => Self::LessOrEqual,
        }
    }
}

/// One side of a comparison.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Operand {
    /// A column of the row.
    Column(ColumnIndex),
    /// A literal.
    Literal(Literal),
    /// `caller.id`
    CallerId,
    /// `caller.email`
    CallerEmail,
    /// `caller.aal`, the authenticator assurance level of the caller's session.
    CallerAal,
    /// `now()`: the start of the transaction.
    Now,
}

/// What a condition is evaluated against: a row and the facts about the caller it may name.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    /// The row's values in the table's column order. A column beyond the end is not yet known.
    pub row: &'a [Value<'a>],
    /// The columns that are NOT NULL: while not yet known, they are at least present.
    pub not_null: ColumnSet,
    /// `caller.id`
    pub caller_id: Value<'a>,
    /// `caller.email`
    pub caller_email: Value<'a>,
    /// `caller.aal`
    pub caller_aal: Value<'a>,
    /// `now()`
    pub now: Value<'a>,
}

impl<'a> Scope<'a> {
    /// The value of a column.
    #[must_use]
    pub fn column(&self, column: ColumnIndex) -> Value<'a> {
        value_of(self.row, self.not_null, column)
    }

    /// The value of an operand.
    #[must_use]
    pub fn operand(&self, operand: &'a Operand) -> Value<'a> {
        match operand {
            Operand::Column(column) => self.column(*column),
            Operand::Literal(literal) => literal.value(),
            Operand::CallerId => self.caller_id,
            Operand::CallerEmail => self.caller_email,
            Operand::CallerAal => self.caller_aal,
            Operand::Now => self.now,
        }
    }
}

/// The value of a row's column, as [`Scope::column`] gives it.
pub(crate) fn value_of<'a>(
    row: &[Value<'a>],
    not_null: ColumnSet,
    column: ColumnIndex,
) -> Value<'a> {
    match row.get(usize::from(column)) {
        None | Some(Value::NotYetKnown) if not_null.contains(column) => Value::Present,
        None => Value::NotYetKnown,
        Some(value) => *value,
    }
}

impl Condition {
    /// The truth values this condition can have in the scope.
    #[must_use]
    pub fn evaluate(&self, scope: &Scope<'_>) -> Truths {
        match self {
            Self::All(parts) => parts.iter().fold(Truths::TRUE, |truths, part| {
                truths.and(part.evaluate(scope))
            }),
            Self::Any(parts) => parts.iter().fold(Truths::FALSE, |truths, part| {
                truths.or(part.evaluate(scope))
            }),
            Self::Not(inner) => inner.evaluate(scope).negate(),
            Self::Compare(comparison, left, right) => {
                compare(*comparison, scope.operand(left), scope.operand(right))
            }
            Self::OneOf(operand, literals) => {
                let value = scope.operand(operand);
                if mutants::is(Mutant::InOfNullIsFalse) && value == Value::Null {
                    return Truths::FALSE;
                }
                let shorter = mutants::is(Mutant::InForgetsTheLast);
                let literals = literals
                    .split_last()
                    .filter(|_| shorter)
                    .map_or(literals.as_slice(), |(_, rest)| rest);
                literals.iter().fold(Truths::FALSE, |truths, literal| {
                    truths.or(compare(Comparison::Equal, value, literal.value()))
                })
            }
            Self::IsNull(_) if mutants::is(Mutant::IsNullIsFalse) => Truths::FALSE,
            Self::IsNull(operand) => match scope.operand(operand) {
                Value::Null if mutants::is(Mutant::IsNullIsUnknownOfNull) => Truths::UNKNOWN,
                Value::NotYetKnown => Truths::DEFINITE,
                value => Truths::of(value == Value::Null),
            },
            Self::Distinct(left, right) => distinct(scope.operand(left), scope.operand(right)),
            Self::Like(operand, pattern) => match scope.operand(operand) {
                Value::NotYetKnown => Truths::ANY,
                Value::Present => Truths::DEFINITE,
                Value::Text(text) => Truths::of(pattern.matches(text)),
                _ if mutants::is(Mutant::LikeOfNullIsFalse) => Truths::FALSE,
                _ => Truths::UNKNOWN,
            },
            Self::Flag(operand) => match scope.operand(operand) {
                Value::NotYetKnown => Truths::ANY,
                Value::Present => Truths::DEFINITE,
                Value::Bool(value) => Truths::of(value != mutants::is(Mutant::FlagIsNegated)),
                _ if mutants::is(Mutant::FlagOfNullIsTrue) => Truths::TRUE,
                _ if mutants::is(Mutant::FlagOfNullIsFalse) => Truths::FALSE,
                _ => Truths::UNKNOWN,
            },
        }
    }

    /// The columns the condition reads.
    #[must_use]
    pub fn columns(&self) -> ColumnSet {
        let mut columns = ColumnSet::EMPTY;
        self.for_each_operand(&mut |operand| {
            if let Operand::Column(column) = operand {
                columns = columns.with(*column);
            }
        });
        columns
    }

    /// Calls `visit` with every operand.
    pub fn for_each_operand<'a>(&'a self, visit: &mut impl FnMut(&'a Operand)) {
        match self {
            Self::All(parts) | Self::Any(parts) => {
                for part in parts {
                    part.for_each_operand(visit);
                }
            }
            Self::Not(inner) => inner.for_each_operand(visit),
            Self::Compare(_, left, right) | Self::Distinct(left, right) => {
                visit(left);
                visit(right);
            }
            Self::OneOf(operand, _)
            | Self::IsNull(operand)
            | Self::Like(operand, _)
            | Self::Flag(operand) => visit(operand),
        }
    }
}

/// Compares two values as SQL does; with a NULL the answer is unknown.
#[must_use]
pub fn compare(comparison: Comparison, left: Value<'_>, right: Value<'_>) -> Truths {
    use std::cmp::Ordering;

    // A NULL decides even while the other side is open.
    if left == Value::Null || right == Value::Null {
        if mutants::is(Mutant::ComparisonWithNullIsTrue) {
            return Truths::TRUE;
        }
        if mutants::is(Mutant::ComparisonWithNullIsFalse) {
            return Truths::FALSE;
        }
        return Truths::UNKNOWN;
    }
    let ordering = match (left, right) {
        (Value::NotYetKnown, _) | (_, Value::NotYetKnown) => return Truths::ANY,
        (Value::Present, _) | (_, Value::Present) => return Truths::DEFINITE,
        (Value::Bool(a), Value::Bool(b)) => a.cmp(&b),
        (Value::Int(a), Value::Int(b)) => a.cmp(&b),
        (Value::Text(a), Value::Text(b)) => a.cmp(b),
        (Value::Uuid(a), Value::Uuid(b)) => a.cmp(&b),
        (Value::Timestamp(a), Value::Timestamp(b)) => a.cmp(&b),
        (Value::Date(a), Value::Date(b)) => a.cmp(&b),
        (Value::Decimal(a), Value::Decimal(b)) => a.cmp(&b),
        (Value::Decimal(a), Value::Int(b)) => a.compare_integer(b),
        (Value::Int(a), Value::Decimal(b)) => b.compare_integer(a).reverse(),
        // The checker lets no such pair through; unknown denies.
        _ => return Truths::UNKNOWN,
    };
    Truths::of(match altered(comparison) {
        Comparison::Equal => ordering == Ordering::Equal,
        Comparison::NotEqual => ordering != Ordering::Equal,
        Comparison::Less => ordering == Ordering::Less,
        Comparison::LessOrEqual => ordering != Ordering::Greater,
        Comparison::Greater => ordering == Ordering::Greater,
        Comparison::GreaterOrEqual => ordering != Ordering::Less,
    })
}

/// The comparison that is made, which is another one only in a mutant.
fn altered(comparison: Comparison) -> Comparison {
    let changed = [
        (
            Mutant::EqualIsNotEqual,
            Comparison::Equal,
            Comparison::NotEqual,
        ),
        (
            Mutant::NotEqualIsEqual,
            Comparison::NotEqual,
            Comparison::Equal,
        ),
        (
            Mutant::LessIsLessOrEqual,
            Comparison::Less,
            Comparison::LessOrEqual,
        ),
        (
            Mutant::LessOrEqualIsLess,
            Comparison::LessOrEqual,
            Comparison::Less,
        ),
        (
            Mutant::GreaterIsGreaterOrEqual,
            Comparison::Greater,
            Comparison::GreaterOrEqual,
        ),
        (
            Mutant::GreaterOrEqualIsGreater,
            Comparison::GreaterOrEqual,
            Comparison::Greater,
        ),
        (Mutant::LessIsGreater, Comparison::Less, Comparison::Greater),
    ];
    let found = changed
        .iter()
        .find(|(mutant, from, _)| *from == comparison && mutants::is(*mutant));
    found.map_or(comparison, |(_, _, to)| *to)
}

/// `left is distinct from right`: like `<>`, but NULL is a value like any other.
#[must_use]
pub fn distinct(left: Value<'_>, right: Value<'_>) -> Truths {
    match (left, right) {
        (Value::NotYetKnown, _) | (_, Value::NotYetKnown) => Truths::DEFINITE,
        (Value::Present, Value::Null) | (Value::Null, Value::Present) => Truths::TRUE,
        (Value::Present, _) | (_, Value::Present) => Truths::DEFINITE,
        (Value::Decimal(_), Value::Int(_)) | (Value::Int(_), Value::Decimal(_)) => {
            compare(Comparison::NotEqual, left, right)
        }
        (Value::Null, Value::Null) if mutants::is(Mutant::DistinctOfNullsIsTrue) => Truths::TRUE,
        (Value::Null, _) | (_, Value::Null) if mutants::is(Mutant::DistinctFromNullIsUnknown) => {
            Truths::UNKNOWN
        }
        (left, right) => Truths::of(left != right),
    }
}

/// A pattern of `like` or `ilike`, read once by the checker.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Pattern {
    /// The pattern as written.
    pub source: Box<str>,
    /// Whether it is `ilike`'s: the letters A to Z match in both cases, and no others do, as under
    /// PostgreSQL's collation `"C"`.
    pub folds: bool,
    pub(crate) parts: Vec<PatternPart>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) enum PatternPart {
    /// This character.
    Exactly(char),
    /// `_`: any one character.
    AnyOne,
    /// `%`: any characters, or none.
    AnyMany,
}

impl Pattern {
    /// Reads a pattern with `\` as its escape. `None` if it ends in the escape, which PostgreSQL
    /// refuses on some rows and not on others.
    #[must_use]
    pub fn parse(source: &str) -> Option<Self> {
        let mut parts = Vec::new();
        let mut chars = source.chars();
        while let Some(c) = chars.next() {
            parts.push(match c {
                '\\' => PatternPart::Exactly(chars.next()?),
                '_' => PatternPart::AnyOne,
                '%' => PatternPart::AnyMany,
                c => PatternPart::Exactly(c),
            });
        }
        Some(Self {
            source: source.into(),
            folds: false,
            parts,
        })
    }

    /// The same pattern, as `ilike` takes it.
    #[must_use]
    pub fn folding(self) -> Self {
        Self {
            folds: true,
            ..self
        }
    }

    /// The operator that it belongs to.
    #[must_use]
    pub fn operator(&self) -> &'static str {
        if self.folds { "ilike" } else { "like" }
    }

    fn is_one(&self, part: &PatternPart, c: char) -> bool {
        match part {
            PatternPart::Exactly(wanted) if self.folds && !mutants::is(Mutant::IlikeIsLike) => {
                wanted.eq_ignore_ascii_case(&c)
            }
            PatternPart::Exactly(wanted) => *wanted == c,
            PatternPart::AnyOne => true,
            PatternPart::AnyMany => false,
        }
    }

    /// Whether the pattern matches the whole text. After a mismatch only the last `%` is tried
    /// again, so the time is at most the product of the two lengths.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        let (mut parts, mut rest) = (self.parts.as_slice(), text.chars());
        let mut retry = None;
        loop {
            match parts.split_first() {
                Some((PatternPart::AnyOne, after)) if mutants::is(Mutant::LikeOneMatchesNone) => {
                    parts = after;
                    continue;
                }
                Some((PatternPart::AnyMany, after)) if mutants::is(Mutant::LikeManyMatchesOne) => {
                    rest.next();
                    parts = after;
                    continue;
                }
                Some((PatternPart::AnyMany, after)) => {
                    retry = Some((after, rest.clone()));
                    parts = after;
                    continue;
                }
                Some((part, after)) => {
                    if let Some(c) = rest.next() {
                        if self.is_one(part, c) {
                            parts = after;
                            continue;
                        }
                    } else {
                        return false;
                    }
                }
                None if rest.as_str().is_empty() => return true,
                None => {}
            }
            let Some((after, mut from)) = retry.take() else {
                return false;
            };
            if from.next().is_none() {
                return false;
            }
            retry = Some((after, from.clone()));
            (parts, rest) = (after, from);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// `like` by definition: every split for `%`.
    fn oracle(parts: &[PatternPart], text: &[char]) -> bool {
        match parts.split_first() {
            None => text.is_empty(),
            Some((PatternPart::AnyMany, rest)) => {
                (0..=text.len()).any(|skip| oracle(rest, &text[skip..]))
            }
            Some((part, rest)) => text.split_first().is_some_and(|(c, tail)| {
                (*part == PatternPart::AnyOne || *part == PatternPart::Exactly(*c))
                    && oracle(rest, tail)
            }),
        }
    }

    proptest! {
        #[test]
        fn like_agrees_with_its_definition(pattern in "[ab_%é\\\\]{0,7}", text in "[abé]{0,8}") {
            if let Some(pattern) = Pattern::parse(&pattern) {
                let chars: Vec<char> = text.chars().collect();
                prop_assert_eq!(pattern.matches(&text), oracle(&pattern.parts, &chars));
            }
        }

        #[test]
        fn ilike_is_like_on_lower_case(pattern in "[aBé%_K\\\\]{0,7}", text in "[abAÉéKk\u{212a}]{0,8}") {
            if let Some(plain) = Pattern::parse(&pattern) {
                let lower = Pattern::parse(&pattern.to_ascii_lowercase()).unwrap();
                let expected = lower.matches(&text.to_ascii_lowercase());
                prop_assert_eq!(plain.folding().matches(&text), expected);
            }
        }
    }

    #[test]
    fn a_pattern_must_not_end_in_its_escape() {
        assert!(Pattern::parse("a\\").is_none());
        assert!(Pattern::parse("a\\\\").unwrap().matches("a\\"));
        assert!(Pattern::parse("100\\%").unwrap().matches("100%"));
        assert!(!Pattern::parse("100\\%").unwrap().matches("1000"));
    }

    #[test]
    fn null_decides_while_the_other_side_is_open() {
        let open = Value::NotYetKnown;
        assert_eq!(
            compare(Comparison::Equal, open, Value::Null),
            Truths::UNKNOWN
        );
        assert_eq!(compare(Comparison::Equal, open, Value::Int(1)), Truths::ANY);
        assert_eq!(distinct(open, Value::Null), Truths::DEFINITE);
        assert_eq!(distinct(Value::Null, Value::Null), Truths::FALSE);
    }
}
