//! Tenants, their members and roles, as far as the policies' lookups agree on them.

use std::collections::{BTreeMap, BTreeSet};

use policy_core::catalogue::{Catalogue, Relation};
use policy_core::syntax::KEYWORDS;

use super::alternative::{Membership, Source};
use super::words;

/// The role of people whose memberships say nothing about a role.
const ONLY: &str = "member";

/// Who belongs to whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tenancy {
    /// The tenants' own table.
    pub root: String,
    /// Its key.
    pub key: String,
    /// Where memberships are.
    pub source: Source,
    /// The memberships' column with the role.
    pub role: Option<String>,
    /// What every lookup asks of a membership besides.
    base: Base,
    /// The roles, highest first.
    pub roles: Vec<String>,
    /// The labels that each declared role stands for, highest first.
    sets: Vec<BTreeSet<String>>,
}

/// What is asked of a membership besides its role.
type Base = (BTreeMap<String, BTreeSet<String>>, BTreeSet<String>);

/// Why there is no tenancy, and what to do.
pub type NoTenancy = (String, String);

/// What of a membership is no role.
fn base(of: &Membership, role: Option<&str>) -> Base {
    let tests = of
        .tests
        .iter()
        .filter(|(column, _)| Some(column.as_str()) != role);
    (
        tests
            .map(|(column, labels)| (column.clone(), labels.clone()))
            .collect(),
        of.conditions.clone(),
    )
}

/// The value that occurs most often, the first of several.
fn commonest<T: Ord + Clone>(all: impl Iterator<Item = T>) -> Option<T> {
    let mut counts: BTreeMap<T, usize> = BTreeMap::new();
    for one in all {
        *counts.entry(one).or_default() += 1;
    }
    let most = counts.values().copied().max()?;
    counts
        .into_iter()
        .find(|(_, count)| *count == most)
        .map(|(one, _)| one)
}

impl Tenancy {
    /// What these lookups have in common; nothing if there are none.
    ///
    /// # Errors
    /// If the language cannot say it.
    pub fn of(all: &[Membership], catalogue: &Catalogue) -> Result<Option<Self>, NoTenancy> {
        let Some(source) = commonest(all.iter().map(|one| one.source.clone())) else {
            return Ok(None);
        };
        let ours: Vec<&Membership> = all.iter().filter(|one| one.source == source).collect();
        let Some(table) = catalogue.relation(&source.table) else {
            return Ok(None);
        };
        let keys = table.foreign_keys.iter().filter(|key| {
            key.columns == [source.tenant.clone()] && catalogue.relation(&key.table).is_some()
        });
        let Some(to) = keys.clone().next() else {
            return Err((
                format!(
                    "no foreign key says which table's rows `{}.{}` names, so there is no tenant to declare",
                    source.table, source.tenant
                ),
                "add a foreign key to the tenants' table, and run this again".to_owned(),
            ));
        };
        let role = role_column(&ours);
        let base = commonest(ours.iter().map(|one| base(one, role.as_deref()))).unwrap_or_default();
        let ours = ours
            .iter()
            .filter(|one| self::base(one, role.as_deref()) == base);
        let (roles, sets) = match &role {
            None => (vec![ONLY.to_owned()], Vec::new()),
            Some(role) => ranks(
                ours.map(|one| one.tests.get(role).cloned()).collect(),
                &known_labels(table, role),
            ),
        };
        if let Some(reserved) = roles.iter().find(|role| KEYWORDS.contains(&role.as_str())) {
            return Err((
                format!("`{reserved}` is a word of the language, and no role can be named so"),
                "rename the role in the memberships' table".to_owned(),
            ));
        }
        Ok(Some(Self {
            root: to.table.clone(),
            key: to.references.first().cloned().unwrap_or_default(),
            source,
            role,
            base,
            roles,
            sets,
        }))
    }

    /// The role that a lookup asks for: that one, or one above.
    ///
    /// # Errors
    /// If no declared role means it.
    pub fn rank(&self, of: &Membership) -> Result<&str, String> {
        if of.source != self.source {
            return Err(format!(
                "`{}` is another table of memberships than `{}`",
                of.source.table, self.source.table
            ));
        }
        if base(of, self.role.as_deref()) != self.base {
            return Err(format!(
                "it asks something else of a row of `{}` than other policies do",
                self.source.table
            ));
        }
        let lowest = self.roles.last().map_or("", String::as_str);
        let Some(role) = &self.role else {
            return Ok(lowest);
        };
        let Some(labels) = of.tests.get(role) else {
            return Ok(lowest);
        };
        if !self.sets.contains(labels) {
            return Err(format!(
                "the roles {} are not the highest ones of an order in which the other policies' roles stand too",
                labels
                    .iter()
                    .map(|label| format!("`{label}`"))
                    .collect::<Vec<_>>()
                    .join(", ")
            ));
        }
        let last = self.roles.iter().rev().find(|role| labels.contains(*role));
        Ok(last.map_or(lowest, String::as_str))
    }

    /// Whether a role is the lowest one.
    #[must_use]
    pub fn is_lowest(&self, role: &str) -> bool {
        self.roles.last().is_some_and(|lowest| lowest == role)
    }

    /// The higher of two roles.
    #[must_use]
    pub fn higher<'a>(&self, one: &'a str, other: &'a str) -> &'a str {
        let place = |of: &str| self.roles.iter().position(|role| role == of);
        if place(one) <= place(other) {
            one
        } else {
            other
        }
    }

