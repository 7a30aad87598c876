//! `via`: the links between tables, and `inherit`.

use super::context::Context;
use super::rules::default_columns;
use super::tables::table_action;
use crate::catalogue::Relation;
use crate::columns::ColumnSet;
use crate::diagnostic::Diagnostic;
use crate::model::{Action, Parent, Peer, Place, Policy, Rule, Subject, Table, TableIndex};
use crate::syntax::tree::{self, Item};

pub(super) fn resolve(context: &mut Context<'_>, policy: &mut Policy) {
    let file = context.file;
    for block in &file.tables {
        let Some((index, relation)) = known(context, policy, block) else {
            continue;
        };
        for via in &block.parents {
            let Some((target, parent_relation)) = context.table(&via.table) else {
                continue;
            };
            if target == index {
                context.report(
                    Diagnostic::error(
                        "via-self",
                        via.table.span,
                        "a table cannot be its own parent",
                    )
                    .label("the same table")
                    .help("PostgreSQL refuses a policy that reads its own table"),
                );
                continue;
            }
            match &via.other {
                Some(other) => peer(
                    context,
                    policy,
                    index,
                    relation,
                    via,
                    target,
                    parent_relation,
                    other,
                ),
                None => parent(
                    context,
                    policy,
                    index,
                    relation,
                    via,
                    target,
                    parent_relation,
                ),
            }
        }
    }
    inherit(context, policy);
    cycles(context, policy);
    tested(policy);
}

fn known<'a>(
    context: &Context<'a>,
    policy: &Policy,
    block: &tree::Table,
) -> Option<(TableIndex, &'a Relation)> {
    let position = policy
        .tables
        .iter()
        .position(|table| table.name == block.name.text)?;
    let relation = context.catalogue.relation(&block.name.text)?;
    Some((TableIndex::try_from(position).ok()?, relation))
}

fn parent(
    context: &mut Context<'_>,
    policy: &mut Policy,
    index: TableIndex,
    relation: &Relation,
    via: &tree::Via,
    target: TableIndex,
    target_relation: &Relation,
) {
    let Some(column) = context.column(relation, &via.column) else {
        return;
    };
    let foreign_key = relation
        .foreign_keys
        .iter()
        .find(|key| key.table == target_relation.name && key.columns.contains(&via.column.text));
    let key_name = foreign_key.and_then(|key| {
        let pairs = key.columns.iter().zip(&key.references);
        pairs
            .into_iter()
            .find(|(own, _)| **own == via.column.text)
            .map(|(_, referred)| referred)
    });
    let (Some(foreign_key), Some(key_name)) = (foreign_key, key_name) else {
        context.report(
            Diagnostic::error(
                "via-without-key",
                via.column.span,
                format!(
                    "no foreign key leads from `{}` to `{}`",
                    via.column.text, via.table.text
                ),
            )
            .label("nothing keeps it pointing there")
            .help("add the foreign key, with the tenant column in it"),
        );
        return;
    };
    let target_table = policy.table_at(target);
    let Some(key) = target_table.and_then(|table| table.column(key_name)) else {
        return;
    };
    let own_tenant = policy
        .table_at(index)
        .and_then(|table| table.place.tenant_column());
    let tenant = target_table.and_then(|table| table.place.tenant_column());
    if tenant.is_some() && own_tenant.is_none() {
        context.report(
            Diagnostic::error(
                "via-without-tenant",
                via.column.span,
                format!("`{}` has no tenant column, so a row could move to another tenant with its parent", relation.name),
            )
            .label("no tenant on this side")
            .help("add the tenant column and write `tenant <column>`"),
        );
        return;
    }
    let Some(table) = policy.tables.get_mut(usize::from(index)) else {
        return;
    };
    let held = own_tenant.is_none_or(|tenant| {
        foreign_key
            .columns
            .iter()
            .any(|column| table.column_name(tenant) == column)
    });
    table.parents.push(Parent {
        column,
        table: target,
        key,
        tenant,
        tested: !held,
    });
    if !held {
        context.report(
            Diagnostic::warning(
                "simple-foreign-key",
                via.column.span,
                format!(
                    "foreign key `{}` lets a row point to a parent of another tenant",
                    foreign_key.name
                ),
            )
            .label("the tenant column is not part of the key")
            .help(
                "replace it by one over both columns; a second key beside it would break embedding",
            ),
        );
    }
}

