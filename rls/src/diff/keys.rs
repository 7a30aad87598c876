//! Constraints: for what is written from now on first, for what is there later, NOT NULL at last.

use super::locks::{Lock, Mode};
use super::step::{Phase, Step};
use super::{Context, Question, quote};
use crate::live::{Constraint, ConstraintKind, Index, Table};
use crate::sql;

/// Constraints of every table the goal has.
pub(super) fn constraints(context: &mut Context<'_>) {
    for goal in &context.goal.live.tables {
        let live = context.live.live.table(&goal.name);
        let mut hold = Step::new(
            Phase::Constraints,
            format!("hold_{}", goal.name),
            "Constraints that every row written from now on must obey. The rows that are there are not looked at.",
        );
        let mut validate = Step::new(
            Phase::Validate,
            format!("validate_{}", goal.name),
            "The rows that are there are looked at. Others go on reading and writing meanwhile.",
        );
        let mut unique = Step::new(
            Phase::Keys,
            format!("keys_{}", goal.name),
            "Unique keys on the indexes built before: others refer to them next.",
        );
        keys(context, live, goal, &mut unique, &mut hold, &mut validate);
        required(context, live, goal, &mut hold, &mut validate);
        for step in [unique, hold, validate] {
            if !step.is_empty() {
                context.steps.push(step);
            }
        }
        if let Some(live) = live {
            superseded(context, live, goal);
            indexes(context, live, goal);
        }
    }
}

/// A definition without what only says how far it holds.
fn plain(constraint: &Constraint) -> &str {
    constraint.definition.trim_end_matches(" NOT VALID")
}

fn same<'a>(table: &'a Table, constraint: &Constraint) -> Option<&'a Constraint> {
    table
        .constraints
        .iter()
        .find(|known| known.kind == constraint.kind && plain(known) == plain(constraint))
}

/// A name that nothing in the live table has.
fn free(live: Option<&Table>, name: &str) -> String {
    let taken = live.is_some_and(|live| {
        live.constraints.iter().any(|c| c.name == name)
            || live.indexes.iter().any(|i| i.name == name)
    });
    if taken {
        sql::fitting(&format!("{name}_wanted"))
    } else {
        name.to_owned()
    }
}

fn keys(
    context: &mut Context<'_>,
    live: Option<&Table>,
    goal: &Table,
    unique: &mut Step,
    hold: &mut Step,
    validate: &mut Step,
) {
    let relation = quote::relation(goal);
    for wanted in &goal.constraints {
        let again = context
            .again(&goal.name)
            .and_then(|again| again.constraints.iter().find(|c| c.name == wanted.name));
        let known = live.and_then(|live| same(live, wanted).or_else(|| same(live, again?)));
        if let Some(known) = known {
            if !known.validated {
                validate.push(
                    format!(
                        "alter table {relation} validate constraint {}",
                        sql::name(&known.name)
                    ),
                    None,
                );
            }
            continue;
        }
        let foreign = wanted.kind == ConstraintKind::ForeignKey;
        if live.is_none() && !foreign {
            continue;
        }
        let name = free(live, &wanted.name);
        let quoted = sql::name(&name).into_owned();
        let undo = format!("alter table {relation} drop constraint {quoted}");
        match wanted.kind {
            ConstraintKind::ForeignKey | ConstraintKind::Check => {
                hold.push(
                    format!(
                        "alter table {relation} add constraint {quoted}\n  {} not valid",
                        wanted.definition
                    ),
                    Some(undo),
                );
                validate.push(
                    format!("alter table {relation} validate constraint {quoted}"),
                    None,
                );
            }
            ConstraintKind::PrimaryKey | ConstraintKind::Unique => {
                let Some(index) = goal.indexes.iter().find(|index| index.name == wanted.name)
                else {
                    continue;
                };
                let word = if wanted.kind == ConstraintKind::Unique {
                    "unique"
                } else {
                    "primary key"
                };
                let step = concurrently(goal, index, &name);
                context.steps.push(step);
                unique.push(
                    format!(
                        "alter table {relation} add constraint {quoted} {word} using index {quoted}"
                    ),
                    Some(undo),
                );
            }
            ConstraintKind::Exclusion => {
                context.unknown("missing exclusion constraint", &wanted.name)
            }
        }
        if let Some(live) = live {
            ask(context, live, wanted);
        }
    }
}

