//! `GET`, and functions.

use super::{ask, check};

#[test]
fn star_is_what_the_caller_may_read() {
    check(
        "star_is_what_the_caller_may_read",
        &[
            ("viewer", "GET projects"),
            ("viewer", "HEAD projects?select=*"),
            ("viewer", "GET projects?select=*,clients(*),labels(*)"),
            (
                "viewer",
                "GET clients?select=name,projects(*)&projects.status=eq.draft",
            ),
            ("viewer", "GET projects?select=...clients(*)"),
            ("viewer", "GET open_projects"),
            ("viewer", "GET open_projects?select=*,clients(*)"),
            ("viewer", "GET rpc/projects_of?client=x&select=*,clients(*)"),
            ("viewer", "GET clients?select=projects()"),
            ("viewer", "GET orgs?select=clients()"),
        ],
    );
}

#[test]
fn a_hidden_column_is_refused_wherever_it_stands() {
    check(
        "a_hidden_column_is_refused_wherever_it_stands",
        &[
            ("owner", "GET projects?select=id,secret"),
            ("owner", "GET projects?select=s:secret::text"),
            ("owner", "GET projects?select=secret.count()"),
            ("owner", "GET projects?select=id&secret=eq.x"),
            (
                "owner",
                "GET projects?select=id&or=(id.eq.1,not.and(secret.is.null))",
            ),
            ("owner", "GET projects?select=id&order=secret.desc"),
            ("owner", "GET clients?select=projects(secret)"),
            (
                "owner",
                "GET clients?select=id,projects(id)&projects.secret=eq.x",
            ),
            (
                "owner",
                "GET clients?select=id,projects(id)&projects.or=(secret.eq.x)",
            ),
            (
                "owner",
                "GET clients?select=id,projects(id)&projects.order=secret",
            ),
            (
                "owner",
                "GET labels?select=id,projects(id)&order=projects(secret)",
            ),
            ("owner", "PATCH projects?secret=eq.x | | {\"name\":\"x\"}"),
            ("owner", "DELETE projects?id=eq.1&secret=eq.x"),
            (
                "owner",
                "POST projects?select=id,secret | return=representation | {\"name\":\"x\"}",
            ),
            (
                "owner",
                "POST projects | | {\"name\":\"x\",\"secret\":\"y\"}",
            ),
            (
                "owner",
                "POST projects?on_conflict=secret | resolution=merge-duplicates | {\"name\":\"x\"}",
            ),
            (
                "owner",
                "POST projects?columns=name,secret | | {\"name\":\"x\"}",
            ),
        ],
    );
}

#[test]
fn a_read_that_is_empty_for_every_row_passes_with_its_reason() {
    check(
        "a_read_that_is_empty_for_every_row_passes_with_its_reason",
        &[
            ("stranger", "GET clients?select=id"),
            ("somebody", "GET clients?select=id"),
            ("anon", "GET clients?select=id"),
            ("stranger", "GET open_projects"),
            ("anon", "GET open_projects"),
            (
                "viewer",
                "GET clients?select=id&org_id=eq.b0000000-0000-4000-8000-000000000001",
            ),
            (
                "viewer",
                "GET clients?select=id&org_id=eq.a0000000-0000-4000-8000-000000000001",
            ),
            ("viewer", "GET clients?select=id&org_id=is.null"),
            (
                "viewer",
                "GET clients?select=id&and=(org_id.in.(b0000000-0000-4000-8000-000000000001))",
            ),
            (
                "viewer",
                "GET clients?select=id&or=(org_id.is.null,id.eq.1)",
            ),
            (
                "viewer",
                "GET orgs?select=id,clients(id)&clients.org_id=is.null",
            ),
        ],
    );
}

#[test]
fn names_are_resolved() {
    check(
        "names_are_resolved",
        &[
            ("viewer", "GET nothing"),
            ("viewer", "GET vault"),
            ("viewer", "GET clients?select=nothing"),
            ("viewer", "GET clients?select=ctid"),
            ("viewer", "GET clients?nothing=eq.1"),
            ("viewer", "GET clients?select=vault(id)"),
            ("viewer", "GET clients?select=nothing(id)"),
            ("viewer", "GET clients?projects.id=eq.1"),
            (
                "viewer",
                "GET clients?select=id,p:projects(id)&p.name=eq.x&projects.status=eq.y&p=not.is.null",
            ),
            (
                "viewer",
                "GET projects?select=clients!projects_client_id_org_id_fkey(id)",
            ),
            (
                "viewer",
                "GET projects?select=projects_client_id_org_id_fkey(id)",
            ),
            ("viewer", "GET projects?select=clients!nothing(id)"),
            ("viewer", "GET projects?select=org_id(name)"),
            ("viewer", "GET projects?select=labels!project_labels(name)"),
            ("viewer", "GET notes?select=parent_id(body),notes(body)"),
            ("viewer", "GET open_projects?select=nothing"),
            ("viewer", "GET ?select=id"),
            ("viewer", "GET rpc/"),
            ("viewer", "GET clients/1"),
            ("viewer", "OPTIONS clients"),
            ("viewer", "SEARCH clients"),
            ("viewer", "GET clients?select=id&name=x"),
        ],
    );
}

#[test]
fn functions() {
    check(
        "functions",
        &[
            (
                "viewer",
                "GET rpc/search?query=x&amount=3&id=eq.1&select=id,anything",
            ),
            ("viewer", "POST rpc/search?order=id | | {\"query\":\"x\"}"),
            ("stranger", "POST rpc/search | | {\"query\":\"x\"}"),
            ("anon", "POST rpc/search | | {\"query\":\"x\"}"),
            ("viewer", "POST rpc/search | | {\"other\":\"x\"}"),
            ("viewer", "POST rpc/search?select=clients(id) | | {}"),
            ("viewer", "POST rpc/search?id=x | | {}"),
            ("stranger", "POST rpc/ping"),
            ("anon", "GET rpc/ping"),
            ("viewer", "PATCH rpc/ping"),
            ("viewer", "GET rpc/nothing"),
            ("owner", "POST rpc/store | | [1,2]"),
            ("member", "POST rpc/store | | {\"a\":1}"),
            (
                "viewer",
                "GET rpc/projects_of?client=x&name=like.a*&select=id,clients(name)&order=clients(name)",
            ),
            (
                "viewer",
                "GET rpc/projects_of?client=x&select=id,members(role)",
            ),
        ],
    );
}

#[test]
fn a_name_may_need_quotes() {
    let plan = ask("viewer", "GET %63lients?select=%22id%22&%22name%22=eq.x").unwrap();
    assert_eq!(
        (plan.path.as_str(), plan.query.as_str()),
        ("clients", "select=id&name=eq.x")
    );
}
