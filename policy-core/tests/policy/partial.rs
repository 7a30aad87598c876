//! Partial evaluation: what a condition can still become is what it becomes in some completion.

use policy_core::Value;
use policy_core::columns::ColumnSet;
use policy_core::condition::{Comparison, Condition, Operand, Pattern, Scope};
use policy_core::truth::{Truth, Truths};
use policy_core::value::Literal;
use proptest::prelude::*;

/// Four columns with so few values that every completion can be tried: two whole numbers, a text
/// and a flag. The second and the last are NOT NULL.
const COLUMNS: usize = 4;

fn not_null() -> ColumnSet {
    ColumnSet::EMPTY.with(1).with(3)
}

fn domain(column: usize) -> Vec<Value<'static>> {
    let mut values = match column {
        0 | 1 => vec![Value::Int(0), Value::Int(1), Value::Int(2)],
        2 => vec![Value::Text("a"), Value::Text("ab"), Value::Text("c")],
        _ => vec![Value::Bool(true), Value::Bool(false)],
    };
    if column == 0 || column == 2 {
        values.push(Value::Null);
    }
    values
}

fn atom() -> impl Strategy<Value = Condition> {
    let operator = prop_oneof![
        Just(Comparison::Equal),
        Just(Comparison::NotEqual),
        Just(Comparison::Less),
        Just(Comparison::GreaterOrEqual),
    ];
    // Between the ends of the domain, so that no comparison is always the same.
    let number = Just(Operand::Literal(Literal::Int(1)));
    let whole = prop_oneof![Just(Operand::Column(0)), Just(Operand::Column(1))];
    let word = || Operand::Column(2);
    prop_oneof![
        (operator, whole.clone(), number).prop_map(|(o, l, r)| Condition::Compare(o, l, r)),
        Just(Condition::Compare(
            Comparison::Less,
            Operand::Column(0),
            Operand::Column(1)
        )),
        Just(Condition::Distinct(Operand::Column(0), Operand::Column(1))),
        whole
            .clone()
            .prop_map(|of| Condition::Distinct(of, Operand::Literal(Literal::Int(1)))),
        whole.prop_map(|of| Condition::OneOf(of, vec![Literal::Int(0), Literal::Int(2)])),
        prop_oneof![Just(0_u8), Just(2)].prop_map(|c| Condition::IsNull(Operand::Column(c))),
        Just(Condition::Like(word(), Pattern::parse("a%").unwrap())),
        Just(Condition::Compare(
            Comparison::Equal,
            word(),
            Operand::CallerEmail
        )),
        Just(Condition::Flag(Operand::Column(3))),
    ]
}

fn condition() -> impl Strategy<Value = Condition> {
    atom().prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|c| Condition::Not(Box::new(c))),
            prop::collection::vec(inner.clone(), 0..4).prop_map(Condition::All),
            prop::collection::vec(inner, 0..4).prop_map(Condition::Any),
        ]
    })
}

fn evaluate(condition: &Condition, row: &[Value<'_>]) -> Truths {
    condition.evaluate(&Scope {
        row,
        not_null: not_null(),
        caller_id: Value::Null,
        caller_email: Value::Text("ab"),
        caller_aal: Value::Null,
        now: Value::NotYetKnown,
    })
}

/// Every row that fills the open columns.
fn completions(row: &[Value<'static>]) -> Vec<Vec<Value<'static>>> {
    row.iter()
        .enumerate()
        .fold(vec![Vec::new()], |rows, (column, value)| {
            let values = match value {
                Value::NotYetKnown => domain(column),
                known => vec![*known],
            };
            rows.iter()
                .flat_map(|row| {
                    values.iter().map(move |value| {
                        let mut row = row.clone();
                        row.push(*value);
                        row
                    })
                })
                .collect()
        })
}

/// A row of which some columns are open.
fn open_row() -> impl Strategy<Value = Vec<Value<'static>>> {
    let column = |column: usize| {
        prop_oneof![
            Just(Value::NotYetKnown),
            prop::sample::select(domain(column))
        ]
    };
    (column(0), column(1), column(2), column(3)).prop_map(|(a, b, c, d)| vec![a, b, c, d])
}

const TRUTHS: [Truth; 3] = [Truth::True, Truth::False, Truth::Unknown];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn every_completion_is_foreseen(condition in condition(), row in open_row()) {
        let open = evaluate(&condition, &row);
        for row in completions(&row) {
            prop_assert_eq!(row.len(), COLUMNS);
            let truth = evaluate(&condition, &row).single();
            prop_assert!(truth.is_some_and(|truth| open.contains(truth)), "{:?} is {:?}, not {:?}", row, truth, open);
        }
    }

    /// With nothing between the atom and its columns there is nothing to lose.
    #[test]
    fn a_single_comparison_foresees_nothing_else(condition in atom(), row in open_row()) {
        let open = evaluate(&condition, &row);
        let come: Vec<Truth> = completions(&row).iter().filter_map(|row| evaluate(&condition, row).single()).collect();
        for truth in TRUTHS {
            // A comparison of two columns, one of them at an end of the tiny domain, is the
            // domain's doing.
            let tiny = matches!(condition, Condition::Compare(_, Operand::Column(_), Operand::Column(_)));
            prop_assert!(tiny || open.contains(truth) == come.contains(&truth), "{:?}: {:?} against {:?}", truth, open, come);
        }
    }
}
