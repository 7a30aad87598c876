//! What PostgreSQL does with one statement and one row under a policy.
//!
//! [`decide`] is total: it never fails and never panics, and it allocates nothing. It follows the
//! meaning of the language rule by rule and knows nothing of the SQL that is generated; that both
//! come to the same answer is for `countersign verify` to show.
//!
//! The order of the tests is PostgreSQL's, since it shows in the answer: column privileges come
//! first and fail the statement; a row that is not visible, or that no rule reaches, is skipped
//! without a word; then the new row is checked, and a new row that no rule allows fails the
//! statement. Constraints come last and lie outside the policy.

mod operation;
mod row_tests;

use crate::columns::ColumnSet;
use crate::model::{
    Action, AttributeIndex, Function, Grants, Policy, Privileges, Rank, Subject, Table, View,
};
use crate::mutants::{self, Mutant};
use crate::truth::Truths;
use crate::value::Value;
pub use operation::{Ruling, decide_operation};
use row_tests::Tests;

/// Who asks.
#[derive(Clone, Copy, Debug)]
pub struct Caller<'a> {
    /// What kind of caller.
    pub kind: CallerKind,
    /// The token's subject; [`Value::Null`] without one.
    pub id: Value<'a>,
    /// The token's e-mail.
    pub email: Value<'a>,
    /// The token's authenticator assurance level.
    pub aal: Value<'a>,
    /// The caller's memberships.
    pub ranks: Ranks<'a>,
}

/// The kinds of callers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CallerKind {
    /// No valid token: database role `anon`.
    Anon,
    /// A valid token whose subject is missing or not of the type the policy says: database role
    /// `authenticated`, but nobody in particular.
    NoSubject,
    /// An anonymous sign-in.
    Guest,
    /// A signed-in person.
    User,
    /// The Worker's own database role.
    Service,
}

/// A caller's memberships.
#[derive(Clone, Copy, Debug)]
pub enum Ranks<'a> {
    /// These and no others. A tenant may occur more than once; the highest rank counts.
    Known(&'a [Membership<'a>]),
    /// Nobody asked the database yet.
    NotYetKnown,
}

/// One membership of a caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Membership<'a> {
    /// The tenant's key.
    pub tenant: Value<'a>,
    /// The rank there.
    pub rank: Rank,
    /// One of the things the membership row says beside the role, and its value. A row that says
    /// several is given as several memberships, since a rule asks about one.
    pub attribute: Option<(AttributeIndex, Value<'a>)>,
}

impl<'a> Membership<'a> {
    /// A membership that says nothing beside the role.
    #[must_use]
    pub const fn new(tenant: Value<'a>, rank: Rank) -> Self {
        Self {
            tenant,
            rank,
            attribute: None,
        }
    }
}

/// One row as a statement meets it, with what is known about the rows it points to.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    /// The values in the table's column order; what is missing at the end is not yet known. A new
    /// row is meant after defaults and BEFORE triggers.
    pub values: &'a [Value<'a>],
    /// Per entry of [`Table::parents`]: whether that parent row is visible to the caller and in
    /// this row's tenant. What is missing is not yet known.
    pub parents: &'a [Sight],
    /// Whether a peer row is visible, for tables with a [`Subject::Peer`].
    pub peers: Sight,
}

impl Row<'_> {
    /// A row of which nothing is known.
    pub const UNKNOWN: Self = Self {
        values: &[],
        parents: &[],
        peers: Sight::NotYetKnown,
    };
}

/// Whether a related row is visible to the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sight {
    /// It is, and it is in the tenant.
    Visible,
    /// It is not: the reference is NULL, or the row is absent, of another tenant, or invisible.
    Hidden,
    /// Nobody asked the database yet.
    NotYetKnown,
}

/// One statement on one row.
#[derive(Clone, Copy, Debug)]
pub struct Statement<'a> {
    /// The columns it reads: returned, filtered or ordered by, or named as conflict target.
    pub read: ColumnSet,
    /// The columns it writes.
    pub written: ColumnSet,
    /// What it does to which row.
    pub command: Command<'a>,
}

/// A statement's command, with the row as it is before and as it would be after.
#[derive(Clone, Copy, Debug)]
pub enum Command<'a> {
    /// `select`
    Select(Row<'a>),
    /// `insert`
    Insert {
        /// The new row.
        new: Row<'a>,
        /// Whether a column of it is returned.
        returning: bool,
    },
    /// `update`
    Update {
        /// The row before.
        old: Row<'a>,
        /// The row after.
        new: Row<'a>,
    },
    /// `delete`
    Delete(Row<'a>),
    /// `insert ... on conflict do update set` every written column
    Merge {
        /// The row proposed for insertion.
        proposed: Row<'a>,
        /// What stands in its way.
        conflict: Conflict<'a>,
    },
    /// `insert ... on conflict do nothing`
    Ignore {
        /// The row proposed for insertion.
        proposed: Row<'a>,
        /// Whether a column of it is returned or a conflict target is named.
        returning: bool,
        /// What stands in its way.
        conflict: Conflict<'a>,
    },
}

/// The existing row with the same key as a proposed one.
#[derive(Clone, Copy, Debug)]
pub enum Conflict<'a> {
    /// There is none.
    None,
    /// This one.
    Row {
        /// The row before.
        existing: Row<'a>,
        /// The row after the update.
        merged: Row<'a>,
    },
    /// Nobody asked the database yet.
    NotYetKnown,
}