#[expect(
    clippy::too_many_arguments,
    reason = "both ends of a link, each in the tree, the catalogue and the model"
)]
fn peer(
    context: &mut Context<'_>,
    policy: &mut Policy,
    index: TableIndex,
    relation: &Relation,
    via: &tree::Via,
    target: TableIndex,
    target_relation: &Relation,
    other: &tree::Name,
) {
    let Some(column) = context.column(relation, &via.column) else {
        return;
    };
    let Some(other) = context.column(target_relation, other) else {
        return;
    };
    let Some(table) = policy.tables.get_mut(usize::from(index)) else {
        return;
    };
    let columns = crate::columns::ColumnSet::first(table.columns.len()).difference(table.hidden);
    let text = format!(
        "via {} in {} ({}): select",
        via.column.text,
        via.table.text,
        target_relation
            .columns
            .get(usize::from(other))
            .map_or("", |c| c.name.as_str())
    );
    let line = table.line;
    table.rules.push(Rule {
        subject: Subject::Peer(Peer {
            column,
            table: target,
            other,
        }),
        outside: false,
        action: Action::Select,
        columns,
        condition: None,
        check: None,
        text,
        line,
    });
}

/// `inherit <actions>`: whoever may do it to the parent may do it to the child. Nothing is allowed
/// anyway unless the parent row is visible.
fn inherit(context: &mut Context<'_>, policy: &mut Policy) {
    let file = context.file;
    for block in &file.tables {
        let Some((index, relation)) = known(context, policy, block) else {
            continue;
        };
        let names = block.items.iter().filter_map(|item| match item {
            Item::Inherit(names) => Some(names),
            _ => None,
        });
        for name in names.flatten() {
            let action = table_action(&name.text).filter(|action| *action != Action::Upsert);
            let Some(action) = action else {
                context.report(
                    Diagnostic::error(
                        "inherit",
                        name.span,
                        format!("`inherit {}` is not in the language", name.text),
                    )
                    .label("one of `select`, `insert`, `update`, `delete`")
                    .help("write the rule out"),
                );
                continue;
            };
            let Some(table) = policy.table_at(index) else {
                continue;
            };
            let Some(parent) = table.parents.first() else {
                context.report(
                    Diagnostic::error("inherit", name.span, "there is no parent to inherit from")
                        .label("no `via`")
                        .help("add `via <column> in <table>` to the head of the block"),
                );
                continue;
            };
            let Some(parent) = policy.table_at(parent.table) else {
                continue;
            };
            let columns = default_columns(
                context,
                policy.tenant.as_ref(),
                relation,
                block,
                table,
                action,
            );
            if let Some(unsaid) = parent.rules_for(action).find(|rule| !can_copy(rule)) {
                context.report(
                    Diagnostic::error(
                        "inherit",
                        name.span,
                        format!("`{}` speaks of a row of `{}`", unsaid.text, parent.name),
                    )
                    .label("a new or changed row here is another one")
                    .help(format!(
                        "write the rule out for the columns of `{}`: who may {} a parent need not be who may {} its parts",
                        table.name, name.text, name.text
                    )),
                );
                continue;
            }
            let copies = copies(parent, action, columns, block.line);
            if copies.is_empty() {
                let mut diagnostic = Diagnostic::error(
                    "inherit",
                    name.span,
                    format!("`{}` has no {} rule to inherit", parent.name, name.text),
                );
                diagnostic = if action == Action::Select {
                    diagnostic.label("nobody sees the parent").help(
                        "write the parent's block before this one, with a `select` for a role",
                    )
                } else {
                    diagnostic
                        .label("nobody may do it to the parent")
                        .help("write the rule out")
                };
                context.report(diagnostic);
            }
            if let Some(table) = policy.tables.get_mut(usize::from(index)) {
                table.rules.extend(copies);
            }
        }
    }
}

/// Whether a parent's rule means something for another row. A `select` always does, since the
/// parent row that it speaks of must be visible to the caller; any other must not ask about the row.
fn can_copy(rule: &Rule) -> bool {
    rule.action == Action::Select
        || rule.subject == Subject::Service
        || rule.condition.is_none()
            && rule.check.is_none()
            && !matches!(
                rule.subject,
                Subject::Itself(_) | Subject::Team(_) | Subject::Peer(_)
            )
}

