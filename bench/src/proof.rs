//! How fast the proof runs.

use std::process::Command;
use std::time::Instant;

use serde_json::Value;

use crate::Given;
use crate::error::BenchError;
use crate::section::Section;

pub(crate) fn measure(given: &Given) -> Result<Vec<Section>, BenchError> {
    let mut section = Section::new(
        "The proof",
        &["agency on PostgreSQL", "count", "time", "rate"],
    );
    let (report, seconds) = run(given, &["verify", "--app", "agency", "--json"])?;
    let cells = number(
        &report,
        &["/cells/total", "/cells", "/total/cells", "/summary/cells"],
    )?;
    section.row([
        "cells".to_owned(),
        format!("{cells:.0}"),
        format!("{seconds:.0} s"),
        format!("{:.0} a second", cells / seconds),
    ]);
    Ok(vec![section])
}

fn run(given: &Given, arguments: &[&str]) -> Result<(Value, f64), BenchError> {
    let command = given.command.as_deref().ok_or(BenchError::Missing(
        "a countersign",
        "--command or COUNTERSIGN_COMMAND",
    ))?;
    let began = Instant::now();
    let output = Command::new(command)
        .args(arguments)
        .args(["--scratch", "--db", given.database()?])
        .current_dir(&given.root)
        .output()
        .map_err(|error| BenchError::Program("countersign".to_owned(), error.to_string()))?;
    let seconds = began.elapsed().as_secs_f64();
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(BenchError::Program("countersign".to_owned(), errors));
    }
    Ok((serde_json::from_slice(&output.stdout)?, seconds))
}

fn number(report: &Value, places: &[&str]) -> Result<f64, BenchError> {
    places
        .iter()
        .find_map(|place| report.pointer(place).and_then(Value::as_f64))
        .ok_or_else(|| BenchError::Unequal("the report of verify counts no cells".to_owned()))
}
