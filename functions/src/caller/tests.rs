//! Tokens of a project with published keys: verified once, and believed as long as their key is.

use std::cell::Cell;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::crypto::rust_crypto::DEFAULT_PROVIDER;
use jsonwebtoken::{Algorithm, EncodingKey};
use reqwest::Method;
use serde_json::{Value, json};

use crate::serve::Setup;
use crate::testing::{Answer, NOW, World, request, setup};
use crate::transport::Unreachable;

/// Only for these tests.
const KEY: &str = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgiAMQOyf79rI5e2b8PtJ42A+HJ+uhZcyPEE4jio1lLayhRANCAAQKnznsaZAdmI9uPz96UYb9T9vwGtLQStZ49L4drk+6Q2eclxQQR8iR0phLUL2LYhZ42J9e66MGd+rBFnzOduG3";
const X: &str = "Cp857GmQHZiPbj8_elGG_U_b8BrS0ErWePS-Ha5PukM";
const Y: &str = "Z5yXFBBHyJHSmEtQvYtiFnjYn17rowZ36sEWfM524bc";
/// A point of another key, of RFC 7515, appendix A.3.
const OTHER_X: &str = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
const OTHER_Y: &str = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";

fn token(kid: &str, exp: u64) -> String {
    let header = json!({ "alg": "ES256", "kid": kid });
    let claims = json!({
        "iss": "https://db.example/auth/v1", "aud": "authenticated", "role": "authenticated",
        "exp": exp,
    });
    let [header, claims] = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
    let words = format!("{header}.{claims}");
    let key = EncodingKey::from_ec_der(&STANDARD.decode(KEY).unwrap());
    let signer = (DEFAULT_PROVIDER.signer_factory)(&Algorithm::ES256, &key).unwrap();
    let signature = signer.try_sign(words.as_bytes()).unwrap();
    format!("Bearer {words}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn key(kid: &str, x: &str, y: &str) -> Value {
    json!({ "kty": "EC", "crv": "P-256", "alg": "ES256", "kid": kid, "x": x, "y": y })
}

fn keys(keys: &[Value]) -> Answer {
    Ok((200, json!({ "keys": keys })))
}

async fn ask<F: Fn(&str) -> Answer>(world: &World<F>, setup: &Setup, token: &str) -> u16 {
    let me = request(Method::GET, "/me", &[("authorization", token)], None);
    world.ask(setup, me).await.0
}

#[tokio::test]
async fn a_token_is_verified_once_and_then_only_compared() {
    let world = World::new(|_| keys(&[key("k", X, Y)]));
    let setup = setup(&[]);
    let token = token("k", NOW + 3_600);
    for _ in 0..5 {
        assert_eq!(ask(&world, &setup, &token).await, 200);
    }
    assert_eq!(world.verified.get(), 1);
    assert_eq!(world.asked.borrow().len(), 1, "and its key is fetched once");

    world.now_ms.set((NOW + 5 * 60) * 1_000);
    assert_eq!(ask(&world, &setup, &token).await, 200);
    assert_eq!(
        world.verified.get(),
        2,
        "after five minutes it is verified again"
    );
}

#[tokio::test]
async fn a_token_that_was_verified_still_ends() {
    let world = World::new(|_| keys(&[key("k", X, Y)]));
    let setup = setup(&[]);
    let token = token("k", NOW + 60);
    assert_eq!(ask(&world, &setup, &token).await, 200);
    world.now_ms.set((NOW + 89) * 1_000);
    assert_eq!(ask(&world, &setup, &token).await, 200, "within the leeway");
    world.now_ms.set((NOW + 90) * 1_000);
    assert_eq!(ask(&world, &setup, &token).await, 401);
}

#[tokio::test]
async fn a_token_near_one_that_was_verified_is_verified_for_itself() {
    let world = World::new(|_| keys(&[key("k", X, Y)]));
    let setup = setup(&[]);
    let good = token("k", NOW + 3_600);
    assert_eq!(ask(&world, &setup, &good).await, 200);
    let (words, signature) = good.rsplit_once('.').unwrap();
    let first = if signature.starts_with('A') { 'B' } else { 'A' };
    let bad = format!("{words}.{first}{}", signature.get(1..).unwrap());
    for _ in 0..3 {
        assert_eq!(ask(&world, &setup, &bad).await, 401);
    }
    assert_eq!(
        world.verified.get(),
        4,
        "what does not hold is not remembered"
    );
}

#[tokio::test]
async fn a_key_that_is_taken_back_takes_its_tokens_with_it() {
    let published = Cell::new(0);
    let world = World::new(|_| match published.get() {
        0 => keys(&[key("k", X, Y)]),
        // Gone, or another one of the same name.
        1 => keys(&[]),
        _ => keys(&[key("k", OTHER_X, OTHER_Y)]),
    });
    for then in [1, 2] {
        published.set(0);
        world.now_ms.set(NOW * 1_000);
        let setup = setup(&[]);
        let token = token("k", NOW + 7_200);
        assert_eq!(ask(&world, &setup, &token).await, 200);
        published.set(then);
        world.now_ms.set((NOW + 599) * 1_000);
        // Just verified once more: that is no reason to believe it a second longer.
        assert_eq!(ask(&world, &setup, &token).await, 200);
        world.now_ms.set((NOW + 600) * 1_000);
        assert_eq!(ask(&world, &setup, &token).await, 401);
    }
}

#[tokio::test]
async fn an_outage_is_bridged_for_an_hour_and_no_longer() {
    let down = Cell::new(false);
    let world = World::new(|_| match down.get() {
        true => Err(Unreachable::Late),
        false => keys(&[key("k", X, Y)]),
    });
    let setup = setup(&[]);
    let token = token("k", NOW + 7_200);
    assert_eq!(ask(&world, &setup, &token).await, 200);
    down.set(true);
    for (later, status) in [(600, 200), (1_800, 200), (3_599, 200), (3_600, 503)] {
        world.now_ms.set((NOW + later) * 1_000);
        assert_eq!(ask(&world, &setup, &token).await, status, "{later}");
    }
}

#[tokio::test]
async fn a_revoked_key_is_none_whoever_still_publishes_it() {
    let world = World::new(|_| keys(&[key("k", X, Y), key("other", X, Y)]));
    let setup = setup(&[("REVOKED_KEYS", "k-0 k")]);
    assert_eq!(ask(&world, &setup, &token("k", NOW + 60)).await, 401);
    assert_eq!(ask(&world, &setup, &token("other", NOW + 60)).await, 200);
}

#[tokio::test]
async fn a_set_that_is_none_is_no_reason_to_blame_the_token() {
    let many: Vec<Value> = (0..33).map(|n| key(&n.to_string(), X, Y)).collect();
    let long = json!({ "keys": [key("k", X, Y)], "padding": "x".repeat(70_000) });
    for answer in [
        Err(Unreachable::Late),
        Err(Unreachable::Broken("no route".to_owned())),
        Ok((302, json!({ "keys": [key("k", X, Y)] }))),
        Ok((404, json!({ "keys": [key("k", X, Y)] }))),
        Ok((500, Value::Null)),
        Ok((200, json!([key("k", X, Y)]))),
        Ok((200, json!({ "keys": {} }))),
        Ok((200, long)),
        keys(&many),
    ] {
        let world = World::new(|_| answer.clone());
        let setup = setup(&[]);
        for _ in 0..3 {
            assert_eq!(ask(&world, &setup, &token("k", NOW + 60)).await, 503);
        }
        assert_eq!(world.asked.borrow().len(), 1, "{answer:?}");
    }
}
