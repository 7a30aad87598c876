//! `countersign fmt` as people and editors run it.
#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking, its helpers too"
)]

use std::fs;
use std::io::Write as _;
use std::process::{Command, Output, Stdio};

const UNTIDY: &str = "app a;\non t{viewer:select;}\n";
const TIDY: &str = "app a;\n\non t {\n  viewer: select;\n}\n";
const BROKEN: &str = "app a;\non t { viewer select; }\n";

fn countersign(directory: &std::path::Path, arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_countersign"))
        .current_dir(directory)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(input.as_bytes())
        .unwrap();
    child.wait_with_output().unwrap()
}

#[test]
fn files_are_formatted_checked_or_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let policies = folder.path().join("policies");
    fs::create_dir(&policies).unwrap();
    let (untidy, broken) = (policies.join("a.policy"), policies.join("b.policy"));
    fs::write(&untidy, UNTIDY).unwrap();

    let checked = countersign(folder.path(), &["fmt", "--check"], "");
    assert_eq!(checked.status.code(), Some(1));
    assert_eq!(fs::read_to_string(&untidy).unwrap(), UNTIDY);

    fs::write(&broken, BROKEN).unwrap();
    let formatted = countersign(folder.path(), &["fmt", "--json"], "");
    assert_eq!(formatted.status.code(), Some(2));
    let told: serde_json::Value = serde_json::from_slice(&formatted.stdout).unwrap();
    let states: Vec<_> = told["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| f["state"].clone())
        .collect();
    assert_eq!(states, ["formatted", "unreadable"]);
    assert_eq!(told["files"][1]["diagnostics"][0]["line"], 2);
    assert_eq!(fs::read_to_string(&untidy).unwrap(), TIDY);
    assert_eq!(fs::read_to_string(&broken).unwrap(), BROKEN);

    let named = countersign(folder.path(), &["fmt", "--check", "policies/a.policy"], "");
    assert_eq!(named.status.code(), Some(0));
    let missing = countersign(folder.path(), &["fmt", "policies/c.policy"], "");
    assert_eq!(missing.status.code(), Some(2));
}

#[test]
fn standard_input_becomes_standard_output() {
    let here = std::path::Path::new(".");
    let formatted = countersign(here, &["fmt", "--stdin"], UNTIDY);
    assert_eq!(formatted.status.code(), Some(0));
    assert_eq!(String::from_utf8(formatted.stdout).unwrap(), TIDY);

    let refused = countersign(here, &["fmt", "--stdin"], BROKEN);
    assert_eq!(refused.status.code(), Some(2));
    assert!(refused.stdout.is_empty());
    assert!(
        String::from_utf8(refused.stderr)
            .unwrap()
            .contains("expected `:`")
    );
}
