//! Rows that every constraint accepts, made from the catalogue alone.
//!
//! Seeding must not set off the app's own triggers, but its foreign keys must hold: it runs with
//! `session_replication_role = replica`, under which only the triggers of foreign keys fire, which
//! [`prepare`] has set to always.

mod planting;
mod settle;

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::pin::Pin;

use policy_core::model::{Place, Policy, Subject, TableIndex};

use super::error::VerifyError;
use super::in_place::broken;
use super::schema::{ForeignKey, RelationIndex, Schema, at};
use super::session::Session;
use super::values;
use super::world::{Row, World, value};

pub(super) use planting::{planting, quietly};

/// Values that a row must have, by column.
pub(super) type Fixed = BTreeMap<usize, Option<String>>;

/// A row in the making; what is not set, the database's default or nothing.
type Draft = Vec<Option<Option<String>>>;

/// Why there cannot be such a row.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Obstacle {
    /// The constraint that forbids it.
    pub(super) constraint: String,
}

/// Lets foreign keys hold while seeding.
pub(super) async fn prepare(session: &Session) -> Result<(), VerifyError> {
    let script = "do $$ declare t record; begin
        for t in select g.tgrelid::regclass as of, g.tgname as name
          from pg_catalog.pg_trigger g join pg_catalog.pg_constraint k on k.oid = g.tgconstraint
          where g.tgisinternal and k.contype = 'f' and g.tgenabled = 'O'
        loop execute format('alter table %s enable always trigger %I', t.of, t.name); end loop;
      end $$";
    session
        .run("letting foreign keys hold while seeding", script)
        .await
}

/// Makes rows and remembers them.
pub(super) struct Seeder<'a> {
    pub(super) session: &'a Session,
    pub(super) schema: &'a Schema,
    pub(super) policy: &'a Policy,
    pub(super) world: World,
    /// A moment before the transaction, as text.
    pub(super) before: String,
    /// The columns that have a value in every row, though they may be left out.
    pub(super) filled: BTreeSet<(RelationIndex, usize)>,
    serial: u64,
}

type Making<'s, T> = Pin<Box<dyn Future<Output = Result<Result<T, Obstacle>, VerifyError>> + 's>>;

impl<'a> Seeder<'a> {
    pub(super) fn new(
        session: &'a Session,
        schema: &'a Schema,
        policy: &'a Policy,
        before: String,
    ) -> Self {
        Self {
            session,
            schema,
            policy,
            world: World::default(),
            before,
            filled: BTreeSet::new(),
            serial: session.salt(),
        }
    }

    pub(super) fn next(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }

