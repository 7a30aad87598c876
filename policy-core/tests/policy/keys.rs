//! What keys do behind a policy's back: the small policy over catalogues with one key made wrong.

use policy_core::catalogue::{Catalogue, ForeignKey, Function, Index, Relation, Timing, Trigger};
use policy_core::compile;

use super::findings::render;
use super::support::{HEAD, catalogue};

/// What is found about a policy after one table of the catalogue was changed.
fn found(policy: &str, table: &str, change: impl FnOnce(&mut Relation)) -> String {
    found_in(catalogue(), policy, table, change)
}

fn found_in(
    mut catalogue: Catalogue,
    policy: &str,
    table: &str,
    change: impl FnOnce(&mut Relation),
) -> String {
    let relation = catalogue
        .relations
        .iter_mut()
        .find(|relation| relation.name == table);
    change(relation.unwrap());
    let text = format!("{HEAD}{policy}");
    let findings = match compile(&text, &catalogue) {
        Ok((_, findings)) | Err(findings) => findings,
    };
    let ours = [
        "doubled-foreign-key",
        "set-null-of-tenant",
        "unique-across-tenants",
        "append-cascade",
        "written-by-trigger",
        "generated-in-guard",
        "filtered-after-index",
    ];
    let ours: Vec<_> = findings
        .into_iter()
        .filter(|finding| ours.contains(&finding.code))
        .collect();
    render(&text, &ours)
}

const TASKS: &str = "on projects tenant org_id { viewer: select; admin: insert, delete; }
on tasks tenant org_id via project_id in projects { inherit select; member: insert; }";
const LOG: &str = "on projects tenant org_id { viewer: select; admin: insert, delete; }
on tasks tenant org_id via project_id in projects append { inherit select; member: insert; }";

