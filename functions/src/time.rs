//! Instants as the database and the providers write them.

use policy_core::Value;
use policy_core::value::{Kind, value_from_text};

/// An instant, in milliseconds since the epoch, in ISO 8601 with UTC.
#[must_use]
pub fn iso(ms: u64) -> String {
    let micros = i64::try_from(ms)
        .unwrap_or(i64::MAX / 1_000)
        .saturating_mul(1_000);
    policy_core::value::timestamp_text(micros)
}

/// The same, as RFC 3339 and JSON Schema's `date-time` have it: `2027-01-15T08:00:00Z`.
#[must_use]
pub fn rfc3339(ms: u64) -> String {
    let iso = iso(ms);
    match iso.strip_suffix("+00") {
        Some(plain) => format!("{}Z", plain.replacen(' ', "T", 1)),
        None => iso,
    }
}

/// The milliseconds since the epoch of an instant in ISO 8601, if it is one.
#[must_use]
pub fn milliseconds(instant: &str) -> Option<u64> {
    match value_from_text(Kind::Timestamp, instant)? {
        Value::Timestamp(micros) => u64::try_from(micros / 1_000).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for ms in [0, 1_800_000_000_000, 1_800_000_000_123] {
            assert_eq!(milliseconds(&iso(ms)), Some(ms), "{}", iso(ms));
            assert_eq!(milliseconds(&rfc3339(ms)), Some(ms), "{}", rfc3339(ms));
        }
        assert_eq!(
            milliseconds("2027-01-15T08:00:00.000Z"),
            Some(1_800_000_000_000)
        );
        assert_eq!(
            milliseconds("2027-01-15T10:00:00+02:00"),
            Some(1_800_000_000_000)
        );
        assert_eq!(milliseconds("yesterday"), None);
        assert_eq!(rfc3339(1_800_000_000_000), "2027-01-15T08:00:00Z");
        assert_eq!(rfc3339(1_800_000_000_120), "2027-01-15T08:00:00.12Z");
    }
}
