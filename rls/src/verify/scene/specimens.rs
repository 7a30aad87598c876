//! The rows under test: every combination of classes, each tried on the database.

use std::collections::BTreeMap;

use policy_core::columns::ColumnIndex;
use policy_core::model::Place;
use policy_core::value::Kind;

use super::{Specimen, Stage};
use crate::verify::domain::{Domain, Point, vectors};
use crate::verify::error::VerifyError;
use crate::verify::people;
use crate::verify::schema::{at, relation_of};
use crate::verify::seed::{Fixed, Obstacle, planting, quietly};
use crate::verify::values;
use crate::verify::world::Row;

impl Stage<'_> {
    /// A value for a column that is none of those that the policy names. `None` if there is none.
    pub(super) async fn other(
        &mut self,
        column: ColumnIndex,
        template: &Row,
        named: &[String],
    ) -> Result<Option<String>, VerifyError> {
        let free = |text: &String| !named.contains(text);
        let position = at(column);
        let members = self
            .seeder
            .policy
            .tenant
            .iter()
            .flat_map(|tenant| &tenant.members);
        let is_caller = |m: &policy_core::model::Members| {
            m.caller == column && usize::from(m.table) == usize::from(self.index)
        };
        if members.into_iter().any(is_caller) {
            return Ok(Some(people::bystander(self.seeder.policy)));
        }
        if let Some(text) = template.get(position).cloned().flatten().filter(free) {
            return Ok(Some(text));
        }
        let Some(of) = self.relation.columns.get(position) else {
            return Ok(None);
        };
        for key in &self.relation.foreign_keys {
            let Some(place) = key.columns.iter().position(|c| *c == of.name) else {
                continue;
            };
            if let Some(text) = self.referable(key, place).await? {
                return Ok(Some(text));
            }
        }
        if of.base == "uuid" || of.base == "text" && self.seeder.policy.caller_id == Kind::Text {
            return Ok(Some(people::bystander(self.seeder.policy)));
        }
        let listed = self.relation.one_of(&of.name);
        let serial = self.seeder.next();
        let open = values::candidates(of, &[], serial);
        Ok(listed.into_iter().chain(open).find(free))
    }

    /// The rows under test: every combination of classes, each tried on the database.
    pub(super) async fn specimens(
        &mut self,
        domains: &[Domain],
        template: &Row,
    ) -> Result<Vec<Specimen>, VerifyError> {
        let mut specimens = Vec::new();
        for vector in vectors(domains) {
            let owned = vector
                .iter()
                .any(|(_, p)| matches!(p, Point::Caller | Point::Email));
            let owners: Vec<Option<usize>> = if owned {
                (0..self.people.len())
                    .filter(|p| self.may_own(*p, &vector))
                    .map(Some)
                    .collect()
            } else {
                vec![None]
            };
            for owner in owners {
                let fixed = self.fixed(&vector, owner);
                let tried = self.try_out(&fixed, template).await?;
                let specimen = match tried {
                    Ok(row) => Specimen {
                        row,
                        owner,
                        obstacle: None,
                    },
                    Err(obstacle) => {
                        let what = self.describe(&fixed, template, &obstacle);
                        let relation = relation_of(self.index);
                        self.forbid(relation, fixed.clone(), self.home(0), what, &obstacle);
                        let mut row = template.clone();
                        for (column, value) in fixed {
                            if let Some(slot) = row.get_mut(column) {
                                *slot = value;
                            }
                        }
                        Specimen {
                            row,
                            owner,
                            obstacle: Some(obstacle),
                        }
                    }
                };
                specimens.push(specimen);
            }
        }
        Ok(specimens)
    }

    async fn try_out(
        &mut self,
        fixed: &Fixed,
        template: &Row,
    ) -> Result<Result<Row, Obstacle>, VerifyError> {
        let Some(mut row) = self.in_place(fixed, template) else {
            let home = self.home(0);
            return self
                .seeder
                .try_out(relation_of(self.index), fixed, &home)
                .await;
        };
        for (column, value) in fixed {
            if let Some(slot) = row.get_mut(*column) {
                slot.clone_from(value);
            }
        }
        let replaced = self.in_place(fixed, template);
        let index = relation_of(self.index);
        if let Some(constraint) = self.seeder.breaks_key(index, &row, replaced.as_ref()) {
            return Ok(Err(Obstacle { constraint }));
        }
        let sql = format!(
            "savepoint try_out; {}",
            quietly(&planting(self.relation, &row, true))
        );
        let tried = self.seeder.session.attempt(&sql).await?;
        let undo = "rollback to savepoint try_out; release savepoint try_out";
        self.seeder.session.run("seeding", undo).await?;
        Ok(tried.map(|_| row).map_err(|failure| Obstacle {
            constraint: failure.cause.unwrap_or(failure.message),
        }))
    }

    /// The row that one with these values takes the place of: the tenant's, or the seeded one with
    /// the same key.
    fn in_place(&self, fixed: &Fixed, template: &Row) -> Option<Row> {
        if matches!(self.table.place, Place::Root(_)) {
            return Some(template.clone());
        }
        let key = self.relation.key();
        let wanted: Option<Vec<(usize, &str)>> = key
            .iter()
            .map(|column| Some((*column, fixed.get(column)?.as_deref()?)))
            .collect();
        let wanted = wanted.filter(|wanted| !wanted.is_empty())?;
        let world = &self.seeder.world;
        world
            .matching(relation_of(self.index), &wanted)
            .next()
            .cloned()
    }

    pub(super) fn fixed(&self, vector: &[(ColumnIndex, Point)], owner: Option<usize>) -> Fixed {
        let person = owner.and_then(|owner| self.people.get(owner));
        let text = |point: &Point| match point {
            Point::Value(value) => value.clone(),
            Point::Other => None,
            Point::Caller => person.and_then(|person| person.subject.clone()),
            Point::Email => person.and_then(|person| person.email.clone()),
        };
        vector
            .iter()
            .map(|(column, point)| (at(*column), text(point)))
            .collect()
    }

    /// What makes a row special and the constraint speak up, for the report.
    fn describe(&self, fixed: &Fixed, template: &Row, obstacle: &Obstacle) -> String {
        let name = obstacle.constraint.trim_start_matches("constraint ");
        let involved = self.relation.involved(name);
        let differs = |(column, value): &(&usize, &Option<String>)| {
            template.get(**column) != Some(value)
                && (involved.is_empty() || involved.contains(column))
        };
        let mut words: BTreeMap<&str, String> = BTreeMap::new();
        for (column, value) in fixed.iter().filter(differs) {
            let name = self
                .relation
                .columns
                .get(*column)
                .map_or("", |c| c.name.as_str());
            let literal = |text: &String| match self.labels.get(text) {
                Some(label) => (*label).to_owned(),
                None => format!("'{text}'"),
            };
            words.insert(name, value.as_ref().map_or("null".to_owned(), literal));
        }
        let parts: Vec<_> = words
            .into_iter()
            .map(|(name, value)| format!("{name} = {value}"))
            .collect();
        format!("a row with {}", parts.join(", "))
    }
}
