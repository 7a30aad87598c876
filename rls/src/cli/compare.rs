//! `countersign compare`: the exact difference of two policies.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{SystemTime, UNIX_EPOCH};

use clap::Args;
use countersign_rls::compare::{Side, compare};
use miette::{IntoDiagnostic as _, Result, miette};
use policy_core::Catalogue;
use serde_json::{Value, json};

use super::{Output, diagnostics};

/// Show who gains and who loses what by a change of policy.
///
/// Not the texts are compared but their answers, for every kind of caller, row and statement that
/// either can tell apart.
#[derive(Debug, Args)]
pub(crate) struct CompareArgs {
    /// The old policy: a file, or `<git revision>:<path>`.
    old: String,
    /// The new policy: a file, or `<git revision>:<path>`.
    new: String,
    /// Exit with 1 if anybody gains anything.
    #[arg(long)]
    no_widening: bool,
    /// With --no-widening: tables and columns that the old schema does not have may be opened.
    #[arg(long, requires = "no_widening")]
    allow_added: bool,
}

/// A policy as it was found.
struct Found {
    name: String,
    path: PathBuf,
    source: String,
    catalogue: Option<Catalogue>,
}

impl CompareArgs {
    pub(crate) fn run(&self, output: &Output) -> Result<ExitCode> {
        let (mut old, mut new) = (find(&self.old)?, find(&self.new)?);
        // A policy that stands alone is held against the other one's catalogue.
        let (first, second) = (old.catalogue.clone(), new.catalogue.clone());
        old.catalogue = first.clone().or_else(|| second.clone());
        new.catalogue = second.or(first);
        let (Some(old_side), Some(new_side)) = (old.compile(output)?, new.compile(output)?) else {
            return Ok(ExitCode::from(2));
        };
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |passed| i64::try_from(passed.as_micros()).unwrap_or(0));
        let comparison = compare(&old_side, &new_side, now).into_diagnostic()?;
        let mut value = serde_json::to_value(&comparison).into_diagnostic()?;
        if let Value::Object(object) = &mut value {
            object.insert("old".to_owned(), json!(old.name));
            object.insert("new".to_owned(), json!(new.name));
        }
        output.say(&value, || comparison.words(&old.name, &new.name));
        if self.no_widening && comparison.widens(self.allow_added) {
            eprintln!("the new policy is wider, and --no-widening does not allow it");
            return Ok(ExitCode::FAILURE);
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Found {
    /// Checks the policy. If it is not sound, says why and returns nothing.
    fn compile(&self, output: &Output) -> Result<Option<Side>> {
        let Some(catalogue) = self.catalogue.clone() else {
            return Err(miette!(
                "there is no catalogue beside {}, nor beside the other policy; write it with \
                 `countersign catalogue --app <app> --db <url>`",
                self.name
            ));
        };
        match policy_core::compile(&self.source, &catalogue) {
            Ok((policy, _)) => Ok(Some(Side { policy, catalogue })),
            Err(found) => {
                if output.json {
                    let found = diagnostics::json(&self.path, &self.source, &found);
                    println!("{}", json!({ "diagnostics": found }));
                } else {
                    diagnostics::print(Path::new(&self.name), &self.source, &found);
                }
                Ok(None)
            }
        }
    }
}

fn find(name: &str) -> Result<Found> {
    let path = Path::new(name);
    if !path.exists()
        && let Some((revision, path)) = name.split_once(':')
    {
        return in_git(name, revision, Path::new(path));
    }
    let source = fs::read_to_string(path).map_err(|error| {
        miette!("cannot read {name}: {error}; name a policy file, or `<git revision>:<path>`")
    })?;
    let beside = path.with_extension("catalogue.json");
    let catalogue = fs::read_to_string(&beside).ok();
    Ok(Found {
        catalogue: catalogue.map(|text| read(&beside, &text)).transpose()?,
        name: name.to_owned(),
        path: path.to_owned(),
        source,
    })
}

fn in_git(name: &str, revision: &str, path: &Path) -> Result<Found> {
    // An option of git's is no revision.
    if revision.starts_with('-') {
        return Err(miette!("`{revision}` is no git revision"));
    }
    let source = show(revision, path)?.ok_or_else(|| {
        miette!(
            "git has no {} at {revision}; look with `git ls-tree {revision} {}`",
            path.display(),
            path.parent().unwrap_or(Path::new(".")).display()
        )
    })?;
    let beside = path.with_extension("catalogue.json");
    let catalogue = show(revision, &beside)?;
    Ok(Found {
        catalogue: catalogue.map(|text| read(&beside, &text)).transpose()?,
        name: name.to_owned(),
        path: path.to_owned(),
        source,
    })
}

/// A file as it was at a revision; `None` if it was not there.
fn show(revision: &str, path: &Path) -> Result<Option<String>> {
    // A leading `./` has git look below the working directory, as everywhere else.
    let relative = if path.is_absolute() {
        String::new()
    } else {
        "./".to_owned()
    };
    let object = format!("{revision}:{relative}{}", path.display());
    let shown = Command::new("git")
        .args(["show", "--no-textconv", &object])
        .output()
        .map_err(|error| miette!("cannot run git to read {object}: {error}"))?;
    if shown.status.success() {
        return Ok(Some(String::from_utf8(shown.stdout).into_diagnostic()?));
    }
    let said = String::from_utf8_lossy(&shown.stderr);
    if said.contains("does not exist") || said.contains("exists on disk, but not in") {
        return Ok(None);
    }
    Err(miette!("git cannot read {object}: {}", said.trim()))
}

fn read(path: &Path, text: &str) -> Result<Catalogue> {
    serde_json::from_str(text).map_err(|error| {
        miette!(
            "{} is not a catalogue: {error}; write it again with `countersign catalogue`",
            path.display()
        )
    })
}
