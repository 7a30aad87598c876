//! The Worker in front of PostgREST.

pub mod policies;
