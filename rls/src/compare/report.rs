//! What a comparison comes to.

use std::collections::BTreeMap;

use serde::Serialize;

/// How two policies differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Comparison {
    /// All changes and notes together.
    pub class: Class,
    /// Who gains and who loses what.
    pub changes: Vec<Change>,
    /// What else is different: the schema, and guarantees that no single statement shows.
    pub notes: Vec<Note>,
}

/// Which way something changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// Not at all.
    Equal,
    /// Somebody gains and nobody loses.
    Wider,
    /// Somebody loses and nobody gains.
    Narrower,
    /// Somebody gains and somebody loses.
    Both,
}

/// Whether somebody gains or loses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// What was denied is allowed.
    Gains,
    /// What was allowed is denied.
    Loses,
}

/// Some callers gain or lose one action on one table, view, function or resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The table, view or function; a resource with its system.
    pub object: String,
    /// For whom. Whoever is more than these, such as a higher role, is named only if they were not
    /// already told: what a member gains, everybody gains who may do what members may.
    pub who: Vec<String>,
    /// Gained or lost.
    pub direction: Direction,
    /// `select`, `insert`, `insert returning`, `update`, `upsert`, `delete`, `execute`, or an
    /// operation.
    pub action: String,
    /// On which columns; for an update those that can be changed. Empty where columns are no matter.
    pub columns: Vec<String>,
    /// Whether these are all of the table.
    pub all_columns: bool,
    /// An update may name the columns, but not change their values.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub unchanged: bool,
    /// Only tables or columns are concerned that the old schema does not have.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub added: bool,
    /// One statement that shows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub example: Option<Example>,
}

/// One statement on which the policies differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Example {
    /// Who.
    pub caller: ExampleCaller,
    /// The row; of an update the row before, of an insert the new one.
    pub row: ExampleRow,
    /// The row after an update.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_row: Option<ExampleRow>,
    /// The columns that the statement writes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub written: Vec<String>,
    /// What the old policy says.
    pub old: String,
    /// What the new policy says.
    pub new: String,
    /// `now()`, in microseconds since the Unix epoch.
    pub now: i64,
}

/// A caller of an example.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ExampleCaller {
    /// `anon`, `no_subject`, `guest`, `user` or `service`.
    pub kind: &'static str,
    /// In a word or two.
    pub label: String,
    /// The token's subject.
    pub id: Option<String>,
    /// The token's e-mail.
    pub email: Option<String>,
    /// The token's authenticator assurance level.
    pub aal: Option<String>,
    /// What makes the caller a member.
    pub memberships: Vec<Membership>,
}

/// A row of a membership table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Membership {
    /// The table.
    pub table: String,
    /// Its values, where they matter.
    pub values: BTreeMap<String, Option<String>>,
}

/// A row of an example.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ExampleRow {
    /// Its values; columns that are not here matter to neither policy.
    pub values: BTreeMap<String, Option<String>>,
    /// Of these the ones that make the difference: for all other columns any value does.
    pub matter: Vec<String>,
    /// The rows it points to. One that is not here is not there, or of another tenant.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub related: Vec<RelatedRow>,
}

/// A row that another one points to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RelatedRow {
    /// Its table.
    pub table: String,
    /// Its values, where they matter.
    pub values: BTreeMap<String, Option<String>>,
    /// The rows it points to.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub related: Vec<RelatedRow>,
}

/// Something that changed beside the answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Note {
    /// What.
    pub text: String,
    /// Which way it goes.
    pub class: Class,
    /// Whether it is the schema that changed.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub schema: bool,
}

impl Direction {
    /// The class of a change in this direction.
    #[must_use]
    pub fn class(self) -> Class {
        match self {
            Self::Gains => Class::Wider,
            Self::Loses => Class::Narrower,
        }
    }
}

impl Class {
    /// Both together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Equal, class) | (class, Self::Equal) => class,
            (one, two) if one == two => one,
            _ => Self::Both,
        }
    }

    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Equal => "equal",
            Self::Wider => "wider",
            Self::Narrower => "narrower",
            Self::Both => "both wider and narrower",
        }
    }

    /// Whether somebody gains.
    #[must_use]
    pub fn widens(self) -> bool {
        matches!(self, Self::Wider | Self::Both)
    }
}

impl Comparison {
    pub(super) fn of(changes: Vec<Change>, notes: Vec<Note>) -> Self {
        let classes = changes.iter().map(|change| change.direction.class());
        let class = classes
            .chain(notes.iter().map(|note| note.class))
            .fold(Class::Equal, Class::and);
        Self {
            class,
            changes,
            notes,
        }
    }

    /// Whether somebody gains anything; if `added` is allowed, anything that the old schema had.
    #[must_use]
    pub fn widens(&self, allow_added: bool) -> bool {
        let gains = |change: &&Change| change.direction == Direction::Gains;
        self.changes
            .iter()
            .filter(gains)
            .any(|change| !(allow_added && change.added))
            || self.notes.iter().any(|note| note.class.widens())
    }
}
