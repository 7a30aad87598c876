//! One statement of one caller: as SQL, and as the question that is put to the evaluator.

use policy_core::columns::ColumnSet;
use policy_core::condition::{Comparison, Scope, compare};
use policy_core::decide::{CallerKind, Command, Conflict, Membership, Ranks, Row as Known, Sight};
use policy_core::model::{Action, Policy, RoleSource, Subject, Table};
use policy_core::residual::{Residual, residual};
use policy_core::value::{Kind, uuid_from_text, value_from_text};
use policy_core::{Caller, Decision, Statement, Value, decide};

use crate::dice::Dice;
use crate::world::{Default, PERSON, Row, World, key, quoted};

/// Who asks.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) kind: CallerKind,
    pub(crate) id: Option<&'static str>,
    pub(crate) aal: Option<&'static str>,
}

impl Person {
    pub(crate) fn random(dice: &mut Dice) -> Self {
        let kind = match dice.below(16) {
            0 => CallerKind::Anon,
            1 => CallerKind::NoSubject,
            2 => CallerKind::Service,
            3 => CallerKind::Guest,
            _ => CallerKind::User,
        };
        let token = !matches!(kind, CallerKind::Anon | CallerKind::Service);
        let known = matches!(kind, CallerKind::Guest | CallerKind::User);
        Self {
            kind,
            id: known.then(|| *dice.pick(PERSON.values)),
            aal: (token && dice.once_in(2)).then_some("aal2"),
        }
    }

    fn caller<'r>(&self, ranks: &'r [Membership<'r>]) -> Caller<'r> {
        let text = |text: Option<&'static str>| text.map_or(Value::Null, Value::Text);
        Caller {
            kind: self.kind,
            id: self
                .id
                .map_or(Value::Null, |id| Value::Uuid(uuid_from_text(id).unwrap())),
            email: Value::Null,
            aal: text(self.aal),
            ranks: Ranks::Known(ranks),
        }
    }

    pub(crate) fn role(&self) -> &'static str {
        match self.kind {
            CallerKind::Anon => "anon",
            CallerKind::Service => "countersign_edge",
            _ => "authenticated",
        }
    }

    pub(crate) fn claims(&self) -> String {
        let mut claims = serde_json::json!({ "role": self.role() });
        if let Some(id) = self.id {
            claims["sub"] = id.into();
            claims["is_anonymous"] = (self.kind == CallerKind::Guest).into();
        }
        if let Some(aal) = self.aal {
            claims["aal"] = aal.into();
        }
        claims.to_string()
    }
}

/// Column positions with what they are to hold.
type Change = Vec<(usize, Option<String>)>;

/// What is done.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    Select,
    /// Of some rows, or of all without a filter.
    Update(Change, Option<Vec<usize>>),
    Delete(Option<Vec<usize>>),
    Insert(Change),
    /// `on conflict (id) do update`
    Merge(Change),
    /// `on conflict do nothing`, on the key or on whatever there is.
    Ignore(Change, bool),
}

/// One statement of one caller.
#[derive(Clone, Debug)]
pub(crate) struct Cell {
    pub(crate) table: usize,
    pub(crate) person: Person,
    pub(crate) act: Act,
    /// A further column that is read.
    pub(crate) read: Option<usize>,
    pub(crate) returning: bool,
}

/// What becomes of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It ran on the rows with these keys.
    Done(Vec<String>),
    /// It touched so many rows.
    Count(u64),
    Refused,
    /// A constraint had the last word, if the policy let the statement through to it.
    Constraint,
    /// Something that neither side expects.
    Error(String),
}

