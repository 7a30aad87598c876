//! Changes that mean the same: each rule is checked, and named in the report.

use policy_core::Policy;
use policy_core::columns::ColumnSet;
use policy_core::condition::{Comparison, Condition, Operand};
use policy_core::model::{Action, Grants, Privileges, Rule, Subject, Table, TableIndex};
use policy_core::mutants::Mutant;

use super::database::{Change, DISABLED, INVOKER, Left};
use super::guard::Guard;
use super::known::{Context, GUARD, facts, filled, guard_of, is_key};
use super::objects::{Function, Objects, RowPolicy};
use crate::verify::bench::Bench;
use crate::verify::people::conditions;
use crate::verify::variant::Variant;
use crate::verify::world::value;

/// Why a change means the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Same {
    /// The rule.
    pub(super) rule: &'static str,
    /// The smallest piece around it without which the rest says the same, if there is one: then
    /// nothing that happens to it is of any importance, and the change is no mutant.
    pub(super) piece: Option<String>,
}

const REDUNDANT: &str = "the table's policies come to the same for every truth of their tests";
const GUARDED: &str =
    "the guard and the table's policies together come to the same for every truth of their tests";
const GENERATED: &str =
    "the SQL of the changed policy comes to the same for every truth of its tests";
const CLOSED: &str =
    "whoever has a privilege on the table is let through to all rows, and nobody else has one";
const LOCKS: &str =
    "which rows a statement locks is noticed only by another session at the same time";
const SEEN: &str =
    "whoever is asked about sees all of their own memberships, so a helper finds them by itself";

/// Why a change to a table's policies or triggers means the same.
pub(super) fn of_change(context: &Context<'_>, change: &Change) -> Option<Same> {
    let facts = facts(context)?;
    if change.what == DISABLED {
        let open = RowPolicy {
            name: String::new(),
            command: "all".to_owned(),
            permissive: true,
            roles: vec!["public".to_owned()],
            using: Some("true".to_owned()),
            check: Some("true".to_owned()),
        };
        let same = facts.guard.is_none() && facts.same_as(&[open], None);
        return same.then_some(Same {
            rule: CLOSED,
            piece: None,
        });
    }
    let rule = if facts.guard.is_some() {
        GUARDED
    } else {
        REDUNDANT
    };
    let is_same = |left: &Left| match (left, &change.policy) {
        (Left::Policy(left), Some((name, _))) => facts.same(name, left.as_ref()),
        (Left::NoTrigger, None) => facts.guard.is_some() && facts.same_guarded(None),
        _ => false,
    };
    match &change.policy {
        Some((name, new)) => facts.same(name, new.as_ref()).then_some(())?,
        None if change.object == format!("trigger {GUARD}") && is_same(&Left::NoTrigger) => {}
        None => return None,
    }
    let mut pieces = change.within.iter();
    let piece = pieces.find(|(_, left)| is_same(left));
    Some(Same {
        rule,
        piece: piece.map(|(name, _)| name.clone()),
    })
}

/// Why a changed policy whose SQL this is means the same: privileges, policies and guard come to the
/// same.
pub(super) fn of_generated(
    context: &Context<'_>,
    after: &Objects,
    functions: &[Function],
) -> Option<Same> {
    let facts = facts(context)?;
    let before = context.objects.get(&context.bench.scene.index)?;
    let privileges = |of: &Objects| {
        let columns = of.columns.iter();
        let held: Vec<_> = columns.map(|column| column.held.clone()).collect();
        (held, of.deletes.clone())
    };
    let guard = guard_of(after, functions);
    let same =
        privileges(before) == privileges(after) && facts.same_as(&after.policies, guard.as_ref());
    same.then_some(Same {
        rule: GENERATED,
        piece: None,
    })
}

/// Why a change to a function that a table's statements run means the same.
pub(super) fn of_function(context: &Context<'_>, name: &str, change: &Change) -> Option<Same> {
    if change.what == INVOKER {
        return sees_own(context, name).then_some(Same {
            rule: SEEN,
            piece: None,
        });
    }
    if only_locks(&change.before, &change.after) {
        return Some(Same {
            rule: LOCKS,
            piece: None,
        });
    }
    let objects = context.objects.get(&context.bench.scene.index)?;
    let mut triggers = objects.triggers.iter();
    triggers.find(|trigger| trigger.name == GUARD && trigger.function == name)?;
    let facts = facts(context)?;
    let before = facts.guard.as_ref()?;
    let is_same = |body: &str| {
        let after = Guard::read(body).filter(|after| before.differs_in_tests_only(after));
        after.is_some_and(|after| facts.same_guarded(Some(&after)))
    };
    is_same(&change.after).then_some(())?;
    let mut pieces = change.within.iter();
    let piece = pieces.find(|(_, left)| match left {
        Left::Function(body) => is_same(body),
        _ => false,
    });
    let piece = piece.map(|(name, _)| name.clone());
    let piece = piece.or_else(|| facts.same_guarded(None).then(|| "the trigger".to_owned()));
    Some(Same {
        rule: GUARDED,
        piece,
    })
}

