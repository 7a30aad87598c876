//! Tables, views and functions as the model holds them.

use super::context::Context;
use super::{conditions, rules};
use crate::catalogue::{Relation, RelationKind};
use crate::columns::{ColumnSet, MAX_COLUMNS};
use crate::diagnostic::{Diagnostic, Span};
use crate::model::{
    Action, Column, Function, Grants, Place, Retire, Source, Subject, Table, Tenant, View,
};
use crate::syntax::tree::{self, Item};
use crate::value::Kind;

pub(super) fn tables(context: &mut Context<'_>, tenant: Option<&Tenant>) -> Vec<Table> {
    let file = context.file;
    let mut tables = Vec::new();
    for name in context.table_names() {
        let Some(relation) = context.catalogue.relation(name) else {
            continue;
        };
        let mut blocks = file.tables.iter().filter(|block| block.name.text == name);
        let block = blocks.next();
        for again in blocks {
            context.report(
                Diagnostic::error(
                    "second-block",
                    again.name.span,
                    format!("`{name}` has a block already"),
                )
                .label("again")
                .help("put all rules of a table into one block"),
            );
        }
        tables.push(table(context, tenant, relation, block));
    }
    let unknown: Vec<&tree::Table> = file
        .tables
        .iter()
        .filter(|b| tables.iter().all(|t| t.name != b.name.text))
        .collect();
    for block in unknown {
        context.table(&block.name);
    }
    closed(context, &tables);
    tables
}

/// Says once which tables, views and functions nothing names.
fn closed(context: &mut Context<'_>, tables: &[Table]) {
    let file = context.file;
    let mut names: Vec<String> = tables
        .iter()
        .filter(|table| !table.is_named())
        .map(|table| table.name.clone())
        .collect();
    for relation in &context.catalogue.relations {
        let named = file
            .views
            .iter()
            .any(|view| view.name.text == relation.name);
        if relation.kind != RelationKind::Table && !named {
            names.push(relation.name.clone());
        }
    }
    for function in &context.catalogue.functions {
        let named = file
            .functions
            .iter()
            .any(|named| named.name.text == function.name);
        if !function.trigger && !named {
            names.push(format!(
                "{}({})",
                function.name,
                function.arguments.join(", ")
            ));
        }
    }
    if !names.is_empty() {
        context.report(Diagnostic::note(
            "closed",
            file.app.span,
            format!(
                "closed to everybody, since nothing names them: `{}`",
                names.join("`, `")
            ),
        ));
    }
}

fn table(
    context: &mut Context<'_>,
    tenant: Option<&Tenant>,
    relation: &Relation,
    block: Option<&tree::Table>,
) -> Table {
    let columns: Vec<Column> = relation
        .columns
        .iter()
        .take(MAX_COLUMNS)
        .map(|column| Column {
            name: column.name.clone(),
            kind: column.kind(),
            data_type: column.data_type.clone().into(),
        })
        .collect();
    let set = |test: &dyn Fn(&crate::catalogue::Column) -> bool| -> ColumnSet {
        (0_u8..)
            .zip(relation.columns.iter().take(MAX_COLUMNS))
            .filter(|(_, c)| test(c))
            .map(|(i, _)| i)
            .collect()
    };
    let mut table = Table {
        name: relation.name.clone(),
        primary_key: set(&|column| relation.primary_key.contains(&column.name)),
        not_null: set(&|column| !column.nullable),
        columns,
        place: Place::Shared,
        hidden: ColumnSet::EMPTY,
        fixed: ColumnSet::EMPTY,
        append: false,
        source: None,
        retire: None,
        parents: Vec::new(),
        rules: Vec::new(),
        never: Vec::new(),
        grants: Grants::default(),
        guard: None,
        line: block.map_or(0, |block| block.line),
    };
    let Some(block) = block else { return table };
    if relation.columns.len() > MAX_COLUMNS {
        context.report(
            Diagnostic::error(
                "too-many-columns",
                block.name.span,
                format!(
                    "`{}` has {} columns, a policy can name {MAX_COLUMNS}",
                    relation.name,
                    relation.columns.len()
                ),
            )
            .label("too wide"),
        );
    }
    table.place = place(context, tenant, relation, block);
    table.append = block.append.is_some();
    table.source = block.source.as_ref().map(|source| Source {
        system: source.system.text.clone(),
        ttl: source.ttl,
    });
    if let Some(column) = table.place.tenant_column() {
        table.fixed = table.fixed.with(column);
    }
    for item in &block.items {
        match item {
            Item::Hidden(names) => {
                table.hidden = table.hidden.union(context.columns(relation, names));
            }
            Item::Fixed(names) => {
                table.fixed = table.fixed.union(context.columns(relation, names));
            }
            Item::Retire(retire) => {
                if table.retire.is_some() {
                    context.report(
                        Diagnostic::error(
                            "second-retire",
                            retire.column.span,
                            "a table retires rows in one way",
                        )
                        .label("again"),
                    );
                }
                table.retire = self::retire(context, tenant, relation, &table, retire);
            }
            _ => {}
        }
    }
    rules::rules(context, tenant, relation, block, &mut table);
    table
}

