//! Statements that add rows where nothing stands in their way.

use countersign_wasm::batch::Act;
use policy_core::columns::ColumnSet;

use super::super::error::VerifyError;
use super::super::ledger::Shape;
use super::super::statement::back;
use super::Bench;
use super::plan::Proposal;

impl Bench<'_> {
    /// Every proposal of every caller, inserted in every way.
    pub(super) async fn insert_everything(&mut self) -> Result<(), VerifyError> {
        self.plant(&[]).await?;
        for caller in 0..self.scene.people.len() {
            let proposals = self.plans.get(caller).map(|plan| plan.proposals.clone());
            for proposal in proposals.unwrap_or_default() {
                self.pose_insert(caller, &proposal, false);
                self.pose_insert(caller, &proposal, true);
                self.pose_ignore(caller, &proposal, None, true);
                self.pose_ignore(caller, &proposal, None, false);
                self.pose_merge(caller, &proposal, None);
            }
        }
        self.flush().await
    }

    pub(super) fn pose_insert(&mut self, caller: usize, proposal: &Proposal, returning: bool) {
        let new = self.row(caller, &proposal.row);
        let (read, rest, kind) = if returning {
            (
                self.key(),
                back(&self.writer.identity()),
                "insert returning",
            )
        } else {
            (ColumnSet::EMPTY, String::new(), "insert")
        };
        let act = Act::Insert(new, returning);
        let question = self.question(caller, read, proposal.written, act);
        let sql = self.writer.insert(&proposal.row, proposal.written, &rest);
        self.pose(caller, kind, sql, Shape::Count, &[question]);
    }
}
