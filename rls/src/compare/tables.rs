//! What is asked of both policies about one table, and how their answers differ.

use std::collections::BTreeMap;

use policy_core::decide::{CallerKind, Command, Conflict};
use policy_core::model::{Action, Table};

use super::CompareError;
use super::both::{Both, SIDES, Set};
use super::callers::{Asked, Everybody, Who};
use super::classes::Ground;
use super::examples::{Sample, example};
use super::report::{Change, Direction};
use super::rows::{Maker, Shape};

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Act {
    Select,
    Insert,
    /// With a column of the new row read back.
    InsertReturning,
    Update,
    Upsert,
    Delete,
}

impl Act {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Select => "select",
            Self::Insert => "insert",
            Self::InsertReturning => "insert returning",
            Self::Update => "update",
            Self::Upsert => "upsert",
            Self::Delete => "delete",
        }
    }

    fn action(self) -> Action {
        match self {
            Self::Select => Action::Select,
            Self::Insert | Self::InsertReturning | Self::Upsert => Action::Insert,
            Self::Update => Action::Update,
            Self::Delete => Action::Delete,
        }
    }
}

/// One statement on one row.
#[derive(Clone, Debug)]
pub(super) struct Cell {
    pub(super) act: Act,
    /// The row; of an update the row before.
    pub(super) row: Vec<usize>,
    /// Of an update the row after.
    pub(super) new: Option<Vec<usize>>,
    /// The columns, beside those that matter, that an update changes; and those that it names. Of
    /// other statements the columns that an explanation is to speak of.
    pub(super) changed: Set,
    pub(super) named: Set,
}

/// What both policies answer: the columns for which the statement takes effect; `None` if it does
/// not at all.
pub(super) type Answers = [Option<Set>; 2];

/// What one side has and the other has not.
pub(super) fn gained(answers: &Answers, direction: Direction) -> Option<Set> {
    let [old, new] = *answers;
    let (has, lacks) = match direction {
        Direction::Gains => (new, old),
        Direction::Loses => (old, new),
    };
    match (has, lacks) {
        (None, _) => None,
        (Some(columns), None) => Some(columns),
        (Some(columns), Some(others)) => {
            let more = columns.without(others);
            (!more.is_empty()).then_some(more)
        }
    }
}

/// One table as one caller meets it.
pub(super) struct Bench<'a> {
    pub(super) maker: &'a Maker<'a>,
    pub(super) table: usize,
    pub(super) shape: &'a Shape,
    held: [Held; 2],
}

/// What the caller's database role may name under one policy.
#[derive(Clone, Copy, Default)]
struct Held {
    select: Set,
    insert: Set,
    update: Set,
}

impl<'a> Bench<'a> {
    pub(super) fn new(maker: &'a Maker<'a>, table: usize, shape: &'a Shape) -> Self {
        let held = SIDES.map(|side| {
            let own = maker.both.table(side, table);
            let (Some(own), Some(of)) = (own, maker.both.tables.get(table)) else {
                return Held::default();
            };
            let privileges = maker.who.kind.privileges(&own.grants);
            Held {
                select: of.of_side(side, privileges.select),
                insert: of.of_side(side, privileges.insert),
                update: of.of_side(side, privileges.update),
            }
        });
        Self {
            maker,
            table,
            shape,
            held,
        }
    }
}

