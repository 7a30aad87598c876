//! Teams, resources and copies: decided, explained, and refused where they say too much.

use std::fmt::Write as _;

use policy_core::columns::ColumnSet;
use policy_core::decide::{
    Caller, CallerKind, Command, Decision, Membership, Ranks, Row, Ruling, Statement,
};
use policy_core::explain::{explain, explain_operation};
use policy_core::model::{RoleSource, Table};
use policy_core::{Catalogue, Policy, Value, compile, decide, decide_operation};

use super::findings::render;
use super::support::relation;

const A: Value<'static> = Value::Uuid(0xa);
const B: Value<'static> = Value::Uuid(0xb);
const RED: Value<'static> = Value::Uuid(0x1);
const BLUE: Value<'static> = Value::Uuid(0x2);

/// Accounts with an owner each, and people in teams.
fn catalogue() -> Catalogue {
    let lines = [
        "accounts: id uuid!, owner uuid, name text!",
        "roles: id uuid!, account_id uuid!, user_id uuid!, role text!, team_id uuid, until stamp",
        "teams: id uuid!, account_id uuid!, name text!",
        "calls: id uuid!, account_id uuid!, team_id uuid, topic text, seen boolean!, day date",
        "contacts: id uuid!, account_id uuid!, body jsonb!",
    ];
    Catalogue {
        schema: "work".into(),
        relations: lines.into_iter().map(relation).collect(),
        functions: Vec::new(),
    }
}

const HEAD: &str = "\
app work;
tenant accounts (id)
  members accounts (id, owner) as owner
  members roles (account_id, user_id, team_id) as manager where role = 'manager' and team_id is null
  members roles (account_id, user_id, team_id) as lead where role = 'manager' and team_id is not null
  members roles (account_id, user_id, team_id) as rep where role = 'rep'
  roles owner > manager > lead > rep;
";

const BODY: &str = "
on calls tenant account_id {
  manager: select;
  rep in same team_id: select;
  lead in same team_id: update (topic) where not seen;
}
on teams tenant account_id { rep in same team_id as id: select; manager: select; }
on contacts tenant account_id from hubspot ttl 15 minutes { rep: select; service: select, insert, update, delete; }
resource hubspot.contact { rep: read; manager: read_all, write; service: write; }
resource drafts { user: apply; }
";

fn policy() -> Policy {
    let text = format!("{HEAD}{BODY}");
    match compile(&text, &catalogue()) {
        Ok((policy, _)) => policy,
        Err(findings) => panic!("{}", render(&text, &findings)),
    }
}

fn caller<'a>(ranks: &'a [Membership<'a>]) -> Caller<'a> {
    Caller {
        kind: CallerKind::User,
        id: Value::Uuid(7),
        email: Value::Null,
        aal: Value::Null,
        ranks: Ranks::Known(ranks),
    }
}

fn member(tenant: Value<'static>, rank: u8, team: Value<'static>) -> Membership<'static> {
    Membership {
        tenant,
        rank,
        attribute: Some((0, team)),
    }
}

