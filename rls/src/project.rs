//! Where things are: `policies/<app>.policy`, its catalogue beside it, and `migrations/`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use policy_core::{Catalogue, Diagnostic, Policy};

/// One app of a checkout, with its policy text and catalogue.
#[derive(Clone, Debug)]
pub struct Project {
    /// The app's name.
    pub app: String,
    /// The policy file's path.
    pub policy_path: PathBuf,
    /// The policy's text.
    pub source: String,
    /// What the policy is held against.
    pub catalogue: Catalogue,
}

/// A checked policy and the warnings and notes that came with it.
#[derive(Clone, Debug)]
pub struct Compiled {
    /// The policy.
    pub policy: Policy,
    /// What does not stop it.
    pub diagnostics: Vec<Diagnostic>,
}

/// Why a project cannot be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProjectError {
    /// A file is missing or unreadable.
    #[error("cannot read {what} {}; {mend}", path.display())]
    Read {
        /// What the file is.
        what: &'static str,
        /// Where it should be.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
        /// What to do.
        mend: String,
    },
    /// The catalogue is not one.
    #[error("{} is not a catalogue; write it again with `countersign catalogue --app {app}`", path.display())]
    Catalogue {
        /// Where it is.
        path: PathBuf,
        /// Whose it is.
        app: String,
        /// What is wrong.
        source: serde_json::Error,
    },
}

impl Project {
    /// Opens an app below the directory that holds `policies/`.
    ///
    /// # Errors
    /// If the policy or its catalogue cannot be read.
    pub fn open(directory: &Path, app: &str) -> Result<Self, ProjectError> {
        let policy_path = directory.join("policies").join(format!("{app}.policy"));
        let source = read(&policy_path, "the policy", || {
            "name an app that has one with --app, or the checkout with --dir".to_owned()
        })?;
        let path = catalogue_path(directory, app);
        let text = read(&path, "the catalogue", || {
            format!("write it with `countersign catalogue --app {app} --db <url>`")
        })?;
        let catalogue = serde_json::from_str(&text).map_err(|source| ProjectError::Catalogue {
            path,
            app: app.to_owned(),
            source,
        })?;
        Ok(Self {
            app: app.to_owned(),
            policy_path,
            source,
            catalogue,
        })
    }

    /// Reads and checks the policy.
    ///
    /// # Errors
    /// The findings, if one of them is an error.
    pub fn compile(&self) -> Result<Compiled, Vec<Diagnostic>> {
        let (policy, diagnostics) = policy_core::compile(&self.source, &self.catalogue)?;
        Ok(Compiled {
            policy,
            diagnostics,
        })
    }
}

/// The apps that have a policy, by name.
///
/// # Errors
/// If there is no directory `policies/` below this one, or it has no policy.
pub fn apps(directory: &Path) -> Result<Vec<String>, ProjectError> {
    let policies = directory.join("policies");
    let failed = |source| ProjectError::Read {
        what: "the policies in",
        path: policies.clone(),
        source,
        mend: "name the checkout with --dir".to_owned(),
    };
    let mut apps = Vec::new();
    for entry in fs::read_dir(&policies).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = path.file_stem().and_then(|stem| stem.to_str());
        if let (Some(name), Some("policy")) = (name, path.extension().and_then(|e| e.to_str())) {
            apps.push(name.to_owned());
        }
    }
    if apps.is_empty() {
        return Err(failed(io::ErrorKind::NotFound.into()));
    }
    apps.sort();
    Ok(apps)
}

/// Where an app's catalogue is kept.
#[must_use]
pub fn catalogue_path(directory: &Path, app: &str) -> PathBuf {
    directory
        .join("policies")
        .join(format!("{app}.catalogue.json"))
}

/// Where the migrations are.
#[must_use]
pub fn migrations_path(directory: &Path) -> PathBuf {
    directory.join("migrations")
}

fn read(
    path: &Path,
    what: &'static str,
    mend: impl FnOnce() -> String,
) -> Result<String, ProjectError> {
    fs::read_to_string(path).map_err(|source| ProjectError::Read {
        what,
        path: path.to_owned(),
        source,
        mend: mend(),
    })
}