impl Bench<'_> {
    fn both(&self) -> &Both<'_> {
        self.maker.both
    }

    fn own(&self, side: usize) -> Option<&Table> {
        self.both().table(side, self.table)
    }

    fn held(&self, side: usize) -> Held {
        self.held.get(side).copied().unwrap_or_default()
    }

    /// Asks both.
    pub(super) fn ask(&self, cell: &Cell) -> Answers {
        let old_rows = self.shape.rows(self.both(), &cell.row, Set::default());
        let none = Set::default();
        SIDES.map(|side| {
            let row = old_rows.get(side)?.row();
            let applies = |written: Set, command: Command<'_>| {
                self.maker.applies(side, self.table, none, written, command)
            };
            match cell.act {
                Act::Select => applies(none, Command::Select(row)).then(|| self.held(side).select),
                Act::Delete => applies(none, Command::Delete(row)).then_some(none),
                Act::Insert | Act::InsertReturning => {
                    let returning = cell.act == Act::InsertReturning;
                    let command = Command::Insert {
                        new: row,
                        returning,
                    };
                    applies(none, command).then(|| self.held(side).insert)
                }
                Act::Upsert => {
                    let command = Command::Merge {
                        proposed: row,
                        conflict: Conflict::None,
                    };
                    let columns = self.held(side).insert.and(self.held(side).update);
                    (!columns.is_empty() && applies(none, command)).then_some(columns)
                }
                Act::Update => {
                    let after = cell.new.as_ref()?;
                    let rows = self.shape.rows(self.both(), after, cell.changed);
                    let command = Command::Update {
                        old: row,
                        new: rows.get(side)?.row(),
                    };
                    applies(cell.named, command).then_some(cell.named)
                }
            }
        })
    }
}

/// Who, what, how and to which columns: what is told once.
type Key = (Direction, Act, bool, Set);

struct Entry {
    who: usize,
    key: Key,
    sample: Sample,
}

/// How two policies differ on a table.
pub(super) fn changes(
    both: &Both<'_>,
    ground: &Ground,
    everybody: &Everybody,
    table: usize,
    most: u64,
) -> Result<Vec<Change>, CompareError> {
    let mut entries = Vec::new();
    let asked = Asked::of(both, ground, table);
    let facing = everybody.facing(both, ground, table, &asked);
    for (position, who) in facing.iter().enumerate() {
        let maker = Maker::new(both, ground, everybody, who);
        let mut found: BTreeMap<Key, Sample> = BTreeMap::new();
        for act in [Act::Select, Act::Insert, Act::Update, Act::Delete] {
            if !granted_at_all(both, table, who.kind, act) {
                continue;
            }
            let shape = maker.shape(table, act.action());
            let bench = Bench::new(&maker, table, &shape);
            bench.limit(act, facing.len() as u64, most)?;
            match act {
                Act::Update => bench.updates(&mut found),
                _ => bench.rows(act, &mut found),
            }
        }
        entries.extend(found.into_iter().map(|(key, sample)| Entry {
            who: position,
            key,
            sample,
        }));
    }
    Ok(told(
        both,
        ground,
        everybody,
        (&facing, &asked),
        table,
        &entries,
    ))
}

fn granted_at_all(both: &Both<'_>, table: usize, kind: CallerKind, act: Act) -> bool {
    SIDES.iter().any(|side| {
        both.table(*side, table).is_some_and(|own| {
            let held = kind.privileges(&own.grants);
            match act {
                Act::Select => !held.select.is_empty(),
                Act::Insert | Act::InsertReturning | Act::Upsert => !held.insert.is_empty(),
                Act::Update => !held.update.is_empty(),
                Act::Delete => held.delete,
            }
        })
    })
}

