//! Pieces of SQL that several steps need.

use crate::live::{Grant, Policy, Table, View};
use crate::sql;

/// The roles that a policy speaks of, and everybody.
pub(super) const ROLES: [&str; 5] = [
    "public",
    "anon",
    "authenticated",
    "service_role",
    "countersign_edge",
];

/// Those of the grants that a policy decides about.
pub(super) fn decided(grants: &[Grant]) -> Vec<&Grant> {
    let mut of: Vec<&Grant> = grants
        .iter()
        .filter(|grant| ROLES.contains(&grant.grantee.as_str()))
        .collect();
    of.sort();
    of
}

/// The statements that take everything from those roles and grant this instead.
pub(super) fn grants(object: &str, of: &[Grant]) -> Vec<String> {
    let mut statements = vec![format!("revoke all on {object} from {}", ROLES.join(", "))];
    for role in ROLES {
        let mine: Vec<&Grant> = of.iter().filter(|grant| grant.grantee == role).collect();
        let mut parts: Vec<String> = Vec::new();
        let mut columns: Vec<(&str, Vec<&str>)> = Vec::new();
        for grant in mine {
            match &grant.column {
                None => parts.push(grant.privilege.clone()),
                Some(column) => {
                    match columns
                        .iter_mut()
                        .find(|(privilege, _)| *privilege == grant.privilege)
                    {
                        Some((_, names)) => names.push(column),
                        None => columns.push((&grant.privilege, vec![column])),
                    }
                }
            }
        }
        for (privilege, names) in columns {
            parts.push(format!("{privilege} ({})", sql::names(names)));
        }
        if !parts.is_empty() {
            statements.push(format!("grant {} on {object} to {role}", parts.join(", ")));
        }
    }
    statements
}

/// The statement that makes a policy again.
pub(super) fn policy(table: &Table, policy: &Policy) -> String {
    let kind = if policy.permissive {
        "permissive"
    } else {
        "restrictive"
    };
    let roles: Vec<String> = policy
        .roles
        .iter()
        .map(|role| {
            if role == "public" {
                role.clone()
            } else {
                sql::name(role).into_owned()
            }
        })
        .collect();
    let mut text = format!(
        "create policy {} on {}\n  as {kind} for {} to {}",
        sql::name(&policy.name),
        relation(table),
        policy.command,
        roles.join(", ")
    );
    for (word, test) in [("using", &policy.using), ("with check", &policy.check)] {
        if let Some(test) = test {
            text.push_str(&format!("\n  {word} ({test})"));
        }
    }
    text
}

/// The statement that makes a view again.
pub(super) fn view(view: &View) -> String {
    let mut options = Vec::new();
    if view.security_invoker {
        options.push("security_invoker = true");
    }
    if view.security_barrier {
        options.push("security_barrier = true");
    }
    let options = if options.is_empty() {
        String::new()
    } else {
        format!(" with ({})", options.join(", "))
    };
    format!(
        "create view {}{options} as\n{}",
        sql::qualified(&view.schema, &view.name),
        view.definition.trim().trim_end_matches(';')
    )
}

/// A table's name with its schema.
pub(super) fn relation(table: &Table) -> String {
    sql::qualified(&table.schema, &table.name)
}

/// What follows the table's name in an index's definition: equal for indexes that are.
pub(super) fn index_tail(definition: &str) -> &str {
    definition
        .split_once(" USING ")
        .map_or(definition, |(_, tail)| tail)
}