/// Whether only lines differ that do nothing but lock rows.
fn only_locks(before: &str, after: &str) -> bool {
    let locks = |line: &str| {
        let line = line.trim();
        line.starts_with("perform 1 from ") && line.ends_with(" for no key update;")
    };
    let mut pairs = before.lines().zip(after.lines());
    before.lines().count() == after.lines().count()
        && pairs.all(|(old, new)| old == new || locks(old) && locks(new))
}

/// Whether a helper that runs as its caller finds the same: everybody sees all of their own
/// memberships that count, may read the columns asked for, and seeing them does not ask the helper.
fn sees_own(context: &Context<'_>, helper: &str) -> bool {
    let scene = &context.bench.scene;
    let Some(tenant) = &scene.policy.tenant else {
        return false;
    };
    if !context.helpers.iter().any(|known| known == helper) {
        return false;
    }
    let facts = scene.facts(&scene.world);
    tenant.members.iter().all(|members| {
        let (Some(table), Some(objects)) = (
            scene.policy.table_at(members.table),
            context.objects.get(&members.table),
        ) else {
            return false;
        };
        let mut read = ColumnSet::EMPTY
            .with(members.tenant)
            .with(members.caller)
            .union(members.role.column().into_iter().collect());
        if let Some(condition) = &members.condition {
            read = read.union(condition.columns());
        }
        let sees = |person| {
            let asker = facts.asker(person);
            let own = scene.world.of(usize::from(members.table));
            let mut own = own.filter(|row| {
                person.is_somebody()
                    && value(row, usize::from(members.caller)) == person.subject.as_deref()
                    && facts.sits(members, row)
                    && members.role.column().is_none_or(|role| {
                        value(row, usize::from(role)).is_some_and(|name| tenant.rank(name) > 0)
                    })
            });
            own.all(|row| facts.sees(&asker, members.table, row))
        };
        read.is_subset(table.grants.authenticated.select)
            && !objects.asks_to_see(helper)
            && scene.people.iter().all(sees)
    })
}

/// Why a changed policy means the same, by what the schema holds.
pub(super) fn of_policy(bench: &Bench<'_>, variant: &Variant) -> Option<Same> {
    tied(bench, variant).or_else(|| authored(bench, variant))
}

/// A rule lets a column change that cannot change alone: a composite foreign key ties it to another
/// one, which tells what it is and which the rule does not let change.
fn tied(bench: &Bench<'_>, variant: &Variant) -> Option<Same> {
    let (before, relation) = (bench.scene.table, bench.scene.relation);
    let mut after = variant.policy.table_at(bench.scene.index)?.clone();
    let mut rules = before.rules.iter().zip(&mut after.rules);
    let (old, new) = rules.find(|(old, new)| old.columns != new.columns)?;
    let mut added = new.columns.difference(old.columns).iter();
    let column = added.next().filter(|_| added.next().is_none())?;
    let name = &relation.columns.get(usize::from(column))?.name;
    let stays = |of: &String| {
        let of = relation.position(of).and_then(|at| u8::try_from(at).ok());
        of.is_some_and(|of| !old.columns.contains(of))
    };
    let ties = relation.foreign_keys.iter().any(|key| {
        let mut pairs = key.columns.iter().zip(&key.references);
        key.columns.contains(name)
            && key.columns.iter().all(|of| filled(relation, of))
            && pairs.any(|(own, other)| own != name && stays(own) && is_key(bench, key, other))
    });
    new.columns = old.columns;
    after.guard.clone_from(&before.guard);
    let same = old.action == Action::Update && ties && *before == after;
    same.then_some(Same {
        rule: "a foreign key ties the column to another one, which the rule does not let change",
        piece: None,
    })
}