fn sees(
    policy: &Policy,
    table: &Table,
    ranks: &[Membership<'_>],
    values: &[Value<'_>],
) -> Decision {
    let statement = Statement {
        read: ColumnSet::first(2),
        written: ColumnSet::EMPTY,
        command: Command::Select(Row {
            values,
            ..Row::UNKNOWN
        }),
    };
    decide(
        policy,
        table,
        &caller(ranks),
        &statement,
        Value::Timestamp(0),
    )
}

#[test]
fn a_source_may_give_one_role_and_lack_an_attribute() {
    let policy = policy();
    let tenant = policy.tenant.as_ref().unwrap();
    assert_eq!(tenant.attributes.len(), 1);
    assert_eq!(tenant.members[0].role, RoleSource::Always(4));
    assert_eq!(tenant.members[0].attributes, [None]);
    assert_eq!(tenant.members[3].attributes, [Some(4)]);
}

#[test]
fn tenant_and_team_count_together() {
    let policy = policy();
    let table = policy.table("calls").unwrap();
    let id = Value::Uuid(9);
    let rows = [
        ("A red", [id, A, RED]),
        ("A blue", [id, A, BLUE]),
        ("A none", [id, A, Value::Null]),
        ("B red", [id, B, RED]),
        ("A unknown", [id, A, Value::NotYetKnown]),
        ("unknown red", [id, Value::NotYetKnown, RED]),
    ];
    let people: [(&str, Vec<Membership<'_>>); 7] = [
        ("owner of A", vec![Membership::new(A, 4)]),
        ("lead of red in A", vec![member(A, 2, RED)]),
        ("rep of red in A", vec![member(A, 1, RED)]),
        ("rep without a team in A", vec![member(A, 1, Value::Null)]),
        (
            "rep of blue in A, of red in B",
            vec![member(A, 1, BLUE), member(B, 1, RED)],
        ),
        (
            "teamless in B, of red in A",
            vec![Membership::new(B, 1), member(A, 1, RED)],
        ),
        ("team not known", vec![member(A, 1, Value::NotYetKnown)]),
    ];
    let mut out = String::new();
    for (who, ranks) in &people {
        let _ = write!(out, "{who}:");
        for (row, values) in &rows {
            let word = match sees(&policy, table, ranks, values) {
                Decision::Applies(_) => "yes",
                Decision::Skipped(_) => "no",
                Decision::Depends(_) => "depends",
                Decision::Refused(_) | Decision::NotGranted(..) => "refused",
            };
            let _ = write!(out, " {row} {word};");
        }
        out.push('\n');
    }
    insta::assert_snapshot!(out, @"
    owner of A: A red yes; A blue yes; A none yes; B red no; A unknown yes; unknown red depends;
    lead of red in A: A red yes; A blue no; A none no; B red no; A unknown depends; unknown red depends;
    rep of red in A: A red yes; A blue no; A none no; B red no; A unknown depends; unknown red depends;
    rep without a team in A: A red no; A blue no; A none no; B red no; A unknown no; unknown red no;
    rep of blue in A, of red in B: A red no; A blue yes; A none no; B red yes; A unknown depends; unknown red depends;
    teamless in B, of red in A: A red yes; A blue no; A none no; B red no; A unknown depends; unknown red depends;
    team not known: A red depends; A blue depends; A none no; B red no; A unknown depends; unknown red depends;
    ");
}

#[test]
fn an_explanation_speaks_of_the_team() {
    let policy = policy();
    let table = policy.table("calls").unwrap();
    let ranks = [member(A, 1, RED)];
    let values = [Value::Uuid(9), A, BLUE];
    let statement = Statement {
        read: ColumnSet::first(2),
        written: ColumnSet::EMPTY,
        command: Command::Select(Row {
            values: &values,
            ..Row::UNKNOWN
        }),
    };
    let decision = sees(&policy, table, &ranks, &values);
    let said = explain(&policy, table, &caller(&ranks), &statement, &decision);
    insta::assert_snapshot!(format!("{}\n{}", said.message, said.details.join("\n")), @"
    select on `work.calls` passes over the row: no rule for `select` holds for this caller and row
    the caller is signed in, `rep` in the row's tenant
    the caller has a `team_id` in the row's tenant as `rep`
    ");
}

#[test]
fn operations_are_decided_in_the_tenant_that_is_named() {
    let policy = policy();
    let contact = policy.resource("hubspot.contact").unwrap();
    assert!(policy.resource("contact").is_none() && policy.resource("crm.contact").is_none());
    assert_eq!(contact.operations(), ["read", "read_all", "write"]);
    let rep_of_a = [Membership::new(A, 1)];
    let caller = caller(&rep_of_a);
    let service = Caller {
        kind: CallerKind::Service,
        ..Caller::ANON
    };
    let unread = Caller {
        ranks: Ranks::NotYetKnown,
        ..caller
    };
    for (who, tenant, operation, ruling) in [
        (&caller, A, "read", Ruling::Allowed(0)),
        (&caller, B, "read", Ruling::Denied),
        (&caller, Value::NotYetKnown, "read", Ruling::Depends),
        (&caller, Value::NotYetKnown, "write", Ruling::Denied),
        (&caller, Value::Null, "read", Ruling::Denied),
        (&caller, A, "write", Ruling::Denied),
        (&caller, A, "delete", Ruling::Denied),
        (&unread, A, "write", Ruling::Depends),
        (&unread, A, "delete", Ruling::Denied),
        (&service, A, "write", Ruling::Allowed(3)),
        (&service, A, "read", Ruling::Denied),
        (&Caller::ANON, A, "read", Ruling::Denied),
    ] {
        let got = decide_operation(who, tenant, contact, operation);
        assert_eq!(got, ruling, "{:?} {tenant:?} {operation}", who.kind);
        let said = explain_operation(&policy, who, tenant, contact, operation, got);
        assert!(said.message.contains("hubspot.contact"), "{said:?}");
        assert_eq!(said.rule.is_some(), matches!(got, Ruling::Allowed(_)));
    }
    let drafts = policy.resource("drafts").unwrap();
    let ruling = decide_operation(&caller, Value::Null, drafts, "apply");
    assert_eq!(ruling, Ruling::Allowed(0));
    let guest = Caller {
        kind: CallerKind::Guest,
        ..caller
    };
    let ruling = decide_operation(&guest, Value::Null, drafts, "apply");
    assert_eq!(ruling, Ruling::Denied);
}

#[test]
fn a_copy_says_where_its_truth_is() {
    let policy = policy();
    let source = policy.table("contacts").unwrap().source.clone().unwrap();
    assert_eq!((source.system.as_str(), source.ttl), ("hubspot", Some(900)));
}

/// What each of these says, after [`HEAD`].
const WRONG: &[&str] = &[
    "on calls tenant account_id { rep in same squad: select; }",
    "on calls tenant account_id { rep in same team: select; }",
    "on calls tenant account_id { rep in same team_id as day: select; }",
    "on calls tenant account_id { rep in same team_id as colour: select; }",
    "on calls tenant account_id { user in same team_id: select; }",
    "on calls tenant account_id { rep in team_id: select; }",
    "on calls { rep in same team_id: select; }",
    "on calls tenant account_id { outside rep in same team_id: select; }",
    "on calls tenant account_id { rep in same team_id: select; lead: update (topic); }",
    "on calls tenant account_id { rep: select; lead in same team_id: select; }",
    "resource hubspot.contact { rep in same team_id: read; }",
    "resource hubspot.contact { self id: read; boss: write; outside user: read; }",
    "resource hubspot.contact { rep: read; manager: read, write; }",
    "resource hubspot.contact { rep: read; } resource hubspot.contact { rep: write; }",
    "resource hubspot.contact { rep: read where topic = 'x'; }",
    "on contacts tenant account_id from hubspot ttl 15 { rep: select; }",
    "on contacts tenant account_id from hubspot ttl 0 minutes { rep: select; }",
    "on contacts tenant account_id from hubspot ttl 15 fortnights { rep: select; }",
    "on contacts tenant account_id from hubspot { rep: select, insert, update (body), delete; }",
    // Who may make whom what.
    "on roles tenant account_id { rep: select; lead: insert, update (role); }",
    "on roles tenant account_id { rep: select; lead: insert check role = 'rep'; }
     on calls tenant account_id { rep in same team_id: select; }",
    "on roles tenant account_id { rep: select; lead: insert check role = 'manager' and team_id is not null; }
     on calls tenant account_id { rep in same team_id: select; }",
    "on roles tenant account_id { rep: select; lead: update (team_id) where role = 'rep'; }
     on calls tenant account_id { rep in same team_id: select; }",
    "on roles tenant account_id { rep: select; self user_id: update (team_id); }",
    "on accounts { rep: select; manager: update (owner); }",
];

/// And these, which say no more than their authors may.
const RIGHT: &[&str] = &[
    "on roles tenant account_id { rep: select; manager: insert; }",
    "on roles tenant account_id { rep: select; owner: insert, update (role, team_id), delete; }
     on calls tenant account_id { rep in same team_id: select; }",
    "on roles tenant account_id { rep: select;
       lead in same team_id: insert check role = 'rep', update (until) where role = 'rep', delete where role = 'rep'; }
     on calls tenant account_id { rep in same team_id: select; }",
    "on roles tenant account_id { rep: select; manager: insert check role = 'rep'; }
     on calls tenant account_id { rep in same team_id: select; manager: select; }",
];

#[test]
fn wrong_teams_resources_and_copies_are_refused() {
    let mut out = String::new();
    for wrong in WRONG {
        let text = format!("{HEAD}{wrong}\n");
        let findings = compile(&text, &catalogue()).map_or_else(|f| f, |(_, f)| f);
        let findings: Vec<_> = findings
            .into_iter()
            .filter(|finding| finding.code != "closed" && finding.span.start > HEAD.len() - 2)
            .collect();
        assert!(!findings.is_empty(), "nothing to say about\n{wrong}");
        let _ = writeln!(out, "--- {wrong}\n{}", render(&text, &findings));
    }
    insta::assert_snapshot!(out);
}

#[test]
fn what_no_author_gains_by_is_allowed() {
    for right in RIGHT {
        let text = format!("{HEAD}{right}\n");
        if let Err(findings) = compile(&text, &catalogue()) {
            panic!("{}", render(&text, &findings));
        }
    }
}

#[test]
fn wrong_members() {
    let heads = [
        "members accounts (id, owner) roles owner;",
        "members accounts (id, owner) as boss roles owner;",
        "members roles (account_id, user_id, role as rank) roles owner;",
        "members roles (account_id, user_id, role, team_id, team_id) roles owner;",
        "members roles (account_id, user_id, role, team_id) members accounts (id, owner, name as team_id) as owner roles owner;",
        "members roles (account_id, user_id, role) where until is null or until > now() roles owner;",
        "found by owner stamped id members roles (account_id, user_id) as rep roles owner > rep keep at least one owner;",
    ];
    let mut out = String::new();
    for head in heads {
        let text = format!("app work; tenant accounts (id) {head}");
        let findings = compile(&text, &catalogue()).map_or_else(|f| f, |(_, f)| f);
        let findings: Vec<_> = findings
            .into_iter()
            .filter(|f| f.code != "closed" && f.code != "several-memberships")
            .collect();
        assert!(!findings.is_empty(), "nothing to say about\n{head}");
        let _ = writeln!(out, "--- {head}\n{}", render(&text, &findings));
    }
    insta::assert_snapshot!(out);
}
