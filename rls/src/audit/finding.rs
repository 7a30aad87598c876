//! What can be found, and one thing that was.

use std::fmt;

use serde::Serialize;

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Slow, fragile, or other than intended without opening anything.
    Warning,
    /// Somebody may do what the policy does not allow, or may not do what it does.
    Error,
}

impl Severity {
    /// From the gravest down.
    pub const ALL: [Self; 3] = [Self::Error, Self::Warning, Self::Info];

    /// Its name.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Info => "info",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// A kind of finding: an entry of the reference.
#[derive(Debug, PartialEq, Eq)]
pub struct Kind {
    /// Its name, which never changes.
    pub name: &'static str,
    /// How much it matters.
    pub severity: Severity,
    /// What is the case.
    pub what: &'static str,
    /// Why that matters, in one sentence.
    pub why: &'static str,
    /// What mends it.
    pub mend: &'static str,
}

/// What a finding is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Object {
    /// What it is, e.g. `policy`.
    pub kind: &'static str,
    /// How a person names it, e.g. `countersign_select on agency.projects`.
    pub name: String,
    /// The table of the schema that it belongs to, if it belongs to one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub table: Option<String>,
    /// The file and line, if it is in one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<FilePlace>,
}

/// A line of a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct FilePlace {
    /// The file's path as it was given.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
}

impl Object {
    /// Something that belongs to no table.
    pub(super) fn new(kind: &'static str, name: impl Into<String>) -> Self {
        Self {
            kind,
            name: name.into(),
            table: None,
            place: None,
        }
    }

    /// Something of a table.
    pub(super) fn of(kind: &'static str, name: impl Into<String>, table: &str) -> Self {
        Self {
            table: Some(table.to_owned()),
            ..Self::new(kind, name)
        }
    }
}

impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.name)
    }
}

/// Something that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What kind of thing.
    pub kind: &'static Kind,
    /// Where.
    pub object: Object,
    /// What exactly is the case there.
    pub detail: String,
    /// The SQL that mends it, where that can be said.
    pub sql: Option<String>,
}

impl Finding {
    pub(super) fn new(kind: &'static Kind, object: Object, detail: impl Into<String>) -> Self {
        Self {
            kind,
            object,
            detail: detail.into(),
            sql: None,
        }
    }

    /// The same with the SQL that mends it.
    pub(super) fn mended(self, sql: impl Into<String>) -> Self {
        Self {
            sql: Some(sql.into()),
            ..self
        }
    }

    /// The same, if there is SQL that mends it.
    pub(super) fn perhaps_mended(self, sql: Option<String>) -> Self {
        Self { sql, ..self }
    }

    /// What mends it: SQL, or the words of its kind.
    #[must_use]
    pub fn mend(&self) -> &str {
        self.sql.as_deref().unwrap_or(self.kind.mend)
    }
}
