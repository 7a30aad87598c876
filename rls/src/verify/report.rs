//! What a verification found.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::in_place::InPlaceReport;
use super::mutate::MutationReport;
use super::residuals::ResidualReport;

/// What a verification found.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The app.
    pub app: String,
    /// Whose answers were compared.
    pub evaluators: Vec<String>,
    /// The server's own words about itself.
    pub server: String,
    /// How many decisions were compared.
    pub cells: u64,
    /// In how many the statement took effect on the row, and was meant to.
    pub allowed: u64,
    /// In how many it did not, and was not meant to.
    pub denied: u64,
    /// In how many of these some condition of the table was unknown, because of a NULL.
    pub unknown: u64,
    /// What could not be asked, because a constraint forbids the row.
    pub impossible: ImpossibleTotal,
    /// Where the evaluators or the database differ.
    pub disagreements: Vec<Disagreement>,
    /// Everything else that makes the proof less than one.
    pub findings: Vec<Finding>,
    /// How long it took.
    pub seconds: f64,
    /// How many cells a second.
    pub cells_per_second: f64,
    /// With what the random cells can be had again.
    pub seed: u64,
    /// The tables.
    pub per_table: Vec<TableReport>,
    /// What the callers' filters came to.
    pub residuals: ResidualReport,
    /// What became of the mutants, if any were tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mutation: Option<MutationReport>,
    /// What was set off and left out, on a database in use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_place: Option<InPlaceReport>,
}

/// What could not be asked.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ImpossibleTotal {
    /// How many cells.
    pub count: u64,
    /// What exactly.
    pub list: Vec<Impossible>,
}

/// Rows that a constraint forbids.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Impossible {
    /// The table.
    pub table: String,
    /// Which rows.
    pub what: String,
    /// What forbids them, by name.
    pub constraint: String,
    /// What kind of thing that is: a check, a key, a trigger.
    pub kind: &'static str,
    /// How many cells.
    pub cells: u64,
}

impl ImpossibleTotal {
    /// Counts cells, with those that are alike together.
    pub(super) fn add(&mut self, new: Impossible) {
        self.count += new.cells;
        let same = |i: &&mut Impossible| {
            i.table == new.table && i.what == new.what && i.constraint == new.constraint
        };
        match self.list.iter_mut().find(same) {
            Some(known) => known.cells += new.cells,
            None => self.list.push(new),
        }
    }
}

/// Evaluators or the database differ on a statement.
#[derive(Clone, Debug, Serialize)]
pub struct Disagreement {
    /// The table, view or function.
    pub table: String,
    /// Who ran it.
    pub caller: String,
    /// The statement.
    pub statement: String,
    /// What `decide` says.
    pub native: String,
    /// What `decide` says in WebAssembly.
    pub wasm: String,
    /// What the database did.
    pub database: String,
    /// SQL that shows it on a database with the same migrations.
    pub script: String,
}

/// Something that makes the proof less than one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// A stable name for its kind.
    pub code: &'static str,
    /// The table, view or function.
    pub table: String,
    /// What it is and what to do.
    pub message: String,
}

/// One table's part.
#[derive(Clone, Debug, Serialize)]
pub struct TableReport {
    /// The table.
    pub table: String,
    /// How many decisions were compared.
    pub cells: u64,
    /// In how many the statement took effect.
    pub allowed: u64,
    /// In how many it did not.
    pub denied: u64,
    /// In how many some condition was unknown.
    pub unknown: u64,
    /// In how many a constraint had the last word.
    pub impossible: u64,
    /// How many statements differed.
    pub disagreements: u64,
    /// How many rows stood under test.
    pub rows: u64,
    /// How long it took.
    pub seconds: f64,
    /// The decisions by command.
    pub kinds: BTreeMap<&'static str, Decisions>,
}

