//! When a failed attempt is followed by the next.

use std::time::Duration;

/// With the pauses below: ten hours, which is longer than most outages.
pub const MOST_ATTEMPTS: u64 = 16;

const FIRST: Duration = Duration::from_secs(30);
const LONGEST: Duration = Duration::from_secs(3_600);
/// What a provider may wish for; HubSpot's longest is a day.
const LONGEST_WISH: Duration = Duration::from_secs(86_400);

/// How long after this attempt the next one is due: twice as long every time, and never sooner than
/// the provider asked.
#[must_use]
pub fn pause(attempt: u64, wish: Option<Duration>) -> Duration {
    let doublings = u32::try_from(attempt.saturating_sub(1)).unwrap_or(u32::MAX);
    let own = FIRST.saturating_mul(2_u32.saturating_pow(doublings));
    let wish = wish.unwrap_or_default().min(LONGEST_WISH);
    own.min(LONGEST).max(wish)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_an_hour_and_keep_to_what_was_asked() {
        let seconds =
            |attempt, wish: Option<u64>| pause(attempt, wish.map(Duration::from_secs)).as_secs();
        let own: Vec<u64> = (1..=9).map(|attempt| seconds(attempt, None)).collect();
        assert_eq!(own, [30, 60, 120, 240, 480, 960, 1_920, 3_600, 3_600]);
        assert_eq!(seconds(u64::MAX, None), 3_600);
        assert_eq!((seconds(1, Some(5)), seconds(1, Some(700))), (30, 700));
        assert_eq!(seconds(1, Some(u64::MAX)), 86_400);
        let all: u64 = (1..MOST_ATTEMPTS)
            .map(|attempt| seconds(attempt, None))
            .sum();
        assert!((8 * 3_600..12 * 3_600).contains(&all), "{all}");
    }
}
