//! The policies that ship with the project, against their catalogues.

use std::path::Path;

use policy_core::{Catalogue, compile};

use super::findings::render;

/// The app's own policy compiles; what is worth knowing about it is pinned.
#[test]
fn agency() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../policies");
    let text = std::fs::read_to_string(folder.join("agency.policy")).unwrap();
    let catalogue = std::fs::read_to_string(folder.join("agency.catalogue.json")).unwrap();
    let catalogue: Catalogue = serde_json::from_str(&catalogue).unwrap();
    match compile(&text, &catalogue) {
        Ok((_, findings)) => insta::assert_snapshot!(render(&text, &findings)),
        Err(findings) => panic!("{}", render(&text, &findings)),
    }
}
