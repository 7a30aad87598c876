//! The values that stand for all others: each column's, and the caller's.
//!
//! A column's values are cut by everything that either policy compares them with. For columns that
//! are compared with each other, each piece gets as many different values as there are such
//! columns, so that every order among them comes up.

use std::collections::{BTreeMap, BTreeSet};

use policy_core::value::{Kind, Literal};

use super::CompareError;
use super::both::{Both, NEW, OLD, SIDES};
use super::uses::{Known, Uses, most_teams};
use super::values::{Cell, fresh, pool, team};

/// What everything stands on.
pub(super) struct Ground {
    /// The caller's id; others that conditions name come after it.
    pub(super) ids: Vec<Literal>,
    pub(super) emails: Vec<Cell>,
    pub(super) aals: Vec<Cell>,
    pub(super) nows: Vec<i64>,
    /// The key of the tenant of the rows under test, as each policy means it; those that conditions
    /// name come after it.
    pub(super) homes: Vec<[Option<Literal>; 2]>,
    /// For each time, table and column its values.
    pools: Vec<Vec<Vec<Vec<Cell>>>>,
    /// What of the caller a column is compared with.
    known: BTreeMap<(usize, usize), Vec<Known>>,
    /// The tables in which a fact about the caller or the time meets constants, so that it matters
    /// which of its values it has.
    meets: BTreeSet<(Known, usize)>,
}

/// What conditions can ask about whoever asks.
#[derive(Clone, Copy)]
pub(super) struct Asking<'a> {
    pub(super) id: &'a Cell,
    pub(super) email: &'a Cell,
    pub(super) aal: &'a Cell,
    pub(super) now: i64,
}

impl Ground {
    pub(super) fn of(both: &Both<'_>, now: i64) -> Result<Self, CompareError> {
        let homes = homes(both);
        let mut uses = Uses::default();
        for at in 0..both.tables.len() {
            // Groups first: what is said of a column is said of its group.
            for side in SIDES {
                uses.group(both, side, at);
            }
        }
        for at in 0..both.tables.len() {
            for side in SIDES {
                uses.collect(both, side, at);
            }
        }
        let me = fresh(both.policy(NEW).caller_id, 0);
        let ids = uses.pool_of(Known::Id, both.policy(NEW).caller_id, 0)?;
        let mut ground = Self {
            ids: std::iter::once(me).chain(ids).collect(),
            emails: uses.texts(Known::Email)?,
            aals: uses.texts(Known::Aal)?,
            nows: uses.nows(now),
            homes: Vec::new(),
            pools: Vec::new(),
            known: BTreeMap::new(),
            meets: uses.meets(both),
        };
        ground.homes.push(homes.clone());
        // Which tenant it is can matter only where both policies mean the same by one.
        if let [Some(old), Some(new)] = &homes
            && old == new
        {
            let kind = kind_of(both);
            for named in uses.pool_of(Known::Home, kind, 0)? {
                if named != *old {
                    ground.homes.push([Some(named.clone()), Some(named)]);
                }
            }
        }
        for at in 0..both.tables.len() {
            for column in 0..both.tables.get(at).map_or(0, |of| of.columns.len()) {
                let group = uses.leader(at, column);
                if let Some(known) = uses.known.get(&(at, group)) {
                    ground.known.insert((at, column), known.clone());
                }
            }
        }
        for now in &ground.nows {
            let tables = (0..both.tables.len()).map(|at| columns(both, &uses, at, *now));
            ground.pools.push(tables.collect::<Result<_, _>>()?);
        }
        Ok(ground)
    }

    /// The values of a column that stand for all, for somebody.
    pub(super) fn pool(&self, table: usize, column: usize, asking: Asking<'_>) -> Vec<Cell> {
        let at = self
            .nows
            .iter()
            .position(|now| *now == asking.now)
            .unwrap_or(0);
        let pool = self
            .pools
            .get(at)
            .and_then(|of| of.get(table))
            .and_then(|of| of.get(column));
        let mut pool = pool.cloned().unwrap_or_default();
        for known in self.known.get(&(table, column)).into_iter().flatten() {
            let value = match known {
                Known::Id => asking.id,
                Known::Email => asking.email,
                Known::Aal => asking.aal,
                // The pools are made for each time; the tenant's column has one value.
                Known::Now | Known::Home => &None,
            };
            if value.is_some() && !pool.contains(value) {
                pool.insert(0, value.clone());
            }
        }
        pool
    }

    /// Whether it matters which value a fact has where the rows of a table are concerned.
    pub(super) fn meets(&self, known: Known, table: usize) -> bool {
        self.meets.contains(&(known, table))
    }
}

fn columns(
    both: &Both<'_>,
    uses: &Uses,
    table: usize,
    now: i64,
) -> Result<Vec<Vec<Cell>>, CompareError> {
    let Some(of) = both.tables.get(table) else {
        return Ok(Vec::new());
    };
    let mut all = Vec::new();
    for (at, column) in of.columns.iter().enumerate() {
        let group = uses.leader(table, at);
        let each = (0..of.columns.len())
            .filter(|at| uses.leader(table, *at) == group)
            .count();
        let mut constants = uses
            .constants
            .get(&(table, group))
            .cloned()
            .unwrap_or_default();
        // Of a column that is held against teams alone, one of another team is like any other:
        // the memberships differ from it in every way already.
        let named = |value: &Literal| (0..most_teams(both)).any(|n| *value == team(column.kind, n));
        let only = uses.teams.contains(&(table, at))
            && !uses.seats.contains(&(table, at))
            && each == 1
            && constants.iter().all(named)
            && !uses.patterns.contains_key(&(table, group));
        let each = if only { 0 } else { each };
        if uses
            .known
            .get(&(table, group))
            .is_some_and(|of| of.contains(&Known::Now))
        {
            constants.push(Literal::Timestamp(now));
        }
        let none = Vec::new();
        let patterns = uses.patterns.get(&(table, group)).unwrap_or(&none);
        let values =
            pool(column, constants, patterns, each).ok_or_else(|| CompareError::Patterns {
                column: format!("{}.{}", of.name, column.name),
            })?;
        let null = column.nullable.then_some(None);
        all.push(values.into_iter().map(Some).chain(null).collect());
    }
    Ok(all)
}

fn kind_of(both: &Both<'_>) -> Kind {
    let policy = both.policy(NEW);
    let key = policy.tenant.as_ref().and_then(|tenant| {
        policy
            .table_at(tenant.root)?
            .columns
            .get(usize::from(tenant.key))
    });
    key.map_or(Kind::Uuid, |column| column.kind)
}

fn homes(both: &Both<'_>) -> [Option<Literal>; 2] {
    let root = |side: usize| {
        let policy = both.policy(side);
        let tenant = policy.tenant.as_ref()?;
        let table = policy.table_at(tenant.root)?;
        let kind = table.columns.get(usize::from(tenant.key))?.kind;
        let at = both.find(side, tenant.root)?;
        Some((at, both.tables.get(at)?.column(side, tenant.key)?, kind))
    };
    let (old, new) = (root(OLD), root(NEW));
    let of = |root: Option<(usize, usize, Kind)>, n: usize| root.map(|(.., kind)| fresh(kind, n));
    // The same tenant, if both mean the same by it.
    let n = if old.is_none() || new.is_none() || old == new {
        9_000
    } else {
        9_001
    };
    [of(old, 9_000), of(new, n)]
}