fn place(
    context: &mut Context<'_>,
    tenant: Option<&Tenant>,
    relation: &Relation,
    block: &tree::Table,
) -> Place {
    let root = context.file.tenant.as_ref().filter(|_| tenant.is_some());
    if let (Some(tenant), Some(root)) = (tenant, root)
        && root.table.text == relation.name
    {
        if let Some(column) = &block.tenant {
            context.report(
                Diagnostic::error(
                    "root-tenant",
                    column.span,
                    format!("each row of `{}` is a tenant", relation.name),
                )
                .label("remove `tenant`"),
            );
        }
        return Place::Root(tenant.key);
    }
    let Some(name) = &block.tenant else {
        return Place::Shared;
    };
    if tenant.is_none() {
        context.report(
            Diagnostic::error("no-tenant", name.span, "this policy declares no tenant")
                .label("tenant of what?")
                .help("add `tenant <table> (<key>) members ... roles ...;`"),
        );
        return Place::Shared;
    }
    let Some(column) = context.column(relation, name) else {
        return Place::Shared;
    };
    if relation
        .column(&name.text)
        .is_some_and(|column| column.nullable)
    {
        context.report(
            Diagnostic::error(
                "nullable-tenant",
                name.span,
                format!(
                    "`{}` can be NULL, and a row without a tenant is nobody's",
                    name.text
                ),
            )
            .label("nullable")
            .help(format!(
                "`alter table {}.{} alter {} set not null` after giving every row its tenant",
                context.catalogue.schema, relation.name, name.text
            )),
        );
    }
    Place::Tenant(column)
}

fn retire(
    context: &mut Context<'_>,
    tenant: Option<&Tenant>,
    relation: &Relation,
    table: &Table,
    written: &tree::Retire,
) -> Option<Retire> {
    let column = context.column(relation, &written.column);
    let value = conditions::column_literal(context, relation, &written.column, &written.value);
    let by = context.rank(tenant, &written.by);
    let seen_by = context.rank(tenant, &written.seen_by);
    let stamp = context.column(relation, &written.stamp)?;
    if table.place.tenant_column().is_none() {
        context.report(
            Diagnostic::error(
                "retire-shared",
                written.column.span,
                "roles retire rows, and these rows have no tenant",
            )
            .label("no tenant here"),
        );
        return None;
    }
    if let Some(stamped) = relation.column(&written.stamp.text)
        && (stamped.kind() != Kind::Timestamp || stamped.nullable)
    {
        context.report(
            Diagnostic::error(
                "retire-stamp",
                written.stamp.span,
                format!("`{}` must be a NOT NULL timestamptz that a trigger sets to now() on every update", written.stamp.text),
            )
            .label(stamped.data_type.clone()),
        );
    }
    Some(Retire {
        column: column?,
        value: value?,
        by: by?,
        seen_by: seen_by?,
        stamp,
    })
}

pub(super) fn views(context: &mut Context<'_>, tenant: Option<&Tenant>) -> Vec<View> {
    let mut views = Vec::new();
    for block in &context.file.views {
        let relation = context.catalogue.relation(&block.name.text);
        let Some(relation) = relation.filter(|relation| relation.kind == RelationKind::View) else {
            context.report(
                Diagnostic::error(
                    "unknown-view",
                    block.name.span,
                    format!(
                        "there is no view `{}` in schema `{}`",
                        block.name.text, context.catalogue.schema
                    ),
                )
                .label("not in the catalogue"),
            );
            continue;
        };
        if !relation.security_invoker {
            context.report(
                Diagnostic::error(
                    "definer-view",
                    block.name.span,
                    format!(
                        "`{}` reads as its owner, so row-level security does not bind it",
                        relation.name
                    ),
                )
                .label("not security_invoker")
                .help(format!(
                    "`alter view {}.{} set (security_invoker = true)`",
                    context.catalogue.schema, relation.name
                )),
            );
        }
        let subjects = subjects(context, tenant, &block.rules, "select", "a view");
        higher_roles(context, tenant, &block.rules);
        views.push(View {
            name: relation.name.clone(),
            columns: relation
                .columns
                .iter()
                .map(|column| column.name.clone())
                .collect(),
            subjects,
            line: block.line,
        });
    }
    views
}

