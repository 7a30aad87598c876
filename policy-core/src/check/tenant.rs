//! The declaration of tenants and roles.

use super::conditions;
use super::context::Context;
use crate::diagnostic::Diagnostic;
use crate::model::{Found, Members, Tenant};
use crate::syntax::KEYWORDS;
use crate::value::Kind;

pub(super) fn tenant(context: &mut Context<'_>) -> Option<Tenant> {
    let declared = context.file.tenant.as_ref()?;
    let mut roles: Vec<String> = Vec::new();
    for role in declared.roles.iter().rev() {
        if KEYWORDS.contains(&role.text.as_str()) {
            context.report(
                Diagnostic::error(
                    "reserved-role",
                    role.span,
                    format!("`{}` is a word of the language", role.text),
                )
                .label("cannot name a role"),
            );
        }
        if roles.contains(&role.text) {
            context.report(
                Diagnostic::error(
                    "repeated-role",
                    role.span,
                    format!("role `{}` is declared twice", role.text),
                )
                .label("again"),
            );
        } else {
            roles.push(role.text.clone());
        }
    }
    let (root, relation) = context.table(&declared.table)?;
    let key = context.column(relation, &declared.key)?;
    if !relation.is_unique(&[&declared.key.text]) {
        context.report(
            Diagnostic::error(
                "tenant-key",
                declared.key.span,
                format!(
                    "`{}` is not a key of `{}`",
                    declared.key.text, relation.name
                ),
            )
            .label("neither the primary key nor unique"),
        );
    }
    let found = declared.found.as_ref().and_then(|(author, stamp)| {
        Some(Found {
            author: context.column(relation, author)?,
            stamp: context.column(relation, stamp)?,
        })
    });
    let members = declared
        .members
        .iter()
        .filter_map(|source| members(context, source))
        .collect();
    if declared.members.is_empty() {
        context.report(
            Diagnostic::error(
                "no-members",
                declared.span,
                "nobody can be a member of a tenant",
            )
            .label("no `members`")
            .help("add `members <table> (<tenant>, <caller>, <role>)`"),
        );
    }
    if let Some(keep) = &declared.keep
        && declared
            .roles
            .first()
            .is_none_or(|top| top.text != keep.text)
    {
        context.report(
            Diagnostic::error("keep-top", keep.span, "only the top role can be kept")
                .label("not the first of `roles`"),
        );
    }
    if found.is_some() && declared.keep.is_none() {
        context.report(
            Diagnostic::warning(
                "keep-top",
                declared.span,
                "the last person of the top role can leave, and nobody can then manage the tenant",
            )
            .help("add `keep at least one <role>`"),
        );
    }
    Some(Tenant {
        root,
        key,
        found,
        members,
        roles,
        keep_top: declared.keep.is_some(),
    })
}

fn members(context: &mut Context<'_>, source: &crate::syntax::tree::Members) -> Option<Members> {
    let (table, relation) = context.table(&source.table)?;
    let tenant = context.column(relation, &source.tenant);
    let caller = context.column(relation, &source.caller);
    let role = context.column(relation, &source.role);
    let kind = context.caller_id;
    for name in [&source.tenant, &source.caller, &source.role] {
        if let Some(column) = relation.column(&name.text)
            && column.nullable
        {
            context.report(
                Diagnostic::warning(
                    "nullable-membership",
                    name.span,
                    format!("`{}` can be NULL; such a row is no membership", name.text),
                )
                .label("nullable"),
            );
        }
    }
    if let Some(column) = relation.column(&source.caller.text)
        && column.kind() != kind
    {
        context.report(
            Diagnostic::error(
                "type-mismatch",
                source.caller.span,
                format!(
                    "`{}` is {}, callers' ids are {}",
                    source.caller.text,
                    column.data_type,
                    kind.name()
                ),
            )
            .label("not of the type that `caller id` says"),
        );
    }
    if let Some(column) = relation.column(&source.role.text)
        && !matches!(column.kind(), Kind::Text | Kind::Enum)
    {
        context.report(
            Diagnostic::error(
                "type-mismatch",
                source.role.span,
                format!(
                    "`{}` is {}, roles are text",
                    source.role.text, column.data_type
                ),
            )
            .label("expected text or an enum"),
        );
    }
    if !relation.is_unique(&[&source.tenant.text, &source.caller.text]) {
        context.report(Diagnostic::note(
            "several-memberships",
            source.table.span,
            format!(
                "`{}` can hold several rows for one person and tenant: the highest role counts",
                relation.name
            ),
        ));
    }
    let condition = source
        .condition
        .as_ref()
        .and_then(|condition| conditions::condition(context, relation, condition));
    if let Some(written) = &source.condition
        && condition.as_ref().is_some_and(names_caller_or_clock)
    {
        context.report(
            Diagnostic::error(
                "membership-condition",
                written.span,
                "who belongs to a tenant must not depend on the caller or the time",
            )
            .label("only columns and literals here"),
        );
    }
    Some(Members {
        table,
        tenant: tenant?,
        caller: caller?,
        role: role?,
        condition,
    })
}

fn names_caller_or_clock(condition: &crate::condition::Condition) -> bool {
    use crate::condition::Operand;
    let mut found = false;
    condition.for_each_operand(&mut |operand| {
        found |= !matches!(operand, Operand::Column(_) | Operand::Literal(_));
    });
    found
}
