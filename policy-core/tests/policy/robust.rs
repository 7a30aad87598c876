//! Bad input gets an answer, not a panic.

use policy_core::condition::{Condition, Operand};
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

/// The bytes of the small policy with a condition of so many `not`s, one byte each.
fn nested(depth: usize) -> Vec<u8> {
    let mut policy = policy().clone();
    let rule = &mut policy.tables[0].rules[0];
    // Few enough to be built and dropped anywhere; the rest are added to the bytes.
    let inner = Condition::Flag(Operand::CallerId);
    rule.condition = Some((0..20).fold(inner, |inner, _| Condition::Not(Box::new(inner))));
    let mut bytes = compact::store(&policy).unwrap();
    let not = [2_u8; 20];
    let at = bytes.windows(20).position(|window| window == not).unwrap();
    bytes.splice(at..at + 20, std::iter::repeat_n(2_u8, depth));
    bytes
}

#[test]
fn stored_conditions_nest_no_deeper_than_the_stack() {
    assert!(compact::load(&nested(200)).is_ok());
    assert_eq!(
        compact::load(&nested(1_000)),
        Err(compact::LoadError::Damaged)
    );
    assert_eq!(
        compact::load(&nested(1_000_000)),
        Err(compact::LoadError::Damaged)
    );
    assert!(
        compact::load(&nested(200)).is_ok(),
        "the depth is counted anew"
    );
}

/// As deep as the parser lets conditions nest.
#[test]
fn what_the_parser_takes_can_be_stored() {
    let deepest = format!(
        "{}open{}",
        "not (open or open and ".repeat(31),
        ")".repeat(31)
    );
    let body = BODY.replace("select where open;", &format!("select where {deepest};"));
    let (policy, _) = compile(&format!("{HEAD}{body}"), &catalogue()).unwrap();
    let bytes = compact::store(&policy).unwrap();
    assert_eq!(compact::load(&bytes), Ok(policy));
}

#[test]
fn a_stored_policy_has_a_greatest_size() {
    let mut bytes = compact::store(policy()).unwrap();
    bytes.resize(compact::LARGEST + 1, 0);
    assert_eq!(compact::load(&bytes), Err(compact::LoadError::TooLarge));
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
