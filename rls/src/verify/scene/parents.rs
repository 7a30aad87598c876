//! The rows that rows under test point to.

use std::collections::BTreeSet;

use policy_core::columns::ColumnIndex;
use policy_core::model::{Parent, Subject};

use super::Stage;
use crate::verify::domain::{Point, domains, vectors};
use crate::verify::error::VerifyError;
use crate::verify::schema::{ForeignKey, RelationIndex, at, relation_of};
use crate::verify::seed::Fixed;
use crate::verify::values;
use crate::verify::world::{Facts, Row, value};

/// The most parent rows that differ in who sees them.
const MOST: usize = 8;

impl Stage<'_> {
    /// The classes of the columns that point to parents and peers.
    pub(super) async fn references(
        &mut self,
    ) -> Result<Vec<(ColumnIndex, Vec<Point>)>, VerifyError> {
        let mut all = Vec::new();
        for parent in &self.table.parents {
            let mut points = self.parent_rows(parent).await?;
            points.push(Point::Value(Some(self.absent(parent.column))));
            if !self.table.not_null.contains(parent.column) {
                points.push(Point::Value(None));
            }
            all.push((parent.column, points));
        }
        for rule in &self.table.rules {
            let Subject::Peer(peer) = rule.subject else {
                continue;
            };
            if all.iter().any(|(column, _)| *column == peer.column) {
                continue;
            }
            // Whoever sits here, whoever sits elsewhere only, and nobody at all.
            let rows = self.seeder.world.of(relation_of(peer.table));
            let mut points: BTreeSet<Point> = rows
                .filter_map(|row| value(row, at(peer.other)))
                .map(|text| Point::Value(Some(text.to_owned())))
                .collect();
            while points.len() > MOST {
                points.pop_last();
            }
            points.extend([Point::Caller, Point::Value(Some(self.absent(peer.column)))]);
            all.push((peer.column, points.into_iter().collect()));
        }
        Ok(all)
    }

    /// One parent row for each set of callers that can see it, and one of the other tenant.
    async fn parent_rows(&mut self, parent: &Parent) -> Result<Vec<Point>, VerifyError> {
        let policy = self.seeder.policy;
        let Some(table) = policy.table_at(parent.table) else {
            return Ok(Vec::new());
        };
        let (relation, here, elsewhere) = (relation_of(parent.table), self.home(0), self.home(1));
        let key = |row: &Row| Point::Value(value(row, at(parent.key)).map(str::to_owned));
        let mut points = Vec::new();
        let mut seen: BTreeSet<Vec<bool>> = BTreeSet::new();
        let plain = self.seeder.grow(relation, &Fixed::new(), &here).await?;
        if let Ok(row) = plain {
            seen.insert(self.who_sees(parent, &row));
            points.push(key(&row));
        }
        let mut classes = domains(policy, table, self.now);
        self.add_teams(table, &mut classes);
        for vector in vectors(&classes) {
            if points.len() >= MOST {
                break;
            }
            for owner in self.owners(&vector) {
                let mut fixed = self.fixed(&vector, owner);
                fixed.retain(|column, _| {
                    let other = |(of, point): &(ColumnIndex, Point)| {
                        at(*of) == *column && *point == Point::Other
                    };
                    !vector.iter().any(other)
                });
                let Ok(row) = self.seeder.try_out(relation, &fixed, &here).await? else {
                    continue;
                };
                if seen.insert(self.who_sees(parent, &row))
                    && let Ok(row) = self.seeder.grow(relation, &fixed, &here).await?
                {
                    points.push(key(&row));
                }
            }
        }
        if let Some(tenant) = parent.tenant
            && let Some(row) = self.only_row(relation, at(tenant), &elsewhere).await?
        {
            let text = value(&row, at(parent.key)).unwrap_or_default().to_owned();
            self.labels.insert(text, "a row of another tenant");
            points.push(key(&row));
        }
        Ok(points)
    }

    /// A row of the other tenant. It stays the only one, so that it is noticed if another than the
    /// one pointed to would do.
    async fn only_row(
        &mut self,
        relation: RelationIndex,
        tenant: usize,
        home: &str,
    ) -> Result<Option<Row>, VerifyError> {
        let wanted = [(tenant, home)];
        let known = self.seeder.world.matching(relation, &wanted).next();
        if known.is_some() {
            return Ok(known.cloned());
        }
        let grown = self.seeder.grow(relation, &Fixed::new(), home).await?;
        Ok(grown.ok())
    }

    /// Nobody, or one caller of each kind, if the row is to be somebody's.
    fn owners(&self, vector: &[(ColumnIndex, Point)]) -> Vec<Option<usize>> {
        if !vector
            .iter()
            .any(|(_, point)| matches!(point, Point::Caller | Point::Email))
        {
            return vec![None];
        }
        let first = |label: &str| self.people.iter().position(|person| person.label == label);
        ["user", "guest"]
            .into_iter()
            .filter_map(first)
            .map(Some)
            .collect()
    }

    fn who_sees(&self, parent: &Parent, row: &Row) -> Vec<bool> {
        let world = &self.seeder.world;
        let facts = Facts {
            policy: self.seeder.policy,
            world,
            now: self.now,
        };
        let sees = |person| facts.sees(&facts.asker(person), parent.table, row);
        self.people.iter().map(sees).collect()
    }

    /// A key that no row has.
    fn absent(&mut self, column: ColumnIndex) -> String {
        let base = self
            .relation
            .columns
            .get(at(column))
            .map_or("", |column| column.base.as_str());
        let text = match base {
            "uuid" => values::uuid(0xdead_0000_0000),
            "int2" => "32000".to_owned(),
            "int4" | "int8" => "987654321".to_owned(),
            _ => "absent".to_owned(),
        };
        self.labels.insert(text.clone(), "a row that is not there");
        text
    }

    /// Sees that every reference that a client may change can be changed: to another row that goes
    /// with whatever else the foreign key names.
    pub(super) async fn alternatives(&mut self, template: &Row) -> Result<(), VerifyError> {
        let relation = self.relation;
        let open = self.table.grants.authenticated.update;
        let tenant = self.table.place.tenant_column().map(at);
        for key in &relation.foreign_keys {
            let Some(to) = self.seeder.schema.reference(relation, key) else {
                continue;
            };
            for (changed, named) in &to.pairs {
                let is_open = u8::try_from(*changed).is_ok_and(|column| open.contains(column));
                if !is_open || tenant == Some(*changed) {
                    continue;
                }
                let others = to.pairs.iter().filter(|(own, _)| own != changed);
                let fixed: Fixed = others
                    .map(|(own, other)| (*other, template.get(*own).cloned().flatten()))
                    .collect();
                let wanted: Option<Vec<(usize, &str)>> = fixed
                    .iter()
                    .map(|(column, text)| Some((*column, text.as_deref()?)))
                    .collect();
                let Some(wanted) = wanted else { continue };
                let now = value(template, *changed);
                let world = &self.seeder.world;
                let is_other = |row: &Row| value(row, *named) != now;
                if world.matching(to.target, &wanted).any(is_other) {
                    continue;
                }
                let here = self.home(0);
                // Where a constraint forbids another one, nothing can be changed.
                let _ = self.seeder.grow(to.target, &fixed, &here).await?;
            }
        }
        Ok(())
    }

    /// A value that a foreign key of the table accepts at one of its places.
    pub(super) async fn referable(
        &mut self,
        key: &ForeignKey,
        place: usize,
    ) -> Result<Option<String>, VerifyError> {
        let schema = self.seeder.schema;
        let Some(target) = schema.find(&key.schema, &key.target) else {
            return Ok(None);
        };
        let column = key.references.get(place).and_then(|name| {
            schema
                .get(target)
                .and_then(|relation| relation.position(name))
        });
        let Some(column) = column else {
            return Ok(None);
        };
        let here = self.home(0);
        let tenant = self.seeder.tenant_column(target);
        let wanted: Vec<_> = tenant
            .map(|tenant| (tenant, here.as_str()))
            .into_iter()
            .collect();
        let found = self.seeder.world.matching(target, &wanted).next().cloned();
        let row = match found {
            Some(row) => Some(row),
            None => self.seeder.grow(target, &Fixed::new(), &here).await?.ok(),
        };
        Ok(row.and_then(|row| value(&row, column).map(str::to_owned)))
    }
}
