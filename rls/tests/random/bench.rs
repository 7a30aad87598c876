//! The evaluator's side: what it expects of a statement.

use policy_core::columns::ColumnSet;
use policy_core::condition::{Comparison, Scope, compare};
use policy_core::decide::{Command, Conflict, Membership, Row as Known, Sight};
use policy_core::model::{Action, Policy, RoleSource, Subject, Table};
use policy_core::residual::{Residual, residual};
use policy_core::value::{Kind, value_from_text};
use policy_core::{Caller, Decision, Statement, Value, decide};

use crate::cell::{Act, Cell, Change, index};
use crate::expected::Expected;
use crate::person::Person;
use crate::world::{Default, Row, World, key};

/// The evaluator's side.
pub(crate) struct Bench<'a> {
    pub(crate) world: &'a World,
    pub(crate) policy: &'a Policy,
    pub(crate) now: i64,
}

/// A row's values: known, or made by the database.
type Values<'v> = Vec<Value<'v>>;

/// A row that a statement meets or makes, with what is to be seen around it.
struct Met<'v> {
    values: Values<'v>,
    parents: Vec<Sight>,
    peers: Sight,
}

impl Met<'_> {
    fn known(&self) -> Known<'_> {
        Known {
            values: &self.values,
            parents: &self.parents,
            peers: self.peers,
        }
    }
}

