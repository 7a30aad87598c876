//! `keep at least one`: the last active member of the top role stays, and only the last has to.
//!
//! A trigger holds it, whatever the policy decides about the statement. So what is expected here is
//! the decision and, where the statement may run, whether it may be the last one's.

use countersign_wasm::batch::{Act, Standing};
use policy_core::columns::ColumnSet;
use policy_core::condition::Operand;
use policy_core::model::{Members, RoleSource, Tenant};

use super::super::error::VerifyError;
use super::super::ledger::Shape;
use super::super::schema::{at, relation_of};
use super::super::seed::quietly;
use super::super::sql;
use super::super::statement::Change;
use super::super::world::{Row, value};
use super::Bench;
use super::existing::written;

/// Where the tenants' memberships are written.
#[derive(Clone, Copy)]
struct Seats<'p> {
    tenant: &'p Tenant,
    members: &'p Members,
}

impl<'a> Bench<'a> {
    /// Lets one member of the top role leave in every way there is: beside another one, and as the
    /// last; and, where nobody is left to be kept, everybody else.
    pub(super) async fn leave(&mut self) -> Result<(), VerifyError> {
        let Some(seats) = self.held_seats() else {
            return Ok(());
        };
        let there = self.tops(seats, seats.members);
        let caller_of = |row: &Row| {
            let id = value(row, at(seats.members.caller))?;
            let mut people = self.scene.people.iter();
            people.position(|person| {
                person.is_somebody()
                    && person.seats.len() == 1
                    && person.subject.as_deref() == Some(id)
            })
        };
        let found = there.iter().find_map(|row| Some((row, caller_of(row)?)));
        let Some((row, caller)) = found else {
            return Ok(());
        };
        for members in &seats.tenant.members {
            let others = self.tops(seats, members);
            if let Some(other) = others.iter().find(|other| *other != row) {
                self.only(seats, &[row, other]).await?;
                self.leaving(seats, caller, row, false);
                self.past(row, false);
                self.flush().await?;
            }
        }
        self.only(seats, &[row]).await?;
        self.leaving(seats, caller, row, true);
        self.past(row, true);
        self.flush().await?;
        self.only(seats, &[]).await?;
        self.go_on(seats);
        if let Some(idle) = self.idle(seats) {
            self.past(&idle, false);
        }
        self.flush().await
    }

    /// Deletes a membership past row-level security, as a server's own role does: whom the tenant
    /// keeps does not depend on who takes them away.
    fn past(&mut self, row: &Row, last: bool) {
        let mut people = self.scene.people.iter();
        let service = people.position(|person| person.standing == Standing::Service);
        let Some(service) = service.filter(|_| !self.scene.session.is_in_place()) else {
            return;
        };
        let delete = self.writer.delete(&self.writer.at(row), "");
        let sql = format!("set local role service_role; {delete}");
        self.ledger.add(service, sql, Shape::Kept(last), &[]);
    }

    /// A membership of the top role that does not count.
    fn idle(&self, seats: Seats<'_>) -> Option<Row> {
        let (role, home) = (seats.members.role.column()?, self.scene.homes.first()?);
        let top = seats.tenant.role(seats.tenant.top());
        let wanted = [(at(seats.members.tenant), home.as_str()), (at(role), top)];
        let mut rows = self.world.matching(relation_of(self.scene.index), &wanted);
        rows.next().cloned()
    }

    /// In a tenant that has nobody of the top role nothing is kept: everybody left changes and
    /// deletes their own membership as far as the policy lets them.
    fn go_on(&mut self, seats: Seats<'_>) {
        let caller = at(seats.members.caller);
        for person in 0..self.scene.people.len() {
            let subject = self
                .scene
                .people
                .get(person)
                .and_then(|p| p.subject.clone());
            let home = self.scene.homes.first().cloned();
            let (Some(subject), Some(home)) = (subject, home) else {
                continue;
            };
            let wanted = [(at(seats.members.tenant), &*home), (caller, &*subject)];
            let relation = relation_of(self.scene.index);
            let Some(row) = self.world.matching(relation, &wanted).next().cloned() else {
                continue;
            };
            let place = self.writer.at(&row);
            for column in self.privileges(person).update.iter().map(usize::from) {
                let change: Change = vec![(column, value(&row, column).map(str::to_owned))];
                let act = self.act_update(person, &row, &change);
                let question = self.question(person, self.key(), written(&change), act);
                let sql = self.writer.update(&change, &place, "");
                self.pose(
                    person,
                    "leave by update",
                    sql,
                    Shape::Leaves(false),
                    &[question],
                );
            }
            let index = self.row(person, &row);
            let delete = self.question(person, self.key(), ColumnSet::EMPTY, Act::Delete(index));
            let sql = self.writer.delete(&place, "");
            self.pose(person, "leave", sql, Shape::Leaves(false), &[delete]);
        }
    }

