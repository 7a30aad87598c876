//! What was adopted, and what could not be said.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde::Serialize;

/// Something that the policy does not say as the database does.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Unsaid {
    /// What it is about, e.g. `policy "Members read" on projects`.
    pub object: String,
    /// Why it cannot be said, or what is different now.
    pub why: String,
    /// What to do.
    pub mend: String,
}

/// What the policy takes for granted, because the language does.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Assumption {
    /// Where.
    pub object: String,
    /// What.
    pub what: String,
}

/// A policy for a schema that exists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Adoption {
    /// The app's name.
    pub app: String,
    /// The schema.
    pub schema: String,
    /// The policy's text, in its one layout.
    pub policy: String,
    /// Whether the checker finds the text sound.
    pub sound: bool,
    /// How many tables it opens to somebody.
    pub tables: usize,
    /// How many rules it has.
    pub rules: usize,
    /// How many policies of the database were read.
    pub policies: usize,
    /// What could not be said.
    pub unsaid: BTreeSet<Unsaid>,
    /// What is taken for granted.
    pub assumptions: BTreeSet<Assumption>,
    /// What the checker remarks on.
    pub remarks: Vec<String>,
}

impl Adoption {
    /// Whether all was said.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.sound && self.unsaid.is_empty()
    }

    /// For people.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = format!(
            "{}: {} policies became {} rules on {} tables",
            self.schema, self.policies, self.rules, self.tables
        );
        if !self.sound {
            text.push_str("\nThe checker refuses the text; see below.");
        }
        let mut section = |title: &str, items: Vec<String>| {
            if !items.is_empty() {
                let _ = write!(text, "\n\n{title}\n");
                for item in items {
                    let _ = write!(text, "\n{item}");
                }
            }
        };
        let unsaid = self.unsaid.iter().map(|item| {
            format!(
                "{}\n  why   {}\n  do    {}",
                item.object, item.why, item.mend
            )
        });
        section(
            &format!(
                "Could not be said, {}; what it would allow is closed:",
                self.unsaid.len()
            ),
            unsaid.collect(),
        );
        let assumptions = self
            .assumptions
            .iter()
            .map(|item| format!("{}: {}", item.object, item.what));
        section("Taken for granted:", assumptions.collect());
        section("The checker remarks:", self.remarks.clone());
        text
    }
}
