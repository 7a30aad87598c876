//! One helper for each role: the tenants where the caller has it, or one above it.

use std::fmt::Write as _;

use policy_core::model::{Members, Rank, Tenant};

use super::condition::condition;
use super::rows::Rows;
use super::{Context, Role, Section, table};
use crate::sql;
use crate::sql::test::{Place, Test};

pub(super) fn section(context: &Context<'_>) -> Option<Section> {
    let tenant = context.policy.tenant.as_ref()?;
    let root = context.policy.table_at(tenant.root)?;
    let key = root.columns.get(usize::from(tenant.key))?;
    let mut body = String::new();
    for rank in 1..=tenant.top() {
        helper(context, tenant, &key.data_type, rank, &mut body);
    }
    owner_check(context, tenant, &mut body);
    let heading = declaration(context);
    Some(Section {
        name: "roles".to_owned(),
        heading,
        body,
    })
}

/// The policy's own declaration of tenants and roles.
fn declaration(context: &Context<'_>) -> Vec<String> {
    let at = context
        .source
        .lines()
        .position(|line| line.trim_start().starts_with("tenant "));
    let line = at.and_then(|at| u32::try_from(at + 1).ok());
    line.map_or_else(
        || vec!["Roles".to_owned()],
        |line| table::block(context.source, line),
    )
}

/// As definer, because the policies of the membership table ask it themselves. In plpgsql, because
/// that keeps its plan: 8 microseconds a call where `language sql` takes 32.
fn helper(context: &Context<'_>, tenant: &Tenant, key: &str, rank: Rank, text: &mut String) {
    let function = context.helper(rank);
    let roles: Vec<String> = (rank..=tenant.top())
        .rev()
        .map(|rank| sql::literal(tenant.role(rank)))
        .collect();
    let sources: Vec<String> = tenant
        .members
        .iter()
        .filter_map(|members| source(context, members, &roles.join(", ")))
        .collect();
    let above = if rank == tenant.top() {
        ""
    } else {
        " or above"
    };
    let _ = writeln!(
        text,
        "-- Where the caller is {role}{above}.
create or replace function {function}() returns setof {key}
  language plpgsql stable parallel safe security definer rows 10
  set search_path = ''
as $$
begin
  return query
    {sources};
end $$;
revoke execute on function {function}() from public, anon;
grant execute on function {function}() to authenticated;
",
        role = tenant.role(rank),
        sources = sources.join("\n    union\n    "),
    );
}

fn source(context: &Context<'_>, members: &Members, roles: &str) -> Option<String> {
    let table = context.policy.table_at(members.table)?;
    let column = |column| sql::name(table.column_name(column)).into_owned();
    let rows = Rows {
        row: "m",
        in_function: true,
        ..Rows::open(context, table, Role::Authenticated)
    };
    let mut tests = vec![
        format!("m.{} = {}", column(members.caller), context.caller_id()),
        format!("m.{} in ({roles})", column(members.role)),
    ];
    if members.condition.is_some() {
        let counted = condition(&rows, members.condition.as_ref());
        tests.push(match counted {
            Test::Any(_) => counted.block(0, 6, Place::Alternative),
            other => other.inline(Place::Alternative),
        });
    }
    Some(format!(
        "select m.{} from {} m\n    where {}",
        column(members.tenant),
        context.relation(&table.name),
        tests.join("\n      and ")
    ))
}

/// The helpers see all memberships only if row-level security does not bind their owner.
fn owner_check(context: &Context<'_>, tenant: &Tenant, text: &mut String) {
    let functions: Vec<String> = (1..=tenant.top())
        .map(|rank| {
            format!(
                "'{}()'::regprocedure",
                context.helper(rank).replace('\'', "''")
            )
        })
        .collect();
    let tables: Vec<String> = tenant
        .members
        .iter()
        .filter_map(|members| context.policy.table_at(members.table))
        .map(|table| {
            format!(
                "'{}'::regclass",
                context.relation(&table.name).replace('\'', "''")
            )
        })
        .collect();
    let _ = writeln!(
        text,
        "-- The helpers read memberships as their owner. Were the owner bound by row-level security, they would find none,
-- and nobody would see anything; so the membership tables must not FORCE it either.
do $$
begin
  if exists (
    select from pg_catalog.pg_proc p
    join pg_catalog.pg_roles o on o.oid = p.proowner
    join pg_catalog.pg_class t on t.oid in ({tables})
    where p.oid in (
      {functions})
      and not (o.rolsuper or o.rolbypassrls
        or (pg_catalog.pg_has_role(o.oid, t.relowner, 'usage') and not t.relforcerowsecurity))
  ) then
    raise exception using
      message = 'row-level security would bind the helpers in schema countersign',
      hint = 'Apply this file as the owner of the membership tables or as a role with BYPASSRLS, and do not FORCE row-level security there.';
  end if;
end $$;",
        tables = tables.join(", "),
        functions = functions.join(",\n      "),
    );
}