    /// The table's memberships, if the policy keeps the last of the top role. Where a source gives
    /// everybody in it that role, no role can be taken from them, and nothing is tried.
    fn held_seats(&self) -> Option<Seats<'a>> {
        let tenant = self.scene.policy.tenant.as_ref()?;
        let mut sources = tenant.members.iter();
        let named = sources.all(|source| source.role.column().is_some());
        let members = tenant
            .members
            .iter()
            .find(|members| members.table == self.scene.index)?;
        (tenant.keep_top && named).then_some(Seats { tenant, members })
    }

    /// The rows of a source that give the top role in the tenant of the rows under test.
    fn tops(&self, seats: Seats<'_>, members: &Members) -> Vec<Row> {
        let (Some(role), Some(home)) = (members.role.column(), self.scene.homes.first()) else {
            return Vec::new();
        };
        let top = seats.tenant.role(seats.tenant.top());
        let wanted = [(at(members.tenant), home.as_str()), (at(role), top)];
        let world = &self.scene.world;
        let facts = self.scene.facts(world);
        world
            .matching(relation_of(members.table), &wanted)
            .filter(|row| facts.sits(members, row))
            .cloned()
            .collect()
    }

    /// Takes the top role in the tenant from everybody else, in every source.
    async fn only(&mut self, seats: Seats<'_>, spared: &[&Row]) -> Result<(), VerifyError> {
        let tenant = seats.tenant;
        let lowest = tenant.roles.first().cloned();
        let mut world = self.scene.world.clone();
        let mut scripts = Vec::new();
        for members in &tenant.members {
            let relation = relation_of(members.table);
            let (RoleSource::Column(role), Some(home)) = (members.role, self.scene.homes.first())
            else {
                continue;
            };
            let Some(of) = self.scene.schema.get(relation) else {
                continue;
            };
            let top = tenant.role(tenant.top());
            let wanted = [(at(members.tenant), home.as_str()), (at(role), top)];
            let facts = self.scene.facts(&self.scene.world);
            let counted = world.matching(relation, &wanted);
            let counted = counted.filter(|row| facts.sits(members, row));
            let rows: Vec<Row> = counted.cloned().collect();
            for row in rows.iter().filter(|row| !spared.contains(row)) {
                let mut without = row.clone();
                if let Some(slot) = without.get_mut(at(role)) {
                    slot.clone_from(&lowest);
                }
                let name = |column: usize| of.columns.get(column).map_or("", |c| &c.name);
                let is = |column: usize, row: &Row| {
                    let text = sql::literal(value(row, column));
                    format!("{} = {text}", sql::name(name(column)))
                };
                let (of_tenant, of_caller) = (at(members.tenant), at(members.caller));
                scripts.push(format!(
                    "update {} set {} where {} and {} and {}",
                    of.qualified(),
                    is(at(role), &without),
                    is(at(role), row),
                    is(of_tenant, row),
                    is(of_caller, row)
                ));
                world.change(relation, row, &without);
            }
        }
        let mut script = "rollback to savepoint scene; ".to_owned();
        for part in &scripts {
            script.push_str(&quietly(part));
            script.push_str("; ");
        }
        script.push_str("savepoint cell");
        let what = "taking the top role from all but one";
        self.scene.session.run(what, &script).await?;
        self.enter(world, scripts);
        Ok(())
    }

    /// Every way to leave the top role, and one statement that leaves it as it is.
    fn leaving(&mut self, seats: Seats<'_>, caller: usize, row: &Row, last: bool) {
        let index = self.row(caller, row);
        let delete = self.question(caller, self.key(), ColumnSet::EMPTY, Act::Delete(index));
        let place = self.writer.at(row);
        let shape = |leaves: bool| Shape::Leaves(last && leaves);
        let sql = self.writer.delete(&place, "");
        self.pose(caller, "leave", sql, shape(true), &[delete]);
        for (change, leaves) in self.ways_out(seats, row) {
            let act = self.act_update(caller, row, &change);
            let question = self.question(caller, self.key(), written(&change), act);
            let sql = self.writer.update(&change, &place, "");
            self.pose(caller, "leave by update", sql, shape(leaves), &[question]);
        }
    }

    /// Updates of a membership, with whether it is then still one of the top role.
    fn ways_out(&self, seats: Seats<'_>, row: &Row) -> Vec<(Change, bool)> {
        let Some(role) = seats.members.role.column() else {
            return Vec::new();
        };
        let own = value(row, at(role)).map(str::to_owned);
        let mut all = vec![(vec![(at(role), own)], false)];
        let roles = seats.tenant.roles.iter().rev().skip(1);
        all.extend(roles.map(|name| (vec![(at(role), Some(name.clone()))], true)));
        let mut columns = ColumnSet::EMPTY;
        if let Some(condition) = &seats.members.condition {
            condition.for_each_operand(&mut |operand| {
                if let Operand::Column(column) = operand {
                    columns = columns.with(*column);
                }
            });
        }
        let facts = self.scene.facts(&self.world);
        for column in columns.iter().map(usize::from) {
            for value in self.scene.values(column) {
                let change = vec![(column, value)];
                let stays = facts.sits(seats.members, &self.updated(row, &change));
                all.push((change, !stays));
            }
        }
        all
    }
}
