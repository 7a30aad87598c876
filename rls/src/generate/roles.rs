//! One helper for each role: the tenants where the caller has it, or one above it; and one for each
//! role and attribute that rules ask for together.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use policy_core::condition::{Condition, Operand};
use policy_core::model::{AttributeIndex, Members, Rank, RoleSource, Subject, Tenant};

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
    body.push_str(&of_teams(context));
    owner_check(context, tenant, &mut body);
    let heading = declaration(context);
    Some(Section {
        name: "roles".to_owned(),
        heading,
        body,
    })
}

/// The helpers of teams.
pub(super) fn of_teams(context: &Context<'_>) -> String {
    let mut text = String::new();
    let tenant = context.policy.tenant.as_ref();
    let root = tenant.and_then(|tenant| Some((tenant, context.policy.table_at(tenant.root)?)));
    let key =
        root.and_then(|(tenant, root)| Some((tenant, root.columns.get(usize::from(tenant.key))?)));
    if let Some((tenant, key)) = key {
        for team in teams(context) {
            team_helper(context, tenant, &key.data_type, team, &mut text);
        }
    }
    text
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
    let sources = tenant.members.iter();
    let sources = sources.filter_map(|members| source(context, tenant, members, rank, None));
    let what = format!("Where the caller is {}.", at_least(tenant, rank));
    let returns = format!("setof {key}");
    function(&context.helper(rank), &what, &returns, sources, text);
}

/// The same with what each membership says beside the role; rows that say nothing equal nothing.
fn team_helper(
    context: &Context<'_>,
    tenant: &Tenant,
    key: &str,
    (rank, attribute): (Rank, AttributeIndex),
    text: &mut String,
) {
    let Some(of) = tenant.attributes.get(usize::from(attribute)) else {
        return;
    };
    let sources = tenant.members.iter();
    let sources =
        sources.filter_map(|members| source(context, tenant, members, rank, Some(attribute)));
    let what = format!(
        "Where the caller is {}, with the {} of that membership.",
        at_least(tenant, rank),
        of.name
    );
    let returns = format!("table (tenant {key}, value {})", of.data_type);
    function(
        &context.team_helper(rank, attribute),
        &what,
        &returns,
        sources,
        text,
    );
}

fn at_least(tenant: &Tenant, rank: Rank) -> String {
    let above = if rank == tenant.top() {
        ""
    } else {
        " or above"
    };
    format!("{}{above}", tenant.role(rank))
}

fn function(
    name: &str,
    what: &str,
    returns: &str,
    sources: impl Iterator<Item = String>,
    text: &mut String,
) {
    let sources: Vec<String> = sources.collect();
    let body = if sources.is_empty() {
        "return;".to_owned()
    } else {
        format!("return query\n    {};", sources.join("\n    union\n    "))
    };
    let _ = writeln!(
        text,
        "-- {what}
create or replace function {name}() returns {returns}
  language plpgsql stable parallel safe security definer rows 10
  set search_path = ''
as $$
begin
  {body}
end $$;
revoke execute on function {name}() from public, anon;
grant execute on function {name}() to authenticated;
",
    );
}

/// The memberships of one source with at least this rank; `None` if it never gives that, or never
/// says what is asked.
fn source(
    context: &Context<'_>,
    tenant: &Tenant,
    members: &Members,
    rank: Rank,
    attribute: Option<AttributeIndex>,
) -> Option<String> {
    let table = context.policy.table_at(members.table)?;
    let column = |column| sql::name(table.column_name(column)).into_owned();
    let rows = Rows {
        row: "m",
        in_function: true,
        ..Rows::open(context, table, Role::Authenticated)
    };
    let mut tests = vec![format!(
        "m.{} = {}",
        column(members.caller),
        context.caller_id()
    )];
    match members.role {
        RoleSource::Always(given) if given < rank => return None,
        RoleSource::Always(_) => {}
        RoleSource::Column(role) => {
            let roles: Vec<String> = (rank..=tenant.top())
                .rev()
                .map(|rank| sql::literal(tenant.role(rank)))
                .collect();
            tests.push(format!("m.{} in ({})", column(role), roles.join(", ")));
        }
    }
    let mut selected = format!("m.{}", column(members.tenant));
    if let Some(attribute) = attribute {
        let said = (*members.attributes.get(usize::from(attribute))?)?;
        let _ = write!(selected, ", m.{}", column(said));
        let is_null = Condition::IsNull(Operand::Column(said));
        if asks(members, &is_null) {
            return None;
        }
        if !table.not_null.contains(said) && !asks(members, &Condition::Not(Box::new(is_null))) {
            tests.push(format!("m.{} is not null", column(said)));
        }
    }
    if members.condition.is_some() {
        let counted = condition(&rows, members.condition.as_ref());
        tests.push(match counted {
            Test::Any(_) => counted.block(0, 6, Place::Alternative),
            other => other.inline(Place::Alternative),
        });
    }
    Some(format!(
        "select {selected} from {} m\n    where {}",
        context.relation(&table.name),
        tests.join("\n      and ")
    ))
}

/// Whether memberships of a source count only where this holds.
fn asks(members: &Members, wanted: &Condition) -> bool {
    match &members.condition {
        Some(Condition::All(parts)) => parts.contains(wanted),
        Some(condition) => condition == wanted,
        None => false,
    }
}

/// The ranks and attributes that rules ask for together, in order.
pub(super) fn teams(context: &Context<'_>) -> BTreeSet<(Rank, AttributeIndex)> {
    let tables = context.policy.tables.iter();
    let rules = tables.flat_map(|table| &table.rules);
    rules
        .filter_map(|rule| match rule.subject {
            Subject::Team(team) => Some((team.rank, team.attribute)),
            _ => None,
        })
        .collect()
}

/// The helpers see all memberships only if row-level security does not bind their owner.
fn owner_check(context: &Context<'_>, tenant: &Tenant, text: &mut String) {
    let teams = teams(context);
    let functions: Vec<String> = (1..=tenant.top())
        .map(|rank| context.helper(rank))
        .chain(
            teams
                .into_iter()
                .map(|(rank, attribute)| context.team_helper(rank, attribute)),
        )
        .map(|name| format!("'{}()'::regprocedure", name.replace('\'', "''")))
        .collect();
    let mut tables: Vec<String> = tenant
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
    tables.dedup();
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
