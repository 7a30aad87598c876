//! The checker's findings as the protocol's diagnostics.

use lsp_types::{Diagnostic, DiagnosticSeverity, NumberOrString};
use policy_core::diagnostic::{self, Severity, Span};
use policy_core::{check, diagnostic::Diagnostic as Finding};

use super::document::{Document, NoCatalogue};
use super::place;

/// Everything there is to say about a text. Without a catalogue it is only parsed, and that is said.
pub(super) fn of(document: &Document) -> Vec<Diagnostic> {
    let tree = match document.tree() {
        Ok(tree) => tree,
        Err(findings) => return translate(document, &findings),
    };
    match document.catalogue() {
        Ok(catalogue) => {
            let findings = match check(&tree, &catalogue) {
                Ok((_, findings)) | Err(findings) => findings,
            };
            translate(document, &findings)
        }
        Err(missing) => {
            let span = tree.app.span;
            let finding = Finding::warning("no-catalogue", span, words(&missing, &tree.app.text));
            translate(document, &[finding])
        }
    }
}

fn words(missing: &NoCatalogue, app: &str) -> String {
    let mend = format!("write it with `countersign catalogue --app {app} --db <url>`");
    match missing {
        NoCatalogue::NoFile => {
            "only the syntax is checked: the catalogue lies beside the policy's file, and this text is no file yet"
                .to_owned()
        }
        NoCatalogue::Unread(path, error) => {
            let path = path.display();
            format!("only the syntax is checked: cannot read the catalogue {path} ({error}); {mend}")
        }
        NoCatalogue::Malformed(path, error) => {
            let path = path.display();
            format!("only the syntax is checked: {path} is not a catalogue ({error}); {mend}")
        }
    }
}

fn translate(document: &Document, findings: &[diagnostic::Diagnostic]) -> Vec<Diagnostic> {
    findings
        .iter()
        .map(|finding| {
            let mut message = finding.message.clone();
            if !finding.label.is_empty() {
                message = format!("{message}: {}", finding.label);
            }
            if let Some(help) = &finding.help {
                message = format!("{message}\nhelp: {help}");
            }
            Diagnostic {
                range: place::range(&document.text, visible(&document.text, finding.span)),
                severity: Some(match finding.severity {
                    Severity::Note => DiagnosticSeverity::INFORMATION,
                    Severity::Warning => DiagnosticSeverity::WARNING,
                    Severity::Error => DiagnosticSeverity::ERROR,
                }),
                code: Some(NumberOrString::String(finding.code.to_owned())),
                source: Some("countersign".to_owned()),
                message,
                ..Diagnostic::default()
            }
        })
        .collect()
}

/// Nothing can be underlined at the end of the text: the last word is instead.
fn visible(text: &str, span: Span) -> Span {
    if span.start < text.trim_end().len() {
        return span;
    }
    let end = text.trim_end().len();
    let last = text
        .get(..end)
        .and_then(|text| text.char_indices().next_back());
    Span {
        start: last.map_or(0, |(at, _)| at),
        end,
    }
}
