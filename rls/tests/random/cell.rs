//! One statement of one caller, as SQL.

use policy_core::Policy;
use policy_core::columns::ColumnSet;
use policy_core::model::Action;

use crate::dice::Dice;
use crate::person::Person;
use crate::world::{World, key, quoted};

/// Column positions with what they are to hold.
pub(crate) type Change = Vec<(usize, Option<String>)>;

/// What is done.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    Select,
    /// A select from the view or function at this position.
    Through(usize),
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
        let person = Person::random(world.person, dice);
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
        let doors = &world.doors;
        let before = (0..doors.len()).filter(|&at| doors[at].table == table);
        let before: Vec<usize> = before.collect();
        let act = match dice.below(10) {
            0..=1 if !before.is_empty() && dice.once_in(2) => Act::Through(*dice.pick(&before)),
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
                    row[0] = Some(world.person.values[4 + dice.below(2)].to_owned());
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
            Act::Through(door) => format!("select id from {}", world.doors[*door].source()),
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
pub(crate) fn index(policy: &Policy, world: &World, table: usize) -> usize {
    let name = world.stages[table].name;
    policy
        .tables
        .iter()
        .position(|of| of.name == name)
        .unwrap_or_else(|| panic!("the policy has no table {name}"))
}
