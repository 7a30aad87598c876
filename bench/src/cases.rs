//! Questions to decide: callers, rows and statements that reach both sides of every rule.

use fastrand::Rng;
use policy_core::ColumnSet;
use policy_core::Value;
use policy_core::columns::ColumnIndex;
use policy_core::condition::{Condition, Operand};
use policy_core::decide::{
    Caller, CallerKind, Command, Decision, Membership, Ranks, Row, Sight, Statement,
};
use policy_core::model::{Action, Place, Policy, Rank, Table};
use policy_core::value::{Kind, Literal};

/// The caller's id.
pub(crate) const CALLER: u128 = 0x0a11_0000_0000_4000_8000_0000_0000_0001;
/// Start of the transaction, in microseconds since the Unix epoch.
pub(crate) const NOW: i64 = 1_780_000_000_000_000;
const TENANTS: [u128; 4] = [1 << 64, 2 << 64, 3 << 64, 4 << 64];

/// A value that owns its text.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Owned {
    Null,
    /// Something of a type that no condition looks into.
    Present,
    Literal(Literal),
}

/// One decision to be taken.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) table: usize,
    pub(crate) action: Action,
    /// The caller's ranks by tenant. In the last of [`TENANTS`] nobody has any.
    pub(crate) ranks: Vec<(u128, Rank)>,
    pub(crate) old: Vec<Owned>,
    pub(crate) new: Vec<Owned>,
    pub(crate) written: ColumnSet,
    pub(crate) read: ColumnSet,
    /// Whether the parents are visible, before and after.
    pub(crate) parents: bool,
    pub(crate) peers: bool,
}

impl Case {
    /// Any case of the table, about a select or an update.
    pub(crate) fn random(policy: &Policy, index: usize, rng: &mut Rng) -> Option<Self> {
        let table = policy.tables.get(index)?;
        let granted = table.grants.authenticated;
        let action = [Action::Select, Action::Update][rng.usize(..2)];
        let mut written = ColumnSet::EMPTY;
        if action == Action::Update {
            // Whether a value of a type that nothing looks into has changed is for the database to say.
            let opaque = |column: &ColumnIndex| {
                let column = table.columns.get(usize::from(*column));
                column.is_none_or(|column| column.kind == Kind::Opaque)
            };
            let columns: Vec<ColumnIndex> = granted.update.iter().filter(|c| !opaque(c)).collect();
            for _ in 0..=rng.usize(..2) {
                written = written.with(*columns.get(rng.usize(..columns.len().max(1)))?);
            }
        }
        let old: Vec<Owned> = columns(table)
            .map(|column| value(table, column, rng))
            .collect();
        let mut new = old.clone();
        for column in written.iter() {
            if let Some(slot) = new.get_mut(usize::from(column)) {
                *slot = value(table, column, rng);
            }
        }
        // What the table's own trigger does: every update stamps the row.
        if let (Action::Update, Some(retire)) = (action, &table.retire)
            && let Some(slot) = new.get_mut(usize::from(retire.stamp))
        {
            *slot = Owned::Literal(Literal::Timestamp(NOW));
        }
        Some(Self {
            table: index,
            action,
            ranks: TENANTS
                .into_iter()
                .take(3)
                .map(|tenant| {
                    (
                        tenant,
                        rng.u8(..=policy.tenant.as_ref().map_or(0, |t| t.top())),
                    )
                })
                .collect(),
            old,
            new,
            written,
            read: granted.select,
            parents: rng.u8(..4) > 0,
            peers: rng.bool(),
        })
    }

    /// The written columns whose values differ: a rule's columns are those that it may change.
    pub(crate) fn changed(&self) -> ColumnSet {
        let differs = |column: &ColumnIndex| {
            let at = usize::from(*column);
            self.old.get(at) != self.new.get(at)
        };
        let changed = self.written.iter().filter(differs);
        changed.fold(ColumnSet::EMPTY, ColumnSet::with)
    }

    /// Whether Countersign lets it take effect.
    pub(crate) fn applies(&self, policy: &Policy) -> bool {
        self.with(
            |table, caller, statement| {
                let now = Value::Timestamp(NOW);
                let decision = policy_core::decide(policy, table, caller, statement, now);
                matches!(decision, Decision::Applies(_))
            },
            policy,
        )
    }