/// The answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The database role may not name these columns, or not use the command at all: the statement
    /// fails before any row is looked at.
    NotGranted(Privilege, ColumnSet),
    /// The statement fails on this row.
    Refused(Reason),
    /// The statement passes over this row.
    Skipped(Reason),
    /// The statement takes effect on this row.
    Applies(Reason),
    /// One of several, by what is not yet known.
    Depends(Open),
}

/// A column privilege.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Privilege {
    /// To read.
    Select,
    /// To give values at insert.
    Insert,
    /// To assign at update.
    Update,
    /// To delete.
    Delete,
}

/// What decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// This rule allows it: its position in [`Table::rules`].
    Rule(u16),
    /// The founder sees the tenant within the transaction that creates it.
    Founder,
    /// No rule for the action holds for this caller and row.
    NoRule(Action),
    /// No single rule allows the old row, the new row and the changed columns together.
    NoPair,
    /// This parent is not visible: its position in [`Table::parents`].
    Parent(u16),
    /// The row is retired and the caller may not see such rows.
    Retired,
    /// The caller may not retire rows.
    MayNotRetire,
    /// This rule forbids it: its position in [`Table::never`].
    Never(u16),
    /// There is a row with this key already.
    Conflict,
    /// Nothing stood in the way.
    Unconditional,
}

/// What can still become of a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Open {
    /// It can take effect.
    pub applies: bool,
    /// It can pass over the row.
    pub skipped: bool,
    /// It can fail.
    pub refused: bool,
}

/// Decides one statement on one row.
#[must_use]
pub fn decide(
    policy: &Policy,
    table: &Table,
    caller: &Caller<'_>,
    statement: &Statement<'_>,
    now: Value<'_>,
) -> Decision {
    if let Some((privilege, columns)) = missing_privilege(table, caller.kind, statement) {
        return Decision::NotGranted(privilege, columns);
    }
    let tests = Tests {
        policy,
        table,
        caller,
        now,
        only_tested: false,
    };
    match &statement.command {
        Command::Select(row) => conclude(
            tests.visible(&tests.meet(row)),
            || Verdict::YES,
            Outcome::Skipped,
        ),
        Command::Delete(old) => {
            let old = &tests.meet(old);
            let existing = || tests.existing(Action::Delete, old);
            let reached = if mutants::is(Mutant::DeleteNeedsNoSelect) {
                existing()
            } else {
                tests.visible(old).then(existing)
            };
            conclude(reached, || Verdict::YES, Outcome::Skipped)
        }
        Command::Insert { new, returning } => conclude(
            Verdict::YES,
            || tests.inserted(&tests.meet(new), *returning),
            Outcome::Skipped,
        ),
        Command::Update { old, new } => {
            let old = &tests.meet(old);
            let existing = || tests.existing(Action::Update, old);
            let reached = if mutants::is(Mutant::UpdateNeedsNoSelect) {
                existing()
            } else {
                tests.visible(old).then(existing)
            };
            conclude(
                reached,
                || tests.updated(old, &tests.meet(new), statement.written),
                Outcome::Skipped,
            )
        }
        Command::Ignore {
            proposed,
            returning,
            conflict,
        } => {
            let proposed = &tests.meet(proposed);
            // A row that is not inserted for a conflict never meets its foreign keys.
            let meets = !matches!(conflict, Conflict::None);
            let proposable = Tests {
                only_tested: meets,
                ..tests
            };
            let inserted = match conflict {
                Conflict::NotYetKnown => proposable
                    .inserted(proposed, *returning)
                    .and(|| tests.inserted(proposed, *returning).perhaps()),
                _ => proposable.inserted(proposed, *returning),
            };
            let free = match conflict {
                Conflict::None => Verdict::YES,
                Conflict::Row { .. } => Verdict::no(Reason::Conflict),
                Conflict::NotYetKnown => Verdict::open(Reason::Conflict),
            };
            // The check comes first: a row that may not be inserted fails even where it would be
            // passed over.
            if inserted.truths.is_true() {
                conclude(free, || inserted, Outcome::Skipped)
            } else if inserted.truths.may_be_true() {
                Decision::Depends(Open {
                    applies: free.truths.may_be_true(),
                    skipped: free.truths.may_be_false(),
                    refused: true,
                })
            } else {
                Decision::Refused(inserted.reason)
            }
        }
        Command::Merge { proposed, conflict } => {
            let inserted = tests.inserted(&tests.meet(proposed), true);
            let merged = || match conflict {
                Conflict::None => Verdict::YES,
                Conflict::NotYetKnown => Verdict::open(Reason::Conflict),
                Conflict::Row { existing, merged } => {
                    let (existing, merged) = (&tests.meet(existing), &tests.meet(merged));
                    tests
                        .visible(existing)
                        .then(|| tests.existing(Action::Update, existing))
                        .then(|| tests.updated(existing, merged, statement.written))
                }
            };
            conclude(Verdict::YES, || inserted.then(merged), Outcome::Refused)
        }
    }
}

