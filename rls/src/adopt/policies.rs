//! The policies of a table, put together as PostgreSQL does: the permissive ones add up, each
//! restrictive one must hold as well.

use super::alternative::{Alternative, product, simplest};
use super::recognise::{Reader, Refusal};
use crate::live::{Policy, Table};

/// Which test of which command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

    fn of(self, policy: &Policy) -> Option<&str> {
        let (using, check) = (policy.using.as_deref(), policy.check.as_deref());
        match self {
            Self::Insert | Self::New => check.or(using),
            Self::Select | Self::Old | Self::Delete => using,
        }
    }
}

/// The rows that a role sees.
pub fn select(reader: &mut Reader<'_>, table: &Table) -> Vec<Alternative> {
    combined(reader, table, Test::Select, &mut |_, _| ())
}

/// The alternatives of one test, and what of which policy could not be said.
pub fn combined(
    reader: &mut Reader<'_>,
    table: &Table,
    test: Test,
    refused: &mut dyn FnMut(&Policy, &Refusal),
) -> Vec<Alternative> {
    let role = reader.role().name();
    let mut read = |permissive: bool| -> Vec<Vec<Alternative>> {
        let policies = table.policies.iter().filter(|policy| {
            policy.permissive == permissive
                && (policy.command == "all" || policy.command == test.command())
                && policy.roles.iter().any(|of| of == "public" || *of == role)
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