impl Bench<'_> {
    fn limit(&self, act: Act, callers: u64, most: u64) -> Result<(), CompareError> {
        let mut questions = self.shape.len().saturating_mul(callers);
        if act == Act::Update {
            let free = self.updatable();
            let after = self
                .shape
                .variables
                .iter()
                .filter(|of| free.contains(of.column));
            let after = after
                .map(|of| of.points.len() as u64)
                .fold(1, u64::saturating_mul);
            questions = questions.saturating_mul(after);
        }
        if questions <= most {
            return Ok(());
        }
        Err(CompareError::TooMany {
            table: self
                .both()
                .tables
                .get(self.table)
                .map_or_else(String::new, |table| table.name.clone()),
            questions,
            most,
        })
    }

    fn rows(&self, act: Act, found: &mut BTreeMap<Key, Sample>) {
        for choice in self.shape.choices() {
            let exists = matches!(act, Act::Select | Act::Delete);
            if exists && !self.maker.consistent(self.shape, &choice) {
                continue;
            }
            let cell = |act| Cell {
                act,
                row: choice.clone(),
                new: None,
                changed: Set::default(),
                named: Set::default(),
            };
            let acts: &[Act] = if act == Act::Insert {
                &[Act::Insert, Act::InsertReturning, Act::Upsert]
            } else {
                &[act]
            };
            for direction in [Direction::Gains, Direction::Loses] {
                let mut before = None;
                for act in acts {
                    let cell = cell(*act);
                    let Some(columns) = gained(&self.ask(&cell), direction) else {
                        continue;
                    };
                    // What follows from more insert, or from being read back, is not told again.
                    if before.is_some_and(|told: Set| columns.is_subset(told)) {
                        continue;
                    }
                    before = Some(before.unwrap_or_default().or(columns));
                    // Named for the explanation: what it says is about these columns.
                    let cell = Cell {
                        named: columns,
                        ..cell
                    };
                    self.note(found, (direction, *act, false, columns), cell);
                }
            }
        }
    }

    fn note(&self, found: &mut BTreeMap<Key, Sample>, key: Key, cell: Cell) {
        found.entry(key).or_insert_with(|| Sample { cell });
    }

    /// The columns that the caller's database role may assign under either policy.
    fn updatable(&self) -> Set {
        SIDES
            .iter()
            .fold(Set::default(), |set, side| set.or(self.held(*side).update))
    }

    /// Sets of columns that some rule allows to change: what the rules allow together is what some
    /// subset of one of these can do.
    fn lists(&self) -> Vec<Set> {
        let mut lists: Vec<Set> = Vec::new();
        let Some(table) = self.both().tables.get(self.table) else {
            return lists;
        };
        for side in SIDES {
            for rule in self
                .own(side)
                .into_iter()
                .flat_map(|own| own.rules_for(Action::Update))
            {
                let list = table.of_side(side, rule.columns);
                // Columns that only one policy has would hide how the others fare.
                let shared = list.iter().filter(|column| {
                    let at = table.columns.get(*column).map(|column| column.at);
                    at.is_some_and(|at| at.iter().all(Option::is_some))
                });
                let shared = shared.fold(Set::default(), Set::with);
                for list in [list, shared] {
                    if !lists.contains(&list) {
                        lists.push(list);
                    }
                }
            }
        }
        lists
    }

    fn updates(&self, found: &mut BTreeMap<Key, Sample>) {
        let free = self.updatable();
        let lists = self.lists();
        let mattering = self
            .shape
            .variables
            .iter()
            .fold(Set::default(), |set, variable| set.with(variable.column));
        let held = SIDES.map(|side| self.held(side).update);
        for old in self.shape.choices() {
            if !self.maker.consistent(self.shape, &old) || !self.seen(&old) {
                continue;
            }
            for new in self.after(&old, free) {
                let Some(differing) = self.differing(&old, &new) else {
                    continue;
                };
                for list in lists.iter().filter(|list| differing.is_subset(**list)) {
                    let changed = list.without(mattering);
                    let named = changed.or(differing);
                    self.update(found, (&old, &new), (changed, named), &held);
                }
            }
        }
    }

    fn update(
        &self,
        found: &mut BTreeMap<Key, Sample>,
        (old, new): (&[usize], &[usize]),
        (changed, named): (Set, Set),
        held: &[Set; 2],
    ) {
        let cell = |changed: Set, named: Set| Cell {
            act: Act::Update,
            row: old.to_vec(),
            new: Some(new.to_vec()),
            changed,
            named,
        };
        let answers = self.ask(&cell(changed, named));
        let differing = named.without(changed);
        if answers.iter().all(Option::is_some) {
            // To name a column and leave its value takes the privilege alone.
            let [old_held, new_held] = *held;
            for (direction, more) in [
                (Direction::Gains, new_held.without(old_held)),
                (Direction::Loses, old_held.without(new_held)),
            ] {
                let more = more.without(named);
                let named = named.or(more);
                let cell = cell(changed, named);
                if !more.is_empty() && gained(&self.ask(&cell), direction).is_some() {
                    self.note(found, (direction, Act::Update, true, more), cell);
                }
            }
            return;
        }
        for direction in [Direction::Gains, Direction::Loses] {
            if gained(&answers, direction).is_none() {
                continue;
            }
            // Which of the columns make the difference by themselves.
            let alone = |column: usize| {
                let one = Set::default().with(column);
                let cell = cell(one, differing.or(one));
                gained(&self.ask(&cell), direction).map(|_| cell)
            };
            let singles: Vec<(usize, Cell)> = changed
                .iter()
                .filter_map(|column| Some((column, alone(column)?)))
                .collect();
            let bare = cell(Set::default(), differing);
            let bare_differs =
                !differing.is_empty() && gained(&self.ask(&bare), direction).is_some();
            let columns = singles
                .iter()
                .fold(Set::default(), |set, (column, _)| set.with(*column));
            let columns = if bare_differs {
                columns.or(differing)
            } else {
                columns
            };
            match singles.into_iter().next() {
                _ if bare_differs => {
                    self.note(found, (direction, Act::Update, false, columns), bare)
                }
                Some((_, cell)) => self.note(found, (direction, Act::Update, false, columns), cell),
                None => {
                    let cell = cell(changed, named);
                    self.note(found, (direction, Act::Update, false, named), cell);
                }
            }
        }
    }

    /// Whether either policy shows the row: no update reaches another.
    fn seen(&self, choice: &[usize]) -> bool {
        let rows = self.shape.rows(self.both(), choice, Set::default());
        SIDES.iter().any(|side| {
            rows.get(*side).is_some_and(|row| {
                let (none, command) = (Set::default(), Command::Select(row.row()));
                self.maker.applies(*side, self.table, none, none, command)
            })
        })
    }

    /// Every row that this one can become.
    fn after<'s>(
        &'s self,
        old: &'s [usize],
        free: Set,
    ) -> impl Iterator<Item = Vec<usize>> + use<'s> {
        let sizes: Vec<usize> = self
            .shape
            .variables
            .iter()
            .map(|of| {
                if free.contains(of.column) {
                    of.points.len()
                } else {
                    1
                }
            })
            .collect();
        let total = sizes.iter().product::<usize>();
        (0..total).map(move |mut number| {
            old.iter()
                .zip(&sizes)
                .map(|(at, size)| {
                    let digit = number.checked_rem(*size).unwrap_or(0);
                    number = number.checked_div(*size).unwrap_or(0);
                    if *size == 1 { *at } else { digit }
                })
                .collect()
        })
    }

    /// The columns in which two rows differ; `None` if they have one key and see different rows
    /// behind it.
    fn differing(&self, old: &[usize], new: &[usize]) -> Option<Set> {
        let mut columns = Set::default();
        for ((variable, a), b) in self.shape.variables.iter().zip(old).zip(new) {
            let (before, after) = (variable.points.get(*a)?, variable.points.get(*b)?);
            if before.value != after.value {
                columns = columns.with(variable.column);
            } else if a != b {
                return None;
            }
        }
        Some(columns)
    }
}

