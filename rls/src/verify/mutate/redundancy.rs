//! Whether a table's policies say the same after a change, for every truth of their tests.
//!
//! The generated policies repeat themselves on purpose: the tenant fence stands beside conditions
//! that imply it. A change to one of two is caught only if the other does not make up for it. So
//! both sets of policies are read as formulas and compared for every truth the tests can have:
//! a test over NOT NULL columns is never unknown, a higher role's helper implies a lower one's, a
//! parent that is visible lies inside the parent's own fence, and what an update cannot set is the
//! same before and after.

use std::collections::BTreeMap;

use super::formula::Formula;
use super::objects::{Objects, RowPolicy};
use crate::verify::preconditions::ROLES;

/// How many combinations are tried before giving up.
const MOST: u64 = 3_000_000;

/// What is known about the table and its tests.
pub(super) struct Facts<'a> {
    pub(super) objects: &'a Objects,
    /// The table's columns, with whether NULL is forbidden.
    pub(super) columns: Vec<(String, bool)>,
    /// The table as PostgreSQL prints it.
    pub(super) table: String,
    /// What a composite foreign key holds in every stored row, as PostgreSQL prints the tests of
    /// it in a subquery on the parent: the test by the key, and the one by the tenant.
    pub(super) held: Vec<(String, String)>,
    /// The generated helpers from the lowest rank up.
    pub(super) helpers: Vec<String>,
    /// For each parent table, by how PostgreSQL prints it: its own fence's helper.
    pub(super) fences: BTreeMap<String, String>,
}

/// The side of a policy.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Using,
    Check,
}

impl Facts<'_> {
    /// Whether the policies mean the same with one of them replaced, or dropped.
    pub(super) fn same(&self, name: &str, new: Option<&RowPolicy>) -> bool {
        let before = &self.objects.policies;
        let mut after: Vec<RowPolicy> = before
            .iter()
            .filter(|policy| policy.name != name)
            .cloned()
            .collect();
        after.extend(new.cloned());
        (0..ROLES.len()).all(|role| self.same_for(role, before, &after))
    }

    fn same_for(&self, at: usize, before: &[RowPolicy], after: &[RowPolicy]) -> bool {
        let Some(role) = ROLES.get(at) else {
            return true;
        };
        let holds = |privilege: usize| {
            let held = |column: &super::objects::Column| {
                column.held.get(at).and_then(|held| held.get(privilege)) == Some(&true)
            };
            self.objects.columns.iter().any(held)
        };
        let deletes = self.objects.deletes.get(at) == Some(&true);
        let stored = |formula: Formula| self.stored(formula);
        let one = |command: &str, side| {
            let [before, after] = [before, after].map(|of| combined(of, role, command, side));
            let (before, after) = if side == Side::Using {
                (stored(before), stored(after))
            } else {
                (before, after)
            };
            self.compare(&[(&before, &after)], &|tests| tests.to_owned())
        };
        let update = || {
            let fixed = |test: &str| {
                let free = |column: &&super::objects::Column| {
                    column.held.get(at).and_then(|held| held.get(2)) == Some(&true)
                };
                let mut free = self.objects.columns.iter().filter(free);
                !free.any(|column| mentions(test, &column.name))
            };
            let (old, new) = (
                [before, after].map(|of| stored(combined(of, role, "update", Side::Using))),
                [before, after].map(|of| combined(of, role, "update", Side::Check)),
            );
            let new = new.map(|formula| renamed(formula, &fixed));
            let ([old_before, old_after], [new_before, new_after]) = (old, new);
            self.compare(
                &[(&old_before, &old_after), (&new_before, &new_after)],
                &|test| test.trim_start_matches(NEW).to_owned(),
            )
        };
        (!holds(0) || one("select", Side::Using))
            && (!holds(1) || one("insert", Side::Check))
            && (!deletes || one("delete", Side::Using))
            && (!holds(2) || update())
    }

    /// The formula on a row that is stored: what a composite foreign key holds needs no test.
    fn stored(&self, formula: Formula) -> Formula {
        let plain = |text: String| {
            let mut text = text;
            if text.starts_with("EXISTS") {
                for (by_key, by_tenant) in &self.held {
                    let bent = by_tenant.replacen(&format!("{} .", self.table), "parent .", 1);
                    for tenant in [by_tenant, &bent] {
                        let both = format!("( {by_key} AND {tenant} )");
                        text = text.replace(&both, &format!("( {by_key} )"));
                    }
                }
            }
            text
        };
        mapped(formula, &|text| Formula::Test(plain(text)))
    }

    /// Whether pairs of formulas agree wherever those before them were true.
    fn compare(&self, pairs: &[(&Formula, &Formula)], plain: &dyn Fn(&str) -> String) -> bool {
        let mut tests: Vec<&str> = Vec::new();
        for (before, after) in pairs {
            before.tests(&mut tests);
            after.tests(&mut tests);
        }
        let choices: Vec<&[Option<bool>]> = tests
            .iter()
            .map(|test| {
                if self.is_definite(&plain(test)) {
                    [Some(false), Some(true)].as_slice()
                } else {
                    [Some(false), Some(true), None].as_slice()
                }
            })
            .collect();
        let count = choices
            .iter()
            .try_fold(1_u64, |all, some| all.checked_mul(some.len() as u64));
        let Some(count) = count.filter(|count| *count <= MOST) else {
            return false;
        };
        let implied = self.implied(&tests, plain);
        let mut values: Vec<Option<bool>> = vec![None; tests.len()];
        'next: for number in 0..count {
            let mut rest = number;
            for (slot, some) in values.iter_mut().zip(&choices) {
                let length = some.len() as u64;
                let at = usize::try_from(rest % length).unwrap_or(0);
                *slot = some.get(at).copied().flatten();
                rest /= length;
            }
            for (if_, then) in &implied {
                if values.get(*if_) == Some(&Some(true)) && values.get(*then) != Some(&Some(true)) {
                    continue 'next;
                }
            }
            let truth = |test: &str| {
                let at = tests.iter().position(|known| *known == test)?;
                values.get(at).copied().flatten()
            };
            for (before, after) in pairs {
                let (before, after) = (before.truth(&truth), after.truth(&truth));
                if (before == Some(true)) != (after == Some(true)) {
                    return false;
                }
                if before != Some(true) {
                    break;
                }
            }
        }
        true
    }

    /// Whether a test is never unknown.
    fn is_definite(&self, test: &str) -> bool {
        if test.starts_with("EXISTS") || test.contains(" IS ") {
            return true;
        }
        let own = self.columns.iter().filter(|(name, _)| mentions(test, name));
        let mut own = own.peekable();
        // Of the caller's facts only that it is somebody's sign-in is never unknown.
        let caller = test.contains("caller_id")
            || test.contains("caller_email")
            || test.contains("caller_aal");
        !caller && own.peek().is_some() && own.all(|(_, not_null)| *not_null)
            || test == "( SELECT countersign . caller_is_user ( ) AS caller_is_user )"
    }

    /// Which tests imply which, by their positions.
    fn implied(&self, tests: &[&str], plain: &dyn Fn(&str) -> String) -> Vec<(usize, usize)> {
        let mut all = Vec::new();
        for (from, test) in tests.iter().enumerate() {
            let is_new = test.starts_with(NEW);
            let test = plain(test);
            for (to, other) in tests.iter().enumerate() {
                let other_new = other.starts_with(NEW);
                let other = plain(other);
                let Some((column, lower)) = self.helper(&other) else {
                    continue;
                };
                let higher = self
                    .helper(&test)
                    .is_some_and(|(own, rank)| own == column && rank > lower);
                let inside = test.starts_with("EXISTS")
                    && [column.clone(), format!("{} . {column}", self.table)]
                        .iter()
                        .any(|column| test.contains(&format!(" = {column} ")))
                    && self.fence_of(&test).is_some_and(|rank| rank >= lower);
                // The tenant never changes, so its tests are the same before and after.
                let same_row = is_new == other_new || !other_new;
                if from != to && same_row && (higher || inside) {
                    all.push((from, to));
                }
            }
        }
        all
    }

    /// Of a test whether the caller has a rank: the column and the rank's position.
    fn helper(&self, test: &str) -> Option<(String, usize)> {
        let (column, rest) = test.split_once(" = ANY ( ARRAY ( SELECT countersign . ")?;
        let name = rest.split(' ').next()?;
        let rank = self.helpers.iter().position(|helper| helper == name)?;
        Some((column.to_owned(), rank))
    }

    /// The rank that a visible parent shows the caller to have in its tenant.
    fn fence_of(&self, test: &str) -> Option<usize> {
        let (_, from) = test.split_once(" FROM ")?;
        let (parent, rest) = from.split_once(" parent ")?;
        rest.contains("parent . ").then_some(())?;
        let helper = self.fences.get(parent)?;
        self.helpers.iter().position(|known| known == helper)
    }
}

