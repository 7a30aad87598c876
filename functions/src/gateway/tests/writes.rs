//! `POST`, `PUT`, `PATCH` and `DELETE`.

use super::super::{Headers, Incoming};
use super::fixture::{A, B};
use super::{ask, ask_as, check};

#[test]
fn inserts() {
    check(
        "inserts",
        &[
            (
                "member",
                "POST projects | | {\"name\":\"x\",\"status\":\"draft\"}",
            ),
            (
                "member",
                "POST projects | return=representation | {\"name\":\"x\"}",
            ),
            (
                "member",
                "POST projects?select=id,clients(name) | return=representation | {\"name\":\"x\"}",
            ),
            (
                "member",
                "POST projects?select=secret | return=minimal | {\"name\":\"x\"}",
            ),
            (
                "member",
                "POST projects | | {\"name\":\"x\",\"status\":\"locked\"}",
            ),
            ("viewer", "POST projects | | {\"name\":\"x\"}"),
            ("anon", "POST projects | | {\"name\":\"x\"}"),
            (
                "member",
                "POST projects | | [{\"status\":\"draft\"},{\"status\":\"locked\"}]",
            ),
            (
                "member",
                "POST projects | | [{\"status\":\"draft\"},{\"name\":\"x\"}]",
            ),
            (
                "member",
                "POST projects?columns=name,status | | [{\"status\":\"draft\"},{\"name\":\"x\"}]",
            ),
            (
                "member",
                "POST projects?columns=name,status | missing=default | [{\"status\":\"draft\"},{\"name\":\"x\"}]",
            ),
            ("member", "POST projects | | []"),
            ("member", "POST projects | | 1"),
            ("member", "POST projects | | {"),
            ("member", "POST projects"),
            ("member", "POST projects | | {\"nothing\":1}"),
            ("viewer", "POST open_projects | | {\"name\":\"x\"}"),
            (
                "stranger",
                "POST orgs | | {\"id\":\"a0000000-0000-4000-8000-000000000009\",\"name\":\"x\"}",
            ),
        ],
    );
}

#[test]
fn upserts() {
    check(
        "upserts",
        &[
            (
                "admin",
                "POST clients | resolution=merge-duplicates | {\"name\":\"x\"}",
            ),
            (
                "member",
                "POST clients | resolution=merge-duplicates | {\"name\":\"x\"}",
            ),
            (
                "admin",
                "POST clients?on_conflict=org_id,name | resolution=ignore-duplicates | {\"name\":\"x\"}",
            ),
            (
                "admin",
                "POST clients?on_conflict=nothing | resolution=merge-duplicates | {\"name\":\"x\"}",
            ),
            (
                "member",
                "POST notes | resolution=merge-duplicates | {\"id\":\"1\",\"body\":\"x\"}",
            ),
            (
                "admin",
                "PUT clients?id=eq.1 | | {\"id\":\"1\",\"name\":\"x\"}",
            ),
            (
                "admin",
                "PUT clients?id=eq.1&name=eq.x | | {\"id\":\"1\",\"name\":\"x\"}",
            ),
            (
                "admin",
                "PUT clients?id=gt.1 | | {\"id\":\"1\",\"name\":\"x\"}",
            ),
            ("admin", "PUT clients | | {\"id\":\"1\",\"name\":\"x\"}"),
            ("admin", "PUT clients?id=eq.1 | | []"),
        ],
    );
}

