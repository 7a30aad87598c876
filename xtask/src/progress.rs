//! What the user sees while waiting: a spinner per step on a terminal, a line per step elsewhere.

use std::io::{IsTerminal as _, stderr};
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use miette::Result;

use crate::interrupt::Interrupted;

/// All steps of one command. Steps may run side by side.
#[derive(Clone, Debug)]
pub(crate) struct Progress {
    bars: MultiProgress,
    animated: bool,
}

impl Progress {
    pub(crate) fn new() -> Self {
        Self {
            bars: MultiProgress::new(),
            animated: stderr().is_terminal(),
        }
    }

    /// Runs `work` as one step: shown while it runs, and with its time when it is done.
    pub(crate) fn step<T>(&self, name: &str, work: impl FnOnce(&Step) -> Result<T>) -> Result<T> {
        let step = self.start(name);
        let began = Instant::now();
        let result = work(&step);
        step.bar.finish_and_clear();
        let mark = match &result {
            Ok(_) => "ok  ",
            Err(error) if error.is::<Interrupted>() => "stop",
            Err(_) => "FAIL",
        };
        self.line(&format!("  {mark} {name} ({})", seconds(began.elapsed())));
        result
    }

    /// Prints a line above the spinners.
    pub(crate) fn line(&self, text: &str) {
        self.bars.suspend(|| eprintln!("{text}"));
    }

    fn start(&self, name: &str) -> Step {
        if !self.animated {
            self.line(&format!("   .. {name}"));
            return Step {
                bar: ProgressBar::hidden(),
            };
        }
        let bar = self.bars.add(ProgressBar::new_spinner());
        if let Ok(style) =
            ProgressStyle::with_template("  {spinner}  {prefix} {wide_msg:.dim} {elapsed}")
        {
            bar.set_style(style);
        }
        bar.set_prefix(name.to_owned());
        bar.enable_steady_tick(Duration::from_millis(120));
        Step { bar }
    }
}

/// One step that is under way.
#[derive(Debug)]
pub(crate) struct Step {
    bar: ProgressBar,
}

impl Step {
    /// What it is doing just now.
    pub(crate) fn detail(&self, text: &str) {
        self.bar.set_message(text.to_owned());
    }
}

pub(crate) fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}
