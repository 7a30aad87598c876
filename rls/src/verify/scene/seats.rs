//! Memberships: everybody gets the seats that make them who they are.

use policy_core::model::{Members, Table};

use super::Stage;
use crate::verify::domain::{Point, domains, vectors};
use crate::verify::error::VerifyError;
use crate::verify::people::{Home, Seat};
use crate::verify::schema::{RelationIndex, at, relation_of};
use crate::verify::seed::{Fixed, Obstacle};
use crate::verify::world::Facts;
use countersign_wasm::batch::Datum;
use policy_core::columns::ColumnIndex;

/// The membership row that cannot be, and why.
type Unseated = (RelationIndex, Fixed, String, Obstacle);

impl Stage<'_> {
    /// Seats everybody. Whoever cannot be seated, because a constraint forbids the row that would
    /// make them who they are, is left out and noted.
    pub(super) async fn seat_everybody(&mut self) -> Result<(), VerifyError> {
        let mut seated = Vec::new();
        for person in std::mem::take(&mut self.people) {
            let mut forbidden = None;
            for seat in &person.seats {
                let subject = person.subject.clone().unwrap_or_default();
                forbidden = self.seat(&subject, seat).await?.or(forbidden);
            }
            match forbidden {
                None => seated.push(person),
                Some((relation, fixed, home, obstacle)) => {
                    let what = format!("caller: {}", person.label);
                    self.forbid(relation, fixed, home, what, &obstacle);
                }
            }
        }
        self.people = seated;
        Ok(())
    }

    async fn seat(&mut self, subject: &str, seat: &Seat) -> Result<Option<Unseated>, VerifyError> {
        let policy = self.seeder.policy;
        let source = policy
            .tenant
            .as_ref()
            .and_then(|tenant| tenant.members.get(seat.source));
        let Some((members, table)) =
            source.and_then(|members| Some((members, policy.table_at(members.table)?)))
        else {
            return Ok(None);
        };
        let home = self.home(usize::from(seat.home == Home::Elsewhere));
        let mut fixed = self.standing(table, members, seat.active);
        fixed.insert(at(members.tenant), Some(home.clone()));
        fixed.insert(at(members.caller), Some(subject.to_owned()));
        if let Some(role) = members.role.column() {
            fixed.insert(at(role), Some(seat.role.clone()));
        }
        let relation = relation_of(members.table);
        let grown = self.seeder.grow(relation, &fixed, &home).await?;
        Ok(grown
            .err()
            .map(|obstacle| (relation, fixed, home, obstacle)))
    }

    /// Values for which the source's `where` holds, or does not.
    fn standing(&self, table: &Table, members: &Members, active: bool) -> Fixed {
        let Some(condition) = &members.condition else {
            return Fixed::new();
        };
        let asked = condition.columns();
        let mut domains = domains(self.seeder.policy, table, self.now);
        domains.retain(|domain| asked.contains(domain.column));
        let world = &self.seeder.world;
        let facts = Facts {
            policy: self.seeder.policy,
            world,
            now: self.now,
        };
        let mut listed = vectors(&domains);
        // What the table's own constraint lists is likelier to be accepted than NULL.
        listed.sort_by_key(|v| {
            v.iter()
                .filter(|(_, p)| !matches!(p, Point::Value(Some(_))))
                .count()
        });
        let data = |vector: &[(ColumnIndex, Point)]| -> Vec<Datum> {
            let value = |column: usize| {
                let point = vector
                    .iter()
                    .find(|(of, _)| at(*of) == column)
                    .map(|(_, point)| point);
                let text = match point {
                    Some(Point::Value(text)) => text.clone(),
                    Some(Point::Other) => self.unlike(table, members, column),
                    _ => return Datum::NotYetKnown,
                };
                let kind = table.columns.get(column).map(|column| column.kind);
                kind.map_or(Datum::NotYetKnown, |kind| {
                    Datum::read(kind, text.as_deref())
                })
            };
            (0..table.columns.len()).map(value).collect()
        };
        let found = listed
            .iter()
            .find(|v| facts.counts(table, members, &data(v)) == active);
        let pairs = found.into_iter().flatten().map(|(column, point)| {
            let text = match point {
                Point::Value(text) => text.clone(),
                _ => self.unlike(table, members, at(*column)),
            };
            (at(*column), text)
        });
        pairs.collect()
    }

    /// A value that the column's constraint lists and the policy does not name.
    fn unlike(&self, table: &Table, members: &Members, column: usize) -> Option<String> {
        let relation = self.seeder.schema.get(relation_of(members.table))?;
        let name = &relation.columns.get(column)?.name;
        let named = crate::verify::people::conditions(table).map(|c| format!("{c:?}"));
        let named: String = named
            .chain(members.condition.iter().map(|c| format!("{c:?}")))
            .collect();
        let listed = relation.one_of(name);
        let free = listed
            .into_iter()
            .find(|text| !named.contains(&format!("{text:?}")));
        free.or_else(|| Some("other".to_owned()))
    }

    /// Whether a caller can be the owner of rows under test. On the membership table whoever sits
    /// here already has such a row; that of somebody without a seat gives the same rank.
    pub(super) fn may_own(&self, person: usize, vector: &[(ColumnIndex, Point)]) -> bool {
        let Some(person) = self
            .people
            .get(person)
            .filter(|person| person.is_somebody())
        else {
            return false;
        };
        let own = |members: &&Members| usize::from(members.table) == usize::from(self.index);
        let mut sources = self
            .seeder
            .policy
            .tenant
            .iter()
            .flat_map(|tenant| &tenant.members);
        let seat = sources.find(own).is_some_and(|members| {
            vector
                .iter()
                .any(|(column, point)| *column == members.caller && *point == Point::Caller)
        });
        !(seat && person.sits_here())
    }
}
