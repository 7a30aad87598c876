//! What is no table: views, functions, resources; and what no single statement shows.

use std::collections::{BTreeMap, BTreeSet};

use policy_core::decide::{CallerKind, Decision, Ruling, decide_function, decide_view};
use policy_core::decide_operation;
use policy_core::model::{Function, Resource, Source, Table, View};
use policy_core::value::Value;

use super::both::{Both, NEW, OLD, SIDES};
use super::callers::{Everybody, Who};
use super::report::{Change, Class, Direction, Note};

/// Who gains and who loses views, functions and operations.
pub(super) fn changes(both: &Both<'_>, everybody: &Everybody) -> Vec<Change> {
    let mut all = Vec::new();
    for name in names(both, |policy| {
        policy.views.iter().map(|view| view.name.clone()).collect()
    }) {
        let views = SIDES.map(|side| both.policy(side).views.iter().find(|of| of.name == name));
        all.extend(told(both, &name, "select", everybody, |who, side| {
            allows_view(views.get(side).copied().flatten(), everybody, who, side)
        }));
    }
    let signature = |of: &Function| format!("{}({})", of.name, of.arguments.join(", "));
    for name in names(both, |policy| {
        policy.functions.iter().map(signature).collect()
    }) {
        let functions = SIDES.map(|side| {
            both.policy(side)
                .functions
                .iter()
                .find(|of| signature(of) == name)
        });
        all.extend(told(both, &name, "execute", everybody, |who, side| {
            let seats = everybody.seats(who, side);
            functions
                .get(side)
                .copied()
                .flatten()
                .is_some_and(|function| {
                    let decision = decide_function(function, &who.caller(&seats));
                    matches!(decision, Decision::Applies(_))
                })
        }));
    }
    for name in names(both, |policy| {
        policy.resources.iter().map(Resource::name).collect()
    }) {
        let resources = SIDES.map(|side| both.policy(side).resource(&name));
        let mut operations: Vec<&str> = resources
            .iter()
            .flatten()
            .flat_map(|of| of.operations())
            .collect();
        operations.sort_unstable();
        operations.dedup();
        for operation in operations {
            all.extend(told(both, &name, operation, everybody, |who, side| {
                let Some(resource) = resources.get(side).copied().flatten() else {
                    return false;
                };
                let seats = everybody.seats(who, side);
                let home = seats.first().map_or(Value::Null, |seat| seat.tenant);
                let ruling = decide_operation(&who.caller(&seats), home, resource, operation);
                matches!(ruling, Ruling::Allowed(_))
            }));
        }
    }
    all
}

fn allows_view(view: Option<&View>, everybody: &Everybody, who: &Who, side: usize) -> bool {
    let seats = everybody.seats(who, side);
    view.is_some_and(|view| matches!(decide_view(view, &who.caller(&seats)), Decision::Applies(_)))
}

fn names(both: &Both<'_>, of: impl Fn(&policy_core::Policy) -> Vec<String>) -> Vec<String> {
    let mut all = of(both.policy(NEW));
    for name in of(both.policy(OLD)) {
        if !all.contains(&name) {
            all.push(name);
        }
    }
    all
}

fn told(
    both: &Both<'_>,
    object: &str,
    action: &str,
    everybody: &Everybody,
    allows: impl Fn(&Who, usize) -> bool,
) -> Vec<Change> {
    let mut found: BTreeMap<Direction, Vec<&Who>> = BTreeMap::new();
    for who in &everybody.all {
        let direction = match SIDES.map(|side| allows(who, side)) {
            [false, true] => Direction::Gains,
            [true, false] => Direction::Loses,
            _ => continue,
        };
        let known = found.entry(direction).or_default();
        // Whoever is somebody plainer already says it.
        let plainer = known.iter().any(|other| {
            let fewer = other.rows.iter().all(|row| who.rows.contains(row));
            fewer
                && (other.kind == who.kind
                    || who.kind == CallerKind::Guest && !other.rows.is_empty())
                || other.kind == CallerKind::Anon && who.kind != CallerKind::Service
        });
        if !plainer {
            known.push(who);
        }
    }
    found
        .into_iter()
        .map(|(direction, who)| {
            let mut labels: Vec<String> = who
                .iter()
                .map(|who| everybody.label(both, who, None))
                .collect();
            let mut seen = BTreeSet::new();
            labels.retain(|label| seen.insert(label.clone()));
            let fewer = labels.iter().filter(|label| {
                let plain = label.strip_prefix("guest who is ");
                plain.is_none_or(|plain| !labels.iter().any(|label| label == plain))
            });
            Change {
                object: object.to_owned(),
                who: fewer.cloned().collect(),
                direction,
                action: action.to_owned(),
                columns: Vec::new(),
                all_columns: false,
                unchanged: false,
                added: false,
                example: None,
            }
        })
        .collect()
}

