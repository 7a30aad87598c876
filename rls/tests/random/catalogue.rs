//! What the checker is told of a world.

use policy_core::catalogue::{
    Catalogue, Column, ColumnDefault, ForeignKey, Function, Relation, RelationKind,
};

use crate::door::Door;
use crate::sort::{HANDLE, MOOD};
use crate::world::{Default, Field, SUBJECT, Stage};

/// The stages' tables, and the views and functions before them.
pub(crate) fn catalogue(stages: &[Stage], doors: &[Door]) -> Catalogue {
    let words = |all: &[&str]| all.iter().map(|&word| word.to_owned()).collect();
    let relations = stages.iter().map(|stage| {
        let tenant = stage.columns.iter().any(|field| field.name == "firm_id");
        let mut unique = Vec::new();
        let mut foreign_keys = Vec::new();
        if tenant {
            unique.push(words(&["id", "firm_id"]));
            foreign_keys.push(ForeignKey {
                name: format!("{}_firm_id_fkey", stage.name),
                columns: words(&["firm_id"]),
                table: "firms".to_owned(),
                references: words(&["id"]),
                on_delete: "cascade".to_owned(),
            });
        }
        if stage.name == "staff" {
            unique.push(words(&["firm_id", "person_id"]));
        }
        if let Some(link) = stage.parent {
            let (columns, references) = if link.composite {
                (words(&[link.column, "firm_id"]), words(&["id", "firm_id"]))
            } else {
                (words(&[link.column]), words(&["id"]))
            };
            foreign_keys.push(ForeignKey {
                name: format!("{}_{}_fkey", stage.name, link.column),
                columns,
                table: link.table.to_owned(),
                references,
                on_delete: "cascade".to_owned(),
            });
        }
        let mut indexes = vec![words(&["id"])];
        indexes.extend(unique.clone());
        Relation {
            name: stage.name.to_owned(),
            kind: RelationKind::Table,
            columns: stage.columns.iter().map(column).collect(),
            primary_key: words(&["id"]),
            unique,
            foreign_keys,
            indexes,
            other_indexes: Vec::new(),
            triggers: Vec::new(),
            security_invoker: false,
        }
    });
    let views = doors.iter().filter(|door| !door.function).map(|door| {
        let of = |&at: &usize| Column {
            // PostgreSQL does not say of a view's columns that they are never NULL.
            nullable: true,
            default: ColumnDefault::None,
            ..column(&stages[door.table].columns[at])
        };
        Relation {
            name: door.name.clone(),
            kind: RelationKind::View,
            columns: door.columns.iter().map(of).collect(),
            primary_key: Vec::new(),
            unique: Vec::new(),
            foreign_keys: Vec::new(),
            indexes: Vec::new(),
            other_indexes: Vec::new(),
            triggers: Vec::new(),
            security_invoker: true,
        }
    });
    let functions = doors
        .iter()
        .filter(|door| door.function)
        .map(|door| Function {
            name: door.name.clone(),
            arguments: Vec::new(),
            argument_names: Vec::new(),
            returns: format!("SETOF {}", stages[door.table].name),
            returns_relation: Some(stages[door.table].name.to_owned()),
            trigger: false,
            security_definer: false,
            volatile: false,
            iterative_scans: Vec::new(),
        });
    Catalogue {
        schema: "rnd".to_owned(),
        relations: relations.chain(views).collect(),
        functions: functions.collect(),
    }
}

fn column(field: &Field) -> Column {
    let expression = |text: &str| ColumnDefault::Expression(text.to_owned());
    Column {
        name: field.name.clone(),
        data_type: field.sort.data_type.to_owned(),
        nullable: field.nullable,
        default: match &field.default {
            Default::None => ColumnDefault::None,
            Default::Constant(text) => ColumnDefault::Constant((*text).to_owned()),
            Default::Now => expression("now()"),
            Default::Caller if *field.sort == HANDLE => expression(SUBJECT),
            Default::Caller => expression("auth.uid()"),
            Default::Fresh => expression("gen_random_uuid()"),
        },
        labels: if *field.sort == MOOD {
            MOOD.values.iter().map(|&label| label.to_owned()).collect()
        } else {
            Vec::new()
        },
        one_of: Vec::new(),
        collation: String::new(),
    }
}
