//! Functions that run above the policies, or take a tenant at random.

use std::collections::BTreeSet;

use super::expressions::{Token, takes_any, tokens};
use super::finding::{Finding, Object};
use super::kinds::{
    DEFINER_PATH, FUNCTION_DEFINER, FUNCTION_FIRST_TENANT, FUNCTION_MISSING, FUNCTION_PATH,
};
use super::scene::{CLIENTS, Scene, holds, signature};
use crate::generate;
use crate::live::{Function, FunctionKind};

pub(super) fn look(scene: &Scene<'_>, found: &mut Vec<Finding>) {
    missing(scene, found);
    let called: BTreeSet<&str> = scene
        .live
        .tables
        .iter()
        .flat_map(|table| &table.triggers)
        .map(|trigger| trigger.function.as_str())
        .collect();
    for function in &scene.live.functions {
        let own = function.schema == scene.policy.schema;
        let fires =
            called.contains(crate::sql::qualified(&function.schema, &function.name).as_str());
        if is_generated(scene, function) || !(own || fires || reaches(scene, function)) {
            continue;
        }
        // The API never offers the helpers' schema.
        if function.schema != generate::SCHEMA {
            definer(scene, function, found);
        }
        search_path(function, found);
        first_tenant(scene, function, found);
    }
}

fn missing(scene: &Scene<'_>, found: &mut Vec<Finding>) {
    for known in &scene.catalogue.functions {
        let there = scene
            .functions()
            .any(|f| f.name == known.name && f.argument_types == known.arguments);
        if !there {
            let name = format!(
                "{}({})",
                scene.relation(&known.name),
                known.arguments.join(", ")
            );
            found.push(Finding::new(
                &FUNCTION_MISSING,
                Object::new("function", name),
                "it is not there",
            ));
        }
    }
}

/// Generated functions are compared as a whole.
fn is_generated(scene: &Scene<'_>, function: &Function) -> bool {
    function.schema == generate::SCHEMA
        && scene.intended.is_none_or(|intended| {
            intended
                .functions_of(generate::SCHEMA)
                .any(|of| of.name == function.name && of.arguments == function.arguments)
        })
}

/// Whether a function of another schema names one of the app's tables with its schema.
fn reaches(scene: &Scene<'_>, function: &Function) -> bool {
    let schema = &scene.policy.schema;
    // Cheap first: most functions of most schemas have nothing to do with the app.
    function.body.contains(schema.as_str())
        && tokens(&function.body).iter().any(|token| match token {
            Token::Name(path) => matches!(path.as_slice(), [of, table, ..] if of == schema && scene.live.table(table).is_some()),
            _ => false,
        })
}

fn definer(scene: &Scene<'_>, function: &Function, found: &mut Vec<Finding>) {
    if !function.security_definer
        || function.is_trigger
        || !holds(&function.grants, &CLIENTS, "execute")
    {
        return;
    }
    let intended = function.schema == scene.policy.schema
        && scene.catalogue.functions.iter().any(|known| {
            known.security_definer
                && known.name == function.name
                && known.arguments == function.argument_types
        });
    if !intended {
        let mend = format!(
            "alter {} {} security invoker;",
            word(function),
            signature(function)
        );
        let detail = format!("it runs as {}", function.owner);
        found.push(Finding::new(&FUNCTION_DEFINER, object(function), detail).mended(mend));
    }
}

fn search_path(function: &Function, found: &mut Vec<Finding>) {
    let pinned = function
        .settings
        .iter()
        .any(|setting| setting.starts_with("search_path="));
    let written =
        matches!(function.language.as_str(), "sql" | "plpgsql") || function.security_definer;
    let start = function.body.trim_start();
    // The names in such a body were resolved when it was created.
    let resolved = function.language == "sql"
        && (start.starts_with("BEGIN ATOMIC") || start.starts_with("RETURN "));
    if pinned || resolved || !written || function.kind == FunctionKind::Aggregate {
        return;
    }
    let kind = if function.security_definer {
        &DEFINER_PATH
    } else {
        &FUNCTION_PATH
    };
    let mend = format!(
        "alter {} {} set search_path = '';",
        word(function),
        signature(function)
    );
    let detail = format!(
        "it is in {} and finds names by the caller's path",
        function.language
    );
    found.push(Finding::new(kind, object(function), detail).mended(mend));
}

fn first_tenant(scene: &Scene<'_>, function: &Function, found: &mut Vec<Finding>) {
    let Some(tenant) = &scene.policy.tenant else {
        return;
    };
    let root = scene.policy.table_at(tenant.root);
    let mut tables: Vec<&str> = root
        .into_iter()
        .chain(scene.member_tables())
        .map(|t| t.name.as_str())
        .collect();
    tables.dedup();
    if let Some(table) = tables.iter().find(|table| takes_any(&function.body, table)) {
        let detail = format!("it takes any one row of {}", scene.relation(table));
        found.push(Finding::new(
            &FUNCTION_FIRST_TENANT,
            object(function),
            detail,
        ));
    }
}

fn object(function: &Function) -> Object {
    Object::new("function", signature(function))
}

fn word(function: &Function) -> &'static str {
    match function.kind {
        FunctionKind::Procedure => "procedure",
        _ => "function",
    }
}
