//! Values that outlive the text they were read from.

use policy_core::Value;
use policy_core::decide::{CallerKind, Sight};
use policy_core::value::{Decimal, Kind, value_from_text};
use serde::{Deserialize, Serialize};

/// An owned [`Value`].
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Datum {
    /// [`Value::NotYetKnown`]
    NotYetKnown,
    /// [`Value::Present`]
    Present,
    /// [`Value::Null`]
    Null,
    /// [`Value::Bool`]
    Bool(bool),
    /// [`Value::Int`]
    Int(i64),
    /// [`Value::Text`]
    Text(Box<str>),
    /// [`Value::Uuid`]
    Uuid(u128),
    /// [`Value::Timestamp`]
    Timestamp(i64),
    /// [`Value::Date`]
    Date(i32),
    /// [`Value::Decimal`], as text.
    Decimal(Box<str>),
}

impl Datum {
    /// Reads a value of this kind; `None` is NULL. A text that is none of the kind is only known
    /// to be there.
    #[must_use]
    pub fn read(kind: Kind, text: Option<&str>) -> Self {
        match text {
            None => Self::Null,
            Some(text) => value_from_text(kind, text).map_or(Self::Present, Self::from),
        }
    }

    /// The value as `decide` wants it.
    #[must_use]
    pub fn value(&self) -> Value<'_> {
        match self {
            Self::NotYetKnown => Value::NotYetKnown,
            Self::Present => Value::Present,
            Self::Null => Value::Null,
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

impl From<Value<'_>> for Datum {
    fn from(value: Value<'_>) -> Self {
        match value {
            Value::NotYetKnown => Self::NotYetKnown,
            Value::Present => Self::Present,
            Value::Null => Self::Null,
            Value::Bool(b) => Self::Bool(b),
            Value::Int(i) => Self::Int(i),
            Value::Text(t) => Self::Text(t.into()),
            Value::Uuid(u) => Self::Uuid(u),
            Value::Timestamp(t) => Self::Timestamp(t),
            Value::Date(d) => Self::Date(d),
            Value::Decimal(number) => Self::Decimal(number.text().into()),
        }
    }
}

/// A [`CallerKind`] that can be written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Standing {
    /// [`CallerKind::Anon`]
    Anon,
    /// [`CallerKind::NoSubject`]
    NoSubject,
    /// [`CallerKind::Guest`]
    Guest,
    /// [`CallerKind::User`]
    User,
    /// [`CallerKind::Service`]
    Service,
}

impl From<Standing> for CallerKind {
    fn from(standing: Standing) -> Self {
        match standing {
            Standing::Anon => Self::Anon,
            Standing::NoSubject => Self::NoSubject,
            Standing::Guest => Self::Guest,
            Standing::User => Self::User,
            Standing::Service => Self::Service,
        }
    }
}

/// A [`Sight`] that can be written down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum View {
    /// [`Sight::Visible`]
    Visible,
    /// [`Sight::Hidden`]
    Hidden,
    /// [`Sight::NotYetKnown`]
    #[default]
    NotYetKnown,
}

impl From<View> for Sight {
    fn from(view: View) -> Self {
        match view {
            View::Visible => Self::Visible,
            View::Hidden => Self::Hidden,
            View::NotYetKnown => Self::NotYetKnown,
        }
    }
}
