//! The preflight: how many rows each role reads now, and how many under the policy.
//!
//! It runs on the database itself, after the constraints hold and before the switch, and ends with a
//! rollback. Now: a count as that person, in their role. After: a count with the conditions of the
//! policies to come, by helpers that are made within the transaction. Nothing that others use is
//! locked.

use std::fmt::Write as _;

use policy_core::Policy;

use super::{Context, quote};
use crate::generate;
use crate::live::Table;
use crate::sql;
use crate::sql::lex;

/// How many people of a role are asked.
const PEOPLE: usize = 25;

/// The script, if the policy has members to ask.
pub(super) fn script(context: &Context<'_>, policy: &Policy) -> String {
    let mut text = format!(
        "-- What the switch changes for people: rows that each role reads now, and under the policy.
-- Run it as a role that row-level security does not bind, after the files of \"Hold\" and before those of \"Switch\":
--   psql -X -f preflight.sql
-- It changes nothing: it ends with a rollback. Of each role the first {PEOPLE} people are asked.
-- A condition that looks into another table is counted as its owner sees that table.

begin;
set local lock_timeout = '2s';
set local statement_timeout = '10min';
set local search_path = '';
set local client_min_messages = warning;

"
    );
    for section in context
        .sections
        .iter()
        .filter(|s| ["callers", "roles"].contains(&s.name.as_str()))
    {
        for statement in lex::statements(&section.body) {
            let words = lex::tokens(&statement);
            let first = words.iter().find(|token| token.counts());
            // What the section checks of tables is checked when it is applied.
            if first.is_some_and(|token| !token.is("do")) {
                let _ = writeln!(text, "{statement};");
            }
        }
    }
    let mut lines = Vec::new();
    for goal in &context.goal.live.tables {
        lines.push(format!(
            "    ({}, {},\n      {},\n      {})",
            sql::literal(&goal.name),
            sql::literal(&quote::relation(goal)),
            sql::literal(&readable(goal, "authenticated")),
            sql::literal(&readable(goal, "anon"))
        ));
    }
    let _ = write!(
        text,
        "
create temporary table preflight_tables (\"table\" text, relation text, member text, anon text) on commit drop;
insert into pg_temp.preflight_tables values
{};

create temporary table preflight_people (role text, id text) on commit drop;
insert into pg_temp.preflight_people values ('anon', null), ('in no tenant', pg_catalog.gen_random_uuid()::text);
{}
create temporary table preflight (role text, person text, \"table\" text, now bigint, after bigint) on commit drop;
do $$
declare
  v_person record;
  v_table  record;
  v_now    bigint;
  v_after  bigint;
begin
  for v_person in
    select p.role, p.id from (
      select q.role, q.id, row_number() over (partition by q.role order by q.id) as n from pg_temp.preflight_people q) p
    where p.n <= {PEOPLE}
  loop
    perform set_config('request.jwt.claims',
      case when v_person.id is null then '' else jsonb_build_object('sub', v_person.id, 'role', 'authenticated')::text end, true);
    for v_table in select * from pg_temp.preflight_tables loop
      v_now := 0;
      if to_regclass(v_table.relation) is not null then
        begin
          perform set_config('role', case when v_person.id is null then 'anon' else 'authenticated' end, true);
          execute format('select count(*) from %s', v_table.relation) into v_now;
          perform set_config('role', 'none', true);
        exception when insufficient_privilege then
          v_now := 0;
        end;
      end if;
      execute format('select count(*) from %s where %s', v_table.relation,
        case when v_person.id is null then v_table.anon else v_table.member end) into v_after;
      insert into pg_temp.preflight values (v_person.role, v_person.id, v_table.\"table\", v_now, v_after);
    end loop;
  end loop;
end $$;

select p.role, count(distinct coalesce(p.person, '')) as people, p.\"table\", sum(p.now) as now, sum(p.after) as after,
  sum(greatest(p.now - p.after, 0)) as lost, sum(greatest(p.after - p.now, 0)) as gained
from pg_temp.preflight p
join pg_catalog.pg_class c on c.oid = (select t.relation::regclass from pg_temp.preflight_tables t where t.\"table\" = p.\"table\")
group by p.role, p.\"table\"
having sum(p.now) > 0 or sum(p.after) > 0
order by p.role, p.\"table\";

rollback;
",
        lines.join(",\n"),
        people(context, policy),
    );
    text
}

/// The condition under which a role reads a row, once the policies are there.
fn readable(table: &Table, role: &str) -> String {
    let granted = table
        .grants
        .iter()
        .any(|grant| grant.grantee == role && grant.privilege == "select");
    let of = |permissive: bool| -> Vec<&str> {
        table
            .policies
            .iter()
            .filter(|policy| policy.permissive == permissive)
            .filter(|policy| ["select", "all"].contains(&policy.command.as_str()))
            .filter(|policy| policy.roles.iter().any(|r| r == role || r == "public"))
            .filter_map(|policy| policy.using.as_deref())
            .collect()
    };
    let opening = of(true);
    if !granted || opening.is_empty() {
        return "false".to_owned();
    }
    let mut parts = vec![format!("({})", opening.join(" or "))];
    parts.extend(of(false).into_iter().map(str::to_owned));
    parts.join(" and ")
}

/// Who is asked: everybody in a table of memberships, by the highest role they have anywhere.
fn people(context: &Context<'_>, policy: &Policy) -> String {
    let Some(tenant) = &policy.tenant else {
        return String::new();
    };
    let mut sources: Vec<String> = tenant
        .members
        .iter()
        .filter_map(|members| {
            let table = policy.table_at(members.table)?;
            Some(format!(
                "select m.{}::text from {} m",
                sql::name(table.column_name(members.caller)),
                sql::qualified(context.schema, &table.name)
            ))
        })
        .collect();
    sources.sort();
    sources.dedup();
    let mut text = format!(
        "do $$
declare
  v_id text;
begin
  for v_id in select distinct s.id from ({}) s (id) where s.id is not null loop
    perform set_config('request.jwt.claims', jsonb_build_object('sub', v_id, 'role', 'authenticated')::text, true);
    insert into pg_temp.preflight_people values (case",
        sources.join(" union all ")
    );
    for role in tenant.roles.iter().rev() {
        let helper = sql::qualified(
            generate::SCHEMA,
            &sql::fitting(&format!("{}_{role}", policy.app)),
        );
        let _ = write!(
            text,
            "\n      when exists (select from {helper}()) then {}",
            sql::literal(role)
        );
    }
    text.push_str("\n      else 'no role' end, v_id);\n  end loop;\nend $$;\n");
    text
}
