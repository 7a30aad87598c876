//! Soft deletion, where policies mean what `retire` means.
//!
//! `retire c = v by B, seen by S` takes from every rule what it allows of rows with that value: they
//! are seen from S up, and only from B up may a new row have it. So it is said where each way to see a
//! row either asks that the row is alive or asks for S, where S sees all that the others see, and where
//! nobody below B may write such a row. Then what the policies repeat is left out of the rules. Here B
//! is never below S: who could retire a row and not see it would be refused their own update, and the
//! stamp, by which they would, decides nothing.

use std::collections::BTreeSet;

use policy_core::catalogue::{Column, ColumnDefault, Relation};
use policy_core::value::Kind;

use super::alternative::{Alternative, simplest};
use super::table::Allowed;
use super::tenancy::{Step, Tenancy};
use super::words;
use crate::sql::lex;

/// How rows of a table are retired.
#[derive(Clone, Debug)]
pub struct Retire {
    /// The statement.
    pub text: String,
    /// The column that only the database writes.
    pub stamp: String,
    /// What the rules allow beside it.
    pub rest: Allowed,
}

/// What is known of a table's rows and who writes them.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'a> {
    /// The table.
    pub relation: &'a Relation,
    /// Its column with the tenant.
    pub tenant: &'a str,
    /// The columns that clients set when they insert.
    pub inserted: &'a BTreeSet<String>,
    /// The columns that clients change.
    pub changed: &'a BTreeSet<String>,
}

/// A value that a row has no longer been alive with.
#[derive(Clone, Debug, PartialEq, Eq)]
struct End<'a> {
    column: &'a Column,
    value: String,
}

impl Retire {
    /// Finds it in what the policies allow those who are signed in.
    #[must_use]
    pub fn of(allowed: &Allowed, rows: Rows<'_>, tenancy: &Tenancy) -> Option<Self> {
        let mut stamps = rows.relation.columns.iter().filter(|column| {
            column.kind() == Kind::Timestamp
                && !column.nullable
                && !rows.inserted.contains(&column.name)
                && !rows.changed.contains(&column.name)
        });
        let usual =
            |column: &&Column| column.name.contains("updated") || column.name.contains("modified");
        let stamp = stamps.clone().find(usual).or_else(|| stamps.next())?;
        let conditions = allowed.select.iter().flat_map(|one| &one.conditions);
        let mut ends = Vec::new();
        for end in conditions.filter_map(|condition| End::read(condition, rows.relation)) {
            if !ends.contains(&end) && rows.changed.contains(&end.column.name) {
                ends.push(end);
            }
        }
        ends.iter().find_map(|end| {
            let seen = Scope { end, rows, tenancy }.seen(&allowed.select)?;
            // Who sees retired rows may retire, unless only some of them may.
            let each = (0..=seen).rev();
            each.map(|by| (by, true))
                .chain([(seen, false)])
                .find_map(|(by, whole)| {
                    let scope = Scope { end, rows, tenancy };
                    let rest = scope.rest(allowed, seen, by, whole)?;
                    let text = format!(
                        "retire {} = {} by {}, seen by {}, stamped {}",
                        words::name(&end.column.name),
                        end.value,
                        words::name(tenancy.name(by)),
                        words::name(tenancy.name(seen)),
                        words::name(&stamp.name)
                    );
                    Some(Self {
                        text,
                        stamp: stamp.name.clone(),
                        rest,
                    })
                })
        })
    }
}

impl<'a> End<'a> {
    /// The value of which a condition says that the row has another one.
    fn read(condition: &str, relation: &'a Relation) -> Option<Self> {
        let is_literal = |text: &str| {
            let tokens = lex::tokens(text);
            let quoted = text.starts_with('\'') && tokens.len() == 1;
            quoted || text == "true" || text == "false"
        };
        relation.columns.iter().find_map(|column| {
            let name = words::name(&column.name);
            let other = condition.strip_prefix(&format!("{name} <> "));
            let apart = condition
                .strip_prefix(&format!("{name} is distinct from "))
                .filter(|_| !column.nullable);
            let value = match other.or(apart) {
                Some(value) => value,
                None if condition == format!("not {name}") => "true",
                None if condition == format!("{name} = false") => "true",
                None => return None,
            };
            is_literal(value).then(|| Self {
                column,
                value: value.to_owned(),
            })
        })
    }

