//! Where something is declared: a role among `roles`, a table at its block, what a membership has
//! in `members`.

use policy_core::diagnostic::Span;
use policy_core::syntax::{Meaning, mentions};

use super::document::{Document, mention_at};

/// The place of what the name at a byte means, if it has one in this text.
pub(super) fn of(document: &Document, byte: usize) -> Option<Span> {
    let file = document.tree().ok()?;
    let name = mention_at(&file, byte)?;
    let is_declaration = |meaning: &Meaning<'_>| match name.meaning {
        Meaning::Role { .. } | Meaning::Subject => *meaning == Meaning::Role { declared: true },
        Meaning::Table { .. } => *meaning == Meaning::Table { block: true },
        Meaning::Attribute { .. } => *meaning == Meaning::Attribute { declared: true },
        Meaning::View
        | Meaning::Function
        | Meaning::Resource
        | Meaning::Operation
        | Meaning::Column { .. }
        | Meaning::Action { .. } => false,
    };
    let found = mentions(&file)
        .into_iter()
        .find(|other| other.text == name.text && is_declaration(&other.meaning))?;
    Some(found.span)
}
