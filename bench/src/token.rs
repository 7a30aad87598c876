//! What one ES256 token costs, seen before or not, beside jose: in Node, so without a request, and
//! on the platform's own WebCrypto for both.

use std::fs;
use std::process::Command;

use serde::Deserialize;

use crate::Given;
use crate::error::BenchError;
use crate::gateway::tokens::Issuer;
use crate::section::Section;
use crate::timing::human;

const ISSUER: &str = "http://upstream.invalid";

/// Runs in Node, from the directory that has jose.
const SCRIPT: &str = include_str!("../token/measure.cjs");

/// Nanoseconds.
#[derive(Deserialize)]
struct Took {
    seen: f64,
    jose: f64,
    platform: f64,
}

pub(crate) fn measure(given: &Given) -> Result<Vec<Section>, BenchError> {
    let ours = given.token.as_deref().ok_or(BenchError::Missing(
        "a token benchmark",
        "--token or COUNTERSIGN_TOKEN",
    ))?;
    let issuer = Issuer::new()?;
    let known = issuer.token(ISSUER, 0)?;
    let fresh = issuer.tokens(ISSUER, 1, 500)?;
    // Too many for the command line.
    let file = tempfile::NamedTempFile::new()?;
    fs::write(file.path(), serde_json::to_string(&fresh)?)?;
    let output = Command::new("node")
        .current_dir(given.root.join("bench"))
        .args(["-e", SCRIPT])
        .arg(ours)
        .arg(issuer.jwks())
        .args([ISSUER, &known])
        .arg(file.path())
        .output()
        .map_err(|error| BenchError::Program("node".to_owned(), error.to_string()))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(BenchError::Program("node".to_owned(), said));
    }
    let Took {
        seen,
        jose,
        platform,
    } = serde_json::from_slice(&output.stdout)?;
    let mut section = Section::new("One ES256 token", &["who", "what", "time", "against jose"]);
    for (who, what, took) in [
        ("jose", "verifies it, each time", jose),
        (
            "WebCrypto alone",
            "checks the signature, nothing else",
            platform,
        ),
        ("Countersign", "has seen it before", seen),
    ] {
        section.row([
            who.to_owned(),
            what.to_owned(),
            human(took),
            format!("{:.1}x", jose / took),
        ]);
    }
    section.note(format!(
        "In Node, without a request; tokens of {} bytes. The Worker's part is its own code as WebAssembly: digest, \
         search, times, and whether its key is still published. Target: at most 2 us.",
        known.len()
    ));
    section.note(
        "What a token costs that was not seen before stands in the table of requests, since the Worker's part of \
         it is a call of the runtime's WebCrypto.",
    );
    Ok(vec![section])
}
