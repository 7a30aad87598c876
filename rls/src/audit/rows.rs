//! Rows that stand in the way: without a tenant, or referring to nothing.

use policy_core::catalogue::ForeignKey;
use postgres::Transaction;

use super::finding::{Finding, Kind, Object};
use super::keys::{foreign, target};
use super::kinds::{NOT_COUNTED, ORPHANS, TENANT_NULL};
use super::scene::Scene;
use crate::live::{LiveError, Table};
use crate::sql;

/// Something to be counted.
struct Question {
    kind: &'static Kind,
    object: Object,
    /// A query with one number.
    query: String,
    /// What the rows are, after their number.
    words: String,
    /// A query that shows the rows.
    show: String,
}

pub(super) fn count(
    transaction: &mut Transaction<'_>,
    scene: &Scene<'_>,
) -> Result<Vec<Finding>, LiveError> {
    let mut found = Vec::new();
    for question in questions(scene) {
        match ask(transaction, &question.query)? {
            Ok(0) => {}
            Ok(count) => {
                let rows = if count == 1 { "row" } else { "rows" };
                let detail = format!("{count} {rows} {}", question.words);
                found.push(
                    Finding::new(question.kind, question.object, detail).mended(question.show),
                );
            }
            Err(error) => {
                let why = error
                    .as_db_error()
                    .map_or_else(|| error.to_string(), |db| db.message().to_owned());
                let detail = format!("rows {}: {why}", question.words);
                found.push(Finding::new(&NOT_COUNTED, question.object, detail));
            }
        }
    }
    Ok(found)
}

/// Counts in a savepoint. Under row-level security the number would be a wrong one, so then there
/// is an error instead.
fn ask(
    transaction: &mut Transaction<'_>,
    query: &str,
) -> Result<Result<i64, postgres::Error>, LiveError> {
    let failed = |source| LiveError::Query {
        what: "the rows",
        source,
    };
    let mut savepoint = transaction.transaction().map_err(failed)?;
    let counted = savepoint
        .batch_execute("set local row_security = off")
        .and_then(|()| savepoint.query_one(query, &[]))
        .and_then(|row| row.try_get(0));
    savepoint.rollback().map_err(failed)?;
    Ok(counted)
}

fn questions(scene: &Scene<'_>) -> Vec<Question> {
    let mut questions = Vec::new();
    for (of, column) in scene.tenant_tables() {
        let Some(table) = scene.live.table(&of.name) else {
            continue;
        };
        if table.column(column).is_some_and(|column| !column.not_null) {
            let relation = scene.relation(&table.name);
            let name = sql::name(column);
            questions.push(Question {
                kind: &TENANT_NULL,
                object: Object::of("table", &relation, &table.name),
                query: format!("select count(*) from {relation} t where t.{name} is null"),
                words: format!("without {name}"),
                show: format!("select * from {relation} where {name} is null;"),
            });
        }
    }
    for table in &scene.live.tables {
        let known = scene.catalogue.relation(&table.name);
        for key in known
            .map(|of| of.foreign_keys.as_slice())
            .unwrap_or_default()
        {
            questions.extend(orphans(scene, table, key));
        }
    }
    questions
}

/// What asks for the orphans of an intended foreign key, unless the database itself holds it.
fn orphans(scene: &Scene<'_>, table: &Table, key: &ForeignKey) -> Option<Question> {
    let (schema, parent) = target(scene, key);
    let held = foreign(table).any(|(of, to)| {
        of.validated
            && (to.schema.as_str(), to.table.as_str()) == (schema, parent)
            && of.columns == key.columns
            && to.columns == key.references
    });
    let own = schema == scene.policy.schema;
    let of = if own {
        Some(scene.live.table(parent)?)
    } else {
        None
    };
    // What is not there yet cannot be counted by; its absence is told of on its own.
    let there = key
        .columns
        .iter()
        .all(|column| table.column(column).is_some())
        && of.is_none_or(|of| {
            key.references
                .iter()
                .all(|column| of.column(column).is_some())
        });
    if held || !there {
        return None;
    }
    let mut tests = Vec::new();
    let mut set = Vec::new();
    for (from, to) in key.columns.iter().zip(&key.references) {
        let types = (
            table.column(from).map(|column| column.data_type.as_str()),
            of.and_then(|of| of.column(to))
                .map(|column| column.data_type.as_str()),
        );
        // Types that differ may have no `=`; their texts do.
        let cast = match types {
            (Some(a), Some(b)) if a != b => "::text",
            _ => "",
        };
        let (from, to) = (sql::name(from), sql::name(to));
        set.push(format!("c.{from} is not null"));
        tests.push(format!("p.{to}{cast} = c.{from}{cast}"));
    }
    let (relation, target) = (scene.relation(&table.name), sql::qualified(schema, parent));
    let condition = format!(
        "from {relation} c where {} and not exists (select from {target} p where {})",
        set.join(" and "),
        tests.join(" and ")
    );
    let columns = sql::names(key.columns.iter().map(String::as_str));
    Some(Question {
        kind: &ORPHANS,
        object: Object::of("table", relation, &table.name),
        query: format!("select count(*) {condition}"),
        words: format!("whose ({columns}) is in no row of {target}"),
        show: format!("select c.* {condition};"),
    })
}