    /// Hands over what `decide` takes.
    pub(crate) fn with<T>(
        &self,
        work: impl FnOnce(&Table, &Caller<'_>, &Statement<'_>) -> T,
        policy: &Policy,
    ) -> T {
        let table = &policy.tables[self.table];
        let ranks: Vec<Membership<'_>> = self
            .ranks
            .iter()
            .map(|(tenant, rank)| Membership::new(Value::Uuid(*tenant), *rank))
            .collect();
        let caller = Caller {
            kind: CallerKind::User,
            id: Value::Uuid(CALLER),
            email: Value::Text("a@example.com"),
            aal: Value::Text("aal1"),
            ranks: Ranks::Known(&ranks),
        };
        let (old, new) = (values(&self.old), values(&self.new));
        let sight = |visible| {
            if visible {
                Sight::Visible
            } else {
                Sight::Hidden
            }
        };
        let parents = vec![sight(self.parents); table.parents.len()];
        let row = |values| Row {
            values,
            parents: &parents,
            peers: sight(self.peers),
        };
        let command = match self.action {
            Action::Select => Command::Select(row(&old)),
            _ => Command::Update {
                old: row(&old),
                new: row(&new),
            },
        };
        let statement = Statement {
            read: self.read,
            written: self.written,
            command,
        };
        work(table, &caller, &statement)
    }
}

fn columns(table: &Table) -> impl Iterator<Item = ColumnIndex> {
    (0..table.columns.len()).filter_map(|column| ColumnIndex::try_from(column).ok())
}

fn values(row: &[Owned]) -> Vec<Value<'_>> {
    row.iter()
        .map(|value| match value {
            Owned::Null => Value::Null,
            Owned::Present => Value::Present,
            Owned::Literal(literal) => literal.value(),
        })
        .collect()
}

/// A value that some condition about the column asks for, or one that none does.
fn value(table: &Table, column: ColumnIndex, rng: &mut Rng) -> Owned {
    if !table.not_null.contains(column) && rng.u8(..5) == 0 {
        return Owned::Null;
    }
    if let Place::Tenant(tenant) | Place::Root(tenant) = table.place
        && tenant == column
    {
        return Owned::Literal(Literal::Uuid(TENANTS[rng.usize(..TENANTS.len())]));
    }
    let mut wanted = constants(table, column);
    let kind = table
        .columns
        .get(usize::from(column))
        .map(|column| column.kind);
    wanted.extend(match kind {
        Some(Kind::Bool) => vec![Literal::Bool(true), Literal::Bool(false)],
        Some(Kind::Int) => vec![Literal::Int(rng.i64(0..1_000))],
        Some(Kind::Text | Kind::Enum) => vec![Literal::Text("something else".into())],
        Some(Kind::Uuid) => vec![Literal::Uuid(CALLER), Literal::Uuid(rng.u128(..))],
        Some(Kind::Timestamp) => vec![Literal::Timestamp(NOW), Literal::Timestamp(NOW - 7)],
        Some(Kind::Date) => vec![Literal::Date(rng.i32(0..20_000))],
        _ => return Owned::Present,
    });
    Owned::Literal(wanted.swap_remove(rng.usize(..wanted.len())))
}

/// What the table's conditions compare the column with.
fn constants(table: &Table, column: ColumnIndex) -> Vec<Literal> {
    let mut found = Vec::new();
    let rules = table
        .rules
        .iter()
        .flat_map(|rule| [&rule.condition, &rule.check]);
    let never = table
        .never
        .iter()
        .flat_map(|never| [&never.condition, &never.check]);
    for condition in rules.chain(never).flatten() {
        gather(condition, column, &mut found);
    }
    if let Some(retire) = table
        .retire
        .as_ref()
        .filter(|retire| retire.column == column)
    {
        found.push(retire.value.clone());
    }
    found
}

fn gather(condition: &Condition, column: ColumnIndex, found: &mut Vec<Literal>) {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => {
            parts.iter().for_each(|part| gather(part, column, found));
        }
        Condition::Not(part) => gather(part, column, found),
        Condition::Compare(_, Operand::Column(c), Operand::Literal(literal)) if *c == column => {
            found.push(literal.clone());
        }
        Condition::OneOf(Operand::Column(c), literals) if *c == column => {
            found.extend(literals.iter().cloned());
        }
        _ => {}
    }
}