/// That whoever inserts a row is its author is asked in vain where no client may name the author and
/// the default is the caller.
fn authored(bench: &Bench<'_>, variant: &Variant) -> Option<Same> {
    let (table, relation) = (bench.scene.table, bench.scene.relation);
    let after = variant.policy.table_at(bench.scene.index)?;
    let own = |check: &Condition| {
        let Condition::Compare(Comparison::Equal, left, right) = check else {
            return false;
        };
        let (Operand::Column(column), Operand::CallerId) = (left, right) else {
            return false;
        };
        let of = relation.columns.get(usize::from(*column));
        of.and_then(|of| of.default.as_deref()) == Some("auth.uid()")
            && !bench.writes_at_insert(usize::from(*column))
            && !table.grants.authenticated.insert.contains(*column)
    };
    let mut before = table.clone();
    let rules = before.rules.iter_mut().zip(&after.rules);
    for (rule, after) in rules {
        if rule.action == Action::Insert
            && after.check.is_none()
            && rule.check.as_ref().is_some_and(own)
        {
            rule.check = None;
        }
    }
    (before == *after).then_some(Same {
        rule: "no client may name the author of a new row, which is the caller by default",
        piece: None,
    })
}

/// Whether a changed policy is the same policy to the evaluator: columns that no statement can set
/// make no difference, nor does which of several rules gives the database role a privilege.
pub(super) fn is_same_policy(
    policy: &Policy,
    variant: &Variant,
    index: TableIndex,
    generated: ColumnSet,
) -> bool {
    let (Some(before), Some(after)) = (policy.table_at(index), variant.policy.table_at(index))
    else {
        return false;
    };
    let plain = |table: &Table, columns: &dyn Fn(&Rule) -> ColumnSet| {
        let mut table = table.clone();
        for rule in &mut table.rules {
            rule.columns = columns(rule);
        }
        table.grants = Grants::default();
        table
    };
    // What an upsert adds are privileges.
    let by_grants = |table: &Table, columns: &dyn Fn(&Rule) -> ColumnSet| {
        let mut table = plain(table, columns);
        table.rules.retain(|rule| rule.action != Action::Upsert);
        table
    };
    let settable = |rule: &Rule| match rule.action {
        Action::Select => rule.columns,
        _ => rule.columns.difference(generated),
    };
    // Who has to be in a column before and after does not change it.
    let paired = |rule: &Rule| match (rule.action, rule.subject) {
        (Action::Update, Subject::Itself(own)) => rule.columns.without(own),
        (Action::Update, _) => rule.columns,
        _ => ColumnSet::EMPTY,
    };
    plain(before, &settable) == plain(after, &settable)
        || before.grants == after.grants && by_grants(before, &paired) == by_grants(after, &paired)
}

