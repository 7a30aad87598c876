//! Where the truth of everything lives: which data are the database's own, which are copies of
//! another system's and for how long, and what is not in the database at all.

use policy_core::Policy;
use policy_core::model::{Action, Subject, Table};
use serde::Serialize;

/// Where everything of an app lives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Ownership {
    /// The app.
    pub app: String,
    /// Tables and resources, in the order of the policy.
    pub data: Vec<Owned>,
}

/// Where one table's or resource's truth lives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Owned {
    /// Its name.
    pub name: String,
    /// `table` or `resource`.
    pub kind: &'static str,
    /// The system that holds the truth; `None` for the app itself: for a table its database, for a
    /// resource the Worker.
    pub system: Option<String>,
    /// Whether the database holds a copy.
    pub copied: bool,
    /// For how many seconds a copy may be used before it is read again.
    pub ttl_seconds: Option<u32>,
    /// Who may write here: `clients`, `service` or both; for a resource the operations.
    pub written_by: Vec<String>,
    /// Its line in the policy; 0 for a table that nothing names, which is closed.
    pub line: u32,
}

/// Puts together where everything lives.
#[must_use]
pub fn ownership(policy: &Policy) -> Ownership {
    let tables = policy.tables.iter().map(table);
    let resources = policy.resources.iter().map(|resource| Owned {
        name: resource.name(),
        kind: "resource",
        system: resource.system.clone(),
        copied: false,
        ttl_seconds: None,
        written_by: resource
            .operations()
            .into_iter()
            .map(str::to_owned)
            .collect(),
        line: resource.line,
    });
    let mut data: Vec<Owned> = tables.chain(resources).collect();
    // What nothing names comes last.
    data.sort_by_key(|owned| (owned.line == 0, owned.line));
    Ownership {
        app: policy.app.clone(),
        data,
    }
}

fn table(table: &Table) -> Owned {
    let source = table.source.as_ref();
    let writes = |service: bool| {
        table.rules.iter().any(|rule| {
            rule.action != Action::Select && (rule.subject == Subject::Service) == service
        })
    };
    let writers = [(false, "clients"), (true, "service")];
    Owned {
        name: table.name.clone(),
        kind: "table",
        system: source.map(|source| source.system.clone()),
        copied: source.is_some(),
        ttl_seconds: source.and_then(|source| source.ttl),
        written_by: writers
            .into_iter()
            .filter(|(service, _)| writes(*service))
            .map(|(_, name)| name.to_owned())
            .collect(),
        line: table.line,
    }
}

impl Owned {
    /// Where the truth is, in a few words.
    #[must_use]
    pub fn place(&self) -> String {
        match (&self.system, self.kind) {
            (Some(system), _) => system.clone(),
            (None, "table") => "this database".to_owned(),
            (None, _) => "the Worker".to_owned(),
        }
    }

    /// How long a copy here may be used, in a few words.
    #[must_use]
    pub fn kept(&self) -> String {
        match (self.copied, self.ttl_seconds) {
            (false, _) if self.kind == "table" => String::new(),
            (false, _) => "not kept".to_owned(),
            (true, None) => "until the next copy".to_owned(),
            (true, Some(seconds)) => time(seconds),
        }
    }
}

/// A number of seconds in the largest unit that says it exactly.
fn time(seconds: u32) -> String {
    let units = [
        (86_400, "day"),
        (3_600, "hour"),
        (60, "minute"),
        (1, "second"),
    ];
    let (size, unit) = units
        .into_iter()
        .find(|(size, _)| seconds.is_multiple_of(*size))
        .unwrap_or((1, "second"));
    let count = seconds / size;
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {unit}{plural}")
}

#[cfg(test)]
mod tests {
    use super::time;

    #[test]
    fn times_are_said_in_their_largest_unit() {
        let cases = [
            (1, "1 second"),
            (90, "90 seconds"),
            (900, "15 minutes"),
            (3_600, "1 hour"),
            (172_800, "2 days"),
        ];
        for (seconds, words) in cases {
            assert_eq!(time(seconds), words);
        }
    }
}
