//! Filters held against the database: which rows a caller's filter keeps, and which of them the
//! caller reaches.
//!
//! The text of each filter is read by [`crate::postgrest`], and the database says which rows it
//! keeps, asked by the owner, without row security. What the callers reach is observed: a `select`
//! that gives a row back, an `update` or `delete` by key that touches it. A statement that fails
//! says nothing of the row.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use countersign_wasm::batch::Asker;
use policy_core::model::{Action, Policy, Table};
use policy_core::residual::{Residual, Widening, residual};
use serde::Serialize;

use crate::postgrest::filter_sql;
use crate::residuals::{FilterCounts, word};

/// What the filters of an app came to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ResidualReport {
    /// Of each caller, table and action, which kind of filter there is.
    pub filters: FilterCounts,
    /// On how many rows a filter was held against what the caller reached.
    pub compared: u64,
    /// On how many of them a superset let a row pass that the caller does not reach.
    pub wider: u64,
    /// How many the browser library was asked for; the service is never in a browser.
    pub browser: u64,
    /// The same by table.
    pub tables: Vec<TableResiduals>,
    /// Where a filter is wrong.
    pub disagreements: Vec<WrongFilter>,
    /// What is no mistake, but worth knowing.
    pub notes: Vec<ResidualNote>,
}

/// What the filters of a table came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TableResiduals {
    /// The table.
    pub table: String,
    /// Of each caller and action, which kind of filter there is.
    pub filters: FilterCounts,
    /// On how many rows a filter was held against what the caller reached.
    pub compared: u64,
    /// On how many of them a superset was wider.
    pub wider: u64,
    /// How many the browser library was asked for.
    pub browser: u64,
    /// On how many of them a filter was wrong; the first are written out.
    pub wrong: u64,
}

/// A filter loses a row that the caller reaches, or an exact one keeps a row that it does not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WrongFilter {
    /// The table.
    pub table: String,
    /// Whose filter.
    pub caller: String,
    /// For which action.
    pub action: &'static str,
    /// What the filter is said to be: `everything`, `nothing`, `exact` or `superset`.
    pub rows: &'static str,
    /// The filter, if there is one.
    pub filter: Option<String>,
    /// The filter as SQL.
    pub sql: String,
    /// The key of a row on which it is wrong; empty where the browser library gives another.
    pub row: String,
    /// What is wrong there.
    pub what: String,
    /// SQL that shows what the database does.
    pub script: String,
}

/// Supersets that are never wider on the rows under test.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ResidualNote {
    /// The table.
    pub table: String,
    /// The action.
    pub action: &'static str,
    /// Why they are supersets.
    pub wider: Vec<Widening>,
    /// How many callers have one.
    pub callers: u64,
}

impl ResidualReport {
    /// Adds a table's part.
    pub(super) fn add(&mut self, (table, wrong, notes): Closed) {
        self.filters.add(table.filters);
        self.compared += table.compared;
        self.wider += table.wider;
        self.browser += table.browser;
        self.tables.push(table);
        self.disagreements.extend(wrong);
        self.notes.extend(notes);
    }

    /// The counts of each table: what a test can pin.
    #[must_use]
    pub fn corpus(&self) -> String {
        let line = |name: &str, filters: FilterCounts, compared, wider, browser| {
            let words = filters.words();
            format!(
                "{name}: {words}; {compared} rows compared, {wider} wider; {browser} in a browser\n"
            )
        };
        let tables = self.tables.iter();
        let mut text: String = tables
            .map(|of| line(&of.table, of.filters, of.compared, of.wider, of.browser))
            .collect();
        text.push_str(&line(
            "all",
            self.filters,
            self.compared,
            self.wider,
            self.browser,
        ));
        text.extend(self.notes.iter().map(|note| format!("{note}\n")));
        text
    }
}

/// How many wrong filters are printed.
const SHOWN: usize = 5;

impl fmt::Display for ResidualReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for wrong in self.disagreements.iter().take(SHOWN) {
            writeln!(f, "{wrong}")?;
        }
        if self.disagreements.len() > SHOWN {
            let more = self.disagreements.len() - SHOWN;
            writeln!(f, "... and {more} more wrong filters; --json has them\n")?;
        }
        for note in &self.notes {
            writeln!(f, "{note}")?;
        }
        write!(
            f,
            "filters: {}; held against the database on {} rows, a superset wider on {}; {} asked of the browser library",
            self.filters.words(),
            self.compared,
            self.wider,
            self.browser
        )
    }
}

impl fmt::Display for WrongFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let filter = self.filter.as_deref().unwrap_or("none");
        writeln!(
            f,
            "{}: {}: {} as a filter",
            self.table, self.caller, self.action
        )?;
        writeln!(f, "  filter ({}): {filter}", self.rows)?;
        writeln!(f, "  as SQL: {}", self.sql)?;
        if self.row.is_empty() {
            writeln!(f, "  {}", self.what)?;
        } else {
            writeln!(f, "  row {}: {}", self.row, self.what)?;
        }
        for line in self.script.lines() {
            writeln!(f, "    {line}")?;
        }
        Ok(())
    }
}

