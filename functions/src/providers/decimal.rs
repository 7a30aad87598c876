//! Decimal numbers, exact: what a custodian says of quantities and money never passes through a float.

use std::fmt::{self, Display, Formatter};

/// Digits beyond this are more than any amount has.
const MOST_DIGITS: usize = 30;

/// A number with a fixed count of decimal places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decimal {
    units: i128,
    /// How many of the digits are behind the point; no zero is the last of them.
    places: u32,
}

impl Decimal {
    /// Zero.
    pub const ZERO: Self = Self {
        units: 0,
        places: 0,
    };

    /// Reads a number as JSON writes it; `None` if it is none, or has more than 30 digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
            None => (text, 0),
        };
        let (negative, digits) = match mantissa.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, mantissa),
        };
        let (whole, behind) = match digits.split_once('.') {
            Some((_, "")) => return None,
            Some(parts) => parts,
            None => (digits, ""),
        };
        let all: String = format!("{whole}{behind}");
        let plain = all.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !plain || all.len() > MOST_DIGITS {
            return None;
        }
        let units: i128 = all.parse().ok()?;
        let places = i32::try_from(behind.len()).ok()?.checked_sub(exponent)?;
        let units = if negative { -units } else { units };
        if units == 0 {
            return Some(Self::ZERO);
        }
        match u32::try_from(places) {
            Ok(places) if places <= 60 => Some(Self { units, places }.trimmed()),
            Ok(_) => None,
            Err(_) => Some(Self {
                units: units.checked_mul(power(places.unsigned_abs())?)?,
                places: 0,
            }),
        }
    }

    fn trimmed(mut self) -> Self {
        while self.places > 0 && self.units % 10 == 0 {
            self.units /= 10;
            self.places -= 1;
        }
        self
    }

    /// The number to so many places at most, rounded half away from zero.
    #[must_use]
    pub fn to_places(self, places: u32) -> Option<Self> {
        let Some(surplus) = self.places.checked_sub(places).filter(|of| *of > 0) else {
            return Some(self);
        };
        let Some(by) = power(surplus) else {
            return Some(Self::ZERO);
        };
        let (whole, rest) = (self.units / by, self.units % by);
        let up = rest.checked_abs()? >= by - by / 2;
        let units = whole.checked_add(if up { self.units.signum() } else { 0 })?;
        Some(Self { units, places }.trimmed())
    }

    /// The sum.
    #[must_use]
    pub fn plus(self, other: Self) -> Option<Self> {
        let places = self.places.max(other.places);
        let at = |one: Self| {
            one.units
                .checked_mul(power(places.checked_sub(one.places)?)?)
        };
        let units = at(self)?.checked_add(at(other)?)?;
        Some(Self { units, places }.trimmed())
    }

    /// The difference.
    #[must_use]
    pub fn minus(self, other: Self) -> Option<Self> {
        let units = other.units.checked_neg()?;
        self.plus(Self { units, ..other })
    }

    /// An amount of money in whole hundredths, rounded half away from zero.
    #[must_use]
    pub fn cents(self) -> Option<i64> {
        let rounded = self.to_places(2)?;
        let missing = power(2_u32.checked_sub(rounded.places)?)?;
        i64::try_from(rounded.units.checked_mul(missing)?).ok()
    }
}

impl Display for Decimal {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let places = usize::try_from(self.places).map_err(|_| fmt::Error)?;
        let digits = self.units.unsigned_abs().to_string();
        let digits = format!("{digits:0>width$}", width = places.saturating_add(1));
        let (whole, behind) = digits.split_at(digits.len().saturating_sub(places));
        let sign = if self.units < 0 { "-" } else { "" };
        match behind {
            "" => write!(f, "{sign}{whole}"),
            behind => write!(f, "{sign}{whole}.{behind}"),
        }
    }
}

fn power(of_ten: u32) -> Option<i128> {
    10_i128.checked_pow(of_ten)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_are_read_as_they_are_written() {
        for (text, read) in [
            ("0", "0"),
            ("-0.0", "0"),
            ("4120.50000001", "4120.50000001"),
            ("570000", "570000"),
            ("1.50", "1.5"),
            ("1e3", "1000"),
            ("1.5E-7", "0.00000015"),
            ("0.30000000000000004", "0.30000000000000004"),
            (
                "12345678901234567890.12345678",
                "12345678901234567890.12345678",
            ),
            ("0e99", "0"),
        ] {
            assert_eq!(Decimal::parse(text).unwrap().to_string(), read, "{text}");
        }
        for text in [
            "", "-", ".5", "5.", "1,5", "0x1", "NaN", "1e", "1e99", "1 ", "--1",
        ] {
            assert_eq!(Decimal::parse(text), None, "{text}");
        }
    }

    #[test]
    fn money_is_rounded_half_away_from_zero() {
        for (text, cents) in [
            ("3800.0", Some(380_000)),
            ("0.005", Some(1)),
            ("-0.005", Some(-1)),
            ("0.00499999", Some(0)),
            ("1837895.1100000001", Some(183_789_511)),
            ("92233720368547758.07", Some(i64::MAX)),
            ("92233720368547758.08", None),
        ] {
            assert_eq!(Decimal::parse(text).unwrap().cents(), cents, "{text}");
        }
        let noisy = Decimal::parse("0.30000000000000004").unwrap();
        assert_eq!(noisy.to_places(8).unwrap().to_string(), "0.3");
    }

    proptest! {
        #[test]
        fn sums_are_those_of_whole_numbers(a in -1_000_000_000_000_i64..1_000_000_000_000, b in -1_000_000_000_000_i64..1_000_000_000_000) {
            let of = |units: i64| Decimal { units: i128::from(units), places: 8 }.trimmed();
            prop_assert_eq!(of(a).plus(of(b)), Some(of(a + b)));
            prop_assert_eq!(of(a).minus(of(b)), Some(of(a - b)));
            prop_assert_eq!(Decimal::parse(&of(a).to_string()), Some(of(a)));
        }
    }
}
