//! The kinds of rows of a table, as one caller meets them.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use policy_core::columns::ColumnIndex;
use policy_core::decide::{Command, Decision, Membership, Row, Sight, Statement};
use policy_core::model::{Action, Place, Subject, Table, TableIndex};
use policy_core::value::{Literal, Value};
use policy_core::{ColumnSet, decide};

use super::both::{Both, NEW, OLD, SIDES, Set};
use super::callers::{Everybody, Who, caller_columns, membership_columns, seats_of};
use super::classes::Ground;
use super::values::{Cell, fresh};

/// A row that the row under test points to.
#[derive(Clone, Debug)]
pub(super) struct Related {
    pub(super) table: usize,
    pub(super) values: Vec<(usize, Cell)>,
    pub(super) related: Vec<Related>,
}

/// One value of a column, with what stands behind it if it points to other rows.
#[derive(Clone, Debug)]
pub(super) struct Point {
    pub(super) value: Cell,
    /// For each policy the parents by their position, and whether they are visible.
    sights: [Vec<(usize, bool)>; 2],
    peers: [bool; 2],
    pub(super) related: Vec<Related>,
}

/// A column that matters, with its values.
#[derive(Clone, Debug)]
pub(super) struct Variable {
    pub(super) column: usize,
    pub(super) points: Vec<Point>,
}

/// The kinds of rows for one table, action and caller.
pub(super) struct Shape {
    pub(super) variables: Vec<Variable>,
    /// Two values of every other column.
    plain: Vec<[Cell; 2]>,
    table: usize,
}

/// A row under one policy.
pub(super) struct SideRow<'s> {
    values: Vec<Value<'s>>,
    parents: Vec<Sight>,
    peers: Sight,
}

impl SideRow<'_> {
    pub(super) fn row(&self) -> Row<'_> {
        Row {
            values: &self.values,
            parents: &self.parents,
            peers: self.peers,
        }
    }
}

/// A table, and the key of the row that is looked for.
type Asked = (usize, Option<(usize, Literal)>);
type Combos = Rc<Vec<([bool; 2], Related)>>;

/// What is needed to make rows.
pub(super) struct Maker<'a> {
    pub(super) both: &'a Both<'a>,
    pub(super) ground: &'a Ground,
    pub(super) everybody: &'a Everybody,
    seen: RefCell<HashMap<Asked, Combos>>,
    pub(super) who: &'a Who,
    seats: [Vec<Membership<'a>>; 2],
}

impl<'a> Maker<'a> {
    pub(super) fn new(
        both: &'a Both<'a>,
        ground: &'a Ground,
        everybody: &'a Everybody,
        who: &'a Who,
    ) -> Self {
        Self {
            both,
            ground,
            everybody,
            seen: RefCell::default(),
            seats: SIDES.map(|side| everybody.seats(who, side)),
            who,
        }
    }

    /// The rows of a table that matter to an action.
    pub(super) fn shape(&self, table: usize, action: Action) -> Shape {
        let columns = self.relevant(table, action);
        let variables = columns
            .iter()
            .map(|column| Variable {
                column,
                points: self.points(table, column),
            })
            .collect();
        let plain = self.both.tables.get(table).map(|of| {
            let cells = of.columns.iter().map(|column| {
                [0, 1].map(|which| {
                    let listed = column.allowed.len().max(1);
                    let allowed = column.allowed.get(which % listed);
                    Some(allowed.map_or_else(
                        || fresh(column.kind, 3_000 + which),
                        |text| Literal::Text(text.as_str().into()),
                    ))
                })
            });
            cells.collect()
        });
        Shape {
            variables,
            plain: plain.unwrap_or_default(),
            table,
        }
    }

