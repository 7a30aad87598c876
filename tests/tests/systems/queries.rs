//! Every index is there for a query: EXPLAIN shows it at work.

use std::collections::BTreeSet;
use std::fs;

use postgres::{Client, SimpleQueryMessage};

use crate::support::{Database, files, name, seeds};

/// A statement of `tests/queries`, and the index that its comment names.
struct Named {
    name: String,
    index: String,
    text: String,
}

fn parse(source: &str) -> Vec<Named> {
    let mut all: Vec<Named> = Vec::new();
    for line in source.lines() {
        if let Some(name) = line.strip_prefix("-- name: ") {
            all.push(Named {
                name: name.to_owned(),
                index: String::new(),
                text: String::new(),
            });
        } else if let Some(query) = all.last_mut() {
            if let Some(index) = line.strip_prefix("-- index: ") {
                index.clone_into(&mut query.index);
            } else if !line.starts_with("--") {
                query.text.push_str(line);
                query.text.push('\n');
            }
        }
    }
    all
}

/// A page for each of the Worker's own tables, which no seed fills.
const EDGE: &str = "
    insert into countersign_edge.webhook_inbox (app, source, event_id, event_type) values ('agency', 'test', '1', 'test');
    insert into countersign_edge.outbox (app, provider, operation, effect_key) values ('agency', 'test', 'test', '1');
    insert into countersign_edge.idempotency_keys (app, caller, key, request_hash) values ('agency', 'test', '1', '1');
    insert into countersign_edge.rate_counters (bucket, window_start) values ('test', now());
    insert into countersign_edge.embedding_refusals (app, source, id, tenant, updated_at, attempts, last_error, next_attempt_at)
      values ('agency', 'test', gen_random_uuid(), '1', now(), 1, 'test', now());
    insert into countersign_edge.gone_coaching_activities (account_id, provider, external_id, gone_at)
      values (gen_random_uuid(), 'test', '1', now());";

/// Makes the planner take each page for one of a million rows, so that it decides as it would on a
/// full database and nobody has to fill one.
const LARGE: &str = "
    update pg_catalog.pg_class c set reltuples = 1000000, relpages = case c.relkind when 'r' then 1 else 2 end
    from pg_catalog.pg_namespace n
    where n.oid = c.relnamespace and c.relkind in ('r', 'i')
      and n.nspname not like 'pg\\_%' and n.nspname not in ('information_schema', 'auth')";

/// Hides the other indexes of a table from the planner, if the named one is a GIN index: which of
/// them finds fewer rows is a matter of the data, and here is none.
fn only_gin(index: &str) -> String {
    format!(
        "update pg_catalog.pg_index other set indisvalid = false
         from pg_catalog.pg_index own
         join pg_catalog.pg_class c on c.oid = own.indexrelid
         join pg_catalog.pg_am a on a.oid = c.relam
         where c.relname = '{index}' and a.amname = 'gin'
           and other.indrelid = own.indrelid and other.indexrelid <> own.indexrelid"
    )
}

/// The plan of a statement whose parameters are not known yet.
fn plan(client: &mut Client, query: &Named) -> String {
    let parameters = (1..=9)
        .take_while(|n| query.text.contains(&format!("${n}")))
        .count();
    let nothing = vec!["null"; parameters].join(", ");
    let arguments = if parameters == 0 {
        String::new()
    } else {
        format!("({nothing})")
    };
    let statements = format!(
        "begin; {}; prepare named as {}; explain (costs off) execute named {arguments};
         deallocate named; rollback",
        only_gin(&query.index),
        query.text.trim().trim_end_matches(';')
    );
    let rows = client
        .simple_query(&statements)
        .unwrap_or_else(|error| panic!("{}: {error:?}", query.name));
    let lines = rows.iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0),
        _ => None,
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn every_named_query_uses_its_index() {
    let Some(database) = Database::migrated("queries") else {
        return;
    };
    for file in seeds() {
        database.run(&file).unwrap();
    }
    let mut client = database.client();
    client
        .batch_execute(&format!(
            "{EDGE} {LARGE}; set plan_cache_mode = force_generic_plan"
        ))
        .unwrap();
    let mut count = 0;
    let mut failures = Vec::new();
    for file in files("tests/queries", "sql", |_| true) {
        let mut names = BTreeSet::new();
        for query in parse(&fs::read_to_string(&file).unwrap()) {
            count += 1;
            assert!(names.insert(query.name.clone()), "{} twice", query.name);
            let plan = plan(&mut client, &query);
            let used = |word: &str| word.trim_matches('"') == query.index;
            if !plan.split_whitespace().any(used) {
                failures.push(format!(
                    "{}, {}: {} is not used\n{plan}",
                    name(&file),
                    query.name,
                    query.index
                ));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
    assert!(count >= 50, "only {count} queries");
}
