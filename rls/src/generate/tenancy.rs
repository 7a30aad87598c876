//! What keeps tenants alive: the founder's membership, and the last of the top role.

use std::fmt::Write as _;

use policy_core::columns::ColumnIndex;
use policy_core::condition::{Comparison, Condition, Operand};
use policy_core::model::{Found, Members, Place, RoleSource, Table, Tenant};
use policy_core::value::Literal;

use super::condition::condition;
use super::rows::Rows;
use super::{Context, Role, grants};
use crate::sql;
use crate::sql::test::{Place as Position, Test, all, any};

/// Writes the triggers that this table needs as the tenant root or as a source of memberships.
pub(super) fn write(context: &Context<'_>, table: &Table, text: &mut String) {
    let Some(tenant) = &context.policy.tenant else {
        return;
    };
    if let (Place::Root(key), Some(found)) = (table.place, tenant.found) {
        founding(context, tenant, table, key, found, text);
    }
    if tenant.keep_top {
        keeping(context, tenant, table, text);
    }
}

/// Whoever creates a tenant becomes its first member, with the top role.
fn founding(
    context: &Context<'_>,
    tenant: &Tenant,
    root: &Table,
    key: ColumnIndex,
    found: Found,
    text: &mut String,
) {
    let members = tenant
        .founding(found)
        .and_then(|position| tenant.members.get(position));
    // On the tenants' own table the signature is the membership.
    let Some(members) = members.filter(|members| members.table != tenant.root) else {
        return;
    };
    let Some(source) = context.policy.table_at(members.table) else {
        return;
    };
    let column = |column| sql::name(source.column_name(column)).into_owned();
    let role = sql::literal(tenant.role(tenant.top()));
    let (key, author) = (
        sql::name(root.column_name(key)),
        sql::name(root.column_name(found.author)),
    );
    let mut columns = vec![column(members.tenant), column(members.caller)];
    let mut values = vec![format!("new.{key}"), format!("new.{author}")];
    if let RoleSource::Column(of) = members.role {
        columns.push(column(of));
        values.push(role);
    }
    for (of, literal) in required(members) {
        columns.push(column(of));
        values.push(sql::constant(literal));
    }
    let (relation, function) = (context.relation(&root.name), context.function("found"));
    let _ = writeln!(
        text,
        "\n-- Whoever creates a tenant becomes its first {top}. As definer: nobody else may add the first member.
create or replace function {function}() returns trigger
  language plpgsql
  security definer
  set search_path = ''
as $$
begin
  insert into {into} ({columns})
  values ({values});
  return null;
end $$;
revoke execute on function {function}() from {everybody};
drop trigger if exists zz_countersign_found on {relation};
create trigger zz_countersign_found after insert on {relation}
  for each row when (new.{author} is not null)
  execute function {function}();",
        top = tenant.role(tenant.top()),
        into = context.relation(&source.name),
        columns = columns.join(", "),
        values = values.join(", "),
        everybody = grants::EVERYBODY,
    );
}

/// The columns that must have a certain value for a row to be a membership.
fn required(members: &Members) -> Vec<(ColumnIndex, &Literal)> {
    let parts = match &members.condition {
        None => return Vec::new(),
        Some(Condition::All(parts)) => parts.as_slice(),
        Some(one) => std::slice::from_ref(one),
    };
    parts
        .iter()
        .filter_map(|part| match part {
            Condition::Compare(
                Comparison::Equal,
                Operand::Column(column),
                Operand::Literal(literal),
            ) => Some((*column, literal)),
            _ => None,
        })
        .collect()
}

