//! What conditions compare with what: columns with each other, with constants and patterns, and with
//! facts about the caller.

use std::collections::{BTreeMap, BTreeSet};

use policy_core::columns::ColumnIndex;
use policy_core::condition::{Condition, Operand, Pattern};
use policy_core::model::{Place, Policy, RoleSource, Subject, Table};
use policy_core::value::{Kind, Literal};

use super::CompareError;
use super::both::{Both, BothColumn, SIDES};
use super::values::{Cell, around, pool, team};

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

/// What is compared with what.
#[derive(Default)]
pub(super) struct Uses {
    /// For each column the first one of those it is compared with.
    groups: BTreeMap<(usize, usize), usize>,
    /// By table and group.
    pub(super) constants: BTreeMap<(usize, usize), Vec<Literal>>,
    pub(super) patterns: BTreeMap<(usize, usize), Vec<Pattern>>,
    pub(super) known: BTreeMap<(usize, usize), Vec<Known>>,
    /// Columns that rules hold against a caller's teams.
    pub(super) teams: BTreeSet<(usize, usize)>,
    /// Columns that make a row a membership, or a tenant's.
    pub(super) seats: BTreeSet<(usize, usize)>,
    /// Of the caller and the time themselves.
    of_known: BTreeMap<Known, (Vec<Literal>, Vec<Pattern>)>,
}

impl Uses {
    pub(super) fn group(&mut self, both: &Both<'_>, side: usize, at: usize) {
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

    pub(super) fn leader(&self, table: usize, column: usize) -> usize {
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

    pub(super) fn collect(&mut self, both: &Both<'_>, side: usize, at: usize) {
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

    pub(super) fn meets(&self, both: &Both<'_>) -> BTreeSet<(Known, usize)> {
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
    pub(super) fn pool_of(
        &self,
        known: Known,
        kind: Kind,
        each: usize,
    ) -> Result<Vec<Literal>, CompareError> {
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

    pub(super) fn texts(&self, known: Known) -> Result<Vec<Cell>, CompareError> {
        let mut all = vec![None];
        if self.of_known.contains_key(&known) {
            all.extend(self.pool_of(known, Kind::Text, 1)?.into_iter().map(Some));
        }
        Ok(all)
    }

    pub(super) fn nows(&self, now: i64) -> Vec<i64> {
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

/// In how many columns a row can be held against teams.
pub(super) fn most_teams(both: &Both<'_>) -> usize {
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
