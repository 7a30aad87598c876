//! What the API's roles are granted, against what the policy gives them.

use std::collections::{BTreeMap, BTreeSet};

use super::finding::{Finding, Object};
use super::kinds::{DEFAULT_PRIVILEGES, GRANT_CREATE, GRANT_EXTRA, GRANT_MISSING, GRANT_UNBOUND};
use super::scene::{CLIENTS, Scene, listed, signature};
use crate::generate;
use crate::live::{Function, Grant, ViewKind};
use crate::sql;

/// Privileges on tables that no policy binds.
const UNBOUND: [&str; 4] = ["truncate", "references", "trigger", "maintain"];

pub(super) fn look(scene: &Scene<'_>, found: &mut Vec<Finding>) {
    for table in &scene.live.tables {
        let target = Target {
            object: Object::of("table", scene.relation(&table.name), &table.name),
            on: scene.relation(&table.name),
            owner: &table.owner,
        };
        let intended = scene.intended.map(|live| {
            let same = live.table(&table.name);
            let mut grants = same.map(|table| table.grants.clone()).unwrap_or_default();
            // What is not there cannot be granted; that it is not is told of on its own.
            grants.retain(|grant| {
                grant
                    .column
                    .as_ref()
                    .is_none_or(|name| table.column(name).is_some())
            });
            grants
        });
        compare(scene, &target, &table.grants, intended.as_deref(), found);
    }
    for view in scene
        .live
        .views
        .iter()
        .filter(|view| view.schema == scene.policy.schema)
    {
        let kind = match view.kind {
            ViewKind::View => "view",
            // Told of by the views' own family.
            ViewKind::Materialized => continue,
        };
        let known = scene.catalogue.relation(&view.name).is_some();
        let named = scene
            .policy
            .views
            .iter()
            .find(|named| named.name == view.name);
        let subjects = named
            .map(|named| named.subjects.as_slice())
            .unwrap_or_default();
        let roles = if known {
            generate::grantees(subjects)
        } else {
            Vec::new()
        };
        let relation = scene.relation(&view.name);
        let target = Target {
            object: Object::new(kind, &relation),
            on: relation,
            owner: &view.owner,
        };
        compare(
            scene,
            &target,
            &view.grants,
            Some(&grants("select", &roles)),
            found,
        );
    }
    for function in scene.functions() {
        let roles = callers(scene, function);
        let target = Target {
            object: Object::new("function", signature(function)),
            on: format!("function {}", signature(function)),
            owner: &function.owner,
        };
        compare(
            scene,
            &target,
            &function.grants,
            Some(&grants("execute", &roles)),
            found,
        );
    }
    if let Some(intended) = scene.intended {
        for function in intended.functions_of(generate::SCHEMA) {
            let same = scene
                .live
                .functions_of(generate::SCHEMA)
                .find(|of| of.name == function.name && of.arguments == function.arguments);
            if let Some(same) = same {
                let target = Target {
                    object: Object::new("function", signature(same)),
                    on: format!("function {}", signature(same)),
                    owner: &same.owner,
                };
                compare(scene, &target, &same.grants, Some(&function.grants), found);
            }
        }
        for sequence in &scene.live.sequences {
            let same = intended
                .sequences
                .iter()
                .find(|of| of.name == sequence.name);
            let relation = scene.relation(&sequence.name);
            let target = Target {
                object: Object::new("sequence", &relation),
                on: format!("sequence {relation}"),
                owner: &sequence.owner,
            };
            let should = same.map(|of| of.grants.as_slice()).unwrap_or_default();
            compare(scene, &target, &sequence.grants, Some(should), found);
        }
    }
    schemas(scene, found);
    defaults(scene, found);
}

/// What is granted, and how a statement names it.
struct Target<'a> {
    object: Object,
    on: String,
    /// Whoever owns it needs no grant; that a role of the API does is told of on its own.
    owner: &'a str,
}

/// A privilege for some roles.
fn grants(privilege: &str, roles: &[&str]) -> Vec<Grant> {
    let grant = |role: &&str| Grant {
        grantee: (*role).to_owned(),
        privilege: privilege.to_owned(),
        column: None,
        grantable: false,
    };
    roles.iter().map(grant).collect()
}

