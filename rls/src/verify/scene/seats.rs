//! Memberships: everybody gets the seats that make them who they are.

use std::collections::BTreeSet;

use policy_core::model::{Members, Table};

use super::Stage;
use crate::verify::domain::{Point, domains, vectors};
use crate::verify::error::VerifyError;
use crate::verify::people::{Home, Said, Seat};
use crate::verify::schema::{RelationIndex, at, relation_of};
use crate::verify::seed::{Fixed, Obstacle, planting, quietly};
use crate::verify::values;
use crate::verify::world::{Facts, value};
use countersign_wasm::batch::Datum;
use policy_core::columns::ColumnIndex;
use policy_core::value::Kind;

/// Why somebody has no seat.
enum Unseated {
    /// A constraint forbids the membership row.
    Forbidden(RelationIndex, Fixed, String, Obstacle),
    /// No row is what is asked for: its `where` excludes what it is to say.
    Senseless,
}

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
                Some(Unseated::Senseless) => {}
                Some(Unseated::Forbidden(relation, fixed, home, obstacle)) => {
                    let what = format!("caller: {}", person.label);
                    self.forbid(relation, fixed, home, what, &obstacle);
                }
            }
        }
        self.people = seated;
        Ok(())
    }

    /// Gives every caller the row outside the policy that a new row of theirs points to, such as the
    /// sign-up that its author has: without it a foreign key, not the policy, would refuse them all.
    pub(super) async fn sign_up(&mut self) -> Result<(), VerifyError> {
        let (schema, relation) = (self.seeder.schema, self.relation);
        let of_caller = |name: &String| {
            let column = relation.columns.iter().find(|column| column.name == *name);
            column.and_then(|column| column.default.as_deref()) == Some("auth.uid()")
        };
        let home = self.home(0);
        for key in &relation.foreign_keys {
            let ([own], [other]) = (key.columns.as_slice(), key.references.as_slice()) else {
                continue;
            };
            let target = schema.find(&key.schema, &key.target);
            // The policy's tables come first.
            let tables = self.seeder.policy.tables.len();
            let Some(target) = target.filter(|target| *target >= tables && of_caller(own)) else {
                continue;
            };
            let Some(place) = schema.get(target).and_then(|of| of.position(other)) else {
                continue;
            };
            let subjects = self
                .people
                .iter()
                .filter_map(|person| person.subject.clone());
            for subject in subjects.collect::<BTreeSet<_>>() {
                let wanted = [(place, subject.as_str())];
                if self.seeder.world.matching(target, &wanted).next().is_none() {
                    let fixed = Fixed::from([(place, Some(subject))]);
                    // Whoever cannot have one stays without.
                    let _ = self.seeder.grow(target, &fixed, &home).await?;
                }
            }
        }
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
        if policy
            .tenant
            .as_ref()
            .is_some_and(|tenant| tenant.root == members.table)
        {
            return self.own_tenant(subject, members, &home).await;
        }
        let Some(mut fixed) = self.row_of(table, members, seat) else {
            return Ok(Some(Unseated::Senseless));
        };
        fixed.insert(at(members.tenant), Some(home.clone()));
        fixed.insert(at(members.caller), Some(subject.to_owned()));
        if let Some(role) = members.role.column() {
            fixed.insert(at(role), Some(seat.role.clone()));
        }
        let relation = relation_of(members.table);
        let grown = self.seeder.grow(relation, &fixed, &home).await?;
        Ok(grown
            .err()
            .map(|obstacle| Unseated::Forbidden(relation, fixed, home, obstacle)))
    }

    /// Makes somebody a member by a column of the tenant's own row.
    async fn own_tenant(
        &mut self,
        subject: &str,
        members: &Members,
        home: &str,
    ) -> Result<Option<Unseated>, VerifyError> {
        let relation = relation_of(members.table);
        let wanted = [(at(members.tenant), home)];
        let (Some(of), Some(from)) = (
            self.seeder.schema.get(relation),
            self.seeder
                .world
                .matching(relation, &wanted)
                .next()
                .cloned(),
        ) else {
            return Ok(Some(Unseated::Senseless));
        };
        for key in &of.foreign_keys {
            let to = self.seeder.schema.reference(of, key);
            let column = to.as_ref().and_then(|to| to.named(at(members.caller)));
            let Some((target, column)) = to.map(|to| to.target).zip(column) else {
                continue;
            };
            let there = [(column, subject)];
            if self.seeder.world.matching(target, &there).next().is_none() {
                let fixed = Fixed::from([(column, Some(subject.to_owned()))]);
                if let Err(obstacle) = self.seeder.grow(target, &fixed, home).await? {
                    let home = home.to_owned();
                    return Ok(Some(Unseated::Forbidden(target, fixed, home, obstacle)));
                }
            }
        }
        let mut to = from.clone();
        if let Some(slot) = to.get_mut(at(members.caller)) {
            *slot = Some(subject.to_owned());
        }
        let planted = quietly(&planting(of, &to, true));
        self.seeder
            .session
            .run("seating a tenant's owner", &planted)
            .await?;
        self.seeder.world.change(relation, &from, &to);
        Ok(None)
    }

    /// What a membership row must have for its `where` and for what it is to say beside the role;
    /// `None` if no row has both.
    fn row_of(&self, table: &Table, members: &Members, seat: &Seat) -> Option<Fixed> {
        let wanted: &[Said] = match seat.said {
            Said::Whatever => &[Said::Nothing, Said::Same],
            Said::Nothing => &[Said::Nothing],
            Said::Same => &[Said::Same],
            Said::Other => &[Said::Other],
        };
        wanted.iter().find_map(|said| {
            let mut given = Fixed::new();
            for (column, values) in members.attributes.iter().zip(&self.teams) {
                let Some(column) = column else { continue };
                let value = match (said, table.not_null.contains(*column)) {
                    (Said::Nothing | Said::Whatever, true) if seat.said == Said::Whatever => {
                        &values[0]
                    }
                    (Said::Nothing | Said::Whatever, true) => return None,
                    (Said::Nothing | Said::Whatever, false) => &None,
                    (Said::Same, _) => &values[0],
                    (Said::Other, _) => &values[1],
                };
                given.insert(at(*column), value.clone());
            }
            let standing = self.standing(table, members, &given, seat.active)?;
            given.extend(standing);
            Some(given)
        })
    }

    /// Two values for each thing that memberships say, of rows that are there where a foreign key
    /// asks for them.
    pub(super) async fn teams(&mut self) -> Result<(), VerifyError> {
        let policy = self.seeder.policy;
        let Some(tenant) = &policy.tenant else {
            return Ok(());
        };
        for (index, attribute) in tenant.attributes.iter().enumerate() {
            let source = tenant
                .members
                .iter()
                .find_map(|members| Some((members, (*members.attributes.get(index)?)?)));
            let mut values = [None, None];
            if let Some((members, column)) = source {
                for (which, value) in values.iter_mut().enumerate() {
                    *value = self.team(members, column, attribute.kind, which).await?;
                }
            }
            for (value, label) in values.iter().zip(["one team", "another team"]) {
                if let Some(text) = value {
                    self.labels.insert(text.clone(), label);
                }
            }
            self.teams.push(values);
        }
        Ok(())
    }

    async fn team(
        &mut self,
        members: &Members,
        column: ColumnIndex,
        kind: Kind,
        which: usize,
    ) -> Result<Option<String>, VerifyError> {
        let schema = self.seeder.schema;
        let Some(relation) = schema.get(relation_of(members.table)) else {
            return Ok(None);
        };
        let name = relation.columns.get(at(column));
        let name = name.map_or("", |of| of.name.as_str());
        let target = relation.foreign_keys.iter().find_map(|key| {
            let to = schema.reference(relation, key)?;
            Some((to.target, to.named(at(column))?))
        });
        if let Some((target, column)) = target {
            let home = self.home(0);
            let grown = self.seeder.grow(target, &Fixed::new(), &home).await?;
            let row = grown.map_err(|obstacle| Self::no_row("what memberships say", obstacle))?;
            return Ok(value(&row, column).map(str::to_owned));
        }
        let listed = relation.one_of(name);
        Ok(Some(match kind {
            Kind::Uuid => values::uuid(0x7ea3_0000_0000 + which as u64),
            Kind::Int => (71 + which).to_string(),
            Kind::Bool => (which == 0).to_string(),
            _ => listed
                .into_iter()
                .nth(which)
                .unwrap_or_else(|| format!("team-{which}")),
        }))
    }

    /// Values beside those given for which the source's `where` holds, or does not.
    fn standing(
        &self,
        table: &Table,
        members: &Members,
        given: &Fixed,
        active: bool,
    ) -> Option<Fixed> {
        let Some(condition) = &members.condition else {
            return active.then(Fixed::new);
        };
        let given_columns = given.keys().filter_map(|column| u8::try_from(*column).ok());
        let asked = condition.columns().difference(given_columns.collect());
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
                let kind = table.columns.get(column).map(|column| column.kind);
                if let (Some(text), Some(kind)) = (given.get(&column), kind) {
                    return Datum::read(kind, text.as_deref());
                }
                let point = vector
                    .iter()
                    .find(|(of, _)| at(*of) == column)
                    .map(|(_, point)| point);
                let text = match point {
                    Some(Point::Value(text)) => text.clone(),
                    Some(Point::Other) => self.unlike(table, members, column),
                    _ => return Datum::NotYetKnown,
                };
                kind.map_or(Datum::NotYetKnown, |kind| {
                    Datum::read(kind, text.as_deref())
                })
            };
            (0..table.columns.len()).map(value).collect()
        };
        let found = listed
            .iter()
            .find(|v| facts.counts(table, members, &data(v)) == active)?;
        let pairs = found.iter().map(|(column, point)| {
            let text = match point {
                Point::Value(text) => text.clone(),
                _ => self.unlike(table, members, at(*column)),
            };
            (at(*column), text)
        });
        Some(pairs.collect())
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

    /// Whether a caller can be the owner of rows under test. On a membership table whoever sits here
    /// by it already has such a row; that of somebody without a seat gives the same rank.
    pub(super) fn may_own(&self, person: usize, vector: &[(ColumnIndex, Point)]) -> bool {
        let Some(person) = self
            .people
            .get(person)
            .filter(|person| person.is_somebody())
        else {
            return false;
        };
        let tenant = self.seeder.policy.tenant.as_ref();
        let sources = tenant.map_or(&[][..], |tenant| tenant.members.as_slice());
        let own = |members: &Members| members.table == self.index;
        let seat = sources.iter().find(|of| own(of)).is_some_and(|members| {
            vector
                .iter()
                .any(|(column, point)| *column == members.caller && *point == Point::Caller)
        });
        let mut seats = person.seats.iter().filter(|of| of.home == Home::Here);
        let sits = seats.any(|seat| sources.get(seat.source).is_some_and(own));
        !(seat && sits)
    }
}
