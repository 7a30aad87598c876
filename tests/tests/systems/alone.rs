//! Each system in a database of its own, in whichever schema.
//!
//! The base migrations are written so that their schema can be replaced: its name stands only
//! before a dot and after the word `schema`. The policies are generated for the schema asked for.

use std::fs;

use countersign_rls::generate;
use countersign_rls::migrations::{History, Plan};
use countersign_rls::project::Project;

use crate::support::{Database, apps, files, name, root, script};

/// The script with another schema in place of the app's.
fn moved(script: &str, app: &str, schema: &str) -> String {
    let mut moved = String::with_capacity(script.len());
    let mut rest = script;
    while let Some(at) = rest.find(app) {
        let (before, found) = rest.split_at(at);
        let (_, after) = found.split_at(app.len());
        let alone = !before.ends_with(|c: char| c.is_alphanumeric() || "_@.-/".contains(c));
        let names = after.starts_with('.')
            || before.ends_with("schema ")
            || before.ends_with("schema if not exists ")
            || (before.ends_with('\'') && after.starts_with("'::regnamespace"));
        moved.push_str(before);
        moved.push_str(if alone && names { schema } else { app });
        rest = after;
    }
    moved + rest
}

#[test]
fn a_schema_is_replaced_where_it_is_a_schema() {
    let script = "create schema if not exists shop; comment on schema shop is 'the shop';
        select shop.f(), 'a@shop.test', myshop.x from shop.t -- policies/shop.policy";
    let expected = "create schema if not exists public; comment on schema public is 'the shop';
        select public.f(), 'a@shop.test', myshop.x from public.t -- policies/shop.policy";
    assert_eq!(moved(script, "shop", "public"), expected);
}

/// Tables, policies, seed and scripts, all in `public`, with no other system beside them.
#[test]
fn every_system_lives_alone_in_public() {
    for app in apps().iter().filter(|app| *app != "agency") {
        let Some(database) = Database::bare(&format!("alone_{app}")) else {
            return;
        };
        let apply = |what: &str, text: &str| {
            database
                .run_text(what, &moved(text, app, "public"))
                .unwrap();
        };
        let shared = files("migrations", "sql", |name| {
            name.ends_with("_countersign_edge.sql")
        });
        let own = files("migrations", "sql", |name| {
            name.contains(&format!("_{app}_")) && !name.ends_with("_policy.sql")
        });
        for file in shared.iter().chain(&own) {
            apply(&name(file), &fs::read_to_string(file).unwrap());
        }

        let project = Project::open(&root(), app).unwrap();
        let mut policy = project.compile().unwrap().policy;
        policy.schema = "public".to_owned();
        let sections = generate::sections(&policy, &project.catalogue, &project.source);
        let plan = Plan::new(&History::default(), app, "public", &sections).unwrap();
        database.run_text("the policy", &plan.up()).unwrap();

        let scripts = files("tests/sql", "sql", |name| {
            name.starts_with(&format!("{app}_"))
        });
        let order = |name: &str| match name {
            name if name.ends_with("_people.sql") && !name.contains("_test_") => 0,
            name if name.ends_with("_seed.sql") => 1,
            _ => 2,
        };
        let mut scripts: Vec<_> = scripts
            .iter()
            .map(|file| (order(&name(file)), file))
            .collect();
        scripts.sort();
        for (_, file) in scripts {
            apply(&name(file), &script(file));
        }
        let elsewhere: i64 = database
            .client()
            .query_one(
                "select count(*) from pg_catalog.pg_namespace where nspname = $1",
                &[app],
            )
            .unwrap()
            .get(0);
        assert_eq!(elsewhere, 0, "{app} made a schema of its own name");
    }
}
