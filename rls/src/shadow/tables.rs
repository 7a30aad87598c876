//! The shadow's tables: columns and their types.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use policy_core::Catalogue;
use policy_core::catalogue::{Column, ColumnDefault, RelationKind};
use postgres::Transaction;

use super::{Intention, Names, ShadowError};
use crate::live::Live;
use crate::sql;

/// The roles that generated SQL names.
const ROLES: &str = "
do $$
declare
  wanted text;
begin
  foreach wanted in array array['anon', 'authenticated', 'service_role', 'countersign_edge'] loop
    if not exists (select from pg_catalog.pg_roles r where r.rolname = wanted) then
      execute format('create role %I nologin', wanted);
    end if;
  end loop;
end $$;
";

/// Whether the server knows some types, and where a type of the same name is if it does not.
const TYPES: &str = "
select w.name, pg_catalog.to_regtype(w.name) is not null,
  (select pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(t.typname)
   from pg_catalog.pg_type t join pg_catalog.pg_namespace n on n.oid = t.typnamespace
   where t.typname = w.base and n.nspname <> $3
   order by n.nspname limit 1)
from unnest($1::text[], $2::text[]) w (name, base)";

/// Creates the schemas, the roles that are missing, and the tables.
pub(super) fn make(
    transaction: &mut Transaction<'_>,
    intention: Intention<'_>,
    live: Option<&Live>,
    names: &Names,
) -> Result<(), ShadowError> {
    let make = |what| move |source| ShadowError::Make { what, source };
    let schemas = format!(
        "create schema {}; create schema {}",
        sql::name(&names.tables),
        sql::name(&names.helpers)
    );
    transaction
        .batch_execute(&schemas)
        .map_err(make("the schemas"))?;
    transaction
        .batch_execute(ROLES)
        .map_err(make("the roles"))?;
    let columns = columns(intention, live);
    let types = types(transaction, &columns, names).map_err(make("the types"))?;
    let mut text = types.made;
    for relation in &intention.catalogue.relations {
        if relation.kind == RelationKind::View {
            continue;
        }
        let of = columns
            .iter()
            .filter(|column| column.table == relation.name);
        let list: Vec<String> = of
            .map(|column| {
                let known = types.known.get(&column.data_type);
                let data_type = known.map_or("text", String::as_str);
                format!("{} {data_type}", sql::name(&column.column.name))
            })
            .collect();
        let table = sql::qualified(&names.tables, &relation.name);
        let _ = writeln!(text, "create table {table} ({});", list.join(", "));
    }
    for sequence in sequences(intention.catalogue) {
        let name = sql::qualified(&names.tables, &sequence);
        let _ = writeln!(text, "create sequence {name};");
    }
    transaction.batch_execute(&text).map_err(make("the tables"))
}

/// A column of the shadow with the type it is to have.
struct Shadowed<'a> {
    table: &'a str,
    column: &'a Column,
    data_type: String,
}

fn columns<'a>(intention: Intention<'a>, live: Option<&Live>) -> Vec<Shadowed<'a>> {
    let (from, to) = (
        format!("{}.", sql::name(&intention.catalogue.schema)),
        format!("{}.", sql::name(&intention.policy.schema)),
    );
    let mut columns = Vec::new();
    for relation in &intention.catalogue.relations {
        let table = live.and_then(|live| live.table(&relation.name));
        for column in &relation.columns {
            let same = table.and_then(|table| table.column(&column.name));
            let data_type = match (same, column.data_type.strip_prefix(&from)) {
                (Some(column), _) => column.data_type.clone(),
                (None, Some(name)) => format!("{to}{name}"),
                (None, None) => column.data_type.clone(),
            };
            columns.push(Shadowed {
                table: &relation.name,
                column,
                data_type,
            });
        }
    }
    columns
}

struct Types {
    /// What a type is called on this server.
    known: BTreeMap<String, String>,
    /// The statements that make those enums that the server lacks.
    made: String,
}

fn types(
    transaction: &mut Transaction<'_>,
    columns: &[Shadowed<'_>],
    names: &Names,
) -> Result<Types, postgres::Error> {
    let wanted: BTreeMap<&str, &Column> = columns
        .iter()
        .map(|column| (column.data_type.as_str(), column.column))
        .collect();
    let full: Vec<&str> = wanted.keys().copied().collect();
    let bases: Vec<String> = full.iter().map(|name| base(name).to_owned()).collect();
    let mut types = Types {
        known: BTreeMap::new(),
        made: String::new(),
    };
    for row in transaction.query(TYPES, &[&full, &bases, &names.tables])? {
        let (name, known, elsewhere): (String, bool, Option<String>) =
            (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        let labels = wanted.get(name.as_str()).map(|column| &column.labels);
        let found = match (known, labels, elsewhere) {
            (true, _, _) => Some(name.clone()),
            (false, Some(labels), _) if !labels.is_empty() => {
                let own = sql::qualified(&names.tables, base(&name));
                let labels: Vec<String> = labels.iter().map(|label| sql::literal(label)).collect();
                let _ = writeln!(
                    types.made,
                    "create type {own} as enum ({});",
                    labels.join(", ")
                );
                Some(own)
            }
            (false, _, Some(elsewhere)) => Some(format!("{elsewhere}{}", modifier(&name))),
            // Of an extension that this server lacks: no policy can ask anything of it here.
            (false, _, None) => None,
        };
        if let Some(found) = found {
            types.known.insert(name, found);
        }
    }
    Ok(types)
}

/// A type's name without its schema and modifier.
fn base(data_type: &str) -> &str {
    let plain = data_type.split(['(', '[']).next().unwrap_or(data_type);
    let name = plain.rsplit('.').next().unwrap_or(plain);
    name.trim_matches('"')
}

/// The modifier of a type's name, e.g. `(768)`.
fn modifier(data_type: &str) -> &str {
    data_type
        .find(['(', '['])
        .and_then(|at| data_type.get(at..))
        .unwrap_or_default()
}

const COUNTER: &str = "nextval('";

/// The names of the sequences behind the defaults of the catalogue's own columns.
fn sequences(catalogue: &Catalogue) -> Vec<String> {
    let mut names: Vec<String> = defaults(catalogue).filter_map(sequence).collect();
    names.sort();
    names.dedup();
    names
}

/// Makes every counting default count on a sequence of another schema.
pub(super) fn move_sequences(catalogue: &mut Catalogue, schema: &str) {
    for column in catalogue.relations.iter_mut().flat_map(|r| &mut r.columns) {
        if let ColumnDefault::Expression(text) = &mut column.default
            && let Some(name) = sequence(text)
        {
            *text = format!("{COUNTER}{}'::regclass)", sql::qualified(schema, &name));
        }
    }
}

fn defaults(catalogue: &Catalogue) -> impl Iterator<Item = &str> {
    let columns = catalogue.relations.iter().flat_map(|r| &r.columns);
    columns.filter_map(|column| match &column.default {
        ColumnDefault::Expression(text) => Some(text.as_str()),
        _ => None,
    })
}

/// The name of the sequence that a default counts on, without its schema.
fn sequence(default: &str) -> Option<String> {
    let name = default
        .strip_prefix(COUNTER)?
        .strip_suffix("'::regclass)")?;
    Some(base(name).to_owned())
}
