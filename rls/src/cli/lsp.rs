//! `countersign lsp`: for editors.

use std::process::ExitCode;

use clap::Args;
use countersign_rls::lsp::{self, Leave};
use miette::{IntoDiagnostic as _, Result, WrapErr as _};

/// Serve an editor by the Language Server Protocol, on standard input and output.
///
/// How to set up an editor is in `docs/editors.md`.
#[derive(Debug, Args)]
pub(crate) struct LspArgs {
    /// What many editors pass; there is no other way of talking.
    #[arg(long, hide = true)]
    stdio: bool,
}

impl LspArgs {
    pub(crate) fn run(&self) -> Result<ExitCode> {
        let leave = lsp::serve()
            .into_diagnostic()
            .wrap_err("the editor cannot be served")?;
        Ok(match leave {
            Leave::Announced => ExitCode::SUCCESS,
            Leave::Abrupt => ExitCode::FAILURE,
        })
    }
}
