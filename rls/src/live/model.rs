//! The values. Names are as the catalogues hold them: not quoted.

use policy_core::Catalogue;
use serde::{Deserialize, Serialize};

/// A schema of a live database, and what of the rest concerns it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Live {
    /// The server.
    pub server: Server,
    /// The schema that was asked for.
    pub schema: String,
    /// The snapshot of it that a policy is held against.
    pub catalogue: Catalogue,
    /// Every schema of the database but the server's own.
    pub schemas: Vec<Schema>,
    /// The schema's tables.
    pub tables: Vec<Table>,
    /// The schema's views, and those of other schemas that read its tables.
    pub views: Vec<View>,
    /// The functions of every schema, those of extensions left out.
    pub functions: Vec<Function>,
    /// The schema's sequences.
    pub sequences: Vec<Sequence>,
    /// The schema's enums and domains.
    pub types: Vec<Type>,
    /// Every role but those that PostgreSQL brings.
    pub roles: Vec<Role>,
    /// What objects start with when they are created.
    pub default_grants: Vec<DefaultGrants>,
}

impl Live {
    /// The table of this name.
    #[must_use]
    pub fn table(&self, name: &str) -> Option<&Table> {
        self.tables.iter().find(|table| table.name == name)
    }

    /// The schema's view of this name.
    #[must_use]
    pub fn view(&self, name: &str) -> Option<&View> {
        let of = |view: &&View| view.schema == self.schema && view.name == name;
        self.views.iter().find(of)
    }

    /// The role of this name.
    #[must_use]
    pub fn role(&self, name: &str) -> Option<&Role> {
        self.roles.iter().find(|role| role.name == name)
    }

    /// The functions of a schema.
    pub fn functions_of(&self, schema: &str) -> impl Iterator<Item = &Function> {
        self.functions.iter().filter(move |f| f.schema == schema)
    }
}

/// The server, and who is asking.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    /// As `server_version_num` has it: 180004 is 18.4.
    pub version_number: u32,
    /// As people say it.
    pub version: String,
    /// The database.
    pub database: String,
    /// The role that is asking.
    pub caller: String,
    /// Whether that role is a superuser.
    pub superuser: bool,
    /// Whether row-level security does not bind that role.
    pub bypasses: bool,
    /// Whether that role may create schemas.
    pub may_create: bool,
    /// The database's extensions, by name.
    pub extensions: Vec<Extension>,
}

/// An extension.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Extension {
    /// Its name.
    pub name: String,
    /// Where its objects are.
    pub schema: String,
    /// Its version.
    pub version: String,
}

/// A schema.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schema {
    /// Its name.
    pub name: String,
    /// Its owner.
    pub owner: String,
    /// Its comment.
    pub comment: Option<String>,
    /// Who may do what with it.
    pub grants: Vec<Grant>,
}

/// A privilege that a role was granted, the owner's own among them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    /// The role; `public` for everybody.
    pub grantee: String,
    /// The privilege in lower case, e.g. `select`.
    pub privilege: String,
    /// The column, if it is granted on one only.
    #[serde(rename = "column_name")]
    pub column: Option<String>,
    /// Whether the role may grant it on.
    pub grantable: bool,
}

/// What a table is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TableKind {
    /// An ordinary table, a partition among them.
    Table,
    /// The parent of partitions.
    Partitioned,
    /// A table of another server.
    Foreign,
}

/// A table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: TableKind,
    /// Its owner.
    pub owner: String,
    /// Its comment.
    pub comment: Option<String>,
    /// Whether row-level security is enabled.
    pub row_security: bool,
    /// Whether it binds the owner as well.
    pub forced: bool,
    /// Whether it is part of a partitioning or an inheritance.
    pub inherits: bool,
    /// Whether it has rewrite rules.
    pub has_rules: bool,
    /// How many rows the server believes it has; nothing if it never counted.
    pub estimate: Option<i64>,
    /// Its size in pages of 8 KiB, as the server last saw it.
    pub pages: i64,
    /// How often it was scanned in any way since statistics were reset.
    pub scans: i64,
    /// Its columns in order.
    pub columns: Vec<Column>,
    /// Its constraints by name; NOT NULL is on the columns.
    pub constraints: Vec<Constraint>,
    /// Its indexes by name.
    pub indexes: Vec<Index>,
    /// Its policies by name.
    pub policies: Vec<Policy>,
    /// Its triggers by name, those of foreign keys left out.
    pub triggers: Vec<Trigger>,
    /// Who may do what with it.
    pub grants: Vec<Grant>,
}

impl Table {
    /// The column of this name.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type, with its schema where that is not PostgreSQL's own.
    pub data_type: String,
    /// Whether NULL is refused.
    pub not_null: bool,
    /// The expression of its default.
    pub default: Option<String>,
    /// The expression that it is generated from.
    pub generated: Option<String>,
    /// `always` or `by default`, if it is an identity.
    pub identity: Option<String>,
    /// Its comment.
    pub comment: Option<String>,
}

/// What a constraint is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConstraintKind {
    /// A primary key.
    PrimaryKey,
    /// A unique key.
    Unique,
    /// A foreign key.
    ForeignKey,
    /// A check.
    Check,
    /// An exclusion.
    Exclusion,
}

/// A constraint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Constraint {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: ConstraintKind,
    /// As `pg_get_constraintdef` prints it.
    pub definition: String,
    /// Whether the existing rows are known to obey it.
    pub validated: bool,
    /// Whether it may be checked at the end of a transaction.
    pub deferrable: bool,
    /// Its columns in order.
    pub columns: Vec<String>,
    /// What a foreign key refers to.
    pub reference: Option<Reference>,
}

