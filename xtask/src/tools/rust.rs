//! What rustup brings. It reads `rust-toolchain.toml` and adds by itself what that names, unless it was
//! told not to (`RUSTUP_AUTO_INSTALL=0`), as on machines whose toolchains somebody looks after.

use std::path::Path;

use miette::{Result, WrapErr as _};

use crate::process;
use crate::progress::Progress;
use crate::workspace::Workspace;

const WEBASSEMBLY: &str = "wasm32-unknown-unknown";

/// The standard library for WebAssembly, whoever brought it.
pub(super) fn webassembly(workspace: &Workspace, progress: &Progress) -> Result<()> {
    let mut rustc = workspace.command("rustc")?;
    rustc.args(["--print=target-libdir", "--target", WEBASSEMBLY]);
    // Said of a library that is not there, too.
    if Path::new(&process::output(rustc)?).is_dir() {
        return Ok(());
    }
    add("target", WEBASSEMBLY, workspace, progress)
}

/// `cargo clippy` and `cargo fmt`.
pub(crate) fn components(workspace: &Workspace, progress: &Progress) -> Result<()> {
    for (component, command) in [("clippy", "clippy"), ("rustfmt", "fmt")] {
        let mut version = workspace.command("cargo")?;
        version.args([command, "--version"]);
        if process::output(version).is_err() {
            add("component", component, workspace, progress)?;
        }
    }
    Ok(())
}

fn add(what: &str, name: &str, workspace: &Workspace, progress: &Progress) -> Result<()> {
    progress.step(&format!("install {name}"), |step| {
        let mut rustup = workspace.command("rustup")?;
        rustup.args([what, "add", name]);
        process::quiet(rustup, step).wrap_err_with(|| {
            format!("{name} is needed; without rustup, install it as you did `rustc`")
        })
    })
}
