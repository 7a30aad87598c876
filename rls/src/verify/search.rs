//! Whether what is called impossible really is: rows that a constraint is said to forbid, searched
//! for at random.
//!
//! The seeding gives up on a cell after a few hundred orderly tries. Here everything that the cell
//! leaves open is drawn at random, boundary values included, and a single row that can be stored
//! is a finding: then the cell should have been among those that were asked.

use std::collections::BTreeSet;

use super::error::VerifyError;
use super::report::Finding;
use super::scene::{Forbidden, Scene};
use super::schema::{Column, Relation, RelationIndex};
use super::sql;
use super::values;
use super::world::value;

/// How many rows are tried for each cell.
const ROWS: u32 = 10_000;

/// How many, where the cell fixes every column that the constraint looks at: they are all alike
/// to it.
const ALIKE: u32 = 100;

/// What was searched already: the table, the constraint, and the values it looks at.
pub(super) type Searched = BTreeSet<(RelationIndex, String, Vec<(usize, Option<String>)>)>;

/// Searches for rows in every impossible cell of the scene.
pub(super) async fn search(
    scene: &Scene<'_>,
    seed: u64,
    done: &mut Searched,
) -> Result<Vec<Finding>, VerifyError> {
    let mut findings = Vec::new();
    for forbidden in &scene.forbidden {
        let Some(relation) = scene.schema.get(forbidden.relation) else {
            continue;
        };
        // Cells that differ only in what the constraint does not look at are one question.
        let involved = relation.involved(forbidden.constraint.trim_start_matches("constraint "));
        let same: Vec<_> = forbidden
            .fixed
            .iter()
            .filter(|(column, _)| involved.is_empty() || involved.contains(column))
            .map(|(column, value)| (*column, value.clone()))
            .collect();
        if !done.insert((forbidden.relation, forbidden.constraint.clone(), same)) {
            continue;
        }
        let held = |c: &usize| forbidden.fixed.contains_key(c) || forbidden.tenant == Some(*c);
        let alike = !involved.is_empty() && involved.iter().all(held);
        let rows = if alike { ALIKE } else { ROWS };
        let script = script(scene, relation, forbidden, rows, seed);
        let tried = scene
            .session
            .attempt(&format!("rollback to savepoint scene; {script}"))
            .await?;
        let Err(failure) = tried else {
            continue;
        };
        let message = if failure.state == STORED {
            format!(
                "{} is called impossible by {}, yet such a row can be stored: {}",
                forbidden.what, forbidden.constraint, failure.message
            )
        } else {
            format!(
                "{} is called impossible by {}, and the search for such a row failed: {}",
                forbidden.what, forbidden.constraint, failure.message
            )
        };
        findings.push(Finding {
            code: "not-impossible",
            table: relation.name.clone(),
            message,
        });
    }
    let back = "rollback to savepoint scene";
    scene.session.run("ending the search", back).await?;
    Ok(findings)
}

/// The state with which a search says that it found a row.
const STORED: &str = "CSV01";

/// A block that inserts random rows until one stays.
fn script(
    scene: &Scene<'_>,
    relation: &Relation,
    forbidden: &Forbidden,
    rows: u32,
    seed: u64,
) -> String {
    let (mut names, mut expressions) = (Vec::new(), Vec::new());
    for (position, column) in relation.columns.iter().enumerate() {
        if column.generated {
            continue;
        }
        let fixed = forbidden.fixed.get(&position).cloned();
        let expression = match fixed {
            Some(text) => literal(column, text.as_deref()),
            None => drawn(scene, relation, forbidden, position, column),
        };
        names.push(sql::name(&column.name));
        expressions.push(expression);
    }
    // Between -1 and 1, as setseed wants it.
    let seed = (seed % 2_000) as f64 / 1_000.0 - 1.0;
    format!(
        "do $search$ declare stored text; begin
           perform pg_catalog.setseed({seed});
           set local session_replication_role = replica;
           for i in 1..{rows} loop
             begin
               insert into {table} as t ({names}) values ({values}) returning pg_catalog.to_jsonb(t)::text into stored;
               raise exception using errcode = '{STORED}', message = stored;
             exception
               when sqlstate '{STORED}' then raise;
               when others then null;
             end;
           end loop;
         end $search$",
        table = relation.qualified(),
        names = names.join(", "),
        values = expressions.join(", "),
    )
}

fn literal(column: &Column, text: Option<&str>) -> String {
    format!("{}::{}", sql::literal(text), column.data_type)
}

/// An expression that draws a value for a column the cell leaves open.
fn drawn(
    scene: &Scene<'_>,
    relation: &Relation,
    forbidden: &Forbidden,
    position: usize,
    column: &Column,
) -> String {
    let unique = relation
        .uniques
        .iter()
        .any(|key| key.columns.contains(&column.name));
    let mut keys = relation.foreign_keys.iter();
    let refers = keys.any(|key| key.columns.contains(&column.name));
    let mut choices: Vec<Option<String>> = Vec::new();
    if forbidden.tenant == Some(position) {
        choices.push(Some(forbidden.home.clone()));
    } else if !refers {
        if unique && column.base == "uuid" {
            return "pg_catalog.gen_random_uuid()".to_owned();
        }
        let literals = relation.literals(&column.name);
        let likely = values::candidates(column, &literals, 0x5ea_0000);
        choices.extend(likely.into_iter().map(Some));
        choices.extend(values::boundaries(column).into_iter().map(Some));
        choices.extend(scene.template.get(position).cloned());
    } else {
        for key in &relation.foreign_keys {
            let to = scene.schema.reference(relation, key);
            let named = to.and_then(|to| Some((to.target, to.named(position)?)));
            let rows = named.map(|(target, named)| {
                let rows = scene.world.of(target);
                rows.map(move |row| value(row, named).map(str::to_owned))
            });
            choices.extend(rows.into_iter().flatten());
        }
    }
    if !column.not_null {
        choices.push(None);
    }
    choices.sort();
    choices.dedup();
    let list: Vec<String> = choices
        .iter()
        .map(|choice| sql::literal(choice.as_deref()))
        .collect();
    let count = list.len().max(1);
    let list = if list.is_empty() {
        "null".to_owned()
    } else {
        list.join(", ")
    };
    format!(
        "((array[{list}]::text[])[1 + pg_catalog.floor(pg_catalog.random() * {count})::integer])::{}",
        column.data_type
    )
}
