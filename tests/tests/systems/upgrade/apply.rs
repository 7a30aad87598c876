//! Applies the files as `psql` would, and looks at the locks that each one takes.

use std::collections::BTreeSet;
use std::thread::sleep;
use std::time::Duration;

use countersign_rls::diff::File;
use postgres::Client;
use postgres::error::SqlState;

use crate::support::Database;

/// The locks that keep others waiting, from the weakest up, as the server and as the files call them.
const MODES: [(&str, &str); 5] = [
    ("ShareUpdateExclusiveLock", "SHARE UPDATE EXCLUSIVE on "),
    ("ShareLock", "SHARE on "),
    ("ShareRowExclusiveLock", "SHARE ROW EXCLUSIVE on "),
    ("ExclusiveLock", "EXCLUSIVE on "),
    ("AccessExclusiveLock", "ACCESS EXCLUSIVE on "),
];

/// As often as the manual's loop tries.
const TRIES: u32 = 20;

/// Applies files in order, each as it wants to be, and seals tokens where `countersign seal` would.
pub(crate) fn apply(database: &Database, files: &[File]) {
    let mut client = database.client();
    for file in files {
        one(&mut client, file);
    }
}

/// Applies one file; one that could not get its lock is tried again, as the manual says.
pub(crate) fn one(client: &mut Client, file: &File) {
    if file.name.ends_with("_50_tokens_are_safe.sql") {
        // What `countersign seal` leaves behind.
        client.batch_execute("update public.\"API_Connection_Secrets\" set key_id = 'test' where key_id = 'plaintext'").unwrap();
    }
    if file.alone {
        return alone(client, &file.up);
    }
    for attempt in 1..=TRIES {
        match together(client, file) {
            Ok(()) => return,
            Err(error) if attempt < TRIES && gave_way(&error) => {}
            Err(error) => panic!("{}: {:?}", file.name, error.as_db_error()),
        }
        sleep(Duration::from_millis(50));
    }
}

/// Whether the file changed nothing because it did not get a lock in time.
fn gave_way(error: &postgres::Error) -> bool {
    error.code() == Some(&SqlState::LOCK_NOT_AVAILABLE)
}

/// A statement at a time, outside a transaction.
pub(crate) fn alone(client: &mut Client, text: &str) {
    for statement in text.split(";\n") {
        client.batch_execute(statement).unwrap();
    }
    client.batch_execute("reset all").unwrap();
}

/// In one transaction. What it has locked in the end, its comments must have said.
fn together(client: &mut Client, file: &File) -> Result<(), postgres::Error> {
    let known = "select oid::text from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace";
    let before: BTreeSet<String> = client
        .query(known, &[])?
        .iter()
        .map(|row| row.get(0))
        .collect();
    let mut transaction = client.transaction()?;
    transaction.batch_execute(&file.up)?;
    let query = "select c.oid::text, pg_catalog.quote_ident(c.relname), l.mode from pg_catalog.pg_locks l
        join pg_catalog.pg_class c on c.oid = l.relation
        where l.pid = pg_catalog.pg_backend_pid() and l.granted and c.relkind = 'r' and l.mode = any ($1)";
    let strong: Vec<&str> = MODES.iter().map(|(mode, _)| *mode).collect();
    for row in transaction.query(query, &[&strong])? {
        let (oid, table, mode): (String, String, String) = (row.get(0), row.get(1), row.get(2));
        let at = MODES.iter().position(|(known, _)| *known == mode).unwrap();
        let said = file
            .up
            .lines()
            .filter_map(|line| line.strip_prefix("-- lock: "))
            .any(|line| {
                let of_table = line.split([' ', ',']).any(|word| {
                    word == format!("public.{table}") || word == format!("auth.{table}")
                });
                // A stronger one says it, too.
                of_table
                    && MODES
                        .iter()
                        .skip(at)
                        .any(|(_, words)| line.starts_with(words))
            });
        assert!(
            said || !before.contains(&oid),
            "{}: {mode} on {table} is not said",
            file.name
        );
    }
    transaction.commit()
}
