//! Rows that every constraint accepts, made from the catalogue alone.
//!
//! Seeding must not set off the app's own triggers, but its foreign keys must hold: it runs with
//! `session_replication_role = replica`, under which only the triggers of foreign keys fire, which
//! [`prepare`] has set to always.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;

use policy_core::model::{Place, Policy, TableIndex};

use super::error::VerifyError;
use super::schema::{ForeignKey, Relation, RelationIndex, Schema, at};
use super::session::{Failure, Session};
use super::sql;
use super::values;
use super::world::{Row, World, value};

/// Values that a row must have, by column.
pub(super) type Fixed = BTreeMap<usize, Option<String>>;

/// A row in the making; what is not set, the database's default or nothing.
type Draft = Vec<Option<Option<String>>>;

/// How many other values are tried where a constraint refuses a row.
const TRIES: usize = 300;

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
            serial: 0,
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
            if let Err(obstacle) = self.refer(relation, key, &mut draft, home).await? {
                return Ok(Err(obstacle));
            }
        }
        for (column, slot) in relation.columns.iter().zip(&mut draft) {
            if slot.is_some() || column.generated {
                continue;
            }
            let dated = matches!(column.base.as_str(), "timestamptz" | "timestamp");
            if dated && (column.default.is_some() || column.not_null) {
                *slot = Some(Some(self.before.clone()));
            } else if column.base == "uuid" && column.not_null {
                *slot = Some(Some(values::uuid(self.next())));
            } else if column.default.is_none() && column.not_null {
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
        relation: &Relation,
        key: &ForeignKey,
        draft: &mut Draft,
        home: &str,
    ) -> Result<Result<(), Obstacle>, VerifyError> {
        let (own, schema) = (relation.positions(&key.columns), self.schema);
        let Some(target) = schema.find(&key.schema, &key.target) else {
            return Ok(Ok(()));
        };
        let Some(referred) = schema.get(target) else {
            return Ok(Ok(()));
        };
        let other = referred.positions(&key.references);
        let mut wanted = Fixed::new();
        let mut open = Vec::new();
        for (own, other) in own.iter().zip(&other) {
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
            // Where the policy speaks of the other table, a row that is not there is the point.
            None if open.is_empty() && target < self.policy.tables.len() => return Ok(Ok(())),
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

    /// Inserts a row; where a constraint refuses it, with other values for what is not fixed.
    async fn settle(
        &mut self,
        index: RelationIndex,
        mut draft: Draft,
        fixed: &Fixed,
    ) -> Result<Result<Row, Obstacle>, VerifyError> {
        let schema = self.schema;
        let Some(relation) = schema.get(index) else {
            return Ok(Ok(Row::new()));
        };
        let mut tries: BTreeMap<String, usize> = BTreeMap::new();
        let mut total = 0;
        loop {
            let failure = match self.insert(relation, &draft).await? {
                Ok(row) => return Ok(Ok(row)),
                Err(failure) => failure,
            };
            let name = failure
                .cause
                .clone()
                .unwrap_or_else(|| failure.message.clone());
            let free = |c: &usize| !fixed.contains_key(c) && self.tenant_column(index) != Some(*c);
            let columns: Vec<usize> = relation
                .involved(name.trim_start_matches("constraint "))
                .into_iter()
                .filter(free)
                .collect();
            total += 1;
            let attempt = tries.entry(name.clone()).or_default();
            if columns.is_empty()
                || total > TRIES
                || !self.vary(relation, &columns, *attempt, &mut draft)
            {
                return Ok(Err(Obstacle { constraint: name }));
            }
            *attempt += 1;
        }
    }

    /// Puts the n-th combination of other values into the columns. False if there is none.
    fn vary(
        &mut self,
        relation: &Relation,
        columns: &[usize],
        n: usize,
        draft: &mut Draft,
    ) -> bool {
        let mut rest = n;
        for index in columns {
            let Some(column) = relation.columns.get(*index) else {
                continue;
            };
            let referring = |key: &ForeignKey| relation.positions(&key.columns).contains(index);
            if relation.foreign_keys.iter().any(referring) || column.generated {
                continue;
            }
            let serial = self.next();
            let literals = relation.literals(&column.name);
            let mut choices: Vec<Option<String>> = values::candidates(column, &literals, serial)
                .into_iter()
                .map(Some)
                .collect();
            if !column.not_null {
                choices.push(None);
            }
            let choice = choices.get(rest % choices.len().max(1)).cloned();
            rest /= choices.len().max(1);
            if let (Some(slot), Some(choice)) = (draft.get_mut(*index), choice) {
                *slot = Some(choice);
            }
        }
        rest == 0
    }

    async fn insert(
        &self,
        relation: &Relation,
        draft: &Draft,
    ) -> Result<Result<Row, Failure>, VerifyError> {
        let all: Vec<_> = relation
            .columns
            .iter()
            .map(|column| sql::name(&column.name))
            .collect();
        let insert = format!(
            "{} returning {}",
            insertion(relation, draft),
            all.join(", ")
        );
        let sql = format!(
            "savepoint seed; {}; release savepoint seed",
            quietly(&insert)
        );
        match self.session.attempt(&sql).await? {
            Ok(rows) => Ok(Ok(rows.into_iter().next().unwrap_or_default())),
            Err(failure) => {
                let undo = "rollback to savepoint seed; release savepoint seed";
                self.session.run("seeding", undo).await?;
                Ok(Err(failure))
            }
        }
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

/// A statement that sets off no triggers but those of foreign keys.
pub(super) fn quietly(statement: &str) -> String {
    format!(
        "set local session_replication_role = replica; {statement}; set local session_replication_role = origin"
    )
}

fn insertion(relation: &Relation, draft: &Draft) -> String {
    let (mut names, mut texts) = (Vec::new(), Vec::new());
    for (column, slot) in relation.columns.iter().zip(draft) {
        if let Some(value) = slot
            .as_ref()
            .filter(|_| column.identity || !column.generated)
        {
            names.push(sql::name(&column.name));
            texts.push(sql::literal(value.as_deref()));
        }
    }
    if names.is_empty() {
        return format!("insert into {} default values", relation.qualified());
    }
    format!(
        "insert into {} ({}) overriding system value values ({})",
        relation.qualified(),
        names.join(", "),
        texts.join(", ")
    )
}

/// Inserts a whole row as it stands; in place of the one with the same key, if that is there.
pub(super) fn planting(relation: &Relation, row: &Row, replace: bool) -> String {
    if !replace {
        let draft: Draft = row.iter().cloned().map(Some).collect();
        return insertion(relation, &draft);
    }
    let key = relation.key();
    let pairs = |inside: bool| -> Vec<String> {
        let of = relation.columns.iter().enumerate().zip(row);
        of.filter(|((at, column), _)| key.contains(at) == inside && !column.generated)
            .map(|((_, column), value)| {
                format!(
                    "{} = {}",
                    sql::name(&column.name),
                    sql::literal(value.as_deref())
                )
            })
            .collect()
    };
    let (set, at) = (pairs(false).join(", "), pairs(true).join(" and "));
    format!("update {} set {set} where {at}", relation.qualified())
}
