//! Views, functions and triggers of the migrations.

use super::step::{Phase, Statement, Step};
use super::{Context, goal, quote};
use crate::generate;
use crate::live::{Enabled, Function, Table};
use crate::sql;

/// Views, then functions, then triggers, each after what it names.
pub(super) fn code(context: &mut Context<'_>) {
    types(context);
    let mut changed = views(context);
    changed |= functions(context);
    triggers(context);
    context.code_changed = changed;
}

fn types(context: &mut Context<'_>) {
    let mut step = Step::new(
        Phase::Foundation,
        "types",
        "Types that the new columns have.",
    );
    for wanted in &context.goal.live.types {
        let known = context
            .live
            .live
            .types
            .iter()
            .find(|known| known.name == wanted.name);
        match known {
            Some(known) if known.labels == wanted.labels => {}
            Some(_) => context.unknown("type with other labels", &wanted.name),
            None => {
                let labels: Vec<String> = wanted
                    .labels
                    .iter()
                    .map(|label| sql::literal(label))
                    .collect();
                let name = sql::qualified(&wanted.schema, &wanted.name);
                step.push(
                    format!("create type {name} as enum ({})", labels.join(", ")),
                    Some(format!("drop type {name}")),
                );
            }
        }
    }
    if !step.is_empty() {
        context.steps.push(step);
    }
}

/// Whether a view was changed.
fn views(context: &mut Context<'_>) -> bool {
    let schema = context.schema;
    let mut changed = false;
    for wanted in context
        .goal
        .live
        .views
        .iter()
        .filter(|view| view.schema == schema)
    {
        let known = context.live.live.view(&wanted.name);
        let same = known.is_some_and(|known| {
            let again = context
                .goal
                .again
                .as_ref()
                .and_then(|again| again.view(&wanted.name));
            (known.definition == wanted.definition
                || again.is_some_and(|again| known.definition == again.definition))
                && known.security_invoker == wanted.security_invoker
                && known.kind == wanted.kind
        });
        if same {
            continue;
        }
        changed = true;
        let name = sql::qualified(schema, &wanted.name);
        let mut step = Step::new(
            Phase::Code,
            format!("view_{}", wanted.name),
            "The view reads as its caller from here on, so the policies of its tables decide.",
        );
        if let Some(known) = known {
            step.up.push(unchanged(
                &format!("the view {name}"),
                &format!(
                    "pg_catalog.pg_get_viewdef({}::regclass)",
                    sql::literal(&name)
                ),
                &known.definition,
            ));
            step.push(format!("drop view {name}"), None);
            let mut undo = vec![format!("drop view {name}"), quote::view(known)];
            undo.extend(quote::grants(&name, &known.grants));
            step.down = undo.into_iter().map(Statement::new).collect();
        }
        step.push(quote::view(wanted), None);
        for grant in quote::grants(&name, &wanted.grants) {
            step.push(grant, None);
        }
        if let Some(comment) = &wanted.comment {
            step.push(
                format!("comment on view {name} is {}", sql::literal(comment)),
                None,
            );
        }
        context.steps.push(step);
    }
    for known in context
        .live
        .live
        .views
        .iter()
        .filter(|view| view.schema == schema)
    {
        if context.goal.live.view(&known.name).is_none() {
            context.unknown("view", &known.name);
        }
    }
    changed
}

/// A statement that stops the file where something is not as it was read.
fn unchanged(what: &str, now: &str, before: &str) -> Statement {
    let text = format!(
        "do $$
begin
  if pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to({now}, 'UTF8')), 'hex') is distinct from {} then
    raise exception using
      message = {},
      hint = 'Run countersign diff again.';
  end if;
end $$",
        sql::literal(&sql::hash(before, 64)),
        sql::literal(&format!("{what} is not what it was when this file was written")),
    );
    Statement::new(text)
}

fn key(function: &Function) -> (String, String, String) {
    (
        function.schema.clone(),
        function.name.clone(),
        function.arguments.join(", "),
    )
}

