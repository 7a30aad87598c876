//! From a schema that exists, with its policies, to a policy text that means the same.
pub mod expression;
