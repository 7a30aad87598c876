//! The values that conditions compare.

mod calendar;
mod decimal;
mod uuid;

use serde::{Deserialize, Serialize};

pub use calendar::{date_from_text, date_text, timestamp_from_text, timestamp_text};
pub use decimal::Decimal;
pub use uuid::{uuid_from_text, uuid_text};

/// What the language knows about a column's type: how its values compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Kind {
    /// `boolean`.
    Bool,
    /// `smallint`, `integer`, `bigint`.
    Int,
    /// `text` and `varchar`: equality and `like`; order depends on the collation and is refused.
    Text,
    /// `uuid`.
    Uuid,
    /// `timestamptz`, in microseconds since the Unix epoch.
    Timestamp,
    /// `date`, in days since the Unix epoch.
    Date,
    /// An enum, by label: equality only, since enums sort by declaration.
    Enum,
    /// Any other type: only its null-ness can be asked.
    Opaque,
    /// `numeric`, exact whatever its scale.
    Decimal,
}

impl Kind {
    /// Whether `<` means the same on every server.
    #[must_use]
    pub fn is_ordered(self) -> bool {
        matches!(
            self,
            Self::Int | Self::Decimal | Self::Timestamp | Self::Date
        )
    }

    /// The kind in the words of SQL.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Bool => "boolean",
            Self::Int => "integer",
            Self::Text => "text",
            Self::Uuid => "uuid",
            Self::Timestamp => "timestamptz",
            Self::Date => "date",
            Self::Enum => "enum",
            Self::Opaque => "other",
            Self::Decimal => "numeric",
        }
    }
}

/// A value of a row or a caller, borrowed from wherever it lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// Nothing is known yet; the answer will say what depends on it.
    NotYetKnown,
    /// Known not to be NULL, and no more: a NOT NULL column not read yet, or a value of an
    /// [`Opaque`](Kind::Opaque) type.
    Present,
    /// SQL's NULL.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Text, or an enum's label.
    Text(&'a str),
    /// A uuid, most significant byte first.
    Uuid(u128),
    /// Microseconds since the Unix epoch; the two ends of the range are PostgreSQL's infinities.
    Timestamp(i64),
    /// Days since the Unix epoch; the two ends of the range are PostgreSQL's infinities.
    Date(i32),
    /// An exact decimal number.
    Decimal(Decimal<'a>),
}

/// A literal of a policy.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Literal {
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Text, or an enum's label.
    Text(Box<str>),
    /// A uuid, most significant byte first.
    Uuid(u128),
    /// Microseconds since the Unix epoch; the two ends of the range are PostgreSQL's infinities.
    Timestamp(i64),
    /// Days since the Unix epoch; the two ends of the range are PostgreSQL's infinities.
    Date(i32),
    /// An exact decimal number, in its canonical text.
    Decimal(Box<str>),
}

impl Literal {
    /// The literal as a value to compare with.
    #[must_use]
    pub fn value(&self) -> Value<'_> {
        match self {
            Self::Bool(b) => Value::Bool(*b),
            Self::Int(i) => Value::Int(*i),
            Self::Text(t) => Value::Text(t),
            Self::Uuid(u) => Value::Uuid(*u),
            Self::Timestamp(t) => Value::Timestamp(*t),
            Self::Date(d) => Value::Date(*d),
            Self::Decimal(text) => Decimal::parse(text).map_or(Value::Present, Value::Decimal),
        }
    }
}

impl std::fmt::Display for Literal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Bool(b) => write!(f, "{b}"),
            Self::Int(i) => write!(f, "{i}"),
            Self::Text(t) => write!(f, "'{}'", t.replace('\'', "''")),
            Self::Uuid(u) => write!(f, "'{}'", uuid_text(*u)),
            Self::Timestamp(t) => write!(f, "'{}'", timestamp_text(*t)),
            Self::Date(d) => write!(f, "'{}'", date_text(*d)),
            Self::Decimal(text) if text.ends_with(|c: char| c.is_ascii_digit()) => {
                f.write_str(text)
            }
            Self::Decimal(text) => write!(f, "'{text}'"),
        }
    }
}

/// Reads PostgreSQL's or JSON's text form of a value of the given kind.
///
/// `None` if the text is not of that kind; a uuid must have the canonical form of 36 characters,
/// as [`uuid_from_text`] says.
#[must_use]
pub fn value_from_text(kind: Kind, text: &str) -> Option<Value<'_>> {
    match kind {
        Kind::Bool => match text {
            "t" | "true" => Some(Value::Bool(true)),
            "f" | "false" => Some(Value::Bool(false)),
            _ => None,
        },
        Kind::Int => text.parse().ok().map(Value::Int),
        Kind::Text | Kind::Enum => Some(Value::Text(text)),
        Kind::Uuid => uuid_from_text(text).map(Value::Uuid),
        Kind::Timestamp => timestamp_from_text(text).map(Value::Timestamp),
        Kind::Date => date_from_text(text).map(Value::Date),
        Kind::Decimal => Decimal::parse(text).map(Value::Decimal),
        Kind::Opaque => Some(Value::Present),
    }
}
