//! A policy with every name resolved: what is decided on, and what SQL is generated from.
//!
//! Both sides read the same model but share no code beyond it: [`decide`](crate::decide()) follows
//! the meaning of the language rule by rule, the generator writes what PostgreSQL needs to come to
//! the same answer, and the verifier holds one against the other.

use std::borrow::Cow;

use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize};

use crate::columns::{ColumnIndex, ColumnSet};
use crate::condition::Condition;
use crate::value::{Kind, Literal};

/// A caller's standing in one tenant: 0 is no membership, 1 the lowest declared role.
pub type Rank = u8;

/// The position of a table in [`Policy::tables`].
pub type TableIndex = u16;

/// The position of an attribute in [`Tenant::attributes`].
pub type AttributeIndex = u8;

/// A checked policy of one app.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// The app's name; generated objects carry it.
    pub app: String,
    /// The schema its tables are in.
    pub schema: String,
    /// The type of the callers' ids: [`Kind::Uuid`] or [`Kind::Text`].
    pub caller_id: Kind,
    /// How the app's rows belong to tenants, if they do.
    pub tenant: Option<Tenant>,
    /// The tables the policy names, in its order, and after them the closed ones.
    pub tables: Vec<Table>,
    /// The views the policy names.
    pub views: Vec<View>,
    /// The functions the policy names.
    pub functions: Vec<Function>,
    /// What is not in the database: objects of other systems, and workflows.
    pub resources: Vec<Resource>,
}

/// What a tenant is and who belongs to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tenant {
    /// The table with one row a tenant.
    pub root: TableIndex,
    /// Its key column.
    pub key: ColumnIndex,
    /// Who may create one.
    pub found: Option<Found>,
    /// Where membership is written. A caller's rank is the highest among all rows of all sources.
    pub members: Vec<Members>,
    /// The roles from the lowest up, so that the role of rank `r` is at `r - 1`.
    pub roles: Vec<String>,
    /// What a membership may say beside its role, such as a team: what `<role> in same <attribute>`
    /// holds a row's column against.
    pub attributes: Vec<Attribute>,
    /// Whether a tenant must always keep one active member of the top role.
    pub keep_top: bool,
}

/// An attribute of memberships.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attribute {
    /// How rules call it.
    pub name: String,
    /// How its values compare.
    pub kind: Kind,
    /// Its type as PostgreSQL prints it.
    pub data_type: String,
}

/// `found by <author> stamped <stamp>`: whoever inserts a tenant becomes its top role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// The root's column that defaults to the caller.
    pub author: ColumnIndex,
    /// The root's column that defaults to `now()`: within its own transaction the founder sees the
    /// new row although no membership is visible yet.
    pub stamp: ColumnIndex,
}

/// One source of memberships.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Members {
    /// The table.
    pub table: TableIndex,
    /// Its column with the tenant's key.
    pub tenant: ColumnIndex,
    /// Its column with the caller's id.
    pub caller: ColumnIndex,
    /// Which role a row gives.
    pub role: RoleSource,
    /// Its columns with the attributes, in the order of [`Tenant::attributes`]; a source need not
    /// have them all.
    pub attributes: Vec<Option<ColumnIndex>>,
    /// Which rows count.
    pub condition: Option<Condition>,
}

/// Which role a membership row gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RoleSource {
    /// The one whose name is in this column.
    Column(ColumnIndex),
    /// This one, whatever is in the row.
    Always(Rank),
}

impl RoleSource {
    /// The column with the role's name, if there is one.
    #[must_use]
    pub fn column(self) -> Option<ColumnIndex> {
        match self {
            Self::Column(column) => Some(column),
            Self::Always(_) => None,
        }
    }
}

/// A table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// Its columns in order.
    pub columns: Vec<Column>,
    /// How its rows belong to tenants.
    pub place: Place,
    /// The primary key.
    pub primary_key: ColumnSet,
    /// Columns that no client ever reads or writes.
    pub hidden: ColumnSet,
    /// Columns that are set at insert and never change; the tenant column always is.
    pub fixed: ColumnSet,
    /// The NOT NULL columns.
    pub not_null: ColumnSet,
    /// Whether rows are only ever added, by the service too.
    pub append: bool,
    /// The system that holds the truth, if the rows are a copy; then clients never write them.
    pub source: Option<Source>,
    /// Soft delete.
    pub retire: Option<Retire>,
    /// The parent rows that must be visible for anything to be allowed.
    pub parents: Vec<Parent>,
    /// The rules that allow, one per subject and action, in the order of the text.
    pub rules: Vec<Rule>,
    /// The rules that forbid.
    pub never: Vec<Never>,
    /// What the database roles are granted: derived from the rules, kept for speed.
    pub grants: Grants,
    /// Whether updates need a guard trigger, and why; see [`pairing`](crate::pairing).
    pub guard: Option<crate::pairing::Guard>,
    /// Where the table's block starts; line 0 if the policy does not name the table.
    pub line: u32,
}

