//! A bounded run: the corpus, and mutations of it from a fixed seed, so that every run is the same.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, its helpers too"
)]

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, RngAlgorithm, RngSeed, TestRunner};

/// What is put in besides bytes: words that open branches.
const WORDS: [&str; 32] = [
    "on ",
    "tenant ",
    "via ",
    " and ",
    " or ",
    "not ",
    "(",
    ")",
    "{",
    "}",
    ";",
    ",",
    ":",
    "'",
    "\"",
    "--",
    "\n",
    " where ",
    " check ",
    "caller.id",
    "now()",
    "self ",
    "select=",
    "&",
    "=eq.",
    ".",
    "->>",
    "::",
    "%",
    "*",
    "null",
    "-9223372036854775808",
];

/// One change: what, where, and with what.
type Change = (u8, Index, Index, u8);

fn mutated(corpus: &[Vec<u8>], seed: &Index, changes: &[Change]) -> Vec<u8> {
    let mut bytes = seed.get(corpus).clone();
    for (what, at, other, with) in changes {
        let length = usize::from(*with) + 1;
        let at = at.index(bytes.len() + 1);
        let end = bytes.len().min(at + length);
        match what % 6 {
            0 if at < bytes.len() => bytes[at] = *with,
            0 | 1 => bytes.insert(at, *with),
            2 => {
                bytes.drain(at..end);
            }
            3 => {
                let copy = bytes[at..end].to_vec();
                let to = other.index(bytes.len() + 1);
                bytes.splice(to..to, copy);
            }
            4 => {
                let word = other.get(&WORDS).bytes();
                bytes.splice(at..at, word);
            }
            _ => {
                let from = other.get(corpus);
                let start = usize::from(*with).min(from.len());
                let piece = from[start..from.len().min(start + 64)].to_vec();
                bytes.splice(at..at, piece);
            }
        }
    }
    bytes
}

/// Runs a target over its corpus and the files beside it, then over mutations of them all.
fn run(target: fn(&[u8]), name: &str, more: &[&str], cases: u32) {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let entries = fs::read_dir(here.join("corpus").join(name)).unwrap();
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.extend(more.iter().map(|path| here.join(path)));
    // Directories come in any order; the run is to be the same everywhere.
    paths.sort();
    let corpus: Vec<Vec<u8>> = paths.iter().map(|path| fs::read(path).unwrap()).collect();
    corpus.iter().for_each(|seed| target(seed));
    let mut runner = TestRunner::new(Config {
        cases,
        rng_algorithm: RngAlgorithm::ChaCha,
        rng_seed: RngSeed::Fixed(20_261_121),
        failure_persistence: None,
        ..Config::default()
    });
    let changes = prop::collection::vec(any::<Change>(), 1..10);
    let outcome = runner.run(&(any::<Index>(), changes), |(seed, changes)| {
        target(&mutated(&corpus, &seed, &changes));
        Ok(())
    });
    outcome.unwrap();
}

#[test]
fn policies() {
    run(
        countersign_fuzz::policy,
        "policy",
        &["../rls/tests/shop/shop.policy"],
        3_000,
    );
}

#[test]
fn compact_policies() {
    run(countersign_fuzz::compact, "compact", &[], 1_200);
}

#[test]
fn requests() {
    run(countersign_fuzz::request, "request", &[], 10_000);
}
