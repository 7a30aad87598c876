//! Holds what was observed against what was decided.

#[cfg(test)]
mod tests;
mod words;

use std::collections::HashSet;

use countersign_wasm::batch::{Answer, Why};
use policy_core::model::Table;

use super::bench::Fault;
use super::ledger::{Probe, Shape};
use super::session::{Failure, Observed};

pub(super) use words::words;

/// What became of a statement, held against the policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The same, on so many rows.
    Agrees,
    /// A constraint had the last word.
    Impossible(String),
    /// Something else.
    Differs,
}

/// Judges one statement by the answers to its questions.
pub(super) fn judge(
    table: &Table,
    probe: &Probe,
    answers: &[Answer],
    observed: &Observed,
    fault: Option<&Fault>,
) -> Verdict {
    let refused = answers
        .iter()
        .find(|answer| matches!(answer, Answer::NotGranted(..) | Answer::Refused(_)));
    let taken = |answer: &&Answer| matches!(answer, Answer::Applies(_));
    if answers
        .iter()
        .any(|answer| matches!(answer, Answer::Depends { .. } | Answer::Malformed))
    {
        return Verdict::Differs;
    }
    if is_kept(observed) && !probe.keeps {
        return Verdict::Differs;
    }
    if let Shape::Kept(last) = probe.shape {
        let fits = match observed {
            Observed::Done { rows, .. } => !last && *rows == 1,
            Observed::Failed(_) => last && is_kept(observed),
        };
        return if fits {
            Verdict::Agrees
        } else {
            Verdict::Differs
        };
    }
    if let Shape::Leaves(last) = probe.shape
        && answers.iter().all(|answer| taken(&answer))
        && (last || is_kept(observed))
    {
        return if last && is_kept(observed) {
            Verdict::Agrees
        } else {
            Verdict::Differs
        };
    }
    match observed {
        Observed::Done { rows, keys } => {
            let fits = refused.is_none()
                && match &probe.shape {
                    Shape::Count | Shape::Leaves(_) | Shape::Kept(_) => {
                        *rows == answers.iter().filter(taken).count() as u64
                    }
                    Shape::Listed(wanted) => {
                        let mut got = keys.clone();
                        got.sort();
                        got == *wanted
                    }
                    Shape::Each(names) => {
                        let got: HashSet<&String> = keys.iter().collect();
                        let known: HashSet<&String> = names.iter().collect();
                        got.is_subset(&known)
                            && names
                                .iter()
                                .zip(answers)
                                .all(|(name, a)| got.contains(name) == taken(&a))
                    }
                };
            if fits {
                Verdict::Agrees
            } else if *rows == 0 && probe.ignores_conflicts() && stood_in_for(table, refused) {
                // The row met another one first, so the foreign key was not asked; either way
                // nothing is written.
                Verdict::Impossible("a conflict before the parent's foreign key".to_owned())
            } else {
                Verdict::Differs
            }
        }
        Observed::Failed(failure) if failure.state == "42501" => {
            if refused.is_some() {
                Verdict::Agrees
            } else {
                Verdict::Differs
            }
        }
        Observed::Failed(failure) => constrained(table, answers, refused, failure, fault),
    }
}

/// Whether a composite foreign key stands in for the policy's own test of the parent that refused.
fn stood_in_for(table: &Table, refused: Option<&Answer>) -> bool {
    let Some(Answer::Refused(Why::Parent(position))) = refused else {
        return false;
    };
    let parent = table.parents.get(usize::from(*position));
    parent.is_some_and(|parent| !parent.tested)
}

/// Whether the trigger behind `keep at least one` failed the statement.
fn is_kept(observed: &Observed) -> bool {
    let Observed::Failed(failure) = observed else {
        return false;
    };
    let cause = failure.cause.as_deref().unwrap_or_default();
    failure.state == "23514" && cause.starts_with("function countersign.")
}

/// A constraint explains a failure only where the policy let the statement through to it.
fn constrained(
    table: &Table,
    answers: &[Answer],
    refused: Option<&Answer>,
    failure: &Failure,
    fault: Option<&Fault>,
) -> Verdict {
    if let Some(fault) = fault.filter(|fault| fault.state == failure.state) {
        // The default is evaluated first; nothing is written either way.
        return match refused {
            Some(_) => Verdict::Impossible(format!("default of {}", fault.column)),
            None => Verdict::Differs,
        };
    }
    let Some(cause) = failure
        .cause
        .clone()
        .filter(|_| failure.state.starts_with("23"))
    else {
        return Verdict::Differs;
    };
    let passed = match refused {
        // With several rows the first may fail on a constraint before another is refused.
        Some(_) if answers.len() > 1 => true,
        refused if stood_in_for(table, refused) => true,
        // A trigger of the app's comes before the policy's tests; refused is refused.
        Some(Answer::Refused(_)) => cause.starts_with("function "),
        Some(_) => false,
        // NOT NULL and checks come before a conflict is looked for.
        None => answers
            .iter()
            .any(|answer| matches!(answer, Answer::Applies(_) | Answer::Skipped(Why::Conflict))),
    };
    if passed {
        Verdict::Impossible(cause)
    } else {
        Verdict::Differs
    }
}
