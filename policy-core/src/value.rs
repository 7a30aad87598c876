//! The values that conditions compare.

use serde::{Deserialize, Serialize};

/// What the language knows about a column's type: how its values compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Kind {
    /// `boolean`.
    Bool,
    /// `smallint`, `integer`, `bigint`.
    Int,
    /// `text` and `varchar`: equality and `like`; order depends on the collation and is refused.
    Text,
    /// `uuid`.
    Uuid,
    /// `timestamptz`, in microseconds since the Unix epoch.
    Timestamp,
    /// `date`, in days since the Unix epoch.
    Date,
    /// An enum, by label: equality only, since enums sort by declaration.
    Enum,
    /// Any other type: only its null-ness can be asked.
    Opaque,
}

impl Kind {
    /// Whether `<` means the same on every server.
    #[must_use]
    pub fn is_ordered(self) -> bool {
        matches!(self, Self::Int | Self::Timestamp | Self::Date)
    }

    /// The kind in the words of SQL.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Bool => "boolean",
            Self::Int => "integer",
            Self::Text => "text",
            Self::Uuid => "uuid",
            Self::Timestamp => "timestamptz",
            Self::Date => "date",
            Self::Enum => "enum",
            Self::Opaque => "other",
        }
    }
}

/// A value of a row or a caller, borrowed from wherever it lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// Nothing is known yet; the answer will say what depends on it.
    NotYetKnown,
    /// Known not to be NULL, and no more: a NOT NULL column not read yet, or a value of an
    /// [`Opaque`](Kind::Opaque) type.
    Present,
    /// SQL's NULL.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Text, or an enum's label.
    Text(&'a str),
    /// A uuid, most significant byte first.
    Uuid(u128),
    /// Microseconds since the Unix epoch.
    Timestamp(i64),
    /// Days since the Unix epoch.
    Date(i32),
}

/// A literal of a policy.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Literal {
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Text, or an enum's label.
    Text(Box<str>),
    /// A uuid, most significant byte first.
    Uuid(u128),
    /// Microseconds since the Unix epoch.
    Timestamp(i64),
    /// Days since the Unix epoch.
    Date(i32),
}

impl Literal {
    /// The literal as a value to compare with.
    #[must_use]
    pub fn value(&self) -> Value<'_> {
        match self {
            Self::Bool(b) => Value::Bool(*b),
            Self::Int(i) => Value::Int(*i),
            Self::Text(t) => Value::Text(t),
            Self::Uuid(u) => Value::Uuid(*u),
            Self::Timestamp(t) => Value::Timestamp(*t),
            Self::Date(d) => Value::Date(*d),
        }
    }
}

impl std::fmt::Display for Literal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Bool(b) => write!(f, "{b}"),
            Self::Int(i) => write!(f, "{i}"),
            Self::Text(t) => write!(f, "'{}'", t.replace('\'', "''")),
            Self::Uuid(u) => write!(f, "'{}'", uuid_text(*u)),
            Self::Timestamp(t) => write!(f, "'{}'", timestamp_text(*t)),
            Self::Date(d) => write!(f, "'{}'", date_text(*d)),
        }
    }
}

/// Reads PostgreSQL's or JSON's text form of a value of the given kind.
///
/// `None` if the text is not of that kind; a uuid must have the canonical form of 36 characters,
/// as [`uuid_from_text`] says.
#[must_use]
pub fn value_from_text(kind: Kind, text: &str) -> Option<Value<'_>> {
    match kind {
        Kind::Bool => match text {
            "t" | "true" => Some(Value::Bool(true)),
            "f" | "false" => Some(Value::Bool(false)),
            _ => None,
        },
        Kind::Int => text.parse().ok().map(Value::Int),
        Kind::Text | Kind::Enum => Some(Value::Text(text)),
        Kind::Uuid => uuid_from_text(text).map(Value::Uuid),
        Kind::Timestamp => timestamp_from_text(text).map(Value::Timestamp),
        Kind::Date => date_from_text(text).map(Value::Date),
        Kind::Opaque => Some(Value::Present),
    }
}

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

/// Reads `YYYY-MM-DD` as days since the Unix epoch.
#[must_use]
pub fn date_from_text(text: &str) -> Option<i32> {
    let mut parts = text.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || year.len() != 4 || month.len() != 2 || day.len() != 2 {
        return None;
    }
    days_from_civil(digits(year)?, digits(month)?, digits(day)?)
}

