//! The proof: policy and database, executed side by side.
//!
//! For every table the verifier seeds rows, lets every kind of caller run every kind of statement
//! on them as the real database role, and compares what the database did with what [`decide`] says,
//! natively and in the WebAssembly build that browsers and the edge run. The cells are a reduction
//! of the full product; `preconditions` checks what makes it sound, random cells of the full
//! product are the tripwire, and the report lists whatever decided nothing.
//!
//! [`decide`]: policy_core::decide()

mod bench;
mod browser;
mod domain;
mod error;
mod evaluator;
mod in_place;
mod judge;
mod ledger;
mod mutate;
mod people;
mod preconditions;
mod progress;
mod report;
mod residuals;
mod run;
mod scene;
mod schema;
mod scratch;
mod script;
mod search;
mod seed;
mod session;
mod sql;
mod statement;
mod surface;
mod values;
mod variant;
mod world;

use std::path::PathBuf;

use policy_core::Policy;

pub use error::VerifyError;
pub use in_place::{Fired, InPlace, InPlaceReport, LeftOut};
pub use mutate::{Equivalent, MutantReport, MutationReport, Redundant, Tally};
pub use report::{
    Decisions, Disagreement, Finding, Impossible, ImpossibleTotal, Report, TableReport,
};
pub use residuals::{ResidualNote, ResidualReport, TableResiduals, WrongFilter};
pub use scratch::Place;

/// What to verify, and where.
#[derive(Clone, Debug)]
pub struct VerifyOptions {
    /// The checked policy.
    pub policy: Policy,
    /// The server, or the database with [`Place::Scratch`] and [`Place::InPlace`].
    pub url: String,
    /// Where to work.
    pub place: Place,
    /// The directory with the migrations, generated ones included.
    pub migrations: PathBuf,
    /// Only these tables; all if empty.
    pub tables: Vec<String>,
    /// The directory with the policy library's build for Node.
    pub wasm: PathBuf,
    /// How many random cells of the full product to add.
    pub random: usize,
    /// With what they are drawn; something new if not given.
    pub seed: Option<u64>,
    /// Whether to wait for each statement's result before sending the next, for servers that do
    /// not queue them (PGlite).
    pub one_by_one: bool,
    /// Whether to change one thing at a time and see that the cells notice.
    pub mutate: Option<Mutate>,
}

/// Which mutants to try.
#[derive(Clone, Copy, Debug, Default)]
pub struct Mutate {
    /// At most so many, drawn with the seed; all if not given.
    pub sample: Option<usize>,
    /// Only the evaluator's operators, which needs no statement to run again.
    pub operators_only: bool,
}

/// Verifies.
///
/// # Errors
/// If it cannot be done. What is found is in the report.
pub fn run(options: &VerifyOptions) -> Result<Report, VerifyError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(VerifyError::Runtime)?;
    runtime.block_on(run::run(options))
}
