//! Changes that mean the same: each rule is checked, and named in the report.

use std::collections::BTreeMap;

use policy_core::Policy;
use policy_core::columns::ColumnSet;
use policy_core::condition::{Comparison, Condition, Operand};
use policy_core::model::{Action, Grants, Place, Privileges, Rule, Subject, Table, TableIndex};
use policy_core::mutants::Mutant;

use super::database::{Change, DISABLED, INVOKER, Left};
use super::formula::Formula;
use super::guard::Guard;
use super::objects::{Function, Objects, RowPolicy};
use super::redundancy::{Default, Facts};
use crate::verify::bench::Bench;
use crate::verify::people::conditions;
use crate::verify::variant::Variant;
use crate::verify::world::value;

/// What a change to the database is judged by.
pub(super) struct Context<'a> {
    pub(super) bench: &'a Bench<'a>,
    pub(super) objects: &'a BTreeMap<TableIndex, Objects>,
    pub(super) functions: &'a [Function],
    pub(super) helpers: Vec<String>,
}

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

fn guard_of(objects: &Objects, functions: &[Function]) -> Option<Guard> {
    let mut triggers = objects.triggers.iter();
    let trigger = triggers.find(|trigger| trigger.name == GUARD)?;
    let mut functions = functions.iter();
    let function = functions.find(|function| function.name == trigger.function)?;
    Guard::read(&function.body)
}

/// The trigger that is a table's guard.
pub(super) const GUARD: &str = "zz_countersign";

/// Why a change to a function that a table's statements run means the same.
pub(super) fn of_function(context: &Context<'_>, name: &str, change: &Change) -> Option<Same> {
    if name == "caller_id" && only_of_older_subject(change) {
        return Some(Same {
            rule: "a subject that is empty is no uuid either",
            piece: None,
        });
    }
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

/// Whether a change is to what an empty subject in a setting of its own is taken for, and only
/// uuids are subjects.
fn only_of_older_subject(change: &Change) -> bool {
    const OLDER: &str = "nullif(current_setting('request.jwt.claim.sub', true), '')";
    const UUID: &str = "~ '^[0-9A-Fa-f]{8}-";
    let without = |body: &str, of: &str| body.replacen(of, "", 1);
    let changed = OLDER.replace("''", "'!'");
    change.before.contains(OLDER)
        && change.after.contains(&changed)
        && without(&change.before, OLDER) == without(&change.after, &changed)
        && change.after.contains(UUID)
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

/// What is known about the table.
fn facts<'c>(context: &'c Context<'_>) -> Option<Facts<'c>> {
    let scene = &context.bench.scene;
    let (mut fences, mut personal) = (BTreeMap::new(), Vec::new());
    let bare = |objects| Facts {
        objects,
        columns: Vec::new(),
        table: String::new(),
        held: Vec::new(),
        helpers: context.helpers.clone(),
        fences: BTreeMap::new(),
        guard: None,
        defaults: Vec::new(),
        touched: Vec::new(),
        authors: Vec::new(),
        tenant: String::new(),
        personal: Vec::new(),
    };
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
        if bare(objects).is_personal() {
            personal.push(printed.clone());
        }
        fences.extend(fence.map(|fence| (printed, fence)));
    }
    let columns = scene.relation.columns.iter();
    let objects = context.objects.get(&scene.index)?;
    let numbered = scene.relation.columns.iter().enumerate();
    let defaults = numbered.filter_map(|(at, column)| {
        // A trigger may have the last word.
        if context.bench.writes_at_insert(at) {
            return None;
        }
        let default = match column.default.as_deref()? {
            "auth.uid()" => Default::Caller,
            "now()" => Default::Now,
            "gen_random_uuid()" => Default::Random,
            _ => return None,
        };
        Some((column.name.clone(), default))
    });
    let touched = context.bench.habits.updated.iter().filter_map(|(at, _)| {
        let column = scene.relation.columns.get(*at)?;
        Some(column.name.clone())
    });
    let tenant = scene.table.place.tenant_column();
    let tenant = tenant.and_then(|at| scene.relation.columns.get(usize::from(at)));
    let tenant = tenant.map_or("", |column| &column.name);
    Some(Facts {
        columns: columns.map(|c| (c.name.clone(), c.not_null)).collect(),
        table: crate::sql::name(&scene.relation.name).into_owned(),
        held: held(context),
        helpers: context.helpers.clone(),
        fences,
        guard: guard_of(objects, context.functions),
        defaults: defaults.collect(),
        touched: touched.collect(),
        authors: authors(context, objects, tenant),
        tenant: crate::sql::name(tenant).into_owned(),
        personal,
        ..bare(objects)
    })
}

/// The columns that name only members of the row's tenant, of whichever rank.
fn authors(context: &Context<'_>, objects: &Objects, tenant: &str) -> Vec<String> {
    let scene = &context.bench.scene;
    let Some(roles) = &scene.policy.tenant else {
        return Vec::new();
    };
    let mut all = Vec::new();
    for members in roles.members.iter().filter(|of| of.condition.is_none()) {
        let Some(source) = scene.schema.get(usize::from(members.table)) else {
            continue;
        };
        let name = |at| {
            source
                .columns
                .get(usize::from(at))
                .map(|column| &column.name)
        };
        let (Some(key), Some(person)) = (name(members.tenant), name(members.caller)) else {
            continue;
        };
        // Any role that a row can have counts.
        let counts = members.role.column().is_none_or(|role| {
            let column = source.columns.get(usize::from(role));
            column.is_some_and(|column| {
                let listed = source.one_of(&column.name);
                column.not_null
                    && !listed.is_empty()
                    && listed.iter().all(|role| roles.roles.contains(role))
            })
        });
        if !counts {
            continue;
        }
        // A row that a statement adds is no membership of whoever runs it.
        let named = |column: &super::objects::Column| {
            column.name == *person
                && column
                    .held
                    .iter()
                    .any(|[_, insert, update]| *insert || *update)
        };
        if members.table == scene.index && !objects.columns.iter().any(named) {
            all.push(person.clone());
        }
        for to in &scene.relation.foreign_keys {
            let pairs: Vec<_> = to.columns.iter().zip(&to.references).collect();
            let leads = (&to.schema, &to.target) == (&source.schema, &source.name);
            if let (true, [one, two]) = (leads, pairs.as_slice()) {
                let own = |(column, other): &(&String, &String)| {
                    (*other == person).then(|| (*column).clone())
                };
                let tenants = [one, two]
                    .iter()
                    .any(|(own, other)| *own == tenant && *other == key);
                all.extend(own(one).or_else(|| own(two)).filter(|_| tenants));
            }
        }
    }
    all.iter()
        .map(|column| crate::sql::name(column).into_owned())
        .collect()
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

/// Why a changed policy means the same: that whoever inserts a row is its author is asked in vain
/// where no client may name the author and the default is the caller.
pub(super) fn of_policy(bench: &Bench<'_>, variant: &Variant) -> Option<Same> {
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
            // Neither the service nor a new tenant has a fence.
            let founds = matches!(table.place, Place::Root(_)) && rule.action == Action::Insert;
            rule.outside &= !founds && rule.subject != Subject::Service;
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
