//! What one ES256 token costs, seen before or not, beside jose: in Node, so without a request, and
//! on the platform's own WebCrypto for both.

use std::process::Command;

use serde::Deserialize;

use crate::Given;
use crate::error::BenchError;
use crate::gateway::tokens::Issuer;
use crate::section::Section;
use crate::timing::human;

const ISSUER: &str = "http://upstream.invalid";

/// Prints medians over rounds of both, in turn.
const SCRIPT: &str = "
const [ours, keys, issuer, token, fresh] = process.argv.slice(1);
const { Seen } = require(ours);
const options = { issuer: `${issuer}/auth/v1`, audience: 'authenticated', algorithms: ['ES256'] };
const seen = new Seen(keys, `${issuer}/auth/v1`, token);
const tokens = JSON.parse(fresh);
const median = (all) => all.sort((a, b) => a - b)[all.length >> 1];
async function clocked(times, work) {
  const start = performance.now();
  await work(times);
  return (performance.now() - start) * 1e6 / times;
}
async function platform(times) {
  const key = await crypto.subtle.importKey('jwk', JSON.parse(keys).keys[0], { name: 'ECDSA', namedCurve: 'P-256' }, false, ['verify']);
  const parts = tokens.map((text) => {
    const at = text.lastIndexOf('.');
    return [Buffer.from(text.slice(at + 1), 'base64url'), Buffer.from(text.slice(0, at))];
  });
  const start = performance.now();
  for (let i = 0; i < times; i++) {
    const [signature, signed] = parts[i % parts.length];
    if (!await crypto.subtle.verify({ name: 'ECDSA', hash: 'SHA-256' }, key, signature, signed)) throw new Error('wrong');
  }
  return (performance.now() - start) * 1e6 / times;
}
(async () => {
  const { jwtVerify, createLocalJWKSet } = await import('jose');
  const set = createLocalJWKSet(JSON.parse(keys));
  const verify = async (times) => {
    for (let i = 0; i < times; i++) await jwtVerify(tokens[i % tokens.length], set, options);
  };
  const [a, b, c] = [[], [], []];
  seen.run(20000); await verify(500); await platform(500);
  for (let round = 0; round < 15; round++) {
    a.push(await clocked(20000, (times) => seen.run(times)));
    b.push(await clocked(500, verify));
    c.push(await platform(500));
  }
  console.log(JSON.stringify({ seen: median(a), jose: median(b), platform: median(c) }));
})();
";

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
    let output = Command::new("node")
        .current_dir(given.root.join("bench"))
        .args(["-e", SCRIPT])
        .arg(ours)
        .arg(issuer.jwks())
        .args([ISSUER, &known])
        .arg(serde_json::to_string(&fresh)?)
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
    let mut section = Section::new(
        "One ES256 token",
        &["who", "what", "time", "against jose"],
    );
    for (who, what, took) in [
        ("jose", "verifies it, each time", jose),
        ("WebCrypto alone", "checks the signature, nothing else", platform),
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
