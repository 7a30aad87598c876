//! Each kind of outcome against each kind of answer.

use countersign_wasm::batch::{Answer, Why};
use policy_core::model::{Action, Table};

use super::{Verdict, judge};
use crate::verify::ledger::{Probe, Shape};
use crate::verify::session::{Failure, Observed};

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
        keeps: true,
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
