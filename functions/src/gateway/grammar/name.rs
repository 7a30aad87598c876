//! Names, and fields: columns with a path into their JSON.

use std::fmt::{self, Display, Write as _};

use super::cursor::{Cursor, Read};

/// A column, or something inside its JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Field {
    /// The column.
    pub(in super::super) name: String,
    /// The way into its JSON; empty for the column itself.
    pub(in super::super) path: Vec<Step>,
}

/// `->key` or `->>key`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Step {
    /// Whether the arrow is `->>`, which yields text.
    pub(super) as_text: bool,
    pub(super) key: Key,
}

/// What an arrow points at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Key {
    /// An array's element: digits, perhaps behind a minus.
    Index(String),
    /// An object's member.
    Member(String),
}

impl Field {
    pub(super) fn read(cursor: &mut Cursor<'_>) -> Read<Self> {
        let name = name(cursor)?;
        let mut path = Vec::new();
        while cursor.looks_at("->") {
            let as_text = cursor.eat("->>");
            if !as_text {
                cursor.eat("->");
            }
            path.push(Step {
                as_text,
                key: Key::read(cursor)?,
            });
        }
        Ok(Self { name, path })
    }
}

impl Key {
    fn read(cursor: &mut Cursor<'_>) -> Read<Self> {
        if let Some(index) = cursor.attempt(index) {
            return Ok(Self::Index(index));
        }
        if cursor.looks_at("\"") {
            return quoted(cursor).map(Self::Member);
        }
        dashed(cursor, is_key_char, "a key").map(Self::Member)
    }
}

/// An array index; `1st` is a key.
fn index(cursor: &mut Cursor<'_>) -> Read<String> {
    let sign = if cursor.eat("-") { "-" } else { "" };
    let digits = cursor.take_while(|c| c.is_ascii_digit());
    let ends = cursor.is_done()
        || ["->", "::", ".", ",", ")"]
            .iter()
            .any(|end| cursor.looks_at(end));
    if digits.is_empty() || !ends {
        cursor.fail("an index")
    } else {
        Ok(format!("{sign}{digits}"))
    }
}

/// The name of a column, table, function or constraint, in quotes or without.
pub(super) fn name(cursor: &mut Cursor<'_>) -> Read<String> {
    if cursor.looks_at("\"") {
        quoted(cursor)
    } else {
        dashed(cursor, is_name_char, "a name")
    }
}

/// Letters, digits and spaces: a cast's type or a text search configuration.
pub(super) fn identifier(cursor: &mut Cursor<'_>) -> Read<String> {
    let text = cursor.take_while(is_name_char).trim_matches(' ');
    if text.is_empty() {
        cursor.fail("a name")
    } else {
        Ok(text.to_owned())
    }
}

/// `"…"` with backslashes before quotes and backslashes.
pub(super) fn quoted(cursor: &mut Cursor<'_>) -> Read<String> {
    cursor.expect("\"")?;
    let mut text = String::new();
    loop {
        match cursor.next() {
            Some('"') => return Ok(text),
            Some('\\') => match cursor.next() {
                Some(escaped) => text.push(escaped),
                None => return cursor.fail("an escaped character"),
            },
            Some(plain) => text.push(plain),
            None => return cursor.fail("a closing quote"),
        }
    }
}

/// Words joined by dashes; blanks around each are not part of it.
fn dashed(
    cursor: &mut Cursor<'_>,
    belongs: fn(char) -> bool,
    expected: &'static str,
) -> Read<String> {
    let mut text = String::new();
    loop {
        let word = cursor.take_while(belongs).trim();
        if word.is_empty() {
            return cursor.fail(expected);
        }
        text.push_str(word);
        if !cursor.looks_at("-") || cursor.looks_at("->") {
            return Ok(text);
        }
        cursor.eat("-");
        text.push('-');
    }
}

fn is_name_char(c: char) -> bool {
    c.is_alphabetic() || c.is_ascii_digit() || matches!(c, '_' | ' ' | '$')
}

fn is_key_char(c: char) -> bool {
    !matches!(c, '(' | '-' | ':' | '.' | ',' | '>' | ')')
}

/// A name as the grammar wants it: in quotes unless it is plain.
pub(super) struct Name<'a>(pub(super) &'a str);

impl Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = |word: &str| {
            !word.is_empty()
                && word.trim() == word
                && word.chars().all(|c| c.is_ascii() && is_name_char(c))
        };
        if self.0.split('-').all(plain) {
            f.write_str(self.0)
        } else {
            write_quoted(f, self.0)
        }
    }
}

pub(super) fn write_quoted(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_char('"')?;
    for c in text.chars() {
        if matches!(c, '"' | '\\') {
            f.write_char('\\')?;
        }
        f.write_char(c)?;
    }
    f.write_char('"')
}

impl Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Name(&self.name).fmt(f)?;
        for step in &self.path {
            f.write_str(if step.as_text { "->>" } else { "->" })?;
            match &step.key {
                Key::Index(index) => f.write_str(index)?,
                // Digits alone would be an index.
                Key::Member(key) if key.chars().all(|c| c.is_ascii_digit()) => {
                    write_quoted(f, key)?;
                }
                Key::Member(key) => Name(key).fmt(f)?,
            }
        }
        Ok(())
    }
}