impl Cell {
    pub(crate) fn random(world: &World, policy: &Policy, dice: &mut Dice) -> Self {
        let named: Vec<usize> = (0..world.stages.len())
            .filter(|&at| policy.tables[index(policy, world, at)].is_named())
            .collect();
        let table = if named.is_empty() || dice.once_in(25) {
            dice.below(world.stages.len())
        } else {
            *dice.pick(&named)
        };
        let person = Person::random(dice);
        let stage = &world.stages[table];
        let rules = &policy.tables[index(policy, world, table)];
        let listed = |action: Action, dice: &mut Dice| {
            let lists: Vec<ColumnSet> = rules.rules_for(action).map(|rule| rule.columns).collect();
            if lists.is_empty() {
                ColumnSet::first(stage.columns.len())
            } else {
                *dice.pick(&lists)
            }
        };
        let some = |dice: &mut Dice| {
            (!dice.once_in(6)).then(|| match dice.below(3) {
                0 => (0..stage.rows.len()).filter(|_| dice.once_in(2)).collect(),
                _ => vec![dice.below(stage.rows.len())],
            })
        };
        let act = match dice.below(10) {
            0..=2 => Act::Select,
            3..=5 => {
                let of = listed(Action::Update, dice);
                let wild = dice.once_in(10);
                let mut change: Change = Vec::new();
                for (at, field) in stage.columns.iter().enumerate().skip(1) {
                    let may = wild || of.contains(u8::try_from(at).unwrap());
                    if may && dice.once_in(2) {
                        change.push((at, fresh(world, table, at, dice, field.nullable)));
                    }
                }
                if change.is_empty() {
                    let at = stage.columns.len() - 1;
                    let field = &stage.columns[at];
                    change.push((at, fresh(world, table, at, dice, field.nullable)));
                }
                Act::Update(change, some(dice))
            }
            6 => Act::Delete(some(dice)),
            kind => {
                let mut row = world.row(table, dice, 90);
                row[0] = Some(key(table, 90));
                if stage.name == "people" && dice.once_in(2) {
                    row[0] = Some(PERSON.values[4 + dice.below(2)].to_owned());
                }
                let of = listed(Action::Insert, dice);
                let meets = kind > 7 && !dice.once_in(3);
                if meets {
                    // Often with the existing values, so that only some columns change.
                    let existing = &stage.rows[dice.below(stage.rows.len())];
                    for (at, value) in existing.iter().enumerate() {
                        if at == 0 || !dice.once_in(4) {
                            row[at].clone_from(value);
                        }
                    }
                }
                let all = dice.once_in(12);
                let change = row
                    .into_iter()
                    .enumerate()
                    .filter(|(at, _)| all || of.contains(u8::try_from(*at).unwrap()))
                    .collect();
                match kind {
                    7 => Act::Insert(change),
                    8 => Act::Merge(change),
                    _ => Act::Ignore(change, dice.once_in(2)),
                }
            }
        };
        Self {
            table,
            person,
            act,
            read: dice.once_in(3).then(|| dice.below(stage.columns.len())),
            returning: dice.once_in(2),
        }
    }

    /// The statement.
    pub(crate) fn sql(&self, world: &World) -> String {
        let stage = &world.stages[self.table];
        let relation = format!("rnd.{}", stage.name);
        let name = |at: usize| stage.columns[at].name.as_str();
        let filter = |rows: &Option<Vec<usize>>| {
            let Some(rows) = rows else {
                return String::new();
            };
            let keys = rows.iter().map(|&row| quoted(&stage.rows[row][0]));
            let keys: Vec<String> = keys.chain([quoted(&Some(key(9, 9)))]).collect();
            format!(" where id in ({})", keys.join(", "))
        };
        let returning = if self.returning {
            let more = self.read.map(|at| format!(", {}", name(at)));
            format!(" returning id{}", more.unwrap_or_default())
        } else {
            String::new()
        };
        let insert = |change: &Change| {
            if change.is_empty() {
                return format!("insert into {relation} default values");
            }
            let columns: Vec<&str> = change.iter().map(|(at, _)| name(*at)).collect();
            let values: Vec<String> = change.iter().map(|(_, value)| quoted(value)).collect();
            let (columns, values) = (columns.join(", "), values.join(", "));
            format!("insert into {relation} ({columns}) values ({values})")
        };
        let set = |change: &Change, value: &dyn Fn(usize, &Option<String>) -> String| {
            let parts: Vec<String> = change
                .iter()
                .map(|(at, given)| format!("{} = {}", name(*at), value(*at, given)))
                .collect();
            parts.join(", ")
        };
        match &self.act {
            Act::Select => {
                let more = self.read.map(|at| format!(", {}", name(at)));
                format!("select id{} from {relation}", more.unwrap_or_default())
            }
            Act::Update(change, rows) => {
                let set = set(change, &|_, given| quoted(given));
                format!("update {relation} set {set}{}{returning}", filter(rows))
            }
            Act::Delete(rows) => format!("delete from {relation}{}{returning}", filter(rows)),
            Act::Insert(change) => format!("{}{returning}", insert(change)),
            Act::Merge(change) => {
                let set = set(change, &|at, _| format!("excluded.{}", name(at)));
                let set = if set.is_empty() {
                    "id = excluded.id".to_owned()
                } else {
                    set
                };
                format!(
                    "{} on conflict (id) do update set {set}{returning}",
                    insert(change)
                )
            }
            Act::Ignore(change, target) => {
                let target = if *target { " (id)" } else { "" };
                format!(
                    "{} on conflict{target} do nothing{returning}",
                    insert(change)
                )
            }
        }
    }
}

