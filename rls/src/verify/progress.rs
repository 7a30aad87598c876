//! How far it is: a bar for people, a line per table for logs.

use std::io::{IsTerminal as _, Write as _};

use indicatif::{ProgressBar, ProgressStyle};

use super::report::TableReport;

/// Shows how far it is, on standard error.
pub(super) struct Progress {
    bar: Option<ProgressBar>,
}

impl Progress {
    pub(super) fn start(tables: usize) -> Self {
        if !std::io::stderr().is_terminal() {
            return Self { bar: None };
        }
        let bar = ProgressBar::new(tables as u64);
        if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} tables  {msg}") {
            bar.set_style(style);
        }
        Self { bar: Some(bar) }
    }

    pub(super) fn begin(&self, table: &str) {
        if let Some(bar) = &self.bar {
            bar.set_message(table.to_owned());
        }
    }

    pub(super) fn end(&self, report: &TableReport) {
        match &self.bar {
            Some(bar) => bar.inc(1),
            None => {
                let TableReport {
                    table,
                    cells,
                    impossible,
                    disagreements,
                    seconds,
                    ..
                } = report;
                let _ = writeln!(
                    std::io::stderr(),
                    "{table}: {cells} cells, {impossible} impossible, {disagreements} disagreements, {seconds:.1} s"
                );
            }
        }
    }
}

/// A line for logs, where nobody watches a bar.
pub(super) fn note(line: &str) {
    if !std::io::stderr().is_terminal() {
        let _ = writeln!(std::io::stderr(), "{line}");
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
