//! The guard: a trigger that puts together what PostgreSQL's policies keep apart.
//!
//! PostgreSQL ORs the old-row conditions of all update rules, ORs their new-row conditions, and
//! grants columns to the database role. Where that lets through what no single rule allows, the
//! guard asks for one rule that allows old row, new row and changed columns together.

use std::fmt::Write as _;

use policy_core::ColumnSet;
use policy_core::model::{Action, Rule, Subject, Table, Team};

use super::rows::Rows;
use super::{Context, Role, grants};
use crate::sql;
use crate::sql::test::{Place, Test, all};

/// Writes the guard of a table, if it needs one.
///
/// It is stable so that it sees what the policies see, memberships as they were when the statement
/// began. A volatile one would see the rows that the statement has changed so far: whoever changes
/// their own membership among others would lose or gain rights on the way.
pub(super) fn write(context: &Context<'_>, table: &Table, text: &mut String) {
    if table.guard.is_none() {
        return;
    }
    let rules: Vec<&Rule> = table.rules_for(Action::Update).collect();
    let groups = groups(table, &rules);
    let function = context.function(&format!("{}_update", table.name));
    let relation = context.relation(&table.name);
    let _ = writeln!(
        text,
        "\ncreate or replace function {function}() returns trigger\n  language plpgsql stable\n  set search_path = ''\nas $$\ndeclare\n  allowed boolean;"
    );
    for group in &groups {
        let _ = writeln!(text, "  {} boolean :={};", group.variable, group.test);
    }
    text.push_str("begin\n");
    let roles: Vec<Role> = [Role::Edge, Role::Anon, Role::Authenticated]
        .into_iter()
        .filter(|role| rules.iter().any(|rule| role.speaks_for(rule.subject)))
        .collect();
    match roles.as_slice() {
        [role] => alternatives(context, table, *role, &groups, 2, text),
        roles => {
            for (position, role) in roles.iter().enumerate() {
                let word = if position == 0 { "if" } else { "elsif" };
                if position + 1 == roles.len() {
                    text.push_str("  else\n");
                } else {
                    let _ = writeln!(text, "  {word} current_user = '{}' then", role.name());
                }
                alternatives(context, table, *role, &groups, 4, text);
            }
            text.push_str("  end if;\n");
        }
    }
    let message = sql::literal(&format!(
        "no rule of {}.{} allows this change",
        context.policy.schema, table.name
    ));
    let texts: Vec<&str> = rules
        .iter()
        .filter(|rule| rule.subject != Subject::Service)
        .map(|rule| rule.text.as_str())
        .collect();
    let hint = sql::literal(&format!(
        "One rule must allow the old row, the new row and the changed columns together: {}.",
        texts.join("; ")
    ));
    let raised = sql::qualified(&context.policy.schema, &table.name);
    let _ = writeln!(
        text,
        "  if allowed is not true then\n    raise exception using\n      errcode = 'insufficient_privilege',\n      message = {message},\n      hint = {hint};\n  end if;\n  return new;\nend $$;"
    );
    let _ = writeln!(
        text,
        "revoke execute on function {function}() from {};",
        grants::EVERYBODY
    );
    let _ = writeln!(
        text,
        "-- Named to run after all others, and bound to exactly whom row-level security binds."
    );
    let _ = writeln!(
        text,
        "drop trigger if exists zz_countersign on {relation};\ncreate trigger zz_countersign before update on {relation}\n  for each row when (row_security_active({}))\n  execute function {function}();",
        sql::literal(&raised)
    );
}

/// Columns that the same rules may change.
struct Group {
    columns: ColumnSet,
    variable: String,
    test: String,
}

/// The columns that some role may write by one of its rules and not by another, grouped by rules.
fn groups(table: &Table, rules: &[&Rule]) -> Vec<Group> {
    let held = |role: Role| grants::of(table, role).update;
    let written = Role::ALL
        .into_iter()
        .fold(ColumnSet::EMPTY, |set, role| set.union(held(role)));
    let signature = |column| -> (Vec<bool>, Vec<bool>) {
        (
            rules
                .iter()
                .map(|rule| rule.columns.contains(column))
                .collect(),
            Role::ALL
                .iter()
                .map(|role| held(*role).contains(column))
                .collect(),
        )
    };
    let mut sets: Vec<ColumnSet> = Vec::new();
    for column in written.iter() {
        let asked = Role::ALL
            .into_iter()
            .filter(|role| held(*role).contains(column))
            .any(|role| {
                let mut rules = rules.iter().filter(|rule| role.speaks_for(rule.subject));
                rules.any(|rule| !rule.columns.contains(column))
            });
        if !asked {
            continue;
        }
        let same = |set: &&mut ColumnSet| {
            set.iter()
                .next()
                .is_some_and(|first| signature(first) == signature(column))
        };
        match sets.iter_mut().find(same) {
            Some(set) => *set = set.with(column),
            None => sets.push(ColumnSet::EMPTY.with(column)),
        }
    }
    sets.into_iter()
        .map(|columns| group(table, columns))
        .collect()
}

