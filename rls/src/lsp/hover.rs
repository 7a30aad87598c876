//! What a name means: the SQL that comes of it, a column's type, who a subject is.

use std::fmt::Write as _;

use policy_core::Catalogue;
use policy_core::catalogue::{Column, ColumnDefault};
use policy_core::diagnostic::Span;
use policy_core::syntax::Meaning;
use policy_core::syntax::tree::{File, Tenant};

use super::document::{Document, mention_at};
use crate::generate;

/// What to say about the name at a byte, in Markdown, and the name's place.
pub(super) fn of(document: &Document, byte: usize) -> Option<(String, Span)> {
    let file = document.tree().ok()?;
    let name = mention_at(&file, byte)?;
    let text = match name.meaning {
        Meaning::Table { .. } => sql(document, &format!("table.{}", name.text), None)?,
        Meaning::View => sql(document, "views", Some(name.text))?,
        Meaning::Function => sql(document, "functions", Some(name.text))?,
        Meaning::Action { of } => action(document, &file, of, name.text)?,
        Meaning::Column { table } => column(&document.catalogue().ok()?, table, name.text)?,
        Meaning::Role { .. } => role(file.tenant.as_ref()?, name.text)?,
        Meaning::Attribute { .. } => {
            format!(
                "`{}`: what a membership has beside its role. `in same {0}` holds where the row has the same.",
                name.text
            )
        }
        Meaning::Resource | Meaning::Operation => {
            "In no database: the edge decides, and no SQL comes of it.".to_owned()
        }
        Meaning::Subject => match subject(name.text) {
            Some(who) => format!("`{}`: {who}", name.text),
            None => role(file.tenant.as_ref()?, name.text)?,
        },
    };
    Some((text, name.span))
}

/// Who the language's own subjects are.
pub(super) fn subject(word: &str) -> Option<&'static str> {
    Some(match word {
        "anon" => "everybody, signed in or not",
        "guest" => "whoever has a subject in a valid token, anonymous sign-ins included",
        "user" => "whoever signed in with an identity",
        "service" => "the Worker's own database role, `countersign_edge`: its rules are its grants",
        "self" => "whoever's id is in the column",
        _ => return None,
    })
}

/// Who has a role.
pub(super) fn role(tenant: &Tenant, role: &str) -> Option<String> {
    let rank = tenant.roles.iter().position(|name| name.text == role)?;
    let mut text = format!("`{role}`: members of the row's tenant with this role");
    let higher: Vec<String> = tenant
        .roles
        .iter()
        .take(rank)
        .map(|name| format!("`{}`", name.text))
        .collect();
    if !higher.is_empty() {
        let _ = write!(text, " or a higher one: {}", higher.join(", "));
    }
    let sources: Vec<String> = tenant
        .members
        .iter()
        .map(|source| format!("`{}`", source.table.text))
        .collect();
    let _ = write!(
        text,
        ".\n\nMembership is read from {}.",
        sources.join(" and ")
    );
    Some(text)
}

/// A column's type, and what else the catalogue knows about it.
pub(super) fn column(catalogue: &Catalogue, table: &str, column: &str) -> Option<String> {
    let Column {
        name,
        data_type,
        nullable,
        default,
        labels,
        one_of,
        collation,
    } = catalogue.relation(table)?.column(column)?;
    let mut text = format!("```sql\n{table}.{name} {data_type}");
    if !collation.is_empty() {
        text.push_str(&format!(" collate \"{collation}\""));
    }
    if !nullable {
        text.push_str(" not null");
    }
    match default {
        ColumnDefault::None => {}
        ColumnDefault::Constant(value) => {
            let _ = write!(text, " default '{value}'");
        }
        ColumnDefault::Expression(expression) => {
            let _ = write!(text, " default {expression}");
        }
        ColumnDefault::Generated => text.push_str(" generated always"),
    }
    text.push_str("\n```");
    let values = if labels.is_empty() { one_of } else { labels };
    if !values.is_empty() {
        let values: Vec<String> = values.iter().map(|value| format!("`'{value}'`")).collect();
        let _ = write!(text, "\n\nOne of {}.", values.join(", "));
    }
    Some(text)
}

/// The SQL of an action: what of its table's speaks of that command.
fn action(document: &Document, file: &File, of: &str, word: &str) -> Option<String> {
    if file.views.iter().any(|view| view.name.text == of) {
        return sql(document, "views", Some(of));
    }
    if file
        .functions
        .iter()
        .any(|function| function.name.text == of)
    {
        return sql(document, "functions", Some(of));
    }
    // An upsert is an insert that may update.
    let word = if word == "upsert" { "insert" } else { word };
    sql(document, &format!("table.{of}"), Some(word))
}

/// A section of the generated SQL, or the statements in it that have a word.
fn sql(document: &Document, section: &str, word: Option<&str>) -> Option<String> {
    let Some((policy, catalogue)) = document.policy() else {
        return Some("No SQL yet: the policy has errors, or no catalogue.".to_owned());
    };
    let sections = generate::sections(&policy, &catalogue, &document.text);
    let section = sections.into_iter().find(|found| found.name == section)?;
    let body = match word {
        None => section.body,
        Some(word) => statements(&section.body, word),
    };
    Some(format!("```sql\n{}\n```", body.trim()))
}

/// The statements that name a word outside their comments. A function's body is one statement.
fn statements(sql: &str, word: &str) -> String {
    let mut found = Vec::new();
    let (mut statement, mut quoted) = (String::new(), false);
    for line in sql.lines() {
        statement.push_str(line);
        statement.push('\n');
        quoted ^= line.matches("$$").count() % 2 == 1;
        if line.ends_with(';') && !quoted {
            let dull = ["comment on ", "drop "]
                .iter()
                .any(|start| statement.trim_start().starts_with(start));
            if !dull && has_word(&statement, word) {
                found.push(statement.trim().to_owned());
            }
            statement.clear();
        }
    }
    found.join("\n\n")
}

fn has_word(text: &str, word: &str) -> bool {
    text.split(|c: char| !c.is_alphanumeric() && c != '_')
        .any(|found| found == word)
}
