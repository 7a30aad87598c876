//! What of a live database differs from the intended policy, or is unsafe on its own.
//!
//! Three things are held against each other: the policy with its catalogue, the live schema
//! ([`crate::live`]), and what the policy's SQL becomes on that server ([`crate::shadow`]). Each
//! family of findings is a module; every kind of finding stands in [`kinds`], from which the
//! reference in `docs/audit.md` is made.

mod config;
mod expressions;
mod finding;
mod functions;
mod generated;
mod grants;
mod guards;
mod indexes;
mod keys;
pub mod kinds;
mod policies;
pub mod reference;
mod report;
mod roles;
mod row_security;
mod rows;
mod sarif;
mod scene;
mod secrets;
mod server;
mod structure;
mod views;

use std::path::Path;

use policy_core::{Catalogue, Policy};
use postgres::Transaction;

use crate::live::{Live, LiveError};

pub use config::ConfigError;
pub use finding::{FilePlace, Finding, Kind, Object, Severity};
pub use report::Report;
use scene::Scene;

/// What is judged, and by what.
#[derive(Clone, Copy, Debug)]
pub struct Evidence<'a> {
    /// The policy, in the schema it is meant for.
    pub policy: &'a Policy,
    /// What it was checked against.
    pub catalogue: &'a Catalogue,
    /// Its text.
    pub source: &'a str,
    /// The database.
    pub live: &'a Live,
    /// The policy's shadow; without one, policies, guards, helpers and privileges are not compared.
    pub intended: Option<&'a Live>,
}

/// How often a table must have been scanned otherwise before an index of it counts as unused.
pub const UNUSED_AFTER: i64 = 1_000;

/// What the catalogues show, gravest first. No row is read.
#[must_use]
pub fn findings(evidence: Evidence<'_>, unused_after: i64) -> Vec<Finding> {
    let scene = Scene::new(evidence);
    let mut found = Vec::new();
    row_security::look(&scene, &mut found);
    policies::look(&scene, &mut found);
    guards::look(&scene, &mut found);
    structure::look(&scene, &mut found);
    keys::look(&scene, &mut found);
    indexes::look(&scene, unused_after, &mut found);
    grants::look(&scene, &mut found);
    views::look(&scene, &mut found);
    functions::look(&scene, &mut found);
    secrets::look(&scene, &mut found);
    roles::look(&scene, &mut found);
    server::look(&scene, &mut found);
    sort(&mut found);
    found
}

/// Counts rows without a tenant and rows that refer to nothing, each count in a savepoint so that
/// one that takes too long does not end the rest.
///
/// # Errors
/// If the session is lost.
pub fn count(
    transaction: &mut Transaction<'_>,
    evidence: Evidence<'_>,
) -> Result<Vec<Finding>, LiveError> {
    rows::count(transaction, &Scene::new(evidence))
}

/// What the configuration of Supabase's CLI shows; nothing if there is no such file.
///
/// # Errors
/// If the file cannot be read, or is not TOML.
pub fn configuration(path: &Path) -> Result<Vec<Finding>, ConfigError> {
    config::look(path)
}

/// Orders findings: gravest first, then as the reference has them, then by object.
pub fn sort(findings: &mut [Finding]) {
    let place = |finding: &Finding| kinds::all().position(|kind| kind == finding.kind);
    findings.sort_by(|a, b| {
        b.kind
            .severity
            .cmp(&a.kind.severity)
            .then_with(|| place(a).cmp(&place(b)))
            .then_with(|| a.object.cmp(&b.object))
            .then_with(|| a.detail.cmp(&b.detail))
    });
}