fn group(table: &Table, columns: ColumnSet) -> Group {
    let first = columns
        .iter()
        .next()
        .map_or("", |column| table.column_name(column));
    let more = if columns.len() > 1 { "_or_more" } else { "" };
    let variable = sql::name(&sql::fitting(&format!("changes_{first}{more}"))).into_owned();
    let side = |row: &str| -> Vec<String> {
        columns
            .iter()
            .map(|column| {
                let name = sql::name(table.column_name(column)).into_owned();
                let kind = table
                    .columns
                    .get(usize::from(column))
                    .map_or("", |c| &*c.data_type);
                // Types without equality compare by their text.
                let cast = if matches!(kind, "json" | "xml" | "point" | "polygon") {
                    "::text"
                } else {
                    ""
                };
                format!("{row}.{name}{cast}")
            })
            .collect()
    };
    let (new, old) = (side("new"), side("old"));
    let test = if columns.len() == 1 {
        format!(" {} is distinct from {}", new.concat(), old.concat())
    } else {
        let width = sql::test::WIDTH - 8;
        let (new, old) = (new.join(", "), old.join(", "));
        format!(
            "\n    ({})\n    is distinct from\n    ({})",
            sql::wrapped(&new, width, "     "),
            sql::wrapped(&old, width, "     ")
        )
    };
    Group {
        columns,
        variable,
        test,
    }
}

/// `allowed := <one alternative for each rule of the role>;`
fn alternatives(
    context: &Context<'_>,
    table: &Table,
    role: Role,
    groups: &[Group],
    indent: usize,
    text: &mut String,
) {
    let held = grants::of(table, role).update;
    let _ = writeln!(text, "{:indent$}allowed :=", "");
    let rules = table
        .rules_for(Action::Update)
        .filter(|rule| role.speaks_for(rule.subject));
    for (position, rule) in rules.enumerate() {
        let kept = groups
            .iter()
            .filter(|g| !g.columns.is_subset(rule.columns) && g.columns.is_subset(held))
            .map(|group| Test::Other(format!("not {}", group.variable)));
        let rows = |row| Rows {
            row,
            in_function: true,
            ..Rows::open(context, table, role)
        };
        let test = all(kept
            .chain([
                rows("old").existing(rule),
                proposed(&rows("new"), rule, held),
            ])
            .collect::<Vec<_>>());
        let (word, deeper) = (if position == 0 { "   " } else { "or " }, indent + 2);
        let line = test.block(deeper + 3, deeper + 3, Place::Alternative);
        let _ = writeln!(
            text,
            "{:deeper$}-- {}\n{:deeper$}{word}{line}",
            "", rule.text, ""
        );
    }
    // The last line gets the statement's end.
    text.truncate(text.trim_end().len());
    text.push_str(";\n");
}

/// What a rule asks of the new row beyond what it asks of the old one: nothing, where it asks the
/// same and an update leaves alone what is asked: what no client may write, but for the time of
/// retiring, which a trigger writes. The policy itself tests the new row in any case.
fn proposed(rows: &Rows<'_>, rule: &Rule, held: ColumnSet) -> Test {
    let subject_moves = match rule.subject {
        Subject::Itself(column) | Subject::Team(Team { column, .. }) => held.contains(column),
        _ => false,
    };
    let asked = rule
        .check
        .as_ref()
        .map_or(ColumnSet::EMPTY, |check| check.columns());
    let moving = match &rows.table.retire {
        Some(retire) => held.with(retire.stamp),
        None => held,
    };
    let check_moves = rule.check != rule.condition || !asked.intersection(moving).is_empty();
    match (subject_moves, check_moves) {
        (true, _) => rows.proposed(rule),
        (false, true) => super::condition::condition(rows, rule.check.as_ref()),
        (false, false) => Test::True,
    }
}
