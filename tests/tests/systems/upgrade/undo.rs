//! Every file's undoing, from the last to the first.

use std::collections::BTreeMap;

use countersign_rls::live::{self, Limits, Live};

use super::apply::{alone, one};
use super::{AGENCY, COACHING, Case};
use crate::support::Database;

/// What access and structure are, without what only counts.
fn shape(database: &Database) -> BTreeMap<String, String> {
    let live: Live = live::read(&database.url, "public", Limits::default()).unwrap();
    let mut shape = BTreeMap::new();
    for table in live.tables {
        let columns: Vec<_> = table
            .columns
            .iter()
            // A wider type does no harm.
            .map(|c| {
                (
                    c.name.clone(),
                    c.data_type.replace("bigint", "integer"),
                    c.not_null,
                    c.default.clone(),
                )
            })
            .collect();
        let constraints: Vec<_> = table
            .constraints
            .iter()
            .map(|c| c.definition.replace(" NOT VALID", ""))
            .collect();
        let indexes: Vec<_> = table.indexes.iter().map(|i| i.definition.clone()).collect();
        shape.insert(
            format!("table {}", table.name),
            format!(
                "{columns:?}\n{constraints:?}\n{indexes:?}\n{} {:?} {:?} {:?}",
                table.row_security, table.policies, table.triggers, table.grants
            ),
        );
    }
    for function in live.functions.into_iter().filter(|f| f.schema == "public") {
        let name = format!("function {}({:?})", function.name, function.arguments);
        let text = format!(
            "{} {:?} {:?}",
            function.body, function.settings, function.grants
        );
        shape.insert(name, text);
    }
    let schema = live.schemas.iter().find(|schema| schema.name == "public");
    let grants = format!("{:?}", schema.map(|schema| &schema.grants));
    shape.insert("schema".to_owned(), grants);
    let of_public = live.default_grants.iter().filter(|of| of.schema.is_some());
    let defaults = format!("{:?}", of_public.collect::<Vec<_>>());
    shape.insert("what begins".to_owned(), defaults);
    shape
}

fn comes_back(case: Case, purpose: &str) {
    let Some(database) = case.load(purpose) else {
        return;
    };
    let before = shape(&database);
    case.remember(&database);
    let upgrade = case.diff(&database, &[]).unwrap();
    let mut client = database.client();
    // What is dropped last is gone for good.
    let reversible: Vec<_> = upgrade
        .files
        .iter()
        .take_while(|file| !file.up.contains("-- Contract:"))
        .collect();
    for file in &reversible {
        one(&mut client, file);
    }
    assert_ne!(shape(&database), before);
    for file in reversible.iter().rev() {
        if file.alone {
            alone(&mut client, &file.down);
        } else if let Err(error) = client.batch_execute(&format!("begin;\n{}\ncommit", file.down)) {
            panic!(
                "undoing {}: {:?}\n{}",
                file.name,
                error.as_db_error(),
                file.down
            );
        }
    }
    let after = shape(&database);
    for (name, was) in &before {
        assert_eq!(after.get(name), Some(was), "{name}");
    }
    assert_eq!(after.len(), before.len());
    // And every row: those that were taken out, too. What was empty may be filled.
    for table in case.remembered(&database) {
        let query = format!(
            "select count(*), count(*) filter (where to_jsonb(l) @> jsonb_strip_nulls(to_jsonb(b)) - 'updated_at')
             from before.\"{table}\" b left join public.\"{table}\" l on l.id = b.id"
        );
        let row = database.client().query_one(&query, &[]).unwrap();
        assert_eq!(row.get::<_, i64>(0), row.get::<_, i64>(1), "{table}");
    }
}

#[test]
fn agency_comes_back() {
    comes_back(AGENCY, "undo_agency");
}

#[test]
fn coaching_comes_back() {
    comes_back(COACHING, "undo_coaching");
}
