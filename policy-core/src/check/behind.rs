//! What happens to rows and searches behind a policy's back: triggers that write columns which
//! rules ask about, and indexes that look before row-level security does.

use super::context::Context;
use crate::catalogue::{ColumnDefault, Function, Relation, Timing, Trigger};
use crate::columns::ColumnSet;
use crate::diagnostic::Diagnostic;
use crate::model::{Action, Place, Policy, Table};
use crate::syntax::tree;

pub(super) fn look(context: &mut Context<'_>, policy: &Policy) {
    for block in &context.file.tables {
        let name = block.name.text.as_str();
        let (Some(table), Some(relation)) = (policy.table(name), context.catalogue.relation(name))
        else {
            continue;
        };
        rewritten(context, block, table, relation);
        generated(context, block, table, relation);
        if matches!(table.place, Place::Tenant(_)) {
            searched(context, block, relation);
        }
    }
}

/// A rule looks at the row as it is proposed in a client and as it is written in the database: a
/// trigger in between makes two rows of it.
fn rewritten(context: &mut Context<'_>, block: &tree::Table, table: &Table, relation: &Relation) {
    let mut told: Vec<(String, &str)> = Vec::new();
    let rules = table.rules.iter().map(|rule| (rule.action, &rule.check));
    let nevers = table.never.iter().map(|never| (never.action, &never.check));
    for (action, check) in rules.chain(nevers) {
        let (Some(check), Action::Insert | Action::Update) = (check, action) else {
            continue;
        };
        let fires = |trigger: &&Trigger| {
            trigger.timing == Timing::Before && trigger.events.iter().any(|on| on == action.word())
        };
        for trigger in relation.triggers.iter().filter(fires) {
            for column in check.columns().iter() {
                let name = table.column_name(column);
                let writes = |of: &String| of == name || of == "*";
                let known = (trigger.name.clone(), action.word());
                if trigger.writes.iter().any(writes) && !told.contains(&known) {
                    let message = format!(
                        "the trigger `{}` writes `{name}` before every {}, and a rule asks about it",
                        trigger.name,
                        action.word()
                    );
                    context.report(
                        Diagnostic::error("written-by-trigger", block.name.span, message)
                            .label("what a client proposes is not what is decided on")
                            .help(format!(
                                "leave `{name}` to the client or to a default, or ask about another column"
                            )),
                    );
                    told.push(known);
                }
            }
        }
    }
}

/// Before a row is written its generated columns are NULL, and the guard asks there.
fn generated(context: &mut Context<'_>, block: &tree::Table, table: &Table, relation: &Relation) {
    if table.guard.is_none() {
        return;
    }
    let computed: ColumnSet = (0..=u8::MAX)
        .zip(&relation.columns)
        .filter(|(_, column)| column.default == ColumnDefault::Generated)
        .map(|(index, _)| index)
        .collect();
    let updates = table.rules_for(Action::Update);
    let asked = updates
        .filter_map(|rule| rule.check.as_ref())
        .fold(ColumnSet::EMPTY, |all, check| all.union(check.columns()));
    if let Some(column) = asked.intersection(computed).iter().next() {
        let name = table.column_name(column);
        let message = format!(
            "`{name}` is generated: the guard that pairs the update rules of `{}` finds it NULL",
            relation.name
        );
        context.report(
            Diagnostic::error("generated-in-guard", block.name.span, message)
                .label("its rules have to be paired by a trigger")
                .help("ask about the columns that it is generated from"),
        );
    }
}

/// Types that vector indexes are for.
const VECTORS: [&str; 4] = ["vector", "halfvec", "sparsevec", "bit"];

/// A vector index gives its nearest rows first, and row-level security leaves of them what is the
/// tenant's: a small tenant gets fewer rows than were asked for, or none.
fn searched(context: &mut Context<'_>, block: &tree::Table, relation: &Relation) {
    for index in &relation.other_indexes {
        if !matches!(index.method.as_str(), "hnsw" | "ivfflat") {
            continue;
        }
        let takes = |function: &&Function| {
            let mut arguments = function.arguments.iter();
            !function.trigger && arguments.any(|of| VECTORS.iter().any(|kind| of == kind))
        };
        let goes_on = |function: &&Function| function.iterative_scans.contains(&index.method);
        let functions = || context.catalogue.functions.iter().filter(takes);
        let setting = format!("{}.iterative_scan", index.method);
        let message = match functions().find(|function| !goes_on(function)) {
            Some(function) => format!(
                "`{}` searches by vector without `{setting}`, and `{}` is filtered after its index `{}`",
                function.name, relation.name, index.name
            ),
            None if functions().next().is_none() => format!(
                "nothing sets `{setting}`, and `{}` is filtered after its index `{}`",
                relation.name, index.name
            ),
            None => continue,
        };
        context.report(
            Diagnostic::warning("filtered-after-index", block.name.span, message)
                .label("a small tenant finds fewer rows than it has")
                .help(format!(
                    "add `set {setting} = 'strict_order'` to the function that searches (pgvector 0.8 or later)"
                )),
        );
    }
}
