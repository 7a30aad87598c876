//! Every finding, by example: one wrong text each, pinned with the words it underlines.

use std::fmt::Write as _;

use policy_core::{Diagnostic, compile};

use super::support::{BODY, HEAD, catalogue, policy};

/// Findings as a person would read them in a snapshot.
pub(crate) fn render(source: &str, findings: &[Diagnostic]) -> String {
    let mut out = String::new();
    for finding in findings {
        let line = source[..finding.span.start].matches('\n').count() + 1;
        let words = finding.span.text(source).lines().next().unwrap_or("");
        let severity = format!("{:?}", finding.severity).to_lowercase();
        let _ = writeln!(
            out,
            "{severity} {} at {line} `{words}`: {}",
            finding.code, finding.message
        );
        if !finding.label.is_empty() {
            let _ = writeln!(out, "  ^ {}", finding.label);
        }
        if let Some(help) = &finding.help {
            let _ = writeln!(out, "  = {help}");
        }
    }
    out
}

/// What each of these says, after [`HEAD`].
const WRONG: &[&str] = &[
    "on project tenant org_id { viewer: select; }",
    "on open_projects tenant org_id { viewer: select; }",
    "on parts tenant org_id { viewer: select; }",
    "on projects tenant org_id { viewer: select (nmae); }",
    "on projects tenant org_id { viewr: select; }",
    "on projects tenant org_id { viewer: read; }",
    "on projects tenant org_id { viewer: selec; }",
    "on projects { viewer: select; }",
    "on strays tenant org_id { viewer: select; }",
    "on orgs tenant id { viewer: select; }",
    "on projects tenant org_id { viewer: select; } on projects tenant org_id { admin: delete; }",
    "on projects tenant org_id { viewer: select where status = null; }",
    "on projects tenant org_id { viewer: select where status = 3; }",
    "on projects tenant org_id { viewer: select where status = 'drfat'; }",
    "on projects tenant org_id { viewer: select where mood = 'happy'; }",
    "on projects tenant org_id { viewer: select where mood > 'glad'; }",
    "on projects tenant org_id { viewer: select where name > 'm'; }",
    "on projects tenant org_id { viewer: select where due_on < now(); }",
    "on figures tenant org_id { viewer: select where code between 'a' and label; }",
    "on figures tenant org_id { viewer: select where code > caller.email; }",
    "on projects tenant org_id { viewer: select where starts_at < '2026-01-01 00:00:00'; }",
    "on projects tenant org_id { viewer: select where name ilike 'é%'; }",
    "on projects tenant org_id { viewer: select where name like 'a\\'; }",
    "on projects tenant org_id { viewer: select where name like name; }",
    "on projects tenant org_id { viewer: select where budget like '1%'; }",
    "on projects tenant org_id { viewer: select where lower(name) = 'a'; }",
    "on projects tenant org_id { viewer: select where name; }",
    "on projects tenant org_id { viewer: select where 1 = 1; }",
    "on projects tenant org_id { viewer: select where status in ('draft', null); }",
    "on projects tenant org_id { viewer: select where caller.role = 'x'; }",
    "on projects tenant org_id { viewer: select where name = caller.email; }",
    "on tasks tenant org_id { viewer: select where meta is null; }",
    "on tasks tenant org_id { viewer: select where weight = 1; }",
    "on figures tenant org_id { viewer: select where rate > 1; }",
    "on projects tenant org_id { viewer: select check status = 'draft'; }",
    "on projects tenant org_id { viewer: select, insert where status = 'draft'; }",
    "on projects tenant org_id { viewer: select, upsert; }",
    "on projects tenant org_id { viewer: select, insert, update (name), upsert; }",
    "on projects tenant org_id { member: update (name); }",
    "on projects tenant org_id { member: insert; }",
    "on projects tenant org_id { member: select, update (status), select (name); }",
    "on projects tenant org_id { viewer: select where status <> 'locked'; member: update (status); }",
    "on projects tenant org_id { viewer: select; member: update (id, total, updated_at, org_id);
       retire status = 'deleted' by admin, seen by admin, stamped updated_at; }",
    "on projects tenant org_id { viewer: select (id, secret); hidden secret; }",
    "on projects tenant org_id { hidden id; viewer: select; member: update (name); }",
    "on projects tenant org_id { viewer: select (id, name); admin: select; }",
    "on projects tenant org_id { viewer: select; member: insert (id, org_id, name); admin: insert; }",
    "on projects tenant org_id { viewer: select; member: select; }",
    "on projects tenant org_id { viewer: select; retire status = 'deleted' by admin, seen by admin, stamped starts_at; }",
    "on projects tenant org_id { viewer: select; never update (name) where status = 'locked'; }",
    "on projects tenant org_id { viewer: select; never delete; }",
    "on projects tenant org_id { viewer: select; never update where budget > 5; }",
    "on projects tenant org_id append { viewer: select, update (name), delete; }",
    "on projects tenant org_id { outside viewer: select; }",
    "on projects tenant org_id { self name: select; }",
    "on projects tenant org_id { inherit select; }",
    "on projects tenant org_id { viewer: select; }
     on tasks tenant org_id via project_id in projects { inherit select, update; }",
    "on tasks tenant org_id via project_id in projects { viewer: select; }",
    "on tasks tenant org_id via id in tasks { viewer: select; }",
    "on tasks tenant org_id via title in projects { viewer: select; }",
    "on members tenant org_id { viewer: select; admin: insert, update (role); }",
    "on members tenant org_id { viewer: select; admin: insert check role in ('admin', 'owner'); }",
    "on members tenant org_id { viewer: select; self user_id: update (role); }",
    "on view leaky { viewer: select; }",
    "on view projects { viewer: select; }",
    "on view open_projects { viewer: update; }",
    "on projects tenant org_id { viewer: select; admin: update; admin: update; }",
    "on view open_projects { self id: select; }",
    "on view open_projects { viewer: select; admin: select; }",
    "on function search(text) { viewer: execute; }",
    "on function admin_all() { viewer: execute; }",
    "on function stamp() { user: execute; }",
    "on function search(text, integer) { viewer: execute where name = 'x'; }",
    "on projects tenant org_id { viewer: select }",
    "on projects tenant org_id { viewer select; member: insert, select; admin delete; }",
    "grant select on projects;",
    "onn projects;",
    "tenant orgs (id) members members (org_id, user_id, role) roles owner;",
    "on projects tenant org_id { viewer: select where status = 'draft' and (open or; }",
    "on projects tenant org_id { viewer: select where budget = 99999999999999999999; }",
];

