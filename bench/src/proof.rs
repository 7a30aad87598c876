//! How fast the proof runs.

use serde_json::Value;

use crate::Given;
use crate::command;
use crate::error::BenchError;
use crate::section::Section;

/// So many mutants, of these tables.
const MUTANTS: &str = "200";
const TABLES: [&str; 4] = ["--table", "briefs", "--table", "organizations"];

pub(crate) fn measure(given: &Given) -> Result<Vec<Section>, BenchError> {
    let verify = |more: &[&str]| {
        let verify = ["verify", "--app", "agency", "--fresh", "--db"];
        command::run(given, &[&verify[..], &[given.database()?], more].concat())
    };
    let mut section = Section::new(
        "The proof",
        &["agency on PostgreSQL", "count", "time", "rate"],
    );
    let cells = verify(&[])?;
    if cells
        .pointer("/disagreements")
        .and_then(Value::as_array)
        .is_none_or(|all| !all.is_empty())
    {
        return Err(BenchError::Unequal("policy and database".to_owned()));
    }
    section.row([
        "cells, three evaluators".to_owned(),
        format!("{:.0}", number(&cells, "/cells")?),
        format!("{:.0} s", number(&cells, "/seconds")?),
        format!("{:.0} a second", number(&cells, "/cells_per_second")?),
    ]);
    let mutants = verify(&[&["--mutate", "--sample", MUTANTS][..], &TABLES].concat())?;
    section.row([
        format!(
            "mutants, drawn of two tables' {:.0}",
            number(&mutants, "/mutation/of")?
        ),
        MUTANTS.to_owned(),
        format!("{:.0} s", number(&mutants, "/mutation/seconds")?),
        format!("{:.0} a minute", number(&mutants, "/mutation/per_minute")?),
    ]);
    Ok(vec![section])
}

fn number(report: &Value, place: &'static str) -> Result<f64, BenchError> {
    let found = report.pointer(place).and_then(Value::as_f64);
    found.ok_or_else(|| BenchError::Unequal(format!("the report of verify has no number {place}")))
}
