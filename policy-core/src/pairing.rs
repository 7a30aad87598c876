//! Where PostgreSQL's policies are wider than the rules they come from.
//!
//! A rule for `update` allows the old row, the new row and the changed columns *together*.
//! PostgreSQL keeps the three apart: it ORs the old-row conditions of all rules, ORs their new-row
//! conditions, and grants columns to the database role, which is the same for every rank. So an
//! old row by one rule, a new row by a second and a column by a third would pass, although no rule
//! allows it. Where that can happen a guard trigger puts the pairs together again.
//!
//! [`guard`] decides it by enumeration: for every class of callers it looks for truth values of the
//! rules' conditions and a set of changed columns for which PostgreSQL's product is true and no
//! pair is. Equal conditions share one variable, different ones vary independently; so it may ask
//! for a guard that the conditions' values make needless, but never misses one.

use serde::{Deserialize, Serialize};

use crate::columns::ColumnSet;
use crate::condition::Condition;
use crate::model::{Action, Grants, Rank, Rule, Subject, Team};

/// Why a guard is needed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guard {
    /// An example: whose statement would pass without the guard.
    pub who: Vec<Subject>,
    /// Which columns it could change.
    pub columns: ColumnSet,
}

/// The most independent variables that are enumerated; beyond, a guard is generated unasked.
const MOST_VARIABLES: usize = 16;

/// Whether the update rules of a table need a guard: the first example found, or `None`.
///
/// A client and the service never speak in one statement, so each database role is looked at by
/// itself, with the columns granted to it.
#[must_use]
pub fn guard(rules: &[Rule], grants: &Grants, top: Rank) -> Option<Guard> {
    let updates = rules.iter().filter(|rule| rule.action == Action::Update);
    let (service, clients): (Vec<&Rule>, Vec<&Rule>) =
        updates.partition(|rule| rule.subject == Subject::Service);
    clients_guard(&clients, grants.authenticated.update, top)
        .or_else(|| wider(&service, grants.service.update))
}

fn clients_guard(updates: &[&Rule], granted: ColumnSet, top: Rank) -> Option<Guard> {
    if updates.len() > 1
        && let Some(moving) = updates.iter().find(|rule| moves(rule, granted))
    {
        return Some(Guard {
            who: vec![moving.subject],
            columns: granted,
        });
    }
    callers(updates, top)
        .into_iter()
        .find_map(|active| wider(&active, granted))
}

/// The sets of rules that can speak of one caller and row at once: a rank brings all rules up to
/// it; each other subject may hold or not.
fn callers<'a>(rules: &[&'a Rule], top: Rank) -> Vec<Vec<&'a Rule>> {
    let mut others: Vec<Subject> = Vec::new();
    for rule in rules {
        if !matches!(rule.subject, Subject::Rank(_)) && !others.contains(&rule.subject) {
            others.push(rule.subject);
        }
    }
    let mut sets = Vec::new();
    for rank in 0..=top {
        for chosen in 0..1_u32 << others.len().min(MOST_VARIABLES) {
            let holds = |position: usize| chosen & (1 << position.min(31)) != 0;
            if !coherent(&others, rank, holds) {
                continue;
            }
            let speaks = |rule: &&&Rule| match rule.subject {
                Subject::Rank(needed) => needed <= rank,
                subject => others
                    .iter()
                    .position(|other| *other == subject)
                    .is_some_and(|position| chosen & (1 << position) != 0),
            };
            sets.push(rules.iter().filter(speaks).copied().collect());
        }
    }
    sets
}

/// Whether these subjects can hold for one caller of this rank, and no others: a team's rank is a
/// rank, and who has a higher one in the same team has the lower one too.
fn coherent(subjects: &[Subject], rank: Rank, holds: impl Fn(usize) -> bool) -> bool {
    let teams = || {
        let numbered = subjects.iter().enumerate();
        numbered.filter_map(|(position, subject)| match subject {
            Subject::Team(team) => Some((position, *team)),
            _ => None,
        })
    };
    let same = |a: Team, b: Team| a.attribute == b.attribute && a.column == b.column;
    teams()
        .filter(|(position, _)| holds(*position))
        .all(|(_, held)| {
            held.rank <= rank
                && teams().all(|(position, other)| {
                    holds(position) || !same(held, other) || other.rank > held.rank
                })
        })
}

/// Whether a rule's subject can hold for the old row and not for the new one, because clients may
/// write the column it looks at.
fn moves(rule: &Rule, granted: ColumnSet) -> bool {
    matches!(
        rule.subject,
        Subject::Itself(column) | Subject::Team(Team { column, .. }) if granted.contains(column)
    )
}

/// Looks for an old row, a new row and columns that pass apart but not together.
fn wider(active: &[&Rule], granted: ColumnSet) -> Option<Guard> {
    let mut variables: Vec<(Side, &Condition)> = Vec::new();
    for rule in active {
        for (side, condition) in sides(rule) {
            if let Some(condition) = condition
                && !variables.contains(&(side, condition))
            {
                variables.push((side, condition));
            }
        }
    }
    let example = |columns| Guard {
        who: active.iter().map(|rule| rule.subject).collect(),
        columns,
    };
    if variables.len() > MOST_VARIABLES {
        return Some(example(granted));
    }
    for assignment in 0..1_u32 << variables.len() {
        let holds = |side: Side, condition: Option<&Condition>| {
            condition.is_none_or(|condition| {
                variables
                    .iter()
                    .position(|variable| *variable == (side, condition))
                    .is_some_and(|position| assignment & (1 << position) != 0)
            })
        };
        let old = |rule: &&Rule| holds(Side::Old, rule.condition.as_ref());
        let new = |rule: &&Rule| holds(Side::New, rule.check.as_ref());
        if !active.iter().any(old) || !active.iter().any(new) {
            continue;
        }
        // The product lets any granted columns change; a pair must cover them. If no pair covers
        // all of them, changing all of them is an example.
        let covered = active
            .iter()
            .filter(|rule| old(rule) && new(rule))
            .any(|rule| granted.is_subset(rule.columns));
        if !covered {
            return Some(example(granted));
        }
    }
    None
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Old,
    New,
}

fn sides(rule: &Rule) -> [(Side, Option<&Condition>); 2] {
    [
        (Side::Old, rule.condition.as_ref()),
        (Side::New, rule.check.as_ref()),
    ]
}