    /// The columns that either policy looks at for the action.
    fn relevant(&self, table: usize, action: Action) -> Set {
        let mut columns = Set::default();
        let Some(of) = self.both.tables.get(table) else {
            return columns;
        };
        for side in SIDES {
            let Some(own) = self.both.table(side, table) else {
                continue;
            };
            let asked = |of: Action| of == action || of == Action::Select;
            let mut set = ColumnSet::EMPTY;
            for rule in own.rules.iter().filter(|rule| asked(rule.action)) {
                for condition in [&rule.condition, &rule.check].into_iter().flatten() {
                    set = set.union(condition.columns());
                }
                set = match rule.subject {
                    Subject::Itself(column) => set.with(column),
                    Subject::Team(team) => set.with(team.column),
                    Subject::Peer(peer) => set.with(peer.column),
                    _ => set,
                };
            }
            for never in own.never.iter().filter(|never| asked(never.action)) {
                for condition in [&never.condition, &never.check].into_iter().flatten() {
                    set = set.union(condition.columns());
                }
            }
            if let Some(retire) = &own.retire {
                set = set.with(retire.column).with(retire.stamp);
            }
            let found = self
                .both
                .policy(side)
                .tenant
                .as_ref()
                .and_then(|of| of.found);
            if let (Place::Root(_), Some(found)) = (own.place, found) {
                set = set.with(found.author).with(found.stamp);
            }
            set = own
                .parents
                .iter()
                .fold(set, |set, parent| set.with(parent.column));
            set = own
                .place
                .tenant_column()
                .map_or(set, |column| set.with(column));
            columns = columns.or(of.of_side(side, set));
        }
        let members = membership_columns(self.both, table);
        if columns.and(caller_columns(self.both, table)).is_empty() {
            columns
        } else {
            // Whose membership it is matters: then what makes it one does, too.
            columns.or(members)
        }
    }

    fn points(&self, table: usize, column: usize) -> Vec<Point> {
        let point = |value: Cell| Point {
            value,
            sights: [Vec::new(), Vec::new()],
            peers: [false, false],
            related: Vec::new(),
        };
        if let Some(home) = self.home_of(table, column) {
            return vec![point(Some(home))];
        }
        let own = self.ground.pool(table, column, self.who.asking());
        let mut points: Vec<Point> = own.into_iter().map(point).collect();
        for home in self.who.home.iter().filter(|home| home.is_some()) {
            let tenants = SIDES.map(|side| {
                let own = self.both.table(side, table)?.place.tenant_column()?;
                self.both.tables.get(table)?.column(side, own)
            });
            if tenants.contains(&Some(column)) && !points.iter().any(|of| of.value == *home) {
                points.push(point(home.clone()));
            }
        }
        let of = self
            .both
            .tables
            .get(table)
            .and_then(|of| of.columns.get(column));
        let Some(kind) = of.map(|column| column.kind) else {
            return points;
        };
        let generic = fresh(kind, 1);
        for (target, key, links) in self.links(table, column) {
            // A key that is special there is special here.
            for value in self
                .ground
                .pool(target, key, self.who.asking())
                .iter()
                .flatten()
            {
                if !points.iter().any(|of| of.value.as_ref() == Some(value)) {
                    points.push(point(Some(value.clone())));
                }
            }
            let mut next = Vec::new();
            for one in points {
                let Some(value) = one.value.clone() else {
                    next.push(hidden(one, &links));
                    continue;
                };
                let mut n = 0;
                let mut another = || {
                    n += 1;
                    // Another row has another key.
                    let key = if value == generic && n > 1 {
                        fresh(kind, 5_000 + n)
                    } else {
                        value.clone()
                    };
                    Point {
                        value: Some(key),
                        ..one.clone()
                    }
                };
                if links.iter().all(|link| link.may_be_absent) {
                    next.push(hidden(another(), &links));
                }
                for (visible, row) in self.combos(target, Some((key, &value))).iter() {
                    let mut linked = another();
                    for link in &links {
                        let sees = visible.get(link.side).copied().unwrap_or(false);
                        link.set(&mut linked, sees);
                    }
                    linked.related.push(row.clone());
                    next.push(linked);
                }
            }
            points = next;
        }
        points
    }

