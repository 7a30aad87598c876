//! The declaration of tenants and roles.

use super::conditions;
use super::context::Context;
use crate::catalogue::Relation;
use crate::columns::ColumnIndex;
use crate::condition::{Condition, Operand};
use crate::diagnostic::Diagnostic;
use crate::model::{Attribute, Found, Members, RoleSource, Tenant};
use crate::syntax::{KEYWORDS, tree};
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
    let mut tenant = Tenant {
        root,
        key,
        found,
        members: Vec::new(),
        roles,
        attributes: Vec::new(),
        keep_top: declared.keep.is_some(),
    };
    for source in &declared.members {
        let members = members(context, &mut tenant, source);
        tenant.members.extend(members);
    }
    let attributes = tenant.attributes.len();
    for members in &mut tenant.members {
        members.attributes.resize(attributes, None);
    }
    founder(context, &tenant, declared);
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
    Some(tenant)
}

/// Whoever creates a tenant must be able to become its top role.
fn founder(context: &mut Context<'_>, tenant: &Tenant, declared: &tree::Tenant) {
    let (Some(found), Some((author, _))) = (tenant.found, &declared.found) else {
        return;
    };
    if tenant.members.is_empty() || tenant.founding(found).is_some() {
        return;
    }
    context.report(
        Diagnostic::error(
            "found-nobody",
            author.span,
            "no source of memberships can make the founder a member of the top role",
        )
        .label("a member by which row?")
        .help("one `members` must have a role column, or end in `as` and the top role; if it is the tenants' own table, `found by` names its column with the caller"),
    );
}

fn members(
    context: &mut Context<'_>,
    declared: &mut Tenant,
    source: &tree::Members,
) -> Option<Members> {
    let (table, relation) = context.table(&source.table)?;
    let tenant = context.column(relation, &source.tenant);
    let caller = context.column(relation, &source.caller);
    let (role, rest) = role(context, declared, relation, source)?;
    let kind = context.caller_id;
    let named = [&source.tenant, &source.caller];
    let role_name = role
        .column()
        .and_then(|_| source.more.first())
        .map(|first| &first.column);
    for name in named.into_iter().chain(role_name) {
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
    let single = relation.is_unique(&[&source.tenant.text])
        || relation.is_unique(&[&source.tenant.text, &source.caller.text]);
    if !single {
        context.report(Diagnostic::note(
            "several-memberships",
            source.table.span,
            format!(
                "`{}` can hold several rows for one person and tenant: the highest role counts",
                relation.name
            ),
        ));
    }
    let attributes = attributes(context, declared, relation, rest);
    let condition = source
        .condition
        .as_ref()
        .and_then(|condition| conditions::condition(context, relation, condition));
    if let (Some(written), Some(condition)) = (&source.condition, &condition) {
        timeless(context, written, condition);
    }
    Some(Members {
        table,
        tenant: tenant?,
        caller: caller?,
        role,
        attributes,
        condition,
    })
}

/// Which role the rows of a source give, and the columns behind that.
fn role<'s>(
    context: &mut Context<'_>,
    tenant: &Tenant,
    relation: &Relation,
    source: &'s tree::Members,
) -> Option<(RoleSource, &'s [tree::Attribute])> {
    if let Some(role) = &source.role {
        let rank = context.rank(Some(tenant), role)?;
        return Some((RoleSource::Always(rank), &source.more));
    }
    let Some((first, rest)) = source.more.split_first() else {
        context.report(
            Diagnostic::error(
                "no-role",
                source.table.span,
                format!("which role does a row of `{}` give?", relation.name),
            )
            .label("no role")
            .help("name the column with the role behind the caller's, or write `as <role>` behind the columns"),
        );
        return None;
    };
    if let Some(name) = &first.name {
        context.report(
            Diagnostic::error(
                "no-role",
                name.span,
                "the column behind the caller's holds the role, which needs no other name",
            )
            .label("only what comes behind the role has a name for rules")
            .help("put the column with the role first, or write `as <role>` behind the columns"),
        );
    }
    let column = context.column(relation, &first.column)?;
    if let Some(of) = relation.column(&first.column.text)
        && !matches!(of.kind(), Kind::Text | Kind::Enum)
    {
        context.report(
            Diagnostic::error(
                "type-mismatch",
                first.column.span,
                format!(
                    "`{}` is {}, roles are text",
                    first.column.text, of.data_type
                ),
            )
            .label("expected text or an enum"),
        );
    }
    Some((RoleSource::Column(column), rest))
}

/// The columns of a source that rules may hold rows against, in the order of all sources' names.
fn attributes(
    context: &mut Context<'_>,
    tenant: &mut Tenant,
    relation: &Relation,
    written: &[tree::Attribute],
) -> Vec<Option<ColumnIndex>> {
    let mut columns = vec![None; tenant.attributes.len()];
    for attribute in written {
        let name = attribute.name();
        let (Some(column), Some(of)) = (
            context.column(relation, &attribute.column),
            relation.column(&attribute.column.text),
        ) else {
            continue;
        };
        if of.kind() == Kind::Opaque {
            context.report(
                Diagnostic::error(
                    "opaque-type",
                    attribute.column.span,
                    "values of this type are not compared the same by every server and client",
                )
                .label(of.data_type.clone())
                .help("use a uuid, a whole number or text"),
            );
        }
        let known = tenant.attributes.iter().position(|of| of.name == name.text);
        let position = known.unwrap_or_else(|| {
            tenant.attributes.push(Attribute {
                name: name.text.clone(),
                kind: of.kind(),
                data_type: of.data_type.clone(),
            });
            columns.push(None);
            tenant.attributes.len() - 1
        });
        if let Some(known) = tenant.attributes.get(position)
            && known.data_type != of.data_type
        {
            context.report(
                Diagnostic::error(
                    "type-mismatch",
                    attribute.column.span,
                    format!(
                        "`{}` is {} here and {} in another source",
                        name.text, of.data_type, known.data_type
                    ),
                )
                .label("two types"),
            );
        }
        match columns.get_mut(position) {
            Some(slot @ None) => *slot = Some(column),
            _ => context.report(
                Diagnostic::error(
                    "repeated-column",
                    name.span,
                    format!("`{}` is named twice", name.text),
                )
                .label("again"),
            ),
        }
    }
    columns
}

/// Who belongs to a tenant must be the same whoever asks, and should be the same in a moment.
fn timeless(context: &mut Context<'_>, written: &tree::Condition, condition: &Condition) {
    let (mut asks_caller, mut asks_clock) = (false, false);
    condition.for_each_operand(&mut |operand| match operand {
        Operand::Column(_) | Operand::Literal(_) => {}
        Operand::Now => asks_clock = true,
        _ => asks_caller = true,
    });
    if asks_caller {
        context.report(
            Diagnostic::error(
                "membership-condition",
                written.span,
                "who belongs to a tenant must not depend on who asks",
            )
            .label("only columns, literals and `now()` here"),
        );
    }
    if asks_clock {
        context.report(
            Diagnostic::warning(
                "membership-clock",
                written.span,
                "a membership that ends by itself is still written in the tokens and caches made before",
            )
            .label("the database asks the clock each time, they do not")
            .help("keep tokens short-lived, or end memberships by a job that changes the row"),
        );
    }
}
