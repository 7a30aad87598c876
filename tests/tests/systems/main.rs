//! The systems on a real PostgreSQL: migrations, generated policies, people and seeds as they ship.
//! Needs a server: `COUNTERSIGN_PG_URL`, which `cargo xtask test` sets; without it the tests say
//! that they are skipped.
#![cfg(test)]

mod alone;
mod baserow;
mod better_auth;
mod budget;
mod doctor;
mod legacy;
mod linters;
mod queries;
mod repeat;
mod scripts;
mod support;
mod upgrade;
