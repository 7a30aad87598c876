//! An example put to the evaluators again, from nothing but its words: rows are planted in an empty
//! world, and ranks and sights follow from them by the policies' own rules.

use std::collections::BTreeMap;

use countersign_rls::compare::{Change, Direction, ExampleRow, RelatedRow, Side};
use policy_core::Decision;
use policy_core::decide::CallerKind;

use crate::bench::Bench;
use crate::cell::{Act, Cell};
use crate::person::Person;
use crate::world::{Default, Row, Stage, World, key};

/// Whether the two policies differ on a change's example as it says; `None` where the statement
/// cannot be made in this world, because a value could come from a trigger only.
pub(crate) fn differs(world: &World, sides: [&Side; 2], change: &Change) -> Option<bool> {
    let example = change.example.as_ref()?;
    let mut stage = world.clone();
    for of in &mut stage.stages {
        of.rows.clear();
    }
    for membership in &example.caller.memberships {
        plant(&mut stage, &membership.table, &membership.values, &[]);
    }
    let table = stage
        .stages
        .iter()
        .position(|of| of.name == change.object)?;
    let row = made(&stage, table, &example.row.values);
    behind(&mut stage, table, &row, &example.row.related);
    if let Some(new) = &example.new_row {
        let after = made(&stage, table, &new.values);
        if after != row {
            behind(&mut stage, table, &after, &new.related);
        }
    }
    let columns = stage.stages[table].columns.clone();
    let at = |name: &String| columns.iter().position(|of| of.name == *name).unwrap();
    let act = match change.action.as_str() {
        "select" => Act::Select,
        "delete" => Act::Delete(Some(vec![0])),
        "update" => {
            let new: &ExampleRow = example.new_row.as_ref()?;
            let value = |name: &String| {
                let before = || row[at(name)].clone();
                new.values.get(name).cloned().unwrap_or_else(before)
            };
            let change = example
                .written
                .iter()
                .map(|name| (at(name), value(name)))
                .collect();
            Act::Update(change, Some(vec![0]))
        }
        action => {
            for (name, value) in &example.row.values {
                let by_itself = match &columns[at(name)].default {
                    Default::Constant(text) => value.as_deref() == Some(*text),
                    Default::None => value.is_none(),
                    Default::Caller => *value == example.caller.id,
                    Default::Now | Default::Fresh => false,
                };
                if !example.written.contains(name) && !by_itself {
                    return None;
                }
            }
            let change = example
                .written
                .iter()
                .map(|name| (at(name), row[at(name)].clone()));
            match action {
                "upsert" => Act::Merge(change.collect()),
                _ => Act::Insert(change.collect()),
            }
        }
    };
    if !matches!(act, Act::Insert(_) | Act::Merge(_)) {
        // A membership may be the very row under test.
        let rows = &mut stage.stages[table].rows;
        rows.retain(|other| !same_seat(&row, other, change));
        rows.insert(0, row);
    }
    let leak = |text: &Option<String>| -> Option<&'static str> {
        text.as_ref().map(|text| &*text.clone().leak())
    };
    let cell = Cell {
        table,
        person: Person {
            sort: world.person,
            kind: match example.caller.kind {
                "anon" => CallerKind::Anon,
                "no_subject" => CallerKind::NoSubject,
                "guest" => CallerKind::Guest,
                "service" => CallerKind::Service,
                _ => CallerKind::User,
            },
            id: leak(&example.caller.id),
            aal: leak(&example.caller.aal),
        },
        read: match change.action.as_str() {
            "select" => change.columns.first().map(at),
            _ => None,
        },
        returning: change.action == "insert returning",
        act,
    };
    // What reads back a column, or finds its row by one, needs a key that may be read.
    let readable = sides.iter().all(|side| {
        let of = side.policy.table(&change.object);
        let held = of.map(|of| cell.person.kind.privileges(&of.grants).select);
        held.is_some_and(|held| held.contains(0))
    });
    let reads = matches!(
        cell.act,
        Act::Select | Act::Update(..) | Act::Delete(_) | Act::Merge(_)
    );
    if !readable && (reads || cell.returning) {
        return None;
    }
    let applies = sides.map(|side| {
        let bench = Bench {
            world: &stage,
            policy: &side.policy,
            now: example.now,
        };
        let answers = bench.expect(&cell).answers;
        matches!(answers.first(), Some(Decision::Applies(_)))
    });
    Some(match change.direction {
        Direction::Gains => applies == [false, true],
        Direction::Loses => applies == [true, false],
    })
}

fn same_seat(row: &Row, other: &Row, change: &Change) -> bool {
    change.object == "staff" && row[1..3] == other[1..3]
}

/// A row with these values, and whatever its columns can have elsewhere.
fn made(world: &World, table: usize, values: &BTreeMap<String, Option<String>>) -> Row {
    let stage: &Stage = &world.stages[table];
    let own = |(at, field): (usize, &crate::world::Field)| match values.get(&field.name) {
        Some(value) => value.clone(),
        None if at == 0 => Some(key(table, 80 + stage.rows.len())),
        None => field.sort.values.first().map(|text| (*text).to_owned()),
    };
    stage.columns.iter().enumerate().map(own).collect()
}

fn plant(
    world: &mut World,
    table: &str,
    values: &BTreeMap<String, Option<String>>,
    fixed: &[(&str, Option<String>)],
) -> (usize, Row) {
    let at = world.stages.iter().position(|of| of.name == table).unwrap();
    let mut values = values.clone();
    for (name, value) in fixed {
        values.insert((*name).to_owned(), value.clone());
    }
    let row = made(world, at, &values);
    world.stages[at].rows.push(row.clone());
    (at, row)
}

/// Plants what a row points to.
fn behind(world: &mut World, table: usize, row: &Row, related: &[RelatedRow]) {
    let stage = world.stages[table].clone();
    for of in related {
        let link = stage.parent.filter(|link| link.table == of.table);
        let (column, value) = match link {
            Some(link) => {
                let at = stage
                    .columns
                    .iter()
                    .position(|field| field.name == link.column);
                ("id", row[at.unwrap()].clone())
            }
            None => ("person_id", row[0].clone()),
        };
        let (at, planted) = plant(world, &of.table, &of.values, &[(column, value)]);
        behind(world, at, &planted, &of.related);
    }
}
