//! The language as a whole: texts in, findings and decisions out.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

mod decisions;
mod documented;
mod editor;
mod findings;
mod format;
mod grammar;
mod hot;
mod keys;
mod partial;
mod robust;
mod shipped;
mod support;
mod teams;
