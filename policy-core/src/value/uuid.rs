//! Uuids as text.

/// Reads a uuid in the form `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx`, either case.
///
/// PostgreSQL's `uuid` reads more forms than this; as the subject of a token only this one counts,
/// in the database (`countersign.caller_id()`) as here.
#[must_use]
pub fn uuid_from_text(text: &str) -> Option<u128> {
    let bytes = text.as_bytes();
    if bytes.len() != 36 {
        return None;
    }
    let mut value = 0_u128;
    for (position, &byte) in bytes.iter().enumerate() {
        if matches!(position, 8 | 13 | 18 | 23) {
            if byte != b'-' {
                return None;
            }
            continue;
        }
        let digit = char::from(byte).to_digit(16)?;
        value = (value << 4) | u128::from(digit);
    }
    Some(value)
}

/// A uuid in PostgreSQL's own form.
#[must_use]
pub fn uuid_text(value: u128) -> String {
    let hex = format!("{value:032x}");
    let mut out = String::with_capacity(36);
    for (position, digit) in hex.chars().enumerate() {
        if matches!(position, 8 | 12 | 16 | 20) {
            out.push('-');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_the_canonical_uuid_is_one() {
        let text = "a0000000-0000-4000-8000-000000000001";
        assert_eq!(uuid_from_text(text).map(uuid_text).as_deref(), Some(text));
        assert_eq!(uuid_from_text(&text.to_uppercase()), uuid_from_text(text));
        for bad in [
            "",
            "a0000000000040008000000000000001",
            "{a0000000-0000-4000-8000-00000000000}",
        ] {
            assert_eq!(uuid_from_text(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn uuids_round_trip(value: u128) {
            prop_assert_eq!(uuid_from_text(&uuid_text(value)), Some(value));
        }
    }
}