/// Whether a function was changed.
fn functions(context: &mut Context<'_>) -> bool {
    let schema = context.schema;
    let of_us = |function: &&Function| {
        (function.schema == schema || function.schema == generate::SCHEMA)
            && !goal::generated(context.sections, &function.schema, &function.name)
    };
    let wanted: Vec<&Function> = context.goal.live.functions.iter().filter(of_us).collect();
    let mut step = Step::new(
        Phase::Code,
        "functions",
        "The functions of the migrations; those of the same name that took other arguments go.",
    );
    let (mut gone, mut made, mut closed) = (Vec::new(), Vec::new(), Vec::new());
    for known in &context.live.live.functions {
        if known.schema != schema || wanted.iter().any(|wanted| key(wanted) == key(known)) {
            continue;
        }
        let full = format!(
            "{}({})",
            sql::qualified(schema, &known.name),
            known.arguments.join(", ")
        );
        if wanted
            .iter()
            .any(|wanted| wanted.name == known.name && wanted.schema == schema)
        {
            gone.push((known, full));
        } else {
            context.unknown("function", &full);
        }
    }
    for function in wanted {
        let Some(text) = context.goal.functions.get(&key(function)) else {
            continue;
        };
        let before = context.live.functions.get(&key(function));
        let name = format!(
            "{}({})",
            sql::qualified(&function.schema, &function.name),
            function.arguments.join(", ")
        );
        let known = context
            .live
            .live
            .functions
            .iter()
            .find(|known| key(known) == key(function));
        if before != Some(text) {
            if let Some(known) = known.filter(|known| known.returns != function.returns) {
                gone.push((known, name.clone()));
            }
            let undo = match before {
                Some(before) => before.clone(),
                None => format!("drop function {name}"),
            };
            made.push((text.clone(), undo));
            if let Some(comment) = &function.comment {
                closed.push(format!(
                    "comment on function {name} is {}",
                    sql::literal(comment)
                ));
            }
        }
        let granted = known
            .is_some_and(|known| quote::decided(&known.grants) == quote::decided(&function.grants));
        if function.schema == generate::SCHEMA && !(granted && before == Some(text)) {
            closed.extend(quote::grants(&format!("function {name}"), &function.grants));
        }
    }
    for (known, name) in gone {
        let now = format!(
            "(select prosrc from pg_catalog.pg_proc where oid = {}::regprocedure)",
            sql::literal(&name)
        );
        step.up.push(unchanged(
            &format!("the function {name}"),
            &now,
            &known.body,
        ));
        step.push(
            format!("drop function {name}"),
            context.live.functions.get(&key(known)).cloned(),
        );
        // It comes back as open as it was.
        let grants = quote::grants(&format!("function {name}"), &known.grants);
        let after = usize::from(context.live.functions.contains_key(&key(known)));
        step.down
            .splice(after..after, grants.into_iter().map(Statement::new));
    }
    for (text, undo) in made {
        step.push(text, Some(undo));
    }
    for statement in closed {
        step.push(statement, None);
    }
    let changed = !step.is_empty();
    if changed {
        // The old functions find their tables by whatever search path their caller has.
        step.down
            .insert(0, Statement::new("set local check_function_bodies = off"));
        context.steps.push(step);
    }
    changed
}

/// Triggers of the migrations; those of the policies come with their tables.
fn triggers(context: &mut Context<'_>) {
    for goal in &context.goal.live.tables {
        let relation = quote::relation(goal);
        let live = context.live.live.table(&goal.name);
        let mut step = Step::new(
            Phase::Code,
            format!("triggers_{}", goal.name),
            "The triggers of the migrations.",
        );
        for known in live
            .map(|live| live.triggers.as_slice())
            .unwrap_or_default()
        {
            if goal.triggers.iter().any(|wanted| wanted.name == known.name) {
                continue;
            }
            let ours =
                context.goal.live.functions.iter().any(|function| {
                    known.function == sql::qualified(&function.schema, &function.name)
                });
            if ours {
                step.push(
                    format!("drop trigger {} on {relation}", sql::name(&known.name)),
                    Some(known.definition.clone()),
                );
            } else {
                context.unknown("trigger", &format!("{}.{}", goal.name, known.name));
            }
        }
        for wanted in goal
            .triggers
            .iter()
            .filter(|wanted| !of_policy(context, goal, &wanted.name))
        {
            let known =
                live.and_then(|live| live.triggers.iter().find(|known| known.name == wanted.name));
            let again = context
                .again(&goal.name)
                .and_then(|again| again.triggers.iter().find(|t| t.name == wanted.name));
            let same = known.is_some_and(|known| {
                known.enabled == Enabled::Origin
                    && (known.definition == wanted.definition
                        || again.is_some_and(|again| known.definition == again.definition))
            });
            if same {
                continue;
            }
            let drop = format!("drop trigger {} on {relation}", sql::name(&wanted.name));
            if let Some(known) = known {
                step.push(drop.clone(), Some(known.definition.clone()));
            }
            step.push(wanted.definition.clone(), Some(drop));
        }
        if !step.is_empty() {
            context.steps.push(step);
        }
    }
}

/// Whether a table's section makes this trigger.
pub(super) fn of_policy(context: &Context<'_>, table: &Table, trigger: &str) -> bool {
    let made = format!("trigger {} ", sql::name(trigger));
    let relation = format!(" on {}", quote::relation(table));
    context.sections.iter().any(|section| {
        section.body.lines().any(|line| {
            line.starts_with("create") && line.contains(&made) && line.contains(&relation)
        })
    })
}
