//! From a schema that exists, with its policies, to a policy text that means the same.

pub mod alternative;
pub mod expression;
pub mod ground;
pub mod policies;
pub mod recognise;
pub mod words;
