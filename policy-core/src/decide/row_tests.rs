//! The tests a row must pass, each as the language defines it.

use std::cell::OnceCell;

use super::{Caller, CallerKind, Membership, Ranks, Reason, Row, Sight, Verdict};
use crate::columns::{ColumnIndex, ColumnSet};
use crate::condition::{Comparison, Condition, Scope, compare, distinct, value_of};
use crate::model::{Action, Place, Policy, Rank, Rule, Subject, Table, Team};
use crate::mutants::{self, Mutant};
use crate::truth::Truths;
use crate::value::Value;

/// Everything that stays the same while one statement is decided.
#[derive(Clone, Copy)]
pub(super) struct Tests<'a> {
    pub(super) policy: &'a Policy,
    pub(super) table: &'a Table,
    pub(super) caller: &'a Caller<'a>,
    pub(super) now: Value<'a>,
    /// Whether only those parents are looked at that the database's policies test; what keeps the
    /// others in place are foreign keys.
    pub(super) only_tested: bool,
}

impl<'a> Tests<'a> {
    /// Whether the caller may see the row.
    pub(super) fn visible(&self, row: &Met<'_>) -> Verdict {
        let mut allowed = self.any_rule(Action::Select, |rule| self.applies_to_old(rule, row));
        if !allowed.truths.is_true() && !mutants::is(Mutant::FounderIsForgotten) {
            let founder = self.is_founder(row);
            if founder.may_be_true() {
                allowed = Verdict {
                    truths: allowed.truths.or(founder),
                    reason: Reason::Founder,
                };
            }
        }
        allowed
            .and(|| self.parents(row))
            .and(|| self.not_retired(row))
            .and(|| self.never(Action::Select, row, Side::Old))
    }

    /// Whether some rule for the action reaches the existing row and none forbids it.
    pub(super) fn existing(&self, action: Action, row: &Met<'_>) -> Verdict {
        self.any_rule(action, |rule| self.applies_to_old(rule, row))
            .and(|| self.never(action, row, Side::Old))
    }

    /// Whether the row may be inserted; a row that is read back must be visible as well.
    pub(super) fn inserted(&self, new: &Met<'_>, read_back: bool) -> Verdict {
        let allowed = self
            .any_rule(Action::Insert, |rule| self.applies_to_new(rule, new))
            .and(|| self.parents(new))
            .and(|| self.may_retire(new))
            .and(|| self.never(Action::Insert, new, Side::New));
        if read_back && !mutants::is(Mutant::ReturnedRowNeedsNoSelect) {
            allowed.and(|| self.visible(new))
        } else {
            allowed
        }
    }

    /// Whether one rule allows the old row, the new row and the changed columns together, and the
    /// new row stays within what the caller sees.
    pub(super) fn updated(&self, old: &Met<'_>, new: &Met<'_>, written: ColumnSet) -> Verdict {
        let held = self.caller.kind.privileges(&self.table.grants).update;
        let at_stake = held.union(written);
        let changes = OnceCell::new();
        let pair = self.any_rule(Action::Update, |rule| {
            let columns =
                if at_stake.is_subset(rule.columns) || mutants::is(Mutant::EveryColumnMayChange) {
                    Truths::TRUE
                } else {
                    let (changed, perhaps) =
                        changes.get_or_init(|| Self::changed(old, new, at_stake, written));
                    if !changed.is_subset(rule.columns) {
                        return Truths::FALSE;
                    }
                    if perhaps.is_subset(rule.columns) {
                        Truths::TRUE
                    } else {
                        Truths::DEFINITE
                    }
                };
            let old = if mutants::is(Mutant::PairsComeApart) {
                Truths::TRUE
            } else {
                self.applies_to_old(rule, old)
            };
            if !old.may_be_true() {
                return Truths::FALSE;
            }
            columns.and(old).and(self.applies_to_new(rule, new))
        });
        if !pair.truths.may_be_true() {
            return Verdict::no(Reason::NoPair);
        }
        let allowed = pair
            .and(|| self.may_retire(new))
            .and(|| self.never(Action::Update, new, Side::New));
        if mutants::is(Mutant::UpdatedRowNeedsNoSelect) {
            return allowed;
        }
        allowed.and(|| self.visible(new))
    }