/// A tenant keeps at least one member of the top role. Two who leave at once must not both see the
/// other still there, so each first locks the tenant's row.
fn keeping(context: &Context<'_>, tenant: &Tenant, table: &Table, text: &mut String) {
    let Some(root) = context.policy.table_at(tenant.root) else {
        return;
    };
    if tenant
        .members
        .iter()
        .any(|of| is_for_good(tenant, root, of))
    {
        return;
    }
    let own: Vec<&Members> = context
        .sources(table)
        .filter(|members| may_be_top(tenant, members))
        .collect();
    let Some(first) = own.first() else {
        return;
    };
    let top = tenant.role(tenant.top());
    let key = sql::name(root.column_name(tenant.key));
    let lost = format!("old.{}", sql::name(table.column_name(first.tenant)));
    let was_top = any(own
        .iter()
        .map(|members| is_top(context, tenant, table, members, "old")));
    let left: Vec<String> = tenant
        .members
        .iter()
        .filter(|source| may_be_top(tenant, source))
        .filter_map(|source| {
            let table = context.policy.table_at(source.table)?;
            let of = format!("m.{}", sql::name(table.column_name(source.tenant)));
            let is_top = is_top(context, tenant, table, source, "m");
            let is_top = is_top.inline(Position::Alternative);
            Some(format!(
                "not exists (select 1 from {} m where {of} = {lost} and {is_top})",
                context.relation(&table.name)
            ))
        })
        .collect();
    let (relation, function) = (
        context.relation(&table.name),
        context.function(&format!("{}_keep", table.name)),
    );
    let message = sql::literal(&format!("the last {top} cannot leave"));
    let hint = sql::literal(&format!(
        "Make somebody else {top} first, or delete the {} row.",
        root.name
    ));
    let _ = writeln!(
        text,
        "\n-- A tenant keeps one {top}. The lock makes two who leave at once wait for each other. Where the tenant itself
-- is being deleted there is no row to lock, and nothing to keep.
create or replace function {function}() returns trigger
  language plpgsql
  security definer
  set search_path = ''
as $$
begin
  perform 1 from {root} t where t.{key} = {lost} for no key update;
  if found
    and {left}
  then
    raise exception using
      errcode = 'check_violation',
      message = {message},
      hint = {hint};
  end if;
  return null;
end $$;
revoke execute on function {function}() from {everybody};
drop trigger if exists zz_countersign_keep on {relation};
create constraint trigger zz_countersign_keep after update or delete on {relation}
  for each row when ({was_top})
  execute function {function}();",
        root = context.relation(&root.name),
        left = left.join("\n    and "),
        everybody = grants::EVERYBODY,
        was_top = was_top.inline(Position::Alternative),
    );
}

/// Whether a tenant's own row names somebody of the top role, whatever happens to it.
fn is_for_good(tenant: &Tenant, root: &Table, members: &Members) -> bool {
    members.table == tenant.root
        && members.role == RoleSource::Always(tenant.top())
        && members.condition.is_none()
        && root.not_null.contains(members.caller)
}

/// Whether rows of a source can be of the top role at all.
fn may_be_top(tenant: &Tenant, members: &Members) -> bool {
    match members.role {
        RoleSource::Column(_) => true,
        RoleSource::Always(rank) => rank == tenant.top(),
    }
}

/// Whether a row is a membership of the top role.
fn is_top(
    context: &Context<'_>,
    tenant: &Tenant,
    table: &Table,
    members: &Members,
    row: &str,
) -> Test {
    let role = match members.role {
        RoleSource::Always(_) => Test::True,
        RoleSource::Column(column) => Test::Other(format!(
            "{row}.{} = {}",
            sql::name(table.column_name(column)),
            sql::literal(tenant.role(tenant.top()))
        )),
    };
    let somebody = if table.not_null.contains(members.caller) {
        Test::True
    } else {
        let caller = sql::name(table.column_name(members.caller));
        Test::Other(format!("{row}.{caller} is not null"))
    };
    let rows = Rows {
        row,
        in_function: true,
        ..Rows::open(context, table, Role::Authenticated)
    };
    all([role, somebody, condition(&rows, members.condition.as_ref())])
}
