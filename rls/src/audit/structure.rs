//! Tables and columns against the snapshot that the policy was checked against.

use policy_core::Catalogue;
use policy_core::catalogue::{Column, ColumnDefault, Relation, RelationKind};

use super::finding::{Finding, Object};
use super::kinds::{
    CHECK_MISSING, COLUMN_DEFAULT, COLUMN_MISSING, COLUMN_NULLABLE, COLUMN_TYPE, COLUMN_UNKNOWN,
    KEY_MISSING, TABLE_MISSING, TABLE_UNKNOWN, TENANT_DEFAULT, TENANT_NULLABLE, VIEW_MISSING,
};
use super::scene::Scene;
use crate::sql;

pub(super) fn look(scene: &Scene<'_>, found: &mut Vec<Finding>) {
    let known = moved(scene.catalogue, &scene.policy.schema);
    for relation in &known.relations {
        let live = scene.live.catalogue.relation(&relation.name);
        match (relation.kind, live) {
            (RelationKind::View, None) => {
                let object = Object::new("view", scene.relation(&relation.name));
                found.push(Finding::new(&VIEW_MISSING, object, "it is not there"));
            }
            (_, None) => {
                let object = Object::of("table", scene.relation(&relation.name), &relation.name);
                found.push(Finding::new(&TABLE_MISSING, object, "it is not there"));
            }
            (RelationKind::View, Some(_)) => {}
            (_, Some(live)) => table(scene, relation, live, found),
        }
    }
    for table in &scene.live.tables {
        if known.relation(&table.name).is_none() {
            let object = Object::of("table", scene.relation(&table.name), &table.name);
            let detail = format!(
                "it has {} columns and {} policies",
                table.columns.len(),
                table.policies.len()
            );
            found.push(Finding::new(&TABLE_UNKNOWN, object, detail));
        }
    }
}

/// The catalogue with its names in the schema that is looked at.
fn moved(catalogue: &Catalogue, schema: &str) -> Catalogue {
    let mut catalogue = catalogue.clone();
    if catalogue.schema == schema {
        return catalogue;
    }
    let (from, to) = (
        format!("{}.", sql::name(&catalogue.schema)),
        format!("{}.", sql::name(schema)),
    );
    for column in catalogue.relations.iter_mut().flat_map(|r| &mut r.columns) {
        if let Some(name) = column.data_type.strip_prefix(&from) {
            column.data_type = format!("{to}{name}");
        }
        if let ColumnDefault::Expression(text) = &mut column.default {
            *text = text.replace(&from, &to);
        }
    }
    catalogue
}

fn table(scene: &Scene<'_>, known: &Relation, live: &Relation, found: &mut Vec<Finding>) {
    let relation = scene.relation(&known.name);
    let object = |column: &str| {
        Object::of(
            "column",
            format!("{relation}.{}", sql::name(column)),
            &known.name,
        )
    };
    for column in &known.columns {
        match live.columns.iter().find(|other| other.name == column.name) {
            Some(live) => self::column(scene, &known.name, column, live, found),
            None => {
                let tenant = scene.tenant_column(&known.name) == Some(&column.name);
                let more = if tenant {
                    "; it is what tells tenants apart"
                } else {
                    ""
                };
                let detail = format!("it should be of type {}{more}", column.data_type);
                let add = format!(
                    "alter table {relation} add column {} {};",
                    sql::name(&column.name),
                    column.data_type
                );
                found.push(Finding::new(&COLUMN_MISSING, object(&column.name), detail).mended(add));
            }
        }
    }
    for column in &live.columns {
        if known.columns.iter().all(|other| other.name != column.name) {
            let detail = format!("it is of type {}", column.data_type);
            found.push(Finding::new(&COLUMN_UNKNOWN, object(&column.name), detail));
        }
    }
    let keys = std::iter::once(("primary key", &known.primary_key))
        .chain(known.unique.iter().map(|key| ("unique", key)));
    for (word, key) in keys.filter(|(_, key)| !key.is_empty()) {
        let there = &live.primary_key == key || (word == "unique" && live.unique.contains(key));
        let possible = key
            .iter()
            .all(|name| live.columns.iter().any(|c| &c.name == name));
        if !there && possible {
            let columns = sql::names(key.iter().map(String::as_str));
            let object = Object::of("key", format!("({columns}) of {relation}"), &known.name);
            let detail = format!("no {word} key on these columns");
            found.push(
                Finding::new(&KEY_MISSING, object, detail)
                    .mended(format!("alter table {relation} add {word} ({columns});")),
            );
        }
    }
}