/// Puts callers together for whom the same changed, and leaves out what follows from the rest.
fn told(
    both: &Both<'_>,
    ground: &Ground,
    everybody: &Everybody,
    (facing, asked): (&[&Who], &Asked),
    table: usize,
    entries: &[Entry],
) -> Vec<Change> {
    let who = |entry: &Entry| facing.get(entry.who).copied();
    let covers = |other: &Entry, entry: &Entry| {
        let (a, b) = (&other.key, &entry.key);
        let same = (a.0, a.1, a.2) == (b.0, b.1, b.2);
        same && b.3.is_subset(a.3) && (a.3 != b.3 || other.who != entry.who)
    };
    let follows = |entry: &Entry| {
        let Some(of) = who(entry) else { return true };
        entries.iter().any(|other| {
            let Some(by) = who(other) else { return false };
            if other.who == entry.who {
                let unchanged = entry.key.2 && !other.key.2 && other.key.0 == entry.key.0;
                return covers(other, entry) || unchanged && entry.key.3.is_subset(other.key.3);
            }
            // Whoever is more than somebody else has what they have; a guest what a user has.
            let (a, b) = (&other.key, &entry.key);
            // Of what is lost, each who loses it is named: whoever is more may still have it.
            let less = match a.0 {
                Direction::Gains => {
                    let size = |who: &Who| (who.rows.len(), who.rows.clone());
                    let strictly = !everybody.at_most(of, by, asked) || size(by) <= size(of);
                    everybody.at_most(by, of, asked) && strictly
                }
                Direction::Loses => by.rows.iter().all(|row| of.rows.contains(row)),
            };
            a == b && simpler(by, of, less)
        })
    };
    let mut groups: Vec<(Key, Vec<usize>, &Sample)> = Vec::new();
    for entry in entries.iter().filter(|entry| !follows(entry)) {
        match groups.iter_mut().find(|(key, ..)| *key == entry.key) {
            Some((_, callers, _)) => callers.push(entry.who),
            None => groups.push((entry.key, vec![entry.who], &entry.sample)),
        }
    }
    groups
        .into_iter()
        .filter_map(|((direction, act, unchanged, columns), callers, sample)| {
            let first = facing.get(*callers.first()?)?;
            let names = both.tables.get(table)?;
            let mut labels: Vec<String> = Vec::new();
            for at in &callers {
                let label = everybody.label(both, facing.get(*at)?, Some(asked));
                if !labels.contains(&label) {
                    labels.push(label);
                }
            }
            Some(Change {
                object: names.name.clone(),
                who: labels,
                direction,
                action: act.word().to_owned(),
                columns: names.names(columns),
                all_columns: all_columns(both, table, columns),
                unchanged,
                added: added(both, table, columns),
                example: Some(example(
                    both, ground, everybody, first, table, act, direction, sample,
                )),
            })
        })
        .collect()
}

