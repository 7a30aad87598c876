//! The Countersign policy language.
//!
//! One text says who may do what to which rows. This crate turns it into a [`Policy`] and answers
//! questions about it, and does nothing else: no I/O, no async, no clock and no SQL, so that the
//! same code runs in a Worker, in a browser, in a command line tool and beside a database.
//!
//! The way through, in order:
//!
//! 1. [`syntax`] reads the text into a tree that remembers where each word stood;
//! 2. [`check`](mod@check) holds the tree against a [`Catalogue`], the snapshot of the database it
//!    speaks about, and yields a [`Policy`] with every name resolved, or [`Diagnostic`]s;
//! 3. [`compact`] stores a policy as bytes and loads it without parsing;
//! 4. [`decide`](mod@decide) answers what PostgreSQL would do with one statement and one row;
//! 5. [`explain`](mod@explain) says why, in the words of the policy;
//! 6. [`residual`](mod@residual) turns what remains open into a filter.
//!
//! Conditions have PostgreSQL's three-valued logic throughout ([`truth`]), and a value may be *not
//! yet known*: then the answer is the set of what it could still become.

pub mod catalogue;
pub mod check;
pub mod columns;
pub mod compact;
pub mod condition;
pub mod decide;
pub mod diagnostic;
pub mod explain;
pub mod model;
pub mod mutants;
mod nesting;
pub mod pairing;
pub mod residual;
pub mod syntax;
pub mod truth;
pub mod value;

pub use catalogue::Catalogue;
pub use check::check;
pub use columns::ColumnSet;
pub use decide::{Caller, Decision, Statement, decide, decide_operation};
pub use diagnostic::Diagnostic;
pub use model::Policy;
pub use value::Value;

/// Reads and checks a policy text in one step.
///
/// The policy comes with the warnings and notes that do not stop it; errors come alone.
///
/// # Errors
/// Every finding of the parser, or, if the text reads well, of the checker.
pub fn compile(
    source: &str,
    catalogue: &Catalogue,
) -> Result<(Policy, Vec<Diagnostic>), Vec<Diagnostic>> {
    let tree = syntax::parse(source)?;
    check(&tree, catalogue)
}
