//! `supabase/config.toml`: edge functions that run for whoever calls them.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::finding::{FilePlace, Finding, Object};
use super::kinds::VERIFY_JWT;

/// Why a configuration could not be looked at.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file.
    #[error("cannot read {}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Its content.
    #[error("{} is not TOML", path.display())]
    Toml {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        source: Box<toml::de::Error>,
    },
}

pub(super) fn look(path: &Path) -> Result<Vec<Finding>, ConfigError> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(source) if source.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => {
            return Err(ConfigError::Read {
                path: path.to_owned(),
                source,
            });
        }
    };
    let table: toml::Table = text.parse().map_err(|source| ConfigError::Toml {
        path: path.to_owned(),
        source: Box::new(source),
    })?;
    let functions = table.get("functions").and_then(toml::Value::as_table);
    let open = functions.into_iter().flatten().filter(|(_, settings)| {
        settings.get("verify_jwt").and_then(toml::Value::as_bool) == Some(false)
    });
    Ok(open
        .map(|(name, _)| {
            let object = Object {
                place: Some(FilePlace {
                    file: path.display().to_string(),
                    line: line(&text, name),
                }),
                ..Object::new("edge function", name)
            };
            Finding::new(&VERIFY_JWT, object, "verify_jwt = false")
        })
        .collect())
}

/// The line of a function's setting; of its table if the setting stands elsewhere, and 1 if it is
/// written in a way that is not looked for.
fn line(text: &str, function: &str) -> u32 {
    let headers = [
        format!("[functions.{function}]"),
        format!("[functions.\"{function}\"]"),
    ];
    let mut lines = text.lines().zip(1_u32..);
    let header = lines.find(|(line, _)| headers.iter().any(|header| line.trim() == header));
    let setting = lines
        .take_while(|(line, _)| !line.trim_start().starts_with('['))
        .find(|(line, _)| line.trim_start().starts_with("verify_jwt"));
    setting.or(header).map_or(1, |(_, number)| number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn open_functions_are_found_with_their_lines() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("config.toml");
        assert!(look(&path).unwrap().is_empty());
        let text = "[api]\nport = 1\n[functions.good]\nverify_jwt = true\n\n[functions.\"a b\"]\n# open\nverify_jwt = false\n[functions]\ninline = { verify_jwt = false }\n";
        fs::write(&path, text).unwrap();
        let found = look(&path).unwrap();
        let places: Vec<_> = found
            .iter()
            .map(|f| {
                (
                    f.object.name.as_str(),
                    f.object.place.as_ref().map_or(0, |p| p.line),
                )
            })
            .collect();
        assert_eq!(places, [("a b", 8), ("inline", 1)]);
        fs::write(&path, "[functions").unwrap();
        assert!(matches!(look(&path), Err(ConfigError::Toml { .. })));
    }
}
