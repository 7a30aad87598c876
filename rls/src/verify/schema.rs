//! The tables as the seeding needs them: what a row must be like to be accepted.

use policy_core::columns::ColumnIndex;
use policy_core::model::{Policy, TableIndex};
use serde::Deserialize;

use super::error::VerifyError;
use super::session::Session;
use super::sql;

/// The position of a relation in [`Schema::relations`].
pub(super) type RelationIndex = usize;

/// All tables of the database; those of the policy come first, in its order and with its columns'
/// order.
#[derive(Debug)]
pub(super) struct Schema {
    pub(super) relations: Vec<Relation>,
}

/// A table.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Relation {
    pub(super) schema: String,
    pub(super) name: String,
    pub(super) columns: Vec<Column>,
    pub(super) foreign_keys: Vec<ForeignKey>,
    pub(super) checks: Vec<Check>,
    pub(super) uniques: Vec<Unique>,
}

/// A column.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Column {
    pub(super) name: String,
    #[serde(rename = "type")]
    pub(super) data_type: String,
    /// The type's own name, without schema or length; of a domain, that of the type below.
    pub(super) base: String,
    pub(super) not_null: bool,
    /// Whether no client's statement can set it.
    pub(super) generated: bool,
    /// Whether it is `generated always as identity`, which seeding can override.
    pub(super) identity: bool,
    pub(super) default: Option<String>,
    pub(super) labels: Vec<String>,
}

/// A foreign key.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct ForeignKey {
    pub(super) name: String,
    pub(super) columns: Vec<String>,
    pub(super) schema: String,
    pub(super) target: String,
    pub(super) references: Vec<String>,
}

/// A check constraint.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Check {
    pub(super) name: String,
    pub(super) columns: Vec<String>,
    pub(super) definition: String,
}

/// A unique index on columns.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Unique {
    pub(super) name: String,
    pub(super) columns: Vec<String>,
    pub(super) partial: bool,
}

/// Where a foreign key leads.
pub(super) struct Reference<'s> {
    pub(super) target: RelationIndex,
    pub(super) relation: &'s Relation,
    /// The key's columns, each with the one that it has the value of.
    pub(super) pairs: Vec<(usize, usize)>,
}

impl Reference<'_> {
    /// The column that has the value of one of the key's.
    pub(super) fn named(&self, own: usize) -> Option<usize> {
        let mut pairs = self.pairs.iter();
        pairs.find(|pair| pair.0 == own).map(|pair| pair.1)
    }
}

/// What is none of the constraints that are known.
const OTHER: &str = "other";

impl Schema {
    pub(super) async fn read(session: &Session, policy: &Policy) -> Result<Self, VerifyError> {
        let query = format!(
            "set search_path = ''; {}; reset search_path",
            include_str!("schema.sql").trim_end()
        );
        let text = session.value("reading the tables", &query).await?;
        let mut rest: Vec<Relation> = serde_json::from_str(&text)?;
        let mut relations = Vec::with_capacity(rest.len());
        for table in &policy.tables {
            let of_table = |r: &Relation| r.schema == policy.schema && r.name == table.name;
            let Some(at) = rest.iter().position(of_table) else {
                let name = sql::qualified(&policy.schema, &table.name);
                return Err(VerifyError::Drift(format!(
                    "the migrations make no table {name}"
                )));
            };
            let mut relation = rest.swap_remove(at);
            relation.order(table)?;
            relations.push(relation);
        }
        relations.append(&mut rest);
        Ok(Self { relations })
    }

    pub(super) fn get(&self, index: RelationIndex) -> Option<&Relation> {
        self.relations.get(index)
    }

    /// What kind of thing forbids a row, whichever table it belongs to.
    pub(super) fn kind_of(&self, cause: &str) -> &'static str {
        let kinds = self.relations.iter().map(|r| r.kind_of(cause));
        kinds.max_by_key(|kind| *kind != OTHER).unwrap_or(OTHER)
    }

    /// Where a foreign key of a table leads, if that is known.
    pub(super) fn reference(&self, from: &Relation, key: &ForeignKey) -> Option<Reference<'_>> {
        let target = self.find(&key.schema, &key.target)?;
        let relation = self.get(target)?;
        let other = relation.positions(&key.references);
        let pairs = from.positions(&key.columns).into_iter().zip(other);
        Some(Reference {
            target,
            relation,
            pairs: pairs.collect(),
        })
    }

    pub(super) fn find(&self, schema: &str, name: &str) -> Option<RelationIndex> {
        self.relations
            .iter()
            .position(|r| r.schema == schema && r.name == name)
    }
}

