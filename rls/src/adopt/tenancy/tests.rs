use std::collections::{BTreeMap, BTreeSet};

use policy_core::Catalogue;
use policy_core::value::Kind;
use serde_json::json;

use super::{Asked, Tenancy, root};
use crate::adopt::alternative::{Alternative, Membership, Same, Source};

fn catalogue(known: &[&str]) -> Catalogue {
    let table = |name: &str, role: serde_json::Value| {
        json!({ "name": name, "kind": "table", "primary_key": ["id"],
            "columns": [{ "name": "id", "type": "uuid" }, { "name": "org_id", "type": "uuid" },
                { "name": "user_id", "type": "uuid" }, role, { "name": "status", "type": "text" }],
            "foreign_keys": [{ "name": "of", "columns": ["org_id"], "table": "orgs",
                "references": ["id"], "on_delete": "cascade" }] })
    };
    let closed = json!({ "name": "role", "type": "text", "one_of": known });
    let open = json!({ "name": "role", "type": "text" });
    serde_json::from_value(json!({ "schema": "app", "relations": [
        { "name": "orgs", "kind": "table", "primary_key": ["id"], "columns": [
            { "name": "id", "type": "uuid" }, { "name": "owner_id", "type": "uuid" }] },
        table("staff", closed),
        table("partners", open),
    ]}))
    .unwrap()
}

fn member(table: &str, labels: &[&str]) -> Membership {
    let (tenant, caller) = if table == "orgs" {
        ("id", "owner_id")
    } else {
        ("org_id", "user_id")
    };
    let labels: BTreeSet<String> = labels.iter().map(|&label| label.to_owned()).collect();
    let tests = (!labels.is_empty()).then(|| ("role".to_owned(), labels));
    Membership {
        column: "org_id".to_owned(),
        source: Source {
            table: table.to_owned(),
            tenant: tenant.to_owned(),
            caller: caller.to_owned(),
        },
        tests: tests.into_iter().collect::<BTreeMap<_, _>>(),
        conditions: BTreeSet::new(),
        same: None,
    }
}

/// One test of some policy: who passes.
fn any(of: &[(&str, &[&str])]) -> Vec<Alternative> {
    let each = of.iter().map(|(table, labels)| Alternative {
        members: BTreeSet::from([member(table, labels)]),
        ..Alternative::default()
    });
    each.collect()
}

/// The declaration, and what each way of each test becomes.
fn told(known: &[&str], tests: &[Vec<Alternative>]) -> String {
    let catalogue = catalogue(known);
    let tests: Vec<Asked<'_>> = tests
        .iter()
        .map(|all| Asked {
            all,
            tenants: false,
        })
        .collect();
    let all: Vec<Membership> = tests
        .iter()
        .flat_map(|test| test.all)
        .flat_map(|one| one.members.iter().cloned())
        .collect();
    let root = root(&all, &catalogue).unwrap().unwrap();
    let tenancy = Tenancy::of(&tests, root, &catalogue, &BTreeSet::new())
        .unwrap()
        .unwrap();
    let mut text = tenancy.text();
    for test in tests {
        let each = test.all.iter().map(|one| {
            let rest = Alternative::default();
            let member = one.members.first().unwrap();
            match tenancy.rank(member, &rest, test) {
                Ok(step) => tenancy.name(step).to_owned(),
                Err(refusal) => refusal.why,
            }
        });
        text.push_str(&each.collect::<Vec<_>>().join(" | "));
        text.push('\n');
    }
    text
}

