//! The values that stand for all others: each column's, and the caller's.
//!
//! A column's values are cut by everything that either policy compares them with. For columns that
//! are compared with each other, each piece gets as many different values as there are such
//! columns, so that every order among them comes up.

use std::collections::{BTreeMap, BTreeSet};

use policy_core::columns::ColumnIndex;
use policy_core::condition::{Condition, Operand, Pattern};
use policy_core::model::{Place, Policy, RoleSource, Subject, Table};
use policy_core::value::{Kind, Literal};

use super::CompareError;
use super::both::{Both, BothColumn, NEW, OLD, SIDES};
use super::like;

/// A value, or NULL.
pub(super) type Cell = Option<Literal>;

const DAY: i128 = 86_400_000_000;

/// What of a caller or a statement conditions can ask about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Known {
    Id,
    Email,
    Aal,
    Now,
    /// The key of the tenant of the rows under test.
    Home,
}

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

/// What is compared with what.
#[derive(Default)]
struct Uses {
    /// For each column the first one of those it is compared with.
    groups: BTreeMap<(usize, usize), usize>,
    /// By table and group.
    constants: BTreeMap<(usize, usize), Vec<Literal>>,
    patterns: BTreeMap<(usize, usize), Vec<Pattern>>,
    known: BTreeMap<(usize, usize), Vec<Known>>,
    /// Columns that rules hold against a caller's teams.
    teams: BTreeSet<(usize, usize)>,
    /// Columns that make a row a membership, or a tenant's.
    seats: BTreeSet<(usize, usize)>,
    /// Of the caller and the time themselves.
    of_known: BTreeMap<Known, (Vec<Literal>, Vec<Pattern>)>,
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

/// A value that no condition names.
pub(super) fn fresh(kind: Kind, n: usize) -> Literal {
    let number = i64::try_from(n).unwrap_or(0);
    match kind {
        Kind::Bool => Literal::Bool(n.is_multiple_of(2)),
        Kind::Int => Literal::Int(1001 + number),
        Kind::Decimal => Literal::Decimal((1001 + number).to_string().into()),
        Kind::Uuid => {
            Literal::Uuid(0x0000_0000_0000_4000_8000_0000_0000_0000 + 0xca11_0000 + n as u128)
        }
        Kind::Timestamp => Literal::Timestamp(1_700_000_000_000_000 + number * 86_400_000_000),
        Kind::Date => Literal::Date(20_000 + i32::try_from(n).unwrap_or(0)),
        Kind::Text | Kind::Enum | Kind::Opaque => Literal::Text(format!("value {n}").into()),
    }
}

/// The n-th value of an attribute of memberships, such as a team.
pub(super) fn team(kind: Kind, n: usize) -> Literal {
    match kind {
        Kind::Bool => Literal::Bool(n == 0),
        Kind::Text | Kind::Enum | Kind::Opaque => Literal::Text(format!("team {n}").into()),
        kind => fresh(kind, 7_000 + n),
    }
}

/// In how many columns a row can be held against teams.
fn most_teams(both: &Both<'_>) -> usize {
    let policies = SIDES.map(|side| both.policy(side));
    let tables = policies.iter().flat_map(|policy| &policy.tables);
    let counts = tables.map(|table| {
        let columns = table.rules.iter().filter_map(|rule| match rule.subject {
            Subject::Team(team) => Some(team.column),
            _ => None,
        });
        columns.collect::<BTreeSet<_>>().len()
    });
    counts.max().unwrap_or(0)
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

impl Uses {
    fn group(&mut self, both: &Both<'_>, side: usize, at: usize) {
        let (Some(table), Some(of)) = (both.table(side, at), both.tables.get(at)) else {
            return;
        };
        let mut pairs = Vec::new();
        for condition in conditions(both.policy(side), table) {
            for_each_atom(condition, &mut |atom| {
                if let Condition::Compare(_, Operand::Column(a), Operand::Column(b))
                | Condition::Distinct(Operand::Column(a), Operand::Column(b)) = atom
                {
                    pairs.extend(of.column(side, *a).zip(of.column(side, *b)));
                }
            });
        }
        for (a, b) in pairs {
            let (a, b) = (self.leader(at, a), self.leader(at, b));
            let (low, high) = (a.min(b), a.max(b));
            for column in 0..of.columns.len() {
                if self.leader(at, column) == high {
                    self.groups.insert((at, column), low);
                }
            }
        }
    }

    fn leader(&self, table: usize, column: usize) -> usize {
        self.groups.get(&(table, column)).copied().unwrap_or(column)
    }

    fn constant(&mut self, table: usize, column: Option<usize>, literal: Literal) {
        if let Some(column) = column {
            let group = self.leader(table, column);
            self.constants
                .entry((table, group))
                .or_default()
                .push(literal);
        }
    }

    fn knows(&mut self, table: usize, column: Option<usize>, known: Known) {
        if let Some(column) = column {
            let group = self.leader(table, column);
            self.known.entry((table, group)).or_default().push(known);
            self.of_known.entry(known).or_default();
        }
    }

    fn collect(&mut self, both: &Both<'_>, side: usize, at: usize) {
        let (Some(table), Some(of)) = (both.table(side, at), both.tables.get(at)) else {
            return;
        };
        let policy = both.policy(side);
        let column = |index: ColumnIndex| of.column(side, index);
        for condition in conditions(policy, table) {
            for_each_atom(condition, &mut |atom| self.atom(at, &column, atom));
        }
        for rule in &table.rules {
            match rule.subject {
                Subject::Itself(own) => self.knows(at, column(own), Known::Id),
                Subject::Team(team_of) => {
                    let attributes = policy.tenant.iter().flat_map(|of| &of.attributes);
                    let kind = attributes.clone().nth(usize::from(team_of.attribute));
                    if let (Some(attribute), Some(own)) = (kind, column(team_of.column)) {
                        self.teams.insert((at, own));
                        for n in 0..most_teams(both) {
                            self.constant(at, Some(own), team(attribute.kind, n));
                        }
                    }
                }
                _ => {}
            }
        }
        if let Some(retire) = &table.retire {
            self.constant(at, column(retire.column), retire.value.clone());
            self.knows(at, column(retire.stamp), Known::Now);
        }
        if let (Some(tenant), Place::Root(_)) = (&policy.tenant, table.place)
            && let Some(found) = tenant.found
        {
            self.knows(at, column(found.author), Known::Id);
            self.knows(at, column(found.stamp), Known::Now);
        }
        if let Some(tenant) = table.place.tenant_column() {
            self.knows(at, column(tenant), Known::Home);
        }
        if let Some(tenant) = &policy.tenant {
            let own = tenant.members.iter().filter(|of| {
                policy
                    .table_at(of.table)
                    .is_some_and(|of| of.name == table.name)
            });
            for members in own {
                self.knows(at, column(members.caller), Known::Id);
                self.knows(at, column(members.tenant), Known::Home);
                if let RoleSource::Column(role) = members.role {
                    for name in &tenant.roles {
                        self.constant(at, column(role), Literal::Text(name.as_str().into()));
                    }
                }
                for (attribute, said) in tenant.attributes.iter().zip(&members.attributes) {
                    self.seats
                        .extend(said.and_then(column).map(|own| (at, own)));
                    for n in 0..most_teams(both) {
                        let value = team(attribute.kind, n);
                        self.constant(at, said.and_then(column), value);
                    }
                }
            }
        }
    }

    fn atom(
        &mut self,
        at: usize,
        column: &impl Fn(ColumnIndex) -> Option<usize>,
        atom: &Condition,
    ) {
        let operands = |left: &Operand, right: &Operand| {
            [(left.clone(), right.clone()), (right.clone(), left.clone())]
        };
        match atom {
            Condition::Compare(_, left, right) | Condition::Distinct(left, right) => {
                for (one, other) in operands(left, right) {
                    match (&one, &other) {
                        (Operand::Column(c), Operand::Literal(l)) => {
                            self.constant(at, column(*c), l.clone());
                        }
                        (Operand::Column(c), other) => {
                            if let Some(known) = known(other) {
                                self.knows(at, column(*c), known);
                            }
                        }
                        (one, Operand::Literal(l)) => {
                            if let Some(known) = known(one) {
                                self.of_known.entry(known).or_default().0.push(l.clone());
                            }
                        }
                        (one, _) => {
                            if let Some(known) = known(one) {
                                self.of_known.entry(known).or_default();
                            }
                        }
                    }
                }
            }
            Condition::OneOf(Operand::Column(c), literals) => {
                for literal in literals {
                    self.constant(at, column(*c), literal.clone());
                }
            }
            Condition::OneOf(of, literals) => {
                if let Some(known) = known(of) {
                    let entry = self.of_known.entry(known).or_default();
                    entry.0.extend(literals.iter().cloned());
                }
            }
            Condition::Like(Operand::Column(c), pattern) => {
                if let Some(column) = column(*c) {
                    let group = self.leader(at, column);
                    let patterns = self.patterns.entry((at, group)).or_default();
                    patterns.push(pattern.clone());
                }
            }
            Condition::Like(of, pattern) => {
                if let Some(known) = known(of) {
                    let entry = self.of_known.entry(known).or_default();
                    entry.1.push(pattern.clone());
                }
            }
            Condition::IsNull(of) | Condition::Flag(of) => {
                if let Some(known) = known(of) {
                    self.of_known.entry(known).or_default();
                }
            }
            Condition::All(_) | Condition::Any(_) | Condition::Not(_) => {}
        }
    }

    fn meets(&self, both: &Both<'_>) -> BTreeSet<(Known, usize)> {
        let mut all = BTreeSet::new();
        for ((table, group), known) in &self.known {
            let special = self.constants.contains_key(&(*table, *group))
                || self.patterns.contains_key(&(*table, *group));
            all.extend(
                known
                    .iter()
                    .filter(|_| special)
                    .map(|known| (*known, *table)),
            );
        }
        // Compared with constants directly: wherever a condition names it.
        for (table, side) in (0..both.tables.len()).flat_map(|at| SIDES.map(|side| (at, side))) {
            let Some(own) = both.table(side, table) else {
                continue;
            };
            for condition in conditions(both.policy(side), own) {
                condition.for_each_operand(&mut |operand| {
                    all.extend(
                        known(operand)
                            .map(|known| (known, table))
                            .filter(|(known, _)| {
                                let of = self.of_known.get(known);
                                of.is_some_and(|(constants, patterns)| {
                                    !constants.is_empty() || !patterns.is_empty()
                                }) || matches!(known, Known::Email | Known::Aal)
                            }),
                    );
                });
            }
        }
        all
    }

    /// Everything a known fact is compared with, itself or by way of a column.
    fn beside(&self, known: Known) -> (Vec<Literal>, Vec<Pattern>) {
        let (mut constants, mut patterns) = self.of_known.get(&known).cloned().unwrap_or_default();
        for (key, of) in &self.known {
            if of.contains(&known) {
                constants.extend(self.constants.get(key).into_iter().flatten().cloned());
                patterns.extend(self.patterns.get(key).into_iter().flatten().cloned());
            }
        }
        (constants, patterns)
    }

    /// The values of a known fact; without anything to tell apart, `each` fresh ones.
    fn pool_of(&self, known: Known, kind: Kind, each: usize) -> Result<Vec<Literal>, CompareError> {
        let (constants, patterns) = self.beside(known);
        let open = BothColumn {
            name: String::new(),
            before: None,
            at: [None, None],
            kind,
            nullable: true,
            allowed: Vec::new(),
            scale: None,
        };
        pool(&open, constants, &patterns, each).ok_or_else(|| CompareError::Patterns {
            column: format!("caller.{known:?}").to_lowercase(),
        })
    }

    fn texts(&self, known: Known) -> Result<Vec<Cell>, CompareError> {
        let mut all = vec![None];
        if self.of_known.contains_key(&known) {
            all.extend(self.pool_of(known, Kind::Text, 1)?.into_iter().map(Some));
        }
        Ok(all)
    }

    fn nows(&self, now: i64) -> Vec<i64> {
        let (constants, _) = self.beside(Known::Now);
        let mut all = vec![now];
        if !constants.is_empty() {
            let around = around(Kind::Timestamp, &constants, 1, None);
            all.extend(around.into_iter().filter_map(|literal| match literal {
                Literal::Timestamp(at) => Some(at),
                _ => None,
            }));
        }
        all.dedup();
        all
    }
}

fn known(operand: &Operand) -> Option<Known> {
    match operand {
        Operand::CallerId => Some(Known::Id),
        Operand::CallerEmail => Some(Known::Email),
        Operand::CallerAal => Some(Known::Aal),
        Operand::Now => Some(Known::Now),
        Operand::Column(_) | Operand::Literal(_) => None,
    }
}

/// Every condition that is asked of a table's rows.
fn conditions<'a>(policy: &'a Policy, table: &'a Table) -> Vec<&'a Condition> {
    let rules = table
        .rules
        .iter()
        .flat_map(|rule| [&rule.condition, &rule.check]);
    let never = table
        .never
        .iter()
        .flat_map(|never| [&never.condition, &never.check]);
    let members = policy.tenant.iter().flat_map(|tenant| &tenant.members);
    let members = members
        .filter(|of| {
            policy
                .table_at(of.table)
                .is_some_and(|of| of.name == table.name)
        })
        .map(|of| &of.condition);
    rules.chain(never).chain(members).flatten().collect()
}

/// Visits what `and`, `or` and `not` put together.
pub(super) fn for_each_atom(condition: &Condition, visit: &mut impl FnMut(&Condition)) {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => {
            for part in parts {
                for_each_atom(part, visit);
            }
        }
        Condition::Not(inner) => for_each_atom(inner, visit),
        atom => visit(atom),
    }
}

/// Values of a column for every way in which they can stand to the constants and patterns.
fn pool(
    column: &BothColumn,
    mut constants: Vec<Literal>,
    patterns: &[Pattern],
    each: usize,
) -> Option<Vec<Literal>> {
    let mut values: Vec<Literal> = match column.kind {
        Kind::Bool => vec![Literal::Bool(false), Literal::Bool(true)],
        kind if kind.is_ordered() => {
            if constants.is_empty() {
                (1..=each).map(|n| fresh(kind, n)).collect()
            } else {
                around(kind, &constants, each.max(1), column.scale)
            }
        }
        Kind::Text | Kind::Enum if !column.allowed.is_empty() => {
            listed(column, &constants, patterns, each)
        }
        Kind::Text | Kind::Enum if !patterns.is_empty() => {
            let texts: Vec<&str> = constants.iter().filter_map(text).collect();
            let found = like::witnesses(patterns, &texts, each.max(1))?;
            found
                .into_iter()
                .map(|text| Literal::Text(text.into()))
                .collect()
        }
        kind => {
            let open = (1..=each).map(|n| fresh(kind, n));
            constants.extend(open);
            constants
        }
    };
    let mut seen: Vec<Literal> = Vec::new();
    values.retain(|value| {
        let new = !seen.contains(value);
        if new {
            seen.push(value.clone());
        }
        new
    });
    Some(values)
}

fn text(literal: &Literal) -> Option<&str> {
    match literal {
        Literal::Text(text) => Some(text),
        _ => None,
    }
}

/// Of the values that a column can have at all: those that are named, and of the others so many for
/// each way in which the patterns match them.
fn listed(
    column: &BothColumn,
    constants: &[Literal],
    patterns: &[Pattern],
    each: usize,
) -> Vec<Literal> {
    let mut counts: BTreeMap<Vec<bool>, usize> = BTreeMap::new();
    let mut values = Vec::new();
    for value in &column.allowed {
        let named = constants.iter().any(|of| text(of) == Some(value));
        let way = patterns
            .iter()
            .map(|pattern| pattern.matches(value))
            .collect();
        let count = counts.entry(way).or_default();
        if named || *count < each {
            values.push(Literal::Text(value.as_str().into()));
        }
        *count += usize::from(!named);
    }
    values
}

/// The constants, and values between, below and above them: `each` different ones in every gap that
/// has so many.
fn around(kind: Kind, constants: &[Literal], each: usize, scale: Option<u32>) -> Vec<Literal> {
    let digits = constants.iter().map(fraction).max().unwrap_or(0);
    let scale = match kind {
        Kind::Decimal => scale.map_or(digits + 2, |most| most.min(digits + 2)),
        _ => 0,
    };
    let mut special = Vec::new();
    let mut points = Vec::new();
    for constant in constants {
        match scaled(constant, scale) {
            Some(point) => points.push(point),
            // Infinities and NaN: beyond all others, and equal to themselves only.
            None => special.push(constant.clone()),
        }
    }
    points.sort_unstable();
    points.dedup();
    let each = i128::try_from(each).unwrap_or(1);
    let gap = points.windows(2).filter_map(|pair| match pair {
        [a, b] => Some(b - a),
        _ => None,
    });
    // Round steps where there is room for them: people read these values.
    let coarse = match kind {
        Kind::Timestamp => DAY,
        Kind::Decimal => 10_i128.pow(scale),
        _ => 1,
    };
    let roomy = gap.min().is_none_or(|gap| gap > 2 * each * coarse);
    let step = if roomy { coarse } else { 1 };
    if points.is_empty() {
        points.push(scaled(&fresh(kind, 0), scale).unwrap_or(0));
    }
    // What follows a constant fills the gap behind it; only before the first there is another one.
    let before = points
        .first()
        .map(|point| (1..=each).map(move |n| point - n * step));
    let before: Vec<i128> = before.into_iter().flatten().collect();
    let mut all: Vec<i128> = points
        .iter()
        .flat_map(|point| (0..=each).map(move |n| point + n * step))
        .chain(before)
        .collect();
    all.sort_unstable();
    all.dedup();
    let values = all
        .into_iter()
        .filter_map(|point| unscaled(kind, point, scale));
    values.chain(special).collect()
}

fn fraction(literal: &Literal) -> u32 {
    match literal {
        Literal::Decimal(text) => text
            .split_once('.')
            .map_or(0, |(_, digits)| u32::try_from(digits.len()).unwrap_or(0)),
        _ => 0,
    }
}

/// A value as a whole number of the smallest units, rounded down.
fn scaled(literal: &Literal, scale: u32) -> Option<i128> {
    match literal {
        Literal::Int(n) => Some(i128::from(*n) * 10_i128.checked_pow(scale)?),
        Literal::Timestamp(n) if *n != i64::MAX && *n != i64::MIN => Some(i128::from(*n)),
        Literal::Date(n) if *n != i32::MAX && *n != i32::MIN => Some(i128::from(*n)),
        Literal::Decimal(text) => {
            let (negative, bare) = match text.strip_prefix('-') {
                Some(rest) => (true, rest),
                None => (false, text.strip_prefix('+').unwrap_or(text)),
            };
            let (whole, fraction) = bare.split_once('.').unwrap_or((bare, ""));
            let places = u32::try_from(fraction.len()).ok()?;
            let number: i128 = format!("{whole}{fraction}").parse().ok()?;
            let number = if negative { -number } else { number };
            Some(if places <= scale {
                number.checked_mul(10_i128.checked_pow(scale - places)?)?
            } else {
                number.div_euclid(10_i128.checked_pow(places - scale)?)
            })
        }
        _ => None,
    }
}

fn unscaled(kind: Kind, point: i128, scale: u32) -> Option<Literal> {
    Some(match kind {
        Kind::Int => Literal::Int(i64::try_from(point).ok()?),
        Kind::Timestamp => Literal::Timestamp(i64::try_from(point).ok()?),
        Kind::Date => Literal::Date(i32::try_from(point).ok()?),
        _ => {
            let unit = 10_i128.checked_pow(scale)?;
            let sign = if point < 0 { "-" } else { "" };
            let (whole, rest) = (point.abs() / unit, point.abs() % unit);
            let fraction = format!("{rest:0width$}", width = scale as usize);
            let fraction = fraction.trim_end_matches('0');
            let point = if fraction.is_empty() || scale == 0 {
                ""
            } else {
                "."
            };
            let fraction = if scale == 0 { "" } else { fraction };
            Literal::Decimal(format!("{sign}{whole}{point}{fraction}").into())
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(kind: Kind, constants: &[Literal], each: usize, scale: Option<u32>) -> Vec<String> {
        let found = around(kind, constants, each, scale);
        found.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn every_gap_has_its_values() {
        let five = |n| Literal::Int(n);
        assert_eq!(texts(Kind::Int, &[five(5)], 1, None), ["4", "5", "6"]);
        assert_eq!(
            texts(Kind::Int, &[five(5), five(6)], 1, None),
            ["4", "5", "6", "7"]
        );
        assert_eq!(
            texts(Kind::Int, &[five(5), five(9)], 2, None),
            ["3", "4", "5", "6", "7", "9", "10", "11"]
        );
        let half = Literal::Decimal("1.5".into());
        assert_eq!(
            texts(Kind::Int, std::slice::from_ref(&half), 1, None),
            ["0", "1", "2"]
        );
        assert_eq!(
            texts(Kind::Decimal, std::slice::from_ref(&half), 1, None),
            ["0.5", "1.5", "2.5"]
        );
        let close = Literal::Decimal("-1.51".into());
        assert_eq!(
            texts(
                Kind::Decimal,
                &[Literal::Decimal("-1.5".into()), close],
                1,
                None
            ),
            ["-1.5101", "-1.51", "-1.5099", "-1.5", "-1.4999"]
        );
        assert_eq!(texts(Kind::Decimal, &[half], 1, Some(0)), ["0", "1", "2"]);
    }

    #[test]
    fn what_is_beyond_all_others_is_kept() {
        let values = texts(Kind::Decimal, &[Literal::Decimal("NaN".into())], 1, None);
        assert!(
            values.contains(&"'NaN'".to_owned()) && values.len() > 1,
            "{values:?}"
        );
    }
}
