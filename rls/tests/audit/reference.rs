//! The page with every finding is what the code says.

use std::collections::BTreeSet;

use countersign_rls::audit::{kinds, reference};

use crate::database::root;

/// With this the page is written anew instead of compared.
const UPDATE: &str = "COUNTERSIGN_UPDATE_DOCS";

#[test]
fn the_page_holds_every_finding() {
    let path = root().join("docs/audit.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (before, after) = page.split_once(reference::MARK).unwrap();
    let expected = reference::markdown();
    if std::env::var_os(UPDATE).is_some() {
        std::fs::write(&path, format!("{before}{}{expected}", reference::MARK)).unwrap();
        return;
    }
    assert_eq!(after, expected, "write it anew with {UPDATE}=1");
}

#[test]
fn every_kind_is_told_in_whole_sentences_and_under_one_name() {
    let mut names = BTreeSet::new();
    for kind in kinds::all() {
        assert!(names.insert(kind.name), "{} twice", kind.name);
        let kebab = kind
            .name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b == b'-');
        assert!(kebab, "{}", kind.name);
        for text in [kind.what, kind.why, kind.mend] {
            let last = text.chars().last();
            assert!(matches!(last, Some('.' | '`')), "{}: {text}", kind.name);
        }
    }
}