/// What stands before a test of the new row.
const NEW: &str = "new: ";

/// The formula with something else in place of each test.
fn mapped(formula: Formula, change: &dyn Fn(String) -> Formula) -> Formula {
    let all = |parts: Vec<Formula>| parts.into_iter().map(|part| mapped(part, change)).collect();
    match formula {
        Formula::Constant(value) => Formula::Constant(value),
        Formula::Test(text) => change(text),
        Formula::Not(inner) => Formula::Not(Box::new(mapped(*inner, change))),
        Formula::All(parts) => Formula::All(all(parts)),
        Formula::Any(parts) => Formula::Any(all(parts)),
        Formula::Is(inner, wanted, negated) => {
            Formula::Is(Box::new(mapped(*inner, change)), wanted, negated)
        }
        Formula::Coalesce(inner, value) => {
            Formula::Coalesce(Box::new(mapped(*inner, change)), value)
        }
    }
}

/// The formula with its tests made tests of the new row, but for what cannot change.
fn renamed(formula: Formula, fixed: &dyn Fn(&str) -> bool) -> Formula {
    mapped(formula, &|text| {
        Formula::Test(if fixed(&text) {
            text
        } else {
            format!("{NEW}{text}")
        })
    })
}

fn mentions(test: &str, column: &str) -> bool {
    test.split(' ').any(|word| word.trim_matches('"') == column)
}

/// What the policies of a role come to for a command: every restrictive one and any permissive.
fn combined(policies: &[RowPolicy], role: &str, command: &str, side: Side) -> Formula {
    let of = policies.iter().filter(|policy| {
        policy.roles.iter().any(|of| of == role || of == "public")
            && (policy.command == command || policy.command == "all")
    });
    let (mut all, mut any) = (Vec::new(), Vec::new());
    for policy in of {
        let text = match side {
            Side::Using => policy.using.as_ref(),
            Side::Check => policy.check.as_ref().or(policy.using.as_ref()),
        };
        let formula = text.map_or(Formula::Constant(true), |text| Formula::read(text));
        if policy.permissive {
            any.push(formula);
        } else {
            all.push(formula);
        }
    }
    all.push(Formula::Any(any));
    Formula::All(all)
}
