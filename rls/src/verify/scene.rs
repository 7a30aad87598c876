//! What a table's cells need around them: tenants, people, parents, and the rows under test.

mod coax;
mod parents;
mod seats;
mod specimens;
mod template;

use std::collections::BTreeMap;

use policy_core::model::{Place, Policy, Subject, Table, TableIndex};
use policy_core::value::Kind;

use super::domain::{Domain, Point, domains};
use super::error::VerifyError;
use super::in_place::broken;
use super::people::{self, Person};
use super::report::Impossible;
use super::schema::{Relation, RelationIndex, Schema, at, relation_of};
use super::seed::{Fixed, Obstacle, Seeder};
use super::session::Session;
use super::values;
use super::world::{Facts, Row, World};

/// A row under test.
#[derive(Clone, Debug)]
pub(super) struct Specimen {
    /// Its values, as the database stored them where it could.
    pub(super) row: Row,
    /// Whose row it is: then only that caller is asked about it, since to others it is a stranger's.
    pub(super) owner: Option<usize>,
    /// What forbids such a row, if anything does; as a new row it can still be proposed.
    pub(super) obstacle: Option<Obstacle>,
}

/// A row that a constraint is said to forbid, whatever its other columns are.
#[derive(Clone, Debug)]
pub(super) struct Forbidden {
    pub(super) relation: RelationIndex,
    pub(super) fixed: Fixed,
    /// The column with the tenant, which is not free either.
    pub(super) tenant: Option<usize>,
    pub(super) home: String,
    pub(super) constraint: String,
    /// Which row, for the report.
    pub(super) what: String,
}

/// A table's surroundings, within an open transaction.
pub(super) struct Scene<'a> {
    pub(super) schema: &'a Schema,
    pub(super) policy: &'a Policy,
    pub(super) index: TableIndex,
    pub(super) table: &'a Table,
    pub(super) relation: &'a Relation,
    pub(super) session: &'a Session,
    pub(super) people: Vec<Person>,
    pub(super) world: World,
    /// `now()` of the transaction.
    pub(super) now: i64,
    /// The tenant of the rows under test, and another.
    pub(super) homes: [String; 2],
    pub(super) specimens: Vec<Specimen>,
    /// The columns whose classes the rows under test go through.
    pub(super) classed: Vec<usize>,
    /// A plain row here, and one in the other tenant.
    pub(super) template: Row,
    pub(super) foreign: Option<Row>,
    pub(super) impossible: Vec<Impossible>,
    pub(super) forbidden: Vec<Forbidden>,
}

impl<'a> Scene<'a> {
    /// Opens a transaction and seeds it, up to the savepoint `scene`.
    pub(super) async fn set(
        session: &'a Session,
        schema: &'a Schema,
        policy: &'a Policy,
        index: TableIndex,
    ) -> Result<Option<Self>, VerifyError> {
        let (Some(table), Some(relation)) =
            (policy.table_at(index), schema.get(relation_of(index)))
        else {
            return Ok(None);
        };
        let begin = format!(
            "{}; set local timezone = 'UTC'; set local datestyle = 'ISO'; set local search_path = ''",
            session.begin()
        );
        session.run("opening a transaction", &begin).await?;
        let epoch = "select (extract(epoch from now()) * 1000000)::bigint";
        let now: i64 = session
            .value("asking for the time", epoch)
            .await?
            .parse()
            .unwrap_or(0);
        let before = policy_core::value::timestamp_text(now - 86_400_000_000);
        let mut stage = Stage {
            seeder: Seeder::new(session, schema, policy, before),
            index,
            table,
            relation,
            now,
            people: people::everybody(policy, Some(table)),
            homes: homes(policy),
            impossible: Vec::new(),
            forbidden: Vec::new(),
            labels: BTreeMap::new(),
            teams: Vec::new(),
        };
        stage
            .labels
            .insert(people::bystander(policy), "somebody else");
        stage
            .labels
            .insert(policy_core::value::timestamp_text(now), "now");
        for person in stage
            .people
            .iter()
            .filter_map(|person| person.subject.clone())
        {
            stage.labels.insert(person, "the caller");
        }
        stage.tenants().await?;
        stage.teams().await?;
        stage.seat_everybody().await?;
        stage.sign_up().await?;
        let (template, foreign) = stage.templates().await?;
        stage.alternatives(&template).await?;
        let domains = stage.domains(&template).await?;
        let specimens = stage.specimens(&domains, &template).await?;
        stage.coax(&specimens).await?;
        session.run("seeding", "savepoint scene").await?;
        Ok(Some(Self {
            schema,
            policy,
            index,
            table,
            relation,
            session,
            people: stage.people,
            world: stage.seeder.world,
            now,
            homes: stage.homes,
            specimens,
            classed: domains.iter().map(|domain| at(domain.column)).collect(),
            template,
            foreign,
            impossible: stage.impossible,
            forbidden: stage.forbidden,
        }))
    }

    /// The policy's view of a world.
    pub(super) fn facts<'w>(&'w self, world: &'w World) -> Facts<'w> {
        Facts {
            policy: self.policy,
            world,
            now: self.now,
        }
    }

    /// A few values that a column has in rows under test, and in rows that it can point to.
    pub(super) fn values(&self, column: usize) -> Vec<Option<String>> {
        /// The most values of a column that are tried alone.
        const MOST: usize = 6;
        let mut all: Vec<Option<String>> = Vec::new();
        let possible = self.specimens.iter().filter(|s| s.obstacle.is_none());
        all.extend(possible.filter_map(|s| s.row.get(column).cloned()));
        for key in &self.relation.foreign_keys {
            let to = self.schema.reference(self.relation, key);
            let Some((to, named)) = to.and_then(|to| to.named(column).map(|named| (to, named)))
            else {
                continue;
            };
            let rows = self.world.of(to.target);
            all.extend(rows.filter_map(|row| row.get(named).cloned()));
        }
        all.sort();
        all.dedup();
        all.truncate(MOST);
        all
    }