#[test]
fn a_simple_key_beside_the_composite_one() {
    let simple = |tasks: &mut Relation| {
        tasks.foreign_keys.push(ForeignKey {
            name: "tasks_simple_fkey".into(),
            columns: vec!["project_id".into()],
            references: vec!["id".into()],
            ..tasks.foreign_keys[0].clone()
        });
    };
    insta::assert_snapshot!(found(TASKS, "tasks", simple), @"
    warning doubled-foreign-key at 8 `project_id`: `project_id` has 2 foreign keys to `projects`: tasks_project_fkey, tasks_simple_fkey
      ^ PostgREST refuses to embed here (PGRST201)
      = keep the one with the tenant column and drop the others
    ");
    assert_eq!(found(TASKS, "tasks", |_| {}), "");
}

#[test]
fn a_deletion_that_would_forget_the_tenant() {
    let on_delete = |what: &'static str| {
        move |tasks: &mut Relation| tasks.foreign_keys[0].on_delete = what.into()
    };
    insta::assert_snapshot!(found(TASKS, "tasks", on_delete("set null")), @"
    error set-null-of-tenant at 8 `tasks`: deleting a row of `projects` would set `org_id` to NULL, by `tasks_project_fkey`
      ^ the deletion fails with 23502
      = write `on delete set null (project_id)` in the foreign key
    ");
    assert_eq!(
        found(TASKS, "tasks", on_delete("set null (project_id)")),
        ""
    );
}

#[test]
fn a_unique_key_across_tenants() {
    let unique = |columns: &'static [&'static str]| {
        move |projects: &mut Relation| {
            let key = columns.iter().map(|&column| column.to_owned());
            projects.unique.push(key.collect());
        }
    };
    insta::assert_snapshot!(found(TASKS, "projects", unique(&["name"])), @"
    warning unique-across-tenants at 7 `projects`: the unique key (name) of `projects` spans tenants
      ^ 23505 tells whether another tenant has the value
      = add `org_id` to the key
    ");
    // With the tenant, or with a key that nobody guesses, it tells nothing.
    assert_eq!(found(TASKS, "projects", unique(&["name", "org_id"])), "");
    assert_eq!(found(TASKS, "projects", unique(&["name", "lead_id"])), "");
    // What no client gives a value to cannot be asked.
    assert_eq!(found(TASKS, "projects", unique(&["total"])), "");
}

#[test]
fn rows_that_stay_and_yet_go_with_their_parent() {
    insta::assert_snapshot!(found(LOG, "tasks", |_| {}), @"
    warning append-cascade at 8 `tasks`: deleting a row of `projects` changes or removes rows of `tasks`, by `tasks_project_fkey` (cascade)
      ^ `append` says that its rows stay
      = let the foreign key restrict: `on delete restrict`
    ");
    let restrict = |tasks: &mut Relation| tasks.foreign_keys[0].on_delete = "restrict".into();
    assert_eq!(found(LOG, "tasks", restrict), "");
    // Nobody deletes the parents.
    let kept = LOG.replace("insert, delete", "insert");
    assert_eq!(found(&kept, "tasks", |_| {}), "");
}

/// A trigger of the projects that writes some columns.
fn trigger(timing: Timing, on: &str, writes: &[&str]) -> impl Fn(&mut Relation) {
    let trigger = Trigger {
        name: "settle".into(),
        timing,
        events: vec![on.into()],
        function: "settle".into(),
        writes: writes.iter().map(|&column| column.into()).collect(),
    };
    move |projects| projects.triggers.push(trigger.clone())
}

#[test]
fn a_trigger_that_writes_what_a_rule_asks_about() {
    let policy = "on projects tenant org_id { viewer: select;
      member: insert check status = 'draft', update (name) where status = 'draft'; }";
    let settles = |timing, on, writes| found(policy, "projects", trigger(timing, on, writes));
    insta::assert_snapshot!(settles(Timing::Before, "insert", &["name", "status"]), @"
    error written-by-trigger at 7 `projects`: the trigger `settle` writes `status` before every insert, and a rule asks about it
      ^ what a client proposes is not what is decided on
      = leave `status` to the client or to a default, or ask about another column
    ");
    insta::assert_snapshot!(settles(Timing::Before, "update", &["*"]), @"
    error written-by-trigger at 7 `projects`: the trigger `settle` writes `status` before every update, and a rule asks about it
      ^ what a client proposes is not what is decided on
      = leave `status` to the client or to a default, or ask about another column
    ");
    for (timing, on, writes) in [
        (Timing::After, "insert", "status"),
        (Timing::Before, "delete", "status"),
        (Timing::Before, "insert", "budget"),
    ] {
        let found = found(policy, "projects", trigger(timing, on, &[writes]));
        assert_eq!(found, "");
    }
}

#[test]
fn a_guard_that_asks_about_a_generated_column() {
    let rules = |first: &str| {
        format!(
            "on projects tenant org_id {{ viewer: select;
               member: update (status) where {first}; admin: update (name, status) where status = 'review'; }}"
        )
    };
    let none = |_: &mut Relation| {};
    insta::assert_snapshot!(found(&rules("total > 3"), "projects", none), @"
    error generated-in-guard at 7 `projects`: `total` is generated: the guard that pairs the update rules of `projects` finds it NULL
      ^ its rules have to be paired by a trigger
      = ask about the columns that it is generated from
    ");
    assert_eq!(found(&rules("status = 'draft'"), "projects", none), "");
}

#[test]
fn a_vector_index_that_stops_too_soon() {
    let policy = "on projects tenant org_id { viewer: select; }";
    let searched = |scans: Option<&[&str]>| {
        let mut catalogue = catalogue();
        catalogue.functions.extend(scans.map(|scans| Function {
            name: "match_projects".into(),
            arguments: vec!["vector".into(), "integer".into()],
            argument_names: vec![],
            returns: "SETOF projects".into(),
            returns_relation: None,
            trigger: false,
            security_definer: false,
            volatile: false,
            iterative_scans: scans.iter().map(|&method| method.into()).collect(),
        }));
        found_in(catalogue, policy, "projects", |projects| {
            projects.other_indexes.push(Index {
                name: "projects_embedding_idx".into(),
                method: "hnsw".into(),
                columns: vec!["embedding".into()],
                options: vec![],
            });
        })
    };
    insta::assert_snapshot!(searched(None), @"
    warning filtered-after-index at 7 `projects`: nothing sets `hnsw.iterative_scan`, and `projects` is filtered after its index `projects_embedding_idx`
      ^ a small tenant finds fewer rows than it has
      = add `set hnsw.iterative_scan = 'strict_order'` to the function that searches (pgvector 0.8 or later)
    ");
    insta::assert_snapshot!(searched(Some(&["ivfflat"])), @"
    warning filtered-after-index at 7 `projects`: `match_projects` searches by vector without `hnsw.iterative_scan`, and `projects` is filtered after its index `projects_embedding_idx`
      ^ a small tenant finds fewer rows than it has
      = add `set hnsw.iterative_scan = 'strict_order'` to the function that searches (pgvector 0.8 or later)
    ");
    assert_eq!(searched(Some(&["hnsw"])), "");
}
