//! The plain row: a row as it comes by itself.

use std::collections::BTreeSet;

use policy_core::model::Place;

use super::Stage;
use crate::verify::domain::domains;
use crate::verify::error::VerifyError;
use crate::verify::schema::{at, relation_of};
use crate::verify::seed::Fixed;
use crate::verify::world::{Row, value};

impl Stage<'_> {
    /// A row as it comes by itself, in either tenant.
    pub(super) async fn templates(&mut self) -> Result<(Row, Option<Row>), VerifyError> {
        if let Place::Root(key) = self.table.place {
            let home = |which: usize| self.homes.get(which).map_or("", String::as_str);
            let find = |which| {
                let wanted = [(at(key), home(which))];
                self.seeder
                    .world
                    .matching(relation_of(self.index), &wanted)
                    .next()
                    .cloned()
            };
            return Ok((find(0).unwrap_or_default(), find(1)));
        }
        let relation = relation_of(self.index);
        let here = self.home(0);
        let template = self.seeder.try_out(relation, &Fixed::new(), &here).await?;
        let template = template.map_err(|obstacle| Self::no_row(&self.table.name, obstacle))?;
        let template = self.filled(template).await?;
        let elsewhere = self.home(1);
        let foreign = match self.table.place {
            Place::Tenant(_) => self
                .seeder
                .try_out(relation, &Fixed::new(), &elsewhere)
                .await?
                .ok(),
            _ => None,
        };
        Ok((template, foreign))
    }

    /// The row with what is there or left out only together, from now on in every row. Where it is
    /// left out none of it can change alone, and whether a rule lets one of it change would not be
    /// seen.
    async fn filled(&mut self, mut template: Row) -> Result<Row, VerifyError> {
        for group in self.left_out_together(&template) {
            let mut comes_alone = false;
            for column in &group {
                let row = self.with([*column].into()).await?;
                let is_there =
                    |of: &&usize| row.as_ref().is_some_and(|row| value(row, **of).is_some());
                comes_alone |= group.iter().filter(is_there).eq([column]);
            }
            if !comes_alone && let Some(row) = self.with(group.clone()).await? {
                let relation = relation_of(self.index);
                let columns = group.into_iter().map(|of| (relation, of));
                self.seeder.filled.extend(columns);
                template = row;
            }
        }
        Ok(template)
    }

    /// A plain row that has a value in these columns, too, if there can be one.
    async fn with(&mut self, columns: BTreeSet<usize>) -> Result<Option<Row>, VerifyError> {
        let relation = relation_of(self.index);
        let here = self.home(0);
        let before = self.seeder.filled.clone();
        let columns = columns.into_iter().map(|of| (relation, of));
        self.seeder.filled.extend(columns);
        let tried = self.seeder.try_out(relation, &Fixed::new(), &here).await;
        self.seeder.filled = before;
        Ok(tried?.ok())
    }

    /// The columns of each constraint of which the row has none, as far as neither the policy nor
    /// another constraint speaks of them.
    fn left_out_together(&self, template: &Row) -> Vec<BTreeSet<usize>> {
        let relation = self.relation;
        let spoken_of = domains(self.seeder.policy, self.table, self.now);
        let mut others: Vec<usize> = spoken_of.iter().map(|of| at(of.column)).collect();
        for key in &relation.foreign_keys {
            others.extend(relation.positions(&key.columns));
        }
        let checks = relation.checks.iter();
        let groups: Vec<BTreeSet<usize>> = checks
            .map(|check| relation.positions(&check.columns).into_iter().collect())
            .filter(|group: &BTreeSet<usize>| group.len() > 1)
            .collect();
        let alone = |group: &&BTreeSet<usize>| {
            let mut meeting = groups.iter().filter(|other| !other.is_disjoint(group));
            let left_out = |column: &usize| {
                let open = relation.columns.get(*column);
                open.is_some_and(|of| !of.not_null && !of.generated && of.default.is_none())
                    && template.get(*column) == Some(&None)
                    && !others.contains(column)
            };
            meeting.all(|other| other == *group) && group.iter().all(left_out)
        };
        groups.iter().filter(alone).cloned().collect()
    }
}
