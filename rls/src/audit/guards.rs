//! Generated triggers and functions: what policies alone cannot say, and what they ask.

use super::finding::{Finding, Object};
use super::generated;
use super::kinds::{
    GUARD_ALTERED, GUARD_EXTRA, GUARD_MISSING, HELPER_ALTERED, HELPER_BOUND, HELPER_EXTRA,
    HELPER_MISSING,
};
use super::scene::Scene;
use crate::generate;
use crate::live::{Enabled, Function, Live, Table, Trigger};
use crate::sql;

/// How the names of generated triggers begin.
const PREFIX: &str = "zz_countersign";

pub(super) fn look(scene: &Scene<'_>, found: &mut Vec<Finding>) {
    for (live, intended) in scene.pairs() {
        guards(scene, live, intended, found);
    }
    if let Some(intended) = scene.intended {
        helpers(scene, intended, found);
    }
    owners(scene, found);
}

fn guards(scene: &Scene<'_>, live: &Table, intended: &Table, found: &mut Vec<Finding>) {
    let object = |trigger: &Trigger| {
        let name = format!(
            "{} on {}",
            sql::name(&trigger.name),
            scene.relation(&live.name)
        );
        Object::of("trigger", name, &live.name)
    };
    for trigger in &intended.triggers {
        let mend = generated::trigger(scene, &live.name, &trigger.name);
        let same = live
            .triggers
            .iter()
            .find(|other| other.name == trigger.name);
        let finding = match same {
            None => Finding::new(&GUARD_MISSING, object(trigger), trigger.definition.clone()),
            Some(same) if same.enabled != trigger.enabled && same.enabled != Enabled::Always => {
                let enable = format!(
                    "alter table {} enable trigger {};",
                    scene.relation(&live.name),
                    sql::name(&trigger.name)
                );
                let finding = Finding::new(&GUARD_ALTERED, object(trigger), "it does not fire");
                found.push(finding.mended(enable));
                continue;
            }
            Some(same) if same.definition != trigger.definition => {
                let detail = format!("is {}, intended {}", same.definition, trigger.definition);
                Finding::new(&GUARD_ALTERED, object(trigger), detail)
            }
            Some(_) => continue,
        };
        found.push(finding.perhaps_mended(mend));
    }
    for trigger in live
        .triggers
        .iter()
        .filter(|trigger| trigger.name.starts_with(PREFIX))
    {
        if intended
            .triggers
            .iter()
            .all(|other| other.name != trigger.name)
        {
            let drop = format!(
                "drop trigger {} on {};",
                sql::name(&trigger.name),
                scene.relation(&live.name)
            );
            found.push(
                Finding::new(&GUARD_EXTRA, object(trigger), trigger.definition.clone())
                    .mended(drop),
            );
        }
    }
}

fn helpers(scene: &Scene<'_>, intended: &Live, found: &mut Vec<Finding>) {
    let object = |function: &Function| Object::new("function", super::scene::signature(function));
    let live: Vec<&Function> = scene.live.functions_of(generate::SCHEMA).collect();
    let matching = |of: &Function| {
        let same = |other: &&&Function| other.name == of.name && other.arguments == of.arguments;
        live.iter().find(same).copied()
    };
    for function in intended.functions_of(generate::SCHEMA) {
        let mend = generated::function(scene, generate::SCHEMA, &function.name);
        let finding = match matching(function) {
            None => Finding::new(&HELPER_MISSING, object(function), "it is not there"),
            Some(same) => {
                let parts = differences(same, function);
                if parts.is_empty() {
                    continue;
                }
                Finding::new(&HELPER_ALTERED, object(function), parts.join("; "))
            }
        };
        found.push(finding.perhaps_mended(mend));
    }
    let prefix = format!("{}_", scene.policy.app);
    for function in live {
        let known = intended
            .functions_of(generate::SCHEMA)
            .any(|other| other.name == function.name && other.arguments == function.arguments);
        let rest = function.name.strip_prefix(&prefix);
        if rest.is_some_and(|rest| looks_generated(function, rest)) && !known {
            let drop = format!("drop function {};", super::scene::signature(function));
            let detail = if function.security_definer {
                format!("it runs as {}", function.owner)
            } else {
                "it runs as its caller".to_owned()
            };
            found.push(Finding::new(&HELPER_EXTRA, object(function), detail).mended(drop));
        }
    }
}

/// Whether a function has the shape of a generated one. The schema holds others too, written by hand
/// for the app.
fn looks_generated(function: &Function, name: &str) -> bool {
    let guard = name == "found" || name.ends_with("_update") || name.ends_with("_keep");
    let rows = function.returns.starts_with("SETOF ") || function.returns.starts_with("TABLE(");
    function.arguments.is_empty()
        && (function.is_trigger && guard || function.security_definer && rows)
}

/// What of a function differs, but for its owner and how its lines are broken.
fn differences(live: &Function, intended: &Function) -> Vec<String> {
    let body = |function: &Function| {
        function
            .body
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
    };
    let runs = |function: &Function| {
        if function.security_definer {
            "its owner"
        } else {
            "its caller"
        }
        .to_owned()
    };
    let parts = [
        ("it returns", live.returns.clone(), intended.returns.clone()),
        (
            "its language is",
            live.language.clone(),
            intended.language.clone(),
        ),
        ("it runs as", runs(live), runs(intended)),
        (
            "it is",
            live.volatility.clone(),
            intended.volatility.clone(),
        ),
        (
            "in parallel it is",
            live.parallel.clone(),
            intended.parallel.clone(),
        ),
        (
            "its settings are",
            live.settings.join(", "),
            intended.settings.join(", "),
        ),
    ];
    let mut found: Vec<String> = parts
        .into_iter()
        .filter(|(_, is, should)| is != should)
        .map(|(what, is, should)| format!("{what} {is}, intended {should}"))
        .collect();
    if body(live) != body(intended) {
        found.push("its text is another one".to_owned());
    }
    found
}

/// Helpers see all memberships only if row-level security does not bind their owner.
fn owners(scene: &Scene<'_>, found: &mut Vec<Finding>) {
    let Some(tenant) = &scene.policy.tenant else {
        return;
    };
    let prefix = format!("{}_", scene.policy.app);
    let helpers = scene
        .live
        .functions_of(generate::SCHEMA)
        .filter(|function| {
            let role = function.name.strip_prefix(&prefix);
            let of = |role: &str, name: &String| {
                role == name || role.starts_with(&format!("{name}_by_"))
            };
            function.security_definer
                && role.is_some_and(|role| tenant.roles.iter().any(|name| of(role, name)))
        });
    for helper in helpers {
        let bound: Vec<&str> = scene
            .member_tables()
            .filter_map(|table| scene.live.table(&table.name))
            .filter(|table| table.row_security && binds(scene.live, &helper.owner, table))
            .map(|table| table.name.as_str())
            .collect();
        if let Some(first) = bound.first() {
            let detail = format!(
                "its owner {} is bound on {}",
                helper.owner,
                scene.relation(first)
            );
            let object = Object::new("function", super::scene::signature(helper));
            found.push(Finding::new(&HELPER_BOUND, object, detail));
        }
    }
}

/// Whether row-level security binds a role on a table.
fn binds(live: &Live, role: &str, table: &Table) -> bool {
    let roles = super::roles::held(live, role);
    let above = roles
        .first()
        .and_then(|name| live.role(name))
        .is_some_and(|role| role.superuser || role.bypass_rls);
    let owns = roles.iter().any(|name| *name == table.owner);
    !above && (!owns || table.forced)
}
