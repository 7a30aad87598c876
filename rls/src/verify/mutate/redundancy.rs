//! Whether a table's policies say the same after a change, for every truth of their tests.
//!
//! The generated policies repeat themselves on purpose: the tenant fence stands beside conditions
//! that imply it. A change to one of two is caught only if the other does not make up for it. So
//! both sets of policies are read as formulas and compared for every truth the tests can have:
//! a test over NOT NULL columns is never unknown, a higher role's helper implies a lower one's, a
//! parent that is visible lies inside the parent's own fence, and what neither an update nor a
//! trigger can set is the same before and after. An update also has to pass the guard, a trigger that asks for one rule
//! which allows everything together; either may make up for what the other lacks.

use std::collections::{BTreeMap, HashMap};

use super::formula::Formula;
use super::guard::{Guard, changed, changes};
use super::objects::{Objects, RowPolicy};
use super::truths::{Bounds, Truths};
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
struct Case<'c> {
    /// What a new row has where nobody of the role may name anything.
    defaults: Vec<(&'c str, Default)>,
    /// Whether an earlier statement stored it; otherwise it may be any.
    stored: bool,
    /// What an update can set.
    free: Vec<&'c str>,
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
                None => lookup(test).is_some_and(|(parent, wanted)| leads(parent, wanted)),
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
                    guard.formula(&self.table, &known, &|test| {
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
                if self.is_definite(plain(test)) {
                    [Some(false), Some(true)].as_slice()
                } else {
                    [Some(false), Some(true), None].as_slice()
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

    /// Which truths of the tests cannot be together.
    fn bounds(&self, tests: &[&str], case: &Case<'_>) -> Bounds {
        let mut bounds = Bounds {
            implied: self.implied(tests, case.stored),
            ..std::default::Default::default()
        };
        self.by_default(tests, &case.defaults, &mut bounds);
        self.known(tests, &mut bounds);
        self.own_row(tests, case, &mut bounds);
        let find = |wanted: &str| tests.iter().position(|test| *test == wanted);
        for (old, test) in tests.iter().enumerate() {
            let Some(new) = find(&format!("{NEW}{test}")) else {
                continue;
            };
            let columns = self.columns.iter().map(|(name, _)| name.as_str());
            let free = columns.filter(|name| mentions(test, name) && case.free.contains(name));
            // Which tests say of each of its columns whether it changes.
            let said = free.map(|name| {
                let says = |test: &str| changed(test).is_some_and(|of| of.contains(&name));
                tests.iter().position(|test| says(test))
            });
            let Some(said) = said.collect::<Option<Vec<usize>>>() else {
                continue;
            };
            // What equals the same thing before and after is the same.
            if let [one] = said.as_slice()
                && let Some([column]) = tests.get(*one).and_then(|test| changed(test)).as_deref()
                && let Some(to) = test.strip_prefix(&format!("{column} = "))
                && !mentions(to, column)
                && !to.starts_with("ANY ")
            {
                bounds
                    .apart
                    .push([*one, old, new].map(|at| (at, true)).into());
            }
            bounds.alike.push((said, [old, new]));
        }
        // Nothing equals two literals.
        for (one, test) in tests.iter().enumerate() {
            let Some((column, value)) = literal(test) else {
                continue;
            };
            for (two, other) in tests.iter().enumerate().skip(one + 1) {
                if literal(other).is_none_or(|(of, same)| of != column || same == value) {
                    continue;
                }
                let mut apart = vec![(one, true), (two, true)];
                if test.starts_with(NEW) != other.starts_with(NEW) {
                    let Some(changed) = find(&changes(column)) else {
                        continue;
                    };
                    apart.push((changed, false));
                }
                bounds.apart.push(apart);
            }
        }
        bounds
    }

    /// What follows from the defaults of a new row.
    fn by_default(&self, tests: &[&str], defaults: &[(&str, Default)], bounds: &mut Bounds) {
        let find = |wanted: &str| tests.iter().position(|test| *test == wanted);
        for (column, default) in defaults {
            match default {
                // Whoever is somebody is the author then.
                Default::Caller => {
                    let author = find(&format!("{column} = {CALLER}"));
                    let somebody = |test: &&str| self.is_somebody(test) || *test == SOMEBODY;
                    let by = tests.iter().enumerate();
                    let by = by.filter(|(_, test)| somebody(test)).map(|(at, _)| at);
                    let others = by.filter(|at| Some(*at) != author);
                    bounds
                        .implied
                        .extend(others.filter_map(|at| Some((at, author?))));
                }
                Default::Now => {
                    let stamp = find(&format!("{column} = now ( )"));
                    bounds.apart.extend(stamp.map(|at| vec![(at, false)]));
                }
                // Nobody is a member of what is not there yet.
                Default::Random => {
                    let ranks = tests.iter().enumerate();
                    let ranks = ranks
                        .filter(|(_, test)| self.helper(test).is_some_and(|(of, _)| of == *column));
                    bounds.apart.extend(ranks.map(|(at, _)| vec![(at, true)]));
                }
            }
        }
    }

    /// A member's own row is the one that makes them a member.
    fn own_row(&self, tests: &[&str], case: &Case<'_>, bounds: &mut Bounds) {
        let Some(own) = self.own.as_ref().filter(|_| case.stored) else {
            return;
        };
        let find = |wanted: &str| tests.iter().position(|test| *test == wanted);
        let Some(named) = find(&format!("{} = {CALLER}", own.column)) else {
            return;
        };
        let told: Option<Vec<usize>> = own.tests.iter().map(|test| find(test)).collect();
        for (member, test) in tests.iter().enumerate() {
            let Some((_, rank)) = self.helper(test).filter(|(of, _)| *of == self.tenant) else {
                continue;
            };
            let found = own.tests.iter().filter_map(|test| find(test));
            let apart = found.map(|at| vec![(member, true), (named, true), (at, false)]);
            bounds.apart.extend(apart);
            if let Some(told) = told.as_ref().filter(|_| own.all && rank == 0) {
                let counts = told.iter().map(|at| (*at, true));
                let counts = counts.chain([(named, true), (member, false)]);
                bounds.apart.push(counts.collect());
            }
        }
    }

    /// Whoever has a rank, signed in, or is in a column is somebody, so that whether they are in
    /// another column, which is not NULL, is known.
    fn known(&self, tests: &[&str], bounds: &mut Bounds) {
        let own = |test: &str| {
            let column = test.strip_suffix(CALLER)?.strip_suffix(" = ")?;
            let mut columns = self.columns.iter();
            columns
                .any(|(name, not_null)| name == column && *not_null)
                .then_some(())
        };
        for (to, test) in tests
            .iter()
            .enumerate()
            .filter(|(_, test)| own(plain(test)).is_some())
        {
            for (from, by) in tests.iter().enumerate() {
                let by_text = plain(by);
                let somebody = self.helper(by_text).is_some()
                    || by_text == USER
                    || by_text.ends_with(&format!(" = {CALLER}"));
                if somebody && by != test {
                    bounds.known.push((from, to));
                }
            }
        }
    }

    /// Which tests imply which, by their positions.
    fn implied(&self, tests: &[&str], stored: bool) -> Vec<(usize, usize)> {
        let mut all = Vec::new();
        let somebody = tests.iter().position(|test| *test == SOMEBODY);
        for (from, test) in tests.iter().enumerate() {
            let is_new = test.starts_with(NEW);
            let test = plain(test);
            let named = test.strip_suffix(&format!(" = {CALLER}"));
            let pair = Pair::read(test);
            let is_somebody = self.is_somebody(test);
            all.extend(somebody.filter(|_| is_somebody).map(|to| (from, to)));
            for (to, other) in tests.iter().enumerate() {
                let other_new = other.starts_with(NEW);
                let other = plain(other);
                if pair.as_ref().is_some_and(|pair| pair.lists(other)) && is_new == other_new {
                    all.push((from, to));
                    // The list is enough where what it tells belongs to one tenant.
                    let told = |pair: &&Pair<'_>| {
                        pair.tenant == self.tenant && self.telling.iter().any(|of| of == pair.value)
                    };
                    all.extend(pair.as_ref().filter(told).map(|_| (to, from)));
                }
                let lower = pair.as_ref().zip(Pair::read(other));
                let lower = lower.is_some_and(|(pair, other)| self.entails(pair, &other));
                if from != to && is_new == other_new && lower {
                    all.push((from, to));
                }
                if from != to && is_new == other_new && self.finds(test, other) {
                    all.push((from, to));
                }
                let Some((column, lower)) = self.helper(other) else {
                    continue;
                };
                let higher = self
                    .helper(test)
                    .is_some_and(|(own, rank)| own == column && rank > lower);
                let inside = test.starts_with("EXISTS")
                    && self.is_in_tenant(test, &column)
                    && self.fence_of(test).is_some_and(|rank| rank >= lower);
                // The tenant never changes, so its tests are the same before and after.
                let same_row = is_new == other_new || !other_new;
                let member = lower == 0
                    && column == self.tenant
                    && named.is_some_and(|column| self.authors.iter().any(|of| of == column));
                // A row that the statement itself adds makes nobody a member before it is over.
                let seated = column == self.tenant
                    && named.is_some_and(|column| {
                        let mut seats = self.seats.iter().filter(|seat| seat.column == column);
                        seats.any(|seat| seat.rank >= lower && (stored || seat.of_others))
                    });
                let paired = pair
                    .as_ref()
                    .is_some_and(|pair| pair.tenant == column && self.rank_of(pair) >= Some(lower));
                if from != to && same_row && (higher || inside || member || seated || paired) {
                    all.push((from, to));
                }
            }
        }
        all
    }

    /// Whether a test shows that the caller is somebody: whom a row names, and whoever is a member of
    /// something.
    fn is_somebody(&self, test: &str) -> bool {
        test.ends_with(&format!(" = {CALLER}"))
            || test == USER
            || self.helper(test).is_some()
            || Pair::read(test).is_some()
            || parent_of(test).is_some_and(|of| self.personal.iter().any(|p| p == of))
    }

    /// Whether a subquery on a parent finds it in the tenant that the column names: it says so, or the
    /// foreign key does.
    fn is_in_tenant(&self, test: &str, column: &str) -> bool {
        let says = |column: &str| test.contains(&format!(" = {column} "));
        let holds = |held: &Held| held.column == column && test.contains(&held.by_key);
        says(column) || says(&format!("{} . {column}", self.table)) || self.held.iter().any(holds)
    }

    /// Whether the parent that another test looks for is found where this one is true: it finds the
    /// same, or the caller's rank shows them every parent of the tenant, and a foreign key leads to
    /// one.
    fn finds(&self, test: &str, other: &str) -> bool {
        let Some((parent, wanted)) = lookup(other) else {
            return false;
        };
        let wanted = Formula::read(wanted);
        if let Some((column, rank)) = self.helper(test) {
            let opens = self.open.get(parent).is_some_and(|least| rank >= *least);
            return opens
                && column == self.tenant
                && self.held.iter().any(|held| {
                    held.filled && held.column == column && self.within(&held.by_key, &wanted)
                });
        }
        lookup(test).is_some_and(|(of, where_)| of == parent && self.within(where_, &wanted))
    }

    /// Whether a parent for which the one condition holds also meets the other.
    fn within(&self, found: &str, wanted: &Formula) -> bool {
        let found = Formula::read(found);
        let both: Vec<Formula> = self
            .held
            .iter()
            .map(|held| {
                let [key, also] = [&held.by_key, &held.also].map(|test| Formula::read(test));
                Formula::Any(vec![Formula::Not(Box::new(key)), also])
            })
            .chain([found])
            .collect();
        let found = Formula::All(both);
        let with = Formula::All(vec![found.clone(), wanted.clone()]);
        found.same_truths(&with)
    }

    /// Of a test whether the caller has a rank: the column and the rank's position.
    fn helper(&self, test: &str) -> Option<(String, usize)> {
        let (column, rest) = test.split_once(" = ANY ( ARRAY ( SELECT countersign . ")?;
        let name = rest.split(' ').next()?;
        let rank = self.helpers.iter().position(|helper| helper == name)?;
        Some((column.to_owned(), rank))
    }

    /// The rank that somebody in a pair has at least, by its position.
    fn rank_of(&self, pair: &Pair<'_>) -> Option<usize> {
        let (helper, _) = pair.function.split_once("_by_")?;
        self.helpers.iter().position(|known| known == helper)
    }

    /// Whether whoever is in one pair is in another, which asks for the same or a lower rank.
    fn entails(&self, pair: &Pair<'_>, other: &Pair<'_>) -> bool {
        let said = |pair: &Pair<'_>| {
            pair.function
                .split_once("_by_")
                .map(|(_, of)| of.to_owned())
        };
        (pair.tenant, pair.value) == (other.tenant, other.value)
            && said(pair) == said(other)
            && self.rank_of(other).is_some()
            && self.rank_of(pair) >= self.rank_of(other)
    }

    /// The rank that a visible parent shows the caller to have in its tenant.
    fn fence_of(&self, test: &str) -> Option<usize> {
        let helper = self.fences.get(parent_of(test)?)?;
        self.helpers.iter().position(|known| known == helper)
    }
}

/// A test whether tenant and team, or whatever else a membership says, are those of a membership.
struct Pair<'t> {
    tenant: &'t str,
    value: &'t str,
    function: &'t str,
}