/// A view is granted to database roles, and gives what the tables behind it give: nothing would keep it
/// from members of a lower role.
fn higher_roles(context: &mut Context<'_>, tenant: Option<&Tenant>, rules: &[tree::Rule]) {
    let Some(tenant) = tenant else { return };
    let lowest = tenant.role(1);
    for rule in rules {
        let tree::Subject::Named(name) = &rule.subject else {
            continue;
        };
        if tenant.rank(&name.text) > 1 {
            context.report(
                Diagnostic::error(
                    "view-role",
                    name.span,
                    format!("a view cannot tell `{}` from `{lowest}`", name.text),
                )
                .label("it gives whatever the tables behind it give")
                .help(format!(
                    "write `{lowest}`, and in the tables' own rules who sees which rows"
                )),
            );
        }
    }
}

pub(super) fn functions(context: &mut Context<'_>, tenant: Option<&Tenant>) -> Vec<Function> {
    let mut functions = Vec::new();
    for block in &context.file.functions {
        let wanted: Vec<&str> = block
            .arguments
            .iter()
            .map(|name| name.text.as_str())
            .collect();
        let known = context
            .catalogue
            .functions
            .iter()
            .filter(|f| f.name == block.name.text);
        let Some(function) = known.clone().find(|function| function.arguments == wanted) else {
            let others: Vec<String> = known
                .map(|function| format!("`{}({})`", function.name, function.arguments.join(", ")))
                .collect();
            let mut diagnostic = Diagnostic::error(
                "unknown-function",
                block.name.span,
                format!(
                    "there is no function `{}({})` in schema `{}`",
                    block.name.text,
                    wanted.join(", "),
                    context.catalogue.schema
                ),
            )
            .label("not in the catalogue");
            if !others.is_empty() {
                diagnostic = diagnostic.help(format!("there is {}", others.join(" and ")));
            }
            context.report(diagnostic);
            continue;
        };
        if function.trigger {
            context.report(
                Diagnostic::error(
                    "trigger-function",
                    block.name.span,
                    format!("`{}` is a trigger's body", function.name),
                )
                .label("nobody calls it")
                .help("leave it out: a trigger fires without the caller's right to execute it"),
            );
        }
        if function.security_definer {
            context.report(
                Diagnostic::error(
                    "definer-function",
                    block.name.span,
                    format!(
                        "`{}` runs as its owner, so row-level security does not bind it",
                        function.name
                    ),
                )
                .label("security definer")
                .help("make it `security invoker`, or leave it out so that it is closed"),
            );
        }
        let subjects = subjects(context, tenant, &block.rules, "execute", "a function");
        functions.push(Function {
            name: function.name.clone(),
            arguments: function.arguments.clone(),
            argument_names: function.argument_names.clone(),
            subjects,
            returns_relation: function.returns_relation.clone(),
            volatile: function.volatile,
            line: block.line,
        });
    }
    functions
}

/// The subjects of a view's or function's rules, which know one action.
fn subjects(
    context: &mut Context<'_>,
    tenant: Option<&Tenant>,
    rules: &[tree::Rule],
    word: &str,
    what: &str,
) -> Vec<Subject> {
    let mut subjects = Vec::new();
    for rule in rules {
        for action in &rule.actions {
            if action.word.text != word {
                report_wrong_action(context, action.word.span, &action.word.text, word, what);
            }
            let extra =
                action.columns.is_some() || action.condition.is_some() || action.check.is_some();
            if extra {
                context.report(
                    Diagnostic::error(
                        "bare-action",
                        action.span,
                        format!("`{word}` on {what} stands alone"),
                    )
                    .label("neither columns nor conditions")
                    .help("the tables behind it carry the rules"),
                );
            }
        }
        subjects.extend(rowless(context, tenant, rule, what));
    }
    subjects
}

/// A subject that speaks of no row; `None` after a finding.
pub(super) fn rowless(
    context: &mut Context<'_>,
    tenant: Option<&Tenant>,
    rule: &tree::Rule,
    what: &str,
) -> Option<Subject> {
    let word = match &rule.subject {
        tree::Subject::Named(name) => return context.named_subject(tenant, name),
        tree::Subject::Itself(_) => "self",
        tree::Subject::Team { .. } => "in same",
    };
    context.report(
        Diagnostic::error(
            "bare-action",
            rule.subject.span(),
            format!("`{word}` needs a row, and {what} has none of its own"),
        )
        .label("name a role or `user`"),
    );
    None
}

fn report_wrong_action(context: &mut Context<'_>, span: Span, found: &str, word: &str, what: &str) {
    context.report(
        Diagnostic::error(
            "wrong-action",
            span,
            format!("`{found}` is not done to {what}"),
        )
        .label(format!("only `{word}`")),
    );
}

/// The action of a word on a table.
pub(super) fn table_action(word: &str) -> Option<Action> {
    [
        Action::Select,
        Action::Insert,
        Action::Update,
        Action::Delete,
        Action::Upsert,
    ]
    .into_iter()
    .find(|action| action.word() == word)
}
