//! From a policy to PostgreSQL.
//!
//! [`catalogue`] reads what a policy is held against from a live database; [`project`] finds policy,
//! catalogue and migrations in a checkout.

pub mod catalogue;
pub mod generate;
pub mod matrix;
pub mod migrations;
pub mod project;
mod sql;
