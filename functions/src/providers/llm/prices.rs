//! What a language model costs: exact, since one call costs a fraction of a cent.

use std::ops::AddAssign;

/// Millionths of a cent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cost(u64);

impl Cost {
    /// In cents, as the database takes them.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        reason = "exact to the millionth of a cent up to 90 million dollars"
    )]
    pub fn cents(self) -> f64 {
        self.0 as f64 / 1e6
    }
}

/// What was sent and came back, in tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Of all that was asked.
    pub prompt: u64,
    /// Of all that was answered.
    pub completion: u64,
    /// Of what was embedded.
    pub embedded: u64,
}

impl AddAssign for Usage {
    fn add_assign(&mut self, more: Self) {
        self.prompt = self.prompt.saturating_add(more.prompt);
        self.completion = self.completion.saturating_add(more.completion);
        self.embedded = self.embedded.saturating_add(more.embedded);
    }
}

/// What a million tokens cost, in thousandths of a cent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prices {
    prompt: u64,
    completion: u64,
    embedded: u64,
}

impl Prices {
    /// Three prices in cents, separated by spaces: of a million tokens of prompt, of completion, and
    /// of what is embedded. Three digits after the point at most.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut words = text.split_ascii_whitespace().map(thousandths);
        let mut next = || words.next().flatten();
        let prices = Self {
            prompt: next()?,
            completion: next()?,
            embedded: next()?,
        };
        words.next().is_none().then_some(prices)
    }

    /// What so much costs, rounded up to the millionth.
    #[must_use]
    pub fn of(&self, used: Usage) -> Cost {
        let parts = [
            (used.prompt, self.prompt),
            (used.completion, self.completion),
            (used.embedded, self.embedded),
        ];
        let cost = |(tokens, price)| u128::from(tokens) * u128::from(price);
        let whole: u128 = parts.map(cost).iter().sum();
        Cost(u64::try_from(whole.div_ceil(1_000)).unwrap_or(u64::MAX))
    }
}

/// A price of a million tokens, up to 1,000 dollars.
fn thousandths(text: &str) -> Option<u64> {
    const MOST: u64 = 100_000_000;
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| {
        let number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        number.then(|| text.parse::<u64>().ok()).flatten()
    };
    if !(1..=3).contains(&part.len()) {
        return None;
    }
    let part = digits(&format!("{part:0<3}"))?;
    let price = digits(whole)?.checked_mul(1_000)?.checked_add(part)?;
    (price <= MOST).then_some(price)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn prices_are_read_to_the_thousandth() {
        let read = |text| Prices::parse(text).map(|of| (of.prompt, of.completion, of.embedded));
        assert_eq!(read("40 160 2"), Some((40_000, 160_000, 2_000)));
        assert_eq!(read(" 0 0.5  6.701 "), Some((0, 500, 6_701)));
        for wrong in [
            "",
            "1 2",
            "1 2 3 4",
            "-1 2 3",
            "1 2 x",
            "1 2 .5",
            "1 2 5.",
            "1 2 0.0001",
            "1e3 2 3",
            "100001 0 0",
            "1,5 2 3",
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_fraction_of_a_cent_is_not_lost() {
        let prices = Prices::parse("40 160 6.7").unwrap();
        let cents = |prompt, completion, embedded| {
            let used = Usage {
                prompt,
                completion,
                embedded,
            };
            prices.of(used).cents()
        };
        assert_eq!(cents(1_000_000, 0, 0), 40.0);
        assert_eq!(cents(1_000, 250, 0), 0.08);
        assert_eq!(cents(0, 0, 10), 0.000_067);
        // Up, never down: a budget is not exceeded by what was rounded away.
        assert_eq!(cents(0, 0, 1), 0.000_007);
    }

    proptest! {
        /// More is never cheaper, and parts never cost less than the whole.
        #[test]
        fn costs_add_up(a in 0_u64..1 << 40, b in 0_u64..1 << 40, price in 0_u64..100_000_000) {
            let prices = Prices { prompt: price, completion: price, embedded: price };
            let of = |prompt, completion| prices.of(Usage { prompt, completion, embedded: 0 }).0;
            prop_assert!(of(a, 0) <= of(a, b));
            prop_assert!(of(a, b) <= of(a, 0) + of(0, b));
            prop_assert!(of(a, 0) + of(0, b) <= of(a, b) + 1);
        }
    }
}
