//! Holds what was observed against what was decided.

use std::collections::HashSet;

use countersign_wasm::batch::{Act, Answer, Why};
use policy_core::model::{Action, Table};

use super::bench::Fault;
use super::ledger::{Probe, Shape};
use super::session::{Failure, Observed};

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
    match observed {
        Observed::Done { rows, keys } => {
            let fits = refused.is_none()
                && match &probe.shape {
                    Shape::Count => *rows == answers.iter().filter(taken).count() as u64,
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
        // A composite foreign key that stands in for the policy's own test.
        Some(Answer::Refused(Why::Parent(position))) => table
            .parents
            .get(usize::from(*position))
            .is_some_and(|parent| !parent.tested),
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

/// Which parts of a table's policy decided something.
#[derive(Debug, Default)]
pub(super) struct Decisive {
    rules: HashSet<u16>,
    nevers: HashSet<u16>,
    parents: HashSet<u16>,
    retired: bool,
    may_not_retire: bool,
    founder: bool,
    upserted: bool,
}

impl Decisive {
    pub(super) fn note(&mut self, act: Act, answer: Answer) {
        let (why, applies) = match answer {
            Answer::Applies(why) => (why, true),
            Answer::Refused(why) | Answer::Skipped(why) => (why, false),
            Answer::NotGranted(..) | Answer::Depends { .. } | Answer::Malformed => return,
        };
        self.upserted |= applies && matches!(act, Act::Merge(_, Some(_)));
        match why {
            Why::Rule(rule) => drop(self.rules.insert(rule)),
            Why::Never(never) => drop(self.nevers.insert(never)),
            Why::Parent(parent) => drop(self.parents.insert(parent)),
            Why::Retired => self.retired = true,
            Why::MayNotRetire => self.may_not_retire = true,
            Why::Founder => self.founder = true,
            Why::NoRule(_) | Why::NoPair | Why::Conflict | Why::Unconditional => {}
        }
    }

    /// The parts that decided nothing.
    pub(super) fn idle(&self, table: &Table) -> Vec<String> {
        let number = |position: usize| u16::try_from(position).unwrap_or(u16::MAX);
        let mut idle = Vec::new();
        for (position, rule) in table.rules.iter().enumerate() {
            let decided = if rule.action == Action::Upsert {
                self.upserted
            } else {
                self.rules.contains(&number(position))
            };
            if !decided {
                idle.push(format!("rule `{}` (line {})", rule.text, rule.line));
            }
        }
        for (position, never) in table.never.iter().enumerate() {
            if !self.nevers.contains(&number(position)) {
                idle.push(format!("`{}` (line {})", never.text, never.line));
            }
        }
        for (position, parent) in table.parents.iter().enumerate() {
            if parent.tested && !self.parents.contains(&number(position)) {
                idle.push(format!("`via {}`", table.column_name(parent.column)));
            }
        }
        if table.retire.is_some() && !self.retired {
            idle.push("`retire`: no row was hidden".to_owned());
        }
        idle
    }
}

/// An answer in words.
pub(super) fn words(table: &Table, answer: Answer) -> String {
    let why = |why: Why| match why {
        Why::Rule(rule) => table
            .rules
            .get(usize::from(rule))
            .map_or_else(String::new, |rule| {
                format!("rule `{}`, line {}", rule.text, rule.line)
            }),
        Why::Never(never) => table
            .never
            .get(usize::from(never))
            .map_or_else(String::new, |never| {
                format!("`{}`, line {}", never.text, never.line)
            }),
        Why::Parent(parent) => table
            .parents
            .get(usize::from(parent))
            .map_or_else(String::new, |p| {
                format!("parent by `{}`", table.column_name(p.column))
            }),
        Why::Founder => "the founder".to_owned(),
        Why::NoRule(action) => format!("no rule for {}", action.word()),
        Why::NoPair => "no rule allows old row, new row and columns together".to_owned(),
        Why::Retired => "the row is retired".to_owned(),
        Why::MayNotRetire => "may not retire rows".to_owned(),
        Why::Conflict => "a row with this key is there".to_owned(),
        Why::Unconditional => "unconditional".to_owned(),
    };
    match answer {
        Answer::Malformed => "malformed question".to_owned(),
        Answer::NotGranted(_, columns) => {
            format!("not granted: {}", table.column_names(columns).join(", "))
        }
        Answer::Refused(reason) => format!("refused: {}", why(reason)),
        Answer::Skipped(reason) => format!("0 rows: {}", why(reason)),
        Answer::Applies(reason) => format!("applies: {}", why(reason)),
        Answer::Depends { .. } => "depends, although everything is known".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let catalogue = serde_json::json!({
            "schema": "s",
            "relations": [{
                "name": "t", "kind": "table", "primary_key": ["id"],
                "columns": [{ "name": "id", "type": "uuid" }]
            }]
        });
        let catalogue = serde_json::from_value(catalogue).unwrap();
        let policy = "app a in schema s; caller id uuid; on t { anon: select; }";
        policy_core::compile(policy, &catalogue)
            .unwrap()
            .0
            .tables
            .remove(0)
    }

    fn verdict(shape: Shape, answers: &[Answer], observed: &Observed) -> Verdict {
        let probe = Probe {
            caller: 0,
            sql: String::new(),
            shape,
            questions: 0..0,
            seeding: 0,
        };
        judge(&table(), &probe, answers, observed, None)
    }

    fn failed(state: &str, cause: Option<&str>) -> Observed {
        let cause = cause.map(str::to_owned);
        Observed::Failed(Failure {
            state: state.to_owned(),
            message: String::new(),
            cause,
        })
    }

    const APPLIES: Answer = Answer::Applies(Why::Rule(0));
    const SKIPPED: Answer = Answer::Skipped(Why::NoRule(Action::Select));
    const REFUSED: Answer = Answer::Refused(Why::NoRule(Action::Insert));

    #[test]
    fn rows_are_told_apart_where_the_statement_names_them() {
        let shape = || Shape::Each(vec!["a".to_owned(), "b".to_owned()]);
        let done = |keys: &[&str]| Observed::Done {
            rows: keys.len() as u64,
            keys: keys.iter().map(|&key| key.to_owned()).collect(),
        };
        let answers = [APPLIES, SKIPPED];
        assert_eq!(verdict(shape(), &answers, &done(&["a"])), Verdict::Agrees);
        // As many rows, but others; and one that nobody knows.
        assert_eq!(verdict(shape(), &answers, &done(&["b"])), Verdict::Differs);
        assert_eq!(
            verdict(shape(), &answers, &done(&["a", "c"])),
            Verdict::Differs
        );
    }

    #[test]
    fn a_refusal_is_a_refusal_and_no_rows_are_none() {
        let none = Observed::Done {
            rows: 0,
            keys: Vec::new(),
        };
        assert_eq!(verdict(Shape::Count, &[SKIPPED], &none), Verdict::Agrees);
        assert_eq!(verdict(Shape::Count, &[REFUSED], &none), Verdict::Differs);
        assert_eq!(
            verdict(Shape::Count, &[REFUSED], &failed("42501", None)),
            Verdict::Agrees
        );
        assert_eq!(
            verdict(Shape::Count, &[SKIPPED], &failed("42501", None)),
            Verdict::Differs
        );
        assert_eq!(
            verdict(Shape::Count, &[APPLIES], &failed("42501", None)),
            Verdict::Differs
        );
    }

    #[test]
    fn a_constraint_explains_only_what_the_policy_let_through() {
        let named = failed("23503", Some("constraint t_fkey"));
        let impossible = Verdict::Impossible("constraint t_fkey".to_owned());
        assert_eq!(verdict(Shape::Count, &[APPLIES], &named), impossible);
        assert_eq!(verdict(Shape::Count, &[REFUSED], &named), Verdict::Differs);
        assert_eq!(verdict(Shape::Count, &[SKIPPED], &named), Verdict::Differs);
        // An error without a name explains nothing.
        assert_eq!(
            verdict(Shape::Count, &[APPLIES], &failed("23503", None)),
            Verdict::Differs
        );
        assert_eq!(
            verdict(Shape::Count, &[APPLIES], &failed("22P02", Some("x"))),
            Verdict::Differs
        );
    }

    #[test]
    fn what_is_still_open_agrees_with_nothing() {
        let open = Answer::Depends {
            applies: true,
            skipped: true,
            refused: false,
        };
        let one = Observed::Done {
            rows: 1,
            keys: Vec::new(),
        };
        assert_eq!(verdict(Shape::Count, &[open], &one), Verdict::Differs);
    }
}