#[test]
fn roles_stand_in_the_order_of_inclusion() {
    let text = told(
        &["viewer", "owner", "admin"],
        &[
            any(&[("staff", &["admin", "owner"])]),
            any(&[("staff", &["owner"])]),
            any(&[("staff", &[])]),
        ],
    );
    insta::assert_snapshot!(text, @r"
    tenant orgs (id)
     members staff (org_id, user_id, role)
     roles owner > admin > viewer;
    admin
    owner
    viewer
    ");
}

#[test]
fn sets_that_cross_are_left_out() {
    let text = told(
        &[],
        &[
            any(&[("partners", &["owner", "billing"])]),
            any(&[("partners", &["owner", "editor"])]),
            any(&[("partners", &["owner", "editor"])]),
        ],
    );
    insta::assert_snapshot!(text, @r"
    tenant orgs (id)
     members partners (org_id, user_id, role)
     roles owner > editor;
    the roles `billing`, `owner` are not the highest ones of an order in which the other policies' roles stand too
    editor
    editor
    ");
}

#[test]
fn any_role_at_all_is_a_source_of_its_own() {
    let text = told(
        &[],
        &[any(&[("partners", &["owner"])]), any(&[("partners", &[])])],
    );
    insta::assert_snapshot!(text, @r"
    tenant orgs (id)
     members partners (org_id, user_id, role)
     members partners (org_id, user_id) as member
     roles owner > member;
    owner
    member
    ");
}

#[test]
fn several_sources_of_the_same_roles() {
    let both = |labels| any(&[("staff", labels), ("partners", labels), ("orgs", &[])]);
    let text = told(
        &["admin", "editor", "billing"],
        &[
            any(&[("orgs", &[])]),
            both(&["admin"]),
            both(&["admin", "editor"]),
            any(&[("staff", &["admin"])]),
            any(&[("partners", &["billing"])]),
        ],
    );
    insta::assert_snapshot!(text, @r"
    tenant orgs (id)
     members orgs (id, owner_id) as owner
     members partners (org_id, user_id, role) where role in ('admin', 'editor')
     members staff (org_id, user_id, role)
     roles owner > admin > editor;
    owner
    admin | admin | admin
    editor | editor | editor
    it asks for memberships in `staff` alone, and in the language whoever is admin by `orgs` may do it as well
    the roles `billing` are not the highest ones of an order in which the other policies' roles stand too
    ");
}

#[test]
fn a_role_that_counts_less_elsewhere_has_no_second_name() {
    let text = told(
        &["admin", "editor"],
        &[
            any(&[("staff", &["admin"])]),
            any(&[("staff", &["admin"])]),
            any(&[("staff", &["admin", "editor"]), ("partners", &["admin"])]),
            any(&[("staff", &["admin"]), ("partners", &["admin"])]),
        ],
    );
    insta::assert_snapshot!(text, @r"
    tenant orgs (id)
     members partners (org_id, user_id, role) where role = 'admin'
     members staff (org_id, user_id, role)
     roles admin > editor;
    it asks for memberships in `staff` alone, and in the language whoever is admin by `partners` may do it as well
    it asks for memberships in `staff` alone, and in the language whoever is admin by `partners` may do it as well
    editor | editor
    admin | admin
    ");
}

fn team(of: Vec<Alternative>) -> Vec<Alternative> {
    let said = |one: Alternative| Alternative {
        members: one
            .members
            .into_iter()
            .map(|member| Membership {
                same: Some(Same {
                    theirs: "status".to_owned(),
                    own: "status".to_owned(),
                }),
                ..member
            })
            .collect(),
        ..one
    };
    of.into_iter().map(said).collect()
}

/// Who owns a tenant says of no team: whether that stands above is for the other policies to say.
#[test]
fn a_source_that_says_no_team_is_neither_in_nor_out() {
    let text = told(
        &["lead", "rep"],
        &[
            any(&[("orgs", &[])]),
            any(&[("orgs", &[])]),
            any(&[("orgs", &[]), ("staff", &[])]),
            team(any(&[("staff", &["lead"])])),
            team(any(&[("staff", &["rep"])])),
        ],
    );
    insta::assert_snapshot!(text, @r"
    tenant orgs (id)
     members orgs (id, owner_id) as owner
     members staff (org_id, user_id, role, status)
     roles owner > lead > rep;
    owner
    owner
    rep | rep
    lead
    the roles `rep` are not the highest ones of an order in which the other policies' roles stand too
    ");
}

/// What the checker would refuse in the declaration leaves the rest sound.
#[test]
fn a_source_that_the_checker_refuses_is_left_out() {
    let catalogue = catalogue(&["admin"]);
    let mut mailed = member("partners", &[]);
    mailed.conditions.insert("status = caller.email".to_owned());
    let lists = [
        any(&[("staff", &["admin"])]),
        vec![
            any(&[("staff", &["admin"])]).remove(0),
            Alternative {
                members: BTreeSet::from([mailed]),
                ..Alternative::default()
            },
        ],
    ];
    let tests: Vec<Asked<'_>> = lists
        .iter()
        .map(|all| Asked {
            all,
            tenants: false,
        })
        .collect();
    let root = ("orgs".to_owned(), "id".to_owned());
    let of = |without: &BTreeSet<_>| {
        Tenancy::of(&tests, root.clone(), &catalogue, without)
            .unwrap()
            .unwrap()
    };
    let both = of(&BTreeSet::new());
    let refused = both.refused(&catalogue, Kind::Uuid);
    let why: Vec<&str> = refused
        .iter()
        .map(|(_, refusal)| refusal.why.as_str())
        .collect();
    assert_eq!(
        why,
        ["who belongs to a tenant must not depend on who asks"],
        "{}",
        both.text()
    );
    let rest = of(&refused.into_iter().map(|(rows, _)| rows).collect());
    assert!(rest.refused(&catalogue, Kind::Uuid).is_empty());
    assert!(!rest.text().contains("partners"), "{}", rest.text());
}
