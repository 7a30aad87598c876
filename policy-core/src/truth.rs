//! Three-valued truth, and sets of it.
//!
//! PostgreSQL's conditions are true, false or unknown. A condition over values that are not yet
//! known can still become some of these, so evaluation works on *sets*: [`Truths`]. Keeping the
//! two apart matters: SQL's unknown denies at once, a value not yet known may still allow.

use serde::{Deserialize, Serialize};

use crate::mutants::{self, Mutant};

/// One of SQL's three truth values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Truth {
    /// The condition holds.
    True,
    /// The condition does not hold.
    False,
    /// A NULL took part and decided the matter.
    Unknown,
}

/// The set of truth values a condition can still have. Never empty.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Truths(u8);

const T: u8 = 1;
const F: u8 = 2;
const U: u8 = 4;

impl Truths {
    /// Certainly true.
    pub const TRUE: Self = Self(T);
    /// Certainly false.
    pub const FALSE: Self = Self(F);
    /// Certainly unknown.
    pub const UNKNOWN: Self = Self(U);
    /// True or false, but not unknown: what a test on columns without NULLs can become.
    pub const DEFINITE: Self = Self(T | F);
    /// Anything.
    pub const ANY: Self = Self(T | F | U);

    /// The set with the one value of a Rust boolean.
    #[must_use]
    pub const fn of(value: bool) -> Self {
        if value { Self::TRUE } else { Self::FALSE }
    }

    /// Whether the condition can still be true.
    #[must_use]
    pub const fn may_be_true(self) -> bool {
        self.0 & T != 0
    }

    /// Whether the condition is true whatever the open values become.
    #[must_use]
    pub const fn is_true(self) -> bool {
        self.0 == T
    }

    /// Whether the condition can still be false.
    #[must_use]
    pub const fn may_be_false(self) -> bool {
        self.0 & F != 0
    }

    /// Whether the condition is false whatever the open values become.
    #[must_use]
    pub const fn is_false(self) -> bool {
        self.0 == F
    }

    /// The one truth value, if only one is left.
    #[must_use]
    pub const fn single(self) -> Option<Truth> {
        match self.0 {
            T => Some(Truth::True),
            F => Some(Truth::False),
            U => Some(Truth::Unknown),
            _ => None,
        }
    }

    /// Whether the condition can still come to this.
    #[must_use]
    pub const fn contains(self, truth: Truth) -> bool {
        let bit = match truth {
            Truth::True => T,
            Truth::False => F,
            Truth::Unknown => U,
        };
        self.0 & bit != 0
    }

    /// SQL's `not`: unknown stays unknown.
    #[must_use]
    pub fn negate(self) -> Self {
        if mutants::is(Mutant::NotChangesNothing) {
            return self;
        }
        if mutants::is(Mutant::NotUnknownIsTrue) && self == Self::UNKNOWN {
            return Self::TRUE;
        }
        self.negated()
    }

    const fn negated(self) -> Self {
        Self((self.0 & U) | ((self.0 & T) << 1) | ((self.0 & F) >> 1))
    }

    /// SQL's `and` over every combination of the two sets.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        if mutants::is(Mutant::AndIsOr) {
            return self.either(other);
        }
        let both = self.both(other);
        if mutants::is(Mutant::AndWithUnknownIsFalse) && both == Self::UNKNOWN {
            return Self::FALSE;
        }
        both
    }

    const fn both(self, other: Self) -> Self {
        let (a, b) = (self.0, other.0);
        let t = a & b & T;
        let f = (a | b) & F;
        // Unknown comes of unknown with unknown or true.
        let u = (a & U != 0 && b & (U | T) != 0) || (b & U != 0 && a & (U | T) != 0);
        Self(t | f | if u { U } else { 0 })
    }

    /// SQL's `or`, by De Morgan.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        if mutants::is(Mutant::OrIsAnd) {
            return self.both(other);
        }
        let either = self.either(other);
        if mutants::is(Mutant::OrWithUnknownIsTrue) && either == Self::UNKNOWN {
            return Self::TRUE;
        }
        either
    }

    const fn either(self, other: Self) -> Self {
        self.negated().both(other.negated()).negated()
    }

    /// SQL's `is true`: what a policy makes of a condition.
    #[must_use]
    pub fn holds(self) -> Self {
        if mutants::is(Mutant::UnknownHolds) && self == Self::UNKNOWN {
            return Self::TRUE;
        }
        Self((self.0 & T) | if self.0 & (F | U) != 0 { F } else { 0 })
    }

    /// SQL's `is false`: what a `never` rule demands of its condition.
    #[must_use]
    pub fn fails(self) -> Self {
        if mutants::is(Mutant::UnknownDoesNotForbid) && self == Self::UNKNOWN {
            return Self::TRUE;
        }
        self.negate().holds()
    }
}

impl std::fmt::Debug for Truths {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (bit, name) in [(T, "T"), (F, "F"), (U, "U")] {
            if self.0 & bit != 0 {
                f.write_str(name)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SINGLES: [(u8, Option<bool>); 3] = [(T, Some(true)), (F, Some(false)), (U, None)];

    /// SQL's tables, written as an independent oracle over `Option<bool>`.
    fn sql_and(a: Option<bool>, b: Option<bool>) -> Option<bool> {
        match (a, b) {
            (Some(false), _) | (_, Some(false)) => Some(false),
            (Some(true), Some(true)) => Some(true),
            _ => None,
        }
    }

    fn sql_or(a: Option<bool>, b: Option<bool>) -> Option<bool> {
        sql_and(a.map(|x| !x), b.map(|x| !x)).map(|x| !x)
    }

    fn members(set: u8) -> impl Iterator<Item = Option<bool>> {
        SINGLES
            .into_iter()
            .filter(move |(bit, _)| set & bit != 0)
            .map(|(_, value)| value)
    }

    fn collect(values: impl Iterator<Item = Option<bool>>) -> Truths {
        Truths(values.fold(0, |set, value| {
            set | SINGLES.iter().find(|(_, v)| *v == value).unwrap().0
        }))
    }

    /// Every pair of sets against the elementwise tables: 49 pairs, four operators.
    #[test]
    fn set_operators_are_the_elementwise_images() {
        for a in 1..8 {
            let (sa, ma) = (Truths(a), || members(a));
            assert_eq!(sa.negate(), collect(ma().map(|x| x.map(|x| !x))));
            assert_eq!(sa.holds(), collect(ma().map(|x| Some(x == Some(true)))));
            assert_eq!(sa.fails(), collect(ma().map(|x| Some(x == Some(false)))));
            for b in 1..8 {
                let pairs = || ma().flat_map(|x| members(b).map(move |y| (x, y)));
                assert_eq!(
                    sa.and(Truths(b)),
                    collect(pairs().map(|(x, y)| sql_and(x, y)))
                );
                assert_eq!(
                    sa.or(Truths(b)),
                    collect(pairs().map(|(x, y)| sql_or(x, y)))
                );
            }
        }
    }
}
