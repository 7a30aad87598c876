//! Who belongs where, if the database does not say.

use std::path::Path;

use policy_core::Policy;
use postgres::Transaction;

use super::step::{Phase, Step};
use super::{Context, DiffError, goal};
use crate::live::Live;
use crate::sql;

/// The table in which the upgrade finds who belongs where. It is dropped at the end.
const TABLE: &str = "countersign.upgrade_people";

/// A person in a tenant.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Place {
    person: String,
    tenant: String,
    role: Option<String>,
}

/// What was said of who belongs where.
#[derive(Debug, Default)]
pub(super) struct Mapping {
    pub(super) places: Vec<Place>,
    /// People with a role that nothing says anything of.
    pub(super) unmapped: Vec<String>,
    needed: bool,
    /// Whether an upgrade that has stopped left its table.
    left: bool,
}

struct Known {
    id: String,
    name: Option<String>,
}

/// Finds out who belongs where, if a table of memberships has no tenant yet.
pub(super) fn read(
    transaction: &mut Transaction<'_>,
    policy: &Policy,
    live: &Live,
    file: Option<&Path>,
) -> Result<Mapping, DiffError> {
    let left = known(
        transaction,
        &format!("select 'left', null::text where to_regclass('{TABLE}') is not null"),
    )?;
    let left = !left.is_empty();
    let Some((table, caller)) = without_tenant(policy, live) else {
        return Ok(Mapping {
            left,
            ..Mapping::default()
        });
    };
    let Some(tenant) = &policy.tenant else {
        return Ok(Mapping::default());
    };
    let root = policy.table_at(tenant.root);
    let (root_name, key) = root.map_or(("", ""), |root| {
        (root.name.as_str(), root.column_name(tenant.key))
    });
    let tenants = known(
        transaction,
        &format!(
            "select t.{}::text, to_jsonb(t) ->> 'name' from {} t order by 1",
            sql::name(key),
            sql::qualified(&live.schema, root_name)
        ),
    )?;
    let people = known(
        transaction,
        &format!(
            "select distinct t.{c}::text, u.email::text from {} t join auth.users u on u.id = t.{c} order by 1",
            sql::qualified(&live.schema, &table),
            c = sql::name(&caller)
        ),
    )?;
    let shown = |person: &Known| match &person.name {
        Some(name) => format!("{} ({name})", person.id),
        None => person.id.clone(),
    };
    let places = match (file, tenants.as_slice()) {
        (Some(file), _) => {
            let everybody = known(transaction, "select id::text, email::text from auth.users")?;
            parse(file, &goal::read(file)?, &everybody, &tenants)?
        }
        (None, []) => Vec::new(),
        (None, [only]) => people
            .iter()
            .map(|person| Place {
                person: person.id.clone(),
                tenant: only.id.clone(),
                role: None,
            })
            .collect(),
        (None, several) => {
            return Err(DiffError::Mapping {
                table,
                root: root_name.to_owned(),
                count: several.len(),
                people: people.iter().map(shown).collect(),
            });
        }
    };
    let unmapped = people
        .iter()
        .filter(|person| !places.iter().any(|place| place.person == person.id))
        .map(shown)
        .collect();
    Ok(Mapping {
        places,
        unmapped,
        needed: true,
        left,
    })
}

/// A table of memberships whose tenant column is missing or not required yet, and its column with
/// the person.
fn without_tenant(policy: &Policy, live: &Live) -> Option<(String, String)> {
    let members = policy.tenant.iter().flat_map(|tenant| &tenant.members);
    members.into_iter().find_map(|members| {
        let table = policy.table_at(members.table)?;
        let known = live.table(&table.name)?;
        let tenant = table.column_name(members.tenant);
        let open = known.column(tenant).is_none_or(|column| !column.not_null);
        open.then(|| {
            (
                table.name.clone(),
                table.column_name(members.caller).to_owned(),
            )
        })
    })
}

fn known(transaction: &mut Transaction<'_>, query: &str) -> Result<Vec<Known>, DiffError> {
    let rows = transaction
        .query(query, &[])
        .map_err(|source| DiffError::Query {
            what: "read who there is".to_owned(),
            source,
        })?;
    Ok(rows
        .iter()
        .map(|row| Known {
            id: row.get(0),
            name: row.get(1),
        })
        .collect())
}

