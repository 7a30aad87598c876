//! What a deployment is given: `wrangler.toml`, and the secrets beside it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fmt, fs, io};

use serde_json::Value;
use toml::Table;

/// Where a value is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// `[vars]` in `wrangler.toml`, which everybody with the repository reads.
    Config,
    /// A file of variables, or the list of the secrets that are set.
    Secret,
}

/// What is given for a name.
#[derive(Clone)]
pub struct Given {
    /// Where it is from.
    pub source: Source,
    /// The text; `None` if only the name is known.
    pub text: Option<String>,
}

impl fmt::Debug for Given {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Given")
            .field("source", &self.source)
            .field("known", &self.text.is_some())
            .finish()
    }
}

/// Why a deployment could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// A file cannot be read.
    #[error("cannot read {path}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The configuration is no TOML.
    #[error("{path} is not TOML")]
    Toml {
        /// Which file.
        path: PathBuf,
        /// Where it is not.
        source: Box<toml::de::Error>,
    },
    /// There is no such environment.
    #[error("{path} has no `[env.{name}]`")]
    Environment {
        /// Which file.
        path: PathBuf,
        /// Which environment was asked for.
        name: String,
    },
    /// A file of variables has a line that is none. The line is not repeated: it may be a secret.
    #[error("line {line} of {path} is not `NAME=value`")]
    Line {
        /// Which file.
        path: PathBuf,
        /// Which line, from 1.
        line: usize,
    },
    /// The list of secrets has another form.
    #[error("{path} is not what `wrangler secret list --format json` prints")]
    Names {
        /// Which file.
        path: PathBuf,
    },
}

/// What a Worker would be started with.
#[derive(Clone, Debug, Default)]
pub struct Deployment {
    given: BTreeMap<String, Given>,
    /// The part of the configuration that counts: the file's top, or that of an environment.
    pub config: Table,
    /// Whether anything is known of the secrets.
    pub knows_secrets: bool,
}

impl Deployment {
    /// Reads the configuration; `environment` is what `wrangler deploy --env` names.
    ///
    /// # Errors
    /// If the file cannot be read, or has no such environment.
    pub fn read(path: &Path, environment: Option<&str>) -> Result<Self, ReadError> {
        let text = read(path)?;
        let all: Table = text.parse().map_err(|source| ReadError::Toml {
            path: path.to_owned(),
            source: Box::new(source),
        })?;
        let config = match environment {
            None => all,
            Some(name) => {
                let found = all.get("env").and_then(|of| of.get(name)?.as_table());
                let mut config = found.cloned().ok_or_else(|| ReadError::Environment {
                    path: path.to_owned(),
                    name: name.to_owned(),
                })?;
                // Of what is read here, wrangler hands on this, and neither variables nor bindings.
                if let (Some(triggers), false) =
                    (all.get("triggers"), config.contains_key("triggers"))
                {
                    config.insert("triggers".to_owned(), triggers.clone());
                }
                config
            }
        };
        let mut deployment = Self {
            config,
            ..Self::default()
        };
        let vars = deployment.config.get("vars").and_then(|of| of.as_table());
        for (name, value) in vars.cloned().unwrap_or_default() {
            let text = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            deployment.give(&name, Source::Config, Some(text));
        }
        Ok(deployment)
    }

    /// Adds the lines of a file such as `.dev.vars`: `NAME=value`, with quotes if need be.
    ///
    /// # Errors
    /// If the file cannot be read, or a line of it.
    pub fn add_values(&mut self, path: &Path) -> Result<(), ReadError> {
        self.knows_secrets = true;
        for (at, line) in read(path)?.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let line = line.strip_prefix("export ").unwrap_or(line);
            let (name, text) = line.split_once('=').ok_or_else(|| ReadError::Line {
                path: path.to_owned(),
                line: at + 1,
            })?;
            let text = unquoted(text.trim());
            self.give(name.trim(), Source::Secret, Some(text.to_owned()));
        }
        Ok(())
    }

    /// Adds the names in a list of the secrets that are set.
    ///
    /// # Errors
    /// If the file cannot be read, or is no such list.
    pub fn add_names(&mut self, path: &Path) -> Result<(), ReadError> {
        self.knows_secrets = true;
        let list: Option<Vec<Value>> = serde_json::from_str(&read(path)?).ok();
        let name = |one: &Value| one.get("name").and_then(Value::as_str).map(str::to_owned);
        let names: Option<Vec<String>> = list.and_then(|list| list.iter().map(name).collect());
        let names = names.ok_or_else(|| ReadError::Names {
            path: path.to_owned(),
        })?;
        for name in names {
            // A value that a file brought says more than the name.
            let brought = self
                .given
                .get(&name)
                .is_some_and(|given| given.source == Source::Secret && given.text.is_some());
            if !brought {
                self.give(&name, Source::Secret, None);
            }
        }
        Ok(())
    }

    /// Gives a value. An empty one is none, as the Worker has it, and takes the place of nothing.
    pub fn give(&mut self, name: &str, source: Source, text: Option<String>) {
        if text.as_deref() != Some("") {
            self.given.insert(name.to_owned(), Given { source, text });
        }
    }

    /// Everything that is given, by name.
    pub fn given(&self) -> impl Iterator<Item = (&str, &Given)> {
        self.given
            .iter()
            .map(|(name, given)| (name.as_str(), given))
    }

    /// Whether something is given for a name.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.given.contains_key(name)
    }

    /// The text for a name, if it is known.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.given.get(name)?.text.as_deref()
    }

    /// The apps that are served.
    #[must_use]
    pub fn apps(&self) -> Vec<&str> {
        match self.text("APPS") {
            Some(names) => super::form::words(names).collect(),
            None => super::form::APPS.to_vec(),
        }
    }
}

fn read(path: &Path) -> Result<String, ReadError> {
    fs::read_to_string(path).map_err(|source| ReadError::File {
        path: path.to_owned(),
        source,
    })
}

fn unquoted(text: &str) -> &str {
    ['"', '\'', '`']
        .into_iter()
        .find_map(|quote| text.strip_prefix(quote)?.strip_suffix(quote))
        .unwrap_or(text)
}