/// The roles that a function of the schema is meant for: nobody calls a trigger's, or one that the
/// catalogue does not know.
fn callers(scene: &Scene<'_>, function: &Function) -> Vec<&'static str> {
    let of = |name: &str, arguments: &[String]| {
        name == function.name && arguments == function.argument_types
    };
    let known = scene
        .catalogue
        .functions
        .iter()
        .find(|known| of(&known.name, &known.arguments));
    if known.is_none_or(|known| known.trigger) {
        return Vec::new();
    }
    let named = scene
        .policy
        .functions
        .iter()
        .find(|named| of(&named.name, &named.arguments));
    generate::grantees(
        named
            .map(|named| named.subjects.as_slice())
            .unwrap_or_default(),
    )
}

/// What a role holds of one privilege.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Held {
    whole: bool,
    columns: BTreeSet<String>,
}

fn held(grants: &[Grant], role: &str) -> BTreeMap<String, Held> {
    let mut held: BTreeMap<String, Held> = BTreeMap::new();
    for grant in grants.iter().filter(|grant| grant.grantee == role) {
        let of = held.entry(grant.privilege.clone()).or_default();
        match &grant.column {
            None => of.whole = true,
            Some(column) => {
                of.columns.insert(column.clone());
            }
        }
    }
    held
}

/// Compares what each role holds on one object. Without an intention only what no policy binds
/// counts.
fn compare(
    scene: &Scene<'_>,
    target: &Target<'_>,
    live: &[Grant],
    intended: Option<&[Grant]>,
    found: &mut Vec<Finding>,
) {
    for role in generate::everybody().filter(|role| *role != target.owner) {
        let known = role == "public" || scene.live.role(role).is_some();
        let (is, should) = (held(live, role), held(intended.unwrap_or_default(), role));
        let unbound: Vec<&str> = is
            .keys()
            .map(String::as_str)
            .filter(|privilege| UNBOUND.contains(privilege) && !should.contains_key(*privilege))
            .collect();
        if !unbound.is_empty() {
            let revoke = format!(
                "revoke {} on {} from {role};",
                unbound.join(", "),
                target.on
            );
            let detail = format!("{role} holds {}", unbound.join(", "));
            found.push(Finding::new(&GRANT_UNBOUND, target.object.clone(), detail).mended(revoke));
        }
        if intended.is_none() || !known {
            continue;
        }
        let is: BTreeMap<String, Held> = is
            .into_iter()
            .filter(|(privilege, _)| !UNBOUND.contains(&privilege.as_str()))
            .collect();
        let (extra, missing) = (beyond(&is, &should), beyond(&should, &is));
        if !extra.is_empty() {
            let detail = format!("{role} holds {}", words(&extra));
            let mut statements = vec![format!(
                "revoke {} on {} from {role};",
                words(&extra),
                target.on
            )];
            // Revoked from the whole, it is revoked from every column.
            let again: BTreeMap<String, Held> = should
                .iter()
                .filter(|(privilege, _)| extra.get(*privilege).is_some_and(|held| held.whole))
                .map(|(privilege, held)| (privilege.clone(), held.clone()))
                .collect();
            if !again.is_empty() {
                statements.push(format!(
                    "grant {} on {} to {role};",
                    words(&again),
                    target.on
                ));
            }
            found.push(
                Finding::new(&GRANT_EXTRA, target.object.clone(), detail)
                    .mended(statements.join("\n")),
            );
        }
        if !missing.is_empty() {
            let detail = format!("{role} lacks {}", words(&missing));
            let grant = format!("grant {} on {} to {role};", words(&missing), target.on);
            found.push(Finding::new(&GRANT_MISSING, target.object.clone(), detail).mended(grant));
        }
        let on: BTreeSet<&str> = live
            .iter()
            .filter(|grant| grant.grantee == role && grant.grantable)
            .map(|grant| grant.privilege.as_str())
            .collect();
        if !on.is_empty() {
            let list = on.into_iter().collect::<Vec<_>>().join(", ");
            let revoke = format!(
                "revoke grant option for {list} on {} from {role};",
                target.on
            );
            let detail = format!("{role} may grant {list} on");
            found.push(Finding::new(&GRANT_EXTRA, target.object.clone(), detail).mended(revoke));
        }
    }
}

/// What one side holds and the other does not.
fn beyond(of: &BTreeMap<String, Held>, other: &BTreeMap<String, Held>) -> BTreeMap<String, Held> {
    let mut more = BTreeMap::new();
    for (privilege, held) in of {
        let others = other.get(privilege).cloned().unwrap_or_default();
        let left = Held {
            whole: held.whole && !others.whole,
            columns: if others.whole {
                BTreeSet::new()
            } else {
                held.columns.difference(&others.columns).cloned().collect()
            },
        };
        if left != Held::default() {
            more.insert(privilege.clone(), left);
        }
    }
    more
}

