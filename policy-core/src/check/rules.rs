//! The rules of one table.

use super::conditions;
use super::context::Context;
use super::tables::table_action;
use crate::catalogue::{ColumnDefault, Relation};
use crate::columns::ColumnSet;
use crate::condition::{Comparison, Condition, Operand, Scope};
use crate::diagnostic::Diagnostic;
use crate::model::{Action, Never, Place, Rule, Subject, Table, Tenant};
use crate::syntax::tree::{self, Item};
use crate::value::Value;

pub(super) fn rules(
    context: &mut Context<'_>,
    tenant: Option<&Tenant>,
    relation: &Relation,
    block: &tree::Table,
    table: &mut Table,
) {
    let own = managed(context, relation, block);
    let writable = writable(context, tenant, relation, table, own);
    for item in &block.items {
        match item {
            Item::Rule(rule) => {
                let Some(subject) = subject(context, tenant, relation, rule) else {
                    continue;
                };
                if let Some(span) = rule.outside
                    && !matches!(
                        (table.place, subject),
                        (
                            Place::Tenant(_) | Place::Root(_),
                            Subject::Itself(_) | Subject::User | Subject::Guest
                        )
                    )
                {
                    context.report(
                        Diagnostic::error(
                            "outside",
                            span,
                            "`outside` widens the tenant fence for `self`, `user` or `guest`",
                        )
                        .label("has no effect here")
                        .help("remove it"),
                    );
                }
                for action in &rule.actions {
                    let rule =
                        self::rule(context, relation, table, &writable, rule, subject, action);
                    table.rules.extend(rule);
                }
            }
            Item::Never(action) => {
                let never = self::never(context, relation, action);
                table.never.extend(never);
            }
            _ => {}
        }
    }
    founding(tenant, table);
}

/// The columns that only the database writes in this table.
fn managed(context: &mut Context<'_>, relation: &Relation, block: &tree::Table) -> ColumnSet {
    let names = block.items.iter().filter_map(|item| match item {
        Item::Managed(names) => Some(names),
        _ => None,
    });
    names.fold(ColumnSet::EMPTY, |set, names| {
        set.union(context.columns(relation, names))
    })
}

/// The columns that a client's rule without a list speaks of.
pub(super) fn default_columns(
    context: &mut Context<'_>,
    tenant: Option<&Tenant>,
    relation: &Relation,
    block: &tree::Table,
    table: &Table,
    action: Action,
) -> ColumnSet {
    let own = managed(context, relation, block);
    let insert = writable(context, tenant, relation, table, own).insert;
    unlisted(table, insert, action)
}

fn unlisted(table: &Table, insert: ColumnSet, action: Action) -> ColumnSet {
    let all = ColumnSet::first(table.columns.len());
    match action {
        Action::Select => all.difference(table.hidden),
        Action::Insert | Action::Upsert => insert,
        Action::Update => insert.difference(table.fixed).difference(table.primary_key),
        Action::Delete => all,
    }
}

/// Whoever creates a tenant signs it: that is what lets them see it before any membership exists.
fn founding(tenant: Option<&Tenant>, table: &mut Table) {
    let Some(found) = tenant.and_then(|tenant| tenant.found) else {
        return;
    };
    if !matches!(table.place, Place::Root(_)) {
        return;
    }
    for rule in &mut table.rules {
        if rule.action == Action::Insert && rule.subject != Subject::Service {
            let signed = Condition::Compare(
                Comparison::Equal,
                Operand::Column(found.author),
                Operand::CallerId,
            );
            rule.check = Some(match rule.check.take() {
                None => signed,
                Some(check) => Condition::All(vec![signed, check]),
            });
        }
    }
}

/// The columns that clients may write at all.
struct Writable {
    insert: ColumnSet,
    /// Columns that no statement can set.
    generated: ColumnSet,
    /// Columns that only the database sets.
    managed: ColumnSet,
}

fn writable(
    context: &Context<'_>,
    tenant: Option<&Tenant>,
    relation: &Relation,
    table: &Table,
    own: ColumnSet,
) -> Writable {
    let all = ColumnSet::first(table.columns.len());
    let pick = |test: &dyn Fn(&crate::catalogue::Column) -> bool| -> ColumnSet {
        (0_u8..)
            .zip(&relation.columns)
            .filter(|(_, column)| test(column))
            .map(|(index, _)| index)
            .collect()
    };
    let generated = pick(&|column| column.default == ColumnDefault::Generated);
    let mut managed = own.union(pick(&|column| context.is_managed(&column.name)));
    if let Some(retire) = &table.retire {
        managed = managed.with(retire.stamp);
    }
    if let (Place::Root(_), Some(found)) = (table.place, tenant.and_then(|tenant| tenant.found)) {
        managed = managed.with(found.author).with(found.stamp);
    }
    let insert = all
        .difference(table.hidden)
        .difference(generated)
        .difference(managed);
    Writable {
        insert,
        generated,
        managed,
    }
}

