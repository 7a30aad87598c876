//! Values of every kind: those that no condition names, and those around the ones that some do.

use std::collections::BTreeMap;

use policy_core::condition::Pattern;
use policy_core::value::{Kind, Literal};

use super::both::BothColumn;
use super::like;

/// A value, or NULL.
pub(super) type Cell = Option<Literal>;

const DAY: i128 = 86_400_000_000;

/// A value that no condition names.
pub(super) fn fresh(kind: Kind, n: usize) -> Literal {
    let number = i64::try_from(n).unwrap_or(0);
    match kind {
        Kind::Bool => Literal::Bool(n.is_multiple_of(2)),
        Kind::Int => Literal::Int(1001 + number),
        Kind::Decimal => Literal::Decimal((1001 + number).to_string().into()),
        Kind::Uuid => {
            Literal::Uuid(0x0000_0000_0000_4000_8000_0000_0000_0000 + 0xca11_0000 + n as u128)
        }
        Kind::Timestamp => Literal::Timestamp(1_700_000_000_000_000 + number * 86_400_000_000),
        Kind::Date => Literal::Date(20_000 + i32::try_from(n).unwrap_or(0)),
        Kind::Text | Kind::Enum | Kind::Opaque => Literal::Text(format!("value {n}").into()),
    }
}

/// The n-th value of an attribute of memberships, such as a team.
pub(super) fn team(kind: Kind, n: usize) -> Literal {
    match kind {
        Kind::Bool => Literal::Bool(n == 0),
        Kind::Text | Kind::Enum | Kind::Opaque => Literal::Text(format!("team {n}").into()),
        kind => fresh(kind, 7_000 + n),
    }
}

/// Values of a column for every way in which they can stand to the constants and patterns.
pub(super) fn pool(
    column: &BothColumn,
    mut constants: Vec<Literal>,
    patterns: &[Pattern],
    each: usize,
) -> Option<Vec<Literal>> {
    let mut values: Vec<Literal> = match column.kind {
        Kind::Bool => vec![Literal::Bool(false), Literal::Bool(true)],
        kind if kind.is_ordered() => {
            if constants.is_empty() {
                (1..=each).map(|n| fresh(kind, n)).collect()
            } else {
                around(kind, &constants, each.max(1), column.scale)
            }
        }
        Kind::Text | Kind::Enum if !column.allowed.is_empty() => {
            listed(column, &constants, patterns, each)
        }
        Kind::Text | Kind::Enum if !patterns.is_empty() => {
            let texts: Vec<&str> = constants.iter().filter_map(text).collect();
            let found = like::witnesses(patterns, &texts, each.max(1))?;
            found
                .into_iter()
                .map(|text| Literal::Text(text.into()))
                .collect()
        }
        kind => {
            let open = (1..=each).map(|n| fresh(kind, n));
            constants.extend(open);
            constants
        }
    };
    let mut seen: Vec<Literal> = Vec::new();
    values.retain(|value| {
        let new = !seen.contains(value);
        if new {
            seen.push(value.clone());
        }
        new
    });
    Some(values)
}

fn text(literal: &Literal) -> Option<&str> {
    match literal {
        Literal::Text(text) => Some(text),
        _ => None,
    }
}

/// Of the values that a column can have at all: those that are named, and of the others so many for
/// each way in which the patterns match them.
fn listed(
    column: &BothColumn,
    constants: &[Literal],
    patterns: &[Pattern],
    each: usize,
) -> Vec<Literal> {
    let mut counts: BTreeMap<Vec<bool>, usize> = BTreeMap::new();
    let mut values = Vec::new();
    for value in &column.allowed {
        let named = constants.iter().any(|of| text(of) == Some(value));
        let way = patterns
            .iter()
            .map(|pattern| pattern.matches(value))
            .collect();
        let count = counts.entry(way).or_default();
        if named || *count < each {
            values.push(Literal::Text(value.as_str().into()));
        }
        *count += usize::from(!named);
    }
    values
}

/// The constants, and values between, below and above them: `each` different ones in every gap that
/// has so many.
pub(super) fn around(
    kind: Kind,
    constants: &[Literal],
    each: usize,
    scale: Option<u32>,
) -> Vec<Literal> {
    let digits = constants.iter().map(fraction).max().unwrap_or(0);
    let scale = match kind {
        Kind::Decimal => scale.map_or(digits + 2, |most| most.min(digits + 2)),
        _ => 0,
    };
    let mut special = Vec::new();
    let mut points = Vec::new();
    for constant in constants {
        match scaled(constant, scale) {
            Some(point) => points.push(point),
            // Infinities and NaN: beyond all others, and equal to themselves only.
            None => special.push(constant.clone()),
        }
    }
    points.sort_unstable();
    points.dedup();
    let each = i128::try_from(each).unwrap_or(1);
    let gap = points.windows(2).filter_map(|pair| match pair {
        [a, b] => Some(b - a),
        _ => None,
    });
    // Round steps where there is room for them: people read these values.
    let coarse = match kind {
        Kind::Timestamp => DAY,
        Kind::Decimal => 10_i128.pow(scale),
        _ => 1,
    };
    let roomy = gap.min().is_none_or(|gap| gap > 2 * each * coarse);
    let step = if roomy { coarse } else { 1 };
    if points.is_empty() {
        points.push(scaled(&fresh(kind, 0), scale).unwrap_or(0));
    }
    // What follows a constant fills the gap behind it; only before the first there is another one.
    let before = points
        .first()
        .map(|point| (1..=each).map(move |n| point - n * step));
    let before: Vec<i128> = before.into_iter().flatten().collect();
    let mut all: Vec<i128> = points
        .iter()
        .flat_map(|point| (0..=each).map(move |n| point + n * step))
        .chain(before)
        .collect();
    all.sort_unstable();
    all.dedup();
    let values = all
        .into_iter()
        .filter_map(|point| unscaled(kind, point, scale));
    values.chain(special).collect()
}

