//! The life of the generated migrations.
//!
//! Committed files are never rewritten. Each holds whole [`Section`]s, marked with a hash of their
//! SQL, so the files themselves say what they produce; the next file holds the sections that
//! changed and drops what is gone. The same policy and the same files give the same bytes.

mod history;
mod objects;

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use policy_core::value::{timestamp_from_text, timestamp_text};

use crate::generate::Section;
use crate::sql;
pub use history::History;
use objects::Object;

/// Why migrations cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MigrationError {
    /// The directory or a file in it.
    #[error("cannot read {}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A new file.
    #[error("cannot write {}", path.display())]
    Write {
        /// Which.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A generated file that does not say what was generated.
    #[error("section {section} of {} was edited by hand; restore the file, and change the policy instead", path.display())]
    Edited {
        /// Which file.
        path: PathBuf,
        /// Which section of it.
        section: String,
    },
    /// Not a version.
    #[error("\"{0}\" is not a version; it is the time of the change, as YYYYMMDDHHmmss")]
    Version(String),
    /// A version that would sort before a known one.
    #[error("version {version} does not come after {last}, the last one in migrations/")]
    Order {
        /// The version asked for.
        version: String,
        /// The last one known.
        last: String,
    },
}

/// What a new migration has to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    app: String,
    schema: String,
    state: String,
    sections: Vec<Section>,
    gone: Vec<Object>,
    /// What these sections were before.
    before: Vec<Section>,
    /// What was not there before.
    made: Vec<Object>,
}

impl Plan {
    /// What turns the state the files produce into these sections; `None` if they are the same.
    #[must_use]
    pub fn new(history: &History, app: &str, schema: &str, sections: &[Section]) -> Option<Self> {
        let changed = |section: &&Section| {
            history
                .section(&section.name)
                .is_none_or(|known| known.hash() != section.hash())
        };
        let before = |known: &&Section| {
            sections
                .iter()
                .find(|s| s.name == known.name)
                .is_none_or(|s| s.hash() != known.hash())
        };
        let (old, new) = (Object::of_all(&history.sections), Object::of_all(sections));
        let plan = Self {
            app: app.to_owned(),
            schema: schema.to_owned(),
            state: state(sections),
            sections: sections.iter().filter(changed).cloned().collect(),
            gone: Object::missing(&old, &new),
            before: history.sections.iter().filter(before).cloned().collect(),
            made: Object::missing(&new, &old),
        };
        (!plan.sections.is_empty()
            || !plan.gone.is_empty()
            || plan.before.iter().any(|s| !s.body.is_empty()))
        .then_some(plan)
    }

    /// The names of the sections that change.
    pub fn changed(&self) -> impl Iterator<Item = &str> {
        self.sections.iter().map(|section| section.name.as_str())
    }

    /// The statements that drop what is gone.
    pub fn dropped(&self) -> impl Iterator<Item = String> {
        self.gone.iter().map(Object::drop)
    }

    /// The migration.
    #[must_use]
    pub fn up(&self) -> String {
        let Self {
            app, schema, state, ..
        } = self;
        let mut text = format!(
            "-- Who may do what in {app}: row-level security generated from policies/{app}.policy.
-- Not for editing: change the policy and run `countersign generate --app {app}`, which writes a file with what changed.
-- Each section can be applied again, alone. How to read it: docs/policy-to-sql.md
-- {FILE}app={app} schema={schema} state={state}

set local lock_timeout = '5s';
set local statement_timeout = '60s';
"
        );
        if self.before.is_empty() {
            let _ = write!(text, "\n{}", preflight(schema));
        }
        for section in &self.sections {
            section.write(&mut text);
        }
        let lost = self
            .before
            .iter()
            .filter(|b| self.sections.iter().all(|s| s.name != b.name));
        for section in lost {
            let _ = write!(text, "\n-- {GONE}{}\n", section.name);
        }
        drops(&self.gone, "No longer in the policy", &mut text);
        text
    }