    /// The tenant's key, if rows of other tenants are of no interest: to the caller they are what
    /// this one's are to somebody without memberships.
    fn home_of(&self, table: usize, column: usize) -> Option<Literal> {
        let of = self.both.tables.get(table)?;
        let tenants = SIDES.map(|side| {
            let own = self.both.table(side, table)?;
            of.column(side, own.place.tenant_column()?)
        });
        let homes = [OLD, NEW].map(|side| {
            let own = tenants.get(side).copied().flatten();
            let home = self.who.home.get(side).cloned().flatten();
            home.filter(|_| own == Some(column))
        });
        let elsewhere = tenants.iter().flatten().any(|tenant| *tenant != column);
        match homes {
            [Some(old), Some(new)] => (old == new).then_some(old),
            [Some(home), None] | [None, Some(home)] if !elsewhere => Some(home),
            _ => None,
        }
    }

    /// The tables and keys that a column points to, with who looks there.
    fn links(&self, table: usize, column: usize) -> Vec<(usize, usize, Vec<Link>)> {
        let mut all: Vec<(usize, usize, Vec<Link>)> = Vec::new();
        let Some(of) = self.both.tables.get(table) else {
            return all;
        };
        let mut add = |target: TableIndex, key: ColumnIndex, link: Link| {
            let Some(target) = self.both.find(link.side, target) else {
                return;
            };
            let key = self
                .both
                .tables
                .get(target)
                .and_then(|of| of.column(link.side, key));
            let Some(key) = key else { return };
            match all
                .iter_mut()
                .find(|(of, by, _)| (*of, *by) == (target, key))
            {
                Some((.., links)) => links.push(link),
                None => all.push((target, key, vec![link])),
            }
        };
        let after = self
            .both
            .table(NEW, table)
            .filter(|of| !of.parents.is_empty());
        for side in SIDES {
            let Some(own) = self.both.table(side, table) else {
                continue;
            };
            let here = |index: ColumnIndex| of.column(side, index) == Some(column);
            for (at, parent) in own
                .parents
                .iter()
                .enumerate()
                .filter(|(_, of)| here(of.column))
            {
                // A foreign key of the new database holds the row in place for both.
                let held = side == OLD && after.is_some();
                let link = Link {
                    side,
                    parent: Some(at),
                    may_be_absent: parent.tested || held,
                };
                add(parent.table, parent.key, link);
            }
            let peer = own.rules.iter().find_map(|rule| match rule.subject {
                Subject::Peer(peer) if here(peer.column) => Some(peer),
                _ => None,
            });
            if let Some(peer) = peer {
                let link = Link {
                    side,
                    parent: None,
                    may_be_absent: true,
                };
                add(peer.table, peer.other, link);
            }
        }
        all
    }

    /// A row of the table for every way in which it can be visible to the caller; with a key, of
    /// those that have it.
    fn combos(&self, table: usize, key: Option<(usize, &Literal)>) -> Combos {
        let name = (table, key.map(|(column, value)| (column, value.clone())));
        if let Some(known) = self.seen.borrow().get(&name) {
            return Rc::clone(known);
        }
        // A circle through both policies: what is asked meanwhile sees nothing there.
        self.seen.borrow_mut().insert(name.clone(), Rc::default());
        let shape = self.shape(table, Action::Select);
        let wanted = key.and_then(|(column, value)| {
            let at = shape.variables.iter().position(|of| of.column == column)?;
            let points = &shape.variables.get(at)?.points;
            let kind = self.both.tables.get(table)?.columns.get(column)?.kind;
            // One that nothing names is any that nothing names.
            let known = points
                .iter()
                .any(|point| point.value.as_ref() == Some(value));
            Some((at, if known { value.clone() } else { fresh(kind, 1) }))
        });
        // Whoever looks for a row by its key must be allowed to read the key.
        let read = key.map_or_else(Set::default, |(column, _)| Set::default().with(column));
        let mut found: Vec<([bool; 2], Related)> = Vec::new();
        for choice in shape.choices() {
            if found.len() == 4 {
                break;
            }
            let fits = wanted.as_ref().is_none_or(|(at, value)| {
                let point = shape.variables.get(*at).zip(choice.get(*at));
                let point = point.and_then(|(of, at)| of.points.get(*at));
                point.is_some_and(|point| point.value.as_ref() == Some(value))
            });
            if !fits || !self.consistent(&shape, &choice) {
                continue;
            }
            let rows = shape.rows(self.both, &choice, Set::default());
            let visible = SIDES.map(|side| {
                rows.get(side).is_some_and(|row| {
                    let command = Command::Select(row.row());
                    self.applies(side, table, read, Set::default(), command)
                })
            });
            if !found.iter().any(|(known, _)| *known == visible) {
                found.push((visible, shape.related(&choice)));
            }
        }
        let found = Rc::new(found);
        self.seen.borrow_mut().insert(name, Rc::clone(&found));
        found
    }

