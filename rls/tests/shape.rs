//! The generated SQL, section by section, as snapshots that were read by a person.
#![cfg(test)]

use countersign_rls::generate::{Section, sections};
use policy_core::Catalogue;

fn generated(source: &str, catalogue: &str) -> Vec<Section> {
    let catalogue: Catalogue = serde_json::from_str(catalogue).unwrap();
    let (policy, _) = policy_core::compile(source, &catalogue).unwrap();
    sections(&policy, &catalogue, source)
}

#[test]
fn something_of_everything() {
    let source = include_str!("shop/shop.policy");
    for section in generated(source, include_str!("shop/shop.catalogue.json")) {
        insta::assert_snapshot!(format!("shop__{}", section.name), section.body);
    }
}

#[test]
fn headings_are_the_lines_of_the_policy() {
    let source = include_str!("shop/shop.policy");
    let sections = generated(source, include_str!("shop/shop.catalogue.json"));
    let heading = |name: &str| {
        sections
            .iter()
            .find(|section| section.name == name)
            .unwrap()
            .heading
            .join("\n")
    };
    for name in ["table.firms", "table.order", "roles"] {
        assert!(source.contains(&heading(name)), "{name}");
    }
    assert!(heading("table.order").ends_with('}'));
    assert!(heading("roles").ends_with("keep at least one boss;"));
}

#[test]
fn ids_can_be_text() {
    let source = "app notes;\ncaller id text;\non notes { self owner: select, insert; }\n";
    let catalogue = r#"{ "schema": "notes", "relations": [{
        "name": "notes", "kind": "table", "primary_key": ["id"], "indexes": [["id"]],
        "columns": [{ "name": "id", "type": "uuid" }, { "name": "owner", "type": "text" }]
    }] }"#;
    for section in generated(source, catalogue) {
        insta::assert_snapshot!(format!("notes__{}", section.name), section.body);
    }
}

#[test]
fn the_same_input_gives_the_same_sections() {
    let (source, catalogue) = (
        include_str!("shop/shop.policy"),
        include_str!("shop/shop.catalogue.json"),
    );
    assert_eq!(generated(source, catalogue), generated(source, catalogue));
    // Lines that only move change nothing that would have to be applied again.
    let moved = format!("\n\n{source}");
    let hashes = |source| -> Vec<String> {
        generated(source, catalogue)
            .iter()
            .map(Section::hash)
            .collect()
    };
    assert_eq!(hashes(source), hashes(&moved));
}
