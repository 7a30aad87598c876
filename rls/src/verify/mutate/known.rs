//! What is known about a table, from its policy, its schema and what the database says of it.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use policy_core::columns::ColumnIndex;
use policy_core::condition::{Comparison, Condition, Operand};
use policy_core::model::{Members, RoleSource, TableIndex};
use policy_core::value::Literal;

use super::formula::Formula;
use super::guard::Guard;
use super::objects::{Function, Objects};
use super::redundancy::{Default, Facts, Held, Own, Seat};
use crate::verify::bench::Bench;
use crate::verify::schema::{ForeignKey, Relation};

/// What a change to the database is judged by.
pub(super) struct Context<'a> {
    pub(super) bench: &'a Bench<'a>,
    pub(super) objects: &'a BTreeMap<TableIndex, Objects>,
    pub(super) functions: &'a [Function],
    pub(super) helpers: Vec<String>,
    /// What `open` finds, which is the same for every change.
    open: OnceCell<BTreeMap<String, usize>>,
}

impl<'a> Context<'a> {
    pub(super) fn new(
        bench: &'a Bench<'a>,
        objects: &'a BTreeMap<TableIndex, Objects>,
        functions: &'a [Function],
        helpers: Vec<String>,
    ) -> Self {
        Self {
            bench,
            objects,
            functions,
            helpers,
            open: OnceCell::new(),
        }
    }
}

/// The trigger that is a table's guard.
pub(super) const GUARD: &str = "zz_countersign";

/// What is known about the table.
pub(super) fn facts<'c>(context: &'c Context<'_>) -> Option<Facts<'c>> {
    let scene = &context.bench.scene;
    let (mut fences, mut personal) = (BTreeMap::new(), Vec::new());
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
        let printed = printed(relation);
        if bare(context, objects).is_personal() {
            personal.push(printed.clone());
        }
        fences.extend(fence.map(|fence| (printed, fence)));
    }
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
        columns: columns(scene.relation),
        table: crate::sql::name(&scene.relation.name).into_owned(),
        held: held(context, scene.relation),
        open: context.open.get_or_init(|| open(context)).clone(),
        helpers: context.helpers.clone(),
        fences,
        guard: guard_of(objects, context.functions),
        listed: listed(scene.relation),
        defaults: defaults.collect(),
        touched: touched.collect(),
        authors: authors(context, tenant),
        telling: telling(context, tenant),
        own: own(context),
        seats: seats(context, objects),
        tenant: crate::sql::name(tenant).into_owned(),
        personal,
        ..bare(context, objects)
    })
}

/// Facts of a table of which nothing is known.
fn bare<'c>(context: &'c Context<'_>, objects: &'c Objects) -> Facts<'c> {
    Facts {
        objects,
        columns: Vec::new(),
        table: String::new(),
        held: Vec::new(),
        helpers: context.helpers.clone(),
        fences: BTreeMap::new(),
        guard: None,
        listed: Vec::new(),
        defaults: Vec::new(),
        touched: Vec::new(),
        authors: Vec::new(),
        telling: Vec::new(),
        own: None,
        seats: Vec::new(),
        tenant: String::new(),
        personal: Vec::new(),
        open: BTreeMap::new(),
    }
}

/// A table's columns, with whether NULL is forbidden.
fn columns(relation: &Relation) -> Vec<(String, bool)> {
    let columns = relation.columns.iter();
    columns.map(|c| (c.name.clone(), c.not_null)).collect()
}

/// How PostgreSQL prints a table in a subquery.
fn printed(relation: &Relation) -> String {
    let plain = |name: &str| crate::sql::name(name).into_owned();
    format!("{} . {}", plain(&relation.schema), plain(&relation.name))
}

/// The tables of which whoever has a rank sees every row of the tenant, and the lowest such rank.
/// A table that shows rows by its parents' comes after them.
fn open(context: &Context<'_>) -> BTreeMap<String, usize> {
    let scene = &context.bench.scene;
    let mut open = BTreeMap::new();
    loop {
        let known = open.len();
        for (index, objects) in context.objects {
            let (Some(relation), Some(table)) = (
                scene.schema.get(usize::from(*index)),
                scene.policy.table_at(*index),
            ) else {
                continue;
            };
            let tenant = table.place.tenant_column();
            let Some(tenant) = tenant.and_then(|at| relation.columns.get(usize::from(at))) else {
                continue;
            };
            let facts = Facts {
                columns: columns(relation),
                table: crate::sql::name(&relation.name).into_owned(),
                held: held(context, relation),
                tenant: crate::sql::name(&tenant.name).into_owned(),
                open: open.clone(),
                ..bare(context, objects)
            };
            let least = (0..context.helpers.len()).find(|rank| facts.shows_all(*rank));
            open.extend(least.map(|rank| (printed(relation), rank)));
        }
        if open.len() == known {
            return open;
        }
    }
}