/// How the decisions on one command came out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Decisions {
    /// How many were compared.
    pub cells: u64,
    /// In how many the statement took effect.
    pub allowed: u64,
    /// In how many it did not.
    pub denied: u64,
    /// In how many a constraint had the last word.
    pub impossible: u64,
}

impl Report {
    /// Whether policy and database are equal, and the proof is one.
    #[must_use]
    pub fn is_equal(&self) -> bool {
        let noticed = self
            .mutation
            .as_ref()
            .is_none_or(MutationReport::is_complete);
        let filters = self.residuals.disagreements.is_empty();
        self.disagreements.is_empty() && self.findings.is_empty() && filters && noticed
    }

    /// The exit code: 0 if equal, 1 if not.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        u8::from(!self.is_equal())
    }
}

impl Report {
    /// How many decisions of which kind stand for each table: what a test can pin, so that a proof
    /// that has become thinner shows. Only with a given seed is it the same every time.
    #[must_use]
    pub fn corpus(&self) -> String {
        let mut lines = Vec::new();
        for table in &self.per_table {
            lines.push(format!(
                "{}: {} rows, {} cells, {} unknown",
                table.table, table.rows, table.cells, table.unknown
            ));
            for (kind, decisions) in &table.kinds {
                let Decisions {
                    cells,
                    allowed,
                    denied,
                    impossible,
                } = decisions;
                lines.push(format!(
                    "  {kind}: {cells} = {allowed} allowed + {denied} denied + {impossible} impossible"
                ));
            }
        }
        lines.push(format!("all: {} cells", self.cells));
        lines.join("\n")
    }
}

/// How many disagreements are printed in full.
const SHOWN: usize = 5;

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for disagreement in self.disagreements.iter().take(SHOWN) {
            let Disagreement {
                table,
                caller,
                statement,
                native,
                wasm,
                database,
                script,
            } = disagreement;
            writeln!(f, "{table}: {caller}\n  {statement}")?;
            writeln!(
                f,
                "  policy:   {native}\n  in wasm:  {wasm}\n  database: {database}"
            )?;
            for line in script.lines() {
                writeln!(f, "    {line}")?;
            }
            writeln!(f)?;
        }
        if let Some(more) = self
            .disagreements
            .len()
            .checked_sub(SHOWN)
            .filter(|more| *more > 0)
        {
            writeln!(f, "... and {more} more; --json has them all\n")?;
        }
        for Finding {
            code,
            table,
            message,
        } in &self.findings
        {
            writeln!(f, "{code}: {table}: {message}")?;
        }
        writeln!(
            f,
            "{} cells on {}: {} allowed, {} denied ({} with an unknown condition), {} impossible by a constraint",
            self.cells, self.server, self.allowed, self.denied, self.unknown, self.impossible.count
        )?;
        writeln!(
            f,
            "compared: {}; {:.0} s, {:.0} cells/s, seed {}",
            self.evaluators.join(", "),
            self.seconds,
            self.cells_per_second,
            self.seed
        )?;
        writeln!(f, "{}", self.residuals)?;
        if let Some(mutation) = &self.mutation {
            writeln!(f, "{mutation}")?;
        }
        if let Some(in_place) = &self.in_place {
            write!(f, "{in_place}")?;
        }
        if self.is_equal() {
            let partly = self
                .in_place
                .as_ref()
                .is_some_and(|of| !of.left_out.is_empty());
            let but = if partly { ", as far as was tried" } else { "" };
            write!(f, "policy and database are equal{but}")
        } else {
            let (differ, more) = (self.disagreements.len(), self.findings.len());
            write!(f, "NOT proved: {differ} disagreements, {more} findings")?;
            let wrong = self.residuals.disagreements.len();
            if wrong > 0 {
                write!(f, ", {wrong} wrong filters")?;
            }
            self.mutation.as_ref().map_or(Ok(()), |mutation| {
                write!(f, ", {} survivors", mutation.survivors.len())
            })
        }
    }
}