    /// The statement.
    #[must_use]
    pub fn text(&self) -> String {
        let Source {
            table,
            tenant,
            caller,
        } = &self.source;
        let mut columns = vec![tenant.as_str(), caller.as_str()];
        columns.extend(self.role.as_deref());
        let mut text = format!(
            "tenant {} ({})\n members {} ({})",
            words::name(&self.root),
            words::name(&self.key),
            words::name(table),
            words::names(columns)
        );
        if self.role.is_none() {
            text.push_str(" as ");
            text.push_str(&words::name(ONLY));
        }
        let (tests, conditions) = &self.base;
        let tests = tests.iter().map(|(column, labels)| {
            let labels: Vec<String> = labels
                .iter()
                .map(|label| format!("'{}'", label.replace('\'', "''")))
                .collect();
            match labels.as_slice() {
                [one] => format!("{} = {one}", words::name(column)),
                many => format!("{} in ({})", words::name(column), many.join(", ")),
            }
        });
        let all: Vec<String> = tests.chain(conditions.iter().cloned()).collect();
        if !all.is_empty() {
            text.push_str(" where ");
            text.push_str(&all.join(" and "));
        }
        let roles: Vec<String> = self.roles.iter().map(|role| words::name(role)).collect();
        text.push_str("\n roles ");
        text.push_str(&roles.join(" > "));
        text.push_str(";\n");
        text
    }

    /// Roles that memberships may have and no declared role stands for, where every membership counts.
    #[must_use]
    pub fn is_open(&self, catalogue: &Catalogue, all: &[Membership]) -> bool {
        let Some(role) = &self.role else {
            return false;
        };
        let table = catalogue.relation(&self.source.table);
        let closed = table.is_some_and(|table| !known_labels(table, role).is_empty());
        !closed
            && all
                .iter()
                .any(|one| one.source == self.source && !one.tests.contains_key(role))
    }
}

/// The column by which lookups differ most; one that never differs is a condition, unless it is
/// named as a role.
fn role_column(ours: &[&Membership]) -> Option<String> {
    let columns: BTreeSet<&String> = ours.iter().flat_map(|one| one.tests.keys()).collect();
    let candidates = columns.into_iter().filter_map(|column| {
        let values: BTreeSet<_> = ours.iter().map(|one| one.tests.get(column)).collect();
        let named = ["role", "rank", "level"]
            .iter()
            .any(|word| column.contains(word));
        (values.len() > 1 || named).then_some((named, values.len(), column))
    });
    candidates.max().map(|(_, _, column)| column.clone())
}

fn known_labels(table: &Relation, column: &str) -> Vec<String> {
    match table.column(column) {
        Some(column) if !column.labels.is_empty() => column.labels.clone(),
        Some(column) => column.one_of.clone(),
        None => Vec::new(),
    }
}

/// Roles in an order in which each set is the roles from the top down to one of them.
fn ranks(
    asked: Vec<Option<BTreeSet<String>>>,
    known: &[String],
) -> (Vec<String>, Vec<BTreeSet<String>>) {
    let all: BTreeSet<String> = known
        .iter()
        .cloned()
        .chain(asked.iter().flatten().flatten().cloned())
        .collect();
    let open = asked.iter().any(Option::is_none);
    let mut counts: BTreeMap<BTreeSet<String>, usize> = BTreeMap::new();
    for labels in asked.into_iter().flatten() {
        *counts.entry(labels).or_default() += 1;
    }
    // What most policies ask for is said first; a set that crosses it cannot be.
    let mut by_use: Vec<(usize, BTreeSet<String>)> = counts
        .into_iter()
        .map(|(labels, count)| (count, labels))
        .collect();
    by_use.sort_by(|one, other| other.0.cmp(&one.0).then_with(|| one.1.cmp(&other.1)));
    let mut chain: Vec<BTreeSet<String>> = Vec::new();
    for (_, labels) in by_use {
        if chain
            .iter()
            .all(|one| one.is_subset(&labels) || labels.is_subset(one))
        {
            chain.push(labels);
        }
    }
    if open {
        chain.push(all);
    }
    chain.sort_by_key(BTreeSet::len);
    chain.dedup();
    // Within a step the order changes no decision; people expect these.
    let place = |label: &String| {
        let usual = [
            "owner", "admin", "manager", "editor", "member", "viewer", "guest",
        ];
        (
            usual
                .iter()
                .position(|usual| usual == label)
                .unwrap_or(usual.len()),
            known.iter().position(|known| known == label),
            label.clone(),
        )
    };
    let mut roles: Vec<String> = Vec::new();
    for set in &chain {
        let mut step: Vec<String> = set
            .iter()
            .filter(|label| !roles.contains(label))
            .cloned()
            .collect();
        step.sort_by_key(place);
        roles.extend(step);
    }
    (roles, chain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(labels: &[&str]) -> BTreeSet<String> {
        labels.iter().map(|&label| label.to_owned()).collect()
    }

    #[test]
    fn roles_stand_in_the_order_of_inclusion() {
        let known: Vec<String> = ["viewer", "owner", "admin"].map(str::to_owned).to_vec();
        let asked = vec![Some(set(&["admin", "owner"])), Some(set(&["owner"])), None];
        let (roles, sets) = ranks(asked, &known);
        assert_eq!(roles, ["owner", "admin", "viewer"]);
        assert_eq!(sets.len(), 3);
    }

    #[test]
    fn sets_that_cross_are_left_out() {
        let asked = vec![
            Some(set(&["owner", "billing"])),
            Some(set(&["owner", "editor"])),
            Some(set(&["owner", "editor"])),
        ];
        let (roles, sets) = ranks(asked, &[]);
        assert_eq!(roles, ["owner", "editor"]);
        assert_eq!(sets, [set(&["owner", "editor"])]);
    }
}
