//! What remains of a decision while the row is not known: which rows a caller can see, update or
//! delete, as a filter in PostgREST's syntax.
//!
//! The filter never loses a row: where the syntax cannot say what a rule says, the filter leaves
//! the question out and says so ([`Residual::Superset`]). It is built like a decision, rule by
//! rule, with one difference: a filter keeps a row where it is *true*, so every `not` is pushed
//! down to a comparison, and each comparison is asked for one of two things, to be true or to be
//! false. Unknown is neither, as in SQL.
//!
//! The time is the literal `now`, which PostgreSQL reads as the start of the transaction.

mod bound;
mod filter;

pub use filter::{Filter, Test};

use serde::Serialize;

use crate::columns::{ColumnIndex, ColumnSet};
use crate::condition::{Comparison, Condition, Operand, Scope};
use crate::decide::{Caller, CallerKind, Ranks};
use crate::model::{Action, Place, Policy, Rank, Rule, Subject, Table, Team};
use crate::truth::Truths;
use crate::value::Value;
use bound::Bound;

/// Which rows a caller's action can reach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Residual {
    /// All of them.
    Everything,
    /// None, whatever they hold.
    Nothing,
    /// Exactly those that pass this filter.
    Exact(Filter),
    /// None but those that pass the filter (without one: any), and perhaps not all of these.
    Superset(Option<Filter>, Vec<Widening>),
}

/// Why a filter lets more pass than the policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Widening {
    /// A rule compares two columns; filters compare a column with a value.
    TwoColumns,
    /// A rule looks at a column that the caller may not read.
    HiddenColumn,
    /// A pattern has a `*`, which filters take for `%`.
    Star,
    /// A pattern folds case, which a filter does by the column's collation.
    Case,
    /// The rows that another row points to decide.
    Parents,
    /// The caller's memberships are not known.
    Memberships,
    /// A fact about the caller or the time decides, and is not known.
    Fact,
}

impl Widening {
    /// The reason in words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::TwoColumns => "a rule compares two columns",
            Self::HiddenColumn => "a rule looks at a column that the caller may not read",
            Self::Star => "a pattern has a `*`",
            Self::Case => "a pattern folds case",
            Self::Parents => "the rows that it points to decide",
            Self::Memberships => "the caller's memberships are not known",
            Self::Fact => "a fact about the caller or the time is not known",
        }
    }
}

/// What remains of `select`, or of reaching the existing row with `update` or `delete`; the new
/// row of an update is not looked at. For `insert` and `upsert` there is no existing row, and
/// everything is left open.
#[must_use]
pub fn residual(policy: &Policy, table: &Table, action: Action, caller: &Caller<'_>) -> Residual {
    let held = caller.kind.privileges(&table.grants);
    let granted = match action {
        Action::Select => !held.select.is_empty(),
        Action::Update => !held.update.is_empty(),
        Action::Delete => held.delete,
        Action::Insert | Action::Upsert => return Residual::Superset(None, Vec::new()),
    };
    if !granted {
        return Residual::Nothing;
    }
    let rows = Rows {
        policy,
        table,
        caller,
        readable: held.select,
    };
    let mut bound = rows.visible();
    if action != Action::Select {
        bound = bound.and(rows.reached(action)).and(rows.spared(action));
    }
    bound.residual()
}

/// The rows of a table as one caller meets them.
struct Rows<'a> {
    policy: &'a Policy,
    table: &'a Table,
    caller: &'a Caller<'a>,
    readable: ColumnSet,
}