/// Whether the tables' part of the policy uses an operator, where its being altered could matter.
pub(super) fn uses(policy: &Policy, chosen: &[TableIndex], mutant: Mutant) -> bool {
    let tables = || chosen.iter().filter_map(|index| policy.table_at(*index));
    let any = |wanted: &dyn Fn(&Condition) -> bool| {
        let members = policy.tenant.iter().flat_map(|tenant| &tenant.members);
        let members = members.filter_map(|members| members.condition.as_ref());
        tables()
            .flat_map(conditions)
            .chain(members)
            .any(|condition| contains(condition, wanted))
    };
    let compares = |wanted: Comparison| {
        any(&|condition| matches!(condition, Condition::Compare(by, ..) if *by == wanted))
    };
    let rules = || tables().flat_map(|table| &table.rules);
    let subject = |wanted: &dyn Fn(Subject) -> bool| rules().any(|rule| wanted(rule.subject));
    match mutant {
        Mutant::EqualIsNotEqual => compares(Comparison::Equal),
        Mutant::NotEqualIsEqual => compares(Comparison::NotEqual),
        Mutant::LessIsLessOrEqual | Mutant::LessIsGreater => compares(Comparison::Less),
        Mutant::LessOrEqualIsLess => compares(Comparison::LessOrEqual),
        Mutant::GreaterIsGreaterOrEqual => compares(Comparison::Greater),
        Mutant::GreaterOrEqualIsGreater => compares(Comparison::GreaterOrEqual),
        Mutant::InForgetsTheLast | Mutant::InOfNullIsFalse => {
            any(&|condition| matches!(condition, Condition::OneOf(..)))
        }
        Mutant::IsNullIsFalse | Mutant::IsNullIsUnknownOfNull => {
            any(&|condition| matches!(condition, Condition::IsNull(_)))
        }
        // The comparison of an update's old and new row is of this kind too.
        Mutant::DistinctOfNullsIsTrue | Mutant::DistinctFromNullIsUnknown => true,
        Mutant::LikeOneMatchesNone => any(
            &|condition| matches!(condition, Condition::Like(_, pattern) if pattern.source.contains('_')),
        ),
        Mutant::LikeManyMatchesOne => any(
            &|condition| matches!(condition, Condition::Like(_, pattern) if pattern.source.contains('%')),
        ),
        Mutant::IlikeIsLike => {
            any(&|condition| matches!(condition, Condition::Like(_, pattern) if pattern.folds))
        }
        Mutant::LikeOfNullIsFalse => any(&|condition| matches!(condition, Condition::Like(..))),
        Mutant::FlagOfNullIsTrue | Mutant::FlagOfNullIsFalse | Mutant::FlagIsNegated => {
            any(&|condition| matches!(condition, Condition::Flag(_)))
        }
        Mutant::NotChangesNothing | Mutant::NotUnknownIsTrue => {
            any(&|condition| matches!(condition, Condition::Not(_)))
                || tables().any(|table| !table.never.is_empty())
        }
        Mutant::NeverForgets | Mutant::UnknownDoesNotForbid => {
            tables().any(|table| !table.never.is_empty())
        }
        Mutant::NeverBindsTheService => tables().any(|table| {
            let mut rules = table.rules.iter();
            rules.any(|rule| {
                let mut nevers = table.never.iter();
                rule.subject == Subject::Service && nevers.any(|n| n.action == rule.action)
            })
        }),
        Mutant::AndWithUnknownIsFalse => tables().any(|table| {
            let rules = table.rules.iter();
            let rules = rules.flat_map(|rule| [&rule.condition, &rule.check]);
            let nevers = table.never.iter();
            let nevers = nevers.flat_map(|never| [&never.condition, &never.check]);
            rules
                .flatten()
                .any(|c| negates_unknown_and(table, c, false))
                || nevers
                    .flatten()
                    .any(|c| negates_unknown_and(table, c, true))
        }),
        Mutant::ParentIsSeen | Mutant::ParentBindsTheService => {
            tables().any(|table| !table.parents.is_empty())
        }
        Mutant::RetiredIsSeen | Mutant::RetiredIsNotSeenAtOnce | Mutant::RetiringIsFree => {
            tables().any(|table| table.retire.is_some())
        }
        Mutant::FounderIsForgotten | Mutant::FoundingNeedsNoStamp => policy
            .tenant
            .as_ref()
            .is_some_and(|tenant| tenant.found.is_some()),
        Mutant::PairsComeApart | Mutant::EveryColumnMayChange => {
            tables().any(|table| table.guard.is_some())
        }
        Mutant::SelfIsAnybody | Mutant::SelfOfNullIsTrue => {
            subject(&|subject| matches!(subject, Subject::Itself(_)))
        }
        Mutant::AnonIsEverybodyButTheService => subject(&|subject| subject == Subject::Anon),
        Mutant::GuestsAreUsers => subject(&|subject| subject == Subject::User),
        Mutant::DeleteNeedsNoSelect | Mutant::PrivilegeToDeleteIsFree => {
            rules().any(|rule| rule.action == Action::Delete)
        }
        _ => true,
    }
}

/// Whether a conjunction that can be unknown stands where unknown and false are not the same: below
/// `not`, or in what must not be. Whoever has no id meets no rule that a `never` could take back,
/// so the caller's id is never unknown there.
fn negates_unknown_and(table: &Table, condition: &Condition, negated: bool) -> bool {
    match condition {
        Condition::All(parts) => {
            let mut open = false;
            condition.for_each_operand(&mut |operand| {
                open |= match operand {
                    Operand::Column(column) => !table.not_null.contains(*column),
                    Operand::CallerEmail | Operand::CallerAal => true,
                    Operand::CallerId => table.grants.anon != Privileges::default(),
                    Operand::Literal(_) | Operand::Now => false,
                };
            });
            let inside = |part| negates_unknown_and(table, part, negated);
            (negated && open) || parts.iter().any(inside)
        }
        Condition::Any(parts) => {
            let inside = |part| negates_unknown_and(table, part, negated);
            parts.iter().any(inside)
        }
        Condition::Not(inner) => negates_unknown_and(table, inner, true),
        _ => false,
    }
}

fn contains(condition: &Condition, wanted: &dyn Fn(&Condition) -> bool) -> bool {
    wanted(condition)
        || match condition {
            Condition::All(parts) | Condition::Any(parts) => {
                parts.iter().any(|part| contains(part, wanted))
            }
            Condition::Not(inner) => contains(inner, wanted),
            _ => false,
        }
}