/// `select, insert (a, b)`.
fn words(of: &BTreeMap<String, Held>) -> String {
    let parts: Vec<String> = of
        .iter()
        .map(|(privilege, held)| {
            if held.whole {
                privilege.clone()
            } else {
                format!(
                    "{privilege} ({})",
                    sql::names(held.columns.iter().map(String::as_str))
                )
            }
        })
        .collect();
    parts.join(", ")
}

/// Who may use the schemas, and create in them.
fn schemas(scene: &Scene<'_>, found: &mut Vec<Finding>) {
    for name in [scene.policy.schema.as_str(), generate::SCHEMA] {
        let of = |live: &'_ crate::live::Live| {
            let schema = live.schemas.iter().find(|schema| schema.name == name);
            schema.map(|schema| schema.grants.clone())
        };
        let Some(mut grants) = of(scene.live) else {
            continue;
        };
        let owner = scene.live.schemas.iter().find(|schema| schema.name == name);
        let target = Target {
            object: Object::new("schema", sql::name(name).into_owned()),
            on: format!("schema {}", sql::name(name)),
            owner: owner.map_or("", |schema| schema.owner.as_str()),
        };
        let makers: Vec<&str> = generate::everybody()
            .filter(|role| {
                grants
                    .iter()
                    .any(|g| g.privilege == "create" && g.grantee == *role)
            })
            .collect();
        if !makers.is_empty() {
            let detail = format!("{} may create in it", listed(&makers));
            let revoke = format!("revoke create on {} from {};", target.on, makers.join(", "));
            found.push(Finding::new(&GRANT_CREATE, target.object.clone(), detail).mended(revoke));
        }
        grants.retain(|grant| grant.privilege != "create");
        // Every app of the database uses the helpers' schema, so only who must not is looked for.
        if name == generate::SCHEMA {
            grants.retain(|grant| matches!(grant.grantee.as_str(), "public" | "anon"));
        }
        if let Some(mut intended) = scene.intended.and_then(of) {
            intended.retain(|grant| grant.privilege != "create");
            if name == generate::SCHEMA {
                intended.clear();
            }
            compare(scene, &target, &grants, Some(&intended), found);
        }
    }
}

/// What tables, sequences and functions start with.
fn defaults(scene: &Scene<'_>, found: &mut Vec<Finding>) {
    let here =
        |schema: &Option<String>| schema.as_ref().is_none_or(|of| *of == scene.policy.schema);
    let of_interest = |kind: &str| matches!(kind, "tables" | "sequences" | "functions");
    for defaults in scene
        .live
        .default_grants
        .iter()
        .filter(|d| here(&d.schema) && of_interest(&d.kind))
    {
        let roles: BTreeSet<&str> = defaults
            .grants
            .iter()
            .map(|grant| grant.grantee.as_str())
            .filter(|role| CLIENTS.contains(role))
            .collect();
        if roles.is_empty() {
            continue;
        }
        let roles: Vec<&str> = roles.into_iter().collect();
        let place = defaults.schema.as_ref().map_or_else(String::new, |schema| {
            format!(" in schema {}", sql::name(schema))
        });
        let revoke = format!(
            "alter default privileges for role {}{place} revoke all on {} from {};",
            sql::name(&defaults.owner),
            defaults.kind,
            roles.join(", ")
        );
        let detail = format!(
            "{} that it creates{place} are open to {}",
            defaults.kind,
            listed(&roles)
        );
        let object = Object::new("role", &defaults.owner);
        found.push(Finding::new(&DEFAULT_PRIVILEGES, object, detail).mended(revoke));
    }
    let owners: BTreeSet<&str> = scene
        .live
        .tables
        .iter()
        .map(|table| table.owner.as_str())
        .collect();
    for owner in owners {
        // EXECUTE for PUBLIC is what functions start with unless it was taken away for all schemas.
        let closed = scene
            .live
            .default_grants
            .iter()
            .any(|d| d.owner == owner && d.schema.is_none() && d.kind == "functions");
        if !closed {
            let revoke = format!(
                "alter default privileges for role {} revoke execute on functions from public;",
                sql::name(owner)
            );
            let detail = "functions that it creates are open to public";
            found.push(
                Finding::new(&DEFAULT_PRIVILEGES, Object::new("role", owner), detail)
                    .mended(revoke),
            );
        }
    }
}
