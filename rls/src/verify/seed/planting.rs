//! Statements that put rows in place.

use super::Draft;
use crate::verify::schema::Relation;
use crate::verify::sql;
use crate::verify::world::Row;

/// A statement that sets off no triggers but those of foreign keys.
pub(in crate::verify) fn quietly(statement: &str) -> String {
    format!(
        "set local session_replication_role = replica; {statement}; set local session_replication_role = origin"
    )
}

pub(super) fn insertion(relation: &Relation, draft: &Draft) -> String {
    let (mut names, mut texts) = (Vec::new(), Vec::new());
    for (column, slot) in relation.columns.iter().zip(draft) {
        if let Some(value) = slot
            .as_ref()
            .filter(|_| column.identity || !column.generated)
        {
            names.push(sql::name(&column.name));
            texts.push(sql::literal(value.as_deref()));
        }
    }
    if names.is_empty() {
        return format!("insert into {} default values", relation.qualified());
    }
    format!(
        "insert into {} ({}) overriding system value values ({})",
        relation.qualified(),
        names.join(", "),
        texts.join(", ")
    )
}

/// Inserts a whole row as it stands; in place of the one with the same key, if that is there.
pub(in crate::verify) fn planting(relation: &Relation, row: &Row, replace: bool) -> String {
    if !replace {
        let draft: Draft = row.iter().cloned().map(Some).collect();
        return insertion(relation, &draft);
    }
    let key = relation.key();
    let pairs = |inside: bool| -> Vec<String> {
        let of = relation.columns.iter().enumerate().zip(row);
        of.filter(|((at, column), _)| key.contains(at) == inside && !column.generated)
            .map(|((_, column), value)| {
                format!(
                    "{} = {}",
                    sql::name(&column.name),
                    sql::literal(value.as_deref())
                )
            })
            .collect()
    };
    let (set, at) = (pairs(false).join(", "), pairs(true).join(" and "));
    format!("update {} set {set} where {at}", relation.qualified())
}
