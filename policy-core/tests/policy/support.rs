//! A catalogue written in a line a table, and a small policy that uses most of the language.

use std::sync::LazyLock;

use policy_core::catalogue::{
    Catalogue, Column, ColumnDefault, ForeignKey, Function, Relation, RelationKind,
};
use policy_core::{Policy, compile};

/// `name: column type[!][=default], ...`; `!` is NOT NULL. The first column is the primary key.
pub(crate) fn relation(line: &str) -> Relation {
    let (name, columns) = line.split_once(": ").unwrap();
    let columns: Vec<Column> = columns
        .split(", ")
        .map(|column| {
            let (name, rest) = column.split_once(' ').unwrap();
            let (data_type, default) = rest.split_once('=').unwrap_or((rest, ""));
            Column {
                name: name.into(),
                nullable: !data_type.ends_with('!'),
                data_type: match data_type.trim_end_matches('!') {
                    "stamp" => "timestamp with time zone".into(),
                    "mood" => "public.mood".into(),
                    other => other.into(),
                },
                default: match default {
                    "" => ColumnDefault::None,
                    "generated" => ColumnDefault::Generated,
                    text if text.ends_with(')') => ColumnDefault::Expression(text.into()),
                    text => ColumnDefault::Constant(text.into()),
                },
                labels: if data_type.starts_with("mood") {
                    vec!["glad".into(), "sad".into()]
                } else {
                    vec![]
                },
                one_of: if name == "status" {
                    ["draft", "review", "locked", "deleted"]
                        .map(String::from)
                        .to_vec()
                } else {
                    vec![]
                },
                collation: if name == "code" {
                    "C".into()
                } else {
                    String::new()
                },
            }
        })
        .collect();
    Relation {
        name: name.into(),
        kind: RelationKind::Table,
        primary_key: vec![columns[0].name.clone()],
        columns,
        unique: vec![],
        foreign_keys: vec![],
        indexes: vec![],
        other_indexes: Vec::new(),
        triggers: Vec::new(),
        security_invoker: false,
    }
}

/// Organizations with members, projects with tasks, profiles, and what a policy may get wrong.
pub(crate) fn catalogue() -> Catalogue {
    let mut relations: Vec<Relation> = [
        "orgs: id uuid!, name text!, created_by uuid=auth.uid(), created_at stamp!=now()",
        "members: id uuid!, org_id uuid!, user_id uuid!, role text!, state text!=active",
        "projects: id uuid!, org_id uuid!, name text!, status text!=draft, budget bigint, lead_id uuid, mood mood, due_on date, starts_at stamp, open boolean, secret text, total bigint=generated, updated_at stamp!=now()",
        "tasks: id uuid!, org_id uuid!, project_id uuid!, title text!, done boolean!=false, meta jsonb, weight real",
        "profiles: id uuid!, name text",
        "strays: id uuid!, org_id uuid, note text",
        "figures: id uuid!, org_id uuid!, amount bigint!, rate real, code text, label text",
    ]
    .into_iter()
    .map(relation)
    .collect();
    let key = |name: &str, columns: &[&str], table: &str, references: &[&str]| ForeignKey {
        name: name.into(),
        columns: columns.iter().map(|c| (*c).into()).collect(),
        table: table.into(),
        references: references.iter().map(|c| (*c).into()).collect(),
        on_delete: "cascade".into(),
    };
    for relation in &mut relations {
        match relation.name.as_str() {
            "members" => relation
                .unique
                .push(vec!["org_id".into(), "user_id".into()]),
            "tasks" => relation.foreign_keys.push(key(
                "tasks_project_fkey",
                &["project_id", "org_id"],
                "projects",
                &["id", "org_id"],
            )),
            "strays" => {
                relation
                    .foreign_keys
                    .push(key("strays_fkey", &["org_id"], "orgs", &["id"]))
            }
            _ => {}
        }
    }
    let mut view = relation("open_projects: id uuid, org_id uuid, name text");
    view.kind = RelationKind::View;
    view.security_invoker = true;
    let mut leak = relation("leaky: id uuid, name text");
    leak.kind = RelationKind::View;
    let mut parts = relation("parts: id uuid!, org_id uuid!");
    parts.kind = RelationKind::Other;
    relations.extend([view, leak, parts]);
    let function = |name: &str, arguments: &[&str]| Function {
        name: name.into(),
        arguments: arguments.iter().map(|a| (*a).into()).collect(),
        argument_names: vec![],
        returns: "void".into(),
        returns_relation: None,
        trigger: false,
        security_definer: false,
        volatile: true,
        iterative_scans: vec![],
    };
    let functions = vec![
        function("search", &["text", "integer"]),
        Function {
            security_definer: true,
            ..function("admin_all", &[])
        },
        Function {
            trigger: true,
            ..function("stamp", &[])
        },
    ];
    Catalogue {
        schema: "work".into(),
        relations,
        functions,
    }
}

/// The head of every policy under test.
pub(crate) const HEAD: &str = "\
app work in schema work;
caller id uuid;
tenant orgs (id) found by created_by stamped created_at
  members members (org_id, user_id, role) where state = 'active'
  roles owner > admin > member > viewer
  keep at least one owner;
";

/// A policy with most of the language in it.
pub(crate) const BODY: &str = "
on orgs { user: insert (id, name); viewer: select; owner: update (name); }
on members tenant org_id {
  viewer: select;
  owner: insert, update (role, state), delete;
  outside self user_id: select, update (state) where state = 'invited' check state = 'active';
}
on profiles via id in members (user_id) { self id: select, update (name); }
on projects tenant org_id {
  hidden secret;
  viewer: select where status <> 'locked', select where open;
  member: insert, update (name, status, due_on) where status = 'draft' check status in ('draft', 'review');
  admin: select, insert, upsert, update, delete;
  self lead_id: select, update (name);
  service: select, update (budget);
  retire status = 'deleted' by admin, seen by admin, stamped updated_at;
  never update where status = 'locked';
  never insert check budget > 1000 and budget is not null;
}
on tasks tenant org_id via project_id in projects {
  inherit select;
  member: insert, update (title, done);
}
on view open_projects { viewer: select; }
on function search(text, integer) { viewer: execute; }
";

/// The policy of [`HEAD`] and [`BODY`], compiled once.
pub(crate) fn policy() -> &'static Policy {
    static POLICY: LazyLock<Policy> = LazyLock::new(|| {
        let text = format!("{HEAD}{BODY}");
        match compile(&text, &catalogue()) {
            Ok((policy, _)) => policy,
            Err(findings) => panic!("{}", super::findings::render(&text, &findings)),
        }
    });
    &POLICY
}