    /// What undoes the migration.
    #[must_use]
    pub fn down(&self) -> String {
        let mut text = format!(
            "-- Undoes the migration of the same name: what it changed is as before, what it made is gone.
-- Row-level security stays on: a table without policies is closed, not open. Policies of {}.

set local lock_timeout = '5s';
set local statement_timeout = '60s';
",
            self.app
        );
        for section in &self.before {
            section.write(&mut text);
        }
        drops(&self.made, "Not there before", &mut text);
        text
    }
}

/// Writes the migration and, in `down/`, what undoes it; returns the first one's path.
///
/// # Errors
/// If a file cannot be written.
pub fn write(directory: &Path, version: &str, plan: &Plan) -> Result<PathBuf, MigrationError> {
    let path = directory.join(format!("{version}_{}_policy.sql", plan.app));
    let down = directory.join("down");
    let undo = down.join(format!("{version}_{}_policy.down.sql", plan.app));
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| MigrationError::Write { path, source }
    };
    fs::create_dir_all(&down).map_err(failed(&down))?;
    fs::write(&undo, plan.down()).map_err(failed(&undo))?;
    fs::write(&path, plan.up()).map_err(failed(&path))?;
    Ok(path)
}

/// The version of the next file: the one asked for, or a second after the last one known.
///
/// # Errors
/// If it is no time, or would not sort last.
pub fn next_version(history: &History, wanted: Option<&str>) -> Result<String, MigrationError> {
    let last = history.last_version.as_deref();
    match (wanted, last) {
        (Some(wanted), Some(last)) if micros(wanted)? <= micros(last)? => {
            Err(MigrationError::Order {
                version: wanted.to_owned(),
                last: last.to_owned(),
            })
        }
        (Some(wanted), _) => micros(wanted).map(|_| wanted.to_owned()),
        (None, Some(last)) => Ok(version(micros(last)? + 1_000_000)),
        (None, None) => Err(MigrationError::Version(String::new())),
    }
}

/// A version as an instant; two digits each of month, day, hour, minute and second after the year.
fn micros(version: &str) -> Result<i64, MigrationError> {
    let part = |range| version.get(range).unwrap_or_default();
    let instant = format!(
        "{}-{}-{} {}:{}:{}Z",
        part(0..4),
        part(4..6),
        part(6..8),
        part(8..10),
        part(10..12),
        part(12..14)
    );
    timestamp_from_text(&instant)
        .filter(|_| version.len() == 14)
        .ok_or_else(|| MigrationError::Version(version.to_owned()))
}

fn version(micros: i64) -> String {
    timestamp_text(micros)
        .chars()
        .filter(char::is_ascii_digit)
        .take(14)
        .collect()
}

const FILE: &str = "countersign:file ";
const SECTION: &str = "countersign:section ";
const GONE: &str = "countersign:gone ";
const DROPS: &str = "countersign:drops";

impl Section {
    /// A hash of what the SQL does: comments and blank lines do not count.
    #[must_use]
    pub fn hash(&self) -> String {
        let lines = self.body.lines().map(str::trim_end);
        let code = lines.filter(|line| !line.is_empty() && !line.trim_start().starts_with("--"));
        sql::hash(&code.collect::<Vec<_>>().join("\n"), 64)
    }

    fn write(&self, text: &mut String) {
        let _ = write!(text, "\n\n-- {SECTION}{} {}\n--\n", self.name, self.hash());
        for line in &self.heading {
            let _ = writeln!(text, "{}", format!("--   {line}").trim_end());
        }
        let _ = write!(text, "\n{}", self.body);
    }
}

fn state(sections: &[Section]) -> String {
    let lines: Vec<String> = sections
        .iter()
        .map(|section| format!("{} {}\n", section.name, section.hash()))
        .collect();
    sql::hash(&lines.concat(), 64)
}

fn drops(objects: &[Object], heading: &str, text: &mut String) {
    if objects.is_empty() {
        return;
    }
    let _ = write!(text, "\n\n-- {DROPS}\n--\n--   {heading}\n\n");
    for object in objects {
        let _ = writeln!(text, "{}", object.drop());
    }
}

