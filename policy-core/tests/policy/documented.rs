//! `docs/policy-language.md`, held to its word: every example compiles, every finding shown is the
//! checker's, and every row of a table of decisions is what is decided.

use policy_core::catalogue::{ForeignKey, Function, RelationKind};
use policy_core::columns::ColumnSet;
use policy_core::decide::{
    Caller, CallerKind, Command, Decision, Membership, Ranks, Row, Ruling, Sight, Statement,
    decide_function, decide_view,
};
use policy_core::model::Table;
use policy_core::value::{Kind, timestamp_from_text};
use policy_core::{Catalogue, Diagnostic, Policy, Value, compile, decide, decide_operation};

use super::findings::render;
use super::support::relation;

const DOC: &str = include_str!("../../../docs/policy-language.md");

const HERE: Value<'static> = Value::Uuid(0xa);
const ELSEWHERE: Value<'static> = Value::Uuid(0xb);

/// The schema that the examples share.
fn catalogue() -> Catalogue {
    let lines = [
        "orgs: id uuid!, name text!, created_by uuid=auth.uid(), created_at stamp!=now()",
        "members: id uuid!, org_id uuid!, user_id uuid!, role text!, team_id uuid, status text!=active",
        "projects: id uuid!, org_id uuid!, team_id uuid, lead_id uuid, name text!, status text, updated_at stamp!=now()",
        "tasks: id uuid!, org_id uuid!, project_id uuid!, title text!",
        "profiles: id uuid!, name text",
        "contacts: id uuid!, org_id uuid!, body jsonb!",
        "accounts: id uuid!, owner uuid!, name text!",
        "staff: id uuid!, account_id uuid!, user_id uuid!, kind text!, squad text",
        "calls: id uuid!, account_id uuid!, team text, topic text",
        "events: id text!, host text!, title text!, state text!",
    ];
    let mut catalogue = Catalogue {
        schema: "work".into(),
        relations: lines.into_iter().map(relation).collect(),
        functions: vec![Function {
            name: "search".into(),
            arguments: vec!["text".into()],
            argument_names: vec!["words".into()],
            returns: "SETOF projects".into(),
            returns_relation: Some("projects".into()),
            trigger: false,
            security_definer: false,
            volatile: false,
            iterative_scans: Vec::new(),
        }],
    };
    let mut view = relation("open_projects: id uuid, name text");
    view.kind = RelationKind::View;
    view.security_invoker = true;
    catalogue.relations.push(view);
    for relation in &mut catalogue.relations {
        for column in &mut relation.columns {
            // The examples have states of their own.
            column.one_of.clear();
        }
        match relation.name.as_str() {
            "members" => relation
                .unique
                .push(vec!["org_id".into(), "user_id".into()]),
            "tasks" => relation.foreign_keys.push(ForeignKey {
                name: "tasks_project_fkey".into(),
                columns: vec!["project_id".into(), "org_id".into()],
                table: "projects".into(),
                references: vec!["id".into(), "org_id".into()],
                on_delete: "cascade".into(),
            }),
            _ => {}
        }
    }
    catalogue
}

/// A part of the page that means something here.
enum Part {
    Policy(String),
    Wrong(String),
    Findings(String),
    Decision([String; 4]),
}

fn parts() -> Vec<Part> {
    let mut parts = Vec::new();
    let mut lines = DOC.lines();
    let mut deciding = false;
    while let Some(line) = lines.next() {
        if let Some(kind) = line.strip_prefix("```") {
            let body: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            let body = format!("{}\n", body.join("\n"));
            match kind {
                "policy" => parts.push(Part::Policy(body)),
                "policy wrong" => parts.push(Part::Wrong(body)),
                "text" => parts.push(Part::Findings(body)),
                _ => {}
            }
        }
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        match cells.as_slice() {
            ["", "who", "does", "row", "becomes", ""] => deciding = true,
            ["", first, ..] if deciding && first.starts_with("---") => {}
            ["", who, does, row, becomes, ""] if deciding => {
                parts.push(Part::Decision(
                    [who, does, row, becomes].map(|cell| (*cell).into()),
                ));
            }
            _ => deciding = false,
        }
    }
    parts
}

fn findings(found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let mut found = found;
    found.retain(|finding| finding.code != "closed" && finding.code != "several-memberships");
    found
}

#[test]
fn the_page_says_what_is() {
    let (catalogue, mut head) = (catalogue(), String::new());
    let mut policy: Option<Policy> = None;
    let mut said: Option<String> = None;
    let (mut compiled, mut refused, mut decided) = (0, 0, 0);
    for part in parts() {
        match part {
            Part::Policy(text) => {
                if head.is_empty() {
                    head.clone_from(&text);
                }
                let whole = if text.starts_with("app ") {
                    text
                } else {
                    format!("{head}\n{text}")
                };
                match compile(&whole, &catalogue) {
                    Ok((right, _)) => policy = Some(right),
                    Err(found) => panic!("{whole}\n{}", render(&whole, &found)),
                }
                compiled += 1;
            }
            Part::Wrong(text) => {
                let whole = format!("{head}\n{text}");
                let found = compile(&whole, &catalogue).map_or_else(|f| f, |(_, f)| f);
                said = Some(render(&whole, &findings(found)));
            }
            Part::Findings(text) => {
                assert_eq!(said.take().as_deref(), Some(text.as_str()));
                refused += 1;
            }
            Part::Decision([who, does, row, becomes]) => {
                let policy = policy.as_ref().unwrap();
                let got = decision(policy, &who, &does, &row);
                assert_eq!(got, becomes, "{who} | {does} | {row}");
                decided += 1;
            }
        }
    }
    assert!(said.is_none(), "an example without its findings");
    assert!(
        compiled >= 8 && refused >= 4 && decided >= 38,
        "{compiled} {refused} {decided}"
    );
}

