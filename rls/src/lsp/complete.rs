//! What may be written at a place.

use lsp_types::{CompletionItem, CompletionItemKind, CompletionTextEdit, Range, TextEdit};
use policy_core::Catalogue;
use policy_core::catalogue::RelationKind;
use policy_core::diagnostic::Span;
use policy_core::syntax::tree::Tenant;
use policy_core::syntax::{Next, Wanted, next, parse};

use super::document::Document;
use super::{hover, place};

/// The completions at a byte, which replace the word that was begun.
pub(super) fn at(document: &Document, byte: usize) -> Vec<CompletionItem> {
    let before = document.text.get(..byte).unwrap_or_default();
    let word = before.trim_end_matches(|c: char| c.is_alphanumeric() || matches!(c, '_' | '$'));
    // A quote that was opened belongs to the word.
    let start = word.strip_suffix(['\'', '"']).filter(|rest| balanced(rest));
    let text = start.unwrap_or(word);
    if !balanced(text) {
        return Vec::new();
    }
    let span = Span {
        start: text.len(),
        end: byte,
    };
    let mut items = Items {
        range: place::range(&document.text, span),
        found: Vec::new(),
    };
    let next = next(text);
    let catalogue = document.catalogue().unwrap_or_default();
    items.values(&catalogue, &next);
    for wanted in &next.names {
        items.names(document, &catalogue, *wanted, &next);
    }
    for word in &next.words {
        let detail = hover::subject(word).map(str::to_owned);
        items.add(word, CompletionItemKind::KEYWORD, detail);
    }
    items.found
}

/// Whether no quote is open at the end, comments left out.
fn balanced(text: &str) -> bool {
    let mut open = None;
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match (open, character) {
            (None, '\'' | '"') => open = Some(character),
            (Some(quote), character) if quote == character => open = None,
            (None, '-') if characters.peek() == Some(&'-') => {
                characters.by_ref().find(|c| *c == '\n');
            }
            _ => {}
        }
    }
    open.is_none()
}

struct Items {
    range: Range,
    found: Vec<CompletionItem>,
}

impl Items {
    fn add(&mut self, text: &str, kind: CompletionItemKind, detail: Option<String>) {
        self.found.push(CompletionItem {
            label: text.to_owned(),
            kind: Some(kind),
            detail,
            // What is near comes first: values, names, then keywords.
            sort_text: Some(format!("{:04}", self.found.len())),
            filter_text: Some(text.to_owned()),
            text_edit: Some(CompletionTextEdit::Edit(TextEdit {
                range: self.range,
                new_text: text.to_owned(),
            })),
            ..CompletionItem::default()
        });
    }

    /// What a compared column can be.
    fn values(&mut self, catalogue: &Catalogue, next: &Next) {
        let column = next
            .table
            .as_ref()
            .and_then(|table| catalogue.relation(table))
            .zip(next.compared.as_ref())
            .and_then(|(table, column)| table.column(column));
        let Some(column) = column else { return };
        for value in column.labels.iter().chain(&column.one_of) {
            let literal = format!("'{}'", value.replace('\'', "''"));
            self.add(
                &literal,
                CompletionItemKind::VALUE,
                Some(column.data_type.clone()),
            );
        }
    }

    fn names(&mut self, document: &Document, catalogue: &Catalogue, wanted: Wanted, next: &Next) {
        match wanted {
            Wanted::Table => {
                self.relations(catalogue, RelationKind::Table, CompletionItemKind::STRUCT)
            }
            Wanted::View => {
                self.relations(catalogue, RelationKind::View, CompletionItemKind::INTERFACE)
            }
            Wanted::Function => {
                for function in catalogue
                    .functions
                    .iter()
                    .filter(|function| !function.trigger)
                {
                    let arguments = function.arguments.join(", ");
                    let text = format!("{}({arguments})", name(&function.name));
                    self.add(
                        &text,
                        CompletionItemKind::FUNCTION,
                        Some(function.returns.clone()),
                    );
                }
            }
            Wanted::Column => {
                let table = next.table.as_ref();
                let columns = table.and_then(|table| catalogue.relation(table));
                for column in columns.iter().flat_map(|table| &table.columns) {
                    let detail = Some(column.data_type.clone());
                    self.add(&name(&column.name), CompletionItemKind::FIELD, detail);
                }
            }
            Wanted::Role => {
                let Some(tenant) = tenant(&document.text) else {
                    return;
                };
                for role in &tenant.roles {
                    let detail = hover::role(&tenant, &role.text).map(|text| text.replace('`', ""));
                    self.add(&name(&role.text), CompletionItemKind::ENUM_MEMBER, detail);
                }
            }
            Wanted::Attribute => {
                let tenant = tenant(&document.text);
                for source in tenant.iter().flat_map(|tenant| &tenant.members) {
                    // Without a role of its own the first column holds it.
                    let role = usize::from(source.role.is_none());
                    for attribute in source.more.iter().skip(role) {
                        let detail = Some(format!("of {}", source.table.text));
                        self.add(
                            &name(&attribute.name().text),
                            CompletionItemKind::FIELD,
                            detail,
                        );
                    }
                }
            }
            // The actions are among the words.
            Wanted::Action | Wanted::Free => {}
        }
    }

    fn relations(&mut self, catalogue: &Catalogue, kind: RelationKind, item: CompletionItemKind) {
        let relations = catalogue.relations.iter();
        for relation in relations.filter(|relation| relation.kind == kind) {
            self.add(&name(&relation.name), item, None);
        }
    }
}

/// A name as a policy spells it.
fn name(name: &str) -> String {
    let plain = name
        .chars()
        .all(|c| c.is_lowercase() || c.is_ascii_digit() || c == '_');
    if plain && name.starts_with(|c: char| !c.is_ascii_digit()) {
        name.to_owned()
    } else {
        format!("\"{}\"", name.replace('"', "\"\""))
    }
}

/// The declaration of tenants, also while the rest of the text does not parse.
fn tenant(text: &str) -> Option<Tenant> {
    let tenant = |text: &str| parse(text).ok().and_then(|file| file.tenant);
    tenant(text).or_else(|| {
        // It ends with a `;`, and what comes before blocks is short.
        text.match_indices(';')
            .filter_map(|(at, _)| text.get(..=at))
            .take(64)
            .find_map(tenant)
    })
}
