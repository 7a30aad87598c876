//! Two policies' tables and columns, put beside each other by name.

use policy_core::catalogue::{self, Catalogue};
use policy_core::columns::{ColumnIndex, ColumnSet};
use policy_core::model::{Policy, Table, TableIndex};
use policy_core::value::Kind;

use super::Side;

/// Which of the two.
pub(super) const OLD: usize = 0;
/// Which of the two.
pub(super) const NEW: usize = 1;
/// Both of them, in order.
pub(super) const SIDES: [usize; 2] = [OLD, NEW];

/// Both policies.
pub(super) struct Both<'a> {
    sides: [&'a Side; 2],
    pub(super) tables: Vec<BothTable>,
}

/// A table of either policy or of both.
#[derive(Clone, Debug)]
pub(super) struct BothTable {
    /// Its name, in the new policy if it is there.
    pub(super) name: String,
    /// What it was called before, if that was something else.
    pub(super) before: Option<String>,
    pub(super) at: [Option<TableIndex>; 2],
    pub(super) columns: Vec<BothColumn>,
}

/// A column of either or of both.
#[derive(Clone, Debug)]
pub(super) struct BothColumn {
    pub(super) name: String,
    pub(super) before: Option<String>,
    pub(super) at: [Option<ColumnIndex>; 2],
    pub(super) kind: Kind,
    pub(super) nullable: bool,
    /// The values its type or a constraint lists; empty if they are open.
    pub(super) allowed: Vec<String>,
    /// How many digits a `numeric` keeps after the point, if its type says so.
    pub(super) scale: Option<u32>,
}

impl<'a> Both<'a> {
    pub(super) fn of(old: &'a Side, new: &'a Side) -> Self {
        let names = |side: &Side| -> Vec<String> {
            side.policy
                .tables
                .iter()
                .map(|of| of.name.clone())
                .collect()
        };
        let (olds, news) = (names(old), names(new));
        let same = |a: usize, b: usize| {
            let shape = |side: &Side, at: usize| -> Vec<(String, String)> {
                let columns = side.policy.tables.get(at).map(|of| &of.columns);
                let columns = columns.into_iter().flatten();
                columns
                    .map(|c| (c.name.clone(), c.data_type.to_string()))
                    .collect()
            };
            shape(old, a) == shape(new, b)
        };
        let tables = paired(&olds, &news, same)
            .into_iter()
            .map(|(a, b)| {
                let at = [a, b].map(|at| at.and_then(|at| TableIndex::try_from(at).ok()));
                let table = |side: &'a Side, at: Option<usize>| side.policy.tables.get(at?);
                let (before, after) = (table(old, a), table(new, b));
                let name = after.or(before).map_or("", |of| of.name.as_str());
                BothTable {
                    before: before
                        .filter(|of| of.name != name)
                        .map(|of| of.name.clone()),
                    columns: columns((before, &old.catalogue), (after, &new.catalogue)),
                    name: name.to_owned(),
                    at,
                }
            })
            .collect();
        Self {
            sides: [old, new],
            tables,
        }
    }

    pub(super) fn policy(&self, side: usize) -> &'a Policy {
        let [old, new] = self.sides;
        if side == OLD {
            &old.policy
        } else {
            &new.policy
        }
    }

    pub(super) fn table(&self, side: usize, at: usize) -> Option<&'a Table> {
        let index = self.tables.get(at)?.at.get(side).copied().flatten()?;
        self.policy(side).table_at(index)
    }

    /// Whether the new database keeps these columns of a table unique.
    pub(super) fn is_unique(&self, table: &Table, columns: &[&str]) -> bool {
        let [_, new] = self.sides;
        let relation = new.catalogue.relation(&table.name);
        relation.is_some_and(|relation| relation.is_unique(columns))
    }

    /// Where a table of one policy is among the pairs.
    pub(super) fn find(&self, side: usize, index: TableIndex) -> Option<usize> {
        let holds = |of: &BothTable| of.at.get(side).copied().flatten() == Some(index);
        self.tables.iter().position(holds)
    }
}

impl BothTable {
    /// Where a column of one policy is among the pairs.
    pub(super) fn column(&self, side: usize, index: ColumnIndex) -> Option<usize> {
        let holds = |of: &BothColumn| of.at.get(side).copied().flatten() == Some(index);
        self.columns.iter().position(holds)
    }

    /// A set of columns of one policy, as positions of pairs.
    pub(super) fn of_side(&self, side: usize, columns: ColumnSet) -> Set {
        columns
            .iter()
            .filter_map(|column| self.column(side, column))
            .fold(Set::default(), Set::with)
    }

    /// Positions of pairs as columns of one policy; `None` if it lacks one of them.
    pub(super) fn to_side(&self, side: usize, columns: Set) -> Option<ColumnSet> {
        columns
            .iter()
            .map(|column| self.columns.get(column)?.at.get(side).copied().flatten())
            .collect()
    }

    pub(super) fn names(&self, columns: Set) -> Vec<String> {
        columns
            .iter()
            .filter_map(|column| self.columns.get(column))
            .map(|column| column.name.clone())
            .collect()
    }
}

/// A set of pairs of columns: two tables of 128 columns at most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Set([u128; 2]);

impl Set {
    pub(super) fn with(self, column: usize) -> Self {
        let [mut low, mut high] = self.0;
        match column {
            0..128 => low |= 1 << column,
            128..256 => high |= 1 << (column - 128),
            _ => {}
        }
        Self([low, high])
    }