impl Bench<'_> {
    pub(crate) fn table(&self, table: usize) -> &Table {
        &self.policy.tables[index(self.policy, self.world, table)]
    }

    pub(crate) fn stage_of(&self, table: &Table) -> usize {
        self.world
            .stages
            .iter()
            .position(|stage| stage.name == table.name)
            .unwrap()
    }

    pub(crate) fn values<'v>(&self, table: &Table, row: &'v Row) -> Values<'v> {
        let read = |kind: Kind, text: &'v str| value_from_text(kind, text).unwrap();
        table
            .columns
            .iter()
            .zip(row)
            .map(|(column, text)| match text.as_deref() {
                None => Value::Null,
                Some(text) if column.kind == Kind::Opaque => read(Kind::Opaque, text),
                Some(text) => read(column.kind, text),
            })
            .collect()
    }

    /// The caller's memberships, as the rows of the members' table say.
    pub(crate) fn ranks<'v>(&self, person: &Person, world: &'v World) -> Vec<Membership<'v>> {
        let mut ranks = Vec::new();
        let (Some(tenant), Some(_)) = (&self.policy.tenant, person.id) else {
            return ranks;
        };
        let id = person.value();
        for members in &tenant.members {
            let table = &self.policy.tables[usize::from(members.table)];
            for row in &world.stages[self.stage_of(table)].rows {
                let values = self.values(table, row);
                let of = |column: u8| values[usize::from(column)];
                let active = members.condition.as_ref().is_none_or(|condition| {
                    let scope = Scope {
                        row: &values,
                        not_null: table.not_null,
                        caller_id: id,
                        caller_email: Value::Null,
                        caller_aal: Value::Null,
                        now: Value::NotYetKnown,
                    };
                    condition.evaluate(&scope).is_true()
                });
                let same = compare(Comparison::Equal, of(members.caller), id).is_true();
                let rank = match members.role {
                    RoleSource::Always(rank) => rank,
                    RoleSource::Column(role) => match of(role) {
                        Value::Text(role) => tenant.rank(role),
                        _ => 0,
                    },
                };
                if !active || !same || rank == 0 {
                    continue;
                }
                let member = Membership::new(of(members.tenant), rank);
                ranks.push(member);
                for (index, column) in (0_u8..).zip(&members.attributes) {
                    ranks.extend(column.map(|column| Membership {
                        attribute: Some((index, of(column))),
                        ..member
                    }));
                }
            }
        }
        ranks
    }

    /// Decides on a statement that reads and writes these columns.
    fn decide(
        &self,
        table: &Table,
        caller: &Caller<'_>,
        (read, written): (ColumnSet, ColumnSet),
        command: Command<'_>,
    ) -> Decision {
        let statement = Statement {
            read,
            written,
            command,
        };
        let now = Value::Timestamp(self.now);
        decide(self.policy, table, caller, &statement, now)
    }

    /// Whether the caller sees a row of the table that has these values.
    fn sees(&self, table: &Table, caller: &Caller<'_>, wanted: &[(u8, Value<'_>)]) -> Sight {
        let read = wanted.iter().map(|(column, _)| *column).collect();
        let stage = &self.world.stages[self.stage_of(table)];
        let seen = stage.rows.iter().any(|row| {
            let values = self.values(table, row);
            let fits = wanted.iter().all(|(column, value)| {
                compare(Comparison::Equal, values[usize::from(*column)], *value).is_true()
            });
            let select = || self.select(table, caller, &values, read);
            fits && matches!(select(), Decision::Applies(_))
        });
        if seen { Sight::Visible } else { Sight::Hidden }
    }

    /// A row as the caller meets it.
    fn meet<'v>(&self, table: &Table, caller: &Caller<'_>, row: &'v Row) -> Met<'v> {
        let values = self.values(table, row);
        let (parents, peers) = self.around(table, caller, &values);
        Met {
            values,
            parents,
            peers,
        }
    }

    pub(crate) fn select(
        &self,
        table: &Table,
        caller: &Caller<'_>,
        values: &[Value<'_>],
        read: ColumnSet,
    ) -> Decision {
        let (parents, peers) = self.around(table, caller, values);
        let row = Known {
            values,
            parents: &parents,
            peers,
        };
        self.decide(
            table,
            caller,
            (read, ColumnSet::EMPTY),
            Command::Select(row),
        )
    }

    /// What is to be seen of the rows that a row points to.
    fn around(
        &self,
        table: &Table,
        caller: &Caller<'_>,
        values: &[Value<'_>],
    ) -> (Vec<Sight>, Sight) {
        let of = |column: u8| values[usize::from(column)];
        let parents = table
            .parents
            .iter()
            .map(|parent| {
                let mut wanted = vec![(parent.key, of(parent.column))];
                wanted.extend(
                    parent
                        .tenant
                        .zip(table.place.tenant_column())
                        .map(|(theirs, own)| (theirs, of(own))),
                );
                self.sees(
                    &self.policy.tables[usize::from(parent.table)],
                    caller,
                    &wanted,
                )
            })
            .collect();
        let peer = table.rules.iter().find_map(|rule| match rule.subject {
            Subject::Peer(peer) => Some(peer),
            _ => None,
        });
        let peers = peer.map_or(Sight::Hidden, |peer| {
            let other = &self.policy.tables[usize::from(peer.table)];
            self.sees(other, caller, &[(peer.other, of(peer.column))])
        });
        (parents, peers)
    }

    /// What the evaluator expects of a statement.
    pub(crate) fn expect(&self, cell: &Cell) -> Expected {
        match &cell.act {
            Act::Select | Act::Delete(_) | Act::Update(..) => self.of_rows(cell),
            Act::Through(door) => self.of_door(cell, &self.world.doors[*door]),
            Act::Insert(change) | Act::Merge(change) | Act::Ignore(change, _) => {
                self.of_new(cell, change)
            }
        }
    }

    /// Of a statement on rows that are there.
    fn of_rows(&self, cell: &Cell) -> Expected {
        let table = self.table(cell.table);
        let ranks = self.ranks(&cell.person, self.world);
        let caller = cell.person.caller(&ranks);
        let some = match &cell.act {
            Act::Update(_, some) | Act::Delete(some) => some.as_deref(),
            _ => None,
        };
        // A statement that names its rows reads their key.
        let read = match some {
            Some(_) => returned(cell).with(0),
            None => returned(cell),
        };
        let answer = |row: &&Row| {
            let old = self.meet(table, &caller, row);
            let ask =
                |read, written, command| self.decide(table, &caller, (read, written), command);
            match &cell.act {
                Act::Update(change, _) => {
                    let after = self.changed(cell.table, row, change);
                    let new = self.meet(table, &caller, &after);
                    let (old, new) = (old.known(), new.known());
                    ask(read, written(change), Command::Update { old, new })
                }
                Act::Delete(_) => ask(read, ColumnSet::EMPTY, Command::Delete(old.known())),
                _ => {
                    let read = further(cell).with(0);
                    ask(read, ColumnSet::EMPTY, Command::Select(old.known()))
                }
            }
        };
        let rows = chosen(&self.world.stages[cell.table].rows, some);
        Expected {
            answers: rows.iter().map(answer).collect(),
            keys: rows.into_iter().map(key_of).collect(),
            rows: matches!(cell.act, Act::Select) || cell.returning,
            incomplete: false,
        }
    }

    /// Of a statement that proposes a row.
    fn of_new(&self, cell: &Cell, change: &Change) -> Expected {
        let table = self.table(cell.table);
        let stage = &self.world.stages[cell.table];
        let ranks = self.ranks(&cell.person, self.world);
        let caller = cell.person.caller(&ranks);
        let row = self.proposed(cell.table, change, &cell.person);
        let met = self.meet(table, &caller, &row);
        let proposed = met.known();
        let written = written(change);
        // A key that the database makes up is like no other, and ours stands for it.
        let made_up = !written.contains(0) && stage.columns[0].default == Default::Fresh;
        let same = |old: &&Row| !made_up && row[0].is_some() && old[0] == row[0];
        let existing = stage.rows.iter().find(same);
        let ask = |read, written, command| self.decide(table, &caller, (read, written), command);
        let answer = match &cell.act {
            Act::Merge(_) => {
                let after = existing.map(|old| (old, self.changed(cell.table, old, change)));
                let rows = after
                    .as_ref()
                    .map(|(old, new)| [*old, new].map(|row| self.meet(table, &caller, row)));
                let conflict = rows.as_ref().map_or(Conflict::None, |[old, new]| {
                    let (existing, merged) = (old.known(), new.known());
                    Conflict::Row { existing, merged }
                });
                // Without anything to set, the key is set to itself.
                let written = if change.is_empty() {
                    ColumnSet::EMPTY.with(0)
                } else {
                    written
                };
                let command = Command::Merge { proposed, conflict };
                ask(returned(cell).with(0), written, command)
            }
            Act::Ignore(_, target) => {
                let pair = |row: &Row| (row[1].clone(), row[2].clone());
                let mut others = stage.rows.iter();
                let unique = !target && stage.name == "staff";
                let meets =
                    existing.is_some() || unique && others.any(|other| pair(other) == pair(&row));
                let nothing = Known::UNKNOWN;
                let conflict = if meets {
                    Conflict::Row {
                        existing: nothing,
                        merged: nothing,
                    }
                } else {
                    Conflict::None
                };
                let read = if *target {
                    returned(cell).with(0)
                } else {
                    returned(cell)
                };
                let command = Command::Ignore {
                    proposed,
                    returning: cell.returning || *target,
                    conflict,
                };
                ask(read, written, command)
            }
            _ => {
                let command = Command::Insert {
                    new: proposed,
                    returning: cell.returning,
                };
                ask(returned(cell), written, command)
            }
        };
        let mut fields = row.iter().zip(&stage.columns);
        Expected {
            answers: vec![answer],
            keys: vec![key_of(&row)],
            rows: !made_up,
            incomplete: fields.any(|(value, field)| value.is_none() && !field.nullable),
        }
    }

    /// The filter for an action of a caller's, and of each row whether the action reaches it.
    pub(crate) fn filter(
        &self,
        table: usize,
        action: Action,
        person: &Person,
    ) -> (Residual, Vec<bool>) {
        let stage = &self.world.stages[table];
        let table = self.table(table);
        let ranks = self.ranks(person, self.world);
        let caller = person.caller(&ranks);
        let reached = stage.rows.iter().map(|row| {
            let met = self.meet(table, &caller, row);
            let row = met.known();
            let command = match action {
                Action::Select => Command::Select(row),
                Action::Delete => Command::Delete(row),
                _ => Command::Update { old: row, new: row },
            };
            let no_columns = (ColumnSet::EMPTY, ColumnSet::EMPTY);
            match self.decide(table, &caller, no_columns, command) {
                Decision::Applies(_) => true,
                // The new row is another matter.
                Decision::Refused(_) | Decision::Depends(_) => action == Action::Update,
                _ => false,
            }
        });
        (
            residual(self.policy, table, action, &caller),
            reached.collect(),
        )
    }

    /// A row after an update and its trigger.
    fn changed(&self, table: usize, row: &Row, change: &Change) -> Row {
        let mut row = row.clone();
        for (at, value) in change {
            row[*at].clone_from(value);
        }
        let columns = &self.world.stages[table].columns;
        if let Some(at) = columns.iter().position(|field| field.name == "changed") {
            row[at] = Some(policy_core::value::timestamp_text(self.now));
        }
        row
    }

    /// A new row after its defaults.
    fn proposed(&self, table: usize, change: &Change, person: &Person) -> Row {
        let stage = &self.world.stages[table];
        let mut row: Row = stage
            .columns
            .iter()
            .map(|field| match &field.default {
                Default::None => None,
                Default::Constant(text) => Some((*text).to_owned()),
                Default::Now => Some(policy_core::value::timestamp_text(self.now)),
                Default::Caller => person.id.map(str::to_owned),
                Default::Fresh => Some(key(table, 99)),
            })
            .collect();
        for (at, value) in change {
            row[*at].clone_from(value);
        }
        row
    }
}

fn written(change: &Change) -> ColumnSet {
    change
        .iter()
        .map(|(at, _)| u8::try_from(*at).unwrap())
        .collect()
}

fn chosen<'r>(rows: &'r [Row], some: Option<&[usize]>) -> Vec<&'r Row> {
    match some {
        None => rows.iter().collect(),
        Some(some) => some.iter().map(|&at| &rows[at]).collect(),
    }
}

/// The further column that a statement reads.
fn further(cell: &Cell) -> ColumnSet {
    let read = cell.read.into_iter();
    read.map(|at| u8::try_from(at).unwrap()).collect()
}

/// The columns that a statement gives back.
fn returned(cell: &Cell) -> ColumnSet {
    if cell.returning {
        further(cell).with(0)
    } else {
        ColumnSet::EMPTY
    }
}

pub(crate) fn key_of(row: &Row) -> String {
    row[0].clone().unwrap_or_default()
}