/// Reads `YYYY-MM-DD hh:mm:ss[.ffffff]` with a zone, `T` or a space between, as microseconds
/// since the Unix epoch. The zone is `Z`, `+hh`, `+hh:mm` or `+hhmm`; without one the text means
/// different instants in different sessions and is refused.
#[must_use]
pub fn timestamp_from_text(text: &str) -> Option<i64> {
    let (date, rest) = text.split_once(['T', ' '])?;
    let days = date_from_text(date)?;
    let zone_at = rest.find(['Z', '+', '-'])?;
    let (time, zone) = rest.split_at_checked(zone_at)?;
    let mut parts = time.split(':');
    let (hour, minute, second) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || hour.len() != 2 || minute.len() != 2 {
        return None;
    }
    let (second, fraction) = second.split_once('.').unwrap_or((second, ""));
    if second.len() != 2 || fraction.len() > 6 {
        return None;
    }
    let micros = if fraction.is_empty() {
        0
    } else {
        digits(&format!("{fraction:0<6}"))?
    };
    let (hour, minute, second) = (digits(hour)?, digits(minute)?, digits(second)?);
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let local = i64::from(days) * 86_400 + hour * 3_600 + minute * 60 + second;
    Some((local - zone_seconds(zone)?) * 1_000_000 + micros)
}

/// A timestamp in ISO form, in UTC.
#[must_use]
pub fn timestamp_text(micros: i64) -> String {
    let (seconds, fraction) = (micros.div_euclid(1_000_000), micros.rem_euclid(1_000_000));
    let (days, clock) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let date = date_text(i32::try_from(days).unwrap_or(i32::MAX));
    let (h, m, s) = (clock / 3_600, clock / 60 % 60, clock % 60);
    if fraction == 0 {
        format!("{date} {h:02}:{m:02}:{s:02}+00")
    } else {
        format!("{date} {h:02}:{m:02}:{s:02}.{fraction:06}+00")
    }
}

/// A date as `YYYY-MM-DD`.
#[must_use]
pub fn date_text(days: i32) -> String {
    let (year, month, day) = civil_from_days(i64::from(days));
    format!("{year:04}-{month:02}-{day:02}")
}

fn digits(text: &str) -> Option<i64> {
    (!text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok())?
}

fn zone_seconds(zone: &str) -> Option<i64> {
    if zone == "Z" {
        return Some(0);
    }
    let sign = match zone.chars().next()? {
        '+' => 1,
        '-' => -1,
        _ => return None,
    };
    let (hours, minutes) = match (zone.get(1..3)?, zone.get(3..).unwrap_or("")) {
        (hours, "") => (hours, "00"),
        (hours, rest) => (hours, rest.strip_prefix(':').unwrap_or(rest)),
    };
    let (hours, minutes) = (digits(hours)?, digits(minutes)?);
    (hours <= 15 && minutes <= 59).then_some(sign * (hours * 3_600 + minutes * 60))
}

/// Days since 1970-01-01 in the proleptic Gregorian calendar, as PostgreSQL counts. Counting years
/// from March puts the leap day last, and 400 years are always 146,097 days.
fn days_from_civil(year: i64, month: i64, day: i64) -> Option<i32> {
    if !(1..=12).contains(&month) || day < 1 || day > month_length(year, month) {
        return None;
    }
    let shifted = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (shifted.div_euclid(400), shifted.rem_euclid(400));
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    i32::try_from(era * 146_097 + day_of_era - 719_468).ok()
}

fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

fn month_length(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_days() {
        for (text, days) in [
            ("1970-01-01", 0),
            ("2000-02-29", 11_016),
            ("1969-12-31", -1),
            ("2026-11-21", 20_778),
        ] {
            assert_eq!(date_from_text(text), Some(days), "{text}");
        }
        for text in [
            "2025-02-29",
            "2025-13-01",
            "2025-00-10",
            "2025-1-01",
            "2025-04-31",
            "x",
            "",
        ] {
            assert_eq!(date_from_text(text), None, "{text}");
        }
    }

    #[test]
    fn a_timestamp_needs_its_zone() {
        assert_eq!(timestamp_from_text("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(timestamp_from_text("1970-01-01 02:00:00+02"), Some(0));
        assert_eq!(
            timestamp_from_text("1969-12-31 19:00:00.25-05:00"),
            Some(250_000)
        );
        assert_eq!(timestamp_from_text("1970-01-01 00:00:00"), None);
        assert_eq!(timestamp_from_text("1970-01-01 24:00:00Z"), None);
    }

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
        fn dates_round_trip(days in -700_000..2_900_000_i32) {
            prop_assert_eq!(date_from_text(&date_text(days)), Some(days));
        }

        #[test]
        fn timestamps_round_trip(micros in -60_000_000_000_000_000..250_000_000_000_000_000_i64) {
            prop_assert_eq!(timestamp_from_text(&timestamp_text(micros)), Some(micros));
        }

        #[test]
        fn uuids_round_trip(value: u128) {
            prop_assert_eq!(uuid_from_text(&uuid_text(value)), Some(value));
        }
    }
}
