//! A policy as bytes, loaded without parsing any text.
//!
//! Layout, version 3: the four bytes `CSP3`, then the [`Policy`] in [postcard]'s wire format: each
//! field in the order of its declaration, integers as variable-length little-endian base 128,
//! strings and lists behind their length, options and enums behind their tag. A change of the
//! model's shape is a change of the layout and takes the next version.
//!
//! [postcard]: https://postcard.jamesmunns.com/wire-format

use crate::model::Policy;

/// What every stored policy begins with: the format's name and version.
pub const MAGIC: [u8; 4] = *b"CSP3";

/// The largest stored policy that is loaded, in bytes: room for a hundred times the agency's.
pub const LARGEST: usize = 4 << 20;

/// Why bytes are not a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// Something else, or another version of the format.
    #[error("not a compact policy of version 3; compile the policy again with this version")]
    Format,
    /// More than [`LARGEST`].
    #[error("a compact policy has at most {LARGEST} bytes; split the app's policy")]
    TooLarge,
    /// The right beginning, but not to the end.
    #[error("the compact policy is damaged; compile the policy again")]
    Damaged,
}

/// Stores a policy.
///
/// # Errors
/// [`LoadError::Damaged`] if the policy does not fit the format, which no checked policy does.
pub fn store(policy: &Policy) -> Result<Vec<u8>, LoadError> {
    let mut bytes = MAGIC.to_vec();
    bytes.extend(postcard::to_allocvec(policy).map_err(|_| LoadError::Damaged)?);
    Ok(bytes)
}

/// Loads a policy.
///
/// # Errors
/// If the bytes are not exactly one stored policy of this version.
pub fn load(bytes: &[u8]) -> Result<Policy, LoadError> {
    if bytes.len() > LARGEST {
        return Err(LoadError::TooLarge);
    }
    let body = bytes.strip_prefix(&MAGIC).ok_or(LoadError::Format)?;
    match postcard::take_from_bytes(body) {
        Ok((policy, [])) => Ok(policy),
        _ => Err(LoadError::Damaged),
    }
}