/// Columns that must not be empty: a check first, which can be validated without keeping anybody
/// waiting, and which spares `set not null` the scan.
fn required(
    context: &mut Context<'_>,
    live: Option<&Table>,
    goal: &Table,
    hold: &mut Step,
    validate: &mut Step,
) {
    let relation = quote::relation(goal);
    let Some(live) = live else { return };
    let mut step = Step::new(
        Phase::Required,
        format!("required_{}", goal.name),
        "NOT NULL, which the validated check has proved: no row is looked at again.",
    );
    for wanted in goal.columns.iter().filter(|column| column.not_null) {
        let known = live.column(&wanted.name);
        let has = match known {
            Some(known) => known.not_null,
            // It comes with its default, so it is required from the start.
            None => {
                wanted.default.is_some() || wanted.generated.is_some() || wanted.identity.is_some()
            }
        };
        if has {
            continue;
        }
        let column = sql::name(&wanted.name);
        let check = sql::fitting(&format!(
            "countersign_{}_{}_required",
            goal.name, wanted.name
        ));
        let quoted = sql::name(&check);
        if !live
            .constraints
            .iter()
            .any(|constraint| constraint.name == check)
        {
            hold.push(
                format!("alter table {relation} add constraint {quoted} check ({column} is not null) not valid"),
                Some(format!("alter table {relation} drop constraint if exists {quoted}")),
            );
        }
        validate.push(
            format!("alter table {relation} validate constraint {quoted}"),
            None,
        );
        step.push(
            format!("alter table {relation} alter column {column} set not null"),
            Some(format!(
                "alter table {relation} alter column {column} drop not null"
            )),
        );
        step.push(
            format!("alter table {relation} drop constraint {quoted}"),
            None,
        );
        context.empty.push((goal.name.clone(), wanted.name.clone()));
        if known.is_some() && wanted.default.is_none() {
            context.questions.push(Question::reported(
                format!("rows of {} without {}", goal.name, wanted.name),
                format!("select count(*) from {relation} where {column} is null"),
            ));
        }
    }
    if !step.is_empty() {
        context.steps.push(step);
    }
}

/// What the rows that are there say to a new constraint.
fn ask(context: &mut Context<'_>, live: &Table, wanted: &Constraint) {
    if wanted
        .columns
        .iter()
        .any(|column| live.column(column).is_none())
    {
        return;
    }
    let relation = quote::relation(live);
    let names = sql::names(wanted.columns.iter().map(String::as_str));
    let what = format!("{} {}", live.name, wanted.definition);
    match wanted.kind {
        ConstraintKind::ForeignKey => {
            let Some((test, parent)) = foreign_test(wanted, "t") else {
                return;
            };
            let known = wanted.reference.as_ref().is_some_and(|reference| {
                reference.schema != live.schema
                    || context
                        .live
                        .live
                        .table(&reference.table)
                        .is_some_and(|table| {
                            reference
                                .columns
                                .iter()
                                .all(|column| table.column(column).is_some())
                        })
            });
            if known {
                context.questions.push(Question::reported(
                    format!(
                        "rows of {} whose {names} names no row of {parent}",
                        live.name
                    ),
                    format!("select count(*) from {relation} t where {test}"),
                ));
            }
        }
        ConstraintKind::Check => {
            let expression = wanted.definition.trim_start_matches("CHECK ");
            context.questions.push(Question::refused(
                what,
                format!("select count(*) from {relation} where not {expression}"),
            ));
        }
        _ => {
            let set: Vec<String> = wanted
                .columns
                .iter()
                .map(|column| format!("{} is not null", sql::name(column)))
                .collect();
            let nulls = if wanted.definition.contains("NULLS NOT DISTINCT") {
                "true".to_owned()
            } else {
                set.join(" and ")
            };
            context.questions.push(Question::refused(
                what,
                format!("select count(*) from (select from {relation} where {nulls} group by {names} having count(*) > 1) twice"),
            ));
        }
    }
}

