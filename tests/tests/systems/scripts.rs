//! Every script of `tests/sql`, and the snapshots beside the policies.

use std::fs;

use crate::support::{Database, apps, files, name, root, script, seeds};

/// Tables, constraints, life cycle, handlers, search, people and the Worker's own tables: each
/// script raises on the first thing that does not hold. Seeding twice is seeding once.
#[test]
fn every_script_passes() {
    let Some(database) = Database::migrated("scripts") else {
        return;
    };
    for file in seeds().iter().chain(&seeds()) {
        database.run(file).unwrap();
    }
    let failures: Vec<String> = files("tests/sql", "sql", |name| name.contains("_test"))
        .iter()
        .filter_map(|file| database.run_text(&name(file), &script(file)).err())
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// The snapshot beside each policy is what the migrations make.
#[test]
fn the_catalogues_are_current() {
    let Some(database) = Database::migrated("catalogue") else {
        return;
    };
    for app in apps() {
        let file = root().join(format!("policies/{app}.catalogue.json"));
        let kept = fs::read_to_string(file).unwrap();
        let schema = serde_json::from_str::<serde_json::Value>(&kept).unwrap()["schema"].clone();
        let live =
            countersign_rls::catalogue::read(&database.url, schema.as_str().unwrap()).unwrap();
        let live = serde_json::to_string_pretty(&live).unwrap();
        let differs = (1..)
            .zip(live.lines().zip(kept.lines()))
            .find(|(_, (live, kept))| live != kept);
        assert!(
            differs.is_none() && live.len() + 1 == kept.len(),
            "{app}, line {differs:?}: run `countersign catalogue --app {app} --db <url>`"
        );
    }
}
