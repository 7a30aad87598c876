//! The two databases that somebody has in production, rebuilt by `migrations/legacy`: they load, what
//! their notes admit is really there, and nothing takes them for migrations.

use countersign_rls::migrations::History;

use crate::support::{Database, files, name, root};

/// Loads one, and looks for each fault that was admitted.
fn confesses(file: &str) {
    let Some(database) = Database::bare(file) else {
        return;
    };
    let legacy = format!("migrations/legacy/{file}.sql");
    database.run(&root().join(legacy)).unwrap();
    let faults = format!("tests/legacy/{file}_faults.sql");
    database.run(&root().join(faults)).unwrap();
}

#[test]
fn coaching_is_as_wrong_as_it_says() {
    confesses("coaching_simple");
}

#[test]
fn agency_is_as_wrong_as_it_says() {
    confesses("agency_mvp");
}

#[test]
fn they_are_no_migrations() {
    let legacy = files("migrations/legacy", "sql", |_| true);
    assert_eq!(legacy.len(), 2);
    let known = files("migrations", "sql", |_| true);
    for file in legacy {
        assert!(!known.iter().any(|known| name(known) == name(&file)));
    }
    // Reading the directory of migrations does not go below it.
    let history = History::read(&root().join("migrations"), "coaching", "public").unwrap();
    assert_eq!(history.last_version.map(|version| version.len()), Some(14));
}
