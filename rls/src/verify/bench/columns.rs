//! Column privileges: each column alone, everything, what is granted, and nothing, in every place
//! a statement can name one.
//!
//! A privilege belongs to a database role and is a conjunction over single columns, so one caller
//! of each role and one column at a time are enough. Assignments are tried by every caller, since
//! which columns may change together depends on the rank.

use std::collections::HashSet;

use countersign_wasm::batch::{Act, Answer};
use policy_core::columns::ColumnSet;
use policy_core::model::Action;

use super::super::ledger::Shape;
use super::super::people::Person;
use super::super::statement::Change;
use super::super::world::Row;
use super::existing::written;
use super::plan::{Plan, Proposal, complete};
use super::{Bench, KEYLESS};

impl Bench<'_> {
    /// Tries the columns on a row that the caller may update, or see, if there is one.
    pub(super) fn name_columns(&mut self, caller: usize, row: &Row) {
        let (named, assigned) = (
            self.refused.contains(&(caller, "columns named")),
            self.refused.contains(&(caller, "columns assigned")),
        );
        if assigned {
            self.assign_again(caller, row);
        }
        if named && assigned {
            return;
        }
        let index = self.row(caller, row);
        let seen = self.answer(&self.question(
            caller,
            ColumnSet::EMPTY,
            ColumnSet::EMPTY,
            Act::Select(index),
        ));
        let plan = self
            .plans
            .get(caller)
            .map(|plan| plan.changes.clone())
            .unwrap_or_default();
        let mut taken = None;
        for change in &plan {
            let act = self.act_update(caller, row, change);
            let question = self.question(caller, ColumnSet::EMPTY, written(change), act);
            if matches!(self.answer(&question), Answer::Applies(_)) {
                taken = Some(change.clone());
                break;
            }
        }
        let held = self.privileges(caller);
        let (may_write, may_read) = (!held.update.is_empty(), !held.select.is_empty());
        // Otherwise a better row may come.
        let last = self.last_chance(row);
        let writes = taken.is_some() || !may_write || last;
        let reads =
            writes && (taken.is_some() || !may_read) || matches!(seen, Answer::Applies(_)) || last;
        if writes && !assigned {
            self.refused.insert((caller, "columns assigned"));
            self.assign(caller, row);
        }
        if reads && !named {
            self.refused.insert((caller, "columns named"));
        }
        if reads && !named && self.speaks_for_role(caller) {
            let change = taken.or_else(|| plan.first().cloned()).unwrap_or_default();
            self.read_columns(caller, row, &change);
        }
        if reads && !named && self.inserts_for_role(caller) {
            self.insert_columns(caller);
        }
    }

    fn last_chance(&self, row: &Row) -> bool {
        let last = self
            .scene
            .specimens
            .iter()
            .rfind(|s| s.obstacle.is_none() && s.owner.is_none());
        last.is_some_and(|specimen| specimen.row == *row)
    }

    /// Whether the caller is the one whose statements stand for the database role's privileges:
    /// the last of its role without another tenant, so the highest rank of the last source.
    fn speaks_for_role(&self, caller: usize) -> bool {
        self.speakers(caller).last() == Some(&caller)
    }

    /// The same for new rows: the last of them who may add one, since whoever may add none is refused
    /// with any column.
    fn inserts_for_role(&mut self, caller: usize) -> bool {
        let speakers = self.speakers(caller);
        let mut adding = speakers.iter().rev().copied();
        let adds = adding.find(|speaker| self.accepted(*speaker).is_some());
        adds.or(speakers.last().copied()) == Some(caller)
    }

    /// Who may speak for the database role of a caller.
    fn speakers(&self, caller: usize) -> Vec<usize> {
        let people = &self.scene.people;
        let role = people.get(caller).map(Person::role);
        let alone = |p: &Person| p.seats.len() < 2 && p.is_somebody() == p.sits_here();
        let speaks = |p: &Person| {
            Some(p.role()) == role
                && (alone(p) || self.scene.policy.tenant.is_none())
                && !p.label.starts_with("guest")
        };
        let numbered = people.iter().enumerate();
        let speaking = numbered.filter(|(_, person)| speaks(person));
        speaking.map(|(at, _)| at).collect()
    }

    /// A proposal of the caller's that is accepted.
    fn accepted(&mut self, caller: usize) -> Option<Proposal> {
        let plan = self.plans.get(caller)?;
        let mut proposals = plan.proposals.clone().into_iter();
        proposals.find(|proposal| {
            let act = Act::Insert(self.row(caller, &proposal.row), false);
            let question = self.question(caller, ColumnSet::EMPTY, proposal.written, act);
            matches!(self.answer(&question), Answer::Applies(_))
        })
    }

    fn indices(&self) -> Vec<u8> {
        (0..=u8::MAX)
            .take(self.scene.relation.columns.len())
            .collect()
    }

    /// Where a guard holds rules apart, other rows let other columns change: each column alone once
    /// more, on the first row of each kind.
    fn assign_again(&mut self, caller: usize, row: &Row) {
        if self.scene.table.guard.is_none() {
            return;
        }
        let changes = self.single_changes(row);
        let kind = self.may_change(caller, row, &changes);
        if !kind.contains(&true) || !self.assigned.insert((caller, kind)) {
            return;
        }
        self.pose_changes(caller, row, changes);
    }

    /// Each change alone, and those together that other rules allow.
    fn pose_changes(&mut self, caller: usize, row: &Row, changes: Vec<Change>) {
        let mut all = changes.clone();
        for (at, one) in changes.iter().enumerate() {
            let rest = changes.get(at + 1..).unwrap_or_default();
            let apart = rest
                .iter()
                .filter(|two| self.rules_for(two) != self.rules_for(one));
            let both = apart.filter(|two| {
                [one, *two]
                    .into_iter()
                    .all(|of| self.rules_for(of).contains(&true))
            });
            all.extend(both.map(|two| [one.clone(), two.clone()].concat()));
        }
        for change in &all {
            self.pose_change(caller, row, change);
        }
    }

    fn pose_change(&mut self, caller: usize, row: &Row, change: &Change) {
        let act = self.act_update(caller, row, change);
        let question = self.question(caller, self.key(), written(change), act);
        let sql = self.writer.update(change, &self.writer.at(row), "");
        self.ledger.add(caller, sql, Shape::Count, &[question]);
    }

    /// Which rules let these columns change.
    fn rules_for(&self, change: &Change) -> Vec<bool> {
        let columns = written(change);
        let rules = self.scene.table.rules_for(Action::Update);
        rules.map(|rule| columns.is_subset(rule.columns)).collect()
    }

    /// Each column that can be set, with another value than the row has; together what can only be
    /// set together.
    fn single_changes(&self, row: &Row) -> Vec<Change> {
        let columns = self.scene.relation.columns.iter().enumerate();
        let settable = columns.filter(|(_, column)| !column.generated);
        let alone = settable.filter_map(|(position, _)| {
            let other = self.habits.other.get(position)?.clone()?;
            (row.get(position)? != &Some(other.clone())).then(|| vec![(position, Some(other))])
        });
        alone.chain(self.habits.together.iter().cloned()).collect()
    }

    fn may_change(&mut self, caller: usize, row: &Row, changes: &[Change]) -> Vec<bool> {
        let may =
            |change: &Change| matches!(self.answer_update(caller, row, change), Answer::Applies(_));
        changes.iter().map(may).collect()
    }

    /// Each column alone, set to something else.
    fn assign(&mut self, caller: usize, row: &Row) {
        if self.scene.table.guard.is_some() {
            let changes = self.single_changes(row);
            let kind = self.may_change(caller, row, &changes);
            self.assigned.insert((caller, kind));
            self.pose_changes(caller, row, changes);
        } else {
            self.pose_changes(caller, row, self.habits.together.clone());
        }
        for column in self.indices() {
            let position = usize::from(column);
            if self
                .scene
                .relation
                .columns
                .get(position)
                .is_none_or(|column| column.generated)
            {
                continue;
            }
            let same = row.get(position).cloned().flatten();
            let other = self.habits.other.get(position).cloned().flatten();
            let mut values = vec![other.filter(|other| Some(other) != same.as_ref()), same];
            values.extend(self.scene.values(position));
            let mut tried: Vec<Option<String>> = Vec::new();
            for value in values {
                if tried.contains(&value) {
                    continue;
                }
                tried.push(value.clone());
                self.pose_change(caller, row, &vec![(position, value)]);
            }
            // Where no column may be read either, a filter would hide what is not granted.
            if self.speaks_for_role(caller) && self.privileges(caller).select.is_empty() {
                let change: Change = vec![(position, row.get(position).cloned().flatten())];
                let act = self.act_update(caller, row, &change);
                let question = self.question(caller, ColumnSet::EMPTY, written(&change), act);
                let sql = self.writer.update(&change, "", "");
                if self.scene.session.is_in_place() {
                    self.pose_privilege(caller, sql, &question);
                    continue;
                }
                self.ledger.add(caller, sql, Shape::Count, &[question]);
            }
        }
    }

    /// Each column alone in the target list, the filter and the returned list; `*`, all that is
    /// granted, and none.
    fn read_columns(&mut self, caller: usize, row: &Row, change: &Change) {
        let (rows, at, key) = (self.present(), self.writer.at(row), self.key());
        let everything = ColumnSet::first(self.scene.relation.columns.len());
        let granted = self.privileges(caller).select;
        let own = self.own_rows();
        let mut lists: Vec<(String, String, ColumnSet)> = self
            .indices()
            .into_iter()
            .flat_map(|column| {
                let (name, set) = (
                    self.writer.columns([usize::from(column)]),
                    ColumnSet::EMPTY.with(column),
                );
                let filter = format!(" where {}", self.writer.touching(usize::from(column)));
                [(name, String::new(), set), ("1".to_owned(), filter, set)]
            })
            .collect();
        lists.push(("*".to_owned(), String::new(), everything));
        lists.push((
            self.writer.columns(granted.iter().map(usize::from)),
            String::new(),
            granted,
        ));
        lists.push(("1".to_owned(), String::new(), ColumnSet::EMPTY));
        for (list, filter, read) in lists.iter().filter(|(list, ..)| !list.is_empty()) {
            let (mut filter, mut read) = (filter.clone(), *read);
            if let Some(own) = &own {
                if !key.is_subset(granted) || read.is_empty() {
                    self.leave_out(KEYLESS);
                    let act = Act::Select(self.row(caller, row));
                    let question = self.question(caller, read, ColumnSet::EMPTY, act);
                    if filter.is_empty() {
                        let sql = self.writer.select(list, "");
                        self.pose_privilege(caller, sql, &question);
                    }
                    continue;
                }
                read = read.union(key);
                let so_far = filter.strip_prefix(" where ").map(|f| format!("{f} and "));
                filter = format!(" where {}{own}", so_far.unwrap_or_default());
            }
            let mut questions = Vec::new();
            for row in &rows {
                let act = Act::Select(self.row(caller, row));
                questions.push(self.question(caller, read, ColumnSet::EMPTY, act));
            }
            let sql = self.writer.select(list, &filter);
            self.ledger.add(caller, sql, Shape::Count, &questions);
        }
        for (list, filter, read) in lists.iter().filter(|(list, ..)| !list.is_empty()) {
            // In the filter or in the returned list, of an update and of a delete.
            let (at, back, read) = if filter.is_empty() {
                (at.clone(), list.clone(), key.union(*read))
            } else {
                (
                    format!("{at} and {}", filter.trim_start_matches(" where ")),
                    String::new(),
                    key.union(*read),
                )
            };
            let act = self.act_update(caller, row, change);
            let question = self.question(caller, read, written(change), act);
            let sql = self.writer.update(change, &at, &back);
            self.ledger.add(caller, sql, Shape::Count, &[question]);
            let act = Act::Delete(self.row(caller, row));
            let question = self.question(caller, read, ColumnSet::EMPTY, act);
            self.ledger.add(
                caller,
                self.writer.delete(&at, &back),
                Shape::Count,
                &[question],
            );
        }
    }

    /// An accepted row with one column more or less, and with each column returned.
    fn insert_columns(&mut self, caller: usize) {
        let first = |plan: &Plan| plan.proposals.first().cloned();
        let any = self.plans.get(caller).and_then(first);
        let Some(base) = self.accepted(caller).or(any) else {
            return;
        };
        let mut tried = HashSet::new();
        for column in self.indices() {
            if self
                .scene
                .relation
                .columns
                .get(usize::from(column))
                .is_none_or(|c| c.generated)
            {
                continue;
            }
            let mut proposal = base.clone();
            if base.written.contains(column) {
                proposal.written = base.written.without(column);
            } else {
                proposal.written = base.written.with(column);
                // What the column would get anyway, so that the row passes every other test.
                let same = |row: &Row| row.get(usize::from(column)).cloned().flatten();
                let value = same(&base.row).or_else(|| same(&self.scene.template));
                if let Some(slot) = proposal.row.get_mut(usize::from(column)) {
                    *slot = value;
                }
            }
            let mut row = proposal.row.clone();
            complete(self, caller, proposal.written, &mut row);
            proposal.row = row;
            if !proposal.written.is_empty() && tried.insert(proposal.written) {
                let act = Act::Insert(self.row(caller, &proposal.row), false);
                let question = self.question(caller, ColumnSet::EMPTY, proposal.written, act);
                let sql = self.writer.insert(&proposal.row, proposal.written, "");
                self.ledger.add(caller, sql, Shape::Count, &[question]);
            }
            let act = Act::Insert(self.row(caller, &base.row), true);
            let read = ColumnSet::EMPTY.with(column);
            let question = self.question(caller, read, base.written, act);
            let name = self.writer.columns([usize::from(column)]);
            let sql = self
                .writer
                .insert(&base.row, base.written, &format!(" returning {name}"));
            self.ledger.add(caller, sql, Shape::Count, &[question]);
        }
    }
}
