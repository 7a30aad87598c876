//! Whether a table's policies say the same after a change, for every truth of their tests.
//!
//! The generated policies repeat themselves on purpose: the tenant fence stands beside conditions
//! that imply it. A change to one of two is caught only if the other does not make up for it. So
//! both sets of policies are read as formulas and compared for every truth the tests can have:
//! a test over NOT NULL columns is never unknown, one of them always is not NULL, a higher role's helper implies a lower one's, a
//! parent that is visible lies inside the parent's own fence, and what neither an update nor a
//! trigger can set is the same before and after. An update also has to pass the guard, a trigger that asks for one rule
//! which allows everything together; either may make up for what the other lacks.

use std::collections::{BTreeMap, HashMap};

use super::formula::Formula;
use super::guard::{Guard, changed};
use super::objects::{Objects, RowPolicy};
use super::printed::{NEW, SOMEBODY, USER, lookup, mentions, plain};
use super::truths::{ANY_TRUTH, Truths};
use crate::verify::preconditions::ROLES;

/// What is known about the table and its tests.
pub(super) struct Facts<'a> {
    pub(super) objects: &'a Objects,
    /// The table's columns, with whether NULL is forbidden.
    pub(super) columns: Vec<(String, bool)>,
    /// The table as PostgreSQL prints it.
    pub(super) table: String,
    /// What composite foreign keys hold in every row.
    pub(super) held: Vec<Held>,
    /// The generated helpers from the lowest rank up.
    pub(super) helpers: Vec<String>,
    /// For each parent table, by how PostgreSQL prints it: its own fence's helper.
    pub(super) fences: BTreeMap<String, String>,
    /// The guard, if the table has one.
    pub(super) guard: Option<Guard>,
    /// The columns of which a constraint lists all values, as literals.
    pub(super) listed: Vec<(String, Vec<String>)>,
    /// What some columns are by default.
    pub(super) defaults: Vec<(String, Default)>,
    /// The columns that triggers write in every update.
    pub(super) touched: Vec<String>,
    /// The columns that name only members of the row's tenant, because a composite foreign key leads
    /// to the memberships.
    pub(super) authors: Vec<String>,
    /// The columns that name only what belongs to the row's tenant, in this table and in memberships.
    pub(super) telling: Vec<String>,
    /// The columns that make whom they name a member of the row's tenant.
    pub(super) seats: Vec<Seat>,
    /// What is known of a member's own row, where the table is the only source of memberships.
    pub(super) own: Option<Own>,
    /// The row's tenant.
    pub(super) tenant: String,
    /// Parent tables of which only somebody sees any row, as PostgreSQL prints them.
    pub(super) personal: Vec<String>,
    /// Parent tables of which whoever has a rank sees every row of the tenant, as PostgreSQL prints
    /// them, with the rank's position.
    pub(super) open: BTreeMap<String, usize>,
}

/// What a composite foreign key holds in every row, as PostgreSQL prints tests in a subquery on the
/// parent.
pub(super) struct Held {
    /// That the parent is the one that the key names.
    pub(super) by_key: String,
    /// What is so of that parent.
    pub(super) also: String,
    /// The table's column in that.
    pub(super) column: String,
    /// Whether every row names a parent.
    pub(super) filled: bool,
}

/// A membership table with one row for each member.
pub(super) struct Own {
    /// The column that names the member.
    pub(super) column: String,
    /// What is so of a row that counts.
    pub(super) tests: Vec<String>,
    /// Whether that is all that makes a row count.
    pub(super) all: bool,
}

/// A column that makes whom it names a member of the row's tenant, once the row is stored.
pub(super) struct Seat {
    pub(super) column: String,
    /// Of which rank at least, by its position.
    pub(super) rank: usize,
    /// Whether no new row names whoever adds it.
    pub(super) of_others: bool,
}

/// What a new row has where its statement names nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Default {
    /// The caller's id.
    Caller,
    /// The transaction's time.
    Now,
    /// A uuid that nothing else has.
    Random,
}

/// What statements have to pass.
#[derive(Clone, Copy)]
struct Tests<'t> {
    policies: &'t [RowPolicy],
    guard: Option<&'t Guard>,
}