impl<'t> Pair<'t> {
    fn read(test: &'t str) -> Option<Self> {
        let (columns, rest) = test
            .strip_prefix("( ")?
            .split_once(" ) IN ( SELECT h . tenant , h . value FROM countersign . ")?;
        let (tenant, value) = columns.split_once(" , ")?;
        let function = rest.split(' ').next()?;
        Some(Self {
            tenant,
            value,
            function,
        })
    }

    /// Whether a test asks for the second column alone, in the list of the same memberships.
    fn lists(&self, test: &str) -> bool {
        let Self {
            value, function, ..
        } = self;
        let list = "= ANY ( ARRAY ( SELECT h . value FROM countersign .";
        test.starts_with(&format!("{value} {list} {function} "))
    }
}

/// The table of which a test asks whether the parent is visible, as PostgreSQL prints it.
fn parent_of(test: &str) -> Option<&str> {
    let (_, from) = test
        .strip_prefix("EXISTS")
        .unwrap_or(test)
        .split_once(" FROM ")?;
    let (parent, rest) = from.split_once(" parent ")?;
    rest.contains("parent . ").then_some(parent)
}

/// The table in which a test looks for a parent, and what it looks for.
fn lookup(test: &str) -> Option<(&str, &str)> {
    let rest = test.strip_prefix("EXISTS ( SELECT 1 FROM ")?;
    let (parent, rest) = rest.split_once(" parent WHERE ")?;
    Some((parent, rest.strip_suffix(" )")?))
}

/// What stands before a test of the new row.
const NEW: &str = "new: ";
/// That the caller signed in with an identity.
const USER: &str = "( SELECT countersign . caller_is_user ( ) AS caller_is_user )";
/// That the caller is somebody.
const SOMEBODY: &str = "( SELECT countersign . caller_id ( ) AS caller_id ) IS NOT NULL";
/// The caller's id.
const CALLER: &str = "( SELECT countersign . caller_id ( ) AS caller_id )";

/// Of a test whether a column equals a text: the column and the text.
fn literal(test: &str) -> Option<(&str, &str)> {
    let (column, value) = plain(test).split_once(" = ")?;
    let value = value.strip_suffix(" :: text").unwrap_or(value);
    let quoted = value.len() > 1 && value.starts_with('\'') && value.ends_with('\'');
    (quoted && !column.contains(' ')).then_some((column, value))
}

/// A test, of whichever row.
fn plain(test: &str) -> &str {
    test.strip_prefix(NEW).unwrap_or(test)
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
