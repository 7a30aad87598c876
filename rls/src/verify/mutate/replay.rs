//! The cells of a table once more, on a database with one thing changed.

use std::collections::BTreeMap;

use countersign_wasm::batch::Answer;

use super::database::{Change, Reach};
use super::equivalent::Same;
use crate::verify::bench::Bench;
use crate::verify::error::VerifyError;
use crate::verify::judge::{Verdict, judge};
use crate::verify::ledger::Shape;
use crate::verify::seed::quietly;
use crate::verify::session::Trial;

/// How many statements of a seeding run before the next seeding has its turn.
const FIRST: usize = 8;

/// How many of the statements that noticed something before are tried first.
const REMEMBERED: usize = 6;

/// What became of a change.
pub(super) enum Outcome {
    /// A statement disagreed.
    Caught,
    /// None did, and it means the same by a rule.
    Equivalent(Same),
    /// None did.
    Survived,
    /// The database refused the change itself.
    Invalid,
}

/// Runs statements again.
pub(super) struct Replay<'a> {
    bench: &'a Bench<'a>,
    answers: &'a [Answer],
    /// All statements in an order that has nothing to do with how they were made, so that the
    /// first few are of every kind.
    order: Vec<usize>,
    /// Those that noticed something, the latest last.
    telling: Vec<usize>,
}

impl<'a> Replay<'a> {
    pub(super) fn new(bench: &'a Bench<'a>, answers: &'a [Answer], seed: u64) -> Self {
        let mut order: Vec<usize> = (0..bench.ledger.probes.len()).collect();
        order.sort_by_key(|at| (*at as u64 ^ seed).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        Self {
            bench,
            answers,
            order,
            telling: Vec::new(),
        }
    }

    /// Makes a change, runs what reads it until something disagrees, and takes the change back.
    ///
    /// What means the same by a rule is only tried on the first statements of each seeding, to see
    /// that the rule is none too many.
    pub(super) async fn run(
        &mut self,
        change: &Change,
        same: impl Fn() -> Option<Same>,
    ) -> Result<Outcome, VerifyError> {
        let session = self.bench.scene.session;
        let make = format!(
            "rollback to savepoint scene; {}; savepoint mutant",
            change.ddl
        );
        let made = session.attempt(&make).await?;
        let outcome = match made {
            Err(_) => Outcome::Invalid,
            Ok(_) => self.statements(change, same).await?,
        };
        let back = "rollback to savepoint scene";
        session.run("taking a change back", back).await?;
        Ok(outcome)
    }

    async fn statements(
        &mut self,
        change: &Change,
        same: impl Fn() -> Option<Same>,
    ) -> Result<Outcome, VerifyError> {
        let reads = |at: &usize| self.reads(change, *at);
        let known: Vec<usize> = self
            .telling
            .iter()
            .rev()
            .copied()
            .filter(reads)
            .take(REMEMBERED)
            .collect();
        let mut seedings: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for at in self.order.iter().copied().filter(reads) {
            if let Some(probe) = self.bench.ledger.probes.get(at) {
                seedings.entry(probe.seeding).or_default().push(at);
            }
        }
        for at in known {
            let seeding = self.bench.ledger.probes.get(at).map_or(0, |p| p.seeding);
            if self.some(seeding, &[at]).await? {
                return Ok(Outcome::Caught);
            }
        }
        for (seeding, all) in &seedings {
            let first = all.get(..FIRST.min(all.len())).unwrap_or_default();
            if self.some(*seeding, first).await? {
                return Ok(Outcome::Caught);
            }
        }
        if let Some(rule) = same() {
            return Ok(Outcome::Equivalent(rule));
        }
        for (seeding, all) in &seedings {
            let rest = all.get(FIRST..).unwrap_or_default();
            if self.some(*seeding, rest).await? {
                return Ok(Outcome::Caught);
            }
        }
        Ok(Outcome::Survived)
    }

    fn reads(&self, change: &Change, at: usize) -> bool {
        let Some(probe) = self.bench.ledger.probes.get(at) else {
            return false;
        };
        let questions = &self.bench.ledger.batch.questions;
        let (question, person) = (
            questions.get(probe.questions.start),
            self.bench.scene.people.get(probe.caller),
        );
        match (question, person) {
            (Some(question), Some(person)) if !probe.questions.is_empty() => {
                change.reach.includes(person.role(), question)
            }
            // A policy or a privilege of the table does not change whose member somebody is.
            _ => !matches!(probe.shape, Shape::Listed(_)) || change.reach == Reach::Any,
        }
    }

    /// Runs some statements on a seeding. True if one disagrees.
    async fn some(&mut self, seeding: usize, some: &[usize]) -> Result<bool, VerifyError> {
        if some.is_empty() {
            return Ok(false);
        }
        let bench = self.bench;
        let mut script = "rollback to savepoint mutant; ".to_owned();
        for part in bench.ledger.seedings.get(seeding).into_iter().flatten() {
            script.push_str(&quietly(part));
            script.push_str("; ");
        }
        script.push_str("savepoint cell");
        let session = bench.scene.session;
        session.run("seeding the rows under test", &script).await?;
        let probes = some.iter().filter_map(|at| bench.ledger.probes.get(*at));
        let trials: Vec<Trial> = probes
            .filter_map(|probe| {
                let person = bench.scene.people.get(probe.caller)?;
                Some(person.attempts(probe.sql.clone()))
            })
            .collect();
        let observed = session.observe_all(&trials).await?;
        for (at, observed) in some.iter().zip(&observed) {
            let Some(probe) = bench.ledger.probes.get(*at) else {
                continue;
            };
            let answers = self
                .answers
                .get(probe.questions.clone())
                .unwrap_or_default();
            let fault = bench.fault(probe.caller);
            if judge(bench.scene.table, probe, answers, observed, fault) == Verdict::Differs {
                self.telling.retain(|known| known != at);
                self.telling.push(*at);
                return Ok(true);
            }
        }
        Ok(false)
    }
}
