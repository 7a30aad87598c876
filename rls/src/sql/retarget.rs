//! A script for another schema.
//!
//! The base migrations name their app's schema. To have them elsewhere, that name is replaced where
//! it is a schema's name, which is where it qualifies another name or follows the word `schema`;
//! inside the bodies of functions as well, and never in a comment, a literal or a longer name.

use super::lex::{self, Kind, Token};
use super::name;

/// The types whose literals hold a name.
const NAMED: [&str; 5] = [
    "regclass",
    "regprocedure",
    "regproc",
    "regtype",
    "regnamespace",
];

/// The script with one schema's name in place of another's.
pub(crate) fn retarget(script: &str, from: &str, to: &str) -> String {
    if from == to {
        return script.to_owned();
    }
    let tokens = lex::tokens(script);
    let mut text = String::with_capacity(script.len());
    let mut before: Vec<Token<'_>> = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let after = tokens.get(at + 1..).unwrap_or_default();
        match token.kind {
            Kind::Word | Kind::Quoted if names(token, from) && is_schema(&before, after) => {
                text.push_str(&name(to));
            }
            Kind::Dollar => text.push_str(&body(token.text, from, to)),
            Kind::Text if is_named(after) => text.push_str(&literal(token.text, from, to)),
            Kind::Text if is_field(&before) && token.text == format!("'{from}'") => {
                text.push_str(&super::literal(to));
            }
            _ => text.push_str(token.text),
        }
        if token.counts() {
            before.push(*token);
        }
    }
    text
}

fn names(token: &Token<'_>, from: &str) -> bool {
    match token.kind {
        Kind::Word => token.text.eq_ignore_ascii_case(from),
        _ => token.text.trim_matches('"') == from,
    }
}

fn is_schema(before: &[Token<'_>], after: &[Token<'_>]) -> bool {
    let dot = |token: Option<&Token<'_>>| token.is_some_and(|token| token.text == ".");
    if dot(before.last()) {
        return false;
    }
    if dot(after.first()) {
        return true;
    }
    let mut back = before.iter().rev();
    let mut last = back.next();
    for word in ["exists", "not", "if"] {
        if last.is_some_and(|token| token.is(word)) {
            last = back.next();
        }
    }
    last.is_some_and(|token| token.is("schema"))
}

/// Whether a literal is cast to a name.
fn is_named(after: &[Token<'_>]) -> bool {
    let mut after = after.iter().filter(|token| token.counts());
    let colons = after.by_ref().take(2).all(|token| token.text == ":");
    colons
        && after
            .next()
            .is_some_and(|t| NAMED.iter().any(|of| t.is(of)))
}

/// Whether a literal is the field `schema` of an error.
fn is_field(before: &[Token<'_>]) -> bool {
    let mut back = before.iter().rev();
    back.next().is_some_and(|token| token.text == "=")
        && back.next().is_some_and(|token| token.is("schema"))
}

/// A dollar-quoted literal, which is a function's body or a block.
fn body(text: &str, from: &str, to: &str) -> String {
    let tag = text
        .get(1..)
        .and_then(|rest| rest.find('$'))
        .and_then(|at| text.get(..at + 2));
    let inner = tag.and_then(|tag| text.strip_prefix(tag)?.strip_suffix(tag));
    match (tag, inner) {
        (Some(tag), Some(inner)) => format!("{tag}{}{tag}", retarget(inner, from, to)),
        _ => text.to_owned(),
    }
}

/// A literal that holds a name, of a schema or with one.
fn literal(text: &str, from: &str, to: &str) -> String {
    let inner = text.trim_matches('\'');
    if inner == from {
        return super::literal(&name(to));
    }
    format!("'{}'", retarget(inner, from, to))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_is_replaced_where_it_is_a_schema() {
        for (script, expected) in [
            (
                "create schema if not exists shop",
                "create schema if not exists public",
            ),
            (
                "comment on schema shop is 'the shop.'",
                "comment on schema public is 'the shop.'",
            ),
            (
                "select shop.f(), 'a@shop.test', myshop.x, x.shop.y from shop.t -- shop.policy",
                "select public.f(), 'a@shop.test', myshop.x, x.shop.y from public.t -- shop.policy",
            ),
            (
                "select shop, \"shop\".t, SHOP.u",
                "select shop, public.t, public.u",
            ),
            (
                "as $f$ begin perform shop.f('shop.x'); end $f$",
                "as $f$ begin perform public.f('shop.x'); end $f$",
            ),
            (
                "'shop.\"T\"'::regclass, 'shop'::regnamespace, 'shop.t'",
                "'public.\"T\"'::regclass, 'public'::regnamespace, 'shop.t'",
            ),
            (
                "raise exception using schema = 'shop', table = 'shop'",
                "raise exception using schema = 'public', table = 'shop'",
            ),
        ] {
            assert_eq!(retarget(script, "shop", "public"), expected);
        }
    }

    #[test]
    fn another_schema_is_quoted_where_it_must_be() {
        assert_eq!(retarget("shop.t", "shop", "My shop"), "\"My shop\".t");
        assert_eq!(retarget("shop.t", "shop", "shop"), "shop.t");
    }
}
