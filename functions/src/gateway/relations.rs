//! How tables refer to each other: what an embedded resource's name can mean.

use policy_core::Policy;

/// A foreign key between two tables of one schema.
///
/// A policy has none, so the build script writes them down from the same catalogue, beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ForeignKey<'a> {
    /// The constraint's name.
    pub name: &'a str,
    /// The table that refers.
    pub table: &'a str,
    /// Its columns, in order.
    pub columns: &'a [&'a str],
    /// The table referred to.
    pub parent: &'a str,
    /// Its columns, in the same order.
    pub references: &'a [&'a str],
}

/// One way from a table's rows to those of another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Link<'a> {
    /// The other table.
    pub(super) target: &'a str,
    /// The columns of this table it compares.
    pub(super) near: &'a [&'a str],
    /// The columns of the other one.
    pub(super) far: &'a [&'a str],
    kind: Kind<'a>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind<'a> {
    /// To the row that this foreign key refers to.
    Parent(&'a str),
    /// To the rows that refer here by this foreign key.
    Children(&'a str),
    /// Through a table in between, by these columns of it.
    Through(&'a str, Vec<&'a str>),
}

/// The links from the rows of `origin` that a name and a hint can mean, by PostgREST's rules.
pub(super) fn find<'a>(
    keys: &'a [ForeignKey<'a>],
    policy: &Policy,
    origin: &str,
    (name, hint): (&str, Option<&str>),
) -> Vec<Link<'a>> {
    let mut links = Vec::new();
    for key in keys {
        if key.table == origin {
            let kind = Kind::Parent(key.name);
            links.push(Link {
                target: key.parent,
                near: key.columns,
                far: key.references,
                kind,
            });
        }
        if key.parent == origin {
            let kind = Kind::Children(key.name);
            links.push(Link {
                target: key.table,
                near: key.references,
                far: key.columns,
                kind,
            });
            links.extend(junctions(keys, policy, key));
        }
    }
    links.retain(|link| policy.table(link.target).is_some() && link.is(origin, name, hint));
    links
}

/// The links through the table of `key`, where its primary key holds two foreign keys.
fn junctions<'a>(
    keys: &'a [ForeignKey<'a>],
    policy: &Policy,
    key: &'a ForeignKey<'a>,
) -> impl Iterator<Item = Link<'a>> {
    let others = keys
        .iter()
        .filter(|other| other.table == key.table && other.name != key.name);
    others.filter_map(|other| {
        let table = policy.table(key.table)?;
        let columns: Vec<&str> = key.columns.iter().chain(other.columns).copied().collect();
        let in_key = |name: &&str| {
            table
                .column(name)
                .is_some_and(|c| table.primary_key.contains(c))
        };
        columns.iter().all(in_key).then_some(Link {
            target: other.parent,
            near: key.references,
            far: other.references,
            kind: Kind::Through(key.table, columns),
        })
    })
}

impl<'a> Link<'a> {
    /// The table in between, with the columns it is joined by.
    pub(super) fn through(&self) -> Option<(&'a str, &[&'a str])> {
        match &self.kind {
            Kind::Through(table, columns) => Some((table, columns)),
            Kind::Parent(_) | Kind::Children(_) => None,
        }
    }

    fn is(&self, origin: &str, name: &str, hint: Option<&str>) -> bool {
        let named = name == self.target;
        // A table that refers to itself: by its name the children are meant, by the column the
        // parent.
        if self.target == origin {
            return match (&self.kind, hint) {
                (Kind::Children(_), None) => named,
                (Kind::Children(_), Some(hint)) => named && self.far == [hint],
                (Kind::Parent(_), None) => self.near == [name],
                _ => false,
            };
        }
        match (&self.kind, hint) {
            (Kind::Through(..), None) => named,
            (Kind::Through(table, _), Some(hint)) => named && *table == hint,
            (Kind::Parent(key) | Kind::Children(key), None) => {
                named || *key == name || self.near == [name]
            }
            (Kind::Parent(key) | Kind::Children(key), Some(hint)) => {
                named && (*key == hint || self.near == [hint] || self.far == [hint])
            }
        }
    }
}
