//! SARIF 2.1.0, which code hosts show beside the lines of a pull request.

use policy_core::Policy;
use serde_json::{Value, json};

use super::finding::{Finding, Severity};
use super::kinds;
use super::report::Report;
use crate::sql;

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

pub(super) fn log(report: &Report, policy: &Policy, path: &str) -> Value {
    let rules: Vec<Value> = kinds::all()
        .map(|kind| {
            json!({
                "id": kind.name,
                "shortDescription": { "text": kind.what },
                "fullDescription": { "text": kind.why },
                "help": { "text": kind.mend },
                "defaultConfiguration": { "level": level(kind.severity) },
            })
        })
        .collect();
    let results: Vec<Value> = report
        .findings
        .iter()
        .map(|finding| result(finding, policy, path))
        .collect();
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "countersign audit",
                "version": env!("CARGO_PKG_VERSION"),
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            } },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn result(finding: &Finding, policy: &Policy, path: &str) -> Value {
    let place = finding.object.place.as_ref();
    let (file, line) = place.map_or_else(
        || (path, line(finding, policy)),
        |place| (place.file.as_str(), place.line),
    );
    let text = format!(
        "{}: {}. {} Mend: {}",
        finding.object,
        finding.detail,
        finding.kind.why,
        finding.mend()
    );
    let identity = format!("{} {}", finding.kind.name, finding.object);
    json!({
        "ruleId": finding.kind.name,
        "ruleIndex": kinds::all().position(|kind| kind == finding.kind),
        "level": level(finding.kind.severity),
        "message": { "text": text },
        "locations": [{
            "physicalLocation": {
                "artifactLocation": { "uri": file.replace('\\', "/") },
                "region": { "startLine": line.max(1) },
            },
            "logicalLocations": [{
                "fullyQualifiedName": finding.object.name,
                "kind": finding.object.kind,
            }],
        }],
        // The same finding keeps its identity when lines move.
        "partialFingerprints": { "countersign/v1": sql::hash(&identity, 32) },
    })
}

/// The line of the policy where the finding's table is spoken of.
fn line(finding: &Finding, policy: &Policy) -> u32 {
    let table = finding.object.table.as_deref();
    table
        .and_then(|name| policy.table(name))
        .map_or(1, |table| table.line)
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}