    /// The columns that certainly change and those that may.
    ///
    /// A column the statement does not write can still be changed by a trigger; it counts if both
    /// values are known to differ and clients may write it at all: `at_stake` holds both.
    fn changed(
        old: &Met<'_>,
        new: &Met<'_>,
        at_stake: ColumnSet,
        written: ColumnSet,
    ) -> (ColumnSet, ColumnSet) {
        let (mut certain, mut possible) = (ColumnSet::EMPTY, ColumnSet::EMPTY);
        for column in at_stake.iter() {
            let truths = distinct(old.column(column), new.column(column));
            if truths.is_true() {
                certain = certain.with(column);
            }
            if truths.is_true() || (truths.may_be_true() && written.contains(column)) {
                possible = possible.with(column);
            }
        }
        (certain, possible)
    }

    fn any_rule(&self, action: Action, test: impl Fn(&Rule) -> Truths) -> Verdict {
        let mut verdict = Verdict::no(Reason::NoRule(action));
        for (position, rule) in self.table.rules.iter().enumerate() {
            if rule.action != action {
                continue;
            }
            let truths = test(rule);
            if truths.is_true() {
                let position = u16::try_from(position).unwrap_or(u16::MAX);
                return Verdict {
                    truths,
                    reason: Reason::Rule(position),
                };
            }
            verdict.truths = verdict.truths.or(truths);
        }
        verdict
    }

    fn applies_to_old(&self, rule: &Rule, row: &Met<'_>) -> Truths {
        self.subject_and(rule, rule.condition.as_ref(), row)
    }

    fn applies_to_new(&self, rule: &Rule, row: &Met<'_>) -> Truths {
        self.subject_and(rule, rule.check.as_ref(), row)
    }

    fn subject_and(&self, rule: &Rule, condition: Option<&Condition>, row: &Met<'_>) -> Truths {
        let subject = self.subject(rule, row);
        match condition {
            Some(condition) if subject.may_be_true() => {
                subject.and(condition.evaluate(&self.scope(row)).holds())
            }
            _ => subject,
        }
    }

    /// Whether the rule speaks of this caller and row.
    fn subject(&self, rule: &Rule, row: &Met<'_>) -> Truths {
        if !self.caller.kind.is(rule.subject) {
            return Truths::FALSE;
        }
        let own = match rule.subject {
            Subject::Anon | Subject::Guest | Subject::User | Subject::Service => Truths::TRUE,
            Subject::Rank(rank) => return row.has_rank(rank),
            Subject::Team(team) => return self.in_team(row, team),
            Subject::Itself(_) if mutants::is(Mutant::SelfIsAnybody) => Truths::TRUE,
            Subject::Itself(column)
                if mutants::is(Mutant::SelfOfNullIsTrue) && row.column(column) == Value::Null =>
            {
                Truths::TRUE
            }
            Subject::Itself(column) => {
                compare(Comparison::Equal, row.column(column), self.caller.id).holds()
            }
            Subject::Peer(_) => sight(row.row.peers),
        };
        if rule.fenced(self.table.place) && !mutants::is(Mutant::FenceIsOpen) {
            own.and(row.has_rank(1))
        } else {
            own
        }
    }

    /// Whether one of the caller's memberships in the row's tenant has the rank and says the same
    /// as the row.
    fn in_team(&self, row: &Met<'_>, team: Team) -> Truths {
        let Some(tenant) = self.table.place.tenant_column() else {
            return Truths::FALSE;
        };
        let Ranks::Known(ranks) = self.caller.ranks else {
            return Truths::DEFINITE;
        };
        let (tenant, own) = (row.column(tenant), row.column(team.column));
        let equal = |a, b| compare(Comparison::Equal, a, b).holds();
        ranks
            .iter()
            .filter(|of| of.rank >= team.rank)
            .fold(Truths::FALSE, |truths, of| match of.attribute {
                Some((attribute, value)) if attribute == team.attribute => {
                    truths.or(equal(of.tenant, tenant).and(equal(value, own)))
                }
                _ => truths,
            })
    }

