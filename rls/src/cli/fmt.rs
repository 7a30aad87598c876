//! `countersign fmt`: the one layout of a policy.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use miette::{IntoDiagnostic as _, Result, WrapErr as _, miette};
use policy_core::Diagnostic;
use policy_core::syntax;
use serde_json::{Value, json};

use super::{Output, diagnostics};

/// Lay policies out, as `docs/editors.md` describes.
///
/// A text that does not parse is left as it is. Exits with 2 if there was one.
#[derive(Debug, Args)]
pub(crate) struct FmtArgs {
    /// The files; by default all of policies/.
    files: Vec<PathBuf>,
    /// Write nothing; exit with 1 if a file is not formatted.
    #[arg(long)]
    check: bool,
    /// Read a policy from standard input and write it to standard output.
    #[arg(long, conflicts_with_all = ["files", "json"])]
    stdin: bool,
}

/// What became of one file.
enum Outcome {
    Same,
    Changed,
    Unreadable(String, Vec<Diagnostic>),
}

impl FmtArgs {
    pub(crate) fn run(&self, output: &Output) -> Result<ExitCode> {
        if self.stdin {
            return self.standard_input();
        }
        let files = if self.files.is_empty() {
            policies(&output.directory)?
        } else {
            self.files.clone()
        };
        let mut outcomes = Vec::with_capacity(files.len());
        for path in files {
            let outcome = self.file(&path)?;
            if !output.json {
                self.tell(&path, &outcome);
            }
            outcomes.push((path, outcome));
        }
        let count = |of: fn(&Outcome) -> bool| outcomes.iter().filter(|(_, o)| of(o)).count();
        let changed = count(|outcome| matches!(outcome, Outcome::Changed));
        let unreadable = count(|outcome| matches!(outcome, Outcome::Unreadable(..)));
        let files: Vec<Value> = outcomes
            .iter()
            .map(|(path, o)| self.json(path, o))
            .collect();
        output.say(&json!({ "files": files }), || {
            let verb = if self.check {
                "not formatted"
            } else {
                "formatted"
            };
            let same = outcomes.len() - changed - unreadable;
            format!("{changed} {verb}, {same} as they should be, {unreadable} unreadable")
        });
        Ok(self.code(changed > 0, unreadable > 0))
    }

    fn standard_input(&self) -> Result<ExitCode> {
        let mut source = String::new();
        io::stdin()
            .read_to_string(&mut source)
            .into_diagnostic()
            .wrap_err("cannot read a policy from standard input")?;
        match syntax::format(&source) {
            Ok(formatted) => {
                if !self.check {
                    print!("{formatted}");
                }
                Ok(self.code(formatted != source, false))
            }
            Err(found) => {
                diagnostics::print(Path::new("<stdin>"), &source, &found);
                Ok(self.code(false, true))
            }
        }
    }

    fn file(&self, path: &Path) -> Result<Outcome> {
        let source = fs::read_to_string(path)
            .into_diagnostic()
            .wrap_err_with(|| format!("cannot read {}", path.display()))?;
        match syntax::format(&source) {
            Ok(formatted) if formatted == source => Ok(Outcome::Same),
            Ok(formatted) => {
                if !self.check {
                    fs::write(path, formatted)
                        .into_diagnostic()
                        .wrap_err_with(|| format!("cannot write {}", path.display()))?;
                }
                Ok(Outcome::Changed)
            }
            Err(found) => Ok(Outcome::Unreadable(source, found)),
        }
    }

    fn tell(&self, path: &Path, outcome: &Outcome) {
        match outcome {
            Outcome::Same => {}
            Outcome::Changed if self.check => println!("{}: not formatted", path.display()),
            Outcome::Changed => println!("{}: formatted", path.display()),
            Outcome::Unreadable(source, found) => diagnostics::print(path, source, found),
        }
    }

    fn json(&self, path: &Path, outcome: &Outcome) -> Value {
        let (state, found) = match outcome {
            Outcome::Same => ("same", Vec::new()),
            Outcome::Changed if self.check => ("not_formatted", Vec::new()),
            Outcome::Changed => ("formatted", Vec::new()),
            Outcome::Unreadable(source, found) => {
                ("unreadable", diagnostics::json(path, source, found))
            }
        };
        json!({ "file": path.display().to_string(), "state": state, "diagnostics": found })
    }

    fn code(&self, changed: bool, unreadable: bool) -> ExitCode {
        match (unreadable, self.check && changed) {
            (true, _) => ExitCode::from(2),
            (false, true) => ExitCode::FAILURE,
            (false, false) => ExitCode::SUCCESS,
        }
    }
}

/// All policies of a checkout, by name.
fn policies(directory: &Path) -> Result<Vec<PathBuf>> {
    let folder = directory.join("policies");
    let entries = fs::read_dir(&folder).into_diagnostic().wrap_err_with(|| {
        format!(
            "cannot read {}; name files, or the checkout with --dir",
            folder.display()
        )
    })?;
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.into_diagnostic()?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "policy")
        {
            files.push(path);
        }
    }
    if files.is_empty() {
        return Err(miette!("no policies in {}", folder.display()));
    }
    files.sort();
    Ok(files)
}
