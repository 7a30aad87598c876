//! The policies of a table, put together as PostgreSQL does: the permissive ones add up, each
//! restrictive one must hold as well.

use super::alternative::{Alternative, product, simplest};
use super::recognise::{Reader, Refusal};
use crate::live::{Policy, Table};

/// Which test of which command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Test {
    /// The existing row of a select.
    Select,
    /// The new row of an insert.
    Insert,
    /// The existing row of an update.
    Old,
    /// The new row of an update.
    New,
    /// The existing row of a delete.
    Delete,
}

impl Test {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Select,
        Self::Insert,
        Self::Old,
        Self::New,
        Self::Delete,
    ];

    /// Whether a policy is asked.
    #[must_use]
    pub fn concerns(self, policy: &Policy) -> bool {
        policy.command == "all" || policy.command == self.command()
    }

    /// The command, as the catalogue names it.
    #[must_use]
    pub fn command(self) -> &'static str {
        match self {
            Self::Select => "select",
            Self::Insert => "insert",
            Self::Old | Self::New => "update",
            Self::Delete => "delete",
        }
    }

    /// What a policy asks.
    #[must_use]
    pub fn of(self, policy: &Policy) -> Option<&str> {
        let (using, check) = (policy.using.as_deref(), policy.check.as_deref());
        match self {
            Self::Insert | Self::New => check.or(using),
            Self::Select | Self::Old | Self::Delete => using,
        }
    }
}

/// The rows that a role sees.
pub fn select(reader: &mut Reader<'_>, table: &Table) -> Vec<Alternative> {
    combined(reader, table, Test::Select, &|_| false, &mut |_, _| ())
}

/// The alternatives of one test, and what of which policy could not be said. Policies that are said
/// elsewhere are left out.
pub fn combined(
    reader: &mut Reader<'_>,
    table: &Table,
    test: Test,
    elsewhere: &dyn Fn(&Policy) -> bool,
    refused: &mut dyn FnMut(&Policy, &Refusal),
) -> Vec<Alternative> {
    let role = reader.role();
    let mut read = |permissive: bool| -> Vec<Vec<Alternative>> {
        let policies = table.policies.iter().filter(|policy| {
            policy.permissive == permissive
                && test.concerns(policy)
                && role.is_bound(policy)
                && !elsewhere(policy)
        });
        let mut all = Vec::new();
        for policy in policies {
            let before = reader.refusals.len();
            all.push(match test.of(policy) {
                Some(sql) => reader.text(sql),
                None => vec![Alternative::default()],
            });
            for refusal in reader.refusals.get(before..).unwrap_or_default() {
                refused(policy, refusal);
            }
            // Each policy's own are told once; the same words of another one are its own again.
            reader.refusals.truncate(before);
        }
        all
    };
    let open = simplest(read(true).into_iter().flatten().collect());
    let narrow = read(false);
    narrow
        .iter()
        .fold(open, |all, policy| product(&all, policy))
}
