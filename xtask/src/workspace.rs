//! Where things are, and which versions are locked.

use std::env;
use std::ffi::OsString;
use std::fs::{self, File, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

use cargo_metadata::MetadataCommand;
use miette::{IntoDiagnostic as _, Result, WrapErr as _, miette};

use crate::interrupt;

/// The checkout, its build directory, and the cache of tools that outlives both.
#[derive(Clone, Debug)]
pub(crate) struct Workspace {
    pub(crate) root: PathBuf,
    pub(crate) target: PathBuf,
    pub(crate) cache: PathBuf,
    /// The `wasm-bindgen` in `Cargo.lock`; its command-line tool has to be of the same version.
    pub(crate) wasm_bindgen: Option<String>,
    /// The packages that have tests which run as WebAssembly.
    pub(crate) wasm_tested: Vec<String>,
    /// What goes in front of `PATH` for every program that is started.
    path_first: Vec<PathBuf>,
}

impl Workspace {
    pub(crate) fn find() -> Result<Self> {
        let metadata = MetadataCommand::new().exec().into_diagnostic()?;
        let wasm_bindgen = metadata
            .packages
            .iter()
            .find(|package| package.name == "wasm-bindgen");
        Ok(Self {
            root: metadata.workspace_root.clone().into(),
            target: metadata.target_directory.clone().into(),
            cache: cache_directory()?,
            wasm_bindgen: wasm_bindgen.map(|package| package.version.to_string()),
            wasm_tested: metadata
                .workspace_packages()
                .iter()
                .filter(|package| {
                    package
                        .dependencies
                        .iter()
                        .any(|it| it.name == "wasm-bindgen-test")
                })
                .map(|package| package.name.to_string())
                .collect(),
            path_first: Vec::new(),
        })
    }

    /// Makes every command find the programs in `directory` first.
    pub(crate) fn put_first_on_path(&mut self, directory: PathBuf) {
        self.path_first.insert(0, directory);
    }

    /// A command to be run at the root of the checkout.
    pub(crate) fn command(&self, program: impl AsRef<Path>) -> Result<Command> {
        let mut command = Command::new(program.as_ref());
        command.current_dir(&self.root).env("PATH", self.path()?);
        Ok(command)
    }

    pub(crate) fn path(&self) -> Result<OsString> {
        let inherited = env::var_os("PATH").unwrap_or_default();
        let inherited = env::split_paths(&inherited);
        env::join_paths(self.path_first.iter().cloned().chain(inherited)).into_diagnostic()
    }

    /// The files of a directory of the checkout whose names end so, in the order of their names.
    pub(crate) fn files(&self, directory: &str, suffix: &str) -> Result<Vec<PathBuf>> {
        let directory = self.root.join(directory);
        if !directory.exists() {
            return Ok(Vec::new());
        }
        let mut files = Vec::new();
        for entry in fs::read_dir(directory).into_diagnostic()? {
            let path = entry.into_diagnostic()?.path();
            if path.to_string_lossy().ends_with(suffix) {
                files.push(path);
            }
        }
        files.sort();
        Ok(files)
    }

    /// Holds the lock called `name` for as long as the file lives, so that two commands at once do
    /// not install or build the same thing.
    pub(crate) fn lock(&self, directory: &Path, name: &str) -> Result<File> {
        create_directory(directory)?;
        let path = directory.join(format!(".{name}.lock"));
        let file = File::create(&path).into_diagnostic();
        let file = file.wrap_err_with(|| format!("could not create {}", path.display()))?;
        if file.try_lock().is_ok() {
            return Ok(file);
        }
        eprintln!("   .. wait for another `cargo xtask` to be done with {name}");
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::WouldBlock) => interrupt::check()?,
                Err(TryLockError::Error(error)) => return Err(error).into_diagnostic(),
            }
            thread::sleep(Duration::from_millis(100));
        }
    }
}

pub(crate) fn create_directory(path: &Path) -> Result<()> {
    let created = fs::create_dir_all(path).into_diagnostic();
    created.wrap_err_with(|| format!("could not create {}", path.display()))
}

/// Writes a file, in a directory that may not be there yet.
pub(crate) fn write(path: &Path, content: impl AsRef<[u8]>) -> Result<()> {
    if let Some(parent) = path.parent() {
        create_directory(parent)?;
    }
    let written = fs::write(path, content).into_diagnostic();
    written.wrap_err_with(|| format!("could not write {}", path.display()))
}

/// Removes a directory that may be there or not.
pub(crate) fn remove(directory: &Path) -> Result<()> {
    match fs::remove_dir_all(directory) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error)
            .into_diagnostic()
            .wrap_err_with(|| format!("could not remove {}", directory.display())),
        _ => Ok(()),
    }
}

/// Copies the files below a directory; symbolic links stay behind.
pub(crate) fn copy(from: &Path, to: &Path) -> Result<()> {
    create_directory(to)?;
    for entry in fs::read_dir(from).into_diagnostic()? {
        let entry = entry.into_diagnostic()?;
        let place = to.join(entry.file_name());
        let kind = entry.file_type().into_diagnostic()?;
        if kind.is_dir() {
            copy(&entry.path(), &place)?;
        } else if kind.is_file() {
            fs::copy(entry.path(), place).into_diagnostic()?;
        }
    }
    Ok(())
}

/// Outside the checkout, so that a fresh clone finds its tools; for root, where an unprivileged
/// PostgreSQL may read.
fn cache_directory() -> Result<PathBuf> {
    if let Some(chosen) = env::var_os("COUNTERSIGN_CACHE") {
        return std::path::absolute(chosen).into_diagnostic();
    }
    if rustix::process::geteuid().is_root() {
        return Ok("/var/cache/countersign".into());
    }
    let base = env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let base = base.or_else(|| env::home_dir().map(|home| home.join(".cache")));
    let base = base.ok_or_else(|| {
        miette!(
            help = "set COUNTERSIGN_CACHE to a directory",
            "there is no home directory"
        )
    })?;
    Ok(base.join("countersign"))
}
