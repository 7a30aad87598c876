//! One statement that shows a difference, in words that can be tried.

use std::collections::BTreeMap;

use policy_core::decide::{CallerKind, Command, Conflict};
use policy_core::explain::explain;
use policy_core::value::{Literal, date_text, timestamp_text, uuid_text};

use super::both::{Both, NEW, OLD, Set};
use super::callers::{Asked, Everybody, Who};
use super::classes::Ground;
use super::report::{Direction, Example, ExampleCaller, ExampleRow, Membership, RelatedRow};
use super::rows::{Maker, Related, Shape};
use super::tables::{Act, Bench, Cell, gained};
use super::values;
use policy_core::model::Action;

/// A statement that was found to differ.
pub(super) struct Sample {
    pub(super) cell: Cell,
}

/// How many rows are asked about to find out which columns matter.
const TRIES: usize = 3_000;

#[expect(
    clippy::too_many_arguments,
    reason = "one call, from where all of it is known"
)]
pub(super) fn example(
    both: &Both<'_>,
    ground: &Ground,
    everybody: &Everybody,
    who: &Who,
    table: usize,
    act: Act,
    direction: Direction,
    sample: &Sample,
) -> Example {
    let maker = Maker::new(both, ground, everybody, who);
    let action = match act {
        Act::Select => Action::Select,
        Act::Insert | Act::InsertReturning | Act::Upsert => Action::Insert,
        Act::Update => Action::Update,
        Act::Delete => Action::Delete,
    };
    let shape = maker.shape(table, action);
    let bench = Bench::new(&maker, table, &shape);
    let cell = &sample.cell;
    let matter = mattering(&bench, cell, direction);
    let row = |choice: &[usize], changed: Set| row(both, table, &shape, choice, changed, &matter);
    Example {
        caller: caller(both, everybody, ground, who, table),
        row: row(&cell.row, Set::default()),
        new_row: cell.new.as_ref().map(|new| row(new, cell.changed)),
        written: match (act, both.tables.get(table)) {
            (Act::Select | Act::Delete, _) | (_, None) => Vec::new(),
            (_, Some(of)) => of.names(cell.named),
        },
        old: said(&bench, OLD, cell),
        new: said(&bench, NEW, cell),
        now: who.now,
    }
}

/// The columns without which the difference would not be there: each other one is tried with all of
/// its values, together with those left out before it.
fn mattering(bench: &Bench<'_>, cell: &Cell, direction: Direction) -> Vec<usize> {
    let wanted = gained(&bench.ask(cell), direction);
    let mut free: Vec<usize> = Vec::new();
    let mut matter = Vec::new();
    for (at, variable) in bench.shape.variables.iter().enumerate() {
        let fixed = cell
            .new
            .as_ref()
            .is_some_and(|new| new.get(at) != cell.row.get(at));
        let mut with = free.clone();
        with.push(at);
        let sizes: Vec<usize> = with
            .iter()
            .filter_map(|at| Some(bench.shape.variables.get(*at)?.points.len()))
            .collect();
        let total: usize = sizes.iter().fold(1, |all, size| all.saturating_mul(*size));
        let same = |mut number: usize| {
            let mut tried = cell.clone();
            for (at, size) in with.iter().zip(&sizes) {
                let digit = number % size.max(&1);
                number /= size.max(&1);
                for choice in std::iter::once(&mut tried.row).chain(&mut tried.new) {
                    if let Some(slot) = choice.get_mut(*at) {
                        *slot = digit;
                    }
                }
            }
            gained(&bench.ask(&tried), direction) == wanted
        };
        if !fixed && total <= TRIES && (0..total).all(same) {
            free = with;
        } else {
            matter.push(variable.column);
        }
    }
    matter
}

fn text(literal: &Literal) -> String {
    match literal {
        Literal::Bool(b) => b.to_string(),
        Literal::Int(n) => n.to_string(),
        Literal::Text(text) | Literal::Decimal(text) => text.to_string(),
        Literal::Uuid(uuid) => uuid_text(*uuid),
        Literal::Timestamp(at) => timestamp_text(*at),
        Literal::Date(day) => date_text(*day),
    }
}

fn named(
    both: &Both<'_>,
    table: usize,
    values: &[(usize, values::Cell)],
) -> BTreeMap<String, Option<String>> {
    let columns = both.tables.get(table).map(|of| &of.columns);
    values
        .iter()
        .filter_map(|(column, value)| {
            let name = columns?.get(*column)?.name.clone();
            Some((name, value.as_ref().map(text)))
        })
        .collect()
}

