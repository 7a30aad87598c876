//! Whether foreign keys hold between seeded rows.
//!
//! Elsewhere the server sees to that, once the triggers of foreign keys are set to fire always; on
//! a database in use nothing is set. Seeded rows point to seeded rows only, and those are known.

use crate::verify::schema::{ForeignKey, RelationIndex, Schema};
use crate::verify::world::{Row, World, value};

/// A foreign key that would not hold with this row there, in place of another if one is given.
pub(in crate::verify) fn broken<'s>(
    schema: &'s Schema,
    world: &World,
    index: RelationIndex,
    row: &Row,
    replaced: Option<&Row>,
) -> Option<&'s str> {
    let relation = schema.get(index)?;
    let outgoing = relation.foreign_keys.iter().find(|key| {
        let Some((target, own, other)) = sides(schema, index, key) else {
            return false;
        };
        let Some(pairs) = pairs(row, &own, &other) else {
            return false;
        };
        let itself = target == index && has(row, &pairs);
        !itself && world.matching(target, &pairs).next().is_none()
    });
    let incoming = || {
        let replaced = replaced?;
        let mut keys = schema
            .relations
            .iter()
            .enumerate()
            .flat_map(|(from, of)| of.foreign_keys.iter().map(move |key| (from, key)));
        let lost = keys.find(|(from, key)| {
            let Some((target, own, other)) = sides(schema, *from, key) else {
                return false;
            };
            let Some(pairs) = pairs(replaced, &other, &own).filter(|_| target == index) else {
                return false;
            };
            let still = other
                .iter()
                .all(|column| value(row, *column) == value(replaced, *column));
            !still && world.matching(*from, &pairs).next().is_some()
        });
        lost.map(|(_, key)| key.name.as_str())
    };
    outgoing.map(|key| key.name.as_str()).or_else(incoming)
}

type Sides = (RelationIndex, Vec<usize>, Vec<usize>);

/// The table that is referred to, and the columns on either side.
fn sides(schema: &Schema, from: RelationIndex, key: &ForeignKey) -> Option<Sides> {
    let to = schema.reference(schema.get(from)?, key)?;
    let (own, other) = to.pairs.into_iter().unzip();
    Some((to.target, own, other))
}

/// The row's values in some columns, beside the other columns; none if one of them is NULL.
fn pairs<'r>(row: &'r Row, from: &[usize], to: &[usize]) -> Option<Vec<(usize, &'r str)>> {
    let both = from.iter().zip(to);
    both.map(|(from, to)| Some((*to, value(row, *from)?)))
        .collect()
}

fn has(row: &Row, pairs: &[(usize, &str)]) -> bool {
    pairs
        .iter()
        .all(|(column, wanted)| value(row, *column) == Some(*wanted))
}