impl fmt::Display for ResidualNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let why: Vec<&str> = self.wider.iter().map(|wider| wider.words()).collect();
        write!(
            f,
            "note: {}: {}: the superset of {} callers is never wider here ({})",
            self.table,
            self.action,
            self.callers,
            why.join("; ")
        )
    }
}

/// A filter of one caller for one action.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) residual: Residual,
    /// The text, if there is one.
    pub(super) filter: Option<String>,
    /// As SQL, or why the text is no filter.
    pub(super) sql: Result<String, String>,
}

impl Asked {
    pub(super) fn of(policy: &Policy, table: &Table, action: Action, asker: &Asker) -> Self {
        let ranks = asker.ranks();
        let residual = residual(policy, table, action, &asker.caller(&ranks));
        let filter = match &residual {
            Residual::Exact(filter) | Residual::Superset(Some(filter), _) => {
                Some(filter.postgrest(table))
            }
            _ => None,
        };
        let sql = match &filter {
            Some(text) => filter_sql(text).map_err(|error| error.to_string()),
            None => Ok((residual != Residual::Nothing).to_string()),
        };
        Self {
            residual,
            filter,
            sql,
        }
    }

    pub(super) fn word(&self) -> &'static str {
        word(&self.residual)
    }
}

/// How a filter and what the caller reached go together on one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Held {
    Same,
    /// A superset keeps a row that is not reached, as it may.
    Wider,
    Wrong,
}

/// Holds a filter that keeps the row, or not, against a caller who reaches it, or not.
pub(super) fn hold(residual: &Residual, kept: bool, reached: bool) -> Held {
    match (kept, reached, residual) {
        (true, true, _) | (false, false, _) => Held::Same,
        (true, false, Residual::Superset(..)) => Held::Wider,
        _ => Held::Wrong,
    }
}

/// The most wrong filters of one table that are written out.
const WRITTEN_OUT: usize = 100;

/// One table's filters while its statements run.
#[derive(Debug, Default)]
pub(super) struct Audit {
    /// By the asker's number in the ledger: with other ranks somebody is another asker.
    pub(super) asked: HashMap<(u32, Action), Asked>,
    filters: FilterCounts,
    compared: u64,
    wider: u64,
    browser: u64,
    wrong: u64,
    written: Vec<WrongFilter>,
    /// By caller: why it is a superset, and whether it was wider.
    supersets: BTreeMap<(usize, Action), (Vec<Widening>, bool)>,
}

/// What a table adds to the report.
pub(super) type Closed = (TableResiduals, Vec<WrongFilter>, Vec<ResidualNote>);

impl Audit {
    /// Whether the filters were counted.
    pub(super) fn is_counted(&self) -> bool {
        self.filters.total() > 0
    }

    pub(super) fn count(&mut self, residual: &Residual) {
        self.filters.count(residual);
    }

    /// Takes down how a caller's filter did on a row, and says whether it is wrong.
    pub(super) fn note(
        &mut self,
        (caller, action): (usize, Action),
        residual: &Residual,
        held: Held,
    ) {
        self.compared += 1;
        self.wider += u64::from(held == Held::Wider);
        self.wrong += u64::from(held == Held::Wrong);
        if let Residual::Superset(_, why) = residual {
            let (_, wider) = self
                .supersets
                .entry((caller, action))
                .or_insert_with(|| (why.clone(), false));
            *wider |= held == Held::Wider;
        }
    }

    /// Takes down whether the browser library gave the same filter.
    pub(super) fn heard(&mut self, same: bool, wrong: impl FnOnce() -> WrongFilter) {
        self.browser += 1;
        if !same {
            self.wrong += 1;
            self.write(wrong);
        }
    }

    /// Writes a wrong filter out, unless there are many.
    pub(super) fn write(&mut self, wrong: impl FnOnce() -> WrongFilter) {
        if self.written.len() < WRITTEN_OUT {
            self.written.push(wrong());
        }
    }

    /// What it all came to.
    pub(super) fn close(self, table: &str) -> Closed {
        let mut groups: BTreeMap<(Action, Vec<Widening>), (u64, bool)> = BTreeMap::new();
        for ((_, action), (why, wider)) in self.supersets {
            let (callers, some) = groups.entry((action, why)).or_default();
            *callers += 1;
            *some |= wider;
        }
        let notes = groups.into_iter().filter(|(_, (_, wider))| !wider);
        let notes = notes.map(|((action, wider), (callers, _))| ResidualNote {
            table: table.to_owned(),
            action: action.word(),
            wider,
            callers,
        });
        let of = TableResiduals {
            table: table.to_owned(),
            filters: self.filters,
            compared: self.compared,
            wider: self.wider,
            browser: self.browser,
            wrong: self.wrong,
        };
        (of, self.written, notes.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_superset_may_be_wider_and_none_may_lose_a_row() {
        let superset = Residual::Superset(None, vec![Widening::Parents]);
        for residual in [Residual::Everything, Residual::Nothing, superset] {
            for same in [false, true] {
                assert_eq!(hold(&residual, same, same), Held::Same);
            }
            assert_eq!(hold(&residual, false, true), Held::Wrong);
            let wider = if matches!(residual, Residual::Superset(..)) {
                Held::Wider
            } else {
                Held::Wrong
            };
            assert_eq!(hold(&residual, true, false), wider);
        }
    }
}
