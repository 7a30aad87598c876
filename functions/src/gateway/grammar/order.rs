//! The order of rows.

use std::fmt::{self, Display};

use super::cursor::{Cursor, Read};
use super::name::{Field, Name, name};

/// What to order by: a field, of an embedded resource if one is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Term {
    pub(in super::super) embedded: Option<String>,
    pub(in super::super) field: Field,
    /// `asc` or `desc`
    pub(super) direction: Option<&'static str>,
    /// `nullsfirst` or `nullslast`
    pub(super) nulls: Option<&'static str>,
}

impl Term {
    pub(super) fn read_list(cursor: &mut Cursor<'_>) -> Read<Vec<Self>> {
        cursor.list(Self::read)
    }

    fn read(cursor: &mut Cursor<'_>) -> Read<Self> {
        let embedded = cursor.attempt(|cursor| {
            let embedded = name(cursor)?;
            cursor.expect("(")?;
            Ok(embedded)
        });
        let field = Field::read(cursor)?;
        if embedded.is_some() {
            cursor.expect(")")?;
        }
        let direction = one_of(cursor, [".asc", ".desc"]);
        let nulls = one_of(cursor, [".nullsfirst", ".nullslast"]);
        Ok(Self {
            embedded,
            field,
            direction,
            nulls,
        })
    }
}

fn one_of(cursor: &mut Cursor<'_>, words: [&'static str; 2]) -> Option<&'static str> {
    words.into_iter().find(|word| cursor.eat(word))
}

/// Terms as the grammar writes them.
pub(super) struct Terms<'a>(pub(super) &'a [Term]);

impl Display for Terms<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, term) in self.0.iter().enumerate() {
            f.write_str(if position > 0 { "," } else { "" })?;
            match &term.embedded {
                Some(embedded) => write!(f, "{}({})", Name(embedded), term.field)?,
                None => term.field.fmt(f)?,
            }
            f.write_str(term.direction.unwrap_or_default())?;
            f.write_str(term.nulls.unwrap_or_default())?;
        }
        Ok(())
    }
}
