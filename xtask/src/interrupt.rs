//! Ctrl-C, SIGTERM and SIGHUP: noticed here, acted upon wherever something is being waited for.

use std::sync::atomic::{AtomicBool, Ordering};

use miette::{Diagnostic, IntoDiagnostic as _, Result};

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// The user asked to stop. Not a failure to report: whatever was started is stopped on the way out.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("interrupted")]
pub(crate) struct Interrupted;

/// From here on a request to stop sets a flag instead of ending this process and orphaning its
/// children.
pub(crate) fn watch() -> Result<()> {
    ctrlc::set_handler(|| INTERRUPTED.store(true, Ordering::Relaxed)).into_diagnostic()
}

pub(crate) fn check() -> Result<(), Interrupted> {
    if INTERRUPTED.load(Ordering::Relaxed) {
        Err(Interrupted)
    } else {
        Ok(())
    }
}
