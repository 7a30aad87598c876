//! What is known of tests on one row: which of their truths cannot be together.

use super::formula::Formula;
use super::guard::{changed, changes};
use super::printed::{
    CALLER, NEW, Pair, SOMEBODY, USER, literal, lookup, mentions, parent_of, plain,
};
use super::redundancy::{Case, Default, Facts, Held};
use super::truths::Bound;

impl Facts<'_> {
    /// Which truths of the tests cannot be together.
    pub(super) fn bounds(&self, tests: &[&str], case: &Case<'_>) -> Vec<Bound> {
        let mut bounds = self.implied(tests, case.stored);
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
                bounds.push(Bound::Apart([*one, old, new].map(|at| (at, true)).into()));
            }
            bounds.push(Bound::Alike(said, [old, new]));
        }
        // Nothing equals two literals, nor one that no row may have.
        for (one, test) in tests.iter().enumerate() {
            let Some((column, value)) = literal(test) else {
                continue;
            };
            let mut listed = self.listed.iter();
            if listed.any(|(of, all)| of == column && !all.iter().any(|one| one == value)) {
                bounds.push(Bound::Apart(vec![(one, true)]));
            }
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
                bounds.push(Bound::Apart(apart));
            }
        }
        bounds
    }

    /// What follows from the defaults of a new row.
    fn by_default(&self, tests: &[&str], defaults: &[(&str, Default)], bounds: &mut Vec<Bound>) {
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
                    bounds.extend(others.filter_map(|at| Some(Bound::Implied(at, author?))));
                }
                Default::Now => {
                    let stamp = find(&format!("{column} = now ( )"));
                    bounds.extend(stamp.map(|at| Bound::Apart(vec![(at, false)])));
                }
                // Nobody is a member of what is not there yet.
                Default::Random => {
                    let ranks = tests.iter().enumerate();
                    let ranks = ranks
                        .filter(|(_, test)| self.helper(test).is_some_and(|(of, _)| of == *column));
                    bounds.extend(ranks.map(|(at, _)| Bound::Apart(vec![(at, true)])));
                }
            }
        }
    }

    /// A member's own row is the one that makes them a member.
    fn own_row(&self, tests: &[&str], case: &Case<'_>, bounds: &mut Vec<Bound>) {
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
            bounds.extend(apart.map(Bound::Apart));
            if let Some(told) = told.as_ref().filter(|_| own.all && rank == 0) {
                let counts = told.iter().map(|at| (*at, true));
                let counts = counts.chain([(named, true), (member, false)]);
                bounds.push(Bound::Apart(counts.collect()));
            }
        }
    }

    /// Whoever has a rank, signed in, or is in a column is somebody, so that whether they are in
    /// another column, which is not NULL, is known.
    fn known(&self, tests: &[&str], bounds: &mut Vec<Bound>) {
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
                    bounds.push(Bound::Known(from, to));
                }
            }
        }
    }

    /// Which tests imply which, by their positions.
    fn implied(&self, tests: &[&str], stored: bool) -> Vec<Bound> {
        let mut all = Vec::new();
        let somebody = tests.iter().position(|test| *test == SOMEBODY);
        for (from, test) in tests.iter().enumerate() {
            let is_new = test.starts_with(NEW);
            let test = plain(test);
            let named = test.strip_suffix(&format!(" = {CALLER}"));
            let pair = Pair::read(test);
            let is_somebody = self.is_somebody(test);
            all.extend(
                somebody
                    .filter(|_| is_somebody)
                    .map(|to| Bound::Implied(from, to)),
            );
            for (to, other) in tests.iter().enumerate() {
                let other_new = other.starts_with(NEW);
                let other = plain(other);
                if pair.as_ref().is_some_and(|pair| pair.lists(other)) && is_new == other_new {
                    all.push(Bound::Implied(from, to));
                    // The list is enough where what it tells belongs to one tenant.
                    let told = |pair: &&Pair<'_>| {
                        pair.tenant == self.tenant && self.telling.iter().any(|of| of == pair.value)
                    };
                    let told = pair.as_ref().filter(told);
                    all.extend(told.map(|_| Bound::Implied(to, from)));
                }
                let lower = pair.as_ref().zip(Pair::read(other));
                let lower = lower.is_some_and(|(pair, other)| self.entails(pair, &other));
                if from != to && is_new == other_new && lower {
                    all.push(Bound::Implied(from, to));
                }
                if from != to && is_new == other_new && self.finds(test, other) {
                    all.push(Bound::Implied(from, to));
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
                    all.push(Bound::Implied(from, to));
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
    pub(super) fn within(&self, found: &str, wanted: &Formula) -> bool {
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
    pub(super) fn helper(&self, test: &str) -> Option<(String, usize)> {
        let (column, rest) = test.split_once(" = ANY ( ARRAY ( SELECT countersign . ")?;
        let name = rest.split(' ').next()?;
        let rank = self.helpers.iter().position(|helper| helper == name)?;
        Some((column.to_owned(), rank))
    }

    /// The rank that somebody in a pair has at least, by its position.
    fn rank_of(&self, pair: &Pair<'_>) -> Option<usize> {
        let (helper, _) = pair.parts()?;
        self.helpers.iter().position(|known| known == helper)
    }

    /// Whether whoever is in one pair is in another, which asks for the same or a lower rank.
    fn entails(&self, pair: &Pair<'_>, other: &Pair<'_>) -> bool {
        let [said, wanted] = [pair, other].map(|pair| Some(pair.parts()?.1));
        (pair.tenant, pair.value) == (other.tenant, other.value)
            && said == wanted
            && self.rank_of(other).is_some()
            && self.rank_of(pair) >= self.rank_of(other)
    }

    /// The rank that a visible parent shows the caller to have in its tenant.
    fn fence_of(&self, test: &str) -> Option<usize> {
        let helper = self.fences.get(parent_of(test)?)?;
        self.helpers.iter().position(|known| known == helper)
    }
}