    /// Whether an existing row fits the caller: somebody's own membership is among those they have.
    pub(super) fn consistent(&self, shape: &Shape, choice: &[usize]) -> bool {
        let columns = caller_columns(self.both, shape.table);
        if columns.is_empty() {
            return true;
        }
        let values = shape.values(choice);
        let mine = columns.iter().any(|column| {
            let value = values.iter().find(|(of, _)| *of == column);
            value.is_some_and(|(_, value)| value.is_some() && *value == self.who.id)
        });
        if !mine {
            return true;
        }
        let me = self.who.id.as_ref();
        let seats =
            SIDES.map(|side| seats_of(self.both, side, shape.table, &values, me, self.who.now));
        let rows = self
            .who
            .rows
            .iter()
            .filter_map(|row| self.everybody.rows.get(*row));
        let mut here = rows.filter(|row| row.table == shape.table).peekable();
        if self.alone(shape.table) && here.peek().is_some() {
            return here.all(|row| Everybody::seats_of_row(row, self.who) == seats);
        }
        let sits = |(side, seats): (usize, &Vec<_>)| self.everybody.sits(self.who, side, seats);
        seats.iter().enumerate().all(sits)
    }

    /// Whether nobody has two rows of a membership table in one tenant.
    fn alone(&self, table: usize) -> bool {
        let policy = self.both.policy(NEW);
        let own = self.both.table(NEW, table);
        let members = policy.tenant.iter().flat_map(|tenant| &tenant.members);
        let mut members = members
            .filter(|of| policy.table_at(of.table).map(|of| &of.name) == own.map(|of| &of.name));
        members.any(|members| {
            own.is_some_and(|own| {
                let key = [members.tenant, members.caller].map(|column| own.column_name(column));
                self.both.is_unique(own, &key)
            })
        })
    }

    /// Whether one policy lets a statement take effect.
    pub(super) fn applies(
        &self,
        side: usize,
        table: usize,
        read: Set,
        written: Set,
        command: Command<'_>,
    ) -> bool {
        self.decide(side, table, read, written, command)
            .is_some_and(|(_, decision)| matches!(decision, Decision::Applies(_)))
    }

    /// What one policy says; `None` if it lacks the table or one of the columns.
    pub(super) fn decide<'s>(
        &self,
        side: usize,
        table: usize,
        read: Set,
        written: Set,
        command: Command<'s>,
    ) -> Option<(Statement<'s>, Decision)> {
        let of = self.both.tables.get(table)?;
        let own: &Table = self.both.table(side, table)?;
        let statement = Statement {
            read: of.to_side(side, read)?,
            written: of.to_side(side, written)?,
            command,
        };
        let caller = self.who.caller(self.seats.get(side)?);
        let now = Value::Timestamp(self.who.now);
        let decision = decide(self.both.policy(side), own, &caller, &statement, now);
        Some((statement, decision))
    }
}

/// Where a policy looks from a column.
struct Link {
    side: usize,
    /// The parent, or the peers.
    parent: Option<usize>,
    may_be_absent: bool,
}

impl Link {
    fn set(&self, point: &mut Point, visible: bool) {
        match self.parent {
            Some(parent) => {
                if let Some(sights) = point.sights.get_mut(self.side) {
                    sights.push((parent, visible));
                }
            }
            None => {
                if let Some(peers) = point.peers.get_mut(self.side) {
                    *peers = visible;
                }
            }
        }
    }
}

fn hidden(mut point: Point, links: &[Link]) -> Point {
    for link in links {
        link.set(&mut point, false);
    }
    point
}

