//! Which of the columns that a lookup holds against the row is the tenant, and what else it says.

use policy_core::catalogue::{ForeignKey, Relation};
use policy_core::value::Kind;

use super::Reader;
use super::lookup::Pair;
use crate::adopt::alternative::Same;
use crate::live::Table;

impl Reader<'_> {
    /// The pair that is the tenant, and the one that is a team, if there is one.
    ///
    /// A lookup by the team alone is one by both where foreign keys tie a team to its tenant, the
    /// membership's and the row's: then equal teams are of equal tenants.
    pub(super) fn tied(
        &self,
        memberships: &Relation,
        pairs: Vec<Pair>,
    ) -> Option<(Pair, Option<Same>)> {
        let mut pairs = pairs.into_iter();
        let (first, second) = (pairs.next()?, pairs.next());
        if pairs.next().is_some() {
            return None;
        }
        match second {
            Some(second) => match (
                self.names_tenant(memberships, &first.0),
                self.names_tenant(memberships, &second.0),
            ) {
                (true, false) => Some((first, Some(self.same(memberships, second)?))),
                (false, true) => Some((second, Some(self.same(memberships, first)?))),
                _ => None,
            },
            None if self.ground.root.is_none() || self.names_tenant(memberships, &first.0) => {
                Some((first, None))
            }
            None => match self.tenant_of_team(memberships, &first) {
                Some(tenant) => Some((tenant, Some(self.same(memberships, first)?))),
                None => Some((first, None)),
            },
        }
    }

    fn names_tenant(&self, memberships: &Relation, column: &str) -> bool {
        let to_root = |key: &ForeignKey| {
            key.columns == [column]
                && matches!(key.references.as_slice(), [of] if self.ground.is_root(&key.table, of))
        };
        self.ground.is_root(&memberships.name, column)
            || memberships.foreign_keys.iter().any(to_root)
    }

    /// Values that compare the same for everybody, of one type.
    fn same(&self, memberships: &Relation, (theirs, own): Pair) -> Option<Same> {
        let (one, other) = (memberships.column(&theirs)?, self.row.column(&own)?);
        let alike = one.data_type == other.data_type && one.kind() != Kind::Opaque;
        alike.then_some(Same { theirs, own })
    }

    /// The columns with the tenant that go with a team by foreign keys of several columns.
    fn tenant_of_team(&self, memberships: &Relation, (theirs, own): &Pair) -> Option<Pair> {
        let live = self.ground.live;
        let (from, to) = (live.table(&memberships.name)?, live.table(&self.row.name)?);
        for key in &memberships.foreign_keys {
            let (Some((team, tenant)), Some(teams)) =
                (parted(key, theirs), live.catalogue.relation(&key.table))
            else {
                continue;
            };
            let told = teams.is_unique(&[team.1])
                && is_sure(from, &key.name)
                && self.names_tenant(memberships, tenant.0)
                && memberships
                    .column(tenant.0)
                    .is_some_and(|column| !column.nullable);
            if !told {
                continue;
            }
            if self.row.name == teams.name && team.1 == own {
                return Some((tenant.0.to_owned(), tenant.1.to_owned()));
            }
            for other in &self.row.foreign_keys {
                let Some((with, place)) = parted(other, own) else {
                    continue;
                };
                let sure = other.table == key.table
                    && (with.1, place.1) == (team.1, tenant.1)
                    && is_sure(to, &other.name)
                    && self
                        .row
                        .column(place.0)
                        .is_some_and(|column| !column.nullable);
                if sure {
                    return Some((tenant.0.to_owned(), place.0.to_owned()));
                }
            }
        }
        None
    }
}

/// A column and the one it refers to.
type Reference<'k> = (&'k str, &'k str);

/// The two columns of a foreign key, this one first.
fn parted<'k>(key: &'k ForeignKey, column: &str) -> Option<(Reference<'k>, Reference<'k>)> {
    let ([one, other], [first, second]) = (key.columns.as_slice(), key.references.as_slice())
    else {
        return None;
    };
    if one == column {
        Some(((one, first), (other, second)))
    } else if other == column {
        Some(((other, second), (one, first)))
    } else {
        None
    }
}

/// Whether all rows are known to obey a constraint, at every moment.
fn is_sure(table: &Table, constraint: &str) -> bool {
    let of = table.constraints.iter().find(|of| of.name == constraint);
    of.is_some_and(|of| of.validated && !of.deferrable)
}
