//! What became of the mutants.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::database::Change;
use super::equivalent::Same;

/// What was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The generated SQL in the database.
    Database,
    /// The compiled policy.
    Policy,
    /// An operator of the evaluator.
    Evaluator,
}

impl Kind {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Database => "database",
            Self::Policy => "policy",
            Self::Evaluator => "evaluator",
        }
    }
}

/// A single change.
#[derive(Clone, Debug, Serialize)]
pub struct MutantReport {
    /// What was changed.
    pub kind: Kind,
    /// The table; empty for what several share.
    pub table: String,
    /// The object, e.g. `policy countersign_select`.
    pub object: String,
    /// How.
    pub what: String,
    /// What was there, where that says more.
    pub before: String,
    /// What was there instead.
    pub after: String,
}

impl MutantReport {
    pub(super) fn of(kind: Kind, table: &str, object: &str, what: &str) -> Self {
        Self {
            kind,
            table: table.to_owned(),
            object: object.to_owned(),
            what: what.to_owned(),
            before: String::new(),
            after: String::new(),
        }
    }

    pub(super) fn of_change(table: &str, change: &Change) -> Self {
        Self {
            before: change.before.clone(),
            after: change.after.clone(),
            ..Self::of(Kind::Database, table, &change.object, &change.what)
        }
    }
}

/// A mutant that means the same, and the rule that says so.
#[derive(Clone, Debug, Serialize)]
pub struct Equivalent {
    /// Which.
    pub mutant: MutantReport,
    /// Why it means the same.
    pub rule: &'static str,
}

/// A piece of the generated SQL without which the table's policies come to the same.
///
/// That is said of the SQL, not of the proof: what is changed within such a piece, and comes to the
/// same as well, is no mutant.
#[derive(Clone, Debug, Serialize)]
pub struct Redundant {
    /// The table.
    pub table: String,
    /// The object, e.g. `policy countersign_fence_anon`.
    pub object: String,
    /// What of it can be left out.
    pub piece: String,
    /// Why the rest says the same.
    pub rule: &'static str,
    /// How many changes within it come to the same.
    pub changes: u64,
}

/// How many mutants of one kind came to what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// How many a cell noticed.
    pub caught: u64,
    /// How many mean the same.
    pub equivalent: u64,
    /// How many nothing noticed.
    pub survived: u64,
}

/// What became of the mutants.
#[derive(Clone, Debug, Default, Serialize)]
pub struct MutationReport {
    /// How many mutants there are; more than were tried, if a sample was asked for.
    pub of: u64,
    /// How many were tried, by what was changed.
    pub kinds: BTreeMap<&'static str, Tally>,
    /// How many changes the database did not accept: they are none, and not counted.
    pub invalid: u64,
    /// Operators of the evaluator that the policy's tables do not use, which are not altered.
    pub unused: Vec<String>,
    /// What the generated SQL says twice.
    pub redundant: Vec<Redundant>,
    /// Those that mean the same.
    pub equivalents: Vec<Equivalent>,
    /// Those of the database and of the policy that nothing noticed.
    pub survivors: Vec<MutantReport>,
    /// Operators of the evaluator that no cell tells from the altered ones: the evaluator is the same
    /// for every app, and whether it is right is no question that one app's rows can answer.
    pub untold: Vec<String>,
    /// How long it took, the cells of the unchanged policy included.
    pub seconds: f64,
    /// How many were tried in a minute.
    pub per_minute: f64,
}

impl MutationReport {
    /// How many were tried.
    #[must_use]
    pub fn total(&self) -> u64 {
        let kinds = self.kinds.values();
        kinds.map(|k| k.caught + k.equivalent + k.survived).sum()
    }

