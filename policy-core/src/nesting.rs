//! A bound on how deep stored conditions nest: bytes from elsewhere must not exhaust the stack.

use std::cell::Cell;

use serde::de::{Deserialize, Deserializer, Error as _};

/// More than any text nests: the parser takes 64 parentheses or `not`s, and each of them can hold
/// an `or` of `and`s of a `not`.
const DEEPEST: usize = 256;

thread_local! {
    // Serde hands nothing down to what is nested, so the depth is counted beside it.
    static DEPTH: Cell<usize> = const { Cell::new(0) };
}

/// Reads what stands inside a condition.
pub(crate) fn nested<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    let depth = DEPTH.get();
    if depth == DEEPEST {
        return Err(D::Error::custom("conditions nest too deep"));
    }
    DEPTH.set(depth + 1);
    let read = T::deserialize(deserializer);
    DEPTH.set(depth);
    read
}
