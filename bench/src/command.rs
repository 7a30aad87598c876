//! The `countersign` command, built for speed. The library itself stays out of this program: it
//! brings the verifier's build of the evaluator, which can be altered and is slower for it.

use std::ffi::OsStr;
use std::process::Command;

use serde_json::Value;

use crate::Given;
use crate::error::BenchError;

/// Runs it to its end, and reads the JSON that it prints.
pub(crate) fn run<S: AsRef<OsStr>>(given: &Given, arguments: &[S]) -> Result<Value, BenchError> {
    let program = given.command.as_deref().ok_or(BenchError::Missing(
        "a countersign",
        "--command or COUNTERSIGN_COMMAND",
    ))?;
    let output = Command::new(program)
        .args(arguments)
        .arg("--json")
        .current_dir(&given.root)
        .output()
        .map_err(|error| BenchError::Program("countersign".to_owned(), error.to_string()))?;
    // 1 says that something was found; the report then says what.
    if !matches!(output.status.code(), Some(0 | 1)) {
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said).into_owned();
        return Err(BenchError::Program("countersign".to_owned(), said));
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}
