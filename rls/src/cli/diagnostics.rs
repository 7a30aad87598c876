//! The checker's findings, with the words at fault underlined.

use std::fmt;
use std::path::Path;

use miette::{LabeledSpan, NamedSource, Severity, SourceCode};
use policy_core::Diagnostic;
use policy_core::diagnostic;
use serde_json::{Value, json};

/// Prints findings to standard error, the worst last, where the eye is.
pub(crate) fn print(path: &Path, source: &str, diagnostics: &[Diagnostic]) {
    let source = NamedSource::new(path.display().to_string(), source.to_owned());
    let mut sorted: Vec<&Diagnostic> = diagnostics.iter().collect();
    sorted.sort_by_key(|diagnostic| (diagnostic.severity, diagnostic.span.start));
    for diagnostic in sorted {
        eprintln!(
            "{:?}",
            miette::Report::new(Finding {
                diagnostic: diagnostic.clone(),
                source: source.clone()
            })
        );
    }
}

/// Findings as JSON, with line and column counted from 1.
pub(crate) fn json(path: &Path, source: &str, diagnostics: &[Diagnostic]) -> Vec<Value> {
    diagnostics
        .iter()
        .map(|found| {
            let before = source.get(..found.span.start).unwrap_or_default();
            let line = before.matches('\n').count() + 1;
            let column = before
                .rsplit('\n')
                .next()
                .unwrap_or_default()
                .chars()
                .count()
                + 1;
            json!({
                "code": found.code,
                "severity": found.severity,
                "message": found.message,
                "file": path.display().to_string(),
                "line": line,
                "column": column,
                "span": found.span,
                "label": found.label,
                "help": found.help,
            })
        })
        .collect()
}

#[derive(Debug)]
struct Finding {
    diagnostic: Diagnostic,
    source: NamedSource<String>,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.diagnostic.message)
    }
}

impl std::error::Error for Finding {}

impl miette::Diagnostic for Finding {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(self.diagnostic.code))
    }

    fn severity(&self) -> Option<Severity> {
        Some(match self.diagnostic.severity {
            diagnostic::Severity::Note => Severity::Advice,
            diagnostic::Severity::Warning => Severity::Warning,
            diagnostic::Severity::Error => Severity::Error,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.diagnostic
            .help
            .as_ref()
            .map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.source)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let diagnostic::Span { start, end } = self.diagnostic.span;
        let label = Some(self.diagnostic.label.clone()).filter(|label| !label.is_empty());
        Some(Box::new(std::iter::once(LabeledSpan::new(
            label,
            start,
            end.saturating_sub(start),
        ))))
    }
}
