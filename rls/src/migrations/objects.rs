//! The objects that a section makes, read from its SQL.

use crate::generate::Section;

/// Something that outlives the section that made it, unless it is dropped.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Object {
    /// A table's policy.
    Policy { table: String, name: String },
    /// A table's trigger.
    Trigger { table: String, name: String },
    /// A function without arguments.
    Function(String),
    /// An index, in the schema of its table.
    Index(String),
}

impl Object {
    /// What some sections make, in the order in which it can be dropped.
    pub(super) fn of_all(sections: &[Section]) -> Vec<Self> {
        let lines = sections.iter().flat_map(|section| section.body.lines());
        let mut objects: Vec<Self> = lines.filter_map(Self::made_by).collect();
        objects.sort();
        objects.dedup();
        objects
    }

    /// The objects of one list that are not in the other. Who is asking is a question of all apps
    /// of a database, so those functions stay.
    pub(super) fn missing(of: &[Self], from: &[Self]) -> Vec<Self> {
        let shared = |object: &&Self| !matches!(object, Self::Function(name) if name.starts_with("countersign.caller_"));
        of.iter()
            .filter(|object| !from.contains(object))
            .filter(shared)
            .cloned()
            .collect()
    }

    /// The statement that drops it.
    pub(super) fn drop(&self) -> String {
        match self {
            Self::Policy { table, name } => format!("drop policy if exists {name} on {table};"),
            Self::Trigger { table, name } => format!("drop trigger if exists {name} on {table};"),
            Self::Function(name) => format!("drop function if exists {name}();"),
            Self::Index(name) => format!("drop index if exists {name};"),
        }
    }

    /// Reads the first line of a generated `create`.
    fn made_by(line: &str) -> Option<Self> {
        let rest = line.strip_prefix("create ")?;
        if let Some(rest) = rest.strip_prefix("policy ") {
            let (name, rest) = identifier(rest)?;
            let (table, _) = identifier(rest.strip_prefix(" on ")?)?;
            return Some(Self::Policy { table, name });
        }
        if let Some(rest) = rest.strip_prefix("or replace function ") {
            return Some(Self::Function(identifier(rest)?.0));
        }
        if let Some(rest) = rest.strip_prefix("index if not exists ") {
            let (name, rest) = identifier(rest)?;
            let (table, _) = identifier(rest.strip_prefix(" on ")?)?;
            let schema = identifier_part(&table)?.0;
            return Some(Self::Index(format!("{schema}.{name}")));
        }
        let rest = rest
            .strip_prefix("constraint ")
            .unwrap_or(rest)
            .strip_prefix("trigger ")?;
        let (name, rest) = identifier(rest)?;
        let (_, table) = rest.split_once(" on ")?;
        let (table, _) = identifier(table)?;
        Some(Self::Trigger { table, name })
    }
}

/// A name, perhaps with its schema, and what follows it.
fn identifier(text: &str) -> Option<(String, &str)> {
    let (first, rest) = identifier_part(text)?;
    match rest.strip_prefix('.') {
        Some(rest) => {
            let (second, rest) = identifier_part(rest)?;
            Some((format!("{first}.{second}"), rest))
        }
        None => Some((first.to_owned(), rest)),
    }
}

fn identifier_part(text: &str) -> Option<(&str, &str)> {
    let mut quoted = false;
    let end = text
        .find(|c: char| {
            if c == '"' {
                quoted = !quoted;
                return false;
            }
            !quoted && !c.is_alphanumeric() && c != '_'
        })
        .unwrap_or(text.len());
    text.split_at_checked(end)
        .filter(|(name, _)| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_read_from_their_statements() {
        for (line, drop) in [
            (
                "create policy p on s.\"My t\" for select to x",
                "drop policy if exists p on s.\"My t\";",
            ),
            (
                "create or replace function c.f() returns trigger",
                "drop function if exists c.f();",
            ),
            (
                "create trigger t before update on s.x",
                "drop trigger if exists t on s.x;",
            ),
            (
                "create constraint trigger t after update or delete on \"S\".x",
                "drop trigger if exists t on \"S\".x;",
            ),
            (
                "create index if not exists i on s.x (a, b);",
                "drop index if exists s.i;",
            ),
        ] {
            assert_eq!(
                Object::made_by(line).map(|object| object.drop()).as_deref(),
                Some(drop)
            );
        }
        assert_eq!(Object::made_by("  create policy inside"), None);
    }
}