fn subject(
    context: &mut Context<'_>,
    tenant: Option<&Tenant>,
    relation: &Relation,
    rule: &tree::Rule,
) -> Option<Subject> {
    match &rule.subject {
        tree::Subject::Named(name) => context.named_subject(tenant, name),
        tree::Subject::Team {
            role,
            attribute,
            column,
        } => context.team(tenant, relation, role, attribute, column.as_ref()),
        tree::Subject::Itself(name) => {
            let column = context.column(relation, name)?;
            let kind = relation.column(&name.text)?.kind();
            if kind != context.caller_id {
                let expected = context.caller_id.name();
                context.report(
                    Diagnostic::error(
                        "type-mismatch",
                        name.span,
                        format!(
                            "`{}` is {}, callers' ids are {expected}",
                            name.text,
                            kind.name()
                        ),
                    )
                    .label("not of the type that `caller id` says"),
                );
                return None;
            }
            Some(Subject::Itself(column))
        }
    }
}

fn rule(
    context: &mut Context<'_>,
    relation: &Relation,
    table: &Table,
    writable: &Writable,
    rule: &tree::Rule,
    subject: Subject,
    written: &tree::Action,
) -> Option<Rule> {
    let Some(action) = table_action(&written.word.text) else {
        context.report(
            Diagnostic::error("wrong-action", written.word.span, "tables are not executed")
                .label("only functions"),
        );
        return None;
    };
    if matches!(subject, Subject::Rank(_) | Subject::Team(_)) && table.place == Place::Shared {
        context.report(
            Diagnostic::error(
                "role-without-tenant",
                rule.subject.span(),
                format!(
                    "a role means the rank in the row's tenant, and `{}` has no tenant column",
                    table.name
                ),
            )
            .label("rank in which tenant?")
            .help(format!(
                "write `on {} tenant <column>`, or name `user` or `self <column>`",
                table.name
            )),
        );
    }
    if table.append && matches!(action, Action::Update | Action::Delete | Action::Upsert) {
        context.report(
            Diagnostic::error(
                "append-only",
                written.span,
                format!("`{}` is append-only", table.name),
            )
            .label(format!("no `{}` here", action.word()))
            .help("remove the rule, or `append` from the head of the block"),
        );
    }
    if let Some(source) = &table.source
        && action != Action::Select
        && subject != Subject::Service
    {
        context.report(
            Diagnostic::error(
                "copied",
                written.span,
                format!(
                    "the rows of `{}` are copies of what `{}` holds",
                    table.name, source.system
                ),
            )
            .label(format!("`{}` would be lost with the next copy", action.word()))
            .help(format!(
                "write to `{}` and let the service copy it: `resource {}.<name> {{ ... }}` says who may",
                source.system, source.system
            )),
        );
    }
    misplaced(context, action, written);
    let columns = self::columns(context, relation, table, writable, subject, action, written);
    let condition = written
        .condition
        .as_ref()
        .and_then(|c| conditions::condition(context, relation, c));
    let check = written
        .check
        .as_ref()
        .and_then(|c| conditions::condition(context, relation, c));
    for written in [&written.condition, &written.check].into_iter().flatten() {
        email(context, written);
    }
    let check = if action == Action::Update {
        check.or_else(|| condition.clone())
    } else {
        check
    };
    Some(Rule {
        subject,
        outside: rule.outside.is_some(),
        action,
        columns,
        condition,
        check,
        text: written.text.clone(),
        line: written.line,
    })
}

/// Conditions in a place where no row stands for them.
fn misplaced(context: &mut Context<'_>, action: Action, written: &tree::Action) {
    if action == Action::Insert
        && let Some(condition) = &written.condition
    {
        context.report(
            Diagnostic::error(
                "misplaced-where",
                condition.span,
                "there is no existing row to an insert",
            )
            .label("`where` asks the existing row")
            .help("write `check` to ask the new row"),
        );
    }
    if matches!(action, Action::Select | Action::Delete)
        && let Some(check) = &written.check
    {
        context.report(
            Diagnostic::error(
                "misplaced-check",
                check.span,
                format!("there is no new row to a {}", action.word()),
            )
            .label("`check` asks the new row")
            .help("write `where` to ask the existing row"),
        );
    }
    if action == Action::Upsert
        && let Some(condition) = written.condition.as_ref().or(written.check.as_ref())
    {
        context.report(
            Diagnostic::error(
                "misplaced-where",
                condition.span,
                "an upsert is bound by the rules for insert and update",
            )
            .label("no condition of its own")
            .help("put the condition behind `insert` or `update`"),
        );
    }
}

fn email(context: &mut Context<'_>, condition: &tree::Condition) {
    let mut spans = Vec::new();
    visit_operands(condition, &mut |operand| {
        if operand.kind == tree::OperandKind::Caller("email".to_owned()) {
            spans.push(operand.span);
        }
    });
    for span in spans {
        context.report(
            Diagnostic::warning("caller-email", span, "an e-mail in a token may never have been verified")
                .label("who proved it?")
                .help("grant by `caller.id`, or switch on e-mail confirmation and say so here in a comment"),
        );
    }
}

