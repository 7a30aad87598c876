//! Tables and columns: what is missing is added, what is too narrow is widened.

use super::step::{Phase, Step};
use super::{Context, quote};
use crate::live::{Column, ConstraintKind, Table};
use crate::sql;

/// Tables that are missing, and those of the old application.
pub(super) fn tables(context: &mut Context<'_>) {
    for goal in &context.goal.live.tables {
        match context.live.live.table(&goal.name) {
            None => {
                let step = create(goal);
                context.steps.push(step);
            }
            Some(live) => {
                columns(context, live, goal);
                widen(context, live, goal);
            }
        }
    }
    for live in &context.live.live.tables {
        if context.goal.live.table(&live.name).is_none() {
            context.unknown("table", &live.name);
        }
    }
}

/// A new table, closed until its policies come. Its foreign keys come with everybody's.
fn create(goal: &Table) -> Step {
    let relation = quote::relation(goal);
    let mut lines: Vec<String> = goal.columns.iter().map(column).collect();
    lines.extend(
        goal.constraints
            .iter()
            .filter(|c| c.kind != ConstraintKind::ForeignKey)
            .map(|c| format!("constraint {} {}", sql::name(&c.name), c.definition)),
    );
    let mut step = Step::new(
        Phase::Tables,
        format!("table_{}", goal.name),
        "A table the application does not have yet. Nobody can reach it before its policies are there.",
    )
    .with(
        format!("create table {relation} (\n  {}\n)", lines.join(",\n  ")),
        Some(format!("drop table {relation}")),
    );
    for index in goal.indexes.iter().filter(|index| !index.constraint) {
        // The policies bring their own with them, if not exists.
        step.push(index.definition.clone(), None);
    }
    step.push(
        format!("alter table {relation} enable row level security"),
        None,
    );
    step.push(
        format!("revoke all on {relation} from {}", quote::ROLES.join(", ")),
        None,
    );
    comments(goal, goal.columns.iter(), &mut step);
    step
}

fn comments<'a>(goal: &Table, columns: impl Iterator<Item = &'a Column>, step: &mut Step) {
    let relation = quote::relation(goal);
    if let Some(comment) = &goal.comment {
        step.push(
            format!("comment on table {relation} is {}", sql::literal(comment)),
            None,
        );
    }
    for column in columns {
        if let Some(comment) = &column.comment {
            let name = sql::name(&column.name);
            step.push(
                format!(
                    "comment on column {relation}.{name} is {}",
                    sql::literal(comment)
                ),
                None,
            );
        }
    }
}

/// A column as `create table` has it.
fn column(column: &Column) -> String {
    let mut text = format!("{} {}", sql::name(&column.name), column.data_type);
    if let Some(expression) = &column.generated {
        text.push_str(&format!(" generated always as ({expression}) stored"));
    }
    if let Some(identity) = &column.identity {
        text.push_str(&format!(" generated {identity} as identity"));
    }
    if let Some(default) = &column.default {
        text.push_str(&format!(" default {default}"));
    }
    if column.not_null {
        text.push_str(" not null");
    }
    text
}

fn columns(context: &mut Context<'_>, live: &Table, goal: &Table) {
    let relation = quote::relation(goal);
    let (mut parts, mut undo, mut defaults) = (Vec::new(), Vec::new(), Vec::new());
    let mut added: Vec<&Column> = Vec::new();
    let mut filled = Vec::new();
    let mut loosened = Vec::new();
    for wanted in &goal.columns {
        let name = sql::name(&wanted.name);
        let Some(known) = live.column(&wanted.name) else {
            added.push(wanted);
            undo.push(format!("drop column {name}"));
            if wanted.not_null && wanted.default.is_none() {
                // Something has to fill it before it can be required.
                parts.push(format!("add column {name} {}", wanted.data_type));
            } else if wanted.not_null || wanted.generated.is_some() {
                parts.push(format!("add column {}", column(wanted)));
            } else {
                // A default in the same breath would be the value of the rows there are.
                parts.push(format!("add column {name} {}", wanted.data_type));
                defaults.extend(
                    wanted
                        .default
                        .iter()
                        .map(|default| format!("alter column {name} set default {default}")),
                );
            }
            continue;
        };
        if let Some(default) = wanted
            .default
            .as_ref()
            .filter(|_| wanted.not_null && !known.not_null)
        {
            filled.push((name.clone(), default.clone()));
        }
        if known.not_null && !wanted.not_null {
            loosened.push(format!("alter column {name} drop not null"));
        }
        default(context, live, known, wanted);
    }
    if !parts.is_empty() {
        parts.append(&mut defaults);
        let mut step = Step::new(
            Phase::Columns,
            format!("columns_{}", goal.name),
            "Columns the application does not have yet. No row is rewritten.",
        )
        .with(
            format!("alter table {relation}\n  {}", parts.join(",\n  ")),
            Some(format!("alter table {relation}\n  {}", undo.join(",\n  "))),
        );
        comments_of(&relation, &added, &mut step);
        context.steps.push(step);
    }
    if !filled.is_empty() {
        let sets: Vec<String> = filled
            .iter()
            .map(|(name, default)| format!("{name} = coalesce({name}, {default})"))
            .collect();
        let tests: Vec<String> = filled
            .iter()
            .map(|(name, _)| format!("{name} is null"))
            .collect();
        context.steps.push(
            Step::new(
                Phase::Backfill,
                format!("fill_{}", goal.name),
                "Where nothing stood, the default. Only these rows are locked.",
            )
            .with(
                format!(
                    "update {relation}\nset {}\nwhere {}",
                    sets.join(",\n    "),
                    tests.join(" or ")
                ),
                None,
            ),
        );
    }
    if !loosened.is_empty() {
        context.steps.push(
            Step::new(
                Phase::Code,
                format!("loosen_{}", goal.name),
                "May be empty from now on.",
            )
            .with(
                format!("alter table {relation} {}", loosened.join(", ")),
                None,
            ),
        );
    }
    for known in &live.columns {
        if goal.column(&known.name).is_some() {
            continue;
        }
        let full = format!("{}.{}", live.name, known.name);
        if context.replaced.contains(&full) {
            let step = drop_column(&relation, known);
            context.steps.push(step);
        } else {
            context.unknown("column", &full);
        }
    }
}

