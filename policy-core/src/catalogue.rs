//! The snapshot of a database schema that a policy is held against.
//!
//! `countersign catalogue` writes it from a live database to `policies/<app>.catalogue.json`, so
//! that a policy is checked and compiled without a database at hand. It holds what the language
//! needs and no data.

use serde::{Deserialize, Serialize};

use crate::value::Kind;

/// The tables, views and functions of one schema.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Catalogue {
    /// The schema's name.
    pub schema: String,
    /// Tables and views, by name.
    pub relations: Vec<Relation>,
    /// Functions, by name and argument types.
    #[serde(default)]
    pub functions: Vec<Function>,
}

/// What a relation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RelationKind {
    /// An ordinary table.
    Table,
    /// A view.
    View,
    /// Partitioned and foreign tables, materialized views, tables with rules or in an inheritance:
    /// row-level security does not mean the same there, so no policy can name them.
    Other,
}

/// A table or view.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Relation {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: RelationKind,
    /// Its columns in order.
    pub columns: Vec<Column>,
    /// The primary key's columns; empty for views.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub primary_key: Vec<String>,
    /// The column lists of unique constraints and plain unique indexes, the primary key left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unique: Vec<Vec<String>>,
    /// Its foreign keys.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub foreign_keys: Vec<ForeignKey>,
    /// The leading column lists of its indexes, unique ones included.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub indexes: Vec<Vec<String>>,
    /// Its indexes of other methods than `btree`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub other_indexes: Vec<Index>,
    /// The triggers on its rows, those that Countersign makes left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub triggers: Vec<Trigger>,
    /// For a view: whether it reads as its caller (`security_invoker`).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub security_invoker: bool,
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type as PostgreSQL prints it (`format_type`), e.g. `timestamp with time zone`.
    #[serde(rename = "type")]
    pub data_type: String,
    /// Whether NULL is allowed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub nullable: bool,
    /// Its default.
    #[serde(default, skip_serializing_if = "ColumnDefault::is_none")]
    pub default: ColumnDefault,
    /// The labels, if the type is an enum.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
    /// The literals of a simple check constraint `column in (...)`, for completion and hints.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub one_of: Vec<String>,
    /// The collation, if it is another than the database's own.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub collation: String,
}

/// An index that is no `btree`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Index {
    /// Its name.
    pub name: String,
    /// Its method, e.g. `hnsw`.
    pub method: String,
    /// Its columns in order; empty strings where it has an expression.
    pub columns: Vec<String>,
    /// Its options, as `name=value`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<String>,
}

/// When a trigger fires.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Timing {
    /// Before a row is written: what it assigns is written.
    Before,
    /// After it.
    After,
    /// Instead of it, on views.
    InsteadOf,
}

/// A trigger that fires for each row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trigger {
    /// Its name.
    pub name: String,
    /// When it fires.
    pub timing: Timing,
    /// On what: `insert`, `update`, `delete`.
    pub events: Vec<String>,
    /// Its function, with its schema unless it is the catalogue's own.
    pub function: String,
    /// The columns of the new row that the function assigns, as far as its source can be read; `*`
    /// where it assigns the whole row.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub writes: Vec<String>,
}

/// Where a column's value comes from when a statement does not name it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ColumnDefault {
    /// NULL.
    #[default]
    None,
    /// A constant, as text.
    Constant(String),
    /// An expression, as PostgreSQL prints it.
    Expression(String),
    /// Generated from other columns or `identity always`: no statement can set it.
    Generated,
}

impl ColumnDefault {
    /// Whether there is no default.
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::None
    }
}

/// A foreign key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForeignKey {
    /// The constraint's name.
    pub name: String,
    /// The columns that refer, in order.
    pub columns: Vec<String>,
    /// The table referred to, with its schema unless it is the catalogue's own.
    pub table: String,
    /// The columns referred to, in order.
    pub references: Vec<String>,
    /// What deleting the parent does: `no action`, `restrict`, `cascade`, `set null`,
    /// `set null (columns)` or `set default`.
    pub on_delete: String,
}

/// A function that the API could call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// The types of its arguments, in order, as PostgreSQL prints them without a schema.
    pub arguments: Vec<String>,
    /// The names of its arguments; empty strings where they have none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub argument_names: Vec<String>,
    /// Its result type.
    pub returns: String,
    /// The relation of this schema that its result's rows are of, if any: then PostgREST lets a
    /// request select and embed on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub returns_relation: Option<String>,
    /// Whether it is a trigger's body, which nobody calls.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub trigger: bool,
    /// Whether it runs as its owner.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub security_definer: bool,
    /// Whether it may write (`volatile`); PostgREST runs others on GET.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub volatile: bool,
    /// The index methods whose scans it lets go on until enough rows pass, e.g. `hnsw` for
    /// `hnsw.iterative_scan`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub iterative_scans: Vec<String>,
}

impl Catalogue {
    /// The relation of this name.
    #[must_use]
    pub fn relation(&self, name: &str) -> Option<&Relation> {
        self.relations.iter().find(|relation| relation.name == name)
    }
}

impl Relation {
    /// The column of this name.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// Whether these columns are the primary key or a unique key, in any order.
    #[must_use]
    pub fn is_unique(&self, columns: &[&str]) -> bool {
        std::iter::once(&self.primary_key)
            .chain(&self.unique)
            .any(|key| {
                key.len() == columns.len()
                    && key.iter().all(|column| columns.contains(&column.as_str()))
            })
    }
}

impl Column {
    /// Whether its texts sort by their bytes, on every server.
    #[must_use]
    pub fn sorts_by_bytes(&self) -> bool {
        matches!(self.collation.as_str(), "C" | "POSIX")
    }

    /// How values of this column's type compare.
    #[must_use]
    pub fn kind(&self) -> Kind {
        if !self.labels.is_empty() {
            return Kind::Enum;
        }
        match self.data_type.as_str() {
            "boolean" => Kind::Bool,
            "smallint" | "integer" | "bigint" => Kind::Int,
            "text" | "character varying" => Kind::Text,
            other if sized(other, "character varying") => Kind::Text,
            "uuid" => Kind::Uuid,
            "timestamp with time zone" => Kind::Timestamp,
            "date" => Kind::Date,
            "numeric" => Kind::Decimal,
            other if sized(other, "numeric") => Kind::Decimal,
            _ => Kind::Opaque,
        }
    }
}

/// Whether a type is this one with a length or precision, and no array of it.
fn sized(data_type: &str, of: &str) -> bool {
    data_type
        .strip_prefix(of)
        .is_some_and(|rest| rest.starts_with('(') && rest.ends_with(')'))
}
