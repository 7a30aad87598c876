//! Policies: against the intended ones, and on their own.

use super::expressions::{always_true, asks, calls};
use super::finding::{Finding, Kind, Object};
use super::generated;
use super::kinds::{
    POLICY_ALTERED, POLICY_ALWAYS_TRUE, POLICY_EXTRA, POLICY_EXTRA_RESTRICTIVE, POLICY_MISSING,
    POLICY_PER_ROW, POLICY_TEMPORARY, POLICY_UNWRAPPED, POLICY_USER_METADATA,
    POLICY_WITHOUT_TENANT,
};
use super::scene::{Scene, listed};
use crate::live::{Policy, Table};
use crate::sql;

pub(super) fn look(scene: &Scene<'_>, found: &mut Vec<Finding>) {
    for table in &scene.live.tables {
        let intended = scene.intended.and_then(|live| live.table(&table.name));
        let same = |policy: &Policy| intended.and_then(|table| named(table, &policy.name));
        for policy in &table.policies {
            let same = same(policy);
            if same.is_some_and(|same| equal(policy, same)) {
                continue;
            }
            found.extend(drift(scene, table, policy, same));
            alone(scene, table, policy, found);
        }
        for policy in intended.into_iter().flat_map(|table| &table.policies) {
            if named(table, &policy.name).is_none() {
                let finding = Finding::new(
                    &POLICY_MISSING,
                    object(scene, table, &policy.name),
                    said(policy),
                );
                found.push(finding.perhaps_mended(generated::policy(
                    scene,
                    &table.name,
                    &policy.name,
                )));
            }
        }
    }
}

fn named<'t>(table: &'t Table, name: &str) -> Option<&'t Policy> {
    table.policies.iter().find(|policy| policy.name == name)
}

/// Whether two policies do the same. Comments do not count.
fn equal(a: &Policy, b: &Policy) -> bool {
    let Policy {
        name,
        permissive,
        command,
        roles,
        using,
        check,
        comment: _,
    } = a;
    (name, permissive, command, roles, using, check)
        == (
            &b.name,
            &b.permissive,
            &b.command,
            &b.roles,
            &b.using,
            &b.check,
        )
}

fn object(scene: &Scene<'_>, table: &Table, policy: &str) -> Object {
    let name = format!("{} on {}", sql::name(policy), scene.relation(&table.name));
    Object::of("policy", name, &table.name)
}

/// The one finding that says what a policy is that is not as intended.
fn drift(
    scene: &Scene<'_>,
    table: &Table,
    policy: &Policy,
    intended: Option<&Policy>,
) -> Option<Finding> {
    // Without a shadow, a policy with a generated name is taken for the generated one.
    let unknown = scene.intended.is_none() && policy.name.starts_with("countersign_");
    // The service's rules may well have no condition.
    let service = unknown && policy.roles.iter().all(|role| role == "countersign_edge");
    let kind: Option<&'static Kind> = if policy.permissive && is_temporary(&policy.name) {
        Some(&POLICY_TEMPORARY)
    } else if policy.permissive && opens_everything(policy) && !service {
        Some(&POLICY_ALWAYS_TRUE)
    } else if unknown {
        None
    } else if policy.permissive && intended.is_none() && forgets_the_tenant(scene, table, policy) {
        Some(&POLICY_WITHOUT_TENANT)
    } else if scene.intended.is_none() {
        None
    } else if intended.is_some() {
        Some(&POLICY_ALTERED)
    } else if policy.permissive {
        Some(&POLICY_EXTRA)
    } else {
        Some(&POLICY_EXTRA_RESTRICTIVE)
    };
    let kind = kind?;
    let detail = intended.map_or_else(|| said(policy), |intended| differences(policy, intended));
    let mend = match intended {
        Some(_) => generated::policy(scene, &table.name, &policy.name),
        None => Some(format!(
            "drop policy {} on {};",
            sql::name(&policy.name),
            scene.relation(&table.name)
        )),
    };
    Some(Finding::new(kind, object(scene, table, &policy.name), detail).perhaps_mended(mend))
}

