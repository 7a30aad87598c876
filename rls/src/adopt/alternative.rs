//! One way for a row to pass, and how such ways add up.

use std::collections::{BTreeMap, BTreeSet};

/// Who asks, as far as no row matters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Who {
    /// Everybody whom the database role stands for.
    #[default]
    Any,
    /// Whoever has an id.
    Known,
    /// Whoever signed in with an identity.
    User,
}

/// Where memberships are kept.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Source {
    /// The table.
    pub table: String,
    /// Its column with the tenant.
    pub tenant: String,
    /// Its column with the caller's id.
    pub caller: String,
}

/// That the caller has a membership in the row's tenant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Membership {
    /// The row's column with the tenant.
    pub column: String,
    /// Where it is looked up.
    pub source: Source,
    /// Columns of the membership that must have one of these values.
    pub tests: BTreeMap<String, BTreeSet<String>>,
    /// What else is asked of the membership, as conditions of the language.
    pub conditions: BTreeSet<String>,
    /// What the membership must say as the row does, such as a team.
    pub same: Option<Same>,
}

/// Two columns that must be equal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Same {
    /// The membership's.
    pub theirs: String,
    /// The row's.
    pub own: String,
}

impl Membership {
    fn implies(&self, other: &Self) -> bool {
        self.column == other.column
            && self.source == other.source
            && (other.same.is_none() || self.same == other.same)
            && self.conditions.is_superset(&other.conditions)
            && other.tests.iter().all(|(column, labels)| {
                self.tests
                    .get(column)
                    .is_some_and(|own| own.is_subset(labels))
            })
    }
}

/// That a row of another table is visible.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Parent {
    /// The row's column.
    pub column: String,
    /// The other table.
    pub table: String,
    /// Its column.
    pub key: String,
    /// Whether that column is the other table's key, so that there is one such row at most.
    pub single: bool,
    /// Further columns that must be equal: the other table's, and the row's.
    pub also: BTreeSet<(String, String)>,
}

/// A conjunction.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Alternative {
    /// Who asks.
    pub who: Who,
    /// The row's columns that must hold the caller's id.
    pub own: BTreeSet<String>,
    /// Memberships that the caller must have.
    pub members: BTreeSet<Membership>,
    /// Rows that the caller must see.
    pub parents: BTreeSet<Parent>,
    /// Conditions of the language on the row.
    pub conditions: BTreeSet<String>,
}

impl Alternative {
    /// Whether only the row is asked about, not the caller.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.who == Who::Any && self.own.is_empty() && self.members.is_empty()
    }

    /// Whether nothing is asked.
    #[must_use]
    pub fn is_always(&self) -> bool {
        *self == Self::default()
    }

    /// What is known of the caller.
    #[must_use]
    pub fn who(&self) -> Who {
        if self.own.is_empty() && self.members.is_empty() {
            self.who
        } else {
            self.who.max(Who::Known)
        }
    }

    /// Whether whatever passes here passes there.
    #[must_use]
    pub fn implies(&self, other: &Self) -> bool {
        self.who() >= other.who
            && self.own.is_superset(&other.own)
            && self.parents.is_superset(&other.parents)
            && self.conditions.is_superset(&other.conditions)
            && other
                .members
                .iter()
                .all(|theirs| self.members.iter().any(|ours| ours.implies(theirs)))
    }

    /// Both at once.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        let all: BTreeSet<Membership> = self.members.union(&other.members).cloned().collect();
        let members = all
            .iter()
            .filter(|weak| {
                !all.iter()
                    .any(|strong| strong != *weak && strong.implies(weak))
            })
            .cloned()
            .collect();
        Self {
            who: self.who.max(other.who),
            own: self.own.union(&other.own).cloned().collect(),
            members,
            parents: self.parents.union(&other.parents).cloned().collect(),
            conditions: self.conditions.union(&other.conditions).cloned().collect(),
        }
    }
}

/// Without those that another one already allows.
#[must_use]
pub fn simplest(all: Vec<Alternative>) -> Vec<Alternative> {
    let mut kept: Vec<Alternative> = Vec::new();
    for one in all {
        if kept.iter().any(|wider| one.implies(wider)) {
            continue;
        }
        kept.retain(|narrower| !narrower.implies(&one));
        kept.push(one);
    }
    kept
}

/// The alternatives of two tests that must both hold.
#[must_use]
pub fn product(left: &[Alternative], right: &[Alternative]) -> Vec<Alternative> {
    let pairs = left
        .iter()
        .flat_map(|one| right.iter().map(|other| one.and(other)));
    simplest(pairs.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(labels: &[&str]) -> Alternative {
        let source = Source {
            table: "members".to_owned(),
            tenant: "org_id".to_owned(),
            caller: "user_id".to_owned(),
        };
        let labels: BTreeSet<String> = labels.iter().map(|&label| label.to_owned()).collect();
        let tests = if labels.is_empty() {
            BTreeMap::new()
        } else {
            BTreeMap::from([("role".to_owned(), labels)])
        };
        Alternative {
            members: BTreeSet::from([Membership {
                column: "org_id".to_owned(),
                source,
                tests,
                conditions: BTreeSet::new(),
                same: None,
            }]),
            ..Alternative::default()
        }
    }

    fn own(column: &str) -> Alternative {
        Alternative {
            own: BTreeSet::from([column.to_owned()]),
            ..Alternative::default()
        }
    }

    #[test]
    fn a_stronger_membership_is_enough() {
        let both = member(&["owner", "admin"]).and(&member(&[]));
        assert_eq!(both, member(&["owner", "admin"]));
        assert!(member(&["owner"]).implies(&member(&["owner", "admin"])));
        assert!(!member(&[]).implies(&member(&["owner"])));
    }

    #[test]
    fn what_another_allows_is_left_out() {
        let all = [member(&["owner"]), own("user_id"), member(&[])];
        assert_eq!(simplest(all.to_vec()), [own("user_id"), member(&[])]);
        let fenced = product(&[own("user_id"), member(&["owner"])], &[member(&[])]);
        assert_eq!(
            fenced,
            [own("user_id").and(&member(&[])), member(&["owner"])]
        );
    }

    #[test]
    fn an_owner_is_somebody() {
        let known = Alternative {
            who: Who::Known,
            ..Alternative::default()
        };
        assert!(own("user_id").implies(&known));
        assert!(!Alternative::default().implies(&known));
    }
}