/// The test that a row's foreign key names nothing, and what it should name.
pub(super) fn foreign_test(key: &Constraint, row: &str) -> Option<(String, String)> {
    let reference = key.reference.as_ref()?;
    let parent = sql::qualified(&reference.schema, &reference.table);
    let set: Vec<String> = key
        .columns
        .iter()
        .map(|column| format!("{row}.{} is not null", sql::name(column)))
        .collect();
    let equal: Vec<String> = key
        .columns
        .iter()
        .zip(&reference.columns)
        .map(|(own, theirs)| format!("p.{} = {row}.{}", sql::name(theirs), sql::name(own)))
        .collect();
    Some((
        format!(
            "{} and not exists (select from {parent} p where {})",
            set.join(" and "),
            equal.join(" and ")
        ),
        parent,
    ))
}

/// Constraints that a wanted one replaces; anything else is unknown.
fn superseded(context: &mut Context<'_>, live: &Table, goal: &Table) {
    let relation = quote::relation(live);
    let mut step = Step::new(
        Phase::Contract,
        format!("replaced_{}", live.name),
        "Keys that a stricter one has replaced; two for the same reference would break embedding.",
    );
    for known in &live.constraints {
        let again = context.again(&live.name);
        if same(goal, known).is_some()
            || again.is_some_and(|again| same(again, known).is_some())
            || known.name.starts_with("countersign_")
        {
            continue;
        }
        let stricter = goal.constraints.iter().any(|wanted| {
            wanted.kind == known.kind
                && match known.kind {
                    ConstraintKind::ForeignKey => wanted.columns.first() == known.columns.first(),
                    ConstraintKind::Check => false,
                    _ => wanted.columns == known.columns,
                }
        });
        let gone = known.columns.iter().all(|column| {
            context
                .replaced
                .contains(&format!("{}.{column}", live.name))
        });
        if stricter {
            let parent = known.reference.as_ref();
            let parent = parent.map(|of| sql::qualified(&of.schema, &of.table));
            let locked = [relation.clone()].into_iter().chain(parent).collect();
            step.push_locking(
                format!(
                    "alter table {relation} drop constraint {}",
                    sql::name(&known.name)
                ),
                Lock::new(Mode::AccessExclusive, locked),
                Some(format!(
                    "alter table {relation} add constraint {} {}{}",
                    sql::name(&known.name),
                    plain(known),
                    if known.kind == ConstraintKind::ForeignKey {
                        " not valid"
                    } else {
                        ""
                    }
                )),
            );
        } else if !gone {
            context.unknown("constraint", &format!("{}.{}", live.name, known.name));
        }
    }
    if !step.is_empty() {
        context.steps.push(step);
    }
}