    pub(super) fn contains(self, column: usize) -> bool {
        !self.and(Self::default().with(column)).is_empty()
    }

    pub(super) fn and(self, other: Self) -> Self {
        let ([a, b], [c, d]) = (self.0, other.0);
        Self([a & c, b & d])
    }

    pub(super) fn or(self, other: Self) -> Self {
        let ([a, b], [c, d]) = (self.0, other.0);
        Self([a | c, b | d])
    }

    pub(super) fn without(self, other: Self) -> Self {
        let ([a, b], [c, d]) = (self.0, other.0);
        Self([a & !c, b & !d])
    }

    pub(super) fn is_empty(self) -> bool {
        self.0 == [0, 0]
    }

    pub(super) fn is_subset(self, other: Self) -> bool {
        self.without(other).is_empty()
    }

    pub(super) fn iter(self) -> impl Iterator<Item = usize> {
        let [mut low, mut high] = self.0;
        std::iter::from_fn(move || {
            if low != 0 {
                let next = low.trailing_zeros();
                low &= low - 1;
                return Some(next as usize);
            }
            (high != 0).then(|| {
                let next = high.trailing_zeros();
                high &= high - 1;
                next as usize + 128
            })
        })
    }
}

/// Puts names beside each other. One that is gone and one that is new are a renaming if they are
/// alike and nothing else that came or went is like either.
fn paired(
    olds: &[String],
    news: &[String],
    alike: impl Fn(usize, usize) -> bool,
) -> Vec<(Option<usize>, Option<usize>)> {
    let in_old = |name: &String| olds.iter().position(|other| other == name);
    let gone: Vec<usize> = (0..olds.len())
        .filter(|at| olds.get(*at).is_some_and(|name| !news.contains(name)))
        .collect();
    let fresh: Vec<usize> = (0..news.len())
        .filter(|at| news.get(*at).is_some_and(|name| !olds.contains(name)))
        .collect();
    let only = |found: Vec<usize>| match found.as_slice() {
        [one] => Some(*one),
        _ => None,
    };
    let renamed = |b: usize| {
        let a = only(gone.iter().copied().filter(|a| alike(*a, b)).collect())?;
        only(fresh.iter().copied().filter(|b| alike(a, *b)).collect()).map(|_| a)
    };
    let mut pairs: Vec<(Option<usize>, Option<usize>)> = news
        .iter()
        .enumerate()
        .map(|(b, name)| {
            let a = in_old(name).or_else(|| fresh.contains(&b).then(|| renamed(b)).flatten());
            (a, Some(b))
        })
        .collect();
    for a in gone {
        if !pairs.iter().any(|(of, _)| *of == Some(a)) {
            pairs.push((Some(a), None));
        }
    }
    pairs
}

fn columns(
    (old, old_catalogue): (Option<&Table>, &Catalogue),
    (new, new_catalogue): (Option<&Table>, &Catalogue),
) -> Vec<BothColumn> {
    // Columns whose types compare differently have nothing but the name in common.
    let key = |table: Option<&Table>| -> Vec<String> {
        let columns = table.map(|of| &of.columns).into_iter().flatten();
        columns
            .map(|column| format!("{}\0{:?}", column.name, comparable(column.kind)))
            .collect()
    };
    let (olds, news) = (key(old), key(new));
    let place = |keys: &[String], others: &[String], at: usize| {
        // What stands before it and stayed.
        let before = keys.get(..at).unwrap_or_default().iter().rev();
        before.clone().find(|name| others.contains(name)).cloned()
    };
    let data_type = |table: Option<&Table>, at: usize| {
        let column = table?.columns.get(at)?;
        Some((column.kind, column.data_type.to_string()))
    };
    let alike = |a: usize, b: usize| {
        data_type(old, a) == data_type(new, b) && place(&olds, &news, a) == place(&news, &olds, b)
    };
    let stored = |table: Option<&Table>, catalogue: &Catalogue, at: Option<usize>| {
        let (table, at) = (table?, at?);
        let column = table.columns.get(at)?;
        let relation = catalogue.relation(&table.name)?;
        let nullable = !table.not_null.contains(ColumnIndex::try_from(at).ok()?);
        Some((
            column.clone(),
            relation.column(&column.name)?.clone(),
            nullable,
        ))
    };
    paired(&olds, &news, alike)
        .into_iter()
        .filter_map(|(a, b)| {
            let before = stored(old, old_catalogue, a);
            let after = stored(new, new_catalogue, b);
            let (column, of, nullable) = after.clone().or_else(|| before.clone())?;
            let before = before.map(|(column, ..)| column.name);
            Some(BothColumn {
                before: before.filter(|name| *name != column.name),
                name: column.name,
                at: [a, b].map(|at| at.and_then(|at| ColumnIndex::try_from(at).ok())),
                kind: column.kind,
                nullable,
                allowed: allowed(&of),
                scale: scale(&of.data_type),
            })
        })
        .collect()
}

fn comparable(kind: Kind) -> Kind {
    match kind {
        Kind::Enum => Kind::Text,
        Kind::Decimal => Kind::Int,
        kind => kind,
    }
}

fn allowed(column: &catalogue::Column) -> Vec<String> {
    if column.labels.is_empty() {
        column.one_of.clone()
    } else {
        column.labels.clone()
    }
}

fn scale(data_type: &str) -> Option<u32> {
    let inner = data_type.strip_prefix("numeric(")?.strip_suffix(')')?;
    inner
        .split_once(',')
        .map_or(Some(0), |(_, s)| s.parse().ok())
}