fn all_columns(both: &Both<'_>, table: usize, columns: Set) -> bool {
    let count = both.tables.get(table).map_or(0, |of| of.columns.len());
    count > 0 && (0..count).all(|column| columns.contains(column))
}

/// Whether only what the new schema adds is concerned.
fn added(both: &Both<'_>, table: usize, columns: Set) -> bool {
    both.tables.get(table).is_some_and(|of| {
        let fresh = |column: usize| {
            of.columns
                .get(column)
                .is_some_and(|of| of.at.first() == Some(&None))
        };
        let [old, _] = of.at;
        old.is_none() || (!columns.is_empty() && columns.iter().all(fresh))
    })
}

/// Whether somebody is like another, and has less to show for it.
fn simpler(one: &Who, other: &Who, fewer: bool) -> bool {
    let member = |who: &Who| matches!(who.kind, CallerKind::User | CallerKind::Guest);
    let kinds = one.kind == other.kind
        || one.kind == CallerKind::User && other.kind == CallerKind::Guest && !one.rows.is_empty()
        || one.kind == CallerKind::Anon && other.kind != CallerKind::Service
        || one.kind == CallerKind::Guest && other.kind == CallerKind::User && one.rows.is_empty();
    if one.kind == other.kind && one.rows == other.rows {
        let facts = |who: &Who| {
            let known = [&who.id, &who.email, &who.aal]
                .into_iter()
                .filter(|of| of.is_some());
            (
                known.count(),
                format!("{:?}{:?}{:?}{}", who.id, who.email, who.aal, who.now),
            )
        };
        return facts(one) < facts(other);
    }
    kinds && (member(other) || one.kind == CallerKind::Anon) && fewer
}
