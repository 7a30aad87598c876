//! Whether seeded rows can keep clear of live ones.
//!
//! A unique index makes a live insert wait for a seeded row with the same values. So every unique
//! index must have a column in which seeded rows have a value that nobody else has.

use std::collections::BTreeSet;

use policy_core::condition::Operand;
use policy_core::model::{Policy, Subject, TableIndex};
use policy_core::value::Literal;

use crate::verify::error::VerifyError;
use crate::verify::people::conditions;
use crate::verify::schema::{Column, Relation, RelationIndex, Schema, at, relation_of};
use crate::verify::session::Session;

use super::catalogue;

/// How far a column is followed along foreign keys.
const DEPTH: usize = 6;

/// For each table of the policy why its rows cannot be seeded beside live ones, if so.
pub(in crate::verify) async fn obstacles(
    session: &Session,
    schema: &Schema,
    policy: &Policy,
) -> Result<Vec<Option<String>>, VerifyError> {
    let catalogue = catalogue::read(session).await?;
    let mut own: Vec<Option<String>> = Vec::new();
    for (index, relation) in schema.relations.iter().enumerate() {
        let same = |t: &&catalogue::Table| t.schema == relation.schema && t.name == relation.name;
        let awkward = catalogue
            .tables
            .iter()
            .find(same)
            .and_then(|t| t.awkward.clone());
        let full = format!("{}.{}", relation.schema, relation.name);
        let shared = || {
            let of = relation.uniques.iter().find(|unique| {
                let columns = relation.positions(&unique.columns);
                !columns
                    .iter()
                    .any(|c| is_own(schema, policy, index, *c, DEPTH))
            });
            of.map(|unique| unique.name.clone())
        };
        own.push(match awkward {
            Some(names) => Some(format!(
                "rows of {full} could collide with live ones: what {names} makes of a row cannot be foreseen"
            )),
            None => shared().map(|name| {
                format!("rows of {full} could collide with live ones: {name} has no column whose values can be drawn at random")
            }),
        });
    }
    let tables = (0..).zip(&policy.tables);
    Ok(tables
        .map(|(index, _): (TableIndex, _)| {
            let around = around(schema, policy, index);
            let keyless = schema
                .get(relation_of(index))
                .is_some_and(|of| of.key().is_empty());
            if keyless {
                return Some(
                    "it has no key, so its seeded rows cannot be told from live ones".to_owned(),
                );
            }
            around
                .into_iter()
                .find_map(|index| own.get(index).cloned().flatten())
        })
        .collect())
}

/// The tables that rows are seeded in for the cells of one.
fn around(schema: &Schema, policy: &Policy, index: TableIndex) -> BTreeSet<RelationIndex> {
    let mut all = BTreeSet::new();
    let mut open = vec![relation_of(index)];
    if let Some(tenant) = &policy.tenant {
        open.push(relation_of(tenant.root));
        open.extend(
            tenant
                .members
                .iter()
                .map(|members| relation_of(members.table)),
        );
    }
    while let Some(next) = open.pop() {
        if !all.insert(next) {
            continue;
        }
        let keys = schema.get(next).into_iter().flat_map(|of| &of.foreign_keys);
        open.extend(keys.filter_map(|key| schema.find(&key.schema, &key.target)));
        let table = TableIndex::try_from(next)
            .ok()
            .and_then(|table| policy.table_at(table));
        let Some(table) = table else { continue };
        open.extend(table.parents.iter().map(|parent| relation_of(parent.table)));
        open.extend(table.rules.iter().filter_map(|rule| match rule.subject {
            Subject::Peer(peer) => Some(relation_of(peer.table)),
            _ => None,
        }));
    }
    all
}

/// Whether seeded rows have values in the column that no live row has.
fn is_own(
    schema: &Schema,
    policy: &Policy,
    index: RelationIndex,
    position: usize,
    depth: usize,
) -> bool {
    let Some((relation, column)) = schema
        .get(index)
        .and_then(|of| Some((of, of.columns.get(position)?)))
    else {
        return false;
    };
    let fixed = named(policy, index, position);
    match column.base.as_str() {
        "uuid" if !fixed => return true,
        "text" | "citext" if !fixed && is_open(relation, column) => return true,
        _ => {}
    }
    let advances = column
        .default
        .as_deref()
        .is_some_and(|d| d.contains("nextval("));
    let stays_null = !column.not_null && column.default.is_none() && !fixed;
    if column.identity || advances && !fixed || stays_null {
        return true;
    }
    let mut keys = relation.foreign_keys.iter();
    depth > 0
        && keys.any(|key| {
            schema.reference(relation, key).is_some_and(|to| {
                let named = to.named(position);
                named.is_some_and(|other| is_own(schema, policy, to.target, other, depth - 1))
            })
        })
}

/// Whether a text of the verifier's own is surely accepted.
fn is_open(relation: &Relation, column: &Column) -> bool {
    let plain = column.data_type == "text" || column.data_type.ends_with("citext");
    let mut checks = relation.checks.iter();
    plain && column.default.is_none() && !checks.any(|check| check.columns.contains(&column.name))
}

/// Whether some condition holds the column against a constant or the caller's e-mail: then rows
/// have that value.
fn named(policy: &Policy, index: RelationIndex, position: usize) -> bool {
    let table = TableIndex::try_from(index)
        .ok()
        .and_then(|table| policy.table_at(table));
    let Some(table) = table else { return false };
    let members = policy.tenant.iter().flat_map(|tenant| &tenant.members);
    let members = members.filter(|members| relation_of(members.table) == index);
    let filters = members.filter_map(|members| members.condition.as_ref());
    conditions(table).chain(filters).any(|condition| {
        let mut given = false;
        condition.for_each_operand(&mut |operand| {
            given |= match operand {
                Operand::CallerEmail | Operand::CallerAal => true,
                Operand::Literal(literal) => !matches!(literal, Literal::Bool(_)),
                _ => false,
            };
        });
        // Lists and patterns are constants too, and two columns that are held against each other
        // get the same few values.
        let listed = condition.columns().len() > 1 || {
            let text = format!("{condition:?}");
            ["OneOf(", "Like("].iter().any(|form| text.contains(form))
        };
        let mut columns = condition.columns().iter();
        columns.any(|column| at(column) == position) && (given || listed)
    })
}
