//! Filters joined by `and` and `or`.

use std::fmt::{self, Display};

use super::MAX_DEPTH;
use super::cursor::{Cursor, Read};
use super::filter::Filter;

/// A filter, or several in parentheses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) enum Tree {
    Filter(Filter),
    Group(Group),
}

/// `not.or(…)`
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Group {
    pub(in super::super) negated: bool,
    /// Whether one of the members suffices.
    pub(in super::super) any: bool,
    pub(in super::super) members: Vec<Tree>,
}

impl Group {
    /// Whether `test` says yes to one of the filters.
    pub(in super::super) fn has(&self, test: &impl Fn(&Filter) -> bool) -> bool {
        self.members.iter().any(|member| match member {
            Tree::Filter(filter) => test(filter),
            Tree::Group(group) => group.has(test),
        })
    }

    /// The parentheses behind an `and` or `or`.
    pub(super) fn read(
        cursor: &mut Cursor<'_>,
        any: bool,
        negated: bool,
        depth: usize,
    ) -> Read<Self> {
        if depth > MAX_DEPTH {
            return cursor.fail("less nesting");
        }
        cursor.skip_blanks();
        cursor.expect("(")?;
        let members = cursor.list(|cursor| Tree::read(cursor, depth + 1))?;
        cursor.expect(")")?;
        cursor.skip_blanks();
        Ok(Self {
            negated,
            any,
            members,
        })
    }

    pub(super) fn word(&self) -> &'static str {
        match (self.negated, self.any) {
            (false, false) => "and",
            (false, true) => "or",
            (true, false) => "not.and",
            (true, true) => "not.or",
        }
    }

    /// The members in their parentheses.
    pub(super) fn members(&self) -> impl Display {
        Members(&self.members)
    }
}

impl Tree {
    fn read(cursor: &mut Cursor<'_>, depth: usize) -> Read<Self> {
        // A column may be called `and`, `or` or `not`.
        if let Some(filter) = cursor.attempt(Filter::read_in_logic) {
            return Ok(Self::Filter(filter));
        }
        let start = *cursor;
        let negated = cursor.eat("not.");
        let any = cursor.eat("or");
        if (any || cursor.eat("and")) && matches!(cursor.peek(), Some('(' | ' ' | '\t')) {
            return Group::read(cursor, any, negated, depth).map(Self::Group);
        }
        start.fail("a filter, `and(` or `or(`")
    }
}

impl Display for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Filter(filter) => write!(f, "{}.{}", filter.field, filter.value()),
            Self::Group(group) => write!(f, "{}{}", group.word(), group.members()),
        }
    }
}

struct Members<'a>(&'a [Tree]);

impl Display for Members<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(")?;
        for (position, member) in self.0.iter().enumerate() {
            write!(f, "{}{member}", if position > 0 { "," } else { "" })?;
        }
        f.write_str(")")
    }
}
