//! PostgREST's query language: read into a tree, and written again from it.
//!
//! What is sent on is never the caller's text but the tree written out, so that the REST server
//! cannot read anything into a request that was not seen, and decided upon, here. The reader is
//! therefore a little stricter than PostgREST's own: text left over behind a value, parameters
//! given twice and nesting beyond [`MAX_DEPTH`] are refused.

mod cursor;
mod filter;
mod logic;
mod name;
mod order;
mod query;
mod select;
#[cfg(test)]
mod tests;

pub(super) use filter::{Filter, Is, Operator, Test};
pub(super) use logic::{Group, Tree};
pub(super) use name::Field;
pub(super) use order::Term;
pub(super) use query::{At, Dialect, Query, Trouble};
pub(super) use select::{Embed, Item};

/// How deep embedded resources and logic may be nested.
const MAX_DEPTH: usize = 16;
