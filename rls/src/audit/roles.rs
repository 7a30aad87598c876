//! Roles: those that requests run as must be there, and must not be above the policies.

use super::finding::{Finding, Object};
use super::kinds::{
    ROLE_BYPASSES, ROLE_BYPASSES_ELSEWHERE, ROLE_INHERITS, ROLE_MISSING, ROLE_OWNS,
};
use super::scene::{API, Scene, listed, signature};
use crate::generate;
use crate::live::{Live, ViewKind};
use crate::sql;

/// PostgREST's own role, which takes on the others.
const LOGIN: &str = "authenticator";

pub(super) fn look(scene: &Scene<'_>, found: &mut Vec<Finding>) {
    for name in generate::everybody().filter(|name| *name != "public") {
        if scene.live.role(name).is_none() {
            let create = match name {
                "service_role" => {
                    "create role service_role nologin noinherit bypassrls;".to_owned()
                }
                _ => format!("create role {name} nologin noinherit;"),
            };
            found.push(
                Finding::new(&ROLE_MISSING, Object::new("role", name), "it is not there")
                    .mended(create),
            );
        }
    }
    elsewhere(scene.live, found);
    for name in API.into_iter().chain([LOGIN]) {
        let Some(role) = scene.live.role(name) else {
            continue;
        };
        let object = || Object::new("role", name);
        let attributes: Vec<&str> = [
            ("SUPERUSER", role.superuser),
            ("BYPASSRLS", role.bypass_rls),
        ]
        .into_iter()
        .filter_map(|(word, has)| has.then_some(word))
        .collect();
        if !attributes.is_empty() {
            let negative: Vec<String> = attributes
                .iter()
                .map(|word| format!("no{}", word.to_lowercase()))
                .collect();
            found.push(
                Finding::new(
                    &ROLE_BYPASSES,
                    object(),
                    format!("it has {}", listed(&attributes)),
                )
                .mended(format!("alter role {name} {};", negative.join(" "))),
            );
        }
        // Taking on the service's role is what the login role is for.
        if name != LOGIN {
            found.extend(inherits(scene.live, name));
        }
        let owned = owned(scene.live, name);
        if !owned.is_empty() {
            let detail = format!("it owns {}", listed(&owned));
            found.push(Finding::new(&ROLE_OWNS, object(), detail));
        }
    }
}

/// Roles beside those of the API that log in above the policies. Supabase's own are its business, and
/// superusers are known to be.
fn elsewhere(live: &Live, found: &mut Vec<Finding>) {
    for role in live
        .roles
        .iter()
        .filter(|role| role.login && role.bypass_rls && !role.superuser)
    {
        let name = role.name.as_str();
        let known = API.contains(&name)
            || matches!(name, LOGIN | "service_role")
            || name.starts_with("supabase_")
            || live.tables.iter().any(|table| table.owner == name);
        if !known {
            let alter = format!("alter role {} nobypassrls;", sql::name(name));
            let object = Object::new("role", name);
            found.push(
                Finding::new(&ROLE_BYPASSES_ELSEWHERE, object, "it has BYPASSRLS").mended(alter),
            );
        }
    }
}

/// A membership through which a role is above the policies.
fn inherits(live: &Live, name: &str) -> Option<Finding> {
    let above = |of: &&str| {
        let strong = live
            .role(of)
            .is_some_and(|role| role.superuser || role.bypass_rls);
        strong
            || matches!(
                *of,
                "pg_read_all_data" | "pg_write_all_data" | "pg_maintain"
            )
            || live.tables.iter().any(|table| table.owner == *of)
    };
    let roles = held(live, name);
    let through: Vec<&str> = roles.into_iter().skip(1).filter(above).collect();
    let first = *through.first()?;
    let direct = live.role(name)?.member_of.iter().any(|of| of == first);
    let finding = Finding::new(
        &ROLE_INHERITS,
        Object::new("role", name),
        format!("it is a member of {}", listed(&through)),
    );
    Some(
        finding.perhaps_mended(direct.then(|| format!("revoke {} from {name};", sql::name(first)))),
    )
}

/// A role and all that it is a member of, itself first.
pub(super) fn held<'l>(live: &'l Live, name: &'l str) -> Vec<&'l str> {
    let mut roles = vec![name];
    let mut at = 0;
    while let Some(name) = roles.get(at).copied() {
        for of in live.role(name).into_iter().flat_map(|role| &role.member_of) {
            if !roles.contains(&of.as_str()) {
                roles.push(of);
            }
        }
        at += 1;
    }
    roles
}

fn owned(live: &Live, name: &str) -> Vec<String> {
    let tables = live.tables.iter().filter(|table| table.owner == name);
    let tables =
        tables.map(|table| format!("table {}", sql::qualified(&table.schema, &table.name)));
    let views = live.views.iter().filter(|view| view.owner == name);
    let views = views.map(|view| {
        let kind = match view.kind {
            ViewKind::View => "view",
            ViewKind::Materialized => "materialized view",
        };
        format!("{kind} {}", sql::qualified(&view.schema, &view.name))
    });
    let functions = live
        .functions_of(&live.schema)
        .chain(live.functions_of(generate::SCHEMA))
        .filter(|function| function.owner == name)
        .map(|function| format!("function {}", signature(function)));
    let schemas = live.schemas.iter().filter(|schema| {
        schema.owner == name && (schema.name == live.schema || schema.name == generate::SCHEMA)
    });
    let schemas = schemas.map(|schema| format!("schema {}", sql::name(&schema.name)));
    tables
        .chain(views)
        .chain(functions)
        .chain(schemas)
        .collect()
}
