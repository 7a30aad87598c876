//! TCP ports on this machine.

use std::net::{Ipv4Addr, TcpListener};

use miette::{IntoDiagnostic as _, Result, miette};

/// A port that nobody uses now. Somebody else may take it before it is used; it never was a problem.
pub(crate) fn free() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).into_diagnostic()?;
    Ok(listener.local_addr().into_diagnostic()?.port())
}

/// `port`, if it can be had; 0 is any that is free.
pub(crate) fn wanted(port: u16, option: &str) -> Result<u16> {
    if port == 0 {
        return free();
    }
    match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
        Ok(_) => Ok(port),
        Err(error) => Err(miette!(
            help = format!("stop the program that uses it, or choose another with {option}"),
            "port {port} cannot be used: {error}"
        )),
    }
}