impl Rows<'_> {
    fn visible(&self) -> Bound {
        self.reached(Action::Select)
            .or(self.founder())
            .and(self.parents())
            .and(self.not_retired())
            .and(self.spared(Action::Select))
    }

    fn reached(&self, action: Action) -> Bound {
        self.table
            .rules_for(action)
            .map(|rule| {
                let condition = rule.condition.as_ref();
                self.subject(rule)
                    .and(condition.map_or(Bound::TRUE, |condition| self.comes_to(true, condition)))
            })
            .fold(Bound::FALSE, Bound::or)
    }

    fn subject(&self, rule: &Rule) -> Bound {
        if !self.caller.kind.is(rule.subject) {
            return Bound::FALSE;
        }
        let own = match rule.subject {
            Subject::Anon | Subject::Guest | Subject::User | Subject::Service => Bound::TRUE,
            Subject::Rank(rank) => return self.rank(rank),
            Subject::Itself(column) => {
                self.compare(column, Comparison::Equal, Fact::of(self.caller.id))
            }
            Subject::Team(team) => return self.team(team),
            Subject::Peer(_) => Bound::open(Widening::Parents),
        };
        if rule.fenced(self.table.place) {
            own.and(self.rank(1))
        } else {
            own
        }
    }

    /// The rows of tenants in which the caller has at least this rank.
    fn rank(&self, rank: Rank) -> Bound {
        let Some(column) = self.table.place.tenant_column() else {
            return Bound::FALSE;
        };
        let Ranks::Known(ranks) = self.caller.ranks else {
            return Bound::open(Widening::Memberships);
        };
        let mut tenants: Vec<String> = Vec::new();
        for of in ranks.iter().filter(|of| of.rank >= rank) {
            match filter::text(of.tenant) {
                Some(text) if !tenants.contains(&text) => tenants.push(text),
                None if of.tenant != Value::Null => return Bound::open(Widening::Memberships),
                _ => {}
            }
        }
        if tenants.is_empty() {
            return Bound::FALSE;
        }
        self.test(column, Test::OneOf(tenants))
    }

    /// The rows of which a membership with the rank says the same.
    fn team(&self, team: Team) -> Bound {
        let Some(tenant) = self.table.place.tenant_column() else {
            return Bound::FALSE;
        };
        let Ranks::Known(ranks) = self.caller.ranks else {
            return Bound::open(Widening::Memberships);
        };
        ranks
            .iter()
            .filter(|of| of.rank >= team.rank)
            .filter_map(|of| {
                let (attribute, value) = of.attribute?;
                let equal =
                    |column, value| self.compare(column, Comparison::Equal, Fact::of(value));
                (attribute == team.attribute)
                    .then(|| equal(tenant, of.tenant).and(equal(team.column, value)))
            })
            .fold(Bound::FALSE, Bound::or)
    }

    /// A tenant that the caller creates in this very transaction.
    fn founder(&self) -> Bound {
        let found = self.policy.tenant.as_ref().and_then(|tenant| tenant.found);
        match (found, self.table.place) {
            (Some(found), Place::Root(_)) if self.caller.kind == CallerKind::User => self
                .compare(found.author, Comparison::Equal, Fact::of(self.caller.id))
                .and(self.now(found.stamp)),
            _ => Bound::FALSE,
        }
    }

    fn now(&self, column: ColumnIndex) -> Bound {
        self.test(
            column,
            Test::Compare(Comparison::Equal, filter::NOW.to_owned()),
        )
    }

    fn parents(&self) -> Bound {
        if self.caller.kind == CallerKind::Service {
            return Bound::TRUE;
        }
        self.table
            .parents
            .iter()
            .filter(|parent| parent.tested)
            .map(|parent| {
                self.test(parent.column, Test::Null(false))
                    .and(Bound::open(Widening::Parents))
            })
            .fold(Bound::TRUE, Bound::and)
    }

    fn not_retired(&self) -> Bound {
        let Some(retire) = &self.table.retire else {
            return Bound::TRUE;
        };
        if self.caller.kind == CallerKind::Service {
            return Bound::TRUE;
        }
        let compare =
            |comparison| self.compare(retire.column, comparison, Fact::of(retire.value.value()));
        let retired_here = compare(Comparison::Equal)
            .and(self.now(retire.stamp))
            .and(self.rank(retire.by));
        compare(Comparison::NotEqual)
            .or(self.rank(retire.seen_by))
            .or(retired_here)
    }

    fn spared(&self, action: Action) -> Bound {
        if self.caller.kind == CallerKind::Service {
            return Bound::TRUE;
        }
        self.table
            .never
            .iter()
            .filter(|never| never.action == action)
            .filter_map(|never| never.condition.as_ref())
            .map(|condition| self.comes_to(false, condition))
            .fold(Bound::TRUE, Bound::and)
    }

    /// Where the condition is true, or false, as wanted.
    fn comes_to(&self, wanted: bool, condition: &Condition) -> Bound {
        let each = |parts: &[Condition], all: bool| {
            let parts = parts.iter().map(|part| self.comes_to(wanted, part));
            // All are true, or one is false; one is true, or all are false.
            if all == wanted {
                parts.fold(Bound::TRUE, Bound::and)
            } else {
                parts.fold(Bound::FALSE, Bound::or)
            }
        };
        match condition {
            Condition::All(parts) => each(parts, true),
            Condition::Any(parts) => each(parts, false),
            Condition::Not(inner) => self.comes_to(!wanted, inner),
            leaf if leaf.columns().is_empty() => self.without_columns(wanted, leaf),
            Condition::Compare(comparison, left, right) => {
                let comparison = if wanted {
                    *comparison
                } else {
                    comparison.opposite()
                };
                match (self.side(left), self.side(right)) {
                    (Side::Column(left), Side::Column(right)) => self.both(left, right),
                    (Side::Column(column), Side::Fact(fact)) => {
                        self.compare(column, comparison, fact)
                    }
                    (Side::Fact(fact), Side::Column(column)) => {
                        self.compare(column, comparison.mirrored(), fact)
                    }
                    (Side::Fact(_), Side::Fact(_)) => self.without_columns(wanted, condition),
                }
            }
            Condition::Distinct(left, right) => match (self.side(left), self.side(right)) {
                (Side::Column(_), Side::Column(_)) => Bound::open(Widening::TwoColumns),
                (Side::Column(column), Side::Fact(fact))
                | (Side::Fact(fact), Side::Column(column)) => self.distinct(wanted, column, fact),
                (Side::Fact(_), Side::Fact(_)) => self.without_columns(wanted, condition),
            },
            Condition::OneOf(Operand::Column(column), literals) => {
                let texts: Vec<String> = literals
                    .iter()
                    .filter_map(|literal| filter::text(literal.value()))
                    .collect();
                match (texts.is_empty(), wanted) {
                    (true, wanted) => Bound::of_truths(Truths::of(!wanted)),
                    (false, true) => self.test(*column, Test::OneOf(texts)),
                    (false, false) => self.test(*column, Test::NoneOf(texts)),
                }
            }
            Condition::IsNull(Operand::Column(column)) => self.test(*column, Test::Null(wanted)),
            Condition::Like(Operand::Column(column), pattern) if pattern.folds => self
                .test(*column, Test::Null(false))
                .widened(Widening::Case),
            Condition::Like(Operand::Column(column), pattern) => {
                let (text, star) = filter::pattern(pattern);
                match (star, wanted) {
                    (false, wanted) => self.test(*column, Test::Like(text, wanted)),
                    (true, true) => self
                        .test(*column, Test::Like(text, true))
                        .widened(Widening::Star),
                    (true, false) => self
                        .test(*column, Test::Null(false))
                        .widened(Widening::Star),
                }
            }
            Condition::Flag(Operand::Column(column)) => self.test(*column, Test::Is(wanted)),
            Condition::OneOf(..)
            | Condition::IsNull(_)
            | Condition::Like(..)
            | Condition::Flag(_) => self.without_columns(wanted, condition),
        }
    }

    fn distinct(&self, wanted: bool, column: ColumnIndex, fact: Fact) -> Bound {
        match (fact, wanted) {
            (Fact::Null, wanted) => self.test(column, Test::Null(!wanted)),
            (Fact::Open, _) => Bound::open(Widening::Fact),
            (text, false) => self.compare(column, Comparison::Equal, text),
            (text, true) => self
                .compare(column, Comparison::NotEqual, text)
                .or(self.test(column, Test::Null(true))),
        }
    }

    /// Two columns are compared: true or false only where neither is NULL.
    fn both(&self, left: ColumnIndex, right: ColumnIndex) -> Bound {
        self.test(left, Test::Null(false))
            .and(self.test(right, Test::Null(false)))
            .and(Bound::open(Widening::TwoColumns))
    }

    fn compare(&self, column: ColumnIndex, comparison: Comparison, fact: Fact) -> Bound {
        match fact {
            // Nothing compares with NULL.
            Fact::Null => Bound::FALSE,
            Fact::Open => self.test(column, Test::Null(false)).widened(Widening::Fact),
            Fact::Text(text) => self.test(column, Test::Compare(comparison, text)),
        }
    }

    fn test(&self, column: ColumnIndex, test: Test) -> Bound {
        if let Test::Null(wanted) = test
            && self.table.not_null.contains(column)
        {
            return Bound::of_truths(Truths::of(!wanted));
        }
        if self.readable.contains(column) {
            Bound::of(Filter::Test(column, test))
        } else {
            Bound::open(Widening::HiddenColumn)
        }
    }

    /// A condition in which no column takes part.
    fn without_columns(&self, wanted: bool, condition: &Condition) -> Bound {
        let scope = Scope {
            row: &[],
            not_null: ColumnSet::EMPTY,
            caller_id: self.caller.id,
            caller_email: self.caller.email,
            caller_aal: self.caller.aal,
            now: Value::Present,
        };
        let truths = condition.evaluate(&scope);
        Bound::of_truths(if wanted {
            truths.holds()
        } else {
            truths.fails()
        })
    }

    fn side(&self, operand: &Operand) -> Side {
        Side::Fact(match operand {
            Operand::Column(column) => return Side::Column(*column),
            Operand::Now => Fact::Text(filter::NOW.to_owned()),
            Operand::Literal(literal) => Fact::of(literal.value()),
            Operand::CallerId => Fact::of(self.caller.id),
            Operand::CallerEmail => Fact::of(self.caller.email),
            Operand::CallerAal => Fact::of(self.caller.aal),
        })
    }
}

/// One side of a comparison.
enum Side {
    Column(ColumnIndex),
    Fact(Fact),
}

/// What a column is compared with.
enum Fact {
    Null,
    Text(String),
    /// It is not known.
    Open,
}

impl Fact {
    fn of(value: Value<'_>) -> Self {
        match value {
            Value::Null => Self::Null,
            value => filter::text(value).map_or(Self::Open, Self::Text),
        }
    }
}