/// The row that a statement meets or makes.
#[derive(std::default::Default)]
pub(super) struct Case<'c> {
    /// What a new row has where nobody of the role may name anything.
    pub(super) defaults: Vec<(&'c str, Default)>,
    /// Whether an earlier statement stored it; otherwise it may be any.
    pub(super) stored: bool,
    /// What an update can set.
    pub(super) free: Vec<&'c str>,
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
        let mut after: Vec<RowPolicy> = self
            .objects
            .policies
            .iter()
            .filter(|policy| policy.name != name)
            .cloned()
            .collect();
        after.extend(new.cloned());
        let after = Tests {
            policies: &after,
            guard: self.guard.as_ref(),
        };
        (0..ROLES.len()).all(|role| self.same_for(role, after))
    }

    /// Whether everything means the same under these policies and this guard.
    pub(super) fn same_as(&self, policies: &[RowPolicy], guard: Option<&Guard>) -> bool {
        let after = Tests { policies, guard };
        (0..ROLES.len()).all(|role| self.same_for(role, after))
    }

    /// Whether only somebody sees any row of the table.
    pub(super) fn is_personal(&self) -> bool {
        let seen = combined(
            &self.objects.policies,
            "authenticated",
            "select",
            Side::Using,
        );
        let somebody = Formula::Test(SOMEBODY.to_owned());
        let both = Formula::All(vec![seen.clone(), somebody]);
        self.compare(&[(&seen, &both)], &Case::default())
    }

    /// Whether whoever has a rank in the row's tenant sees the row, whatever it is.
    pub(super) fn shows_all(&self, rank: usize) -> bool {
        let seen = combined(
            &self.objects.policies,
            "authenticated",
            "select",
            Side::Using,
        );
        let leads = |parent: &str, wanted: &str| {
            let wanted = Formula::read(wanted);
            let mut held = self.held.iter().filter(|held| held.filled);
            self.open.get(parent).is_some_and(|least| *least <= rank)
                && held.any(|held| held.column == self.tenant && self.within(&held.by_key, &wanted))
        };
        self.stored(&seen)
            .is_always(&|test| match self.helper(test) {
                Some((column, least)) => column == self.tenant && least <= rank,
                None => {
                    self.is_filled(test)
                        || lookup(test).is_some_and(|(parent, wanted)| leads(parent, wanted))
                }
            })
    }

    /// Whether updates mean the same with another guard, or without one.
    pub(super) fn same_guarded(&self, guard: Option<&Guard>) -> bool {
        let after = Tests {
            policies: &self.objects.policies,
            guard,
        };
        (0..ROLES.len()).all(|role| self.same_for(role, after))
    }

    fn same_for(&self, at: usize, after: Tests<'_>) -> bool {
        let Some(role) = ROLES.get(at) else {
            return true;
        };
        let before = Tests {
            policies: &self.objects.policies,
            guard: self.guard.as_ref(),
        };
        let holds = |column: &super::objects::Column, privilege: usize| {
            column.held.get(at).and_then(|held| held.get(privilege)) == Some(&true)
        };
        let columns = &self.objects.columns;
        let held = |privilege: usize| columns.iter().any(|column| holds(column, privilege));
        let deletes = self.objects.deletes.get(at) == Some(&true);
        let one = |command: &str, side| {
            let stored = command == "delete";
            let [before, after] =
                [before, after].map(|of| self.stored(&combined(of.policies, role, command, side)));
            // What nobody of the role may name has its default.
            let left_out = self.defaults.iter().filter(|(name, _)| {
                let named = |c: &super::objects::Column| c.name == *name && holds(c, 1);
                command == "insert" && !columns.iter().any(named)
            });
            let left_out: Vec<(&str, Default)> = left_out
                .map(|(name, default)| (name.as_str(), *default))
                .collect();
            let case = Case {
                defaults: left_out,
                stored,
                free: Vec::new(),
            };
            self.compare(&[(&before, &after)], &case)
        };
        let update = || {
            let fixed = |test: &str| {
                let mut free = columns.iter().filter(|column| holds(column, 2));
                !free.any(|column| mentions(test, &column.name))
                    && !self.touched.iter().any(|name| mentions(test, name))
            };
            let old = [before, after]
                .map(|of| self.stored(&combined(of.policies, role, "update", Side::Using)));
            let checks = [before, after]
                .map(|of| self.stored(&combined(of.policies, role, "update", Side::Check)));
            let mut known = Vec::new();
            for formula in old.iter().chain(&checks) {
                formula.tests(&mut known);
            }
            let new = [(before, &checks[0]), (after, &checks[1])].map(|(of, check)| {
                let guard = of.guard.map_or(Formula::Constant(true), |guard| {
                    guard.formula(role, &self.table, &known, &|test| {
                        if fixed(test) {
                            test.to_owned()
                        } else {
                            format!("{NEW}{test}")
                        }
                    })
                });
                let guard = Formula::Is(Box::new(guard), true, false);
                Formula::All(vec![guard, renamed(check, &fixed)])
            });
            let ([old_before, old_after], [new_before, new_after]) = (old, new);
            let pairs = [(&old_before, &old_after), (&new_before, &new_after)];
            let set = columns.iter().filter(|column| holds(column, 2));
            let set = set.map(|column| &column.name).chain(&self.touched);
            let case = Case {
                stored: true,
                free: set.map(String::as_str).collect(),
                ..std::default::Default::default()
            };
            self.compare(&pairs, &case)
        };
        (!held(0) || one("select", Side::Using))
            && (!held(1) || one("insert", Side::Check))
            && (!deletes || one("delete", Side::Using))
            && (!held(2) || update())
    }

    /// The formula on a row that is stored, or is to be: what a composite foreign key holds needs no
    /// test. A new row that breaks it fails either way.
    fn stored(&self, formula: &Formula) -> Formula {
        formula.with_tests(&|text| {
            let mut text = text.to_owned();
            if text.starts_with("EXISTS") {
                for Held { by_key, also, .. } in &self.held {
                    let bent = also.replacen(&format!("{} .", self.table), "parent .", 1);
                    for also in [also, &bent] {
                        let both = format!("( {by_key} AND {also} )");
                        text = text.replace(&both, &format!("( {by_key} )"));
                    }
                }
            }
            text
        })
    }

    /// Whether pairs of formulas agree wherever those before them were true.
    fn compare(&self, pairs: &[(&Formula, &Formula)], case: &Case<'_>) -> bool {
        let mut tests: Vec<&str> = Vec::new();
        for (before, after) in pairs {
            before.tests(&mut tests);
            after.tests(&mut tests);
        }
        let choices: Vec<&[Option<bool>]> = tests
            .iter()
            .map(|test| {
                if self.is_filled(plain(test)) {
                    [Some(true)].as_slice()
                } else if self.is_definite(plain(test)) {
                    [Some(false), Some(true)].as_slice()
                } else {
                    ANY_TRUTH
                }
            })
            .collect();
        let bounds = self.bounds(&tests, case);
        let mut truths = Truths::new(choices, &bounds);
        let positions: HashMap<&str, usize> = tests.iter().copied().zip(0..).collect();
        truths.all(&mut Vec::new(), &|values| {
            let truth = |test: &str| values.get(*positions.get(test)?).copied().flatten();
            for (before, after) in pairs {
                let (before, after) = (before.truth(&truth), after.truth(&truth));
                if (before == Some(true)) != (after == Some(true)) {
                    return false;
                }
                if before != Some(true) {
                    break;
                }
            }
            true
        })
    }

    /// Whether a test asks only that a column which is NOT NULL is not NULL.
    fn is_filled(&self, test: &str) -> bool {
        let column = test.strip_suffix(" IS NOT NULL");
        column.is_some_and(|column| {
            let mut filled = self.columns.iter().filter(|(_, not_null)| *not_null);
            filled.any(|(name, _)| crate::sql::name(name) == column)
        })
    }

    /// Whether a test is never unknown.
    fn is_definite(&self, test: &str) -> bool {
        if test.starts_with("EXISTS") || test.contains(" IS ") || changed(test).is_some() {
            return true;
        }
        let own = self.columns.iter().filter(|(name, _)| mentions(test, name));
        let mut own = own.peekable();
        // Of the caller's facts only that it is somebody's sign-in is never unknown.
        let caller = test.contains("caller_id")
            || test.contains("caller_email")
            || test.contains("caller_aal");
        !caller && own.peek().is_some() && own.all(|(_, not_null)| *not_null) || test == USER
    }
}

/// The formula with its tests made tests of the new row, but for what cannot change.
fn renamed(formula: &Formula, fixed: &dyn Fn(&str) -> bool) -> Formula {
    formula.with_tests(&|text| {
        if fixed(text) {
            text.to_owned()
        } else {
            format!("{NEW}{text}")
        }
    })
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
        // Without a condition for this side a policy neither lets in nor keeps out.
        let Some(formula) = text.map(|text| Formula::read(text)) else {
            continue;
        };
        if policy.permissive {
            any.push(formula);
        } else {
            all.push(formula);
        }
    }
    all.push(Formula::Any(any));
    Formula::All(all)
}
