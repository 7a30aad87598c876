//! A disagreement as SQL that anybody can run.

use super::people::Person;
use super::schema::{RelationIndex, Schema};
use super::seed::planting;
use super::world::World;

/// The database's answer, on a database with the same migrations and nothing in it.
pub(super) fn script(
    schema: &Schema,
    world: &World,
    seeding: &[String],
    person: &Person,
    statement: &str,
) -> String {
    let mut lines = vec![
        "-- psql -f this on a database with the same migrations, as a superuser".to_owned(),
        "begin;".to_owned(),
        "set local session_replication_role = replica;".to_owned(),
    ];
    for (relation, row) in world.everything() {
        lines.extend(
            schema
                .get(relation)
                .map(|of| format!("{};", planting(of, row, false))),
        );
    }
    lines.extend(seeding.iter().map(|script| format!("{script};")));
    lines.push("set local session_replication_role = origin;".to_owned());
    lines.push(format!("{};", person.claims().settings()));
    lines.push(format!(
        "set local role {};  -- {}",
        person.role(),
        person.label
    ));
    lines.push(format!("{statement};"));
    lines.push("rollback;".to_owned());
    lines.join("\n")
}

impl World {
    fn everything(&self) -> impl Iterator<Item = (RelationIndex, &super::world::Row)> {
        self.all().iter().map(|(relation, row)| (*relation, row))
    }
}
