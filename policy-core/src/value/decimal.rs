//! Exact decimal numbers, compared as text: no digit is lost and nothing is allocated.

use std::cmp::Ordering;

/// A value of `numeric`, in the words of whoever wrote it: equal values need not look alike.
///
/// `NaN` equals itself and is greater than anything, as PostgreSQL has it.
#[derive(Clone, Copy, Debug)]
pub struct Decimal<'a>(&'a str);

impl<'a> Decimal<'a> {
    /// Reads digits with at most one point and a sign before them, `NaN`, `Infinity` or
    /// `-Infinity`: what PostgreSQL prints. Other forms that it reads, such as `1e5`, are not.
    #[must_use]
    pub fn parse(text: &'a str) -> Option<Self> {
        let parts = Self(text).parts();
        let (whole, fraction) = match parts {
            Parts::Finite {
                whole, fraction, ..
            } => (whole, fraction),
            _ => return Some(Self(text)),
        };
        let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
        (digits(whole) && digits(fraction) && !(whole.is_empty() && fraction.is_empty()))
            .then_some(Self(text))
    }

    /// The text it was read from.
    #[must_use]
    pub fn text(self) -> &'a str {
        self.0
    }

    /// The shortest text of the value, which all equal values share.
    #[must_use]
    pub fn canonical(self) -> String {
        let Parts::Finite {
            negative,
            whole,
            fraction,
        } = self.parts()
        else {
            return self.0.to_owned();
        };
        let (whole, fraction) = bare(whole, fraction);
        let sign = if negative && !(whole.is_empty() && fraction.is_empty()) {
            "-"
        } else {
            ""
        };
        let whole = if whole.is_empty() { "0" } else { whole };
        let point = if fraction.is_empty() { "" } else { "." };
        format!("{sign}{whole}{point}{fraction}")
    }

    /// How it compares with a whole number.
    #[must_use]
    pub fn compare_integer(self, number: i64) -> Ordering {
        // A sign and 19 digits, on the stack.
        let mut buffer = [0_u8; 20];
        let (mut left, mut at) = (number.unsigned_abs(), buffer.len());
        for (position, slot) in buffer.iter_mut().enumerate().rev() {
            *slot = b'0' + u8::try_from(left % 10).unwrap_or(0);
            left /= 10;
            at = position;
            if left == 0 {
                break;
            }
        }
        if number < 0 && at > 0 {
            at -= 1;
            if let Some(slot) = buffer.get_mut(at) {
                *slot = b'-';
            }
        }
        let digits = buffer
            .get(at..)
            .and_then(|bytes| std::str::from_utf8(bytes).ok());
        self.cmp(&Decimal(digits.unwrap_or("0")))
    }

    fn parts(self) -> Parts<'a> {
        match self.0 {
            "NaN" => return Parts::NotANumber,
            "Infinity" => return Parts::Infinite { negative: false },
            "-Infinity" => return Parts::Infinite { negative: true },
            _ => {}
        }
        let (negative, rest) = match self.0.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, self.0.strip_prefix('+').unwrap_or(self.0)),
        };
        let (whole, fraction) = rest.split_once('.').unwrap_or((rest, ""));
        Parts::Finite {
            negative,
            whole,
            fraction,
        }
    }
}

enum Parts<'a> {
    NotANumber,
    Infinite {
        negative: bool,
    },
    Finite {
        negative: bool,
        whole: &'a str,
        fraction: &'a str,
    },
}

/// The digits that count.
fn bare<'a>(whole: &'a str, fraction: &'a str) -> (&'a str, &'a str) {
    (
        whole.trim_start_matches('0'),
        fraction.trim_end_matches('0'),
    )
}

impl Ord for Decimal<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        let rank = |parts: &Parts<'_>| match parts {
            Parts::Infinite { negative: true } => 0,
            Parts::Finite { .. } => 1,
            Parts::Infinite { negative: false } => 2,
            Parts::NotANumber => 3,
        };
        let (one, two) = (self.parts(), other.parts());
        let (
            Parts::Finite {
                negative: minus,
                whole,
                fraction,
            },
            Parts::Finite {
                negative: other_minus,
                whole: other_whole,
                fraction: other_fraction,
            },
        ) = (&one, &two)
        else {
            return rank(&one).cmp(&rank(&two));
        };
        let (whole, fraction) = bare(whole, fraction);
        let (other_whole, other_fraction) = bare(other_whole, other_fraction);
        let is_zero = |whole: &str, fraction: &str| whole.is_empty() && fraction.is_empty();
        // There is one zero.
        let minus = *minus && !is_zero(whole, fraction);
        let other_minus = *other_minus && !is_zero(other_whole, other_fraction);
        match (minus, other_minus) {
            (true, false) => return Ordering::Less,
            (false, true) => return Ordering::Greater,
            _ => {}
        }
        let size = whole
            .len()
            .cmp(&other_whole.len())
            .then_with(|| whole.cmp(other_whole))
            .then_with(|| fraction.cmp(other_fraction));
        if minus { size.reverse() } else { size }
    }
}

impl PartialOrd for Decimal<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Decimal<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Decimal<'_> {}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(text: &str) -> Decimal<'_> {
        Decimal::parse(text).unwrap()
    }

    #[test]
    fn in_order() {
        let sorted = [
            "-Infinity",
            "-100",
            "-99.9",
            "-1.01",
            "-1",
            "-0.5",
            "0",
            "0.05",
            "0.5",
            ".51",
            "1",
            "1.0000000000000000000000000001",
            "9",
            "10",
            "99999999999999999999",
            "Infinity",
            "NaN",
        ];
        for (a, one) in sorted.iter().enumerate() {
            for (b, two) in sorted.iter().enumerate() {
                assert_eq!(of(one).cmp(&of(two)), a.cmp(&b), "{one} {two}");
            }
        }
    }

    #[test]
    fn equal_values_may_look_different() {
        for (one, two) in [("1", "1.00"), ("-0.0", "0"), ("007", "7."), (".5", "+0.50")] {
            assert_eq!(of(one), of(two));
            assert_eq!(of(one).canonical(), of(two).canonical());
        }
        for text in [
            "", "-", ".", "1e5", "1.2.3", "--1", "nan", " 1", "0x1", "1_000",
        ] {
            assert!(Decimal::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn whole_numbers_at_their_ends() {
        for number in [i64::MIN, i64::MIN + 1, -10, -1, 0, 1, 9, 10, i64::MAX] {
            let text = number.to_string();
            assert_eq!(
                of(&text).compare_integer(number),
                Ordering::Equal,
                "{number}"
            );
            let beyond = format!("{text}.5");
            let wanted = if number < 0 {
                Ordering::Less
            } else {
                Ordering::Greater
            };
            assert_eq!(of(&beyond).compare_integer(number), wanted, "{number}");
        }
        assert_eq!(of("NaN").compare_integer(i64::MAX), Ordering::Greater);
    }

    proptest! {
        /// Against whole numbers at a scale of their own.
        #[test]
        fn compares_as_scaled_integers(a in -100_000_i64..100_000, b in -100_000_i64..100_000, pad in 0..4_usize) {
            let text = |n: i64| {
                let sign = if n < 0 { "-" } else { "" };
                let n = n.unsigned_abs();
                format!("{sign}{}.{:03}{}", n / 1_000, n % 1_000, "0".repeat(pad))
            };
            prop_assert_eq!(of(&text(a)).cmp(&of(&text(b))), a.cmp(&b));
            let canonical = of(&text(a)).canonical();
            let written = text(a);
            prop_assert_eq!(of(&canonical), of(&written));
        }
    }
}
