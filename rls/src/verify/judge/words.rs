//! Answers in words.

use countersign_wasm::batch::{Answer, Why};
use policy_core::model::Table;

/// An answer in words.
pub(in crate::verify) fn words(table: &Table, answer: Answer) -> String {
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