    /// Whether a changed row would break a foreign key, where the server is not asked.
    pub(super) fn breaks_key(&self, row: &Row, change: &[(usize, Option<String>)]) -> bool {
        if !self.session.is_in_place() {
            return false;
        }
        let (index, mut new) = (relation_of(self.index), row.clone());
        for (column, value) in change {
            if let Some(slot) = new.get_mut(*column) {
                slot.clone_from(value);
            }
        }
        broken(self.schema, &self.world, index, &new, Some(row)).is_some()
    }

    /// Whether a row under test takes the place of a seeded one: a tenant's, or one that a
    /// membership has to point to.
    pub(super) fn replaces(&self, row: &Row) -> bool {
        matches!(self.table.place, Place::Root(_))
            || self.world.holds(self.index, self.relation, row)
    }
}

/// The scene while it is being set.
struct Stage<'a> {
    seeder: Seeder<'a>,
    index: TableIndex,
    table: &'a Table,
    relation: &'a Relation,
    now: i64,
    people: Vec<Person>,
    homes: [String; 2],
    impossible: Vec<Impossible>,
    forbidden: Vec<Forbidden>,
    /// What some values stand for, for the report.
    labels: BTreeMap<String, &'static str>,
    /// Two values for each thing that memberships say beside the role.
    teams: Vec<[Option<String>; 2]>,
}

fn homes(policy: &Policy) -> [String; 2] {
    let kind = policy.tenant.as_ref().and_then(|tenant| {
        let root = policy.table_at(tenant.root)?;
        root.columns.get(at(tenant.key)).map(|column| column.kind)
    });
    match kind {
        Some(Kind::Int | Kind::Decimal) => ["1", "2"].map(str::to_owned),
        Some(Kind::Uuid) => [0xa0_0000_0000, 0xb0_0000_0000].map(values::uuid),
        _ => ["tenant-a", "tenant-b"].map(str::to_owned),
    }
}

impl Stage<'_> {
    fn home(&self, which: usize) -> String {
        self.homes.get(which).cloned().unwrap_or_default()
    }

    fn no_row(table: &str, obstacle: Obstacle) -> VerifyError {
        VerifyError::NoRow {
            table: table.to_owned(),
            obstacle: obstacle.constraint,
        }
    }

    /// Remembers a row that cannot be.
    fn forbid(
        &mut self,
        relation: RelationIndex,
        fixed: Fixed,
        home: String,
        what: String,
        obstacle: &Obstacle,
    ) {
        self.note(what.clone(), obstacle, 1);
        self.forbidden.push(Forbidden {
            relation,
            tenant: self.seeder.tenant_column(relation),
            fixed,
            home,
            constraint: obstacle.constraint.clone(),
            what,
        });
    }

    fn note(&mut self, what: String, obstacle: &Obstacle, cells: u64) {
        let constraint = obstacle.constraint.clone();
        self.impossible.push(Impossible {
            table: self.table.name.clone(),
            kind: self.seeder.schema.kind_of(&constraint),
            what,
            constraint,
            cells,
        });
    }

    async fn tenants(&mut self) -> Result<(), VerifyError> {
        let Some(tenant) = &self.seeder.policy.tenant else {
            return Ok(());
        };
        for which in 0..2 {
            let home = self.home(which);
            let fixed = Fixed::from([(at(tenant.key), Some(home.clone()))]);
            let grown = self
                .seeder
                .grow(relation_of(tenant.root), &fixed, &home)
                .await?;
            grown.map_err(|obstacle| Self::no_row("the tenants' table", obstacle))?;
        }
        Ok(())
    }

    /// The classes of every column that the policy looks at.
    async fn domains(&mut self, template: &Row) -> Result<Vec<Domain>, VerifyError> {
        let mut all = domains(self.seeder.policy, self.table, self.now);
        for (column, points) in self.references().await? {
            match all.iter_mut().find(|domain| domain.column == column) {
                Some(domain) => domain.points = points,
                None => all.push(Domain { column, points }),
            }
        }
        self.add_teams(self.table, &mut all);
        for domain in &mut all {
            let named: Vec<String> = domain
                .points
                .iter()
                .filter_map(|point| match point {
                    Point::Value(text) => text.clone(),
                    _ => None,
                })
                .collect();
            let open = domain.points.len();
            domain.points.retain(|point| *point != Point::Other);
            // An enum whose labels are all named has no other value.
            if domain.points.len() < open
                && let Some(other) = self.other(domain.column, template, &named).await?
            {
                domain.points.push(Point::Value(Some(other)));
            }
            domain.points.sort();
            domain.points.dedup();
        }
        Ok(all)
    }

    /// The values that memberships have, in the columns that rules hold against them.
    fn add_teams(&self, table: &Table, all: &mut Vec<Domain>) {
        for rule in &table.rules {
            let Subject::Team(team) = rule.subject else {
                continue;
            };
            let values = self.teams.get(usize::from(team.attribute));
            let points = values.into_iter().flatten().cloned().map(Point::Value);
            match all.iter_mut().find(|domain| domain.column == team.column) {
                Some(domain) => domain.points.extend(points),
                None => {
                    let mut points: Vec<Point> = points.collect();
                    if !table.not_null.contains(team.column) {
                        points.push(Point::Value(None));
                    }
                    all.push(Domain {
                        column: team.column,
                        points,
                    });
                }
            }
        }
    }
}
