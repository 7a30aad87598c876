//! What was found, for people and for programs.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::finding::{Finding, Severity};
use super::sarif;
use crate::live::Live;

/// The findings of one app in one database.
#[derive(Clone, Debug)]
pub struct Report {
    /// The app.
    pub app: String,
    /// Its schema.
    pub schema: String,
    /// The database.
    pub database: String,
    /// The server's version.
    pub server: String,
    /// Whether policies, guards, helpers and privileges were compared with the policy's shadow.
    pub compared: bool,
    /// The findings, gravest first.
    pub findings: Vec<Finding>,
}

impl Report {
    /// A report on a live schema.
    #[must_use]
    pub fn new(app: &str, live: &Live, compared: bool, mut findings: Vec<Finding>) -> Self {
        super::sort(&mut findings);
        Self {
            app: app.to_owned(),
            schema: live.schema.clone(),
            database: live.server.database.clone(),
            server: live.server.version.clone(),
            compared,
            findings,
        }
    }

    /// How many findings are of a severity.
    #[must_use]
    pub fn count(&self, severity: Severity) -> usize {
        let of = |finding: &&Finding| finding.kind.severity == severity;
        self.findings.iter().filter(of).count()
    }

    /// Whether something was found of this severity or a graver one.
    #[must_use]
    pub fn has(&self, least: Severity) -> bool {
        self.findings
            .iter()
            .any(|finding| finding.kind.severity >= least)
    }

    /// The report for programs.
    #[must_use]
    pub fn json(&self) -> Value {
        let findings: Vec<Value> = self
            .findings
            .iter()
            .map(|finding| {
                json!({
                    "name": finding.kind.name,
                    "severity": finding.kind.severity,
                    "object": finding.object,
                    "detail": finding.detail,
                    "why": finding.kind.why,
                    "mend": finding.kind.mend,
                    "sql": finding.sql,
                })
            })
            .collect();
        json!({
            "app": self.app,
            "schema": self.schema,
            "database": self.database,
            "server": self.server,
            "compared": self.compared,
            "errors": self.count(Severity::Error),
            "warnings": self.count(Severity::Warning),
            "infos": self.count(Severity::Info),
            "findings": findings,
        })
    }

    /// The report as SARIF 2.1.0, each finding at the line of its table in the policy.
    #[must_use]
    pub fn sarif(&self, policy: &policy_core::Policy, path: &str) -> Value {
        sarif::log(self, policy, path)
    }

    /// The report for people, in colour or without.
    #[must_use]
    pub fn text(&self, colour: bool) -> String {
        let mut text = format!(
            "{}: schema {} of database {}, PostgreSQL {}\n",
            self.app, self.schema, self.database, self.server
        );
        if !self.compared {
            text.push_str("without a shadow: policies, guards, helpers and privileges were not compared with the policy\n");
        }
        let paint = Paint { colour };
        let mut rest = self.findings.as_slice();
        while let Some(first) = rest.first() {
            let same = rest
                .iter()
                .take_while(|finding| finding.kind == first.kind)
                .count();
            let (group, after) = rest.split_at(same);
            self::group(group, &paint, &mut text);
            rest = after;
        }
        let _ = write!(text, "\n{}", self.summary());
        text
    }

    fn summary(&self) -> String {
        if self.findings.is_empty() {
            return "nothing found".to_owned();
        }
        let counts: Vec<String> = Severity::ALL
            .into_iter()
            .map(|severity| (severity, self.count(severity)))
            .filter(|(_, count)| *count > 0)
            .map(|(severity, count)| {
                let many = match severity {
                    Severity::Info => "",
                    _ if count == 1 => "",
                    _ => "s",
                };
                format!("{count} {severity}{many}")
            })
            .collect();
        counts.join(", ")
    }
}

/// Findings of one kind: what it is and why it matters once, then each of them.
fn group(findings: &[Finding], paint: &Paint, text: &mut String) {
    let Some(kind) = findings.first().map(|finding| finding.kind) else {
        return;
    };
    let head = paint.severity(kind.severity, &format!("{} {}", kind.severity, kind.name));
    let count = if findings.len() > 1 {
        format!(" ({})", findings.len())
    } else {
        String::new()
    };
    let _ = writeln!(text, "\n{head}{count}: {}", kind.what);
    let _ = writeln!(text, "  {}", kind.why);
    if findings.iter().any(|finding| finding.sql.is_none()) {
        let _ = writeln!(text, "  {} {}", paint.dim("mend:"), kind.mend);
    }
    for finding in findings {
        let object = paint.bold(&finding.object.to_string());
        let _ = writeln!(text, "\n  {object}: {}", finding.detail);
        if let Some(place) = &finding.object.place {
            let _ = writeln!(text, "    {}:{}", place.file, place.line);
        }
        for line in finding.sql.iter().flat_map(|sql| sql.lines()) {
            let _ = writeln!(text, "{}", format!("    {}", paint.dim(line)).trim_end());
        }
    }
}

/// Colours of a terminal, or none.
struct Paint {
    colour: bool,
}

impl Paint {
    fn with(&self, code: &str, text: &str) -> String {
        if self.colour && !text.is_empty() {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }

    fn severity(&self, severity: Severity, text: &str) -> String {
        let code = match severity {
            Severity::Error => "1;31",
            Severity::Warning => "1;33",
            Severity::Info => "1;36",
        };
        self.with(code, text)
    }

    fn bold(&self, text: &str) -> String {
        self.with("1", text)
    }

    fn dim(&self, text: &str) -> String {
        self.with("2", text)
    }
}