#[test]
fn wrong_policies_say_what_is_wrong_where_and_how_to_mend_it() {
    let mut out = String::new();
    for wrong in WRONG {
        let text = format!("{HEAD}{wrong}\n");
        let findings = match compile(&text, &catalogue()) {
            Ok((_, findings)) => findings,
            Err(findings) => findings,
        };
        let findings: Vec<_> = findings
            .into_iter()
            .filter(|f| f.code != "closed")
            .collect();
        assert!(!findings.is_empty(), "nothing to say about\n{wrong}");
        let _ = writeln!(out, "--- {wrong}\n{}", render(&text, &findings));
    }
    insta::assert_snapshot!(out);
}

#[test]
fn wrong_parents() {
    let mut catalogue = catalogue();
    for relation in &mut catalogue.relations {
        let (columns, table) = match relation.name.as_str() {
            "tasks" => (["project_id"].as_slice(), "projects"),
            "projects" => (["lead_id", "org_id"].as_slice(), "tasks"),
            "profiles" => (["id"].as_slice(), "projects"),
            _ => continue,
        };
        relation.foreign_keys = vec![policy_core::catalogue::ForeignKey {
            name: format!("{}_fkey", relation.name),
            columns: columns.iter().map(|name| (*name).into()).collect(),
            table: table.into(),
            references: ["id", "org_id"][..columns.len()]
                .iter()
                .map(|name| (*name).into())
                .collect(),
            on_delete: "cascade".into(),
        }];
    }
    let wrong = [
        "on projects tenant org_id via lead_id in tasks { viewer: select; }
         on tasks tenant org_id via project_id in projects { viewer: select; }",
        "on projects tenant org_id { viewer: select; } on profiles via id in projects { user: select; }",
        "on projects tenant org_id { hidden id; viewer: select; }
         on tasks tenant org_id via project_id in projects { viewer: select; }",
        "on projects tenant org_id { viewer: select; member: insert check status = 'draft'; }
         on tasks tenant org_id via project_id in projects { inherit select, insert, delete, upsert; }",
    ];
    let mut out = String::new();
    for wrong in wrong {
        let text = format!("{HEAD}{wrong}\n");
        let findings = compile(&text, &catalogue).map_or_else(|f| f, |(_, f)| f);
        let findings: Vec<_> = findings
            .into_iter()
            .filter(|finding| finding.code != "closed")
            .collect();
        assert!(!findings.is_empty(), "nothing to say about\n{wrong}");
        let _ = writeln!(out, "--- {wrong}\n{}", render(&text, &findings));
    }
    insta::assert_snapshot!(out);
}

