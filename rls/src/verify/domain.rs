//! The partition of a column's values by everything the policy compares it with.
//!
//! All values of one class give every condition the same truth value, so one of each is enough, and
//! dependent comparisons (`x > 5`, `x > 10`) never ask for a row that cannot be.

use std::collections::BTreeSet;

use policy_core::columns::ColumnIndex;
use policy_core::condition::{Comparison, Condition, Operand};
use policy_core::model::{Place, Policy, Subject, Table};
use policy_core::value::{Kind, Literal, date_text, timestamp_text, uuid_text};

use super::people::conditions;

/// One value that stands for its class.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Point {
    /// This value, or NULL.
    Value(Option<String>),
    /// Any that is none of the others and not NULL: whatever the row would have by itself.
    Other,
    /// The caller's id.
    Caller,
    /// The caller's e-mail.
    Email,
}

/// A column with its classes.
#[derive(Clone, Debug)]
pub(super) struct Domain {
    pub(super) column: ColumnIndex,
    pub(super) points: Vec<Point>,
}

const DAY: i64 = 86_400_000_000;

/// The columns that the policy looks at in a row of this table, but for the references to parents
/// and peers, whose classes are rows.
pub(super) fn domains(policy: &Policy, table: &Table, now: i64) -> Vec<Domain> {
    let mut points: Vec<(ColumnIndex, BTreeSet<Point>)> = Vec::new();
    let mut add = |column: ColumnIndex, new: Vec<Point>| match points
        .iter_mut()
        .find(|(of, _)| *of == column)
    {
        Some((_, known)) => known.extend(new),
        None => points.push((column, new.into_iter().collect())),
    };
    for condition in conditions(table) {
        visit(condition, table, now, &mut add);
    }
    let found = policy.tenant.as_ref().and_then(|tenant| tenant.found);
    if let (Place::Root(_), Some(found)) = (table.place, found) {
        add(found.author, vec![Point::Caller]);
        add(found.stamp, vec![instant(now - DAY), instant(now)]);
    }
    if let Some(retire) = &table.retire {
        add(retire.column, vec![literal(&retire.value)]);
        add(retire.stamp, vec![instant(now - DAY), instant(now)]);
    }
    for rule in &table.rules {
        if let Subject::Itself(column) = rule.subject {
            add(column, vec![Point::Caller]);
        }
    }
    for members in policy.tenant.iter().flat_map(|tenant| &tenant.members) {
        let own = policy
            .table_at(members.table)
            .is_some_and(|of| of.name == table.name);
        if !own {
            continue;
        }
        let roles = policy.tenant.iter().flat_map(|tenant| &tenant.roles);
        if let Some(column) = members.role.column() {
            add(
                column,
                roles.map(|role| Point::Value(Some(role.clone()))).collect(),
            );
        }
        add(members.caller, vec![Point::Caller]);
        if let Some(condition) = &members.condition {
            visit(condition, table, now, &mut add);
        }
    }
    points
        .into_iter()
        .map(|(column, mut points)| {
            if table
                .columns
                .get(usize::from(column))
                .is_none_or(|c| c.kind != Kind::Bool)
                && !is_stamp(table, policy, column)
            {
                points.insert(Point::Other);
            }
            if !table.not_null.contains(column) {
                points.insert(Point::Value(None));
            }
            Domain {
                column,
                points: points.into_iter().collect(),
            }
        })
        .collect()
}

/// Of a stamp only two classes can be told apart: this transaction's, and earlier.
fn is_stamp(table: &Table, policy: &Policy, column: ColumnIndex) -> bool {
    let retired = table
        .retire
        .as_ref()
        .is_some_and(|retire| retire.stamp == column);
    let found = policy.tenant.as_ref().and_then(|tenant| tenant.found);
    retired
        || matches!(table.place, Place::Root(_)) && found.is_some_and(|found| found.stamp == column)
}

fn visit(
    condition: &Condition,
    table: &Table,
    now: i64,
    add: &mut impl FnMut(ColumnIndex, Vec<Point>),
) {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => {
            for part in parts {
                visit(part, table, now, add);
            }
        }
        Condition::Not(inner) => visit(inner, table, now, add),
        Condition::Compare(comparison, left, right) => {
            let exact = matches!(comparison, Comparison::Equal | Comparison::NotEqual);
            compared(left, right, exact, table, now, add);
        }
        Condition::Distinct(left, right) => compared(left, right, true, table, now, add),
        Condition::OneOf(Operand::Column(column), literals) => {
            add(*column, literals.iter().map(literal).collect());
        }
        Condition::IsNull(Operand::Column(column)) => add(*column, Vec::new()),
        Condition::Flag(Operand::Column(column)) => {
            let both = ["false", "true"].map(|text| Point::Value(Some(text.to_owned())));
            add(*column, both.into());
        }
        Condition::Like(Operand::Column(column), pattern) => {
            let text = matching(&pattern.source);
            let other = pattern.folds.then(|| swapped(&text));
            let points = [Some(text), other].into_iter().flatten();
            add(
                *column,
                points.map(|text| Point::Value(Some(text))).collect(),
            );
        }
        Condition::OneOf(..) | Condition::IsNull(_) | Condition::Flag(_) | Condition::Like(..) => {}
    }
}