/// A value to set a column to.
fn fresh(
    world: &World,
    table: usize,
    at: usize,
    dice: &mut Dice,
    nullable: bool,
) -> Option<String> {
    let stage = &world.stages[table];
    if !nullable && stage.columns[at].sort.values.is_empty() {
        return stage.rows[dice.below(stage.rows.len())][at].clone();
    }
    world.row(table, dice, 91)[at].clone()
}

/// Where a stage's table stands in the policy.
fn index(policy: &Policy, world: &World, table: usize) -> usize {
    let name = world.stages[table].name;
    policy
        .tables
        .iter()
        .position(|of| of.name == name)
        .unwrap_or_else(|| panic!("the policy has no table {name}"))
}

/// The evaluator's side.
pub(crate) struct Bench<'a> {
    pub(crate) world: &'a World,
    pub(crate) policy: &'a Policy,
    pub(crate) now: i64,
}

/// A row's values: known, or made by the database.
type Values<'v> = Vec<Value<'v>>;

impl Bench<'_> {
    fn table(&self, table: usize) -> &Table {
        &self.policy.tables[index(self.policy, self.world, table)]
    }

    fn stage_of(&self, table: &Table) -> usize {
        self.world
            .stages
            .iter()
            .position(|stage| stage.name == table.name)
            .unwrap()
    }

    fn values<'v>(&self, table: &Table, row: &'v Row) -> Values<'v> {
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
    fn ranks<'v>(&self, person: &Person, world: &'v World) -> Vec<Membership<'v>> {
        let mut ranks = Vec::new();
        let (Some(tenant), Some(id)) = (&self.policy.tenant, person.id) else {
            return ranks;
        };
        let id = Value::Uuid(uuid_from_text(id).unwrap());
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

    fn decide(&self, table: &Table, caller: &Caller<'_>, statement: &Statement<'_>) -> Decision {
        decide(
            self.policy,
            table,
            caller,
            statement,
            Value::Timestamp(self.now),
        )
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
            fits && matches!(
                self.select(table, caller, &values, read),
                Decision::Applies(_)
            )
        });
        if seen { Sight::Visible } else { Sight::Hidden }
    }

    fn select(
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
        let statement = Statement {
            read,
            written: ColumnSet::EMPTY,
            command: Command::Select(row),
        };
        self.decide(table, caller, &statement)
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
        let table = self.table(cell.table);
        let stage = &self.world.stages[cell.table];
        let person = &cell.person;
        let ranks = self.ranks(person, self.world);
        let caller = person.caller(&ranks);
        let extra: ColumnSet = cell
            .read
            .into_iter()
            .map(|at| u8::try_from(at).unwrap())
            .collect();
        let key = ColumnSet::EMPTY.with(0);
        let returned = if cell.returning {
            extra.union(key)
        } else {
            ColumnSet::EMPTY
        };
        let ask = |read: ColumnSet, written: ColumnSet, command: Command<'_>| {
            self.decide(
                table,
                &caller,
                &Statement {
                    read,
                    written,
                    command,
                },
            )
        };
        let mut answers = Vec::new();
        match &cell.act {
            Act::Select => {
                for row in &stage.rows {
                    let values = self.values(table, row);
                    answers.push(self.select(table, &caller, &values, key.union(extra)));
                }
            }
            Act::Delete(rows) => {
                let read = if rows.is_some() {
                    returned.union(key)
                } else {
                    returned
                };
                for row in chosen(&stage.rows, rows.as_deref()) {
                    let values = self.values(table, row);
                    let (parents, peers) = self.around(table, &caller, &values);
                    let old = Known {
                        values: &values,
                        parents: &parents,
                        peers,
                    };
                    answers.push(ask(read, ColumnSet::EMPTY, Command::Delete(old)));
                }
            }
            Act::Update(change, rows) => {
                let read = if rows.is_some() {
                    returned.union(key)
                } else {
                    returned
                };
                let written = written(change);
                for row in chosen(&stage.rows, rows.as_deref()) {
                    let (before, after) = (
                        self.values(table, row),
                        self.changed(cell.table, row, change),
                    );
                    let after = self.values(table, &after);
                    let (parents, peers) = self.around(table, &caller, &before);
                    let old = Known {
                        values: &before,
                        parents: &parents,
                        peers,
                    };
                    let (parents, peers) = self.around(table, &caller, &after);
                    let new = Known {
                        values: &after,
                        parents: &parents,
                        peers,
                    };
                    answers.push(ask(read, written, Command::Update { old, new }));
                }
            }
            Act::Insert(change) | Act::Merge(change) | Act::Ignore(change, _) => {
                let mut written = written(change);
                let row = self.proposed(cell.table, change, person);
                let values = self.values(table, &row);
                // A key that the database makes up is like no other, and ours stands for it.
                let made_up = !written.contains(0) && stage.columns[0].default == Default::Fresh;
                let (parents, peers) = self.around(table, &caller, &values);
                let new = Known {
                    values: &values,
                    parents: &parents,
                    peers,
                };
                let incomplete = row
                    .iter()
                    .zip(&stage.columns)
                    .any(|(value, field)| value.is_none() && !field.nullable);
                let existing = stage.rows.iter().find(|row| {
                    !made_up
                        && row[0].as_deref()
                            == change
                                .first()
                                .filter(|(at, _)| *at == 0)
                                .and_then(|(_, v)| v.as_deref())
                });
                let answer = match &cell.act {
                    Act::Merge(_) => {
                        if change.is_empty() {
                            written = key;
                        }
                        let Some(old) = existing else {
                            let command = Command::Merge {
                                proposed: new,
                                conflict: Conflict::None,
                            };
                            let answer = ask(returned.union(key), written, command);
                            return Expected {
                                answers: vec![answer],
                                keys: vec![row[0].clone().unwrap_or_default()],
                                rows: !made_up,
                                incomplete,
                            };
                        };
                        let after = self.changed(cell.table, old, change);
                        let (before, after) = (self.values(table, old), self.values(table, &after));
                        let (parents, peers) = self.around(table, &caller, &before);
                        let existing = Known {
                            values: &before,
                            parents: &parents,
                            peers,
                        };
                        let (parents, peers) = self.around(table, &caller, &after);
                        let merged = Known {
                            values: &after,
                            parents: &parents,
                            peers,
                        };
                        let conflict = Conflict::Row { existing, merged };
                        ask(
                            returned.union(key),
                            written,
                            Command::Merge {
                                proposed: new,
                                conflict,
                            },
                        )
                    }
                    Act::Ignore(_, target) => {
                        let pair = |row: &Row| (row[1].clone(), row[2].clone());
                        let met = existing.is_some()
                            || (!target
                                && stage.name == "staff"
                                && stage.rows.iter().any(|r| pair(r) == pair(&row)));
                        let nothing = Known::UNKNOWN;
                        let conflict = if met {
                            Conflict::Row {
                                existing: nothing,
                                merged: nothing,
                            }
                        } else {
                            Conflict::None
                        };
                        let read = if *target {
                            returned.union(key)
                        } else {
                            returned
                        };
                        let command = Command::Ignore {
                            proposed: new,
                            returning: cell.returning || *target,
                            conflict,
                        };
                        ask(read, written, command)
                    }
                    _ => ask(
                        returned,
                        written,
                        Command::Insert {
                            new,
                            returning: cell.returning,
                        },
                    ),
                };
                return Expected {
                    answers: vec![answer],
                    keys: vec![row[0].clone().unwrap_or_default()],
                    rows: !made_up,
                    incomplete,
                };
            }
        }
        let keys = match &cell.act {
            Act::Select => stage.rows.iter().collect(),
            Act::Update(_, rows) | Act::Delete(rows) => chosen(&stage.rows, rows.as_deref()),
            _ => Vec::new(),
        };
        let keys = keys
            .into_iter()
            .map(|row| row[0].clone().unwrap_or_default())
            .collect();
        Expected {
            answers,
            keys,
            rows: matches!(cell.act, Act::Select) || cell.returning,
            incomplete: false,
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
            let values = self.values(table, row);
            let (parents, peers) = self.around(table, &caller, &values);
            let row = Known {
                values: &values,
                parents: &parents,
                peers,
            };
            let command = match action {
                Action::Select => Command::Select(row),
                Action::Delete => Command::Delete(row),
                _ => Command::Update { old: row, new: row },
            };
            let statement = Statement {
                read: ColumnSet::EMPTY,
                written: ColumnSet::EMPTY,
                command,
            };
            match self.decide(table, &caller, &statement) {
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

/// The evaluator's answers for the rows that a statement may touch.
#[derive(Clone, Debug)]
pub(crate) struct Expected {
    pub(crate) answers: Vec<Decision>,
    keys: Vec<String>,
    /// Whether the statement gives back keys that are known.
    rows: bool,
    /// Whether the proposed row lacks a value it needs, which shows before a conflict is looked for.
    incomplete: bool,
}

impl Expected {
    /// Whether some answer depends on what only the database can compare: values of types that
    /// the language does not read.
    pub(crate) fn is_open(&self) -> bool {
        let depends = |answer: &Decision| matches!(answer, Decision::Depends(_));
        self.answers.iter().any(depends)
    }

    /// Whether the open answers leave room for what was observed.
    fn allows(&self, observed: &Outcome) -> bool {
        let may_refuse = self.answers.iter().any(|answer| match answer {
            Decision::NotGranted(..) | Decision::Refused(_) => true,
            Decision::Depends(open) => open.refused,
            _ => false,
        });
        let must_refuse = self
            .answers
            .iter()
            .any(|a| matches!(a, Decision::NotGranted(..) | Decision::Refused(_)));
        let least = self
            .answers
            .iter()
            .filter(|a| matches!(a, Decision::Applies(_)));
        let most = self.answers.iter().filter(|answer| match answer {
            Decision::Applies(_) => true,
            Decision::Depends(open) => open.applies,
            _ => false,
        });
        let range = least.count() as u64..=most.count() as u64;
        match observed {
            Outcome::Refused => may_refuse,
            Outcome::Done(keys) => !must_refuse && range.contains(&(keys.len() as u64)),
            Outcome::Count(count) => !must_refuse && range.contains(count),
            Outcome::Constraint => !must_refuse,
            Outcome::Error(_) => false,
        }
    }

    /// Whether that is what was observed.
    pub(crate) fn fits(
        &self,
        cell: &Cell,
        policy: &Policy,
        world: &World,
        observed: &Outcome,
    ) -> bool {
        let refused = self
            .answers
            .iter()
            .find(|a| matches!(a, Decision::NotGranted(..) | Decision::Refused(_)));
        let applies = |answer: &Decision| matches!(answer, Decision::Applies(_));
        if self.is_open() {
            return self.allows(observed);
        }
        match observed {
            Outcome::Refused =>
            // A statement that reaches no row of ours may still name what it must not.
            {
                refused.is_some() || self.answers.is_empty()
            }
            Outcome::Constraint => match refused {
                None => self.answers.iter().any(applies) || matches!(cell.act, Act::Ignore(..)),
                Some(_) if self.answers.len() > 1 || self.incomplete => true,
                // A composite foreign key stands in for the test of a parent.
                Some(Decision::Refused(policy_core::decide::Reason::Parent(at))) => {
                    let table = &policy.tables[index(policy, world, cell.table)];
                    !table.parents[usize::from(*at)].tested
                }
                Some(_) => false,
            },
            Outcome::Done(keys) => {
                let mut wanted: Vec<&String> = self
                    .keys
                    .iter()
                    .zip(&self.answers)
                    .filter(|(_, a)| applies(a))
                    .map(|(key, _)| key)
                    .collect();
                let mut got: Vec<&String> = keys.iter().collect();
                wanted.sort();
                got.sort();
                refused.is_none()
                    && if self.rows {
                        wanted == got
                    } else {
                        wanted.len() == got.len()
                    }
            }
            Outcome::Count(count) => {
                refused.is_none()
                    && *count == self.answers.iter().filter(|a| applies(a)).count() as u64
            }
            Outcome::Error(_) => false,
        }
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