impl Shape {
    /// How many kinds of rows there are.
    pub(super) fn len(&self) -> u64 {
        let counts = self.variables.iter().map(|of| of.points.len() as u64);
        counts.fold(1, u64::saturating_mul)
    }

    /// Every kind, as one position for each variable.
    pub(super) fn choices(&self) -> impl Iterator<Item = Vec<usize>> + use<> {
        let sizes: Vec<usize> = self.variables.iter().map(|of| of.points.len()).collect();
        let mut next = (!sizes.contains(&0)).then(|| vec![0; sizes.len()]);
        std::iter::from_fn(move || {
            let current = next.clone()?;
            next = current
                .iter()
                .zip(&sizes)
                .position(|(at, size)| at + 1 < *size)
                .map(|grows| {
                    let mut choice = current.clone();
                    for (at, digit) in choice.iter_mut().enumerate().take(grows + 1) {
                        *digit = if at == grows { *digit + 1 } else { 0 };
                    }
                    choice
                });
            Some(current)
        })
    }

    fn chosen<'s>(&'s self, choice: &'s [usize]) -> impl Iterator<Item = (usize, &'s Point)> {
        let pairs = self.variables.iter().zip(choice);
        pairs.filter_map(|(variable, at)| Some((variable.column, variable.points.get(*at)?)))
    }

    /// The values of the columns that matter.
    pub(super) fn values(&self, choice: &[usize]) -> Vec<(usize, Cell)> {
        self.chosen(choice)
            .map(|(column, point)| (column, point.value.clone()))
            .collect()
    }

    pub(super) fn related(&self, choice: &[usize]) -> Related {
        Related {
            table: self.table,
            values: self.values(choice),
            related: self
                .chosen(choice)
                .flat_map(|(_, point)| point.related.clone())
                .collect(),
        }
    }

    /// The value that a column which does not matter is changed to.
    pub(super) fn other(&self, column: usize) -> Literal {
        let cells = self.plain.get(column);
        let other = cells.and_then(|[_, other]| other.clone());
        other.unwrap_or(Literal::Bool(true))
    }

    /// The row under either policy, with other values in the columns given that do not matter.
    pub(super) fn rows<'s>(
        &'s self,
        both: &Both<'_>,
        choice: &[usize],
        changed: Set,
    ) -> [SideRow<'s>; 2] {
        let mut cells: Vec<&'s Cell> = self
            .plain
            .iter()
            .enumerate()
            .map(|(column, [one, other])| if changed.contains(column) { other } else { one })
            .collect();
        let picked = |at: usize| {
            let variable = self.variables.get(at)?;
            Some((variable.column, variable.points.get(*choice.get(at)?)?))
        };
        let points: Vec<(usize, &'s Point)> =
            (0..self.variables.len()).filter_map(picked).collect();
        for (column, point) in &points {
            if let Some(cell) = cells.get_mut(*column) {
                *cell = &point.value;
            }
        }
        SIDES.map(|side| {
            let own = both.table(side, self.table);
            let mut values = vec![Value::Null; own.map_or(0, |own| own.columns.len())];
            let of = both.tables.get(self.table);
            for (column, cell) in of.iter().flat_map(|of| &of.columns).zip(&cells) {
                let at = column.at.get(side).copied().flatten().map(usize::from);
                if let Some(slot) = at.and_then(|at| values.get_mut(at)) {
                    *slot = cell.as_ref().map_or(Value::Null, Literal::value);
                }
            }
            let mut parents = vec![Sight::Hidden; own.map_or(0, |own| own.parents.len())];
            let mut peers = Sight::Hidden;
            for (_, point) in &points {
                for (parent, visible) in point.sights.get(side).into_iter().flatten() {
                    if let Some(slot) = parents.get_mut(*parent) {
                        *slot = if *visible {
                            Sight::Visible
                        } else {
                            Sight::Hidden
                        };
                    }
                }
                if point.peers.get(side) == Some(&true) {
                    peers = Sight::Visible;
                }
            }
            SideRow {
                values,
                parents,
                peers,
            }
        })
    }
}