/// `from <system> [ttl <time>]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// The system.
    pub system: String,
    /// For how many seconds a copy may be used before it is read again.
    pub ttl: Option<u32>,
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// How its values compare.
    pub kind: Kind,
    /// Its type as PostgreSQL prints it. Loading a policy is most of a cold start, and most columns
    /// have one of few types: those take no memory of their own.
    #[serde(deserialize_with = "data_type")]
    pub data_type: Cow<'static, str>,
}

/// The types that most columns have.
const COMMON_TYPES: [&str; 10] = [
    "uuid",
    "text",
    "timestamp with time zone",
    "jsonb",
    "integer",
    "bigint",
    "boolean",
    "date",
    "numeric",
    "text[]",
];

fn data_type<'de, D: Deserializer<'de>>(from: D) -> Result<Cow<'static, str>, D::Error> {
    struct Name;

    impl Visitor<'_> for Name {
        type Value = Cow<'static, str>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("the name of a type")
        }

        fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
            let common = COMMON_TYPES.iter().find(|common| **common == name);
            Ok(common.map_or_else(
                || Cow::Owned(name.to_owned()),
                |common| Cow::Borrowed(*common),
            ))
        }
    }

    from.deserialize_str(Name)
}

/// How a table's rows belong to tenants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Place {
    /// Each row belongs to the tenant this column names.
    Tenant(ColumnIndex),
    /// Each row is a tenant, with this key.
    Root(ColumnIndex),
    /// Rows belong to no tenant.
    Shared,
}

impl Place {
    /// The column with the tenant's key, if rows belong to tenants.
    #[must_use]
    pub fn tenant_column(self) -> Option<ColumnIndex> {
        match self {
            Self::Tenant(column) | Self::Root(column) => Some(column),
            Self::Shared => None,
        }
    }
}

/// `retire <column> = <value> by <role>, seen by <role>, stamped <column>`.
///
/// A new row may only have the value if the caller's rank is at least `by`. A row that has it is
/// visible from rank `seen_by` up, and to rank `by` within the transaction that stamped it, so
/// that the update which retires a row does not refuse its own result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retire {
    /// The column that holds the row's life.
    pub column: ColumnIndex,
    /// Its value in a retired row.
    pub value: Literal,
    /// The lowest rank that may retire rows.
    pub by: Rank,
    /// The lowest rank that sees retired rows.
    pub seen_by: Rank,
    /// The column that every update sets to `now()`.
    pub stamp: ColumnIndex,
}

/// `via <column> in <table>`: the row of `table` that `column` points to must be visible to the
/// caller and in the row's tenant. A NULL grants nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parent {
    /// The child's column.
    pub column: ColumnIndex,
    /// The parent.
    pub table: TableIndex,
    /// The parent's key column.
    pub key: ColumnIndex,
    /// The parent's tenant column; `None` if neither side belongs to tenants.
    pub tenant: Option<ColumnIndex>,
    /// Whether the database must be asked: `false` where the column is NOT NULL, a composite
    /// foreign key holds it in the tenant, and whoever passes the child's own rules sees every
    /// parent of the tenant.
    pub tested: bool,
}

/// Whom a rule speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Subject {
    /// Everybody, signed in or not.
    Anon,
    /// Whoever has a subject in a valid token, anonymous sign-ins included.
    Guest,
    /// Whoever signed in with an identity.
    User,
    /// The Worker's own database role.
    Service,
    /// Whoever's id is in this column.
    Itself(ColumnIndex),
    /// Members of the row's tenant from this rank up.
    Rank(Rank),
    /// Members of the row's tenant from a rank up whose membership says the same as the row.
    Team(Team),
    /// Whoever sees a row of this table whose column equals the row's own (`via id in
    /// team_members (user_id)`); select only.
    Peer(Peer),
}

/// `<role> in same <attribute>`: one membership in the row's tenant has at least the rank and, in
/// the attribute, what the row has in the column. NULL equals nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Team {
    /// The least rank.
    pub rank: Rank,
    /// The membership's attribute.
    pub attribute: AttributeIndex,
    /// The row's column.
    pub column: ColumnIndex,
}

/// The one-to-many form of `via`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Peer {
    /// The row's own column.
    pub column: ColumnIndex,
    /// The other table.
    pub table: TableIndex,
    /// The column of the other table that equals it.
    pub other: ColumnIndex,
}