/// Whether a caller may select from a view.
///
/// A view reads as its caller, so the rows are for its tables to decide: the answer is
/// [`Decision::Skipped`] where the policy makes it empty for every row.
#[must_use]
pub fn decide_view(view: &View, caller: &Caller<'_>) -> Decision {
    decide_subjects(&view.subjects, caller, Privilege::Select, Action::Select)
}

/// Whether a caller may execute a function.
///
/// The database grants execution to its roles; a policy role narrows that only for the edge, and
/// what the function then reads or writes is under the rules of its tables.
#[must_use]
pub fn decide_function(function: &Function, caller: &Caller<'_>) -> Decision {
    decide_subjects(
        &function.subjects,
        caller,
        Privilege::Select,
        Action::Select,
    )
}

fn decide_subjects(
    subjects: &[Subject],
    caller: &Caller<'_>,
    privilege: Privilege,
    action: Action,
) -> Decision {
    if !subjects
        .iter()
        .any(|subject| role_includes(caller.kind, *subject))
    {
        return Decision::NotGranted(privilege, ColumnSet::EMPTY);
    }
    let truths = subjects.iter().fold(Truths::FALSE, |truths, subject| {
        truths.or(match subject {
            Subject::Rank(rank) => caller.highest_rank_reaches(*rank),
            other => Truths::of(caller.kind.is(*other)),
        })
    });
    if truths.is_true() {
        Decision::Applies(Reason::Rule(0))
    } else if truths.may_be_true() {
        Decision::Depends(Open {
            applies: true,
            skipped: true,
            refused: false,
        })
    } else {
        Decision::Skipped(Reason::NoRule(action))
    }
}

impl Caller<'_> {
    /// Nobody.
    pub const ANON: Self = Self {
        kind: CallerKind::Anon,
        id: Value::Null,
        email: Value::Null,
        aal: Value::Null,
        ranks: Ranks::Known(&[]),
    };

    /// Whether the caller's rank in some tenant is at least this.
    #[must_use]
    pub fn highest_rank_reaches(&self, rank: Rank) -> Truths {
        match self.ranks {
            Ranks::NotYetKnown => Truths::DEFINITE,
            Ranks::Known(ranks) => Truths::of(ranks.iter().any(|of| of.rank >= rank)),
        }
    }
}

impl CallerKind {
    /// Whether the caller is one of this subject, as far as that does not depend on a row.
    #[must_use]
    pub fn is(self, subject: Subject) -> bool {
        match subject {
            Subject::Anon if mutants::is(Mutant::AnonIsEverybodyButTheService) => {
                self == Self::Anon
            }
            Subject::Anon => self != Self::Service,
            Subject::User if mutants::is(Mutant::GuestsAreUsers) => {
                matches!(self, Self::Guest | Self::User)
            }
            Subject::Guest => matches!(self, Self::Guest | Self::User),
            Subject::User => self == Self::User,
            Subject::Service => self == Self::Service,
            Subject::Itself(_) | Subject::Rank(_) | Subject::Team(_) | Subject::Peer(_) => {
                matches!(self, Self::Guest | Self::User)
            }
        }
    }

    /// The privileges of the caller's database role.
    #[must_use]
    pub fn privileges(self, grants: &Grants) -> &Privileges {
        match self {
            Self::Anon => &grants.anon,
            Self::NoSubject | Self::Guest | Self::User => &grants.authenticated,
            Self::Service => &grants.service,
        }
    }
}

/// Whether what a subject is granted goes to the caller's database role.
fn role_includes(kind: CallerKind, subject: Subject) -> bool {
    match kind {
        CallerKind::Anon => subject == Subject::Anon,
        CallerKind::Service => subject == Subject::Service,
        CallerKind::NoSubject | CallerKind::Guest | CallerKind::User => subject != Subject::Service,
    }
}