    /// An alternative without what it says of the row's life; nothing if it says nothing.
    fn alive(&self, of: &Alternative, relation: &Relation) -> Option<Alternative> {
        let mut one = of.clone();
        one.conditions
            .retain(|condition| End::read(condition, relation).as_ref() != Some(self));
        (one != *of).then_some(one)
    }
}

/// One way to retire, tried on a table.
#[derive(Clone, Copy, Debug)]
struct Scope<'a> {
    end: &'a End<'a>,
    rows: Rows<'a>,
    tenancy: &'a Tenancy,
}

impl Scope<'_> {
    fn split(&self, all: &[Alternative]) -> (Vec<Alternative>, Vec<Alternative>) {
        let (mut alive, mut any) = (Vec::new(), Vec::new());
        for one in all {
            match self.end.alive(one, self.rows.relation) {
                Some(rest) => alive.push(rest),
                None => any.push(one.clone()),
            }
        }
        (alive, any)
    }

    /// The role that an alternative asks for at least.
    fn step(&self, of: &Alternative) -> Option<Step> {
        let of = of
            .members
            .iter()
            .filter(|member| member.column == self.rows.tenant);
        of.filter_map(|member| self.tenancy.step(member)).min()
    }

    /// The lowest role that sees retired rows.
    fn seen(&self, select: &[Alternative]) -> Option<Step> {
        let (alive, any) = self.split(select);
        let steps: Option<Vec<Step>> = any.iter().map(|one| self.step(one)).collect();
        let seen = steps?.into_iter().max()?;
        self.passes(&alive, &any, seen).then_some(seen)
    }

    /// Whether a role may do with retired rows what these allow with the others.
    fn passes(&self, alive: &[Alternative], any: &[Alternative], role: Step) -> bool {
        let members = self.tenancy.lookups(role, self.rows.tenant);
        alive.iter().all(|one| {
            members.iter().all(|member| {
                let mut both = one.clone();
                both.members.insert(member.clone());
                any.iter().any(|wider| both.implies(wider))
            })
        })
    }

    /// What is left for the rules to say; nothing if they would not mean the same. `whole` asks that
    /// nothing of it is left in the rules of updates.
    fn rest(&self, of: &Allowed, seen: Step, by: Step, whole: bool) -> Option<Allowed> {
        let kept = |all: &[Alternative], role: Step| -> (Vec<Alternative>, bool) {
            let (alive, any) = self.split(all);
            if self.passes(&alive, &any, role) {
                (simplest(alive.into_iter().chain(any).collect()), true)
            } else {
                (all.to_vec(), false)
            }
        };
        let writes = |all: &[Alternative]| {
            let (_, any) = self.split(all);
            any.iter()
                .all(|one| self.step(one).is_some_and(|step| step <= by))
        };
        let (new, is_whole) = kept(&of.new, by);
        // A new row of an update must be seen, so below that role none is retired.
        if whole && !is_whole || by != seen && !writes(&of.new) {
            return None;
        }
        let lives = self.is_born_alive();
        if !lives && !writes(&of.insert) {
            return None;
        }
        let insert = if lives {
            let (alive, any) = self.split(&of.insert);
            simplest(alive.into_iter().chain(any).collect())
        } else {
            kept(&of.insert, by).0
        };
        // Where rules of updates ask it of the existing row, the new one is asked the same.
        let (old, new) = match kept(&of.old, seen) {
            (old, true) => (old, new),
            (old, false) => (old, of.new.clone()),
        };
        Some(Allowed {
            select: kept(&of.select, seen).0,
            insert,
            old,
            new,
            delete: kept(&of.delete, seen).0,
        })
    }

    /// Whether no client says of a new row that it is retired, and it is not by default.
    fn is_born_alive(&self) -> bool {
        let column = self.end.column;
        !self.rows.inserted.contains(&column.name)
            && match &column.default {
                ColumnDefault::Constant(value) => {
                    let value = words::literal(&super::expression::Literal::Text(value.clone()));
                    value != self.end.value && value != format!("'{}'", self.end.value)
                }
                _ => false,
            }
    }
}
