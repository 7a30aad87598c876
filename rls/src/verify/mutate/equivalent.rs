//! Changes that mean the same: each rule is checked, and named in the report.

use std::collections::BTreeMap;

use policy_core::Policy;
use policy_core::columns::ColumnSet;
use policy_core::condition::{Comparison, Condition, Operand};
use policy_core::model::{Action, Grants, Privileges, Rule, Subject, Table, TableIndex};
use policy_core::mutants::Mutant;

use super::database::Change;
use super::formula::Formula;
use super::objects::Objects;
use super::redundancy::Facts;
use crate::verify::bench::Bench;
use crate::verify::people::conditions;
use crate::verify::variant::Variant;

/// What a change to the database is judged by.
pub(super) struct Context<'a> {
    pub(super) bench: &'a Bench<'a>,
    pub(super) objects: &'a BTreeMap<TableIndex, Objects>,
    pub(super) helpers: Vec<String>,
}

/// Why a change to the database means the same.
pub(super) fn of_change(context: &Context<'_>, change: &Change) -> Option<&'static str> {
    let (name, new) = change.policy.as_ref()?;
    let scene = &context.bench.scene;
    let mut fences = BTreeMap::new();
    for (index, objects) in context.objects {
        let relation = scene.schema.get(usize::from(*index))?;
        let fence = objects.policies.iter().find_map(|policy| {
            let all = matches!(policy.command.as_str(), "all" | "select");
            let text = policy
                .using
                .as_ref()
                .filter(|_| all && !policy.permissive)?;
            let Formula::Test(test) = Formula::read(text) else {
                return None;
            };
            let (_, rest) = test.split_once("SELECT countersign . ")?;
            rest.split(' ').next().map(str::to_owned)
        });
        let plain = |name: &str| crate::sql::name(name).into_owned();
        let printed = format!("{} . {}", plain(&relation.schema), plain(&relation.name));
        fences.extend(fence.map(|fence| (printed, fence)));
    }
    let columns = scene.relation.columns.iter();
    let facts = Facts {
        objects: context.objects.get(&scene.index)?,
        columns: columns.map(|c| (c.name.clone(), c.not_null)).collect(),
        table: crate::sql::name(&scene.relation.name).into_owned(),
        held: held(context),
        helpers: context.helpers.clone(),
        fences,
    };
    facts
        .same(name, new.as_ref())
        .then_some("the table's policies come to the same for every truth of their tests")
}

/// What the composite foreign keys of the table hold, as tests in a subquery on the parent.
fn held(context: &Context<'_>) -> Vec<(String, String)> {
    let relation = context.bench.scene.relation;
    let name = |name: &str| crate::sql::name(name).into_owned();
    let mut all = Vec::new();
    for key in relation
        .foreign_keys
        .iter()
        .filter(|key| key.columns.len() == 2)
    {
        let mut tests = key.columns.iter().zip(&key.references).map(|(own, other)| {
            let (table, own) = (name(&relation.name), name(own));
            format!("( parent . {} = {table} . {own} )", name(other))
        });
        if let (Some(by_key), Some(by_tenant)) = (tests.next(), tests.next()) {
            all.push((by_key, by_tenant));
        }
    }
    all
}

/// Why a changed policy means the same.
pub(super) fn of_policy(bench: &Bench<'_>, variant: &Variant) -> Option<&'static str> {
    let (before, after) = (
        bench.scene.table,
        variant.policy.table_at(bench.scene.index)?,
    );
    let columns = bench.scene.relation.columns.iter();
    let generated: ColumnSet = (0..=u8::MAX)
        .zip(columns)
        .filter(|(_, column)| column.generated)
        .map(|(index, _)| index)
        .collect();
    // But for a column list the rule is the same.
    let plain = |table: &Table, erased: &dyn Fn(&Rule) -> ColumnSet| {
        let mut table = table.clone();
        for rule in &mut table.rules {
            rule.columns = erased(rule);
        }
        table.grants = Grants::default();
        table
    };
    let settable = |rule: &Rule| match rule.action {
        Action::Select => rule.columns,
        _ => rule.columns.difference(generated),
    };
    if plain(before, &settable) == plain(after, &settable) {
        return Some("no statement can set a generated column");
    }
    let rows = |rule: &Rule| match rule.action {
        Action::Update => rule.columns,
        _ => ColumnSet::EMPTY,
    };
    (before.grants == after.grants && plain(before, &rows) == plain(after, &rows)).then_some(
        "a privilege belongs to the database role, and another rule gives it the same columns",
    )
}

/// Why an altered operator means the same: the tables' part of the policy does not use it.
pub(super) fn of_operator(
    policy: &Policy,
    chosen: &[TableIndex],
    mutant: Mutant,
) -> Option<&'static str> {
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
    let used = match mutant {
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
    };
    (!used).then_some("the policy does not use the operator")
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