/// The parent's rules for an action, for a child with these columns. Conditions are left behind:
/// the parent's own hold by its being visible.
fn copies(parent: &Table, action: Action, columns: ColumnSet, line: u32) -> Vec<Rule> {
    let mut copies: Vec<Rule> = parent
        .rules_for(action)
        .filter(|rule| !matches!(rule.subject, Subject::Peer(_) | Subject::Service))
        .map(|rule| Rule {
            subject: match rule.subject {
                // Whose row it is, and of which team, the visible parent row has said.
                Subject::Itself(_) => Subject::Guest,
                Subject::Team(team) => Subject::Rank(team.rank),
                subject => subject,
            },
            columns,
            condition: None,
            check: None,
            line,
            text: format!(
                "inherit {} from {}: {}",
                action.word(),
                parent.name,
                rule.text
            ),
            ..rule.clone()
        })
        .collect();
    // So of several rules for roles the lowest says it all.
    let lowest = copies.iter().filter_map(|rule| rank(rule.subject)).min();
    copies.retain(|rule| rank(rule.subject).is_none_or(|rank| Some(rank) == lowest));
    let mut seen: Vec<(Subject, bool)> = Vec::new();
    copies.retain(|rule| {
        let new = !seen.contains(&(rule.subject, rule.outside));
        seen.push((rule.subject, rule.outside));
        new
    });
    // Inside the fence everybody has the lowest rank.
    let everybody = lowest == Some(1);
    copies.retain(|rule| {
        !everybody || rule.outside || !matches!(rule.subject, Subject::Guest | Subject::User)
    });
    copies
}

/// A policy that reads a table whose policy reads the first one fails at run time (42P17).
fn cycles(context: &mut Context<'_>, policy: &Policy) {
    for (start, table) in policy.tables.iter().enumerate() {
        let Ok(start) = TableIndex::try_from(start) else {
            continue;
        };
        let mut path = vec![start];
        let mut open: Vec<TableIndex> = reads(table);
        while let Some(next) = open.pop() {
            if next == start {
                let span = context.table_span(table);
                context.report(
                    Diagnostic::error(
                        "via-cycle",
                        span,
                        format!(
                            "`{}` is seen by way of tables that are seen by way of `{}`",
                            table.name, table.name
                        ),
                    )
                    .label("a circle of `via`")
                    .help("remove one of the links: PostgreSQL refuses such policies with 42P17"),
                );
                break;
            }
            if !path.contains(&next) {
                path.push(next);
                open.extend(policy.table_at(next).map(reads).unwrap_or_default());
            }
        }
    }
}

fn reads(table: &Table) -> Vec<TableIndex> {
    let parents = table.parents.iter().map(|parent| parent.table);
    let peers = table.rules.iter().filter_map(|rule| match rule.subject {
        Subject::Peer(peer) => Some(peer.table),
        _ => None,
    });
    parents.chain(peers).collect()
}

/// Leaves out the test on a parent where it can never fail: the column is NOT NULL, the foreign
/// key holds it inside the tenant, every member of a tenant sees every such parent, and no rule
/// reaches beyond the members.
fn tested(policy: &mut Policy) {
    let open: Vec<bool> = policy.tables.iter().map(sees_all).collect();
    for table in &mut policy.tables {
        let place = table.place;
        let fenced = matches!(place, Place::Tenant(_))
            && table
                .rules
                .iter()
                .all(|r| r.fenced(place) || r.subject == Subject::Service);
        let not_null = table.not_null;
        for parent in &mut table.parents {
            let all = open
                .get(usize::from(parent.table))
                .copied()
                .unwrap_or(false);
            parent.tested |= !(fenced && all && not_null.contains(parent.column));
        }
    }
}

fn sees_all(table: &Table) -> bool {
    let lowest = table
        .rules_for(Action::Select)
        .any(|rule| rule.subject == Subject::Rank(1) && rule.condition.is_none());
    let never = table
        .never
        .iter()
        .any(|never| never.action == Action::Select);
    lowest && table.retire.is_none() && !never && table.parents.is_empty()
}

fn rank(subject: Subject) -> Option<u8> {
    match subject {
        Subject::Rank(rank) => Some(rank),
        _ => None,
    }
}
