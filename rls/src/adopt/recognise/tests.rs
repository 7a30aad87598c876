//! What is recognised in expressions as PostgreSQL 18 prints them, without a server.

use std::collections::BTreeMap;

use policy_core::Catalogue;
use policy_core::value::Kind;
use serde_json::json;

use super::{Reader, Role};
use crate::adopt::alternative::Alternative;
use crate::adopt::ground::Ground;
use crate::live::Live;

fn live() -> Live {
    let column = |name: &str, data_type: &str| {
        json!({ "name": name, "data_type": data_type, "not_null": true, "default": null,
                "generated": null, "identity": null, "comment": null })
    };
    let table = |name: &str,
                 secured: bool,
                 columns: serde_json::Value,
                 policies: serde_json::Value| {
        json!({ "schema": "app", "name": name, "kind": "table", "owner": "postgres", "comment": null,
            "row_security": secured, "forced": false, "inherits": false, "has_rules": false,
            "estimate": null, "pages": 0, "scans": 0, "columns": columns, "constraints": [],
            "indexes": [], "policies": policies, "triggers": [],
            "grants": [{ "grantee": "authenticated", "privilege": "select", "column_name": null, "grantable": false }] })
    };
    let function = |name: &str, arguments: &[&str], language: &str, body: &str| {
        json!({ "schema": "app", "name": name, "arguments": arguments, "argument_types": arguments,
            "returns": "boolean", "kind": "function", "language": language, "security_definer": true,
            "volatility": "stable", "parallel": "safe", "settings": [], "body": body,
            "is_trigger": false, "owner": "postgres", "comment": null, "grants": [] })
    };
    let catalogue: Catalogue = serde_json::from_value(json!({ "schema": "app", "relations": [
        { "name": "members", "kind": "table", "primary_key": ["id"], "columns": [
            { "name": "id", "type": "uuid" }, { "name": "org_id", "type": "uuid" },
            { "name": "user_id", "type": "uuid" }, { "name": "role", "type": "text" },
            { "name": "status", "type": "text" }] },
        { "name": "projects", "kind": "table", "primary_key": ["id"], "columns": [
            { "name": "id", "type": "uuid" }, { "name": "org_id", "type": "uuid" },
            { "name": "owner_id", "type": "uuid" }, { "name": "code", "type": "character varying(9)" },
            { "name": "status", "type": "text" }, { "name": "open", "type": "boolean" },
            { "name": "size", "type": "integer" }] },
        { "name": "tasks", "kind": "table", "primary_key": ["id"], "columns": [
            { "name": "id", "type": "uuid" }, { "name": "project_id", "type": "uuid" }] }
    ]}))
    .unwrap();
    let own = json!([{ "name": "own", "permissive": true, "command": "select", "roles": ["authenticated"],
        "using": "(owner_id = auth.uid())", "check": null, "comment": null }]);
    serde_json::from_value(json!({
        "server": { "version_number": 180_004, "version": "18.4", "database": "d", "caller": "postgres",
            "superuser": true, "bypasses": true, "may_create": true, "extensions": [] },
        "schema": "app", "catalogue": catalogue, "schemas": [], "views": [], "sequences": [],
        "types": [], "roles": [], "default_grants": [],
        "tables": [
            table("members", false, json!([column("org_id", "uuid"), column("user_id", "uuid"), column("role", "text"), column("status", "text")]), json!([])),
            table("projects", true, json!([column("id", "uuid"), column("org_id", "uuid"), column("owner_id", "uuid")]), own),
            table("tasks", true, json!([column("id", "uuid"), column("project_id", "uuid")]), json!([])),
        ],
        "functions": [
            function("my_orgs", &[], "sql", "select org_id from app.members where user_id = (select auth.uid())"),
            function("is_admin", &["uuid"], "plpgsql",
                "\nbegin -- a comment\n  return exists (select 1 from app.members m where m.org_id = $1 and m.user_id = auth.uid() and m.role in ('owner', 'admin'));\nend;\n"),
            function("has_role", &["uuid", "text"], "sql",
                "select exists (select 1 from members where org_id = _org and user_id = auth.uid() and role = _role);"),
            function("branches", &[], "plpgsql", "begin if true then return true; end if; return false; end"),
            function("limited", &[], "sql", "select org_id from app.members where user_id = auth.uid() limit 1"),
        ],
    }))
    .unwrap()
}

