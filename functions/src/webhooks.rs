//! Whether a webhook is from whom it says it is from.
//!
//! All of it is pure: the delivery, the secret and the time come in, a verdict goes out. A signature is
//! checked on the body as it came, byte for byte, in constant time, and before anything in the body is
//! read.

pub mod baserow;
pub mod hubspot;
pub mod standard;

use std::hint::black_box;

/// How old a delivery may be, and how far ahead its sender's clock.
pub const WINDOW_MS: u64 = 300_000;

/// Why a delivery is not believed. It is for the log: whoever sent it learns only that it is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unverified {
    /// A header is missing.
    #[error("the header `{0}` is missing")]
    Missing(&'static str),
    /// A header is not what it has to be.
    #[error("the header `{0}` is not in its form")]
    Malformed(&'static str),
    /// It was sent too long ago, or was kept and is sent again.
    #[error("it was sent more than five minutes ago")]
    Stale,
    /// It says that it was sent in the future.
    #[error("it says that it was sent more than five minutes from now")]
    Early,
    /// The signature does not hold.
    #[error("the signature does not hold")]
    Wrong,
    /// The secret of the settings is none.
    #[error("the secret is not in its form")]
    BadSecret,
    /// The body is longer than any that is sent.
    #[error("the body is too long")]
    TooLong,
}

/// Whether a time is within the window.
fn in_time(sent_ms: u64, now_ms: u64) -> Result<(), Unverified> {
    if now_ms.saturating_sub(sent_ms) > WINDOW_MS {
        Err(Unverified::Stale)
    } else if sent_ms.saturating_sub(now_ms) > WINDOW_MS {
        Err(Unverified::Early)
    } else {
        Ok(())
    }
}

/// Whether two texts are the same, in a time that says nothing of where they differ.
fn same(one: &[u8], other: &[u8]) -> bool {
    let differ = one
        .iter()
        .zip(other)
        .fold(0, |differ, (one, other)| black_box(differ | (one ^ other)));
    one.len() == other.len() && black_box(differ) == 0
}

/// A whole number in decimal digits and nothing else; `+5` and ` 5` are none.
fn digits(text: &str) -> Option<u64> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_compared_whole() {
        assert!(same(b"", b"") && same(b"abc", b"abc"));
        for other in [&b"abd"[..], b"ab", b"abcd", b"", b"bbc"] {
            assert!(!same(b"abc", other));
        }
    }

    #[test]
    fn the_window_has_two_sides() {
        assert_eq!(in_time(1_000_000, 1_300_000), Ok(()));
        assert_eq!(in_time(1_000_000, 1_300_001), Err(Unverified::Stale));
        assert_eq!(in_time(1_300_000, 1_000_000), Ok(()));
        assert_eq!(in_time(1_300_001, 1_000_000), Err(Unverified::Early));
        assert_eq!(digits("+5").or(digits(" 5")).or(digits("")), None);
    }
}
