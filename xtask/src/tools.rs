//! The programs that are needed and may be missing: installed once, into the cache, by version.

mod cargo;
mod node;
mod postgres;
mod python;
mod rust;

use std::path::PathBuf;
use std::process::Command;
use std::thread;

use miette::{Result, miette};

use crate::progress::Progress;
use crate::workspace::Workspace;

pub(crate) use self::cargo::cargo_deny;
pub(crate) use self::postgres::{Postgres, postgres};
pub(crate) use self::python::pgrls;
pub(crate) use self::rust::components;

/// The runtime under `wrangler dev`, for whoever needs nothing in between.
pub(crate) fn workerd(workspace: &Workspace) -> PathBuf {
    node::program(workspace, "workerd")
}

pub(crate) fn esbuild(workspace: &Workspace) -> PathBuf {
    node::program(workspace, "esbuild")
}

/// What builds the Worker and the browser library, and runs the stack.
#[derive(Clone, Debug)]
pub(crate) struct Tools {
    worker_build: PathBuf,
    wasm_bindgen: Option<PathBuf>,
}

impl Tools {
    /// Installs what is missing. Afterwards the workspace's commands find the right Node first.
    pub(crate) fn install(workspace: &mut Workspace, progress: &Progress) -> Result<Self> {
        if let Some(directory) = node::node(workspace, progress)? {
            workspace.put_first_on_path(directory);
        }
        let workspace = &*workspace;
        rust::webassembly(workspace, progress)?;
        // One waits for the network, the other for the processor.
        thread::scope(|scope| {
            let packages = scope.spawn(|| node::packages(workspace, progress));
            let tools = Self::cargo_tools(workspace, progress);
            packages
                .join()
                .unwrap_or_else(|_| Err(miette!("the installation of npm packages broke off")))?;
            tools
        })
    }

    fn cargo_tools(workspace: &Workspace, progress: &Progress) -> Result<Self> {
        let wasm_bindgen = match &workspace.wasm_bindgen {
            Some(version) => Some(cargo::wasm_bindgen(workspace, progress, version)?),
            None => None,
        };
        Ok(Self {
            worker_build: cargo::worker_build(workspace, progress)?,
            wasm_bindgen,
        })
    }

    /// `worker-build` with the helpers it would otherwise download.
    pub(crate) fn worker_build(&self, workspace: &Workspace) -> Result<Command> {
        let mut command = workspace.command(&self.worker_build)?;
        command.envs(self.environment(workspace));
        Ok(command)
    }

    /// What a shell needs to run `worker-build` by hand.
    pub(crate) fn environment(&self, workspace: &Workspace) -> Vec<(&'static str, PathBuf)> {
        let mut variables = vec![
            ("WORKER_BUILD_BIN", self.worker_build.clone()),
            ("WASM_OPT_BIN", node::program(workspace, "wasm-opt")),
            ("ESBUILD_BIN", node::program(workspace, "esbuild")),
        ];
        variables.extend(
            self.wasm_bindgen
                .clone()
                .map(|path| ("WASM_BINDGEN_BIN", path)),
        );
        variables
    }

    pub(crate) fn wasm_bindgen(&self) -> Result<&PathBuf> {
        self.wasm_bindgen
            .as_ref()
            .ok_or_else(|| miette!("`Cargo.lock` has no `wasm-bindgen`"))
    }

    /// The runner for `#[wasm_bindgen_test]`, which comes with `wasm-bindgen`.
    pub(crate) fn wasm_test_runner(&self) -> Result<PathBuf> {
        Ok(self
            .wasm_bindgen()?
            .with_file_name("wasm-bindgen-test-runner"))
    }

    pub(crate) fn wasm_opt(&self, workspace: &Workspace) -> Result<Command> {
        workspace.command(node::program(workspace, "wasm-opt"))
    }

    pub(crate) fn wrangler(&self, workspace: &Workspace) -> Result<Command> {
        let mut command = workspace.command(node::program(workspace, "wrangler"))?;
        command
            .env("WRANGLER_SEND_METRICS", "false")
            .env("CLOUDFLARE_CF_FETCH_ENABLED", "false");
        Ok(command)
    }
}