    /// Makes and inserts a row in a tenant, with others that it has to point to.
    pub(super) fn grow<'s>(
        &'s mut self,
        relation: RelationIndex,
        fixed: &'s Fixed,
        home: &'s str,
    ) -> Making<'s, Row> {
        Box::pin(async move {
            let draft = match self.compose(relation, fixed, home).await? {
                Ok(draft) => draft,
                Err(obstacle) => return Ok(Err(obstacle)),
            };
            let settled = self.settle(relation, draft, fixed).await?;
            Ok(settled.inspect(|row| self.world.add(relation, row.clone())))
        })
    }

    /// Makes a row, inserts it to see that it can be, and takes it out again.
    pub(super) async fn try_out(
        &mut self,
        relation: RelationIndex,
        fixed: &Fixed,
        home: &str,
    ) -> Result<Result<Row, Obstacle>, VerifyError> {
        let draft = match self.compose(relation, fixed, home).await? {
            Ok(draft) => draft,
            Err(obstacle) => return Ok(Err(obstacle)),
        };
        self.session.run("seeding", "savepoint try_out").await?;
        let settled = self.settle(relation, draft, fixed).await?;
        let undo = "rollback to savepoint try_out; release savepoint try_out";
        self.session.run("seeding", undo).await?;
        Ok(settled)
    }

    /// Fills a row: what is fixed, then what its foreign keys demand, then the rest.
    async fn compose(
        &mut self,
        index: RelationIndex,
        fixed: &Fixed,
        home: &str,
    ) -> Result<Result<Draft, Obstacle>, VerifyError> {
        let schema = self.schema;
        let Some(relation) = schema.get(index) else {
            return Ok(Ok(Draft::new()));
        };
        let mut draft: Draft = vec![None; relation.columns.len()];
        let mut set = |column: usize, value: Option<String>| {
            if let Some(slot) = draft.get_mut(column) {
                *slot = Some(value);
            }
        };
        for (column, value) in fixed {
            set(*column, value.clone());
        }
        if let Some(column) = self.tenant_column(index)
            && !fixed.contains_key(&column)
        {
            set(column, Some(home.to_owned()));
        }
        let mut keys: Vec<&ForeignKey> = relation.foreign_keys.iter().collect();
        keys.sort_by_key(|key| {
            let decided = |c: &usize| fixed.contains_key(c);
            let own = relation.positions(&key.columns);
            (
                own.len() - own.iter().filter(|c| decided(c)).count(),
                own.len(),
            )
        });
        for key in keys {
            if let Err(obstacle) = self.refer(index, key, &mut draft, home).await? {
                return Ok(Err(obstacle));
            }
        }
        for (at, (column, slot)) in relation.columns.iter().zip(&mut draft).enumerate() {
            if slot.is_some() || column.generated {
                continue;
            }
            let needed = column.not_null || self.filled.contains(&(index, at));
            let dated = matches!(column.base.as_str(), "timestamptz" | "timestamp");
            if dated && (column.default.is_some() || needed) {
                *slot = Some(Some(self.before.clone()));
            } else if column.base == "uuid" && needed {
                *slot = Some(Some(values::uuid(self.next())));
            } else if column.default.is_none() && needed {
                let literals = relation.literals(&column.name);
                let serial = self.next();
                *slot = Some(
                    values::candidates(column, &literals, serial)
                        .into_iter()
                        .next(),
                );
            }
        }
        Ok(Ok(draft))
    }

    /// Points a foreign key to a row that is there, or makes one.
    async fn refer(
        &mut self,
        index: RelationIndex,
        key: &ForeignKey,
        draft: &mut Draft,
        home: &str,
    ) -> Result<Result<(), Obstacle>, VerifyError> {
        let schema = self.schema;
        let Some(relation) = schema.get(index) else {
            return Ok(Ok(()));
        };
        let Some(to) = schema.reference(relation, key) else {
            return Ok(Ok(()));
        };
        let target = to.target;
        let own: Vec<usize> = to.pairs.iter().map(|(own, _)| *own).collect();
        let mut wanted = Fixed::new();
        let mut open = Vec::new();
        for (own, other) in &to.pairs {
            match draft.get(*own).and_then(Option::as_ref) {
                Some(Some(text)) => drop(wanted.insert(*other, Some(text.clone()))),
                Some(None) => return Ok(Ok(())),
                None => open.push((*own, *other)),
            }
        }
        let optional = |column: usize| relation.columns.get(column).is_some_and(|c| !c.not_null);
        if let Some((column, _)) = open.iter().find(|(column, _)| optional(*column)) {
            if let Some(slot) = draft.get_mut(*column) {
                *slot = Some(None);
            }
            return Ok(Ok(()));
        }
        if let Some(tenant) = self.tenant_column(target) {
            wanted
                .entry(tenant)
                .or_insert_with(|| Some(home.to_owned()));
        }
        let pairs: Vec<_> = wanted
            .iter()
            .filter_map(|(c, v)| v.as_deref().map(|v| (*c, v)))
            .collect();
        let found = self.world.matching(target, &pairs).next().cloned();
        let row = match found {
            Some(row) => row,
            // Where a rule looks at the other row, one that is not there is the point.
            None if open.is_empty() && self.looks_through(index, &own) => return Ok(Ok(())),
            None => match self.grow(target, &wanted, home).await? {
                Ok(row) => row,
                Err(obstacle) => return Ok(Err(obstacle)),
            },
        };
        for (own, other) in open {
            if let Some(slot) = draft.get_mut(own) {
                *slot = Some(value(&row, other).map(str::to_owned));
            }
        }
        Ok(Ok(()))
    }

    /// The foreign key that a row would break, where the server is not asked.
    pub(super) fn breaks_key(
        &self,
        relation: RelationIndex,
        row: &Row,
        replaced: Option<&Row>,
    ) -> Option<String> {
        let asked = !self.session.is_in_place();
        let found = || broken(self.schema, &self.world, relation, row, replaced);
        let name = if asked { None } else { found() };
        name.map(|name| format!("constraint {name}"))
    }

    /// Whether a table's rules look at the row that one of the columns points to.
    fn looks_through(&self, relation: RelationIndex, columns: &[usize]) -> bool {
        let table = TableIndex::try_from(relation).ok();
        let Some(table) = table.and_then(|table| self.policy.table_at(table)) else {
            return false;
        };
        let parents = table.parents.iter().map(|parent| parent.column);
        let peers = table.rules.iter().filter_map(|rule| match rule.subject {
            Subject::Peer(peer) => Some(peer.column),
            _ => None,
        });
        parents
            .chain(peers)
            .any(|column| columns.contains(&at(column)))
    }

    /// The column with a relation's tenant.
    pub(super) fn tenant_column(&self, relation: RelationIndex) -> Option<usize> {
        let table = self.policy.table_at(TableIndex::try_from(relation).ok()?)?;
        match table.place {
            Place::Tenant(column) => Some(at(column)),
            Place::Root(_) | Place::Shared => None,
        }
    }
}