/// The alternatives of an expression, in short, and whether something was refused.
fn short(table: &str, role: Role, sql: &str) -> String {
    let live = live();
    let names = BTreeMap::from([(
        ("app".to_owned(), "has_role".to_owned(), 2),
        vec!["_org".to_owned(), "_role".to_owned()],
    )]);
    let ground = Ground {
        live: &live,
        names: &names,
        caller_id: Kind::Uuid,
        root: None,
    };
    let relation = live.catalogue.relation(table).unwrap();
    let mut reader = Reader::new(&ground, relation, role);
    let all = reader.text(sql);
    let mut parts: Vec<String> = all.iter().map(one).collect();
    parts.extend(reader.refusals.iter().map(|_| "refused".to_owned()));
    parts.join(" | ")
}

fn one(of: &Alternative) -> String {
    let mut parts = vec![format!("{:?}", of.who())];
    parts.extend(of.own.iter().map(|column| format!("own {column}")));
    for member in &of.members {
        let tests: Vec<String> = member
            .tests
            .iter()
            .map(|(column, labels)| {
                format!(
                    " {column}={}",
                    labels.iter().cloned().collect::<Vec<_>>().join("/")
                )
            })
            .collect();
        parts.push(format!("member {}{}", member.column, tests.concat()));
    }
    parts.extend(
        of.parents
            .iter()
            .map(|parent| format!("via {} in {}", parent.column, parent.table)),
    );
    parts.extend(of.conditions.iter().cloned());
    parts.join(", ")
}

