//! The language as a whole: texts in, findings and decisions out.

mod decisions;
mod findings;
mod robust;
mod support;