/// The first privilege the statement lacks, in PostgreSQL's order, and for which columns.
fn missing_privilege(
    table: &Table,
    kind: CallerKind,
    statement: &Statement<'_>,
) -> Option<(Privilege, ColumnSet)> {
    let held = kind.privileges(&table.grants);
    let lacks = |privilege, named: ColumnSet, granted: ColumnSet| {
        let free = match privilege {
            Privilege::Select => mutants::is(Mutant::PrivilegeToReadIsFree),
            Privilege::Insert => mutants::is(Mutant::PrivilegeToInsertIsFree),
            Privilege::Update => mutants::is(Mutant::PrivilegeToUpdateIsFree),
            Privilege::Delete => false,
        };
        if free {
            return None;
        }
        let missing = named.difference(granted);
        (granted.is_empty() || !missing.is_empty()).then_some((privilege, missing))
    };
    let read = || {
        // A statement that names no column to read needs no privilege to read one.
        if mutants::is(Mutant::PrivilegeToReadIsFree) {
            return None;
        }
        let missing = statement.read.difference(held.select);
        (!missing.is_empty()).then_some((Privilege::Select, missing))
    };
    match statement.command {
        Command::Select(_) => lacks(Privilege::Select, statement.read, held.select),
        Command::Delete(_) => (!held.delete && !mutants::is(Mutant::PrivilegeToDeleteIsFree))
            .then_some((Privilege::Delete, ColumnSet::EMPTY))
            .or_else(read),
        Command::Insert { .. } | Command::Ignore { .. } => {
            lacks(Privilege::Insert, statement.written, held.insert).or_else(read)
        }
        Command::Update { .. } => {
            lacks(Privilege::Update, statement.written, held.update).or_else(read)
        }
        Command::Merge { .. } => lacks(Privilege::Insert, statement.written, held.insert)
            .or_else(|| lacks(Privilege::Update, statement.written, held.update))
            .or_else(read),
    }
}

/// The result of a test on a row: true or false, or either, and what decided.
#[derive(Clone, Copy, Debug)]
struct Verdict {
    truths: Truths,
    reason: Reason,
}

impl Verdict {
    /// Passed, with nothing in particular to thank for it: another test gives the reason.
    const YES: Self = Self {
        truths: Truths::TRUE,
        reason: Reason::Unconditional,
    };

    fn no(reason: Reason) -> Self {
        Self {
            truths: Truths::FALSE,
            reason,
        }
    }

    fn open(reason: Reason) -> Self {
        Self {
            truths: Truths::DEFINITE,
            reason,
        }
    }

    /// The same, or passed all the same.
    fn perhaps(self) -> Self {
        let truths = self.truths.or(Truths::DEFINITE);
        if self.truths.is_true() {
            self
        } else {
            Self { truths, ..self }
        }
    }

    /// Both: this test, narrowed by another one, which is only made if this one can pass. If both
    /// pass, this one gives the reason.
    fn and(self, other: impl FnOnce() -> Self) -> Self {
        if !self.truths.may_be_true() {
            return self;
        }
        let other = other();
        let fails = !other.truths.may_be_true();
        let reason = if fails || self.reason == Reason::Unconditional {
            other.reason
        } else {
            self.reason
        };
        Self {
            truths: self.truths.and(other.truths),
            reason,
        }
    }

    /// Both: first this test, then, if it can pass, the one that matters more. If both pass, the
    /// latter gives the reason.
    fn then(self, other: impl FnOnce() -> Self) -> Self {
        if !self.truths.may_be_true() {
            return self;
        }
        let other = other();
        let keep = other.reason == Reason::Unconditional;
        let reason = if keep { self.reason } else { other.reason };
        Self {
            truths: self.truths.and(other.truths),
            reason,
        }
    }
}

/// What becomes of a row that a statement does not reach.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Skipped,
    Refused,
}

/// Puts together whether a statement reaches the row and, if it can, whether the new row passes.
fn conclude(reached: Verdict, checked: impl FnOnce() -> Verdict, unreached: Outcome) -> Decision {
    if !reached.truths.may_be_true() {
        return match unreached {
            Outcome::Skipped => Decision::Skipped(reached.reason),
            Outcome::Refused => Decision::Refused(reached.reason),
        };
    }
    let checked = checked();
    if reached.truths.is_true() {
        if checked.truths.is_true() {
            return Decision::Applies(reached.then(|| checked).reason);
        }
        if !checked.truths.may_be_true() {
            return Decision::Refused(checked.reason);
        }
    }
    Decision::Depends(Open {
        applies: checked.truths.may_be_true(),
        skipped: reached.truths.may_be_false() && unreached == Outcome::Skipped,
        refused: checked.truths.may_be_false()
            || (reached.truths.may_be_false() && unreached == Outcome::Refused),
    })
}