/// `<role> [of <team>] [elsewhere]`, or a kind of caller.
fn decision(policy: &Policy, who: &str, does: &str, row: &str) -> &'static str {
    let me = match policy.caller_id {
        Kind::Text => Value::Text("me"),
        _ => Value::Uuid(0x3e),
    };
    let mut words = who.split(' ');
    let kind = match words.next().unwrap() {
        "anon" => CallerKind::Anon,
        "guest" => CallerKind::Guest,
        "service" => CallerKind::Service,
        _ => CallerKind::User,
    };
    let rank = policy.rank(who.split(' ').next().unwrap());
    let tenant = if who.ends_with(" elsewhere") {
        ELSEWHERE
    } else {
        HERE
    };
    let team = who.split_once(" of ").map(|(_, team)| Value::Text(team));
    let ranks = [Membership {
        tenant,
        rank,
        attribute: team.map(|team| (0, team)),
    }];
    let somebody = matches!(kind, CallerKind::Guest | CallerKind::User);
    let caller = Caller {
        kind,
        id: if somebody { me } else { Value::Null },
        email: Value::Null,
        aal: Value::Null,
        ranks: Ranks::Known(if rank == 0 { &[] } else { &ranks }),
    };
    if let Some((name, operation)) = does.split_once(": ") {
        if let Some(view) = policy.views.iter().find(|view| view.name == name) {
            return word(decide_view(view, &caller));
        }
        if let Some(function) = policy.functions.iter().find(|of| of.name == name) {
            return word(decide_function(function, &caller));
        }
        let resource = policy.resource(name).unwrap();
        return match decide_operation(&caller, HERE, resource, operation) {
            Ruling::Allowed(_) => "applies",
            Ruling::Denied => "refused",
            Ruling::Depends => "depends",
        };
    }
    let table = policy.tables.iter().find(|table| table.is_named()).unwrap();
    let (old, new) = rows(table, row, me);
    let row = |values| Row {
        values,
        parents: &[],
        peers: Sight::NotYetKnown,
    };
    let (action, columns) = does.split_once(' ').unwrap_or((does, ""));
    let written: ColumnSet = columns
        .split(", ")
        .filter(|name| !name.is_empty())
        .map(|name| table.column(name).unwrap())
        .collect();
    let statement = Statement {
        read: ColumnSet::EMPTY.with(0),
        written,
        command: match action {
            "select" => Command::Select(row(&old)),
            "update" => Command::Update {
                old: row(&old),
                new: row(&new),
            },
            "delete" => Command::Delete(row(&old)),
            other => panic!("there is no {other}"),
        },
    };
    let now = Value::Timestamp(timestamp_from_text("2026-01-31T12:00:00Z").unwrap());
    word(decide(policy, table, &caller, &statement, now))
}

fn word(decision: Decision) -> &'static str {
    match decision {
        Decision::NotGranted(..) => "not_granted",
        Decision::Refused(_) => "refused",
        Decision::Skipped(_) => "skipped",
        Decision::Applies(_) => "applies",
        Decision::Depends(_) => "depends",
    }
}

/// `<column> = <value> [-> <new value>], ...`: the row before and after. The tenant is the one here;
/// where columns are named, those left out are of no account, and NULL or something.
fn rows<'v>(table: &Table, text: &'v str, me: Value<'v>) -> (Vec<Value<'v>>, Vec<Value<'v>>) {
    let tenant = table.place.tenant_column().map(usize::from);
    let plain = |column: usize| match (tenant, text) {
        (Some(of), _) if of == column => HERE,
        (_, "") => Value::NotYetKnown,
        _ if table.columns[column].kind == Kind::Text => Value::Text("something"),
        _ => Value::Null,
    };
    let mut old: Vec<Value<'v>> = (0..table.columns.len()).map(plain).collect();
    let mut new = old.clone();
    for pair in text.split(", ").filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once(" = ").unwrap();
        let column = usize::from(table.column(name).unwrap());
        let (before, after) = value.split_once(" -> ").unwrap_or((value, value));
        let read = |text: &'v str| match (text, table.columns[column].kind) {
            ("me", _) => me,
            ("null", _) => Value::Null,
            (text, Kind::Timestamp) => Value::Timestamp(timestamp_from_text(text).unwrap()),
            (text, _) => Value::Text(text),
        };
        old[column] = read(before);
        new[column] = read(after);
    }
    (old, new)
}
