//! Policies and grants, in the sections in which they are generated.
//!
//! A section sets right everything it speaks of, so one is applied whole where anything of it
//! differs. What else opens the same table is dropped in the same transaction, by the name and the
//! definition that were read.

use super::step::{Phase, Statement, Step};
use super::{Context, code, quote};
use crate::generate::{self, Section};
use crate::live::{Function, Policy, Table};
use crate::sql;
use crate::sql::lex;

/// The sections that differ.
pub(super) fn access(context: &mut Context<'_>) {
    let sections = context.sections;
    for section in sections {
        let table = section.name.strip_prefix("table.");
        match (table, section.name.as_str()) {
            (Some(name), _) => table_section(context, name, section),
            (None, "callers" | "roles") => {
                if helpers_differ(context, section) {
                    push(
                        context,
                        Phase::Helpers,
                        &section.name,
                        section,
                        Vec::new(),
                        Vec::new(),
                    );
                }
            }
            (None, "schema") => {
                if schema_differs(context) {
                    let down = restore_schema(context);
                    push(context, Phase::Helpers, "schema", section, Vec::new(), down);
                }
            }
            (None, "closed") => closed(context, section),
            (None, name) => {
                if context.code_changed || code_grants_differ(context) {
                    let down = restore_functions(context);
                    let name = format!("{name}_grants");
                    push(context, Phase::Code, &name, section, Vec::new(), down);
                }
            }
        }
    }
}

fn push(
    context: &mut Context<'_>,
    phase: Phase,
    name: &str,
    section: &Section,
    first: Vec<Statement>,
    down: Vec<Statement>,
) {
    let mut step = Step::new(phase, name, "Generated from the policy:");
    step.about.extend(
        section
            .heading
            .iter()
            .map(|line| format!("  {line}").trim_end().to_owned()),
    );
    step.up = first;
    step.up.extend(
        lex::statements(&section.body)
            .into_iter()
            .map(Statement::new),
    );
    step.down = down;
    context.steps.push(step);
}

fn table_section(context: &mut Context<'_>, name: &str, section: &Section) {
    let Some(goal) = context.goal.live.table(name) else {
        return;
    };
    let live = context.live.live.table(name);
    if live.is_some_and(|live| same_access(context, live, goal))
        && !helpers_differ(context, section)
    {
        return;
    }
    let (first, down) = match live {
        Some(live) => (drop_others(live), restore(context, live, goal)),
        None => (Vec::new(), Vec::new()),
    };
    push(
        context,
        Phase::Access,
        &format!("policy_{name}"),
        section,
        first,
        down,
    );
}

/// Tables that the policy does not name are closed by one section together.
fn closed(context: &mut Context<'_>, section: &Section) {
    let mut differs = false;
    let (mut first, mut down) = (Vec::new(), Vec::new());
    for goal in &context.goal.live.tables {
        let named = context
            .sections
            .iter()
            .any(|s| s.name == format!("table.{}", goal.name));
        let Some(live) = context.live.live.table(&goal.name).filter(|_| !named) else {
            differs |= !named;
            continue;
        };
        if !same_access(context, live, goal) {
            differs = true;
            first.extend(drop_others(live));
            down.extend(restore(context, live, goal));
        }
    }
    if differs {
        push(context, Phase::Access, "closed", section, first, down);
    }
}

fn same_access(context: &Context<'_>, live: &Table, goal: &Table) -> bool {
    let triggers = |table: &Table| {
        let of: Vec<_> = table
            .triggers
            .iter()
            .filter(|trigger| code::of_policy(context, goal, &trigger.name))
            .map(|trigger| (trigger.definition.clone(), trigger.enabled))
            .collect();
        of
    };
    live.row_security == goal.row_security
        && live.forced == goal.forced
        && live.policies == goal.policies
        && quote::decided(&live.grants) == quote::decided(&goal.grants)
        && triggers(live) == triggers(goal)
}

