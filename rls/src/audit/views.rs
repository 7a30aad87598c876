//! Views that show more than their caller may see.

use super::finding::{Finding, Object};
use super::kinds::{MATVIEW, VIEW_DEFINER};
use super::scene::{CLIENTS, Scene, holds};
use crate::live::ViewKind;
use crate::sql;

pub(super) fn look(scene: &Scene<'_>, found: &mut Vec<Finding>) {
    for view in &scene.live.views {
        let name = sql::qualified(&view.schema, &view.name);
        let own = view.schema == scene.policy.schema;
        let readable = holds(&view.grants, &CLIENTS, "select");
        let tables: Vec<String> = view
            .reads
            .iter()
            .map(|of| sql::qualified(&of.schema, &of.name))
            .collect();
        let detail = format!("it reads {} as {}", tables.join(", "), view.owner);
        match view.kind {
            ViewKind::View => {
                let known = own && scene.catalogue.relation(&view.name).is_some();
                if !view.security_invoker && (readable || known) {
                    let mend = format!("alter view {name} set (security_invoker = true);");
                    found.push(
                        Finding::new(&VIEW_DEFINER, Object::new("view", &name), detail)
                            .mended(mend),
                    );
                }
            }
            ViewKind::Materialized if readable => {
                let mend = format!("revoke all on {name} from {};", CLIENTS.join(", "));
                let object = Object::new("materialized view", &name);
                found.push(Finding::new(&MATVIEW, object, detail).mended(mend));
            }
            ViewKind::Materialized => {}
        }
    }
}
