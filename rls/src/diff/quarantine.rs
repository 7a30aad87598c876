//! Rows that no constraint would accept: they leave for a table of their own, whole, with the reason.
//!
//! A row leaves if it must have a parent that is not there, or hangs on one that leaves. A row that
//! may be without its parent stays, and the reference is noted and emptied. Everything is noted
//! before anything is taken away, so a cascade cannot take what was not kept.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::locks::{Lock, Mode};
use super::step::{Phase, Statement, Step};
use super::{Context, keys, quote};
use crate::live::{Constraint, ConstraintKind, Table};
use crate::sql;

/// The table of what was taken out.
pub(super) const TABLE: &str = "countersign.quarantine";

const FOUNDATION: &str = "create table if not exists countersign.quarantine (
  id         bigint generated always as identity primary key,
  taken_at   timestamptz not null default now(),
  schema     text not null,
  \"table\"    text not null,
  action     text not null check (action in ('moved', 'detached')),
  reason     text not null,
  row_before jsonb not null
)";

/// The quarantine and what fills it, if any constraint is new.
pub(super) fn quarantine(context: &mut Context<'_>) {
    let order = order(context);
    let (mut find, mut detach, mut take) = (String::new(), String::new(), Vec::new());
    let mut touched = Vec::new();
    let mut needed = false;
    let mut back = Vec::new();
    for (table, live) in &order {
        let (moves, leaves, fresh) = causes(context, table, live);
        needed |= fresh;
        if !moves.is_empty() || !leaves.is_empty() {
            back.extend(put_back(table, live, &leaves));
        }
        let Some(key) = key(table) else { continue };
        let relation = quote::relation(table);
        if moves.is_empty() && leaves.is_empty() {
            continue;
        }
        touched.push(relation.clone());
        for (test, reason) in &moves {
            let _ = write!(
                find,
                "
    insert into taken
      select {name}, {key}, {reason} from {relation} t
      where not exists (select from taken x where x.\"table\" = {name} and x.key = {key})
        and {test};
    get diagnostics v_rows = row_count;
    v_new := v_new + v_rows;",
                name = sql::literal(&table.name),
                reason = sql::literal(reason),
            );
        }
        if !moves.is_empty() {
            take.push((table.name.clone(), relation.clone(), key.clone()));
        }
        for (test, reason, columns) in &leaves {
            let sets: Vec<String> = columns
                .iter()
                .map(|c| format!("{} = null", sql::name(c)))
                .collect();
            let _ = write!(
                detach,
                "
  with gone as (
    select {key} as key, to_jsonb(t) as row_before from {relation} t
    where {test}
      and not exists (select from taken x where x.\"table\" = {name} and x.key = {key})
  ), noted as (
    insert into {TABLE} (schema, \"table\", action, reason, row_before)
    select {schema}, {name}, 'detached', {reason}, row_before from gone
  )
  update {relation} t set {sets} from gone where {key} = gone.key;",
                name = sql::literal(&table.name),
                schema = sql::literal(&table.schema),
                reason = sql::literal(reason),
                sets = sets.join(", "),
            );
        }
    }
    if !needed {
        return;
    }
    let mut keep = String::new();
    for (name, relation, key) in &take {
        let _ = write!(
            keep,
            "
  insert into {TABLE} (schema, \"table\", action, reason, row_before)
    select {schema}, {name}, 'moved', x.reason, to_jsonb(t)
    from {relation} t join taken x on x.\"table\" = {name} and x.key = {key};",
            schema = sql::literal(context.schema),
            name = sql::literal(name),
        );
    }
    for (name, relation, key) in take.iter().rev() {
        let _ = write!(
            keep,
            "
  delete from {relation} t using taken x where x.\"table\" = {name} and x.key = {key};",
            name = sql::literal(name),
        );
    }
    let script = format!(
        "do $$
declare
  v_new  bigint;
  v_rows bigint;
  v_line record;
begin
  create temporary table taken (\"table\" text, key jsonb, reason text, primary key (\"table\", key)) on commit drop;
  -- Until nothing is found: what hangs on a row that leaves, leaves.
  loop
    v_new := 0;{find}
    exit when v_new = 0;
  end loop;
{detach}
{keep}
  for v_line in
    select q.\"table\", q.action, q.reason, count(*) as rows from {TABLE} q where q.taken_at = now() group by 1, 2, 3 order by 1, 2, 3
  loop
    raise notice '% row(s) of % %: %', v_line.rows, v_line.\"table\", v_line.action, v_line.reason;
  end loop;
end $$"
    );
    foundation(context, back);
    let mut step = Step::new(
        Phase::Quarantine,
        "orphans",
        "Rows that could not obey the constraints go to countersign.quarantine, whole and with the reason; nothing is lost.",
    );
    step.about.push("What it holds afterwards: select \"table\", action, reason, count(*) from countersign.quarantine group by 1, 2, 3;".to_owned());
    step.up.push(Statement::locking(
        script,
        Lock::new(Mode::RowExclusive, touched),
    ));
    context.steps.push(step);
}

fn foundation(context: &mut Context<'_>, back: Vec<Statement>) {
    let mut step = Step::new(
        Phase::Foundation,
        "quarantine",
        "Where rows go that no constraint would accept. No client can reach it.",
    );
    for statement in [
        "create schema if not exists countersign",
        "revoke all on schema countersign from public, anon",
        FOUNDATION,
        "comment on table countersign.quarantine is 'Rows that an upgrade took out (moved), or whose reference it emptied (detached), as they were before. To bring one back: jsonb_populate_record.'",
        "alter table countersign.quarantine enable row level security",
        "revoke all on countersign.quarantine from public, anon, authenticated, service_role",
    ] {
        step.push(statement, None);
    }
    // Here, not where they left: by now the constraints that turned them out are undone.
    step.down = back;
    context.steps.push(step);
}

/// What brings a table's rows and references back.
fn put_back(table: &Table, live: &Table, leaves: &Leaves) -> Vec<Statement> {
    let relation = quote::relation(table);
    let columns: Vec<&str> = live
        .columns
        .iter()
        .filter(|c| c.generated.is_none())
        .map(|c| c.name.as_str())
        .collect();
    let values: Vec<String> = columns
        .iter()
        .map(|column| format!("r.{}", sql::name(column)))
        .collect();
    let from = format!("{TABLE} q, jsonb_populate_record(null::{relation}, q.row_before) r");
    let of = format!(
        "q.schema = {} and q.\"table\" = {}",
        sql::literal(&table.schema),
        sql::literal(&table.name)
    );
    // Coming back is no event: nobody's handlers are to act on it again.
    let triggers =
        |word: &str| Statement::new(format!("alter table {relation} {word} trigger user"));
    let mut statements = vec![triggers("disable")];
    statements.push(Statement::new(format!(
        "insert into {relation} ({})\nselect {}\nfrom {from}\nwhere {of} and q.action = 'moved'\non conflict do nothing",
        sql::names(columns.iter().copied()),
        values.join(", "),
    )));
    let emptied: BTreeSet<&String> = leaves.iter().flat_map(|(_, _, columns)| columns).collect();
    if let (Some(here), Some(there)) = (key(table), quoted_key(table, "r")) {
        for column in emptied
            .into_iter()
            .filter(|column| live.column(column).is_some())
        {
            let column = sql::name(column);
            statements.push(Statement::new(format!(
                "update {relation} t set {column} = r.{column}\nfrom {from}\nwhere {of} and q.action = 'detached' and {here} = {there} and t.{column} is null and r.{column} is not null"
            )));
        }
    }
    statements.push(triggers("enable"));
    statements
}

/// Tables that are there already, parents first as far as that goes.
fn order<'a>(context: &Context<'a>) -> Vec<(&'a Table, &'a Table)> {
    let mut rest: Vec<(&Table, &Table)> = context
        .goal
        .live
        .tables
        .iter()
        .filter_map(|goal| Some((goal, context.live.live.table(&goal.name)?)))
        .collect();
    let mut sorted: Vec<(&Table, &Table)> = Vec::new();
    while !rest.is_empty() {
        let free = rest.iter().position(|(goal, _)| {
            foreign(goal).all(|key| {
                let parent = key.reference.as_ref().map(|r| r.table.as_str());
                parent == Some(goal.name.as_str())
                    || !rest
                        .iter()
                        .any(|(other, _)| parent == Some(other.name.as_str()))
            })
        });
        let next = rest.remove(free.unwrap_or(0));
        sorted.push(next);
    }
    sorted
}

fn foreign(table: &Table) -> impl Iterator<Item = &Constraint> {
    table
        .constraints
        .iter()
        .filter(|c| c.kind == ConstraintKind::ForeignKey)
}

type Moves = Vec<(String, String)>;
type Leaves = Vec<(String, String, Vec<String>)>;

/// Why rows of a table leave, why references are emptied, and whether any of it is new.
fn causes(context: &Context<'_>, goal: &Table, live: &Table) -> (Moves, Leaves, bool) {
    let (mut moves, mut leaves) = (Moves::new(), Leaves::new());
    let mut fresh = false;
    for (_, column) in context
        .empty
        .iter()
        .filter(|(table, _)| *table == goal.name)
    {
        moves.push((
            format!("t.{} is null", sql::name(column)),
            format!("{column} is empty"),
        ));
        fresh = true;
    }
    for key in foreign(goal) {
        let held = live.constraints.iter().any(|known| {
            known.kind == key.kind && known.validated && known.definition == key.definition
        });
        let Some((test, parent)) = keys::foreign_test(key, "t") else {
            continue;
        };
        let names = key.columns.join(", ");
        let within = key.reference.as_ref().filter(|r| r.schema == goal.schema);
        let gone = within.and_then(|reference| {
            let parent = context.goal.live.table(&reference.table)?;
            let parent_key = quoted_key(parent, "p")?;
            let equal: Vec<String> = key
                .columns
                .iter()
                .zip(&reference.columns)
                .map(|(own, theirs)| format!("p.{} = t.{}", sql::name(theirs), sql::name(own)))
                .collect();
            Some(format!(
                "exists (select from {} p join taken x on x.\"table\" = {} and x.key = {parent_key} where {})",
                quote::relation(parent),
                sql::literal(&parent.name),
                equal.join(" and ")
            ))
        });
        let test = match (gone, held) {
            (Some(gone), true) => gone,
            (None, true) => continue,
            (Some(gone), false) => format!("(({test}) or {gone})"),
            (None, false) => format!("({test})"),
        };
        fresh |= !held;
        let reason = format!("{names} names no row of {parent}");
        match emptied(goal, key) {
            Some(columns) => leaves.push((test, reason, columns)),
            None => moves.push((test, reason)),
        }
    }
    (moves, leaves, fresh)
}

/// The columns that can be emptied instead of the row being taken out.
fn emptied(goal: &Table, key: &Constraint) -> Option<Vec<String>> {
    let reference = key.reference.as_ref()?;
    if reference.on_delete == "cascade" {
        return None;
    }
    let optional = |name: &&String| goal.column(name).is_some_and(|column| !column.not_null);
    let columns: Vec<String> = key.columns.iter().filter(optional).cloned().collect();
    (!columns.is_empty()).then_some(columns)
}

/// A row's primary key as one value.
fn key(table: &Table) -> Option<String> {
    quoted_key(table, "t")
}

fn quoted_key(table: &Table, row: &str) -> Option<String> {
    let primary = table
        .constraints
        .iter()
        .find(|c| c.kind == ConstraintKind::PrimaryKey)?;
    let columns: Vec<String> = primary
        .columns
        .iter()
        .map(|column| format!("{row}.{}", sql::name(column)))
        .collect();
    Some(format!("jsonb_build_array({})", columns.join(", ")))
}
