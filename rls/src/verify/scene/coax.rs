//! Rows that the app's own triggers accept.
//!
//! A trigger may refuse new rows for reasons of its own: an invoice must be sent before it is paid.
//! Then no new row would ever get past it, and nothing would be shown of the rules. So the rows
//! that the rows under test point to are varied, one column at a time, until more are accepted.

use super::{Specimen, Stage};
use crate::verify::error::VerifyError;
use crate::verify::schema::{Relation, RelationIndex};
use crate::verify::seed::{planting, quietly};
use crate::verify::statement::Writer;
use crate::verify::world::{Row, value};
use policy_core::model::Place;

/// The most rows that are tried with each variation.
const MOST: usize = 40;

impl Stage<'_> {
    /// Varies the rows pointed to while that lets triggers accept more rows.
    pub(super) async fn coax(&mut self, specimens: &[Specimen]) -> Result<(), VerifyError> {
        if matches!(self.table.place, Place::Root(_)) {
            return Ok(());
        }
        let mut stuck = Vec::new();
        for specimen in specimens.iter().filter(|s| s.obstacle.is_none()) {
            if stuck.len() < MOST && !self.is_accepted(&specimen.row).await? {
                stuck.push(&specimen.row);
            }
        }
        while !stuck.is_empty() {
            let before = stuck.len();
            for (relation, from, to) in self.variations(&stuck) {
                let Some(of) = self.seeder.schema.get(relation) else {
                    continue;
                };
                let session = self.seeder.session;
                if self.seeder.breaks_key(relation, &to, Some(&from)).is_some() {
                    continue;
                }
                let varied = quietly(&planting(of, &to, true));
                if session
                    .attempt(&format!("savepoint vary; {varied}"))
                    .await?
                    .is_err()
                {
                    session
                        .run(
                            "seeding",
                            "rollback to savepoint vary; release savepoint vary",
                        )
                        .await?;
                    continue;
                }
                let mut rest = Vec::new();
                for row in &stuck {
                    if !self.is_accepted(row).await? {
                        rest.push(*row);
                    }
                }
                if rest.len() < stuck.len() {
                    session.run("seeding", "release savepoint vary").await?;
                    self.seeder.world.change(relation, &from, &to);
                    stuck = rest;
                    break;
                }
                session
                    .run(
                        "seeding",
                        "rollback to savepoint vary; release savepoint vary",
                    )
                    .await?;
            }
            if stuck.len() == before {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Whether the row gets past every trigger, or fails for another reason than a trigger.
    async fn is_accepted(&self, row: &Row) -> Result<bool, VerifyError> {
        let columns = (0..=u8::MAX).zip(&self.relation.columns);
        let written = columns
            .filter(|(_, column)| !column.generated)
            .map(|(index, _)| index);
        let insert = Writer {
            relation: self.relation,
        }
        .insert(row, written.collect(), "");
        let session = self.seeder.session;
        let tried = session
            .attempt(&format!("savepoint coax; {insert}"))
            .await?;
        session
            .run(
                "seeding",
                "rollback to savepoint coax; release savepoint coax",
            )
            .await?;
        Ok(tried.err().is_none_or(|failure| {
            failure
                .cause
                .is_none_or(|cause| !cause.starts_with("function "))
        }))
    }

    /// Every row that the given rows point to, with one column of few values changed.
    fn variations(&self, stuck: &[&Row]) -> Vec<(RelationIndex, Row, Row)> {
        let mut all = Vec::new();
        for key in &self.relation.foreign_keys {
            let Some(to) = self.seeder.schema.reference(self.relation, key) else {
                continue;
            };
            for row in stuck {
                let named = |(own, other): &(usize, usize)| Some((*other, value(row, *own)?));
                let Some(named) = to.pairs.iter().map(named).collect::<Option<Vec<_>>>() else {
                    continue;
                };
                for from in self.seeder.world.matching(to.target, &named) {
                    let varied = vary(to.relation, from).into_iter();
                    all.extend(varied.map(|row| (to.target, from.clone(), row)));
                }
            }
        }
        all.dedup();
        all
    }
}

fn vary(relation: &Relation, row: &Row) -> Vec<Row> {
    let mut all = Vec::new();
    for (position, column) in relation.columns.iter().enumerate() {
        let choices = if column.base == "bool" {
            ["true", "false"].map(str::to_owned).into()
        } else {
            relation.one_of(&column.name)
        };
        for choice in choices {
            let mut to = row.clone();
            if let Some(slot) = to.get_mut(position)
                && slot.as_ref() != Some(&choice)
            {
                *slot = Some(choice);
                all.push(to);
            }
        }
    }
    all
}