/// Indexes of a table that is there: each missing one is built beside the work.
fn indexes(context: &mut Context<'_>, live: &Table, goal: &Table) {
    for wanted in goal.indexes.iter().filter(|index| !index.constraint) {
        let known = live.indexes.iter().find(|known| {
            known.valid
                && (known.unique || !wanted.unique)
                && quote::index_tail(&known.definition) == quote::index_tail(&wanted.definition)
        });
        if known.is_none() {
            // What a build that failed has left cannot be used and is in the way.
            let broken = live
                .indexes
                .iter()
                .any(|known| known.name == wanted.name && !known.valid);
            let name = if broken {
                wanted.name.clone()
            } else {
                free(Some(live), &wanted.name)
            };
            if broken {
                let step = dropped(
                    live,
                    &wanted.name,
                    &wanted.definition,
                    Phase::Indexes,
                    "A concurrent build that failed has left it; it cannot be used.",
                );
                context.steps.push(step);
            }
            let step = concurrently(goal, wanted, &name);
            context.steps.push(step);
        }
    }
    for known in live.indexes.iter().filter(|index| !index.constraint) {
        let wanted = goal.indexes.iter().any(|wanted| {
            quote::index_tail(&wanted.definition) == quote::index_tail(&known.definition)
        });
        if wanted && !is_twice(live, known) {
            continue;
        }
        let full = format!("{}.{}", live.schema, known.name);
        if known.unique && !wanted {
            context.unknown("unique index", &full);
        } else if let Some(other) = covered(live, goal, known) {
            let about = format!("Everything it does is done by {other}.");
            let step = dropped(
                live,
                &known.name,
                &known.definition,
                Phase::Contract,
                &about,
            );
            context.steps.push(step);
        } else if known.scans == 0 && context.drop_unused {
            let step = dropped(
                live,
                &known.name,
                &known.definition,
                Phase::Contract,
                "No query has used it since the server's statistics began.",
            );
            context.steps.push(step);
        } else {
            context.notes.push(format!(
                "index {full} is in no migration; it was used {} times and stays{}",
                known.scans,
                if known.scans == 0 {
                    " (--drop-unused drops it)"
                } else {
                    ""
                }
            ));
        }
    }
}

/// Whether an index is the second of two that are the same.
fn is_twice(live: &Table, index: &Index) -> bool {
    live.indexes.iter().any(|other| {
        other.name != index.name
            && other.shape == index.shape
            && (other.constraint
                || (other.unique && !index.unique)
                || (other.unique == index.unique && other.name < index.name))
    })
}

/// The index that does everything this one does.
fn covered<'a>(live: &'a Table, goal: &'a Table, index: &Index) -> Option<&'a str> {
    let simple = |i: &Index| i.method == "btree" && i.predicate.is_none() && !i.columns.is_empty();
    if let Some(twin) = live.indexes.iter().find(|other| {
        other.name != index.name && other.shape == index.shape && is_twice(live, index)
    }) {
        return Some(&twin.name);
    }
    let plain = simple(index)
        && quote::index_tail(&index.definition)
            == format!(
                "btree ({})",
                sql::names(index.columns.iter().map(String::as_str))
            );
    let longer = |other: &&Index| {
        simple(other)
            && other.name != index.name
            && other.columns.starts_with(&index.columns)
            && quote::index_tail(&other.definition).starts_with(&format!(
                "btree ({}",
                sql::names(index.columns.iter().map(String::as_str))
            ))
    };
    plain
        .then(|| goal.indexes.iter().find(longer))
        .flatten()
        .map(|other| other.name.as_str())
}

/// An index, built without keeping anybody from writing.
fn concurrently(goal: &Table, index: &Index, name: &str) -> Step {
    let unique = if index.unique { "unique " } else { "" };
    let quoted = sql::name(name);
    let mut step = Step::new(
        Phase::Indexes,
        format!("index_{name}"),
        "Built beside the work, in a file of its own. A build that fails leaves an index that cannot be used: drop it, and apply this again.",
    )
    .with(
        format!(
            "create {unique}index concurrently if not exists {quoted}\n  on {} using {}",
            quote::relation(goal),
            quote::index_tail(&index.definition)
        ),
        Some(format!("drop index concurrently if exists {}.{quoted}", sql::name(&goal.schema))),
    );
    step.alone = true;
    step
}

fn dropped(live: &Table, name: &str, definition: &str, phase: Phase, about: &str) -> Step {
    let mut step = Step::new(phase, format!("drop_{name}"), about).with(
        format!(
            "drop index concurrently if exists {}.{}",
            sql::name(&live.schema),
            sql::name(name)
        ),
        Some(definition.replacen(" INDEX ", " INDEX CONCURRENTLY ", 1)),
    );
    step.alone = true;
    step
}
