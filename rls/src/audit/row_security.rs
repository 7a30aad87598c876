//! Whether row-level security is on at all.

use super::finding::{Finding, Object};
use super::kinds::{RLS_ELSEWHERE, RLS_FORCED, RLS_OFF};
use super::scene::{API, Scene, holds};
use crate::live::TableKind;

pub(super) fn look(scene: &Scene<'_>, found: &mut Vec<Finding>) {
    for table in &scene.live.tables {
        let relation = scene.relation(&table.name);
        let object = || Object::of("table", &relation, &table.name);
        let plain = table.kind == TableKind::Table && !table.inherits && !table.has_rules;
        if !plain {
            let mut roles = vec!["public"];
            roles.extend(API);
            let open: Vec<&str> = ["select", "insert", "update", "delete"]
                .into_iter()
                .filter(|privilege| holds(&table.grants, &roles, privilege))
                .collect();
            if !open.is_empty() {
                let what = match table.kind {
                    TableKind::Foreign => "a foreign table",
                    TableKind::Partitioned => "the parent of partitions",
                    TableKind::Table if table.has_rules => "a table with rewrite rules",
                    TableKind::Table => "part of a partitioning or an inheritance",
                };
                let detail = format!("it is {what}; granted to clients: {}", open.join(", "));
                let revoke = format!("revoke all on {relation} from {};", roles.join(", "));
                // What the policy gives on a table it knows is not taken away.
                let known = scene
                    .policy
                    .table(&table.name)
                    .is_some_and(|of| of.is_named());
                found.push(
                    Finding::new(&RLS_ELSEWHERE, object(), detail)
                        .perhaps_mended((!known).then_some(revoke)),
                );
            }
        }
        if !table.row_security && table.kind != TableKind::Foreign {
            let policies = match table.policies.len() {
                0 => "it has no policies either".to_owned(),
                1 => "its policy is not applied".to_owned(),
                many => format!("its {many} policies are not applied"),
            };
            found.push(
                Finding::new(&RLS_OFF, object(), policies)
                    .mended(format!("alter table {relation} enable row level security;")),
            );
        }
        if table.forced {
            found.push(
                Finding::new(
                    &RLS_FORCED,
                    object(),
                    format!("its owner is {}", table.owner),
                )
                .mended(format!(
                    "alter table {relation} no force row level security;"
                )),
            );
        }
    }
}