/// What a foreign key refers to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reference {
    /// The other table's schema.
    pub schema: String,
    /// The other table.
    pub table: String,
    /// Its columns in order.
    pub columns: Vec<String>,
    /// What deleting the parent does: `no action`, `restrict`, `cascade`, `set null`,
    /// `set null (columns)` or `set default`.
    pub on_delete: String,
}

/// An index.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "these are the catalogue's own flags"
)]
pub struct Index {
    /// Its name, in the table's schema.
    pub name: String,
    /// As `pg_get_indexdef` prints it.
    pub definition: String,
    /// The access method, e.g. `btree`.
    pub method: String,
    /// Whether it is the primary key's.
    pub primary: bool,
    /// Whether it holds values unique.
    pub unique: bool,
    /// Whether it can be used; a concurrent build that failed leaves one that cannot.
    pub valid: bool,
    /// Whether a constraint stands on it.
    pub constraint: bool,
    /// The condition of a partial index.
    pub predicate: Option<String>,
    /// Its leading plain columns.
    pub columns: Vec<String>,
    /// Equal for indexes that differ in nothing but name and uniqueness.
    pub shape: String,
    /// How often it was used since statistics were reset.
    pub scans: i64,
    /// Its size in pages of 8 KiB, as the server last saw it.
    pub pages: i64,
}

/// A policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Its name.
    pub name: String,
    /// Whether it opens (rather than restricts).
    pub permissive: bool,
    /// `select`, `insert`, `update`, `delete` or `all`.
    pub command: String,
    /// The roles it binds, by name; `public` for all of them.
    pub roles: Vec<String>,
    /// The test of existing rows, as PostgreSQL prints it.
    pub using: Option<String>,
    /// The test of new rows.
    pub check: Option<String>,
    /// Its comment.
    pub comment: Option<String>,
}

/// When a trigger fires.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Enabled {
    /// As usual: not for what replication brings.
    Origin,
    /// Never.
    Disabled,
    /// Only for what replication brings.
    Replica,
    /// For all of it.
    Always,
}

/// A trigger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trigger {
    /// Its name.
    pub name: String,
    /// As `pg_get_triggerdef` prints it.
    pub definition: String,
    /// Its function, with its schema, quoted where it must be.
    pub function: String,
    /// When it fires.
    pub enabled: Enabled,
}

/// What a view is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ViewKind {
    /// A query with a name.
    View,
    /// A stored result.
    Materialized,
}

/// A relation's name with its schema.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Name {
    /// The schema.
    pub schema: String,
    /// The name in it.
    pub name: String,
}

/// A view.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct View {
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: ViewKind,
    /// Its owner.
    pub owner: String,
    /// Its comment.
    pub comment: Option<String>,
    /// Whether it reads as its caller; otherwise as its owner.
    pub security_invoker: bool,
    /// Whether it keeps its callers' functions from rows that it hides.
    pub security_barrier: bool,
    /// Its query, as PostgreSQL prints it.
    pub definition: String,
    /// The relations it reads.
    pub reads: Vec<Name>,
    /// Who may do what with it.
    pub grants: Vec<Grant>,
}

/// What a function is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FunctionKind {
    /// A plain function.
    Function,
    /// A procedure, for `call`.
    Procedure,
    /// An aggregate.
    Aggregate,
    /// A window function.
    Window,
}

/// A function.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Function {
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub name: String,
    /// Its arguments' types, with their schemas.
    pub arguments: Vec<String>,
    /// The same without schemas, as [`policy_core::catalogue::Function`] has them.
    pub argument_types: Vec<String>,
    /// Its result's type.
    pub returns: String,
    /// What it is.
    pub kind: FunctionKind,
    /// What it is written in.
    pub language: String,
    /// Whether it runs as its owner.
    pub security_definer: bool,
    /// `immutable`, `stable` or `volatile`.
    pub volatility: String,
    /// `safe`, `restricted` or `unsafe`.
    pub parallel: String,
    /// Its own settings, e.g. `search_path=""`.
    pub settings: Vec<String>,
    /// Its text.
    pub body: String,
    /// Whether it is a trigger's.
    pub is_trigger: bool,
    /// Its owner.
    pub owner: String,
    /// Its comment.
    pub comment: Option<String>,
    /// Who may execute it.
    pub grants: Vec<Grant>,
}

/// A sequence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sequence {
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub name: String,
    /// Its owner.
    pub owner: String,
    /// Who may do what with it.
    pub grants: Vec<Grant>,
}

/// What a type is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TypeKind {
    /// A list of labels.
    Enum,
    /// Another type with conditions.
    Domain,
}

/// A type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Type {
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: TypeKind,
    /// The labels of an enum in order.
    pub labels: Vec<String>,
}

/// A role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "these are the catalogue's own flags"
)]
pub struct Role {
    /// Its name.
    pub name: String,
    /// Whether nothing binds it.
    pub superuser: bool,
    /// Whether row-level security does not bind it.
    pub bypass_rls: bool,
    /// Whether it can open a session.
    pub login: bool,
    /// Whether it has the privileges of the roles it is a member of without `set role`.
    pub inherit: bool,
    /// Whether it may create roles.
    pub create_role: bool,
    /// The roles it is a member of, not counting what they are members of.
    pub member_of: Vec<String>,
}

/// What objects of a kind start with when a role creates them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DefaultGrants {
    /// The role that creates them.
    pub owner: String,
    /// The schema; nothing for all of them.
    pub schema: Option<String>,
    /// `tables`, `sequences`, `functions`, `types`, `schemas` or `large objects`.
    pub kind: String,
    /// The privileges.
    pub grants: Vec<Grant>,
}
