//! The Worker without workerd: the same requests, sent by reqwest to the local stack.
//!
//! `cargo xtask test` says where the stack is; without it there is nothing to test.

#![cfg(test)]
#![cfg(not(target_arch = "wasm32"))]

mod advisory;
mod agency;
mod away;
mod budgets;
mod coaching;
mod faults;
mod later;
mod listed;
mod meanwhile;
mod mortal;
mod people;
mod portal;
mod runtime;
mod world;