/// Stops the first file where it would stand beside policies it does not know.
fn preflight(schema: &str) -> String {
    let schema = sql::literal(schema);
    format!(
        "-- Permissive policies add up. One that is already there, made by hand or by another tool, would go on opening
-- what these close; so it stops the file, by name.
do $$
declare
  found text;
begin
  select string_agg(format('%I on %I.%I', p.policyname, p.schemaname, p.tablename), ', ' order by p.tablename, p.policyname)
  into found
  from pg_catalog.pg_policies p
  where p.schemaname = {schema} and p.permissive = 'PERMISSIVE' and p.policyname not like 'countersign\\_%'
    and p.roles && array['public', 'anon', 'authenticated', 'countersign_edge']::name[];
  if found is not null then
    raise exception using
      message = 'policies that Countersign does not know: ' || found,
      hint = 'Drop them in a migration before this one, or move what they allow into the policy.';
  end if;
end $$;
"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn section(name: &str, body: &str) -> Section {
        Section {
            name: name.to_owned(),
            heading: vec!["x".to_owned()],
            body: body.to_owned(),
        }
    }

    fn replay(files: &[&str]) -> History {
        let mut history = History::default();
        for file in files {
            history
                .apply(Path::new("20260101000000_t.sql"), file, "t", "s")
                .unwrap();
        }
        history
    }

    #[test]
    fn files_say_what_they_produce() {
        let first = [
            section(
                "a",
                "create policy p on s.t for select to x\n  using (true);\n",
            ),
            section("b", "create or replace function c.f() returns trigger;\n"),
        ];
        let plan = Plan::new(&History::default(), "t", "s", &first).unwrap();
        let up = plan.up();
        assert_eq!(
            Plan::new(&replay(&[&up]), "t", "s", &first),
            None,
            "nothing changed"
        );

        let second = [section(
            "a",
            "create policy q on s.t for select to x\n  using (true);\n",
        )];
        let next = Plan::new(&replay(&[&up]), "t", "s", &second).unwrap();
        assert_eq!(next.changed().collect::<Vec<_>>(), ["a"]);
        assert_eq!(
            next.dropped().collect::<Vec<_>>(),
            [
                "drop policy if exists p on s.t;",
                "drop function if exists c.f();"
            ]
        );
        assert!(next.down().contains("create policy p on s.t"));
        assert_eq!(
            Plan::new(&replay(&[&up, &next.up()]), "t", "s", &second),
            None
        );
    }

    #[test]
    fn an_edited_file_is_noticed() {
        let up = Plan::new(
            &History::default(),
            "t",
            "s",
            &[section("a", "select 1;\n")],
        )
        .unwrap()
        .up();
        let edited = up.replace("select 1", "select 2");
        let found = History::default().apply(Path::new("f"), &edited, "t", "s");
        assert!(matches!(found, Err(MigrationError::Edited { .. })));
    }

    #[test]
    fn comments_do_not_count() {
        let (one, two) = (
            section("a", "-- x\nselect 1;\n"),
            section("a", "\n-- y\nselect 1;\n\n"),
        );
        assert_eq!(one.hash(), two.hash());
    }

    #[test]
    fn versions_count_seconds() {
        let after = |last: &str, wanted| {
            let history = History {
                last_version: Some(last.to_owned()),
                ..History::default()
            };
            next_version(&history, wanted)
        };
        assert_eq!(after("20261231235959", None).unwrap(), "20270101000000");
        assert_eq!(
            after("20260101000000", Some("20260101000001")).unwrap(),
            "20260101000001"
        );
        assert!(matches!(
            after("20260101000000", Some("20251231000000")),
            Err(MigrationError::Order { .. })
        ));
        assert!(matches!(
            after("20260101000000", Some("2026010100000")),
            Err(MigrationError::Version(_))
        ));
    }
}
