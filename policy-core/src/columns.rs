//! A set of columns of one table.

use serde::{Deserialize, Serialize};

/// The most columns a table under a policy may have; the checker refuses wider ones.
pub const MAX_COLUMNS: usize = 128;

/// The position of a column in [`Table::columns`](crate::model::Table::columns).
pub type ColumnIndex = u8;

/// A set of columns of one table, one bit each, so that privilege tests are single instructions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ColumnSet(u128);

impl ColumnSet {
    /// No column.
    pub const EMPTY: Self = Self(0);

    /// The first `count` columns of a table.
    #[must_use]
    pub fn first(count: usize) -> Self {
        (0..count.min(MAX_COLUMNS)).fold(Self::EMPTY, |set, index| {
            set.with(u8::try_from(index).unwrap_or(u8::MAX))
        })
    }

    /// This set and one more column. An index beyond [`MAX_COLUMNS`] is no column and adds none.
    #[must_use]
    pub fn with(self, column: ColumnIndex) -> Self {
        Self(self.0 | bit(column))
    }

    /// This set but for one column.
    #[must_use]
    pub fn without(self, column: ColumnIndex) -> Self {
        Self(self.0 & !bit(column))
    }

    /// Whether the column is in the set.
    #[must_use]
    pub fn contains(self, column: ColumnIndex) -> bool {
        self.0 & bit(column) != 0
    }

    /// Whether every column of this set is in `other`.
    #[must_use]
    pub fn is_subset(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }

    /// The columns in either set.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The columns in both sets.
    #[must_use]
    pub fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// The columns of this set that are not in `other`.
    #[must_use]
    pub fn difference(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether there is no column in the set.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// How many columns are in the set.
    #[must_use]
    pub fn len(self) -> usize {
        self.0.count_ones() as usize
    }

    /// The columns in the table's order.
    pub fn iter(self) -> impl Iterator<Item = ColumnIndex> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            let next = u8::try_from(rest.trailing_zeros()).ok()?;
            (rest != 0).then(|| {
                rest &= rest - 1;
                next
            })
        })
    }
}

impl FromIterator<ColumnIndex> for ColumnSet {
    fn from_iter<I: IntoIterator<Item = ColumnIndex>>(columns: I) -> Self {
        columns.into_iter().fold(Self::EMPTY, Self::with)
    }
}

fn bit(column: ColumnIndex) -> u128 {
    1_u128.checked_shl(u32::from(column)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn iterates_in_order_over_both_ends() {
        let set: ColumnSet = [127, 0, 64].into_iter().collect();
        assert_eq!(set.iter().collect::<Vec<_>>(), [0, 64, 127]);
        assert_eq!(set.len(), 3);
        assert!(ColumnSet::EMPTY.iter().next().is_none());
    }

    #[test]
    fn an_index_beyond_the_limit_is_no_column() {
        assert!(ColumnSet::EMPTY.with(128).is_empty());
        assert_eq!(ColumnSet::first(200), ColumnSet::first(128));
    }

    #[test]
    fn subset_is_not_strict() {
        let a = ColumnSet::first(3);
        assert!(a.is_subset(a));
        assert!(!a.is_subset(a.without(1)));
        assert!(ColumnSet::EMPTY.is_subset(ColumnSet::EMPTY));
    }
}
