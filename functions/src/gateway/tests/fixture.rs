//! A small schema with its policy, and people in it.

use std::sync::LazyLock;

use policy_core::decide::{CallerKind, Membership, Ranks};
use policy_core::{Caller, Catalogue, Policy, Value, compile};
use serde_json::{Value as Json, json};

use super::super::ForeignKey;

const POLICY: &str = "
app work in schema work;
caller id uuid;
tenant orgs (id) found by created_by stamped created_at
  members members (org_id, user_id, role) where state = 'active'
  roles owner > admin > member > viewer
  keep at least one owner;

on orgs { user: insert (id, name); viewer: select; owner: update (name); }
on members tenant org_id { viewer: select; owner: insert, update (role, state), delete; }
on clients tenant org_id { viewer: select; admin: insert, update, upsert, delete; }
on projects tenant org_id {
  hidden secret;
  viewer: select;
  member: insert check status = 'draft', update (name, status) where status = 'draft';
  admin: delete;
  never update where status = 'locked';
}
on notes tenant org_id { viewer: select; member: insert, update; }
on labels tenant org_id { viewer: select; }
on project_labels tenant org_id { viewer: select; }
on view open_projects { viewer: select; }
on function search(text, integer) { viewer: execute; }
on function ping() { user: execute; }
on function projects_of(uuid) { viewer: execute; }
on function store(json) { owner: execute; }
";

pub(super) const A: &str = "a0000000-0000-4000-8000-000000000001";
pub(super) const B: &str = "b0000000-0000-4000-8000-000000000001";
const A_ID: Value<'static> = Value::Uuid(0xa000_0000_0000_4000_8000_0000_0000_0001);

pub(super) static WORK: LazyLock<Policy> = LazyLock::new(|| {
    let (policy, _) = compile(POLICY, &CATALOGUE).unwrap();
    policy
});

pub(super) static KEYS: LazyLock<Vec<ForeignKey<'static>>> = LazyLock::new(|| {
    let leak = |names: &'static [String]| -> &'static [&'static str] {
        names.iter().map(String::as_str).collect::<Vec<_>>().leak()
    };
    let keys = |relation: &'static policy_core::catalogue::Relation| {
        relation.foreign_keys.iter().map(move |key| ForeignKey {
            name: &key.name,
            table: &relation.name,
            columns: leak(&key.columns),
            parent: &key.table,
            references: leak(&key.references),
        })
    };
    CATALOGUE.relations.iter().flat_map(keys).collect()
});

static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| {
    let organization = ("orgs", &["org_id"][..], &["id"][..]);
    let project = (
        "projects",
        &["project_id", "org_id"][..],
        &["id", "org_id"][..],
    );
    let label = ("labels", &["label_id", "org_id"][..], &["id", "org_id"][..]);
    let client = (
        "clients",
        &["client_id", "org_id"][..],
        &["id", "org_id"][..],
    );
    let itself = ("notes", &["parent_id"][..], &["id"][..]);
    let relations = [
        table(
            "orgs",
            "id uuid, name text, created_by uuid?, created_at timestamp with time zone",
            &["id"],
            &[],
        ),
        table(
            "members",
            "id uuid, org_id uuid, user_id uuid, role text, state text",
            &["id"],
            &[organization],
        ),
        table(
            "clients",
            "id uuid, org_id uuid, name text, since date?, vip boolean?, score integer?",
            &["id"],
            &[organization],
        ),
        table(
            "projects",
            "id uuid, org_id uuid, client_id uuid?, name text, status text, data jsonb?, secret text?",
            &["id"],
            &[organization, client],
        ),
        table(
            "notes",
            "id uuid, org_id uuid, parent_id uuid?, body text",
            &["id"],
            &[organization, itself],
        ),
        table(
            "labels",
            "id uuid, org_id uuid, name text",
            &["id"],
            &[organization],
        ),
        table(
            "project_labels",
            "project_id uuid, label_id uuid, org_id uuid",
            &["project_id", "label_id", "org_id"],
            &[project, label],
        ),
        table("vault", "id uuid, org_id uuid", &["id"], &[]),
    ];
    let mut view = table("open_projects", "id uuid, name text", &[], &[]);
    view["kind"] = json!("view");
    view["security_invoker"] = json!(true);
    let relations: Vec<Json> = relations.into_iter().chain([view]).collect();
    let functions = json!([
        { "name": "search", "arguments": ["text", "integer"], "argument_names": ["query", "amount"], "returns": "record" },
        { "name": "ping", "arguments": [], "returns": "void" },
        { "name": "projects_of", "arguments": ["uuid"], "argument_names": ["client"], "returns": "SETOF projects", "returns_relation": "projects" },
        { "name": "store", "arguments": ["json"], "argument_names": [""], "returns": "void" },
    ]);
    let all = json!({ "schema": "work", "relations": relations, "functions": functions });
    serde_json::from_value(all).unwrap()
});

type Key<'a> = (&'a str, &'a [&'a str], &'a [&'a str]);

/// `columns`: `name type`, with `?` behind it if it may be NULL.
fn table(name: &str, columns: &str, primary_key: &[&str], foreign_keys: &[Key<'_>]) -> Json {
    let column = |text: &str| {
        let (name, data_type) = text.split_once(' ').unwrap();
        json!({ "name": name, "type": data_type.trim_end_matches('?'), "nullable": data_type.ends_with('?') })
    };
    let key = |(parent, columns, references): &Key<'_>| {
        let constraint = format!("{name}_{}_fkey", columns.join("_"));
        json!({
            "name": constraint, "columns": columns, "table": parent, "references": references,
            "on_delete": "cascade",
        })
    };
    json!({
        "name": name,
        "kind": "table",
        "columns": columns.split(", ").map(column).collect::<Vec<_>>(),
        "primary_key": primary_key,
        "foreign_keys": foreign_keys.iter().map(key).collect::<Vec<_>>(),
    })
}

/// Nobody, people of organization A in each role, and a user without one.
pub(super) fn caller(name: &str) -> Caller<'static> {
    const OF_A: [[Membership<'static>; 1]; 4] = [
        [Membership::new(A_ID, 1)],
        [Membership::new(A_ID, 2)],
        [Membership::new(A_ID, 3)],
        [Membership::new(A_ID, 4)],
    ];
    let ranks = match name {
        "anon" => return Caller::ANON,
        "viewer" => Ranks::Known(&OF_A[0]),
        "member" => Ranks::Known(&OF_A[1]),
        "admin" => Ranks::Known(&OF_A[2]),
        "owner" => Ranks::Known(&OF_A[3]),
        "stranger" => Ranks::Known(&[]),
        "somebody" => Ranks::NotYetKnown,
        other => panic!("there is no {other}"),
    };
    Caller {
        kind: CallerKind::User,
        id: Value::Uuid(0xc),
        email: Value::Null,
        aal: Value::Null,
        ranks,
    }
}
