//! Statements that meet an existing row: update, delete, and both kinds of upsert.

use std::collections::{HashMap, HashSet};

use countersign_wasm::batch::{Act, Answer};
use policy_core::columns::ColumnSet;

use super::super::error::VerifyError;
use super::super::ledger::Shape;
use super::super::statement::Change;
use super::super::world::Row;
use super::Bench;
use super::plan::Proposal;

/// What a statement reads besides what it does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Manner {
    /// The row by its key.
    Where,
    /// Every row, unasked.
    Blind,
    /// The row by its key, and the key again.
    Returning,
}

impl Bench<'_> {
    /// Lets callers meet one row.
    pub(super) async fn meet(
        &mut self,
        row: &Row,
        owner: Option<usize>,
    ) -> Result<(), VerifyError> {
        self.plant(&[row]).await?;
        if self.scene.replaces(row) || self.alone.contains(row) {
            self.read(owner);
        }
        let callers = self.callers(owner);
        let accepted = self.accepted_updates(&callers, row);
        for caller in callers {
            self.delete(caller, row);
            self.update(caller, row, &accepted);
            self.upsert(caller, row);
            self.name_columns(caller, row);
        }
        self.flush().await
    }

    fn delete(&mut self, caller: usize, row: &Row) {
        let index = self.row(caller, row);
        let key = self.key();
        let question = self.question(caller, key, ColumnSet::EMPTY, Act::Delete(index));
        let at = self.writer.at(row);
        self.pose(
            caller,
            "delete",
            self.writer.delete(&at, ""),
            Shape::Count,
            &[question],
        );
        let back = self.writer.delete(&at, &self.writer.identity());
        self.pose(caller, "delete returning", back, Shape::Count, &[question]);
        let mut all = Vec::new();
        for other in self.present() {
            let index = self.row(caller, &other);
            all.push(self.question(
                caller,
                ColumnSet::EMPTY,
                ColumnSet::EMPTY,
                Act::Delete(index),
            ));
        }
        self.pose(
            caller,
            "delete blind",
            self.writer.delete("", ""),
            Shape::Count,
            &all,
        );
    }

    /// The changes of a row that somebody may make, with who may.
    fn accepted_updates(&mut self, callers: &[usize], row: &Row) -> HashMap<Change, Vec<usize>> {
        let mut all: HashMap<Change, Vec<usize>> = HashMap::new();
        for caller in callers {
            let Some(changes) = self.plans.get(*caller).map(|plan| plan.changes.clone()) else {
                continue;
            };
            for change in changes {
                if matches!(
                    self.answer_update(*caller, row, &change),
                    Answer::Applies(_)
                ) {
                    all.entry(change).or_default().push(*caller);
                }
            }
        }
        all
    }

    /// USING cannot see the new row and CHECK cannot see the old one: every old row with a change
    /// that is accepted, and on one accepted old row every change. Whoever may make none is refused
    /// what others may: of the changes that the same people may make, one. Where a guard sees both
    /// rows, every old row with every change.
    fn update(&mut self, caller: usize, row: &Row, accepted: &HashMap<Change, Vec<usize>>) {
        let Some(plan) = self.plans.get(caller).cloned() else {
            return;
        };
        let mut changes = plan.changes;
        if self.scene.table.guard.is_some() {
            let with = |payload: &(usize, Option<String>)| {
                let payload = payload.clone();
                changes.iter().cloned().map(move |mut change| {
                    if !change.iter().any(|(column, _)| *column == payload.0) {
                        change.push(payload.clone());
                    }
                    change
                })
            };
            let more: Vec<Change> = plan.payloads.iter().flat_map(with).collect();
            changes.extend(more);
        }
        let answers: Vec<Answer> = changes
            .iter()
            .map(|change| self.answer_update(caller, row, change))
            .collect();
        let takes = |answer: &Answer| matches!(answer, Answer::Applies(_));
        let mut chosen: Vec<usize> = answers.iter().position(takes).into_iter().collect();
        if chosen.is_empty() {
            let mut makers = HashSet::new();
            let others = changes.iter().enumerate();
            let others = others
                .filter(|(_, change)| accepted.get(*change).is_some_and(|by| makers.insert(by)));
            chosen.extend(others.map(|(position, _)| position));
        }
        if chosen.is_empty() {
            chosen.push(0);
        }
        let reached = answers
            .iter()
            .any(|answer| !matches!(answer, Answer::Skipped(_)));
        let sweep = answers.iter().any(takes) && !plan.changed;
        if sweep && let Some(plan) = self.plans.get_mut(caller) {
            plan.changed = true;
        }
        for (position, change) in changes.iter().enumerate() {
            if chosen.contains(&position) || sweep {
                for manner in [Manner::Where, Manner::Blind, Manner::Returning] {
                    self.pose_update(caller, row, change, manner);
                }
            } else if reached && self.scene.table.guard.is_some() {
                self.pose_update(caller, row, change, Manner::Where);
            }
        }
    }

    pub(super) fn answer_update(&mut self, caller: usize, row: &Row, change: &Change) -> Answer {
        let act = self.act_update(caller, row, change);
        self.answer(&self.question(caller, self.key(), written(change), act))
    }

    pub(super) fn act_update(&mut self, caller: usize, row: &Row, change: &Change) -> Act {
        let new = self.updated(row, change);
        Act::Update(self.row(caller, row), self.row(caller, &new))
    }

    /// The row as an update leaves it, triggers included.
    pub(super) fn updated(&self, row: &Row, change: &Change) -> Row {
        let mut new = row.clone();
        for (column, value) in change.iter().chain(&self.habits.updated) {
            if let Some(slot) = new.get_mut(*column) {
                slot.clone_from(value);
            }
        }
        new
    }

    fn pose_update(&mut self, caller: usize, row: &Row, change: &Change, manner: Manner) {
        let (read, at) = match manner {
            Manner::Blind => (ColumnSet::EMPTY, String::new()),
            Manner::Where | Manner::Returning => (self.key(), self.writer.at(row)),
        };
        let rows = if manner == Manner::Blind {
            self.present()
        } else {
            vec![row.clone()]
        };
        let mut questions = Vec::new();
        for row in &rows {
            let act = self.act_update(caller, row, change);
            questions.push(self.question(caller, read, written(change), act));
        }
        let (kind, back) = match manner {
            Manner::Where => ("update", String::new()),
            Manner::Blind => ("update blind", String::new()),
            Manner::Returning => ("update returning", self.writer.identity()),
        };
        let sql = self.writer.update(change, &at, &back);
        self.pose(caller, kind, sql, Shape::Count, &questions);
    }

    /// One accepted proposal on every existing row, every proposal on one existing row.
    fn upsert(&mut self, caller: usize, row: &Row) {
        let Some(plan) = self.plans.get(caller) else {
            return;
        };
        let sweep = !plan.met;
        let proposals: Vec<Proposal> = plan
            .proposals
            .iter()
            .map(|proposal| self.at_key_of(proposal, row))
            .collect();
        let mut answers = Vec::new();
        for proposal in &proposals {
            let (act, read) = self.act_merge(caller, proposal, Some(row));
            answers.push(self.answer(&self.question(caller, read, proposal.written, act)));
        }
        let takes = |answer: &Answer| matches!(answer, Answer::Applies(_));
        let sweep = sweep && answers.iter().any(takes);
        if sweep && let Some(plan) = self.plans.get_mut(caller) {
            plan.met = true;
        }
        let chosen = answers.iter().position(takes).unwrap_or(0);
        for (position, proposal) in proposals.iter().enumerate() {
            if position == chosen || sweep {
                self.pose_merge(caller, proposal, Some(row));
            }
            if position == chosen {
                self.pose_ignore(caller, proposal, Some(row), true);
                self.pose_ignore(caller, proposal, Some(row), false);
            }
        }
    }

    /// A row that is there and shares a unique key with a new one.
    fn in_the_way(&self, new: &Row) -> Option<Row> {
        let relation = self.scene.relation;
        let whole = relation.uniques.iter().filter(|unique| !unique.partial);
        let keys: Vec<Vec<usize>> = whole
            .map(|unique| relation.positions(&unique.columns))
            .collect();
        let same = |row: &Row, key: &Vec<usize>| {
            key.iter()
                .all(|k| new.get(*k).is_some_and(Option::is_some) && new.get(*k) == row.get(*k))
        };
        self.present()
            .into_iter()
            .find(|row| keys.iter().any(|key| same(row, key)))
    }

    /// The proposal with the key of an existing row, if the caller may name it.
    pub(super) fn at_key_of(&self, proposal: &Proposal, row: &Row) -> Proposal {
        let mut proposal = proposal.clone();
        if self.key().is_subset(proposal.written) {
            for column in self.scene.relation.key() {
                if let (Some(slot), Some(value)) = (proposal.row.get_mut(column), row.get(column)) {
                    slot.clone_from(value);
                }
            }
        }
        proposal
    }

    pub(super) fn act_merge(
        &mut self,
        caller: usize,
        proposal: &Proposal,
        existing: Option<&Row>,
    ) -> (Act, ColumnSet) {
        let existing = existing.filter(|_| self.key().is_subset(proposal.written));
        let conflict = existing.map(|existing| {
            let change: Change = proposal
                .written
                .iter()
                .map(|column| {
                    (
                        usize::from(column),
                        proposal.row.get(usize::from(column)).cloned().flatten(),
                    )
                })
                .collect();
            let merged = self.updated(existing, &change);
            (self.row(caller, existing), self.row(caller, &merged))
        });
        (
            Act::Merge(self.row(caller, &proposal.row), conflict),
            self.key(),
        )
    }

    pub(super) fn pose_merge(
        &mut self,
        caller: usize,
        proposal: &Proposal,
        existing: Option<&Row>,
    ) {
        let (act, read) = self.act_merge(caller, proposal, existing);
        let question = self.question(caller, read, proposal.written, act);
        let rest = self.writer.merging(proposal.written);
        let sql = self.writer.insert(&proposal.row, proposal.written, &rest);
        self.pose(caller, "upsert", sql, Shape::Count, &[question]);
    }

    pub(super) fn pose_ignore(
        &mut self,
        caller: usize,
        proposal: &Proposal,
        existing: Option<&Row>,
        targeted: bool,
    ) {
        let existing = existing.filter(|_| self.key().is_subset(proposal.written));
        let other = if targeted {
            None
        } else {
            self.in_the_way(&proposal.row)
        };
        let conflict = existing
            .or(other.as_ref())
            .map(|existing| self.row(caller, existing));
        let new = self.row(caller, &proposal.row);
        let (read, rest, kind) = if targeted {
            let target = self.writer.columns(self.scene.relation.key());
            (
                self.key(),
                format!(" on conflict ({target}) do nothing"),
                "insert or nothing, by key",
            )
        } else {
            (
                ColumnSet::EMPTY,
                " on conflict do nothing".to_owned(),
                "insert or nothing",
            )
        };
        let act = Act::Ignore(new, targeted, conflict);
        let question = self.question(caller, read, proposal.written, act);
        let sql = self.writer.insert(&proposal.row, proposal.written, &rest);
        self.pose(caller, kind, sql, Shape::Count, &[question]);
    }
}

/// The columns that a change names.
pub(super) fn written(change: &Change) -> ColumnSet {
    change
        .iter()
        .filter_map(|(column, _)| u8::try_from(*column).ok())
        .collect()
}
