//! Times as Wealthbox writes them: `2015-05-24 10:00 AM -0400`.

use crate::clock::iso;

/// An instant, to the minute, in UTC.
pub(super) fn write(ms: u64) -> String {
    let iso = iso(ms);
    let (date, time) = iso.split_once('T').unwrap_or_default();
    let hour: u32 = time
        .get(..2)
        .and_then(|hour| hour.parse().ok())
        .unwrap_or_default();
    let minute = time.get(3..5).unwrap_or_default();
    let half = if hour < 12 { "AM" } else { "PM" };
    let hour = (hour + 11) % 12 + 1;
    format!("{date} {hour:02}:{minute} {half} +0000")
}

/// The milliseconds since the epoch; `None` if it is written otherwise.
pub(super) fn read(text: &str) -> Option<u64> {
    let [date, time, half, zone] = text.split(' ').collect::<Vec<_>>().try_into().ok()?;
    let numbers = |text: &str, by: char| -> Option<Vec<u64>> {
        text.split(by).map(|part| part.parse().ok()).collect()
    };
    let [year, month, day] = numbers(date, '-')?.try_into().ok()?;
    let [hour, minute]: [u64; 2] = numbers(time, ':')?.try_into().ok()?;
    if !(1..=12).contains(&hour) || minute > 59 {
        return None;
    }
    let hour = hour % 12 + if half == "PM" { 12 } else { 0 };
    let (sign, offset) = zone.split_at_checked(1)?;
    let offset: u64 = offset.parse().ok()?;
    let offset = offset / 100 * 60 + offset % 100;
    let minutes = days(year, month, day)? * 1_440 + hour * 60 + minute;
    let minutes = match sign {
        "+" => minutes.checked_sub(offset)?,
        "-" => minutes + offset,
        _ => return None,
    };
    (matches!(half, "AM" | "PM")).then_some(minutes * 60_000)
}

/// The day since the epoch (Howard Hinnant, "chrono-compatible low-level date algorithms").
fn days(year: u64, month: u64, day: u64) -> Option<u64> {
    if !(1970..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let year = if month <= 2 { year - 1 } else { year };
    let (era, yoe) = (year / 400, year % 400);
    let doy = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    (era * 146_097 + doe).checked_sub(719_468)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_instants() {
        assert_eq!(write(1_800_000_000_000), "2027-01-15 08:00 AM +0000");
        assert_eq!(write(1_800_014_400_000), "2027-01-15 12:00 PM +0000");
        for (text, ms) in [
            ("2027-01-15 08:00 AM +0000", Some(1_800_000_000_000)),
            ("2027-01-15 04:00 AM -0400", Some(1_800_000_000_000)),
            ("2027-01-15 12:00 PM +0000", Some(1_800_014_400_000)),
            ("1970-01-01 12:00 AM +0000", Some(0)),
            ("2027-01-15T08:00:00Z", None),
            ("2027-01-15 13:00 PM +0000", None),
        ] {
            assert_eq!(read(text), ms, "{text}");
        }
    }
}
