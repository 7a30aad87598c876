//! Which rows of a table of memberships a lookup counts.

use std::collections::{BTreeMap, BTreeSet};

use policy_core::catalogue::Catalogue;

use crate::adopt::alternative::{Membership, Source};

/// The memberships of one source that pass some tests.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rows {
    /// Where they are.
    pub source: Source,
    /// What is asked of them besides the role.
    pub base: Base,
    /// The roles they may have; nothing if any row counts, with a role or without.
    pub labels: Option<BTreeSet<String>>,
}

/// What is asked of a membership besides its role.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Base {
    /// Columns that must have one of these values.
    pub tests: BTreeMap<String, BTreeSet<String>>,
    /// Conditions of the language.
    pub conditions: BTreeSet<String>,
}

impl Base {
    fn implies(&self, other: &Self) -> bool {
        self.conditions.is_superset(&other.conditions)
            && other.tests.iter().all(|(column, labels)| {
                let own = self.tests.get(column);
                own.is_some_and(|own| own.is_subset(labels))
            })
    }
}

impl Rows {
    /// Whether each of them is one of those.
    #[must_use]
    pub fn within(&self, other: &Self) -> bool {
        self.source == other.source
            && self.base.implies(&other.base)
            && match (&self.labels, &other.labels) {
                (_, None) => true,
                (None, Some(_)) => false,
                (Some(own), Some(others)) => own.is_subset(others),
            }
    }

    /// The lookups that together count these rows, one a role.
    #[must_use]
    pub fn lookups(&self, column: &str, roles: &Columns) -> Vec<Membership> {
        let plain = Membership {
            column: column.to_owned(),
            source: self.source.clone(),
            tests: self.base.tests.clone(),
            conditions: self.base.conditions.clone(),
            same: None,
        };
        match (&self.labels, roles.role(&self.source)) {
            (Some(labels), Some(role)) => {
                let each = labels.iter().map(|label| {
                    let mut one = plain.clone();
                    one.tests
                        .insert(role.to_owned(), BTreeSet::from([label.clone()]));
                    one
                });
                each.collect()
            }
            _ => vec![plain],
        }
    }
}

/// Several rows as one set, without what another part of it has.
#[must_use]
pub fn set(all: impl IntoIterator<Item = Rows>) -> BTreeSet<Rows> {
    let mut merged: BTreeMap<(Source, Base), Option<BTreeSet<String>>> = BTreeMap::new();
    for Rows {
        source,
        base,
        labels,
    } in all
    {
        let known = merged
            .entry((source, base))
            .or_insert_with(|| Some(BTreeSet::new()));
        match (known.as_mut(), labels) {
            (Some(known), Some(labels)) => known.extend(labels),
            (_, None) => *known = None,
            (None, Some(_)) => {}
        }
    }
    let all: BTreeSet<Rows> = merged
        .into_iter()
        .map(|((source, base), labels)| Rows {
            source,
            base,
            labels,
        })
        .collect();
    let counted = |of: &Rows| all.iter().any(|other| other != of && of.within(other));
    all.iter().filter(|of| !counted(of)).cloned().collect()
}

/// Whether each row of one set is in the other.
#[must_use]
pub fn is_within(one: &BTreeSet<Rows>, other: &BTreeSet<Rows>) -> bool {
    one.iter()
        .all(|rows| other.iter().any(|wider| rows.within(wider)))
}

/// Which column of each source holds the role.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Columns {
    of: BTreeMap<Source, Column>,
}

/// A source's column with the role.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Column {
    name: String,
    /// The roles that the database or a policy names, in the database's order.
    known: Vec<String>,
    /// Whether every row has one of those.
    closed: bool,
}

