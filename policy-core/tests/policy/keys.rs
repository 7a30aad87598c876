//! What keys do behind a policy's back: the small policy over catalogues with one key made wrong.

use policy_core::catalogue::{Catalogue, ForeignKey, Relation};
use policy_core::compile;

use super::findings::render;
use super::support::{HEAD, catalogue};

/// What is found about a policy after one table of the catalogue was changed.
fn found(policy: &str, table: &str, change: impl FnOnce(&mut Relation)) -> String {
    let mut catalogue: Catalogue = catalogue();
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
