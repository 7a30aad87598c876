//! Upper bounds: filters that keep at least the rows that are meant.

use super::filter::Filter;
use super::{Residual, Widening};
use crate::truth::Truths;

/// A filter that keeps every row that is meant, and whether it keeps others.
#[derive(Clone, Debug)]
pub(super) struct Bound {
    keeps: Keeps,
    /// Why other rows may pass; exact if there is no reason.
    widened: Vec<Widening>,
}

#[derive(Clone, Debug)]
enum Keeps {
    All,
    None,
    Some(Filter),
}

impl Bound {
    pub(super) const TRUE: Self = Self {
        keeps: Keeps::All,
        widened: Vec::new(),
    };
    pub(super) const FALSE: Self = Self {
        keeps: Keeps::None,
        widened: Vec::new(),
    };

    /// No filter can say it.
    pub(super) fn open(reason: Widening) -> Self {
        Self::TRUE.widened(reason)
    }

    pub(super) fn of(filter: Filter) -> Self {
        Self {
            keeps: Keeps::Some(filter),
            widened: Vec::new(),
        }
    }

    /// What does not depend on the row.
    pub(super) fn of_truths(truths: Truths) -> Self {
        if truths.is_true() {
            Self::TRUE
        } else if truths.may_be_true() {
            Self::open(Widening::Fact)
        } else {
            Self::FALSE
        }
    }

    /// The same, but other rows may pass as well. Where none passes, none does.
    pub(super) fn widened(mut self, reason: Widening) -> Self {
        if !matches!(self.keeps, Keeps::None) && !self.widened.contains(&reason) {
            self.widened.push(reason);
        }
        self
    }

    fn is_exactly_all(&self) -> bool {
        matches!(self.keeps, Keeps::All) && self.widened.is_empty()
    }

    pub(super) fn and(self, other: Self) -> Self {
        let keeps = match (self.keeps, other.keeps) {
            (Keeps::None, _) | (_, Keeps::None) => return Self::FALSE,
            (Keeps::All, keeps) | (keeps, Keeps::All) => keeps,
            (Keeps::Some(one), Keeps::Some(two)) => Keeps::Some(one.and(two)),
        };
        Self {
            keeps,
            widened: joined(self.widened, other.widened),
        }
    }

    pub(super) fn or(self, other: Self) -> Self {
        if self.is_exactly_all() || other.is_exactly_all() {
            return Self::TRUE;
        }
        let keeps = match (self.keeps, other.keeps) {
            (Keeps::None, keeps) | (keeps, Keeps::None) => keeps,
            (Keeps::All, _) | (_, Keeps::All) => Keeps::All,
            (Keeps::Some(one), Keeps::Some(two)) => Keeps::Some(one.or(two)),
        };
        Self {
            keeps,
            widened: joined(self.widened, other.widened),
        }
    }

    pub(super) fn residual(mut self) -> Residual {
        self.widened.sort_unstable();
        match (self.keeps, self.widened.is_empty()) {
            (Keeps::None, _) => Residual::Nothing,
            (Keeps::All, true) => Residual::Everything,
            (Keeps::All, false) => Residual::Superset(None, self.widened),
            (Keeps::Some(filter), true) => Residual::Exact(filter),
            (Keeps::Some(filter), false) => Residual::Superset(Some(filter), self.widened),
        }
    }
}

fn joined(mut reasons: Vec<Widening>, more: Vec<Widening>) -> Vec<Widening> {
    for reason in more {
        if !reasons.contains(&reason) {
            reasons.push(reason);
        }
    }
    reasons
}