#[test]
fn expressions_mean_what_the_database_makes_of_them() {
    let owners = "Known, member org_id role=admin/owner";
    for (table, sql, expected) in [
        ("projects", "true", "Any"),
        ("projects", "false", ""),
        ("projects", "(owner_id = auth.uid())", "Known, own owner_id"),
        (
            "projects",
            "(( SELECT auth.uid() AS uid) = owner_id)",
            "Known, own owner_id",
        ),
        (
            "projects",
            "(owner_id = ((auth.jwt() ->> 'sub'::text))::uuid)",
            "Known, own owner_id",
        ),
        (
            "projects",
            "(owner_id = (NULLIF(current_setting('request.jwt.claim.sub'::text, true), ''::text))::uuid)",
            "Known, own owner_id",
        ),
        ("projects", "(auth.role() = 'authenticated'::text)", "Any"),
        (
            "projects",
            "(( SELECT auth.role() AS role) = 'service_role'::text)",
            "",
        ),
        ("projects", "(auth.uid() IS NOT NULL)", "Known"),
        (
            "projects",
            "( SELECT countersign.caller_is_user() AS caller_is_user)",
            "User",
        ),
        (
            "projects",
            "(((auth.jwt() ->> 'is_anonymous'::text))::boolean IS NOT TRUE)",
            "User",
        ),
        (
            "projects",
            "(org_id IN ( SELECT members.org_id\n   FROM app.members\n  WHERE (members.user_id = auth.uid())))",
            "Known, member org_id",
        ),
        (
            "projects",
            "(org_id IN ( SELECT members.org_id\n   FROM app.members\n  WHERE ((members.user_id = auth.uid()) AND (members.role = ANY (ARRAY['owner'::text, 'admin'::text])))))",
            owners,
        ),
        (
            "projects",
            "(EXISTS ( SELECT 1\n   FROM app.members m\n  WHERE ((m.org_id = projects.org_id) AND (m.user_id = ( SELECT auth.uid() AS uid)) AND (m.role = 'owner'::text) AND (m.status = 'active'::text))))",
            "Known, member org_id role=owner status=active",
        ),
        (
            "projects",
            "(org_id = ANY (ARRAY( SELECT app.my_orgs() AS my_orgs)))",
            "Known, member org_id",
        ),
        (
            "projects",
            "(org_id IN ( SELECT app.my_orgs() AS my_orgs))",
            "Known, member org_id",
        ),
        (
            "projects",
            "(org_id IN ( SELECT o.o\n   FROM app.my_orgs() o(o)))",
            "Known, member org_id",
        ),
        ("projects", "app.is_admin(org_id)", owners),
        (
            "projects",
            "( SELECT app.is_admin(projects.org_id) AS is_admin)",
            owners,
        ),
        (
            "projects",
            "app.has_role(org_id, 'owner'::text)",
            "Known, member org_id role=owner",
        ),
        (
            "projects",
            "(COALESCE(app.is_admin(org_id), false) AND (status = 'open'::text))",
            "Known, member org_id role=admin/owner, status = 'open'",
        ),
        (
            "projects",
            "((owner_id = auth.uid()) OR app.is_admin(org_id))",
            "Known, own owner_id | Known, member org_id role=admin/owner",
        ),
        (
            "projects",
            "((app.is_admin(org_id) OR (org_id IN ( SELECT app.my_orgs() AS my_orgs))))",
            "Known, member org_id",
        ),
        ("projects", "app.branches()", "refused"),
        (
            "projects",
            "(org_id IN ( SELECT app.limited() AS limited))",
            "refused",
        ),
        (
            "projects",
            "(NOT (EXISTS ( SELECT 1\n   FROM app.members m\n  WHERE (m.user_id = auth.uid()))))",
            "refused",
        ),
        (
            "projects",
            "(( SELECT members.role\n   FROM app.members\n  WHERE (members.user_id = auth.uid())) = 'owner'::text)",
            "refused",
        ),
        ("projects", "((code)::text = 'x'::text)", "Any, code = 'x'"),
        (
            "projects",
            "((status = ANY (ARRAY['a'::text, 'it''s'::text])) AND (size >= 1) AND open)",
            "Any, open, size >= 1, status in ('a', 'it''s')",
        ),
        (
            "projects",
            "((status <> ALL (ARRAY['a'::text, 'b'::text])) AND (NOT open))",
            "Any, not open, status not in ('a', 'b')",
        ),
        (
            "projects",
            "((status ~~ 'a%'::text) AND (status !~~ '%z'::text))",
            "Any, status like 'a%', status not like '%z'",
        ),
        (
            "projects",
            r#"(((status COLLATE "C") ~~* 'a%'::text) AND ((status COLLATE "C") !~~* '%z'::text))"#,
            "Any, status ilike 'a%', status not ilike '%z'",
        ),
        (
            "projects",
            "((status IS NULL) OR (size IS NOT NULL))",
            "Any, (status is null or size is not null)",
        ),
        (
            "projects",
            "((status IS DISTINCT FROM 'x'::text) AND ((status = 'y'::text) IS FALSE))",
            "Any, not (status = 'y'), status is distinct from 'x'",
        ),
        (
            "projects",
            "((open IS NOT TRUE) AND (size = '-1'::integer))",
            "Any, open is distinct from true, size = -1",
        ),
        (
            "projects",
            "(NOT ((owner_id = auth.uid()) AND open))",
            "Any, not (owner_id = caller.id) | Any, not open",
        ),
        ("projects", "(upper(status) = status)", "refused"),
        (
            "projects",
            "(open OR (upper(status) = 'X'::text))",
            "Any, open | refused",
        ),
        (
            "tasks",
            "(EXISTS ( SELECT 1\n   FROM app.projects p\n  WHERE (p.id = tasks.project_id)))",
            "Any, via project_id in projects",
        ),
        (
            "tasks",
            "(EXISTS ( SELECT 1\n   FROM app.projects p\n  WHERE ((p.id = tasks.project_id) AND (p.owner_id = auth.uid()))))",
            "Any, via project_id in projects",
        ),
        (
            "tasks",
            "(project_id IN ( SELECT projects.id\n   FROM app.projects\n  WHERE (projects.owner_id = auth.uid())))",
            "Any, via project_id in projects",
        ),
        (
            "tasks",
            "(EXISTS ( SELECT 1\n   FROM app.projects p\n  WHERE ((p.id = tasks.project_id) AND (p.status = 'open'::text))))",
            "refused",
        ),
        (
            "tasks",
            "(EXISTS ( SELECT 1\n   FROM (app.projects p\n     JOIN app.members m ON ((m.org_id = p.org_id)))\n  WHERE ((p.id = tasks.project_id) AND (m.user_id = auth.uid()))))",
            "refused",
        ),
    ] {
        assert_eq!(short(table, Role::Authenticated, sql), expected, "{sql}");
    }
}

#[test]
fn nobody_in_particular_owns_nothing() {
    for (sql, expected) in [
        ("true", "Any"),
        ("(owner_id = auth.uid())", ""),
        ("(open OR (owner_id = auth.uid()))", "Any, open"),
        ("(auth.role() = 'anon'::text)", "Any"),
        ("(auth.role() = 'authenticated'::text)", ""),
        ("(auth.uid() IS NULL)", "Any"),
        ("app.is_admin(org_id)", ""),
        ("(owner_id IS DISTINCT FROM auth.uid())", "refused"),
    ] {
        assert_eq!(short("projects", Role::Anon, sql), expected, "{sql}");
    }
}
