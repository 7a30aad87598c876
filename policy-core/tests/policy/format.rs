//! The formatter changes layout and nothing else.

mod generate;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use policy_core::syntax::{self, WIDTH, format};
use proptest::prelude::*;

use super::support::{BODY, HEAD};

/// A tree without the places of its words.
fn tree(text: &str) -> String {
    let printed = match syntax::parse(text) {
        Ok(file) => format!("{file:#?}"),
        Err(findings) => panic!("{text}\n{findings:#?}"),
    };
    let mut tree = String::new();
    for line in printed.lines() {
        let place = ["start: ", "end: ", "line: "];
        if !place
            .iter()
            .any(|field| line.trim_start().starts_with(field))
        {
            let _ = writeln!(tree, "{line}");
        }
    }
    tree
}

/// The words and comments of a text in order, found without the parser's own lexer.
fn words(text: &str) -> Vec<String> {
    let (mut words, mut rest) = (Vec::new(), text);
    while let Some(first) = rest.chars().next() {
        let end = match first {
            '\'' | '"' => {
                // A doubled quote is two words here, on both sides alike.
                1 + rest[1..].find(first).unwrap() + 1
            }
            '-' if rest.starts_with("--") => rest.find('\n').unwrap_or(rest.len()),
            c if c.is_alphanumeric() || c == '_' => rest
                .find(|c: char| !c.is_alphanumeric() && c != '_' && c != '$')
                .unwrap_or(rest.len()),
            '<' | '>' | '!' if rest[1..].starts_with(['=', '>']) => 2,
            c => c.len_utf8(),
        };
        let word = rest[..end].trim();
        if !word.is_empty() {
            words.push(word.to_owned());
        }
        rest = &rest[end..];
    }
    words
}

/// Everything that must hold of any text that parses; the formatted text.
fn hold(text: &str) -> String {
    let once = format(text).unwrap();
    assert_eq!(words(&once), words(text), "words of\n{text}\n->\n{once}");
    assert_eq!(tree(&once), tree(text), "meaning of\n{text}\n->\n{once}");
    assert_eq!(format(&once).unwrap(), once, "a second time:\n{text}");
    once
}

fn files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let entries = fs::read_dir(folder).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    paths
        .filter(|path| path.extension().is_some_and(|e| e == "policy"))
        .collect()
}

#[test]
fn shipped_policies_are_formatted() {
    let shipped = files("../policies");
    assert!(!shipped.is_empty());
    for path in shipped.into_iter().chain(files("../rls/tests/shop")) {
        let text = fs::read_to_string(&path).unwrap();
        let formatted = hold(&text);
        assert!(
            text == formatted,
            "{} is not formatted; run `countersign fmt`",
            path.display()
        );
        assert!(formatted.lines().all(|line| {
            let words = line.split_once("--").map_or(line, |(words, _)| words);
            words.trim_end().chars().count() <= WIDTH
        }));
    }
}

#[test]
fn layout() {
    let text = fs::read_to_string(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/policy/format/untidy.policy"),
    );
    insta::assert_snapshot!(hold(&text.unwrap()));
}

#[test]
fn the_policies_of_the_tests_hold() {
    hold(&format!("{HEAD}{BODY}"));
}

#[test]
fn a_text_on_one_line_comes_out_as_its_own_layout() {
    let formatted = hold(&format!("{HEAD}{BODY}"));
    let line = formatted.split_whitespace().collect::<Vec<_>>().join(" ");
    let without_blanks = |text: &str| {
        let lines: Vec<&str> = text.lines().filter(|line| !line.is_empty()).collect();
        lines.join("\n")
    };
    assert_eq!(without_blanks(&hold(&line)), without_blanks(&formatted));
}

#[test]
fn what_does_not_parse_is_refused_with_all_findings() {
    let findings = format("app a;\non t { viewer select; }\nom x;").unwrap_err();
    assert_eq!(findings.len(), 2);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_policy_keeps_its_words_and_meaning(tape in prop::collection::vec(any::<u8>(), 0..600)) {
        hold(&generate::policy(&tape));
    }
}
