//! A comparison as people read it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::report::{
    Change, Comparison, Direction, Example, ExampleCaller, ExampleRow, RelatedRow,
};

impl Comparison {
    /// In words, object by object.
    #[must_use]
    pub fn words(&self, old: &str, new: &str) -> String {
        let mut text = format!("{old} -> {new}: {}", self.class.word());
        let count = |direction: Direction| {
            self.changes
                .iter()
                .filter(|change| change.direction == direction)
                .count()
        };
        let (gains, losses) = (count(Direction::Gains), count(Direction::Loses));
        if gains + losses > 0 {
            let _ = write!(text, " (gains: {gains}, losses: {losses})");
        }
        text.push('\n');
        if !self.notes.is_empty() {
            text.push('\n');
        }
        for note in &self.notes {
            let _ = match note.class {
                super::Class::Equal => writeln!(text, "  {}", note.text),
                class => writeln!(text, "  {} [{}]", note.text, class.word()),
            };
        }
        let mut objects: Vec<&str> = Vec::new();
        for change in &self.changes {
            if !objects.contains(&change.object.as_str()) {
                objects.push(&change.object);
            }
        }
        for object in objects {
            let _ = writeln!(text, "\n{object}");
            for change in self.changes.iter().filter(|change| change.object == object) {
                self::change(change, &mut text);
            }
        }
        text.trim_end().to_owned()
    }
}

fn change(change: &Change, into: &mut String) {
    let (sign, verb) = match change.direction {
        Direction::Gains => ('+', "gains"),
        Direction::Loses => ('-', "loses"),
    };
    let columns = match (change.columns.as_slice(), change.all_columns) {
        ([], _) => String::new(),
        (_, true) => " (all columns)".to_owned(),
        (columns, false) => format!(" ({})", columns.join(", ")),
    };
    let unchanged = if change.unchanged {
        ", to the value they have"
    } else {
        ""
    };
    let _ = writeln!(
        into,
        "  {sign} {} {verb} {}{columns}{unchanged}{}",
        change.who.join(", "),
        change.action,
        if change.added {
            " [new in the schema]"
        } else {
            ""
        }
    );
    if let Some(example) = &change.example {
        self::example(example, into);
    }
}

fn example(example: &Example, into: &mut String) {
    let caller = &example.caller;
    let mut facts = Vec::new();
    for (name, value) in [("e-mail", &caller.email), ("aal", &caller.aal)] {
        if let Some(value) = value {
            facts.push(format!("{name} '{value}'"));
        }
    }
    let facts = if facts.is_empty() {
        String::new()
    } else {
        format!(" ({})", facts.join(", "))
    };
    let row = row(&example.row, caller);
    let _ = match &example.new_row {
        None => writeln!(into, "      e.g. {}{facts}, {row}", caller.label),
        Some(after) => writeln!(
            into,
            "      e.g. {}{facts}, {row}{}",
            caller.label,
            becomes(&example.row, after, &example.written, caller)
        ),
    };
    let _ = writeln!(
        into,
        "      old: {}\n      new: {}",
        example.old, example.new
    );
}

fn row(row: &ExampleRow, caller: &ExampleCaller) -> String {
    let mut parts: Vec<String> = row
        .matter
        .iter()
        .filter_map(|name| Some(format!("{name} = {}", value(row.values.get(name)?, caller))))
        .collect();
    parts.extend(
        row.related
            .iter()
            .map(|of| related(of, caller))
            .filter(|text| !text.is_empty()),
    );
    if parts.is_empty() {
        "any row".to_owned()
    } else {
        format!("a row with {}", parts.join(", "))
    }
}

fn related(row: &RelatedRow, caller: &ExampleCaller) -> String {
    let own = pairs(&row.values, caller);
    if own.is_empty() {
        return String::new();
    }
    format!("of {} with {}", row.table, own.join(", "))
}

fn pairs(values: &BTreeMap<String, Option<String>>, caller: &ExampleCaller) -> Vec<String> {
    values
        .iter()
        .map(|(name, of)| format!("{name} = {}", value(of, caller)))
        .collect()
}

fn becomes(
    before: &ExampleRow,
    after: &ExampleRow,
    written: &[String],
    caller: &ExampleCaller,
) -> String {
    let changed: Vec<String> = after
        .values
        .iter()
        .filter(|(name, value)| {
            written.contains(name) && before.values.get(*name).is_some_and(|old| old != *value)
        })
        .map(|(name, of)| format!("{name} = {}", value(of, caller)))
        .collect();
    let others: Vec<&str> = written
        .iter()
        .filter(|name| !before.values.contains_key(*name))
        .map(String::as_str)
        .collect();
    let mut text = String::new();
    if !changed.is_empty() {
        let _ = write!(text, ", set to {}", changed.join(", "));
    }
    if !others.is_empty() {
        let _ = write!(text, ", changing {}", others.join(", "));
    }
    text
}

fn value(value: &Option<String>, caller: &ExampleCaller) -> String {
    match value {
        None => "null".to_owned(),
        Some(id) if Some(id) == caller.id.as_ref() => "the caller".to_owned(),
        Some(text) => format!("'{}'", text.replace('\'', "''")),
    }
}