fn comments_of(relation: &str, columns: &[&Column], step: &mut Step) {
    for column in columns {
        if let Some(comment) = &column.comment {
            let name = sql::name(&column.name);
            step.push(
                format!(
                    "comment on column {relation}.{name} is {}",
                    sql::literal(comment)
                ),
                None,
            );
        }
    }
}

/// A default that is not the one wanted. Until the policy decides, the old application needs its own.
fn default(context: &mut Context<'_>, table: &Table, known: &Column, wanted: &Column) {
    if known.default == wanted.default || known.generated.is_some() {
        return;
    }
    let (relation, name) = (quote::relation(table), sql::name(&known.name));
    let set = |default: &Option<String>| match default {
        Some(default) => {
            format!("alter table {relation} alter column {name} set default {default}")
        }
        None => format!("alter table {relation} alter column {name} drop default"),
    };
    let (up, down) = (set(&wanted.default), set(&known.default));
    let of = format!("defaults_{}", table.name);
    let phase = Phase::Code;
    let open = context
        .steps
        .iter_mut()
        .find(|step| step.phase == phase && step.name == of);
    match open {
        Some(step) => step.push(up, Some(down)),
        None => context.steps.push(
            Step::new(
                phase,
                of,
                "What a new row starts with when it does not say.",
            )
            .with(up, Some(down)),
        ),
    }
}

fn drop_column(relation: &str, column: &Column) -> Step {
    let name = sql::name(&column.name);
    Step::new(
        Phase::Contract,
        format!("drop_{}_{}", relation.rsplit('.').next().unwrap_or_default().trim_matches('"'), column.name),
        "Its values have another place by now. Undoing this brings the column back, not the values.",
    )
    .with(
        format!("alter table {relation} drop column {name}"),
        Some(format!("alter table {relation} add column {name} {}", column.data_type)),
    )
}

fn widen(context: &mut Context<'_>, live: &Table, goal: &Table) {
    let relation = quote::relation(live);
    let mut up = Vec::new();
    for wanted in &goal.columns {
        let Some(known) = live.column(&wanted.name) else {
            continue;
        };
        if known.data_type == wanted.data_type {
            continue;
        }
        if !is_wider(&wanted.data_type, &known.data_type) {
            context.unknown(
                "column",
                &format!(
                    "{}.{} ({} instead of {})",
                    live.name, known.name, known.data_type, wanted.data_type
                ),
            );
            continue;
        }
        let name = sql::name(&known.name);
        up.push(format!("alter column {name} type {}", wanted.data_type));
    }
    if up.is_empty() {
        return;
    }
    // A type cannot change below a view.
    let views: Vec<_> = context
        .live
        .live
        .views
        .iter()
        .filter(|view| {
            view.reads
                .iter()
                .any(|r| r.schema == live.schema && r.name == live.name)
        })
        .collect();
    let mut step = Step::new(
        Phase::Widen,
        format!("widen_{}", live.name),
        "A wider type. The table is written anew, which keeps others waiting that long.",
    );
    let names: Vec<String> = views
        .iter()
        .map(|v| sql::qualified(&v.schema, &v.name))
        .collect();
    for name in &names {
        step.push(format!("drop view {name}"), None);
    }
    step.push(
        format!("alter table {relation}\n  {}", up.join(",\n  ")),
        None,
    );
    for view in views {
        let name = sql::qualified(&view.schema, &view.name);
        step.push(quote::view(view), None);
        for grant in quote::grants(&name, &view.grants) {
            step.push(grant, None);
        }
    }
    context.steps.push(step);
}

/// Whether every value of the one type is one of the other.
fn is_wider(wide: &str, narrow: &str) -> bool {
    let whole = ["smallint", "integer", "bigint"];
    let rank = |name: &str| whole.iter().position(|whole| *whole == name);
    match (rank(wide), rank(narrow)) {
        (Some(wide), Some(narrow)) => wide > narrow,
        _ => wide == "text" && narrow.starts_with("character varying"),
    }
}
