//! The tests a row must pass, each as the language defines it.

use super::Ranks;
use super::{Caller, CallerKind, Reason, Row, Sight, Verdict};
use crate::columns::ColumnSet;
use crate::condition::{Comparison, Scope, compare, distinct};
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
    pub(super) fn visible(&self, row: &Row<'_>) -> Verdict {
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
            .and(self.parents(row))
            .and(self.not_retired(row))
            .and(self.never(Action::Select, row, Side::Old))
    }

    /// Whether some rule for the action reaches the existing row and none forbids it.
    pub(super) fn existing(&self, action: Action, row: &Row<'_>) -> Verdict {
        self.any_rule(action, |rule| self.applies_to_old(rule, row))
            .and(self.never(action, row, Side::Old))
    }

    /// Whether the row may be inserted; a row that is read back must be visible as well.
    pub(super) fn inserted(&self, new: &Row<'_>, read_back: bool) -> Verdict {
        let allowed = self
            .any_rule(Action::Insert, |rule| self.applies_to_new(rule, new))
            .and(self.parents(new))
            .and(self.may_retire(new))
            .and(self.never(Action::Insert, new, Side::New));
        if read_back && !mutants::is(Mutant::ReturnedRowNeedsNoSelect) {
            allowed.and(self.visible(new))
        } else {
            allowed
        }
    }

    /// Whether one rule allows the old row, the new row and the changed columns together, and the
    /// new row stays within what the caller sees.
    pub(super) fn updated(&self, old: &Row<'_>, new: &Row<'_>, written: ColumnSet) -> Verdict {
        let (changed, perhaps) = self.changed(old, new, written);
        let pair = self.any_rule(Action::Update, |rule| {
            let columns = if mutants::is(Mutant::EveryColumnMayChange) {
                Truths::TRUE
            } else if !changed.is_subset(rule.columns) {
                Truths::FALSE
            } else if perhaps.is_subset(rule.columns) {
                Truths::TRUE
            } else {
                Truths::DEFINITE
            };
            let old = if mutants::is(Mutant::PairsComeApart) {
                Truths::TRUE
            } else {
                self.applies_to_old(rule, old)
            };
            columns.and(old).and(self.applies_to_new(rule, new))
        });
        let pair = if pair.truths.may_be_true() {
            pair
        } else {
            Verdict::no(Reason::NoPair)
        };
        let allowed =
            pair.and(self.may_retire(new))
                .and(self.never(Action::Update, new, Side::New));
        if mutants::is(Mutant::UpdatedRowNeedsNoSelect) {
            return allowed;
        }
        allowed.and(self.visible(new))
    }

    /// The columns that certainly change and those that may.
    ///
    /// A column the statement does not write can still be changed by a trigger; it counts if both
    /// values are known to differ and clients may write it at all.
    fn changed(&self, old: &Row<'_>, new: &Row<'_>, written: ColumnSet) -> (ColumnSet, ColumnSet) {
        let (before, after) = (self.scope(old), self.scope(new));
        let held = self.caller.kind.privileges(&self.table.grants).update;
        let (mut certain, mut possible) = (ColumnSet::EMPTY, ColumnSet::EMPTY);
        for column in held.union(written).iter() {
            let truths = distinct(before.column(column), after.column(column));
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

    fn applies_to_old(&self, rule: &Rule, row: &Row<'_>) -> Truths {
        let condition = rule.condition.as_ref();
        self.subject(rule, row)
            .and(condition.map_or(Truths::TRUE, |condition| {
                condition.evaluate(&self.scope(row)).holds()
            }))
    }

    fn applies_to_new(&self, rule: &Rule, row: &Row<'_>) -> Truths {
        let check = rule.check.as_ref();
        self.subject(rule, row)
            .and(check.map_or(Truths::TRUE, |check| {
                check.evaluate(&self.scope(row)).holds()
            }))
    }

    /// Whether the rule speaks of this caller and row.
    fn subject(&self, rule: &Rule, row: &Row<'_>) -> Truths {
        if !self.caller.kind.is(rule.subject) {
            return Truths::FALSE;
        }
        let own = match rule.subject {
            Subject::Anon | Subject::Guest | Subject::User | Subject::Service => Truths::TRUE,
            Subject::Rank(rank) => return self.has_rank(row, rank),
            Subject::Team(team) => return self.in_team(row, team),
            Subject::Itself(_) if mutants::is(Mutant::SelfIsAnybody) => Truths::TRUE,
            Subject::Itself(column)
                if mutants::is(Mutant::SelfOfNullIsTrue)
                    && self.scope(row).column(column) == Value::Null =>
            {
                Truths::TRUE
            }
            Subject::Itself(column) => compare(
                Comparison::Equal,
                self.scope(row).column(column),
                self.caller.id,
            )
            .holds(),
            Subject::Peer(_) => sight(row.peers),
        };
        if rule.fenced(self.table.place) && !mutants::is(Mutant::FenceIsOpen) {
            own.and(self.has_rank(row, 1))
        } else {
            own
        }
    }

    /// Whether the caller's rank in the row's tenant is at least this.
    fn has_rank(&self, row: &Row<'_>, rank: Rank) -> Truths {
        let Some(column) = self.table.place.tenant_column() else {
            return Truths::FALSE;
        };
        let Ranks::Known(ranks) = self.caller.ranks else {
            return Truths::DEFINITE;
        };
        match self.scope(row).column(column) {
            Value::Null => Truths::FALSE,
            Value::NotYetKnown | Value::Present => {
                // It may be a tenant the caller does not belong to.
                if ranks.iter().any(|of| of.rank >= rank) {
                    Truths::DEFINITE
                } else {
                    Truths::FALSE
                }
            }
            tenant => Truths::of(
                ranks
                    .iter()
                    .any(|of| self.is_seat(of.tenant, of.rank, tenant, rank)),
            ),
        }
    }

    /// Whether one of the caller's memberships in the row's tenant has the rank and says the same
    /// as the row.
    fn in_team(&self, row: &Row<'_>, team: Team) -> Truths {
        let Some(tenant) = self.table.place.tenant_column() else {
            return Truths::FALSE;
        };
        let Ranks::Known(ranks) = self.caller.ranks else {
            return Truths::DEFINITE;
        };
        let scope = self.scope(row);
        let (tenant, own) = (scope.column(tenant), scope.column(team.column));
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

    /// Whether a membership gives the rank in the tenant.
    fn is_seat(&self, of: Value<'_>, held: Rank, tenant: Value<'_>, rank: Rank) -> bool {
        let enough = if mutants::is(Mutant::RankIsMore) {
            held > rank
        } else if mutants::is(Mutant::RankIsExactly) {
            held == rank
        } else {
            held >= rank
        };
        enough && (of == tenant || mutants::is(Mutant::RankOfAnyTenant))
    }

    fn parents(&self, row: &Row<'_>) -> Verdict {
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
                .parents
                .get(position)
                .copied()
                .unwrap_or(Sight::NotYetKnown);
            let truths = if self.scope(row).column(parent.column) == Value::Null {
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
                verdict.and(truths)
            };
        }
        verdict
    }

    /// Whether the row is not retired, or the caller may see retired rows.
    fn not_retired(&self, row: &Row<'_>) -> Verdict {
        let Some(retire) = &self.table.retire else {
            return Verdict::YES;
        };
        if self.caller.kind == CallerKind::Service || mutants::is(Mutant::RetiredIsSeen) {
            return Verdict::YES;
        }
        let scope = self.scope(row);
        let value = retire.value.value();
        let alive = compare(Comparison::NotEqual, scope.column(retire.column), value).holds();
        let just_now = compare(Comparison::Equal, scope.column(retire.stamp), self.now).holds();
        let retired_here = compare(Comparison::Equal, scope.column(retire.column), value)
            .holds()
            .and(just_now)
            .and(self.has_rank(row, retire.by))
            .and(Truths::of(!mutants::is(Mutant::RetiredIsNotSeenAtOnce)));
        let truths = alive
            .or(self.has_rank(row, retire.seen_by))
            .or(retired_here);
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
    fn may_retire(&self, row: &Row<'_>) -> Verdict {
        let Some(retire) = &self.table.retire else {
            return Verdict::YES;
        };
        if self.caller.kind == CallerKind::Service || mutants::is(Mutant::RetiringIsFree) {
            return Verdict::YES;
        }
        let value = self.scope(row).column(retire.column);
        let alive = compare(Comparison::NotEqual, value, retire.value.value()).holds();
        let truths = alive.or(self.has_rank(row, retire.by));
        if truths.is_true() {
            Verdict::YES
        } else {
            Verdict {
                truths,
                reason: Reason::MayNotRetire,
            }
        }
    }

    fn never(&self, action: Action, row: &Row<'_>, side: Side) -> Verdict {
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
                verdict = verdict.and(Verdict {
                    truths,
                    reason: Reason::Never(position),
                });
            }
        }
        verdict
    }

    /// Whether the row is a tenant that the caller creates in this very transaction.
    fn is_founder(&self, row: &Row<'_>) -> Truths {
        let found = self.policy.tenant.as_ref().and_then(|tenant| tenant.found);
        match (found, self.table.place) {
            (Some(found), Place::Root(_)) if self.caller.kind == CallerKind::User => {
                let scope = self.scope(row);
                compare(
                    Comparison::Equal,
                    scope.column(found.author),
                    self.caller.id,
                )
                .holds()
                .and(if mutants::is(Mutant::FoundingNeedsNoStamp) {
                    Truths::TRUE
                } else {
                    compare(Comparison::Equal, scope.column(found.stamp), self.now).holds()
                })
            }
            _ => Truths::FALSE,
        }
    }

    fn scope<'r>(&'r self, row: &Row<'r>) -> Scope<'r> {
        Scope {
            row: row.values,
            not_null: self.table.not_null,
            caller_id: self.caller.id,
            caller_email: self.caller.email,
            caller_aal: self.caller.aal,
            now: self.now,
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