fn fraction(literal: &Literal) -> u32 {
    match literal {
        Literal::Decimal(text) => text
            .split_once('.')
            .map_or(0, |(_, digits)| u32::try_from(digits.len()).unwrap_or(0)),
        _ => 0,
    }
}

/// A value as a whole number of the smallest units, rounded down.
fn scaled(literal: &Literal, scale: u32) -> Option<i128> {
    match literal {
        Literal::Int(n) => Some(i128::from(*n) * 10_i128.checked_pow(scale)?),
        Literal::Timestamp(n) if *n != i64::MAX && *n != i64::MIN => Some(i128::from(*n)),
        Literal::Date(n) if *n != i32::MAX && *n != i32::MIN => Some(i128::from(*n)),
        Literal::Decimal(text) => {
            let (negative, bare) = match text.strip_prefix('-') {
                Some(rest) => (true, rest),
                None => (false, text.strip_prefix('+').unwrap_or(text)),
            };
            let (whole, fraction) = bare.split_once('.').unwrap_or((bare, ""));
            let places = u32::try_from(fraction.len()).ok()?;
            let number: i128 = format!("{whole}{fraction}").parse().ok()?;
            let number = if negative { -number } else { number };
            Some(if places <= scale {
                number.checked_mul(10_i128.checked_pow(scale - places)?)?
            } else {
                number.div_euclid(10_i128.checked_pow(places - scale)?)
            })
        }
        _ => None,
    }
}

fn unscaled(kind: Kind, point: i128, scale: u32) -> Option<Literal> {
    Some(match kind {
        Kind::Int => Literal::Int(i64::try_from(point).ok()?),
        Kind::Timestamp => Literal::Timestamp(i64::try_from(point).ok()?),
        Kind::Date => Literal::Date(i32::try_from(point).ok()?),
        _ => {
            let unit = 10_i128.checked_pow(scale)?;
            let sign = if point < 0 { "-" } else { "" };
            let (whole, rest) = (point.abs() / unit, point.abs() % unit);
            let fraction = format!("{rest:0width$}", width = scale as usize);
            let fraction = fraction.trim_end_matches('0');
            let point = if fraction.is_empty() || scale == 0 {
                ""
            } else {
                "."
            };
            let fraction = if scale == 0 { "" } else { fraction };
            Literal::Decimal(format!("{sign}{whole}{point}{fraction}").into())
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(kind: Kind, constants: &[Literal], each: usize, scale: Option<u32>) -> Vec<String> {
        let found = around(kind, constants, each, scale);
        found.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn every_gap_has_its_values() {
        let five = |n| Literal::Int(n);
        assert_eq!(texts(Kind::Int, &[five(5)], 1, None), ["4", "5", "6"]);
        assert_eq!(
            texts(Kind::Int, &[five(5), five(6)], 1, None),
            ["4", "5", "6", "7"]
        );
        assert_eq!(
            texts(Kind::Int, &[five(5), five(9)], 2, None),
            ["3", "4", "5", "6", "7", "9", "10", "11"]
        );
        let half = Literal::Decimal("1.5".into());
        assert_eq!(
            texts(Kind::Int, std::slice::from_ref(&half), 1, None),
            ["0", "1", "2"]
        );
        assert_eq!(
            texts(Kind::Decimal, std::slice::from_ref(&half), 1, None),
            ["0.5", "1.5", "2.5"]
        );
        let close = Literal::Decimal("-1.51".into());
        assert_eq!(
            texts(
                Kind::Decimal,
                &[Literal::Decimal("-1.5".into()), close],
                1,
                None
            ),
            ["-1.5101", "-1.51", "-1.5099", "-1.5", "-1.4999"]
        );
        assert_eq!(texts(Kind::Decimal, &[half], 1, Some(0)), ["0", "1", "2"]);
    }

    #[test]
    fn what_is_beyond_all_others_is_kept() {
        let values = texts(Kind::Decimal, &[Literal::Decimal("NaN".into())], 1, None);
        assert!(
            values.contains(&"'NaN'".to_owned()) && values.len() > 1,
            "{values:?}"
        );
    }
}
