//! The test stack.
