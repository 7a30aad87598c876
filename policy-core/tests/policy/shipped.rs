//! The policies that ship with the project, against their catalogues.

use std::path::Path;

use policy_core::{Catalogue, compile};

use super::findings::render;

/// What is worth knowing about a policy that compiles.
fn findings(app: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../policies");
    let text = std::fs::read_to_string(folder.join(format!("{app}.policy"))).unwrap();
    let catalogue = std::fs::read_to_string(folder.join(format!("{app}.catalogue.json"))).unwrap();
    let catalogue: Catalogue = serde_json::from_str(&catalogue).unwrap();
    match compile(&text, &catalogue) {
        Ok((_, findings)) => render(&text, &findings),
        Err(findings) => panic!("{}", render(&text, &findings)),
    }
}

#[test]
fn agency() {
    insta::assert_snapshot!(findings("agency"));
}

#[test]
fn assistant() {
    insta::assert_snapshot!(findings("assistant"));
}

#[test]
fn portal() {
    insta::assert_snapshot!(findings("portal"));
}

#[test]
fn advisory() {
    insta::assert_snapshot!(findings("advisory"));
}

#[test]
fn coaching() {
    insta::assert_snapshot!(findings("coaching"));
}
