//! The statements of the generated sections that make one object: what mends its absence.

use super::scene::Scene;
use crate::sql;

/// What makes a policy, its comment included.
pub(super) fn policy(scene: &Scene<'_>, table: &str, name: &str) -> Option<String> {
    let relation = scene.relation(table);
    paragraph(
        scene,
        &format!("drop policy if exists {name} on {relation};"),
    )
}

/// What makes a trigger.
pub(super) fn trigger(scene: &Scene<'_>, table: &str, name: &str) -> Option<String> {
    let relation = scene.relation(table);
    paragraph(
        scene,
        &format!("drop trigger if exists {name} on {relation};"),
    )
}

/// What makes a function without arguments, and says who may execute it.
pub(super) fn function(scene: &Scene<'_>, schema: &str, name: &str) -> Option<String> {
    let name = sql::qualified(schema, name);
    paragraph(scene, &format!("create or replace function {name}() "))
}

/// The lines from the one that begins so to the end of its paragraph.
fn paragraph(scene: &Scene<'_>, first: &str) -> Option<String> {
    let bodies = scene.sections.iter().map(|section| section.body.as_str());
    let mut found = bodies.map(|body| {
        let lines = body.lines().skip_while(|line| !line.starts_with(first));
        lines
            .take_while(|line| !line.is_empty())
            .collect::<Vec<_>>()
    });
    found
        .find(|lines| !lines.is_empty())
        .map(|lines| lines.join("\n"))
}
