//! The policies of one table.

use std::fmt::Write as _;

use policy_core::model::{Action, Table};

use super::rows::Rows;
use super::{Context, Role, fence, grants};
use crate::sql;
use crate::sql::test::{Place, Test, all};

/// One `create policy`.
pub(super) struct Statement {
    pub(super) name: String,
    pub(super) restrictive: bool,
    pub(super) command: &'static str,
    pub(super) role: Role,
    pub(super) using: Option<Test>,
    pub(super) check: Option<Test>,
    /// Where a role test stands that is alone in the policy.
    pub(super) place: Place,
    pub(super) comment: String,
}

/// Writes all policies of a table: its fence, what is never allowed, and for each role and command
/// the one policy that allows.
pub(super) fn write(context: &Context<'_>, table: &Table, text: &mut String) {
    let mut statements = fence::fences(context, table);
    statements.extend(never(context, table));
    for role in Role::ALL {
        statements.extend(permissive(context, table, role));
    }
    let relation = context.relation(&table.name);
    for statement in statements {
        statement.write(&relation, text);
    }
}

/// One policy for each command that the role has rules for.
fn permissive(context: &Context<'_>, table: &Table, role: Role) -> Vec<Statement> {
    let commands = [
        Action::Select,
        Action::Insert,
        Action::Update,
        Action::Delete,
    ];
    commands
        .into_iter()
        .filter_map(|action| allow(context, table, role, action))
        .collect()
}

fn allow(context: &Context<'_>, table: &Table, role: Role, action: Action) -> Option<Statement> {
    let rows = Rows::in_policy(context, table, role, action);
    // Update and delete lie inside select, for the old row and the new one: so no statement
    // touches what its author cannot see, whether or not it reads a column.
    let (using, check) = match action {
        Action::Select => (Some(rows.seen()), None),
        Action::Insert => (
            None,
            Some(all([
                rows.allowed(action),
                rows.parents(),
                rows.may_retire(),
            ])),
        ),
        Action::Update => (
            Some(all([rows.visible(), rows.reached(action)])),
            Some(all([
                rows.visible(),
                rows.allowed(action),
                rows.may_retire(),
            ])),
        ),
        Action::Delete => (Some(all([rows.visible(), rows.reached(action)])), None),
        Action::Upsert => return None,
    };
    let (using, check) = (
        using.map(|test| rows.said(test)),
        check.map(|test| rows.said(test)),
    );
    if [&using, &check]
        .into_iter()
        .flatten()
        .any(|test| *test == Test::False)
    {
        // Denied by having no policy.
        return None;
    }
    let rules = table
        .rules_for(action)
        .filter(|rule| role.speaks_for(rule.subject));
    let comment: Vec<&str> = rules.map(|rule| rule.text.as_str()).collect();
    Some(Statement {
        name: format!("countersign_{}{}", action.word(), role.suffix()),
        restrictive: false,
        command: action.word(),
        role,
        using,
        check,
        place: Place::Condition,
        comment: comment.join("; "),
    })
}

/// What no rule can allow; it binds everybody but the service.
fn never(context: &Context<'_>, table: &Table) -> Vec<Statement> {
    let mut statements: Vec<Statement> = Vec::new();
    for role in [Role::Authenticated, Role::Anon] {
        for never in table
            .never
            .iter()
            .filter(|never| may(table, role, never.action))
        {
            let rows = Rows::open(context, table, role);
            let (using, check) = (
                rows.spared(never.condition.as_ref()),
                rows.spared(never.check.as_ref()),
            );
            // Written out, because a missing WITH CHECK would repeat USING.
            let (using, check) = match never.action {
                Action::Insert => (None, Some(check)),
                Action::Update => (Some(using), Some(check)),
                _ => (Some(using), None),
            };
            let plain = format!("countersign_never_{}{}", never.action.word(), role.suffix());
            let earlier = statements
                .iter()
                .filter(|s| s.name.starts_with(&plain))
                .count();
            let name = if earlier == 0 {
                plain
            } else {
                format!("{plain}_{}", earlier + 1)
            };
            statements.push(Statement {
                name,
                restrictive: true,
                command: never.action.word(),
                role,
                using,
                check,
                place: Place::Alternative,
                comment: never.text.clone(),
            });
        }
    }
    statements
}

/// Whether a role may use a command at all; anon is spared policies that never matter.
fn may(table: &Table, role: Role, action: Action) -> bool {
    let privileges = grants::of(table, role);
    role != Role::Anon
        || match action {
            Action::Select => !privileges.select.is_empty(),
            Action::Insert => !privileges.insert.is_empty(),
            Action::Update | Action::Upsert => !privileges.update.is_empty(),
            Action::Delete => privileges.delete,
        }
}

impl Statement {
    fn write(&self, relation: &str, text: &mut String) {
        let Self { name, command, .. } = self;
        let kind = if self.restrictive {
            "\n  as restrictive"
        } else {
            ""
        };
        let mut create = format!(
            "create policy {name} on {relation}{kind} for {command} to {}",
            self.role.name()
        );
        for (word, test) in [("using", &self.using), ("with check", &self.check)] {
            if let Some(test) = test {
                let _ = write!(
                    create,
                    "\n  {word} {}",
                    test.block(word.len() + 3, 2, self.place)
                );
            }
        }
        let comment = format!("{} [{}]", self.comment, sql::hash(&create, 8));
        let comment = sql::literal(&comment);
        let _ = writeln!(
            text,
            "\ndrop policy if exists {name} on {relation};\n{create};\ncomment on policy {name} on {relation} is {comment};"
        );
    }
}