/// What changed beside the answers.
pub(super) fn notes(both: &Both<'_>) -> Vec<Note> {
    let mut notes = Vec::new();
    let mut note = |text: String, class: Class, schema: bool| {
        notes.push(Note {
            text,
            class,
            schema,
        });
    };
    schema(both, &mut |text| note(text, Class::Equal, true));
    let (old, new) = (both.policy(OLD), both.policy(NEW));
    for (what, before, after) in [
        ("app", &old.app, &new.app),
        ("schema", &old.schema, &new.schema),
    ] {
        if before != after {
            note(
                format!("the {what} was `{before}` and is `{after}`"),
                Class::Equal,
                false,
            );
        }
    }
    let tenants = SIDES.map(|side| both.policy(side).tenant.as_ref());
    if let [Some(before), Some(after)] = tenants {
        let list = |of: &[String], other: &[String]| -> Vec<String> {
            of.iter()
                .filter(|role| !other.contains(role))
                .cloned()
                .collect()
        };
        for role in list(&before.roles, &after.roles) {
            note(format!("the role `{role}` is gone"), Class::Equal, false);
        }
        for role in list(&after.roles, &before.roles) {
            note(format!("the role `{role}` is new"), Class::Equal, false);
        }
    }
    let keeps = tenants.map(|of| of.is_some_and(|of| of.keep_top));
    match keeps {
        [true, false] => note(
            "a tenant may lose its last member of the top role".to_owned(),
            Class::Wider,
            false,
        ),
        [false, true] => note(
            "a tenant keeps at least one member of the top role".to_owned(),
            Class::Narrower,
            false,
        ),
        _ => {}
    }
    let founds = tenants.map(|of| of.is_some_and(|of| of.found.is_some()));
    match founds {
        [false, true] => note(
            "whoever creates a tenant becomes its top role".to_owned(),
            Class::Wider,
            false,
        ),
        [true, false] => note(
            "whoever creates a tenant no longer becomes its top role".to_owned(),
            Class::Narrower,
            false,
        ),
        _ => {}
    }
    for (at, table) in both.tables.iter().enumerate() {
        let (Some(before), Some(after)) = (both.table(OLD, at), both.table(NEW, at)) else {
            continue;
        };
        let name = &table.name;
        match (before.append, after.append) {
            (true, false) => note(
                format!("`{name}` is no longer append-only: a cascade may remove its rows"),
                Class::Wider,
                false,
            ),
            (false, true) => note(
                format!("`{name}` is append-only: no cascade may remove its rows"),
                Class::Narrower,
                false,
            ),
            _ => {}
        }
        if before.source != after.source {
            let (before, after) = (source(before), source(after));
            let text = format!("the truth of `{name}` was {before} and is {after}");
            note(text, Class::Equal, false);
        }
    }
    notes
}

fn source(table: &Table) -> String {
    match &table.source {
        None => "in the table".to_owned(),
        Some(Source { system, ttl: None }) => format!("in {system}"),
        Some(Source {
            system,
            ttl: Some(ttl),
        }) => format!("in {system} (kept for {ttl} seconds)"),
    }
}

fn schema(both: &Both<'_>, note: &mut impl FnMut(String)) {
    for table in &both.tables {
        let name = &table.name;
        match (table.at, &table.before) {
            ([None, Some(_)], _) => {
                note(format!("table `{name}` is new"));
                continue;
            }
            ([Some(_), None], _) => {
                note(format!("table `{name}` is gone"));
                continue;
            }
            (_, Some(before)) => note(format!(
                "table `{before}` is now `{name}` (taken to be the same: its columns are)"
            )),
            _ => {}
        }
        for column in &table.columns {
            let of = &column.name;
            match (column.at, &column.before) {
                ([None, Some(_)], _) => note(format!("column `{name}.{of}` is new")),
                ([Some(_), None], _) => note(format!("column `{name}.{of}` is gone")),
                (_, Some(before)) => note(format!(
                    "column `{name}.{before}` is now `{of}` (taken to be the same: type and place are)"
                )),
                _ => {}
            }
        }
    }
}
