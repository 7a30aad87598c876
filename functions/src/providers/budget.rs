//! How long a request to the Worker may keep its caller waiting, and how often it may ask again.

use std::time::Duration;

/// No request is sent more often than that.
pub const MOST_TRIES: u32 = 3;
/// The first pause; every further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// An answer that is given less time than this does not come.
const SHORTEST_WAIT: Duration = Duration::from_millis(250);

/// The time that a request has for everything outside.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    ends_ms: u64,
}

impl Budget {
    /// From now on, for so long.
    #[must_use]
    pub fn starting(now_ms: u64, total: Duration) -> Self {
        Self {
            ends_ms: now_ms.saturating_add(milliseconds(total)),
        }
    }

    /// What is left of it.
    #[must_use]
    pub fn left(&self, now_ms: u64) -> Duration {
        Duration::from_millis(self.ends_ms.saturating_sub(now_ms))
    }
}

/// How long to wait before the next try: the provider's own wish if it has one, else longer every
/// time, spread by `chance` (any number). `None` if there were enough tries, or the budget would not
/// leave time for an answer.
#[must_use]
pub fn pause(tries: u32, wish: Option<Duration>, left: Duration, chance: u8) -> Option<Duration> {
    if tries >= MOST_TRIES {
        return None;
    }
    let own = FIRST_PAUSE.saturating_mul(1 << tries.saturating_sub(1).min(8));
    // Between a half and the whole, so that those who failed together do not come back together.
    let spread = own / 2 + own.mul_f64(f64::from(chance) / 512.0);
    let pause = wish.unwrap_or(spread);
    (pause.saturating_add(SHORTEST_WAIT) <= left).then_some(pause)
}

/// A duration in whole milliseconds.
#[must_use]
pub fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Whatever the provider wishes and however long its answers take, the tries and pauses end
        /// before the budget does, and there are never more than three tries.
        #[test]
        fn a_budget_is_never_exceeded(
            total in 0_u64..60_000,
            answers in proptest::collection::vec((0_u64..20_000, proptest::option::of(0_u64..120_000), any::<u8>()), 1..10),
        ) {
            let budget = Budget::starting(0, Duration::from_millis(total));
            let (mut now, mut tries) = (0, 0);
            for (took, wish, chance) in answers {
                tries += 1;
                now += took.min(milliseconds(budget.left(now)));
                prop_assert!(now <= total);
                let wish = wish.map(Duration::from_millis);
                let Some(pause) = pause(tries, wish, budget.left(now), chance) else { break };
                if let Some(wish) = wish {
                    prop_assert_eq!(pause, wish);
                }
                now += milliseconds(pause);
                prop_assert!(now < total);
            }
            prop_assert!(tries <= MOST_TRIES);
        }
    }

    #[test]
    fn pauses_grow_and_are_spread() {
        let plenty = Duration::from_secs(60);
        let own = |tries, chance| pause(tries, None, plenty, chance).map(milliseconds);
        assert_eq!(own(1, 0), Some(100));
        assert_eq!(own(1, 255), Some(199));
        assert_eq!(own(2, 0), Some(200));
        assert_eq!(own(3, 0), None);
    }
}
