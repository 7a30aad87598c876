//! Dates and timestamps as PostgreSQL and JSON write them, in the proleptic Gregorian calendar.

const DAY_SECONDS: i64 = 86_400;
const SECOND: i64 = 1_000_000;

/// Reads `YYYY-MM-DD`, with more digits for later years and ` BC` for earlier ones, or
/// `infinity`, as days since the Unix epoch; the infinities are the ends of the range.
#[must_use]
pub fn date_from_text(text: &str) -> Option<i32> {
    match text {
        "infinity" => return Some(i32::MAX),
        "-infinity" => return Some(i32::MIN),
        _ => {}
    }
    let (text, before_christ) = era(text);
    day(text, before_christ)
}

/// Reads `YYYY-MM-DD hh:mm:ss[.ffffff]` with a zone, `T` or a space between, as microseconds
/// since the Unix epoch. The zone is `Z`, `+hh`, `+hhmm`, `+hh:mm` or `+hh:mm:ss`; without one the
/// text means different instants in different sessions and is refused. ` BC` may follow; the
/// infinities are the ends of the range.
///
/// PostgreSQL's last 30 years, from 294247 on, do not fit and are refused.
#[must_use]
pub fn timestamp_from_text(text: &str) -> Option<i64> {
    match text {
        "infinity" => return Some(i64::MAX),
        "-infinity" => return Some(i64::MIN),
        _ => {}
    }
    let (text, before_christ) = era(text);
    let (date, rest) = text.split_once(['T', ' '])?;
    let days = day(date, before_christ)?;
    let zone_at = rest.find(['Z', '+', '-'])?;
    let (time, zone) = rest.split_at_checked(zone_at)?;
    let mut parts = time.split(':');
    let (hour, minute, second) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let (second, micros) = match second.split_once('.') {
        None => (second, 0),
        Some((second, fraction)) if (1..=6).contains(&fraction.len()) => {
            (second, digits(&format!("{fraction:0<6}"))?)
        }
        Some(_) => return None,
    };
    let (hour, minute, second) = (two(hour)?, two(minute)?, two(second)?);
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let local = i64::from(days) * DAY_SECONDS + hour * 3_600 + minute * 60 + second;
    (local - zone_seconds(zone)?)
        .checked_mul(SECOND)?
        .checked_add(micros)
        .filter(|micros| *micros != i64::MAX && *micros != i64::MIN)
}

/// A timestamp in ISO form, in UTC, with as many digits after the point as PostgreSQL prints: none
/// that is zero at the end.
#[must_use]
pub fn timestamp_text(micros: i64) -> String {
    match micros {
        i64::MAX => return "infinity".to_owned(),
        i64::MIN => return "-infinity".to_owned(),
        _ => {}
    }
    let (seconds, fraction) = (micros.div_euclid(SECOND), micros.rem_euclid(SECOND));
    let (days, clock) = (
        seconds.div_euclid(DAY_SECONDS),
        seconds.rem_euclid(DAY_SECONDS),
    );
    let (date, era) = civil_text(days);
    let (h, m, s) = (clock / 3_600, clock / 60 % 60, clock % 60);
    if fraction == 0 {
        format!("{date} {h:02}:{m:02}:{s:02}+00{era}")
    } else {
        let fraction = format!("{fraction:06}");
        let fraction = fraction.trim_end_matches('0');
        format!("{date} {h:02}:{m:02}:{s:02}.{fraction}+00{era}")
    }
}

/// A date as `YYYY-MM-DD`.
#[must_use]
pub fn date_text(days: i32) -> String {
    match days {
        i32::MAX => "infinity".to_owned(),
        i32::MIN => "-infinity".to_owned(),
        days => {
            let (date, era) = civil_text(i64::from(days));
            format!("{date}{era}")
        }
    }
}

fn civil_text(days: i64) -> (String, &'static str) {
    let (year, month, day) = civil_from_days(days);
    // There is no year 0: the year before 1 is 1 BC.
    let (year, era) = if year > 0 {
        (year, "")
    } else {
        (1 - year, " BC")
    };
    (format!("{year:04}-{month:02}-{day:02}"), era)
}

fn era(text: &str) -> (&str, bool) {
    text.strip_suffix(" BC")
        .map_or((text, false), |text| (text, true))
}

fn day(text: &str, before_christ: bool) -> Option<i32> {
    let mut parts = text.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || !(4..=7).contains(&year.len()) {
        return None;
    }
    let year = digits(year)?;
    if year == 0 {
        return None;
    }
    let year = if before_christ { 1 - year } else { year };
    days_from_civil(year, two(month)?, two(day)?)
}

fn digits(text: &str) -> Option<i64> {
    (!text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok())?
}

/// Exactly two digits: PostgreSQL reads other lengths in other ways.
fn two(text: &str) -> Option<i64> {
    (text.len() == 2).then(|| digits(text))?
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
    let (hours, rest) = (zone.get(1..3)?, zone.get(3..)?);
    let (minutes, seconds) = match rest.strip_prefix(':') {
        None if rest.is_empty() => ("00", "00"),
        None => (rest, "00"),
        Some(rest) => rest.split_once(':').unwrap_or((rest, "00")),
    };
    let (hours, minutes, seconds) = (two(hours)?, two(minutes)?, two(seconds)?);
    (hours <= 15 && minutes <= 59 && seconds <= 59)
        .then_some(sign * (hours * 3_600 + minutes * 60 + seconds))
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
    fn a_timestamp_is_written_as_postgresql_does() {
        for (micros, text) in [
            (0, "1970-01-01 00:00:00+00"),
            (1, "1970-01-01 00:00:00.000001+00"),
            (250_000, "1970-01-01 00:00:00.25+00"),
            (-100, "1969-12-31 23:59:59.9999+00"),
        ] {
            assert_eq!(timestamp_text(micros), text);
        }
    }

    #[test]
    fn far_ends_and_odd_zones() {
        assert_eq!(
            date_from_text("0001-12-31 BC").map(|d| d + 1),
            date_from_text("0001-01-01")
        );
        assert_eq!(date_from_text("0000-01-01"), None);
        assert_eq!(date_text(i32::MIN), "-infinity");
        assert_eq!(timestamp_from_text("infinity"), Some(i64::MAX));
        assert_eq!(
            timestamp_from_text("1900-01-01 00:19:32+00:19:32"),
            timestamp_from_text("1900-01-01T00:00:00Z")
        );
        assert_eq!(timestamp_from_text("294277-01-01 00:00:00+00"), None);
        assert_eq!(timestamp_from_text("9999999-01-01 00:00:00+00"), None);
        // PostgreSQL reads this as 53 minutes.
        assert_eq!(timestamp_from_text("2000-01-01 00:00:00+053"), None);
        assert_eq!(timestamp_from_text("2000-01-01 00:00:00.+00"), None);
    }

    proptest! {
        #[test]
        fn dates_round_trip(days in -2_440_588..2_145_042_905_i32) {
            prop_assert_eq!(date_from_text(&date_text(days)), Some(days));
        }

        #[test]
        fn timestamps_round_trip(micros in -210_866_803_200_000_000..i64::MAX) {
            prop_assert_eq!(timestamp_from_text(&timestamp_text(micros)), Some(micros));
        }
    }
}