/// Functions that a section makes.
fn helpers_differ(context: &Context<'_>, section: &Section) -> bool {
    let find = |of: &'_ [Function], wanted: &Function| -> Option<Function> {
        of.iter()
            .find(|f| {
                f.schema == wanted.schema
                    && f.name == wanted.name
                    && f.arguments == wanted.arguments
            })
            .cloned()
    };
    context.goal.live.functions.iter().any(|wanted| {
        let made = format!(
            "create or replace function {}(",
            sql::qualified(&wanted.schema, &wanted.name)
        );
        if wanted.schema != generate::SCHEMA || !section.body.contains(&made) {
            return false;
        }
        let key = (
            wanted.schema.clone(),
            wanted.name.clone(),
            wanted.arguments.join(", "),
        );
        let known = find(&context.live.live.functions, wanted);
        context.live.functions.get(&key) != context.goal.functions.get(&key)
            || known
                .is_none_or(|known| quote::decided(&known.grants) != quote::decided(&wanted.grants))
    })
}

fn schema_differs(context: &Context<'_>) -> bool {
    let grants = |of: &crate::live::Live| {
        let schema = of
            .schemas
            .iter()
            .find(|schema| schema.name == context.schema);
        schema.map(|schema| {
            quote::decided(&schema.grants)
                .into_iter()
                .cloned()
                .collect::<Vec<_>>()
        })
    };
    let sequences = |of: &crate::live::Live| {
        let all: Vec<_> = of
            .sequences
            .iter()
            .map(|s| {
                (
                    s.name.clone(),
                    quote::decided(&s.grants)
                        .into_iter()
                        .cloned()
                        .collect::<Vec<_>>(),
                )
            })
            .collect();
        all
    };
    let (live, goal) = (&context.live.live, &context.goal.live);
    // What later objects start with: nothing for the API's roles, and functions closed to everybody.
    let opened = live.default_grants.iter().any(|of| {
        of.owner == live.server.caller
            && of.schema.as_deref() == Some(context.schema)
            && of
                .grants
                .iter()
                .any(|grant| ["anon", "authenticated"].contains(&grant.grantee.as_str()))
    });
    let closed = live.default_grants.iter().any(|of| {
        of.owner == live.server.caller
            && of.schema.is_none()
            && of.kind == "functions"
            && !of.grants.iter().any(|grant| grant.grantee == "public")
    });
    grants(live) != grants(goal) || sequences(live) != sequences(goal) || opened || !closed
}

fn code_grants_differ(context: &Context<'_>) -> bool {
    let (live, goal) = (&context.live.live, &context.goal.live);
    let functions = goal.functions_of(context.schema).any(|wanted| {
        let known = live
            .functions_of(context.schema)
            .find(|f| f.name == wanted.name && f.arguments == wanted.arguments);
        known.is_none_or(|known| quote::decided(&known.grants) != quote::decided(&wanted.grants))
    });
    let views = goal
        .views
        .iter()
        .filter(|view| view.schema == context.schema)
        .any(|wanted| {
            let known = live.view(&wanted.name);
            known
                .is_none_or(|known| quote::decided(&known.grants) != quote::decided(&wanted.grants))
        });
    functions || views
}

