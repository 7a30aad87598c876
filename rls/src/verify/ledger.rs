//! What is asked and what came of it, for one table.

use std::collections::HashMap;
use std::ops::Range;

use countersign_wasm::batch::{Answer, Asker, Batch, Question, RowData, RowIndex};
use policy_core::model::Policy;

use super::session::Observed;

/// How a statement's result is held against the decisions on its rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// It names the rows it reached: each row is judged by itself, by these keys.
    Each(Vec<String>),
    /// It lists just this, in whichever order.
    Listed(Vec<String>),
    /// It says how many rows it reached.
    Count,
    /// It takes a membership, or leaves it alone. Where the policy lets it run, it must fail if it
    /// takes the last of the top role, and must not if it does not.
    Leaves(bool),
    /// The same past row-level security, which nothing else holds up.
    Kept(bool),
}

/// A statement under test.
#[derive(Clone, Debug)]
pub(super) struct Probe {
    /// Who runs it.
    pub(super) caller: usize,
    /// The statement itself.
    pub(super) sql: String,
    pub(super) shape: Shape,
    /// The questions about the rows it may reach.
    pub(super) questions: Range<usize>,
    /// Which seeding it ran on.
    pub(super) seeding: usize,
    /// Whether `keep at least one` may fail it. It must not where a whole tenant goes.
    pub(super) keeps: bool,
}

impl Probe {
    /// Whether a row that is there keeps the statement from doing anything.
    pub(super) fn ignores_conflicts(&self) -> bool {
        self.sql.ends_with("do nothing")
    }
}

/// Everything that was asked about a table.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    pub(super) batch: Batch,
    pub(super) probes: Vec<Probe>,
    pub(super) observed: Vec<Observed>,
    /// The statements that made each seeding.
    pub(super) seedings: Vec<Vec<String>>,
    /// Whether `keep at least one` may fail statements on the table.
    pub(super) keeps: bool,
    rows: HashMap<RowData, RowIndex>,
    askers: HashMap<Asker, u32>,
}

impl Ledger {
    pub(super) fn row(&mut self, row: RowData) -> RowIndex {
        let next = RowIndex::try_from(self.batch.rows.len()).unwrap_or(RowIndex::MAX);
        *self.rows.entry(row).or_insert_with_key(|row| {
            self.batch.rows.push(row.clone());
            next
        })
    }

    pub(super) fn asker(&mut self, asker: &Asker) -> u32 {
        let next = u32::try_from(self.batch.callers.len()).unwrap_or(u32::MAX);
        *self
            .askers
            .entry(asker.clone())
            .or_insert_with_key(|asker| {
                self.batch.callers.push(asker.clone());
                next
            })
    }

    pub(super) fn answer(&self, policy: &Policy, question: &Question) -> Answer {
        self.batch.answer(policy, question)
    }

    /// Adds a statement.
    pub(super) fn add(&mut self, caller: usize, sql: String, shape: Shape, questions: &[Question]) {
        let start = self.batch.questions.len();
        self.batch.questions.extend_from_slice(questions);
        self.probes.push(Probe {
            caller,
            sql,
            shape,
            questions: start..self.batch.questions.len(),
            seeding: self.seedings.len().saturating_sub(1),
            keeps: self.keeps,
        });
    }

    /// The probes that have not run yet.
    pub(super) fn pending(&self) -> &[Probe] {
        self.probes.get(self.observed.len()..).unwrap_or_default()
    }
}
