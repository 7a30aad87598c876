//! Texts for every way in which patterns can match.

use std::collections::{BTreeMap, HashMap, VecDeque};

use policy_core::condition::Pattern;

/// The most states that are looked at.
const MOST: usize = 20_000;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Exactly(char),
    EitherCase(char),
    AnyOne,
    AnyMany,
}

/// Texts such that every way in which the patterns (and the constants, which match themselves) can
/// match or not match a text occurs among them, with `each` different texts where there are as many.
///
/// Every text leads all patterns together through one path of states; the shortest paths to each
/// state are followed until there is no new one.
pub(super) fn witnesses(
    patterns: &[Pattern],
    constants: &[&str],
    each: usize,
) -> Option<Vec<String>> {
    let mut machines: Vec<Vec<Part>> = patterns.iter().map(parts).collect();
    machines.extend(
        constants
            .iter()
            .map(|text| text.chars().map(Part::Exactly).collect()),
    );
    if machines.iter().any(|parts| parts.len() > 120) {
        return None;
    }
    let mut letters: Vec<char> = machines
        .iter()
        .flatten()
        .flat_map(|part| match part {
            Part::Exactly(c) => vec![*c],
            Part::EitherCase(c) => vec![c.to_ascii_lowercase(), c.to_ascii_uppercase()],
            Part::AnyOne | Part::AnyMany => Vec::new(),
        })
        .collect();
    let other = ('a'..='z').chain('A'..='Z').rev().chain(['\u{e000}']);
    letters.extend(
        other
            .filter(|c| !letters.contains(c))
            .take(1)
            .collect::<Vec<_>>(),
    );
    letters.sort_unstable();
    letters.dedup();

    let start: Vec<u128> = machines.iter().map(|parts| closed(parts, 1)).collect();
    let mut visits: HashMap<Vec<u128>, usize> = HashMap::new();
    let mut found: BTreeMap<Vec<bool>, Vec<String>> = BTreeMap::new();
    let mut queue = VecDeque::from([(start, String::new())]);
    while let Some((state, text)) = queue.pop_front() {
        if visits.len() > MOST {
            return None;
        }
        let seen = visits.entry(state.clone()).or_default();
        if *seen >= each {
            continue;
        }
        *seen += 1;
        let accepted = machines
            .iter()
            .zip(&state)
            .map(|(parts, set)| set & (1 << parts.len()) != 0)
            .collect();
        let texts = found.entry(accepted).or_default();
        if texts.len() < each {
            texts.push(text.clone());
        }
        for letter in &letters {
            let next = machines
                .iter()
                .zip(&state)
                .map(|(parts, set)| step(parts, *set, *letter))
                .collect();
            queue.push_back((next, format!("{text}{letter}")));
        }
    }
    Some(found.into_values().flatten().collect())
}

fn parts(pattern: &Pattern) -> Vec<Part> {
    let (mut parts, mut chars) = (Vec::new(), pattern.source.chars());
    let letter = |c| {
        if pattern.folds {
            Part::EitherCase(c)
        } else {
            Part::Exactly(c)
        }
    };
    while let Some(c) = chars.next() {
        parts.push(match c {
            '\\' => letter(chars.next().unwrap_or('\\')),
            '_' => Part::AnyOne,
            '%' => Part::AnyMany,
            c => letter(c),
        });
    }
    parts
}

/// The places that are reached without another letter.
fn closed(parts: &[Part], mut set: u128) -> u128 {
    for (at, part) in parts.iter().enumerate() {
        if *part == Part::AnyMany && set & (1 << at) != 0 {
            set |= 1 << (at + 1);
        }
    }
    set
}

fn step(parts: &[Part], set: u128, letter: char) -> u128 {
    let mut next = 0;
    for (at, part) in parts.iter().enumerate() {
        if set & (1 << at) == 0 {
            continue;
        }
        match part {
            Part::Exactly(c) if *c == letter => next |= 1 << (at + 1),
            Part::EitherCase(c) if c.eq_ignore_ascii_case(&letter) => next |= 1 << (at + 1),
            Part::AnyOne => next |= 1 << (at + 1),
            Part::AnyMany => next |= 1 << at,
            Part::Exactly(_) | Part::EitherCase(_) => {}
        }
    }
    closed(parts, next)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_way_to_match_is_found() {
        let patterns = ["a%", "%b", "_", "a_b%", "%\\%%", "ab", ""];
        let folding = ["A_", "%aB"].map(|p| Pattern::parse(p).unwrap().folding());
        let parsed: Vec<Pattern> = patterns
            .iter()
            .map(|p| Pattern::parse(p).unwrap())
            .chain(folding)
            .collect();
        let way = |text: &str| -> Vec<bool> { parsed.iter().map(|p| p.matches(text)).collect() };
        let found: BTreeSet<Vec<bool>> = witnesses(&parsed, &["b", "x"], 1)
            .unwrap()
            .iter()
            .map(|text| way(text))
            .collect();
        // Every text of up to five letters, by brute force.
        let letters = ['a', 'A', 'b', 'B', '%', 'x', 'y'];
        let mut texts = vec![String::new()];
        let mut from = 0;
        for _ in 0..5 {
            let to = texts.len();
            for at in from..to {
                for letter in letters {
                    texts.push(format!("{}{letter}", texts[at]));
                }
            }
            from = to;
        }
        let all: BTreeSet<Vec<bool>> = texts.iter().map(|text| way(text)).collect();
        assert!(all.len() > 10);
        assert_eq!(all, found);
    }

    #[test]
    fn several_of_each_are_different() {
        let pattern = Pattern::parse("a%").unwrap();
        let texts = witnesses(&[pattern], &["ab"], 3).unwrap();
        assert_eq!(
            texts
                .iter()
                .filter(|text| text.starts_with('a') && *text != "ab")
                .count(),
            3
        );
        assert_eq!(
            texts.iter().filter(|text| !text.starts_with('a')).count(),
            3
        );
        assert_eq!(texts.iter().collect::<BTreeSet<_>>().len(), texts.len());
    }
}