fn row(
    both: &Both<'_>,
    table: usize,
    shape: &Shape,
    choice: &[usize],
    changed: Set,
    matter: &[usize],
) -> ExampleRow {
    let of = shape.related(choice);
    let mut values = of.values.clone();
    values.extend(
        changed
            .iter()
            .map(|column| (column, Some(shape.other(column)))),
    );
    let names = both.tables.get(table);
    ExampleRow {
        values: named(both, table, &values),
        matter: matter
            .iter()
            .filter_map(|column| Some(names?.columns.get(*column)?.name.clone()))
            .collect(),
        related: of.related.iter().map(|row| related(both, row)).collect(),
    }
}

fn related(both: &Both<'_>, row: &Related) -> RelatedRow {
    RelatedRow {
        table: both
            .tables
            .get(row.table)
            .map_or_else(String::new, |of| of.name.clone()),
        values: named(both, row.table, &row.values),
        related: row.related.iter().map(|row| related(both, row)).collect(),
    }
}

fn caller(
    both: &Both<'_>,
    everybody: &Everybody,
    ground: &Ground,
    who: &Who,
    table: usize,
) -> ExampleCaller {
    let rows = who.rows.iter().filter_map(|row| everybody.rows.get(*row));
    let me = ground.ids.first();
    ExampleCaller {
        kind: match who.kind {
            CallerKind::Anon => "anon",
            CallerKind::NoSubject => "no_subject",
            CallerKind::Guest => "guest",
            CallerKind::User => "user",
            CallerKind::Service => "service",
        },
        label: everybody.label(both, who, Some(&Asked::of(both, ground, table))),
        id: who.id.as_ref().map(text),
        email: who.email.as_ref().map(text),
        aal: who.aal.as_ref().map(text),
        memberships: rows
            .map(|row| {
                let own = |value: &values::Cell| {
                    if value.is_some() && value.as_ref() == me {
                        return who.id.clone();
                    }
                    // The rows were made for one tenant, and stand for the one that is meant.
                    let mut homes = ground.homes.first().into_iter().flatten().zip(&who.home);
                    let home = homes.find(|(of, _)| value == *of && of.is_some());
                    home.map_or_else(|| value.clone(), |(_, home)| home.clone())
                };
                let values: Vec<_> = row
                    .values
                    .iter()
                    .map(|(column, value)| (*column, own(value)))
                    .collect();
                Membership {
                    table: both
                        .tables
                        .get(row.table)
                        .map_or_else(String::new, |of| of.name.clone()),
                    values: named(both, row.table, &values),
                }
            })
            .collect(),
    }
}

/// What one policy says to the statement.
fn said(bench: &Bench<'_>, side: usize, cell: &Cell) -> String {
    let both = bench.maker.both;
    let Some(own) = both.table(side, bench.table) else {
        return "there is no such table".to_owned();
    };
    let rows = bench.shape.rows(both, &cell.row, Set::default());
    let after = cell
        .new
        .as_ref()
        .map(|new| bench.shape.rows(both, new, cell.changed));
    let (Some(row), none) = (rows.get(side), Set::default()) else {
        return String::new();
    };
    let command = match cell.act {
        Act::Select => Command::Select(row.row()),
        Act::Delete => Command::Delete(row.row()),
        Act::Insert | Act::InsertReturning => Command::Insert {
            new: row.row(),
            returning: cell.act == Act::InsertReturning,
        },
        Act::Upsert => Command::Merge {
            proposed: row.row(),
            conflict: Conflict::None,
        },
        Act::Update => {
            let Some(new) = after.as_ref().and_then(|rows| rows.get(side)) else {
                return String::new();
            };
            Command::Update {
                old: row.row(),
                new: new.row(),
            }
        }
    };
    let (read, written) = match cell.act {
        Act::Select => (cell.named, none),
        _ => (none, cell.named),
    };
    let Some((statement, decision)) = bench
        .maker
        .decide(side, bench.table, read, written, command)
    else {
        return "there is no such column".to_owned();
    };
    let seats = bench.maker.everybody.seats(bench.maker.who, side);
    let caller = bench.maker.who.caller(&seats);
    let policy = both.policy(side);
    explain(policy, own, &caller, &statement, &decision).message
}
