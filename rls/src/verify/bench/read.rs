//! Reading: one statement judges every row of the table.

use countersign_wasm::batch::Act;
use policy_core::columns::ColumnSet;

use policy_core::model::Place;

use super::super::error::VerifyError;
use super::super::ledger::Shape;
use super::super::schema::relation_of;
use super::super::seed::{planting, quietly};
use super::Bench;

impl Bench<'_> {
    /// Every row that can stand beside the others, read by every caller.
    pub(super) async fn read_everything(&mut self) -> Result<(), VerifyError> {
        self.plant(&[]).await?;
        if !matches!(self.scene.table.place, Place::Root(_)) {
            self.plant_together().await?;
        }
        self.read(None);
        self.flush().await
    }

    async fn plant_together(&mut self) -> Result<(), VerifyError> {
        let session = self.scene.session;
        let mut world = self.scene.world.clone();
        let mut scripts = Vec::new();
        session
            .run("seeding", "rollback to savepoint scene")
            .await?;
        let rows = self
            .scene
            .specimens
            .iter()
            .filter(|s| s.obstacle.is_none())
            .map(|s| &s.row);
        for row in rows.chain(&self.scene.foreign) {
            let script = planting(self.scene.relation, row, false);
            let planted = session
                .attempt(&format!(
                    "savepoint one; {}; release savepoint one",
                    quietly(&script)
                ))
                .await?;
            if planted.is_ok() {
                world.add(relation_of(self.scene.index), row.clone());
                scripts.push(script);
                continue;
            }
            // A key that another row holds already: such rows are read where they are met alone.
            self.alone.insert(row.clone());
            session
                .run(
                    "seeding",
                    "rollback to savepoint one; release savepoint one",
                )
                .await?;
        }
        session.run("seeding", "savepoint cell").await?;
        self.enter(world, scripts);
        Ok(())
    }

    pub(super) fn read(&mut self, owner: Option<usize>) {
        let rows = self.present();
        let keys: Vec<String> = rows.iter().map(|row| self.writer.identify(row)).collect();
        let own = self.own_rows();
        let key = self.scene.relation.key();
        let filter = key
            .first()
            .map(|column| format!(" where {}", self.writer.touching(*column)));
        for caller in self.callers(owner) {
            let mut questions = Vec::new();
            for row in &rows {
                let index = self.row(caller, row);
                questions.push(self.question(
                    caller,
                    self.key(),
                    ColumnSet::EMPTY,
                    Act::Select(index),
                ));
            }
            let identity = self.writer.identity();
            for (kind, filter) in [
                ("select", ""),
                ("select where", filter.as_deref().unwrap_or("")),
            ] {
                let filter = match (&own, filter) {
                    (None, filter) => filter.to_owned(),
                    (Some(own), "") => format!(" where {own}"),
                    (Some(own), filter) => format!("{filter} and {own}"),
                };
                let sql = self.writer.select(&identity, &filter);
                self.pose(caller, kind, sql, Shape::Each(keys.clone()), &questions);
            }
        }
    }
}
