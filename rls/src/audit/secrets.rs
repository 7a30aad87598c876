//! Columns that hold secrets as text, within clients' reach.

use super::finding::{Finding, Object};
use super::kinds::SECRET;
use super::scene::{CLIENTS, Scene, listed};
use crate::live::{Column, Table};
use crate::sql;

/// Names, in words of lower case, that a secret has.
const SECRETS: [&[&str]; 16] = [
    &["token"],
    &["secret"],
    &["password"],
    &["passwd"],
    &["passphrase"],
    &["credential"],
    &["credentials"],
    &["apikey"],
    &["api", "key"],
    &["private", "key"],
    &["secret", "key"],
    &["signing", "key"],
    &["encryption", "key"],
    &["access", "key"],
    &["service", "key"],
    &["recovery", "codes"],
];

/// Words that make of such a name something about the secret.
const ABOUT: [&str; 10] = [
    "hash", "hashed", "digest", "id", "type", "at", "expires", "expiry", "hint", "name",
];

pub(super) fn look(scene: &Scene<'_>, found: &mut Vec<Finding>) {
    for table in &scene.live.tables {
        for column in table.columns.iter().filter(|column| is_secret(column)) {
            let readers = readers(table, &column.name);
            if readers.is_empty() {
                continue;
            }
            let relation = scene.relation(&table.name);
            let name = sql::name(&column.name);
            let object = Object::of("column", format!("{relation}.{name}"), &table.name);
            let detail = format!("{} may read it", listed(&readers));
            let whole = table.grants.iter().any(|grant| {
                grant.privilege == "select"
                    && grant.column.is_none()
                    && readers.contains(&grant.grantee.as_str())
            });
            // Taking one column out of a grant on the whole table has no effect.
            let of = if whole {
                String::new()
            } else {
                format!(" ({name})")
            };
            let revoke = format!(
                "revoke select{of} on {relation} from {};",
                readers.join(", ")
            );
            found.push(Finding::new(&SECRET, object, detail).mended(revoke));
        }
    }
}

fn readers<'t>(table: &'t Table, column: &str) -> Vec<&'t str> {
    let mut readers: Vec<&str> = table
        .grants
        .iter()
        .filter(|grant| grant.privilege == "select" && CLIENTS.contains(&grant.grantee.as_str()))
        .filter(|grant| grant.column.as_ref().is_none_or(|of| of == column))
        .map(|grant| grant.grantee.as_str())
        .collect();
    readers.sort_unstable();
    readers.dedup();
    readers
}

fn is_secret(column: &Column) -> bool {
    let kind = column.data_type.as_str();
    let text = ["text", "character", "bytea", "json"]
        .iter()
        .any(|of| kind.starts_with(of))
        || kind.ends_with("citext");
    let words = words(&column.name);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let named = SECRETS
        .iter()
        .any(|secret| words.windows(secret.len()).any(|part| part == *secret));
    text && named && !words.iter().any(|word| ABOUT.contains(word))
}

/// `accessToken`, `access_token` and `ACCESS-TOKEN` are `access` and `token`.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = vec![String::new()];
    let mut lower = false;
    for c in name.chars() {
        if !c.is_alphanumeric() || (c.is_uppercase() && lower) {
            words.push(String::new());
        }
        lower = c.is_lowercase() || c.is_numeric();
        if c.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.extend(c.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_known_by_their_names() {
        let of = |name: &str, data_type: &str| {
            is_secret(&Column {
                name: name.to_owned(),
                data_type: data_type.to_owned(),
                not_null: false,
                default: None,
                generated: None,
                identity: None,
                comment: None,
            })
        };
        for name in [
            "access_token",
            "refreshToken",
            "password",
            "API_KEY",
            "webhook_secret",
            "token",
            "privateKey",
        ] {
            assert!(of(name, "text"), "{name}");
        }
        for name in [
            "token_hash",
            "tokens_used",
            "access_token_expires_at",
            "secretary",
            "key",
            "tokenId",
            "primary_key",
        ] {
            assert!(!of(name, "text"), "{name}");
        }
        assert!(of("token", "character varying(20)"));
        assert!(!of("token", "bigint"));
    }
}
