//! Random cells of the full product: the tripwire for a reduction that is not sound.

use countersign_wasm::batch::Act;
use policy_core::columns::ColumnSet;

use super::super::error::VerifyError;
use super::super::ledger::Shape;
use super::super::scene::Specimen;
use super::super::statement::Change;
use super::Bench;
use super::existing::written;
use super::plan::Proposal;

/// How many statements share a seeding.
const TOGETHER: usize = 10;

/// SplitMix64: small, and the same everywhere for the same seed.
pub(in crate::verify) struct Dice(u64);

impl Dice {
    pub(in crate::verify) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(in crate::verify) fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.roll() % limit.max(1) as u64).unwrap_or(0)
    }

    fn pick<'p, T>(&mut self, from: &'p [T]) -> Option<&'p T> {
        from.get(self.below(from.len()))
    }

    fn subset(&mut self, of: ColumnSet) -> ColumnSet {
        of.iter().filter(|_| self.below(2) == 0).collect()
    }
}

impl Bench<'_> {
    /// Tries random callers, rows, changes and columns.
    pub(super) async fn wander(
        &mut self,
        specimens: &[Specimen],
        count: usize,
        seed: u64,
    ) -> Result<(), VerifyError> {
        let mut dice = Dice::new(seed ^ u64::from(self.scene.index).wrapping_mul(0x1000_0001));
        let mut left = count;
        while left > 0 {
            let Some(specimen) = dice.pick(specimens) else {
                return Ok(());
            };
            self.plant(&[&specimen.row]).await?;
            for _ in 0..TOGETHER.min(left) {
                let caller = specimen
                    .owner
                    .unwrap_or_else(|| dice.below(self.scene.people.len()));
                self.stumble(caller, specimen, &mut dice);
            }
            left = left.saturating_sub(TOGETHER);
            self.flush().await?;
        }
        Ok(())
    }

    fn stumble(&mut self, caller: usize, specimen: &Specimen, dice: &mut Dice) {
        let everything = ColumnSet::first(self.scene.relation.columns.len());
        let held = self.privileges(caller);
        // Mostly what is granted: everything else ends at the first test.
        let honest = dice.below(8) > 0;
        let pool = |granted: ColumnSet| if honest { granted } else { everything };
        let read = dice.subset(pool(held.select));
        let old = self.row(caller, &specimen.row);
        let at = self.writer.at(&specimen.row);
        let back = self.writer.columns(read.iter().map(usize::from));
        let all = self.key().union(read);
        match dice.below(4) {
            0 => {
                let list = if back.is_empty() { "1" } else { &back };
                let sql = self.writer.select(list, &at);
                let question = self.question(caller, all, ColumnSet::EMPTY, Act::Select(old));
                self.ledger.add(caller, sql, Shape::Count, &[question]);
            }
            1 => {
                let question = self.question(caller, all, ColumnSet::EMPTY, Act::Delete(old));
                self.ledger.add(
                    caller,
                    self.writer.delete(&at, &back),
                    Shape::Count,
                    &[question],
                );
            }
            2 => {
                let Some(source) = dice.pick(&self.scene.specimens).map(|s| s.row.clone()) else {
                    return;
                };
                let settable = self.settable(dice.subset(pool(held.update)));
                let change: Change = settable
                    .difference(self.key())
                    .iter()
                    .map(|c| {
                        (
                            usize::from(c),
                            source.get(usize::from(c)).cloned().flatten(),
                        )
                    })
                    .collect();
                if change.is_empty() {
                    return;
                }
                let new = self.updated(&specimen.row, &change);
                let act = Act::Update(old, self.row(caller, &new));
                let question = self.question(caller, all, written(&change), act);
                let sql = self.writer.update(&change, &at, &back);
                self.ledger.add(caller, sql, Shape::Count, &[question]);
            }
            _ => {
                let plan = self.plans.get(caller).map(|plan| plan.proposals.clone());
                let Some(proposal) = dice.pick(&plan.unwrap_or_default()).cloned() else {
                    return;
                };
                self.propose(caller, &proposal, specimen, dice);
            }
        }
    }

    fn propose(
        &mut self,
        caller: usize,
        proposal: &Proposal,
        specimen: &Specimen,
        dice: &mut Dice,
    ) {
        match dice.below(4) {
            0 => self.pose_insert(caller, proposal, true),
            1 => self.pose_insert(caller, proposal, false),
            2 => {
                let proposal = self.at_key_of(proposal, &specimen.row);
                self.pose_merge(caller, &proposal, Some(&specimen.row));
            }
            _ => {
                let proposal = self.at_key_of(proposal, &specimen.row);
                self.pose_ignore(caller, &proposal, Some(&specimen.row), true);
            }
        }
    }

    fn settable(&self, columns: ColumnSet) -> ColumnSet {
        let of = |column: &u8| self.scene.relation.columns.get(usize::from(*column));
        columns
            .iter()
            .filter(|column| of(column).is_some_and(|column| !column.generated))
            .collect()
    }
}
