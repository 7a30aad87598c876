//! The evaluator's side of a select through a view or a function.

use policy_core::columns::ColumnSet;
use policy_core::decide::{Privilege, Reason, decide_function, decide_view};
use policy_core::model::Action;
use policy_core::{Caller, Decision};

use crate::bench::{Bench, key_of};
use crate::cell::Cell;
use crate::door::Door;
use crate::expected::Expected;
use crate::world::Row;

impl Bench<'_> {
    /// Of a select through a view or function: whether it is open, and then what the tables behind
    /// it give to whoever asks.
    pub(crate) fn of_door(&self, cell: &Cell, door: &Door) -> Expected {
        let ranks = self.ranks(&cell.person, self.world);
        let caller = cell.person.caller(&ranks);
        let closed = self.closed(door, &caller);
        let columns = door.columns.iter();
        let columns: ColumnSet = columns.map(|&at| u8::try_from(at).unwrap()).collect();
        let table = self.table(door.table);
        let rows = &self.world.stages[door.table].rows;
        let joined = door.joined.map(|link| {
            let of = self.policy.table(link.table).unwrap();
            let columns = &self.world.stages[door.table].columns;
            let column = columns.iter().position(|field| field.name == link.column);
            (of, column.unwrap())
        });
        // It reads the column that it joins by.
        let columns = joined.map_or(columns, |(_, by)| columns.with(u8::try_from(by).unwrap()));
        let answer = |row: &Row| {
            let values = self.values(table, row);
            let own = self.select(table, &caller, &values, columns);
            let Some((of, by)) = joined else { return own };
            let others = &self.world.stages[self.stage_of(of)].rows;
            let other = others.iter().find(|other| other[0] == row[by]);
            let key = ColumnSet::EMPTY.with(0);
            // Whether its columns may be read does not depend on there being a row.
            let any = || {
                let row = self.values(of, &others[0]);
                self.select(of, &caller, &row, key)
            };
            let theirs = other.map_or_else(
                || match any() {
                    refused @ Decision::NotGranted(..) => refused,
                    _ => Decision::Skipped(Reason::NoRule(Action::Select)),
                },
                |other| self.select(of, &caller, &self.values(of, other), key),
            );
            both(own, theirs)
        };
        let answers = match closed {
            Some(closed) => vec![closed],
            None => rows.iter().map(answer).collect(),
        };
        let keys = rows.iter().map(key_of).take(answers.len());
        Expected {
            keys: keys.collect(),
            answers,
            rows: true,
            incomplete: false,
        }
    }

    /// The refusal, if a view or function is closed to a caller.
    fn closed(&self, door: &Door, caller: &Caller<'_>) -> Option<Decision> {
        let mut views = self.policy.views.iter();
        let mut functions = self.policy.functions.iter();
        let decision = if door.function {
            let named = functions.find(|function| function.name == door.name);
            named.map(|function| decide_function(function, caller))
        } else {
            let named = views.find(|view| view.name == door.name);
            named.map(|view| decide_view(view, caller))
        };
        match decision {
            None => Some(Decision::NotGranted(Privilege::Select, ColumnSet::EMPTY)),
            refused @ Some(Decision::NotGranted(..)) => refused,
            // A role narrows it for the edge only.
            Some(_) => None,
        }
    }
}

/// The answer for a row that is there only if two are.
fn both(own: Decision, theirs: Decision) -> Decision {
    use Decision::{Applies, NotGranted, Skipped};
    match (own, theirs) {
        (NotGranted(..), _) | (_, Applies(_)) => own,
        (_, NotGranted(..)) | (Applies(_), _) => theirs,
        (Skipped(_), _) => own,
        (_, theirs) => theirs,
    }
}
