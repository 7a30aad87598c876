//! Tools written in Rust: prebuilt through `cargo binstall` where that is there, else compiled.

use std::path::PathBuf;

use miette::{Context as _, Result, miette};

use crate::process;
use crate::progress::Progress;
use crate::workspace::Workspace;

const WORKER_BUILD: &str = "0.8.7";
const CARGO_DENY: &str = "0.20.2";

pub(crate) fn worker_build(workspace: &Workspace, progress: &Progress) -> Result<PathBuf> {
    Tool {
        name: "worker-build",
        version: WORKER_BUILD,
        locked: true,
        patient: false,
    }
    .install(workspace, progress)
}

pub(crate) fn wasm_bindgen(
    workspace: &Workspace,
    progress: &Progress,
    version: &str,
) -> Result<PathBuf> {
    // Its own lock file names a crate that cannot be had any more.
    let tool = Tool {
        name: "wasm-bindgen-cli",
        version,
        locked: false,
        patient: false,
    };
    Ok(tool
        .install(workspace, progress)?
        .with_file_name("wasm-bindgen"))
}

/// Installed beside other work, so it yields the processor.
pub(crate) fn cargo_deny(workspace: &Workspace, progress: &Progress) -> Result<PathBuf> {
    Tool {
        name: "cargo-deny",
        version: CARGO_DENY,
        locked: true,
        patient: true,
    }
    .install(workspace, progress)
}

struct Tool<'a> {
    name: &'a str,
    version: &'a str,
    locked: bool,
    patient: bool,
}

impl Tool<'_> {
    /// The path of `bin/<name>`, installed if it was not there.
    fn install(&self, workspace: &Workspace, progress: &Progress) -> Result<PathBuf> {
        let Self { name, version, .. } = *self;
        let directory = workspace.cache.join(format!("{name}-{version}"));
        // Cargo writes it when the installation is complete.
        let complete = directory.join(".crates.toml");
        let program = directory.join("bin").join(name);
        if complete.exists() {
            return Ok(program);
        }
        let _lock = workspace.lock(&workspace.cache, name)?;
        if complete.exists() {
            return Ok(program);
        }
        let mut command = if which::which("cargo-binstall").is_ok() {
            let mut command = workspace.command("cargo")?;
            command.args(["binstall", "--no-confirm", "--disable-telemetry"]);
            command
        } else {
            let mut command = workspace.command(if self.patient { "nice" } else { "cargo" })?;
            command.args(self.patient.then_some("cargo")).arg("install");
            command
        };
        command
            .args(self.locked.then_some("--locked"))
            .args(["--version", version, "--root"]);
        command
            .arg(&directory)
            .arg(name)
            .env_remove("CARGO_TARGET_DIR");
        // They run for seconds: what optimisation would save is less than what it costs to install.
        for (setting, value) in [("OPT_LEVEL", "1"), ("LTO", "off"), ("CODEGEN_UNITS", "16")] {
            command.env(format!("CARGO_PROFILE_RELEASE_{setting}"), value);
        }
        progress
            .step(&format!("install {name} {version}"), |step| {
                process::quiet(command, step)
            })
            .wrap_err_with(|| {
                let cache = workspace.cache.display();
                miette!(
                    help = "is the crate registry within reach? Behind a proxy, set HTTPS_PROXY",
                    "could not install {name} {version} into {cache}"
                )
            })
            .map(|()| program)
    }
}