/// Lines of `person, tenant[, role]`; `#` begins a comment.
fn parse(
    path: &Path,
    text: &str,
    people: &[Known],
    tenants: &[Known],
) -> Result<Vec<Place>, DiffError> {
    let mut places: Vec<Place> = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let line = line.split('#').next().unwrap_or_default().trim();
        if line.is_empty() {
            continue;
        }
        let fail = |fault: String| DiffError::MappingLine {
            path: path.to_owned(),
            line: at + 1,
            fault,
        };
        let parts: Vec<&str> = line.split(',').map(str::trim).collect();
        let (person, tenant, role) = match parts.as_slice() {
            [person, tenant] => (*person, *tenant, None),
            [person, tenant, role] => (*person, *tenant, Some((*role).to_owned())),
            _ => {
                return Err(fail(
                    "a line is: person, tenant, and a role if need be".to_owned(),
                ));
            }
        };
        let place = Place {
            person: find(people, person)
                .ok_or_else(|| fail(format!("nobody in auth.users is \"{person}\"")))?,
            tenant: find(tenants, tenant).ok_or_else(|| {
                fail(format!(
                    "there is no one \"{tenant}\" to belong to, or several have that name"
                ))
            })?,
            role,
        };
        if places
            .iter()
            .any(|known| known.person == place.person && known.tenant == place.tenant)
        {
            return Err(fail(format!(
                "\"{person}\" is named twice for \"{tenant}\""
            )));
        }
        places.push(place);
    }
    Ok(places)
}

/// By id, or by a name that one has.
fn find(of: &[Known], text: &str) -> Option<String> {
    if let Some(known) = of.iter().find(|known| known.id == text) {
        return Some(known.id.clone());
    }
    let mut named = of
        .iter()
        .filter(|known| known.name.as_deref() == Some(text));
    let first = named.next()?;
    named.next().is_none().then(|| first.id.clone())
}

/// The table that the steps written by hand read, and its end.
pub(super) fn steps(context: &mut Context<'_>, mapping: &Mapping) {
    if mapping.needed || mapping.left {
        context.steps.push(
            Step::new(Phase::Contract, "people_gone", "The upgrade has read it.")
                .with(format!("drop table {TABLE}"), None),
        );
    }
    if !mapping.needed {
        return;
    }
    let mut step = Step::new(
        Phase::Foundation,
        "people",
        "Who belongs where, as the mapping file says. Read by the upgrade, closed to everybody else, dropped at the end.",
    )
    .with("create schema if not exists countersign", None)
    .with(format!("drop table if exists {TABLE}"), None)
    .with(
        format!("create table {TABLE} (\n  position  bigint generated always as identity primary key,\n  user_id   uuid not null,\n  tenant_id uuid not null,\n  role      text,\n  unique (user_id, tenant_id)\n)"),
        Some(format!("drop table if exists {TABLE}")),
    )
    .with(format!("alter table {TABLE} enable row level security"), None)
    .with(format!("revoke all on {TABLE} from public, anon, authenticated, service_role"), None);
    let lines: Vec<String> = mapping
        .places
        .iter()
        .map(|place| {
            let role = place
                .role
                .as_deref()
                .map_or("null".to_owned(), sql::literal);
            format!(
                "  ({}, {}, {role})",
                sql::literal(&place.person),
                sql::literal(&place.tenant)
            )
        })
        .collect();
    if !lines.is_empty() {
        step.push(
            format!(
                "insert into {TABLE} (user_id, tenant_id, role) values\n{}",
                lines.join(",\n")
            ),
            None,
        );
    }
    context.steps.push(step);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_names_a_person_and_where_they_belong() {
        let known = |id: &str, name: &str| Known {
            id: id.to_owned(),
            name: Some(name.to_owned()),
        };
        let people = [
            known("1", "ann@example.test"),
            known("2", "bob@example.test"),
        ];
        let tenants = [
            known("a", "North"),
            known("b", "South"),
            known("c", "South"),
        ];
        let read = |text: &str| {
            parse(Path::new("m.csv"), text, &people, &tenants).map_err(|error| error.to_string())
        };
        let places = read("# who\nann@example.test, North # of old\n1, b, rep\n\n").unwrap();
        let found: Vec<_> = places
            .iter()
            .map(|p| (p.person.as_str(), p.tenant.as_str(), p.role.as_deref()))
            .collect();
        assert_eq!(found, [("1", "a", None), ("1", "b", Some("rep"))]);
        for (text, fault) in [
            ("cy, North", "line 1: nobody in auth.users is \"cy\""),
            ("1, South", "several have that name"),
            ("1", "a line is"),
            ("1, a\n1, North", "named twice"),
        ] {
            assert!(read(text).unwrap_err().contains(fault), "{text}");
        }
    }
}