#[test]
fn wrong_heads() {
    let heads = [
        "caller id uuid;",
        "app work; caller id number;",
        "app work; tenant nowhere (id) roles owner;",
        "app work in schema work; tenant orgs (name) members members (org_id, user_id, role) roles owner;",
        "app work; tenant orgs (id) roles owner;",
        "app work; tenant orgs (id) members members (org_id, user_id, role) roles owner > user;",
        "app work; tenant orgs (id) members members (org_id, user_id, role) roles owner > owner;",
        "app work; tenant orgs (id) members members (org_id, role, user_id) roles owner;",
        "app work; tenant orgs (id) members members (org_id, user_id, role) where user_id = caller.id roles owner;",
        "app work; tenant orgs (id) found by created_by stamped created_at members members (org_id, user_id, role) roles owner;",
        "app work; tenant orgs (id) members members (org_id, user_id, role) roles owner > admin keep at least one admin;",
        "app work; on projects tenant org_id { user: select; }",
    ];
    let mut out = String::new();
    for head in heads {
        let findings = compile(head, &catalogue()).map_or_else(|f| f, |(_, f)| f);
        let findings: Vec<_> = findings
            .into_iter()
            .filter(|f| f.code != "closed")
            .collect();
        assert!(!findings.is_empty(), "nothing to say about\n{head}");
        let _ = writeln!(out, "--- {head}\n{}", render(head, &findings));
    }
    insta::assert_snapshot!(out);
}

#[test]
fn a_right_policy_has_only_notes() {
    let text = format!("{HEAD}{BODY}");
    let (_, findings) = compile(&text, &catalogue()).unwrap();
    insta::assert_snapshot!(render(&text, &findings));
}

#[test]
fn the_test_on_a_parent_is_left_out_only_where_it_cannot_fail() {
    // `projects` hides rows from viewers, so the child must ask.
    assert!(policy().table("tasks").unwrap().parents[0].tested);
    let plain = format!(
        "{HEAD}on projects tenant org_id {{ viewer: select; }}
         on tasks tenant org_id via project_id in projects {{ viewer: select; }}"
    );
    let (policy, _) = compile(&plain, &catalogue()).unwrap();
    assert!(!policy.table("tasks").unwrap().parents[0].tested);
}

#[test]
fn text_that_sorts_by_its_bytes_has_an_order() {
    let text = format!(
        "{HEAD}on figures tenant org_id {{ viewer: select where code < 'm' or code between 'x' and 'z'; }}"
    );
    let (_, findings) = compile(&text, &catalogue()).unwrap();
    assert!(findings.iter().all(|finding| finding.code != "unordered"));
}
