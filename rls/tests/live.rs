//! A live schema is read as it is, and the shadow of a policy is what its migrations made.
//!
//! Needs a server (`COUNTERSIGN_PG_URL`), which `cargo xtask test` provides; without one the tests
//! say that they are skipped.
#![cfg(test)]

#[path = "support/database.rs"]
mod database;

use std::time::Duration;

use countersign_rls::live::{self, Enabled, Limits, Live, Table};
use countersign_rls::project;
use countersign_rls::shadow::{self, Intention, ShadowError};

use database::{Database, app, assert_same, root};

fn shadow(database: &Database, name: &str, live: &Live) -> Live {
    let (project, policy) = app(name);
    let mut client = database.client();
    let limits = Limits {
        lock: Duration::from_millis(500),
        ..Limits::default()
    };
    let mut transaction = live::begin(&mut client, false, limits).unwrap();
    let intention = Intention {
        policy: &policy,
        catalogue: &project.catalogue,
        source: &project.source,
    };
    shadow::make(&mut transaction, intention, live).unwrap()
}

/// A table as the policy makes it: what generated SQL speaks of and nothing else.
fn generated(table: &Table) -> serde_json::Value {
    let policies: Vec<_> = table
        .policies
        .iter()
        .map(|policy| {
            let mut policy = policy.clone();
            // It ends in a hash of the text, with the schema's name in it.
            policy.comment = None;
            policy
        })
        .collect();
    let triggers: Vec<_> = table
        .triggers
        .iter()
        .filter(|trigger| trigger.name.starts_with("zz_countersign"))
        .collect();
    serde_json::json!({
        "name": table.name, "row_security": table.row_security, "forced": table.forced,
        "policies": policies, "triggers": triggers, "grants": table.grants,
    })
}

#[test]
fn the_shadow_of_each_policy_is_what_its_migrations_made_and_leaves_nothing_behind() {
    let Some(database) = Database::migrated() else {
        return;
    };
    let before = database.dump();
    // EXCLUSIVE lets nothing pass but ACCESS SHARE.
    let mut holder = database.client();
    let mut holding = holder.transaction().unwrap();
    holding
        .batch_execute(
            "do $$
             declare
               of record;
             begin
               for of in select c.oid::regclass as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
                         where c.relkind = 'r' and n.nspname !~ '^pg_' and n.nspname <> 'information_schema' loop
                 execute format('lock table %s in exclusive mode', of.name);
               end loop;
             end $$",
        )
        .unwrap();
    for name in project::apps(&root()).unwrap() {
        let live = live::read(&database.url(), &name, Limits::default()).unwrap();
        let shadow = shadow(&database, &name, &live);
        assert_eq!(shadow.schema, name);
        assert!(shadow.tables.len() >= 4, "{name}");
        for table in &shadow.tables {
            let same = live.table(&table.name).unwrap();
            assert_eq!(generated(same), generated(table), "{name}");
        }
        let helpers = shadow.functions_of("countersign");
        let mut compared = 0;
        for helper in helpers {
            let mut same = live
                .functions_of("countersign")
                .find(|f| f.name == helper.name)
                .unwrap()
                .clone();
            let mut helper = helper.clone();
            for function in [&mut same, &mut helper] {
                // Lines are broken by their length, and names differ in length.
                function.body = function
                    .body
                    .split_whitespace()
                    .collect::<Vec<_>>()
                    .join(" ");
            }
            assert_eq!(same, helper);
            compared += 1;
        }
        assert!(compared >= 2, "{name}");
    }
    holding.rollback().unwrap();
    assert_same(&before, &database.dump());
}

