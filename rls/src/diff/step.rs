//! The files of an upgrade: what is in one, and in which order they come.

use std::fmt::Write as _;

use super::locks::{self, Lock};

/// When a step comes. Up to [`Phase::Required`] the application goes on as before; then it meets
/// the policy; what is left is taken away at last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    /// Schemas, types, the table of what is taken out.
    Foundation,
    /// New columns.
    Columns,
    /// New tables.
    Tables,
    /// Wider types.
    Widen,
    /// Values for what was empty.
    Backfill,
    /// Indexes, each for itself.
    Indexes,
    /// Unique keys, on indexes that are there by now.
    Keys,
    /// Constraints for what is written from now on.
    Constraints,
    /// Rows that obey no constraint leave.
    Quarantine,
    /// Constraints for what was there.
    Validate,
    /// NOT NULL.
    Required,
    /// The policies' functions.
    Helpers,
    /// A table's policies and grants.
    Access,
    /// Functions, views, triggers.
    Code,
    /// What only the old application needed.
    Contract,
}

impl Phase {
    /// What this means for whoever runs the application.
    fn meaning(self) -> &'static str {
        match self {
            Self::Foundation
            | Self::Columns
            | Self::Tables
            | Self::Widen
            | Self::Backfill
            | Self::Indexes => "Expand: the application goes on as before.",
            Self::Keys | Self::Constraints | Self::Quarantine | Self::Validate | Self::Required => {
                "Hold: what is written from here on must obey the constraints."
            }
            Self::Helpers | Self::Access | Self::Code => {
                "Switch: from here on the policy decides. Run preflight.sql before the first of these."
            }
            Self::Contract => "Contract: what only the old application needed is taken away.",
        }
    }

    /// How long a statement may run here. The long ones take locks that keep nobody from writing.
    fn statement_timeout(self) -> &'static str {
        match self {
            Self::Widen | Self::Backfill | Self::Quarantine | Self::Validate => "10min",
            _ => "60s",
        }
    }
}

/// A statement and the locks it takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Statement {
    sql: String,
    lock: Option<Lock>,
}

impl Statement {
    /// A statement that says by itself what it locks.
    pub(super) fn new(sql: impl Into<String>) -> Self {
        let sql = sql.into().trim().trim_end_matches(';').to_owned();
        Self {
            lock: locks::of(&sql),
            sql,
        }
    }

    /// A statement whose locks only its author knows.
    pub(super) fn locking(sql: impl Into<String>, lock: Lock) -> Self {
        Self {
            lock: Some(lock),
            ..Self::new(sql)
        }
    }
}

/// One file, and what undoes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) phase: Phase,
    /// A part of the file's name.
    pub(super) name: String,
    /// What it does and why.
    pub(super) about: Vec<String>,
    pub(super) up: Vec<Statement>,
    /// Nothing means that there is nothing to undo.
    pub(super) down: Vec<Statement>,
    /// Whether it must not run within a transaction.
    pub(super) alone: bool,
}

impl Step {
    pub(super) fn new(phase: Phase, name: impl Into<String>, about: &str) -> Self {
        Self {
            phase,
            name: name.into(),
            about: vec![about.to_owned()],
            up: Vec::new(),
            down: Vec::new(),
            alone: false,
        }
    }

    /// A statement more, and what undoes it.
    pub(super) fn with(mut self, up: impl Into<String>, down: Option<String>) -> Self {
        self.push(up, down);
        self
    }

    pub(super) fn push(&mut self, up: impl Into<String>, down: Option<String>) {
        self.up.push(Statement::new(up));
        if let Some(down) = down {
            self.down.insert(0, Statement::new(down));
        }
    }

    /// The same, where only the author knows what it locks.
    pub(super) fn push_locking(&mut self, up: impl Into<String>, lock: Lock, down: Option<String>) {
        self.up.push(Statement::locking(up, lock));
        if let Some(down) = down {
            self.down.insert(0, Statement::new(down));
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.up.is_empty()
    }

    /// The file.
    pub(super) fn up_text(&self, of: &str) -> String {
        let mut text = String::new();
        for line in &self.about {
            let _ = writeln!(text, "-- {line}");
        }
        let _ = writeln!(text, "-- {}\n-- {of}", self.phase.meaning());
        if self.alone {
            text.push_str("-- Not within a transaction.\n");
        }
        self.body(&self.up, &mut text);
        text
    }

    /// The file that undoes it.
    pub(super) fn down_text(&self) -> String {
        let mut text =
            "-- Undoes the migration of the same name. Undo the later ones first.\n".to_owned();
        if self.down.is_empty() {
            text.push_str("-- Nothing to undo: what it made does no harm, or is gone by the undoing of the others.\n");
        } else {
            self.body(&self.down, &mut text);
        }
        text
    }

    fn body(&self, statements: &[Statement], text: &mut String) {
        if self.alone {
            // Waiting for older transactions blocks nobody, so it may last.
            text.push_str("\nset lock_timeout = '10min';\nset statement_timeout = 0;\n");
        } else {
            let _ = write!(
                text,
                "\nset local lock_timeout = '{LOCK_TIMEOUT}';\nset local statement_timeout = '{}';\n",
                self.phase.statement_timeout()
            );
            // The application's own triggers fire for its rows, and may rely on the usual path.
            if !matches!(self.phase, Phase::Backfill | Phase::Quarantine) {
                text.push_str("set local search_path = '';\n");
            }
        }
        if !self.alone {
            let pairs = statements.iter().map(|of| (&*of.sql, of.lock.as_ref()));
            text.push_str(&locks::beginning(pairs));
        }
        let mut known = None;
        for statement in statements {
            text.push('\n');
            if statement.lock != known {
                let _ = match &statement.lock {
                    Some(lock) => writeln!(text, "-- lock: {lock}"),
                    None => writeln!(text, "-- lock: none on any table"),
                };
                known.clone_from(&statement.lock);
            }
            let _ = writeln!(text, "{};", statement.sql);
        }
    }
}

/// How long a statement that could keep others waiting may itself wait.
pub const LOCK_TIMEOUT: &str = "2s";