/// Drops the policies that no section makes, if they are what was read.
fn drop_others(live: &Table) -> Vec<Statement> {
    let others: Vec<&Policy> = live
        .policies
        .iter()
        .filter(|policy| !policy.name.starts_with("countersign_"))
        .collect();
    if others.is_empty() {
        return Vec::new();
    }
    let values: Vec<String> = others
        .iter()
        .map(|policy| {
            let text = |test: &Option<String>| sql::literal(test.as_deref().unwrap_or_default());
            format!(
                "    ({}, {}, {}, {},\n      {},\n      {})",
                sql::literal(&policy.name),
                sql::literal(if policy.permissive {
                    "PERMISSIVE"
                } else {
                    "RESTRICTIVE"
                }),
                sql::literal(&policy.command.to_uppercase()),
                sql::literal(&policy.roles.join(",")),
                text(&policy.using),
                text(&policy.check)
            )
        })
        .collect();
    let guard = format!(
        "-- What is dropped below is what was read; anything else on this table stops the file.
do $$
declare
  found text;
begin
  select pg_catalog.string_agg(pg_catalog.quote_ident(p.policyname), ', ') into found
  from pg_catalog.pg_policies p
  where p.schemaname = {} and p.tablename = {} and p.policyname not like 'countersign\\_%'
    and (p.policyname::text, p.permissive, p.cmd, pg_catalog.array_to_string(p.roles, ','), coalesce(p.qual, ''), coalesce(p.with_check, '')) not in (values
{});
  if found is not null then
    raise exception using
      message = 'policies that are new or not what they were when this file was written: ' || found,
      hint = 'Run countersign diff again.';
  end if;
end $$",
        sql::literal(&live.schema),
        sql::literal(&live.name),
        values.join(",\n")
    );
    let mut statements = vec![Statement::new(guard)];
    statements.extend(others.iter().map(|policy| {
        Statement::new(format!(
            "drop policy {} on {}",
            sql::name(&policy.name),
            quote::relation(live)
        ))
    }));
    statements
}

/// What brings a table's access back to what was read.
fn restore(context: &Context<'_>, live: &Table, goal: &Table) -> Vec<Statement> {
    let relation = quote::relation(live);
    let mut statements = Vec::new();
    for policy in &goal.policies {
        statements.push(format!(
            "drop policy if exists {} on {relation}",
            sql::name(&policy.name)
        ));
    }
    for trigger in goal
        .triggers
        .iter()
        .filter(|trigger| code::of_policy(context, goal, &trigger.name))
    {
        statements.push(format!(
            "drop trigger if exists {} on {relation}",
            sql::name(&trigger.name)
        ));
    }
    statements.extend(
        live.policies
            .iter()
            .map(|policy| quote::policy(live, policy)),
    );
    if !live.row_security {
        statements.push(format!("alter table {relation} disable row level security"));
    }
    statements.extend(quote::grants(&relation, &live.grants));
    statements.into_iter().map(Statement::new).collect()
}

/// What brings the schema's grants back, and what later objects start with.
fn restore_schema(context: &Context<'_>) -> Vec<Statement> {
    let live = &context.live.live;
    let schema = sql::name(context.schema);
    let mut statements = Vec::new();
    if let Some(known) = live
        .schemas
        .iter()
        .find(|known| known.name == context.schema)
    {
        statements.extend(quote::grants(&format!("schema {schema}"), &known.grants));
    }
    for sequence in &live.sequences {
        let name = sql::qualified(&sequence.schema, &sequence.name);
        statements.extend(quote::grants(&format!("sequence {name}"), &sequence.grants));
    }
    let own = |of: &&crate::live::DefaultGrants| of.owner == live.server.caller;
    for of in live.default_grants.iter().filter(own) {
        if of.schema.as_deref() != Some(context.schema) {
            continue;
        }
        for grant in quote::decided(&of.grants) {
            statements.push(format!(
                "alter default privileges in schema {schema} grant {} on {} to {}",
                grant.privilege, of.kind, grant.grantee
            ));
        }
    }
    let mut all = live.default_grants.iter().filter(own);
    if !all.any(|of| of.schema.is_none() && of.kind == "functions") {
        statements.push("alter default privileges grant execute on functions to public".to_owned());
    }
    statements.into_iter().map(Statement::new).collect()
}

/// What brings the grants back of functions that were there and stay.
fn restore_functions(context: &Context<'_>) -> Vec<Statement> {
    let goal = &context.goal.live;
    let stays = |known: &&Function| {
        let same = |f: &Function| f.name == known.name && f.arguments == known.arguments;
        goal.functions_of(context.schema).any(same)
    };
    let known = context.live.live.functions_of(context.schema).filter(stays);
    known
        .flat_map(|known| {
            let name = sql::qualified(&known.schema, &known.name);
            let name = format!("function {name}({})", known.arguments.join(", "));
            quote::grants(&name, &known.grants)
        })
        .map(Statement::new)
        .collect()
}