/// Where a table of the policy stands among the relations.
pub(super) fn relation_of(table: TableIndex) -> RelationIndex {
    usize::from(table)
}

impl Relation {
    /// Brings the columns into the policy's order.
    fn order(&mut self, table: &policy_core::model::Table) -> Result<(), VerifyError> {
        let mut rest = std::mem::take(&mut self.columns);
        for column in &table.columns {
            let Some(at) = rest.iter().position(|c| c.name == column.name) else {
                let what = format!("the policy knows a column {} of {}", column.name, self.name);
                return Err(VerifyError::Drift(format!(
                    "{what} that the migrations do not make"
                )));
            };
            self.columns.push(rest.remove(at));
        }
        match rest.first() {
            None => Ok(()),
            Some(more) => Err(VerifyError::Drift(format!(
                "the policy does not know the column {} of {}",
                more.name, self.name
            ))),
        }
    }

    pub(super) fn qualified(&self) -> String {
        sql::qualified(&self.schema, &self.name)
    }

    pub(super) fn position(&self, column: &str) -> Option<usize> {
        self.columns.iter().position(|c| c.name == column)
    }

    pub(super) fn positions(&self, columns: &[String]) -> Vec<usize> {
        columns
            .iter()
            .filter_map(|column| self.position(column))
            .collect()
    }

    /// The primary key, or else a unique key.
    pub(super) fn key(&self) -> Vec<usize> {
        let whole = |unique: &&Unique| !unique.partial;
        self.uniques
            .iter()
            .find(whole)
            .map(|u| self.positions(&u.columns))
            .unwrap_or_default()
    }

    /// The columns of each constraint and unique index.
    pub(super) fn groups(&self) -> impl Iterator<Item = Vec<usize>> {
        let checks = self.checks.iter().map(|check| &check.columns);
        let uniques = self.uniques.iter().map(|unique| &unique.columns);
        let keys = self.foreign_keys.iter().map(|key| &key.columns);
        let all = checks.chain(uniques).chain(keys);
        all.map(|columns| self.positions(columns))
    }

    /// The columns of a constraint or unique index.
    pub(super) fn involved(&self, constraint: &str) -> Vec<usize> {
        let check = self
            .checks
            .iter()
            .find(|check| check.name == constraint)
            .map(|c| &c.columns);
        let unique = self
            .uniques
            .iter()
            .find(|unique| unique.name == constraint)
            .map(|u| &u.columns);
        let key = self
            .foreign_keys
            .iter()
            .find(|key| key.name == constraint)
            .map(|k| &k.columns);
        check
            .or(unique)
            .or(key)
            .map(|columns| self.positions(columns))
            .unwrap_or_default()
    }

    /// What kind of thing forbids a row.
    pub(super) fn kind_of(&self, cause: &str) -> &'static str {
        let name = cause.trim_start_matches("constraint ");
        if cause.starts_with("function ") {
            "trigger"
        } else if cause.starts_with("default of ") {
            "default"
        } else if cause.starts_with("not null of ") {
            "not null"
        } else if self.checks.iter().any(|check| check.name == name) {
            "check"
        } else if self.uniques.iter().any(|unique| unique.name == name) {
            "unique"
        } else if self.foreign_keys.iter().any(|key| key.name == name) {
            "foreign key"
        } else {
            OTHER
        }
    }

    /// The values that a constraint `column in (...)` lists, or the labels of an enum.
    pub(super) fn one_of(&self, column: &str) -> Vec<String> {
        let labels = self
            .columns
            .iter()
            .find(|c| c.name == column)
            .map(|c| c.labels.clone());
        let lists = |check: &&Check| {
            check.columns.as_slice() == [column] && check.definition.contains("= ANY (ARRAY[")
        };
        let listed = self.checks.iter().filter(lists);
        let listed = listed.flat_map(|check| check.definition.split('\'').skip(1).step_by(2));
        labels
            .unwrap_or_default()
            .into_iter()
            .chain(listed.map(str::to_owned))
            .collect()
    }

    /// The literals that a column's check constraints name.
    pub(super) fn literals(&self, column: &str) -> Vec<String> {
        let mut found = Vec::new();
        for check in self
            .checks
            .iter()
            .filter(|check| check.columns.iter().any(|c| c == column))
        {
            // What stands between quotes, at every second place.
            found.extend(
                check
                    .definition
                    .split('\'')
                    .skip(1)
                    .step_by(2)
                    .map(str::to_owned),
            );
        }
        found
    }
}

/// A column's position in a row.
pub(super) fn at(column: ColumnIndex) -> usize {
    usize::from(column)
}