    fn parents(&self, row: &Met<'_>) -> Verdict {
        let bound = mutants::is(Mutant::ParentBindsTheService);
        if self.caller.kind == CallerKind::Service && !bound || mutants::is(Mutant::ParentIsSeen) {
            return Verdict::YES;
        }
        let mut verdict = Verdict::YES;
        for (position, parent) in self.table.parents.iter().enumerate() {
            if self.only_tested && !parent.tested {
                continue;
            }
            let seen = row
                .row
                .parents
                .get(position)
                .copied()
                .unwrap_or(Sight::NotYetKnown);
            let truths = if row.column(parent.column) == Value::Null {
                Truths::FALSE
            } else {
                sight(seen)
            };
            let position = u16::try_from(position).unwrap_or(u16::MAX);
            let truths = Verdict {
                truths,
                reason: Reason::Parent(position),
            };
            // A parent that is visible is not what decided.
            verdict = if truths.truths.is_true() {
                verdict
            } else {
                verdict.and(|| truths)
            };
        }
        verdict
    }

    /// Whether the row is not retired, or the caller may see retired rows.
    fn not_retired(&self, row: &Met<'_>) -> Verdict {
        let Some(retire) = &self.table.retire else {
            return Verdict::YES;
        };
        if self.caller.kind == CallerKind::Service || mutants::is(Mutant::RetiredIsSeen) {
            return Verdict::YES;
        }
        // What is cheap and most often decides comes first.
        let seen_by = row.has_rank(retire.seen_by);
        if seen_by.is_true() {
            return Verdict::YES;
        }
        let retired = compare(
            Comparison::Equal,
            row.column(retire.column),
            retire.value.value(),
        );
        let alive = retired.fails();
        if alive.is_true() {
            return Verdict::YES;
        }
        let just_now = compare(Comparison::Equal, row.column(retire.stamp), self.now).holds();
        let retired_here = retired
            .holds()
            .and(just_now)
            .and(row.has_rank(retire.by))
            .and(Truths::of(!mutants::is(Mutant::RetiredIsNotSeenAtOnce)));
        let truths = alive.or(seen_by).or(retired_here);
        if truths.is_true() {
            Verdict::YES
        } else {
            Verdict {
                truths,
                reason: Reason::Retired,
            }
        }
    }

    /// Whether the new row is not retired, or the caller may retire rows.
    fn may_retire(&self, row: &Met<'_>) -> Verdict {
        let Some(retire) = &self.table.retire else {
            return Verdict::YES;
        };
        if self.caller.kind == CallerKind::Service || mutants::is(Mutant::RetiringIsFree) {
            return Verdict::YES;
        }
        let by = row.has_rank(retire.by);
        if by.is_true() {
            return Verdict::YES;
        }
        let value = row.column(retire.column);
        let alive = compare(Comparison::NotEqual, value, retire.value.value()).holds();
        let truths = alive.or(by);
        if truths.is_true() {
            Verdict::YES
        } else {
            Verdict {
                truths,
                reason: Reason::MayNotRetire,
            }
        }
    }

    fn never(&self, action: Action, row: &Met<'_>, side: Side) -> Verdict {
        let mut verdict = Verdict::YES;
        let bound = mutants::is(Mutant::NeverBindsTheService);
        if self.caller.kind == CallerKind::Service && !bound || mutants::is(Mutant::NeverForgets) {
            return verdict;
        }
        for (position, never) in self.table.never.iter().enumerate() {
            let condition = match side {
                Side::Old => &never.condition,
                Side::New => &never.check,
            };
            let Some(condition) = condition.as_ref().filter(|_| never.action == action) else {
                continue;
            };
            let truths = condition.evaluate(&self.scope(row)).fails();
            if !truths.is_true() {
                let position = u16::try_from(position).unwrap_or(u16::MAX);
                verdict = verdict.and(|| Verdict {
                    truths,
                    reason: Reason::Never(position),
                });
            }
        }
        verdict
    }