/// One column that is on both sides.
fn column(scene: &Scene<'_>, table: &str, known: &Column, live: &Column, found: &mut Vec<Finding>) {
    let (relation, name) = (scene.relation(table), sql::name(&known.name));
    let object = || Object::of("column", format!("{relation}.{name}"), table);
    let alter = format!("alter table {relation} alter column {name}");
    let tenant = scene.tenant_column(table) == Some(known.name.as_str())
        && scene.tenant_tables().any(|(of, _)| of.name == table);
    if known.data_type != live.data_type {
        let detail = format!("is {}, intended {}", live.data_type, known.data_type);
        found.push(Finding::new(&COLUMN_TYPE, object(), detail).mended(format!(
            "{alter} type {} using {name}::{};",
            known.data_type, known.data_type
        )));
    }
    if live.nullable && !known.nullable {
        let kind = if tenant {
            &TENANT_NULLABLE
        } else {
            &COLUMN_NULLABLE
        };
        found.push(
            Finding::new(kind, object(), "it admits NULL").mended(format!("{alter} set not null;")),
        );
    }
    match &live.default {
        ColumnDefault::Constant(value) if tenant => {
            let detail = format!("its default is {}", sql::literal(value));
            found.push(
                Finding::new(&TENANT_DEFAULT, object(), detail)
                    .mended(format!("{alter} drop default;")),
            );
        }
        default if *default != known.default => {
            let detail = format!("is {}, intended {}", said(default), said(&known.default));
            let mend = match &known.default {
                ColumnDefault::None => Some(format!("{alter} drop default;")),
                ColumnDefault::Constant(value) => {
                    Some(format!("{alter} set default {};", sql::literal(value)))
                }
                ColumnDefault::Expression(text) if !text.starts_with("generated") => {
                    Some(format!("{alter} set default {text};"))
                }
                ColumnDefault::Expression(_) | ColumnDefault::Generated => None,
            };
            found.push(Finding::new(&COLUMN_DEFAULT, object(), detail).perhaps_mended(mend));
        }
        _ => {}
    }
    values(known, live, &relation, object, found);
}

/// The values that a column admits.
fn values(
    known: &Column,
    live: &Column,
    relation: &str,
    object: impl Fn() -> Object,
    found: &mut Vec<Finding>,
) {
    let sorted = |labels: &[String]| {
        let mut labels = labels.to_vec();
        labels.sort();
        labels
    };
    if !known.one_of.is_empty() && sorted(&known.one_of) != sorted(&live.one_of) {
        let is = if live.one_of.is_empty() {
            "anything".to_owned()
        } else {
            live.one_of.join(", ")
        };
        let detail = format!("it admits {is}, intended {}", known.one_of.join(", "));
        let labels: Vec<String> = known
            .one_of
            .iter()
            .map(|label| sql::literal(label))
            .collect();
        let add = format!(
            "alter table {relation} add check ({} in ({})) not valid;",
            sql::name(&known.name),
            labels.join(", ")
        );
        found.push(Finding::new(&CHECK_MISSING, object(), detail).mended(add));
    } else if !known.labels.is_empty()
        && !live.labels.is_empty()
        && sorted(&known.labels) != sorted(&live.labels)
    {
        let detail = format!(
            "its type has {}, intended {}",
            live.labels.join(", "),
            known.labels.join(", ")
        );
        found.push(Finding::new(&CHECK_MISSING, object(), detail));
    }
}

fn said(default: &ColumnDefault) -> String {
    match default {
        ColumnDefault::None => "NULL".to_owned(),
        ColumnDefault::Constant(value) => sql::literal(value),
        ColumnDefault::Expression(text) => text.clone(),
        ColumnDefault::Generated => "generated".to_owned(),
    }
}