fn compared(
    left: &Operand,
    right: &Operand,
    exact: bool,
    table: &Table,
    now: i64,
    add: &mut impl FnMut(ColumnIndex, Vec<Point>),
) {
    for (column, other) in [(left, right), (right, left)] {
        let Operand::Column(column) = column else {
            continue;
        };
        let kind = table
            .columns
            .get(usize::from(*column))
            .map_or(Kind::Opaque, |c| c.kind);
        let points = match other {
            Operand::Literal(value) if exact => vec![literal(value)],
            Operand::Literal(value) => around(value),
            Operand::CallerId => vec![Point::Caller],
            Operand::CallerEmail => vec![Point::Email],
            Operand::CallerAal => vec![Point::Value(Some("aal2".to_owned()))],
            Operand::Now => [now - DAY, now, now + DAY].map(instant).into(),
            // Both columns get the same two values: equal, less and greater all come up.
            Operand::Column(_) => two_of(kind, now),
        };
        add(*column, points);
        if kind == Kind::Bool {
            add(*column, two_of(kind, now));
        }
    }
}

fn two_of(kind: Kind, now: i64) -> Vec<Point> {
    let texts = match kind {
        Kind::Bool => ["false".to_owned(), "true".to_owned()],
        Kind::Int | Kind::Decimal => ["1".to_owned(), "2".to_owned()],
        Kind::Timestamp => [timestamp_text(now - 2 * DAY), timestamp_text(now - DAY)],
        Kind::Date => [date_text(20_000), date_text(20_001)],
        Kind::Uuid => [uuid_text(0xaaaa), uuid_text(0xbbbb)],
        Kind::Text => ["a".to_owned(), "b".to_owned()],
        Kind::Enum | Kind::Opaque => return Vec::new(),
    };
    texts.map(|text| Point::Value(Some(text))).into()
}

/// A literal and its neighbours.
fn around(value: &Literal) -> Vec<Point> {
    let near: Vec<Literal> = match value {
        Literal::Int(n) => (-1..=1)
            .map(|d| Literal::Int(n.saturating_add(d)))
            .collect(),
        Literal::Date(n) => (-1..=1)
            .map(|d| Literal::Date(n.saturating_add(d)))
            .collect(),
        Literal::Timestamp(n) => (-1..=1)
            .map(|d| Literal::Timestamp(n.saturating_add(d)))
            .collect(),
        Literal::Decimal(text) => {
            // A fraction that every scale can hold, where there is one.
            let more = |by| {
                let whole: Option<i64> = text.split('.').next()?.parse().ok();
                Some(Literal::Decimal(
                    whole?.saturating_add(by).to_string().into(),
                ))
            };
            [more(-1), more(1)]
                .into_iter()
                .flatten()
                .chain([value.clone()])
                .collect()
        }
        // Nothing lies between a text and the same with the lowest character behind it.
        Literal::Text(text) => ["", text, &format!("{text}\u{1}")]
            .map(|near| Literal::Text(near.into()))
            .into(),
        other => vec![other.clone()],
    };
    near.iter().map(literal).collect()
}

fn instant(micros: i64) -> Point {
    Point::Value(Some(timestamp_text(micros)))
}

fn literal(literal: &Literal) -> Point {
    Point::Value(Some(match literal {
        Literal::Text(text) => text.to_string(),
        Literal::Uuid(uuid) => uuid_text(*uuid),
        Literal::Timestamp(micros) => timestamp_text(*micros),
        Literal::Date(days) => date_text(*days),
        Literal::Decimal(text) => text.to_string(),
        Literal::Bool(_) | Literal::Int(_) => literal.to_string(),
    }))
}

/// A text that the pattern matches.
fn matching(pattern: &str) -> String {
    let (mut text, mut chars) = (String::new(), pattern.chars());
    while let Some(c) = chars.next() {
        match c {
            '\\' => text.extend(chars.next()),
            '_' => text.push('x'),
            '%' => {}
            c => text.push(c),
        }
    }
    text
}

/// The same letters in the other case, which `like` tells apart and `ilike` does not.
fn swapped(text: &str) -> String {
    let other = |c: char| match c {
        'a'..='z' => c.to_ascii_uppercase(),
        c => c.to_ascii_lowercase(),
    };
    text.chars().map(other).collect()
}

/// Every combination of one point per column.
pub(super) fn vectors(domains: &[Domain]) -> Vec<Vec<(ColumnIndex, Point)>> {
    let mut all = vec![Vec::new()];
    for domain in domains {
        all = all
            .into_iter()
            .flat_map(|vector: Vec<_>| {
                domain.points.iter().map(move |point| {
                    let mut longer = vector.clone();
                    longer.push((domain.column, point.clone()));
                    longer
                })
            })
            .collect();
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_matching_text_matches() {
        for pattern in ["a%b_c", "100\\%", "%", "_"] {
            let parsed = policy_core::condition::Pattern::parse(pattern).unwrap();
            assert!(parsed.matches(&matching(pattern)), "{pattern}");
            let other = swapped(&matching(pattern));
            assert!(parsed.clone().folding().matches(&other), "{pattern}");
            let has_letters = pattern.contains(|c: char| c.is_ascii_alphabetic());
            assert!(!(has_letters && parsed.matches(&other)), "{pattern}");
        }
    }

    #[test]
    fn neighbours_cut_at_the_constant() {
        let points = around(&Literal::Int(5));
        let texts: Vec<_> = points.iter().map(|p| format!("{p:?}")).collect();
        assert_eq!(texts.len(), 3);
        assert!(texts[0].contains('4') && texts[2].contains('6'));
    }

    #[test]
    fn vectors_are_the_product() {
        let domain = |column, n: usize| Domain {
            column,
            points: vec![Point::Other; n],
        };
        assert_eq!(vectors(&[domain(0, 3), domain(1, 4)]).len(), 12);
        assert_eq!(vectors(&[]).len(), 1);
    }
}
