//! What must hold of any input, whoever sends it.
//!
//! Each function takes any bytes, and panics if something does not hold. `tests/bounded.rs` runs
//! them over the corpus and seeded mutations of it; `targets/` hands them to libFuzzer. How to run
//! that is in `fuzz/README.md`.

mod compact;
mod policy;
mod questions;
mod request;
mod shop;

pub use compact::compact;
pub use policy::policy;
pub use request::request;