/// What a rule allows to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Action {
    /// Read rows.
    Select,
    /// Add rows.
    Insert,
    /// Change rows.
    Update,
    /// Remove rows.
    Delete,
    /// Name the insertable columns again when an insert meets an existing row. It widens the
    /// column privilege only: the rows are those that `insert` and `update` allow, and columns
    /// outside the update lists must keep their values.
    Upsert,
}

impl Action {
    /// The action's word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Select => "select",
            Self::Insert => "insert",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Upsert => "upsert",
        }
    }
}

/// One subject may do one thing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// Who.
    pub subject: Subject,
    /// Whether the rule reaches rows of tenants the caller does not belong to.
    pub outside: bool,
    /// What.
    pub action: Action,
    /// Which columns; for `delete` all of them.
    pub columns: ColumnSet,
    /// Which existing rows (select, update, delete).
    pub condition: Option<Condition>,
    /// What the new row must be like (insert, update). For an update without a `check` of its own
    /// this is the same as `condition`.
    pub check: Option<Condition>,
    /// The rule's words, in canonical layout, for explanations and comments.
    pub text: String,
    /// Its line in the policy.
    pub line: u32,
}

/// `never <action> [where <condition>] [check <condition>]`: binds everybody but the service.
/// Unknown denies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Never {
    /// What is forbidden.
    pub action: Action,
    /// For these existing rows.
    pub condition: Option<Condition>,
    /// For these new rows.
    pub check: Option<Condition>,
    /// The rule's words, in canonical layout.
    pub text: String,
    /// Its line in the policy.
    pub line: u32,
}

/// The column privileges of the API's database roles.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grants {
    /// Role `anon`.
    pub anon: Privileges,
    /// Role `authenticated`.
    pub authenticated: Privileges,
    /// Role `countersign_edge`.
    pub service: Privileges,
}

/// What one database role may name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Privileges {
    /// Columns it may read.
    pub select: ColumnSet,
    /// Columns it may give values at insert.
    pub insert: ColumnSet,
    /// Columns it may assign at update; with `upsert` the insertable ones too.
    pub update: ColumnSet,
    /// Whether it may delete.
    pub delete: bool,
}

/// A view. It reads as its caller, so its rows are what the tables behind it give.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct View {
    /// Its name.
    pub name: String,
    /// Its columns' names in order.
    pub columns: Vec<String>,
    /// Who may select; the lowest of several. Of the roles it is the lowest, which stands for every
    /// member: a grant cannot tell them apart.
    pub subjects: Vec<Subject>,
    /// Its line in the policy.
    pub line: u32,
}

/// A function of the API.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// Its argument types in order.
    pub arguments: Vec<String>,
    /// Its argument names in order.
    pub argument_names: Vec<String>,
    /// Who may execute it. A role means the rank in any tenant: which rows the function reaches is
    /// for the rules of its tables to say.
    pub subjects: Vec<Subject>,
    /// The table or view its rows are of, by name, if a request may select on its result.
    pub returns_relation: Option<String>,
    /// Whether it may write.
    pub volatile: bool,
    /// Its line in the policy.
    pub line: u32,
}

impl Grants {
    /// What the rules of a table come to for each database role.
    #[must_use]
    pub fn of(rules: &[Rule]) -> Self {
        Self {
            anon: Privileges::of(rules, |subject| subject == Subject::Anon),
            authenticated: Privileges::of(rules, |subject| subject != Subject::Service),
            service: Privileges::of(rules, |subject| subject == Subject::Service),
        }
    }
}

impl Privileges {
    fn of(rules: &[Rule], includes: impl Fn(Subject) -> bool) -> Self {
        let mut privileges = Self::default();
        for rule in rules.iter().filter(|rule| includes(rule.subject)) {
            match rule.action {
                Action::Select => privileges.select = privileges.select.union(rule.columns),
                Action::Insert => privileges.insert = privileges.insert.union(rule.columns),
                Action::Update | Action::Upsert => {
                    privileges.update = privileges.update.union(rule.columns);
                }
                Action::Delete => privileges.delete = true,
            }
        }
        privileges
    }
}

/// What is not in the database, so that only the edge can guard it: an object of another system,
/// or a workflow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resource {
    /// The system, if it is another one's.
    pub system: Option<String>,
    /// Its name within the system; [`Resource::name`] gives both.
    pub object: String,
    /// Who may do what; the rest is denied.
    pub rules: Vec<OperationRule>,
    /// Its line in the policy.
    pub line: u32,
}

/// One subject may do one operation on a resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperationRule {
    /// Who: `anon`, `guest`, `user`, `service` or a role in the tenant that is asked about.
    pub subject: Subject,
    /// What.
    pub operation: String,
    /// The rule's words, in canonical layout.
    pub text: String,
    /// Its line in the policy.
    pub line: u32,
}

