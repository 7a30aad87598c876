//! The exact difference of two policies: who gains and who loses what.
//!
//! Not their texts are compared but their answers. For each table every kind of caller, row and
//! change that either policy can tell apart is put to both evaluators. Such kinds are found by
//! cutting every column's values by all the constants of both policies, so that within a kind no
//! condition of either changes its truth value. What is called equal is therefore equal for every
//! row there can be, and what differs comes with a caller and a row for which it does.
//!
//! A row is met as the *new* catalogue has it: values that its constraints exclude are not asked
//! about. Other constraints, triggers and data are left aside.

mod both;
mod callers;
mod classes;
mod examples;
mod like;
mod others;
mod render;
mod report;
mod rows;
mod tables;
mod uses;
mod values;

use policy_core::value::Kind;
use policy_core::{Catalogue, Policy};

pub use report::{
    Change, Class, Comparison, Direction, Example, ExampleCaller, ExampleRow, Membership, Note,
    RelatedRow,
};

/// The most kinds of statements that are tried for one action on one table: some minutes' work.
const MOST: u64 = 200_000_000;

/// One of the two policies, with what it was held against.
#[derive(Clone, Debug)]
pub struct Side {
    /// The policy.
    pub policy: Policy,
    /// Its catalogue.
    pub catalogue: Catalogue,
}

/// Why two policies cannot be compared.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CompareError {
    /// Their callers have different ids.
    #[error(
        "the old policy's callers have ids of type {}, the new one's of type {}: nobody is a caller of both",
        old.name(), new.name()
    )]
    Callers {
        /// The old policy's.
        old: Kind,
        /// The new policy's.
        new: Kind,
    },
    /// The kinds of rows are too many to be asked about one by one.
    #[error(
        "`{table}` has about {questions} kinds of statements to compare, and {most} is the most that is tried: \
         its conditions name too many columns and constants at once. Compare the change in smaller steps"
    )]
    TooMany {
        /// The table.
        table: String,
        /// How many.
        questions: u64,
        /// The limit.
        most: u64,
    },
    /// The patterns of a column are too many to find a text for each way they can match.
    #[error(
        "the `like` patterns on `{column}` match in too many ways to find a text for each; write fewer or simpler ones"
    )]
    Patterns {
        /// Table and column.
        column: String,
    },
}

/// Compares two policies at the given time (microseconds since the Unix epoch; it matters only
/// beside literals in conditions on `now()`, where both sides of each are tried).
///
/// # Errors
/// If they have no callers in common, or too much to ask.
pub fn compare(old: &Side, new: &Side, now: i64) -> Result<Comparison, CompareError> {
    compare_within(old, new, now, MOST)
}

/// [`compare`], with the most kinds of statements that are tried for one action on one table.
///
/// # Errors
/// If they have no callers in common, or more than that to ask.
pub fn compare_within(
    old: &Side,
    new: &Side,
    now: i64,
    most: u64,
) -> Result<Comparison, CompareError> {
    if old.policy.caller_id != new.policy.caller_id {
        return Err(CompareError::Callers {
            old: old.policy.caller_id,
            new: new.policy.caller_id,
        });
    }
    let both = both::Both::of(old, new);
    let ground = classes::Ground::of(&both, now)?;
    let callers = callers::everybody(&both, &ground)?;
    let mut changes = Vec::new();
    for table in 0..both.tables.len() {
        changes.extend(tables::changes(&both, &ground, &callers, table, most)?);
    }
    changes.extend(others::changes(&both, &callers));
    Ok(Comparison::of(changes, others::notes(&both)))
}