#[test]
fn what_was_planted_is_read() {
    let Some(database) = Database::empty() else {
        return;
    };
    database
        .client()
        .batch_execute(
            r#"create schema "S";
               create type "S".mood as enum ('good', 'bad');
               create table "S".parent (id int, tenant int, primary key (id, tenant));
               comment on table "S".parent is 'it''s';
               create table "S"."Child" (
                 id bigint generated always as identity primary key,
                 parent int, tenant int not null default 7, doubled int generated always as (tenant * 2) stored,
                 mood "S".mood, constraint "to parent" foreign key (parent, tenant) references "S".parent on delete set null (parent),
                 check (parent > 0));
               alter table "S"."Child" add constraint late foreign key (parent, tenant) references "S".parent not valid;
               create index part on "S"."Child" (tenant, abs(parent)) where parent is not null;
               alter table "S"."Child" enable row level security, force row level security;
               create policy "p 1" on "S"."Child" as restrictive for update to authenticated, anon
                 using (tenant = 7) with check (tenant in (7, 8));
               grant select (id, mood), insert on "S"."Child" to anon with grant option;
               create view "S".v with (security_invoker) as select * from "S"."Child";
               create materialized view auth.elsewhere as select count(*) from "S".parent;
               create function "S".f(a int, variadic b "S".mood[]) returns int language sql stable parallel safe
                 security definer set search_path = '' as 'select 1';
               create function "S".t() returns trigger language plpgsql as 'begin return new; end';
               create trigger t before insert on "S"."Child" for each row execute function "S".t();
               alter table "S"."Child" disable trigger t;
               alter default privileges in schema "S" grant select on tables to anon;"#,
        )
        .unwrap();
    let live = live::read(&database.url(), "S", Limits::default()).unwrap();
    let child = live.table("Child").unwrap();
    let text = serde_json::to_string_pretty(child).unwrap();
    // Oids and statistics are the server's.
    let lines = text.lines().filter(|line| {
        !["shape", "scans", "pages"]
            .iter()
            .any(|of| line.contains(&format!("\"{of}\"")))
    });
    insta::assert_snapshot!("live_child", lines.collect::<Vec<_>>().join("\n"));
    let views: Vec<_> = live
        .views
        .iter()
        .map(|v| (&*v.schema, &*v.name, v.security_invoker))
        .collect();
    assert_eq!(views, [("S", "v", true), ("auth", "elsewhere", false)]);
    let function = live.functions_of("S").find(|f| f.name == "f").unwrap();
    assert_eq!(function.arguments, ["integer", "\"S\".mood[]"]);
    assert_eq!(function.argument_types, ["integer", "mood[]"]);
    assert_eq!(function.settings, ["search_path=\"\""]);
    assert!(function.security_definer && function.volatility == "stable");
    assert_eq!(child.triggers[0].enabled, Enabled::Disabled);
    assert_eq!(live.types[0].labels, ["good", "bad"]);
    let opened = live
        .default_grants
        .iter()
        .find(|d| d.schema.as_deref() == Some("S"))
        .unwrap();
    assert_eq!(
        (opened.kind.as_str(), opened.grants[0].grantee.as_str()),
        ("tables", "anon")
    );

    let none = live::read(&database.url(), "nowhere", Limits::default());
    assert!(
        none.unwrap_err()
            .to_string()
            .contains("no schema \"nowhere\"")
    );
}

#[test]
fn who_may_create_nothing_is_told_so() {
    let Some(database) = Database::migrated() else {
        return;
    };
    let (project, policy) = app("assistant");
    let live = live::read(&database.url(), "assistant", Limits::default()).unwrap();
    let mut client = database.client();
    client.batch_execute("set role authenticated").unwrap();
    let mut transaction = live::begin(&mut client, false, Limits::default()).unwrap();
    let intention = Intention {
        policy: &policy,
        catalogue: &project.catalogue,
        source: &project.source,
    };
    let made = shadow::make(&mut transaction, intention, &live);
    assert!(
        matches!(made, Err(ShadowError::Forbidden { .. })),
        "{made:?}"
    );
    // It reads all the same.
    let seen = live::introspect(&mut transaction, "assistant").unwrap();
    assert_eq!(seen.tables, live.tables);
}