    /// Whether the row is a tenant that the caller creates in this very transaction.
    fn is_founder(&self, row: &Met<'_>) -> Truths {
        let found = self.policy.tenant.as_ref().and_then(|tenant| tenant.found);
        match (found, self.table.place) {
            (Some(found), Place::Root(_)) if self.caller.kind == CallerKind::User => {
                compare(Comparison::Equal, row.column(found.author), self.caller.id)
                    .holds()
                    .and(if mutants::is(Mutant::FoundingNeedsNoStamp) {
                        Truths::TRUE
                    } else {
                        compare(Comparison::Equal, row.column(found.stamp), self.now).holds()
                    })
            }
            _ => Truths::FALSE,
        }
    }

    fn scope<'r>(&'r self, row: &Met<'r>) -> Scope<'r> {
        Scope {
            row: row.row.values,
            not_null: row.not_null,
            caller_id: self.caller.id,
            caller_email: self.caller.email,
            caller_aal: self.caller.aal,
            now: self.now,
        }
    }

    /// Looks at a row once, for all the tests it must pass.
    pub(super) fn meet<'r>(&'r self, row: &'r Row<'r>) -> Met<'r> {
        let not_null = self.table.not_null;
        let tenant = self.table.place.tenant_column();
        let (certain, possible) = match (tenant, self.caller.ranks) {
            (None, _) => (0, 0),
            (Some(_), Ranks::NotYetKnown) => (0, Rank::MAX),
            (Some(column), Ranks::Known(ranks)) => match value_of(row.values, not_null, column) {
                Value::Null => (0, 0),
                // It may be a tenant the caller does not belong to.
                Value::NotYetKnown | Value::Present => (0, highest(ranks.iter())),
                tenant => {
                    let here = |of: &&Membership<'_>| {
                        of.tenant == tenant || mutants::is(Mutant::RankOfAnyTenant)
                    };
                    let rank = highest(ranks.iter().filter(here));
                    (rank, rank)
                }
            },
        };
        Met {
            row,
            not_null,
            certain,
            possible,
        }
    }
}

fn highest<'a>(memberships: impl Iterator<Item = &'a Membership<'a>>) -> Rank {
    memberships.map(|of| of.rank).max().unwrap_or(0)
}

/// A row as the tests look at it.
pub(super) struct Met<'r> {
    row: &'r Row<'r>,
    not_null: ColumnSet,
    /// The caller's rank in the row's tenant is at least this,
    certain: Rank,
    /// and at most this.
    possible: Rank,
}

impl<'r> Met<'r> {
    fn column(&self, column: ColumnIndex) -> Value<'r> {
        value_of(self.row.values, self.not_null, column)
    }

    /// Whether the caller's rank in the row's tenant is at least this.
    fn has_rank(&self, rank: Rank) -> Truths {
        let reaches = |held: Rank| {
            if mutants::is(Mutant::RankIsMore) {
                held > rank
            } else if mutants::is(Mutant::RankIsExactly) {
                held == rank
            } else {
                held >= rank
            }
        };
        if reaches(self.certain) {
            Truths::TRUE
        } else if reaches(self.possible) {
            Truths::DEFINITE
        } else {
            Truths::FALSE
        }
    }
}

#[derive(Clone, Copy)]
enum Side {
    Old,
    New,
}

fn sight(sight: Sight) -> Truths {
    match sight {
        Sight::Visible => Truths::TRUE,
        Sight::Hidden => Truths::FALSE,
        Sight::NotYetKnown => Truths::DEFINITE,
    }
}