/// The columns of which a constraint lists all values, which it does if it asks for nothing else.
fn listed(relation: &Relation) -> Vec<(String, Vec<String>)> {
    let lists = relation.checks.iter().filter_map(|check| {
        let [column] = check.columns.as_slice() else {
            return None;
        };
        let name = crate::sql::name(column).into_owned();
        let list = check
            .definition
            .strip_prefix(&format!("CHECK (({name} = ANY (ARRAY["))?
            .strip_suffix("])))")?;
        // Whatever stands beside the list would bring a bracket of its own.
        let alone = !list.contains(['[', ']']);
        let values = relation.one_of(column);
        let values = values.iter().map(|one| crate::sql::literal(one));
        alone.then(|| (name, values.collect()))
    });
    lists.collect()
}

/// The columns that name only members of the row's tenant, of whichever rank.
fn authors(context: &Context<'_>, tenant: &str) -> Vec<String> {
    let scene = &context.bench.scene;
    let mut all = Vec::new();
    for (members, source) in sources(context) {
        if counts(context, members, source).is_none() {
            continue;
        }
        let (Some(key), Some(person)) =
            (named(source, members.tenant), named(source, members.caller))
        else {
            continue;
        };
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

/// What is known of a member's own row, where the table is the only source of memberships and has one
/// row for each member.
fn own(context: &Context<'_>) -> Option<Own> {
    let scene = &context.bench.scene;
    let tenant = scene.policy.tenant.as_ref()?;
    let [members] = tenant.members.as_slice() else {
        return None;
    };
    let (key, person) = (
        named(scene.relation, members.tenant)?,
        named(scene.relation, members.caller)?,
    );
    let mut uniques = scene.relation.uniques.iter();
    let one = uniques.any(|unique| {
        !unique.partial
            && unique.columns.len() == 2
            && unique.columns.contains(key)
            && unique.columns.contains(person)
    });
    let parts = match members.condition.as_ref() {
        Some(Condition::All(parts)) => parts.as_slice(),
        Some(one) => std::slice::from_ref(one),
        None => &[],
    };
    let equal = parts.iter().filter_map(|part| match part {
        Condition::Compare(
            Comparison::Equal,
            Operand::Column(column),
            Operand::Literal(Literal::Text(text)),
        ) => {
            let column = crate::sql::name(named(scene.relation, *column)?);
            Some(format!("{column} = {} :: text", crate::sql::literal(text)))
        }
        _ => None,
    });
    let tests: Vec<String> = equal.collect();
    let lowest = counts(context, members, scene.relation) == Some(0);
    (members.table == scene.index && one).then(|| Own {
        column: crate::sql::name(person).into_owned(),
        all: lowest && tests.len() == parts.len(),
        tests,
    })
}

/// Where `held` has the privileges of a column.
const INSERT: usize = 1;
const UPDATE: usize = 2;

/// The columns of a source of memberships that make whom they name a member, and of which rank.
fn seats(context: &Context<'_>, objects: &Objects) -> Vec<Seat> {
    let scene = &context.bench.scene;
    let own = sources(context).filter(|(members, _)| members.table == scene.index);
    let seats = own.filter_map(|(members, source)| {
        let rank = counts(context, members, source)?;
        let person = named(source, members.caller)?;
        // An update that names somebody makes them a member only afterwards.
        let column = objects.columns.iter().find(|of| of.name == *person)?;
        let given = |privilege: usize| {
            let mut held = column.held.iter();
            held.any(|held| held.get(privilege) == Some(&true))
        };
        let at = usize::from(members.caller);
        let default = source.columns.get(at)?.default.is_some();
        let seat = Seat {
            column: crate::sql::name(person).into_owned(),
            rank,
            of_others: !given(INSERT) && !default && !context.bench.writes_at_insert(at),
        };
        (!given(UPDATE)).then_some(seat)
    });
    seats.collect()
}

/// The sources of memberships of which every row counts, but for its role.
fn sources<'c>(context: &'c Context<'_>) -> impl Iterator<Item = (&'c Members, &'c Relation)> {
    let scene = &context.bench.scene;
    let members = scene.policy.tenant.iter().flat_map(|of| &of.members);
    let all = members.filter(|members| members.condition.is_none());
    all.filter_map(|members| {
        let source = scene.schema.get(usize::from(members.table))?;
        Some((members, source))
    })
}

/// The position of the lowest rank that rows of a source have, if each has one.
fn counts(context: &Context<'_>, members: &Members, source: &Relation) -> Option<usize> {
    let tenant = context.bench.scene.policy.tenant.as_ref()?;
    match members.role {
        RoleSource::Always(rank) => usize::from(rank).checked_sub(1),
        RoleSource::Column(role) => {
            let column = source.columns.get(usize::from(role))?;
            let listed = source.one_of(&column.name);
            let counts = column.not_null
                && !listed.is_empty()
                && listed.iter().all(|role| tenant.roles.contains(role));
            counts.then_some(0)
        }
    }
}

fn named(source: &Relation, at: ColumnIndex) -> Option<&String> {
    source
        .columns
        .get(usize::from(at))
        .map(|column| &column.name)
}

/// What the composite foreign keys of the table hold, as tests in a subquery on the parent. The
/// parent's key is its own without the rest, and what a row may leave out holds nothing.
fn held(context: &Context<'_>, relation: &Relation) -> Vec<Held> {
    let name = |name: &str| crate::sql::name(name).into_owned();
    let mut all = Vec::new();
    for key in &relation.foreign_keys {
        let pairs: Vec<_> = key.columns.iter().zip(&key.references).collect();
        let test = |(own, other): &(&String, &String)| {
            let (table, own) = (name(&relation.name), name(own));
            format!("( parent . {} = {table} . {own} )", name(other))
        };
        for one in pairs
            .iter()
            .filter(|(_, other)| is_key(context.bench, key, other))
        {
            let rest = pairs.iter().filter(|pair| *pair != one);
            if rest.clone().all(|(own, _)| filled(relation, own)) {
                all.extend(rest.map(|pair| Held {
                    by_key: test(one),
                    also: test(pair),
                    column: name(pair.0),
                    filled: filled(relation, one.0),
                }));
            }
        }
    }
    all
}

pub(super) fn filled(relation: &Relation, column: &str) -> bool {
    let mut columns = relation.columns.iter();
    columns.any(|of| of.name == *column && of.not_null)
}

/// Whether what a foreign key names is told by this column alone.
pub(super) fn is_key(bench: &Bench<'_>, key: &ForeignKey, column: &str) -> bool {
    let schema = bench.scene.schema;
    let target = schema.find(&key.schema, &key.target);
    let target = target.and_then(|at| schema.get(at));
    target.is_some_and(|target| {
        let mut uniques = target.uniques.iter();
        uniques.any(|unique| !unique.partial && unique.columns == [column.to_owned()])
    })
}

/// The columns that tell the row's tenant by themselves, and tell it of memberships that name the
/// same: one of a composite foreign key with the tenant to what both of them belong to.
fn telling(context: &Context<'_>, tenant: &str) -> Vec<String> {
    let scene = &context.bench.scene;
    let found = scene.policy.tenant.iter().flat_map(|of| &of.members);
    let sources: Vec<(&Members, &Relation)> = found
        .filter_map(|members| Some((members, scene.schema.get(usize::from(members.table))?)))
        .collect();
    let mut all = Vec::new();
    for key in &scene.relation.foreign_keys {
        let pairs: Vec<_> = key.columns.iter().zip(&key.references).collect();
        let (Some((own, other)), Some((_, of_tenant))) = (
            pairs.iter().find(|(own, _)| *own != tenant),
            pairs.iter().find(|(own, _)| *own == tenant),
        ) else {
            continue;
        };
        let agrees = |(members, source): &(&Members, &Relation)| {
            members.attributes.iter().flatten().all(|said| {
                let (Some(said), Some(home)) =
                    (named(source, *said), named(source, members.tenant))
                else {
                    return false;
                };
                filled(source, home)
                    && source.foreign_keys.iter().any(|to| {
                        let pairs: Vec<_> = to.columns.iter().zip(&to.references).collect();
                        (&to.schema, &to.target) == (&key.schema, &key.target)
                            && pairs.len() == 2
                            && pairs.contains(&(said, *other))
                            && pairs.contains(&(home, *of_tenant))
                    })
            })
        };
        let alone = pairs.len() == 2 && is_key(context.bench, key, other);
        if alone && filled(scene.relation, tenant) && sources.iter().all(agrees) {
            all.push(crate::sql::name(own).into_owned());
        }
    }
    all
}

/// A table's guard, if it has one that can be read.
pub(super) fn guard_of(objects: &Objects, functions: &[Function]) -> Option<Guard> {
    let mut triggers = objects.triggers.iter();
    let trigger = triggers.find(|trigger| trigger.name == GUARD)?;
    let mut functions = functions.iter();
    let function = functions.find(|function| function.name == trigger.function)?;
    Guard::read(&function.body)
}