#[test]
fn changes() {
    check(
        "changes",
        &[
            ("member", "PATCH projects?id=eq.1 | | {\"name\":\"x\"}"),
            (
                "member",
                "PATCH projects?id=eq.1 | return=representation | {\"name\":\"x\"}",
            ),
            (
                "member",
                "PATCH projects?id=eq.1&status=eq.locked | | {\"name\":\"x\"}",
            ),
            ("member", "PATCH projects?id=eq.1 | | {\"client_id\":null}"),
            ("viewer", "PATCH projects?id=eq.1 | | {\"name\":\"x\"}"),
            ("somebody", "PATCH projects?id=eq.1 | | {\"name\":\"x\"}"),
            ("member", "PATCH projects | | {\"name\":\"x\"}"),
            (
                "member",
                "PATCH projects?select=id,clients(id)&clients.id=eq.1 | | {\"name\":\"x\"}",
            ),
            (
                "member",
                "PATCH projects?select=id,clients(id)&clients=is.null | | {\"name\":\"x\"}",
            ),
            (
                "member",
                "PATCH projects?select=id,clients(id)&id=eq.1&clients.or=(id.eq.1) | | {\"name\":\"x\"}",
            ),
            (
                "member",
                "PATCH projects?or=(id.eq.1,id.eq.2) | | {\"name\":\"x\"}",
            ),
            (
                "member",
                "PATCH projects?id=eq.1 | | [{\"name\":\"x\"},{\"name\":\"y\"}]",
            ),
            ("member", "PATCH projects?id=eq.1 | | {}"),
            ("admin", "DELETE clients?id=eq.1"),
            ("admin", "DELETE clients"),
            ("admin", "DELETE clients?id=not.is.null"),
            ("admin", "DELETE clients?or=(id.eq.1,id.not.is.null)"),
            ("admin", "DELETE clients?id=not.is.null&name=eq.x"),
            ("admin", "DELETE clients?limit=1&order=id"),
            ("member", "DELETE clients?id=eq.1"),
            ("anon", "DELETE clients?id=eq.1"),
            ("admin", "DELETE notes?id=eq.1"),
        ],
    );
}

#[test]
fn the_tenant_of_a_row_decides() {
    for (tenant, allowed) in [(A, true), (B, false)] {
        let insert = format!("POST notes | | {{\"org_id\":\"{tenant}\",\"body\":\"x\"}}");
        assert_eq!(ask("member", &insert).is_ok(), allowed, "{insert}");
        let update = format!("PATCH notes?org_id=eq.{tenant} | | {{\"body\":\"x\"}}");
        assert_eq!(ask("member", &update).is_ok(), allowed, "{update}");
    }
}

#[test]
fn bodies_of_every_kind_are_read() {
    let post = |content_type, body: &str| {
        let headers = Headers {
            content_type: Some(content_type),
            ..Headers::default()
        };
        let body = Some(body.as_bytes());
        ask_as(
            "member",
            &Incoming {
                method: "POST",
                path: "projects",
                query: "",
                headers,
                body,
            },
        )
    };
    for (content_type, allowed, refused) in [
        (
            "application/json; charset=utf-8",
            r#"{"status":"draft"}"#,
            r#"{"status":"locked"}"#,
        ),
        (
            "text/csv",
            "name,status\nx,draft\n",
            "name,status\nx,draft\ny,locked\n",
        ),
        (
            "application/x-www-form-urlencoded",
            "name=x&status=draft",
            "name=x&status=%6cocked",
        ),
    ] {
        assert!(post(content_type, allowed).is_ok(), "{content_type}");
        assert_eq!(
            post(content_type, refused).unwrap_err().code,
            "42501",
            "{content_type}"
        );
    }
    assert_eq!(post("text/plain", "x").unwrap_err().code, "PGRST102");
    assert_eq!(post("text/csv", "nothing\n1").unwrap_err().code, "PGRST204");
    let second = post("text/csv", "name,status\nx,draft\ny,locked\n").unwrap_err();
    assert!(
        second.message.starts_with("row 1 of the payload: "),
        "{}",
        second.message
    );
}

#[test]
fn messages_hold_no_values() {
    for request in [
        "GET projects?select=id&secret=eq.tell-nobody",
        "GET projects?select=id&name=tell-nobody",
        "GET projects?or=(name.eq.tell-nobody",
        "GET projects?limit=tell-nobody",
        "POST projects | | {\"status\":\"tell-nobody\"}",
        "POST projects | | {\"status\":\"tell-nobody\"",
        "PATCH notes?org_id=is.null&body=eq.tell-nobody | | {\"body\":\"tell-nobody\"}",
    ] {
        let refusal = ask("member", request).unwrap_err();
        assert!(
            !format!("{refusal:?}").contains("tell-nobody"),
            "{request}: {refusal:?}"
        );
    }
}