    /// Whether all of the database and of the policy were caught but for those that mean the same.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.survivors.is_empty()
    }

    fn tally(&mut self, kind: Kind) -> &mut Tally {
        self.kinds.entry(kind.word()).or_default()
    }

    pub(super) fn caught(&mut self, mutant: &MutantReport) {
        self.tally(mutant.kind).caught += 1;
    }

    /// What means the same.
    pub(super) fn same(&mut self, mutant: MutantReport, same: Same) {
        let Same { rule, piece } = same;
        if let Some(piece) = piece {
            self.redundant(&mutant, &piece, rule);
            return;
        }
        self.tally(mutant.kind).equivalent += 1;
        self.equivalents.push(Equivalent { mutant, rule });
    }

    /// A change within a piece that can be left out.
    fn redundant(&mut self, mutant: &MutantReport, piece: &str, rule: &'static str) {
        let same = |of: &&mut Redundant| {
            of.table == mutant.table && of.object == mutant.object && of.piece == piece
        };
        match self.redundant.iter_mut().find(same) {
            Some(of) => of.changes += 1,
            None => self.redundant.push(Redundant {
                table: mutant.table.clone(),
                object: mutant.object.clone(),
                piece: piece.to_owned(),
                rule,
                changes: 1,
            }),
        }
    }

    /// How many changes lie within pieces that can be left out.
    #[must_use]
    pub fn within_redundant(&self) -> u64 {
        self.redundant.iter().map(|of| of.changes).sum()
    }

    pub(super) fn survived(&mut self, mutant: MutantReport) {
        self.tally(mutant.kind).survived += 1;
        if mutant.kind == Kind::Evaluator {
            self.untold.push(mutant.what);
        } else {
            self.survivors.push(mutant);
        }
    }

    pub(super) fn finish(&mut self) {
        self.per_minute = self.total() as f64 * 60.0 / self.seconds.max(0.001);
    }
}

impl fmt::Display for MutantReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.table.is_empty() {
            write!(f, "{}: ", self.table)?;
        }
        write!(f, "{}: {}", self.object, self.what)
    }
}

impl fmt::Display for Redundant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.table, self.object, self.piece)
    }
}

impl fmt::Display for MutationReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for mutant in &self.survivors {
            writeln!(f, "survived: {mutant}")?;
            if !mutant.after.is_empty() {
                difference(f, &mutant.before, &mutant.after)?;
            }
        }
        let mut rules: BTreeMap<&str, u64> = BTreeMap::new();
        for equivalent in &self.equivalents {
            *rules.entry(equivalent.rule).or_default() += 1;
        }
        for (kind, tally) in &self.kinds {
            let Tally {
                caught,
                equivalent,
                survived,
            } = tally;
            writeln!(
                f,
                "{kind}: {caught} caught, {equivalent} equivalent, {survived} survived"
            )?;
        }
        for (rule, count) in rules {
            writeln!(f, "equivalent: {count} because {rule}")?;
        }
        for redundant in &self.redundant {
            writeln!(
                f,
                "redundant: {redundant}: {} changes in it",
                redundant.changes
            )?;
        }
        if !self.untold.is_empty() {
            let untold = self.untold.join(", ");
            writeln!(f, "operators that no cell here tells: {untold}")?;
        }
        if !self.unused.is_empty() {
            writeln!(f, "operators not used here: {}", self.unused.join(", "))?;
        }
        write!(
            f,
            "{} of {} mutants tried, {} more were no valid SQL; {:.0} s, {:.0} a minute",
            self.total(),
            self.of,
            self.invalid,
            self.seconds,
            self.per_minute
        )
    }
}

/// The lines that differ.
fn difference(f: &mut fmt::Formatter<'_>, before: &str, after: &str) -> fmt::Result {
    let (old, new): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let head = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let rest = old.len().min(new.len()).saturating_sub(head);
    let tail = old.iter().rev().zip(new.iter().rev());
    let tail = tail.take(rest).take_while(|(a, b)| a == b).count();
    let middle = |lines: &[&str]| -> Vec<String> {
        let count = lines.len().saturating_sub(head + tail);
        lines
            .iter()
            .skip(head)
            .take(count)
            .map(|line| (*line).to_owned())
            .collect()
    };
    for line in middle(&old) {
        writeln!(f, "  - {line}")?;
    }
    for line in middle(&new) {
        writeln!(f, "  + {line}")?;
    }
    Ok(())
}
