//! A policy changed in one place, held against what the database did under the unchanged one.
//!
//! The database is not asked again: what it did with every statement is in the ledger, and a
//! changed policy that still agrees with all of it is one the cells cannot tell from the original.

use std::collections::HashMap;

use countersign_wasm::batch::{Answer, Asker, Batch, Question};
use policy_core::model::{Grants, Policy, Table};

use super::bench::Bench;
use super::judge::{Verdict, judge};
use super::world::Facts;

/// A policy that differs from the verified one in one place.
#[derive(Clone, Debug)]
pub(super) struct Variant {
    /// What was changed, for the report.
    pub(super) what: String,
    pub(super) policy: Policy,
    /// The parent whose test is gone, by its position in the unchanged table.
    pub(super) orphaned: Option<usize>,
    /// Whether the callers' ranks may come out otherwise.
    pub(super) ranks: bool,
}

impl Variant {
    /// The policy with one table changed, and that table's privileges as its rules then give them.
    pub(super) fn of_table(
        policy: &Policy,
        index: usize,
        what: String,
        change: impl FnOnce(&mut Table),
    ) -> Option<Self> {
        let mut policy = policy.clone();
        let table = policy.tables.get_mut(index)?;
        let before = table.clone();
        change(table);
        table.grants = Grants::of(&table.rules);
        (*table != before).then_some(Self {
            what,
            policy,
            orphaned: None,
            ranks: false,
        })
    }

    /// The first of the statements, counted from the beginning, that shows the difference.
    pub(super) fn caught(&self, bench: &Bench<'_>) -> Option<usize> {
        let changed = self.batch(bench);
        let batch = changed.as_ref().unwrap_or(&bench.ledger.batch);
        let table = self.policy.table_at(bench.scene.index)?;
        let ledger = &bench.ledger;
        let mut askers = Askers::default();
        let heard = ledger.probes.iter().zip(&ledger.observed);
        for (position, (probe, observed)) in heard.enumerate() {
            let questions = ledger.batch.questions.get(probe.questions.clone())?;
            let answers: Vec<Answer> = questions
                .iter()
                .map(|question| {
                    if self.ranks {
                        askers.answer(self, bench, probe.seeding, probe.caller, question)
                    } else {
                        batch.answer(&self.policy, question)
                    }
                })
                .collect();
            let fault = bench.fault(probe.caller);
            if judge(table, probe, &answers, observed, fault) == Verdict::Differs {
                return Some(position);
            }
        }
        None
    }

    /// Whether any question comes out otherwise than it did.
    pub(super) fn matters(&self, bench: &Bench<'_>, answers: &[Answer]) -> bool {
        let changed = self.batch(bench);
        let batch = changed.as_ref().unwrap_or(&bench.ledger.batch);
        let questions = &bench.ledger.batch.questions;
        questions.iter().zip(answers).any(|(question, before)| {
            effect(batch.answer(&self.policy, question)) != effect(*before)
        })
    }

    /// The questions' rows without the parent that is gone.
    fn batch(&self, bench: &Bench<'_>) -> Option<Batch> {
        let orphaned = self.orphaned?;
        let mut batch = bench.ledger.batch.clone();
        for row in &mut batch.rows {
            if orphaned < row.parents.len() {
                row.parents.remove(orphaned);
            }
        }
        Some(batch)
    }
}

/// What a decision means for the row: what the database would do is the same for equal ones.
pub(super) fn effect(answer: Answer) -> u8 {
    match answer {
        Answer::Applies(_) => 0,
        Answer::Skipped(_) => 1,
        Answer::NotGranted(..) | Answer::Refused(_) => 2,
        Answer::Depends { .. } | Answer::Malformed => 3,
    }
}

/// The callers with the ranks that the changed policy gives them, made once for each seeding.
#[derive(Default)]
struct Askers(HashMap<(usize, usize), Asker>);

impl Askers {
    fn answer(
        &mut self,
        variant: &Variant,
        bench: &Bench<'_>,
        seeding: usize,
        caller: usize,
        question: &Question,
    ) -> Answer {
        let Some(person) = bench.scene.people.get(caller) else {
            return Answer::Malformed;
        };
        let asker = self.0.entry((seeding, caller)).or_insert_with(|| {
            let facts = Facts {
                policy: &variant.policy,
                world: bench.worlds.get(seeding).unwrap_or(&bench.scene.world),
                now: bench.scene.now,
            };
            facts.asker(person)
        });
        bench
            .ledger
            .batch
            .answer_as(&variant.policy, question, asker)
    }
}
