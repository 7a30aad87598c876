//! The policy in a browser, and as the verifier's third evaluator.
//!
//! Thin layers: [`question`] and [`filter`] are what a frontend asks and gets, as JSON; [`batch`] is
//! the same many times over in a compact encoding, for `countersign verify`; and on wasm32 a class
//! `Policy` offers them to JavaScript. The others are ordinary Rust and tested natively.

pub mod batch;
pub mod filter;
pub mod question;

#[cfg(target_arch = "wasm32")]
mod javascript;
#[cfg(target_arch = "wasm32")]
pub use javascript::Policy;
