//! The small policy that uses most of the language, with the catalogue it is held against.

use std::sync::LazyLock;

use countersign_functions::gateway::ForeignKey;
use policy_core::{Catalogue, Policy, compile};

/// The policy's text.
pub(crate) const TEXT: &str = include_str!("../../rls/tests/shop/shop.policy");

/// Its catalogue.
pub(crate) static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| {
    let read = serde_json::from_str(include_str!("../../rls/tests/shop/shop.catalogue.json"));
    assert!(read.is_ok(), "{read:?}");
    read.unwrap_or_default()
});

/// The policy, compiled.
pub(crate) static POLICY: LazyLock<Option<Policy>> =
    LazyLock::new(|| Some(compile(TEXT, &CATALOGUE).ok()?.0));

/// The catalogue's foreign keys, as the gateway wants them.
pub(crate) static FOREIGN_KEYS: LazyLock<Vec<ForeignKey<'static>>> = LazyLock::new(|| {
    let names = |names: &'static [String]| -> &'static [&'static str] {
        names.iter().map(String::as_str).collect::<Vec<_>>().leak()
    };
    let relations = CATALOGUE.relations.iter();
    let keys =
        relations.flat_map(|relation| relation.foreign_keys.iter().map(move |key| (relation, key)));
    keys.map(|(relation, key)| ForeignKey {
        name: &key.name,
        table: &relation.name,
        columns: names(&key.columns),
        parent: &key.table,
        references: names(&key.references),
    })
    .collect()
});
