//! The statements under test, as a client would write them.

use policy_core::columns::ColumnSet;

use super::schema::Relation;
use super::sql;
use super::world::{Row, value};

/// Columns with the values they are to get.
pub(super) type Change = Vec<(usize, Option<String>)>;

/// Writes statements on one table.
#[derive(Clone, Copy)]
pub(super) struct Writer<'a> {
    pub(super) relation: &'a Relation,
}

impl Writer<'_> {
    fn column(&self, index: usize) -> String {
        sql::name(
            self.relation
                .columns
                .get(index)
                .map_or("", |column| column.name.as_str()),
        )
    }

    pub(super) fn columns(&self, columns: impl IntoIterator<Item = usize>) -> String {
        columns
            .into_iter()
            .map(|column| self.column(column))
            .collect::<Vec<_>>()
            .join(", ")
    }

    /// An expression that tells rows apart.
    pub(super) fn identity(&self) -> String {
        format!("concat_ws('/', {})", self.columns(self.relation.key()))
    }

    /// What [`Self::identity`] is for a row.
    pub(super) fn identify(&self, row: &Row) -> String {
        let parts = self.relation.key();
        parts
            .into_iter()
            .filter_map(|k| value(row, k))
            .collect::<Vec<_>>()
            .join("/")
    }

    /// ` where` the row's key, or whatever else, or nothing.
    pub(super) fn at(&self, row: &Row) -> String {
        let key = self.relation.key();
        let tests = key.into_iter().map(|k| {
            let (column, value) = (self.column(k), value(row, k));
            value.map_or(format!("{column} is null"), |_| {
                format!("{column} = {}", sql::literal(value))
            })
        });
        format!(" where {}", tests.collect::<Vec<_>>().join(" and "))
    }

    /// A filter that reads a column and keeps every row.
    pub(super) fn touching(&self, column: usize) -> String {
        let column = self.column(column);
        format!("({column} is null or {column} is not null)")
    }

    pub(super) fn select(&self, what: &str, filter: &str) -> String {
        format!("select {what} from {}{filter}", self.relation.qualified())
    }

    pub(super) fn update(&self, change: &Change, filter: &str, returning: &str) -> String {
        let set = change.iter().map(|(column, value)| {
            format!(
                "{} = {}",
                self.column(*column),
                sql::literal(value.as_deref())
            )
        });
        let set = set.collect::<Vec<_>>().join(", ");
        format!(
            "update {} set {set}{filter}{}",
            self.relation.qualified(),
            back(returning)
        )
    }

    pub(super) fn delete(&self, filter: &str, returning: &str) -> String {
        format!(
            "delete from {}{filter}{}",
            self.relation.qualified(),
            back(returning)
        )
    }

    pub(super) fn insert(&self, row: &Row, written: ColumnSet, rest: &str) -> String {
        let columns: Vec<usize> = written.iter().map(usize::from).collect();
        let values = columns
            .iter()
            .map(|column| sql::literal(value(row, *column)));
        let values = values.collect::<Vec<_>>().join(", ");
        let into = self.relation.qualified();
        if columns.is_empty() {
            return format!("insert into {into} default values{rest}");
        }
        format!(
            "insert into {into} ({}) values ({values}){rest}",
            self.columns(columns)
        )
    }

    /// ` on conflict do update`, setting every column of the payload as PostgREST does.
    pub(super) fn merging(&self, written: ColumnSet) -> String {
        let set = written.iter().map(|column| {
            let column = self.column(usize::from(column));
            format!("{column} = excluded.{column}")
        });
        let set = set.collect::<Vec<_>>().join(", ");
        format!(
            " on conflict ({}) do update set {set}",
            self.columns(self.relation.key())
        )
    }
}

pub(super) fn back(returning: &str) -> String {
    if returning.is_empty() {
        String::new()
    } else {
        format!(" returning {returning}")
    }
}
