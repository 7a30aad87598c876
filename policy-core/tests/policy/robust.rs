//! Bad input gets an answer, not a panic.

use policy_core::{compact, compile, syntax};
use proptest::prelude::*;

use super::support::{BODY, HEAD, catalogue, policy};

#[test]
fn a_stored_policy_loads_as_it_was() {
    let policy = policy();
    let bytes = compact::store(policy).unwrap();
    assert_eq!(compact::load(&bytes), Ok(policy.clone()));
}

#[test]
fn damaged_bytes_are_no_policy() {
    let bytes = compact::store(policy()).unwrap();
    assert_eq!(compact::load(b"CSP0"), Err(compact::LoadError::Format));
    assert_eq!(
        compact::load(&bytes[..bytes.len() - 1]),
        Err(compact::LoadError::Damaged)
    );
    let mut longer = bytes.clone();
    longer.push(0);
    assert_eq!(compact::load(&longer), Err(compact::LoadError::Damaged));
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,200}") {
        let _ = syntax::parse(&text);
    }

    /// The words of a real policy in any order come nearer to the inner branches.
    #[test]
    fn any_words_are_read_or_refused(picks in prop::collection::vec(any::<prop::sample::Index>(), 1..60)) {
        let text = format!("{HEAD}{BODY}");
        let words: Vec<&str> = text.split_inclusive([' ', '(', ')', ';', ',', '{', '}']).collect();
        let shuffled: String = picks.iter().map(|pick| *pick.get(&words)).collect();
        let _ = compile(&format!("{HEAD}{shuffled}"), &catalogue());
    }

    #[test]
    fn flipped_bytes_load_or_are_refused(at in any::<prop::sample::Index>(), with: u8) {
        let mut bytes = compact::store(policy()).unwrap();
        let at = at.index(bytes.len());
        bytes[at] = with;
        let _ = compact::load(&bytes);
    }
}