fn visit_operands(condition: &tree::Condition, visit: &mut impl FnMut(&tree::Operand)) {
    use tree::ConditionKind as C;
    match &condition.kind {
        C::All(parts) | C::Any(parts) => parts.iter().for_each(|part| visit_operands(part, visit)),
        C::Not(inner) => visit_operands(inner, visit),
        C::Compare(_, a, b)
        | C::Distinct(a, b, _)
        | C::Like {
            operand: a,
            pattern: b,
            ..
        } => {
            visit(a);
            visit(b);
        }
        C::OneOf { operand, list, .. } => {
            visit(operand);
            list.iter().for_each(&mut *visit);
        }
        C::Between(a, b, c) => [a, b, c].into_iter().for_each(visit),
        C::IsNull(operand, _) | C::Flag(operand) => visit(operand),
    }
}

fn columns(
    context: &mut Context<'_>,
    relation: &Relation,
    table: &Table,
    writable: &Writable,
    subject: Subject,
    action: Action,
    written: &tree::Action,
) -> ColumnSet {
    let all = ColumnSet::first(table.columns.len());
    // What clients never write is the service's to maintain, and what is hidden from them its own.
    let service = subject == Subject::Service;
    let insert = if service {
        all.difference(writable.generated)
    } else {
        writable.insert
    };
    let default = if service && action == Action::Select {
        all
    } else {
        unlisted(table, insert, action)
    };
    let Some(names) = &written.columns else {
        return default;
    };
    if matches!(action, Action::Delete | Action::Upsert) {
        context.report(
            Diagnostic::error(
                "columns",
                written.span,
                format!("`{}` takes no columns", action.word()),
            )
            .label(if action == Action::Delete {
                "rows go whole"
            } else {
                "the columns of `insert`"
            }),
        );
        return default;
    }
    let set = context.columns(relation, names);
    for name in names {
        let Some(column) = table.column(&name.text) else {
            continue;
        };
        let why = if table.hidden.contains(column) && !service {
            Some("hidden from clients")
        } else if action == Action::Select {
            None
        } else if writable.generated.contains(column) {
            Some("generated by the database")
        } else if writable.managed.contains(column) && !service {
            Some("set by the database only")
        } else if action == Action::Update && table.fixed.contains(column) {
            Some("fixed once the row exists")
        } else if action == Action::Update && table.primary_key.contains(column) {
            Some("the primary key, which never changes")
        } else {
            None
        };
        if let Some(why) = why {
            context.report(
                Diagnostic::error(
                    "column-closed",
                    name.span,
                    format!(
                        "`{}` cannot be in the columns of `{}`",
                        name.text,
                        action.word()
                    ),
                )
                .label(why)
                .help("remove it from the list"),
            );
        }
    }
    set
}

fn never(context: &mut Context<'_>, relation: &Relation, written: &tree::Action) -> Option<Never> {
    let action = table_action(&written.word.text).filter(|action| *action != Action::Upsert);
    let Some(action) = action else {
        context.report(
            Diagnostic::error(
                "wrong-action",
                written.word.span,
                format!("`never {}` has no meaning", written.word.text),
            )
            .label("one of `select`, `insert`, `update`, `delete`"),
        );
        return None;
    };
    misplaced(context, action, written);
    if let Some(columns) = &written.columns
        && let Some(first) = columns.first()
    {
        context.report(
            Diagnostic::error("never-columns", first.span, "`never` guards rows, not columns")
                .label("a column list")
                .help("leave the column out of the `update` list of the rules, or give it a rule of its own with a `where`"),
        );
    }
    if written.condition.is_none() && written.check.is_none() {
        context.report(
            Diagnostic::error(
                "never-always",
                written.span,
                format!("nothing would ever be allowed to {}", action.word()),
            )
            .label("no condition")
            .help("leave the action out of the rules: what is not granted is denied"),
        );
    }
    let condition = written
        .condition
        .as_ref()
        .and_then(|c| conditions::condition(context, relation, c));
    let check = written
        .check
        .as_ref()
        .and_then(|c| conditions::condition(context, relation, c));
    for condition in [&condition, &check].into_iter().flatten() {
        for column in condition.columns().iter() {
            if let Some(named) = relation.columns.get(usize::from(column))
                && named.nullable
                && !free_when_null(condition, column)
            {
                context.report(
                    Diagnostic::warning(
                        "never-nullable",
                        written.span,
                        format!(
                            "a row whose `{}` is NULL is forbidden too, for everybody",
                            named.name
                        ),
                    )
                    .label("unknown denies")
                    .help(format!(
                        "add `and {} is not null` if such rows are meant to be free",
                        named.name
                    )),
                );
            }
        }
    }
    Some(Never {
        action,
        condition,
        check,
        text: written.text.clone(),
        line: written.line,
    })
}

/// Whether the condition is certainly false, and so forbids nothing, in a row with a NULL there.
fn free_when_null(condition: &Condition, column: u8) -> bool {
    let mut row = vec![Value::NotYetKnown; usize::from(column)];
    row.push(Value::Null);
    let open = Value::NotYetKnown;
    let scope = Scope {
        row: &row,
        not_null: ColumnSet::EMPTY,
        caller_id: open,
        caller_email: open,
        caller_aal: open,
        now: Value::Present,
    };
    condition.evaluate(&scope).is_false()
}
