//! What is not in the database: objects of other systems, and workflows.

use super::context::Context;
use super::tables::rowless;
use crate::diagnostic::Diagnostic;
use crate::model::{OperationRule, Resource, Subject, Tenant};

pub(super) fn resources(context: &mut Context<'_>, tenant: Option<&Tenant>) -> Vec<Resource> {
    let file = context.file;
    let mut resources: Vec<Resource> = Vec::new();
    for block in &file.resources {
        let system = block.system.as_ref().map(|name| name.text.clone());
        let same = |known: &Resource| known.system == system && known.object == block.name.text;
        if resources.iter().any(same) {
            context.report(
                Diagnostic::error(
                    "second-block",
                    block.name.span,
                    format!("`{}` has a block already", block.name.text),
                )
                .label("again")
                .help("put all operations of a resource into one block"),
            );
            continue;
        }
        let mut resource = Resource {
            system,
            object: block.name.text.clone(),
            rules: Vec::new(),
            line: block.line,
        };
        for rule in &block.rules {
            if let Some(span) = rule.outside {
                context.report(
                    Diagnostic::error(
                        "outside",
                        span,
                        "there is no tenant fence around a resource",
                    )
                    .label("has no effect here")
                    .help("remove it"),
                );
            }
            let Some(subject) = rowless(context, tenant, rule, "a resource") else {
                continue;
            };
            for action in &rule.actions {
                let wider = resource.rules.iter().find(|known| {
                    known.operation == action.word.text && includes(known.subject, subject)
                });
                if let Some(wider) = wider {
                    let message = format!("`{}` allows this already", wider.text);
                    context.report(
                        Diagnostic::warning("covered", action.word.span, message)
                            .label("never decides")
                            .help("remove it, or narrow the other rule"),
                    );
                }
                resource.rules.push(OperationRule {
                    subject,
                    operation: action.word.text.clone(),
                    text: action.text.clone(),
                    line: action.line,
                });
            }
        }
        resources.push(resource);
    }
    resources
}

/// Whether whoever `narrow` speaks of is also spoken of by `wide`.
fn includes(wide: Subject, narrow: Subject) -> bool {
    match (wide, narrow) {
        (Subject::Rank(a), Subject::Rank(b)) => a <= b,
        (Subject::Anon, other) => other != Subject::Service,
        (Subject::Guest, other) => !matches!(other, Subject::Anon | Subject::Service),
        (a, b) => a == b,
    }
}