/// What is wrong with a policy whatever was intended.
fn alone(scene: &Scene<'_>, table: &Table, policy: &Policy, found: &mut Vec<Finding>) {
    let columns: Vec<&str> = table.columns.iter().map(|c| c.name.as_str()).collect();
    let tests: Vec<&str> = [&policy.using, &policy.check]
        .into_iter()
        .flatten()
        .map(String::as_str)
        .collect();
    let mut unwrapped: Vec<String> = Vec::new();
    let mut per_row: Vec<String> = Vec::new();
    for call in tests
        .iter()
        .flat_map(|test| calls(test, &table.name, &columns))
    {
        let list = match (call.on_columns, call.once) {
            (true, _) => &mut per_row,
            (false, false) => &mut unwrapped,
            (false, true) => continue,
        };
        let name = format!("{}()", call.name);
        if !list.contains(&name) {
            list.push(name);
        }
    }
    let object = || object(scene, table, &policy.name);
    if !unwrapped.is_empty() {
        let detail = format!("calls {} for every row", listed(&unwrapped));
        found.push(Finding::new(&POLICY_UNWRAPPED, object(), detail));
    }
    if !per_row.is_empty() {
        let detail = format!("calls {} with columns of the row", listed(&per_row));
        found.push(Finding::new(&POLICY_PER_ROW, object(), detail));
    }
    let metadata = tests
        .iter()
        .any(|test| test.contains("user_metadata") || test.contains("raw_user_meta_data"));
    if metadata {
        found.push(Finding::new(&POLICY_USER_METADATA, object(), said(policy)));
    }
}

/// `temp_anon_read`, `tmp_open`, `"temporary access"`.
fn is_temporary(name: &str) -> bool {
    let name = name.to_lowercase();
    let mut words = name.split(|c: char| !c.is_alphanumeric());
    words.any(|word| matches!(word, "temp" | "tmp" | "temporary"))
}

/// Whether one of the policy's tests is always true where none narrows it.
fn opens_everything(policy: &Policy) -> bool {
    let open = |test: &Option<String>| test.as_deref().is_none_or(always_true);
    match policy.command.as_str() {
        "insert" => open(&policy.check),
        // A test of new rows that is missing repeats the one of old rows.
        _ => open(&policy.using),
    }
}

/// Whether a policy opens a tenant's rows without asking for the tenant or for a parent that has
/// one, to a role that no restrictive policy asks for it.
fn forgets_the_tenant(scene: &Scene<'_>, table: &Table, policy: &Policy) -> bool {
    let Some(tenant) = scene.tenant_column(&table.name) else {
        return false;
    };
    let parents = scene.policy.table(&table.name).into_iter().flat_map(|of| {
        of.parents
            .iter()
            .map(move |parent| of.column_name(parent.column))
    });
    let columns: Vec<&str> = std::iter::once(tenant).chain(parents).collect();
    let asked = |policy: &Policy| {
        let mut tests = [&policy.using, &policy.check].into_iter().flatten();
        tests.any(|test| columns.iter().any(|column| asks(test, &table.name, column)))
    };
    let fenced = |role: &String| {
        table.policies.iter().any(|fence| {
            !fence.permissive
                && (fence.command == "all" || fence.command == policy.command)
                && (fence.roles.contains(role) || fence.roles.iter().any(|of| of == "public"))
                && (asked(fence) || fence.using.as_deref() == Some("false"))
        })
    };
    !asked(policy) && !policy.roles.iter().all(fenced)
}

/// A policy in words.
fn said(policy: &Policy) -> String {
    let kind = if policy.permissive {
        ""
    } else {
        "restrictive, "
    };
    let mut text = format!("{kind}{} to {}", policy.command, policy.roles.join(", "));
    for (word, test) in [("using", &policy.using), ("with check", &policy.check)] {
        if let Some(test) = test {
            text.push_str(&format!(", {word} {}", on_one_line(test)));
        }
    }
    text
}

fn differences(live: &Policy, intended: &Policy) -> String {
    let kind = |policy: &Policy| {
        let word = if policy.permissive {
            "permissive"
        } else {
            "restrictive"
        };
        word.to_owned()
    };
    let test = |test: &Option<String>| {
        test.as_ref()
            .map_or_else(|| "nothing".to_owned(), |test| on_one_line(test))
    };
    let parts = [
        ("kind", kind(live), kind(intended)),
        ("command", live.command.clone(), intended.command.clone()),
        ("roles", live.roles.join(", "), intended.roles.join(", ")),
        ("using", test(&live.using), test(&intended.using)),
        ("with check", test(&live.check), test(&intended.check)),
    ];
    let parts: Vec<String> = parts
        .into_iter()
        .filter(|(_, is, should)| is != should)
        .map(|(what, is, should)| format!("{what} is {is}, intended {should}"))
        .collect();
    parts.join("; ")
}

fn on_one_line(test: &str) -> String {
    test.split_whitespace().collect::<Vec<_>>().join(" ")
}
