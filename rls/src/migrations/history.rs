//! What the migrations so far produce.

use std::fs;
use std::path::Path;

use super::{DROPS, FILE, GONE, MigrationError, SECTION};
use crate::generate::Section;

/// The sections of one app as the migrations leave them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// In the order in which they first came.
    pub(super) sections: Vec<Section>,
    /// The highest version of any migration, of other apps and hand-written ones as well.
    pub last_version: Option<String>,
}

impl History {
    /// Reads the migrations of a directory in their order.
    ///
    /// # Errors
    /// If a file cannot be read, or a generated one was edited by hand.
    pub fn read(directory: &Path, app: &str, schema: &str) -> Result<Self, MigrationError> {
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source| MigrationError::Read { path, source }
        };
        let mut paths = Vec::new();
        if directory.is_dir() {
            for entry in fs::read_dir(directory).map_err(failed(directory))? {
                paths.push(entry.map_err(failed(directory))?.path());
            }
        }
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "sql"));
        paths.sort();
        let mut history = Self::default();
        for path in paths {
            let text = fs::read_to_string(&path).map_err(failed(&path))?;
            history.apply(&path, &text, app, schema)?;
        }
        Ok(history)
    }

    /// The section of this name.
    pub(super) fn section(&self, name: &str) -> Option<&Section> {
        self.sections.iter().find(|section| section.name == name)
    }

    /// Takes in one file.
    pub(super) fn apply(
        &mut self,
        path: &Path,
        text: &str,
        app: &str,
        schema: &str,
    ) -> Result<(), MigrationError> {
        let file = path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        if let Some(version) = file
            .get(..14)
            .filter(|v| v.bytes().all(|b| b.is_ascii_digit()))
        {
            self.last_version = self.last_version.take().max(Some(version.to_owned()));
        }
        let ours = format!("-- {FILE}app={app} schema={schema} ");
        if !text.lines().any(|line| line.starts_with(&ours)) {
            return Ok(());
        }
        let mut open: Option<(Section, String)> = None;
        for line in text.lines() {
            let marker = line
                .strip_prefix("-- ")
                .filter(|rest| rest.starts_with("countersign:"));
            let Some(marker) = marker else {
                if let Some((section, _)) = &mut open {
                    section.body.push_str(line);
                    section.body.push('\n');
                }
                continue;
            };
            self.close(path, open.take())?;
            if let Some((name, hash)) = marker.strip_prefix(SECTION).and_then(|m| m.split_once(' '))
            {
                let section = Section {
                    name: name.to_owned(),
                    heading: Vec::new(),
                    body: String::new(),
                };
                open = Some((section, hash.trim_end().to_owned()));
            } else if let Some(name) = marker.strip_prefix(GONE) {
                self.sections.retain(|section| section.name != name);
            } else {
                debug_assert!(marker.starts_with(FILE) || marker.starts_with(DROPS));
            }
        }
        self.close(path, open)
    }

    /// Keeps a section that was read to its end.
    fn close(
        &mut self,
        path: &Path,
        open: Option<(Section, String)>,
    ) -> Result<(), MigrationError> {
        let Some((mut section, hash)) = open else {
            return Ok(());
        };
        if section.hash() != hash {
            return Err(MigrationError::Edited {
                path: path.to_owned(),
                section: section.name,
            });
        }
        // The heading came with the body; as a comment it does not count.
        let (heading, body): (Vec<&str>, Vec<&str>) = split_heading(&section.body);
        section.heading = heading
            .into_iter()
            .map(|line| line.strip_prefix("--   ").unwrap_or_default().to_owned())
            .collect();
        section.body = body
            .iter()
            .flat_map(|line| [line, "\n"])
            .collect::<String>()
            .trim()
            .to_owned()
            + "\n";
        match self
            .sections
            .iter_mut()
            .find(|known| known.name == section.name)
        {
            Some(known) => *known = section,
            None => self.sections.push(section),
        }
        Ok(())
    }
}

/// The comment lines at the start, without the empty one that opens them, and the rest.
fn split_heading(text: &str) -> (Vec<&str>, Vec<&str>) {
    let lines: Vec<&str> = text.lines().collect();
    let end = lines
        .iter()
        .position(|line| !line.starts_with("--"))
        .unwrap_or(lines.len());
    let (heading, body) = lines.split_at(end);
    (heading.iter().skip(1).copied().collect(), body.to_vec())
}