impl Columns {
    /// Finds them in what is asked of each source.
    #[must_use]
    pub fn of(all: &[Membership], catalogue: &Catalogue) -> Self {
        let mut by_source: BTreeMap<&Source, Vec<&Membership>> = BTreeMap::new();
        for one in all {
            by_source.entry(&one.source).or_default().push(one);
        }
        let of = by_source.into_iter().filter_map(|(source, ours)| {
            let name = role_column(&ours)?;
            let column = catalogue.relation(&source.table)?.column(&name)?;
            let mut known = if column.labels.is_empty() {
                column.one_of.clone()
            } else {
                column.labels.clone()
            };
            let closed = !known.is_empty() && !column.nullable;
            let asked: BTreeSet<&String> = ours
                .iter()
                .filter_map(|one| one.tests.get(&name))
                .flatten()
                .collect();
            let more = asked.into_iter().filter(|label| !known.contains(label));
            let more: Vec<String> = more.cloned().collect();
            known.extend(more);
            let column = Column {
                name,
                known,
                closed,
            };
            Some((source.clone(), column))
        });
        Self { of: of.collect() }
    }

    /// The column with the role, if the source has one.
    #[must_use]
    pub fn role(&self, source: &Source) -> Option<&str> {
        self.of.get(source).map(|column| column.name.as_str())
    }

    /// The roles that are known of a source.
    #[must_use]
    pub fn known(&self, source: &Source) -> &[String] {
        self.of
            .get(source)
            .map_or(&[], |column| column.known.as_slice())
    }

    /// Whether a row of a source could have this role.
    #[must_use]
    pub fn may_say(&self, source: &Source, label: &String) -> bool {
        self.of
            .get(source)
            .is_some_and(|column| !column.closed || column.known.contains(label))
    }

    /// What a lookup counts.
    #[must_use]
    pub fn rows(&self, of: &Membership) -> Rows {
        let column = self.of.get(&of.source);
        let tests = of.tests.iter().filter(|(name, _)| {
            let role = column.map(|column| &column.name);
            Some(*name) != role
        });
        let labels = column.and_then(|column| match of.tests.get(&column.name) {
            Some(labels) => Some(labels.clone()),
            None if column.closed => Some(column.known.iter().cloned().collect()),
            None => None,
        });
        Rows {
            source: of.source.clone(),
            base: Base {
                tests: tests
                    .map(|(column, labels)| (column.clone(), labels.clone()))
                    .collect(),
                conditions: of.conditions.clone(),
            },
            labels,
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(table: &str, active: bool, labels: Option<&[&str]>) -> Rows {
        let active = active.then(|| ("status".to_owned(), BTreeSet::from(["active".to_owned()])));
        Rows {
            source: Source {
                table: table.to_owned(),
                tenant: "org_id".to_owned(),
                caller: "user_id".to_owned(),
            },
            base: Base {
                tests: active.into_iter().collect(),
                conditions: BTreeSet::new(),
            },
            labels: labels.map(|all| all.iter().map(|&label| label.to_owned()).collect()),
        }
    }

    #[test]
    fn a_set_says_each_row_once() {
        let all = [
            rows("staff", true, Some(&["owner"])),
            rows("staff", true, Some(&["admin"])),
            rows("staff", true, Some(&["owner", "admin"])),
            rows("partners", true, None),
            rows("partners", true, Some(&["owner"])),
            rows("guests", true, Some(&["owner"])),
            rows("guests", false, None),
        ];
        let expected = BTreeSet::from([
            rows("staff", true, Some(&["admin", "owner"])),
            rows("partners", true, None),
            rows("guests", false, None),
        ]);
        assert_eq!(set(all), expected);
    }

    #[test]
    fn one_table_is_never_within_another() {
        let (staff, both) = (
            set([rows("staff", true, None)]),
            set([rows("staff", true, None), rows("partners", true, None)]),
        );
        assert!(is_within(&staff, &both));
        assert!(!is_within(&both, &staff));
        assert!(!rows("staff", false, Some(&["owner"])).within(&rows("staff", true, None)));
        assert!(!rows("staff", true, None).within(&rows("staff", true, Some(&["owner"]))));
    }
}