impl Resource {
    /// The name as the policy writes it: `<system>.<object>`, or the object's alone.
    #[must_use]
    pub fn name(&self) -> String {
        self.system.as_ref().map_or_else(
            || self.object.clone(),
            |system| format!("{system}.{}", self.object),
        )
    }

    /// The operations that some rule names, in the order of the text.
    #[must_use]
    pub fn operations(&self) -> Vec<&str> {
        let mut all: Vec<&str> = Vec::new();
        for rule in &self.rules {
            if !all.contains(&rule.operation.as_str()) {
                all.push(&rule.operation);
            }
        }
        all
    }
}

impl Policy {
    /// The resource of this name.
    #[must_use]
    pub fn resource(&self, name: &str) -> Option<&Resource> {
        self.resources
            .iter()
            .find(|resource| match (&resource.system, name.split_once('.')) {
                (Some(system), Some((of, object))) => system == of && resource.object == object,
                _ => resource.system.is_none() && resource.object == name,
            })
    }

    /// The table of this name.
    #[must_use]
    pub fn table(&self, name: &str) -> Option<&Table> {
        self.tables.iter().find(|table| table.name == name)
    }

    /// The table at this position; positions in a checked policy always have one.
    #[must_use]
    pub fn table_at(&self, index: TableIndex) -> Option<&Table> {
        self.tables.get(usize::from(index))
    }

    /// The rank of a role by its name in the tenant; 0 for an undeclared one.
    #[must_use]
    pub fn rank(&self, role: &str) -> Rank {
        self.tenant.as_ref().map_or(0, |tenant| tenant.rank(role))
    }
}

impl Tenant {
    /// The rank of a role's name; 0 for an undeclared one.
    #[must_use]
    pub fn rank(&self, role: &str) -> Rank {
        self.roles
            .iter()
            .position(|name| name == role)
            .and_then(|position| Rank::try_from(position + 1).ok())
            .unwrap_or(0)
    }

    /// The name of a rank's role; empty for 0.
    #[must_use]
    pub fn role(&self, rank: Rank) -> &str {
        usize::from(rank)
            .checked_sub(1)
            .and_then(|position| self.roles.get(position))
            .map_or("", String::as_str)
    }

    /// The source that makes a founder a member of the top role, by its position: the first that can
    /// say so. On the tenants' own table that is the founder's signature itself.
    #[must_use]
    pub fn founding(&self, found: Found) -> Option<usize> {
        let top = self.top();
        self.members.iter().position(|members| {
            let gives_top = match members.role {
                RoleSource::Column(_) => members.table != self.root,
                RoleSource::Always(rank) => rank == top,
            };
            gives_top && (members.table != self.root || members.caller == found.author)
        })
    }

    /// The highest rank.
    #[must_use]
    pub fn top(&self) -> Rank {
        Rank::try_from(self.roles.len()).unwrap_or(Rank::MAX)
    }
}

impl Table {
    /// The position of a column by its name.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<ColumnIndex> {
        self.columns
            .iter()
            .position(|column| column.name == name)
            .and_then(|position| ColumnIndex::try_from(position).ok())
    }

    /// The name of a column; empty if there is none at this position.
    #[must_use]
    pub fn column_name(&self, column: ColumnIndex) -> &str {
        self.columns
            .get(usize::from(column))
            .map_or("", |column| column.name.as_str())
    }

    /// The names of a set of columns, in the table's order.
    #[must_use]
    pub fn column_names(&self, columns: ColumnSet) -> Vec<&str> {
        columns
            .iter()
            .map(|column| self.column_name(column))
            .collect()
    }

    /// The rules for one action.
    pub fn rules_for(&self, action: Action) -> impl Iterator<Item = &Rule> {
        self.rules.iter().filter(move |rule| rule.action == action)
    }

    /// Whether the policy names the table at all.
    #[must_use]
    pub fn is_named(&self) -> bool {
        self.line != 0
    }
}

impl Rule {
    /// Whether the rule holds only inside the tenants the caller belongs to.
    ///
    /// Roles always do. On a table whose rows belong to tenants `self`, `guest` and `user` do as
    /// well unless the rule says `outside`; `anon` never does, having no tenants. A tenant that is
    /// only being created has no members yet, so `insert` on the root is not fenced.
    #[must_use]
    pub fn fenced(&self, place: Place) -> bool {
        match (place, self.subject) {
            (Place::Shared, _) | (_, Subject::Anon | Subject::Service | Subject::Peer(_)) => false,
            (_, Subject::Rank(_) | Subject::Team(_)) => true,
            (Place::Root(_), _) if self.action == Action::Insert => false,
            _ => !self.outside,
        }
    }
}
